"""The embedded detector: names for segments of the picture, from the segmenter's pixel embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from skimage.measure import label as connected

from enactive.envs import Observation
from enactive.envs.observation import CameraFrame
from enactive.errors import ConfigError, PerceptionError

from .. import vocabulary
from ..base import Detection
from ..detector import TextEncoder
from .features import features
from .network import PixelEmbedder, fused
from .phrases import phrase
from .regions import mean_by_region, regions
from .weights import WEIGHTS, load_weights

MIN_CELLS = 4  # of 2x2 pixels
MIN_SCORE = 0.3
GAP_SMALL_M = 0.15  # a jump in depth that parts two small things of one name
GAP_LARGE_M = 0.6  # and two pieces of furniture
BEND = 0.06  # relative change of the slope of inverse depth; a plane has none, however steep


class WordEmbeddings:
    """Words in the space of the pixels: a text encoder whose sentence embeddings go through the linear map."""

    def __init__(self, net: PixelEmbedder, text: TextEncoder) -> None:
        self._weight = net.text.weight.detach().float().clone()
        self._text = text

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, 192) float32 unit vectors, one per text, in order."""
        if not texts:
            return np.zeros((0, len(self._weight)), dtype=np.float32)
        return F.normalize(torch.from_numpy(self._text.encode(texts)) @ self._weight.T, dim=-1).numpy()


