"""The scene graph over many views: one node per object, merged by place and meaning, corrected by later views and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from boxworld import Thing, detections_of, orbit, render

from enactive.perception.scene_graph import SceneGraph, SceneNode
from enactive.perception.scene_graph_builder import SceneGraphBuilder

TABLE = Thing("table", (0.0, 0.0, 0.375), (1.2, 0.8, 0.75), (110, 70, 40))
RED_MUG = Thing("mug", (0.2, 0.075, 0.80), (0.08, 0.08, 0.10), (200, 30, 30))
BLUE_MUG = Thing("mug", (0.2, -0.075, 0.80), (0.08, 0.08, 0.10), (30, 75, 190))
CHAIR = Thing("chair", (0.0, 0.8, 0.45), (0.45, 0.45, 0.9), (40, 140, 50))
SOFA = Thing("sofa", (2.0, 0.0, 0.4), (0.9, 2.0, 0.8), (128, 128, 130))
ROOM = [TABLE, RED_MUG, BLUE_MUG, CHAIR, SOFA]


def look_around(builder: SceneGraphBuilder, things: list[Thing], radii=(1.5, 3.5), views: int = 16, rename=None) -> None:
    """Views from circles around the middle; rename(frame number, thing) may give a detection another name."""
    k = 0
    for radius in radii:
        for pose in orbit((0.0, 0.0), radius, views):
            frame, label = render(things, pose)
            named = [Thing(rename(k, t) if rename else t.name, t.centre, t.size, t.rgb) for t in things]
            builder.update(detections_of(named, label)[0], frame)
            k += 1


def node_at(builder: SceneGraphBuilder, thing: Thing) -> SceneNode:
    """The one node whose middle lies in a thing's box."""
    inside = [n for n in builder.graph if (np.abs(n.centre_m - thing.centre) <= np.array(thing.size) / 2 + 0.03).all()]
    inside = [n for n in inside if n.half_size_m.max() <= max(thing.size)]
    assert len(inside) == 1, [(n.name, n.centre_m) for n in builder.graph]
    return inside[0]


def test_many_views_make_one_node_per_object_with_its_box():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM)
    assert len(builder.graph) == len(ROOM)
    for thing in ROOM:
        node = node_at(builder, thing)
        assert node.name == thing.name
        assert np.abs(node.centre_m - thing.centre).max() < 0.06
        assert np.abs(2 * node.half_size_m - thing.size).max() < 0.08


def test_two_mugs_fifteen_centimetres_apart_stay_two_with_their_own_colours():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM)
    assert max(node_at(builder, RED_MUG).attributes.items(), key=lambda item: item[1])[0] == "red"
    assert max(node_at(builder, BLUE_MUG).attributes.items(), key=lambda item: item[1])[0] == "blue"


def test_a_wrong_class_in_a_third_of_the_frames_is_outvoted_and_makes_no_second_node():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM, rename=lambda k, t: "bench" if t is SOFA and k % 10 in (0, 3, 6) else t.name)
    assert node_at(builder, SOFA).name == "sofa"
    assert len(builder.graph) == len(ROOM)


def test_a_name_that_was_favoured_is_known_at_even_odds_too():
    """Odds of 4 that were raised four times are 1: as likely as not. A second look, of weight 0.5, sees a stool."""
    builder = SceneGraphBuilder()
    frame, label = render([CHAIR], next(iter(orbit((0.0, 0.0), 2.0, 12))))
    (chair,) = detections_of([CHAIR], label)[0]
    builder.update([replace(chair, score=0.8, raised=4.0)], frame)
    (node,) = builder.graph
    assert (node.score, node.even_score) == (pytest.approx(0.8), pytest.approx(0.5))
    builder.update([replace(chair, name="stool", score=0.5)], frame)
    (node,) = builder.graph
    assert node.name == "chair"
    assert (node.score, node.even_score) == (pytest.approx(0.8 * 0.8 / 1.3), pytest.approx(0.5 * 0.8 / 1.3))
    assert SceneGraph.from_json(builder.graph.to_json()).nodes[node.id].even_score == pytest.approx(node.even_score, abs=1e-4)


def test_near_views_outvote_more_numerous_far_ones():
    builder = SceneGraphBuilder()
    look_around(builder, [CHAIR], radii=(4.5,), views=8, rename=lambda k, t: "stool")
    look_around(builder, [CHAIR], radii=(1.6,), views=6)
    assert node_at(builder, CHAIR).name == "chair"


def test_what_was_carried_away_loses_its_node_and_what_is_hidden_keeps_it():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM)
    node = node_at(builder, CHAIR).id
    screen = Thing("screen", (0.0, 1.4, 0.9), (2.5, 0.05, 1.8))
    hidden_view = next(iter(orbit((0.0, 3.0), 0.001, 1, target_z=1.0)))  # from behind the screen
    hidden_view[:3, :3] = np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]])  # facing -y
    for _ in range(6):
        frame, label = render([screen], hidden_view)
        builder.update(detections_of([screen], label)[0], frame)
    assert node in builder.graph.nodes
    look_around(builder, [TABLE, RED_MUG, BLUE_MUG, SOFA], radii=(2.5,), views=8)
    assert node not in builder.graph.nodes
    assert not any(node in pair for pair in builder.graph.relations)


