"""From a picture of a hand to the angles of its joints: what both forms of PoseLess give, and the parallel one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.envs.shadow_hand.model import Side
from enactive.errors import ControllerError

from .network import angles_rad, fused, normalised, places
from .pictures import seen
from .weights import WEIGHTS, load_weights


class PoseEstimator(Protocol):
    """Reads poses of a hand from pictures."""

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad within the limits, order of `joints.JOINTS`, of N pictures (H, W, 3) uint8.

        Raises ControllerError for what is not a picture.
        """
        ...


class ParallelEstimator:
    """All angles in one pass of a small network, trained on the right hand.

    weights: a file that `enactive train poseless` wrote, the one that ships where not given. pictured: which hand the pictures
    show; a left one is looked at in a mirror, since equal angles make mirrored poses. Raises ConfigError where the weights are
    missing or corrupt.
    """

    def __init__(self, weights: Path | None = None, pictured: Side = "right") -> None:
        self._net = fused(load_weights(weights or WEIGHTS))
        self._dtype = next(self._net.encoder.parameters()).dtype
        self.pictured = pictured

    @torch.inference_mode()
    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        small = np.stack([seen(checked(picture)) for picture in pictures])
        return angles_rad(self._net(self._input(small))[0])

    @torch.inference_mode()
    def keypoints(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 21, 2) places of `views.KEYPOINTS` in shares of the side of each picture's middle square, of a right hand."""
        small = np.stack([seen(checked(picture)) for picture in pictures])
        return places(self._net(self._input(small))[1]).double().numpy()

    def _input(self, small: NDArray[np.uint8]) -> torch.Tensor:
        if self.pictured == "left":
            small = np.ascontiguousarray(small[:, :, ::-1])
        return normalised(small).to(self._dtype)


def checked(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture. Raises ControllerError where it is none."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or min(picture.shape[:2]) < 32:
        raise ControllerError(
            f"a picture of a hand must be (H, W, 3) uint8 with H and W >= 32, not {picture.dtype} of shape {picture.shape}"
        )
    return picture
