"""How a picture of the hand comes about: camera, lens, light, skin, surroundings and sensor, drawn from a seed.

PoseLess (arXiv 2503.07111) asks for varied cameras, light and textures; each part here can be switched off by itself, and what
it would have drawn does not change what the others draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

TARGET_M = np.array([0.0, 0.0, 0.38])  # what cameras aim at: the upper palm of the resting hand
PLAIN_DISTANCE_M = 0.43
PLAIN_HFOV_RAD = float(np.deg2rad(34.0))
CLUTTER = 10  # things at most, occluders included
LIGHTS = 2  # directional lights at most
PATTERNS = 12  # textures that a skin may have, besides none
SKINS = np.array(
    [
        (0.93, 0.93, 0.93), (0.16, 0.16, 0.17), (0.55, 0.56, 0.60), (0.96, 0.80, 0.69), (0.88, 0.67, 0.53), (0.78, 0.55, 0.40),
        (0.60, 0.40, 0.28), (0.42, 0.27, 0.18), (0.28, 0.18, 0.13), (0.75, 0.20, 0.15), (0.20, 0.35, 0.65), (0.85, 0.72, 0.25),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Randomisation:
    """Which parts of a picture vary; the others are as in the plain picture.

    camera: place and roll. lens: field of view and principal point. light: directions, colours, brightness. textures: patterns
    on the hand. skin: its colours. background: what is behind. clutter: things around the hand. occluders: things in front of
    it. blur: out of focus or moving. noise: of the sensor, exposure and white balance.
    """

    camera: bool = True
    lens: bool = True
    light: bool = True
    textures: bool = True
    skin: bool = True
    background: bool = True
    clutter: bool = True
    occluders: bool = False
    blur: bool = True
    noise: bool = True

    @classmethod
    def none(cls) -> Randomisation:
        """The plain picture."""
        return cls(**{part.name: False for part in fields(cls)})


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A coloured shape in view.

    kind: 0 sphere, 1 capsule, 2 ellipsoid, 3 box. uv: place in the picture, 0-1; distance_m: along the optical axis;
    size_m: (3,); turn: (4,) quat_wxyz, not normalised; rgb: (3,).
    """

    kind: int
    uv: tuple[float, float]
    distance_m: float
    size_m: NDArray[np.float64]
    turn: NDArray[np.float64]
    rgb: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A directional light. direction: (3,) the way it shines; rgb: (3,)."""

    direction: NDArray[np.float64]
    rgb: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Everything about a picture but the pose of the hand.

    azimuth_rad, elevation_rad, roll_rad, distance_m: of the camera around `target_m`; azimuth 0 looks at the palm.
    hfov_rad: of the whole picture's width; centre_uv: principal point, 0-1. ambient: of the scene. hand_rgb: (3,) base colour;
    part_gain: (P, 3) factors by part; pattern: index of a texture, -1 = none. background: seed of what is behind, -1 = plain.
    blur_px: standard deviation; motion_px: (2,) of a movement; noise: standard deviation, in units of 255; gain: (3,).
    pixels: seed of the noise.
    """

    azimuth_rad: float = 0.0
    elevation_rad: float = 0.2
    roll_rad: float = 0.0
    distance_m: float = PLAIN_DISTANCE_M
    target_m: NDArray[np.float64] = field(default_factory=lambda: TARGET_M.copy())
    hfov_rad: float = PLAIN_HFOV_RAD
    centre_uv: tuple[float, float] = (0.5, 0.5)
    ambient: float = 0.35
    lights: tuple[Light, ...] = (Light(np.array([0.3, 0.8, -0.6]), np.full(3, 0.7)),)
    hand_rgb: NDArray[np.float64] = field(default_factory=lambda: np.array([0.80, 0.78, 0.75]))
    part_gain: NDArray[np.float64] = field(default_factory=lambda: np.ones((0, 3)))
    pattern: int = -1
    background: int = -1
    things: tuple[Thing, ...] = ()
    blur_px: float = 0.0
    motion_px: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    gain: NDArray[np.float64] = field(default_factory=lambda: np.ones(3))
    pixels: int = 0

    def T_world_camera(self) -> NDArray[np.float64]:
        """(4, 4) pose of the camera, optical frame."""
        ca, sa = np.cos(self.azimuth_rad), np.sin(self.azimuth_rad)
        ce, se = np.cos(self.elevation_rad), np.sin(self.elevation_rad)
        forward = np.array([-sa * ce, ca * ce, -se])
        right = np.array([ca, sa, 0.0])
        down = np.cross(forward, right)
        cr, sr = np.cos(self.roll_rad), np.sin(self.roll_rad)
        pose = np.eye(4)
        pose[:3, 0], pose[:3, 1], pose[:3, 2] = cr * right + sr * down, cr * down - sr * right, forward
        pose[:3, 3] = self.target_m - self.distance_m * forward
        return pose

    def K(self, width: int, height: int) -> NDArray[np.float64]:
        """(3, 3) intrinsics of a picture; (0, 0) is the middle of the top left pixel."""
        focal = width / 2.0 / np.tan(self.hfov_rad / 2.0)
        u, v = self.centre_uv
        return np.array([[focal, 0.0, u * width - 0.5], [0.0, focal, v * height - 0.5], [0.0, 0.0, 1.0]])


