"""The sentences that pixels are compared with while the network learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .. import vocabulary
from ..detector import TextEncoder

# Words for what no apartment here has: pixels learn to be unlike them, so that looking for one finds nothing.
FOREIGN = (
    "bicycle", "car", "tree", "dog", "cat", "horse", "bird", "person", "child", "boat", "airplane", "train", "traffic light",
    "fire hydrant", "bench", "umbrella", "kite", "skateboard", "surfboard", "tennis racket", "guitar", "piano", "violin",
    "drum", "statue", "fountain", "bridge", "mountain", "river", "cloud", "grass", "rock", "cave", "elephant", "giraffe",
    "robot", "rocket", "satellite", "engine", "tractor", "ladder", "hammer", "screwdriver", "saw", "drill", "tent", "sled",
    "helmet", "sword", "crown", "treasure", "skeleton", "balloon", "parachute", "telescope", "microscope", "anvil", "canoe",
    "wheelbarrow", "chainsaw", "cactus", "pumpkin", "pineapple", "lobster", "pizza", "hamburger", "wedding cake", "snowman",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Phrases of one category that differ in colour, material or both. texts: (P, 384); keys: (colour, material) of each."""

    texts: torch.Tensor
    keys: list[tuple[str, str]]
    colour: bool
    material: bool

    def place_of(self, colour: str, material: str) -> int | None:
        """Row of the phrase that is right for a thing, None where there is none."""
        key = (colour if self.colour else "", material if self.material else "")
        return self.keys.index(key) if key in self.keys else None


class PhraseBank:
    """Sentence embeddings of every name, synonym and attribute phrase of the vocabulary.

    named: per category (1 + synonyms, 384), the name first. foreign: (F, 384). contrasts: per category up to three
    `Contrast`s, over colours ("red mug"), materials ("ceramic mug") and both ("red ceramic mug"); keys have "" for what the
    phrase leaves open.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        def encode(texts: list[str]) -> torch.Tensor:
            return torch.from_numpy(encoder.encode(texts))

        self.named = [encode([name, *vocabulary.synonyms(name)]) for name in vocabulary.names()]
        self.foreign = encode(list(FOREIGN))
        self.contrasts: list[tuple[Contrast, ...]] = []
        for name in vocabulary.names():
            kind = vocabulary.kinds().get(name)
            if kind is None:
                self.contrasts.append(())
                continue
            groups = (
                ([(colour, "") for colour in vocabulary.COLOURS], True, False),
                ([("", material) for material in vocabulary.materials()], False, True),
                ([(colour, material) for colour in kind.colours for material in kind.materials], True, True),
            )
            self.contrasts.append(
                tuple(
                    Contrast(encode([phrase(name, *key) for key in keys]), keys, colour, material)
                    for keys, colour, material in groups
                    if len(keys) > 1
                )
            )

    def draw_names(self, rng: np.random.Generator, foreign: int = 24, synonym_chance: float = 0.3) -> torch.Tensor:
        """(classes + foreign, 384): one wording of each category, then some words for things that are not there."""
        rows = [
            texts[int(rng.integers(1, len(texts))) if len(texts) > 1 and rng.random() < synonym_chance else 0]
            for texts in self.named
        ]
        others = self.foreign[torch.from_numpy(rng.choice(len(self.foreign), foreign, replace=False))]
        return torch.cat([torch.stack(rows), others])


def phrase(name: str, colour: str, material: str) -> str:
    """A name with its attributes before it: "red ceramic mug"."""
    return " ".join(word for word in (colour, material, name) if word)
