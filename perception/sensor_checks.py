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


class SensorGuard:
    """Lets an observation through to the first camera's frame and the base pose, or says what is wrong with it.

    A picture may be shown more than once under its one stamp, since loops turn faster than cameras. A camera counts as frozen
    where its stamp stands still for more than 1 s of the observation's clock while the base moves, or for 10 looks in a row
    where that clock stands, too; or where it sends the same bytes twice in a row under new stamps though the base moved,
    unless the picture is blank (a bare wall looks the same from everywhere).
    """

    def __init__(self) -> None:
        self._stamp_s: float | None = None
        self._since_s = 0.0  # when the picture of this stamp was first shown, by the observation's clock
        self._pose: NDArray[np.float64] | None = None  # of the base then
        self._picture = 0
        self._same_stamps = 0
        self._same_pictures = 0
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
        self._check_intrinsics(name, frame.K)
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
        picture = zlib.crc32(frame.depth_m.tobytes(), zlib.crc32(frame.rgb.tobytes()))
        if moved:
            same = picture == self._picture and not _blank(frame)
            self._same_pictures = self._same_pictures + 1 if same else 0
        if self._same_pictures >= SAME_PICTURES:
            raise PerceptionError(
                f"camera {name!r} is frozen: the base moved {SAME_PICTURES} times and the picture is the same"
            )
        self._stamp_s, self._since_s, self._picture, self._pose = frame.stamp_s, stamp_s, picture, pose.copy()
        self._same_stamps = 0
        return True

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


def _blank(frame: CameraFrame) -> bool:
    """Whether a picture has nothing in it that would change with the view: one colour, and depth flat or absent."""
    coarse, depth = frame.rgb[::8, ::8].reshape(-1, 3).astype(np.int16), frame.depth_m[::8, ::8]
    return bool((np.ptp(coarse, axis=0) <= 6).all() and np.ptp(depth) <= 0.01)
