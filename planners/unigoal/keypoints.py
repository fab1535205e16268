"""What a view and a goal picture share: matched keypoints, and a homography that says where the one lies in the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

RATIO = 0.8  # Lowe (2004): the best match must be this much nearer than the second best
REPROJECTION_PX = 6.0
LEAST = 8  # fewer matches fix a homography by chance
SCALE_LIMITS = (0.1, 10.0)
CONTRAST = 0.01  # a quarter of OpenCV's: rendered rooms and small pictures have few strong corners

Matches = tuple[NDArray[np.float32], NDArray[np.float32]]


class KeypointMatcher(Protocol):
    """Finds the keypoints that two pictures share."""

    def match(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> Matches:
        """(N, 2) pixels (u, v) in the view and in the goal picture, row by row of the same point.

        view, goal: (H, W, 3) uint8.
        """
        ...


class Shared(NamedTuple):
    """What a view shares with the goal picture.

    inliers: how many matches agree on one geometry. middle_px: (u, v) in the view of the middle of the goal picture, None
    where there is no geometry.
    """

    inliers: int
    middle_px: tuple[float, float] | None = None


def locate(matcher: KeypointMatcher, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> Shared:
    """How many matches agree on a homography from the goal picture to the view, and where it takes the picture's middle."""
    import cv2

    target, source = matcher.match(view, goal)
    # Several goal points that land on one point of the view are one agreement, not many.
    points = target.round()
    if len(np.unique(points, axis=0)) < LEAST:
        return Shared(0)
    cv2.setRNGSeed(0)
    H, mask = cv2.findHomography(source, target, cv2.RANSAC, REPROJECTION_PX, maxIters=2000)
    if H is None or not _sane(H := H.astype(np.float64), source[mask.ravel() > 0]):
        return Shared(0)
    inliers = len(np.unique(points[mask.ravel() > 0], axis=0))
    u, v, w = H @ (0.5 * goal.shape[1], 0.5 * goal.shape[0], 1.0)
    beyond_the_horizon = w * (H[2] @ (*source[mask.ravel() > 0].mean(axis=0), 1.0)) <= 0.0
    return Shared(inliers, None if beyond_the_horizon else (float(u / w), float(v / w)))


@dataclass(frozen=True, eq=False)
class SiftMatcher:
    """SIFT (Lowe 2004); the keypoints of the goal picture are computed once."""

    features: int = 1500

    def match(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> Matches:
        import cv2

        key = goal.tobytes()
        if key not in self._known:
            self._known.clear()
            self._known[key] = self._describe(goal)
        (view_px, of_view), (goal_px, of_goal) = self._describe(view), self._known[key]
        if min(len(view_px), len(goal_px)) < 2:
            return view_px[:0], goal_px[:0]
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(of_goal, of_view, k=2)
        good = [best for best, second in pairs if best.distance < RATIO * second.distance]
        return view_px[[m.trainIdx for m in good]], goal_px[[m.queryIdx for m in good]]

    @cached_property
    def _known(self) -> dict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        return {}

    @cached_property
    def _sift(self) -> Any:
        import cv2

        return cv2.SIFT.create(nfeatures=self.features, contrastThreshold=CONTRAST)

    def _describe(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 2) pixels and (N, 128) descriptors."""
        import cv2

        points, vectors = self._sift.detectAndCompute(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), None)
        places = np.array([point.pt for point in points], dtype=np.float32).reshape(-1, 2)
        return places, vectors if vectors is not None else np.zeros((0, 128), dtype=np.float32)


class LightGlueMatcher:
    """LightGlue (Lindenberger et al. 2023) through transformers, as in the paper.

    model, processor: `LightGlueForKeypointMatching` and its image processor; `load` fetches them by name. threshold: least
    matching score.
    """

    def __init__(self, model: Any, processor: Any, threshold: float = 0.2) -> None:
        self.model, self.processor, self.threshold = model.eval(), processor, threshold

    @classmethod
    def load(cls, name: str = "ETH-CVG/lightglue_superpoint") -> LightGlueMatcher:
        """Read model and processor by hub name or folder. Raises ConfigError where the weights are not there.

        SuperPoint is the only detector of keypoints that transformers has without running code from the hub, as DISK would.
        """
        from transformers import LightGlueForKeypointMatching, LightGlueImageProcessorPil

        try:
            processor = LightGlueImageProcessorPil.from_pretrained(name)
            return cls(LightGlueForKeypointMatching.from_pretrained(name, use_safetensors=True), processor)
        except Exception as error:  # reason: files of another detector, or damaged ones, make transformers raise anything
            said = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"LightGlue could not be loaded from {name!r} ({said}): go online once, name a folder that holds its weights "
                "for SuperPoint as safetensors, or use SiftMatcher, which needs none"
            ) from error

    def match(self, view: NDArray[np.uint8], goal: NDArray[np.uint8]) -> Matches:
        import torch
        from PIL import Image

        inputs = self.processor([[Image.fromarray(view), Image.fromarray(goal)]], return_tensors="pt").to(self.model.device)
        with torch.inference_mode():
            outputs = self.model(**inputs)
        sizes = [(view.shape[:2], goal.shape[:2])]
        found = self.processor.post_process_keypoint_matching(outputs, sizes, self.threshold)[0]
        return found["keypoints0"].float().cpu().numpy(), found["keypoints1"].float().cpu().numpy()


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
