"""Pictures inside a page."""

from __future__ import annotations

import base64
import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def data_uri(picture: NDArray[np.uint8], kind: Literal["PNG", "JPEG"] = "JPEG") -> str:
    """An (H, W, 3) uint8 picture as a data: address."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, quality=85)
    return file_uri(buffer.getvalue(), kind)


def file_uri(file: bytes, kind: Literal["PNG", "JPEG"]) -> str:
    """The bytes of a picture file as a data: address."""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file).decode()}"