class Segmenter:
    """Detector from dense language-aligned embeddings (see `network`), on RGB-D with a known camera pose.

    A picture without depth, such as a photograph of the goal, is taken too: the network has learned from some. It sees less
    in them, and things of one name that touch come as one segment.

    goal_odds: by how much the odds of the words that are looked for are raised: who looks for a mug takes what may be one for
    one, and goes there to see. Without it half of the small things in view are missed, since many names share each doubt.
    weights: a file that `enactive train segmenter` wrote. text: sentence encoder that it was trained with, the embedded
    MiniLM where not given. Raises ConfigError where the weights are missing or corrupt.
    """

    def __init__(self, weights: Path | None = None, text: TextEncoder | None = None, goal_odds: float = 4.0) -> None:
        if not goal_odds > 0.0:
            raise ConfigError(f"goal_odds must be above 0, not {goal_odds}; 1 looks for all things alike")
        net = load_weights(weights or WEIGHTS)
        if text is None:
            from ..text import MiniLM

            text = MiniLM()
        self.text: TextEncoder = WordEmbeddings(net, text)
        self._goal_odds = goal_odds
        self._scale = float(net.scale.detach())
        self._net = fused(net)
        self._dtype = next(self._net.parameters()).dtype
        self.embed = self._net.embed
        self._beside = ThreadPoolExecutor(1)  # regions are found while the network runs
        self.reset(())

    def reset(self, words: Sequence[str]) -> None:
        """Look for the whole vocabulary, above all for the given words, whether or not they are names or synonyms of it."""
        known = vocabulary.names()
        fresh = [word for word in dict.fromkeys(words) if vocabulary.canonical(word) is None]
        self.words: tuple[str, ...] = (*known, *fresh)
        self._targets = torch.from_numpy(self.text.encode(self.words))
        self._wanted = {vocabulary.canonical(word) or word for word in words} - set(vocabulary.BACKGROUND)
        self._prior = torch.tensor([math.log(self._goal_odds) if word in self._wanted else 0.0 for word in self.words])
        self._background = np.array([word in vocabulary.BACKGROUND for word in self.words])
        small = vocabulary.small()
        self._gap_m = np.array([GAP_SMALL_M if word in small else GAP_LARGE_M for word in self.words], dtype=np.float32)

    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        """Segments of the first camera's picture, best first; walls, floors and ceilings are left out.

        Raises PerceptionError where there is no picture, or one that is damaged.
        """
        frame = _frame(observation)
        hidden, names, probability = self.look(frame)
        depth = _depth(frame)[::2, ::2][: names.shape[0], : names.shape[1]]
        # 0 is what `connected` takes for nothing
        keep = np.where(self._background[names] | _gaps(names, depth, self._gap_m), 0, names + 1)
        segments = connected(keep, connectivity=1)  # type: ignore[no-untyped-call]
        return self._detections(segments, names, probability, hidden, frame.rgb.shape[:2])

    def attributes(self, detection: Detection, words: Sequence[str]) -> Mapping[str, float]:
        """Which of some words ("red", "blue", or "ceramic", "metal") describes a detection best: scores that sum to 1."""
        if not words:
            return {}
        phrases = torch.from_numpy(self.text.encode([phrase(detection.name, word, "") for word in words]))
        scores = (self._scale * phrases @ torch.from_numpy(detection.embedding)).softmax(dim=0)
        return dict(zip(words, scores.tolist(), strict=True))

    @torch.inference_mode()
    def look(self, frame: CameraFrame) -> tuple[torch.Tensor, NDArray[np.int64], NDArray[np.float32]]:
        """Hidden values (h * w, 160), index of the best word (h, w) and its probability (h, w), at half resolution.

        Words are chosen by region: the embedding of the mean over its pixels is what is compared with them.
        """
        height, width = (size // 2 * 2 for size in frame.rgb.shape[:2])
        rgb, depth = np.array(frame.rgb[:height, :width]), _depth(frame)[:height, :width].copy()
        cut = self._beside.submit(regions, rgb, depth)
        shown = features(
            torch.from_numpy(rgb)[None],
            torch.from_numpy(depth)[None],
            torch.from_numpy(frame.K[None]),
            torch.from_numpy(frame.T_world_camera[None]),
        )
        maps = self._net.hidden(shown.to(self._dtype).contiguous(memory_format=torch.channels_last))
        hidden = maps[0].permute(1, 2, 0).reshape(-1, maps.shape[1])
        region = cut.result()
        scores = self._scale * self.embed(mean_by_region(hidden, region)) @ self._targets.T + self._prior
        probability, names = scores.softmax(dim=1).max(dim=1)
        return hidden, names.numpy()[region], probability.numpy()[region]

    def _detections(
        self,
        segments: NDArray[np.int64],
        names: NDArray[np.int64],
        probability: NDArray[np.float32],
        hidden: torch.Tensor,
        size: tuple[int, int],
    ) -> tuple[Detection, ...]:
        flat = segments.ravel()
        count = int(flat.max()) + 1
        cells = np.bincount(flat, minlength=count)
        score = np.bincount(flat, probability.ravel(), count) / np.maximum(cells, 1)
        name = np.zeros(count, dtype=np.int64)
        name[flat] = names.ravel()  # all cells of a segment have one
        good = [i for i in range(1, count) if cells[i] >= MIN_CELLS and score[i] >= MIN_SCORE]
        good.sort(key=lambda i: -score[i])
        pooled = self.embed(mean_by_region(hidden, segments)[good]).numpy()
        pixels = segments.repeat(2, axis=0).repeat(2, axis=1)
        found = []
        for i, embedding in zip(good, pooled, strict=True):
            mask = np.zeros(size, dtype=bool)
            np.equal(pixels, i, out=mask[: pixels.shape[0], : pixels.shape[1]])
            word = self.words[name[i]]
            raised = self._goal_odds if word in self._wanted else 1.0
            found.append(Detection(word, float(score[i]), mask, embedding, raised=raised))
        return tuple(found)


def _frame(observation: Observation) -> CameraFrame:
    if not observation.cameras:
        raise PerceptionError("the observation has no camera; the segmenter needs one")
    name, frame = next(iter(observation.cameras.items()))
    if frame.rgb.ndim != 3 or frame.rgb.shape[2] != 3 or frame.rgb.dtype != np.uint8 or min(frame.rgb.shape[:2]) < 32:
        shape, kind = frame.rgb.shape, frame.rgb.dtype
        raise PerceptionError(f"camera {name!r} sent {kind} rgb of shape {shape}; it must be (H, W, 3) uint8, H and W >= 32")
    depth = _depth(frame)
    if depth.shape != frame.rgb.shape[:2] or not np.isfinite(depth).all():
        raise PerceptionError(f"camera {name!r} sent depth of shape {depth.shape} that does not fit its rgb or is not finite")
    return frame


def _depth(frame: CameraFrame) -> NDArray[np.float32]:
    """(H, W) metres; a camera without depth returns nothing anywhere, which is 0."""
    if frame.depth is None:
        return np.zeros(frame.rgb.shape[:2], dtype=np.float32)
    return np.asarray(frame.depth, dtype=np.float32)


def _gaps(names: NDArray[np.int64], depth: NDArray[np.float32], gap_m: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(h, w) cells at which one thing ends before another of the same name: cut there, they fall into two segments."""
    cut = np.zeros(names.shape, dtype=bool)
    inverse = np.where(depth > 0, 1.0 / np.maximum(depth, 1e-3), 0.0)
    for axis in (0, 1):
        a, b = (tuple(slice(s, e) if i == axis else slice(None) for i in (0, 1)) for s, e in ((0, -1), (1, None)))
        both = (names[a] == names[b]) & (depth[a] > 0) & (depth[b] > 0)
        jump = both & (np.abs(depth[a] - depth[b]) > gap_m[names[a]])
        slope = np.diff(inverse, axis=axis)
        bend = np.abs(np.diff(slope, axis=axis, append=0.0)) > BEND * inverse[a]
        bend_before = np.abs(np.diff(slope, axis=axis, prepend=0.0)) > BEND * inverse[a]
        cut[a] |= jump & (bend | bend_before)
    return cut
