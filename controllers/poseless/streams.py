"""Where the pictures come from that a hand mirrors."""

from __future__ import annotations

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
    """Pictures as they come: `envs.shadow_hand.moving.MovingHand`, or a `Camera`."""

    def picture(self) -> NDArray[np.uint8]:
        """The newest picture, (H, W, 3) uint8 RGB. Raises ControllerError where there is none."""
        ...

    def close(self) -> None:
        """Free what the pictures took, in the thread that asked for them; without effect where nothing is open."""
        ...


class Camera:
    """A camera, a film or a picture, through OpenCV.

    source: the number of a device ("0"), the address of a network camera, or a file: a film, which plays at its own pace and
    stands still at its end, or a picture. The first picture opens the source, `close` gives it back; a picture that is asked
    for later opens it anew, a film from its beginning. A camera is read on a thread of its own, since what nobody reads waits
    in queues. Raises ConfigError where a file is missing.
    """

    def __init__(self, source: str = "0") -> None:
        if not source.isdecimal() and "://" not in source and not Path(source).is_file():
            raise ConfigError(f"there is no file {source!r}; a camera is named by its number, as 0, or by its address")
        self.source = source
        self._capture: cv2.VideoCapture | None = None
        self._thread: CameraThread | None = None
        self._last: NDArray[Any] | None = None
        self._shown, self._began_s = 0, 0.0

    def picture(self) -> NDArray[np.uint8]:
        """The newest frame. Raises ControllerError where the source cannot be opened or read, or has stopped giving any."""
        import cv2

        capture = self._capture or self._open()
        frame = self._of_film(capture) if self._thread is None else self._of_camera(self._thread)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def close(self) -> None:
        """Give the source back; one whose driver hangs is left to it."""
        ended = self._thread is None or self._thread.close()
        if self._capture is not None and ended:
            self._capture.release()
        self._capture, self._thread = None, None

    def _of_film(self, capture: cv2.VideoCapture) -> NDArray[Any]:
        import cv2

        due = 1 + int((time.perf_counter() - self._began_s) * (capture.get(cv2.CAP_PROP_FPS) or 25.0))
        while self._shown < due:
            read, frame = capture.read()
            self._shown += 1
            if not read:
                break
            self._last = frame
        if self._last is None:
            raise ControllerError(f"{self.source!r} holds no picture that OpenCV can read")
        return self._last

    def _of_camera(self, thread: CameraThread) -> NDArray[Any]:
        try:
            frame, stamp_s = thread.newest()
        except EmbodimentFault as error:
            raise ControllerError(str(error)) from error
        if time.perf_counter() - stamp_s > OLDEST_S:
            raise ControllerError(f"camera {self.source} has given no picture for {OLDEST_S:g} s: is it still there?")
        return frame

    def _open(self) -> cv2.VideoCapture:
        import cv2

        capture = cv2.VideoCapture(int(self.source)) if self.source.isdecimal() else cv2.VideoCapture(self.source)
        if not capture.isOpened():
            raise ControllerError(f"OpenCV cannot open {self.source!r}: see whether it is there and free")
        self._capture, self._last = capture, None
        self._shown, self._began_s = 0, time.perf_counter()
        if not Path(self.source).is_file():
            self._thread = CameraThread(self.source, Live(capture), time.perf_counter)
            try:
                self._thread.first(FIRST_PICTURE_S)
            except EmbodimentFault as error:
                raise ControllerError(str(error)) from error
        return capture


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
