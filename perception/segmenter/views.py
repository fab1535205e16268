"""Pictures with the truth of every pixel, as they lie on the disk.

One folder per apartment: `rgb.npy` (F, H, W, 3) uint8, `depth_mm.npy` (F, H, W) uint16 (0 = no return), `code.npy`
(F, H, W) int16 (object ids, or the negative codes of the shell) and `meta.json` (poses, K, objects).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from enactive.errors import ConfigError

from .. import vocabulary

SHELL = {-2: "floor", -3: "wall", -4: "ceiling", -5: "window"}
LOWEST_CODE = -5


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture with its truth.

    rgb: (H, W, 3) uint8; depth_m: (H, W) float32; K: (3, 3); T_world_camera: (4, 4). code: (H, W) int16, ids of objects or
    codes of the shell. classes: index into `vocabulary.names()` by code - LOWEST_CODE, -1 = not to be judged. colours,
    materials: words by object id.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    K: NDArray[np.float32]
    T_world_camera: NDArray[np.float32]
    code: NDArray[np.int16]
    classes: NDArray[np.int16]
    colours: tuple[str, ...]
    materials: tuple[str, ...]

    @property
    def labels(self) -> NDArray[np.int16]:
        """(H, W) index into `vocabulary.names()`, -1 = not to be judged."""
        return self.classes[self.code - LOWEST_CODE]


class Views(Sequence[View]):
    """The frames of a folder of apartments, read where they lie: `views[i]` is a `View`."""

    def __init__(self, folder: Path, apartments: int | None = None) -> None:
        self.folders = sorted(path.parent for path in folder.glob("seed-*/meta.json"))[:apartments]
        if not self.folders:
            raise ConfigError(f"there are no frames under {folder}: make them with `enactive train segmenter`")
        self._open = [_OpenApartment(path) for path in self.folders]
        self._index = [(a, f) for a, apartment in enumerate(self._open) for f in range(len(apartment.rgb))]

    def __len__(self) -> int:
        return len(self._index)

    @overload
    def __getitem__(self, index: int) -> View: ...
    @overload
    def __getitem__(self, index: slice) -> list[View]: ...
    def __getitem__(self, index: int | slice) -> View | list[View]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        apartment, frame = self._index[index]
        return self._open[apartment].view(frame)


class _OpenApartment:
    def __init__(self, folder: Path) -> None:
        self.rgb, self.depth_mm, self.code = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("rgb", "depth_mm", "code"))
        meta = json.loads((folder / "meta.json").read_text())
        self.K = np.array(meta["K"], dtype=np.float32)
        self.T_world_camera = np.array(meta["T_world_camera"], dtype=np.float32)
        index = {name: i for i, name in enumerate(vocabulary.names())}
        shell = [index[SHELL[code]] if code in SHELL else -1 for code in range(LOWEST_CODE, 0)]
        self.classes = np.array(shell + [index.get(thing[0], -1) for thing in meta["objects"]], dtype=np.int16)
        self.colours = tuple(thing[1] for thing in meta["objects"])
        self.materials = tuple(thing[2] for thing in meta["objects"])

    def view(self, frame: int) -> View:
        depth = self.depth_mm[frame].astype(np.float32) * np.float32(1e-3)
        pose, code = self.T_world_camera[frame], np.asarray(self.code[frame])
        return View(np.asarray(self.rgb[frame]), depth, self.K, pose, code, self.classes, self.colours, self.materials)
