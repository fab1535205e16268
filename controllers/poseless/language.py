"""The paper's form of PoseLess: a vision-language model that writes the angles down, held to the format token by token.

Any image-text-to-text model of transformers serves; the paper's is Qwen2.5-VL-3B with 49 new tokens (`xml_format`). Unlike the
published inference, which writes freely, skips what cannot be parsed and may leave the joints' limits, every answer here is
complete and within them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from enactive.envs.shadow_hand.model import Side
from enactive.errors import ControllerError, ModelError
from enactive.perception.vlm import Message, Options

from . import xml_format
from .estimator import checked

if TYPE_CHECKING:
    from enactive.perception.vlm.hf import HFModel

PUBLISHED_PIXELS = 1_003_520
MAX_TOKENS = 1024


class LanguageEstimator:
    """Reads a pose by having a model write it.

    model: a folder or a name on the hub, or a model that is already there. side: whose tags it writes, "left" for the
    published one. pictured: which hand the pictures show; where that is not `side`, they are looked at in a mirror.
    pixels: what a picture is enlarged or shrunk to, as published; None leaves it to the model's processor. held: keep decoding
    to the format; without it, an answer that is malformed comes back as NaN. max_tokens, deadline_s: for one picture; an
    answer takes about 220 tokens. Raises ConfigError where the model cannot be loaded.
    """

    def __init__(
        self,
        model: str | HFModel,
        side: Side = "left",
        pictured: Side = "right",
        pixels: int | None = PUBLISHED_PIXELS,
        held: bool = True,
        max_tokens: int = MAX_TOKENS,
        deadline_s: float = 600.0,
    ) -> None:
        if isinstance(model, str):
            from enactive.perception.vlm.hf import load_model

            model = load_model(model)
        self.model, self.side, self.pictured, self.pixels, self.held = model, side, pictured, pixels, held
        self.max_tokens, self.deadline_s = max_tokens, deadline_s
        extend_vocabulary(model.model, model.tokenizer, side)

    def estimate(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(N, 24) rad; see `PoseEstimator`. Raises ControllerError where the model gives no answer in time."""
        return np.stack([self._one(checked(picture)) for picture in pictures])

    def _one(self, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        options = Options(max_tokens=self.max_tokens, deadline_s=self.deadline_s)
        messages = conversation(prepared(picture, self.pixels, mirror=self.pictured != self.side), self.side)
        try:
            if self.held:
                from .decoding import Tagged

                text = self.model.write(messages, partial(Tagged, self.model.tokenizer, self.side), options).text
            else:
                text = self.model.chat(messages, options).text
        except ModelError as error:
            raise ControllerError(f"the pose could not be read: {error}") from error
        angles = xml_format.read(text, self.side)
        return np.full(len(xml_format.tags()), np.nan) if angles is None else angles


def conversation(picture: NDArray[np.uint8], side: Side) -> list[Message]:
    """The published prompt with a picture."""
    return [Message("system", xml_format.system_prompt(side)), Message("user", xml_format.QUESTION, (picture,))]


def prepared(picture: NDArray[np.uint8], pixels: int | None, mirror: bool) -> NDArray[np.uint8]:
    """The picture with about so many pixels, in a mirror or not."""
    import cv2

    if mirror:
        picture = np.ascontiguousarray(picture[:, ::-1])
    if pixels is None:
        return picture
    factor = (pixels / (picture.shape[0] * picture.shape[1])) ** 0.5
    size = tuple(max(28, round(side * factor)) for side in picture.shape[1::-1])
    how = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)


def extend_vocabulary(model: Any, tokenizer: Any, side: Side = "left") -> int:
    """Give a model the 49 tokens where it lacks them; returns how many were new.

    Rows of the embedding that only fill it up are used first (Qwen2.5-VL-3B has 271 of them), more are added where they end.
    """
    known = tokenizer.get_vocab()
    fresh = [token for token in xml_format.new_tokens(side) if token not in known]
    tokenizer.add_tokens(fresh)
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer))
    return len(fresh)
