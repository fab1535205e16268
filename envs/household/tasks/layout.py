"""What never changes in an apartment and what tasks ask of it all the time, looked up once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..apartment import make_apartment
from ..camera import CAMERA_HEIGHT_M
from ..effects import RUN_CLOSED, works_on
from ..feedback import Refusal
from ..model import Apartment, Skill
from ..motion import PITCH_LIMIT_RAD
from ..obstacles import leaf_box
from ..rectangles import turned
from ..state import WorldState, apartment_digest, covered, leaves, movers, with_changes
from ..targets import reading, skills_of
from ..world import World
from .stands import Stands

_PUTS_KEPT = 20_000
_LOOKS_KEPT = 4096
_KEPT = 8
_ASKED = Struct("<iid").pack
_AWAY_M, _ASIDE = 0.7, 0.25
_Put = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Appliance:
    """What heats, cools or cleans. surfaces: its working places; leaves: those that must be closed; switch: it has one."""

    id: int
    surfaces: frozenset[int]
    skills: frozenset[Skill]
    leaves: tuple[int, ...]
    switch: bool


class Layout:
    """An apartment without pictures: names, skills, leaves, appliances and stands. Nothing in it depends on a state."""

    def __init__(self, apartment: Apartment) -> None:
        things = apartment.objects
        self.apartment, self.digest, self.stands = apartment, apartment_digest(apartment), Stands(apartment)
        self.categories = tuple(placed.asset.category for placed in things)
        ids = {name: [i for i, own in enumerate(self.categories) if own == name] for name in self.categories}
        self.of_category = {name: tuple(own) for name, own in ids.items()}
        self.skills = tuple(skills_of(placed.asset) for placed in things)
        self.leaves = leaves(apartment)
        self.height_m = tuple(float(leaf_box(mover, 0.0)[0][2]) for _, mover in movers(apartment))
        self.appliances = tuple(
            self._appliance_of(i) for i, own in enumerate(self.skills) if own & {"heats", "cools", "cleans"}
        )
        self.named: Callable[[str], tuple[int, ...]] = lru_cache(maxsize=4096)(self._ids_named)
        self.as_world = cast(World, self)  # for those functions of the verbs that read `world.apartment` alone
        self._appliance = np.zeros(len(things) + 1, dtype=bool)  # the last one for what has no parent, -1
        self._appliance[[machine.id for machine in self.appliances]] = True
        self._looks: dict[tuple[int, int, bytes], tuple[NDArray[np.float64], float]] = {}
        self._puts: OrderedDict[bytes, _Put | Refusal] = OrderedDict()

    def _appliance_of(self, i: int) -> Appliance:
        surfaces = self.apartment.objects[i].asset.surfaces
        works = frozenset(k for k, surface in enumerate(surfaces) if works_on(surface.name))
        shut = tuple(k for k, _ in self.leaves[i]) if self.categories[i] in RUN_CLOSED else ()
        return Appliance(i, works, self.skills[i], shut, "toggle" in self.skills[i])

    def _ids_named(self, text: str) -> tuple[int, ...]:
        """Ids of the objects that a name fits. Raises Refusal where no noun is known."""
        fits = reading(text)
        return tuple(placed.id for placed in self.apartment.objects if fits(placed.asset))

    def where(self, state: WorldState, object_id: int) -> tuple[int, int]:
        """(what a thing stands on or in at last, the outermost closed thing around it or -1)."""
        closed, root = -1, object_id
        while (parent := int(state.parent[root])) >= 0:
            surface = int(state.surface[root])
            if surface >= 0 and covered(self.apartment, state, parent, surface):
                closed = parent
            root = parent
        return root, closed

    def in_appliances(self, state: WorldState) -> dict[int, list[int]]:
        """Ids of what stands directly in or on each appliance that has something, rising."""
        out = dict[int, list[int]]()
        for i in self._appliance[state.parent].nonzero()[0].tolist():
            out.setdefault(int(state.parent[i]), []).append(i)
        return out

    def shows(self, state: WorldState, object_id: int) -> bool:
        """Whether a thing can be gone to and seen: not in the hand, behind nothing closed, at furniture with a stand."""
        root, closed = self.where(state, object_id)
        return closed < 0 and root != state.held and len(self.stands.at(root)) > 0

    def look(self, state: WorldState, object_id: int) -> tuple[NDArray[np.float64], float]:
        """Base (3,) x, y metres, yaw rad, and pitch rad of the body that has gone to look at a thing that shows.

        About 0.7 m from it, and rather straight before the furniture that it belongs to than aside.
        """
        root, pose = self.where(state, object_id)[0], state.pose[object_id]
        key = object_id, root, pose.tobytes() + state.pose[root, 3].tobytes()
        if key not in self._looks:
            if len(self._looks) >= _LOOKS_KEPT:
                self._looks.clear()
            self._looks[key] = self._look(root, object_id, pose, float(state.pose[root, 3]))
        return self._looks[key]

    def _look(self, root: int, object_id: int, pose: NDArray[np.float64], yaw: float) -> tuple[NDArray[np.float64], float]:
        cells, bounds = self.stands.at(root), self.apartment.objects[object_id].asset.bounds
        aim = pose[:2] + turned(np.array(bounds.centre[:2]), float(pose[3]))
        away, aside = cells - aim, np.array([-np.sin(yaw), np.cos(yaw)])
        x, y = away.T
        distance = np.sqrt(x * x + y * y)
        best = int(((distance - _AWAY_M) ** 2 + _ASIDE * (away @ aside) ** 2).argmin())
        x, y = cells[best]
        pitch = np.arctan2(float(pose[2]) + bounds.centre[2] - CAMERA_HEIGHT_M, distance[best])
        heading = float(np.arctan2(aim[1] - y, aim[0] - x))
        return np.array([x, y, heading]), min(max(float(pitch), -PITCH_LIMIT_RAD), PITCH_LIMIT_RAD)

    def remembered_put(self, state: WorldState, target: int, put: Callable[[], WorldState]) -> WorldState:
        """What `put` gives for what is held and a target, from memory where it was asked before. Raises Refusal."""
        asked = blake2b(state.pose.data, digest_size=16)
        for array in (state.parent, state.surface, state.opening, state.base):
            asked.update(array.data)
        asked.update(_ASKED(state.held, target, state.pitch_rad))
        key = asked.digest()
        known = self._puts.get(key)
        if known is None:
            try:
                after = put()
                known = (after.pose, after.parent, after.surface)
            except Refusal as refusal:
                known = refusal
            self._puts[key] = known
            if len(self._puts) > _PUTS_KEPT:
                self._puts.popitem(last=False)
        if isinstance(known, Refusal):
            raise Refusal(known.error, known.message)
        return with_changes(state, pose=known[0], parent=known[1], surface=known[2], held=-1)


@lru_cache(maxsize=_KEPT)
def load_layout(seed: int, rooms: int | None = None) -> Layout:
    """The layout of `make_apartment(seed, rooms)`; the last few are kept."""
    return Layout(make_apartment(seed, rooms))
