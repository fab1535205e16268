"""The apartment as an environment: what is seen, how the body moves, what is saved, and what only the oracle tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from toy_apartment import CABINET, KNIFE, LAMP, MUG, TABLE, box_asset, toy_apartment

import enactive.envs
from enactive.envs import DISCRETE_ACTIONS, ImageGoal, ObjectGoal, Observation, TextGoal
from enactive.envs.household import meshes, motion, world
from enactive.envs.household.camera import camera_pose
from enactive.envs.household.compile import FLOOR, SHELL_CODES, VOID, compile_apartment, pose_model
from enactive.envs.household.effects import COLD, HOT
from enactive.envs.household.engine import mujoco
from enactive.envs.household.env import Household
from enactive.envs.household.episode import NavigationEpisode
from enactive.envs.household.model import (
    COLOURS,
    Asset,
    Box,
    Material,
    Mover,
    Part,
    Placed,
)
from enactive.envs.household.obstacles import Obstacles, leaf_box
from enactive.envs.household.render import DepthSensor, Renderer
from enactive.envs.household.state import WorldState, changed, initial_state, movers, set_opening
from enactive.envs.household.vapour import tinted
from enactive.errors import ConfigError
from enactive.perception.colours import linear_to_lab, name_colour, rgb_to_linear


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    monkeypatch.setattr(world, "make_apartment", lambda seed, rooms: toy_apartment())
    world.load_world.cache_clear()
    env = Household()
    env.reset(seed=0)
    yield env
    env.close()
    world.load_world.cache_clear()


@pytest.fixture(scope="module")
def real() -> Iterator[Household]:
    world.load_world.cache_clear()
    env = Household(seed=2, rooms=4)
    env.reset(seed=0)
    yield env
    env.close()


def at(env: Household, x: float, y: float, yaw: float, pitch: float = 0.0) -> WorldState:
    return replace(env.state, base=np.array([x, y, yaw]), pitch_rad=pitch)


# --- what is seen


@pytest.mark.parametrize("mode", ["discrete", "base_twist"])
def test_gymnasium_accepts_it(mode: str) -> None:
    env = gymnasium.make(
        "enactive/Household-v0", seed=2, rooms=4, control_mode=mode, width=64, height=48, render_mode="rgb_array"
    )
    check_env(env.unwrapped)
    obs, info = env.reset(seed=3)
    seen = Observation.from_gym(obs, info)
    assert seen.cameras["head"].rgb.shape == (48, 64, 3)
    assert not seen.extra
    again, _ = env.reset(seed=3)
    other, _ = env.reset(seed=4)
    assert np.array_equal(again["T_world_base"], obs["T_world_base"])
    assert not np.array_equal(other["T_world_base"], obs["T_world_base"])
    assert np.array_equal(env.render(), other["cameras"]["head"]["rgb"])
    env.close()


def test_depth_and_intrinsics_agree_with_rays(toy: Household) -> None:
    """Every pixel's ray, cast through the model, ends at the depth that the picture shows."""
    state = at(toy, 0.6, 1.5, 0.4, -0.3)
    sensor = DepthSensor(range_m=(0.0, 50.0))
    with Renderer(toy.world.compiled, sensor=sensor) as renderer:
        _, depth = renderer.rgbd(state)
    data = mujoco.MjData(toy.world.compiled.model)
    pose_model(toy.world.compiled, data, state)
    pose, rng, wrong = camera_pose(state.base, state.pitch_rad), np.random.default_rng(0), 0
    for v, u in zip(rng.integers(0, 240, 300), rng.integers(0, 320, 300), strict=True):
        ray = np.linalg.inv(renderer.K) @ [u, v, 1.0]
        hit = mujoco.mj_ray(toy.world.compiled.model, data, pose[:3, 3], pose[:3, :3] @ ray, None, 1, -1, np.zeros(1, np.int32))
        wrong += abs(hit - depth[v, u]) > 0.01 * hit
    assert wrong <= 5  # pixels on an edge


def test_depth_outside_the_range_is_zero_and_noise_is_the_states(toy: Household) -> None:
    state = at(toy, 0.3, 2.0, 0.0)
    with Renderer(toy.world.compiled, sensor=DepthSensor((0.0, 50.0))) as exact, Renderer(toy.world.compiled) as clipped:
        truth, seen = exact.rgbd(state)[1], clipped.rgbd(state)[1]
    assert ((seen == 0) == ((truth < 0.5) | (truth > 5.0))).all()
    assert (seen == 0).any()
    with Renderer(toy.world.compiled, sensor=DepthSensor((0.0, 50.0), noisy=True)) as noisy:
        first, again = noisy.rgbd(state)[1], noisy.rgbd(state)[1]
        later = noisy.rgbd(replace(state, steps=1))[1]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)
    near = truth < 3.0
    ratio = first[near] / truth[near]
    assert abs(float(ratio.mean()) - 1.0) < 0.002
    assert 0.008 < float(ratio.std()) < 0.013


