"""A piece of furniture under construction, and the looks that many pieces share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ..materials import plain
from ..meshes import join, move
from ..model import Asset, Box, Condition, Material, Mesh, Mover, Part, Surface
from .shapes import Point, Span, inner, length, middle, raised, slab, tray, wide

STEEL = Material((0.70, 0.71, 0.73), "brushed metal", 1.0, 0.6, 0.6)
IRON = plain((0.16, 0.16, 0.17), 0.3)
DARK = plain((0.07, 0.07, 0.08), 0.3)
GLASS_DARK = plain((0.10, 0.11, 0.13), 0.8)
PORCELAIN = Material((0.95, 0.95, 0.94), "ceramic", 1.0, 0.6, 0.8)
WATER = Material((0.62, 0.80, 0.95), "plain", 0.55, 0.8, 0.9, 0.3)
MIRROR = Material((0.78, 0.86, 0.90), "glint", 1.0, 0.9, 0.9)
GLOW = plain((1.0, 0.90, 0.66), 0.0, 0.9)
GAP_M = 0.004
FRONT_M = 0.02


def shaded(material: Material, factor: float) -> Material:
    """The same stuff, darker: undersides, insides, plinths."""
    r, g, b = material.rgb
    return replace(material, rgb=(r * factor, g * factor, b * factor))


Group = tuple[Material, Sequence[Mesh]]


class Piece:
    """Gathers meshes, movers, surfaces and solids, and joins what has one material into one part."""

    def __init__(self, category: str, colour: str, material: str, shape: str) -> None:
        self._words = (category, colour, material, shape)
        self._meshes: dict[tuple[Material, Condition], list[Mesh]] = {}
        self._movers: list[Mover] = []
        self._surfaces: list[Surface] = []
        self._solids: list[Box] = []

    def add(self, material: Material, *meshes: Mesh, when: Condition = "") -> None:
        self._meshes.setdefault((material, when), []).extend(meshes)

    def solid(self, x: Span, y: Span, z: Span) -> None:
        """A box that blocks the body."""
        self._solids.append(Box((middle(x), middle(y), middle(z)), (length(x) / 2, length(y) / 2, length(z) / 2)))

    def place(
        self, name: str, kind: Literal["on", "in"], x: Span, y: Span, z: float, clearance_m: float, mover: str = ""
    ) -> None:
        """A place for things between spans at a height."""
        half = (length(x) / 2, length(y) / 2)
        self._surfaces.append(Surface(name, kind, (middle(x), middle(y), z), half, clearance_m, mover))

    def moving(
        self, name: str, kind: Literal["hinge", "slide"], axis: Point, origin: Point, travel: float, *groups: Group
    ) -> None:
        """A door, lid or drawer out of (material, meshes) groups."""
        merged: dict[Material, list[Mesh]] = {}
        for material, meshes in groups:
            merged.setdefault(material, []).extend(meshes)
        parts = tuple(Part(join(*meshes), material) for material, meshes in merged.items())
        self._movers.append(Mover(name, kind, axis, origin, travel, parts))

    def door(
        self,
        name: str,
        front: Material,
        x: float,
        y: Span,
        z: Span,
        hinge: Literal["low y", "high y", "bottom"] = "low y",
        thick: float = FRONT_M,
        handle: Material | None = STEEL,
        panel: bool = False,
        extra: Sequence[Group] = (),
    ) -> None:
        """A hinged front whose back lies at x: opens towards +x, turning about its outer edge so that it clears the body."""
        y, z = inner(y, GAP_M / 2), inner(z, GAP_M / 2)
        face = x + thick
        groups: list[Group] = [(front, [slab((x, face), y, z)])]
        if panel:
            margin = min(0.06, length(y) / 5, length(z) / 5)
            groups.append((front, [raised(face, inner(y, margin), inner(z, margin))]))
        if handle is not None:
            groups.append((handle, [_door_handle(face, y, z, hinge)]))
        axis, origin = {
            "low y": ((0.0, 0.0, -1.0), (face, y[0], middle(z))),
            "high y": ((0.0, 0.0, 1.0), (face, y[1], middle(z))),
            "bottom": ((0.0, 1.0, 0.0), (face, middle(y), z[0])),
        }[hinge]
        self.moving(name, "hinge", axis, origin, np.pi / 2, *groups, *extra)

    def drawer(self, name: str, front: Material, inside: Material, x: Span, y: Span, z: Span, handle: Material = STEEL) -> None:
        """A drawer behind a front: x runs from the back of the box to the back of the front. Its bottom is a place."""
        y, z = inner(y, GAP_M / 2), inner(z, GAP_M / 2)
        face = x[1] + FRONT_M
        bar = slab((face, face + 0.022), wide(min(0.16, length(y) * 0.4), middle(y)), wide(0.016, middle(z) + length(z) * 0.2))
        box_y, box_z = inner(y, 0.025), (z[0] + 0.012, z[0] + 0.012 + max(length(z) * 0.7, 0.05))
        groups: list[Group] = [
            (front, [slab((x[1], face), y, z)]),
            (inside, [tray(x, box_y, box_z)]),
            (handle, [bar]),
        ]
        self.moving(name, "slide", (1.0, 0.0, 0.0), (x[1], middle(y), middle(z)), 0.75 * length(x), *groups)
        clearance = z[1] - box_z[0] - 0.02
        self.place(name, "in", inner(x, 0.02), inner(box_y, 0.02), box_z[0] + 0.012, clearance, name)

    def asset(self, anchor: Literal["floor", "wall", "ceiling"] = "floor") -> Asset:
        """Everything, shifted so that the origin is where this kind of thing has it."""
        parts = [Part(join(*meshes), material, when) for (material, when), meshes in self._meshes.items()]
        points = [p.mesh.vertices for p in parts] + [p.mesh.vertices for m in self._movers for p in m.parts]
        cloud = np.concatenate(points).astype(np.float64)
        low, high = cloud.min(axis=0), cloud.max(axis=0)
        origin = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
        if anchor == "wall":
            origin[0] = low[0]
        elif anchor == "ceiling":
            origin[2] = high[2]
        by = (float(-origin[0]), float(-origin[1]), float(-origin[2]))
        centre, half = (low + high) / 2 - origin, (high - low) / 2
        category, colour, material, shape = self._words
        return Asset(
            category,
            colour,
            material,
            shape,
            tuple(_moved_part(part, by) for part in parts),
            tuple(replace(b, centre=_shifted(b.centre, by)) for b in self._solids),
            Box(_point(centre), _point(half)),
            tuple(
                replace(m, origin=_shifted(m.origin, by), parts=tuple(_moved_part(p, by) for p in m.parts))
                for m in self._movers
            ),
            tuple(replace(s, centre=_shifted(s.centre, by)) for s in self._surfaces),
        )


def _door_handle(face: float, y: Span, z: Span, hinge: str) -> Mesh:
    """A bar at the edge that opens."""
    x = (face, face + 0.03)
    if hinge == "bottom":
        return slab(x, inner(y, length(y) * 0.15), (z[1] - 0.06, z[1] - 0.042))
    at = y[1] - 0.04 if hinge == "low y" else y[0] + 0.04
    return slab(x, wide(0.016, at), wide(min(0.30, 0.4 * length(z)), middle(z)))


def _point(values: np.ndarray) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))


def _shifted(point: Point, by: Point) -> Point:
    return (point[0] + by[0], point[1] + by[1], point[2] + by[2])


def _moved_part(part: Part, by: Point) -> Part:
    return replace(part, mesh=move(part.mesh, by))


def carcass(
    piece: Piece,
    material: Material,
    x: Span,
    y: Span,
    z: Span,
    boards: Sequence[float] = (),
    walls: Sequence[float] = (),
    lid: bool = True,
    inside: Material | None = None,
) -> None:
    """An open-fronted cabinet of 18 mm boards: sides, bottom, top if it has a lid, thin back, shelf boards at heights,
    upright walls at places along y. Its inside is a darker shade unless given."""
    t = 0.018
    inside = shaded(material, 0.8) if inside is None else inside
    piece.add(material, slab(x, (y[0], y[0] + t), z), slab(x, (y[1] - t, y[1]), z))
    piece.add(material, slab(x, inner(y, t), (z[0], z[0] + t)))
    if lid:
        piece.add(material, slab(x, inner(y, t), (z[1] - t, z[1])))
    piece.add(inside, slab((x[0], x[0] + 0.008), inner(y, t), inner(z, t)))
    piece.add(inside, *(slab((x[0] + 0.008, x[1] - 0.01), inner(y, t), (h - t, h)) for h in boards))
    piece.add(inside, *(slab((x[0] + 0.008, x[1] - 0.01), wide(t, at), inner(z, t)) for at in walls))
