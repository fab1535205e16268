"""A camera that is read beside a control loop, which asks for the newest picture and never waits for one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.errors import EmbodimentFault

WAIT_MS = 200.0
REST_S = 0.001  # between two reads, for devices that give the same picture again rather than wait for a new one


class Camera(Protocol):
    """The part of LeRobot's `Camera` that is used."""

    def async_read(self, timeout_ms: float) -> NDArray[Any]:
        """The newest picture (H, W, 3) that was not read yet. Raises TimeoutError where none comes in time."""
        ...


class CameraThread:
    """Reads a camera over and over, on a thread of its own, and keeps the newest picture.

    A picture is stamped with the moment when the one before had been read, so that it is not older than its stamp tells, even
    where it waited for a while to be read; one that is not renewed, because the camera hangs or times out, ages. clock:
    monotonic seconds.
    """

    def __init__(self, name: str, camera: Camera, clock: Callable[[], float]) -> None:
        self.name, self._camera, self._clock = name, camera, clock
        self._newest: tuple[NDArray[np.uint8], float] | None = None
        self._error: Exception | None = None
        self._changed, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)
        self._thread.start()

    def first(self, timeout_s: float) -> None:
        """Wait for the first picture. Raises EmbodimentFault where none comes in time."""
        self._changed.wait(timeout_s)
        self.newest()

    def newest(self) -> tuple[NDArray[np.uint8], float]:
        """The newest picture (H, W, 3) and its stamp, at once. Raises EmbodimentFault where the camera failed."""
        if self._error is not None:
            raise EmbodimentFault(f"camera {self.name!r} failed: {type(self._error).__name__}: {self._error}") from self._error
        if self._newest is None:
            raise EmbodimentFault(f"camera {self.name!r} has given no picture: is it plugged in, and free?")
        return self._newest

    def close(self, timeout_s: float = 1.0) -> bool:
        """Ask the thread to end, and wait for it for at most `timeout_s`; one that hangs in its driver is left there.

        True where it has ended, so that nobody uses the camera any more.
        """
        self._closing.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            stamp_s = self._clock()
            if self._closing.wait(REST_S):
                return
            try:
                self._newest = (np.asarray(self._camera.async_read(timeout_ms=WAIT_MS)), stamp_s)
            except TimeoutError:
                continue  # the picture that there is ages, which whoever looks at it bounds
            except Exception as error:  # noqa: BLE001  # reason: a driver may fail in any way; kept, and raised by `newest`
                self._error = error
            self._changed.set()
            if self._error is not None:
                return
