"""Viewers and recorders: what they lose when they stand still or fail, and that the loop does not wait for them."""

from __future__ import annotations

import threading

import numpy as np

from enactive.agents.realtime import Tap, Tick
from enactive.envs import CameraFrame, Observation


def frame(value: int) -> CameraFrame:
    return CameraFrame(np.full((4, 4, 3), value, np.uint8), None, np.eye(3), np.eye(4), 0.0)


def pictured(index: int) -> Tick:
    return Tick(index, 0.0, Observation(cameras={"c": frame(index)}), None, np.zeros(1), "", 0.0, 0.0)


def test_a_frozen_viewer_loses_pictures_first_and_the_loop_does_not_wait() -> None:
    thaw, seen = threading.Event(), []

    def viewer(tick: Tick) -> None:
        thaw.wait(10.0)
        seen.append(tick)

    tap = Tap(viewer, frames=3, ticks=20)
    tap(pictured(0))
    while tap._waiting:  # until the viewer has taken it and stands still
        pass
    for index in range(1, 31):
        tap(pictured(index))
    assert (tap.dropped_frames, tap.dropped_ticks) == (27, 10)
    assert sum(len(tick.observation.cameras) for tick in tap._waiting) + len(tap._pictures) == 3
    thaw.set()
    tap.close()
    assert [tick.index for tick in seen] == [0, *range(11, 31)]
    assert [tick.index for tick in seen if tick.observation.cameras] == [0, 28, 29, 30]
    assert seen[-1].observation.cameras["c"].rgb[0, 0, 0] == 30


def test_a_recorder_on_a_full_disk_is_taken_off() -> None:
    def full(tick: Tick) -> None:
        raise OSError(28, "No space left on device")

    tap = Tap(full)
    tap(pictured(0))
    tap.close()
    assert "No space left on device" in tap.warning
