"""`AlfWorld`: AlfWorld's engine as a Gymnasium environment with the observations and commands of `HouseholdTask`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import gymnasium as gym
import numpy as np

from enactive.errors import ConfigError

from ..embodiment import VERBS, Embodiment
from ..goal import TaskGoal
from ..household.feedback import Feedback
from ..household.tasks.knowledge import Knowledge
from ..household.tasks.suites import MAX_COMMANDS
from ..household.tasks.symbolic import Command
from .body import Body
from .engine import Engine
from .oracle import AlfWorldOracle, progress
from .problems import Problem, make_problem, need_alfworld, problem_asked_for

_PRINTABLE = "".join(map(chr, range(32, 127))) + "\n"
STEP_S = 0.5  # seconds that one command takes by the clock of the observations
NUMBERS = 2**31


class AlfWorld(gym.Env[dict[str, Any], dict[str, Any]]):
    """A problem of AlfWorld: drawn, given with `reset(options={"task": Problem})`, or asked for with {"goal": TaskGoal}.

    split: what is drawn from. knowledge: what "known_objects" lists, a name a line: what is in view ("visible"), all that
    AlfWorld has told of since the start ("remembered"), or all things of the problem ("privileged"). max_steps: commands
    after which the episode is truncated. Observations are "text" (the task, then what came of the last command),
    "known_objects", "holding", "refused" and "stamp_s"; commands are those of `HouseholdTask`, and stop says `done`.
    Raises ConfigError where AlfWorld is not installed.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # reason: Gymnasium declares it so

    def __init__(self, split: str = "train", knowledge: Knowledge = "visible", max_steps: int | None = None) -> None:
        need_alfworld()
        if knowledge not in get_args(Knowledge):
            raise ConfigError(f"an agent knows {', '.join(get_args(Knowledge))}, not {knowledge!r}")
        self.split, self.knowledge = split, knowledge
        self.max_steps = MAX_COMMANDS if max_steps is None else max_steps
        self.embodiment = Embodiment(
            "alfworld", "discrete", labels=("stop",), frame="none", skills=frozenset(VERBS), simulated=True
        )
        text = gym.spaces.Text(max_length=20_000, min_length=0, charset=_PRINTABLE)
        self.observation_space = gym.spaces.Dict(
            {
                "text": text,
                "known_objects": text,
                "holding": text,
                "refused": gym.spaces.Discrete(2),
                "stamp_s": gym.spaces.Box(0.0, np.inf, (1,), dtype=np.float64),
            }
        )
        self.action_space = gym.spaces.Dict(
            {
                "motion": gym.spaces.Discrete(1),
                "verb": gym.spaces.Discrete(1 + len(VERBS)),
                "target": gym.spaces.Text(max_length=200, min_length=0, charset=_PRINTABLE[:-1]),
                "pixel_uv": gym.spaces.Box(-1, -1, (2,), dtype=np.int64),
            }
        )
        self.turns: list[tuple[Command | None, Feedback]] = []
        self.oracle = AlfWorldOracle(self)
        self._engine = Engine()
        self._running: tuple[Problem, Body] | None = None

    @property
    def problem(self) -> Problem:
        """The running problem. Raises ConfigError before the first reset."""
        return self._run[0]

    @property
    def body(self) -> Body:
        """The body in it. Raises ConfigError before the first reset."""
        return self._run[1]

    @property
    def goal(self) -> TaskGoal:
        """What is asked for, in words."""
        return TaskGoal(self.problem.instruction)

    @property
    def progress(self) -> float:
        """The share of goal conditions that are met, for metrics."""
        return progress(self.problem, self.body.engine)

    @property
    def succeeded(self) -> bool:
        """Whether AlfWorld says that the task is won, for metrics."""
        return self.body.engine.won

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start a problem. Raises ConfigError for a goal that AlfWorld has no task for."""
        super().reset(seed=seed)
        chosen = dict(options or {})
        problem, goal = chosen.pop("task", None), chosen.pop("goal", None)
        if chosen or not isinstance(problem, Problem | None) or not isinstance(goal, TaskGoal | None):
            raise ConfigError('reset takes the options "task", a Problem, and "goal", a TaskGoal, and no other')
        if problem is None:
            number = int(self.np_random.integers(NUMBERS))
            made = make_problem(self.split, number) if goal is None else problem_asked_for(self.split, goal.instruction, number)
            problem = made
        self._engine.start(problem)
        self._running, self.turns = (problem, Body(self._engine)), []
        self.oracle.start()
        return self._seen(problem.instruction, False), {"feedback": Feedback(True, "").as_info()}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Carry out a command. The reward is 0: success is the metrics' to judge."""
        said_before, done = len(self.body.said), not action["verb"]
        command = Command("done") if done else Command(VERBS[int(action["verb"]) - 1], action["target"])
        feedback = Feedback(True, "done") if done else self.body.carry_out(command.verb, command.target)
        self.turns.append((command, feedback))
        said = [command for command, _ in self.body.said[said_before:]]
        info = {"feedback": feedback.as_info() | {"alfworld": said}}
        return self._seen(feedback.message, not feedback.ok), 0.0, done, len(self.turns) >= self.max_steps, info

    def _seen(self, message: str, refused: bool) -> dict[str, Any]:
        body = self.body
        names = {"visible": body.in_view, "remembered": body.told, "privileged": body.engine.names.values()}[self.knowledge]
        held = (body.holding,) if body.holding else ()
        known = {body.words(name) for name in (*names, *held) if " " in name}  # agent and places have no number
        return {
            "text": message,
            "known_objects": "\n".join(sorted(known)),
            "holding": body.words(body.holding) if body.holding else "",
            "refused": int(refused),
            "stamp_s": np.array([len(self.turns) * STEP_S]),
        }

    @property
    def _run(self) -> tuple[Problem, Body]:
        if self._running is None:
            raise ConfigError("call reset() before using the environment")
        return self._running
