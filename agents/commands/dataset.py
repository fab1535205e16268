"""`enactive dataset`: labelled pictures of a hand as a LeRobotDataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from enactive.envs.shadow_hand.model import Side
from enactive.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Write what is missing of a data set, then check all of it.

    Raises ConfigError for numbers of which nothing can be made, without pyarrow and for a full disk.
    """
    parser = ArgumentParser(
        prog="enactive dataset", description="Write pictures of a hand, labelled with its angles, as a LeRobotDataset v3."
    )
    parser.add_argument("folder", type=Path, help="where to; what is there of the same data set is kept")
    parser.add_argument("--train", type=int, default=10_000, help="pictures to learn from")
    parser.add_argument("--val", type=int, default=1000, help="pictures to choose by")
    parser.add_argument("--test", type=int, default=1000, help="pictures to judge by")
    parser.add_argument("--seed", type=int, default=0, help="what the pictures follow from")
    parser.add_argument("--side", type=Side, default="right")
    parser.add_argument("--pixels", type=int, default=224, help="side of a picture")
    parser.add_argument("--workers", type=int, default=1, help="processes that render and write; the files are the same")
    chosen = parser.parse_args(list(argv))

    from enactive.envs.shadow_hand.dataset import check_dataset, write_dataset

    try:
        rendered = write_dataset(
            chosen.folder,
            {"train": chosen.train, "val": chosen.val, "test": chosen.test},
            chosen.seed,
            side=chosen.side,
            pixels=chosen.pixels,
            workers=chosen.workers,
        )
        found = check_dataset(chosen.folder)
    except ImportError as error:
        raise ConfigError(f"data sets are written with {error.name}: pip install enactive[data]") from error
    except OSError as error:
        raise ConfigError(f"{str(chosen.folder)!r} cannot be written: {error.strerror or error}") from error
    print(f"{chosen.folder}: {', '.join(f'{split} {count}' for split, count in found.items())}; {rendered} rendered now")
    return 0
