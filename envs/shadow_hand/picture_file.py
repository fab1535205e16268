"""Pictures of hands as PNG files that know the angles of the joints they show."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .joints import JOINTS

_KEY = "joint_positions_rad"


def png(rgb: NDArray[np.uint8], joints_rad: NDArray[np.float64] | None = None) -> bytes:
    """A picture (H, W, 3) uint8 as PNG; joints_rad, (24,), goes into a text chunk that picture viewers ignore."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if joints_rad is not None:
        info.add_text(_KEY, json.dumps(dict(zip(JOINTS, np.round(joints_rad, 6).tolist(), strict=True))))
    out = BytesIO()
    Image.fromarray(rgb).save(out, "PNG", pnginfo=info, compress_level=1)
    return out.getvalue()


def true_joints_rad(path: Path) -> NDArray[np.float64] | None:
    """The angles (24,) that a file written with them shows; None for any other picture."""
    from PIL import Image

    with Image.open(path) as picture:
        text = getattr(picture, "text", {}).get(_KEY)
    if text is None:
        return None
    angles = json.loads(text)
    return np.array([angles[joint] for joint in JOINTS])
