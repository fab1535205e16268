"""What a person sees while the agent works: one live line."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live
from rich.text import Text

from enactive.envs import Embodiment, Goal
from enactive.perception import Belief

from .episode import Episode, Step


class LiveLine:
    """Recorder that shows step, stage, matching score, distance walked and what is known, on a terminal or as plain lines."""

    def __init__(self, console: Console | None = None, every: int = 25) -> None:
        self._console = console if console is not None else Console()
        self._every = every

    def start(self, env: gym.Env[Any, Any], goal: Goal, embodiment: Embodiment) -> None:
        """Begin the line."""
        self._walked_m = 0.0
        self._xy: NDArray[np.float64] | None = None
        self._live = Live(Text("looking around"), console=self._console, refresh_per_second=8, transient=True)
        if self._console.is_terminal:
            self._live.start()

    def step(self, step: Step, belief: Belief) -> None:
        """Renew the line; where there is no terminal, print it now and then."""
        if step.T_world_base is not None:
            xy = step.T_world_base[:2, 3]
            self._walked_m += 0.0 if self._xy is None else float(np.hypot(*(xy - self._xy)))
            self._xy = xy.copy()
        words = [f"step {step.index + 1:3d}", f"walked {self._walked_m:5.1f} m"]
        if "stage" in step.trace:
            words.append(f"stage {step.trace['stage']}")
        if "S" in step.trace:
            words.append(f"S {step.trace['S']:.2f}")
        if belief.scene_graph is not None:
            words.append(f"{len(belief.scene_graph)} objects")
        if step.trace.get("reason"):
            words.append(str(step.trace["reason"]))
        line = "  ".join(words)
        if self._console.is_terminal:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"))
        elif step.index % self._every == 0:
            self._console.print(line, highlight=False, soft_wrap=True)

    def end(self, episode: Episode, belief: Belief | None) -> None:
        """Leave what came of it."""
        self._live.stop()
        verdict = "found" if episode.found else "not found"
        if episode.outcome == "error":
            verdict = f"failed: {episode.error_kind}: {episode.error}"
        line = f"{verdict} after {len(episode.steps)} steps ({episode.outcome}) {episode.reason}"
        self._console.print(line, highlight=False, soft_wrap=True)
