"""Patterns: small tileable pictures that materials tint; and the looks of the words for materials."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from . import patterns, pictures
from .model import COLOURS, RGB, Material

# name -> (picture maker, metres that one tile covers). A picture is (H, W, 3) uint8, light, so that a tint keeps its colour.
# Row 0 lies at v = 0. The pictures of 1 m are whole pictures: meshes that show them have uv in [0, 1].
PATTERNS: Mapping[str, tuple[Callable[[], NDArray[np.uint8]], float]] = {
    "wood": (patterns.wood, 0.8),
    "wood_planks": (patterns.wood_planks, 1.2),
    "parquet": (patterns.parquet, 1.2),
    "fabric": (patterns.fabric, 0.12),
    "knit": (patterns.knit, 0.2),
    "leather": (patterns.leather, 0.2),
    "marble": (patterns.marble, 0.9),
    "stone": (patterns.stone, 0.4),
    "brushed metal": (patterns.brushed, 0.4),
    "ceramic": (patterns.ceramic, 0.5),
    "tile": (patterns.tile, 0.6),
    "mosaic": (patterns.mosaic, 0.4),
    "brick": (patterns.brick, 0.6),
    "subway": (patterns.subway, 0.4),
    "checker_tile": (patterns.checker_tile, 0.8),
    "carpet": (patterns.carpet, 0.4),
    "wicker": (patterns.wicker, 0.2),
    "stripes": (patterns.stripes, 0.3),
    "pinstripes": (patterns.pinstripes, 0.4),
    "checks": (patterns.checks, 0.3),
    "dots": (patterns.dots, 0.3),
    "diamonds": (patterns.diamonds, 0.6),
    "damask": (patterns.damask, 0.6),
    "plaster": (patterns.plaster, 1.0),
    "concrete": (patterns.concrete, 1.2),
    "paper": (patterns.paper, 0.3),
    "cardboard": (patterns.cardboard, 0.3),
    "leaves": (patterns.leaves, 0.25),
    "glint": (pictures.glint, 1.0),
    "rug_border": (patterns.rug_border, 1.0),
    "rug_geometric": (patterns.rug_geometric, 1.0),
    "rug_rings": (patterns.rug_rings, 1.0),
    "landscape": (pictures.landscape, 1.0),
    "sea": (pictures.sea, 1.0),
    "abstract": (pictures.abstract, 1.0),
    "flowers": (pictures.flowers, 1.0),
    "city": (pictures.city, 1.0),
    "portrait": (pictures.portrait, 1.0),
    "forest": (pictures.forest, 1.0),
    "circles": (pictures.circles, 1.0),
    "chart": (pictures.chart, 1.0),
    "broadcast": (pictures.broadcast, 1.0),
    "desktop": (pictures.desktop, 1.0),
    "books": (pictures.books, 1.0),
    "water": (pictures.water, 1.0),
}

# word for a material -> pattern, alpha, specular, shininess
LOOKS: Mapping[str, tuple[str, float, float, float]] = {
    "wooden": ("wood", 1.0, 0.15, 0.3),
    "metal": ("brushed metal", 1.0, 0.6, 0.6),
    "plastic": ("plain", 1.0, 0.3, 0.5),
    "glass": ("plain", 0.35, 0.8, 0.9),
    "fabric": ("fabric", 1.0, 0.0, 0.1),
    "wool": ("knit", 1.0, 0.0, 0.1),
    "leather": ("leather", 1.0, 0.3, 0.4),
    "marble": ("marble", 1.0, 0.4, 0.7),
    "stone": ("stone", 1.0, 0.1, 0.2),
    "brick": ("brick", 1.0, 0.0, 0.1),
    "ceramic": ("ceramic", 1.0, 0.6, 0.8),
    "wicker": ("wicker", 1.0, 0.05, 0.1),
    "paper": ("paper", 1.0, 0.0, 0.1),
    "cardboard": ("cardboard", 1.0, 0.0, 0.1),
    "carpet": ("carpet", 1.0, 0.0, 0.1),
}


def look(colour: str, material: str, rng: np.random.Generator | None = None, shade: float = 1.0) -> Material:
    """The look of two words. rng varies the brightness by 8 % at most; shade darkens (undersides, gaps, insides)."""
    pattern, alpha, specular, shininess = LOOKS[material]
    factor = shade * (1.0 if rng is None else 1.0 + 0.08 * (2.0 * float(rng.random()) - 1.0))
    r, g, b = (min(c * factor, 1.0) for c in COLOURS[colour])
    return Material((r, g, b), pattern, alpha, specular, shininess)


def plain(rgb: RGB, specular: float = 0.1, emission: float = 0.0) -> Material:
    """A look without a pattern."""
    return Material(rgb, "plain", 1.0, specular, 0.3, emission)
