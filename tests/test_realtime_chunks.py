"""Chunks in the control loop, on a clock that only the test moves: which command is due, and which chunk is dropped."""

from __future__ import annotations

import math

import numpy as np
import pytest
from realtime_bench import Bench, FourJoints

from enactive.agents.realtime import Chunk, ChunkPlayer
from enactive.agents.realtime.record import describe
from enactive.envs import Action
from enactive.errors import SafetyAbort


def test_a_chunk_is_played_at_its_own_rate_and_its_end_is_a_hold() -> None:
    bench = Bench()
    bench.source.put(0.0, 1.0, 2.0, rate_hz=50.0)
    ticks = bench.ticks(8)
    assert bench.robot.sent == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0], abs=1e-5)
    assert [tick.held for tick in ticks] == [""] * 6 + ["starved: the chunk is at its end"] * 2
    assert bench.loop.held == {"starved: the chunk is at its end": 2}


def test_a_late_chunk_skips_what_is_past() -> None:
    bench = Bench()
    bench.source.put(0.0, 1.0, 2.0, 3.0, answers_s=bench.clock() - 0.02)
    bench.ticks(2)
    assert bench.robot.sent == pytest.approx([2.0, 3.0], abs=1e-5)


def test_chunks_that_last_for_one_tick_each_move_the_body_although_they_are_blended_in() -> None:
    bench = Bench(blend_s=0.04)
    for _ in range(30):
        bench.source.put(1.0, 1.0, answers_s=bench.clock() - 0.005)
        bench.ticks(1)
    assert bench.robot.sent[-1] > 0.99


def test_a_new_chunk_takes_over_without_a_jump() -> None:
    bench = Bench(blend_s=0.04)
    bench.source.put(*[1.0] * 50)
    bench.ticks(10)
    bench.robot.sent.clear()
    bench.source.put(*[2.0] * 50)
    bench.ticks(6)
    assert bench.robot.sent == pytest.approx([1.25, 1.5, 1.75, 2.0, 2.0, 2.0], abs=1e-5)


def test_chunks_that_are_stale_or_overtaken_are_dropped() -> None:
    player = ChunkPlayer(max_age_s=0.2, max_picture_age_s=0.5, blend_s=0.0, rate_hz=100.0)

    def chunk(value: float, answers_s: float) -> Chunk:
        return Chunk(Action("joint_pos", np.full((20, 1), value), 100.0), answers_s)

    here = np.zeros(1)
    assert player.take(chunk(1.0, 5.0), 5.1, here)
    assert not player.take(chunk(2.0, 4.95), 5.1, here)
    assert not player.take(chunk(3.0, 5.1), 5.31, here)
    due = player.target(5.1)
    assert due[0] == 1.0
    assert player.dropped == {"overtaken": 1, "stale": 1}
    player.clear(5.05)
    for answers_s in (math.nan, math.inf, 5.31, -math.inf):  # from no time, or from one that is not yet
        assert not player.take(chunk(4.0, answers_s), 5.1, here)
    assert player.target(5.1) is None
    assert player.dropped == {"overtaken": 1, "stale": 5}


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_chunk_of_another_width_ends_the_run_with_the_latch_closed_while_it_is_blended_in(rows: int, width: int) -> None:
    bench = Bench(blend_s=0.05, robot=FourJoints)
    for value, columns in ((0.01, 4), (0.02, width)):
        bench.source.chunk = Chunk(Action("joint_pos", np.full((rows, columns), value), 100.0), bench.clock())
        if columns == 4:
            bench.ticks(1)
    with pytest.raises(SafetyAbort, match=rf"shape \(T, 4\), got joint_pos of shape \(1, {width}\)"):
        bench.loop.run(lambda: False)
    assert bench.estop.cause.startswith("guard: four joints takes joint_pos commands")
    assert [len(values) for values in bench.robot.sent] == [4, 4]
    assert bench.robot.sent[-1].tolist() == bench.robot.sent[-2].tolist()
    assert bench.robot.closed


