"""The robot's process: `python -m enactive.agents.realtime.robot_main`, configured by JSON on its standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import numpy as np

from enactive.agents.component import Component
from enactive.agents.guard import Chain, PredictedState
from enactive.envs.bus.base import Bus
from enactive.envs.bus.faults import FaultyBus
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.envs.robot import EnvRobot

from .cadence import settle, take_priority
from .service import robot_loop, serve


def main(config: dict[str, Any]) -> None:
    """Serve until the process that started this one is gone, or SIGTERM."""
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    bus: Bus = ZenohBus(Line(**config["line"]), listen=True)
    if config["faults"]:
        faulty = FaultyBus(bus, np.random.default_rng(0), remote=True)
        faulty.pump_on_a_thread()
        bus = faulty
    env = Component.from_json(config["env"]).build()
    robot = EnvRobot(env, seed=config["seed"])
    model = getattr(env.unwrapped, "mujoco_model", None)
    off = set(config["off"])
    predicted = [] if model is None or PredictedState.name in off else [PredictedState(model)]
    guard = Chain(*predicted, off=tuple(off - {PredictedState.name}))
    loop = robot_loop(bus, robot, rate_hz=config["rate_hz"], guard=guard, watchdog_s=config["watchdog_s"])
    settle()
    take_priority()
    serve(loop, lambda: leaving.is_set() or os.getppid() != config["parent"])
    bus.close()


if __name__ == "__main__":
    main(json.load(sys.stdin))
