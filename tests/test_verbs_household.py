"""Verbs in the environment and through the agent: what they show, what is saved, and who gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from small_kitchen import (
    APPLE,
    BODY,
    COUNTER,
    KNIFE,
    MUG,
    at,
    check_places,
    kitchen,
)

from enactive.agents import Agent
from enactive.controllers.interaction import InteractionController
from enactive.envs import VERBS, Action, Embodiment, Goal, Interaction, Observation, TaskGoal
from enactive.envs.gym_io import embodiment_of, to_gym
from enactive.envs.household import world as worlds
from enactive.envs.household.env import Household
from enactive.envs.household.facts import KINDS
from enactive.envs.household.putting import take
from enactive.envs.household.state import changed
from enactive.errors import ControllerError
from enactive.perception import Belief
from enactive.planners import GoTo, Intent, Interact, Stop


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    monkeypatch.setattr(worlds, "make_apartment", lambda seed, rooms: kitchen())
    worlds.load_world.cache_clear()
    made = Household(verbs=True)
    made.reset(seed=0)
    made.restore_state(at(made.state, *BODY))
    yield made
    made.close()
    worlds.load_world.cache_clear()


def act(
    env: Household, verb: str, target: str = "", pixel: tuple[int, int] = (-1, -1)
) -> tuple[dict[str, Any], dict[str, Any]]:
    obs, reward, ended, _, info = env.step(
        {"motion": 0, "verb": 1 + VERBS.index(verb), "target": target, "pixel_uv": np.array(pixel)}
    )
    assert (reward, ended) == (0.0, False)
    assert obs["text"] == info["feedback"]["message"]
    return obs, info["feedback"]


@pytest.mark.parametrize("mode", ["discrete", "base_twist"])
def test_gymnasium_accepts_it_with_verbs(mode: Any) -> None:
    env = Household(seed=2, rooms=4, verbs=True, control_mode=mode, width=64, height=48)
    check_env(env)
    assert env.embodiment.skills == frozenset(VERBS)
    assert Household(seed=2, rooms=4).embodiment.skills == frozenset()
    env.reset(seed=0)
    for _ in range(20):
        obs, *_ = env.step(env.action_space.sample())
        assert obs in env.observation_space
    env.close()


def test_motions_are_the_same_with_and_without_verbs(env: Household) -> None:
    plain_env = Household()
    plain_env.reset(seed=0)
    plain_env.restore_state(env.save_state())
    move = to_gym(Action.discrete(embodiment_of(env), "move_forward"), env.action_space)
    for _ in range(6):
        one, two = env.step(move), plain_env.step(1)
        assert np.array_equal(one[0]["cameras"]["head"]["rgb"], two[0]["cameras"]["head"]["rgb"])
        assert one[4] == two[4]
    assert env.state.to_bytes() == plain_env.state.to_bytes()
    plain_env.close()


def test_an_open_fridge_shows_what_is_in_it(env: Household) -> None:
    env.restore_state(at(env.state, 1.9, 2.0, np.pi / 2, -0.1))
    shut = env.renderer.rgbd(env.state)[0]
    assert APPLE not in env.oracle.segmentation()
    assert act(env, "PickUp", "apple")[1]["error"] == "not_visible"
    obs, feedback = act(env, "Open", "fridge")
    assert feedback["ok"], feedback["message"]
    assert (obs["cameras"]["head"]["rgb"] != shut).any(axis=2).mean() > 0.02
    assert (env.oracle.segmentation() == APPLE).sum() >= 15
    feedback = act(env, "Find", "apple")[1]
    u, v = feedback["pixel_uv"]
    assert env.oracle.segmentation()[v, u] == APPLE
    obs, feedback = act(env, "PickUp", "", (u, v))
    assert feedback["ok"], feedback["message"]
    assert APPLE not in env.oracle.segmentation()
    assert env.state.temperature[APPLE] == -1  # the fridge had cooled it before the episode began
    assert act(env, "PutDown", "fridge")[1]["ok"]
    assert (env.oracle.segmentation() == APPLE).sum() >= 15  # put where the body sees it
    assert act(env, "Close", "fridge")[1]["ok"]
    assert np.abs(env.renderer.rgbd(env.state)[0].astype(int) - shut).max() <= 1


def test_a_pixel_on_the_counter_tells_where_to_put(env: Household) -> None:
    env.restore_state(at(take(env.state, MUG), *BODY, -0.1))
    codes = env.oracle.segmentation()
    rows, columns = np.nonzero(codes == COUNTER)
    row, spots = int(rows.min()) + 4, []
    for u in columns[rows == row][[0, -1]]:
        state = env.save_state()
        assert act(env, "PutDown", "counter", (int(u), row))[1]["ok"]
        spots.append(env.state.pose[MUG, :2].copy())
        env.restore_state(state)
    assert spots[0][1] - spots[1][1] > 0.2  # the left of the picture is +y


def test_what_is_dirty_sliced_or_on_looks_so(env: Household) -> None:
    near = at(env.state, 2.4, 2.0, 0.0)
    dirty = env.renderer.rgbd(near)[0]
    clean = env.renderer.rgbd(replace(near, dirty=changed(near.dirty, MUG, False)))[0]
    assert (dirty != clean).any()
    env.restore_state(at(env.state, 2.2, 2.6, 0.6, -0.6))
    before = env.renderer.rgbd(env.state)[0]
    env.restore_state(take(env.state, KNIFE))
    obs, feedback = act(env, "Slice", "bread")
    assert feedback["ok"], feedback["message"]
    assert (obs["cameras"]["head"]["rgb"] != before).any(axis=2).sum() > 20


def test_what_a_generated_apartment_shows_can_be_taken_and_put_back() -> None:
    env = Household(seed=3, rooms=4, verbs=True)
    env.reset(seed=0)
    taken = 0
    for placed in env.world.apartment.objects:
        cells = (
            np.argwhere(env.world.view_points(env.state, placed.id)) if "pickup" in KINDS[placed.asset.category].skills else []
        )
        if len(cells) == 0 or taken == 12:
            continue
        grid = env.world.geodesics(env.state).grid
        x, y = grid.centres(cells[[len(cells) // 2]])[0]
        dx, dy = env.state.pose[placed.id, :2] - [x, y]
        down = float(np.arctan2(env.state.pose[placed.id, 2] - 0.85, np.hypot(dx, dy)))
        env.restore_state(at(env.state, x, y, np.arctan2(dy, dx), max(down, -np.pi / 3)))
        before, shown = env.save_state(), env.oracle.segmentation() == placed.id
        feedback = act(env, "Find", placed.asset.category)[1]
        if shown.sum() < 15 or not feedback["ok"]:
            continue
        v, u = (int(each[len(each) // 2]) for each in np.nonzero(shown))
        _, feedback = act(env, "PickUp", placed.asset.category, (u, v))
        assert feedback["ok"], feedback["message"]
        assert env.state.held == placed.id
        seen = env.oracle.segmentation()
        assert not np.isin(seen, np.flatnonzero(env.state.pose[:, 2] < -50.0)).any()
        parent = int(before.parent[placed.id])
        if parent >= 0 and (seen == parent).sum() >= 15:
            assert act(env, "PutDown", env.world.apartment.objects[parent].asset.category)[1]["error"] in ("", "no_room")
        check_places(env.world, env.state)
        env.restore_state(before)
        taken += 1
    env.close()
    assert taken == 12


def test_saving_between_verbs_is_exact(env: Household) -> None:
    script = [("PickUp", "mug"), ("PutDown", ""), ("PickUp", "knife"), ("PutDown", "counter"), ("Open", "microwave")]
    env.restore_state(at(env.state, 2.3, 2.0, 0.0, -0.1))
    digests, pictures, saved = [], [], [env.save_state()]
    for order in script:
        obs, _ = act(env, *order)
        saved.append(env.save_state())
        digests.append(saved[-1].digest())
        pictures.append(obs["cameras"]["head"]["rgb"])
    for k in (3, 0, 4, 1, 2):
        env.restore_state(saved[k])
        obs, _ = act(env, *script[k])
        assert env.state.digest() == digests[k]
        assert np.array_equal(obs["cameras"]["head"]["rgb"], pictures[k])


class Blind:
    needs, provides = frozenset[str](), frozenset[str]()

    def reset(self, embodiment: Embodiment, goal: Goal | None = None) -> None:
        self.count = 0

    def update(self, observation: Observation) -> Belief:
        self.count += 1
        return Belief(self.count, observation)


class Script:
    goals, needs, emits = (TaskGoal,), frozenset[str](), (Interact, Stop)
    verbs = frozenset({"PickUp", "PutDown"})
    trace: Mapping[str, Any] = {}

    def __init__(self, *intents: Intent) -> None:
        self.intents = intents

    def reset(self, goal: Goal, embodiment: Embodiment) -> None:
        self.left = list(self.intents)

    def plan(self, belief: Belief) -> Intent:
        return self.left.pop(0)


class FromHere(Household):
    """Starts before the counter."""

    def reset(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(**kwargs)
        self.restore_state(at(self.state, 2.3, 2.0, 0.0, -0.1))
        return self._observe(""), {}


def test_a_planner_changes_the_world_through_the_agent(env: Household) -> None:
    body = FromHere(verbs=True)
    planner = Script(Interact("PickUp", "mug"), Interact("PickUp", "knife"), Interact("PutDown", "counter"), Stop("done"))
    episode = Agent(Blind(), planner, InteractionController()).run(body, TaskGoal("move the mug"), seed=0)
    assert episode.outcome == "stopped"
    said = [step.feedback["error"] for step in episode.steps[:3]]
    assert said == ["", "hand_full", ""]
    after = body.state
    assert (after.held, after.parent[MUG]) == (-1, COUNTER)
    assert not np.allclose(after.pose[MUG], env.state.pose[MUG])
    body.close()


def test_the_controller_leaves_motion_to_its_mover_and_knows_the_bodys_verbs() -> None:
    class Mover:
        serves, control_modes = (GoTo,), frozenset({"discrete"})

        def reset(self, embodiment: Embodiment) -> None: ...

        def act(self, intent: Intent, observation: Observation, belief: Belief) -> Any:
            return intent

    controller = InteractionController(Mover())  # type: ignore[arg-type]
    assert controller.serves == (GoTo, Interact)
    assert controller.control_modes == frozenset({"discrete"})
    controller.reset(Embodiment("hand", "discrete", ("stop",), skills=frozenset({"Open"})))
    observation = Observation()
    belief, goto = Belief(0, observation), GoTo((1.0, 2.0))
    assert controller.act(goto, observation, belief) is goto
    action = controller.act(Interact("Open", "fridge", (3, 4)), observation, belief)
    assert action.interaction == Interaction("Open", "fridge", (3, 4))
    with pytest.raises(ControllerError, match="no verb Slice"):
        controller.act(Interact("Slice", "apple"), observation, belief)
