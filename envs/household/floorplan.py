"""Floor plans: how many rooms of which kind, and how recursive splits lay them out in a rectangle or an L."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from enactive.errors import ConfigError

from .model import RoomKind

Rect = tuple[float, float, float, float]

WALL_M = 0.12
CEILING_M = 2.6
# Floor area inside the walls, square metres, and the narrowest side, metres.
AREA_M2: Mapping[RoomKind, tuple[float, float]] = {
    "kitchen": (8.5, 15.0),
    "living room": (17.0, 30.0),
    "bedroom": (10.0, 18.0),
    "bathroom": (4.4, 8.0),
    "dining room": (9.5, 17.0),
    "office": (8.0, 14.0),
    "hallway": (4.0, 12.0),
    "laundry room": (4.2, 7.5),
}
NARROWEST_M: Mapping[RoomKind, float] = {
    "kitchen": 2.4,
    "living room": 3.4,
    "bedroom": 2.8,
    "bathroom": 1.8,
    "dining room": 2.8,
    "office": 2.4,
    "hallway": 1.25,
    "laundry room": 1.8,
}
LONGEST_TO_NARROWEST = 2.0
TOTAL_M2 = (40.0, 140.0)
DOOR_SEGMENT_M = 1.2  # a shared wall shorter than this gets no doorway
# How readily two kinds of room are joined: low joins first, and none of the pairs left out are joined at all.
_JOIN: Mapping[tuple[RoomKind, RoomKind], float] = {
    ("kitchen", "living room"): 1.0,
    ("dining room", "living room"): 1.0,
    ("dining room", "kitchen"): 1.2,
    ("bedroom", "living room"): 2.5,
    ("bathroom", "living room"): 3.0,
    ("living room", "office"): 2.0,
    ("laundry room", "living room"): 4.0,
    ("kitchen", "laundry room"): 1.6,
    ("bathroom", "laundry room"): 3.5,
    ("dining room", "office"): 3.0,
    ("bedroom", "dining room"): 5.0,
    ("bathroom", "dining room"): 6.0,
    ("bathroom", "bedroom"): 3.0,
    ("bathroom", "kitchen"): 7.0,
    ("bedroom", "kitchen"): 7.0,
    ("kitchen", "office"): 6.0,
    ("bedroom", "office"): 5.0,
}
_MOST_DOORS: Mapping[RoomKind, int] = {"bathroom": 1, "laundry room": 1, "office": 2, "bedroom": 2}


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """Kinds, cells (rectangles between the middles of the walls) and pairs of rooms that a doorway joins."""

    kinds: tuple[RoomKind, ...]
    cells: tuple[Rect, ...]
    joined: tuple[tuple[int, int], ...]


def plan_floor(rng: np.random.Generator, rooms: int | None = None) -> FloorPlan:
    """Draw a floor plan of 3 to 8 rooms, its middle at the origin.

    Raises ConfigError where `rooms` is out of range.
    """
    if rooms is not None and not 3 <= rooms <= 8:
        raise ConfigError(f"An apartment has 3 to 8 rooms, not {rooms}; pass rooms=None to draw a number.")
    count = rooms or int(rng.choice(6, p=[0.1, 0.2, 0.24, 0.22, 0.14, 0.1])) + 3
    for _ in range(4000):
        kinds = _programme(rng, count)
        areas = [float(rng.uniform(*AREA_M2[kind])) for kind in kinds]
        cells = _lay_out(rng, kinds, areas)
        if cells is None or not _sizes_fit(kinds, cells):
            continue
        joined = _join(rng, kinds, cells)
        if joined is not None:
            return FloorPlan(tuple(kinds), tuple(_centred(cells)), tuple(joined))
    raise ConfigError(f"No floor plan of {count} rooms was found for this seed; take another seed.")


def inner(cell: Rect) -> Rect:
    """The rectangle between the inner faces of a cell's walls."""
    half = WALL_M / 2
    return (cell[0] + half, cell[1] + half, cell[2] - half, cell[3] - half)


def shared_wall(a: Rect, b: Rect) -> tuple[str, float, float, float] | None:
    """The wall that two cells share: its direction ("x" or "y"), its place across, and its free span along; None if none."""
    half = WALL_M / 2
    for along, (lo, hi) in (("y", (0, 2)), ("x", (1, 3))):
        other_lo, other_hi = (1, 3) if along == "y" else (0, 2)
        for first, second in ((a, b), (b, a)):
            if abs(first[hi] - second[lo]) < 1e-6:
                start, end = max(a[other_lo], b[other_lo]) + half, min(a[other_hi], b[other_hi]) - half
                if end - start > 0.05:
                    return along, first[hi], start, end
    return None


