"""Making the suites of household tasks: `python -m enactive.envs.household.tasks.make_tasks [SPLIT ...]`.

Every task can be done by the expert in at most 20 commands with what it goes to in sight, is not done at the start, and is
asked for in a sentence that belongs to its split. Types are drawn in turn, so that they come out as even as the apartments
allow.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import islice

import numpy as np

from ..camera import camera_pose, intrinsics
from ..render import Renderer
from ..suites import PICTURE_SIZE
from ..targets import View
from ..world import load_world
from .conditions import begun
from .expert import expert_plan
from .layout import Layout, load_layout
from .suites import COMMAND, FIRST_SEED, SPLITS, save_tasks
from .symbolic import Command, TaskState, apply_command
from .task import DOES, LAMPS, NEEDS, TASK_TYPES, Task, TaskType, is_place, of_category, start_of, words_of
from .wording import belongs_to_val, instruct

COUNTS = {"train": 2400, "val_seen": 560, "val_unseen": 660}
PER_APARTMENT = {"train": 12, "val_seen": 7, "val_unseen": 7}
SLICED = 0.7  # of the tasks about what can be sliced
LONGEST_PLAN = 20  # leaves five commands of an episode's 25 for looking around
TRIES = 30  # draws of one type in one apartment
SENTENCES = 60


def make_split(split: str, workers: int = 2) -> list[Task]:
    """The tasks of one split."""
    count, each, first = COUNTS[split], PER_APARTMENT[split], FIRST_SEED[split]
    seeds = range(first, first + -(-count * 5 // (each * 4)))  # some apartments give fewer
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        made = list(pool.map(apartment_tasks, [split] * len(seeds), seeds, [each] * len(seeds), chunksize=4))
    return [task for tasks in made for task in tasks][:count]


def apartment_tasks(split: str, seed: int, count: int) -> list[Task]:
    """Up to `count` tasks of one apartment, of as many types as it allows."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, SPLITS.index(split), 7])))
    layout = load_layout(seed, None)
    with Renderer(load_world(seed, None).compiled, *PICTURE_SIZE) as renderer:
        return list(islice(_made(layout, split, count, rng, renderer), count))


def practice_tasks(layout: Layout, count: int, rng: np.random.Generator) -> list[Task]:
    """Up to `count` more tasks of one apartment to train on without pictures, in sentences that no val split has.

    They are drawn as those of the train split are, and what they go to need not be in sight of the camera. Their ids are
    practice-SEED-N, N in the order of drawing, which no task of a split has.
    """
    made = islice(_made(layout, "train", count, rng, None), count)
    return [replace(task, id=f"practice-{layout.apartment.seed}-{n}") for n, task in enumerate(made)]


def _made(layout: Layout, split: str, count: int, rng: np.random.Generator, renderer: Renderer | None) -> Iterator[Task]:
    """Tasks of as many types as the apartment allows, each about something else; renderer: None = sight is not asked for."""
    about: set[tuple[str, ...]] = set()
    for kind in _types(rng, count):
        for _ in range(TRIES):
            task = _drawn(layout, kind, rng)
            if task is None or (key := (task.type, task.object, task.receptacle, task.movable)) in about:
                continue
            if (ready := _finished(layout, task, split, rng, renderer)) is not None:
                yield replace(ready, id=f"{split}-{layout.apartment.seed}-{len(about)}")
                about.add(key)
                break


def _types(rng: np.random.Generator, count: int) -> Iterator[TaskType]:
    """Every type once in random order, and again; more than are needed, since an apartment may not allow some."""
    for _ in range(2 + 2 * count // len(TASK_TYPES)):
        for k in rng.permutation(len(TASK_TYPES)):
            yield TASK_TYPES[k]


def _drawn(layout: Layout, kind: TaskType, rng: np.random.Generator) -> Task | None:
    """A task of a type about things of the apartment; None where a draw does not fit."""
    skills, names = layout.skills, layout.categories
    needs = NEEDS.get(kind)
    things = [i for i, own in enumerate(skills) if "pickup" in own and (needs is None or needs in own)]
    places = sorted({n for i, n in enumerate(names) if is_place(layout, i) and DOES.get(kind) not in skills[i]})
    movables = sorted({n for i, n in enumerate(names) if "pickup" in skills[i] and layout.apartment.objects[i].asset.surfaces})
    lamps = sorted({n for n in names if n in LAMPS})
    if not things or (kind == "examine" and not lamps) or (kind == "stack" and not movables):
        return None
    thing = things[int(rng.integers(len(things)))]
    name = names[thing]
    same = of_category(layout, name)
    attribute = ""
    if kind != "pick_two" and len(same) > 1 and rng.random() < 0.4:
        words = [w for w in words_of(layout, thing) if any(w not in words_of(layout, other) for other in same)]
        attribute = words[int(rng.integers(len(words)))] if words else ""
    place = _pick(lamps if kind == "examine" else places, rng)
    movable = _pick(movables, rng) if kind == "stack" else ""
    if name in (place, movable) or movable == place or (kind == "pick_two" and len(same) < 2):
        return None
    sliceable = "slice" in skills[thing] and any("cuts" in own for own in skills)
    x, y = layout.stands.cells[int(rng.integers(len(layout.stands.cells)))]
    return Task(
        id="",
        apartment_seed=layout.apartment.seed,
        rooms=None,
        start=(round(float(x), 4), round(float(y), 4), round(float(rng.integers(12) * np.pi / 6 - np.pi), 4)),
        type=kind,
        object=name,
        receptacle=place,
        instruction="",
        plan_length=0,
        attribute=attribute,
        movable=movable,
        sliced=bool(sliceable and rng.random() < SLICED),
        digest=layout.digest,
    )


def _finished(layout: Layout, task: Task, split: str, rng: np.random.Generator, renderer: Renderer | None) -> Task | None:
    """The task with its sentence and the length of its plan; None where it is begun already or cannot be done in sight."""
    state = start_of(layout, task)
    if begun(layout, state.world, task):
        return None
    plan = expert_plan(layout, state, task)
    if plan is None or not 0 < len(plan) <= LONGEST_PLAN:
        return None
    if renderer is not None and not _in_sight(layout, state, plan, renderer):
        return None
    for _ in range(SENTENCES):
        sentence = instruct(task, rng)
        if belongs_to_val(sentence) == (split != "train"):
            return replace(task, plan_length=len(plan), instruction=sentence)
    return None


def _in_sight(layout: Layout, state: TaskState, plan: Sequence[Command], renderer: Renderer) -> bool:
    """Whether the picture shows, after every `Find` of a plan, enough of what was found."""
    K = intrinsics(*PICTURE_SIZE)
    for command in plan:
        state, _ = apply_command(layout, state, command)
        if command.verb == "Find":
            pose = camera_pose(state.world.base, state.world.pitch_rad)
            if state.at not in View(renderer.segmentation(state.world, pose), K, pose).visible():
                return False
    return True


def _pick(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the named splits, all without a name, and print what is in them."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Make the suites of household tasks.")
    parser.add_argument("splits", nargs="*", default=list(SPLITS), help=f"of {', '.join(SPLITS)}; all where none is named")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    for split in chosen.splits:
        tasks = make_split(split, chosen.workers)
        path = save_tasks(split, tasks)
        counts = Counter(task.type for task in tasks)
        print(f"{path.name}: {len(tasks)} tasks, {path.stat().st_size} bytes, {dict(counts)}")


if __name__ == "__main__":
    main()
