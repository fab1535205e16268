"""Every small object in every shape, material and colour: sizes, closed surfaces, budgets, states, and words that hold."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from enactive.envs.household.furniture import FURNITURE
from enactive.envs.household.materials import PATTERNS
from enactive.envs.household.model import COLOURS, Asset, Kind, Mesh, Part
from enactive.envs.household.objects import OBJECTS
from enactive.envs.household.objects.craft import puff, slices, tint

KINDS = list(OBJECTS.values())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.category)


def everything(asset: Asset) -> list[Part]:
    return [*asset.parts, *(part for mover in asset.movers for part in mover.parts)]


def shown(asset: Asset, *states: str) -> list[Part]:
    return [part for part in everything(asset) if part.when in ("", *states)]


@cache
def variants(category: str) -> list[Asset]:
    """Every shape with every material and with every colour."""
    kind = OBJECTS[category]
    words = {(c, m, s) for c, m, s in product(kind.colours[:1], kind.materials, kind.shapes)}
    words |= {(c, m, s) for c, m, s in product(kind.colours, kind.materials[:1], kind.shapes)}
    return [kind.build(*word, np.random.default_rng(7)) for word in sorted(words)]


def corners(mesh: Mesh) -> np.ndarray:
    return mesh.vertices[mesh.faces].astype(np.float64)


def area(mesh: Mesh) -> float:
    """Square metres that do not look down: what stands on something shows no underside."""
    a, b, c = corners(mesh).transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1)
    return float(size[normal[:, 2] > -0.9 * size].sum() / 2)


def solids(mesh: Mesh) -> list[np.ndarray]:
    """Triangles (M, 3, 3) of each connected piece, corners at one place counted as one."""
    _, ids = np.unique(np.round(mesh.vertices, 5), axis=0, return_inverse=True)
    faces = ids.ravel()[mesh.faces]
    root = np.arange(int(ids.max()) + 1)

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = int(root[i])
        return i

    for a, b, c in faces:
        root[find(int(b))] = find(int(a))
        root[find(int(c))] = find(int(a))
    label = np.array([find(int(f[0])) for f in faces])
    return [corners(mesh)[label == k] for k in np.unique(label)]


def closed(triangles: np.ndarray) -> bool:
    """Every edge is walked once each way."""
    points = np.round(triangles, 5) + 0.0
    edges: dict[tuple, int] = {}
    for triangle in points:
        p = [tuple(x) for x in triangle]
        for a, b in ((p[0], p[1]), (p[1], p[2]), (p[2], p[0])):
            if a != b:
                edges[(a, b)] = edges.get((a, b), 0) + 1
    return all(edges.get((b, a), 0) == n for (a, b), n in edges.items())


def volume(triangles: np.ndarray) -> float:
    local = triangles - triangles.mean(axis=(0, 1))
    return float(np.einsum("ij,ij->i", local[:, 0], np.cross(local[:, 1], local[:, 2])).sum() / 6)


def test_there_is_enough_to_look_for() -> None:
    assert len(OBJECTS) >= 64
    assert all(name == kind.category for name, kind in OBJECTS.items())
    assert (
        len(
            {skill for kind in KINDS for skill in kind.skills}
            & {"slice", "dirty", "heat", "cool", "toggle", "cuts", "open", "cleans"}
        )
        == 8
    )


def test_most_kinds_come_in_several_shapes_colours_and_materials() -> None:
    varied = [kind for kind in KINDS if min(len(set(words)) for words in (kind.shapes, kind.colours, kind.materials)) >= 2]
    assert len(varied) >= 60


def test_no_two_kinds_answer_to_one_name() -> None:
    owner: dict[str, str] = {}
    for kind in (*FURNITURE.values(), *KINDS):
        for word in (kind.category, *kind.synonyms):
            assert word == word.lower().strip()
            assert word not in owner, f"{word!r} names both {owner[word]!r} and {kind.category!r}"
            owner[word] = kind.category


@each_kind
def test_words_and_places_are_known(kind: Kind) -> None:
    assert set(kind.colours) <= set(COLOURS)
    assert len(set(kind.colours)) == len(kind.colours)
    assert 1 <= len(kind.shapes) == len(set(kind.shapes)) <= 4
    assert len(kind.materials) == len(set(kind.materials)) >= 1
    assert kind.on
    assert set(kind.on) <= {*FURNITURE, "floor"}
    assert min(kind.on.values()) > 0
    assert kind.many >= 1
    assert not kind.rooms
    assert "pickup" in kind.skills


@each_kind
def test_every_variant_is_a_sound_thing(kind: Kind) -> None:
    for asset in variants(kind.category):
        parts = everything(asset)
        points = np.concatenate([part.mesh.vertices for part in parts])
        centre, half = np.array(asset.bounds.centre), np.array(asset.bounds.half_size)
        np.testing.assert_allclose(points.min(axis=0), centre - half, atol=1e-5)
        np.testing.assert_allclose(points.max(axis=0), centre + half, atol=1e-5)
        np.testing.assert_allclose([*centre[:2], centre[2] - half[2]], 0.0, atol=1e-5)
        assert asset.solids == (asset.bounds,)
        assert half.min() * 2 >= 0.0095
        assert half.max() * 2 <= 1.2
        assert (asset.category, asset.colour, asset.material, asset.shape) == (
            kind.category,
            asset.colour if asset.colour in kind.colours else None,
            asset.material if asset.material in kind.materials else None,
            asset.shape if asset.shape in kind.shapes else None,
        )
        for states in (("whole", "off"), ("whole", "on"), ("sliced", "off"), ("whole", "off", "dirty")):
            assert sum(len(part.mesh.faces) for part in shown(asset, *states)) <= 250, (asset.shape, states)
        assert len(shown(asset, "whole", "off")) <= 5
        for part in parts:
            assert part.material.pattern == "plain" or part.material.pattern in PATTERNS
            assert part.mesh.vertices.dtype == part.mesh.normals.dtype == part.mesh.uv.dtype == np.float32
            assert part.mesh.faces.dtype == np.int32
            assert part.mesh.faces.min() >= 0
            assert part.mesh.faces.max() < len(part.mesh.vertices) == len(part.mesh.normals) == len(part.mesh.uv)
            np.testing.assert_allclose(np.linalg.norm(part.mesh.normals, axis=1), 1.0, atol=1e-3)


@each_kind
def test_surfaces_face_outwards(kind: Kind) -> None:
    for shape in kind.shapes:
        asset = kind.build(kind.colours[0], kind.materials[0], shape, np.random.default_rng(1))
        for part in everything(asset):
            a, b, c = corners(part.mesh).transpose(1, 0, 2)
            facing = np.einsum(
                "ij,ij->i", np.cross(b - a, c - a), part.mesh.normals[part.mesh.faces].astype(np.float64).sum(axis=1)
            )
            weight = np.linalg.norm(np.cross(b - a, c - a), axis=1)
            assert weight[facing < -1e-9].sum() <= 0.01 * weight.sum(), f"{shape}: shading normals point inwards"
            for piece in solids(part.mesh):
                if closed(piece):
                    assert volume(piece) > 0, f"{shape}: a piece is inside out"


@each_kind
def test_the_colour_word_is_what_one_sees(kind: Kind) -> None:
    words = list(COLOURS)
    table = np.array([COLOURS[word] for word in words])
    for asset in variants(kind.category):
        share = dict.fromkeys(words, 0.0)
        for part in shown(asset, "whole", "off"):
            nearest = words[int(np.linalg.norm(table - part.material.rgb, axis=1).argmin())]
            share[nearest] += area(part.mesh) * part.material.alpha
        total = sum(share.values())
        largest = max(share, key=lambda word: share[word])
        assert largest == asset.colour, (
            f"{asset.shape} {asset.colour} {asset.category}: {largest} covers {share[largest] / total:.0%}"
        )
        assert share[largest] >= 0.4 * total, f"{asset.shape} {asset.colour} covers {share[largest] / total:.0%}"


@each_kind
def test_states_show(kind: Kind) -> None:
    for shape in kind.shapes:
        asset = kind.build(kind.colours[0], kind.materials[0], shape, np.random.default_rng(2))
        states = {part.when for part in everything(asset)} - {""}
        expected = {"slice": {"whole", "sliced"}, "toggle": {"on"}, "dirty": {"dirty"}}
        wanted = set().union(*(expected.get(skill, set()) for skill in kind.skills))
        if "slice" in kind.skills and "whole" not in states:
            wanted.discard("whole")
        assert wanted <= states <= wanted | {"whole", "off"}, shape
        assert ("open" in kind.skills) == bool(asset.movers)


@each_kind
def test_surfaces_lie_inside(kind: Kind) -> None:
    for shape in kind.shapes:
        asset = kind.build(kind.colours[0], kind.materials[0], shape, np.random.default_rng(3))
        for surface in asset.surfaces:
            reach = np.abs(np.array(surface.centre[:2])) + np.array(surface.half_size)
            assert (reach <= np.abs(asset.bounds.centre[:2]) + asset.bounds.half_size[:2] + 1e-6).all()
            assert 0 <= surface.centre[2] <= 2 * asset.bounds.half_size[2] + 1e-6
            assert surface.clearance_m > 0
            assert surface.mover == "" or surface.mover in {mover.name for mover in asset.movers}


@each_kind
def test_same_seed_same_thing_and_sizes_vary(kind: Kind) -> None:
    words = (kind.colours[-1], kind.materials[-1], kind.shapes[-1])
    first, again, other = (kind.build(*words, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first.bounds == again.bounds
    assert first.bounds != other.bounds
    for one, two in zip(everything(first), everything(again), strict=True):
        assert one.material == two.material
        assert one.mesh.vertices.tobytes() == two.mesh.vertices.tobytes()


def test_materials_change_the_look() -> None:
    for kind in KINDS:
        looks = {
            tuple((part.material.pattern, part.material.alpha, part.material.specular) for part in asset.parts)
            for asset in (kind.build(kind.colours[0], m, kind.shapes[0], np.random.default_rng(1)) for m in kind.materials)
        }
        assert len(looks) == len(kind.materials), kind.category


def test_a_puff_has_its_size_and_the_volume_of_an_egg() -> None:
    egg = puff((0.2, 0.1, 0.3), power=1.0, segments=48, rows=24)
    np.testing.assert_allclose(np.ptp(egg.vertices, axis=0), (0.2, 0.1, 0.3), atol=1e-3)
    assert volume(corners(egg)) == pytest.approx(np.pi / 6 * 0.2 * 0.1 * 0.3, rel=0.02)
    assert closed(corners(egg))


def test_three_slices_are_closed_together() -> None:
    rind, flesh = slices(0.1, 0.08, 0.06, tint((1, 0, 0)), tint((1, 1, 1)))
    pieces = np.concatenate([corners(rind.mesh), corners(flesh.mesh)])
    assert closed(pieces)
    assert len(rind.mesh.faces) == 3 * 20
    assert len(flesh.mesh.faces) == 3 * 20


def test_the_lid_of_a_box_opens_upwards_and_hides_its_inside() -> None:
    kind = OBJECTS["box"]
    for shape in kind.shapes:
        asset = kind.build(kind.colours[0], kind.materials[0], shape, np.random.default_rng(4))
        (lid,) = asset.movers
        assert asset.surfaces[0].mover == lid.name
        points = np.concatenate([part.mesh.vertices for part in lid.parts])
        half = lid.range / 2
        assert lid.axis == (0.0, -1.0, 0.0)
        x, z = points[:, 0] - lid.origin[0], points[:, 2] - lid.origin[2]
        lifted = x * np.sin(half) + z * np.cos(half)  # a right-handed turn around -y takes x to z
        front = x > 0.9 * x.max()
        assert (lifted[front] > z[front] + 0.05).all()
