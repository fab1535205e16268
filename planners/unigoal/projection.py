"""Stage 2: both graphs on the floor plan, aligned by the pairs that match (UniGoal, 3.4: coordinate projection, anchor pairs).

A similarity transform of the plane is w = a·z + b in complex numbers: |a| scales, arg(a) turns, b shifts, and a mirror image
is impossible by construction. Two pairs fix it exactly; with more, least squares gives what Umeyama (1991) gives in 2-D.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCALE_LIMITS = (0.25, 4.0)  # how far a made-up layout may be off
COINCIDE_M = 1e-6


@dataclass(frozen=True, slots=True)
class Similarity2D:
    """p -> scale·R(angle)·p + shift."""

    scale: float
    angle_rad: float
    shift_m: tuple[float, float]

    def apply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., 2) to (..., 2)."""
        c, s = np.cos(self.angle_rad), np.sin(self.angle_rad)
        turned: NDArray[np.float64] = points_m @ np.array([[c, s], [-s, c]])
        return self.scale * turned + np.array(self.shift_m)


def fit_similarity(source_m: NDArray[np.float64], target_m: NDArray[np.float64]) -> Similarity2D:
    """The similarity transform that brings source points to target points, exact for two, least squares for more.

    source_m, target_m: (N, 2), N >= 1. One pair, or pairs that coincide in the source, give a shift alone.
    """
    z, w = (points[:, 0] + 1j * points[:, 1] for points in (source_m, target_m))
    dz, dw = z - z.mean(), w - w.mean()
    spread = float(np.sum(np.abs(dz) ** 2))
    a = np.sum(np.conj(dz) * dw) / spread if spread > COINCIDE_M**2 else 1.0 + 0.0j
    b = w.mean() - a * z.mean()
    return Similarity2D(float(np.abs(a)), float(np.angle(a)), (float(b.real), float(b.imag)))


def project(
    layout_m: NDArray[np.float64], anchors: Mapping[int, NDArray[np.float64]], limits: tuple[float, float] = SCALE_LIMITS
) -> NDArray[np.float64]:
    """(N, 2) places in the world of all goal nodes, from their layout and the places of those that are matched.

    layout_m: (N, 2). anchors: goal node -> (2,) world place, at least one. A scale beyond the limits is held there, with
    the anchors' middle kept in place. Matched nodes come out at their own places.
    """
    nodes = sorted(anchors)
    source, target = layout_m[nodes], np.array([anchors[node] for node in nodes])
    fit = fit_similarity(source, target)
    held = float(np.clip(fit.scale, *limits))
    turned = Similarity2D(held, fit.angle_rad, (0.0, 0.0))
    shift = target.mean(axis=0) - turned.apply(source.mean(axis=0))
    places = turned.apply(layout_m) + shift
    places[nodes] = target
    return places
