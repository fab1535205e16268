"""Words for the form of measured boxes, the table behind them, and what the planner makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from boxworld import Thing, detections_of, orbit, render
from hypothesis import given
from hypothesis import strategies as st

from enactive.envs.household.apartment import make_apartment
from enactive.errors import ConfigError
from enactive.perception.form_training import train_forms
from enactive.perception.forms import measures, name_form
from enactive.perception.scene_graph_builder import SceneGraphBuilder
from enactive.planners.unigoal.embedding import OTHER_FORM, support_of


def best(name: str, size_m: tuple[float, float, float]) -> str:
    forms = name_form(name, np.array(size_m))
    return max(forms, key=forms.__getitem__)


@pytest.mark.parametrize(
    ("name", "size_m", "form"),
    [
        ("kitchen counter", (0.6, 1.7, 0.9), "long"),
        ("kitchen counter", (1.7, 0.25, 0.9), "long"),  # along the other wall, and seen from the front alone
        ("kitchen counter", (1.2, 0.6, 0.9), "wide"),
        ("kitchen counter", (0.6, 0.6, 0.9), "narrow"),
        ("can", (0.08, 0.08, 0.17), "tall"),
        ("can", (0.11, 0.11, 0.10), "short"),
        ("painting", (0.9, 0.05, 0.55), "wide"),
        ("painting", (0.5, 0.05, 0.8), "tall"),
    ],
)
def test_a_box_tells_the_form(name: str, size_m: tuple[float, float, float], form: str) -> None:
    assert best(name, size_m) == form
    assert name_form(name, np.array(size_m))[form] > 0.6


def test_forms_that_differ_in_looks_alone_stay_open() -> None:
    assert max(name_form("chair", np.array([0.45, 0.45, 0.9])).values()) < 0.7  # slatted, solid, padded
    assert max(name_form("rubber duck", np.array([9.0, 9.0, 9.0])).values()) < 0.7  # no box of a duck: nothing is known


def test_names_without_a_table_have_no_form() -> None:
    assert name_form("spaceship", np.ones(3)) == {}
    assert name_form("piano", np.ones(3)) == {}  # comes in one form


@given(st.sampled_from(["mug", "shelf", "towel", "box"]), st.tuples(*[st.floats(0.0, 5.0)] * 3))
def test_forms_share_a_probability_whichever_way_a_thing_lies(name: str, size_m: tuple[float, float, float]) -> None:
    x, y, z = size_m
    forms, turned = name_form(name, np.array([x, y, z])), name_form(name, np.array([y, x, z]))
    assert sum(forms.values()) == pytest.approx(1.0)
    assert forms == turned


def test_the_table_is_what_things_of_the_apartments_measure(tmp_path: Path) -> None:
    train_forms(apartments=3, out=tmp_path / "forms.json")
    table = json.loads((tmp_path / "forms.json").read_text())
    boxes = [
        measures(2.0 * np.array(placed.asset.bounds.half_size))
        for seed in range(3)
        for placed in make_apartment(seed).objects
        if (placed.asset.category, placed.asset.shape) == ("painting", "wide")
    ]
    assert len(boxes) >= 3
    assert table["names"]["painting"]["wide"]["mean"] == pytest.approx(np.mean(boxes, axis=0), abs=6e-4)
    assert table["names"]["painting"]["wide"]["spread"] == pytest.approx(np.std(boxes, axis=0), abs=6e-4)
    assert table["command"] == "enactive train forms --apartments 3"
    assert all(len(forms) > 1 for forms in table["names"].values())


def test_apartments_kept_for_tests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="100000"):
        train_forms(apartments=100_001, out=tmp_path / "forms.json")


def test_the_scene_graph_names_the_form_of_what_it_measures() -> None:
    counter, case = Thing("kitchen counter", (0.0, 0.0, 0.45), (0.6, 1.7, 0.9)), Thing("shelf", (0, 1.5, 0.9), (0.35, 0.8, 1.8))
    builder, blind = SceneGraphBuilder(), SceneGraphBuilder(measure=False)
    for pose in orbit((0.0, 0.5), 2.8, 12):
        frame, label = render([counter, case], pose)
        for each in (builder, blind):
            each.update(detections_of([counter, case], label)[0], frame)
    words = {node.name: node.attributes for node in builder.graph}
    assert words["kitchen counter"]["long"] > 0.7
    assert words["shelf"]["tall"] > 0.7
    assert not any("long" in node.attributes or "tall" in node.attributes for node in blind.graph)


@pytest.mark.parametrize(
    ("forms", "support"),
    [
        ({"long": 0.8, "narrow": 0.2}, 1.0),
        ({"long": 0.2, "narrow": 0.8}, OTHER_FORM),
        ({"long": 0.6, "narrow": 0.4}, None),  # not sure enough either way
        ({"open": 0.9, "closed": 0.1}, None),  # long or not, that is not what its forms differ in
        ({}, None),
    ],
)
def test_a_form_counts_from_seven_tenths_on(forms: dict[str, float], support: float | None) -> None:
    assert support_of("size", "long", forms) == support
