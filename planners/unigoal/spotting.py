"""Recognising the thing of a goal picture in the current view, whatever it is called.

The paper matches keypoints to verify a candidate. They also find one: where the view shares enough keypoints with the goal
picture, the homography says where the picture's middle lies in the view, and the segment there is the candidate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.perception.base import Belief

from . import appearance
from .keypoints import KeypointMatcher, Shared, locate

SLACK_PX = 12
SPOTTED = 12  # inliers at which a view is taken to show the picture; what follows is verified


class Spotter:
    """Compares a goal picture with views."""

    def __init__(self, image: NDArray[np.uint8], matcher: KeypointMatcher) -> None:
        self.image, self.matcher = image, matcher
        self._colours = appearance.colours(image)
        self._last: tuple[NDArray[np.uint8] | None, float, Shared] = None, 0.0, Shared(0)

    def shared(self, belief: Belief) -> Shared:
        """What the current view shares with the picture."""
        view, stamp_s = _view(belief), next((frame.stamp_s for frame in belief.observation.cameras.values()), 0.0)
        # one picture may be in several beliefs, since loops turn faster than cameras, and one buffer may hold many pictures
        if self._last[0] is not view or self._last[1] != stamp_s:
            self._last = view, stamp_s, Shared(0) if view is None else locate(self.matcher, view, self.image)
        return self._last[2]

    def look(self, belief: Belief) -> int | None:
        """The scene-graph node that the picture shows, None where the view does not show it."""
        return self.in_the_middle(belief) if self.shared(belief).inliers >= SPOTTED else None

    def in_the_middle(self, belief: Belief) -> int | None:
        """The node with the segment where the middle of the picture lies in the view, None where there is none."""
        middle = self.shared(belief).middle_px
        if middle is None:
            return None
        columns, rows = (slice(max(round(at) - SLACK_PX, 0), max(round(at) + SLACK_PX + 1, 0)) for at in middle)
        near = [(int(d.mask[rows, columns].sum()), -int(d.mask.sum()), d.node_id) for d in belief.detections if d.node_id >= 0]
        pixels, _, node_id = max(near, default=(0, 0, -1))
        return node_id if pixels else None

    def log_odds(self, belief: Belief) -> float:
        """Of a view from near being of the pictured thing rather than another of its category, from the colours of both."""
        view = _view(belief)
        return 0.0 if view is None else appearance.log_odds(appearance.colours(view), self._colours)


def _view(belief: Belief) -> NDArray[np.uint8] | None:
    frame = next(iter(belief.observation.cameras.values()), None)
    return None if frame is None else frame.rgb
