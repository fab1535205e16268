"""A world that nobody here wrote runs in the loop: BabyAI missions as goals, partial views as observations."""

import json
import sys
import warnings
from pathlib import Path

import gymnasium as gym
import minigrid  # noqa: F401  # registers the environments
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from enactive.agents import Agent
from enactive.agents.cli import main
from enactive.controllers.moves import NamedMoves
from enactive.envs import Observation, parse_goal
from enactive.envs.minigrid import MiniGridBody
from enactive.errors import ConfigError, PlannerError
from enactive.perception.grid import GridPerceiver
from enactive.planners.grid_search import GridSearch


@pytest.mark.parametrize(
    ("name", "episodes"),
    [("BabyAI-GoToObj-v0", 10), ("BabyAI-GoToLocal-v0", 10), ("BabyAI-GoTo-v0", 4), ("BabyAI-Pickup-v0", 4)],
)
def test_missions_are_carried_out_from_partial_views(name: str, episodes: int) -> None:
    env = MiniGridBody(gym.make(name))
    for seed in range(episodes):
        mission = env.reset(seed=seed)[0]["text"]
        episode = Agent(GridPerceiver(), GridSearch(), NamedMoves()).run(env, parse_goal(mission), seed=seed)
        assert episode.metrics == {"success": True}, (mission, seed, episode.outcome, episode.reason)


def test_the_wrapper_passes_gymnasiums_own_check() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(MiniGridBody(gym.make("BabyAI-GoToObj-v0")), skip_render_check=True)


def test_remembered_cells_are_the_cells_of_the_world() -> None:
    env = MiniGridBody(gym.make("BabyAI-GoTo-v0"))
    perceiver = GridPerceiver()
    rng = np.random.default_rng(0)
    obs, _ = env.reset(seed=3)
    perceiver.reset(env.embodiment)
    grid = env.unwrapped.grid  # type: ignore[attr-defined]
    x0, y0 = env.unwrapped.agent_pos  # type: ignore[attr-defined]
    direction = env.unwrapped.agent_dir  # type: ignore[attr-defined]
    ahead = [(1, 0), (0, 1), (-1, 0), (0, -1)][direction]
    left = (ahead[1], -ahead[0])
    for _ in range(200):
        belief = perceiver.update(Observation.from_gym(obs))
        obs, _, terminated, truncated, _ = env.step(int(rng.integers(3)))
        assert not terminated
        assert not truncated
    cells = belief.extra["cells"]
    assert len(cells) > 40
    place = belief.extra["place"][:2]
    for (x, y), (kind, _, _) in cells.items():
        thing = grid.get(x0 + ahead[0] * x + left[0] * y, y0 + ahead[1] * x + left[1] * y)
        assert kind == ("empty" if thing is None or (x, y) == place else thing.type)


def test_a_mission_that_names_nothing_in_this_world_is_a_planner_error() -> None:
    with pytest.raises(PlannerError, match="key, ball, box, door or goal"):
        GridSearch().reset(parse_goal("find the spaceship"), MiniGridBody.embodiment)


def test_a_world_is_run_by_its_name_with_the_parts_that_serve_it(tmp_path: Path) -> None:
    assert main(["run", "go to the red ball", "--env", "MiniGridBody", "--out", str(tmp_path)]) == 0
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("*/episode.json"))
    assert record["result"]["metrics"] == {"success": True}
    parts = {role: record["config"][role]["name"].rpartition(".")[2] for role in ("env", "perceiver", "planner", "controller")}
    assert parts == {"env": "MiniGridBody", **MiniGridBody.partners}


def test_another_goal_than_the_mission_is_refused_before_anything_moves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--env=MiniGridBody", "--env.env=BabyAI-GoToObj-v0", "--seed=0", "--out", str(tmp_path)]
    assert main(["run", "find the blue box", *asked]) == 2
    said = "the mission here is 'go to the green key', not 'the blue box': ask for that, or take another seed"
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main(["run", "find the green key", *asked]) == 0  # the mission in other words


def test_what_cannot_be_made_is_said_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"^MiniGrid makes no world of 'BabyAI-GoToMoon-v0': .*doesn't exist"):
        MiniGridBody("BabyAI-GoToMoon-v0")
    with pytest.raises(ConfigError, match=r"^MiniGrid makes no world of 'nomod:Foo-v0': "):
        MiniGridBody("nomod:Foo-v0")
    with pytest.raises(ConfigError, match=r"^'CartPole-v1' is no world of MiniGrid"):
        MiniGridBody("CartPole-v1")
    monkeypatch.setitem(sys.modules, "minigrid", None)
    with pytest.raises(ConfigError, match=r"^MiniGrid is not installed: pip install 'enactive\[minigrid\]'$"):
        MiniGridBody()
