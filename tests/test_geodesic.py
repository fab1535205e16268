"""Geodesics against networkx, against straight lines, and against walls."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enactive.envs.household.geodesic import CELL_M, Geodesics, Grid, navigable
from enactive.envs.household.obstacles import Footprints


def reference_graph(free: np.ndarray) -> nx.Graph:
    """The same steps, one cell at a time: 16 neighbours, where each cell that the straight step crosses is free."""
    graph = nx.Graph()
    cells = {tuple(cell) for cell in np.argwhere(free)}
    graph.add_nodes_from(cells)
    for dr, dc in ((dr, dc) for dr in range(-2, 3) for dc in range(-2, 3) if np.gcd(dr, dc) == 1):
        crossed = {
            (round(dr * t + nudge), round(dc * t - nudge)) for t in np.linspace(0.01, 0.99, 99) for nudge in (-1e-3, 1e-3)
        }
        if abs(dr) == abs(dc) == 1:
            crossed |= {(dr, 0), (0, dc)}
        for row, column in cells:
            if {(row + r, column + c) for r, c in crossed | {(dr, dc)}} <= cells:
                graph.add_edge((row, column), (row + dr, column + dc), weight=np.hypot(dr, dc) * CELL_M)
    return graph


grids = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((9, 12)) > 0.25)


@settings(max_examples=12, deadline=None)
@given(grids, st.integers(0, 10**6))
def test_distances_match_networkx(free: np.ndarray, pick: int) -> None:
    cells = [tuple(cell) for cell in np.argwhere(free)]
    targets = np.zeros_like(free)
    chosen = {cells[pick % len(cells)], cells[(pick // 7) % len(cells)]}
    for cell in chosen:
        targets[cell] = True
    field = Geodesics(Grid(free, np.zeros(2))).field(targets)
    expected = nx.multi_source_dijkstra_path_length(reference_graph(free), chosen, weight="weight")
    for cell in cells:
        assert field[cell] == pytest.approx(expected.get(cell, np.inf), abs=1e-9)
    assert np.isinf(field[~free]).all()


@settings(max_examples=12, deadline=None)
@given(grids, st.integers(0, 10**6))
def test_paths_are_as_long_as_their_distance_and_stay_free(free: np.ndarray, pick: int) -> None:
    grid = Grid(free, np.array([-3.0, 5.0]))
    cells = np.argwhere(free)
    targets = np.zeros_like(free)
    targets[tuple(cells[pick % len(cells)])] = True
    geodesics = Geodesics(grid)
    start = grid.centres(cells[[pick // 11 % len(cells)]])[0]
    path, distance = geodesics.path_m(start, targets), geodesics.distance_m(start, targets)
    if np.isinf(distance):
        assert len(path) == 0
        return
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).sum() == pytest.approx(distance, abs=1e-9)
    assert all(free[grid.cell(point)] for point in path)
    assert path[0] == pytest.approx(start)
    assert targets[grid.cell(path[-1])]


def test_open_floor_is_within_three_percent_of_the_straight_line() -> None:
    grid = Grid(np.ones((81, 81), dtype=bool), np.zeros(2))
    targets = np.zeros_like(grid.free)
    targets[40, 40] = True
    field = Geodesics(grid).field(targets)
    rows, columns = np.indices(field.shape)
    straight = np.hypot(rows - 40, columns - 40) * CELL_M
    assert (field >= straight - 1e-9).all()
    assert (field <= straight * 1.0275 + 1e-9).all()


def test_a_wall_makes_a_detour_and_a_closed_room_is_out_of_reach() -> None:
    free = np.ones((41, 41), dtype=bool)
    free[20, :38] = False
    grid = Grid(free, np.zeros(2))
    targets = np.zeros_like(free)
    targets[22, 2] = True
    geodesics = Geodesics(grid)
    start = grid.centres(np.array([[18, 2]]))[0]
    corner = grid.centres(np.array([[20, 38]]))[0]
    around = np.linalg.norm(corner - start) + np.linalg.norm(corner - grid.centres(np.array([[22, 2]]))[0])
    assert around <= geodesics.distance_m(start, targets) <= around * 1.0275 + 0.1
    free = free.copy()
    free[20] = False
    assert geodesics.distance_m(np.array([99.0, 99.0]), targets) == np.inf
    assert Geodesics(Grid(free, np.zeros(2))).distance_m(start, targets) == np.inf
    assert len(Geodesics(Grid(free, np.zeros(2))).path_m(start, targets)) == 0
    assert geodesics.distance_m(start, np.zeros_like(free)) == np.inf


def test_the_disc_does_not_fit_where_it_touches() -> None:
    prints = Footprints(np.array([[1.0, 1.0]]), np.array([[0.3, 0.1]]), np.array([0.6]), np.array([-1], dtype=np.int32))
    grid = navigable(np.array([[0.0, 0.0, 2.0, 2.0]]), prints, radius_m=0.2)
    cells = np.argwhere(np.ones_like(grid.free))
    c, s = np.cos(0.6), np.sin(0.6)
    local = (grid.centres(cells) - [1.0, 1.0]) @ np.array([[c, -s], [s, c]])
    away = np.hypot(*np.maximum(np.abs(local) - [0.3, 0.1], 0.0).T)
    assert (grid.free[tuple(cells.T)] == (away > 0.2)).all()


def test_fields_are_kept_and_the_same_set_is_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from enactive.envs.household import geodesic

    calls = []
    real = geodesic.dijkstra
    monkeypatch.setattr(geodesic, "dijkstra", lambda *args, **kwargs: calls.append(1) or real(*args, **kwargs))
    grid = Grid(np.ones((20, 20), dtype=bool), np.zeros(2))
    geodesics = Geodesics(grid)
    targets = np.eye(20, dtype=bool)
    for x in np.linspace(0.1, 0.9, 9):
        geodesics.distance_m(np.array([x, 0.5]), targets)
        geodesics.path_m(np.array([x, 0.5]), targets)
    assert len(calls) == 1
