"""Reading a picture in two looks: the whole of it tells where the hand is, and the square around the hand what it does.

A hand fills less than half of a picture's side. Looked at again, it fills what the network sees, at twice the resolution and
always at the same place and size, for the price of one more pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .network import JointNetwork, angles_rad, normalised, places
from .pictures import Square, middle_square, seen, square_around

AT_ONCE = 64  # pictures in one pass
# Squares of the averaged reading: shift in sides and scale, within what training displaces them by.
AROUND = (
    (0.0, 0.0, 1.0),
    (0.06, 0.0, 1.0),
    (-0.06, 0.0, 1.0),
    (0.0, 0.06, 1.0),
    (0.0, -0.06, 1.0),
    (0.0, 0.0, 0.9),
    (0.0, 0.0, 1.12),
)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What N pictures show. angles_rad: (N, 24); points: (N, 21, 2) keypoints in pixels of each picture."""

    angles_rad: NDArray[np.float64]
    points: NDArray[np.float64]


@torch.inference_mode()
def look_twice(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]]) -> Read:
    """Read pictures (H, W, 3) uint8 of any sizes, at least one."""
    groups = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
    parts = [_look(net, group, squares_of_hands(net, group)) for group in groups]
    return Read(np.concatenate([part.angles_rad for part in parts]), np.concatenate([part.points for part in parts]))


@torch.inference_mode()
def look_around(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """(N, 24) rad: the mean of what the squares of `AROUND` show, laid around where the second look finds the keypoints."""
    found = []
    for picture, points in zip(pictures, look_twice(net, pictures).points, strict=True):
        visible = np.clip(points, 0.0, picture.shape[1::-1])
        squares = [square_around(visible, (x, y), scale) for x, y, scale in AROUND]
        found.append(_look(net, [picture] * len(squares), squares).angles_rad.mean(axis=0))
    return np.stack(found)


@torch.inference_mode()
def squares_of_hands(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]]) -> list[Square]:
    """The first look: where in each picture the hand is."""
    whole = _look(net, pictures, [middle_square(picture) for picture in pictures])
    visible = [np.clip(points, 0.0, picture.shape[1::-1]) for points, picture in zip(whole.points, pictures, strict=True)]
    return [square_around(points) for points in visible]


def shown(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]], squares: Sequence[Square]) -> torch.Tensor:
    """(N, 3, S, S) what the network sees of squares of pictures."""
    small = np.stack([seen(picture, square) for picture, square in zip(pictures, squares, strict=True)])
    return normalised(small).to(next(net.encoder.parameters()).dtype)


def _look(net: JointNetwork, pictures: Sequence[NDArray[np.uint8]], squares: Sequence[Square]) -> Read:
    reading = net(shown(net, pictures, squares))
    shares = places(reading.scores).double().numpy()
    points = np.stack([square.pixels(share) for square, share in zip(squares, shares, strict=True)])
    return Read(angles_rad(reading.shares), points)
