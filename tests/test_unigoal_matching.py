"""Matching of goal graphs and scene graphs against brute force, hand-worked scores and exact graph edit distance."""

from collections import Counter
from itertools import permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unigoal_scenes import Letters, scene, thing

from enactive.envs.household.facts import KINDS
from enactive.planners.unigoal.edit_cost import EditCosts, induced_edit_cost, topological_similarity
from enactive.planners.unigoal.embedding import SceneArrays, agreement, node_similarity, support_of
from enactive.planners.unigoal.goal_graph import GoalEdge, GoalGraph, GoalNode
from enactive.planners.unigoal.grammar import parse_description
from enactive.planners.unigoal.matching import assign, match, match_simplified
from enactive.planners.unigoal.similarity import WordSimilarity
from enactive.planners.unigoal.stages import Stage, stage_of
from enactive.planners.unigoal.vocabulary import canonical


@pytest.fixture
def words() -> WordSimilarity:
    return WordSimilarity(Letters())


def best_by_force(values: np.ndarray, allowed: np.ndarray) -> float:
    """Most value of any partial one-to-one assignment: columns are padded with "none" for every row."""
    rows, columns = values.shape
    table = np.where(allowed, values, 0.0)
    padded = np.hstack([table, np.zeros((rows, rows))])
    return max(sum(padded[r, c] for r, c in enumerate(order)) for order in permutations(range(columns + rows), rows))


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_assignment_is_the_best_of_all_permutations(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, allowed = rng.uniform(0.01, 1.0, (rows, columns)), rng.random((rows, columns)) < 0.6
    chosen = assign(values, allowed)
    assert all(allowed[r, c] for r, c in chosen.items())
    assert len(set(chosen.values())) == len(chosen)
    assert sum(values[r, c] for r, c in chosen.items()) == pytest.approx(best_by_force(values, allowed))


def test_assignment_without_allowed_pairs_is_empty() -> None:
    assert assign(np.ones((2, 3)), np.zeros((2, 3), dtype=bool)) == {}


def mug_on_counter() -> GoalGraph:
    return parse_description("the mug on the counter")


def test_a_full_match_scores_by_hand(words: WordSimilarity) -> None:
    world = scene(thing(4, "mug"), thing(9, "counter"), thing(2, "chair"), relations={(4, 9): "on"})
    found = match(mug_on_counter(), SceneArrays.read(world), words)
    # both names are equal and both degrees are 1 on both sides: similarity 1, so is the relation, and no edit is needed
    assert dict(found.nodes) == {0: 4, 1: 9}
    assert dict(found.edges) == {0: (4, 9)}
    assert (found.s_n, found.s_e, found.s_t, found.s) == pytest.approx((1.0, 1.0, 1.0, 1.0))


def test_half_a_match_scores_by_hand(words: WordSimilarity) -> None:
    found = match(mug_on_counter(), SceneArrays.read(scene(thing(9, "counter"))), words)
    # degrees 1 and 0 differ by 45 degrees: (1 + 0.01·cos 45°)/1.01; one node and one edge of three parts are missing
    s_n = (1.0 + 0.01 * np.cos(np.pi / 4)) / 1.01
    s_t = 1.0 - ((1.0 - s_n) + 2.0) / 3.0
    assert (found.s_n, found.s_e, found.s_t) == pytest.approx((s_n, 0.0, s_t))
    assert found.s == pytest.approx((s_n + s_t) / 3.0)
    assert stage_of(found, 0.5, 0.9, target=0) is Stage.ZERO


def test_nothing_in_the_scene_scores_zero(words: WordSimilarity) -> None:
    assert match(mug_on_counter(), SceneArrays.read(scene()), words).s == 0.0
    assert match(mug_on_counter(), SceneArrays.read(scene(thing(1, "sofa"))), words).s == 0.0


def test_a_single_node_goal_is_perfect_once_seen(words: WordSimilarity) -> None:
    found = match(GoalGraph((GoalNode("mug"),)), SceneArrays.read(scene(thing(3, "mug"))), words)
    assert found.s == pytest.approx(1.0)
    assert stage_of(found, 0.5, 0.9, target=0) is Stage.PERFECT


def test_relations_decide_between_twins(words: WordSimilarity) -> None:
    world = scene(
        thing(1, "mug"), thing(2, "table"), thing(3, "mug"), thing(4, "counter"), relations={(1, 2): "on", (3, 4): "on"}
    )
    assert match(mug_on_counter(), SceneArrays.read(world), words).nodes[0] == 3


def test_relations_are_read_both_ways(words: WordSimilarity) -> None:
    world = scene(thing(1, "lamp"), thing(2, "sofa"), thing(3, "sofa"), relations={(3, 1): "next to"})
    found = match(parse_description("the lamp next to the sofa"), SceneArrays.read(world), words)
    assert dict(found.nodes) == {0: 1, 1: 3}
    assert found.s_e == pytest.approx(1.0)


def test_above_is_no_likeness_of_below() -> None:
    table = WordSimilarity(Letters()).relations(["above", "on"], ["below", "above", "on"])
    assert table[0].tolist() == [0.0, 1.0, pytest.approx(table[1, 1])]
    assert table[1, 2] == 1.0


def test_another_colour_is_another_thing(words: WordSimilarity) -> None:
    goal = parse_description("the red mug")
    world = scene(thing(1, "mug", blue=0.8, purple=0.2), thing(2, "mug", red=0.6, orange=0.3))
    assert match(goal, SceneArrays.read(world), words).nodes[0] == 2
    assert match(goal, SceneArrays.read(scene(thing(1, "mug", blue=0.8, red=0.1))), words).s == 0.0
    assert match(goal, SceneArrays.read(scene(thing(1, "mug"))), words).nodes[0] == 1  # colour not known yet


def test_the_wrong_room_is_the_wrong_thing(words: WordSimilarity) -> None:
    goal = parse_description("the mug in the kitchen")
    world = scene(thing(1, "mug", room=0), thing(2, "mug", room=1), rooms={0: "office", 1: "kitchen"})
    assert match(goal, SceneArrays.read(world), words).nodes[0] == 2
    assert match(goal, SceneArrays.read(scene(thing(1, "mug", room=0), rooms={0: "office"})), words).s == 0.0


def test_support_of_an_attribute() -> None:
    assert support_of("colour", "red", {"wood": 0.9}) is None
    assert support_of("colour", "red", {"red": 0.6, "orange": 0.3}) == 1.0
    assert support_of("colour", "green", {"red": 0.6, "green": 0.3}) == pytest.approx(0.5)
    assert support_of("colour", "grey", {"white": 0.8}) == pytest.approx(0.75)
    assert support_of("shape", "round", {"long": 1.0, "red": 1.0}) == pytest.approx(0.7)
    assert support_of("look", "striped", {"striped": 0.9, "red": 1.0}) == 1.0
    assert support_of("look", "striped", {"red": 1.0}) is None
    assert agreement(GoalNode("mug"), thing(1, "mug"), ("", 0.0)) == 1.0


def test_barred_pairs_are_left_out(words: WordSimilarity) -> None:
    world = scene(thing(1, "mug"), thing(2, "mug"))
    goal, arrays = GoalGraph((GoalNode("mug"),)), SceneArrays.read(world)
    first = match(goal, arrays, words, preference=np.array([0.1, 0.0]))
    assert dict(first.nodes) == {0: 1}
    assert dict(match(goal, arrays, words, barred_nodes=frozenset({(0, 1)})).nodes) == {0: 2}
    assert match(goal, arrays, words, barred_nodes=frozenset({(0, 1), (0, 2)})).s == 0.0


def test_barred_edges_are_left_out(words: WordSimilarity) -> None:
    world = scene(thing(4, "mug"), thing(9, "counter"), relations={(4, 9): "on"})
    found = match(mug_on_counter(), SceneArrays.read(world), words, barred_edges=frozenset({(0, 4, 9)}))
    assert found.s_e == 0.0
    assert not found.edges


def test_known_words_for_two_things_are_not_taken_for_one() -> None:
    class Same:
        def encode(self, texts: list[str]) -> np.ndarray:
            return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))

    likes = WordSimilarity(Same())
    assert likes.name("salt shaker", "pepper shaker") < 0.9
    assert likes.name("couch", "sofa") == 1.0
    assert likes.name("chair", "office chair") >= 0.9
    assert likes.name("office chair", "chair") < 0.9
    assert likes.name("kitchen counter", "counter") >= 0.9
    assert 0.8 <= likes.name("mug", "cup") < 0.9
    assert likes.name("table lamp", "floor lamp") < 0.8
    assert 0.8 <= likes.name("football", "ball") < 0.9
    assert likes.name("soccer ball", "football") == likes.name("rugby ball", "football") == 1.0
    assert likes.name("qwerty", "asdf") == 1.0  # unknown words go by their embeddings


