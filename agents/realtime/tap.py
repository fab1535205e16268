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

    watch: called with each tick; it may take as long as it likes. What it raises (on a full disk, say) takes it off, and ticks
    that it has not come to at the end are lost: `warning` tells of either. Where it is too slow, pictures are dropped first (at
    most `frames` ticks with pictures wait), then whole ticks (at most `ticks` wait), oldest first; `dropped_frames` and
    `dropped_ticks` count them.
    """

    def __init__(self, watch: Callable[[Tick], None], *, frames: int = FRAMES, ticks: int = TICKS) -> None:
        self._watch, self._frames, self._ticks = watch, frames, ticks
        self._name = getattr(watch, "__qualname__", type(watch).__name__)
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
        """Let the watcher finish what waits, for at most `timeout_s`; it gets nothing after that."""
        self._closing = True
        self._more.set()
        self._thread.join(timeout_s)
        with self._lock:
            left = len(self._waiting)
            self._waiting.clear()
        if self._thread.is_alive():
            self.warning = f"{self._name} was {timeout_s:g} s behind at the end, and {left} ticks are lost"

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
            except Exception as error:  # noqa: BLE001  # reason: whatever ends a watcher is told, and is no reason to stop a body
                words = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
                self.warning = f"{self._name} stopped recording: {words}"

    def _next(self) -> Tick | None:
        with self._lock:
            if not self._waiting:
                return None
            tick = self._waiting.popleft()
            pictures = self._pictures.pop(tick.index, None)
        return tick if pictures is None else _with_pictures(tick, pictures)


def _with_pictures(tick: Tick, cameras: Mapping[str, CameraFrame]) -> Tick:
    return replace(tick, observation=replace(tick.observation, cameras=cameras))