def test_segmentation_names_what_stands_there(toy: Household) -> None:
    state = at(toy, 0.6, 1.6, 0.3)
    codes = toy.renderer.segmentation(state)
    assert set(np.unique(codes)) <= {*range(6), *SHELL_CODES.values()}
    assert VOID not in codes
    _, depth = toy.renderer.rgbd(state)
    pose, K = camera_pose(state.base, state.pitch_rad), toy.renderer.K
    v, u = np.nonzero((codes == MUG) & (depth > 0))
    assert len(v) > 20
    points = np.column_stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(len(u))]) * depth[v, u, None]
    places = points @ pose[:3, :3].T + pose[:3, 3]
    assert (np.abs(places - [2.1, 2.0, 0.75]) < 0.08).all()
    v, u = np.nonzero((codes == FLOOR) & (depth > 0))
    points = np.column_stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(len(u))]) * depth[v, u, None]
    assert np.percentile(np.abs((points @ pose[:3, :3].T + pose[:3, 3])[:, 2]), 99) < 0.02


def test_culling_changes_no_pixel(real: Household) -> None:
    compiled, rng = real.world.compiled, np.random.default_rng(5)
    hidden = 0
    with Renderer(compiled, culling=False) as plain, Renderer(compiled) as culled:
        for _ in range(60):
            x, y, yaw = real.world.random_start(real.state, rng) or pytest.fail("no floor")
            state = at(real, x, y, yaw + float(rng.uniform(0, 1)), float(rng.choice([-1.0, -0.5, 0.0, 0.5])))
            if len(state.opening):
                state = replace(state, opening=rng.choice([0.0, 0.5, 1.0], len(state.opening)))
            state = replace(state, temperature=rng.choice([-1, 0, 0, 1], len(state.pose)).astype(np.int8))
            expected, got = plain.rgbd(state), culled.rgbd(state)
            assert np.array_equal(expected[0], got[0])
            assert np.array_equal(expected[1], got[1])
            hidden += plain.scene.ngeom - culled.scene.ngeom
    assert hidden > 0


@pytest.mark.parametrize("temperature", [HOT, COLD])
def test_heat_and_cold_show_on_the_thing_and_are_gone_with_the_state(toy: Household, temperature: int) -> None:
    toy.restore_state(at(toy, 1.2, 2.0, 0.0, -0.3))
    saved = toy.save_state()
    (rgb, depth), codes = toy.renderer.rgbd(saved), toy.renderer.segmentation(saved)
    toy.restore_state(replace(saved, temperature=changed(saved.temperature, MUG, temperature)))
    (other, same_depth), same_codes = toy.renderer.rgbd(toy.state), toy.renderer.segmentation(toy.state)
    assert np.array_equal(depth, same_depth)
    assert np.array_equal(codes, same_codes)
    mask, differs = codes == MUG, (rgb != other).any(axis=-1)
    assert mask.sum() > 200
    assert differs[mask].mean() > 0.95
    gain = other.astype(float)[mask].mean(axis=0) - rgb.astype(float)[mask].mean(axis=0)
    assert gain[2] < gain[1] if temperature == HOT else gain[2] > 20.0  # warmer, or bluer
    v, u = np.nonzero(mask)
    around = np.zeros_like(mask)
    around[v.min() - (60 if temperature == HOT else 1) : v.max() + 2, u.min() - 4 : u.max() + 5] = True
    assert not differs[~around].any()
    above = differs[: v.min()]
    assert above.sum() > 50 if temperature == HOT else above.sum() < 10  # steam rises, frost lies
    toy.restore_state(saved)
    assert np.array_equal(toy.renderer.rgbd(toy.state)[0], rgb)


def test_what_is_shut_away_does_not_steam_over_what_hides_it(toy: Household) -> None:
    shut = at(toy, 6.5, 1.8, np.pi / 2)
    drawer = [mover.name for _, mover in movers(toy.world.apartment)].index("drawer")
    opened = set_opening(toy.world.apartment, shut, drawer, 1.0)
    for state, steams in ((shut, False), (opened, True)):
        hot = replace(state, temperature=changed(state.temperature, KNIFE, HOT))
        assert np.array_equal(toy.renderer.rgbd(state)[0], toy.renderer.rgbd(hot)[0]) is not steams


