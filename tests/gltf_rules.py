"""A reader of binary glTF 2.0 that holds a file to the rules of the specification that a scene of meshes can break.

Numbers in brackets are sections of https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html. Only what stands in the file is
read: nothing here knows how it was written.
"""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}  # [3.6.2.2]
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
ARRAY, ELEMENTS = 34962, 34963
MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


class Broken(AssertionError):
    """A rule that a file does not keep."""


def need(holds: bool, rule: str) -> None:
    if not holds:
        raise Broken(rule)


def read_glb(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The document and the binary chunk [4.4]."""
    magic, version, length = struct.unpack_from("<4sII", data)
    need((magic, version, length) == (b"glTF", 2, len(data)), "the header names glTF 2 and the file's length")
    chunks, at = [], 12
    while at < length:
        size, kind = struct.unpack_from("<I4s", data, at)
        need(size % 4 == 0, "chunks are aligned to 4 bytes")
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size
    need([kind for kind, _ in chunks] == [b"JSON", b"BIN\0"], "a chunk of JSON, then one of bytes")
    return json.loads(chunks[0][1]), chunks[1][1]


class Checked:
    """A document whose every reference, accessor, material and node has been held to the rules. Raises Broken."""

    def __init__(self, document: dict[str, Any], binary: bytes) -> None:
        self.document, self.binary = document, binary
        need(document["asset"]["version"] == "2.0", "asset.version [3.2]")
        need(len(document["buffers"]) == 1, "one buffer, that of the file")
        need(0 <= len(binary) - document["buffers"][0]["byteLength"] <= 3, "the buffer is the binary chunk [4.4.3.3]")
        need([] not in document.values(), "no list of the document is empty [5.17]")
        for view in document["bufferViews"]:
            end = view.get("byteOffset", 0) + view["byteLength"]
            inside = view["byteLength"] > 0 and end <= document["buffers"][0]["byteLength"]
            need(view["buffer"] == 0 and inside, "views lie in the buffer [3.6.1]")
        self.accessors = [self._accessor(entry) for entry in document["accessors"]]
        for image in document.get("images", []):
            self._image(image)
        for texture in document.get("textures", []):
            self._at("images", texture["source"])
            self._at("samplers", texture["sampler"])
        for material in document["materials"]:
            self._material(material)
        self.triangles = sum(self._primitive(part) for mesh in document["meshes"] for part in mesh["primitives"])
        for node in document["nodes"]:
            self._node(node)
        self._at("scenes", document["scene"])

    def _at(self, kind: str, index: int) -> Any:
        entries = self.document.get(kind, [])
        need(isinstance(index, int) and 0 <= index < len(entries), f"{index!r} is one of the {len(entries)} {kind}")
        return entries[index]

    def _view(self, index: int) -> bytes:
        view = self._at("bufferViews", index)
        return self.binary[view.get("byteOffset", 0) :][: view["byteLength"]]

    def _accessor(self, entry: dict[str, Any]) -> NDArray[Any]:
        """(count, width). [3.6.2]"""
        kind, view = np.dtype(SIZES[entry["componentType"]]), self._at("bufferViews", entry["bufferView"])
        width, start = WIDTHS[entry["type"]], entry.get("byteOffset", 0)
        need("byteStride" not in view, "what is written here is packed")
        need(entry["count"] >= 1, "accessors hold something")
        need((start + view.get("byteOffset", 0)) % kind.itemsize == 0, "accessors are aligned to their components [3.6.2.4]")
        size = entry["count"] * width * kind.itemsize
        need(start + size <= view["byteLength"], "accessors fit into their views [3.6.2.4]")
        values = np.frombuffer(self._view(entry["bufferView"])[start : start + size], kind).reshape(-1, width)
        need(bool(np.isfinite(values).all()), "numbers are finite [3.6.2.2]")
        for name, found in (("min", values.min(axis=0)), ("max", values.max(axis=0))):
            if name in entry:
                need(np.array_equal(np.array(entry[name], dtype=kind), found), f"{name} is that of the values [3.6.2.5]")
        return values

    def _image(self, image: dict[str, Any]) -> None:
        data = self._view(image["bufferView"])
        need("target" not in self._at("bufferViews", image["bufferView"]), "views of pictures have no target")
        need(data.startswith(MAGIC[image["mimeType"]]), "a picture is what its type says [3.8.3]")
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()

    def _material(self, material: dict[str, Any]) -> None:
        """[3.9]"""
        surface = material["pbrMetallicRoughness"]
        factors = [*surface.get("baseColorFactor", []), *material.get("emissiveFactor", [])]
        factors += [surface["metallicFactor"], surface["roughnessFactor"]]
        need(all(0.0 <= value <= 1.0 for value in factors), "factors lie between 0 and 1")
        need(len(surface.get("baseColorFactor", [0.0] * 4)) == 4, "colours have an alpha")
        clear = surface.get("baseColorFactor", [1.0])[-1] < 1.0
        need((material.get("alphaMode", "OPAQUE") == "BLEND") == clear, "what is clear is blended, and nothing else")
        if "baseColorTexture" in surface:
            self._at("textures", surface["baseColorTexture"]["index"])
        need(
            set(material.get("extensions", ())) <= set(self.document.get("extensionsUsed", ())),
            "extensions are declared [3.12]",
        )

    def _primitive(self, part: dict[str, Any]) -> int:
        """How many triangles it has. [3.7.2]"""
        need(part.get("mode", 4) == 4, "all is triangles")
        self._at("materials", part["material"])
        need("POSITION" in part["attributes"], "triangles have places")
        entries = {name: self._at("accessors", index) for name, index in part["attributes"].items()}
        for name, kind in (("POSITION", "VEC3"), ("NORMAL", "VEC3"), ("TEXCOORD_0", "VEC2")):
            if name in entries:
                need((entries[name]["type"], entries[name]["componentType"]) == (kind, 5126), f"{name} is of floats")
        need({"min", "max"} <= set(entries["POSITION"]), "POSITION has its bounds [3.7.2.1]")
        (count,) = {entry["count"] for entry in entries.values()}
        targets = {self._at("bufferViews", entry["bufferView"]).get("target") for entry in entries.values()}
        need(targets == {ARRAY}, "attributes lie in views of attributes")
        if "NORMAL" in entries:
            length = np.linalg.norm(self.accessors[part["attributes"]["NORMAL"]], axis=1)
            need(bool(np.abs(length - 1.0).max() < 1e-3), "normals have unit length [3.7.2.1]")
        indices = self._at("accessors", part["indices"])
        need(indices["type"] == "SCALAR" and indices["componentType"] in (5121, 5123, 5125), "indices are whole [3.7.2.1]")
        need(self._at("bufferViews", indices["bufferView"]).get("target") == ELEMENTS, "indices lie in a view of indices")
        need(indices["count"] % 3 == 0, "three corners to a triangle")
        need(int(self.accessors[part["indices"]].max()) < count, "indices are of vertices that there are [3.7.2.1]")
        return int(indices["count"] // 3)

    def _node(self, node: dict[str, Any]) -> None:
        """[3.5]"""
        need("matrix" not in node, "poses are written as translation and rotation")
        need(len(node.get("translation", [0.0] * 3)) == 3, "a translation has three numbers")
        need(
            abs(float(np.linalg.norm(node.get("rotation", [0.0, 0.0, 0.0, 1.0]))) - 1.0) < 1e-6,
            "rotations are unit quaternions",
        )
        for child in node.get("children", []):
            self._at("nodes", child)
        if "mesh" in node:
            self._at("meshes", node["mesh"])
