"""`D2PO`: a household task planned one command at a time by the policy, in the agent loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enactive.envs import VERBS, Embodiment, Goal, TaskGoal
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import PlannerError
from enactive.perception.base import Belief

from ..base import Intent, Interact, Stop
from .prompt import Situation, command_text, first_clause, parse_command, policy_prompt, told, world_prompt
from .weights import WEIGHTS, shipped_policy

PREDICTION_TOKENS = 48


class D2PO:
    """The policy of D2PO (arXiv 2503.10480) for `TaskGoal`, on what `TaskPerceiver` tells.

    policy: folder of the weights, the shipped ones by default. knowledge: what the environment tells of, as it was set there:
    the prompt says which. predict: the same weights also say what the world will become; it is in the trace, and nothing is
    decided by it. An answer that is no command fails the trial (planner_output_error) and is never replaced.
    """

    goals: tuple[type[Goal], ...] = (TaskGoal,)
    needs = frozenset({"instruction", "known_objects", "holding", "message", "refused"})
    emits: tuple[type[Intent], ...] = (Interact, Stop)
    verbs = frozenset(VERBS)

    def __init__(self, policy: Path = WEIGHTS, knowledge: Knowledge = "visible", predict: bool = True) -> None:
        self.policy, self.knowledge, self.predict = shipped_policy(policy), knowledge, predict
        self._trace: dict[str, Any] = {}

    @property
    def trace(self) -> Mapping[str, Any]:
        return self._trace

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        """Start on a task. Raises PlannerError for another kind of goal."""
        if not isinstance(goal, TaskGoal):
            raise PlannerError(f"D2PO plans a TaskGoal, not {type(goal).__name__}")
        self._goal, self._turns = goal.instruction, tuple[tuple[str, str], ...]()
        self._said: Command | None = None

    def plan(self, belief: Belief) -> Intent:
        """The next command. Raises AnswerError where the model says none."""
        situation = self._situation(belief)
        ((answer,),) = self.policy.answers([policy_prompt(situation)])
        command = parse_command(answer)
        self._trace = {"reason": answer, "seen": situation.scene, "command": len(self._turns) + 1}
        if command.verb == "done":
            return Stop("the policy says that it is done", found=True)
        if self.predict:
            ((self._trace["predicted"],),) = self.policy.answers([world_prompt(situation, command)], tokens=PREDICTION_TOKENS)
        self._said = command
        return Interact(command.verb, command.target)

    def _situation(self, belief: Belief) -> Situation:
        """The one place where a belief becomes what the policy is told."""
        told_now = belief.extra
        if self._said is not None:
            refusal = first_clause(str(told_now["message"])) if told_now["refused"] else ""
            self._turns, self._said = (*self._turns, (command_text(self._said), refusal)), None
        return Situation(self._goal, told(self.knowledge, told_now["known_objects"], told_now["holding"]), self._turns)
