"""Labelled pictures on disk in the layout of LeRobotDataset v3: Parquet shards, and JSON and Parquet files that describe them.

Every picture is an episode of one frame: `observation.images.front` (PNG), `observation.state` and `action` (the 24 angles in
rad), beside LeRobot's own columns. A shard holds pictures of one split. Splits are made from different seeds (`HandViews`), and
written one after another, so that a split is a range of episodes as LeRobot's `info.json` has it.

A shard appears under its name when it is whole; the same call makes those that are missing, cut
off, or of another number of pictures.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError
from enactive.executors import Work, run_all
from enactive.files import whole_file, write_whole

from .joints import HIGH_RAD, JOINTS, LOW_RAD
from .look import Randomisation
from .model import Side
from .picture_file import png
from .views import MAKING, SPLITS, HandViews, Split

SHARD = 500  # pictures in a file
IMAGE, STATE, ACTION = "observation.images.front", "observation.state", "action"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
EPISODES_PATH = "meta/episodes/chunk-000/file-000.parquet"
TASK = "copy the pose of the hand"
CURE = "delete that file, and write the data set again, which makes what is missing alone"
TOLERANCE_RAD = 1e-6
SAMPLED = 1000  # pictures at most for the statistics of their channels
TASKS_INDEX = {  # LeRobot reads the tasks by pandas, and a task as the index of its row
    b"pandas": json.dumps(
        {
            "index_columns": ["task"],
            "column_indexes": [],
            "columns": [
                {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy, "metadata": None}
                for name, kind, numpy in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
            ],
            "pandas_version": "2.0.0",
        }
    ).encode()
}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A picture of the data set. rgb: (H, W, 3) uint8; joints_rad: (24,) float32; index: in the whole data set."""

    rgb: NDArray[np.uint8]
    joints_rad: NDArray[np.float32]
    index: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of `size` pictures of a split, from `start` on. first: the index of the first one in the whole data set."""

    path: Path
    split: Split
    start: int
    size: int
    first: int


def write_dataset(
    folder: Path,
    counts: Mapping[Split, int],
    seed: int = 0,
    randomisation: Randomisation | None = None,
    side: Side = "right",
    pixels: int = 224,
    shard: int = SHARD,
    workers: int = 1,
) -> int:
    """Render what the folder lacks of `counts` pictures by split; returns how many were rendered now.

    workers: processes, each of which makes a shard at a time; files are the same, however many there are. Raises ConfigError
    where nothing can be made of the numbers, where the folder holds a data set that was made with other arguments, or by other
    code (`views.MAKING`), and where a second worker has died of a shard.
    """
    parts = Randomisation() if randomisation is None else randomisation
    wanted = {split: int(counts.get(split, 0)) for split in SPLITS}
    _check_numbers(wanted, seed=(seed, 0), pixels=(pixels, 1), shard=(shard, 1), workers=(workers, 1))
    request = {"counts": wanted, "seed": seed, "side": side, "pixels": pixels}
    request |= {"shard": shard, "randomisation": {name: getattr(parts, name) for name in parts.__slots__}}
    request["making"] = MAKING
    note = folder / "meta" / "making.json"
    held = _noted(note) if note.exists() else request
    if (by := held.get("making", 0)) != MAKING:
        raise ConfigError(
            f"{folder} holds pictures of version {by} of the making, which must not be mixed with those of {MAKING}: "
            "take another folder"
        )
    if held != request:
        raise ConfigError(f"{folder} holds a data set of other arguments ({note}): take another folder, or those arguments")
    write_whole(note, json.dumps(request, indent=1))
    if workers > 1:
        os.environ.setdefault("LP_NUM_THREADS", "0")  # one thread per worker: Mesa's threads of several would fight
    shards = _shards(folder, wanted, shard)
    make = partial(_write_shard, seed=seed, randomisation=parts, side=side, pixels=pixels)
    work: Work[Shard, None] = Work(make, keep=lambda one, nothing: None, died=_died)
    missing = [one for one in shards if not _holds(one)]
    with closing(run_all(missing, work, workers, "process")) as runs:
        rendered = sum(one.size for one, _ in runs)
    _write_meta(folder, request, shards)
    return rendered


def _noted(note: Path) -> dict[str, Any]:
    """How a data set was made, as its folder tells. Raises ConfigError where that is damaged."""
    try:
        told = json.loads(note.read_text())
        if isinstance(told, dict) and isinstance(told.get("shard"), int) and told["shard"] > 0:
            return told
    except (OSError, ValueError) as problem:
        raise ConfigError(f"{note} is damaged ({problem}): make the data set again in another folder") from problem
    raise ConfigError(f"{note} does not tell how its data set was made: make it again in another folder")


def _check_numbers(counts: Mapping[Split, int], **others: tuple[int, int]) -> None:
    """others: each with its least. Raises ConfigError where one is below that, a count is below 0, or all counts are 0."""
    for name, (number, least) in {**{str(split): (count, 0) for split, count in counts.items()}, **others}.items():
        if number < least:
            raise ConfigError(f"{name} must be at least {least}, not {number}")
    if not any(counts.values()):
        raise ConfigError(f"a data set needs a picture: give a number above 0 for one of {', '.join(SPLITS)}")


def _shards(folder: Path, counts: Mapping[Split, int], most: int) -> list[Shard]:
    """The files of a data set with at most so many pictures in each, in their order."""
    shards: list[Shard] = []
    first = 0
    for split in SPLITS:
        for start in range(0, counts[split], most):
            size = min(most, counts[split] - start)
            shards.append(Shard(_data_path(folder, len(shards)), split, start, size, first + start))
        first += counts[split]
    return shards


def _died(shard: Shard, cause: str) -> NoReturn:
    raise ConfigError(
        f"a worker died of {shard.path}, and so did another that made it again ({cause}): make room in memory or give fewer "
        "--workers; the same command goes on"
    )


def _data_path(folder: Path, number: int) -> Path:
    return folder / DATA_PATH.format(chunk_index=number // 1000, file_index=number % 1000)


def _holds(shard: Shard) -> bool:
    """Whether a file is there with so many pictures, by what its end says of it: what lies before is not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return bool(pq.read_metadata(shard.path).num_rows == shard.size)
    except (OSError, pa.ArrowInvalid):
        return False


