"""Refusing sensor data that a belief must not be built on: missing, corrupt, frozen or of a clock that runs back."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from enactive.envs import CameraFrame, Observation
from enactive.errors import PerceptionError

MOVED_M = 0.02
MOVED_RAD = np.deg2rad(1.0)
STAND_S = 1.0  # of the observation's clock: for so long a driving body may be shown one picture
SAME_STAMPS = 10
SAME_PICTURES = 2
ALONE_MOVES, ALONE_S = 8, 4.0  # of colour or depth alone: a wall driven along, or an open floor, may give equal depth


class _Kept:
    """The bytes that one sensor sent last: how often the base has moved since, and from which stamp on it did."""

    def __init__(self) -> None:
        self.since_s, self.moves, self._digest = 0.0, 0, -1

    def see(self, sent: NDArray[np.uint8] | NDArray[np.float32], stamp_s: float, moved: bool) -> None:
        digest = zlib.crc32(sent.tobytes())
        if digest != self._digest:
            self.since_s, self.moves, self._digest = stamp_s, 0, digest
        elif moved or self.moves:
            self.moves += moved
        else:
            self.since_s = stamp_s  # a body at rest is sent the same for as long as it likes


class SensorGuard:
    """Lets an observation through to the first camera's frame and the base pose, or says what is wrong with it.

    A picture may be shown more than once under its one stamp, since loops turn faster than cameras. A camera counts as frozen
    where its stamp stands still for more than 1 s of the observation's clock while the base moves, or for 10 looks in a row
    where that clock stands, too; or where it sends the same bytes twice in a row under new stamps though the base moved,
    unless the picture is blank (a bare wall looks the same from everywhere). Of colour and depth one alone counts as frozen
    where its bytes stay for 8 moves and more than 4 s of its stamps, since either may be the slower one. No stamp may run back.
    Another camera than the one before is looked at anew.
    """

    def __init__(self) -> None:
        self._clock_s: float | None = None  # of the observation
        self._look_at("")

    def _look_at(self, camera: str) -> None:
        """Forget what was seen by another camera."""
        self._camera = camera
        self._stamp_s: float | None = None
        self._since_s = 0.0  # when the picture of this stamp was first shown, by the observation's clock
        self._pose: NDArray[np.float64] | None = None  # of the base then
        self._colour, self._depth = _Kept(), _Kept()
        self._same_stamps = 0
        self._intrinsics = b""  # of the camera matrix that was found good

    def check(self, observation: Observation) -> tuple[CameraFrame, NDArray[np.float64], bool]:
        """The first camera's frame, T_world_base (4, 4), and whether the frame is a new one. Raises PerceptionError."""
        if not observation.cameras:
            raise PerceptionError(
                "no camera picture arrived: check that the environment gives rgb and that the camera is connected"
            )
        name, frame = next(iter(observation.cameras.items()))
        if frame.rgb.dtype != np.uint8 or frame.rgb.ndim != 3 or frame.rgb.shape[2] != 3:
            raise PerceptionError(f"camera {name!r} gives {frame.rgb.dtype} {frame.rgb.shape}: pictures are uint8 (H, W, 3)")
        if frame.depth_m.shape != frame.rgb.shape[:2]:
            raise PerceptionError(f"depth {frame.depth_m.shape} and picture {frame.rgb.shape[:2]} differ in size: align them")
        if not np.isfinite(frame.depth_m).any():
            raise PerceptionError(f"camera {name!r} gives no finite depth at all: check the sensor")
        pose = observation.T_world_base
        if pose is None:
            raise PerceptionError("the body does not know its pose: give T_world_base (odometry or SLAM)")
        if pose.shape != (4, 4) or not (np.isfinite(pose).all() and np.isfinite(frame.T_world_camera).all()):
            raise PerceptionError("the pose of the base or camera is not a finite 4x4 matrix: check odometry and calibration")
        if name != self._camera:
            self._look_at(name)
        self._check_intrinsics(name, frame.K)
        _require_forward(f"camera {name!r}", self._stamp_s, frame.stamp_s)
        _require_forward("the observation", self._clock_s, observation.stamp_s)
        self._clock_s = observation.stamp_s
        return frame, pose, self._is_new(name, frame, pose, observation.stamp_s)

    def _check_intrinsics(self, name: str, K: NDArray[np.float64]) -> None:
        """Look at the camera matrix, where it is not the one that was looked at last."""
        if (given := K.tobytes()) == self._intrinsics:
            return
        if K.shape != (3, 3) or not np.isfinite(K).all() or np.linalg.matrix_rank(K) < 3:
            raise PerceptionError(
                f"camera {name!r} gives a K that is no finite, invertible 3x3 matrix: {K.tolist()}; check its calibration"
            )
        self._intrinsics = given

    def _is_new(self, name: str, frame: CameraFrame, pose: NDArray[np.float64], stamp_s: float) -> bool:
        moved = self._pose is not None and _moved(self._pose, pose)
        if frame.stamp_s == self._stamp_s:
            self._check_age(name, stamp_s - self._since_s, moved)
            return False
        self._colour.see(frame.rgb, frame.stamp_s, moved)
        self._depth.see(frame.depth_m, frame.stamp_s, moved)
        self._check_bytes(name, frame)
        self._stamp_s, self._since_s, self._pose = frame.stamp_s, stamp_s, pose.copy()
        self._same_stamps = 0
        return True

    def _check_bytes(self, name: str, frame: CameraFrame) -> None:
        colour, depth = self._colour.moves >= SAME_PICTURES, self._depth.moves >= SAME_PICTURES
        if colour and depth and not (_one_colour(frame) and _flat(frame)):
            raise PerceptionError(
                f"camera {name!r} is frozen: the base moved {SAME_PICTURES} times and the picture is the same"
            )
        for kept, bare, kind in (
            (self._colour, _one_colour, "colour"),
            (self._depth, _flat, "depth"),
        ):
            age_s = frame.stamp_s - kept.since_s
            if kept.moves >= ALONE_MOVES and age_s > ALONE_S and not bare(frame):
                raise PerceptionError(
                    f"the {kind} of camera {name!r} is frozen: the base moved {kept.moves} times and it is the same for "
                    f"{age_s:.1f} s"
                )

    def _check_age(self, name: str, age_s: float, moved: bool) -> None:
        """age_s: how long the picture has been shown."""
        self._same_stamps = 0 if age_s > 0.0 else self._same_stamps + 1
        if moved and age_s > STAND_S:
            raise PerceptionError(
                f"camera {name!r} is frozen: the base moved and its stamp has been {self._stamp_s:.3f} s for {age_s:.1f} s"
            )
        if self._same_stamps >= SAME_STAMPS:
            raise PerceptionError(
                f"camera {name!r} is frozen: its stamp stands at {self._stamp_s:.3f} s for {SAME_STAMPS} looks"
            )


def _moved(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    turn = np.arctan2(after[1, 0], after[0, 0]) - np.arctan2(before[1, 0], before[0, 0])
    turned = abs((turn + np.pi) % (2 * np.pi) - np.pi) > MOVED_RAD
    return bool(turned or np.linalg.norm(after[:3, 3] - before[:3, 3]) > MOVED_M)


def _one_colour(frame: CameraFrame) -> bool:
    """Whether the colours have nothing in them that would change with the view."""
    coarse = frame.rgb[::8, ::8].reshape(-1, 3).astype(np.int16)
    return bool((np.ptp(coarse, axis=0) <= 6).all())


def _flat(frame: CameraFrame) -> bool:
    """Whether depth has nothing in it that would change with the view: it is flat or absent."""
    depth = frame.depth_m[::8, ::8]
    returns = depth[np.isfinite(depth) & (depth > 0.0)]
    return not returns.size or bool(np.ptp(returns) <= 0.01)


def _require_forward(whose: str, before_s: float | None, now_s: float) -> None:
    if before_s is not None and not now_s >= before_s:
        raise PerceptionError(
            f"the stamp of {whose} went from {before_s:.3f} s to {now_s:.3f} s: give a clock that never runs back"
        )
