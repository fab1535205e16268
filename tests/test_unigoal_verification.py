"""Goal verification: descriptions by attributes and relations, pictures by the view, and the confidence over looks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unigoal_scenes import Letters, clutter, scene, thing, warped

from enactive.envs import CameraFrame, Observation
from enactive.perception.base import Belief, Detection
from enactive.planners.unigoal.appearance import colours
from enactive.planners.unigoal.embedding import SceneArrays
from enactive.planners.unigoal.goal_graph import GoalEdge, GoalGraph, GoalNode
from enactive.planners.unigoal.grammar import parse_description
from enactive.planners.unigoal.keypoints import SiftMatcher, locate
from enactive.planners.unigoal.matching import NODE_THRESHOLD, Matching, match
from enactive.planners.unigoal.similarity import WordSimilarity
from enactive.planners.unigoal.spotting import Spotter
from enactive.planners.unigoal.verification import (
    MANY_INLIERS,
    ExplorationConfidence,
    Verifier,
    relation_holds,
)

WORDS = WordSimilarity(Letters())


def belief(graph, rgb: np.ndarray | None = None) -> Belief:
    frames = {} if rgb is None else {"head": CameraFrame(rgb, None, np.eye(3), np.eye(4), 0.0)}
    return Belief(1, Observation(frames), scene_graph=graph)


def look(goal: str, graph, node: int):
    parsed = parse_description(goal)
    found = match(parsed, SceneArrays.read(graph), WORDS)
    return Verifier(parsed, WORDS, NODE_THRESHOLD).look(belief(graph), graph.nodes[node], found)


def table_scene(**colour: float):
    return scene(
        thing(1, "mug", (0, 0, 0.8), (0.05, 0.05, 0.05), room=0, sightings=20, **colour),
        thing(2, "table", (0, 0, 0.37), (0.6, 0.4, 0.37), room=0),
        relations={(1, 2): "on"},
        rooms={0: "kitchen"},
    )


def test_all_that_was_said_holds() -> None:
    evidence = look("the red mug on the table in the kitchen", table_scene(red=0.9), 1)
    assert evidence.parts["red"] == evidence.parts["kitchen"] == evidence.parts["mug on table"] == 1.0
    assert evidence.value > 0.9


def test_another_colour_is_a_veto() -> None:
    assert look("the red mug on the table", table_scene(blue=0.9, red=0.1), 1).value == -1.0


def test_another_form_speaks_against_and_is_no_veto() -> None:
    """Measures of a box are rough: the thing is turned away for now, and stays as good a guess as even odds make it."""
    graph = table_scene(tall=0.9, short=0.1)
    graph.nodes[1].even_score, graph.nodes[1].sightings = 0.75, 40
    evidence = look("the short mug", graph, 1)
    assert (evidence.parts["short"], evidence.value) == (-0.5, -0.5)
    odds = 3.0 / 3.0**0.5
    assert evidence.plain == pytest.approx(2 * odds / (1 + odds) - 1)
    assert look("the tall mug", graph, 1).value == pytest.approx(2 * 9 / 10 - 1)


def test_the_wrong_room_and_a_missing_relation_speak_against() -> None:
    graph = table_scene(red=0.9)
    graph.relations = {}
    graph.nodes[2].centre_m = np.array([3.0, 0.0, 0.37])
    evidence = look("the red mug on the table in the bathroom", graph, 1)
    assert evidence.parts["mug on table"] == pytest.approx(-0.6)
    assert evidence.parts["bathroom"] == pytest.approx(-0.9)
    assert evidence.value == -0.5
    assert evidence.plain > 0.0


def test_what_is_not_known_yet_neither_helps_nor_hurts_much() -> None:
    graph = table_scene()
    del graph.nodes[2]
    graph.relations = {}
    evidence = look("the red mug on the table", graph, 1)
    assert (evidence.parts["red"], evidence.parts["mug on table"]) == (0.0, -0.2)


def test_boxes_bear_relations_out_that_the_graph_does_not_state() -> None:
    graph = table_scene(red=0.9)
    graph.relations = {}
    assert look("the red mug on the table", graph, 1).parts["mug on table"] == 1.0


@pytest.mark.parametrize(("said", "stated", "value"), [("in", "next to", -0.6), ("next to", "next to", 1.0)])
def test_another_relation_than_the_one_that_was_told_is_no_confirmation(said: str, stated: str, value: float) -> None:
    """However alike the embeddings of the two words are, by which the edges were matched."""
    graph = scene(
        thing(1, "mug", (0.0, 2.0, 0.8), (0.05, 0.05, 0.05), sightings=20), thing(2, "sink", (0, 0, 0.8), (0.3, 0.2, 0.1)),
        relations={(1, 2): stated},
    )  # fmt: skip
    goal, found = parse_description(f"the mug {said} the sink"), Matching(1.0, nodes={0: 1, 1: 2}, edges={0: (1, 2)})
    evidence = Verifier(goal, WORDS, NODE_THRESHOLD).look(belief(graph), graph.nodes[1], found)
    assert evidence.parts[f"mug {said} sink"] == value


def test_a_relation_that_is_stated_the_other_way_round_confirms() -> None:
    """A mug on a table is a table below a mug, boxes aside: they stand apart here."""
    graph = scene(thing(1, "mug", (3.0, 0, 0.8)), thing(2, "table", sightings=20), relations={(1, 2): "on"})
    goal, found = parse_description("the table below the mug"), Matching(1.0, nodes={0: 2, 1: 1}, edges={0: (2, 1)})
    evidence = Verifier(goal, WORDS, NODE_THRESHOLD).look(belief(graph), graph.nodes[2], found)
    assert evidence.parts["table below mug"] == 1.0


@pytest.mark.parametrize(
    ("relation", "place", "holds"),
    [
        ("on", (0, 0, 0.8), True), ("on", (2, 0, 0.8), False), ("on", (0, 0, 1.6), False),
        ("in", (0, 0, 0.4), True), ("in", (0, 0, 1.2), False), ("above", (0, 0, 1.6), True), ("above", (0, 0, 0.1), False),
        ("below", (0, 0, 0.1), True), ("below", (0, 0, 1.2), False), ("next to", (1.2, 0, 0.4), True),
        ("next to", (3.0, 0, 0.4), False),
    ],
)  # fmt: skip
def test_relations_of_boxes(relation: str, place: tuple[float, float, float], holds: bool) -> None:
    table = thing(2, "table", (0, 0, 0.37), (0.6, 0.4, 0.37))
    assert relation_holds(thing(1, "mug", place, (0.05, 0.05, 0.05)), relation, table) is holds


def shown(graph, rgb: np.ndarray) -> Belief:
    """A view whose middle third belongs to node 1, all else to node 2."""
    middle = np.zeros(rgb.shape[:2], dtype=bool)
    middle[:, rgb.shape[1] // 3 : -(rgb.shape[1] // 3)] = True
    segments = tuple(Detection("mug", 0.9, mask, np.ones(1, np.float32), node) for node, mask in ((1, middle), (2, ~middle)))
    frames = {"head": CameraFrame(rgb, None, np.eye(3), np.eye(4), 0.0)}
    return Belief(1, Observation(frames), scene_graph=graph, detections=segments)


def test_a_goal_picture_is_checked_against_the_view() -> None:
    """What stands where the picture's middle lies is it; another thing in the same view is not, whatever it is called."""
    image, graph = clutter(0), scene(thing(1, "mug"), thing(2, "mug"))
    parsed = GoalGraph((GoalNode("mug"),))
    found = match(parsed, SceneArrays.read(graph), WORDS)
    verifier = Verifier(parsed, WORDS, NODE_THRESHOLD, Spotter(image, SiftMatcher()))
    same = shown(graph, warped(image, 0.9, 5.0, 0.0))
    assert verifier.look(same, graph.nodes[1], found).value == 1.0
    beside = verifier.look(same, graph.nodes[2], found)
    assert beside.parts["keypoints"] == 0.0
    assert beside.value < 1.0


