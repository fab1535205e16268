"""The occupancy map, frontiers and geodesics against an analytic box world, loops and networkx."""

from __future__ import annotations

import copy
import itertools
from threading import Thread

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from enactive.envs import CameraFrame, Embodiment
from enactive.errors import PerceptionError
from enactive.perception import Detection
from enactive.perception.frontiers import frontier_cells, frontiers
from enactive.perception.geodesic import distance_field, passable, traversable
from enactive.perception.lifting import lift
from enactive.perception.mapping import OccupancyMap

CAMERA_M, HFOV_RAD = 0.88, np.deg2rad(79.0)
WALLS = [  # a room of 6 m x 4 m around the origin with walls 0.1 m thick
    (-3.1, -2.1, 0.0, -3.0, 2.1, 2.5),
    (3.0, -2.1, 0.0, 3.1, 2.1, 2.5),
    (-3.1, -2.1, 0.0, 3.1, -2.0, 2.5),
    (-3.1, 2.0, 0.0, 3.1, 2.1, 2.5),
]
TABLE = (1.0, -0.4, 0.0, 1.8, 0.4, 0.5)
SHELF = (-2.5, 1.0, 1.2, -1.0, 2.0, 1.6)  # hangs above the body: to be driven under


def base_pose(x: float, y: float, yaw_rad: float) -> NDArray[np.float64]:
    T = np.eye(4)
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    T[:2, :2] = [[c, -s], [s, c]]
    T[:2, 3] = x, y
    return T


def look(
    boxes: list[tuple[float, ...]], base: NDArray[np.float64], pitch_rad: float = 0.0, size: tuple[int, int] = (160, 120)
) -> CameraFrame:
    """A depth frame of axis-aligned boxes on a floor at z = 0, by the slab test."""
    width, height = size
    f = width / 2.0 / np.tan(HFOV_RAD / 2.0)
    K = np.array([[f, 0.0, (width - 1) / 2.0], [0.0, f, (height - 1) / 2.0], [0.0, 0.0, 1.0]])
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    T_base_camera = np.eye(4)
    T_base_camera[:3, :3] = np.array([[0.0, s, c], [-1.0, 0.0, 0.0], [0.0, -c, s]])
    T_base_camera[2, 3] = CAMERA_M
    T = base @ T_base_camera
    v, u = np.mgrid[0:height, 0:width].astype(float)
    rays = np.stack([(u - K[0, 2]) / f, (v - K[1, 2]) / f, np.ones_like(u)], -1) @ T[:3, :3].T
    origin = T[:3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays[..., 2] < 0, -origin[2] / rays[..., 2], np.inf)
        for box in boxes:
            low, high = (np.array(box[:3]) - origin) / rays, (np.array(box[3:]) - origin) / rays
            enter, leave = np.minimum(low, high).max(-1), np.maximum(low, high).min(-1)
            depth = np.where((enter <= leave) & (enter > 0), np.minimum(depth, enter), depth)
    depth = np.where((depth >= 0.5) & (depth <= 5.0), depth, 0.0).astype(np.float32)
    return CameraFrame(np.zeros((height, width, 3), np.uint8), depth, K, T, 0.0)


def turn_around(grid: OccupancyMap, boxes: list[tuple[float, ...]], x: float, y: float, frames: int = 12) -> None:
    for k in range(frames):
        base = base_pose(x, y, 2 * np.pi * k / frames)
        grid.update(look(boxes, base), base)


def truth(grid: OccupancyMap, boxes: list[tuple[float, ...]], grow_m: float = 0.0) -> NDArray[np.bool_]:
    """Cells whose middle lies in a box that stands in the body's way, the boxes grown by a length."""
    xy = grid.xy_of(np.argwhere(np.ones(grid.shape, bool)))
    inside = np.zeros(len(xy), bool)
    for box in boxes:
        if box[2] < grid.body_height_m:
            low, high = np.array(box[:2]) - grow_m, np.array(box[3:5]) + grow_m
            inside |= np.all((xy >= low) & (xy <= high), axis=1)
    return inside.reshape(grid.shape)


