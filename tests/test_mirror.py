"""A hand that mirrors a stream of pictures: the hand that is shown, the way there, the judgement, and the command."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from enactive.agents.cli import main
from enactive.agents.component import Component
from enactive.agents.guard import Chain
from enactive.agents.realtime.mirror import Mirrored, judge_folder, mirrored
from enactive.controllers.poseless.controller import PoseLess
from enactive.controllers.poseless.streams import Film
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.household.engine import mujoco
from enactive.envs.observation import HELD
from enactive.envs.shadow_hand.joints import HIGH_RAD, JOINTS, LOW_RAD
from enactive.envs.shadow_hand.look import Randomisation
from enactive.envs.shadow_hand.moving import MovingHand
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.envs.shadow_hand.render import HandRenderer
from enactive.errors import ConfigError, ControllerError
from enactive.perception import Belief
from enactive.planners import MatchPose, MoveJoints

RATE_HZ = 100.0
HAND = Embodiment(
    "hand", "joint_pos", JOINTS, ("rad",) * 24, low=tuple(LOW_RAD), high=tuple(HIGH_RAD), frame="joint", rate_hz=RATE_HZ
)


def test_the_shown_hand_goes_round_and_never_through_itself() -> None:
    hand, maker = MovingHand(seed=3, poses=4, pose_s=1.0), PoseMaker()
    at_s = 1000.0 + np.arange(0.0, 4.0, 0.02)
    path = hand.joints_rad(at_s)
    assert ((path >= LOW_RAD) & (path <= HIGH_RAD)).all()
    np.testing.assert_allclose(hand.joints_rad(at_s + 8.0), path, atol=1e-6)
    np.testing.assert_array_equal(MovingHand(seed=3, poses=4, pose_s=1.0).joints_rad(at_s), path)
    assert np.abs(MovingHand(seed=4, poses=4, pose_s=1.0).joints_rad(at_s) - path).max() > 0.5
    assert np.abs(np.diff(path, axis=0)).max() < 0.2  # no joint is faster than 10 rad/s, contacts that give way included
    overlaps = []
    for pose in path[::4]:
        maker.data.qpos[:] = pose
        mujoco.mj_forward(maker.model, maker.data)
        overlaps.append(-min(maker.data.contact.dist, default=0.0))
    assert max(overlaps) < 0.006  # what the servos press, as in `settle`


def test_its_pictures_show_where_it_is_and_no_two_have_the_same_noise() -> None:
    hand = MovingHand(seed=1, poses=2, pose_s=0.5, width=64, height=64)
    with closing(hand), HandRenderer("right", 64, 64) as renderer:
        np.testing.assert_array_equal(hand.picture_at(7.31), renderer.picture(hand.joints_rad(np.array([7.31]))[0]))
    noisy = MovingHand(seed=1, poses=1, pose_s=0.5, randomisation=Randomisation(), width=64, height=64)
    with closing(noisy):
        first, again, later = (noisy.picture_at(at_s) for at_s in (3.0, 3.0, 3.5))
    np.testing.assert_array_equal(first, again)
    assert (first != later).any()


def test_a_path_needs_poses_and_time() -> None:
    for arguments in ({"poses": 0}, {"pose_s": 0.0}):
        with pytest.raises(ConfigError, match="a path needs"):
            MovingHand(**arguments)  # type: ignore[arg-type]


class Swing:
    """Both joints swing by 0.2 rad, once in two seconds."""

    def joints_rad(self, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.repeat(0.2 * np.sin(np.pi * at_s)[:, None], 2, axis=1)


def test_the_judgement_tells_lag_from_error() -> None:
    """sin(a) - sin(a - b) = 2 sin(b / 2) cos(a - b / 2), and |cos| is 2 / pi on average."""
    at_s = np.arange(0.0, 20.0, 0.01)
    found = mirrored(Swing(), at_s, Swing().joints_rad(at_s - 0.3) + np.array([0.01, -0.01]))
    assert isinstance(found, Mirrored)
    assert found.lag_s == pytest.approx(0.3)
    assert found.delayed_deg.mean == pytest.approx(np.rad2deg(0.01))
    behind = 0.4 * np.sin(0.15 * np.pi) * 2 / np.pi
    assert found.at_once_deg.mean == pytest.approx(np.rad2deg(behind), rel=0.02)
    assert found.still_deg.mean == pytest.approx(np.rad2deg(0.4 / np.pi), rel=0.01)
    assert found.at_once_deg.n == 20
    assert mirrored(Swing(), np.empty(0), np.empty((0, 2))) is None


def test_what_held_is_not_judged(tmp_path: Path) -> None:
    right, wrong = Swing().joints_rad(np.array([0.5]))[0].tolist(), [3.0, 3.0]
    rows = [
        {"at_s": 0.52, "age_s": 0.02, "joints": right, "held": ""},
        {"at_s": 0.53, "age_s": 0.0, "joints": wrong, "held": "emergency stop: key"},
    ]
    (tmp_path / "ticks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = judge_folder(Swing(), tmp_path)
    assert isinstance(found, Mirrored)
    assert found.at_once_deg.mean == pytest.approx(0.0, abs=1e-9)
    assert json.loads((tmp_path / "mirrored.json").read_text())["at_once_deg"]["n"] == 1


class Reads:
    """Angles that are hidden in the colour of a picture."""

    def __init__(self) -> None:
        self.greys = list[float]()

    def estimate(self, pictures: Any) -> NDArray[np.float64]:
        self.greys += [float(picture.mean()) for picture in pictures]
        return np.stack([LOW_RAD + float(picture.mean()) / 255 * (HIGH_RAD - LOW_RAD) for picture in pictures])


class Shows:
    """A stream that fills one array anew, as drivers of cameras do, or shows another one each time."""

    def __init__(self, grey: int, taken_s: float = 0.0, reuses: bool = True) -> None:
        self.buffer, self.reuses = np.empty((64, 64, 3), dtype=np.uint8), reuses
        self.grey(grey, taken_s)

    def grey(self, grey: int, taken_s: float) -> None:
        self.buffer[:], self.taken_s = grey, taken_s

    def picture(self) -> NDArray[np.uint8]:
        return self.buffer if self.reuses else self.buffer.copy()

    def close(self) -> None:
        pass


def test_the_way_to_what_is_seen_is_one_that_the_guard_lets_pass() -> None:
    """A hand that takes every command at once, asked anew every 30 ms, after pictures that change in mid-way."""
    stream, reader = Shows(255), Reads()
    policy, guard = PoseLess(reader, stream=stream), Chain()
    policy.reset(HAND)
    guard.reset(HAND)
    joints = (LOW_RAD + HIGH_RAD) / 2
    for turn in range(60):
        if turn == 12:
            stream.grey(0, turn * 0.03)
        observation = Observation(joint_positions_rad=joints, stamp_s=turn * 0.03)
        intent = policy.standing_intent(observation)
        assert isinstance(intent, MoveJoints)
        chunk = policy.act(intent, observation, Belief(turn, observation))
        for row in chunk.values[:3]:
            joints = guard.review(Action("joint_pos", row[np.newaxis], RATE_HZ)).values[0]
    assert not any(guard.counts.values())
    np.testing.assert_allclose(joints, LOW_RAD, atol=0.01)
    assert reader.greys == [255, 0]


@pytest.mark.parametrize(("rate_hz", "settle_s"), [(10.0, 0.07), (5.0, 0.07), (30.0, 0.01), (100.0, 0.07)])
def test_the_way_comes_to_rest_at_what_is_seen_whatever_rate_and_filter(rate_hz: float, settle_s: float) -> None:
    policy = PoseLess(Reads(), stream=Shows(255), settle_s=settle_s)
    policy.reset(replace(HAND, rate_hz=rate_hz))
    joints, places = (LOW_RAD + HIGH_RAD) / 2, []
    for turn in range(round(4.0 * rate_hz)):
        chunk = policy.standing_intent(Observation(joint_positions_rad=joints, stamp_s=turn / rate_hz))
        assert isinstance(chunk, MoveJoints)
        joints = chunk.positions_rad[1]
        places.append(joints)
    for place in places[len(places) // 2 :]:
        np.testing.assert_allclose(place, HIGH_RAD, atol=np.deg2rad(0.1))


@pytest.mark.parametrize("reuses", [True, False])
@pytest.mark.parametrize(
    ("taken_s", "read"),
    [
        ([1.0, 2.0, 3.0, 4.0], [0, 1, 2, 3]),
        ([1.0, 1.0, 1.0, 2.0], [0, 3]),
        ([np.nan] * 4, [0]),  # a picture that stands still
        ([1.0, np.nan, np.nan, 2.0], [0, 1, 3]),  # a film at its end, whose last picture had not been shown before
    ],
)
def test_a_picture_of_a_stream_is_read_once_for_each_time_that_it_was_taken(
    taken_s: list[float], read: list[int], reuses: bool
) -> None:
    stream, reader = Shows(0, reuses=reuses), Reads()
    policy = PoseLess(reader, stream=stream)
    policy.reset(HAND)
    for grey, stamp_s in enumerate(taken_s):
        stream.grey(grey, stamp_s)
        policy.standing_intent(Observation(joint_positions_rad=LOW_RAD, stamp_s=0.03 * grey))
    assert reader.greys == read


def test_a_stream_is_read_again_after_a_picture_that_a_planner_gave_and_the_other_way_round() -> None:
    reader, given = Reads(), MatchPose(np.zeros((64, 64, 3), np.uint8))
    policy, observation = PoseLess(reader, stream=Shows(250)), Observation(joint_positions_rad=LOW_RAD)
    policy.reset(HAND)
    for _ in range(2):
        policy.standing_intent(observation)
        for _ in range(2):
            policy.act(given, observation, Belief(0, observation))
    assert reader.greys == [250, 0, 250, 0]


def test_after_a_hold_it_starts_at_rest_where_the_hand_is() -> None:
    stream = Shows(255)
    policy = PoseLess(Reads(), stream=stream)
    policy.reset(HAND)
    for stamp_s in (0.0, 0.3):  # the hand did not move meanwhile, and joints with a wide range are far from what was commanded
        chunk = policy.standing_intent(Observation(joint_positions_rad=LOW_RAD, stamp_s=stamp_s))
        assert isinstance(chunk, MoveJoints)
        np.testing.assert_allclose(chunk.positions_rad[0], LOW_RAD)
        assert np.abs(chunk.positions_rad[1] - LOW_RAD).max() < 0.01
    policy.reset(HAND)
    near = LOW_RAD + 0.1  # what was due is near enough to go on from, had it gone anywhere
    for stamp_s, extra in ((0.0, {}), (0.1, {HELD: True})):
        chunk = policy.standing_intent(Observation(joint_positions_rad=near, stamp_s=stamp_s, extra=extra))
        assert isinstance(chunk, MoveJoints)
        np.testing.assert_allclose(chunk.positions_rad[0], near)
    with pytest.raises(ControllerError, match="measures its joints"):
        policy.standing_intent(Observation())


def test_what_a_planner_asks_for_mirrors_no_picture() -> None:
    policy = PoseLess(Reads(), stream=Shows(255))
    policy.reset(HAND)
    observation = Observation(joint_positions_rad=LOW_RAD)
    policy.standing_intent(observation)
    assert np.isfinite(policy.picture_s)
    policy.act(MatchPose(np.zeros((64, 64, 3), np.uint8)), observation, Belief(0, observation))
    assert np.isnan(policy.picture_s)
    policy.standing_intent(observation)
    policy.reset(HAND)
    assert np.isnan(policy.picture_s)


def test_a_stream_that_does_not_tell_how_old_its_picture_is_is_refused() -> None:
    class Timeless:
        def picture(self) -> NDArray[np.uint8]:
            return np.zeros((64, 64, 3), dtype=np.uint8)

        def close(self) -> None: ...

    with pytest.raises(ConfigError, match="a Timeless must tell in `taken_s` when"):
        PoseLess(Reads(), stream=Timeless())  # type: ignore[arg-type]


def test_a_closed_policy_frees_the_renderer_and_the_capture(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "hand.png"), np.full((48, 64, 3), 90, dtype=np.uint8))
    hand, camera = MovingHand(poses=1, pose_s=0.1, width=64, height=64), Film(str(tmp_path / "hand.png"))
    for stream in (hand, camera):
        policy = PoseLess(Reads(), stream=stream)
        policy.close()  # nothing is open yet
        policy.reset(HAND)
        policy.standing_intent(Observation(joint_positions_rad=LOW_RAD, stamp_s=0.0))
    drawn, capture = hand._renderer.context, camera._capture
    assert drawn.offFBO
    assert capture.isOpened()
    for stream in (hand, camera):
        for _ in range(2):
            PoseLess(Reads(), stream=stream).close()
    assert not drawn.offFBO
    assert not capture.isOpened()
    with closing(hand):
        assert hand.picture().shape == (64, 64, 3)  # by another renderer


class Witnessed(MovingHand):
    """A `MovingHand` that leaves a line in a file when its picture is taken and when it is closed, with what is open then.

    last: no picture but the first so many.
    """

    def __init__(self, file: Path, last: int = 1_000_000) -> None:
        super().__init__(poses=1, pose_s=0.1, width=64, height=64)
        self.file, self.left = file, last

    def picture(self) -> NDArray[np.uint8]:
        if not self.left:
            raise ControllerError("the light went out")
        self.left -= 1
        rgb = super().picture()
        self._tell("picture")
        return rgb

    def close(self) -> None:
        renderer = self.__dict__.get("_renderer")
        super().close()
        if renderer is not None:
            self._tell("closed" if not renderer.context.offFBO else "still open")

    def _tell(self, word: str) -> None:
        with self.file.open("a") as file:
            file.write(word + "\n")


@pytest.mark.parametrize(("last", "status"), [(1_000_000, 0), (3, 1)])
def test_the_command_closes_its_stream_at_the_end_and_after_an_error(tmp_path: Path, last: int, status: int) -> None:
    """Pictures are taken in the policy's process, which thus has what is to be closed."""
    slack = ["--watchdog_s", "2.0", "--heartbeat_s", "2.0", "--max_age_s", "1.0", "--robot_watchdog_s", "1.0"]
    slack += ["--max_picture_age_s", "2.0"]
    robot = ["--robot", "ShadowHand", "--robot.width", "64", "--robot.height", "64", "--robot.camera_hz", "5"]
    robot += ["--robot.rate_hz", "50"]
    stream = ["--policy.stream", "test_mirror.Witnessed", "--policy.stream.file", str(tmp_path / "told")]
    asked = ["control", *robot, "--policy", "PoseLess", "--rate_hz", "50", "--seconds", "1", "--out", str(tmp_path / "runs")]
    assert main([*asked, *stream, "--policy.stream.last", str(last), *slack]) == status
    told = (tmp_path / "told").read_text().split()
    assert told[0] == "picture"
    assert told[-1] == "closed"
    assert told.count("closed") == 1


