"""What of an apartment blocks the body, and where doors, lids and drawers reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_apartment import MUG, TABLE, at, box_asset, toy_apartment

from enactive.envs.household import meshes, motion
from enactive.envs.household.env import Household
from enactive.envs.household.model import (
    COLOURS,
    Material,
    Mover,
    Part,
    Placed,
)
from enactive.envs.household.obstacles import Obstacles, leaf_box
from enactive.envs.household.state import changed, initial_state, set_opening


def test_doors_show_where_they_stand_and_block_there(toy: Household) -> None:
    apartment, state = toy.world.apartment, at(toy, 6.5, 1.6, np.pi / 2)
    shut = toy.renderer.rgbd(state)[1]
    opened = set_opening(apartment, state, 0, 1.0)
    assert not np.array_equal(toy.renderer.rgbd(opened)[1], shut)
    # The leaf, hinged at the corner, now points at the middle of the room.
    prints = toy.world.obstacles.footprints(opened)
    tip = np.array([[6.8, 2.3]])
    assert motion.clearance_m(tip, prints)[0] < 0.05
    assert motion.clearance_m(tip, toy.world.obstacles.footprints(state))[0] > 0.3


def test_big_things_on_the_floor_block_and_small_ones_do_not(toy: Household) -> None:
    size = {"crate": (0.3, 0.3, 0.3), "dice": (0.1, 0.1, 0.1), "beam": (0.3, 0.3, 0.3), "mat": (0.5, 0.5, 0.01)}
    height = {"beam": 1.2}
    things = tuple(
        Placed(i, box_asset(name, extent, "red"), (1.0 + i, 1.0, height.get(name, 0.0)), 0.0, 0)
        for i, (name, extent) in enumerate(size.items())
    )
    apartment = replace(toy_apartment(), objects=things)
    obstacles, state = Obstacles(apartment, np.zeros((0, 6))), initial_state(apartment)
    assert obstacles.footprints(state).owner.tolist() == [0]
    assert obstacles.footprints(replace(state, held=0)).owner.tolist() == []
    lifted = changed(changed(state.pose, 0, [1, 1, 1.0, 0]), 2, [3, 1, 0.5, 0])
    assert obstacles.footprints(replace(state, pose=lifted)).owner.tolist() == [2]


def test_a_lid_and_a_drawer_block_where_they_reach() -> None:
    lid = Mover(
        "lid",
        "hinge",
        (0, 1, 0),
        (-0.3, 0, 0.4),
        -1.5,
        (Part(meshes.box((0.6, 0.4, 0.02), (0, 0, 0.4)), Material(COLOURS["red"])),),
    )
    centre, half, yaw = leaf_box(lid, 1.0)
    turned = np.array([np.cos(1.5), np.sin(1.5)]) * 0.6
    assert centre[[0, 2]] == pytest.approx(np.array([-0.3, 0.4]) + turned / 2, abs=0.02)
    assert half[2] == pytest.approx(turned[1] / 2, abs=0.01)
    assert yaw == 0.0
    door = Mover(
        "door",
        "hinge",
        (0, 0, -1),
        (0.3, 0.2, 0),
        1.2,
        (Part(meshes.box((0.02, 0.4, 0.5), (0.3, 0, 0.3)), Material(COLOURS["red"])),),
    )
    centre, half, yaw = leaf_box(door, 0.5)
    assert yaw == pytest.approx(-0.6)
    assert centre[:2] == pytest.approx([0.3 - 0.2 * np.sin(0.6), 0.2 - 0.2 * np.cos(0.6)])
    assert half == pytest.approx([0.01, 0.2, 0.25])


def test_what_blocks_stays_the_same_object_until_it_moves(toy: Household) -> None:
    obstacles, state = toy.world.obstacles, toy.state
    prints = obstacles.footprints(state)
    small = replace(state, pose=changed(state.pose, MUG, [1.0, 1.0, 0.0, 0.0]))
    assert obstacles.footprints(small) is prints
    moved = obstacles.footprints(replace(state, pose=changed(state.pose, TABLE, [1.0, 1.0, 0.0, 0.0])))
    assert motion.clearance_m(np.array([1.0, 1.0]), moved)[0] == 0.0
    assert motion.clearance_m(np.array([1.0, 1.0]), obstacles.footprints(state))[0] > 0.2