def test_a_phantom_of_one_frame_goes_and_leaves_the_rest():
    builder = SceneGraphBuilder()
    phantom = Thing("ghost", (0.0, -1.2, 0.3), (0.4, 0.4, 0.6))
    poses = list(orbit((0.0, 0.0), 2.0, 12))
    frame, label = render([*ROOM, phantom], poses[9])
    builder.update(detections_of([*ROOM, phantom], label)[0], frame)
    assert "ghost" in {node.name for node in builder.graph}
    look_around(builder, ROOM, radii=(2.0,), views=12)
    assert {node.name for node in builder.graph} == {"table", "mug", "chair", "sofa"}


def test_a_given_name_survives_later_votes():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM, radii=(1.5,))
    node = node_at(builder, CHAIR)
    builder.graph.rename(node.id, "throne")
    look_around(builder, ROOM, radii=(2.0,))
    assert builder.graph.nodes[node.id].name == "throne"
    assert builder.graph.nodes[node.id].sightings > 16


def test_a_removed_hallucination_stays_away_from_the_same_views_and_returns_with_new_ones():
    builder = SceneGraphBuilder()
    poses = list(orbit((0.0, 0.8), 2.0, 12))

    def see(pose):
        frame, label = render([CHAIR], pose)
        return builder.update(detections_of([CHAIR], label)[0], frame)

    for _ in range(3):
        see(poses[0])
    builder.graph.remove(next(iter(builder.graph.nodes)))
    for _ in range(10):
        assert [detection.node_id for detection in see(poses[0])] == [-1]
    assert len(builder.graph) == 0
    see(poses[5])
    see(poses[6])
    assert len(builder.graph) == 0  # two looks from elsewhere are not enough
    see(poses[7])
    assert [node.name for node in builder.graph] == ["chair"]


def test_something_else_at_the_place_of_a_removed_hallucination_is_welcome():
    builder = SceneGraphBuilder()
    pose = next(iter(orbit((0.0, 0.8), 2.0, 1)))
    frame, label = render([CHAIR], pose)
    builder.update(detections_of([CHAIR], label)[0], frame)
    builder.graph.remove(next(iter(builder.graph.nodes)))
    plant = Thing("plant", CHAIR.centre, CHAIR.size)
    builder.update(detections_of([plant], label)[0], frame)
    assert [node.name for node in builder.graph] == ["plant"]


def test_stated_and_denied_relations_survive_later_views():
    builder = SceneGraphBuilder()
    look_around(builder, ROOM)
    mug, table, chair = (node_at(builder, thing).id for thing in (RED_MUG, TABLE, CHAIR))
    assert builder.graph.relations[mug, table] == "on"
    builder.graph.relate(mug, table, None)
    builder.graph.relate(chair, mug, "in")
    look_around(builder, ROOM, radii=(2.0,))
    assert (mug, table) not in builder.graph.relations
    assert builder.graph.relations[chair, mug] == "in"


def test_two_nodes_that_grew_together_become_one_under_the_older_id():
    builder = SceneGraphBuilder()
    halves = [Thing("sofa", (0.0, -0.55, 0.4), (0.9, 0.9, 0.8)), Thing("sofa", (0.0, 0.55, 0.4), (0.9, 0.9, 0.8))]
    whole = Thing("sofa", (0.0, 0.0, 0.4), (0.9, 2.0, 0.8))
    pose = next(iter(orbit((0.0, 0.0), 2.5, 1, height_m=1.4)))
    frame, label = render(halves, pose)
    builder.update(detections_of(halves, label)[0], frame)
    first, second = builder.graph.nodes
    builder.graph.rename(second, "settee")
    frame, label = render([whole], pose)
    for _ in range(3):
        builder.update(detections_of([whole], label)[0], frame)
    assert list(builder.graph.nodes) == [first]
    assert builder.graph.resolve(second) == first
    assert builder.graph.nodes[first].name == "settee"  # the correction moved along


def test_pieces_of_one_object_in_one_picture_are_one_sighting():
    builder = SceneGraphBuilder()
    frame, label = render([SOFA], next(iter(orbit((2.0, 0.0), 2.5, 1, height_m=1.4))))
    builder.update(detections_of([SOFA], label)[0], frame)
    columns = np.nonzero(label == 0)[1]
    left = np.where(np.arange(label.shape[1]) < np.median(columns), label, -1)
    right = np.where(np.arange(label.shape[1]) < np.median(columns), -1, label)
    pieces = detections_of([SOFA], left)[0] + detections_of([SOFA], right)[0]
    assert [piece.node_id for piece in builder.update(pieces, frame)] == [0, 0]
    assert builder.graph.nodes[0].sightings == 2


def test_a_mask_that_bleeds_onto_the_background_does_not_stretch_the_box():
    builder = SceneGraphBuilder()
    box = Thing("box", (1.5, 0.0, 0.9), (0.3, 0.3, 0.3))
    wall = Thing("wall", (4.0, 0.0, 1.0), (0.1, 6.0, 3.0))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.array([[0, 0, 1.0], [-1.0, 0, 0], [0, -1.0, 0]]), (0.0, 0.0, 0.9)
    frame, label = render([box, wall], pose)
    rows, columns = np.nonzero(label == 0)
    bleeding = np.zeros(label.shape, dtype=np.int64) - 1
    bleeding[rows.min() - 3 : rows.max() + 4, columns.min() - 3 : columns.max() + 4] = 0
    builder.update(detections_of([box], bleeding)[0], frame)
    node = next(iter(builder.graph))
    assert node.centre_m[0] + node.half_size_m[0] < 1.8
