"""Where to look for what is shut away: what an agent can know of it, from other apartments and what it has opened so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from enactive.envs.household.feedback import Refusal
from enactive.envs.household.state import initial_state
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.symbolic import Command, TaskState, meant

Places = Mapping[str, tuple[str, ...]]
_ANYTHING = ""  # the entry for what was never found shut away


def hiding_places(layouts: Iterable[Layout]) -> Places:
    """Per category of thing, names of the furniture that shuts one away in some apartments, as they were made.

    Those come first that show most such things for each command that it takes to look into all of them; furniture that shut no
    thing of the category away comes last, by all things. Pick a category's by `places_for`.
    """
    hidden, opened = defaultdict[str, Counter[str]](Counter), Counter[str]()
    for layout in layouts:
        world = initial_state(layout.apartment)
        for i, category in enumerate(layout.categories):
            closed = layout.where(world, i)[1]
            if closed >= 0 and "pickup" in layout.skills[i]:
                hidden[category][layout.categories[closed]] += 1
                hidden[_ANYTHING][layout.categories[closed]] += 1
        for name, leaves in zip(layout.categories, layout.leaves, strict=True):
            drawers = sum(mover.kind != "hinge" for _, mover in leaves)
            opened[name] += 1 + drawers + (drawers < len(leaves))  # to go there; drawers open one by one, doors all at once

    def worth(place: str, category: str) -> float:
        return hidden[category][place] / opened[place]

    return {
        category: tuple(sorted(hidden[_ANYTHING], key=lambda name: (-worth(name, category), -worth(name, _ANYTHING), name)))
        for category in list(hidden)
    }


def places_for(places: Places, category: str) -> tuple[str, ...]:
    """Where to look for a thing of a category, in this order."""
    return places.get(category, places.get(_ANYTHING, ()))


def look_into(layout: Layout, state: TaskState, places: Iterable[str]) -> Command | None:
    """The next command of a search through pieces of furniture that still have something closed; None where none has."""
    for name in places:
        shut = {
            i
            for i in layout.of_category.get(name, ())
            if layout.shows(state.world, i) and any(state.world.opening[k] < 0.5 for k, _ in layout.leaves[i])
        }
        if shut:
            return Command("Open" if _meant_here(layout, state, name) in shut else "Find", name)
    return None


def _meant_here(layout: Layout, state: TaskState, name: str) -> int:
    """What a name means to one who opens it here, -1 = nothing."""
    try:
        return meant(layout, state, "Open", name)
    except Refusal:
        return -1
