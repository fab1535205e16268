"""Recognising the thing of a goal picture in the current view, whatever it is called.

The paper matches keypoints to verify a candidate. They also find one: where the view shares enough keypoints with the goal
picture, the homography says where the picture's middle lies in the view, and the segment there is the candidate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enactive.envs import Observation
from enactive.perception.base import Belief

from .appearance import colours, log_odds
from .keypoints import KeypointMatcher, Shared, locate

SLACK_PX = 12
SPOTTED = 12  # inliers at which a view is taken to show the picture; what follows is verified


class Spotter:
    """Looks for a goal picture in every view."""

    def __init__(self, image: NDArray[np.uint8], matcher: KeypointMatcher) -> None:
        self.image, self.matcher = image, matcher
        self._colours = colours(image)
        self._last: tuple[Observation, Shared] | None = None

    def shared(self, belief: Belief) -> Shared:
        """What the current view shares with the picture."""
        observation = belief.observation
        if self._last is None or self._last[0] is not observation:
            frame = next(iter(observation.cameras.values()), None)
            self._last = observation, Shared(0) if frame is None else locate(self.matcher, frame.rgb, self.image)
        return self._last[1]

    def log_odds(self, belief: Belief) -> float:
        """Of the view being of the pictured thing rather than another of its category, from the colours of both."""
        frame = next(iter(belief.observation.cameras.values()), None)
        return 0.0 if frame is None else log_odds(colours(frame.rgb), self._colours)

    def look(self, belief: Belief) -> int | None:
        """The scene-graph node that the middle of the goal picture shows, None where the view does not show it."""
        if self.shared(belief).inliers < SPOTTED:
            return None
        near = [(pixels, -int(mask.sum()), node) for node, mask, pixels in self._in_the_middle(belief) if node >= 0]
        return max(near)[2] if near else None

    def shows(self, belief: Belief, node_id: int) -> bool:
        """Whether a node has a segment where the middle of the picture lies in the view."""
        return any(node == node_id for node, _, _ in self._in_the_middle(belief))

    def _in_the_middle(self, belief: Belief) -> list[tuple[int, NDArray[np.bool_], int]]:
        """(Node, mask, pixels there) of the segments where the middle of the picture lies in the view."""
        middle = self.shared(belief).middle_px
        if middle is None:
            return []
        u, v = (round(value) for value in middle)
        rows, columns = (slice(max(at - SLACK_PX, 0), max(at + SLACK_PX + 1, 0)) for at in (v, u))
        found = [(d.node_id, d.mask, int(d.mask[rows, columns].sum())) for d in belief.detections]
        return [entry for entry in found if entry[2]]
