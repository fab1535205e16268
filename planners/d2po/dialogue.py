"""What was said in a task so far, and what of the world is told with it: the one place where a belief becomes a situation."""

from __future__ import annotations

from enactive.envs import Goal, TaskGoal
from enactive.envs.household.tasks.knowledge import Knowledge, told
from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import PlannerError
from enactive.perception.base import Belief

from .prompt import Situation, command_text, first_clause

NEEDS = frozenset({"instruction", "known_objects", "holding", "message", "refused"})


class Dialogue:
    """Commands and refusals of one task. knowledge: what the environment tells of. Raises PlannerError for another goal."""

    def __init__(self, goal: Goal, knowledge: Knowledge) -> None:
        if not isinstance(goal, TaskGoal):
            raise PlannerError(f"a household task is a TaskGoal, not {type(goal).__name__}")
        self.goal, self.knowledge = goal.instruction, knowledge
        self.turns: tuple[tuple[str, str], ...] = ()
        self._said: Command | None = None

    def say(self, command: Command) -> None:
        """A command that is carried out now; what came of it is in the next belief."""
        self._said = command

    def situation(self, belief: Belief) -> Situation:
        """What is told now, with the last command and what came of it in the history."""
        now = belief.extra
        if self._said is not None:
            refusal = first_clause(str(now["message"])) if now["refused"] else ""
            self.turns, self._said = (*self.turns, (command_text(self._said), refusal)), None
        return Situation(self.goal, told(self.knowledge, now["known_objects"], now["holding"]), self.turns)
