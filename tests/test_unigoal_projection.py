"""Coordinate projection, anchor alignment, layout, decomposition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unigoal_scenes import Letters

from enactive.planners.unigoal.grammar import parse_description
from enactive.planners.unigoal.layout import lay_out, lay_out_plainly
from enactive.planners.unigoal.projection import Similarity2D, fit_similarity, project
from enactive.planners.unigoal.reasoner import EmbeddedReasoner
from enactive.planners.unigoal.similarity import WordSimilarity

place = st.tuples(st.floats(-5, 5), st.floats(-5, 5))
transform = st.builds(Similarity2D, st.floats(0.3, 3.0), st.floats(-3.1, 3.1), place)


def spread(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())


@given(transform, st.lists(place, min_size=2, max_size=6))
def test_a_similarity_transform_is_recovered(true: Similarity2D, places: list[tuple[float, float]]) -> None:
    points = np.array(places)
    if spread(points) < 0.1:
        return
    fit = fit_similarity(points, true.apply(points))
    probe = np.array([[1.0, -2.0], [0.3, 4.0]])
    np.testing.assert_allclose(fit.apply(probe), true.apply(probe), atol=1e-6)
    assert fit.scale == pytest.approx(true.scale, rel=1e-6)


@given(place, place, place, place)
def test_two_pairs_fix_it_exactly(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> None:
    source, target = np.array([a, b]), np.array([c, d])
    if spread(source) < 0.05:
        return
    np.testing.assert_allclose(fit_similarity(source, target).apply(source), target, atol=1e-6)


def test_a_quarter_turn_to_the_left_by_hand() -> None:
    # the goal's x axis lies along the world's y axis, twice as long, shifted to (1, 1)
    fit = fit_similarity(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 3.0]]))
    assert fit.angle_rad == pytest.approx(np.pi / 2)
    assert fit.scale == pytest.approx(2.0)
    np.testing.assert_allclose(fit.apply(np.array([[0.0, 1.0]])), [[-1.0, 1.0]], atol=1e-12)


def test_least_squares_agrees_with_umeyama() -> None:
    rng = np.random.default_rng(1)
    source = rng.normal(size=(6, 2))
    target = Similarity2D(1.4, 0.7, (2.0, -1.0)).apply(source) + 0.1 * rng.normal(size=(6, 2))
    x, y = source - source.mean(axis=0), target - target.mean(axis=0)
    U, D, Vt = np.linalg.svd(y.T @ x / len(x))
    sign = np.diag([1.0, np.sign(np.linalg.det(U @ Vt))])
    R, scale = U @ sign @ Vt, float(np.trace(np.diag(D) @ sign) / np.mean(np.sum(x**2, axis=1)))
    fit = fit_similarity(source, target)
    assert fit.scale == pytest.approx(scale)
    np.testing.assert_allclose(fit.apply(source), scale * x @ R.T + target.mean(axis=0), atol=1e-9)


def test_one_pair_shifts_only() -> None:
    fit = fit_similarity(np.array([[1.0, 1.0]]), np.array([[4.0, 3.0]]))
    assert (fit.scale, fit.angle_rad) == (1.0, 0.0)
    np.testing.assert_allclose(fit.apply(np.array([[0.0, 0.0]])), [[3.0, 2.0]])


def test_matched_nodes_keep_their_places_and_the_rest_follows() -> None:
    layout = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    places = project(layout, {1: np.array([5.0, 5.0]), 2: np.array([4.0, 6.0])})
    np.testing.assert_allclose(places, [[4.0, 5.0], [5.0, 5.0], [4.0, 6.0]], atol=1e-9)


def test_a_wild_scale_is_held() -> None:
    layout = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 0.0]])
    places = project(layout, {0: np.array([0.0, 0.0]), 1: np.array([10.0, 0.0])}, limits=(0.25, 4.0))
    assert np.linalg.norm(places[2]) <= 5.0 + 4.0 * 5.0


def test_layout_puts_neighbours_near_and_never_in_line() -> None:
    graph = parse_description("the mug on the counter, next to the kettle, next to the toaster")
    places = lay_out(graph)
    assert places[0].tolist() == [0.0, 0.0]
    assert np.linalg.norm(places[1]) < np.linalg.norm(places[2])
    ahead = places[2] / np.linalg.norm(places[2]) @ (places[3] / np.linalg.norm(places[3]))
    assert abs(ahead) < 0.99
    assert np.allclose(np.linalg.norm(lay_out_plainly(graph)[1:], axis=1), 2.0)


def test_decomposition_keeps_together_what_is_found_together() -> None:
    mind = EmbeddedReasoner(WordSimilarity(Letters()))
    graph = parse_description("the lamp on the nightstand next to the bed, next to the spaceship")
    names = [[graph.nodes[n].name for n in group] for group in mind.decompose(graph)]
    assert names == [["lamp", "nightstand", "bed"], ["spaceship"]]
    assert sorted(n for group in mind.decompose(graph) for n in group) == list(range(len(graph.nodes)))


def test_commonsense() -> None:
    mind = EmbeddedReasoner(WordSimilarity(Letters()))
    assert mind.related("toothbrush", "sink") > mind.related("toothbrush", "toilet") > mind.related("toothbrush", "bed")
    assert mind.related("couch", "sofa") == 1.0
    assert mind.related("mug", "counter") == mind.related("counter", "mug")
    assert max(mind.rooms("bed"), key=mind.rooms("bed").__getitem__) == "bedroom"
    assert sum(mind.rooms("mug").values()) == pytest.approx(1.0)
    assert mind.rooms("flux capacitor") == {}
    assert mind.plausible("toilet", ["counter", "stove"], "kitchen") < mind.plausible("toilet", ["bathtub"], "bathroom")
