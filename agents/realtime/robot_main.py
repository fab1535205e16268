"""The robot's process: `python -m enactive.agents.realtime.robot_main`, configured by JSON on its standard input."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from typing import Any

import numpy as np

from enactive.agents.component import Component
from enactive.agents.guard import guard_of
from enactive.envs.bus.base import Bus
from enactive.envs.bus.faults import FaultyBus
from enactive.envs.bus.zenoh_bus import Line, ZenohBus
from enactive.envs.robot import EnvRobot
from enactive.errors import EnactiveError

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
    with contextlib.closing(bus), contextlib.closing(Component.from_json(config["env"]).build()) as env:
        # a start that fails lets go of the body as well, and it holds; a bus that is left open would keep the process up
        robot = EnvRobot(env, seed=config["seed"])
        guard = guard_of(env, config["off"])
        loop = robot_loop(bus, robot, rate_hz=config["rate_hz"], guard=guard, watchdog_s=config["watchdog_s"])
        settle()
        take_priority()
        serve(loop, lambda: leaving.is_set() or os.getppid() != config["parent"])


if __name__ == "__main__":
    try:
        main(json.load(sys.stdin))
    except EnactiveError as problem:  # what is to be read is a sentence, not where in the code it was raised
        sys.exit(f"the robot's process: {problem}")
