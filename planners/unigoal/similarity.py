"""How alike two words are, from sentence embeddings and what is written down about things of a home.

The paper compares CLIP embeddings, whose cosine between words for the same thing lies above 0.9. MiniLM's lie lower and
spread wider: 0.96 for "tv" and "television", 0.71 for "mug" and "cup", 0.57 for "spaceship" and "airplane", 0.53 for "tv"
and "monitor". `calibrated` stretches its cosines so that the paper's threshold of 0.9 parts the same pairs. Embeddings
alone also take opposites for likes (0.74 for "salt shaker" and "pepper shaker"), so two words that both stand in the
commonsense table are told apart by the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enactive.perception.detector import TextEncoder
from enactive.perception.room_table import ROOM_KINDS, shows

from .commonsense import LORE
from .vocabulary import ANY_OBJECT, NEAR, ROOM_WORDS, canonical

SAME_COSINE = 0.67  # a cosine of MiniLM from which on two words are taken for one; 0.6 becomes the paper's 0.9
KIND_OF = 0.95  # "office chair" is a chair
ANYTHING_GOES = 0.92  # "the red one" is any thing, where all that is said of it was seen: with one attribute unseen it is none
NEAR_WORDS = 0.85  # people call a mug a cup, and an office chair may be seen as a chair: taken when nothing better is left
PLACES = frozenset(ROOM_WORDS) - {"office"}  # an office chair is a kind of chair, wherever it stands
DIFFERENT_AT_MOST = 0.7  # two known words for two things


def calibrated(cosine: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Cosines of MiniLM brought to [0, 1] so that words for the same thing come out at 0.9 and above. Any shape."""
    return np.clip(np.asarray(cosine) / SAME_COSINE, 0.0, 1.0)


class WordSimilarity:
    """Similarities of names and of relations, each computed once and kept.

    encoder: turns text into unit vectors.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder
        self._vectors: dict[str, NDArray[np.float64]] = {}
        self._pairs: dict[tuple[str, str], float] = {}
        self._rows: dict[tuple[str, ...], tuple[dict[str, int], NDArray[np.float64]]] = {}

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(N, E) unit vectors, one per text."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if fresh:
            self._vectors.update(zip(fresh, self.encoder.encode(fresh).astype(np.float64), strict=True))
        return np.stack([self._vectors[text] for text in texts]) if texts else np.zeros((0, 1))

    def names(self, goal: Sequence[str], scene: Sequence[str]) -> NDArray[np.float64]:
        """(G, M) similarity in [0, 1] of names of goal nodes and of scene nodes."""
        goal, key = list(goal), tuple(goal)
        columns, matrix = self._rows.get(key, ({}, np.zeros((len(goal), 0))))
        fresh = [name for name in dict.fromkeys(scene) if name not in columns]
        if fresh:
            self.vectors([canonical(name) for name in [*goal, *fresh]])
            block = np.array([[self.name(word, name) for name in fresh] for word in goal]).reshape(len(goal), len(fresh))
            columns = columns | {name: len(columns) + index for index, name in enumerate(fresh)}
            matrix = np.concatenate([matrix, block], axis=1)
            self._rows[key] = columns, matrix
        return matrix[:, [columns[name] for name in scene]]

    def name(self, goal: str, scene: str) -> float:
        """Similarity in [0, 1] of the names of a goal node and of a scene node.

        An office chair is a chair, but a chair is not always an office chair; a counter may be a kitchen counter.
        """
        a, b = canonical(goal), canonical(scene)
        if (a, b) not in self._pairs:
            self._pairs[a, b] = self._compare(a, b)
        return self._pairs[a, b]

    def cosine(self, a: str, b: str) -> float:
        """Plain cosine of two texts."""
        va, vb = self.vectors([a, b])
        return float(va @ vb)

    def _compare(self, a: str, b: str) -> float:
        if a == b:
            return 1.0
        if a in ROOM_KINDS:
            return KIND_OF if shows(b, a) else 0.0
        if a == ANY_OBJECT:
            return ANYTHING_GOES
        if a.endswith(" " + b) and a.removesuffix(" " + b) in PLACES:
            return KIND_OF
        if b.endswith(" " + a):
            small = a in LORE and b in LORE and "small" in (LORE[a].size, LORE[b].size)
            return NEAR_WORDS if small else KIND_OF  # a floor lamp is a lamp; whoever wants a bottle means no soap bottle
        if a.endswith(" " + b) or frozenset((a, b)) in NEAR:
            return NEAR_WORDS
        alike = float(calibrated(self.cosine(a, b)))
        other_kind = " " in a and " " in b and a.split()[-1] == b.split()[-1]  # a table lamp is no floor lamp
        return min(alike, DIFFERENT_AT_MOST) if other_kind or (a in LORE and b in LORE) else alike

    def relations(self, goal: Sequence[str], scene: Sequence[str]) -> NDArray[np.float64]:
        """(G, M) similarity in [0, 1] of relation words: 1 for the same word, else the cosine of their embeddings."""
        words = list(dict.fromkeys([*goal, *scene]))
        vectors = self.vectors(words)
        alike = np.clip(vectors @ vectors.T, 0.0, 1.0)
        np.fill_diagonal(alike, 1.0)
        index = {word: position for position, word in enumerate(words)}
        if "above" in index and "below" in index:  # opposites, which embeddings take for likes
            alike[[index["above"], index["below"]], [index["below"], index["above"]]] = 0.0
        return alike[np.ix_([index[word] for word in goal], [index[word] for word in scene])]
