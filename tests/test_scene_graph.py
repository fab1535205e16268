"""The scene graph over many views: one node per object, merged by place and meaning, corrected by later views and by hand."""

from __future__ import annotations

import numpy as np
from boxworld import Thing, detections_of, orbit, render

from enactive.perception.scene_graph import SceneNode
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