def test_what_is_in_the_hand_or_behind_a_wall_does_not_steam(toy: Household) -> None:
    seen, away = at(toy, 1.2, 2.0, 0.0, -0.3), at(toy, 5.5, 3.5, np.pi / 2)
    for state in (replace(seen, held=MUG), away):
        for temperature in (HOT, COLD):
            changed_state = replace(state, temperature=changed(state.temperature, MUG, temperature))
            assert np.array_equal(toy.renderer.rgbd(state)[0], toy.renderer.rgbd(changed_state)[0])


@pytest.mark.parametrize("temperature", [HOT, COLD])
def test_hot_and_cold_things_keep_the_word_for_their_colour(temperature: int) -> None:
    for word, rgb in COLOURS.items():
        plain = np.array([rgb], dtype=np.float32)
        for light in (1.0, 0.9):
            shown = 255.0 * light * tinted(plain, np.array([temperature], dtype=np.int8))[0]
            assert next(iter(name_colour(linear_to_lab(rgb_to_linear(shown))))) == word


def test_two_renderers_of_one_model_do_not_disturb_each_other(toy: Household) -> None:
    dark = at(toy, 6.0, 1.5, -0.8)
    bright = replace(dark, on=changed(dark.on, LAMP, True))
    with Renderer(toy.world.compiled) as one, Renderer(toy.world.compiled) as two:
        first = one.rgbd(dark)[0]
        assert two.rgbd(bright)[0].astype(int).sum() > first.astype(int).sum()
        assert np.array_equal(one.rgbd(dark)[0], first)


def test_a_lamp_lights_its_room_and_no_other(toy: Household) -> None:
    away, office = at(toy, 3.0, 3.4, 3.0), at(toy, 5.5, 1.6, -0.5)
    lit = changed(toy.state.on, LAMP, True)
    assert np.array_equal(toy.renderer.rgbd(away)[0], toy.renderer.rgbd(replace(away, on=lit))[0])
    before, after = toy.renderer.rgbd(office)[0], toy.renderer.rgbd(replace(office, on=lit))[0]
    walls = toy.renderer.segmentation(office) == SHELL_CODES["wall"]
    assert after[walls].mean() > 1.15 * before[walls].mean()


# --- state


def test_a_restored_state_shows_the_same_bytes(toy: Household) -> None:
    saved = toy.save_state()
    before = toy.renderer.rgbd(saved)
    state = set_opening(toy.world.apartment, saved, 0, 1.0)
    toy.restore_state(
        replace(state, on=changed(state.on, LAMP, True), held=MUG, pose=changed(state.pose, 0, [1.0, 1.0, 0.0, 2.0]))
    )
    for action in (1, 2, 1, 5, 1):
        toy.step(action)
    assert toy.state.digest() != saved.digest()
    toy.restore_state(saved)
    assert toy.state.to_bytes() == saved.to_bytes()
    after = toy.renderer.rgbd(toy.state)
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])


def test_a_state_cannot_be_written_to(toy: Household) -> None:
    with pytest.raises(ValueError, match="read-only"):
        toy.state.pose[0, 0] = 1.0
    toy.step(1)
    with pytest.raises(ValueError, match="read-only"):
        toy.state.base[0] = 1.0


def test_every_value_of_a_state_shows_in_its_digest() -> None:
    state = initial_state(toy_apartment())
    other = [
        replace(state, pose=changed(state.pose, 2, 1.0)),
        replace(state, parent=changed(state.parent, 2, 1)),
        replace(state, surface=changed(state.surface, 2, 0)),
        replace(state, on=changed(state.on, 0, True)),
        replace(state, dirty=changed(state.dirty, 0, True)),
        replace(state, sliced=changed(state.sliced, 0, True)),
        replace(state, temperature=changed(state.temperature, 0, -1)),
        replace(state, opening=changed(state.opening, 0, 0.5)),
        replace(state, base=np.array([0.0, 0.0, 1e-9])),
        replace(state, pitch_rad=0.1),
        replace(state, held=0),
        replace(state, steps=1),
        replace(state, seed=1),
    ]
    assert len({state.digest(), *(each.digest() for each in other)}) == len(other) + 1


