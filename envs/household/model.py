"""What an apartment is made of, as plain data: meshes, materials, assets, rooms, and things at their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RGB = tuple[float, float, float]

COLOURS: Mapping[str, RGB] = {
    "red": (0.78, 0.10, 0.10),
    "orange": (0.92, 0.47, 0.08),
    "yellow": (0.93, 0.79, 0.13),
    "green": (0.16, 0.52, 0.20),
    "blue": (0.12, 0.29, 0.72),
    "purple": (0.45, 0.17, 0.58),
    "pink": (0.93, 0.52, 0.65),
    "brown": (0.42, 0.26, 0.14),
    "beige": (0.82, 0.72, 0.55),
    "white": (0.93, 0.93, 0.91),
    "grey": (0.50, 0.51, 0.52),
    "black": (0.09, 0.09, 0.10),
}


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles. vertices, normals: (N, 3) float32 metres; uv: (N, 2) float32, in metres of texture; faces: (M, 3) int32."""

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Material:
    """A look. pattern: key of `materials.PATTERNS` ("plain" = no texture), tinted by rgb; emission in [0, 1]."""

    rgb: RGB
    pattern: str = "plain"
    alpha: float = 1.0
    specular: float = 0.1
    shininess: float = 0.2
    emission: float = 0.0


Condition = Literal["", "on", "off", "sliced", "whole", "dirty"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A mesh with one material. when: the state in which it shows ("" = always)."""

    mesh: Mesh
    material: Material
    when: Condition = ""


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A door, lid or drawer. Its parts are given in the object's frame, closed. range: joint travel to fully open, rad or m."""

    name: str
    kind: Literal["hinge", "slide"]
    axis: tuple[float, float, float]
    origin: tuple[float, float, float]
    range: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """A flat place where things can be put. `on` a top, `in` a compartment.

    centre: (x, y, z) of the place in the object's frame; half_size: (x, y) metres; clearance_m: free height above it.
    mover: name of the door or drawer that hides it ("" = open); a drawer's surface travels with the drawer.
    """

    name: str
    kind: Literal["on", "in"]
    centre: tuple[float, float, float]
    half_size: tuple[float, float]
    clearance_m: float
    mover: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in the object's frame, for collision and bounds. centre, half_size: metres."""

    centre: tuple[float, float, float]
    half_size: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Asset:
    """One thing as built, in its own frame: origin in the middle of the bottom, z up, x = its front.

    Things that hang on a wall have their origin in the middle of the bottom of the back, things that hang from the ceiling
    in the middle of the top. colour, material, shape: the words a person would use. solids: boxes that block the body.
    """

    category: str
    colour: str
    material: str
    shape: str
    parts: tuple[Part, ...]
    solids: tuple[Box, ...]
    bounds: Box
    movers: tuple[Mover, ...] = ()
    surfaces: tuple[Surface, ...] = ()


Skill = Literal["pickup", "open", "toggle", "slice", "dirty", "heat", "cool", "heats", "cools", "cleans", "cuts", "lights"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A category of things, how it is built and where it belongs.

    build(colour, material, shape, rng) -> Asset takes one word of each list. skills: what can be done to it ("pickup",
    "open", "toggle", "slice", "dirty", "heat", "cool") and what it does to others ("heats", "cools", "cleans", "cuts",
    "lights" its room). rooms: weight by kind of room (furniture). on: weight by category of furniture (small objects).
    stand: how furniture is placed. many: how many at most in one room.
    """

    category: str
    build: Callable[[str, str, str, np.random.Generator], Asset]
    colours: tuple[str, ...]
    materials: tuple[str, ...]
    shapes: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    skills: frozenset[Skill] = frozenset()
    rooms: Mapping[str, float] = field(default_factory=dict)
    on: Mapping[str, float] = field(default_factory=dict)
    stand: Literal["wall", "corner", "middle", "hang", "ceiling", "rug", "around", "beside", "object"] = "object"
    many: int = 1


RoomKind = Literal["kitchen", "living room", "bedroom", "bathroom", "dining room", "office", "hallway", "laundry room"]


@dataclass(frozen=True, slots=True)
class Room:
    """A room. rect: (x0, y0, x1, y1) metres, inner faces of its walls."""

    name: str
    kind: RoomKind
    rect: tuple[float, float, float, float]
    floor: Material
    wall: Material


@dataclass(frozen=True, slots=True)
class Doorway:
    """An opening between two rooms (indices), through a wall along x or y. centre: (x, y); door: has a hinged leaf."""

    rooms: tuple[int, int]
    centre: tuple[float, float]
    along: Literal["x", "y"]
    width_m: float
    height_m: float
    door: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A window in an outer wall of a room. centre: (x, y, z); along: the direction of the wall; size: (width, height)."""

    room: int
    centre: tuple[float, float, float]
    along: Literal["x", "y"]
    size: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A thing at its place. id: index in `Apartment.objects`. xyz, yaw_rad: pose in the world.

    room: index of its room. parent: id of what it stands on or in, -1 = the floor, a wall or the ceiling; surface: the
    name of the parent's surface. on, dirty: switched on, dirty at the start; open: its doors and drawers stand open.
    """

    id: int
    asset: Asset
    xyz: tuple[float, float, float]
    yaw_rad: float
    room: int
    parent: int = -1
    surface: str = ""
    on: bool = False
    dirty: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Apartment:
    """A whole apartment, made from a seed. ceiling_m: height of the rooms; wall_m: thickness of the walls."""

    seed: int
    rooms: tuple[Room, ...]
    doorways: tuple[Doorway, ...]
    windows: tuple[Window, ...]
    objects: tuple[Placed, ...]
    ceiling_m: float
    wall_m: float
