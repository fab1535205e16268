"""Where the pictures come from that a hand mirrors."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError, ControllerError

if TYPE_CHECKING:
    import cv2


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
    for later opens it anew, a film from its beginning. Raises ConfigError where a file is missing.
    """

    def __init__(self, source: str = "0") -> None:
        if not source.isdecimal() and "://" not in source and not Path(source).is_file():
            raise ConfigError(f"there is no file {source!r}; a camera is named by its number, as 0, or by its address")
        self.source = source
        self._capture: cv2.VideoCapture | None = None
        self._last: NDArray[np.uint8] | None = None
        self._shown, self._began_s = 0, 0.0

    def picture(self) -> NDArray[np.uint8]:
        """The newest frame. Raises ControllerError where the source cannot be opened or read."""
        import cv2

        capture, is_film = self._capture or self._open(), Path(self.source).is_file()
        due = self._shown + 1
        if is_film:
            due = 1 + int((time.perf_counter() - self._began_s) * (capture.get(cv2.CAP_PROP_FPS) or 25.0))
        while self._shown < due:
            read, frame = capture.read()
            self._shown += 1
            if read:
                self._last = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            elif is_film:
                break
            else:
                raise ControllerError(f"camera {self.source} gives no picture: see whether it is still there")
        if self._last is None:
            raise ControllerError(f"{self.source!r} holds no picture that OpenCV can read")
        return self._last

    def close(self) -> None:
        """Give the source back."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _open(self) -> cv2.VideoCapture:
        import cv2

        capture = cv2.VideoCapture(int(self.source)) if self.source.isdecimal() else cv2.VideoCapture(self.source)
        if not capture.isOpened():
            raise ControllerError(f"OpenCV cannot open {self.source!r}: see whether it is there and free")
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not those that wait
        self._capture, self._last = capture, None
        self._shown, self._began_s = 0, time.perf_counter()
        return capture