def test_a_component_is_closed_after_an_error(tmp_path: Path) -> None:
    class_path = {"class_path": "test_mirror.Witnessed", "init_args": {"file": str(tmp_path / "told")}}
    component = Component("controllers", "PoseLess", {"stream": class_path})

    def ask() -> None:
        with component.opened() as policy:
            policy.reset(HAND)
            policy.standing_intent(Observation())

    with pytest.raises(ControllerError, match="measures its joints"):
        ask()
    assert (tmp_path / "told").read_text().split() == ["picture", "closed"]


def test_the_command_mirrors_and_says_how_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slack = ["--watchdog_s", "2.0", "--heartbeat_s", "2.0", "--max_age_s", "1.0", "--robot_watchdog_s", "1.0"]
    slack += ["--max_picture_age_s", "2.0"]
    robot = ["--robot", "shadow_hand_sim", "--robot.width", "64", "--robot.height", "64", "--robot.camera-hz", "5"]
    robot += ["--robot.rate-hz", "50"]
    asked = ["control", *robot, "--policy", "poseless", "--rate-hz", "50", "--seconds", "3", "--out", str(tmp_path)]
    stream = ["--policy.stream", "MovingHand", "--policy.stream.seed", "5"]
    assert main([*asked, *stream, *slack]) == 0
    run = next(tmp_path.iterdir())
    report = json.loads((run / "control.json").read_text())
    config = report["config"]
    assert config["policy"]["arguments"]["stream"]["init_args"]["seed"] == 5
    said = capsys.readouterr().out
    if "nothing was mirrored" in said:  # on a machine so slow that the body held all the time
        assert not (run / "mirrored.json").exists()
        return
    assert "degrees from the shown hand" in said
    found = json.loads((run / "mirrored.json").read_text())
    assert 0.0 < report["picture_age"]["mean_s"] <= report["picture_age"]["worst_s"] < 2.0  # as old as a chunk may be
    assert 0.0 < found["delayed_deg"]["mean"] <= found["at_once_deg"]["mean"]


def test_a_picture_that_is_missing_is_refused_before_anything_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream = ["--policy.stream", "Film", "--policy.stream.source", "none.png"]
    assert main(["control", "--robot", "ShadowHand", "--policy", "PoseLess", *stream, "--out", str(tmp_path)]) == 2
    assert "there is no file 'none.png'" in capsys.readouterr().err
    assert main(["control", "--robot", "DeskArm", "--policy", "PoseLess", "--out", str(tmp_path)]) == 2
    assert "PoseLess was made for other joints" in capsys.readouterr().err
