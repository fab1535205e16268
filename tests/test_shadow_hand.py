"""The Shadow Hand: its mirror image, its joints, what its pictures show, and the contract of the loop."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import enactive.envs  # noqa: F401  # registers ShadowHand
from enactive.agents.conformance import check_environment
from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.joints import FINGERS, HIGH_RAD, JOINTS, LOW_RAD
from enactive.envs.shadow_hand.look import Look, Randomisation, Thing, draw_look
from enactive.envs.shadow_hand.poses import TOLERANCE_M, PoseMaker, draw
from enactive.envs.shadow_hand.render import HandRenderer, _sensed
from enactive.errors import ConfigError

MAKER = {side: PoseMaker(side) for side in ("right", "left")}
OPEN = np.zeros(24)


@pytest.fixture(scope="module")
def renderer() -> Any:
    with HandRenderer("right", 96, 96) as made:
        yield made


def bent(**angles: float) -> np.ndarray:
    pose = OPEN.copy()
    for joint, angle in angles.items():
        pose[JOINTS.index(joint)] = angle
    return pose


def overlap_m(maker: PoseMaker, pose: np.ndarray) -> float:
    maker.data.qpos[:] = pose
    mujoco.mj_forward(maker.model, maker.data)
    return float(-min(maker.data.contact.dist, default=0.0))


def test_the_environment_keeps_the_contract() -> None:
    env = gym.make("enactive/ShadowHand-v0", width=64, height=64, randomisation=Randomisation())
    check_environment(env)
    env.close()


def test_the_model_has_the_joints_by_name_order_and_range() -> None:
    for maker in MAKER.values():
        names = [maker.model.joint(i).name for i in range(maker.model.njnt)]
        assert names == list(JOINTS)
        np.testing.assert_allclose(maker.model.jnt_range, np.stack([LOW_RAD, HIGH_RAD], axis=1))


def test_the_left_hand_is_the_mirror_image() -> None:
    rng = np.random.default_rng(0)
    poses = rng.uniform(LOW_RAD, HIGH_RAD, (20, 24))
    right, left = (MAKER[side].fingertips(poses) for side in ("right", "left"))
    np.testing.assert_allclose(left, right * (-1.0, 1.0, 1.0), atol=1e-12)


def test_each_joint_moves_what_its_name_says_the_way_it_says() -> None:
    """Worked by hand: the right hand points up, its palm faces -y and its thumb is at +x."""
    tips = MAKER["right"].fingertips
    rest = dict(zip(FINGERS, tips(OPEN), strict=True))
    for finger in FINGERS[:4]:
        for joint in ("J3", "J2", "J1"):
            moved = dict(zip(FINGERS, tips(bent(**{finger + joint: 0.5})), strict=True))
            assert moved[finger][1] < rest[finger][1] - 0.005, "bending brings a tip before the palm"
            assert all(np.allclose(moved[other], rest[other]) for other in FINGERS if other != finger)
    spread = dict(zip(FINGERS, tips(bent(FFJ4=0.3, MFJ4=0.3, RFJ4=0.3, LFJ4=0.3)), strict=True))
    assert spread["FF"][0] < rest["FF"][0] - 0.01, "a positive J4 moves a finger towards the midline"
    assert spread["LF"][0] > rest["LF"][0] + 0.01
    assert tips(bent(WRJ1=0.4))[1, 1] < rest["MF"][1] - 0.05, "a positive WRJ1 nods to the palm's side"
    # the length of a finger from its knuckle, from the table of the model: 45 + 25 + 26 mm
    np.testing.assert_allclose(rest["MF"], (0.011, 0.0, 0.256 + 0.034 + 0.099 + 0.096), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_untangled_poses_do_not_pass_through_themselves(seed: int) -> None:
    maker, rng = MAKER["right"], np.random.default_rng(seed)
    drawn = draw(rng)
    free = maker.untangle(drawn)
    if free is None:
        return
    assert overlap_m(maker, free) <= TOLERANCE_M
    assert ((free >= LOW_RAD) & (free <= HIGH_RAD)).all()
    if overlap_m(maker, drawn) <= 0.0:
        np.testing.assert_array_equal(free, np.clip(drawn, LOW_RAD, HIGH_RAD))


def test_a_pose_that_nothing_hinders_settles_where_it_was_pulled_to() -> None:
    target = bent(WRJ1=0.3, WRJ2=-0.2, FFJ3=0.4, THJ5=0.3, LFJ5=0.2)
    np.testing.assert_allclose(MAKER["right"].settle(target), target, atol=0.02)


def test_what_would_overlap_ends_touching() -> None:
    """All fingers but the first bent sideways against each other, and the thumb through the palm."""
    wanted = bent(FFJ4=-0.349, MFJ4=0.349, THJ4=1.2, THJ5=1.0, THJ2=0.6, THJ1=1.2, FFJ3=1.0, FFJ2=1.0)
    assert overlap_m(MAKER["right"], wanted) > 0.003
    for made in (MAKER["right"].untangle(wanted), MAKER["right"].settle(wanted)):
        assert MAKER["right"].touching(made) > 0
        assert np.abs(made - wanted).max() > 0.02


def test_a_picture_shows_the_hand_where_the_camera_says(renderer: HandRenderer) -> None:
    """The fingertips project, by K and T_world_camera, onto the hand's silhouette; around the corners there is background."""
    rng = np.random.default_rng(1)
    parts = Randomisation(light=False, textures=False, skin=False, background=False, clutter=False, blur=False, noise=False)
    empty = np.array((196, 200, 206))
    for _ in range(10):
        look = replace(draw_look(rng, parts, renderer.visual_parts), hand_rgb=np.array([0.9, 0.1, 0.1]))
        pose = bent(FFJ4=0.3, LFJ4=0.3)
        rgb = renderer.picture(pose, look).astype(int)
        T, K = look.T_world_camera(), look.K(96, 96)
        tips = (MAKER["right"].fingertips(pose) - (0, 0, 0.004) - T[:3, 3]) @ T[:3, :3]
        u, v = (tips @ K.T)[:, :2].T / tips[:, 2]
        shown = np.abs(rgb - empty).sum(axis=2) > 60
        for column, row in zip(u.round().astype(int), v.round().astype(int), strict=True):
            if 2 <= column < 94 and 2 <= row < 94:
                assert shown[row - 2 : row + 3, column - 2 : column + 3].any()


