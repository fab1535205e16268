"""PoseLess' parallel form: its errors, its training, its weights, and the controller in the loop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open

import enactive.envs  # noqa: F401  # registers ShadowHand
from enactive.agents import Agent
from enactive.agents.cli import main
from enactive.agents.conformance import check_planner
from enactive.agents.episode import Step
from enactive.agents.report.hand import hand_section
from enactive.controllers.poseless.batches import Batch, Memory
from enactive.controllers.poseless.controller import PoseLess
from enactive.controllers.poseless.estimator import ParallelEstimator
from enactive.controllers.poseless.kinematics import Kinematics
from enactive.controllers.poseless.losses import losses, spread
from enactive.controllers.poseless.network import JointNetwork, Reading, angles_rad, fused, normalised, places
from enactive.controllers.poseless.pictures import MARGIN, SIZE, Square, middle_square, seen, square_around
from enactive.controllers.poseless.quality import errors, middle_mse_rad2
from enactive.controllers.poseless.train import Trained, Trainer, train_poseless
from enactive.controllers.poseless.weights import WEIGHTS, load_weights
from enactive.envs import Action, Embodiment, ImageGoal, Observation
from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD, MIDDLE_RAD
from enactive.envs.shadow_hand.look import Randomisation
from enactive.envs.shadow_hand.picture_file import png
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.views import HandViews, keypoint_ids, keypoints_m
from enactive.errors import CompatibilityError, ConfigError, ControllerError, PerceptionError, PlannerError
from enactive.perception import Belief
from enactive.perception.convnets.shipped import save_weights
from enactive.perception.proprioception import Proprioception
from enactive.planners import MatchPose, MoveJoints
from enactive.planners.copy_pose import CopyPose

torch.set_num_threads(1)
PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


class Knows:
    """An estimator that is told the answer, and counts how often it is asked."""

    def __init__(self, answer: NDArray[np.float64]) -> None:
        self.answer, self.asked = answer, 0

    def estimate(self, pictures: Any) -> NDArray[np.float64]:
        self.asked += 1
        return np.repeat(self.answer[None], len(pictures), axis=0)


def pose(**angles: float) -> NDArray[np.float64]:
    values = np.zeros(24)
    for joint, angle in angles.items():
        values[JOINTS.index(joint)] = angle
    return values


def test_errors_worked_by_hand() -> None:
    """One finger bent by 0.1 rad at its last joint: 26 mm long, the tip moves by a chord of 2 * 26 * sin(0.05) mm."""
    off = errors(PoseMaker(), np.stack([pose(FFJ1=0.1), pose()]), np.zeros((2, 24)))
    np.testing.assert_allclose(off.mse_rad2, [0.1**2 / 24, 0.0])
    np.testing.assert_allclose(off.tips_mm[0], [2 * 26 * np.sin(0.05), 0, 0, 0, 0], atol=1e-9)
    assert off.joints_rad[0, JOINTS.index("FFJ1")] == pytest.approx(0.1)


def test_a_malformed_output_counts_as_the_farthest_pose() -> None:
    off = errors(PoseMaker(), np.full((1, 24), np.nan), np.zeros((1, 24)))
    assert off.malformed.all()
    np.testing.assert_allclose(off.joints_rad[0], np.maximum(HIGH_RAD, -LOW_RAD))


def test_the_closed_form_of_predicting_the_middle() -> None:
    """(high - low)^2 / 12 of a joint of 0 to 1.5708 is 0.2056 rad^2, of a knuckle 0.0406; and by drawing."""
    assert (HIGH_RAD - LOW_RAD)[JOINTS.index("FFJ1")] ** 2 / 12 == pytest.approx(0.2056, abs=1e-4)
    assert (HIGH_RAD - LOW_RAD)[JOINTS.index("FFJ4")] ** 2 / 12 == pytest.approx(0.0406, abs=1e-4)
    drawn = np.random.default_rng(0).uniform(LOW_RAD, HIGH_RAD, (20_000, 24))
    assert ((drawn - MIDDLE_RAD) ** 2).mean() == pytest.approx(middle_mse_rad2(), rel=0.01)


def test_places_are_read_from_scores_where_spread_put_them() -> None:
    points = np.random.default_rng(0).uniform(0.05, 0.95, (3, 21, 2))
    weights = spread(points, 16)
    np.testing.assert_allclose(weights.sum(dim=2), 1.0, atol=1e-6)
    back = places((weights + 1e-12).log().unflatten(2, (16, 16)))
    np.testing.assert_allclose(back, points, atol=2e-3)
    assert float(places(torch.zeros(1, 21, 4, 4)).mean()) == pytest.approx(0.5)


def test_the_loss_of_the_truth_is_nothing_and_of_the_middle_one() -> None:
    rng = np.random.default_rng(0)
    angles, points, depths = rng.uniform(LOW_RAD, HIGH_RAD, (400, 24)), np.full((400, 21, 2), 0.5), rng.normal(size=(400, 21))
    batch = Batch(np.zeros((400, 1, 1, 3), np.uint8), angles, points, 0.04 * depths)
    kinematics = Kinematics(PoseMaker().model)
    shares = torch.from_numpy((angles - LOW_RAD) / (HIGH_RAD - LOW_RAD)).float()
    sure = 30.0 * spread(points, 12).unflatten(2, (12, 12))
    truth = losses(Reading(shares, torch.from_numpy(batch.depths_m).float(), sure), batch, kinematics)
    assert max(float(truth[name]) for name in ("angles", "shares", "reach", "depths")) < 1e-9
    middle = losses(Reading(torch.full_like(shares, 0.5), torch.zeros(400, 21), sure), batch, kinematics)
    assert float(middle["angles"]) == pytest.approx(1.0, rel=0.05)
    assert float(middle["shares"]) == pytest.approx(1.0, rel=0.05)
    assert float(middle["depths"]) == pytest.approx(1.0, rel=0.05)
    assert float(middle["reach"]) == pytest.approx(2.0, rel=0.05)


def test_kinematics_in_torch_are_those_of_the_simulator() -> None:
    maker = PoseMaker()
    angles = np.random.default_rng(0).uniform(LOW_RAD, HIGH_RAD, (20, 24))
    found = Kinematics(maker.model)(torch.from_numpy(angles).float())
    for pose_rad, points in zip(angles, found.numpy(), strict=True):
        maker.data.qpos[:] = pose_rad
        mujoco.mj_kinematics(maker.model, maker.data)
        np.testing.assert_allclose(points, keypoints_m(maker.data, *keypoint_ids(maker.model)), atol=1e-6)


def test_fusing_changes_nothing_but_the_last_digits() -> None:
    torch.manual_seed(0)
    net = JointNetwork()
    x = normalised(np.random.default_rng(0).integers(0, 255, (4, SIZE, SIZE, 3), dtype=np.uint8))
    net.train()(x)  # so that the normalisation has something to fold
    net.eval()
    fast = fused(net)
    found = fast(x.to(next(fast.encoder.parameters()).dtype))[0]
    np.testing.assert_allclose(angles_rad(found), angles_rad(net(x)[0]), atol=0.05)


def test_a_square_is_cut_averaged_and_continued_beyond_the_border() -> None:
    wide = np.zeros((120, 200, 3), dtype=np.uint8)
    wide[:, 40:160] = 200
    assert middle_square(wide) == Square(40, 0, 120)
    assert (seen(wide, middle_square(wide)) == 200).all()
    checks = np.repeat((np.indices((256, 256)).sum(axis=0) % 2 * 200)[..., None], 3, axis=2).astype(np.uint8)
    small = seen(checks, middle_square(checks))
    assert 85 < small.min() <= small.max() < 115, "averaged, not skipped: no pixel is black or bright"
    ramp = np.broadcast_to(np.arange(100, dtype=np.uint8)[None, :, None], (100, 100, 3))
    beyond = seen(ramp, Square(-SIZE // 2, 2, SIZE))
    np.testing.assert_array_equal(beyond[5, :, 0], [0] * (SIZE // 2) + list(range(SIZE // 2)))


def test_the_square_around_a_hand_holds_it_in_its_middle() -> None:
    points = np.random.default_rng(0).uniform((30.0, 50.0), (90.0, 70.0), (21, 2))
    square = square_around(points)
    shares = square.shares(points)
    np.testing.assert_allclose((shares.min(axis=0) + shares.max(axis=0)) / 2, 0.5, atol=0.01)
    assert np.ptp(shares, axis=0).max() == pytest.approx(1 / MARGIN, rel=0.02)
    np.testing.assert_allclose(square.pixels(shares), points)
    moved = square_around(points, (0.1, 0.0), 2.0)
    assert moved.side == pytest.approx(2 * square.side, abs=1)
    ends = moved.shares(points)[:, 0]
    assert (ends.min() + ends.max()) / 2 == pytest.approx(0.5 - 0.1, abs=0.01)


def test_what_is_remembered_comes_back_with_its_labels() -> None:
    """Seven pictures met, the last four remembered: what is drawn is one of those, turned to its square and its colours."""
    memory, rng = Memory(seed=0, first=10, size=4, uses=2), np.random.default_rng(0)
    for _ in range(7):
        memory.draw(1, rng)
    assert memory.next == 17
    batch = memory.draw(40, rng)
    with HandViews("train") as views:
        kept = {views[index].joints_rad.tobytes(): views[index] for index in range(33, 37)}
    memory.close()
    assert memory.next == 37, "half of what is learned from is new"
    assert set(kept) == {angles.tobytes() for angles in batch.angles_rad}
    for picture, angles, points in zip(batch.pictures, batch.angles_rad, batch.points, strict=True):
        view = kept[angles.tobytes()]
        wide = np.ptp(view.keypoints_uv, axis=0) / np.ptp(points, axis=0)
        np.testing.assert_allclose(wide[0], wide[1], rtol=1e-6)
        left, top = view.keypoints_uv[0] + 0.5 - points[0] * wide[0]
        square = seen(view.rgb, Square(round(float(left)), round(float(top)), round(float(wide[0]))))
        np.testing.assert_array_equal(np.sort(picture, axis=2), np.sort(square, axis=2))
    assert len({batch.points[i].tobytes() for i in range(40)}) > 20, "each time another square"


def test_processes_share_the_pictures_between_them() -> None:
    met = []
    for rank in range(2):
        memory = Memory(seed=0, first=6, size=4, uses=2, rank=rank, ranks=2)
        memory.draw(2, np.random.default_rng(0))
        memory.close()
        assert memory.next == 10
        met.append({view.joints_rad.tobytes() for view in memory.kept})
    with HandViews("train") as views:
        assert met == [
            {views[6].joints_rad.tobytes(), views[8].joints_rad.tobytes()},
            {views[7].joints_rad.tobytes(), views[9].joints_rad.tobytes()},
        ]


def test_training_learns_resumes_and_ships(tmp_path: Path) -> None:
    """Some seconds of it: what is written can be read, continued, and says where it comes from."""
    out, checkpoint = tmp_path / "w.safetensors", tmp_path / "c.safetensors"
    first = train_poseless(0.03, out, checkpoint, val_views=8, workers=1)
    with safe_open(checkpoint, framework="pt") as file:
        minutes = round(float(file.metadata()["seconds"]) / 60 + 0.03, 4)
    again = train_poseless(minutes, out, checkpoint, resume=True, val_views=8, workers=1)
    assert isinstance(first, Trained)
    assert isinstance(again, Trained)
    assert again.pictures > first.pictures > 0
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["command"] == f"enactive train poseless --minutes {minutes:g} --seed 0 --workers 1"
    assert card["quality"]["val_views"] == 8
    estimator = ParallelEstimator(out)
    found = estimator.estimate([PICTURE, PICTURE[:40]])
    assert ((found >= LOW_RAD) & (found <= HIGH_RAD)).all()
    trainer = Trainer(1.0, 0, 4)
    trainer.load(checkpoint)
    assert trainer.memory.next == again.pictures
    before = {name: value.clone() for name, value in trainer.net.state_dict().items()}
    trainer.step(1.0)
    assert any(not torch.equal(before[name], value) for name, value in trainer.net.state_dict().items())
    trainer.close()


def test_a_leg_begins_with_the_weights_of_the_last_and_carries_its_history_on(tmp_path: Path) -> None:
    out, checkpoint = tmp_path / "next.safetensors", tmp_path / "c.safetensors"
    train_poseless(1e-4, out, checkpoint, start=WEIGHTS, val_views=4, workers=1)
    card, shipped = (json.loads(path.with_suffix(".json").read_text()) for path in (out, WEIGHTS))
    assert card["command"].endswith("--start poseless.safetensors --workers 1")
    assert card["history"][-1]["sha256"] == shipped["sha256"]
    begun = dict(load_weights().named_parameters())
    for name, value in load_weights(out).named_parameters():  # a step at the rate of the warm-up moves them by 0.0001
        torch.testing.assert_close(value, begun[name], atol=1e-3, rtol=0.0, msg=f"{name} is not what was begun with")


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(ConfigError, match="missing"):
        load_weights(path)
    save_weights(JointNetwork(), path, {"command": "by hand"})
    load_weights(path)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match="corrupt"):
        load_weights(path)


def test_the_weights_that_ship_read_poses() -> None:
    """Better than predicting the middle, on views that training never saw, of the right hand and of the left."""
    card = json.loads(WEIGHTS.with_suffix(".json").read_text())
    assert WEIGHTS.stat().st_size < 10e6
    for side in ("right", "left"):
        with HandViews("test", seed=1, side=side) as views:  # type: ignore[arg-type]
            shown = [views[index] for index in range(24)]
        true = np.stack([view.joints_rad for view in shown])
        found = ParallelEstimator(pictured=side).estimate([view.rgb for view in shown])  # type: ignore[arg-type]
        mse = ((found - true) ** 2).mean()
        assert mse < 2.0 * card["quality"]["mse_rad2"]
        assert mse < 0.9 * ((true - MIDDLE_RAD) ** 2).mean()


def test_a_hand_is_found_wherever_it_is_in_a_picture() -> None:
    """The same hand at a corner of a picture twice as large: looked at again, it is the same."""
    with HandViews("test", seed=2, randomisation=Randomisation.none()) as views:
        shown = [views[index] for index in range(12)]
    apart = [np.pad(view.rgb, ((0, 160), (0, 160), (0, 0)), mode="edge") for view in shown]
    read, again = (ParallelEstimator().estimate(pictures) for pictures in ([view.rgb for view in shown], apart))
    true = np.stack([view.joints_rad for view in shown])
    assert ((again - read) ** 2).mean() < 0.5 * ((read - true) ** 2).mean()


def test_a_left_hand_is_read_in_a_mirror() -> None:
    mirrored = np.ascontiguousarray(PICTURE[:, ::-1])
    np.testing.assert_array_equal(
        ParallelEstimator(pictured="left").estimate([mirrored]), ParallelEstimator().estimate([PICTURE])
    )


@pytest.mark.parametrize("picture", [PICTURE.astype(np.float32), PICTURE[..., 0], PICTURE[:8]])
def test_what_is_no_picture_is_refused(picture: Any) -> None:
    with pytest.raises(ControllerError, match=r"must be \(H, W, 3\) uint8"):
        ParallelEstimator().estimate([picture])


def hand(rate_hz: float = 50.0) -> Embodiment:
    ranges: dict[str, Any] = {"low": tuple(LOW_RAD), "high": tuple(HIGH_RAD)}
    return Embodiment("hand", "joint_pos", JOINTS, ("rad",) * 24, frame="joint", rate_hz=rate_hz, **ranges)


def test_the_controller_reads_a_picture_once_and_moves_no_faster_than_told() -> None:
    target = pose(FFJ3=1.0, MFJ2=0.1)
    knows = Knows(target)
    controller = PoseLess(knows, max_speed_rad_s=2.0)
    controller.reset(hand())
    observation = Observation(joint_positions_rad=np.zeros(24))
    intent, belief = MatchPose(PICTURE), Belief(1, observation)
    commands = [controller.act(intent, observation, belief).values[0] for _ in range(30)]
    steps = np.diff([np.zeros(24), *commands], axis=0)
    assert np.abs(steps).max() == pytest.approx(2.0 / 50.0)
    np.testing.assert_allclose(commands[-1], target)
    assert knows.asked == 1
    controller.act(MatchPose(PICTURE.copy()), observation, belief)
    assert knows.asked == 2
    chunk = controller.act(MoveJoints(np.tile(target, (3, 1)), 25.0), observation, belief)
    assert (chunk.values.shape, chunk.rate_hz) == ((3, 24), 25.0)


def test_a_body_with_other_joints_is_refused() -> None:
    with pytest.raises(CompatibilityError, match="in this order"):
        PoseLess(Knows(pose())).reset(Embodiment("arm", "joint_pos", JOINTS[::-1]))
    with pytest.raises(ConfigError, match="above 0"):
        PoseLess(Knows(pose()), max_speed_rad_s=0.0)


def test_the_loop_takes_the_hand_to_the_pose_and_stops() -> None:
    target = PoseMaker().pose(np.random.default_rng(5))
    env = gym.make("enactive/ShadowHand-v0", width=64, height=64, camera_hz=1.0)
    goal = ImageGoal(PICTURE)
    parts = Proprioception(), CopyPose(), PoseLess(Knows(target))
    check_planner(parts[1], env, parts[0], parts[2], goal, steps=5)
    episode = Agent(*parts).run(env, goal, seed=0)
    assert (episode.outcome, episode.found) == ("stopped", True)
    np.testing.assert_allclose(env.unwrapped.data.qpos, target, atol=0.12)  # type: ignore[attr-defined]
    env.close()


def test_planner_and_perceiver_say_what_they_lack() -> None:
    with pytest.raises(PlannerError, match="goal-image"):
        CopyPose().reset(object(), hand())  # type: ignore[arg-type]
    perceiver = Proprioception()
    perceiver.reset(hand())
    with pytest.raises(PerceptionError, match="no joint positions"):
        perceiver.update(Observation())
    perceiver.update(Observation(joint_positions_rad=np.zeros(24), stamp_s=1.0))
    with pytest.raises(PerceptionError, match="after that"):
        perceiver.update(Observation(joint_positions_rad=np.zeros(24), stamp_s=0.5))


def test_the_command_copies_a_picture_and_reports_errors_by_joint_and_finger(tmp_path: Path) -> None:
    with HandViews("test") as views:
        view = views[0]
    (tmp_path / "hand.png").write_bytes(png(view.rgb, view.joints_rad))
    command = [
        "run",
        "--env",
        "ShadowHand",
        "--controller",
        "PoseLess",
        "copy this pose",
        "--goal-image",
        str(tmp_path / "hand.png"),
    ]
    assert main([*command, "--out", str(tmp_path)]) == 0
    folder = next(path for path in tmp_path.iterdir() if path.is_dir())
    record = json.loads((folder / "episode.json").read_text())
    assert record["result"]["outcome"] == "stopped"
    assert record["config"]["planner"]["name"].endswith("CopyPose")
    page = (folder / "report.html").read_text()
    assert "prediction to target, mm" in page
    assert all(f"<td>{joint}</td>" in page for joint in JOINTS)
    angle = np.rad2deg(view.joints_rad[JOINTS.index("FFJ3")])
    assert f"<td>FFJ3</td><td>{angle:.1f}</td>" in page


def test_the_report_calls_a_prediction_what_the_controller_asked_for_and_came_to_rest_at() -> None:
    asked, granted = (Action("joint_pos", np.full((1, 24), np.deg2rad(angle))) for angle in (20.0, 5.0))
    copy = MatchPose(np.zeros((4, 4, 3), np.uint8))
    steps = [Step(index, copy, granted, asked, None, {}, {}, 0.0, {}) for index in range(2)]
    belief = Belief(0, Observation(joint_positions_rad=np.full(24, np.deg2rad(4.0))))
    page = hand_section(steps, belief, None)
    assert "<th>prediction, degrees</th>" in page
    assert "<td>FFJ3</td><td>20.0</td><td>4.0</td>" in page  # not the 5 degrees that the guard let pass
    on_the_way = Action("joint_pos", np.full((1, 24), np.deg2rad(10.0)))
    page = hand_section([replace(steps[0], action=on_the_way, requested=None), steps[1]], belief, None)
    assert "<th>last command, degrees</th>" in page
    assert "prediction" not in page


def test_averaging_reads_each_picture_by_itself_and_comes_closer_at_the_fingertips() -> None:
    with HandViews("val") as views:
        seen_views = [views[index] for index in range(24)]
        true = np.stack([view.joints_rad for view in seen_views])
        pictures = [view.rgb for view in seen_views]
        averaged = ParallelEstimator(averaged=True)
        found = averaged.estimate(pictures)
        np.testing.assert_allclose(averaged.estimate(pictures[3:4])[0], found[3], atol=0.02)
        plain = ParallelEstimator().estimate(pictures)
        assert errors(views.poses, found, true).tips_mm.mean() < errors(views.poses, plain, true).tips_mm.mean()
