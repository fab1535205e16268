"""Which object an interaction means: by the pixel that points at it, or by name the nearest one in view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..embodiment import Interaction
from .facts import KINDS, PLURALS, category_of
from .feedback import Refusal
from .model import Asset, Skill
from .rectangles import distance_m, rectangle_of
from .state import WorldState
from .world import World

REACH_M = 1.5  # horizontally, from below the camera to the object's bounds
VISIBLE_PX = 15  # of a picture of 320 x 240, in proportion for others


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the body sees now. codes: (H, W) int32 segmentation as `Renderer.segmentation` gives it; K: (3, 3)."""

    codes: NDArray[np.int32]
    K: NDArray[np.float64]
    T_world_camera: NDArray[np.float64]

    def visible(self) -> NDArray[np.int64]:
        """Ids of the objects that show enough of themselves."""
        ids, counts = np.unique(self.codes[self.codes >= 0], return_counts=True)
        least = max(1.0, VISIBLE_PX * self.codes.size / (320 * 240))
        return np.asarray(ids[counts >= least], dtype=np.int64)

    def pixel_of(self, object_id: int) -> tuple[int, int]:
        """(u, v) of a pixel of a visible object, the one nearest to the middle of what shows."""
        v, u = np.nonzero(self.codes == object_id)
        k = int(np.hypot(u - np.median(u), v - np.median(v)).argmin())
        return int(u[k]), int(v[k])

    def shows(self, points: NDArray[np.float64], object_id: int) -> NDArray[np.bool_]:
        """(N,) bool: at which points (N, 3) of the world the picture shows an object."""
        local = (points - self.T_world_camera[:3, 3]) @ self.T_world_camera[:3, :3]
        pixels = np.round(local @ self.K.T / np.maximum(local[:, 2:], 1e-3))[:, :2]
        height, width = self.codes.shape
        inside = (local[:, 2] > 0.0) & (pixels >= 0).all(axis=1) & (pixels < (width, height)).all(axis=1)
        u, v = np.where(inside[:, None], pixels, 0).astype(np.int64).T
        return np.asarray(inside & (self.codes[v, u] == object_id))

    def ray(self, pixel_uv: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origin and direction (3,) in the world of what a pixel sees."""
        u, v = pixel_uv
        local = np.array([(u - self.K[0, 2]) / self.K[0, 0], (v - self.K[1, 2]) / self.K[1, 1], 1.0])
        return self.T_world_camera[:3, 3], self.T_world_camera[:3, :3] @ local


def skills_of(asset: Asset) -> frozenset[Skill]:
    """What can be done to and with a thing."""
    kind = KINDS.get(asset.category)
    return frozenset() if kind is None else kind.skills


def choose(world: World, state: WorldState, view: View, interaction: Interaction) -> int:
    """Id of the object in view that is meant. Raises Refusal where nothing is known by that name or none is in view."""
    matches = reading(interaction.target)
    if interaction.pixel_uv is not None:
        return _pointed_at(world, view, interaction.pixel_uv, interaction.target, matches)
    if not interaction.target.strip():
        raise Refusal("unknown_object", f"say what to {interaction.verb}, or point at it with a pixel")
    things = world.apartment.objects
    found = [int(i) for i in view.visible() if matches(things[i].asset)]
    if not found:
        raise Refusal("not_visible", f"no {plain(interaction.target)} is in view; look around for one first")
    return min(found, key=lambda i: away_m(world, state, i))


def held_meant(world: World, state: WorldState, interaction: Interaction) -> bool:
    """Whether a name, without a pixel, fits what is in the hand."""
    if state.held < 0 or interaction.pixel_uv is not None or not interaction.target.strip():
        return False
    return bool(reading(interaction.target)(world.apartment.objects[state.held].asset))


def away_m(world: World, state: WorldState, object_id: int) -> float:
    """Horizontal metres from the body to an object's bounds."""
    rectangle = rectangle_of(world.apartment.objects[object_id].asset.bounds, state.pose[object_id])
    return distance_m(state.base[:2], rectangle)


def require_reach(world: World, state: WorldState, object_id: int) -> None:
    """Raises Refusal where an object is too far away."""
    away = away_m(world, state, object_id)
    if away > REACH_M:
        name = world.apartment.objects[object_id].asset.category
        raise Refusal("too_far", f"the {name} is {away:.1f} m away; come within {REACH_M:g} m of it")


@dataclass(frozen=True, slots=True)
class Named:
    """What a name means, a test of things: categories, none = any, and attribute words that must be true."""

    categories: frozenset[str]
    attributes: frozenset[str]

    def __call__(self, asset: Asset) -> bool:
        fits = not self.categories or asset.category in self.categories
        return fits and self.attributes <= {asset.colour, asset.material, asset.shape}


def reading(text: str) -> Named:
    """Read "mug", "cups" or "the red ceramic mug". Raises Refusal where no noun is known; "" fits everything."""
    if (named := _reading(text)) is None:
        raise Refusal("unknown_object", f"nothing is known by the name {plain(text)!r}")
    return named


@lru_cache(maxsize=4096)
def _reading(text: str) -> Named | None:
    """None where no noun is known, which takes longest to find out."""
    words = text.lower().split()
    if words and words[0] in ("the", "a", "an"):
        words = words[1:]
    if not words:
        return Named(frozenset(), frozenset())
    for start in range(len(words)):
        categories = _categories(" ".join(words[start:]))
        known = {word for name in categories for word in (*KINDS[name].colours, *KINDS[name].materials, *KINDS[name].shapes)}
        if categories and set(words[:start]) <= known:
            return Named(categories, frozenset(words[:start]))
    return None


def _categories(noun: str) -> frozenset[str]:
    """What a noun may mean: the category of that name or, for a more general word ("lamp", "sink"), all that it fits."""
    meant = category_of(noun)
    forms = {noun, *(noun.removesuffix(end) + put for end, put in PLURALS if noun.endswith(end))}
    if meant is not None and meant in forms:
        return frozenset({meant})
    general = {name for name, kind in KINDS.items() if name.split()[-1] in forms or forms & set(kind.synonyms)}
    return frozenset(general if meant is None else general | {meant})


def plain(text: str) -> str:
    """What was said, on one line of at most 60 plain characters."""
    words = " ".join(text.split()).encode("ascii", "replace").decode()
    return words if len(words) <= 60 else words[:57] + "..."


def _pointed_at(world: World, view: View, pixel_uv: tuple[int, int], target: str, matches: Named) -> int:
    u, v = pixel_uv
    height, width = view.codes.shape
    if not (0 <= u < width and 0 <= v < height):
        raise Refusal("not_visible", f"the pixel ({u}, {v}) lies outside the picture of {width} x {height}")
    code = int(view.codes[v, u])
    if code < 0:
        raise Refusal("not_visible", f"there is no object at the pixel ({u}, {v})")
    asset = world.apartment.objects[code].asset
    if not matches(asset):
        raise Refusal("not_visible", f"the pixel ({u}, {v}) does not show a {plain(target)}")
    if code not in view.visible():
        raise Refusal("not_visible", f"too little of the {asset.category} is in view; get a better view of it")
    return code