def test_the_left_hand_looks_like_the_right_one_in_a_mirror(renderer: HandRenderer) -> None:
    pose = bent(FFJ3=0.6, THJ4=0.8, WRJ2=-0.4)
    with HandRenderer("left", 96, 96) as other:
        light = Look().lights[0]
        mirrored = replace(light, direction=light.direction * (-1, 1, 1))
        left = other.picture(pose, replace(Look(), lights=(mirrored,))).astype(int)
    right = renderer.picture(pose).astype(int)
    assert np.abs(left - right[:, ::-1]).mean() < 1.5  # edges fall on one side of a pixel or the other


def test_the_same_seed_gives_the_same_picture(renderer: HandRenderer) -> None:
    pictures = [
        renderer.picture(OPEN, draw_look(np.random.default_rng(seed), Randomisation(), renderer.visual_parts))
        for seed in (3, 4, 3)
    ]
    np.testing.assert_array_equal(pictures[0], pictures[2])
    assert (pictures[0] != pictures[1]).any()


@pytest.mark.parametrize("part", [field.name for field in fields(Randomisation)])
def test_each_part_can_be_switched_off_and_leaves_the_others_as_they_were(part: str, renderer: HandRenderer) -> None:
    everything = Randomisation(occluders=True)
    seeds = range(12)
    whole, less = (
        [draw_look(np.random.default_rng(seed), parts, renderer.visual_parts) for seed in seeds]
        for parts in (everything, replace(everything, **{part: False}))
    )
    owned = {
        "camera": {"azimuth_rad", "elevation_rad", "roll_rad", "target_m", "distance_m"},
        "lens": {"hfov_rad", "centre_uv", "distance_m"},
        "light": {"lights", "ambient"},
        "textures": {"pattern"},
        "skin": {"hand_rgb", "part_gain"},
        "background": {"background"},
        "clutter": set(),
        "occluders": set(),
        "blur": {"blur_px", "motion_px"},
        "noise": {"noise", "gain", "pixels"},
    }[part]
    for field in fields(Look):
        same = all(
            np.array_equal(np.asarray(getattr(a, field.name)), np.asarray(getattr(b, field.name)))
            for a, b in zip(whole, less, strict=True)
            if field.name != "things" and field.name != "lights"
        )
        if field.name not in ("things", "lights"):
            assert same == (field.name not in owned), field.name
    if part in ("clutter", "occluders"):
        assert sum(len(look.things) for look in less) < sum(len(look.things) for look in whole)


