"""The blacklist and correction: what is listed, what releases it, what is taken back."""

import numpy as np
import pytest
from unigoal_scenes import Letters, scene, thing

from enactive.envs import CameraFrame, Observation
from enactive.perception.base import Belief, Detection
from enactive.planners.unigoal.blacklist import Blacklist
from enactive.planners.unigoal.correction import beliefs, correct, neighbourhood
from enactive.planners.unigoal.embedding import SceneArrays
from enactive.planners.unigoal.grammar import parse_description
from enactive.planners.unigoal.matching import match
from enactive.planners.unigoal.reasoner import EmbeddedReasoner
from enactive.planners.unigoal.similarity import WordSimilarity

WORDS = WordSimilarity(Letters())
GOAL = parse_description("the red mug on the counter")


def world():
    return scene(
        thing(1, "mug", (0, 0, 1.0), red=0.8, pink=0.3),
        thing(2, "counter", (0, 0, 0.5), (0.5, 0.3, 0.45)),
        relations={(1, 2): "on"},
    )


def listed(graph) -> tuple[Blacklist, object]:
    found = match(GOAL, SceneArrays.read(graph), WORDS)
    black = Blacklist()
    black.add(found, graph)
    return black, found


def test_all_that_is_matched_is_listed_and_no_longer_matches() -> None:
    graph = world()
    black, found = listed(graph)
    assert black.nodes == {(0, 1), (1, 2)}
    assert black.edges == {(0, 1, 2)}
    assert found.s == pytest.approx(1.0)
    again = match(GOAL, SceneArrays.read(graph), WORDS, barred_nodes=black.nodes, barred_edges=black.edges)
    assert again.s == 0.0
    assert black.release(graph) == []
    assert len(black) == 3


def renamed(graph) -> None:
    graph.rename(1, "cup")


def repainted(graph) -> None:
    graph.nodes[1].attributes = {"blue": 0.9, "red": 0.05}


def moved(graph) -> None:
    graph.nodes[1].centre_m = np.array([2.0, 0.0, 1.0])


def seen_much_more(graph) -> None:
    graph.nodes[1].sightings = 40


def removed(graph) -> None:
    graph.remove(1)


@pytest.mark.parametrize("change", [renamed, repainted, moved, seen_much_more, removed])
def test_a_changed_node_is_released_with_its_edges(change) -> None:
    graph = world()
    black, _ = listed(graph)
    change(graph)
    assert black.release(graph) == [(0, 1)]
    assert black.nodes == {(1, 2)}
    assert not black.edges


def test_a_changed_relation_releases_the_edge_only() -> None:
    graph = world()
    black, _ = listed(graph)
    graph.relate(1, 2, "next to")
    assert black.release(graph) == []
    assert not black.edges
    assert len(black.nodes) == 2


def test_small_changes_release_nothing() -> None:
    graph = world()
    black, _ = listed(graph)
    graph.nodes[1].attributes = {"red": 0.5, "pink": 0.45}
    graph.nodes[1].sightings += 9
    graph.nodes[1].centre_m += 0.2
    assert black.release(graph) == []
    assert len(black) == 3


def test_a_pair_can_be_freed() -> None:
    black, _ = listed(world())
    black.free(1, 2)
    assert black.nodes == {(0, 1)}


def frame(depth_m: float) -> Observation:
    """A camera at the origin that looks along +x at a wall in some distance."""
    pose = np.eye(4)
    pose[:3, :3] = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    pose[2, 3] = 1.0
    depth = np.full((120, 160), depth_m, dtype=np.float32)
    K = np.array([[97.0, 0.0, 80.0], [0.0, 97.0, 60.0], [0.0, 0.0, 1.0]])
    return Observation({"head": CameraFrame(np.zeros((120, 160, 3), np.uint8), depth, K, pose, 0.0)}, np.eye(4))


def bathroom(score: float = 0.3):
    """A doubtful bed between a toilet and a bathtub."""
    return scene(
        thing(1, "bed", (1.5, 0, 1.0), room=0, score=score, sightings=3),
        thing(2, "toilet", (1.5, 0.5, 0.5), room=0),
        thing(3, "bathtub", (1.5, -0.5, 0.5), room=0),
        relations={(1, 2): "next to", (1, 3): "next to", (2, 3): "next to"},
        rooms={0: "bathroom"},
    )


def detection(name: str, node_id: int, score: float = 0.9) -> Detection:
    return Detection(name, score, np.zeros((120, 160), dtype=bool), Letters().encode([name])[0], node_id)


MIND = EmbeddedReasoner(WORDS)


def test_an_implausible_name_gives_way_to_what_is_seen() -> None:
    graph = bathroom()
    done = correct(Belief(1, frame(2.0), scene_graph=graph, detections=(detection("towel", 1),)), [2], MIND)
    assert graph.nodes[1].name == "towel"
    assert done == ["bed #1 is a towel"]


def test_a_hallucination_in_full_view_is_taken_out() -> None:
    graph = bathroom()
    correct(Belief(1, frame(2.0), scene_graph=graph), [2], MIND)
    assert sorted(graph.nodes) == [2, 3]


def test_what_is_hidden_stays() -> None:
    graph = bathroom()
    correct(Belief(1, frame(0.8), scene_graph=graph), [2], MIND)
    assert 1 in graph.nodes


def test_what_is_well_seen_is_not_questioned() -> None:
    graph = bathroom(score=0.95)
    graph.nodes[1].sightings = 30
    correct(Belief(1, frame(2.0), scene_graph=graph, detections=(detection("towel", 1),)), [2], MIND)
    assert graph.nodes[1].name == "bed"


def test_company_speaks_for_a_name() -> None:
    graph = bathroom()
    held = beliefs(graph, [1, 2, 3], MIND)
    graph.nodes[1].name = "towel"
    assert beliefs(graph, [1, 2, 3], MIND)[1] > held[1]


def test_relations_against_the_boxes_are_taken_back() -> None:
    graph = scene(
        thing(1, "mug", (0, 0, 1.0)), thing(2, "table", (3, 0, 0.4)), thing(3, "book", (0.1, 0, 1.0)),
        relations={(1, 2): "on", (1, 3): "next to"},
    )  # fmt: skip
    done = correct(Belief(1, frame(2.0), scene_graph=graph), [1], MIND)
    assert graph.relations == {(1, 3): "next to"}
    assert done == ["mug #1 is not on table #2"]
    assert graph.relations_given[1, 2] is None


def test_the_neighbourhood_ends_after_two_hops() -> None:
    chain = scene(*(thing(i, "box") for i in range(5)), relations={(i, i + 1): "next to" for i in range(4)})
    assert neighbourhood(chain, [0]) == [0, 1, 2]
