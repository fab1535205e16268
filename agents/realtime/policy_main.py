"""The policy's process: `python -m enactive.agents.realtime.policy_main`, configured by JSON on its standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from typing import Any

from enactive.agents.component import Component
from enactive.envs import CameraFrame
from enactive.envs.bus.base import Bus, Mailbox
from enactive.envs.bus.codec import STATE, Malformed, camera_of, embodiment_of_message, pack, state_of, unpack
from enactive.envs.bus.zenoh_bus import Line, ZenohBus

from .policy import Stack, make_chunk

BEAT_S = 0.02
WAIT_S = 0.5


def main(config: dict[str, Any]) -> None:
    """Answer the newest observation with a chunk, until the process that started this one is gone, or SIGTERM."""
    leaving, ready = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    bus = ZenohBus(Line(**config["line"]), listen=False)
    error: list[str] = []
    dropped: Counter[str] = Counter()

    def beat() -> None:
        while not leaving.wait(BEAT_S):
            if ready.is_set() or error:  # it lives once it has answered: the first answer loads and compiles
                bus.publish("beat", pack({"error": error[0] if error else "", "malformed": dropped.total()}))
            if os.getppid() != config["parent"]:
                os._exit(0)  # whoever listened is gone, and `act` may hang

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    try:
        answer(bus, config, leaving, ready, dropped)
    except Exception as problem:  # noqa: BLE001  # reason: a policy may fail in any way; the loop is told and ends the run
        error.append(f"{type(problem).__name__}: {problem}")
        if leaving.is_set():  # nobody listens to the heartbeat any more
            traceback.print_exc()
    leaving.wait()
    bus.close()


def answer(bus: Bus, config: dict[str, Any], leaving: threading.Event, ready: threading.Event, dropped: Counter[str]) -> None:
    """Answer states with chunks until `leaving`; `ready` is set by the first. dropped: counts malformed messages, by topic.

    Raises Malformed where the body's description is, without which there is nothing to answer.
    """
    state, info = Mailbox(), Mailbox()
    cameras: dict[str, CameraFrame] = {}

    def picture(payload: bytes) -> None:
        try:
            name, frame = camera_of(payload)
        except Malformed:
            dropped["camera"] += 1
        else:
            cameras[name] = frame

    for topic, callback in (("state", state.put), ("info", info.put), ("camera", picture)):
        bus.subscribe(topic, callback)
    with Component.from_json(config["controller"]).opened() as controller:  # closed in the thread that asked it
        policy = Stack(controller)
        while (payload := info.wait(WAIT_S)) is None:
            if leaving.is_set():
                return
        policy.reset(embodiment_of_message(unpack(payload, body=dict)))
        while not leaving.is_set():
            payload = state.wait(WAIT_S)
            if payload is None:
                continue
            began = time.perf_counter()
            try:
                observation = state_of(unpack(payload, **STATE), dict(cameras))
            except Malformed:
                dropped["state"] += 1
                continue
            chunk = make_chunk(policy, observation, time.perf_counter)
            if chunk is not None:
                ready.set()
                action = chunk.action
                parts = {
                    "mode": action.control_mode,
                    "rate_hz": float(action.rate_hz),
                    "answers_s": chunk.answers_s,
                    "seconds": chunk.seconds,
                    "picture_s": chunk.picture_s,
                }
                bus.publish("chunk", pack({"values": action.values, **parts}))
            leaving.wait(max(0.0, began + 1.0 / config["rate_hz"] - time.perf_counter()))


if __name__ == "__main__":
    main(json.load(sys.stdin))