def test_what_lies_in_a_drawer_travels_with_it(toy: Household) -> None:
    apartment, state = toy.world.apartment, toy.state
    drawer = [mover.name for _, mover in movers(apartment)].index("drawer")
    opened = set_opening(apartment, state, drawer, 1.0)
    assert opened.pose[KNIFE, :3] == pytest.approx([6.5, 2.7, 0.77])  # the cabinet faces -y
    assert np.array_equal(np.delete(opened.pose, KNIFE, axis=0), np.delete(state.pose, KNIFE, axis=0))
    assert set_opening(apartment, opened, drawer, 0.0).pose == pytest.approx(state.pose)


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


def test_the_same_seed_gives_the_same_bytes_in_another_process(real: Household) -> None:
    code = (
        "from enactive.envs.household.env import Household\n"
        "env = Household(seed=2, rooms=4)\nenv.reset(seed=9)\n"
        "for a in (1, 2, 1, 1, 3, 4): env.step(a)\n"
        "print(env.save_state().digest())\nenv.close()"
    )
    real.reset(seed=9)
    for action in (1, 2, 1, 1, 3, 4):
        real.step(action)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.strip() == real.save_state().digest()
    assert out.stderr == ""


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


# --- the environment around it


def test_discrete_moves_are_as_large_as_they_say(toy: Household) -> None:
    toy.restore_state(at(toy, 1.0, 0.5, 0.0))
    obs, *_ = toy.step(DISCRETE_ACTIONS.index("move_forward"))
    assert obs["T_world_base"][:2, 3] == pytest.approx([1.25, 0.5])
    toy.step(DISCRETE_ACTIONS.index("turn_left"))
    obs, *_ = toy.step(DISCRETE_ACTIONS.index("look_up"))
    forward = obs["cameras"]["head"]["T_world_camera"][:3, 2]
    assert np.arctan2(forward[1], forward[0]) == pytest.approx(np.pi / 6)
    assert np.arcsin(forward[2]) == pytest.approx(np.pi / 6)
    for _ in range(3):
        toy.step(DISCRETE_ACTIONS.index("look_down"))
        toy.step(DISCRETE_ACTIONS.index("look_down"))
    assert toy.state.pitch_rad == pytest.approx(-np.pi / 3)
    assert obs["stamp_s"][0] == pytest.approx(1.5)


def test_running_into_the_table_is_reported_and_counted(toy: Household) -> None:
    toy.restore_state(at(toy, 1.0, 2.0, 0.0))
    before = toy.save_state()
    results = [toy.step(1) for _ in range(4)]
    assert [info["collided"] for *_, info in results] == [False, True, True, True]
    assert results[-1][4]["feedback"]["error"] == "collision"
    assert results[-1][0]["text"] == "something is in the way"
    assert toy.oracle.collisions == 3
    toy.restore_state(before)
    assert toy.oracle.collisions == 0
    toy.step(1), toy.step(1)
    assert motion.clearance_m(toy.state.base[:2], toy.world.obstacles.footprints(toy.state))[0] >= motion.BODY_RADIUS_M


def test_stop_ends_and_too_many_steps_cut_the_episode(toy: Household) -> None:
    assert toy.step(0)[2:4] == (True, False)
    short = Household(max_steps=2)
    short.reset(seed=0)
    assert [short.step(2)[3] for _ in range(2)] == [False, True]
    short.close()


def test_wrong_options_are_refused_in_a_sentence(toy: Household) -> None:
    with pytest.raises(ConfigError, match="'gaol'"):
        toy.reset(options={"gaol": ObjectGoal("mug")})
    with pytest.raises(ConfigError, match="NavigationEpisode"):
        toy.reset(options={"episode": {"goal": "mug"}})
    with pytest.raises(ConfigError, match="control_mode"):
        Household(control_mode="joint_pos")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="reset"):
        Household().step(1)
    other = replace(toy.state, pose=np.zeros((1, 4)))
    with pytest.raises(ConfigError, match="another apartment"):
        toy.restore_state(other)


# --- the oracle


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


def test_the_environment_is_registered() -> None:
    assert "enactive/Household-v0" in gymnasium.registry
    assert enactive.envs.ObjectGoal is ObjectGoal


def test_identical_meshes_are_stored_once() -> None:
    shape = meshes.cylinder(0.1, 0.2)
    asset = Asset(
        "can", "red", "metal", "round", (Part(shape, Material(COLOURS["red"])),), (), Box((0, 0, 0.1), (0.1, 0.1, 0.1))
    )
    base = toy_apartment()
    twice = replace(base, objects=tuple(Placed(i, asset, (1.0 + i, 1.0, 0.0), 0.0, 0) for i in range(3)))
    compiled = compile_apartment(twice, ())
    assert compiled.model.nmesh == 1
    assert compiled.model.ngeom == 3
