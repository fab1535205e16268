"""A household task as the language model meets it: what it is told, what it says, what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.knowledge import Knowledge, Memory
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command
from enactive.envs.household.tasks.task import Task, start_of

from .prompt import Situation, look, policy_prompt


@cache
def layout(seed: int, rooms: int | None) -> Layout:
    """The layout of an apartment, kept for good: search and evaluation go through hundreds of apartments side by side."""
    return Layout(make_apartment(seed, rooms))


@dataclass(frozen=True, slots=True)
class Moment:
    """One point of an episode: the state of the world, what was said so far, and what the agent has had in view."""

    state: TaskState
    situation: Situation
    memory: Memory
    commands: tuple[Command, ...] = ()
    feedback: tuple[Feedback, ...] = ()

    @property
    def prompt(self) -> str:
        """What the policy is asked with."""
        return policy_prompt(self.situation)

    @property
    def missed(self) -> frozenset[str]:
        """What was looked for and not found, as it was said: the one refusal that tells of the world."""
        said = zip(self.commands, self.feedback, strict=True)
        return frozenset(
            command.target for command, feedback in said if command.verb == "Find" and feedback.error == "not_visible"
        )


class Episode:
    """The rules of one task. knowledge: what the agent is told of its surroundings. Any moment can be gone on from."""

    def __init__(self, task: Task, knowledge: Knowledge) -> None:
        self.task, self.knowledge = task, knowledge
        self.layout = layout(task.apartment_seed, task.rooms)
        self._plans: dict[str, tuple[Command, ...] | None] = {}

    def start(self) -> Moment:
        """The first moment."""
        state = start_of(self.layout, self.task)
        scene, memory = look(self.layout, state, frozenset(), self.knowledge)
        return Moment(state, Situation(self.task.instruction, scene), memory)

    def step(self, moment: Moment, command: Command) -> Moment:
        """The moment after a command, whether or not it was carried out."""
        state, feedback = apply_command(self.layout, moment.state, command)
        scene, memory = look(self.layout, state, moment.memory, self.knowledge)
        situation = moment.situation.after(command, feedback, scene)
        return Moment(state, situation, memory, (*moment.commands, command), (*moment.feedback, feedback))

    def plan(self, state: TaskState) -> tuple[Command, ...] | None:
        """The expert's plan from a state, worked out once; None where it finds none."""
        key = state.digest()
        if key not in self._plans:
            self._plans[key] = expert_plan(self.layout, state, self.task)
        return self._plans[key]

    def succeeded(self, moment: Moment) -> bool:
        """Whether all goal conditions are met."""
        return succeeded(self.layout, moment.state.world, self.task)
