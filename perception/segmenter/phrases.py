"""The sentences that pixels are compared with while the network learns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from enactive.files import whole_file

from .. import vocabulary
from ..detector import TextEncoder

# Words for what no apartment here has: pixels learn to be unlike them, so that looking for one finds nothing.
FOREIGN = (
    "bicycle", "tree", "dog", "cat", "horse", "bird", "person", "child", "boat", "airplane", "train", "traffic light",
    "fire hydrant", "kite", "skateboard", "surfboard", "tennis racket",
    "drum", "fountain", "bridge", "mountain", "river", "cloud", "grass", "rock", "cave", "elephant", "giraffe",
    "robot", "rocket", "satellite", "engine", "tractor", "ladder", "saw", "drill", "tent", "sled",
    "helmet", "sword", "crown", "treasure", "skeleton", "balloon", "parachute", "telescope", "microscope", "anvil", "canoe",
    "wheelbarrow", "chainsaw", "pumpkin", "pineapple", "lobster", "hamburger", "wedding cake", "snowman",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Phrases of one category that differ in colour or in material. texts: (P, 384); keys: (colour, material) of each."""

    texts: torch.Tensor
    keys: list[tuple[str, str]]
    colour: bool
    material: bool

    def place_of(self, colour: str, material: str) -> int | None:
        """Row of the phrase that is right for a thing, None where there is none."""
        key = (colour if self.colour else "", material if self.material else "")
        return self.keys.index(key) if key in self.keys else None


class RememberedTexts:
    """MiniLM whose answers are kept in a folder: encoding thousands of phrases takes a while, and training starts often."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, 384) float32 unit vectors, one per text, in order."""
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        path = self._folder / f"texts-{digest}.npy"
        if not path.exists():
            from ..text import MiniLM

            vectors = MiniLM().encode(texts)
            with whole_file(path, shared=True) as fresh, fresh.open("wb") as file:
                np.save(file, vectors)
        return np.asarray(np.load(path), dtype=np.float32)


class PhraseBank:
    """Sentence embeddings of every name, synonym and attribute phrase of the vocabulary.

    named: per category (1 + synonyms, 384), the name first. foreign: (F, 384). contrasts: per category its `Contrast`s over
    colours ("red mug") and materials ("ceramic mug"); keys have "" for what the phrase leaves open.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        names = vocabulary.names()
        wordings = [[name, *vocabulary.synonyms(name)] for name in names]
        groups = (
            ([(colour, "") for colour in vocabulary.COLOURS], True, False),
            ([("", material) for material in vocabulary.materials()], False, True),
        )
        things = [name for name in names if name in vocabulary.kinds()]
        phrases = [[phrase(name, *key) for key in keys] for name in things for keys, _, _ in groups]
        lists = [*wordings, list(FOREIGN), *phrases]
        vectors = torch.from_numpy(encoder.encode([text for texts in lists for text in texts]))
        encoded = list(torch.split(vectors, [len(texts) for texts in lists]))
        self.named, self.foreign, rest = encoded[: len(names)], encoded[len(names)], iter(encoded[len(names) + 1 :])
        made = {name: tuple(Contrast(next(rest), *group) for group in groups) for name in things}
        self.contrasts = [made.get(name, ()) for name in names]

    def to_spread(self) -> torch.Tensor:
        """(N, 384) what is to lie far apart: names above all, then synonyms and a sample of the phrases."""
        names = torch.stack([texts[0] for texts in self.named])
        phrases = torch.cat([contrast.texts for contrasts in self.contrasts for contrast in contrasts])
        return torch.cat([*[names] * 6, *self.named, phrases[::11]])

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
