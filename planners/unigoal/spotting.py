"""Recognising the thing of a goal picture in the current view by keypoints alone, whatever it is called.

The paper matches keypoints to verify a candidate. They also find one: where the view shares enough keypoints with the goal
picture, the homography says where the picture's middle lies in the view, and the segment there is the candidate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.perception.base import Belief

from .keypoints import SiftMatcher

SLACK_PX = 12
SPOTTED = 12  # inliers at which a view is taken to show the picture; what follows is verified


class Spotter:
    """Looks for a goal picture in every view."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image
        self.matcher = SiftMatcher()
        self.inliers = 0

    def look(self, belief: Belief) -> int | None:
        """The scene-graph node that the middle of the goal picture shows, None where the view does not show it."""
        frame = next(iter(belief.observation.cameras.values()), None)
        if frame is None:
            return None
        self.inliers, place = self.matcher.locate(frame.rgb, self.image)
        if self.inliers < SPOTTED or place is None:
            return None
        u, v = place
        height, width = frame.rgb.shape[:2]
        if not (0 <= u < width and 0 <= v < height):
            return None
        rows = slice(max(int(v) - SLACK_PX, 0), int(v) + SLACK_PX + 1)
        columns = slice(max(int(u) - SLACK_PX, 0), int(u) + SLACK_PX + 1)
        near = [(int(d.mask[rows, columns].sum()), -int(d.mask.sum()), d.node_id) for d in belief.detections if d.node_id >= 0]
        best = max(near, default=(0, 0, -1))
        return best[2] if best[0] > 0 else None
