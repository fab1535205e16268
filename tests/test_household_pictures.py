"""What the body sees of an apartment: colour, depth, segmentation, heat and cold, light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_apartment import KNIFE, LAMP, MUG, at, toy_apartment

from enactive.envs.household import meshes
from enactive.envs.household.camera import camera_pose
from enactive.envs.household.compile import FLOOR, SHELL_CODES, VOID, compile_apartment, pose_model
from enactive.envs.household.effects import COLD, HOT
from enactive.envs.household.engine import mujoco
from enactive.envs.household.env import Household
from enactive.envs.household.model import (
    COLOURS,
    Asset,
    Box,
    Material,
    Part,
    Placed,
)
from enactive.envs.household.render import DepthSensor, Renderer
from enactive.envs.household.state import changed, movers, set_opening
from enactive.envs.household.vapour import tinted
from enactive.perception.colours import linear_to_lab, name_colour, rgb_to_linear


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
