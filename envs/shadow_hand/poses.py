"""Poses of the hand that do not pass through itself: by physics as PoseLess makes them, and by a faster projection.

`settle` follows the paper (arXiv 2503.07111): a servo pulls every joint towards a target until the hand has come to rest, and
the label is where it came to rest. Unlike there the wrist moves too, and the rule to stop takes no offence at contact.
`untangle` needs no time steps: it moves a drawn pose, by damped least squares, along the normals of the contacts until nothing
overlaps, so that what overlapped then touches.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from ..household.engine import mujoco
from .joints import FINGERS, HIGH_RAD, JOINTS, LOW_RAD
from .model import Morphology, Side, compile_mjcf, hand_mjcf

Method = Literal["settle", "untangle"]
SETTLE_GAIN = 10.0  # N m / rad
SETTLE_STEPS, SETTLE_CHECK = 2000, 100
AT_TARGET_RAD, AT_REST_RAD_S = 0.1, 0.05  # sums over the joints, and the fastest joint
TOLERANCE_M = 2e-4  # overlap that counts as touching
UNTANGLE_ROUNDS, UNTANGLE_TRIES = 40, 8
PACE, DAMPING = 0.7, 1e-6  # a shorter step than the tangent says, so that parts end near each other
_BENDS = tuple(
    [i for i, joint in enumerate(JOINTS) if joint.startswith(finger) and joint[-1] in "321"] for finger in FINGERS[:4]
)


class PoseMaker:
    """Makes poses of one hand, within its ranges; keep it, compiling the model takes longer than a pose."""

    def __init__(self, side: Side = "right", morphology: Morphology = "shadow") -> None:
        self.model = compile_mjcf(hand_mjcf(side, morphology))
        self.low_rad, self.high_rad = self.model.jnt_range.T.copy()
        self.data = mujoco.MjData(self.model)
        self._tips = [self.model.site(f"{finger}tip").id for finger in FINGERS]

    def pose(self, rng: np.random.Generator, method: Method = "untangle") -> NDArray[np.float64]:
        """(24,) rad, a new pose. Raises ConfigError for a method that does not exist."""
        if method == "settle":
            return self.settle(rng.uniform(self.low_rad, self.high_rad))
        if method != "untangle":
            raise ConfigError(f'poses are made by "settle" or "untangle", not by {method!r}')
        for _ in range(UNTANGLE_TRIES):
            free = self.untangle(draw(rng, self.low_rad, self.high_rad))
            if free is not None:
                return free
        return self.settle(rng.uniform(self.low_rad, self.high_rad))

    def settle(self, target_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """(24,) rad, where the hand comes to rest when every joint is pulled towards a target, from the open hand."""
        model, data = self.model, self.data
        mujoco.mj_resetData(model, data)
        model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ACTUATION
        for step in range(SETTLE_STEPS):
            data.qfrc_applied[:] = SETTLE_GAIN * (target_rad - data.qpos)
            mujoco.mj_step(model, data)
            if step % SETTLE_CHECK == SETTLE_CHECK - 1:
                near = np.abs(target_rad - data.qpos).sum() < AT_TARGET_RAD
                if near or np.abs(data.qvel).max() < AT_REST_RAD_S:
                    break
        return np.asarray(np.clip(data.qpos, self.low_rad, self.high_rad))

    def untangle(self, drawn_rad: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """(24,) rad, the drawn pose moved until nothing overlaps by more than `TOLERANCE_M`; None where that failed."""
        model, data = self.model, self.data
        q = np.clip(drawn_rad, self.low_rad, self.high_rad)
        for _ in range(UNTANGLE_ROUNDS):
            data.qpos[:] = q
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_collision(model, data)
            depth = -np.array(data.contact.dist)
            if not len(depth) or depth.max() < TOLERANCE_M:
                return q
            rows = self._rates(np.flatnonzero(depth > 0.0))
            wanted = depth[depth > 0.0] + TOLERANCE_M / 2
            turn = rows.T @ np.linalg.solve(rows @ rows.T + DAMPING * np.eye(len(rows)), wanted)
            q = np.clip(q + PACE * turn, self.low_rad, self.high_rad)
        return None

    def _rates(self, contacts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(C, 24) how fast the gap of each contact opens with each joint, m/rad."""
        one, other = np.empty((3, 24)), np.empty((3, 24))
        rows = np.empty((len(contacts), 24))
        for row, index in enumerate(contacts):
            contact = self.data.contact[index]
            mujoco.mj_jac(self.model, self.data, one, None, contact.pos, self.model.geom_bodyid[contact.geom1])
            mujoco.mj_jac(self.model, self.data, other, None, contact.pos, self.model.geom_bodyid[contact.geom2])
            rows[row] = contact.frame[:3] @ (other - one)  # the normal points from geom1 to geom2
        return rows

    def touching(self, q: NDArray[np.float64], gap_m: float = 1e-3) -> int:
        """How many contacts a pose has, counting those with a gap below `gap_m`."""
        self.data.qpos[:] = q
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        margin = self.model.geom_margin.copy()
        self.model.geom_margin[:] = gap_m
        mujoco.mj_collision(self.model, self.data)
        self.model.geom_margin[:] = margin
        return int((self.data.contact.dist < gap_m).sum())

    def fingertips(self, joint_positions_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., 5, 3) m, the tips of `FINGERS` in the forearm's frame, of poses (..., 24)."""
        poses = joint_positions_rad.reshape(-1, 24)
        tips = np.empty((len(poses), len(FINGERS), 3))
        for pose, out in zip(poses, tips, strict=True):
            self.data.qpos[:] = pose
            mujoco.mj_kinematics(self.model, self.data)
            out[:] = self.data.site_xpos[self._tips]
        return tips.reshape(*joint_positions_rad.shape[:-1], len(FINGERS), 3)


def draw(
    rng: np.random.Generator, low_rad: NDArray[np.float64] = LOW_RAD, high_rad: NDArray[np.float64] = HIGH_RAD
) -> NDArray[np.float64]:
    """(24,) rad within ranges (24,), parts overlapping or not: uniform, with fingers that bend as a whole, or at the limits."""
    share = rng.uniform(0.0, 1.0, 24)
    kind = rng.random()
    if kind < 0.5:  # fingers bend as fingers do, some of them together
        together = rng.random()
        for bends in _BENDS:
            if rng.random() < 0.75:
                curl = together if rng.random() < 0.5 else rng.random()
                share[bends] = np.clip(curl + rng.normal(0.0, 0.12, len(bends)), 0.0, 1.0)
    elif kind < 0.6:
        extreme = rng.random(24) < 0.5
        share[extreme] = np.round(share[extreme])
    return np.asarray(low_rad + share * (high_rad - low_rad))
