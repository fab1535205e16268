"""The verbs: what a hand can do to what is in view and in reach, as pure functions of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from enactive.errors import ConfigError

from ..embodiment import VERBS, Interaction
from .effects import RUN_CLOSED, settle, stands_open
from .feedback import Feedback, Refusal
from .leaves import leaves_of, swing
from .putting import put_on, put_on_floor, take
from .state import WorldState, changed, closed_around
from .targets import View, away_m, choose, held_meant, require_reach, skills_of
from .world import World

Outcome = tuple[WorldState, str]


def apply_verb(world: World, state: WorldState, view: View, interaction: Interaction) -> tuple[WorldState, Feedback]:
    """Carry out an interaction: the new state and what came of it; the same state where it is refused.

    view: what the body's camera sees in `state`. The object is the one at `pixel_uv`, which must be of the named category
    where one is named, or the nearest one in view of the name. All verbs but `Find` need it within `targets.REACH_M`.
    Nothing outside the view is ever acted on or told of. Raises ConfigError for a verb that does not exist.
    """
    if interaction.verb not in VERBS:
        raise ConfigError(f"there is no verb {interaction.verb!r}; the verbs are {', '.join(VERBS)}")
    try:
        if interaction.verb == "Find":
            return state, _find(world, state, view, interaction)
        after, message = _VERBS[interaction.verb](world, state, view, interaction)
    except Refusal as refusal:
        return state, Feedback(False, refusal.message, refusal.error)
    return settle(world, after), Feedback(True, message)


def _find(world: World, state: WorldState, view: View, interaction: Interaction) -> Feedback:
    """Say whether one is in view, at which pixel and how far away. Looks at the picture alone: it moves and reveals nothing."""
    if held_meant(world, state, interaction):
        return Feedback(True, f"the {_name(world, state.held)} is in the hand")
    found = choose(world, state, view, interaction)
    u, v = view.pixel_of(found)
    away = away_m(world, state, found)
    return Feedback(True, f"a {_name(world, found)} is in view at the pixel ({u}, {v}), {away:.1f} m away", pixel_uv=(u, v))


def _pick_up(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    if state.held >= 0:
        raise Refusal("hand_full", f"the hand holds the {_name(world, state.held)}; put it down first")
    target = _reachable(world, state, view, interaction)
    if "pickup" not in skills_of(world.apartment.objects[target].asset):
        raise Refusal("cannot_be_picked_up", f"the {_name(world, target)} cannot be picked up")
    return take(state, target), f"the {_name(world, target)} is in the hand"


def _put_down(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    if state.held < 0:
        raise Refusal("hand_empty", "the hand is empty; pick something up first")
    name = _name(world, state.held)
    if (not interaction.target.strip() and interaction.pixel_uv is None) or interaction.target.strip().lower() in _FLOOR:
        return put_on_floor(world, state), f"the {name} is on the floor"
    target = _reachable(world, state, view, interaction)
    after, where = put_on(world, state, target, view, interaction.pixel_uv)
    return after, f"the {name} is {where}"


def _open(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    target = _reachable(world, state, view, interaction)
    after, what = swing(world, state, target, 1.0, view, interaction.pixel_uv)
    left = [mover.name for k, mover in leaves_of(world, target) if after.opening[k] < 0.5]
    rest = f"; still closed: {', '.join(left)}" if left else ""
    return after, f"the {_name(world, target)} is open ({what}){rest}"


def _close(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    target = _reachable(world, state, view, interaction)
    after, what = swing(world, state, target, 0.0, view, interaction.pixel_uv)
    left = [mover.name for k, mover in leaves_of(world, target) if after.opening[k] >= 0.5]
    rest = f"; still open: {', '.join(left)}" if left else ""
    return after, f"the {_name(world, target)} is closed ({what}){rest}"


def _turn_on(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    target = _switchable(world, state, view, interaction)
    name = _name(world, target)
    if state.on[target]:
        raise Refusal("already_on", f"the {name} is already on")
    if name in RUN_CLOSED and stands_open(world, state, target):
        raise Refusal("not_closed", f"the {name} is open; close it first")
    return replace(state, on=changed(state.on, target, True)), f"the {name} is on"


def _turn_off(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    target = _switchable(world, state, view, interaction)
    if not state.on[target]:
        raise Refusal("already_off", f"the {_name(world, target)} is already off")
    return replace(state, on=changed(state.on, target, False)), f"the {_name(world, target)} is off"


def _slice(world: World, state: WorldState, view: View, interaction: Interaction) -> Outcome:
    if state.held < 0 or "cuts" not in skills_of(world.apartment.objects[state.held].asset):
        raise Refusal("needs_knife", "slicing needs a knife in the hand; pick one up first")
    target = _reachable(world, state, view, interaction)
    if "slice" not in skills_of(world.apartment.objects[target].asset):
        raise Refusal("cannot_be_sliced", f"the {_name(world, target)} cannot be sliced")
    if state.sliced[target]:
        raise Refusal("already_sliced", f"the {_name(world, target)} is already sliced")
    return replace(state, sliced=changed(state.sliced, target, True)), f"the {_name(world, target)} is sliced"


_FLOOR = ("floor", "the floor", "ground", "the ground")
_VERBS: Mapping[str, Callable[[World, WorldState, View, Interaction], Outcome]] = {
    "PickUp": _pick_up,
    "PutDown": _put_down,
    "Open": _open,
    "Close": _close,
    "TurnOn": _turn_on,
    "TurnOff": _turn_off,
    "Slice": _slice,
}


def _name(world: World, object_id: int) -> str:
    return world.apartment.objects[object_id].asset.category


def _reachable(world: World, state: WorldState, view: View, interaction: Interaction) -> int:
    """The object that is meant, in view, near enough and not behind a closed door of which a gap may show it."""
    target = choose(world, state, view, interaction)
    require_reach(world, state, target)
    if (parent := closed_around(world.apartment, state, target)) >= 0:
        raise Refusal("closed", f"the {_name(world, target)} is in the {_name(world, parent)}, which is closed; open it first")
    return target


def _switchable(world: World, state: WorldState, view: View, interaction: Interaction) -> int:
    """What can be switched: in reach, or in the hand."""
    held = held_meant(world, state, interaction)
    target = state.held if held else _reachable(world, state, view, interaction)
    if "toggle" not in skills_of(world.apartment.objects[target].asset):
        raise Refusal("not_switchable", f"the {_name(world, target)} cannot be switched on or off")
    return target