def _programme(rng: np.random.Generator, count: int) -> list[RoomKind]:
    kinds: list[RoomKind] = ["living room", "kitchen"]
    if count == 3:
        kinds.append("bathroom" if rng.random() < 0.4 else "bedroom")
        return kinds
    kinds += ["bedroom", "bathroom"]
    extras: list[RoomKind] = ["bedroom", "office", "dining room", "laundry room", "hallway"]
    weights = np.array([0.8, 1.5, 2.4, 0.8, 0.7])
    if count >= 6:
        kinds.append("hallway")
        extras[-1], weights[-1] = "bathroom", 0.5
    picked = rng.choice(len(extras), size=count - len(kinds), replace=False, p=weights / weights.sum())
    return kinds + [extras[int(i)] for i in picked]


def _lay_out(rng: np.random.Generator, kinds: Sequence[RoomKind], areas: Sequence[float]) -> list[Rect] | None:
    """Cells of all rooms, or None where this draw does not work out. Areas are those inside the walls."""
    gross = [area + WALL_M * (2.1 * area**0.5) for area in areas]
    order = [int(i) for i in rng.permutation(len(kinds)) if kinds[int(i)] != "hallway"]
    hall = [i for i, kind in enumerate(kinds) if kind == "hallway"]
    wing: list[int] = []
    if len(order) >= 4 and rng.random() < 0.4:
        private = [i for i in order if kinds[i] not in ("living room", "kitchen", "dining room")]
        wing = private[: 1 if len(private) < 3 or rng.random() < 0.5 else 2]
        order = [i for i in order if i not in wing]
    cells: dict[int, Rect] = {}
    total = sum(gross[i] for i in order) + sum(gross[i] for i in hall)
    width = _snap((total * float(rng.uniform(1.0, 1.7))) ** 0.5)
    rect = (0.0, 0.0, width, _snap(total / width))
    if hall:
        if not _with_hallway(rng, rect, order, hall[0], kinds, gross, cells):
            return None
    else:
        _split(rng, rect, order, gross, cells)
    if wing:
        _attach_wing(rng, rect, wing, gross, cells)
    laid = [cells[i] for i in range(len(kinds))]
    if rng.random() < 0.5:
        laid = [(y0, x0, y1, x1) for x0, y0, x1, y1 in laid]
    if rng.random() < 0.5:
        laid = [(-x1, y0, -x0, y1) for x0, y0, x1, y1 in laid]
    return laid


def _split(rng: np.random.Generator, rect: Rect, order: list[int], gross: Sequence[float], cells: dict[int, Rect]) -> None:
    """Cut a rectangle across its longer side, rooms before the cut by their share of the area, and go on in both parts."""
    if len(order) == 1:
        cells[order[0]] = rect
        return
    x0, y0, x1, y1 = rect
    cut_at = int(rng.integers(1, len(order))) if len(order) < 4 else int(rng.integers(2, len(order) - 1))
    share = sum(gross[i] for i in order[:cut_at]) / sum(gross[i] for i in order)
    if (x1 - x0) * float(rng.uniform(0.85, 1.18)) > y1 - y0:
        cut = _snap(x0 + share * (x1 - x0))
        parts: tuple[Rect, Rect] = ((x0, y0, cut, y1), (cut, y0, x1, y1))
    else:
        cut = _snap(y0 + share * (y1 - y0))
        parts = ((x0, y0, x1, cut), (x0, cut, x1, y1))
    _split(rng, parts[0], order[:cut_at], gross, cells)
    _split(rng, parts[1], order[cut_at:], gross, cells)


