"""What was corrected away stays away: a removed node is refused as long as only the old evidence speaks for it.

Decision: a detection is old evidence where it has the removed node's name (or meaning), lies in its place, and is seen
from where the node had been seen from: a bearing within one 30 degree sector of an old one, and no nearer than half the
nearest old look. Anything else is new evidence; at the third such look the refusal ends and the object may be built anew.
Other names at the same place are never refused: a hallucination often sits on something real.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .base import Detection
from .lifting import Segment
from .tracks import SECTORS, Track, sector_of

SLACK_M = 0.10
SAME_MEANING = 0.9
NEW_LOOKS = 3


@dataclass(slots=True, eq=False)
class Refusal:
    """A place and a meaning that were corrected away. views: bit mask of sectors; new_looks: looks from elsewhere so far."""

    names: frozenset[str]
    embedding: NDArray[np.float64]
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    views: int
    nearest_m: float
    instance: int
    new_looks: int = 0

    def means(self, detection: Detection, segment: Segment, instance: int) -> bool:
        """Whether a detection speaks of the removed node again."""
        if instance >= 0 and self.instance >= 0:
            return instance == self.instance
        slack = SLACK_M + 0.5 * float((self.high_m - self.low_m).max())  # the other side of it may not have been seen
        inside = (segment.centre_m >= self.low_m - slack).all() and (segment.centre_m <= self.high_m + slack).all()
        return bool(inside) and (detection.name in self.names or float(self.embedding @ detection.embedding) >= SAME_MEANING)


class Refusals:
    """All standing refusals. followed: how many of the graph's removals are in."""

    def __init__(self) -> None:
        self.standing: list[Refusal] = []
        self.followed = 0

    def add(self, track: Track, low_m: NDArray[np.float64], high_m: NDArray[np.float64]) -> None:
        """Refuse what a track stood for from now on."""
        embedding = track.pull / max(float(np.linalg.norm(track.pull)), 1e-12)
        self.standing.append(
            Refusal(
                frozenset(track.names), embedding, low_m.copy(), high_m.copy(), track.views, track.nearest_m, track.instance
            )
        )

    def refuse(self, detection: Detection, segment: Segment, camera_m: NDArray[np.float64], instance: int = -1) -> bool:
        """Whether a detection is to be dropped; counts it where it is new evidence, and ends a refusal that has enough."""
        for refusal in self.standing:
            if not refusal.means(detection, segment, instance):
                continue
            sector = sector_of(camera_m, segment.centre_m)
            near_views = sum(1 << (sector + step) % SECTORS for step in (-1, 0, 1))
            if not refusal.views & near_views or segment.distance_m < 0.5 * refusal.nearest_m:
                refusal.new_looks += 1
                if refusal.new_looks >= NEW_LOOKS:
                    self.standing.remove(refusal)
                    return False
            return True
        return False
