"""An exported apartment, loaded by another library."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.export import export_glb
from enactive.envs.household.model import Apartment


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
