"""What an agent is told of the things around it: an explicit choice, written into every record that compares agents.

`visible`: what is in view or in the hand. `remembered`: also what was in view before, by name and not by place.
`privileged`: every thing of the apartment, also behind closed doors, which is what VoTa-Bench's prompts list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from enactive.errors import ConfigError

from ..state import WorldState
from .layout import Layout
from .symbolic import TaskState, at_hand

Knowledge = Literal["visible", "remembered", "privileged"]
Memory = frozenset[int]


def in_view(layout: Layout, state: TaskState) -> Memory:
    """Ids of what the body sees without pictures: what it can act on. With them, `View.visible()` takes its place."""
    return frozenset(at_hand(layout, state))


def known_objects(
    layout: Layout, state: WorldState, seen: Iterable[int], memory: Memory, choice: Knowledge = "visible"
) -> tuple[str, ...]:
    """Names of the things that the agent is told of, each once, in the order of the alphabet.

    seen: ids in view now. memory: ids that were in view since the start; the caller keeps it (`memory | in_view(...)`).
    Raises ConfigError for another choice.
    """
    if choice not in get_args(Knowledge):
        raise ConfigError(f"an agent knows {', '.join(get_args(Knowledge))}, not {choice!r}")
    if choice == "privileged":
        return tuple(sorted(set(layout.categories)))
    ids = set(seen) | ({state.held} if state.held >= 0 else set())
    if choice == "remembered":
        ids |= memory
    return tuple(sorted({layout.categories[i] for i in ids}))


def scene_text(layout: Layout, state: WorldState, seen: Iterable[int], memory: Memory, choice: Knowledge = "visible") -> str:
    """`known_objects` and the hand in two sentences, for a prompt."""
    holding = layout.categories[state.held] if state.held >= 0 else ""
    return told(choice, known_objects(layout, state, seen, memory, choice), holding)


def told(choice: Knowledge, names: Iterable[str], holding: str) -> str:
    """What `scene_text` says, from the names alone. holding: "" = the hand is empty."""
    held = f"The hand holds the {holding}." if holding else "The hand is empty."
    return f"{_SAYS[choice]}: {', '.join(names) or 'nothing'}. {held}"


_SAYS: Mapping[Knowledge, str] = {"visible": "In view", "remembered": "Seen so far", "privileged": "In the apartment"}