def _write_shard(shard: Shard, seed: int, randomisation: Randomisation, side: Side, pixels: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = shard.size
    with HandViews(shard.split, seed, randomisation, side=side, width=pixels, height=pixels) as views:
        shots = [views[index] for index in range(shard.start, shard.start + count)]
    angles = np.stack([shot.joints_rad for shot in shots]).astype(np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(angles.ravel()), len(JOINTS))
    order = np.arange(shard.first, shard.first + count, dtype=np.int64)
    images = [{"bytes": png(shot.rgb), "path": f"{IMAGE}-{index:06d}.png"} for shot, index in zip(shots, order, strict=True)]
    nothing = pa.array(np.zeros(count, dtype=np.int64))
    columns = {
        IMAGE: pa.array(images, pa.struct({"bytes": pa.binary(), "path": pa.string()})),
        STATE: vectors,
        ACTION: vectors,
        "timestamp": pa.array(np.zeros(count, dtype=np.float32)),
        "frame_index": nothing,
        "episode_index": pa.array(order),
        "index": pa.array(order),
        "task_index": nothing,
    }
    with whole_file(shard.path) as fresh:
        pq.write_table(pa.table(columns), fresh, compression="none")


def _write_meta(folder: Path, request: Mapping[str, Any], shards: Sequence[Shard]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts, pixels = request["counts"], request["pixels"]
    ends = np.cumsum([counts[split] for split in SPLITS]).tolist()
    total = ends[-1]
    vector = {"dtype": "float32", "shape": [len(JOINTS)], "names": list(JOINTS)}
    scalars = {name: {"dtype": "int64", "shape": [1], "names": None} for name in ("frame_index", "episode_index", "index")}
    info = {
        "codebase_version": "v3.0",
        "robot_type": f"shadow_hand_{request['side']}",
        "total_episodes": total,
        "total_frames": total,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 500,
        "fps": 1,
        "splits": {split: f"{end - counts[split]}:{end}" for split, end in zip(SPLITS, ends, strict=True)},
        "data_path": DATA_PATH,
        "video_path": None,
        "features": {
            IMAGE: {"dtype": "image", "shape": [pixels, pixels, 3], "names": ["height", "width", "channels"]},
            STATE: vector,
            ACTION: vector,
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
            **scalars,
            "task_index": {"dtype": "int64", "shape": [1], "names": None},
        },
    }
    write_whole(folder / "meta" / "info.json", json.dumps(info, indent=1))
    tasks = pa.table({"task_index": [0], "task": [TASK]})
    with whole_file(folder / "meta" / "tasks.parquet") as fresh:
        pq.write_table(tasks.replace_schema_metadata(TASKS_INDEX), fresh)
    file_of = np.repeat(np.arange(len(shards), dtype=np.int64), [shard.size for shard in shards])
    order = np.arange(total, dtype=np.int64)
    episodes = {
        "episode_index": order,
        "data/chunk_index": file_of // 1000,
        "data/file_index": file_of % 1000,
        "dataset_from_index": order,
        "dataset_to_index": order + 1,
        "length": np.ones(total, dtype=np.int64),
    }
    table = pa.table({name: pa.array(column) for name, column in episodes.items()} | {"tasks": pa.array([[TASK]] * total)})
    with whole_file(folder / EPISODES_PATH) as fresh:
        pq.write_table(table, fresh)
    angles = np.concatenate([_angles(shard.path) for shard in shards])
    stats = {"min": angles.min(axis=0), "max": angles.max(axis=0), "mean": angles.mean(axis=0), "std": angles.std(axis=0)}
    told = {key: value.astype(float).tolist() for key, value in stats.items()} | {"count": [total]}
    pictures = _picture_stats([shard.path for shard in shards], total)
    write_whole(folder / "meta" / "stats.json", json.dumps({IMAGE: pictures, STATE: told, ACTION: told}, indent=1))


def _picture_stats(paths: Sequence[Path], total: int) -> dict[str, Any]:
    """Of each channel, in shares of 255 and as (3, 1, 1), of up to `SAMPLED` pictures spread over all."""
    sampled = set(np.linspace(0, total - 1, min(total, SAMPLED)).round().astype(int).tolist())
    seen = []
    for path in paths:
        table = _read(path, ["index", IMAGE])
        for row, index in enumerate(table["index"].to_pylist()):
            if index in sampled:
                rgb = _picture(path, table, row) / 255.0
                seen.append([of(axis=(0, 1)) for of in (rgb.min, rgb.max, rgb.mean, (rgb * rgb).mean)])
    low, high, mean, square = np.array(seen).transpose(1, 0, 2)
    middle = mean.mean(axis=0)
    spread = np.sqrt(np.maximum(square.mean(axis=0) - middle**2, 0.0))
    stats = {"min": low.min(axis=0), "max": high.max(axis=0), "mean": middle, "std": spread}
    return {name: values[:, None, None].tolist() for name, values in stats.items()} | {"count": [len(seen)]}


def _read(path: Path, columns: list[str] | None = None) -> Any:
    """The table of a shard. Raises ConfigError where it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as problem:
        raise ConfigError(f"{path} is missing or damaged: {CURE}") from problem


def _picture(path: Path, table: Any, row: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) out of the table of the shard at `path`. Raises ConfigError where it is damaged."""
    from PIL import Image

    try:
        return np.asarray(Image.open(BytesIO(table[IMAGE][row]["bytes"].as_py())))
    except (OSError, SyntaxError) as problem:
        raise ConfigError(f"picture {row} of {path} is damaged ({problem}): {CURE}") from problem


def _angles(path: Path) -> NDArray[np.float32]:
    column = _read(path, [STATE])[STATE].combine_chunks()
    return np.asarray(column.flatten().to_numpy(), dtype=np.float32).reshape(-1, len(JOINTS))


class HandDataset:
    """Reads what `write_dataset` wrote: one split, by index or in order.

    Raises ConfigError where the folder is no such data set or is not whole.
    """

    def __init__(self, folder: Path, split: Split) -> None:
        try:
            self.info = json.loads((folder / "meta" / "info.json").read_text())
            begin, _, end = self.info["splits"][split].partition(":")
        except (OSError, ValueError, KeyError) as problem:
            raise ConfigError(f"{folder} is no data set of hand poses that is whole ({problem!r}): make it again") from problem
        self.folder, self.split = folder, split
        self.begin, self.end = int(begin), int(end)
        self._file: tuple[int, Any] | None = None
        self._shard = _noted(folder / "meta" / "making.json")["shard"]
        sizes = [self._size(name) for name in SPLITS[: SPLITS.index(split)]]
        self._first_file = sum(-(-size // self._shard) for size in sizes)

    def __len__(self) -> int:
        return self.end - self.begin

    def __getitem__(self, index: int) -> Labelled:
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, row = self._first_file + index // self._shard, index % self._shard
        if self._file is None or self._file[0] != number:
            self._file = (number, _read(_data_path(self.folder, number)))
        table = self._file[1]
        angles = np.array(table[STATE][row].as_py(), dtype=np.float32)
        rgb = _picture(_data_path(self.folder, number), table, row)
        return Labelled(rgb, angles, int(table["index"][row].as_py()))

    def __iter__(self) -> Iterator[Labelled]:
        return (self[index] for index in range(len(self)))

    def _size(self, split: str) -> int:
        begin, _, end = self.info["splits"][split].partition(":")
        return int(end) - int(begin)


def check_dataset(folder: Path) -> dict[str, int]:
    """Read all of a data set and check it; returns the number of pictures by split.

    Pictures must have the shape that `info.json` states, indices must run on, angles lie within the joints' limits, and no
    picture and no pose may be in two splits. Raises ConfigError that names the first fault.
    """
    seen: dict[bytes, str] = {}
    counts: dict[str, int] = {}
    for split in SPLITS:
        data = HandDataset(folder, split)
        shape = tuple(data.info["features"][IMAGE]["shape"])
        for place, item in enumerate(data):
            where = f"picture {data.begin + place} of {folder}"
            if item.index != data.begin + place or item.rgb.shape != shape or item.rgb.dtype != np.uint8:
                raise ConfigError(f"{where} has index {item.index} and shape {item.rgb.shape}, not {shape}")
            low, high = LOW_RAD - TOLERANCE_RAD, HIGH_RAD + TOLERANCE_RAD
            if not ((item.joints_rad >= low) & (item.joints_rad <= high)).all():
                raise ConfigError(f"{where} has angles out of the joints' limits")
            for kind in (item.rgb, item.joints_rad):
                digest = hashlib.sha256(kind.tobytes()).digest()
                if seen.setdefault(digest, split) != split:
                    raise ConfigError(f"{where} is in {seen[digest]}, too: what is tested on must not be learned from")
        counts[split] = len(data)
    return counts
