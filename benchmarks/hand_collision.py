"""What the guard's collision link would refuse of a hand that mirrors or sweeps, by how deep its parts may overlap.

    python benchmarks/hand_collision.py [--seconds 16] [--seed 0]

The simulated hand follows in lockstep, on its own clock: 100 commands and 25 pictures a second of it, each chunk sent as it was
made. Mirroring follows a `MovingHand` of that seed by `PoseLess` with the weights that ship, its pictures read at once; the
sweep is `JointSweep` from the open hand. A command counts as refused where the link changed it.
"""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "egl")

import argparse
import time
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from enactive.agents.guard import Chain, PredictedState
from enactive.controllers.joint_sweep import JointSweep
from enactive.controllers.poseless.controller import PoseLess
from enactive.envs import Action, Embodiment, Observation
from enactive.envs.shadow_hand.env import ShadowHand
from enactive.envs.shadow_hand.moving import MovingHand
from enactive.envs.shadow_hand.poses import TOLERANCE_M, Method, PoseMaker
from enactive.perception.base import Belief

RATE_HZ, EVERY = 100.0, 4  # a picture every fourth command
SOFT_M = 4e-3  # what servos press parts into each other by, in nearly all poses by physics
DEPTHS_M = (None, TOLERANCE_M, SOFT_M)


class Lockstep:
    """The pictures of a `MovingHand` at the moments of another clock."""

    def __init__(self, seed: int) -> None:
        self.hand, self.taken_s = MovingHand(seed), 0.0

    def picture(self) -> NDArray[np.uint8]:
        """The picture of that moment, (H, W, 3) uint8."""
        return self.hand.picture_at(self.taken_s)

    def close(self) -> None:
        """Free the renderer."""
        self.hand.close()


class Timed(PredictedState):
    """Notes how long each command took, in seconds of this process."""

    def reset(self, embodiment: Embodiment) -> None:
        super().reset(embodiment)
        self.seconds: list[float] = []

    def limit(self, wanted: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        before = time.process_time()
        allowed = super().limit(wanted, last)
        self.seconds.append(time.process_time() - before)
        return allowed


def drive(kind: Literal["mirroring", "sweep"], depth_m: float | None, seconds: float, seed: int) -> None:
    """Print what one run's guard changed, and how far the hand was from the one that it mirrors."""
    hand, stream = ShadowHand(rate_hz=RATE_HZ, camera_hz=0.01, width=64, height=64), Lockstep(seed)
    policy = PoseLess(stream=stream) if kind == "mirroring" else JointSweep()
    link = None if depth_m is None else Timed(hand.model, depth_m=depth_m)
    chain = Chain(*([] if link is None else [link]))
    chain.reset(hand.embodiment)
    policy.reset(hand.embodiment)
    obs, info = hand.reset(seed=seed)
    off = []
    count = round(seconds * RATE_HZ)
    for index in range(count):
        observation = Observation.from_gym(obs, info)
        if index % EVERY == 0:
            stream.taken_s = began_s = observation.stamp_s
            chunk = policy.act(policy.standing_intent(observation), observation, Belief(0, observation))
        row = int((observation.stamp_s - began_s) * chunk.rate_hz + 1e-6)
        chain.observe(observation)
        sent = chain.review(Action("joint_pos", chunk.values[row : row + 1], RATE_HZ))
        if kind == "mirroring" and observation.joint_positions_rad is not None:
            shown = stream.hand.joints_rad(np.array([observation.stamp_s]))[0]
            off.append(np.rad2deg(np.abs(shown - observation.joint_positions_rad).mean()))
        obs, _, _, _, info = hand.step(sent.values[0].astype(np.float32))
    told = "no collision link" if depth_m is None else f"overlap of {1e3 * depth_m:g} mm"
    refused = f"{chain.counts['collision']} of {count} refused" if link else f"{count} commands"
    cost = f"; {1e3 * np.median(link.seconds):.2f} ms a command (median)" if link else ""
    behind = f"; {np.mean(off):.1f} degrees from the hand shown at the same moment" if off else ""
    print(f"{kind}, {told}: {refused}{cost}{behind}; changes by link {dict(chain.counts)}", flush=True)
    hand.close()
    stream.close()


def poses(method: Method, count: int, seed: int) -> None:
    """Print how many poses of the pose maker overlap by more than each depth."""
    maker, rng, hand = PoseMaker(), np.random.default_rng(seed), ShadowHand(width=64, height=64)
    link = PredictedState(maker.model, depth_m=0.0)
    link.reset(hand.embodiment)
    hand.close()
    deep = np.array([link.violation_m(maker.pose(rng, method)) for _ in range(count)])
    shares = ", ".join(f"{(deep > depth).sum()} beyond {1e3 * depth:g} mm" for depth in DEPTHS_M if depth is not None)
    print(f"{count} poses by {method}: {shares}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=16.0)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    poses("untangle", 500, chosen.seed)
    poses("settle", 200, chosen.seed)
    for depth_m in DEPTHS_M:
        drive("sweep", depth_m, chosen.seconds, chosen.seed)
    for depth_m in DEPTHS_M:
        drive("mirroring", depth_m, chosen.seconds, chosen.seed)
