"""H.264 video, frame by frame."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


class VideoWriter:
    """Writes (H, W, 3) uint8 RGB frames, all of one even size, to an .mp4 that browsers play."""

    def __init__(self, path: Path, fps: int = 10) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "26"})
        self._stream.pix_fmt = "yuv420p"
        self._started = False

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame. Raises OSError where the disk is full."""
        if not self._started:
            self._stream.height, self._stream.width = frame.shape[:2]
            self._started = True
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")):
            self._container.mux(packet)

    def close(self) -> None:
        """Finish the file. Raises OSError where the disk is full."""
        try:
            if self._started:
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
        finally:
            self._container.close()
