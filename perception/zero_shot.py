"""Detection of any words with large pretrained models: OWLv2 finds boxes, SAM 2 cuts the masks out.

`ZeroShotDetector.from_pretrained()` downloads from the Hugging Face hub about 0.6 GB for
`google/owlv2-base-patch16-ensemble` (Apache-2.0) and 0.16 GB for `facebook/sam2.1-hiera-tiny` (Apache-2.0), once, into
the hub's own cache (`HF_HOME`); both names may be local folders. A frame then takes seconds on a CPU and tens of
milliseconds on a GPU. Pictures are prepared here and not by transformers' processors, which want torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from enactive.envs import Observation
from enactive.errors import ConfigError, PerceptionError

from .base import Detection
from .detector import TextEncoder

if TYPE_CHECKING:
    from transformers import Owlv2ForObjectDetection, Sam2Model

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROMPT = "a photo of a {}"  # what OWL-ViT was trained with (Minderer et al. 2022, section 3)
PADDING = 0.5
MASKS_AT_ONCE = 64


class Tokenizer(Protocol):
    """A transformers tokenizer, as far as it is used."""

    def __call__(self, texts: list[str], **options: Any) -> Any: ...


class OwlText:
    """OWLv2's text tower: (N, E) unit vectors, comparable with the embeddings of its boxes."""

    def __init__(self, model: Owlv2ForObjectDetection, tokenizer: Tokenizer) -> None:
        self._model: Any = model
        self._tokenizer = tokenizer
        self._known: dict[str, NDArray[np.float32]] = {}

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, E) float32 unit vectors, one per text, in order."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            length = self._model.config.text_config.max_position_embeddings
            options = {"padding": "max_length", "truncation": True, "max_length": length, "return_tensors": "pt"}
            tokens = self._tokenizer([PROMPT.format(text) for text in fresh], **options).to(self._model.device)
            output = self._model.owlv2.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
            vectors = F.normalize(self._model.owlv2.text_projection(output.pooler_output), dim=-1).float().cpu().numpy()
            self._known.update(zip(fresh, vectors, strict=True))
        width = self._model.config.projection_dim
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, width), dtype=np.float32)


