"""Apartments from a seed: what they hold, that nothing overlaps, and that a body gets everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, deque
from pathlib import Path

import numpy as np
import pytest

from enactive.envs.household.apartment import make_apartment
from enactive.envs.household.floorplan import AREA_M2, plan_floor
from enactive.envs.household.furniture import FURNITURE
from enactive.envs.household.model import Apartment, Material, Placed, Room
from enactive.envs.household.objects import OBJECTS
from enactive.envs.household.openings import door_stand
from enactive.envs.household.shell import shell, solids, world_boxes
from enactive.envs.household.space import Space, overlaps
from enactive.errors import ConfigError

SEEDS = range(20)
BODY_M = 0.18


@pytest.fixture(scope="module")
def apartments() -> list[Apartment]:
    return [make_apartment(seed) for seed in SEEDS]


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _blocking(apartment: Apartment) -> np.ndarray:
    """Boxes that block a body 1.1 m tall: walls, furniture, and open leaves of doors."""
    boxes = [box for placed in apartment.objects if placed.parent < 0 and placed.asset.solids for box in world_boxes(placed)]
    everything = np.concatenate([solids(apartment), np.array(boxes)])
    return everything[(everything[:, 4] < 1.1) & (everything[:, 5] > 0.05)]


def _free_cells(apartment: Apartment, step: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Cells of a grid where a round body may stand, by the distance to every box; and the grid's corner."""
    rects = np.array([room.rect for room in apartment.rooms])
    low, high = rects[:, :2].min(axis=0) - 0.1, rects[:, 2:].max(axis=0) + 0.1
    xs, ys = np.arange(low[0], high[0], step), np.arange(low[1], high[1], step)
    free = np.zeros((len(ys), len(xs)), dtype=bool)
    for x0, y0, x1, y1 in rects:
        free |= ((xs >= x0) & (xs <= x1))[None, :] & ((ys >= y0) & (ys <= y1))[:, None]
    for d in apartment.doorways:
        half = (d.width_m / 2, 0.1) if d.along == "x" else (0.1, d.width_m / 2)
        free |= (np.abs(xs - d.centre[0]) <= half[0])[None, :] & (np.abs(ys - d.centre[1]) <= half[1])[:, None]
    for x0, y0, x1, y1, _, _ in _blocking(apartment):
        dx = np.maximum(np.maximum(x0 - xs, xs - x1), 0.0)[None, :]
        dy = np.maximum(np.maximum(y0 - ys, ys - y1), 0.0)[:, None]
        free &= dx * dx + dy * dy >= BODY_M * BODY_M
    return free, low


