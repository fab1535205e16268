"""MediaPipe's hand landmarker (Apache-2.0, files fetched on first use): the keypoints of a hand in a photograph.

Two networks, run by OpenCV: one finds a palm in the whole picture, the other 21 landmarks in the square around the hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.views import KEYPOINTS
from enactive.errors import ControllerError
from enactive.pretrained import HAND_LANDMARKS, PALM_DETECTION, load_path

from .palm_detection import SIDE, Palm, best_palm
from .turned_square import TurnedSquare

HAND_SIDE = 224  # pixels of a side of what the second network sees
LEAST_PRESENCE = 0.5  # `hand_landmark_cpu.pbtxt`
_FINGERS: Mapping[str, str] = {"INDEX_FINGER": "FF", "MIDDLE_FINGER": "MF", "RING_FINGER": "RF", "PINKY": "LF"}
_PARTS: Mapping[str, str] = {"MCP": "base", "PIP": "bend", "DIP": "end", "TIP": "tip"}
LANDMARKS: Mapping[str, str] = {
    "WRIST": "wrist",
    "THUMB_CMC": "THbase",
    "THUMB_MCP": "THbend",
    "THUMB_IP": "THend",
    "THUMB_TIP": "THtip",
    **{f"{theirs}_{joint}": ours + part for theirs, ours in _FINGERS.items() for joint, part in _PARTS.items()},
}
"""MediaPipe's landmarks in its order, and what each is among `views.KEYPOINTS`."""
_ORDER = [list(LANDMARKS.values()).index(name) for name in KEYPOINTS]


class HandLandmarker:
    """Finds the keypoints of the surest hand. Raises ConfigError where the networks' files cannot be had."""

    def __init__(self) -> None:
        self._palm, self._hand = _network(load_path(PALM_DETECTION)), _network(load_path(HAND_LANDMARKS))

    def keypoints(self, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(21, 2) places of `views.KEYPOINTS` in pixels of a picture (H, W, 3), from its upper left corner.

        Raises ControllerError where it shows no hand.
        """
        import cv2

        height, width = rgb.shape[:2]
        whole = TurnedSquare((width / 2, height / 2), max(height, width))
        told, logits = _run(self._palm, whole.seen(rgb, SIDE, cv2.BORDER_CONSTANT), ["Identity", "Identity_1"])
        palm = best_palm(told[0], logits[0, :, 0])
        if palm is None:
            raise ControllerError("no palm was found in the picture; show the whole hand, larger or in better light")
        square = in_pixels(palm, whole).hand()
        found, presence = _run(self._hand, square.seen(rgb, HAND_SIDE, cv2.BORDER_REPLICATE), ["Identity", "Identity_1"])
        if presence.item() < LEAST_PRESENCE:
            raise ControllerError("what looked like a palm is no hand; show the whole hand, larger or in better light")
        return square.pixels(found.reshape(-1, 3)[_ORDER, :2] / HAND_SIDE)


def in_pixels(palm: Palm, square: TurnedSquare) -> Palm:
    """A palm in pixels of the picture, of one in shares of the side of an upright square."""
    return Palm(square.pixels(palm.centre), palm.size * square.side, square.pixels(palm.points), palm.score)


def _network(path: Path) -> Any:
    """A TFLite network. OpenCV 5 gives but one output by its newer engine, and OpenCV 4 has the classic one alone."""
    import cv2

    engine = [cv2.dnn.ENGINE_CLASSIC] if hasattr(cv2.dnn, "ENGINE_CLASSIC") else []
    return cv2.dnn.readNetFromTFLite(str(path), *engine)


def _run(network: Any, shown: NDArray[np.uint8], outputs: Sequence[str]) -> list[NDArray[np.float64]]:
    """What a network says at its outputs of a picture (side, side, 3)."""
    network.setInput(np.ascontiguousarray(shown.transpose(2, 0, 1)[np.newaxis], np.float32) / 255.0)
    return [np.asarray(said, np.float64) for said in network.forward(outputs)]
