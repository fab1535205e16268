"""The Adroit hand in the Shadow Hand's terms: names, signs, zeros and ranges, against the file as it was published."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import gymnasium as gym
import numpy as np
import pytest

import enactive.envs  # noqa: F401  # registers ShadowHand
from enactive.agents.compat import check_compatibility, check_policy
from enactive.agents.conformance import check_environment
from enactive.controllers.poseless.controller import PoseLess
from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.adroit import CORRESPONDENCE, FILE
from enactive.envs.shadow_hand.env import ShadowHand
from enactive.envs.shadow_hand.joints import FINGERS, HIGH_RAD, JOINTS, LOW_RAD
from enactive.envs.shadow_hand.look import Look
from enactive.envs.shadow_hand.model import ASSETS, hand_mjcf
from enactive.envs.shadow_hand.poses import TOLERANCE_M, PoseMaker
from enactive.envs.shadow_hand.render import HandRenderer
from enactive.envs.shadow_hand.views import HandViews
from enactive.errors import ConfigError
from enactive.perception.proprioception import Proprioception
from enactive.planners.copy_pose import CopyPose

SHADOW, ADROIT = PoseMaker(), PoseMaker("right", "adroit")
SIGNS = np.array([CORRESPONDENCE[joint][1] for joint in JOINTS])


def published() -> mujoco.MjModel:
    """Joints and fingertips as the file has them: nothing is renamed, turned or limited anew; what has a class is left out."""
    root = ET.Element("mujoco")
    ET.SubElement(root, "compiler", angle="radian", autolimits="true")
    ET.SubElement(root, "worldbody").extend(ET.parse(ASSETS / FILE).getroot())
    for body in root.iter("body"):
        for part in [part for part in body if part.tag == "geom" or part.get("class")]:
            body.remove(part)
    return mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))


ORIGINAL = published()


def tips_in_palm(model: mujoco.MjModel, sites: list[str], qpos: np.ndarray, frame: str = "palm") -> np.ndarray:
    """(5, 3) m."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    tips = np.array([data.site(site).xpos for site in sites])
    body = data.body(frame)
    return (tips - body.xpos) @ body.xmat.reshape(3, 3)


def adroit_tips(shadow_rad: np.ndarray, frame: str) -> np.ndarray:
    return tips_in_palm(ORIGINAL, [f"S_{finger.lower()}tip" for finger in FINGERS], SIGNS * shadow_rad, frame)


def shadow_tips(shadow_rad: np.ndarray, frame: str) -> np.ndarray:
    return tips_in_palm(SHADOW.model, [f"{finger}tip" for finger in FINGERS], shadow_rad, frame)


def test_both_hands_have_the_joints_in_the_same_order() -> None:
    assert [ORIGINAL.joint(i).name for i in range(24)] == [CORRESPONDENCE[joint][0] for joint in JOINTS]
    assert [ADROIT.model.joint(i).name for i in range(24)] == list(JOINTS)
    assert CORRESPONDENCE["WRJ2"] == ("WRJ1", 1)
    assert CORRESPONDENCE["FFJ4"] == ("FFJ3", -1)
    assert CORRESPONDENCE["LFJ5"] == ("LFJ4", 1)
    assert CORRESPONDENCE["THJ1"] == ("THJ0", -1)


@pytest.mark.parametrize("joint", JOINTS)
def test_each_joint_moves_the_fingertips_the_same_way_in_both_hands(joint: str) -> None:
    """In the palm's frame, or in that of the world for the wrist, which moves the palm."""
    frame = "world" if joint.startswith("WR") else "palm"
    bent = np.clip(np.full(24, 0.3), LOW_RAD, HIGH_RAD)
    more = bent.copy()
    more[JOINTS.index(joint)] += 0.2
    moved = [tips(more, frame) - tips(bent, frame) for tips in (adroit_tips, shadow_tips)]
    for finger, adroit, shadow in zip(FINGERS, *moved, strict=True):
        if joint[:2] in (finger, "WR"):
            assert np.linalg.norm(shadow) > 0.002
            assert adroit @ shadow > 0.99 * np.linalg.norm(adroit) * np.linalg.norm(shadow)
        else:
            np.testing.assert_allclose([adroit, shadow], 0.0, atol=1e-9)


def test_equal_angles_make_equal_hands() -> None:
    """The skeleton is the same, and so no joint has an offset."""
    for pose in np.random.default_rng(0).uniform(ADROIT.low_rad, ADROIT.high_rad, (50, 24)):
        np.testing.assert_allclose(adroit_tips(pose, "palm"), shadow_tips(pose, "palm"), atol=1e-6)
        np.testing.assert_allclose(ADROIT.fingertips(pose), SHADOW.fingertips(pose), atol=1e-6)


def test_the_ranges_are_those_that_both_reach() -> None:
    theirs = np.sort(SIGNS[:, None] * ORIGINAL.jnt_range, axis=1)
    np.testing.assert_allclose(ADROIT.low_rad, np.maximum(theirs[:, 0], LOW_RAD))
    np.testing.assert_allclose(ADROIT.high_rad, np.minimum(theirs[:, 1], HIGH_RAD))
    reached = dict(zip(JOINTS, zip(ADROIT.low_rad, ADROIT.high_rad, strict=True), strict=True))
    assert reached["FFJ4"] == (-0.349066, 0.349066)  # Adroit goes on to 0.436
    assert reached["FFJ3"] == (0.0, 1.5708)  # Shadow bends back, too
    assert reached["LFJ5"] == (0.0, 0.698)
    assert reached["THJ2"] == (-0.524, 0.524)
    assert reached["THJ1"] == (0.0, 1.5708)  # Adroit's THJ0 goes from -1.571 to 0


