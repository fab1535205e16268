"""Between the control loop and whoever watches it: a bounded queue that drops, camera frames first, and never waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from enactive.envs import CameraFrame

from .loop import Tick

FRAMES, TICKS = 8, 4096


class Tap:
    """Hands ticks to one recorder or viewer, on a thread of its own.

    watch: called with each tick; it may take as long as it likes. An OSError (a full disk, say) takes it off, which `warning`
    tells. Where it is too slow, pictures are dropped first (at most `frames` ticks with pictures wait), then whole ticks (at
    most `ticks` wait), oldest first; `dropped_frames` and `dropped_ticks` count them.
    """

    def __init__(self, watch: Callable[[Tick], None], *, frames: int = FRAMES, ticks: int = TICKS) -> None:
        self._watch, self._frames, self._ticks = watch, frames, ticks
        self._waiting: deque[Tick] = deque()
        self._pictures: dict[int, Mapping[str, CameraFrame]] = {}  # by index of the tick, oldest first
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._closing = False
        self.dropped_frames = self.dropped_ticks = 0
        self.warning = ""
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)
        self._thread.start()

    def __call__(self, tick: Tick) -> None:
        """Queue a tick. The lock is held for a handful of list operations, by either side."""
        with self._lock:
            if tick.observation.cameras:
                self._pictures[tick.index] = tick.observation.cameras
                tick = _with_pictures(tick, {})
                if len(self._pictures) > self._frames:
                    del self._pictures[next(iter(self._pictures))]
                    self.dropped_frames += 1
            self._waiting.append(tick)
            if len(self._waiting) > self._ticks:
                self._pictures.pop(self._waiting.popleft().index, None)
                self.dropped_ticks += 1
        self._more.set()

    def close(self, timeout_s: float = 5.0) -> None:
        """Let the watcher finish what waits, for at most `timeout_s`."""
        self._closing = True
        self._more.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self.warning:
            tick = self._next()
            if tick is None:
                if self._closing:
                    return
                self._more.wait(0.5)
                self._more.clear()
                continue
            try:
                self._watch(tick)
            except OSError as error:
                self.warning = f"{getattr(self._watch, '__qualname__', type(self._watch).__name__)} stopped recording: {error}"

    def _next(self) -> Tick | None:
        with self._lock:
            if not self._waiting:
                return None
            tick = self._waiting.popleft()
            pictures = self._pictures.pop(tick.index, None)
        return tick if pictures is None else _with_pictures(tick, pictures)


def _with_pictures(tick: Tick, cameras: Mapping[str, CameraFrame]) -> Tick:
    return replace(tick, observation=replace(tick.observation, cameras=cameras))
