"""`HouseholdTask`: one household task as a Gymnasium environment, with a body, with pictures alone, or with neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import gymnasium as gym
import numpy as np

from enactive.errors import ConfigError

from ...embodiment import DISCRETE_ACTIONS, VERBS
from ...goal import TaskGoal
from .. import motion
from ..camera import base_pose
from ..env import Household
from ..feedback import Feedback
from .asked import task_asked_for
from .conditions import progress, succeeded
from .knowledge import Knowledge, Memory, in_view, known_objects
from .layout import Layout
from .metrics import Turn
from .oracle import TaskOracle
from .suites import MAX_COMMANDS, load_tasks
from .symbolic import Command, TaskState, apply_command
from .task import Task, layout_of, start_world

Mode = Literal["physical", "fast", "symbolic"]
_NAMES = gym.spaces.Text(max_length=10_000, min_length=0, charset="abcdefghijklmnopqrstuvwxyz' -\n")
STEP_S = 0.5  # seconds that one command takes by the clock of the observations


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A point of an episode: the state of the task, what was in view since the start, and what was said."""

    state: TaskState
    memory: Memory
    turns: tuple[Turn, ...]


class HouseholdTask(Household):
    """A task of the suites, or one given with `reset(options={"task": Task})` or asked for with {"goal": TaskGoal}.

    mode: "physical", the body of `Household(verbs=True)`, which has to walk and look by itself; "fast", in which `Find` puts
    it before the thing and a picture is taken; "symbolic", the same without pictures and without MuJoCo. split: what is
    drawn from where no task is given. seed: the apartment, where a task is drawn or asked for; not given, one of the split in
    which it can be done (`asked.task_asked_for`). max_steps: commands, and in the physical mode also motions, after which the
    episode is truncated: 25, and 500 in the physical mode, where it is not given.

    knowledge: what the agent is told of the things around it, in the observation's "known_objects", a name a line; "holding"
    names what is in the hand; "refused" says whether the last command was. In the physical mode what is in view is what the
    picture shows. `turns` and `oracle` are for metrics.

    The action space is that of `Household(verbs=True)`. To stop (motion 0) is to say `done`. The fast and symbolic modes go
    by name: pixels mean nothing to them, and any motion but stop raises ConfigError. Whether the task is done is in
    `progress` and `succeeded`, for metrics.
    """

    def __init__(
        self,
        mode: Mode = "fast",
        split: str = "train",
        seed: int | None = None,
        knowledge: Knowledge = "visible",
        width: int = 320,
        height: int = 240,
        depth_noise: bool = False,
        max_steps: int | None = None,
        render_mode: Literal["rgb_array"] | None = None,
    ) -> None:
        if mode not in get_args(Mode):
            raise ConfigError(f"a task runs {', '.join(get_args(Mode))}, not {mode!r}")
        if knowledge not in get_args(Knowledge):
            raise ConfigError(f"an agent knows {', '.join(get_args(Knowledge))}, not {knowledge!r}")
        limit = max_steps if max_steps is not None else 500 if mode == "physical" else MAX_COMMANDS
        super().__init__(
            verbs=True, width=width, height=height, depth_noise=depth_noise, max_steps=limit, render_mode=render_mode
        )
        self.mode, self.split, self.asked_seed, self.knowledge = mode, split, seed, knowledge
        self.oracle: TaskOracle = TaskOracle(self)
        self.turns: list[Turn] = []
        if mode != "physical":
            cameras = self.embodiment.cameras if mode == "fast" else ()
            self.embodiment = replace(self.embodiment, labels=("stop",), cameras=cameras)
            self.action_space = _with(self.action_space, motion=gym.spaces.Discrete(1))
        told = {"known_objects": _NAMES, "holding": _NAMES, "refused": gym.spaces.Discrete(2)}
        self.observation_space = _with(self.observation_space, **told)
        if mode == "symbolic":
            self.observation_space = _with(self.observation_space, cameras=None)
        self._running: tuple[Layout, Task] | None = None
        self._at, self._done = -1, False
        self._memory: Memory = frozenset()
        self._tasks: tuple[Task, ...] = ()

    @property
    def layout(self) -> Layout:
        """What is known of the apartment for good. Raises ConfigError before the first reset."""
        return self._task[0]

    @property
    def task(self) -> Task:
        """The running task. Raises ConfigError before the first reset."""
        return self._task[1]

    @property
    def goal(self) -> TaskGoal:
        """What is asked for, in words."""
        return TaskGoal(self.task.instruction)

    @property
    def progress(self) -> float:
        """The share of goal conditions that are met, for metrics."""
        return progress(self.layout, self.state, self.task, self.seen)

    @property
    def succeeded(self) -> bool:
        """Whether all goal conditions are met, for metrics."""
        return succeeded(self.layout, self.state, self.task, self.seen)

    @property
    def seen(self) -> frozenset[int] | None:
        """Ids of what the picture shows in the physical mode; None in the others, where the body looks at what it found."""
        return frozenset(self.view.visible().tolist()) if self.mode == "physical" else None

    @property
    def task_state(self) -> TaskState:
        """The state that commands act on, immutable."""
        return TaskState(self.state, self._at, self._done)

    def save_task(self) -> Saved:
        """The whole episode so far, immutable."""
        return Saved(self.task_state, self._memory, tuple(self.turns))

    def restore_task(self, saved: Saved) -> None:
        """Go back to a saved point of the same task, exactly."""
        self.restore_state(saved.state.world)
        self._at, self._done = saved.state.at, saved.state.done
        self._memory, self.turns = saved.memory, list(saved.turns)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start a task. Raises ConfigError where its apartment is not the one that it was made for."""
        gym.Env.reset(self, seed=seed)
        chosen = dict(options or {})
        task, goal = chosen.pop("task", None), chosen.pop("goal", None)
        if chosen or not isinstance(task, Task | None) or not isinstance(goal, TaskGoal | None):
            raise ConfigError('reset takes the options "task", a Task, and "goal", a TaskGoal, and no other')
        if task is None:
            task = self._drawn() if goal is None else task_asked_for(goal.instruction, self._split_tasks(), self.asked_seed)
        layout = layout_of(task)
        self._running, self._at, self._done = (layout, task), -1, False
        self._state = start_world(layout, task, int(self.np_random.integers(2**63)))
        self.start, self.turns, self._memory = self._state, [], frozenset()
        if self.mode != "symbolic":
            self._load(task.apartment_seed, task.rooms)
        return self._seen(task.instruction), {"feedback": Feedback(True, "").as_info(), "collided": False}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Take one action. The reward is 0: success is the metrics' to judge."""
        if self.mode == "physical":
            obs, reward, stopped, ended, info = super().step(action)
            came = info["feedback"]
            if action["verb"] or stopped:
                said = Command("done") if stopped else Command(VERBS[int(action["verb"]) - 1], action["target"])
                self.turns.append((said, Feedback(came["ok"], came["message"], came["error"])))
            self._done = stopped
            return obs | self._told(bool(action["verb"]) and not came["ok"]), reward, stopped, ended, info
        if not action["verb"]:
            if int(action["motion"]) != DISCRETE_ACTIONS.index("stop"):
                raise ConfigError(f"in the {self.mode} mode the body goes by Find and takes no motion but stop")
            command = Command("done")
        else:
            command = Command(VERBS[int(action["verb"]) - 1], action["target"])
        after, feedback = apply_command(self.layout, self.task_state, command)
        self._state, self._at, self._done = motion.counted(after.world), after.at, after.done
        self.turns.append((command, feedback))
        ended = self.state.steps >= self.max_steps
        return (
            self._seen(feedback.message, not feedback.ok),
            0.0,
            self._done,
            ended,
            {"feedback": feedback.as_info(), "collided": False},
        )

    def _split_tasks(self) -> tuple[Task, ...]:
        self._tasks = self._tasks or load_tasks(self.split)
        return self._tasks

    def _drawn(self) -> Task:
        """A task of the split, of the one apartment where one is set. Raises ConfigError where that has none."""
        tasks = [task for task in self._split_tasks() if self.asked_seed in (None, task.apartment_seed)]
        if not tasks:
            raise ConfigError(f"the split {self.split!r} has no task in the apartment of seed {self.asked_seed}: take another")
        return tasks[int(self.np_random.integers(len(tasks)))]

    def _seen(self, message: str, refused: bool = False) -> dict[str, Any]:
        if self.mode != "symbolic":
            return self._observe(message) | self._told(refused)
        stamp = np.array([self.state.steps * STEP_S])
        return {"T_world_base": base_pose(self.state.base), "text": message, "stamp_s": stamp, **self._told(refused)}

    def _told(self, refused: bool) -> dict[str, Any]:
        """What the agent is told in words, beside the message."""
        state, layout = self.state, self.layout
        seen = self.seen
        if seen is None:
            seen = in_view(layout, self.task_state)
        self._memory |= seen
        known = known_objects(layout, state, seen, self._memory, self.knowledge)
        holding = layout.categories[state.held] if state.held >= 0 else ""
        return {"known_objects": "\n".join(known), "holding": holding, "refused": int(refused)}

    @property
    def _task(self) -> tuple[Layout, Task]:
        if self._running is None:
            raise ConfigError("call reset() before using the environment")
        return self._running


def _with(space: gym.Space[Any], **changed: gym.Space[Any] | None) -> gym.spaces.Dict:
    """A Dict space with some of its parts replaced, and without those that are None."""
    assert isinstance(space, gym.spaces.Dict)
    return gym.spaces.Dict({name: part for name, part in (dict(space.spaces) | changed).items() if part is not None})