def test_after_a_hold_a_new_chunk_is_blended_in_from_where_the_body_was_held_and_not_from_what_was_due() -> None:
    bench = Bench(blend_s=0.04, watchdog_s=0.055)
    bench.source.put(*np.arange(1000.0) / 100)
    bench.ticks(20)  # the policy is silent from the first tick on, and what is due goes on rising
    held_at = bench.robot.sent[-1]
    assert held_at < 0.06
    bench.robot.sent.clear()
    bench.source.put(*[1.0] * 50)
    bench.ticks(5)
    assert bench.robot.sent == pytest.approx([held_at + share * (1.0 - held_at) for share in (0.25, 0.5, 0.75, 1, 1)], abs=1e-5)


def test_the_age_of_a_mirrored_picture_is_told_at_every_tick_and_of_those_that_follow_it_at_the_end() -> None:
    bench = Bench(watchdog_s=10.0)
    assert math.isnan(bench.ticks(1)[0].picture_age_s)
    assert "picture" not in describe(bench.loop, bench.ticks(1)[0])
    now = bench.clock() + 0.01  # of the next tick
    bench.source.chunk = Chunk(Action("joint_pos", np.zeros((2, 1)), 100.0), now, 0.0, picture_s=now - 0.03)
    ticks = bench.ticks(4)  # the last holds: the chunk is at its end
    assert [tick.picture_age_s for tick in ticks] == pytest.approx([0.03, 0.04, 0.05, 0.06], abs=1e-6)
    assert "  picture 60 ms old  " in describe(bench.loop, ticks[-1])
    assert bench.loop.report()["picture_age"] == pytest.approx({"mean_s": 0.04, "p99_s": 0.0498, "worst_s": 0.05}, abs=1e-6)


def test_a_chunk_of_a_picture_that_is_too_old_is_dropped_and_the_body_holds() -> None:
    """Pictures that stand still while observations are fresh, as a camera's do whose driver hangs; the chunks go on moving."""
    bench = Bench(watchdog_s=0.1, max_picture_age_s=0.5)
    taken_s, ticks = bench.clock(), []
    for turn in range(100):
        now = bench.clock() + 0.005
        bench.source.chunk = Chunk(Action("joint_pos", np.full((20, 1), turn / 100), 100.0), now, 0.0, taken_s)
        ticks += bench.ticks(1)
    followed = [tick.picture_age_s for tick in ticks if not tick.held]
    assert max(followed) == pytest.approx(0.6, abs=0.03), "the chunk of the last picture in time is played, within the watchdog"
    assert all(tick.held for tick in ticks[65:])
    assert np.ptp(bench.robot.sent[65:]) == 0.0
    assert set(bench.loop.player.dropped) == {"of a picture that is too old"}


@pytest.mark.parametrize("picture_s", [math.nan, 99.7, 100.3])
def test_a_chunk_that_mirrors_nothing_or_a_fresh_picture_is_played(picture_s: float) -> None:
    player = ChunkPlayer(max_age_s=0.2, max_picture_age_s=0.5, blend_s=0.0, rate_hz=100.0)
    assert player.take(Chunk(Action("joint_pos", np.zeros((1, 1))), 100.0, 0.0, picture_s), 100.0, np.zeros(1))


@pytest.mark.parametrize("picture_s", [99.4, 100.6, math.inf, -math.inf])
def test_a_chunk_of_a_picture_from_long_ago_or_of_a_time_to_come_is_dropped(picture_s: float) -> None:
    player = ChunkPlayer(max_age_s=0.2, max_picture_age_s=0.5, blend_s=0.0, rate_hz=100.0)
    assert not player.take(Chunk(Action("joint_pos", np.zeros((1, 1))), 100.0, 0.0, picture_s), 100.0, np.zeros(1))