@pytest.fixture(scope="module")
def room() -> OccupancyMap:
    grid = OccupancyMap()
    boxes = [*WALLS, TABLE, SHELF]
    for x, y in ((0.0, 0.0), (-1.5, -1.0), (2.4, 1.0), (2.4, -1.2), (0.5, -1.5), (-1.5, 0.5)):
        turn_around(grid, boxes, x, y)
    return grid


def test_a_map_that_is_copied_is_one_of_its_own() -> None:
    grid = OccupancyMap()
    kept = copy.deepcopy(grid)
    grid.bump((1.0, 1.0))
    assert not kept.obstacle.any()
    assert grid.obstacle.any()
    kept.bump((2.0, 0.0))
    assert kept.clearance_m()[tuple(kept.cell_of((2.0, 0.0)))] <= 0.0


def test_obstacles_are_where_the_boxes_are(room: OccupancyMap) -> None:
    boxes = [*WALLS, TABLE, SHELF]
    assert not (room.obstacle & ~truth(room, boxes, grow_m=0.05)).any()
    rim = [(1.0, -0.4, 1.8, -0.35), (1.0, 0.35, 1.8, 0.4), (1.0, -0.4, 1.05, 0.4), (1.75, -0.4, 1.8, 0.4)]
    for x0, y0, x1, y1 in rim:
        xs, ys = np.meshgrid(np.arange(x0 + 0.025, x1, 0.05), np.arange(y0 + 0.025, y1, 0.05))
        cells = room.cell_of(np.stack([xs.ravel(), ys.ravel()], -1))
        assert room.obstacle[cells[:, 0], cells[:, 1]].mean() > 0.9
    under_shelf = room.cell_of([-1.8, 1.4])
    assert room.free[tuple(under_shelf)]
    assert room.tall[tuple(room.cell_of([3.02, 1.2]))]


def test_the_floor_of_the_room_is_explored_and_nothing_outside(room: OccupancyMap) -> None:
    xy = room.xy_of(np.argwhere(np.ones(room.shape, bool))).reshape(*room.shape, 2)
    inner = (np.abs(xy[..., 0]) < 2.9) & (np.abs(xy[..., 1]) < 1.9) & ~truth(room, [TABLE], 0.05)
    assert room.free[inner].mean() > 0.99
    outer = (np.abs(xy[..., 0]) > 3.15) | (np.abs(xy[..., 1]) > 2.15)
    assert not room.explored[outer].any()


def test_what_lies_behind_an_obstacle_stays_unknown() -> None:
    grid = OccupancyMap()
    base = base_pose(0.0, 0.0, 0.0)
    grid.update(look([(1.5, -1.0, 0.0, 1.6, 1.0, 2.0)], base), base)
    assert grid.explored[tuple(grid.cell_of([1.2, 0.0]))]
    assert grid.obstacle[tuple(grid.cell_of([1.51, 0.0]))]
    assert not grid.explored[tuple(grid.cell_of([2.5, 0.0]))]
    assert grid.free[tuple(grid.cell_of([3.0, 2.3]))]  # past its edge the floor is seen
    assert not grid.explored[tuple(grid.cell_of([-1.0, 0.0]))]


def test_a_pitched_and_turned_camera_sees_the_same_world() -> None:
    for yaw, pitch in itertools.product((0.3, 2.0, -2.7), (0.0, -0.5, 0.2)):
        grid = OccupancyMap()
        base = base_pose(-0.7, 0.4, yaw)
        grid.update(look([*WALLS, TABLE], base, pitch), base)
        assert not (grid.obstacle & ~truth(grid, [*WALLS, TABLE], 0.05)).any()
        assert grid.explored.sum() > 300


