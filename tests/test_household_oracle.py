"""What only the oracle tells: view points, success and the targets of a goal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_apartment import CABINET, MUG, TABLE, at

from enactive.envs import ImageGoal, ObjectGoal, TextGoal
from enactive.envs.household.env import Household
from enactive.envs.household.episode import NavigationEpisode
from enactive.envs.household.state import changed


def test_view_points_see_their_object(toy: Household) -> None:
    geodesics = toy.world.geodesics(toy.state)
    points = geodesics.grid.centres(np.argwhere(toy.oracle.view_points([MUG])))
    assert len(points) > 50
    assert np.hypot(*(points - [2.1, 2.0]).T).max() <= 1.0 + 0.05 * np.sqrt(2) + 1e-9
    for x, y in points[:: len(points) // 12]:
        yaw = np.arctan2(2.0 - y, 2.1 - x)
        codes = toy.renderer.segmentation(at(toy, x, y, yaw, float(np.deg2rad(-15))))
        assert (codes == MUG).any()


def test_what_a_screen_hides_has_no_view_point_behind_it(toy: Household) -> None:
    mug = changed(toy.state.pose, MUG, [5.1, 0.8, 0.0, 0.0])  # right behind the screen
    toy.restore_state(replace(toy.state, pose=mug))
    points = toy.world.geodesics(toy.state).grid.centres(np.argwhere(toy.oracle.view_points([MUG])))
    assert len(points) > 10
    abreast = np.abs(points[:, 1] - 0.8) < 0.55
    assert abreast.any()
    assert (points[abreast, 0] > 5.0).all()
    shut_in = replace(toy.state, held=MUG)
    toy.restore_state(shut_in)
    assert not toy.oracle.view_points([MUG]).any()
    assert toy.oracle.geodesic_m(np.array([1.0, 0.5]), [MUG]) == np.inf


def test_success_is_to_stop_at_a_view_point(toy: Household) -> None:
    episode = NavigationEpisode("e", 11, None, (6.5, 0.5, 0.0), ObjectGoal("mug"), (MUG,), 5.0)
    _, info = toy.reset(options={"episode": episode})
    assert info["feedback"]["ok"]
    assert toy.oracle.targets == (MUG,)
    far = toy.oracle.distance_to_goal_m()
    path = toy.oracle.path_m(toy.state.base[:2], [MUG])
    assert 3.5 < far < 8.0
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).sum() == pytest.approx(far)
    assert abs(path[np.abs(path[:, 0] - 4.0).argmin(), 1] - 2.0) < 0.45  # through the doorway
    assert not toy.oracle.success(stopped=True)
    toy.restore_state(at(toy, *path[-1], 0.0))
    assert toy.oracle.distance_to_goal_m() == 0.0
    assert toy.oracle.success(stopped=True)
    assert not toy.oracle.success(stopped=False)


def test_goals_name_their_targets_where_they_can(toy: Household) -> None:
    toy.reset(options={"goal": ObjectGoal("mug")})
    assert toy.oracle.targets == (MUG,)
    toy.reset(options={"goal": TextGoal("the red mug")})
    assert toy.oracle.targets == (MUG,)
    toy.reset(options={"goal": ImageGoal(np.zeros((4, 4, 3), dtype=np.uint8))})
    assert toy.oracle.targets == ()
    assert np.isnan(toy.oracle.distance_to_goal_m())
    truth = toy.oracle.objects[MUG]
    assert (truth.category, truth.colour, truth.room, truth.parent) == ("mug", "red", 0, TABLE)
    assert toy.oracle.pose(CABINET)[:3, 3] == pytest.approx([6.5, 3.0, 0.0])
    toy.restore_state(replace(toy.state, pose=changed(toy.state.pose, MUG, [6.0, 2.0, 0.0, 0.0])))
    assert toy.oracle.objects[MUG].room == 1
