"""An apartment as one binary glTF 2.0 file, so that other simulators and viewers can load it.

Nodes carry the names of rooms and things ("mug 17"), doors and drawers are nodes of their own, walls and floors are unlit
since their light is baked into their textures. See https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .materials import PATTERNS
from .model import Apartment, Material, Mesh, Mover, Part, Placed
from .shell import ShellPiece, shell

_FLOAT, _UINT = 5126, 5125
_ARRAY, _ELEMENTS = 34962, 34963
_Z_UP_TO_Y_UP = [-float(np.sqrt(0.5)), 0.0, 0.0, float(np.sqrt(0.5))]


def export_glb(apartment: Apartment, path: str | Path) -> None:
    """Write an apartment as it was made to `path`. Metres; y up as glTF wants it, z up below the root node."""
    writer = _Writer()
    rooms = [
        writer.node(room.name, children=[writer.shell_node(piece) for piece in pieces])
        for room, pieces in zip(apartment.rooms, _by_room(apartment), strict=True)
    ]
    things = [writer.thing_node(placed) for placed in apartment.objects]
    root = writer.node(f"apartment {apartment.seed}", rotation=_Z_UP_TO_Y_UP, children=[*rooms, *things])
    Path(path).write_bytes(writer.glb(root))


def _by_room(apartment: Apartment) -> list[list[ShellPiece]]:
    pieces: list[list[ShellPiece]] = [[] for _ in apartment.rooms]
    for piece in shell(apartment):
        pieces[piece.room].append(piece)
    return pieces


class _Writer:
    """Collects the parts of a glTF document; what is equal is stored once."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "enactive"},
            "extensionsUsed": ["KHR_materials_unlit"],
            "scene": 0,
        }
        self.binary = bytearray()
        self._known: dict[tuple[object, ...], int] = {}

    def add(self, kind: str, entry: dict[str, Any]) -> int:
        """Append to one of the document's lists; returns the index."""
        entries = self.document.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def node(self, name: str, **entry: Any) -> int:
        """Add a node; empty lists of children are left out, as glTF wants."""
        return self.add("nodes", {"name": name, **{key: value for key, value in entry.items() if value != []}})

    def thing_node(self, placed: Placed) -> int:
        """A thing at its place, its doors and drawers as children."""
        name = f"{placed.asset.category} {placed.id}"
        half = placed.yaw_rad / 2
        return self.node(
            name,
            translation=[float(value) for value in placed.xyz],
            rotation=[0.0, 0.0, float(np.sin(half)), float(np.cos(half))],
            children=[self.mover_node(name, mover, placed) for mover in placed.asset.movers],
            **self._mesh_of(name, [part for part in placed.asset.parts if _shows(part, placed)]),
        )

    def mover_node(self, name: str, mover: Mover, placed: Placed) -> int:
        """A door or drawer, open where the thing stands open."""
        travel = mover.range if placed.open else 0.0
        axis = np.asarray(mover.axis, dtype=np.float64) / np.linalg.norm(mover.axis)
        pose: dict[str, Any] = {"translation": (travel * axis).tolist()}
        if mover.kind == "hinge":
            origin = np.asarray(mover.origin, dtype=np.float64)
            c, s = np.cos(travel), np.sin(travel)
            turned = origin * c + np.cross(axis, origin) * s + axis * (axis @ origin) * (1.0 - c)
            pose = {"translation": (origin - turned).tolist(), "rotation": [*(axis * np.sin(travel / 2)), np.cos(travel / 2)]}
            pose["rotation"] = [float(value) for value in pose["rotation"]]
        parts = [part for part in mover.parts if _shows(part, placed)]
        return self.node(f"{name} {mover.name}", **pose, **self._mesh_of(f"{name} {mover.name}", parts))

    def shell_node(self, piece: ShellPiece) -> int:
        """A wall, floor, ceiling or window."""
        texture = self._texture(piece.texture)
        material = self.add(
            "materials",
            {
                "name": piece.name,
                "pbrMetallicRoughness": {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": 1.0},
                "extensions": {"KHR_materials_unlit": {}},
            },
        )
        mesh = self.add("meshes", {"name": piece.name, "primitives": [self._primitive(piece.mesh, material, 1.0)]})
        return self.node(piece.name, mesh=mesh)

    def glb(self, root: int) -> bytes:
        """The finished file."""
        self.document["scenes"] = [{"nodes": [root]}]
        self.document["buffers"] = [{"byteLength": len(self.binary)}]
        self.add("samplers", {"wrapS": 10497, "wrapT": 10497, "magFilter": 9729, "minFilter": 9987})
        text = json.dumps(self.document, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        chunks += struct.pack("<II", len(self.binary), 0x004E4942) + bytes(self.binary)
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks

    def _mesh_of(self, name: str, parts: Sequence[Part]) -> dict[str, int]:
        if not parts:
            return {}
        primitives = []
        for part in parts:
            tile_m = PATTERNS[part.material.pattern][1] if part.material.pattern != "plain" else 1.0
            primitives.append(self._primitive(part.mesh, self._material(part.material), tile_m))
        return {"mesh": self.add("meshes", {"name": name, "primitives": primitives})}

    def _primitive(self, mesh: Mesh, material: int, tile_m: float) -> dict[str, Any]:
        return {
            "attributes": {
                "POSITION": self._accessor(mesh.vertices, "VEC3", bounds=True),
                "NORMAL": self._accessor(_unit(mesh.normals), "VEC3"),
                "TEXCOORD_0": self._accessor(mesh.uv / np.float32(tile_m), "VEC2"),
            },
            "indices": self._accessor(mesh.faces.reshape(-1), "SCALAR"),
            "material": material,
        }

    def _accessor(self, array: NDArray, kind: str, bounds: bool = False) -> int:
        faces = kind == "SCALAR"
        data = np.ascontiguousarray(array, dtype="<u4" if faces else "<f4")
        key = ("accessor", kind, bounds, data.tobytes())
        if key not in self._known:
            entry: dict[str, Any] = {
                "bufferView": self._view(data.tobytes(), _ELEMENTS if faces else _ARRAY),
                "componentType": _UINT if faces else _FLOAT,
                "count": len(data),
                "type": kind,
            }
            if bounds:
                entry |= {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()}
            self._known[key] = self.add("accessors", entry)
        return self._known[key]

    def _view(self, data: bytes, target: int | None = None) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        entry = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.binary += data
        self.binary += b"\0" * (-len(self.binary) % 4)
        return self.add("bufferViews", entry if target is None else {**entry, "target": target})

    def _material(self, material: Material) -> int:
        key = ("material", material)
        if key not in self._known:
            colour = _linear(material.rgb)
            surface: dict[str, Any] = {
                "baseColorFactor": [*colour, material.alpha],
                "metallicFactor": 0.0,
                "roughnessFactor": 1.0 - material.shininess,
            }
            if material.pattern != "plain":
                surface["baseColorTexture"] = {"index": self._pattern(material.pattern)}
            entry: dict[str, Any] = {"name": material.pattern, "pbrMetallicRoughness": surface}
            if material.emission > 0.0:
                entry["emissiveFactor"] = [value * material.emission for value in colour]
            if material.alpha < 1.0:
                entry["alphaMode"] = "BLEND"
            self._known[key] = self.add("materials", entry)
        return self._known[key]

    def _pattern(self, name: str) -> int:
        key = ("pattern", name)
        if key not in self._known:
            self._known[key] = self._texture(PATTERNS[name][0]())
        return self._known[key]

    def _texture(self, picture: NDArray[np.uint8]) -> int:
        data = io.BytesIO()
        Image.fromarray(picture).save(data, format="PNG", compress_level=6)
        image = self.add("images", {"bufferView": self._view(data.getvalue()), "mimeType": "image/png"})
        return self.add("textures", {"source": image, "sampler": 0})


def _shows(part: Part, placed: Placed) -> bool:
    """Whether a part shows while its thing is as it was made."""
    return {"on": placed.on, "off": not placed.on, "sliced": False, "dirty": placed.dirty}.get(part.when, True)


def _linear(rgb: tuple[float, float, float]) -> list[float]:
    """Colour factors of glTF are linear; ours are as shown (sRGB, IEC 61966-2-1)."""
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]


def _unit(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-6, normals / np.maximum(length, 1e-6), np.array([0.0, 0.0, 1.0], dtype=np.float32)).astype(
        np.float32
    )
