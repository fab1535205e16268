"""The expert's plans as answers to copy: in words that an agent can know, and going on after what went wrong.

What commands lead to can be shown among them, so that one model learns to act and to foresee side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.envs.household.tasks.symbolic import Command, apply_command

from .episodes import Episode, Moment
from .examples import Demonstration
from .hiding_places import Places, look_into, places_for
from .prompt import answer_text, state_text, world_prompt

SLIPS = 0.1  # chance of a slip before a step
CIRCLES = 2  # times that the expert says the same in the same state: a slip may lead back to it once


def demonstrate(
    episode: Episode, rng: np.random.Generator, places: Places, slips: float = SLIPS, states: float = 0.0
) -> list[Demonstration] | None:
    """The expert's commands with `done` behind them; None where no agent could have the expert's plan.

    The expert knows more than an agent can, so its plan is said again in an agent's words. It tells things of one name apart by
    colours that nobody asked for: attributes are kept only where the instruction names them, and where another thing was
    meant by that, the expert plans again. It passes by what has no room: an agent tries first. It goes straight to what is
    hidden: an agent looks for the thing, and then into one piece of furniture after the other (`look_into`). Where that shows
    another of the name and the expert still wants the hidden one, there is no plan that an agent could have, nor where its
    words go round in a circle, since they mean another thing than the expert does. What 25 commands do not suffice for is shown
    as far as they go.

    places: where to look for what. slips: chance that a step is preceded by a command that the expert would not give. It is in
    the history, not among the answers, so that going on from it is what is learnt. states: chance that the state to which a
    command led is shown as well, for the world model; above 0 it always is after a refusal.
    """
    moment, plan = episode.start(), None
    out, said_in = list[Demonstration](), Counter[tuple[str, Command]]()

    def step(command: Command) -> None:
        nonlocal moment
        before, moment = moment, episode.step(moment, command)
        if states and (not moment.feedback[-1].ok or rng.random() < states):
            out.append(led_to(episode, before, moment))

    while len(moment.commands) < MAX_COMMANDS:
        plan = expert_plan(episode.layout, moment.state, episode.task) if plan is None else plan
        if plan is None:
            return None
        said = agent_command(episode, moment, plan, places)
        if said is None:
            return None
        if plan and slips and rng.random() < slips:
            step(_wrong(episode, rng))
            plan = None
            continue
        said_in[moment.state.digest(), said] += 1
        if said_in[moment.state.digest(), said] > CIRCLES:
            return None
        meant = plan[0] if plan else Command("done")
        out.append(Demonstration(episode.task.id, moment.prompt, answer_text(said, next_aim(episode, said, plan))))
        if said.verb == "done":
            return out
        expected, _ = apply_command(episode.layout, moment.state, meant)
        step(said)
        if moment.state.digest() == expected.digest():
            plan = plan[1:]
        elif moment.feedback[-1].ok:
            plan = None
        elif moment.commands[-2:-1] == (said,):
            return None  # refused twice: an agent's words do not say what the expert means
    return out


def said_by_expert(episode: Episode, moment: Moment, places: Places) -> tuple[Command, Command] | None:
    """What the expert says at any moment in an agent's words, and what for (`next_aim`).

    None where no agent could have the expert's plan, or the expert has none, or where its words were just refused.
    """
    plan = episode.plan(moment.state)
    said = None if plan is None else agent_command(episode, moment, plan, places)
    if plan is None or said is None:
        return None
    refused = moment.commands[-1:] == (said,) and not moment.feedback[-1].ok
    return None if refused else (said, next_aim(episode, said, plan))


def led_to(episode: Episode, before: Moment, after: Moment) -> Demonstration:
    """The state after a command, as the world model is to tell it."""
    prompt = world_prompt(before.situation, after.commands[-1])
    return Demonstration(episode.task.id, prompt, state_text(episode.layout, after.state, after.feedback[-1]))


def agent_command(episode: Episode, moment: Moment, plan: Sequence[Command], places: Places) -> Command | None:
    """What the expert with this plan says next in an agent's words; None where no agent could have such a plan.

    What is hidden is looked for before it is gone for. Where that would show another of its name, which the agent has not put
    where two are wanted, it is not the one meant. Then it is looked for behind what is closed, by `places`.
    """
    hidden = hidden_next(episode, moment, plan)
    search = Command("Find", hidden)
    if not hidden or search not in moment.commands:
        said = search if hidden else _plain(episode, plan[0] if plan else Command("done"))
        return _tried_first(episode, moment, plan) or said
    shown, feedback = apply_command(episode.layout, moment.state, search)
    if feedback.ok and not _put_there(episode, moment, shown.at):
        return None
    of_task = f"{episode.task.attribute} {episode.task.object}".strip()
    category = episode.task.object if hidden == of_task else hidden
    return look_into(episode.layout, moment.state, places_for(places, category))


def _put_there(episode: Episode, moment: Moment, thing: int) -> bool:
    """Whether a thing is the first of two, where the agent has put it."""
    layout, task = episode.layout, episode.task
    place = layout.categories[layout.where(moment.state.world, thing)[0]]
    first = task.type == "pick_two" and layout.categories[thing] == task.object and place == task.receptacle
    return first and Command("PutDown", place) in _done(moment)


def _done(moment: Moment) -> list[Command]:
    """The commands that were carried out."""
    return [command for command, feedback in zip(moment.commands, moment.feedback, strict=True) if feedback.ok]


def _tried_first(episode: Episode, moment: Moment, plan: Sequence[Command]) -> Command | None:
    """To put down here what the expert takes on to another place of the name: that there is no room is not known before.

    Once for each thing: what was put down and is then taken on is not put down there again.
    """
    aim = next((_plain(episode, command) for command in plan if command.verb != "Find"), None)
    if not plan or plan[0].verb != "Find" or aim is None or aim.verb != "PutDown":
        return None
    if _done(moment).count(aim) >= (2 if episode.task.type == "pick_two" else 1):
        return None
    found = Command("Find", aim.target)
    return aim if _plain(episode, plan[0]) == found and moment.commands[-1:] == (found,) else None


def next_aim(episode: Episode, said: Command, plan: Sequence[Command]) -> Command:
    """What a command is said for: the next in a plan that neither goes nor opens, if itself it goes or opens."""
    if said.verb not in ("Find", "Open"):
        return said
    return next((_plain(episode, command) for command in plan if command.verb not in ("Find", "Open")), said)


def hidden_next(episode: Episode, moment: Moment, plan: Sequence[Command]) -> str:
    """The agent's name of what is to be picked up next where that is shut away, "" where it is not, or where it is known.

    Known is what the agent has put there, as into a microwave.
    """
    layout, state = episode.layout, moment.state
    for command in plan:
        state, _ = apply_command(layout, state, command)
        if command.verb == "PickUp":
            closed = layout.where(moment.state.world, state.world.held)[1]
            known = closed < 0 or Command("PutDown", layout.categories[closed]) in moment.commands
            return "" if known else _plain(episode, command).target
        if command.verb not in ("Find", "Open"):
            return ""
    return ""


def _wrong(episode: Episode, rng: np.random.Generator) -> Command:
    """What the expert would not say."""
    layout, task = episode.layout, episode.task
    about = [name for name in (task.object, task.movable, task.receptacle) if name]
    verb = _one(("Find", "Find", "Open", "Close", "PickUp", "PutDown", "TurnOn"), rng)
    return Command(verb, _one(about, rng) if rng.random() < 0.5 else _one(layout.categories, rng))


def _plain(episode: Episode, command: Command) -> Command:
    """A command with the bare name of its target, with the attribute of the task where the task has one for it."""
    if command.verb == "done":
        return command
    layout, task = episode.layout, episode.task
    names = {layout.categories[i] for i in layout.named(command.target)}
    plain = next(name for name in sorted(names, key=len, reverse=True) if command.target.endswith(name))
    wanted = task.attribute and plain == task.object
    return replace(command, target=f"{task.attribute} {plain}" if wanted else plain)


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