def test_a_view_in_the_colours_of_a_goal_picture_speaks_for_it_and_one_in_others_against() -> None:
    image, graph = clutter(0), scene(thing(1, "mug"), thing(2, "mug"))
    parsed = GoalGraph((GoalNode("mug"),))
    found = match(parsed, SceneArrays.read(graph), WORDS)
    verifier = Verifier(parsed, WORDS, NODE_THRESHOLD, Spotter(image, SiftMatcher()))
    stirred = np.random.default_rng(0).permutation(image.reshape(-1, 3)).reshape(image.shape)  # no keypoint is left
    alike = verifier.look(shown(graph, stirred), graph.nodes[1], found)
    unlike = verifier.look(shown(graph, stirred[..., ::-1] // 2), graph.nodes[1], found)
    for evidence, looks in ((alike, 1.0), (unlike, -1.0)):
        odds = 0.9 / 0.1 * 3**looks
        assert (evidence.parts["looks"], evidence.parts["keypoints"]) == (looks, 0.0)
        assert evidence.value == pytest.approx(2 * odds / (1 + odds) - 1)


def test_relations_read_from_a_picture_weigh_together_and_do_not_contradict() -> None:
    """Of three neighbours that the picture was read to show one is there (1.0), one elsewhere (-0.6) and one unseen (-0.2)."""
    image = clutter(0)
    mug = thing(1, "mug", (0, 0, 0.8), (0.05, 0.05, 0.05), score=0.75, sightings=40)
    graph = scene(mug, thing(2, "table", (0, 0, 0.37), (0.6, 0.4, 0.37)), thing(3, "sofa", (5, 0, 0.4), (0.9, 0.4, 0.4)))
    goal = GoalGraph(tuple(map(GoalNode, ("mug", "table", "sofa", "stove"))), tuple(GoalEdge(0, k, "on") for k in (1, 2, 3)))
    found = match(goal, SceneArrays.read(graph), WORDS)
    far = replace(belief(graph, image), observation=Observation({}, np.array([[1, 0, 0, 9], *np.eye(4)[1:]], dtype=float)))
    pictured = Verifier(goal, WORDS, NODE_THRESHOLD, Spotter(image, SiftMatcher())).look(far, mug, found)
    odds = 3.0 * 3.0 ** ((1.0 - 0.6 - 0.2) / 3)
    assert pictured.value == pictured.plain == pytest.approx(2 * odds / (1 + odds) - 1)
    assert Verifier(goal, WORDS, NODE_THRESHOLD).look(far, mug, found).value == -0.5  # told in words it is contradicted


def test_a_picture_beyond_the_horizon_has_no_middle_in_the_view() -> None:
    """Matches on a plane that runs away from the camera: where w changes its sign there is no point, but a ghost behind it."""
    goal = np.random.default_rng(0).uniform((0, 0), (60, 240), (40, 2)).astype(np.float32)
    H = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.01, 0.0, 1.0]])
    view = np.c_[goal, np.ones(40)] @ H.T

    class Matched:
        def match(self, *pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return (view[:, :2] / view[:, 2:]).astype(np.float32), goal

    blank = np.zeros((240, 240, 3), np.uint8)
    inliers, middle = locate(Matched(), blank, blank)
    assert inliers >= MANY_INLIERS
    assert middle is None


def test_colours_are_compared_bin_by_bin() -> None:
    """By hand: half of one picture's bins are the other's, and each counts by the fourth root of its pixels."""
    red, blue, green = ([200, 30, 30], [30, 30, 200], [30, 160, 30])
    one = np.array([[red, red, blue, blue]] * 4, dtype=np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    other = np.array([[red, red, green, green]] * 4, dtype=np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    assert colours(one) @ colours(one) == pytest.approx(1.0)
    assert colours(one) @ colours(other) == pytest.approx(0.5)
    mostly_red = np.array([[red] * 15 + [green]] * 2, dtype=np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    roots = np.array([15.0, 1.0]) ** 0.25
    assert colours(mostly_red) @ colours(other) == pytest.approx((roots / np.linalg.norm(roots)).sum() / 2**0.5)


@pytest.mark.parametrize(("count", "value"), [(9, -0.95), (10, 0.6), (19, 0.6), (20, 1.0)])
def test_keypoints_speak_whatever_a_thing_is_called(count: int, value: float) -> None:
    """A node that is hardly what it is called (0.01), in a view that shares so many points with the picture."""

    class Sharing:
        def match(self, view: np.ndarray, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            points = np.random.default_rng(0).uniform(0, 240, (count, 2)).astype(np.float32)
            return points, points

    goal, graph = GoalGraph((GoalNode("mug"),)), scene(thing(1, "mug", score=0.01, sightings=40))
    found = match(goal, SceneArrays.read(graph), WORDS)
    verifier = Verifier(goal, WORDS, NODE_THRESHOLD, Spotter(clutter(0), Sharing()))
    seen = replace(shown(graph, clutter(0)).detections[0], score=0.01)
    view = replace(shown(graph, clutter(0)), detections=(seen,))
    assert verifier.look(view, graph.nodes[1], found).value == pytest.approx(value, abs=0.01)


def test_a_category_goes_by_sightings_and_score() -> None:
    goal = Verifier(GoalGraph((GoalNode("mug"),)), WORDS, NODE_THRESHOLD)
    sure, unsure = thing(1, "mug", score=0.95, sightings=20), thing(2, "mug", score=0.2, sightings=1)
    graph = scene(sure, unsure)
    found = match(goal.graph, SceneArrays.read(graph), WORDS)
    assert goal.look(belief(graph), sure, found).value > 0.8
    assert goal.look(belief(graph), unsure, found).value < 0.0


def test_what_is_looked_for_is_judged_at_even_odds() -> None:
    """A mug at odds of 4 that were raised four times is as likely a mug as not; at 1, one in five."""
    goal = Verifier(GoalGraph((GoalNode("mug"),)), WORDS, NODE_THRESHOLD)
    for score, even in ((0.8, 0.5), (0.5, 0.2)):
        detection = Detection("mug", score, np.ones((1, 1), dtype=bool), np.ones(1, np.float32), raised=4.0)
        assert detection.even_score == pytest.approx(even)
        node = thing(1, "mug", score=score, sightings=40)
        node.even_score = detection.even_score
        graph = scene(node)
        evidence = goal.look(belief(graph), node, match(goal.graph, SceneArrays.read(graph), WORDS))
        assert evidence.value == pytest.approx(2 * even - 1, abs=1e-6)


def test_the_segments_of_a_look_count_by_their_area() -> None:
    """Three quarters of what shows are called a mug with 0.8, the rest something else: 0.6, whatever was seen before."""
    node = thing(1, "mug", score=0.1)
    mug, bowl = np.array([[True, True, True, False]]), np.array([[False, False, False, True]])
    seen = tuple(Detection(name, 0.8, mask, np.ones(1, np.float32), 1) for name, mask in (("mug", mug), ("bowl", bowl)))
    goal = Verifier(GoalGraph((GoalNode("mug"),)), WORDS, NODE_THRESHOLD)
    graph = scene(node)
    found = match(goal.graph, SceneArrays.read(graph), WORDS)
    assert goal.look(Belief(1, Observation(), scene_graph=graph, detections=seen), node, found).value == pytest.approx(0.2)
    assert goal.look(belief(graph), node, found).value == pytest.approx(2 * 0.1 * (1 - 0.5**10) - 1)


def test_what_was_said_multiplies_the_odds() -> None:
    """Even odds that it is a mug; on the table, as was said: 3 to 1. Red and in the kitchen, too: 27 to 1."""
    graph = table_scene(red=0.9)
    graph.nodes[1].even_score, graph.nodes[1].sightings = 0.5, 40
    assert look("the mug on the table", graph, 1).value == pytest.approx(2 * 3 / 4 - 1, abs=1e-6)
    assert look("the red mug on the table in the kitchen", graph, 1).value == pytest.approx(2 * 27 / 28 - 1, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.5, 6)), max_size=40))
def test_passing_looks_alone_decide_nothing(looks: list[tuple[float, float]]) -> None:
    confidence = ExplorationConfidence()
    for value, distance in looks:
        confidence.add(value, distance, standing=False)
        assert abs(confidence.value) <= 2 / 3 + 1e-9  # the weight of one look against that of caution, 1 / (1 + 0.5)
        assert confidence.decide(4) == "look again"


@pytest.mark.parametrize(("distance", "value"), [(0.0, 2 / 3), (0.75, 0.8 / 1.3), (1.5, 0.5), (3.0, 0.2 / 0.7)])
def test_near_looks_count_more(distance: float, value: float) -> None:
    confidence = ExplorationConfidence()
    confidence.add(1.0, distance, standing=True)
    assert confidence.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("evidence", "decisions"),
    [
        (1.0, ["accept"]),  # 0.8 / 1.3 = 0.62
        (0.25, ["look again", "look again", "accept"]),  # 0.2 / 1.3, 0.4 / 2.1 = 0.19, 0.6 / 2.9 = 0.21
        (0.19, ["look again", "look again", "look again", "reject"]),  # never above 0.19: four doubtful looks are doubtful
        (0.0, ["look again", "look again", "look again", "reject"]),
        (-0.4, ["look again", "reject"]),  # -0.32 / 1.3 = -0.25, -0.64 / 2.1 = -0.30
        (-1.0, ["reject"]),
    ],
)
def test_looks_from_three_quarters_of_a_metre_decide(evidence: float, decisions: list[str]) -> None:
    confidence = ExplorationConfidence()
    for expected in decisions:
        assert confidence.decide(4) == "look again"
        confidence.add(evidence, 0.75, standing=True)
        assert confidence.decide(4) == expected
