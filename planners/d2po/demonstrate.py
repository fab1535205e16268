"""The expert's plans as answers to copy: in words that an agent can know, and going on after what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.envs.household.tasks.symbolic import Command, apply_command

from .episodes import Episode, Moment
from .examples import Demonstration
from .prompt import command_text

SLIPS, ASTRAY = 0.1, 0.4  # chance of a slip before a step, and of a wrong place while what is needed is hidden


def demonstrate(episode: Episode, rng: np.random.Generator, slips: float = SLIPS) -> list[Demonstration] | None:
    """The expert's commands with `done` behind them; None where it does not come to the goal in 25 commands.

    The expert knows more than an agent can, so its plan is said again in an agent's words. It tells things of one name apart by
    colours that nobody asked for: attributes are kept only where the instruction names them, and where another thing was
    meant by that, the expert plans again. It goes straight to what is hidden: an agent looks for the thing first. Where that
    shows another of the name and the expert still wants the hidden one, there is no plan that an agent could have.

    slips: chance that a step is preceded by a command that the expert would not give, and by a look into a wrong place where
    the thing is hidden. These are in the history, not among the answers, so that going on from them is what is learnt.
    """
    moment, plan = episode.start(), None
    out = list[Demonstration]()
    while len(moment.commands) < MAX_COMMANDS:
        plan = expert_plan(episode.layout, moment.state, episode.task) if plan is None else plan
        if plan is None:
            return None
        hidden = hidden_next(episode, moment, plan)
        search = Command("Find", hidden)
        looked = bool(hidden) and search in moment.commands
        said = expert_command(episode, moment, plan)
        if said is None:
            return None
        if plan and slips and rng.random() < (ASTRAY if looked else slips):
            for command in _wrong(episode, rng, looked):
                moment = episode.step(moment, command)
            plan = None
            continue
        meant = plan[0] if plan else Command("done")
        out.append(Demonstration(episode.task.id, moment.prompt, command_text(said)))
        if said.verb == "done":
            return out
        expected, _ = apply_command(episode.layout, moment.state, meant)
        moment = episode.step(moment, said)
        if said != search:
            plan = plan[1:] if moment.state.digest() == expected.digest() else None
        elif moment.feedback[-1].ok:
            plan = None
    return None


def expert_command(episode: Episode, moment: Moment, plan: Sequence[Command]) -> Command | None:
    """What the expert with this plan says next in an agent's words; None where no agent could have such a plan.

    What is hidden is looked for before it is gone for; where that would show another of its name, it is not the one meant.
    """
    hidden = hidden_next(episode, moment, plan)
    search = Command("Find", hidden)
    if not hidden or search not in moment.commands:
        return search if hidden else _plain(episode, plan[0] if plan else Command("done"))
    return None if apply_command(episode.layout, moment.state, search)[1].ok else _plain(episode, plan[0])


def hidden_next(episode: Episode, moment: Moment, plan: Sequence[Command]) -> str:
    """The agent's name of what the plan takes next where that is behind something closed, "" where it is in the open."""
    layout, state = episode.layout, moment.state
    for command in plan:
        state, _ = apply_command(layout, state, command)
        if command.verb == "PickUp":
            closed = layout.where(moment.state.world, state.world.held)[1] >= 0
            return _plain(episode, command).target if closed else ""
    return ""


def _wrong(episode: Episode, rng: np.random.Generator, astray: bool) -> list[Command]:
    """What the expert would not say. astray: a look into a piece of furniture, most likely not the right one."""
    layout, task = episode.layout, episode.task
    closed = sorted({name for name, leaves in zip(layout.categories, layout.leaves, strict=True) if leaves})
    if astray and closed:
        place = _one(closed, rng)
        return [Command("Find", place), Command("Open", place)]
    about = [name for name in (task.object, task.movable, task.receptacle) if name]
    verb = _one(("Find", "Find", "Open", "Close", "PickUp", "PutDown", "TurnOn"), rng)
    name = _one(about, rng) if rng.random() < 0.5 else _one(layout.categories, rng)
    return [Command(verb, name)]


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