def test_noise_is_as_strong_in_a_picture_of_any_size_and_follows_from_its_number() -> None:
    drawn = np.random.default_rng(0).standard_normal(2**23, dtype=np.float32)
    for shape in ((48, 64, 3), (1600, 1920, 3)):  # fewer values than are drawn once, and more
        grey = np.full(shape, 128, dtype=np.uint8)
        one, again, other = (_sensed(grey, Look(noise=8.0, pixels=number)) for number in (5, 5, 6))
        assert one.std() == pytest.approx(8.0, rel=0.05)
        np.testing.assert_array_equal(one, again)
        assert (one != other).mean() > 0.9
        assert one.ravel()[:1000].tolist() == (128 + 8.0 * drawn[5:1005]).round().astype(np.uint8).tolist()


def test_things_stand_where_the_look_says(renderer: HandRenderer) -> None:
    """A red ball before the hand covers the middle of the picture; as far behind, a corner alone."""
    ball = Thing(0, (0.5, 0.5), 0.25, np.full(3, 0.02), np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    before = renderer.picture(OPEN, replace(Look(), things=(ball,))).astype(int)
    red = (before[..., 0] > 2 * before[..., 1]) & (before[..., 0] > 60)
    radius_px = 0.02 / 0.25 * Look().K(96, 96)[0, 0]
    assert red[48, 48]
    assert red.sum() == pytest.approx(np.pi * radius_px**2, rel=0.1)
    behind = renderer.picture(OPEN, replace(Look(), things=(replace(ball, uv=(0.1, 0.1), distance_m=0.6),))).astype(int)
    row, column = np.argwhere((behind[..., 0] > 2 * behind[..., 1]) & (behind[..., 0] > 60)).mean(axis=0)
    assert abs(row - 9.1) < 1.5
    assert abs(column - 9.1) < 1.5


def test_the_servos_follow_and_contacts_are_felt() -> None:
    env = gym.make("enactive/ShadowHand-v0", width=64, height=64, rate_hz=100.0, camera_hz=10.0)
    _, info = env.reset(seed=0)
    assert info["contacts"] == []
    stamps = set()
    target = bent(FFJ3=0.8, MFJ2=0.5, WRJ1=0.3)
    for _ in range(100):
        obs, *_ = env.step(target.astype(np.float32))
        stamps.add(float(obs["cameras"]["front"]["stamp_s"][0]))
    np.testing.assert_allclose(obs["joint_positions_rad"], target, atol=0.02)
    assert len(stamps) in (10, 11)  # a second of ten pictures
    assert obs["touch_N"].sum() == 0.0
    pinch = bent(FFJ3=0.97, FFJ2=0.83, FFJ1=0.6, THJ5=0.53, THJ4=1.07, THJ1=0.19)  # where the two tips are one
    for _ in range(100):
        obs, _, _, _, info = env.step(pinch.astype(np.float32))
    assert any({one[:2], other[:2]} == {"th", "ff"} for one, other in info["contacts"])
    env.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"rate_hz": 60.0}, "whole number"), ({"camera_hz": 0.0}, "above 0"), ({"side": "middle"}, '"right" or "left"')],
)
def test_what_cannot_be_built_is_said(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        gym.make("enactive/ShadowHand-v0", **arguments)


def test_a_pose_out_of_range_is_refused() -> None:
    env = gym.make("enactive/ShadowHand-v0", width=64, height=64)
    with pytest.raises(ConfigError, match="24 angles"):
        env.reset(options={"pose": bent(FFJ3=3.0)})
    with pytest.raises(ConfigError, match="options"):
        env.reset(options={"posture": OPEN})
    env.close()