def test_every_kind_of_thing_of_the_apartments_has_a_word_of_its_own() -> None:
    counts = Counter(canonical(kind) for kind in KINDS)
    assert {word for word, count in counts.items() if count > 1} == set()


def test_the_simplified_matching_wants_equal_names(words: WordSimilarity) -> None:
    world = scene(thing(4, "mug"), thing(9, "counter"), relations={(4, 9): "on"})
    found = match_simplified(mug_on_counter(), SceneArrays.read(world))
    assert found.s == pytest.approx(1.0)
    assert match_simplified(parse_description("the cup on the counter"), SceneArrays.read(world)).s == pytest.approx(0.375)


def random_graphs(seed: int) -> tuple[GoalGraph, nx.Graph, dict[int, int], np.ndarray]:
    """A goal graph and a scene of up to four nodes with one relation, and a random partial assignment."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    labels_g, labels_m = rng.integers(0, 2, n), rng.integers(0, 2, m)
    edges = [(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.5]
    goal = GoalGraph(tuple(GoalNode(f"n{k}") for k in labels_g), tuple(GoalEdge(a, b, "on") for a, b in edges))
    other = nx.Graph()
    other.add_nodes_from((k, {"label": int(labels_m[k])}) for k in range(m))
    other.add_edges_from((a, b) for a in range(m) for b in range(a + 1, m) if rng.random() < 0.5)
    nodes = np.where(labels_g[:, None] == labels_m[None, :], 1.0, 0.5)
    size = int(rng.integers(1, min(n, m) + 1))
    chosen = dict(zip(rng.permutation(n)[:size].tolist(), rng.permutation(m)[:size].tolist(), strict=True))
    return goal, other, chosen, nodes


@given(st.integers(0, 2000))
@settings(max_examples=40, deadline=None)
def test_the_induced_cost_is_never_below_the_exact_edit_distance(seed: int) -> None:
    goal, other, chosen, nodes = random_graphs(seed)
    part = other.subgraph(chosen.values())
    kept = {e: 1.0 for e, edge in enumerate(goal.edges) if other.has_edge(chosen.get(edge.a, -1), chosen.get(edge.b, -1))}
    costs = EditCosts(extra_edge=1.0)
    induced = induced_edit_cost(goal, chosen, nodes, dict.fromkeys(part.edges, 1.0), kept, costs)
    whole = nx.Graph()
    whole.add_nodes_from((k, {"label": int(node.name[1:])}) for k, node in enumerate(goal.nodes))
    whole.add_edges_from((edge.a, edge.b) for edge in goal.edges)
    exact = nx.graph_edit_distance(
        whole,
        nx.Graph(part),
        node_subst_cost=lambda a, b: 0.0 if a["label"] == b["label"] else 0.5,
        edge_subst_cost=lambda a, b: 0.0,
    )
    assert induced >= exact - 1e-9
    assert 0.0 <= topological_similarity(goal, induced, costs) <= 1.0


def test_degrees_enter_the_embedding(words: WordSimilarity) -> None:
    goal = mug_on_counter()
    world = scene(thing(1, "mug"), thing(2, "mug"), thing(3, "counter"), relations={(1, 3): "on"})
    alike = node_similarity(goal, SceneArrays.read(world), words)
    assert alike[0, 0] == pytest.approx(1.0)
    assert alike[0, 0] > alike[0, 1] > 0.99


@pytest.mark.parametrize(
    ("s", "nodes", "multi", "expected"),
    [
        (0.95, {0: 1}, True, Stage.PERFECT),
        (0.9, {0: 1}, True, Stage.PERFECT),
        (0.95, {1: 1}, True, Stage.ZERO),
        (0.7, {0: 1, 1: 2}, True, Stage.PARTIAL),
        (0.5, {1: 1, 2: 2}, True, Stage.PARTIAL),
        (0.7, {0: 1, 1: 2}, False, Stage.ZERO),
        (0.7, {0: 1}, True, Stage.ZERO),
        (0.49, {0: 1, 1: 2}, True, Stage.ZERO),
    ],
)
def test_stages(s: float, nodes: dict[int, int], multi: bool, expected: Stage) -> None:
    from enactive.planners.unigoal.matching import Matching

    assert stage_of(Matching(s=s, nodes=nodes), 0.5, 0.9, 0, multi) is expected
