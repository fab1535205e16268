"""Furniture: the words build what they say, boxes and places agree with the meshes, doors and drawers open freely."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from enactive.envs.household.furniture import FURNITURE
from enactive.envs.household.materials import LOOKS, PATTERNS
from enactive.envs.household.model import COLOURS, Asset, Kind, Mesh, Mover, Part

Points = NDArray[np.float64]
CASES = [(category, shape) for category, kind in FURNITURE.items() for shape in kind.shapes]


@functools.cache
def samples(category: str, shape: str) -> tuple[Asset, ...]:
    """One asset of every material, and as many colours and seeds."""
    kind = FURNITURE[category]
    colours = itertools.cycle(kind.colours)
    return tuple(kind.build(next(colours), m, shape, np.random.default_rng(7 * n)) for n, m in enumerate(kind.materials))


def all_parts(asset: Asset, *conditions: str) -> list[Part]:
    parts = [*asset.parts, *(part for mover in asset.movers for part in mover.parts)]
    return [p for p in parts if not conditions or p.when in conditions]


def corners(mesh: Mesh) -> Points:
    return mesh.vertices[mesh.faces].astype(np.float64)


def opened(mover: Mover, points: Points, fraction: float) -> Points:
    axis, travel = np.asarray(mover.axis), fraction * mover.range
    if mover.kind == "slide":
        return points + axis * travel
    local = points - np.asarray(mover.origin)
    along = np.outer(local @ axis, axis)
    turned = along + np.cos(travel) * (local - along) + np.sin(travel) * np.cross(axis, local)
    return turned + np.asarray(mover.origin)


def ray(triangles: Points, origin: Points, up: float) -> float:
    """Distance from origin to the first triangle straight up (1.0) or down (-1.0), infinite if there is none."""
    a, b, c = (triangles[:, k] for k in range(3))

    def side(p: Points, q: Points) -> Points:
        return (q[:, 0] - p[:, 0]) * (origin[1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (origin[0] - p[:, 0])

    s = np.stack([side(a, b), side(b, c), side(c, a)], axis=1)
    area = s.sum(axis=1)
    hit = (np.abs(area) > 1e-10) & (np.all(s >= 0, axis=1) | np.all(s <= 0, axis=1))
    weights = s[hit] / area[hit, None]
    z = weights[:, 1] * a[hit, 2] + weights[:, 2] * b[hit, 2] + weights[:, 0] * c[hit, 2]
    ahead = (z - origin[2]) * up
    return float(min(ahead[ahead > 0], default=np.inf))


def test_there_are_enough_kinds_and_words() -> None:
    assert len(FURNITURE) >= 34
    for category, kind in FURNITURE.items():
        assert kind.category == category
        assert len(kind.colours) >= 3
        assert len(kind.materials) >= 2
        assert set(kind.colours) <= set(COLOURS)
        assert set(kind.materials) <= set(LOOKS)
        assert set(kind.on) <= set(FURNITURE)
        assert len({*kind.shapes}) == len(kind.shapes)


@pytest.mark.parametrize("category", FURNITURE)
def test_words_are_kept_and_seen(category: str) -> None:
    kind: Kind = FURNITURE[category]
    for n, (colour, material) in enumerate(itertools.product(kind.colours, kind.materials)):
        shape = kind.shapes[n % len(kind.shapes)]
        asset = kind.build(colour, material, shape, np.random.default_rng(n))
        assert (asset.category, asset.colour, asset.material, asset.shape) == (category, colour, material, shape)
        least = {"house plant": 0.04, "shower": 0.04}.get(category, 0.2)
        assert _share(asset, colour) >= least, f"{shape} {colour} {material}"
        patterns = {p.material.pattern for p in all_parts(asset)}
        assert patterns <= {"plain", *PATTERNS}
        if category not in ("rug", "curtain"):
            assert LOOKS[material][0] in patterns


def _share(asset: Asset, colour: str) -> float:
    """Share of the surface that has the hue of the colour word, at any brightness of at least a third."""
    word = np.asarray(COLOURS[colour])
    areas, same = [], []
    for part in all_parts(asset, "", "off"):
        triangle = corners(part.mesh)
        areas.append(np.linalg.norm(np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]), axis=1).sum())
        rgb = np.asarray(part.material.rgb)
        factor = float(rgb @ word / (word @ word))
        same.append(0.33 < factor < 1.2 and float(np.abs(rgb - factor * word).max()) < 0.03)
    return float(np.dot(areas, same) / np.sum(areas))


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_bounds_are_exact_and_the_origin_is_where_it_belongs(category: str, shape: str) -> None:
    for asset in samples(category, shape):
        points = np.concatenate([p.mesh.vertices for p in all_parts(asset)]).astype(np.float64)
        low, high = points.min(axis=0), points.max(axis=0)
        centre, half = np.asarray(asset.bounds.centre), np.asarray(asset.bounds.half_size)
        np.testing.assert_allclose(centre - half, low, atol=1e-5)
        np.testing.assert_allclose(centre + half, high, atol=1e-5)
        stand = FURNITURE[category].stand
        expected = {"hang": (low[0], centre[1], low[2]), "ceiling": (centre[0], centre[1], high[2])}
        np.testing.assert_allclose(expected.get(stand, (centre[0], centre[1], low[2])), 0.0, atol=1e-5)
        for solid in asset.solids:
            c, h = np.asarray(solid.centre), np.asarray(solid.half_size)
            assert (c - h >= low - 0.02).all()
            assert (c + h <= high + 0.02).all()


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_meshes_are_light_and_face_outward(category: str, shape: str) -> None:
    for asset in samples(category, shape):
        assert sum(len(p.mesh.faces) for p in all_parts(asset)) <= 650
        assert len(asset.parts) <= 11
        for part in all_parts(asset):
            triangle = corners(part.mesh)
            normal = np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
            size = np.linalg.norm(normal, axis=1)
            assert (size > 1e-10).all(), "a triangle without area"
            agree = np.einsum("ij,ikj->ik", normal / size[:, None], part.mesh.normals[part.mesh.faces].astype(np.float64))
            assert agree.min() > -0.1
            np.testing.assert_allclose(np.linalg.norm(part.mesh.normals, axis=1), 1.0, atol=1e-3)
            assert np.isfinite(part.mesh.uv).all()
            for volume in _closed_volumes(part.mesh):
                assert volume > 0


def _closed_volumes(mesh: Mesh) -> list[float]:
    """Signed volumes of the connected pieces whose every edge is met once in each direction."""
    _, place = np.unique(np.round(mesh.vertices, 5), axis=0, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = int(faces.max()) + 1
    ones = np.ones(len(edges))
    directed = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
    _, label = connected_components(directed, directed=False)
    open_edges = abs(directed - directed.T).tocoo()
    leaky = set(label[open_edges.row[open_edges.data > 0]])
    triangle = corners(mesh)
    volume = np.einsum("ij,ij->i", triangle[:, 0], np.cross(triangle[:, 1], triangle[:, 2])) / 6.0
    total = np.bincount(label[faces[:, 0]], weights=volume, minlength=int(label.max()) + 1)
    used = set(label[faces[:, 0]]) - leaky
    return [float(total[k]) for k in sorted(used) if abs(total[k]) > 1e-9]


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_places_are_held_free_and_inside(category: str, shape: str) -> None:
    for asset in samples(category, shape):
        triangles = np.concatenate([corners(p.mesh) for p in all_parts(asset, "", "off")])
        centre, half = np.asarray(asset.bounds.centre), np.asarray(asset.bounds.half_size)
        names = [s.name for s in asset.surfaces]
        assert len(set(names)) == len(names)
        for surface in asset.surfaces:
            at, size = np.asarray(surface.centre), np.array([*surface.half_size, 0.0])
            assert (at - size >= centre - half - 1e-6).all(), surface.name
            assert (at + size <= centre + half + 1e-6).all(), surface.name
            assert min(surface.half_size) >= 0.03, surface.name
            assert surface.mover in {"", *(m.name for m in asset.movers)}
            start = at + np.array([0.1, 0.6, 0.0]) * size + [0.0, 0.0, 0.01]
            assert ray(triangles, start, -1.0) < 0.03, f"{surface.name} hangs in the air"
            assert ray(triangles, start, 1.0) + 0.01 > min(surface.clearance_m, 0.9) - 0.02, f"{surface.name} is not free"


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_solids_block_what_a_body_of_90_cm_would_run_into(category: str, shape: str) -> None:
    kind = FURNITURE[category]
    for asset in samples(category, shape):
        if kind.stand in ("hang", "ceiling", "rug", "object") or category == "door":
            continue
        points = np.concatenate([p.mesh.vertices for p in asset.parts]).astype(np.float64)
        points = points[points[:, 2] < 0.85, :2]  # the body is an upright cylinder: only the plan matters
        low = [b for b in asset.solids if b.centre[2] - b.half_size[2] < 0.85]
        centres, halves = (
            np.array([values[:2] for values in side]) for side in zip(*((b.centre, b.half_size) for b in low), strict=True)
        )
        away = np.linalg.norm(np.maximum(np.abs(points[:, None] - centres) - halves, 0.0), axis=2).min(axis=1)
        assert away.max() < (0.45 if category == "house plant" else 0.10), asset.shape


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_what_opens_swings_clear_of_the_body_and_outward(category: str, shape: str) -> None:
    for asset in samples(category, shape):
        assert len({m.name for m in asset.movers}) == len(asset.movers)
        for mover in asset.movers:
            points = np.concatenate([p.mesh.vertices for p in mover.parts]).astype(np.float64)
            np.testing.assert_allclose(np.linalg.norm(mover.axis), 1.0)
            moved = (opened(mover, points, 1.0) - points).mean(axis=0)
            assert max(moved[0], moved[2]) > 0.05, f"{mover.name} opens inward"
            if mover.kind == "hinge":
                for solid in asset.solids:
                    c, h = np.asarray(solid.centre), np.asarray(solid.half_size) - 0.03
                    closed = (np.abs(points - c) < h).all(axis=1)
                    for fraction in np.linspace(0.1, 1.0, 10):
                        inside = (np.abs(opened(mover, points, float(fraction)) - c) < h).all(axis=1)
                        assert not (inside & ~closed).any(), f"{mover.name} cuts into the body"
        assert bool(asset.movers) <= ("open" in FURNITURE[category].skills)


@pytest.mark.parametrize(("category", "shape"), CASES)
def test_what_switches_on_looks_different(category: str, shape: str) -> None:
    for asset in samples(category, shape):
        glows = any(p.when == "on" and p.material.emission >= 0.2 for p in asset.parts)
        assert glows == ("toggle" in FURNITURE[category].skills)


@pytest.mark.parametrize("category", ["chair", "sofa", "armchair", "bed", "toilet", "office chair"])
def test_the_back_is_high_and_the_front_is_x(category: str) -> None:
    for shape in FURNITURE[category].shapes:
        if shape == "canopy":
            continue
        for asset in samples(category, shape):
            points = np.concatenate([p.mesh.vertices for p in all_parts(asset)])
            top = points[points[:, 2] > 0.9 * points[:, 2].max()]
            assert top[:, 0].mean() < -0.1 * np.ptp(points[:, 0])


@pytest.mark.parametrize("category", ["television", "computer monitor", "painting"])
def test_pictures_face_x_upright(category: str) -> None:
    for shape in FURNITURE[category].shapes:
        for asset in samples(category, shape):
            mesh = next(p.mesh for p in asset.parts if PATTERNS.get(p.material.pattern, (None, 0.0))[1] == 1.0)
            np.testing.assert_allclose(mesh.normals, np.tile([1.0, 0.0, 0.0], (len(mesh.normals), 1)), atol=1e-6)
            assert mesh.vertices[np.argmax(mesh.uv[:, 1]), 2] > mesh.vertices[np.argmin(mesh.uv[:, 1]), 2]
            assert mesh.vertices[np.argmax(mesh.uv[:, 0]), 1] > mesh.vertices[np.argmin(mesh.uv[:, 0]), 1]


@pytest.mark.parametrize("category", FURNITURE)
def test_same_seed_same_bytes_and_another_seed_another_size(category: str) -> None:
    kind = FURNITURE[category]
    words = (kind.colours[0], kind.materials[0], kind.shapes[0])
    one, two = (kind.build(*words, np.random.default_rng(5)) for _ in range(2))
    assert [p.mesh.vertices.tobytes() for p in all_parts(one)] == [p.mesh.vertices.tobytes() for p in all_parts(two)]
    assert [p.material for p in all_parts(one)] == [p.material for p in all_parts(two)]
    many = [all_parts(kind.build(*words, np.random.default_rng(seed))) for seed in range(6)]
    sizes = {tuple(part.mesh.vertices.tobytes() for part in parts) for parts in many}
    tones = {parts[0].material.rgb for parts in many}
    assert len(sizes) > 1 or len(tones) > 1


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_are_pictures_that_tile(name: str) -> None:
    maker, metres = PATTERNS[name]
    picture = maker()
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert metres > 0
    assert picture.tobytes() == maker().tobytes()
    if metres == 1.0 and name != "plaster":
        return  # a whole picture
    assert picture.mean() > 165, "too dark to keep the tint"
    values = picture.astype(np.float64)
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(np.take(values, 0, axis=axis) - np.take(values, -1, axis=axis)).mean()
        assert seam <= steps.max() * 1.1 + 1.0