@pytest.mark.parametrize("pixel", [(20, 30), (140, 70), (80, 4)])
def test_a_pixel_lies_at_one_place_for_the_map_and_for_the_scene_graph(pixel: tuple[int, int]) -> None:
    u, v = pixel
    base = base_pose(0.4, -0.3, 0.7)
    seen = look([], base)
    depth = np.zeros_like(seen.depth_m)
    depth[v, u] = 2.0
    frame = CameraFrame(seen.rgb, depth, seen.K, seen.T_world_camera, 0.0)
    grid = OccupancyMap(size_m=6.0, resolution_m=0.004, body_height_m=3.0)
    for _ in range(3):  # so often is a single pixel believed
        grid.update(frame, base)
    (segment,) = lift([Detection("post", 1.0, depth > 0, np.ones(1, np.float32))], frame, min_area_px=1)
    (cell,) = np.argwhere(grid.obstacle)
    assert np.abs(grid.xy_of(cell) - segment.points_m[0, :2]).max() <= 0.51 * grid.resolution_m


def test_a_spurious_hit_does_not_stick_but_a_closed_door_does() -> None:
    base = base_pose(0.0, 0.0, 0.0)
    door = (2.0, -1.0, 0.0, 2.05, 1.0, 2.0)
    cell = tuple(OccupancyMap().cell_of([2.02, 0.0]))
    clear, shut = look([*WALLS], base), look([*WALLS, door], base)
    grid = OccupancyMap()
    grid.update(clear, base)
    noisy = clear.depth.copy()
    row, column = 84, 80  # a floor pixel, made to float in the air at 2 m
    noisy[row, column] = 2.02
    grid.update(CameraFrame(clear.rgb, noisy, clear.K, clear.T_world_camera, 0.0), base)
    assert not grid.obstacle[cell]
    grid.update(shut, base)
    assert grid.obstacle[cell]
    for _ in range(12):
        grid.update(clear, base)
    assert not grid.obstacle[cell]


def test_bumps_stay_when_depth_sees_floor_there() -> None:
    grid = OccupancyMap()
    base = base_pose(0.0, 0.0, 0.0)
    grid.bump([1.8, 0.0])
    for _ in range(20):
        grid.update(look([*WALLS], base), base)
    assert grid.obstacle[tuple(grid.cell_of([1.8, 0.0]))]
    assert not traversable(grid)[tuple(grid.cell_of([1.8, 0.1]))]
    assert traversable(grid)[tuple(grid.cell_of([1.8, 0.4]))]


def test_the_grid_grows_and_keeps_what_it_knows() -> None:
    grid = OccupancyMap(size_m=8.0)
    base = base_pose(0.0, 0.0, 0.0)
    grid.update(look([*WALLS, TABLE], base), base)
    before = set(map(tuple, grid.xy_of(np.argwhere(grid.obstacle)).round(4).tolist()))
    far = base_pose(-30.0, 12.0, 0.0)
    grid.update(look([*WALLS], far), far)
    assert grid.free[tuple(grid.cell_of([-30.0, 12.0]))]
    after = set(map(tuple, grid.xy_of(np.argwhere(grid.obstacle)).round(4).tolist()))
    assert before <= after
    assert before


def test_room_is_made_for_places_without_a_change_to_what_is_known() -> None:
    grid = OccupancyMap()
    turn_around(grid, [*WALLS, TABLE], 0.0, 0.0)
    known = grid.xy_of(np.argwhere(grid.obstacle))
    version, shape = grid.version, grid.shape
    assert grid.reserve((-11.0, 3.0), 0.25)
    assert (grid.version, grid.shape) == (version, shape)
    assert grid.reserve((-14.0, 3.0), 0.25)
    assert grid.inside(grid.cell_of((-14.25, 3.0)))
    assert grid.shape[0] < shape[0] + 160
    assert np.allclose(grid.xy_of(np.argwhere(grid.obstacle)), known)
    assert not grid.explored[tuple(grid.cell_of((-14.0, 3.0)))]
    shape = grid.shape
    for nowhere in ((0.0, 250.0), (np.nan, 0.0), (np.inf, 0.0)):
        assert not grid.reserve(nowhere, 0.25)
    assert grid.shape == shape