def _flood(free: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    seen = np.zeros_like(free)
    seen[start] = True
    queue = deque([start])
    while queue:
        row, column = queue.popleft()
        for r, c in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            if 0 <= r < free.shape[0] and 0 <= c < free.shape[1] and free[r, c] and not seen[r, c]:
                seen[r, c] = True
                queue.append((r, c))
    return seen


@pytest.mark.parametrize("seed", range(8))
def test_body_reaches_every_room_and_nearly_all_free_floor(apartments: list[Apartment], seed: int) -> None:
    apartment = apartments[seed]
    free, low = _free_cells(apartment)
    doorway = apartment.doorways[0].centre
    start = (round((doorway[1] - low[1]) / 0.05), round((doorway[0] - low[0]) / 0.05))
    assert free[start], "the middle of a doorway is free"
    reached = _flood(free, start)
    assert reached.sum() > 0.9 * free.sum()
    for room in apartment.rooms:
        x0, y0, x1, y1 = ((np.array(room.rect) - np.tile(low, 2)) / 0.05).round().astype(int)
        assert reached[y0:y1, x0:x1].sum() * 0.0025 > 0.1 * (room.rect[2] - room.rect[0]) * (room.rect[3] - room.rect[1]), room


def test_doorways_are_free_and_as_wide_as_said(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        boxes = _blocking(apartment)
        for doorway in apartment.doorways:
            assert 0.85 <= doorway.width_m <= 2.2
            reach = doorway.width_m / 2 - 0.05  # a door's jambs stand in the opening
            ahead = 0.5
            dx, dy = (reach, ahead) if doorway.along == "x" else (ahead, reach)
            x, y = doorway.centre
            hit = (boxes[:, 0] < x + dx) & (boxes[:, 2] > x - dx) & (boxes[:, 1] < y + dy) & (boxes[:, 3] > y - dy)
            assert not hit.any(), (apartment.seed, doorway)


def test_rooms_have_the_sizes_of_their_kinds(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        assert 3 <= len(apartment.rooms) <= 8
        total = 0.0
        for room in apartment.rooms:
            x0, y0, x1, y1 = room.rect
            area = (x1 - x0) * (y1 - y0)
            total += area
            assert AREA_M2[room.kind][0] - 1e-6 <= area <= AREA_M2[room.kind][1] + 1e-6
        assert 40.0 <= total <= 140.0
        assert len({room.name for room in apartment.rooms}) == len(apartment.rooms)


def test_rooms_do_not_overlap_and_walls_lie_between(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        rects = np.array([room.rect for room in apartment.rooms])
        for i, a in enumerate(rects):
            for b in rects[i + 1 :]:
                apart = max(b[0] - a[2], a[0] - b[2], b[1] - a[3], a[1] - b[3])
                assert apart >= apartment.wall_m - 1e-6


def test_all_kinds_of_rooms_and_numbers_of_rooms_occur() -> None:
    plans = [plan_floor(_rng(seed)) for seed in range(60)]
    assert {len(plan.kinds) for plan in plans} == {3, 4, 5, 6, 7, 8}
    assert {kind for plan in plans for kind in plan.kinds} == set(AREA_M2)
    shapes = [len({c[3] for c in plan.cells}) for plan in plans]
    assert len(set(shapes)) > 2


@pytest.mark.parametrize("count", [3, 5, 8])
def test_asked_number_of_rooms(count: int) -> None:
    assert len(make_apartment(3, rooms=count).rooms) == count


def test_impossible_number_of_rooms_is_refused() -> None:
    with pytest.raises(ConfigError, match="3 to 8"):
        make_apartment(0, rooms=9)


def _overlap(a: tuple[float, ...], b: tuple[float, ...], slack: float) -> bool:
    return all(a[i] < b[i + 2] - slack and a[i + 2] > b[i] + slack for i in (0, 1)) and (
        a[4] < b[5] - slack and a[5] > b[4] + slack
    )


def test_furniture_does_not_overlap_and_stays_in_its_room(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        standing = [p for p in apartment.objects if p.parent < 0 and p.asset.category not in ("rug", "door", "ceiling lamp")]
        boxes = [(placed, box) for placed in standing for box in world_boxes(placed)]
        for i, (a, box_a) in enumerate(boxes):
            x0, y0, x1, y1 = apartment.rooms[a.room].rect
            assert min(box_a[0] - x0, box_a[1] - y0, x1 - box_a[2], y1 - box_a[3]) > -0.02
            for b, box_b in boxes[i + 1 :]:
                if a.id != b.id:
                    assert not _overlap(box_a, box_b, 0.012), (apartment.seed, a.asset.category, b.asset.category)


def _corners(placed: Placed) -> np.ndarray:
    """The eight corners of the bounds of a thing in the world."""
    centre, half = np.array(placed.asset.bounds.centre), np.array(placed.asset.bounds.half_size)
    points = centre + half * np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    cos, sin = np.cos(placed.yaw_rad), np.sin(placed.yaw_rad)
    return points @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]).T + np.array(placed.xyz)


def test_things_stand_on_their_surface_inside_its_edges_and_apart(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        by_surface: dict[tuple[int, str], list[np.ndarray]] = {}
        for thing in (p for p in apartment.objects if p.parent >= 0):
            parent = apartment.objects[thing.parent]
            surface = next(s for s in parent.asset.surfaces if s.name == thing.surface)
            points = _corners(thing)
            cos, sin = np.cos(parent.yaw_rad), np.sin(parent.yaw_rad)
            local = (points - np.array(parent.xyz)) @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
            assert abs(local[:, 2].min() - surface.centre[2]) < 0.004
            assert np.ptp(local[:, 2]) <= surface.clearance_m
            off = np.abs(local[:, :2] - np.array(surface.centre[:2])).max(axis=0)
            assert (off <= np.array(surface.half_size) + 1e-3).all(), (thing.asset.category, parent.asset.category)
            by_surface.setdefault((parent.id, surface.name), []).append(local)
        for group in by_surface.values():
            for i, a in enumerate(group):
                for b in group[i + 1 :]:
                    gap = np.maximum(a[:, :2].min(axis=0) - b[:, :2].max(axis=0), b[:, :2].min(axis=0) - a[:, :2].max(axis=0))
                    assert gap.max() > 0.0


def test_essential_furniture_is_there(apartments: list[Apartment]) -> None:
    needed = {
        "kitchen": ("kitchen counter", "kitchen sink", "stove", "fridge"),
        "bathroom": ("toilet", "bathroom sink"),
        "bedroom": ("bed",),
        "living room": ("sofa", "tv stand"),
        "office": ("desk",),
        "dining room": ("dining table", "chair"),
        "laundry room": ("washing machine",),
    }
    missing = Counter()
    for apartment in apartments:
        for index, room in enumerate(apartment.rooms):
            there = {p.asset.category for p in apartment.objects if p.room == index}
            missing.update(category for category in needed.get(room.kind, ()) if category not in there)
    assert not missing


def test_number_and_variety_of_things(apartments: list[Apartment]) -> None:
    furniture, things = Counter(), Counter()
    for apartment in apartments:
        small = [p for p in apartment.objects if p.asset.category in OBJECTS]
        assert 40 <= len(small) <= 110, (apartment.seed, len(small))
        furniture.update(p.asset.category for p in apartment.objects if p.asset.category in FURNITURE)
        things.update(p.asset.category for p in small)
        assert [p.id for p in apartment.objects] == list(range(len(apartment.objects)))
    assert len(furniture) >= 30
    assert len(things) >= 60


def test_look_alikes_differ_in_words_or_place(apartments: list[Apartment]) -> None:
    for apartment in apartments:
        groups: dict[str, list[Placed]] = {}
        for placed in apartment.objects:
            if placed.asset.category in OBJECTS:
                groups.setdefault(placed.asset.category, []).append(placed)
        several = [group for group in groups.values() if len(group) >= 2]
        assert len(several) >= 6
        told_apart = [g for g in several if len({(p.asset.colour, p.asset.material, p.asset.shape) for p in g}) > 1]
        assert len(told_apart) >= 0.7 * len(several)


def test_some_things_are_hidden_and_most_are_not(apartments: list[Apartment]) -> None:
    hidden = [_hidden(apartment, p) for apartment in apartments for p in apartment.objects if p.parent >= 0]
    assert 0.02 < np.mean(hidden) < 0.4


def _hidden(apartment: Apartment, placed: Placed) -> bool:
    surfaces = {s.name: s for s in apartment.objects[placed.parent].asset.surfaces}
    return bool(surfaces[placed.surface].mover)


def test_shell_covers_every_room_with_textures_in_unit_uv(apartments: list[Apartment]) -> None:
    for apartment in apartments[:4]:
        pieces = shell(apartment)
        for index in range(len(apartment.rooms)):
            names = [piece.name for piece in pieces if piece.room == index]
            assert {"floor", "ceiling", "wall north", "wall east", "wall south", "wall west", "trim"} <= set(names)
        assert sum(piece.name.startswith("window") for piece in pieces) == len(apartment.windows)
        for piece in pieces:
            assert piece.texture.dtype == np.uint8
            assert piece.texture.shape[2] == 3
            assert piece.mesh.uv.min() >= 0.0
            assert piece.mesh.uv.max() <= 1.0
            assert piece.mesh.faces.max() < len(piece.mesh.vertices)
            corners = piece.mesh.vertices[piece.mesh.faces].astype(np.float64)
            normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            assert (np.einsum("ij,ij->i", normal, piece.mesh.normals[piece.mesh.faces[:, 0]]) > 0).all(), piece.name


def test_walls_have_holes_where_doorways_and_windows_are(apartments: list[Apartment]) -> None:
    apartment = apartments[0]
    walls = [p for p in shell(apartment) if p.name.startswith("wall")]
    triangles = np.concatenate([p.mesh.vertices[p.mesh.faces] for p in walls]).astype(np.float64)
    half = apartment.wall_m / 2
    holes = [(*d.centre, 1.0, d.along) for d in apartment.doorways] + [(*w.centre, w.along) for w in apartment.windows]
    for x, y, z, along in holes:
        across = 1 if along == "x" else 0
        near = np.abs(triangles[:, :, across] - (y if along == "x" else x)).max(axis=1) < half + 1e-3
        flat = triangles[near][:, :, [1 - across, 2]]
        assert not _covered(flat, np.array([x if along == "x" else y, z]))
    room = apartment.rooms[0].rect
    flat = triangles[np.abs(triangles[:, :, 1] - room[1]).max(axis=1) < 1e-3][:, :, [0, 2]]
    assert _covered(flat, np.array([room[0] + 0.02, 2.5]))


def _covered(triangles: np.ndarray, point: np.ndarray) -> bool:
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]

    def side(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        return (q[:, 0] - p[:, 0]) * (point[1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (point[0] - p[:, 0])

    signs = np.stack([side(a, b), side(b, c), side(c, a)])
    return bool(((signs > 0).all(axis=0) | (signs < 0).all(axis=0)).any())


def test_floor_is_darker_under_furniture(apartments: list[Apartment]) -> None:
    apartment = apartments[0]
    index = next(i for i, room in enumerate(apartment.rooms) if room.kind == "bedroom")
    texture = next(p.texture for p in shell(apartment) if p.room == index and p.name == "floor").astype(float)
    bed = next(p for p in apartment.objects if p.asset.category == "bed" and p.room == index)
    x0, y0, x1, y1 = apartment.rooms[index].rect
    u, v = (bed.xyz[0] - x0) / (x1 - x0), (bed.xyz[1] - y0) / (y1 - y0)
    row, column = int(v * texture.shape[0]), int(u * texture.shape[1])
    assert texture[row - 8 : row + 8, column - 8 : column + 8].mean() < 0.75 * texture.mean()


def test_overlaps_against_one_by_one() -> None:
    rng = _rng(5)
    low = rng.uniform(0.0, 3.0, (80, 3))
    boxes = np.concatenate([low, low + rng.uniform(0.1, 0.9, (80, 3))], axis=1)[:, [0, 1, 3, 4, 2, 5]]
    expected = [any(_overlap(tuple(a), tuple(b), 1e-4) for b in boxes[40:]) for a in boxes[:40]]
    assert 3 < sum(expected) < 40
    assert overlaps(boxes[:40], boxes[40:]).tolist() == expected
    touching = np.array([[0.0, 0.0, 1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 2.0, 1.0, 0.0, 1.0]])
    assert not overlaps(touching[:1], touching[1:]).any()


def test_a_room_cut_in_two_is_not_passable() -> None:
    plain = Material((1.0, 1.0, 1.0))
    space = Space(Room("office", "office", (0.0, 0.0, 4.0, 3.0), plain, plain), gates=((0.0, 1.5), (4.0, 1.5)))
    assert space.passable()
    wall = np.array([1.9, 0.0, 2.1, 3.0, 0.0, 1.0])
    assert not space.passable(wall)
    assert space.passable(wall + np.array([0.0, 0.6, 0.0, 0.0, 0.0, 0.0]))  # a gap of 0.6 m takes a body of 0.46 m
    assert not space.passable(wall + np.array([0.0, 0.4, 0.0, 0.0, 0.0, 0.0]))
    assert space.passable(wall + np.array([0.0, 0.0, 0.0, 0.0, 2.0, 1.0]))  # overhead


@pytest.mark.parametrize("seed", range(6))
def test_open_leaves_stand_in_the_room_beside_the_way(apartments: list[Apartment], seed: int) -> None:
    apartment = apartments[seed]
    rects = [room.rect for room in apartment.rooms]
    doors = [p for p in apartment.objects if p.asset.category == "door"]
    with_leaf = [d for d in apartment.doorways if d.door]
    assert len(doors) == len(with_leaf)
    for doorway in with_leaf:
        room, _ = door_stand(doorway, rects)
        door = min(doors, key=lambda p: np.hypot(p.xyz[0] - doorway.centre[0], p.xyz[1] - doorway.centre[1]))
        assert door.room == room
        assert door.open
        (mover,) = door.asset.movers
        ahead = np.array([np.cos(door.yaw_rad), np.sin(door.yaw_rad)])
        side = np.array([-ahead[1], ahead[0]])
        hinge = np.array(door.xyz[:2]) + mover.origin[0] * ahead + mover.origin[1] * side
        tip = hinge + doorway.width_m * 0.9 * ahead  # the leaf has turned by a quarter
        x0, y0, x1, y1 = rects[room]
        assert x0 < tip[0] < x1
        assert y0 < tip[1] < y1
        assert abs((tip - np.array(doorway.centre)) @ side) > doorway.width_m / 2 - 0.06


_DIGEST = """
import hashlib, sys
from test_apartment import digest
print(digest(int(sys.argv[1])))
"""


def digest(seed: int) -> str:
    """A hash over every array and number of an apartment and its shell."""
    made = hashlib.sha256()
    apartment = make_apartment(seed)
    made.update(repr((apartment.rooms, apartment.doorways, apartment.windows)).encode())
    for p in apartment.objects:
        words = (p.id, p.asset.category, p.asset.colour, p.asset.material, p.asset.shape, p.xyz, p.yaw_rad, p.room, p.parent)
        made.update(repr((*words, p.surface, p.on, p.dirty, p.open, p.asset.bounds, p.asset.surfaces)).encode())
        for part in [*p.asset.parts, *(part for mover in p.asset.movers for part in mover.parts)]:
            for array in (part.mesh.vertices, part.mesh.normals, part.mesh.uv, part.mesh.faces):
                made.update(array.tobytes())
    for piece in shell(apartment):
        made.update(piece.name.encode() + piece.texture.tobytes() + piece.mesh.vertices.tobytes() + piece.mesh.uv.tobytes())
    return made.hexdigest()


def test_same_seed_same_bytes_in_another_process_on_another_processor() -> None:
    here = digest(11)
    # An old processor, as far as the libraries go: other BLAS kernels, and sine and cosine without fused operations.
    old = {"OPENBLAS_CORETYPE": "Nehalem", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"}
    there = subprocess.run(
        [sys.executable, "-c", _DIGEST, "11"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=Path(__file__).parent,
        env={**os.environ, **old},
    )
    assert there.stdout.strip() == here
    assert digest(12) != here
