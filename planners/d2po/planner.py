"""`D2PO`: a household task planned one command at a time by the policy, in the agent loop."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enactive.envs import VERBS, Embodiment, Goal, TaskGoal
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.errors import ConfigError
from enactive.perception.base import Belief

from ..base import Intent, Interact, Stop
from ..critics.trajectories import user_turn
from ..critics.visualprm import shipped_critic
from .dialogue import NEEDS, Dialogue
from .prompt import Situation, command_text, parse_command, parts, policy_prompt, world_prompt
from .replanning import BEAMS, Refusals, came_true, commands_of
from .weights import WEIGHTS, policy_in

if TYPE_CHECKING:
    from ..critics.prefixes import Piece
    from .policy import Reading

PREDICTION_TOKENS = 48
CRITIC_TEMPERATURE = 0.7


class D2PO:
    """The policy of D2PO (arXiv 2503.10480) for `TaskGoal`, on what `TaskPerceiver` tells.

    policy: folder of the weights, the shipped ones by default, or one of a training run (runs/d2po/seed-0/d2po). knowledge:
    what the environment tells of, as it was set there: the prompt says which. predict: the same weights also say what the
    world will become. alternatives: how many other commands the trace tells of, with the probability of each. replan: a
    command that was refused is not said again while nothing has changed (`Refusals`); the likeliest of `BEAMS` others is,
    where no critic picks. candidates: how many next commands are drawn, of which the critic picks one. critic: folder that
    `enactive train critic --ship_to` wrote, given with more than one candidate and only then. temperature: of the draws; where
    not given, 0.7 with a critic and 0, the likeliest command, without. seed: of the draws, each of which also depends on the
    prompt. An answer that is no command fails the trial (planner_output_error) and is never replaced.

    Raises ConfigError for a critic that is missing, has nothing to choose from, or cannot judge, and for a negative
    temperature.
    """

    goals: tuple[type[Goal], ...] = (TaskGoal,)
    needs = NEEDS
    emits: tuple[type[Intent], ...] = (Interact, Stop)
    verbs = frozenset(VERBS)

    def __init__(
        self,
        policy: Path = WEIGHTS,
        knowledge: Knowledge = "visible",
        predict: bool = True,
        alternatives: int = 3,
        replan: bool = True,
        critic: Path | None = None,
        candidates: int = 1,
        temperature: float | None = None,
        seed: int = 0,
    ) -> None:
        if candidates < 1:
            raise ConfigError(f"D2PO needs at least one candidate, not {candidates}")
        if critic is None and candidates > 1:
            fix = "make one with `enactive train critic --ship_to FOLDER` and give it as critic=FOLDER"
            raise ConfigError(f"to choose among {candidates} candidates D2PO needs a critic: {fix}")
        if critic is not None and candidates == 1:
            raise ConfigError("a critic has nothing to choose from with one candidate: give more, for example candidates=8")
        if temperature is None:
            temperature = 0.0 if critic is None else CRITIC_TEMPERATURE
        if temperature < 0.0 or (temperature == 0.0 and critic is not None):
            least = "0, the likeliest command, or more" if critic is None else "more than 0, for the critic to have a choice"
            raise ConfigError(f"the temperature of D2PO must be {least}, not {temperature:g}")
        self.critic = None if critic is None else shipped_critic(critic)
        self.policy, self.knowledge, self.predict = policy_in(policy), knowledge, predict
        self.alternatives, self.replan = alternatives, replan
        self.candidates, self.temperature, self.seed = candidates, temperature, seed
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a task. Raises PlannerError for another kind of goal."""
        self._dialogue = Dialogue(goal, self.knowledge)
        self._refusals, self._expected = Refusals(), ""
        self._trace = {}
        self._read: Piece | None = None

    def plan(self, belief: Belief) -> Intent:
        """The next command. Raises AnswerError where the model says none."""
        said, now = len(self._dialogue.turns), belief.extra
        situation = self._dialogue.situation(belief)
        heard: dict[str, Any] = {}
        if len(self._dialogue.turns) > said:
            self._refusals.hear(bool(now["refused"]))
            if self.predict:
                heard["came_true"] = came_true(self._expected, str(now["message"]), bool(now["refused"]))
        reading = self.policy.read(policy_prompt(situation))  # once, for the answer, the others and the prediction
        answer, told = self._answer(situation, reading)
        command = parse_command(answer)
        number = len(self._dialogue.turns) + 1
        self._trace = {"reason": command_text(command), "seen": situation.scene, "command": number, **told, **heard}
        if command.verb == "done":
            return Stop("the policy says that it is done", found=True)
        if self.predict:
            asked = self.policy.read(world_prompt(situation, command), reading)
            (self._expected,) = self.policy.answers_to(asked, tokens=PREDICTION_TOKENS)
            self._trace["predicted"] = self._expected
        self._refusals.say(command, situation.scene)
        self._dialogue.say(command)
        return Interact(command.verb, command.target)

    def _answer(self, situation: Situation, reading: Reading) -> tuple[str, dict[str, Any]]:
        """The command that the policy says or, of several draws, that the critic rates highest; with what the trace tells."""
        draw = zlib.crc32(f"{self.seed} {policy_prompt(situation)}".encode())  # not one draw for the same step of all tasks
        drawn = self.policy.answers_to(reading, self.candidates, self.temperature, draw)
        if self.critic is None:
            return self._replanned(situation, reading, drawn[0])
        options = list(dict.fromkeys(parts(answer)[1] for answer in drawn))
        rated = self.critic.next_scores([(self._read, user_turn(situation, answer)) for answer in options])
        best = max(range(len(options)), key=lambda i: rated[i][0])
        self._read = rated[best][1]
        ratings = {answer: round(score, 3) for answer, (score, _) in zip(options, rated, strict=True)}
        return options[best], {"rated": ratings}

    def _replanned(self, situation: Situation, reading: Reading, answer: str) -> tuple[str, dict[str, Any]]:
        """The command of an answer or, where it is barred, the likeliest that is not; with the reasoning and probabilities."""
        thought, said = parts(answer)
        barred = self.replan and self._refusals.bars(parse_command(said), situation.scene)
        beams = BEAMS if barred else self.alternatives + 1
        likely = commands_of(self.policy.likely(reading, beams) if beams > 1 else ())
        told: dict[str, Any] = {"thought": thought} if thought else {}
        if barred and (other := self._refusals.another(likely, situation.scene)) is not None:
            said, told = other, {"instead_of": said}
        if not self.alternatives:
            return said, told
        chance = likely[said] if said in likely else math.exp(self.policy.score(reading, [answer])[0])
        rest = [text for text in likely if text != said][: self.alternatives]
        alternatives = {text: round(likely[text], 4) for text in rest}
        return said, {**told, "probability": round(chance, 4), "alternatives": alternatives}
