"""The nine verbs as a pure function of the state, without pictures: for search and training (LoTa-Bench's skills).

Who finds something stands before it. What can be acted on is the furniture that was found or that holds what was found, and
whatever stands on or in it and is not behind a closed door. That takes the place of the picture, in which the verbs of
the physical body (`verbs.apply_verb`) look for their object; the refusals, their order and their names are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ...embodiment import VERBS
from ..camera import camera_pose, intrinsics
from ..effects import COLD, HOT, RUN_CLOSED
from ..feedback import Feedback, Refusal
from ..model import Mover
from ..putting import put_on, take
from ..state import WorldState, changed, set_opening, with_changes
from ..targets import View, plain
from .layout import Layout

TASK_VERBS = (*VERBS, "done")
Outcome = tuple["TaskState", str]


@dataclass(frozen=True, slots=True)
class Command:
    """One of `TASK_VERBS` and the name of what it is meant for, as a person says it; "" with `PutDown`: what was found last."""

    verb: str
    target: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TaskState:
    """A state of the world, the id of what the body looks at (-1 = nothing), and whether the agent has said that it is done."""

    world: WorldState
    at: int = -1
    done: bool = False

    def digest(self) -> str:
        """SHA-256, hexadecimal: equal states have equal digests."""
        return hashlib.sha256(self.world.to_bytes() + np.array([self.at, self.done], dtype="<i8").tobytes()).hexdigest()


def apply_command(layout: Layout, state: TaskState, command: Command) -> tuple[TaskState, Feedback]:
    """Carry out a command: the new state and what came of it; the same state where it is refused.

    Raises ConfigError for a verb that does not exist, and after `done`.
    """
    if command.verb not in TASK_VERBS:
        raise ConfigError(f"there is no verb {command.verb!r}; the verbs are {', '.join(TASK_VERBS)}")
    if state.done:
        raise ConfigError("the task is over: start it again")
    if command.verb == "done":
        return TaskState(state.world, state.at, True), Feedback(True, "the task is over")
    try:
        after, message = _VERBS[command.verb](layout, state, command.target)
    except Refusal as refusal:
        return state, Feedback(False, refusal.message, refusal.error)
    if command.verb in ("PutDown", "Close", "TurnOn"):
        after = TaskState(settle_fast(layout, after.world), after.at)
    return after, Feedback(True, message)


def settle_fast(layout: Layout, state: WorldState) -> WorldState:
    """What `effects.settle` gives, from what the layout knows of the appliances."""
    direct = layout.in_appliances(state)
    if not direct:
        return state
    temperature, dirty, carriers = state.temperature, state.dirty, set(state.parent.tolist())
    for machine in layout.appliances:
        if machine.id not in direct or (machine.switch and not state.on[machine.id]):
            continue
        if any(state.opening[k] >= 0.5 for k in machine.leaves):
            continue
        stack = [i for i in direct[machine.id] if int(state.surface[i]) in machine.surfaces]
        while stack:
            i = stack.pop()
            if i in carriers:
                stack.extend(np.flatnonzero(state.parent == i).tolist())
            can = layout.skills[i]
            if "heats" in machine.skills and "heat" in can and temperature[i] != HOT:
                temperature = changed(temperature, i, HOT)
            if "cools" in machine.skills and "cool" in can and temperature[i] != COLD:
                temperature = changed(temperature, i, COLD)
            if "cleans" in machine.skills and dirty[i]:
                dirty = changed(dirty, i, False)
    if temperature is state.temperature and dirty is state.dirty:
        return state
    return with_changes(state, temperature=temperature, dirty=dirty)


def _find(layout: Layout, state: TaskState, target: str) -> Outcome:
    """Go to the nearest one and look at it; to the next one, in the order of their ids, where the body looks at one already."""
    world = state.world
    named = _named(layout, "Find", target)
    if world.held in named:
        return state, f"the {layout.categories[world.held]} is in the hand"
    found = [i for i in named if layout.shows(world, i)]
    if not found:
        raise Refusal("not_visible", f"no {plain(target)} is in view; look for one in other places, or open something first")
    if state.at in found:
        i = found[(found.index(state.at) + 1) % len(found)]
    else:
        i = _nearest(world, found, world.base[:2])
    base, pitch = layout.look(world, i)
    parent = int(world.parent[i])
    there = f" at the {layout.categories[parent]}" if parent >= 0 else ""
    return TaskState(with_changes(world, base=base, pitch_rad=pitch), i), f"a {layout.categories[i]} is in view{there}"


def _pick_up(layout: Layout, state: TaskState, target: str) -> Outcome:
    world = state.world
    if world.held >= 0:
        raise Refusal("hand_full", f"the hand holds the {layout.categories[world.held]}; put it down first")
    i = meant(layout, state, "PickUp", target)
    name = layout.categories[i]
    if "pickup" not in layout.skills[i]:
        raise Refusal("cannot_be_picked_up", f"the {name} cannot be picked up")
    root = layout.where(world, i)[0]
    return TaskState(take(world, i), root if root != i else -1), f"the {name} is in the hand"


def _put_down(layout: Layout, state: TaskState, target: str) -> Outcome:
    world = state.world
    if world.held < 0:
        raise Refusal("hand_empty", "the hand is empty; pick something up first")
    held = layout.categories[world.held]
    if target.strip().lower().removeprefix("the ") in ("floor", "ground"):
        raise Refusal("not_a_receptacle", f"the floor is no place for the {held}; find a piece of furniture for it")
    if not target.strip():
        if state.at < 0:
            raise Refusal("not_visible", f"nothing was found to put the {held} on; find a piece of furniture for it")
        i = state.at
    else:
        i = meant(layout, state, "PutDown", target)
    after = layout.remembered_put(world, i, lambda: put_on(layout.as_world, world, i, _frame(world), None)[0])
    where = layout.apartment.objects[i].asset.surfaces[int(after.surface[world.held])].kind
    return TaskState(after, state.at), f"the {held} is {where} the {layout.categories[i]}"


def _open(layout: Layout, state: TaskState, target: str) -> Outcome:
    """All doors and lids or, where they are open, the topmost closed drawer."""
    i, leaves = _leaves_meant(layout, state, "Open", target)
    name = layout.categories[i]
    shut = [(k, mover) for k, mover in leaves if state.world.opening[k] < 0.5]
    if not shut:
        raise Refusal("already_open", f"the {name} is already open")
    meant = [(k, mover) for k, mover in shut if mover.kind == "hinge"] or [max(shut, key=lambda leaf: layout.height_m[leaf[0]])]
    left = [mover.name for k, mover in shut if k not in {moved for moved, _ in meant}]
    rest = f"; still closed: {', '.join(left)}" if left else ""
    moved = " and ".join(mover.name for _, mover in meant)
    return _swung(layout, state, [k for k, _ in meant], 1.0), f"the {name} is open ({moved}){rest}"


def _close(layout: Layout, state: TaskState, target: str) -> Outcome:
    i, leaves = _leaves_meant(layout, state, "Close", target)
    name = layout.categories[i]
    meant = [(k, mover) for k, mover in leaves if state.world.opening[k] >= 0.5]
    if not meant:
        raise Refusal("already_closed", f"the {name} is already closed")
    moved = " and ".join(mover.name for _, mover in meant)
    return _swung(layout, state, [k for k, _ in meant], 0.0), f"the {name} is closed ({moved})"


def _turn_on(layout: Layout, state: TaskState, target: str) -> Outcome:
    world, i = state.world, _switch(layout, state, "TurnOn", target)
    name = layout.categories[i]
    if world.on[i]:
        raise Refusal("already_on", f"the {name} is already on")
    if name in RUN_CLOSED and any(world.opening[k] >= 0.5 for k, _ in layout.leaves[i]):
        raise Refusal("not_closed", f"the {name} is open; close it first")
    return TaskState(with_changes(world, on=changed(world.on, i, True)), state.at), f"the {name} is on"


def _turn_off(layout: Layout, state: TaskState, target: str) -> Outcome:
    world, i = state.world, _switch(layout, state, "TurnOff", target)
    name = layout.categories[i]
    if not world.on[i]:
        raise Refusal("already_off", f"the {name} is already off")
    return TaskState(with_changes(world, on=changed(world.on, i, False)), state.at), f"the {name} is off"


def _slice(layout: Layout, state: TaskState, target: str) -> Outcome:
    world = state.world
    if world.held < 0 or "cuts" not in layout.skills[world.held]:
        raise Refusal("needs_knife", "slicing needs a knife in the hand; pick one up first")
    i = meant(layout, state, "Slice", target)
    name = layout.categories[i]
    if "slice" not in layout.skills[i]:
        raise Refusal("cannot_be_sliced", f"the {name} cannot be sliced")
    if world.sliced[i]:
        raise Refusal("already_sliced", f"the {name} is already sliced")
    return TaskState(with_changes(world, sliced=changed(world.sliced, i, True)), state.at), f"the {name} is sliced"


_VERBS: Mapping[str, Callable[[Layout, TaskState, str], Outcome]] = {
    "Find": _find,
    "PickUp": _pick_up,
    "PutDown": _put_down,
    "Open": _open,
    "Close": _close,
    "TurnOn": _turn_on,
    "TurnOff": _turn_off,
    "Slice": _slice,
}
_K, _NOTHING = intrinsics(320, 240), np.full((240, 320), -1, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame(View):
    """The edges of a picture without the picture: nothing hides a place that lies within them."""

    def shows(self, points: NDArray[np.float64], object_id: int) -> NDArray[np.bool_]:
        local = (points - self.T_world_camera[:3, 3]) @ self.T_world_camera[:3, :3]
        away, seen = local[:, 2], local @ self.K.T
        near = np.maximum(away, 1e-3)
        u, v = seen[:, 0] / near, seen[:, 1] / near
        height, width = self.codes.shape
        return np.asarray((away > 0.0) & (u >= 0) & (v >= 0) & (u < width) & (v < height))


def _frame(world: WorldState) -> _Frame:
    return _Frame(_NOTHING, _K, camera_pose(world.base, world.pitch_rad))


def _named(layout: Layout, verb: str, target: str) -> tuple[int, ...]:
    if not target.strip():
        raise Refusal("unknown_object", f"say what to {verb}")
    return layout.named(target)


def at_hand(layout: Layout, state: TaskState) -> tuple[int, ...]:
    """Ids of what can be acted on: the furniture that is looked at, and all that stands on or in it and is not shut away."""
    if state.at < 0:
        return ()
    root = layout.where(state.world, state.at)[0]
    return tuple(i for i in range(len(layout.categories)) if layout.where(state.world, i) == (root, -1))


def meant(layout: Layout, state: TaskState, verb: str, target: str) -> int:
    """The object that is meant: what is looked at where the name fits, else the nearest to it at the same furniture."""
    named, world = _named(layout, verb, target), state.world
    if state.at in named:
        return state.at
    if state.at >= 0:
        root = layout.where(world, state.at)[0]
        found = [i for i in named if layout.where(world, i) == (root, -1)]
        if found:
            return _nearest(world, found, world.pose[state.at, :3])
    raise Refusal("not_visible", f"no {plain(target)} is in view; find one first")


def _nearest(world: WorldState, found: list[int], point: NDArray[np.float64]) -> int:
    """The first of those nearest to a point (2,) or (3,)."""
    if len(found) == 1:
        return found[0]
    return min(found, key=lambda k: float(((world.pose[k, : len(point)] - point) ** 2).sum()))


def _leaves_meant(layout: Layout, state: TaskState, verb: str, target: str) -> tuple[int, tuple[tuple[int, Mover], ...]]:
    i = meant(layout, state, verb, target)
    if not layout.leaves[i]:
        raise Refusal("not_openable", f"the {layout.categories[i]} has nothing to open or close")
    return i, layout.leaves[i]


def _swung(layout: Layout, state: TaskState, leaves: list[int], to: float) -> TaskState:
    """The state with leaves moved. Where what was looked at is shut away by that, the body looks at what shut it away."""
    world = state.world
    for k in leaves:
        world = set_opening(layout.apartment, world, k, to)
    closed = layout.where(world, state.at)[1]
    return TaskState(world, closed if closed >= 0 else state.at)


def _switch(layout: Layout, state: TaskState, verb: str, target: str) -> int:
    """What can be switched: at hand, or in the hand."""
    held = state.world.held in _named(layout, verb, target)
    i = state.world.held if held else meant(layout, state, verb, target)
    if "toggle" not in layout.skills[i]:
        raise Refusal("not_switchable", f"the {layout.categories[i]} cannot be switched on or off")
    return i
