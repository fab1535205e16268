"""A household task as the language model meets it: what it is told, what it says, what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.knowledge import Knowledge, Memory
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command
from enactive.envs.household.tasks.task import Task, start_of

from .examples import Demonstration
from .prompt import Situation, command_text, look, policy_prompt

_LOOKS = 3  # times that an agent says one Find to come to another thing of the same name


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


class Episode:
    """The rules of one task. knowledge: what the agent is told of its surroundings. Any moment can be gone on from."""

    def __init__(self, task: Task, knowledge: Knowledge) -> None:
        self.task, self.knowledge = task, knowledge
        self.layout = layout(task.apartment_seed, task.rooms)

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

    def succeeded(self, moment: Moment) -> bool:
        """Whether all goal conditions are met."""
        return succeeded(self.layout, moment.state.world, self.task)

    def demonstration(self) -> list[Demonstration] | None:
        """The expert's plan as answers to prompts, `done` included; None where it does not succeed in an agent's words.

        The expert tells things of one name apart by colours that nobody asked for. An agent cannot know them: attributes are
        kept only where the instruction names them, `Find` is said again where it led to another thing of the name, and the
        plan is carried out again in these words.
        """
        moment = self.start()
        plan = expert_plan(self.layout, moment.state, self.task)
        if plan is None:
            return None
        out = []
        for command in (*plan, Command("done")):
            if command.verb == "done" and not self.succeeded(moment):
                return None
            meant, _ = apply_command(self.layout, moment.state, command)
            for _ in range(_LOOKS):
                said = self._plain(command)
                out.append(Demonstration(self.task.id, moment.prompt, command_text(said)))
                moment = self.step(moment, said)
                if command.verb != "Find" or moment.state.at == meant.at:
                    break
        return out

    def _plain(self, command: Command) -> Command:
        """A command with the bare name of its target, with the attribute of the task where the task has one for it."""
        if command.verb == "done":
            return command
        names = {self.layout.categories[i] for i in self.layout.named(command.target)}
        plain = next(name for name in sorted(names, key=len, reverse=True) if command.target.endswith(name))
        wanted = self.task.attribute and plain == self.task.object
        return replace(command, target=f"{self.task.attribute} {plain}" if wanted else plain)
