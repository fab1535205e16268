"""Where the pictures come from that a hand mirrors."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs.camera_thread import CameraThread
from enactive.errors import ConfigError, ControllerError, EmbodimentFault

if TYPE_CHECKING:
    import cv2

FIRST_PICTURE_S, OLDEST_S = 5.0, 2.0


class PictureStream(Protocol):
    """Pictures as they come: `envs.shadow_hand.moving.MovingHand`, a `Film` or a `Camera`."""

    @property
    def taken_s(self) -> float:
        """When the picture that was given last was taken, in monotonic seconds; NaN before the first, and of one that stands
        still because it is all that there is: one that should have been followed by others ages, and the body holds."""
        ...

    def picture(self) -> NDArray[np.uint8]:
        """The newest picture, (H, W, 3) uint8 RGB, whether in an array of its own or in one that is filled anew: it counts as
        another when `taken_s` has changed. Raises ControllerError where there is none."""
        ...

    def close(self) -> None:
        """Free what the pictures took, in the thread that asked for them; without effect where nothing is open."""
        ...


class Film:
    """A film, which plays at its own pace and stands still at its end, or a picture, through OpenCV.

    A film that breaks off, before as many pictures as it says that it holds, is not at its end: the last one ages.

    source: the file. The first picture opens it, `close` closes it; a picture that is asked for later plays it anew. Raises
    ConfigError where it is missing.
    """

    def __init__(self, source: str) -> None:
        if not Path(source).is_file():
            raise ConfigError(f"there is no file {source!r}; a camera is a Camera")
        self.source, self.taken_s = source, math.nan
        self._capture: cv2.VideoCapture | None = None
        self._last: NDArray[Any] | None = None
        self._shown, self._began_s, self._rate_hz = 0, 0.0, 25.0

    def picture(self) -> NDArray[np.uint8]:
        """The frame that is due. Raises ControllerError where the file holds none that OpenCV can read."""
        import cv2

        if self._capture is None:
            self._capture, self._shown, self._last = opened(self.source), 0, None
            self._began_s, self._rate_hz = time.perf_counter(), self._capture.get(cv2.CAP_PROP_FPS) or self._rate_hz
        due = 1 + int((time.perf_counter() - self._began_s) * self._rate_hz)
        while self._shown < due:
            read, frame = self._capture.read()
            if not read:
                if self._ended(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)):
                    self.taken_s = math.nan
                break
            self._last, self.taken_s = frame, self._began_s + self._shown / self._rate_hz
            self._shown += 1
        if self._last is None:
            raise ControllerError(f"{self.source!r} holds no picture that OpenCV can read")
        return rgb_of(self._last)

    def _ended(self, frames: float) -> bool:
        """Whether all was shown; else the film broke, and its last frame ages. frames: 1 or no number above 0 for a picture."""
        return self._shown >= frames if frames > 0 else self._shown == 1

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None


class Camera:
    """A camera, through OpenCV, read on a thread of its own, since what nobody reads waits in queues.

    source: the number of a device ("0") or the address of a network camera. The first picture opens it, `close` gives it back;
    a picture that is asked for later opens it anew. Raises ConfigError for anything else.
    """

    def __init__(self, source: str = "0") -> None:
        if not source.isdecimal() and "://" not in source:
            raise ConfigError(f"a camera is named by its number, as 0, or by its address; {source!r} as a file is a Film")
        self.source, self.taken_s = source, math.nan
        self._capture: cv2.VideoCapture | None = None
        self._thread: CameraThread | None = None

    def picture(self) -> NDArray[np.uint8]:
        """The newest frame. Raises ControllerError where the camera cannot be opened or read, or has stopped giving any."""
        try:
            frame, self.taken_s = (self._thread or self._open()).newest()
        except EmbodimentFault as error:
            raise ControllerError(str(error)) from error
        if time.perf_counter() - self.taken_s > OLDEST_S:
            raise ControllerError(f"camera {self.source} has given no picture for {OLDEST_S:g} s: is it still there?")
        return rgb_of(frame)

    def close(self) -> None:
        """Give the camera back; one whose driver hangs is left to it."""
        ended = self._thread is None or self._thread.close()
        if self._capture is not None and ended:
            self._capture.release()
        self._capture, self._thread = None, None

    def _open(self) -> CameraThread:
        self._capture = opened(int(self.source) if self.source.isdecimal() else self.source)
        self._thread = CameraThread(self.source, Live(self._capture), time.perf_counter)
        self._thread.first(FIRST_PICTURE_S)
        return self._thread


def opened(source: str | int) -> cv2.VideoCapture:
    """What OpenCV opens. Raises ControllerError where it cannot."""
    import cv2

    capture = cv2.VideoCapture(source)
    if not capture.isOpened():
        raise ControllerError(f"OpenCV cannot open {str(source)!r}: see whether it is there and free")
    return capture


def rgb_of(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """OpenCV's BGR as RGB."""
    import cv2

    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)


class Live:
    """A device or an address that OpenCV has opened, as `CameraThread` reads one."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def async_read(self, timeout_ms: float) -> NDArray[Any]:
        """The next picture, in BGR; waits as long as OpenCV does. Raises ControllerError where there is none."""
        read, frame = self._capture.read()
        if not read:
            raise ControllerError("it gives no picture: see whether it is still there")
        return frame