class ZeroShotDetector:
    """Detector for the words given to `reset`, and no others.

    detector: OWLv2. segmenter: SAM 2, prompted with the boxes. tokenizer: OWLv2's. score_min: probability below which a box
    is dropped; overlap_max: intersection over union above which the weaker of two boxes of the same word is.
    """

    def __init__(
        self,
        detector: Owlv2ForObjectDetection,
        segmenter: Sam2Model,
        tokenizer: Tokenizer,
        score_min: float = 0.2,
        overlap_max: float = 0.5,
    ) -> None:
        self._owl: Any = detector.train(False)
        self._sam: Any = segmenter.train(False)
        self._score_min, self._overlap_max = score_min, overlap_max
        self.text: TextEncoder = OwlText(detector, tokenizer)
        self.words: tuple[str, ...] = ()

    @classmethod
    def from_pretrained(
        cls,
        detector: str = "google/owlv2-base-patch16-ensemble",
        segmenter: str = "facebook/sam2.1-hiera-tiny",
        device: str | None = None,
        score_min: float = 0.2,
    ) -> ZeroShotDetector:
        """Download (or take from the hub's cache, or from folders) and load. Raises ConfigError where that fails.

        device: where both run; where not given, on the accelerator if there is one (`enactive.device`).
        """
        import transformers

        from enactive.device import device as best

        where = device or best()
        models: Any = transformers  # its annotations of `from_pretrained` do not fit its use
        try:
            owl = models.Owlv2ForObjectDetection.from_pretrained(detector, use_safetensors=True).to(where)
            sam = models.Sam2Model.from_pretrained(segmenter, use_safetensors=True).to(where)
            tokenizer = models.AutoTokenizer.from_pretrained(detector)
        except OSError as problem:
            reason = str(problem).splitlines()[0]
            raise ConfigError(
                f"{detector} and {segmenter} could not be loaded ({reason}): go online once, or name folders that hold them"
            ) from problem
        return cls(owl, sam, tokenizer, score_min)

    def reset(self, words: Sequence[str]) -> None:
        """Look for these words."""
        self.words = tuple(dict.fromkeys(words))
        self._queries = torch.from_numpy(self.text.encode(self.words)).to(self._owl.device)

    @torch.inference_mode()
    def detect(self, observation: Observation) -> tuple[Detection, ...]:
        """Segments of the first camera's picture, best first. Raises PerceptionError where there is no picture."""
        if not observation.cameras:
            raise PerceptionError("the observation has no camera; the zero-shot detector needs one with rgb")
        name, frame = next(iter(observation.cameras.items()))
        if frame.rgb.ndim != 3 or frame.rgb.shape[2] != 3 or frame.rgb.dtype != np.uint8:
            raise PerceptionError(f"camera {name!r} sent rgb of shape {frame.rgb.shape}; it must be (H, W, 3) uint8")
        if not self.words:
            return ()
        boxes, scores, names, embeddings = self._find(frame.rgb)
        kept = suppress(boxes, scores, names, self._overlap_max)
        masks = self._cut(frame.rgb, boxes[kept])
        return tuple(
            Detection(self.words[int(names[i])], float(scores[i]), mask, embeddings[i].float().cpu().numpy())
            for i, mask in zip(kept.tolist(), masks, strict=True)
            if mask.any()
        )

    def _find(self, rgb: NDArray[np.uint8]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Boxes (N, 4) x0 y0 x1 y1 in pixels, scores (N,), word indices (N,) and unit embeddings (N, E), above `score_min`."""
        height, width = rgb.shape[:2]
        side = max(height, width)
        square = np.full((side, side, 3), round(255 * PADDING), dtype=np.uint8)
        square[:height, :width] = rgb
        picture = _prepare(square, self._owl.config.vision_config.image_size, CLIP_MEAN, CLIP_STD)
        feature_map, _ = self._owl.image_embedder(picture.to(self._owl.device, self._owl.dtype))[:2]
        features = feature_map.flatten(1, 2)
        logits, embeddings = self._owl.class_predictor(features, self._queries[None].to(features.dtype))
        score, name = logits[0].float().sigmoid().max(dim=-1)
        placed = self._owl.box_predictor(features, feature_map)[0].float() * side
        centre, size = placed[:, :2], placed[:, 2:]
        limit = torch.tensor([width, height, width, height], device=centre.device)
        boxes = torch.cat([centre - size / 2, centre + size / 2], dim=-1).clamp(min=0.0).minimum(limit)
        good = (score >= self._score_min) & (boxes[:, 2:] - boxes[:, :2] >= 1.0).all(dim=-1)
        return boxes[good], score[good], name[good], F.normalize(embeddings[0][good], dim=-1)

    def _cut(self, rgb: NDArray[np.uint8], boxes: torch.Tensor) -> list[NDArray[np.bool_]]:
        """One (H, W) mask per box."""
        if not len(boxes):
            return []
        height, width = rgb.shape[:2]
        size = self._sam.config.prompt_encoder_config.image_size
        side = size if isinstance(size, int) else size[0]
        picture = _prepare(rgb, side, IMAGENET_MEAN, IMAGENET_STD).to(self._sam.device, self._sam.dtype)
        embedded = self._sam.get_image_embeddings(picture)
        scale = torch.tensor([side / width, side / height] * 2, device=boxes.device)
        masks: list[NDArray[np.bool_]] = []
        for some in torch.split(boxes * scale, MASKS_AT_ONCE):
            prompts = some[None].to(self._sam.device, self._sam.dtype)
            logits = self._sam(image_embeddings=embedded, input_boxes=prompts, multimask_output=False).pred_masks[0]
            whole = F.interpolate(logits.float(), size=(height, width), mode="bilinear", align_corners=False)
            masks += list((whole[:, 0] > 0).cpu().numpy())
        return masks


def suppress(boxes: torch.Tensor, scores: torch.Tensor, names: torch.Tensor, overlap_max: float) -> torch.Tensor:
    """Greedy non-maximum suppression among boxes (N, 4) of the same name; returns the indices that stay, best first."""
    order = scores.argsort(descending=True)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=-1)
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = (high - low).clamp(min=0.0).prod(dim=-1)
    rivals = (common / (area[:, None] + area[None] - common) > overlap_max) & (names[:, None] == names[None])
    kept: list[int] = []
    for i in order.tolist():
        if not any(rivals[i, j] for j in kept):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


def _prepare(
    rgb: NDArray[np.uint8], side: int, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> torch.Tensor:
    """(1, 3, side, side) float32: stretched to a square and normalised."""
    picture = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float() / 255.0
    picture = F.interpolate(picture, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    return (picture - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