def test_room_is_not_made_while_a_frame_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, base = OccupancyMap(), base_pose(0.0, 0.0, 0.0)
    see, others = OccupancyMap._see, []

    def interrupted(self: OccupancyMap, frame: CameraFrame, floor_z_m: float) -> None:
        others.append(Thread(target=grid.reserve, args=((-14.0, 3.0), 0.25)))
        others[0].start()
        others[0].join(0.2)
        assert grid.shape == (480, 480)
        see(self, frame, floor_z_m)

    monkeypatch.setattr(OccupancyMap, "_see", interrupted)
    grid.update(look([], base), base)
    others[0].join(5.0)
    assert grid.inside(grid.cell_of((-14.0, 3.0)))


def test_a_view_through_a_window_shows_no_frontier() -> None:
    pane = [(1.2, -3.0, 0.0, 1.3, 3.0, 0.6), (1.2, -3.0, 0.0, 1.3, -0.7, 2.5), (1.2, 0.7, 0.0, 1.3, 3.0, 2.5)]
    grid = OccupancyMap()
    base = base_pose(0.0, 0.0, 0.0)
    grid.update(look(pane, base), base)
    assert grid.xy_of(np.argwhere(grid.free))[:, 0].max() > 3.0
    assert all(grid.xy_of(frontier.cells)[:, 0].max() < 1.25 for frontier in frontiers(grid))
    assert frontiers(grid)


def test_the_edge_of_the_view_is_the_edge_of_what_is_explored() -> None:
    grid = OccupancyMap()
    for yaw in np.linspace(-np.pi, np.pi, 24):
        base = base_pose(0.0, 0.0, float(yaw))
        grid.update(look(WALLS, base), base)
    xy = grid.xy_of(np.argwhere(grid.explored))
    assert np.abs(xy).max(axis=0) == pytest.approx([3.025, 2.025], abs=0.03)


def test_bad_input_is_refused() -> None:
    grid = OccupancyMap()
    base = base_pose(0.0, 0.0, 0.0)
    frame = look(WALLS, base)
    with pytest.raises(PerceptionError, match="depth"):
        grid.update(CameraFrame(frame.rgb, None, frame.K, frame.T_world_camera, 0.0), base)
    with pytest.raises(PerceptionError, match="NaN"):
        grid.update(frame, np.full((4, 4), np.nan))
    with pytest.raises(PerceptionError, match="odometry"):
        grid.update(frame, base_pose(1e6, 0.0, 0.0))
    hollow = frame.depth.copy()
    hollow[::3] = np.nan
    hollow[1::3] = np.inf
    grid.update(CameraFrame(frame.rgb, hollow, frame.K, frame.T_world_camera, 0.0), base)
    assert not (grid.obstacle & ~truth(grid, WALLS, 0.05)).any()
    blind = CameraFrame(frame.rgb, np.zeros_like(frame.depth), frame.K, frame.T_world_camera, 0.0)
    explored = grid.explored.copy()
    grid.update(blind, base)
    assert (grid.explored == explored).all()


def test_the_body_decides_the_band() -> None:
    base = base_pose(0.0, 0.0, 0.0)
    bar = (2.0, -1.0, 0.6, 2.1, 1.0, 0.8)
    tall = Embodiment("tall", "discrete", ("stop",), radius_m=0.2, height_m=1.2)
    low = Embodiment("low", "discrete", ("stop",), radius_m=0.2, height_m=0.4)
    for body, blocked in ((tall, True), (low, False)):
        grid = OccupancyMap.around(base, body)
        grid.update(look([bar], base), base)
        assert grid.obstacle[tuple(grid.cell_of([2.02, 0.0]))] == blocked


@given(
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.sampled_from([0.05, 0.1, 0.25]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=8),
)
def test_cells_and_points_round_trip(centre: tuple[float, float], step: float, cells: list[tuple[int, int]]) -> None:
    grid = OccupancyMap(centre, resolution_m=step, size_m=4.0)
    index = np.array(cells)
    assert (grid.cell_of(grid.xy_of(index)) == index).all()
    points = grid.xy_of(index) + 0.49 * step
    assert (grid.cell_of(points) == index).all()
    assert np.abs(grid.xy_of(grid.cell_of(points)) - points).max() <= 0.5 * step + 1e-9


