"""The goal graph of a picture: the thing in its middle and what stands around it, told from segments alone."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from enactive.envs import CameraFrame, Observation
from enactive.errors import PlannerError
from enactive.perception.base import Detection
from enactive.perception.detector import Detector

from .commonsense import LORE
from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .vocabulary import canonical

LEAST_SCORE = 0.3
CENTRE_SPREAD = 0.08  # of the diagonal: how far from the middle a photographer leaves what the picture is of
LEAST_LIKENESS = 0.02  # below, nothing that is recognised is near the middle
NEAR_SHARE = 0.06  # neighbours lie within this share of the diagonal from it
MOST_NEIGHBOURS = 4
BACKGROUND = {"wall", "floor", "ceiling", "door", "window"}
HFOV_RAD = np.deg2rad(79.0)
LEAST_PX = 32  # a side; detectors read no smaller pictures
READ_PX = 320  # larger pictures are read at this width or height, which detectors are used to


class NotRecognised(PlannerError):
    """The picture may be of what is looked for, but nobody can say what it shows."""


def describe(image: NDArray[np.uint8], detector: Detector | None = None) -> GoalGraph:
    """What a picture shows: the central thing with its colour, and up to four neighbours with 2-D relations.

    image: (H, W, 3) uint8. detector: what reads it, the embedded segmenter where not given. Raises NotRecognised where nothing
    is recognised near its middle.
    """
    check(image)
    if min(image.shape[:2]) < LEAST_PX:
        raise NotRecognised(f"nothing is recognised in a goal picture of less than {LEAST_PX} pixels a side; take a larger one")
    image = _shrunk(image)
    detector = detector or _embedded_detector()
    found = [
        d for d in detector.detect(_observation(image)) if d.score >= LEAST_SCORE and d.name not in BACKGROUND and d.mask.any()
    ]
    centre = _central(found, image.shape[:2])
    if centre is None:
        raise NotRecognised(
            "nothing is recognised in the middle of the goal picture; take one that shows the object large and centred"
        )
    nodes, edges = [_node(centre, image)], []
    reach = NEAR_SHARE * float(np.hypot(*image.shape[:2]))
    near = [d for d in found if d is not centre and _gap_px(centre.mask, d.mask) <= reach]
    for other in sorted(near, key=lambda d: -d.score)[:MOST_NEIGHBOURS]:
        nodes.append(_node(other, image))
        edges.append(_edge(centre, other, len(nodes) - 1))
    return GoalGraph(tuple(nodes), tuple(edges))


@cache
def _embedded_detector() -> Detector:
    from enactive.perception.segmenter.detector import Segmenter

    return Segmenter()


def _shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with at most `READ_PX` a side."""
    import cv2

    share = READ_PX / max(image.shape[:2])
    if share >= 1.0:
        return image
    size = max(round(share * image.shape[1]), 32), max(round(share * image.shape[0]), 32)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def check(image: NDArray[np.uint8]) -> None:
    """Raises PlannerError where an array is no picture that could be looked for."""
    if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 16 or image.dtype != np.uint8:
        raise PlannerError(
            f"a goal picture must be (H, W, 3) uint8, at least 16 pixels a side, not {image.shape} {image.dtype}"
        )


def _observation(image: NDArray[np.uint8]) -> Observation:
    height, width = image.shape[:2]
    focal = 0.5 * width / np.tan(0.5 * HFOV_RAD)
    K = np.array([[focal, 0.0, 0.5 * (width - 1)], [0.0, focal, 0.5 * (height - 1)], [0.0, 0.0, 1.0]])
    return Observation(cameras={"goal": CameraFrame(np.ascontiguousarray(image), None, K, np.eye(4), 0.0)})


def _central(found: list[Detection], shape: tuple[int, ...]) -> Detection | None:
    """The segment that is most like a spot in the middle of the picture: the cosine of its mask and a Gaussian.

    What fills the picture is no spot, and what stands on it, photographed in the middle, is. None where no segment is near.
    """
    height, width = shape[:2]
    v, u = np.mgrid[:height, :width]
    spread = CENTRE_SPREAD * float(np.hypot(height, width))
    spot = np.exp(-((v - 0.5 * (height - 1)) ** 2 + (u - 0.5 * (width - 1)) ** 2) / (2.0 * spread**2))
    spot /= np.linalg.norm(spot)

    def likeness(detection: Detection) -> float:
        return detection.score * float(spot[detection.mask].sum()) / float(np.sqrt(detection.mask.sum()))

    best = max(found, key=likeness, default=None)
    return best if best is not None and likeness(best) >= LEAST_LIKENESS else None


def _node(detection: Detection, image: NDArray[np.uint8]) -> GoalNode:
    from enactive.perception.colours import Exposure, linear_to_lab, middle, name_colour, rgb_to_linear

    light = Exposure()
    light.update(image)
    words = name_colour(linear_to_lab(middle(rgb_to_linear(image[detection.mask]) * light.scale)))
    colour, score = next(iter(words.items()), ("", 0.0))
    return GoalNode(canonical(detection.name), {"colour": colour} if score >= 0.5 else {})


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _gap_px(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Distance between two boxes in pixels."""
    (top, left, bottom, right), (top_b, left_b, bottom_b, right_b) = _box(a), _box(b)
    return float(np.hypot(max(top - bottom_b, top_b - bottom, 0), max(left - right_b, left_b - right, 0)))


def _edge(centre: Detection, other: Detection, index: int) -> GoalEdge:
    """A small thing whose lower edge lies within furniture stands on it, and the other way round; all else is beside."""
    if _stands_on(centre, other):
        return GoalEdge(0, index, "on")
    if _stands_on(other, centre):
        return GoalEdge(index, 0, "on")
    return GoalEdge(0, index, "next to")


def _stands_on(a: Detection, b: Detection) -> bool:
    small = LORE[canonical(a.name)].size if canonical(a.name) in LORE else "small"
    large = LORE[canonical(b.name)].size if canonical(b.name) in LORE else "small"
    if (small, large) != ("small", "furniture"):
        return False
    (_, left, bottom, right), (top_b, left_b, bottom_b, right_b) = _box(a.mask), _box(b.mask)
    return left_b <= 0.5 * (left + right) <= right_b and top_b - 2 <= bottom <= bottom_b + 2
