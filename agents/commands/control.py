"""`enactive control`: drive a robot by a policy in real time, with a line that tells how it goes and a stop that stops."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonargparse import ArgumentParser

from enactive.agents.compat import check_policy
from enactive.agents.component import Component
from enactive.agents.guard import Chain, EStop
from enactive.agents.guard.watchdog import OFTEN
from enactive.agents.results import fresh_folder
from enactive.errors import ConfigError, EnactiveError, words_of

from ._components import add_components, component

if TYPE_CHECKING:
    from enactive.agents.realtime import ControlLoop, Tap
    from enactive.agents.realtime.process import Child, PolicyProcess, RobotProcess
    from enactive.agents.realtime.record import ControlLine, TickRecorder
    from enactive.envs.bus.robot import BusRobot

DEFAULTS = {"robot": "DeskArm", "policy": "JointSweep"}
FIRST_ANSWER_S = 120.0  # a policy may load a model before it answers
LATE = 1.5  # periods of the policy that its next chunk may take: one, and half of one for being late
FRESH_S = {  # what must be fresh, and for how long it counts as that, where the loop is fast enough
    "watchdog_s": (0.25, "without a fresh chunk for this long the body holds"),
    "max_age_s": (0.2, "older observations are not acted on"),
    "max_picture_age_s": (0.5, "with an older picture of a camera the body holds, and no chunk is taken that mirrors one"),
    "robot_watchdog_s": (0.1, "the robot's own bound on fresh commands"),
}


def main(argv: Sequence[str]) -> int:
    """Control until told to stop. Exit status 1 where the run ended with an error, or the body followed in no tick; else 0.

    The body holds either way.
    """
    parser = ArgumentParser(
        prog="enactive control",
        description="Drive a robot by a policy in real time. Space stops, r resets the stop, q or Ctrl-C ends; the body holds. "
        "A policy is a controller that nobody plans for: perceiver, planner and goal run beside one in Python alone.",
    )
    parser.add_argument("--config", action="config")
    parser.add_argument("--rate_hz", type=float, default=100.0, help="commands a second")
    parser.add_argument("--policy_hz", type=float, default=30.0, help="at most this many chunks a second")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long, once the policy lives; 0 is until told to stop")
    parser.add_argument("--heartbeat_s", type=float, default=0.2, help="without the policy's heartbeat for this long it holds")
    for name, (bound_s, words) in FRESH_S.items():
        more = f" or {LATE:g} of the policy" if name == "watchdog_s" else ""
        words = f"{words} ({bound_s:g}, or {OFTEN} periods of the loop{more} where that is more)"
        parser.add_argument(f"--{name}", type=float | None, default=None, help=words)
    parser.add_argument("--off", type=list[str], default=[], help="links of the guard to switch off, by name; written down")
    parser.add_argument("--seed", type=int, default=0, help="where a simulated body starts")
    parser.add_argument("--stop_file", type=Path, default=None, help="the stop is latched while this file exists")
    parser.add_argument("--stop_port", type=int, default=-1, help="HTTP stop on this port of 127.0.0.1; 0 takes a free one")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where the run's folder is made")
    chosen = parser.parse_args(add_components(parser, argv, DEFAULTS))
    given = [name for name in ABOVE_0 if chosen[name] is not None]
    if wrong := [name for name in given if not (chosen[name] > 0.0 and math.isfinite(chosen[name]))]:
        raise ConfigError(f"{', '.join(f'--{name}' for name in wrong)} must be above 0, and finite")
    turns = (OFTEN / chosen.rate_hz, f"{OFTEN} periods of a loop of {chosen.rate_hz:g} Hz")
    chunks = (LATE / chosen.policy_hz, f"{LATE:g} periods of a policy of {chosen.policy_hz:g} Hz")
    for name, (bound_s, _) in FRESH_S.items():
        exact_s, words = max(turns, chunks) if name == "watchdog_s" else turns
        least_s = math.ceil(1000.0 * exact_s - 1e-9) / 1000.0
        if chosen[name] is None:
            chosen[name] = max(bound_s, least_s)
        elif chosen[name] < least_s:
            raise ConfigError(
                f"--{name} {chosen[name]:g} is less than {words}, and what the body follows may take as long to arrive, so "
                f"that it would hold again and again: give at least {least_s:g}"
            )
    if not chosen.seconds >= 0.0:
        raise ConfigError("--seconds must be at least 0, which is until told to stop")
    parts = {role: component(role, chosen[role]) for role in DEFAULTS}
    folder = chosen.out / f"{time.strftime('%Y%m%d-%H%M%S')}-control"
    config = {name: chosen[name] for name in SETTINGS} | {role: part.to_json() for role, part in parts.items()}
    control = Control(parts["robot"], parts["policy"], folder, config)
    return control.run(chosen.stop_file, chosen.stop_port)


ABOVE_0 = (
    "rate_hz", "policy_hz", "watchdog_s", "heartbeat_s", "max_age_s", "max_picture_age_s", "robot_watchdog_s",
)  # fmt: skip
SETTINGS = (*ABOVE_0, "seconds", "off", "seed")


class Control:
    """One run of the command: processes, loop on a thread of its own, recorder and live line on theirs."""

    def __init__(self, robot: Component, policy: Component, folder: Path, config: dict[str, Any]) -> None:
        self.robot, self.policy, self.folder, self.config = robot, policy, folder, config
        self.leaving = threading.Event()
        self.estop = EStop()
        self.error, self.priority = "", False

    def run(self, stop_file: Path | None, stop_port: int) -> int:
        """Everything from start to hold. Whatever happens, the bus is closed, the policy let go of and the processes ended."""
        from enactive.agents.guard.stop_sources import listening, stop_server
        from enactive.agents.realtime import Tap
        from enactive.agents.realtime.process import PolicyProcess
        from enactive.agents.realtime.record import ControlLine, TickRecorder

        guard = Chain(off=tuple(self.config["off"]))
        with ExitStack() as opened:
            here = opened.enter_context(self.policy.opened())  # before anything is started: it may refuse its arguments
            if not hasattr(here, "standing_intent"):
                raise ConfigError(
                    f"{type(here).__name__} needs a planner to tell it what to do, and enactive control starts none: take a "
                    "policy with a `standing_intent`, or run perceiver, planner and controller in Python "
                    "(docs/systems/realtime.md)"
                )
            # refused before the robot's process moves a body to where it starts
            self.folder = opened.enter_context(fresh_folder(self.folder))
            server = opened.enter_context(stop_server(self.estop, stop_port))
            robot = self._start_robot(opened)
            body = robot.connect()
            opened.callback(body.close)  # which the loop does, too, where it comes to run
            check_policy(body.embodiment, here, self.config["rate_hz"]).raise_if_broken()
            self.estop.listen(lambda event: (body.stop if event.kind == "latch" else body.reset_stop)(event.cause))
            policy = PolicyProcess(self.policy, body.embodiment, rate_hz=self.config["policy_hz"])
            opened.callback(policy.close)

            loop = self._loop(body, policy, guard)
            line = ControlLine(loop)
            with listening(self.estop, self.leaving.set, file=stop_file, server=server, status=line.status):
                recorder = TickRecorder(self.folder, self.config)  # once nothing is refused any more
                opened.callback(line.close)
                line.show()
                loop.taps = taps = (Tap(recorder.tick), Tap(line.tick))
                self._drive(loop, {"robot": robot, "policy": policy.child}, policy)
            malformed = {"from the robot": body.malformed, "from the policy": policy.malformed, "to it": policy.malformed_there}
            answered = math.isfinite(policy.began_s)
            complete = self._tell(loop, body, malformed, taps, recorder, line, answered)
            self._tell_mirrored(here, complete)
        print(f"record: {self.folder}")
        if self.error:
            raise EnactiveError(self.error)
        return 0

    def _start_robot(self, opened: ExitStack) -> RobotProcess:
        from enactive.agents.realtime.process import RobotProcess
        from enactive.envs.bus.zenoh_bus import Line

        robot = RobotProcess(
            self.robot,
            Line.fresh(),
            rate_hz=self.config["rate_hz"],
            watchdog_s=self.config["robot_watchdog_s"],
            off=tuple(self.config["off"]),
            seed=self.config["seed"],
        )
        opened.callback(robot.close)
        return robot

    def _loop(self, body: BusRobot, policy: PolicyProcess, guard: Chain) -> ControlLoop:
        from enactive.agents.realtime import ControlLoop

        return ControlLoop(
            body,
            policy,
            rate_hz=self.config["rate_hz"],
            guard=guard,
            estop=self.estop,
            watchdog_s=self.config["watchdog_s"],
            heartbeat_s=self.config["heartbeat_s"],
            max_age_s=self.config["max_age_s"],
            max_picture_age_s=self.config["max_picture_age_s"],
        )

    def _tell(
        self,
        loop: ControlLoop,
        body: BusRobot,
        malformed: Mapping[str, int],
        taps: Sequence[Tap],
        recorder: TickRecorder,
        line: ControlLine,
        answered: bool,
    ) -> bool:
        """Finish the record and leave the table of the cadence on the terminal; whether the disk took the record.

        taps: that of the recorder first. answered: whether the policy did: a run that then followed it in no tick has failed,
        unless somebody stopped it.
        """
        for tap in taps:
            tap.close()
        told = {
            "robot": dict(body.told, joints=None, extra=None, guard=body.guard),
            "error": self.error,
            "real_time_priority": self.priority,
            "malformed_messages": malformed,
        }
        if answered and not self.error and not loop.followed and not loop.estop.events:
            told["error"] = self.error = f"the policy answered, and the body followed it in no tick; it held: {loop.holding}"
        dropped = {"frames": taps[0].dropped_frames, "ticks": taps[0].dropped_ticks}
        report = loop.report() | told
        warnings = [tap.warning for tap in taps if tap.warning]
        complete = finish(recorder, report | {"recorder_dropped": dropped, "warnings": warnings})
        line.close()
        line.tell(report)
        for warning in warnings:
            print(f"warning: {warning}")
        return complete and not taps[0].warning

    def _tell_mirrored(self, policy: Any, complete: bool) -> None:
        """How well the body followed what the policy looked at, where that is known and the record of it is complete."""
        from enactive.agents.realtime.mirror import KnowsTruth, judge_folder

        if not isinstance(shown := getattr(policy, "stream", None), KnowsTruth):
            return
        if complete:
            print(f"  {judge_folder(shown, self.folder) or 'nothing was mirrored: the body held all the time'}")
        else:
            print("  how well it mirrored is not judged: the record is not complete")

    def _drive(self, loop: ControlLoop, children: Mapping[str, Child], policy: PolicyProcess) -> None:
        """Run the loop on a thread of its own; this thread only waits for a reason to end, such as a child that ended."""
        from enactive.agents.realtime import settle, take_priority

        seconds = self.config["seconds"] or float("inf")

        def drive() -> None:
            self.priority = take_priority()
            try:
                loop.run(lambda: self.leaving.is_set() or time.perf_counter() - policy.began_s > seconds)
            except Exception as error:  # noqa: BLE001  # reason: kept and raised on the main thread, after the record is written
                self.error = f"{type(error).__name__}: {words_of(error)}"

        thread = threading.Thread(target=drive, name="control")
        settle()
        began = time.perf_counter()
        try:
            thread.start()
            while thread.is_alive():
                thread.join(0.1)
                for name, child in children.items():
                    if child.ended is not None and not self.leaving.is_set():
                        killed = name == "robot" and child.ended < 0
                        left = "its drives keep what they were told last" if killed else "the body holds"
                        self.error = f"the process of the {name} ended with status {child.ended}; {left}"
                        self.leaving.set()
                silent = math.isinf(policy.began_s) and time.perf_counter() - began > FIRST_ANSWER_S
                if silent and not self.leaving.is_set():
                    self.error = f"the policy gave no answer within {FIRST_ANSWER_S:g} s; the body holds"
                    self.leaving.set()
        finally:
            self.leaving.set()
            thread.join()


def finish(recorder: TickRecorder, report: Mapping[str, Any]) -> bool:
    """Finish the record, as far as the disk takes it; what it does not take is said, and the run is no worse for it.

    Returns whether it took all that was still to be written.
    """
    try:
        recorder.close(report)
    except OSError as error:
        print(f"warning: the record is not complete: {error.strerror or error}")
        return False
    return True
