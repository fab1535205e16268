"""What goes over the bus: messages that come back as they were sent, and what is no message."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from enactive.agents.component import Component
from enactive.agents.realtime.policy_main import answer
from enactive.agents.realtime.process import PolicyProcess
from enactive.envs import CameraFrame, Observation
from enactive.envs.bus.base import Mailbox, MemoryBus
from enactive.envs.bus.codec import (
    STATE,
    Malformed,
    camera_message,
    camera_of,
    embodiment_message,
    embodiment_of_message,
    pack,
    state_message,
    state_of,
    unpack,
)
from enactive.envs.desk_arm import DeskArm


def test_messages_come_back_as_they_were_sent() -> None:
    body = DeskArm(width=8, height=6).embodiment
    assert embodiment_of_message(unpack(embodiment_message(body), body=dict)) == body
    seen = Observation(joint_positions_rad=np.array([0.1, np.nan]), text="hi", stamp_s=3.5, extra={"joint_efforts": np.ones(2)})
    back = state_of(unpack(state_message(seen), **STATE), {})
    np.testing.assert_array_equal(back.joint_positions_rad, [0.1, np.nan])
    assert (back.text, back.stamp_s, back.extra["joint_efforts"].tolist()) == ("hi", 3.5, [1.0, 1.0])
    rgb = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    name, frame = camera_of(camera_message("side", CameraFrame(rgb, None, np.eye(3), np.eye(4), 1.0)))
    assert name == "side"
    np.testing.assert_array_equal(frame.rgb, rgb)


def test_a_state_carries_numbers_of_numpy_and_leaves_behind_what_is_large_or_not_plain() -> None:
    plain = {"step": np.int64(3), "load": np.float32(0.5), "docked": np.bool_(True), "range": np.arange(512.0), "words": ["a"]}
    strange = {
        "set": {1}, "object": object(), "ragged objects": np.array([None, "a"]), "large": np.zeros(2000), "huge": 2**70,
        "by number": {1: "a"}, "long": "a" * 5000, "date": np.datetime64("2020-01-01"), "complex": np.complex128(1j),
    }  # fmt: skip
    seen = Observation(joint_positions_rad=np.zeros(2), extra={**plain, **strange, "ragged": [[1.0], [1.0, 2.0]]})
    back = state_of(unpack(state_message(seen), **STATE), {}).extra
    assert back.keys() == {*plain, "ragged"}
    assert (back["step"], back["load"], back["docked"], back["ragged"]) == (3, 0.5, True, [[1.0], [1.0, 2.0]])
    assert back["range"].tolist() == list(range(512))


def test_each_camera_is_sent_by_its_own_time_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def frame(stamp_s: float) -> CameraFrame:
        return CameraFrame(np.zeros((2, 2, 3), np.uint8), None, np.eye(3), np.eye(4), stamp_s)

    wire = MemoryBus()
    sent: list[tuple[str, float]] = []
    monkeypatch.setattr("enactive.agents.realtime.process.ZenohBus", lambda line, listen: wire)
    monkeypatch.setattr("enactive.agents.realtime.process.Child", lambda module, config: None)  # what it is offered shows here
    policy = PolicyProcess(Component("controllers", "JointSweep"), DeskArm().embodiment)
    wire.subscribe("camera", lambda payload: sent.append((camera_of(payload)[0], camera_of(payload)[1].stamp_s)))
    for front_s, wrist_s in ((2.0, 1.0), (2.0, 1.5), (2.0, 1.5), (3.0, 1.5), (1e300, 1.5), (4.0, 1.5)):
        policy.offer(Observation({"front": frame(front_s), "wrist": frame(wrist_s)}, None, np.zeros(4)))
    assert sent == [("front", 2.0), ("wrist", 1.0), ("wrist", 1.5), ("front", 3.0), ("front", 1e300), ("front", 4.0)]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\x00",
        pack({"stamp_s": 1}),
        b"\x93\x01\x02\x03",
        pack({"stamp_s": 1.0, "joints": {"dtype": "|O", "shape": [1], "bytes": b"12345678"}, "text": "", "extra": {}}),
        pack({"stamp_s": 1.0, "joints": {"dtype": "<f8", "shape": [9], "bytes": b"1234"}, "text": "", "extra": {}}),
        pack({"stamp_s": 1.0, "joints": np.array(["0.1", "up"]), "text": "", "extra": {}}),
    ],
)
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(payload, **STATE)


def test_a_policy_drops_and_counts_what_it_cannot_read_and_goes_on() -> None:
    wire, leaving, ready, dropped = MemoryBus(), threading.Event(), threading.Event(), Counter[str]()
    chunks = Mailbox()
    wire.subscribe("chunk", chunks.put)
    config = {"controller": Component("controllers", "JointSweep").to_json(), "rate_hz": 1000.0}
    policy = threading.Thread(target=answer, args=(wire, config, leaving, ready, dropped))
    policy.start()
    body = DeskArm().embodiment
    seen = Observation(joint_positions_rad=np.zeros(4), stamp_s=3.0)
    try:
        for _ in range(100):  # until it listens
            wire.publish("info", embodiment_message(body))
            wire.publish("state", state_message(seen))
            if chunks.wait(0.1) is not None:
                break
        assert ready.is_set()
        wire.publish("camera", b"no picture")
        wire.publish("state", b"no state")
        for _ in range(100):
            if dropped.total() == 2:
                break
            time.sleep(0.05)
        assert dropped == {"camera": 1, "state": 1}
        chunks.take()
        wire.publish("state", state_message(replace(seen, stamp_s=4.0)))
        assert unpack(chunks.wait(5.0), answers_s=float)["answers_s"] == 4.0
    finally:
        leaving.set()
        policy.join()