def _with_hallway(
    rng: np.random.Generator,
    rect: Rect,
    order: list[int],
    hall: int,
    kinds: Sequence[RoomKind],
    gross: Sequence[float],
    cells: dict[int, Rect],
) -> bool:
    """A strip of hallway between two rows of rooms; the living rooms may lie across one end of it."""
    x0, y0, x1, y1 = rect
    end: list[int] = []
    if len(order) >= 4 and rng.random() < 0.7:
        public = [i for i in order if kinds[i] in ("living room", "kitchen", "dining room")]
        end = public if rng.random() < 0.6 else [i for i in public if kinds[i] == "living room"]
        order = [i for i in order if i not in end]
    everything = sum(gross[i] for i in order) + sum(gross[i] for i in end) + gross[hall]
    if end:
        cut = _snap(x1 - (x1 - x0) * sum(gross[i] for i in end) / everything)
        _split(rng, (cut, y0, x1, y1), end, gross, cells)
        x1 = cut
    strip = _snap(float(rng.uniform(1.4, 1.75)))
    below_count = len(order) // 2 if rng.random() < 0.5 else (len(order) + 1) // 2
    below, above = order[:below_count], order[below_count:]
    if not below or not above:
        return False
    share = sum(gross[i] for i in below) / sum(gross[i] for i in order)
    low = _snap(y0 + (y1 - y0 - strip) * share)
    cells[hall] = (x0, low, x1, low + strip)
    for row, (bottom, top) in ((below, (y0, low)), (above, (low + strip, y1))):
        whole, start = sum(gross[i] for i in row), x0
        for k, i in enumerate(row):
            stop = x1 if k == len(row) - 1 else _snap(start + (x1 - x0) * gross[i] / whole)
            cells[i] = (start, bottom, stop, top)
            start = stop
    return True


def _attach_wing(rng: np.random.Generator, rect: Rect, wing: list[int], gross: Sequence[float], cells: dict[int, Rect]) -> None:
    """The short arm of the L, flush with one corner of the rectangle."""
    x0, _, x1, y1 = rect
    width = _snap((x1 - x0) * float(rng.uniform(0.4, 0.7)))
    depth = _snap(sum(gross[i] for i in wing) / width)
    left = x0 if rng.random() < 0.5 else x1 - width
    _split(rng, (left, y1, left + width, y1 + depth), wing, gross, cells)


def _sizes_fit(kinds: Sequence[RoomKind], cells: Sequence[Rect]) -> bool:
    total = 0.0
    for kind, cell in zip(kinds, cells, strict=True):
        x0, y0, x1, y1 = inner(cell)
        short, long = min(x1 - x0, y1 - y0), max(x1 - x0, y1 - y0)
        total += short * long
        if short < NARROWEST_M[kind] or not AREA_M2[kind][0] <= short * long <= AREA_M2[kind][1]:
            return False
        if kind != "hallway" and long > LONGEST_TO_NARROWEST * short:
            return False
    return TOTAL_M2[0] <= total <= TOTAL_M2[1]


def _join(rng: np.random.Generator, kinds: Sequence[RoomKind], cells: Sequence[Rect]) -> list[tuple[int, int]] | None:
    """The cheapest tree over all rooms (Kruskal), and some more doorways between rooms for everybody; None if unreachable."""
    edges: list[tuple[float, int, int]] = []
    for i in range(len(cells)):
        for j in range(i + 1, len(cells)):
            wall = shared_wall(cells[i], cells[j])
            if wall is None or wall[3] - wall[2] < DOOR_SEGMENT_M:
                continue
            cost = _JOIN.get((min(kinds[i], kinds[j]), max(kinds[i], kinds[j])), 0.0)
            if "hallway" in (kinds[i], kinds[j]):
                cost = 1.1
            if cost:
                edges.append((cost + 0.3 * float(rng.random()), i, j))
    edges.sort()
    group, doors, joined = list(range(len(cells))), [0] * len(cells), []
    for cost, i, j in edges:
        open_plan = cost < 1.6 and rng.random() < 0.45
        if group[i] == group[j] and not open_plan:
            continue
        if any(doors[k] >= _MOST_DOORS.get(kinds[k], 9) for k in (i, j)):
            continue
        if group[i] == group[j] and any(kinds[k] in _MOST_DOORS for k in (i, j)):
            continue
        group = [group[i] if g == group[j] else g for g in group]
        joined.append((i, j))
        doors[i] += 1
        doors[j] += 1
    return joined if all(g == group[0] for g in group) else None


def _centred(cells: Sequence[Rect]) -> list[Rect]:
    mid_x = _snap((min(c[0] for c in cells) + max(c[2] for c in cells)) / 2)
    mid_y = _snap((min(c[1] for c in cells) + max(c[3] for c in cells)) / 2)
    return [(round(c[0] - mid_x, 4), round(c[1] - mid_y, 4), round(c[2] - mid_x, 4), round(c[3] - mid_y, 4)) for c in cells]


def _snap(metres: float) -> float:
    return round(metres * 20.0) / 20.0
