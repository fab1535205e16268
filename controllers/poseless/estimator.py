"""From a picture of a hand to the angles of its joints: what both forms of PoseLess give, and the parallel one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.model import Side
from enactive.errors import ControllerError

from .glances import look_around, look_twice
from .network import fused
from .pictures import middle_square
from .weights import WEIGHTS, load_weights


class PoseEstimator(Protocol):
    """Reads poses of a hand from pictures."""

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad within the limits, order of `joints.JOINTS`, of N pictures (H, W, 3) uint8.

        Raises ControllerError for what is not a picture.
        """
        ...


class ParallelEstimator:
    """All angles at once, in two looks of a small network, trained on the right hand.

    weights: a file that `enactive train poseless` wrote, the one that ships where not given. pictured: which hand the pictures
    show; a left one is looked at in a mirror, since equal angles make mirrored poses. averaged: a third look, at seven
    displaced squares, whose readings are averaged: closer at the fingertips, and slower. Raises ConfigError where the
    weights are missing or corrupt.
    """

    def __init__(self, weights: Path | None = None, pictured: Side = "right", averaged: bool = False) -> None:
        self._net = fused(load_weights(weights or WEIGHTS))
        self.pictured, self.averaged = pictured, averaged

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        shown = pictured_as_right(pictures, self.pictured)
        return look_around(self._net, shown) if self.averaged else look_twice(self._net, shown).angles_rad

    def keypoints(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 21, 2) places of `views.KEYPOINTS` in shares of the side of each picture's middle square, of a right hand."""
        shown = pictured_as_right(pictures, self.pictured)
        points = look_twice(self._net, shown).points
        return np.stack([middle_square(picture).shares(found) for picture, found in zip(shown, points, strict=True)])


def pictured_as_right(pictures: Sequence[NDArray[np.uint8]], pictured: Side) -> list[NDArray[np.uint8]]:
    """Pictures of right hands: those of left ones in a mirror. Raises ControllerError where one is no picture."""
    shown = [checked(picture) for picture in pictures]
    return [np.ascontiguousarray(picture[:, ::-1]) for picture in shown] if pictured == "left" else shown


def checked(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture. Raises ControllerError where it is none."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or min(picture.shape[:2]) < 32:
        raise ControllerError(
            f"a picture of a hand must be (H, W, 3) uint8 with H and W >= 32, not {picture.dtype} of shape {picture.shape}"
        )
    return picture
