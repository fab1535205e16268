"""One household task: its type, what it is about, the sentence that asks for it, and how it starts (ALFRED, Shridhar 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from enactive.errors import ConfigError

from ..model import Skill
from ..state import WorldState, initial_state
from ..targets import skills_of
from .layout import Layout, load_layout
from .symbolic import TaskState, settle_fast

TaskType = Literal["pick", "stack", "pick_two", "clean", "heat", "cool", "examine"]
TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)
LAMPS = ("floor lamp", "table lamp")
NEEDS: Mapping[TaskType, Skill] = {"clean": "dirty", "heat": "heat", "cool": "cool"}  # of the thing
DOES: Mapping[TaskType, Skill] = {"clean": "cleans", "heat": "heats", "cool": "cools"}  # of the appliance
NO_PLACES = frozenset({"door", "aquarium", "toilet", "house plant"})


@dataclass(frozen=True, slots=True)
class Task:
    """A task in one apartment. apartment_seed, rooms: as given to `make_apartment`. start: x, y metres and yaw rad.

    object: category of what is handled; attribute: word of colour, material or shape that it must have too, "" = any.
    receptacle: category of where it goes or, to examine, of the lamp. movable: category of what carries it there ("stack").
    sliced: it must be sliced too. plan_length: commands of the shortest expert plan, without `done` (L*).
    digest: of the apartment that the task was made in, "" = any.
    """

    id: str
    apartment_seed: int
    rooms: int | None
    start: tuple[float, float, float]
    type: TaskType
    object: str
    receptacle: str
    instruction: str
    plan_length: int
    attribute: str = ""
    movable: str = ""
    sliced: bool = False
    digest: str = ""


def objects_of(layout: Layout, task: Task) -> tuple[int, ...]:
    """Ids of the things that the task may be done with."""
    return tuple(i for i in of_category(layout, task.object) if not task.attribute or task.attribute in words_of(layout, i))


def of_category(layout: Layout, category: str) -> tuple[int, ...]:
    """Ids of all things of a category."""
    return layout.of_category.get(category, ())


def words_of(layout: Layout, object_id: int) -> tuple[str, str, str]:
    """Colour, material and shape of a thing."""
    asset = layout.apartment.objects[object_id].asset
    return asset.colour, asset.material, asset.shape


def is_place(layout: Layout, object_id: int) -> bool:
    """Whether a task may ask for things to be put there: furniture and appliances, not what is carried about."""
    asset = layout.apartment.objects[object_id].asset
    return bool(asset.surfaces) and asset.category not in NO_PLACES and "pickup" not in skills_of(asset)


def layout_of(task: Task) -> Layout:
    """The apartment of a task. Raises ConfigError where it is not the one that the task was made for."""
    layout = load_layout(task.apartment_seed, task.rooms)
    if task.digest and task.digest != layout.digest:
        raise ConfigError(
            f"task {task.id} was made for another version of the apartment of seed {task.apartment_seed}: "
            "make the suite again with `python -m enactive.envs.household.tasks.make_tasks`"
        )
    return layout


def start_of(layout: Layout, task: Task, seed: int = 0) -> TaskState:
    """How a task starts: the apartment as made, with what is to be cleaned dirty and the lamps that are to be lit off.

    seed: of the state's random draws. The world of it is what `Household.restore_state` takes for the physical body.
    """
    return TaskState(start_world(layout, task, seed))


def start_world(layout: Layout, task: Task, seed: int = 0) -> WorldState:
    """The world's part of `start_of`."""
    state = initial_state(layout.apartment, task.start, seed)
    if task.type == "clean":
        can = np.array(["dirty" in skills for skills in layout.skills])
        state = replace(state, dirty=state.dirty | (_mask(layout, task.object) & can))
    if task.type == "examine":
        state = replace(state, on=state.on & ~_mask(layout, task.receptacle))
    return settle_fast(layout, state)


def _mask(layout: Layout, category: str) -> np.ndarray:
    return np.array([name == category for name in layout.categories])