def test_labelled_views_keep_to_what_both_can_do() -> None:
    with HandViews("test", width=32, height=32, morphology="adroit") as views:
        poses = [views[index].joints_rad for index in range(12)]
    poses += [ADROIT.settle(LOW_RAD), ADROIT.settle(HIGH_RAD)]
    assert ((poses >= ADROIT.low_rad) & (poses <= ADROIT.high_rad)).all()
    for seed in range(10):
        free = ADROIT.pose(np.random.default_rng(seed))
        ADROIT.data.qpos[:] = free
        mujoco.mj_forward(ADROIT.model, ADROIT.data)
        assert -min(ADROIT.data.contact.dist, default=0.0) <= TOLERANCE_M


def test_pictures_differ_in_the_forearm_alone() -> None:
    """But for the mesh at the end of the middle finger, which sits 1 mm lower in Adroit's file: a few pixels of its edges."""
    look = Look(distance_m=0.6)
    pose = ADROIT.pose(np.random.default_rng(0))
    with HandRenderer("right", 96, 96) as shadow, HandRenderer("right", 96, 96, "adroit") as adroit:
        assert shadow.visual_parts == adroit.visual_parts
        off = np.abs(shadow.picture(pose, look).astype(int) - adroit.picture(pose, look)).max(axis=2) > 8
        shadow.prepare(pose, look)
        T, K = look.T_world_camera(), look.K(96, 96)
        wrist = K @ T[:3, :3].T @ (shadow.data.body("wrist").xpos - T[:3, 3])
    row = int(wrist[1] / wrist[2])
    assert 40 < row < 90
    assert off[: row - 4].sum() <= 10
    assert (off[row + 4 :].sum(axis=1) > 10).all()


def made(morphology: str = "adroit", pixels: int = 64) -> ShadowHand:
    hand = gym.make("enactive/ShadowHand-v0", width=pixels, height=pixels, camera_hz=10.0, morphology=morphology).unwrapped
    assert isinstance(hand, ShadowHand)
    return hand


def test_the_environment_keeps_the_contract() -> None:
    env = gym.make("enactive/ShadowHand-v0", width=64, height=64, morphology="adroit")
    check_environment(env)
    env.close()


def test_it_is_commanded_like_the_shadow_hand_within_its_own_bounds() -> None:
    hand, shadow = made(), made("shadow")
    for env, maker in ((hand, ADROIT), (shadow, SHADOW)):
        np.testing.assert_array_equal([env.embodiment.low, env.embodiment.high], [maker.low_rad, maker.high_rad])
        np.testing.assert_array_equal(env.action_space.high, maker.high_rad.astype(np.float32))  # type: ignore[attr-defined]
    assert (hand.embodiment.name, shadow.embodiment.name) == ("adroit_hand_right", "shadow_hand_right")
    assert hand.embodiment.labels == shadow.embodiment.labels == JOINTS
    hand.reset(seed=0)
    back = np.array([0.0 if joint.endswith("J4") else 0.1 for joint in JOINTS])  # with no finger beside another
    back[JOINTS.index("FFJ3")] = -0.2  # where the Shadow Hand bends back to
    for _ in range(100):
        obs, *_ = hand.step(back.astype(np.float32))
    np.testing.assert_allclose(obs["joint_positions_rad"], np.clip(back, ADROIT.low_rad, ADROIT.high_rad), atol=0.02)
    with pytest.raises(ConfigError, match="24 angles"):
        hand.reset(options={"pose": back})
    hand.reset(seed=0, options={"pose": "random"})
    assert ((hand.data.qpos >= ADROIT.low_rad) & (hand.data.qpos <= ADROIT.high_rad)).all()
    hand.close()
    shadow.close()


def test_its_pictures_show_its_own_forearm() -> None:
    hand = made(pixels=96)
    obs, _ = hand.reset(seed=0)
    with HandRenderer("right", 96, 96, "adroit") as adroit:
        np.testing.assert_array_equal(obs["cameras"]["front"]["rgb"], adroit.picture(np.zeros(24), hand.look))
    hand.close()


def test_what_was_made_for_the_published_joints_is_refused_and_a_shadow_hands_policy_fits() -> None:
    class Published(PoseLess):
        joints = tuple(CORRESPONDENCE[joint][0] for joint in JOINTS)

    hand, fits, other = made(), PoseLess(), Published()
    assert check_compatibility(hand, Proprioception(), CopyPose(), fits).mismatches == ()
    assert check_policy(hand.embodiment, fits, 100.0).mismatches == ()
    for report in (
        check_compatibility(hand, Proprioception(), CopyPose(), other),
        check_policy(hand.embodiment, other, 100.0),
    ):
        (sentence,) = report.mismatches
        assert sentence.startswith("Published was made for other joints than adroit_hand_right has: it lacks ['FFJ4', ")


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(ConfigError, match="right one"):
        gym.make("enactive/ShadowHand-v0", side="left", morphology="adroit")
    with pytest.raises(ConfigError, match="right one"):
        hand_mjcf("left", "adroit")
    with pytest.raises(ConfigError, match='"shadow" or "adroit"'):
        hand_mjcf("right", "allegro")  # type: ignore[arg-type]
