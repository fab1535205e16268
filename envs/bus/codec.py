"""Messages on the bus: msgpack maps of plain values, checked field by field on arrival."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from enactive.envs import CameraFrame, CameraInfo, Embodiment, Observation
from enactive.errors import EmbodimentFault

MOST_BYTES = 64_000_000
SMALL_BYTES = 4200  # 512 numbers of 8 bytes, and what says so


class Malformed(EmbodimentFault):
    """A message that is not what its topic carries. Receivers drop and count it."""


def pack(message: Mapping[str, Any]) -> bytes:
    """Plain values, NumPy's numbers and its arrays (as `dtype`, `shape` and bytes) to msgpack. Raises TypeError for others."""
    return msgpack.packb(message, default=_array_out)


def unpack(payload: bytes, **fields: type) -> dict[str, Any]:
    """A message with at least these fields, each of its type, arrays of numbers. Raises Malformed for anything else."""
    if len(payload) > MOST_BYTES:
        raise Malformed(f"a message on the bus has {len(payload)} bytes, more than {MOST_BYTES}")
    try:
        message = msgpack.unpackb(payload, object_hook=_array_in, strict_map_key=True)
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise Malformed(f"a message on the bus cannot be read: {error}") from error
    if not isinstance(message, dict):
        raise Malformed(f"a message on the bus is a {type(message).__name__}, not a map")
    for name, kind in fields.items():
        value = message.get(name)
        if not isinstance(value, kind) or (isinstance(value, np.ndarray) and value.dtype.kind not in "biuf"):
            raise Malformed(f"a message on the bus has {name} = {value!r}, not a {kind.__name__}")
    return message


def _array_out(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return {"dtype": value.dtype.str, "shape": list(value.shape), "bytes": value.tobytes()}
    raise TypeError(f"cannot send a {type(value).__name__}")


def _array_in(value: dict[str, Any]) -> Any:
    if value.keys() == {"dtype", "shape", "bytes"}:
        dtype = np.dtype(value["dtype"])
        if dtype.hasobject:
            raise ValueError("arrays of objects are not taken")
        return np.frombuffer(value["bytes"], dtype=dtype).reshape(value["shape"])
    return value


def state_message(observation: Observation, **more: Any) -> bytes:
    """Joints, pose, text and other small parts of an observation; cameras travel by themselves.

    Of the other parts, what is not plain (a set, say, or an object) stays behind, as what is large does.
    """
    parts = {"joints": _or_nothing(observation.joint_positions_rad), "pose": _or_nothing(observation.T_world_base)}
    extra = {key: value for key, value in observation.extra.items() if _travels({key: value})}
    return pack({"stamp_s": float(observation.stamp_s), **parts, "text": observation.text, "extra": extra, **more})


def _travels(part: Mapping[str, Any]) -> bool:
    """Whether a part of an observation is small, and can be read at the other end."""
    if any(isinstance(value, np.ndarray) and value.nbytes > SMALL_BYTES for value in part.values()):
        return False  # without making a message of it first
    try:
        payload = pack(part)
        unpack(payload)
    except (TypeError, ValueError, OverflowError, Malformed):
        return False
    return len(payload) <= SMALL_BYTES


def state_of(message: Mapping[str, Any], cameras: Mapping[str, CameraFrame]) -> Observation:
    """The observation of a state message, with the newest frames."""
    joints, pose = (np.asarray(message[key], dtype=np.float64) if message[key].size else None for key in ("joints", "pose"))
    return Observation(cameras, pose, joints, str(message["text"]), float(message["stamp_s"]), dict(message["extra"]))


STATE = {"stamp_s": float, "joints": np.ndarray, "pose": np.ndarray, "text": str, "extra": dict}
NOTHING = np.zeros(0)


def _or_nothing(values: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """What the body does not measure travels as an empty array."""
    return NOTHING if values is None else values


def camera_message(name: str, frame: CameraFrame) -> bytes:
    """A camera's frame, without depth."""
    parts = {"rgb": frame.rgb, "K": frame.K, "T_world_camera": frame.T_world_camera, "stamp_s": float(frame.stamp_s)}
    return pack({"name": name, **parts})


def new_pictures(cameras: Mapping[str, CameraFrame], shown_s: dict[str, float]) -> Iterator[bytes]:
    """Messages of the frames that are not those of the same camera before; shown_s, by camera, keeps when those were.

    Not only of newer ones: after a single stamp that lies ahead, none would be."""
    for name, frame in cameras.items():
        if frame.stamp_s != shown_s.get(name, -math.inf):
            shown_s[name] = frame.stamp_s
            yield camera_message(name, frame)


def camera_of(payload: bytes) -> tuple[str, CameraFrame]:
    """Name and frame of a camera message. Raises Malformed."""
    arrays = {"rgb": np.ndarray, "K": np.ndarray, "T_world_camera": np.ndarray}
    message = unpack(payload, name=str, stamp_s=float, **arrays)
    frame = CameraFrame(message["rgb"], None, message["K"], message["T_world_camera"], message["stamp_s"])
    return message["name"], frame


def embodiment_message(body: Embodiment, **more: Any) -> bytes:
    """An embodiment as plain values."""
    return pack({"body": {**dataclasses.asdict(body), "skills": sorted(body.skills)}, **more})


def embodiment_of_message(message: Mapping[str, Any]) -> Embodiment:
    """The embodiment of a message. Raises Malformed where fields are missing or unknown (another version, say)."""
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in message["body"].items()}
    try:
        cameras = tuple(CameraInfo(**camera) for camera in fields.pop("cameras"))
        return Embodiment(**fields | {"cameras": cameras, "skills": frozenset(fields["skills"])})
    except (TypeError, KeyError) as error:
        raise Malformed(f"the robot describes its body in a way that this version does not know: {error}") from error
