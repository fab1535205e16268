"""The parts of the scene graph against brute force and hand-made cases: voxels, tracks, relations, rooms, colours, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from boxworld import word_vector
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from enactive.errors import ConfigError
from enactive.perception.association import common_with
from enactive.perception.colours import Exposure, linear_to_lab, name_colour, rgb_to_linear
from enactive.perception.mapping import OccupancyMap
from enactive.perception.relations import RelationKeeper, is_container, relate_boxes
from enactive.perception.room_segmentation import segment_rooms
from enactive.perception.rooms import RoomKeeper
from enactive.perception.scene_graph import RELATIONS, SceneGraph, SceneNode
from enactive.perception.tracks import VOXEL_M, Track, TrackTable, sector_of, voxel_centres, voxel_keys

points = hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(3)), elements=st.floats(-3.0, 3.0))


def cells(array):
    return {tuple(cell) for cell in np.floor(array / VOXEL_M).astype(int)}


def track_of(id, array, name="thing", sightings=1, weight=1.0):
    track = Track(id, voxel_keys(array), weight * word_vector(name).astype(np.float64))
    track.names, track.scores, track.sightings, track.hits = {name: weight}, {name: 0.5 * weight}, sightings, weight
    track.even_scores = {name: 0.2 * weight}
    return track


@given(points)
def test_voxel_keys_are_the_set_of_cells_and_decode_to_their_middles(array):
    keys = voxel_keys(array)
    assert cells(voxel_centres(keys)) == cells(array)
    assert (np.diff(keys) > 0).all()


@given(points, points)
def test_growth_agrees_with_sets(first, second):
    track = track_of(0, first)
    grown = track.add_voxels(voxel_keys(second))
    assert grown == bool(cells(second) - cells(first))
    assert cells(voxel_centres(track.keys)) == cells(first) | cells(second)
    assert len(track.coarse) == len({tuple(c // 4 for c in cell) for cell in cells(first) | cells(second)})


@pytest.mark.parametrize(("scale", "size_m"), [(0.1, VOXEL_M), (1.0, 4 * VOXEL_M)])
@given(first=points, second=points)
def test_shared_cells_agree_with_sets_fine_for_small_things_and_coarse_for_large(scale, size_m, first, second):
    first, second = (np.vstack([scale * array, np.zeros(3), np.full(3, scale)]) for array in (first, second))
    track, table = track_of(0, first), TrackTable()
    table.append(track)
    common = common_with(table, voxel_keys(second), second.min(axis=0), second.max(axis=0))[0]
    one, two = ({tuple(cell) for cell in np.floor(array / size_m).astype(int)} for array in (first, second))
    if scale == 1.0 or max(np.ptp(first, axis=0).max(), np.ptp(second, axis=0).max()) < 0.5:
        assert common.voxels == pytest.approx(len(one & two) / len(two))
        assert common.back == pytest.approx(len(one & two) / len(one))


evidence = st.tuples(points, st.sampled_from(["mug", "cup", "vase"]), st.integers(1, 50), st.floats(0.1, 9.0))


@given(st.lists(evidence, min_size=2, max_size=5))
def test_absorbing_keeps_the_sum_of_all_evidence(parts):
    tracks = [track_of(i, *part) for i, part in enumerate(parts)]
    whole = tracks[0]
    for other in tracks[1:]:
        whole.absorb(other)
    assert whole.sightings == sum(part[2] for part in parts)
    assert whole.hits == pytest.approx(sum(part[3] for part in parts))
    assert sum(whole.names.values()) == pytest.approx(whole.hits)
    assert whole.score <= 0.5 + 1e-9  # every part was half certain
    assert cells(voxel_centres(whole.keys)) == set.union(*(cells(part[0]) for part in parts))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6), points), min_size=1, max_size=150))
def test_the_table_agrees_with_a_dictionary_under_any_order_of_changes(steps):
    table, truth = TrackTable(), {}
    for number, (remove, pick, array) in enumerate(steps):
        if remove and truth:
            gone = sorted(truth)[pick % len(truth)]
            assert table.remove(gone) is truth.pop(gone)
        else:
            truth[number] = track_of(number, array, name=f"name {number}")
            table.append(truth[number])
    assert len(table) == len(truth)
    low, high = np.array([-1.0, -0.5, -2.0]), np.array([0.5, 1.0, 0.0])
    meets = {id for id, track in truth.items() if (track.box()[0] <= high).all() and (track.box()[1] >= low).all()}
    assert {table.tracks[row].id for row in table.within(low, high)} == meets
    for id, track in truth.items():
        row = table.row_of[id]
        assert table.tracks[row] is track
        assert np.allclose(table.low_m[row], track.box()[0])
        assert np.allclose(table.high_m[row], track.box()[1])
        assert np.allclose(table.embeddings[row], track.pull / np.linalg.norm(track.pull), atol=1e-6)
        assert cells(table.probes_m[row]) <= cells(voxel_centres(track.keys))


def test_sectors_go_round_once():
    angles = np.deg2rad(np.arange(0, 360, 30) + 15.0)
    assert [sector_of(np.array([np.cos(a), np.sin(a), 1.0]), np.zeros(3)) for a in angles] == list(range(12))


def word(a, b, container=False):
    """Relation of box a (low, high) to box b."""
    low_a, high_a, low_b, high_b = (np.array([corner]) for corner in (*a, *b))
    code = int(relate_boxes(low_a, high_a, low_b, high_b, np.array([container]))[0, 0])
    return RELATIONS[code] if code >= 0 else None


TABLE = ((0.0, 0.0, 0.0), (1.2, 0.8, 0.75))
MUG = ((0.3, 0.3, 0.74), (0.4, 0.4, 0.84))
FRIDGE = ((2.0, 0.0, 0.0), (2.7, 0.7, 1.8))
MILK = ((2.2, 0.2, 0.9), (2.3, 0.3, 1.1))
SOFA = ((0.0, 2.0, 0.0), (2.0, 2.9, 0.8))
CUSHION = ((0.3, 2.2, 0.4), (0.7, 2.5, 0.75))
PICTURE = ((0.5, 2.88, 1.3), (1.2, 2.92, 1.8))
CHAIR = ((1.4, 0.2, 0.0), (1.8, 0.6, 0.9))
LAMP = ((0.9, 0.4, 0.5), (1.1, 0.6, 1.2))


@pytest.mark.parametrize(
    ("a", "b", "container", "expected"),
    [
        (MUG, TABLE, False, "on"),
        (TABLE, MUG, True, None),
        (MILK, FRIDGE, True, "in"),
        (FRIDGE, MILK, False, None),
        (CUSHION, SOFA, False, "on"),
        (LAMP, TABLE, False, "on"),
        (PICTURE, SOFA, False, "above"),
        (SOFA, PICTURE, False, "below"),
        (CHAIR, TABLE, False, "next to"),
        (TABLE, CHAIR, False, "next to"),
        (CHAIR, SOFA, False, None),
        (MUG, FRIDGE, True, None),
    ],
)
def test_relations_of_hand_made_boxes(a, b, container, expected):
    assert word(a, b, container) == expected


def test_containers_are_known_by_their_last_word():
    assert is_container("fridge")
    assert is_container("wooden laundry basket")
    assert not is_container("coffee table")
    assert not is_container("")


coordinate = st.integers(0, 30).map(lambda n: n * 0.1)
move = st.tuples(st.integers(0, 7), coordinate, coordinate, coordinate)


@settings(max_examples=40)
@given(st.lists(move, min_size=1, max_size=25))
def test_incremental_relations_are_those_of_all_boxes_at_once(moves):
    rng = np.random.default_rng(0)
    names = ["table", "mug", "fridge", "box", "chair", "sofa", "book", "bowl"]
    sizes = rng.uniform(0.1, 1.5, (8, 3))
    graph, table, keeper = SceneGraph(), TrackTable(), RelationKeeper()
    for i, name in enumerate(names):
        table.append(track_of(i, np.zeros((1, 3)), name))
        graph.nodes[i] = SceneNode(i, name, 1.0, 1, np.zeros(3), np.zeros(3), word_vector(name))
    for i, *low in [(i, 0.4 * i, 0.0, 0.0) for i in range(8)] + moves:
        table.low_m[i], table.high_m[i] = low, low + sizes[i]
        keeper.update(graph, table, [i])
    n = len(table)
    holds = np.array([is_container(name) for name in names])
    codes = relate_boxes(table.low_m[:n], table.high_m[:n], table.low_m[:n], table.high_m[:n], holds)
    expected = {(a, b): RELATIONS[codes[a, b]] for a in range(n) for b in range(n) if a != b and codes[a, b] >= 0}
    assert graph.relations == expected


def two_rooms(doorway=True):
    """Two rooms of 3 x 4 m, a wall with a 0.9 m doorway between them, a table in the left one; 5 cm cells."""
    tall, explored = np.zeros((130, 90), dtype=bool), np.zeros((130, 90), dtype=bool)
    explored[3:127, 3:87] = True
    for rows, columns in ((slice(3, 5), slice(3, 87)), (slice(125, 127), slice(3, 87)), (slice(3, 127), slice(3, 5))):
        tall[rows, columns] = True
    tall[3:127, 85:87] = True
    tall[63:66, 3:87] = True
    if doorway:
        tall[63:66, 40:58] = False
    tall[30:34, 40:44] = True  # a floor lamp is no wall
    return tall, explored


def test_a_drawn_map_of_two_rooms_falls_apart_at_the_doorway():
    labels = segment_rooms(*two_rooms(), 0.05)
    assert labels.max() == 2
    assert len(np.unique(labels[10:60, 10:80])) == 1
    assert len(np.unique(labels[70:120, 10:80])) == 1
    assert labels[20, 20] != labels[100, 20]


def test_a_wide_opening_parts_two_rooms_but_a_corridor_is_not_cut_where_walls_meet_it():
    tall, explored = two_rooms()
    tall[63:66, 30:66] = False  # 1.8 m of 4 m
    assert segment_rooms(tall, explored, 0.05).max() == 2
    corridor, floor = np.zeros((200, 40), dtype=bool), np.zeros((200, 40), dtype=bool)
    floor[2:198, 8:32] = True  # 1.2 m wide
    for rows, columns in ((slice(2, 198), slice(6, 8)), (slice(2, 198), slice(32, 34)), (slice(0, 2), slice(6, 34))):
        corridor[rows, columns] = True
    corridor[198:200, 6:34] = True
    corridor[100:102, 0:8] = corridor[100:102, 32:40] = True  # walls of the rooms on both sides
    assert segment_rooms(corridor, floor, 0.05).max() == 1


def test_a_map_without_walls_is_one_room_and_an_empty_one_is_none():
    _, explored = two_rooms()
    assert set(np.unique(segment_rooms(np.zeros_like(explored), explored, 0.05))) == {0, 1}
    assert segment_rooms(np.zeros_like(explored), np.zeros_like(explored), 0.05).max() == 0


def map_of(tall, explored):
    grid = OccupancyMap((3.0, 2.0), size_m=10.0)
    low = grid.cell_of((0.0, 0.0))
    box = slice(low[0], low[0] + 130), slice(low[1], low[1] + 90)
    grid.tall[box], grid.explored[box] = tall, explored
    grid._note(low, low + np.array((130, 90)))
    return grid


def node(id, name, xy, score=1.0):
    return SceneNode(id, name, score, 3, np.array([*xy, 0.5]), np.full(3, 0.2), word_vector(name))


def test_rooms_are_named_by_what_stands_in_them_and_keep_their_ids_as_the_map_grows():
    tall, explored = two_rooms()
    half = explored.copy()
    half[66:] = False
    graph, keeper = SceneGraph(), RoomKeeper(every=1)
    for thing in (node(0, "stove", (1.0, 1.0)), node(1, "chair", (2.0, 3.0)), node(2, "toilet", (5.0, 1.0))):
        graph.nodes[thing.id] = thing
    keeper.update(map_of(tall & half, half), graph, [0, 1, 2])
    assert len(graph.rooms) == 1
    kitchen = graph.nodes[0].room
    assert graph.nodes[1].room == kitchen
    assert graph.nodes[2].room == -1
    changed = keeper.update(map_of(tall, explored), graph, [])
    assert changed == [2]
    assert graph.nodes[0].room == kitchen
    assert graph.rooms[kitchen].name == "kitchen"
    assert graph.rooms[graph.nodes[2].room].name == "bathroom"
    assert np.allclose(graph.rooms[kitchen].centre_m, (1.7, 2.25), atol=0.15)


def test_a_room_that_gets_a_name_is_a_change_that_readers_can_tell():
    graph, keeper, grid = SceneGraph(), RoomKeeper(every=1), map_of(*two_rooms())
    graph.nodes[0] = node(0, "chair", (1.0, 1.0))
    keeper.update(grid, graph, [0])
    before = graph.version
    keeper.update(grid, graph, [])
    assert graph.version == before
    graph.nodes[0].name = "stove"
    keeper.update(grid, graph, [])
    assert graph.rooms[graph.nodes[0].room].name == "kitchen"
    assert graph.version > before


def test_a_room_without_hints_has_no_name():
    graph, keeper = SceneGraph(), RoomKeeper(every=1)
    graph.nodes[0] = node(0, "chair", (1.0, 1.0))
    keeper.update(map_of(*two_rooms()), graph, [0])
    assert [room.name for room in graph.rooms.values()] == ["", ""]


def test_lab_of_known_colours():
    lab = linear_to_lab(rgb_to_linear(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]])))
    assert np.allclose(lab, [[100, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [0, 0, 0]], atol=0.05)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((170, 20, 25), "red"),
        ((20, 100, 35), "green"),
        ((250, 250, 250), "white"),
        ((60, 35, 20), "brown"),
        ((15, 15, 15), "black"),
    ],
)
def test_colours_in_light_and_shade_are_named(rgb, name):
    named = name_colour(linear_to_lab(rgb_to_linear(np.array(rgb))))
    assert next(iter(named)) == name
    assert 0.0 < sum(named.values()) <= 1.0 + 1e-9


def test_white_in_a_dark_room_is_white_once_the_room_is_known_to_be_dark():
    dark = np.full((80, 80, 3), 100, dtype=np.uint8)  # walls and ceiling at dusk
    mug = rgb_to_linear(np.array([104, 103, 102]))
    exposure = Exposure()
    assert next(iter(name_colour(linear_to_lab(mug * exposure.scale)))) == "grey"
    for _ in range(5):
        exposure.update(dark)
    assert next(iter(name_colour(linear_to_lab(mug * exposure.scale)))) == "white"
    assert exposure.scale == 6.0


def small_graph():
    graph = SceneGraph()
    for thing in (node(3, "mug", (0.0, 0.0)), node(5, "table", (0.1, 0.0))):
        thing.attributes = {"red": 0.75}
        graph.nodes[thing.id] = thing
    graph.relate(3, 5, "on")
    graph.rename(3, "cup")
    return graph


def test_json_brings_the_graph_back_and_refuses_anything_else():
    graph = small_graph()
    keeper = RoomKeeper(every=1)
    keeper.update(map_of(*two_rooms()), graph, [3, 5])
    back = SceneGraph.from_json(graph.to_json())
    assert json.loads(back.to_json()) == json.loads(graph.to_json())
    assert back.nodes[3].name == "cup"
    assert back.relations == {(3, 5): "on"}
    for broken in ("", "[]", '{"schema": 99}', graph.to_json().replace("centre_m", "centre")):
        with pytest.raises(ConfigError):
            SceneGraph.from_json(broken)


def test_networkx_carries_relations_and_rooms():
    graph = small_graph()
    RoomKeeper(every=1).update(map_of(*two_rooms()), graph, [3, 5])
    out = graph.to_networkx()
    room = ("room", graph.nodes[3].room)
    assert {(a, b): d["relation"] for a, b, d in out.edges(data=True)} == {
        (3, 5): "on",
        (3, room): "in room",
        (5, room): "in room",
    }


def test_arrays_are_made_once_per_version():
    graph = small_graph()
    arrays = graph.arrays()
    assert graph.arrays() is arrays
    assert arrays.ids.tolist() == [3, 5]
    assert arrays.embeddings.shape == (2, 64)
    graph.remove(3)
    assert graph.arrays().ids.tolist() == [5]
    assert graph.arrays().centres_m.tolist() == [[0.1, 0.0, 0.5]]
    assert graph.relations == {}
