"""`enactive export`: an apartment for other simulators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from enactive.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Write the apartment of a seed as .glb."""
    parser = ArgumentParser(prog="enactive export", description="Write an apartment as .glb for other simulators.")
    parser.add_argument("path", type=Path, help="the .glb file to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", type=int | None, default=None, help="how many rooms; drawn from the seed where left out")
    chosen = parser.parse_args(list(argv))

    from enactive.envs.household.apartment import make_apartment
    from enactive.envs.household.export import export_glb

    try:
        export_glb(make_apartment(chosen.seed, chosen.rooms), chosen.path)
    except OSError as error:
        raise ConfigError(f"{str(chosen.path)!r} cannot be written: {error.strerror}") from error
    print(f"{chosen.path} ({chosen.path.stat().st_size / 1e6:.1f} MB)")
    return 0
