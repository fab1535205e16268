"""Process reward of the tree search: how much a step helps, on the scale of 1 to 5 of the paper's judge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from enactive.errors import ModelError

from .demonstrate import hidden_next
from .episodes import Episode, Moment
from .prompt import command_text, first_clause

if TYPE_CHECKING:
    from enactive.perception.vlm.base import ChatModel

TRIES = 3  # answers that a judge is asked for until one has a number
AGAIN = 'That has no judgement. End with "Judgement: [1-5]".'
_SCALE = re.compile(r"(?:/|\bout of)\s*5\b(?!\.?\d)|\b1\s*(?:to|-|–)\s*5\b", re.IGNORECASE)
_NUMBER = r"(?<![-.\d])(\d+(?:\.\d+)?)"
_JUDGED, _BARE = re.compile(rf"\W*(?:is\b\W*)?{_NUMBER}\D*"), re.compile(rf"\W*{_NUMBER}\W*")


class ProcessReward(Protocol):
    """Rates the last command of a moment from 1 (poor) to 5 (excellent). name: written into the data card.

    Raises ModelError where it cannot tell.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, episode: Episode, before: Moment, after: Moment) -> float: ...


class OracleProgress:
    """The rating from the simulator's truth: whether the expert's remaining plan became shorter.

    Nearer to the goal 5, as near as before 3, farther off 2; refused, out of the expert's reach, or `done` too early 1. It
    knows where hidden things are, as no judge of pictures does: a data set made with it says so. An agent does not, so to
    look for what is hidden and needed next is rated 5, though it is refused, and so is what is then opened, or gone to for
    that, wherever the thing is.
    """

    name = "OracleProgress"

    def __call__(self, episode: Episode, before: Moment, after: Moment) -> float:
        needed = hidden_next(episode, before, episode.plan(before.state) or ())
        if not after.feedback[-1].ok:
            return 5.0 if {needed} == after.missed - before.missed else 1.0
        if needed in before.missed and _looks_into(episode, before, after):
            return 5.0
        if after.state.done:
            return 5.0 if episode.succeeded(after) else 1.0
        was, left = episode.plan(before.state), episode.plan(after.state)
        if left is None:
            return 1.0
        if was is None:
            return 5.0
        return 5.0 if len(left) < len(was) else 3.0 if len(left) == len(was) else 2.0


def _looks_into(episode: Episode, before: Moment, after: Moment) -> bool:
    """Whether a command that was carried out opens something, or goes, once, to furniture that has something closed."""
    command, at = after.commands[-1], after.state.at
    if command.verb == "Open":
        return True
    shut = at >= 0 and any(after.state.world.opening[k] < 0.5 for k, _ in episode.layout.leaves[at])
    return command.verb == "Find" and shut and before.commands[-1:] != (command,)


RUBRIC = """You judge one step of a household robot on its way to a goal. Two criteria:
- Executable Action: was the step carried out?
- Closer to the Goal: does it bring the robot closer to the goal?
1 Poor: not executable and unrelated to the goal. 2 Weak: hardly helps. 3 Fair: executable, little help.
4 Good: executable, helps. 5 Excellent: fully executable and greatly advances the goal.
Write "Analysis: ... Judgement: [1-5]"."""

JUDGE_TOKENS = 1000  # room for a model that reasons first


def judgement(text: str) -> float | None:
    """The one number from 1 to 5 that follows the last "Judgement", or is all there is; None for everything else.

    The scale may be told with it ("4/5", "4 out of 5"). Several numbers are not averaged, as the public code does, and none is
    taken from the analysis: that would be a rating that nobody gave.
    """
    *before, last = re.split(r"judge?ment", text, flags=re.IGNORECASE)
    said = (_JUDGED if before else _BARE).fullmatch(_SCALE.sub(" ", last))
    return float(said[1]) if said and 1.0 <= float(said[1]) <= 5.0 else None


@dataclass(frozen=True)
class LLMJudge:
    """The rating by a chat model with the paper's rubric of 1 to 5, as `judgement` reads it.

    It is told what the agent is told, and what came of the step. Where an answer has no judgement it is asked again, with what
    it said. Raises ModelError where the last of `TRIES` answers has none either, or the model does not answer.
    """

    model: ChatModel

    @property
    def name(self) -> str:
        return f"LLMJudge({self.model.name})"

    def __call__(self, episode: Episode, before: Moment, after: Moment) -> float:
        from enactive.perception.vlm.base import Message, Options

        said, feedback = command_text(after.commands[-1]), after.feedback[-1]
        done = "; ".join(text for text, _ in before.situation.turns) or "nothing"
        came = "carried out" if feedback.ok else f"refused: {first_clause(feedback.message)}"
        told = f"Goal: {episode.task.instruction}\nSo far: {done}\n{before.situation.scene}\nStep: {said} ({came})\n"
        told += f"Now: {after.situation.scene}"
        asked = [Message("system", RUBRIC), Message("user", told)]
        for _ in range(TRIES):
            text = self.model.chat(asked, Options(temperature=0.0, max_tokens=JUDGE_TOKENS)).text
            if (rating := judgement(text)) is not None:
                return rating
            asked = [*asked[:2], Message("assistant", text), Message("user", AGAIN)]
        raise ModelError(f"{self.model.name} gave no judgement from 1 to 5 in {TRIES} tries; the last was {text[:80]!r}")
