"""`enactive doctor`: is this machine able to run the defaults, and if not, what to type."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from enactive import pretrained
from enactive.errors import ConfigError, EnactiveError

NEEDED_BYTES = 500_000_000
EXTRAS: Mapping[str, tuple[str, ...]] = {  # the modules that each extra of the package brings
    "alfworld": ("alfworld",),
    "data": ("pyarrow",),
    "minigrid": ("minigrid",),
    "openai": ("openai",),
    "ray": ("ray",),
    "rerun": ("rerun",),
    "robot": ("zenoh", "msgpack"),
}


def main(argv: Sequence[str]) -> int:
    """Print one line a check, with the fix where it fails. Exit status 1 where anything needed fails."""
    parser = ArgumentParser(prog="enactive doctor", description="Check rendering, packages, weights, files and disk.")
    parser.parse_args(list(argv))
    broken = 0
    for name, check in CHECKS.items():
        try:
            print(f"ok    {name:12} {check()}")
        except EnactiveError as error:
            broken += 1
            print(f"FAIL  {name:12} {error}")
        except Exception as error:  # noqa: BLE001  # reason: what breaks in any way on this machine is what a doctor reports
            broken += 1
            print(f"FAIL  {name:12} {type(error).__name__}: {error}")
    return int(broken > 0)


def _python() -> str:
    return sys.version.split()[0]


def _packages() -> str:
    missing = [extra for extra, modules in EXTRAS.items() if any(importlib.util.find_spec(name) is None for name in modules)]
    if not missing:
        return "all optional parts are there"
    return f"not installed: {', '.join(missing)} (pip install 'enactive[NAME]')"


def _rendering() -> str:
    import gymnasium

    import enactive.envs  # noqa: F401  # registers Household
    from enactive.envs.household.engine import INSTALL_GL

    env = gymnasium.make("enactive/Household-v0", seed=0)
    try:
        frame = env.reset()[0]["cameras"]["head"]["rgb"]
    finally:
        env.close()
    if frame.std() < 1.0:
        raise ConfigError(f"the renderer draws nothing: {INSTALL_GL}; or, where OSMesa is there, set MUJOCO_GL=osmesa")
    return f"an apartment at {frame.shape[1]}x{frame.shape[0]}"


def _weights() -> str:
    from enactive.perception.segmenter.detector import Segmenter

    Segmenter()
    return "the segmenter loads"


def _files() -> str:
    states = [pretrained.verify(file) for file in pretrained.FILES]
    if bad := [entry.file.name for entry in states if entry.state == "corrupt"]:
        raise ConfigError(f"corrupt: {', '.join(bad)}; type: enactive models get")
    absent = [entry.file.name for entry in states if entry.state == "absent"]
    return "all in the cache" if not absent else f"fetched on first use: {', '.join(absent)}"


def _disk() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    if free < NEEDED_BYTES:
        raise ConfigError(f"{free / 1e9:.1f} GB left here: make room for recordings ({NEEDED_BYTES / 1e9:.1f} GB)")
    return f"{free / 1e9:.0f} GB free"


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _packages,
    "rendering": _rendering,
    "weights": _weights,
    "files": _files,
    "disk": _disk,
}
