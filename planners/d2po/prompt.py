"""What the language model reads and writes: goal, history with feedback, what is in view; a command; the state that follows.

One model has two parts, told apart by the last word of its prompt. As a policy it continues "next:" with its reasoning, what
it is about to do, and a command for that, pi(a_t | g, o_t, h_t): "pick up mug: open fridge". As a world model it continues
"then:" with the next state: after a command, p(s_t+1 | s_t, a_t), or without one, p(s_t+1 | s_t, g), the goal-directed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from enactive.envs.household.effects import COLD, HOT
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.tasks.knowledge import Knowledge, Memory, in_view, scene_text
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.symbolic import TASK_VERBS, Command, TaskState
from enactive.errors import PlannerError

WORDS: Mapping[str, str] = {
    "Find": "find",
    "PickUp": "pick up",
    "PutDown": "put down",
    "Open": "open",
    "Close": "close",
    "TurnOn": "turn on",
    "TurnOff": "turn off",
    "Slice": "slice",
    "done": "done",
}
assert set(WORDS) == set(TASK_VERBS)


class AnswerError(PlannerError):
    """The model's answer is no command: a planner_output_error. It is never replaced by another command."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the policy is told at one step. turns: commands so far in words and, where one was refused, why ("" = done).

    scene: what it is told of its surroundings now, by the choice of `knowledge`.
    """

    goal: str
    scene: str
    turns: tuple[tuple[str, str], ...] = ()

    def after(self, command: Command, feedback: Feedback, scene: str) -> Situation:
        """The situation one command later."""
        refusal = "" if feedback.ok else first_clause(feedback.message)
        return replace(self, scene=scene, turns=(*self.turns, (command_text(command), refusal)))


def look(layout: Layout, state: TaskState, memory: Memory, choice: Knowledge) -> tuple[str, Memory]:
    """What an agent is told of its surroundings in a state, and what it has had in view since the start."""
    seen = in_view(layout, state)
    return scene_text(layout, state.world, seen, memory | seen, choice), memory | seen


def policy_prompt(situation: Situation) -> str:
    """What a command is asked for with."""
    return f"{_told(situation)} next:"


def world_prompt(situation: Situation, command: Command) -> str:
    """What the state after a command is asked for with: action-conditioned world modelling."""
    return f"{_told(situation)} next: {command_text(command)}. then:"


def goal_prompt(situation: Situation) -> str:
    """What the state after the next good step is asked for with: goal-directed world modelling."""
    return f"{_told(situation)} then:"


def prompt_pieces(situation: Situation) -> tuple[str, str]:
    """What of a policy's prompt stays in all later ones and was not in the one before, and the rest of it.

    The prompt is what stays of each situation so far, in order, and the rest of the last: history grows, the scene is replaced.
    """
    rest = f"{situation.scene} next:".lower()
    if not situation.turns:
        return f"goal: {situation.goal}. done: ".lower(), f"nothing. {rest}"
    return ("; " if len(situation.turns) > 1 else "") + _turn(*situation.turns[-1]).lower(), f". {rest}"


def _told(situation: Situation) -> str:
    done = "; ".join(_turn(*turn) for turn in situation.turns) or "nothing"
    return f"goal: {situation.goal}. done: {done}. {situation.scene}".lower()


def _turn(text: str, why: str) -> str:
    return text + (f" failed because {why}" if why else "")


def command_text(command: Command) -> str:
    """A command in words: "turn on stove"."""
    return f"{WORDS[command.verb]} {command.target}".strip().lower()


def answer_text(command: Command, aim: Command) -> str:
    """What a policy says: what it is about to do, where that is not the command itself, and the command."""
    said = command_text(command)
    return said if aim == command else f"{command_text(aim)}: {said}"


def parts(answer: str) -> tuple[str, str]:
    """What an answer gives as its reasoning, "" = nothing, and the command in it, both as they were said."""
    thought, _, said = answer.rpartition(":")
    return thought.strip(), said.strip()


def parse_command(text: str) -> Command:
    """The command that an answer says. Raises AnswerError where it says none; the verb is read from its beginning."""
    said = " ".join(parts(text)[1].lower().split()).removesuffix(".")
    for verb, words in WORDS.items():
        target = said.removeprefix(words).strip()
        if not said.startswith(words) or (target and said[len(words)] != " "):
            continue
        if bool(target) == (verb != "done"):
            return Command(verb, target)
    raise AnswerError(f"the model answered {text[:80]!r}, which is no command; the verbs are {', '.join(WORDS.values())}")


def first_clause(message: str) -> str:
    """A message of the executor without the advice behind its semicolon."""
    return message.partition(";")[0].strip().lower()


def state_text(layout: Layout, state: TaskState, feedback: Feedback) -> str:
    """The state that a command led to: what came of it, what is in the hand, what is looked at, and what is not as usual.

    It is read from the simulator, as a caption of the next picture would be, and serves training alone: it tells that a thing
    is hot, cold, dirty or sliced, which no prompt tells.
    """
    world = state.world
    held = _described(layout, state, world.held) if world.held >= 0 else "nothing"
    out = [f"{'' if feedback.ok else 'failed because '}{first_clause(feedback.message)}", f"hand: {held}"]
    if state.at >= 0:
        out.append(f"at: {_described(layout, state, state.at)}")
        others = in_view(layout, state) - {state.at, world.held}
        marked = sorted({text for i in others if (text := _described(layout, state, i)) != layout.categories[i]})
        out += [f"with: {', '.join(marked)}"] if marked else []
    return ". ".join(out)


def _described(layout: Layout, state: TaskState, i: int) -> str:
    world = state.world
    marks = {
        "hot": world.temperature[i] == HOT,
        "cold": world.temperature[i] == COLD,
        "dirty": world.dirty[i],
        "sliced": world.sliced[i],
        "running": world.on[i],
        "open": bool(np.any([world.opening[k] >= 0.5 for k, _ in layout.leaves[i]])),
    }
    return " ".join([*(word for word, holds in marks.items() if holds), layout.categories[i]])
