"""Suites of episodes: what the files promise is true of the apartments."""

import numpy as np
import pytest

from enactive.envs import ImageGoal, ObjectGoal, TextGoal
from enactive.envs.household.camera import CAMERA_HEIGHT_M
from enactive.envs.household.episode import NavigationEpisode, View
from enactive.envs.household.facts import category_of, facts_of, satisfying
from enactive.envs.household.make_suites import OFF_CAMERA_M
from enactive.envs.household.resolve import read_description, resolve
from enactive.envs.household.state import initial_state
from enactive.envs.household.suites import SPLITS, SUITES, load_suite, ready
from enactive.envs.household.wording import describe
from enactive.envs.household.world import World, load_world
from enactive.errors import ConfigError


@pytest.mark.parametrize("suite", SUITES)
def test_unseen_episodes_have_apartments_of_their_own_and_train_shares_its_with_val_seen(suite: str) -> None:
    seeds = {split: {episode.apartment_seed for episode in load_suite(suite, split)} for split in SPLITS}
    assert all(len(load_suite(suite, split)) == 500 for split in SPLITS)
    assert seeds["train"] == seeds["val_seen"]
    assert max(seeds["train"]) < 100_000
    assert min(seeds["val_unseen"]) >= 200_000
    ids = [episode.id for split in SPLITS for episode in load_suite(suite, split)]
    assert len(set(ids)) == len(ids)


def test_the_first_episodes_spread_over_the_apartments() -> None:
    assert len({episode.apartment_seed for episode in load_suite("household/objectnav", "val_unseen")[:50]}) == 50


def test_no_sentence_of_val_occurs_in_train() -> None:
    said = {split: {str(episode.goal) for episode in load_suite("household/textnav", split)} for split in SPLITS}
    assert not said["train"] & (said["val_seen"] | said["val_unseen"])


@pytest.mark.parametrize("suite", SUITES)
def test_goals_can_be_reached_and_the_shortest_way_is_the_one_in_the_file(suite: str) -> None:
    for episode in load_suite(suite, "val_unseen")[:3]:
        world = load_world(episode.apartment_seed, None)
        state = initial_state(world.apartment)
        goal = np.any([world.view_points(state, target) for target in episode.targets], axis=0)
        found = world.geodesics(state).distance_m(np.array(episode.start[:2]), goal)
        assert found == pytest.approx(episode.distance_m, abs=1e-3)
        assert 2.0 <= found <= 30.0


def test_a_description_is_true_of_its_target_alone() -> None:
    suite = load_suite("household/textnav", "val_seen")
    for episode in (episode for k in range(10) for episode in suite[k::50][:3]):  # three in each of ten apartments
        assert isinstance(episode.goal, TextGoal)
        apartment = load_world(episode.apartment_seed, None).apartment
        assert resolve(episode.goal, apartment) == episode.targets, episode.goal


def test_a_category_means_all_that_can_be_seen_of_it() -> None:
    for episode in load_suite("household/objectnav", "val_seen")[:5]:
        assert isinstance(episode.goal, ObjectGoal)
        world: World = load_world(episode.apartment_seed, None)
        state = initial_state(world.apartment)
        all_of_it = resolve(episode.goal, world.apartment)
        assert set(episode.targets) == {i for i in all_of_it if world.view_points(state, i).any()}


def test_goal_pictures_are_not_taken_from_the_agents_eyes() -> None:
    for episode in load_suite("household/imagenav", "val_unseen"):
        assert isinstance(episode.goal, View)
        assert abs(episode.goal.height_m - CAMERA_HEIGHT_M) >= OFF_CAMERA_M - 1e-4
    prepared = ready(load_suite("household/imagenav", "val_unseen")[0])
    assert isinstance(prepared.goal, ImageGoal)
    assert prepared.goal.image.shape == (240, 320, 3)
    assert prepared.goal.image.std() > 10


def test_an_episode_of_another_apartment_is_refused() -> None:
    episode = load_suite("household/objectnav", "train")[0]
    moved = NavigationEpisode(episode.id, 1, None, episode.start, episode.goal, episode.targets, 1.0, episode.digest)
    with pytest.raises(ConfigError, match="another version of the apartment"):
        ready(moved)
    with pytest.raises(ConfigError, match="there is no suite"):
        load_suite("household/objectnav", "test")


@pytest.mark.parametrize(
    ("text", "category", "facts"),
    [
        ("the red mug in the kitchen", "mug", {("colour", "red"), ("room", "kitchen")}),
        ("please find the tall wooden bookcase", "bookshelf", {("shape", "tall"), ("material", "wooden")}),
        ("the mug next to the fridge", "mug", {("next to", "fridge")}),
        ("show me the book on the coffee table that is in the living room", "book",
         {("on", "coffee table"), ("room", "living room")}),
        ("the wine glass", "wine glass", set()),
        ("the orange", "orange", set()),
        ("the orange ball", "ball", {("colour", "orange")}),
        ("the spaceship", None, set()),
    ],
)  # fmt: skip
def test_descriptions_are_read(text: str, category: str | None, facts: set[tuple[str, str]]) -> None:
    found, said = read_description(text)
    assert found == category
    assert {(fact.kind, fact.word) for fact in said} == facts


def test_what_is_said_is_read_back() -> None:
    rng = np.random.default_rng(0)
    apartment = load_world(0, None).apartment
    for thing in apartment.objects[::7]:
        facts = facts_of(apartment, thing)
        for _ in range(5):
            chosen = [facts[i] for i in rng.choice(len(facts), 2, replace=False)]
            if chosen[0].kind == chosen[1].kind:
                continue
            text = describe(thing.asset.category, chosen, rng)
            category, said = read_description(text)
            assert category == thing.asset.category, text
            assert set(said) == set(chosen), text
            assert thing.id in satisfying(apartment, category, said)


def test_plurals_and_synonyms_name_their_category() -> None:
    assert [category_of(word) for word in ("mugs", "couch", "knives", "Toy Cars", "spaceship")] == [
        "mug", "sofa", "knife", "toy car", None,
    ]  # fmt: skip