def draw_look(rng: np.random.Generator, parts: Randomisation, hand_parts: int) -> Look:
    """Draw a look; the parts that are switched off stay plain. hand_parts: meshes of the hand."""
    stream = dict(zip((part.name for part in fields(parts)), rng.spawn(len(fields(parts))), strict=True))
    drawn: dict[str, Any] = {"distance_m": PLAIN_DISTANCE_M}
    for name, draw in _DRAWS.items():
        if getattr(parts, name):
            drawn |= draw(stream[name])
    if parts.skin:
        drawn |= _skin(stream["skin"], hand_parts)
    if parts.lens:  # a wide lens stands nearer, so that the hand stays as large in the picture
        drawn["distance_m"] *= np.tan(PLAIN_HFOV_RAD / 2) / np.tan(drawn["hfov_rad"] / 2)
    things: list[Thing] = []
    if parts.clutter:
        count = stream["clutter"].integers(CLUTTER - 1)
        things += [_thing(stream["clutter"], drawn["distance_m"], front=False) for _ in range(count)]
    if parts.occluders:
        count = stream["occluders"].integers(1, 3)
        things += [_thing(stream["occluders"], drawn["distance_m"], front=True) for _ in range(count)]
    return Look(things=tuple(things), **drawn)


def _camera(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "azimuth_rad": float(rng.uniform(-0.9, 0.9)),
        "elevation_rad": float(rng.uniform(-0.35, 0.8)),
        "roll_rad": float(rng.uniform(-0.4, 0.4)),
        "distance_m": float(PLAIN_DISTANCE_M * rng.uniform(0.9, 1.3)),
        "target_m": TARGET_M + rng.uniform(-0.02, 0.02, 3),
    }


def _lens(rng: np.random.Generator) -> dict[str, Any]:
    u, v = rng.uniform(0.46, 0.54, 2)
    return {"hfov_rad": float(np.deg2rad(rng.uniform(24.0, 60.0))), "centre_uv": (float(u), float(v))}


def _light(rng: np.random.Generator) -> dict[str, Any]:
    lights = []
    for _ in range(rng.integers(1, LIGHTS + 1)):
        direction = rng.normal((0.0, 1.0, -0.7))  # most shine from the camera's side and from above
        tint = 1.0 + rng.uniform(-0.25, 0.25, 3)
        lights.append(Light(direction / np.linalg.norm(direction), rng.uniform(0.2, 0.8) * tint))
    return {"lights": tuple(lights), "ambient": float(rng.uniform(0.1, 0.5))}


def _texture(rng: np.random.Generator) -> dict[str, Any]:
    return {"pattern": int(rng.integers(PATTERNS)) if rng.random() < 0.6 else -1}


def _background(rng: np.random.Generator) -> dict[str, Any]:
    return {"background": int(rng.integers(2**31))}


def _blur(rng: np.random.Generator) -> dict[str, Any]:
    blur, moving = rng.random(2)
    motion = rng.normal(0.0, 1.5, 2) if moving < 0.3 else (0.0, 0.0)
    return {"blur_px": float(rng.uniform(0.3, 1.2)) if blur < 0.4 else 0.0, "motion_px": (float(motion[0]), float(motion[1]))}


def _noise(rng: np.random.Generator) -> dict[str, Any]:
    gain = rng.uniform(0.65, 1.35) * (1.0 + rng.uniform(-0.12, 0.12, 3))
    return {"noise": float(rng.uniform(0.0, 8.0)), "gain": gain, "pixels": int(rng.integers(2**31))}


_DRAWS: Mapping[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "camera": _camera, "lens": _lens, "light": _light, "textures": _texture, "background": _background, "blur": _blur,
    "noise": _noise,
}  # fmt: skip


def _skin(rng: np.random.Generator, hand_parts: int) -> dict[str, Any]:
    base = SKINS[rng.integers(len(SKINS))] * rng.uniform(0.85, 1.1) if rng.random() < 0.6 else rng.uniform(0.08, 1.0, 3)
    spread = 0.08 if rng.random() < 0.6 else 0.4  # one skin, or parts of several makers
    return {"hand_rgb": base, "part_gain": np.exp(rng.normal(0.0, spread, (hand_parts, 3)))}


def _thing(rng: np.random.Generator, distance_m: float, front: bool) -> Thing:
    """Behind the hand anywhere and of any size, or before it, a few centimetres large."""
    low, high = (0.55, 0.8) if front else (1.25, 2.2)
    far = distance_m * rng.uniform(low, high)
    u, v = rng.uniform(0.25, 0.75, 2) if front else rng.uniform(-0.05, 1.05, 2)
    size = rng.uniform(0.006, 0.02, 3) if front else far * rng.uniform(0.02, 0.14, 3)
    rgb = SKINS[rng.integers(len(SKINS))] if rng.random() < 0.4 else rng.uniform(0.0, 1.0, 3)
    return Thing(int(rng.integers(4)), (float(u), float(v)), float(far), size, rng.normal(size=4), rgb)
