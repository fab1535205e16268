"""How well a body followed a hand whose pose is known: judged after the run, from its record, with a truth no policy has."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enactive.statistics import Estimate, mean

LAGS_S = np.arange(0.0, 1.01, 0.02)


@runtime_checkable
class KnowsTruth(Protocol):
    """A stream that knows which angles its pictures show."""

    def joints_rad(self, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, D) at N moments of the monotonic clock."""
        ...


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How far a body was from what it mirrored, while nothing held it.

    at_once_deg: mean absolute difference of the joints at the same moment; delayed_deg: from where the shown hand was lag_s
    before, the lag, of 0 to 1 s, at which that is least; still_deg: of a body that would rest at the shown hand's mean pose.
    n of each is seconds of the run: a second's mean is one value, since neighbouring ticks tell nothing new.
    """

    at_once_deg: Estimate
    delayed_deg: Estimate
    still_deg: Estimate
    lag_s: float

    def __str__(self) -> str:
        return (
            f"joints off by {self.at_once_deg} degrees from the shown hand at the same moment, {self.delayed_deg} from where "
            f"it was {self.lag_s:.2f} s before; resting at its mean pose {self.still_deg} (n = {self.at_once_deg.n} seconds)"
        )


def mirrored(shown: KnowsTruth, at_s: NDArray[np.float64], joints_rad: NDArray[np.float64]) -> Mirrored | None:
    """Judge joints (N, D) that were measured at N moments (N,) of the monotonic clock; None where there are none."""
    if not len(at_s):
        return None
    second = np.floor(at_s - at_s[0]).astype(np.int64)

    def by_second(off_rad: NDArray[np.float64]) -> list[float]:
        off = np.rad2deg(np.abs(off_rad).mean(axis=1))
        return [float(off[second == each].mean()) for each in np.unique(second)]

    offs = {float(lag): joints_rad - shown.joints_rad(at_s - lag) for lag in LAGS_S}
    lag_s = min(offs, key=lambda lag: sum(by_second(offs[lag])))
    truth = shown.joints_rad(at_s)
    still = truth - truth.mean(axis=0)
    return Mirrored(mean(by_second(offs[0.0])), mean(by_second(offs[lag_s])), mean(by_second(still)), lag_s)


def judge_folder(shown: KnowsTruth, folder: Path) -> Mirrored | None:
    """Judge the run in a folder of `TickRecorder` and write `mirrored.json` there; None where the body held all the time."""
    found = mirrored(shown, *followed(folder / "ticks.jsonl"))
    if found is not None:
        (folder / "mirrored.json").write_text(json.dumps(asdict(found), indent=1))
    return found


def followed(ticks: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When (N,) and where (N, D) rad the joints were measured, in ticks of a `TickRecorder` in which nothing held the body."""
    with ticks.open() as lines:
        rows = [row for row in map(json.loads, lines) if not row["held"]]
    return np.array([row["at_s"] - row["age_s"] for row in rows]), np.array([row["joints"] for row in rows])
