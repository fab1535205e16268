"""`LanguagePlanner`: any chat model plans a household task, one command at a time, in answers held to verbs and known names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enactive.envs import VERBS, Embodiment, Goal, TaskGoal
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.symbolic import Command
from enactive.perception.base import Belief
from enactive.perception.vlm import ChatModel, Message, Options, chat_model
from enactive.perception.vlm.structure import InvalidAnswer

from .base import Intent, Interact, Stop
from .d2po.dialogue import NEEDS, Dialogue
from .d2po.prompt import AnswerError, Situation, command_text

SYSTEM = (
    "You do a household task, one command at a time. Find goes to a thing or a piece of furniture; said again, to the next. "
    "PickUp takes a thing that is in view, PutDown puts what is in the hand on or in the furniture named. Open and Close are "
    "for doors and drawers. TurnOn lights lamps and starts appliances: a sink cleans what is in it, a closed microwave heats "
    "it; a fridge cools what is in it. Slice needs a knife in the hand. The hand holds one thing. Say done at the end."
)
MOST_LETTERS = 200  # of a thought and of an expectation


class LanguagePlanner:
    """A chat model for `TaskGoal`, on what `TaskPerceiver` tells.

    model: a `ChatModel`, or the text from which `make_model` makes one ("openai:http://localhost:8000/v1#name", "hf:NAME",
    "embedded"). knowledge: what the environment tells of, as it was set there. deadline_s, max_tokens: of each answer.
    cache: folder in which the answers of a model named by a text are kept, so that a run that is repeated asks nothing.

    Each answer has a thought, a command and what the world is expected to become; all three are in the trace. `Find` may name
    anything, the other verbs what is known. An answer that stays invalid fails the trial (planner_output_error), a model that
    does not answer ends it with its cause (ModelError); neither is replaced.
    """

    goals: tuple[type[Goal], ...] = (TaskGoal,)
    needs = NEEDS
    emits: tuple[type[Intent], ...] = (Interact, Stop)
    verbs = frozenset(VERBS)

    def __init__(
        self,
        model: ChatModel | str = "embedded",
        knowledge: Knowledge = "visible",
        deadline_s: float = 60.0,
        max_tokens: int = 300,
        cache: Path | None = None,
    ) -> None:
        self.model = chat_model(model, cache)
        self.knowledge: Knowledge = knowledge
        self.options = Options(max_tokens=max_tokens, deadline_s=deadline_s)
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a task. Raises PlannerError for another kind of goal."""
        self._dialogue = Dialogue(goal, self.knowledge)

    def plan(self, belief: Belief) -> Intent:
        """The next command. Raises AnswerError where the model says none, ModelError where it does not answer."""
        situation, now = self._dialogue.situation(belief), belief.extra
        names = sorted({*now["known_objects"], *([now["holding"]] if now["holding"] else [])})
        conversation = [Message("system", SYSTEM), Message("user", _question(situation))]
        self._trace = {"seen": situation.scene, "command": len(self._dialogue.turns) + 1}
        try:
            said = self.model.chat(conversation, self.options, answer_schema(names)).structure
        except InvalidAnswer as problem:
            raise AnswerError(f"{self.model.name} gave no command: {problem}") from problem
        command = Command(said["command"]["verb"], said["command"]["target"].strip())
        self._trace |= {"thought": said["thought"], "reason": command_text(command), "predicted": said["expected"]}
        if command.verb == "done":
            return Stop("the model says that it is done", found=True)
        self._dialogue.say(command)
        return Interact(command.verb, command.target)


def answer_schema(names: list[str]) -> dict[str, Any]:
    """The JSON schema of an answer, closed and without a union at its top, as hosted services want it."""
    word = {"type": "string", "minLength": 1, "maxLength": 40}
    forms = [_object(verb={"const": "Find"}, target=word)]
    if names:
        forms.append(_object(verb={"enum": [verb for verb in VERBS if verb != "Find"]}, target={"enum": names}))
    forms.append(_object(verb={"const": "done"}, target={"const": ""}))
    text = {"type": "string", "maxLength": MOST_LETTERS}
    return _object(thought=text, command={"anyOf": forms}, expected=text)


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _question(situation: Situation) -> str:
    done = [f"{n}. {text}" + (f": refused, {why}" if why else "") for n, (text, why) in enumerate(situation.turns, 1)]
    return (
        f"The task: {situation.goal}.\nCommands so far:\n{chr(10).join(done) or 'none'}\n{situation.scene}\n"
        "What is the next command? Give a short thought, the command, and what you expect the world to become."
    )