def painted(seed: int, n: int = 40) -> OccupancyMap:
    """A map with random rectangles of obstacle and unknown, at 5 cm."""
    rng = np.random.default_rng(seed)
    grid = OccupancyMap(size_m=n * 0.05)
    grid.explored[:] = True
    for kind in (grid.obstacle, grid.explored):
        for _ in range(6):
            x, y = rng.integers(0, n - 6, 2)
            kind[x : x + rng.integers(1, 10), y : y + rng.integers(1, 10)] = kind is grid.obstacle
    grid._note(np.array([0, 0]), np.array(grid.shape))
    grid._stand(grid.position_m)
    return grid


@pytest.mark.parametrize("seed", range(8))
def test_frontiers_are_those_that_loops_find(seed: int) -> None:
    grid = painted(seed)
    expected = np.zeros(grid.shape, bool)
    for i, j in np.ndindex(*grid.shape):
        if grid.explored[i, j] and not grid.obstacle[i, j]:
            for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                a, b = i + di, j + dj
                if 0 <= a < grid.shape[0] and 0 <= b < grid.shape[1] and not grid.explored[a, b]:
                    expected[i, j] = True
    assert (frontier_cells(grid) == expected).all()
    floor = nx.grid_2d_graph(*grid.shape).subgraph(map(tuple, np.argwhere(grid.free).tolist()))
    joined = nx.node_connected_component(floor, tuple(grid.cell_of(grid.position_m).tolist()))
    graph = nx.Graph()
    graph.add_nodes_from(cell for cell in map(tuple, np.argwhere(expected).tolist()) if cell in joined)
    graph.add_edges_from(
        (a, b) for a, b in itertools.combinations(graph.nodes, 2) if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1
    )
    groups = {frozenset(group) for group in nx.connected_components(graph) if len(group) >= 6}
    found = frontiers(grid, min_size_m=0.3)
    mine = {frozenset(map(tuple, frontier.cells.tolist())) for frontier in found}
    assert mine <= groups
    field = distance_field(grid, grid.position_m)
    clear = traversable(grid)
    ways = grid.xy_of(np.argwhere(clear & np.isfinite(_whole(field, grid))))
    for group in groups:
        middle = grid.xy_of(np.array(sorted(group)))
        nearest = np.linalg.norm(middle[:, None] - ways[None], axis=2).min() if len(ways) else np.inf
        if nearest < 0.45:
            assert group in mine
        elif nearest > 0.55:
            assert group not in mine
    for frontier in found:
        assert np.isfinite(field.at(frontier.target_m))
    assert [f.cells.tolist() for f in found] == [f.cells.tolist() for f in frontiers(grid)]


def _whole(field: object, grid: OccupancyMap) -> NDArray[np.float64]:
    cells = np.argwhere(np.ones(grid.shape, bool))
    return field.at(grid.xy_of(cells)).reshape(grid.shape)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("unknown_cost", "soft_cost"), [(None, 0.0), (3.0, 0.0), (None, 3.0)])
