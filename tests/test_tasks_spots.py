"""The search for free spots against the plain one: every place against every thing, one table for all of them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from enactive.envs.household import spots
from enactive.envs.household.rectangles import turned
from enactive.envs.household.state import WorldState
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import apply_command
from enactive.envs.household.tasks.task import layout_of, start_of


def plain_spots(layout: Layout, state: WorldState, target: int, k: int, load: spots.Load) -> tuple[np.ndarray, np.ndarray]:
    world, surface = layout.as_world, layout.apartment.objects[target].asset.surfaces[k]
    centre, pose = spots._surface_centre(world, state, target, k), state.pose[target]
    poses, points, z = [np.zeros((0, 4))], [np.zeros((0, 3))], pose[2] + centre[2]
    if load.high[2] - load.low[2] > spots._headroom_m(world, state, target, k, centre) - 0.005:
        return poses[0], points[0]
    taken = np.array(spots._boxes_on(world, state, target, k)).reshape(-1, 4)
    middle, half = (load.low + load.high)[:2] / 2, (load.high - load.low)[:2] / 2
    for quarter in (0, 1):
        size, offset = half[::-1] if quarter else half, turned(middle, quarter * np.pi / 2)
        room = np.array(surface.half_size) - size
        if (room < 0.0).any():
            continue
        xs, ys = (c + np.linspace(-r, r, 1 + 2 * int(np.ceil(r / 0.04))) for c, r in zip(centre[:2], room, strict=True))
        free = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 1, 2)
        over = (free - size - spots.GAP_M < taken[:, 2:]) & (free + size + spots.GAP_M > taken[:, :2])
        free = free[~over.all(axis=2).any(axis=1), 0]
        xy = pose[:2] + turned(free - offset, float(pose[3]))
        yaw = (pose[3] + quarter * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
        poses.append(np.column_stack([xy, np.tile([z + spots.LIFT_M - load.low[2], yaw], (len(xy), 1))]))
        points.append(np.column_stack([pose[:2] + turned(free, float(pose[3])), np.full(len(xy), z)]))
    return np.concatenate(poses), np.concatenate(points)


@pytest.mark.parametrize("split", ["val_unseen", "train"])
def test_it_finds_the_same_places_to_the_last_bit(split: str) -> None:
    compared = found = 0
    for task in load_tasks(split)[:12]:
        layout = layout_of(task)
        state = start_of(layout, task)
        for command in expert_plan(layout, state, task):
            state, _ = apply_command(layout, state, command)
            if state.world.held < 0:
                continue
            load = spots.load_of(layout.as_world, state.world)
            for placed in layout.apartment.objects[::3]:
                for k in range(len(placed.asset.surfaces)):
                    new = spots.free_spots(layout.as_world, state.world, placed.id, k, load)
                    old = plain_spots(layout, state.world, placed.id, k, load)
                    assert [each.tobytes() for each in new] == [each.tobytes() for each in old]
                    compared, found = compared + 1, found + bool(len(old[0]))
    assert 100 < found < compared


def test_expert_plans_still_end_in_the_same_states() -> None:
    whole = sha256()
    for task in load_tasks("val_unseen")[:30]:
        layout = layout_of(task)
        state = start_of(layout, task)
        for command in expert_plan(layout, state, task):
            state, feedback = apply_command(layout, state, command)
            whole.update(f"{command} {feedback.message} {state.at}".encode())
        whole.update(np.round(state.world.pose, 5).tobytes() + state.world.parent.tobytes() + state.world.surface.tobytes())
    assert whole.hexdigest()[:16] == "7204f2c620eaf66c"
