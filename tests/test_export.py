"""An exported apartment, loaded by another library, and held to the rules of glTF 2.0."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from gltf_rules import Broken, Checked, read_glb
from toy_apartment import toy_apartment

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.export import export_glb
from enactive.envs.household.model import Apartment, Part, Placed
from enactive.envs.household.shell import shell


@pytest.fixture(scope="module")
def apartment() -> Apartment:
    return make_apartment(4, 4)


@pytest.fixture(scope="module")
def file(apartment: Apartment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("glb") / "apartment.glb"
    export_glb(apartment, path)
    return path


def test_the_container_is_well_formed(file: Path) -> None:
    data = file.read_bytes()
    magic, version, length = struct.unpack_from("<III", data)
    assert (magic, version, length) == (0x46546C67, 2, len(data))
    size, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    assert size % 4 == 0
    document = json.loads(data[20 : 20 + size])
    binary, _ = struct.unpack_from("<II", data, 20 + size)
    assert document["buffers"][0]["byteLength"] == binary
    assert all(view["byteOffset"] % 4 == 0 for view in document["bufferViews"])
    assert all(view["byteOffset"] + view["byteLength"] <= binary for view in document["bufferViews"])
    reached, open_ = set(), list(document["scenes"][0]["nodes"])
    while open_:
        node = open_.pop()
        assert node not in reached  # a tree
        reached.add(node)
        open_ += document["nodes"][node].get("children", [])
    assert reached == set(range(len(document["nodes"])))


def test_every_thing_stands_where_it_stood(apartment: Apartment, file: Path) -> None:
    scene = trimesh.load(file)
    y_up = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)
    for placed in apartment.objects:
        pose, _ = scene.graph[f"{placed.asset.category} {placed.id}"]
        expected = np.eye(4)
        c, s = np.cos(placed.yaw_rad), np.sin(placed.yaw_rad)
        expected[:2, :2], expected[:3, 3] = [[c, -s], [s, c]], placed.xyz
        assert pose == pytest.approx(y_up @ expected, abs=1e-6)
    low, high = scene.bounds
    rects = np.array([room.rect for room in apartment.rooms])
    assert low[0] == pytest.approx(rects[:, 0].min(), abs=0.3)
    assert high[2] == pytest.approx(-rects[:, 1].min(), abs=0.3)
    assert high[1] == pytest.approx(apartment.ceiling_m, abs=0.1)


def test_open_doors_are_open(apartment: Apartment, file: Path) -> None:
    """The vertices of an open door, posed by the file, against the same turned here."""
    opened = [(p, m) for p in apartment.objects if p.open for m in p.asset.movers if m.kind == "hinge" and abs(m.axis[2]) > 0.9]
    scene = trimesh.load(file)
    for placed, mover in opened:
        pose, _ = scene.graph[f"{placed.asset.category} {placed.id} {mover.name}"]
        tip = np.concatenate([part.mesh.vertices for part in mover.parts]).astype(float)
        angle = mover.range * np.sign(mover.axis[2])
        away = tip[:, :2] - np.array(mover.origin[:2])
        c, s = np.cos(angle), np.sin(angle)
        local = np.column_stack([away @ np.array([[c, s], [-s, c]]) + np.array(mover.origin[:2]), tip[:, 2]])
        yc, ys = np.cos(placed.yaw_rad), np.sin(placed.yaw_rad)
        world = np.column_stack([local[:, :2] @ np.array([[yc, ys], [-ys, yc]]), local[:, 2]]) + np.array(placed.xyz)
        got = tip @ pose[:3, :3].T + pose[:3, 3]
        assert got == pytest.approx(np.column_stack([world[:, 0], world[:, 2], -world[:, 1]]), abs=1e-5)
    assert opened, "take a seed with an open door"


def test_textures_and_tints_arrive(file: Path) -> None:
    scene = trimesh.load(file)
    floors = [shape for name, shape in scene.geometry.items() if name.startswith("floor")]
    assert floors
    assert all(min(floor.visual.material.baseColorTexture.size) > 64 for floor in floors)
    tints = {
        tuple(shape.visual.material.baseColorFactor)
        for shape in scene.geometry.values()
        if hasattr(shape.visual, "material") and shape.visual.material.baseColorFactor is not None
    }
    assert len(tints) > 10


def shown(placed: Placed) -> list[Part]:
    """The parts that show in the state that a thing is made in."""
    parts = [*placed.asset.parts, *(part for mover in placed.asset.movers for part in mover.parts)]
    hidden = {"sliced", "off" if placed.on else "on", *(() if placed.dirty else ("dirty",))}
    return [part for part in parts if part.when not in hidden]


def test_the_file_keeps_the_rules_and_holds_every_triangle(apartment: Apartment, file: Path) -> None:
    checked = Checked(*read_glb(file.read_bytes()))
    expected = sum(len(part.mesh.faces) for placed in apartment.objects for part in shown(placed))
    assert checked.triangles == expected + sum(len(piece.mesh.faces) for piece in shell(apartment))
    names = {f"{placed.asset.category} {placed.id}" for placed in apartment.objects}
    assert names <= {node["name"] for node in checked.document["nodes"]}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes]:
    """The document and the bytes of an apartment of six things."""
    path = tmp_path_factory.mktemp("glb") / "small.glb"
    export_glb(toy_apartment(), path)
    return read_glb(path.read_bytes())


def longest(document: dict[str, Any]) -> dict[str, Any]:
    """The accessor of indices that holds most."""
    return max((each for each in document["accessors"] if each["type"] == "SCALAR"), key=lambda each: each["count"])


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("fit into their views", lambda d: d["accessors"][0].update(count=d["accessors"][0]["count"] + 1)),
        ("aligned", lambda d: d["bufferViews"][d["accessors"][0]["bufferView"]].update(byteOffset=2)),
        ("lie in the buffer", lambda d: d["bufferViews"][-1].update(byteLength=d["buffers"][0]["byteLength"])),
        ("max is that", lambda d: next(a for a in d["accessors"] if "max" in a)["max"].__setitem__(0, 99.0)),
        ("has its bounds", lambda d: [a.pop("min", None) for a in d["accessors"]]),
        ("vertices that there are", lambda d: d["meshes"][0]["primitives"][0].update(indices=d["accessors"].index(longest(d)))),
        ("unit quaternions", lambda d: d["nodes"][-1].update(rotation=[0.0, 0.0, 0.1, 1.0])),
        ("materials", lambda d: d["meshes"][0]["primitives"][0].update(material=len(d["materials"]))),
        ("images", lambda d: d["textures"][0].update(source=len(d["images"]))),
        ("extensions are declared", lambda d: d.pop("extensionsUsed")),
        ("what its type says", lambda d: d["images"][0].update(mimeType="image/jpeg")),
    ],
)
def test_a_file_that_breaks_a_rule_is_found_out(
    small: tuple[dict[str, Any], bytes], rule: str, spoil: Callable[[dict[str, Any]], object]
) -> None:
    document, binary = small
    Checked(document, binary)
    spoil(spoilt := copy.deepcopy(document))
    with pytest.raises(Broken, match=rule):
        Checked(spoilt, binary)