def test_distances_are_those_of_networkx(seed: int, unknown_cost: float | None, soft_cost: float) -> None:
    grid = painted(seed)
    radius = 0.1
    clear = passable(grid, radius, through_unknown=unknown_cost is not None)
    air = grid.clearance_m().astype(float) - radius
    weight = 1.0 + soft_cost * np.maximum(0.0, 1.0 - np.maximum(air, 0.0) / 0.25) ** 2
    weight[air < 0] = 10.0
    if unknown_cost is not None:
        weight = np.where(grid.explored, weight, weight * unknown_cost)
    graph = nx.Graph()
    for i, j in map(tuple, np.argwhere(clear).tolist()):
        graph.add_node((i, j))
        for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
            a, b = i + di, j + dj
            if 0 <= a < grid.shape[0] and 0 <= b < grid.shape[1] and clear[a, b]:
                graph.add_edge((i, j), (a, b), weight=0.05 * np.hypot(di, dj) * (weight[i, j] + weight[a, b]) / 2)
    start = tuple(int(k) for k in np.argwhere(clear)[len(np.argwhere(clear)) // 2])
    expected = nx.single_source_dijkstra_path_length(graph, start)
    field = distance_field(grid, grid.xy_of(start), radius, unknown_cost, soft_cost)
    for i, j in np.ndindex(*grid.shape):
        assert field.at(grid.xy_of((i, j))) == pytest.approx(expected.get((i, j), np.inf), abs=1e-6)


def test_the_way_leads_there_and_its_cost_is_the_field() -> None:
    grid = painted(3)
    field = distance_field(grid, grid.position_m, soft_cost=0.0)
    values = _whole(field, grid)
    far = np.unravel_index(np.where(np.isfinite(values), values, -1).argmax(), values.shape)
    way = field.way(grid.xy_of(far))
    assert np.allclose(way[0], grid.xy_of(far))
    assert np.linalg.norm(way[-1] - grid.position_m) < 0.1  # the start is too near to something, and moved
    length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    tight = (~traversable(grid)[tuple(grid.cell_of(way).T)]).any()
    assert length == pytest.approx(values[far], abs=1e-6) if not tight else length < values[far]
    assert passable(grid)[tuple(grid.cell_of(way).T)].all()


def test_a_wide_map_is_planned_on_every_second_cell_and_agrees() -> None:
    grid = OccupancyMap()
    grid.explored[:] = True
    grid.obstacle[200:205, 40:] = True
    grid._note(np.array([0, 0]), np.array(grid.shape))
    source = np.array([[-6.0, 5.0]])
    field = distance_field(grid, source, soft_cost=0.0)
    assert field.stride == 2
    straight = distance_field(grid, [[-1.0, -11.0]], soft_cost=0.0).at([8.0, -11.0])
    assert straight == pytest.approx(9.0, abs=0.15)
    assert field.at([6.0, 5.0]) > 2 * 14.5  # around the lower end of the wall, not through it
    assert field.at([-2.5, 5.0]) == pytest.approx(3.5, abs=0.15)
    assert field.at([-1.9, 5.0]) == np.inf


@pytest.mark.filterwarnings("error")
def test_there_is_no_way_to_a_point_that_is_nowhere() -> None:
    grid = painted(3)
    field = distance_field(grid, grid.position_m)
    assert field.at(np.array([[np.inf, 0.0], [np.nan, np.nan], [1e12, 0.0]])).tolist() == [np.inf] * 3
    assert not len(field.way((np.inf, np.inf)))


def test_the_soft_cost_keeps_away_from_walls() -> None:
    grid = OccupancyMap(size_m=4.0)
    grid.explored[:] = True
    grid.obstacle[:, :5] = True
    grid._note(np.array([0, 0]), np.array(grid.shape))
    ends = np.array([[-1.5, -1.5], [1.5, -1.5]])
    middle_y = {}
    for soft in (0.0, 3.0):
        way = distance_field(grid, ends[:1], soft_cost=soft).way(ends[1])
        middle_y[soft] = way[len(way) // 2, 1]
    assert middle_y[3.0] > middle_y[0.0] + 0.05


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_no_way_comes_closer_than_the_radius(seed: int) -> None:
    grid = painted(seed)
    field = distance_field(grid, grid.position_m, unknown_cost=2.0)
    obstacles = grid.xy_of(np.argwhere(grid.obstacle))
    rng = np.random.default_rng(seed)
    for point in rng.uniform(-0.9, 0.9, (5, 2)) + grid.position_m:
        way = field.way(point)
        if len(way) and len(obstacles):
            assert np.linalg.norm(way[:, None] - obstacles[None], axis=2).min() >= grid.body_radius_m
