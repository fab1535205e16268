"""Whether two pictures show the same place: keypoints, ratio test and a homography by RANSAC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

RATIO = 0.8  # Lowe (2004): the best match must be this much nearer than the second best
REPROJECTION_PX = 6.0
LEAST = 8  # fewer matches fix a homography by chance
SCALE_LIMITS = (0.1, 10.0)
SMALL_PX = 400  # pictures whose longer side is shorter are doubled before keypoints are looked for


class KeypointMatcher(Protocol):
    """Counts the keypoints that two pictures share."""

    def inliers(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> int:
        """How many matches agree on one geometry. view, goal: (H, W, 3) uint8."""
        ...


@dataclass(frozen=True, eq=False)
class SiftMatcher:
    """SIFT (Lowe 2004) with a homography by RANSAC; keypoints of the goal picture are computed once."""

    features: int = 1500

    def inliers(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> int:
        return self.locate(view, goal)[0]

    def locate(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> tuple[int, tuple[float, float] | None]:
        """How many matches agree, and where in the view (u, v) pixels the middle of the goal picture lies."""
        key = goal.tobytes()
        if key not in self._known:
            self._known.clear()
            self._known[key] = self._describe(goal)
        count, H = self._fit(self._describe(view), self._known[key])
        if H is None:
            return count, None
        height, width = (_scale(goal) * side for side in goal.shape[:2])
        u, v, w = H @ (0.5 * width, 0.5 * height, 1.0)
        return count, None if abs(w) < 1e-9 else (float(u / w) / _scale(view), float(v / w) / _scale(view))

    @cached_property
    def _known(self) -> dict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        return {}

    @cached_property
    def _sift(self) -> Any:
        import cv2

        return cv2.SIFT.create(nfeatures=self.features, contrastThreshold=0.02)

    def _describe(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import cv2

        grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
        if _scale(image) != 1.0:
            grey = cv2.resize(grey, None, fx=_scale(image), fy=_scale(image), interpolation=cv2.INTER_CUBIC)
        points, vectors = self._sift.detectAndCompute(grey, None)
        places = np.array([point.pt for point in points], dtype=np.float32).reshape(-1, 2)
        return places, vectors if vectors is not None else np.zeros((0, 128), dtype=np.float32)

    def _fit(
        self, view: tuple[NDArray[np.float32], NDArray[np.float32]], goal: tuple[NDArray[np.float32], NDArray[np.float32]]
    ) -> tuple[int, NDArray[np.float64] | None]:
        """Number of matches that agree on a homography from the goal picture to the view, and the homography."""
        import cv2

        if min(len(view[0]), len(goal[0])) < LEAST:
            return 0, None
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(goal[1], view[1], k=2)
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
        source = np.array([goal[0][m.queryIdx] for m in good], dtype=np.float32).reshape(-1, 2)
        target = np.array([view[0][m.trainIdx] for m in good], dtype=np.float32).reshape(-1, 2)
        if len(np.unique(target.round(), axis=0)) < LEAST:
            return 0, None
        cv2.setRNGSeed(0)
        H, mask = cv2.findHomography(source, target, cv2.RANSAC, REPROJECTION_PX, maxIters=2000)
        if H is None or not _sane(H.astype(np.float64), source[mask.ravel() > 0]):
            return 0, None
        # Several goal points that land on one point of the view are one agreement, not many.
        return len(np.unique(target[mask.ravel() > 0].round(), axis=0)), H.astype(np.float64)


def _scale(image: NDArray[np.uint8]) -> float:
    """Small pictures are doubled before keypoints are looked for."""
    return 2.0 if max(image.shape[:2]) < SMALL_PX else 1.0


def _sane(H: NDArray[np.float64], points: NDArray[np.float32]) -> bool:
    """Whether a homography keeps orientation and a plausible scale at the points it explains."""
    if not len(points):
        return False
    x, y = points.mean(axis=0)
    w = H[2, 0] * x + H[2, 1] * y + H[2, 2]
    if abs(w) < 1e-9:
        return False
    px, py = (H[0] @ (x, y, 1.0)) / w, (H[1] @ (x, y, 1.0)) / w
    J = np.array([[H[0, 0] - px * H[2, 0], H[0, 1] - px * H[2, 1]], [H[1, 0] - py * H[2, 0], H[1, 1] - py * H[2, 1]]]) / w
    area = float(np.linalg.det(J))
    return area > 0.0 and SCALE_LIMITS[0] < area**0.5 < SCALE_LIMITS[1]


class LightGlueMatcher:
    """LightGlue (Lindenberger et al. 2023) through transformers, as in the paper.

    model, processor: `LightGlueForKeypointMatching` and its image processor; `load` fetches them by name. threshold: least
    matching score.
    """

    def __init__(self, model: Any, processor: Any, threshold: float = 0.2) -> None:
        self.model, self.processor, self.threshold = model.eval(), processor, threshold

    @classmethod
    def load(cls, name: str = "ETH-CVG/lightglue_disk") -> LightGlueMatcher:
        """Read model and processor by hub name or folder. Raises OSError where the weights are not there."""
        from transformers import AutoImageProcessor, LightGlueForKeypointMatching

        processor = AutoImageProcessor.from_pretrained(name, use_fast=False)
        return cls(LightGlueForKeypointMatching.from_pretrained(name), processor)

    def inliers(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> int:
        import torch
        from PIL import Image

        inputs = self.processor([[Image.fromarray(goal), Image.fromarray(view)]], return_tensors="pt")
        with torch.inference_mode():
            outputs = self.model(**inputs)
        matches, scores = outputs.matches[0, 0], outputs.matching_scores[0, 0]
        return int(((matches >= 0) & (scores > self.threshold)).sum())
