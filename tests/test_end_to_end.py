"""The whole way through the house, in a real apartment: what is there is found, what is not there is said to be missing."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import av
import gymnasium as gym
import numpy as np
import pytest
from report_page import read_page, words

import enactive.envs  # noqa: F401  # registers Household
from enactive.agents import Agent, Episode
from enactive.agents.cli import main
from enactive.agents.report.run_folder import HELD_FRAMES
from enactive.controllers.navigation import NavigationController
from enactive.envs import parse_goal
from enactive.perception import Perceiver
from enactive.perception.embedded import EmbeddedPerceiver
from enactive.perception.oracle import OraclePerceiver
from enactive.planners.nearest_frontier import NearestFrontier
from enactive.planners.unigoal import UniGoal

MAKEFILE = Path(__file__).parents[1] / "Makefile"


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env]:
    made = gym.make("enactive/Household-v0", seed=3, rooms=3, max_steps=501)
    yield made
    made.close()


def _run(env: gym.Env, sentence: str, planner: UniGoal | NearestFrontier, perceiver: Perceiver | None = None) -> Episode:
    agent = Agent(perceiver or OraclePerceiver(), planner, NavigationController(), max_steps=400)
    return agent.run(env, parse_goal(sentence), seed=1)


@pytest.mark.parametrize("planner", [UniGoal, NearestFrontier])
def test_a_toilet_is_found_by_walking_up_to_it(env: gym.Env, planner: type) -> None:
    episode = _run(env, "find the toilet", planner())
    assert episode.metrics["success"] is True, episode.reason
    assert episode.metrics["distance_to_goal_m"] == 0.0
    assert 0 < float(episode.metrics["spl"]) <= 1


def test_a_body_that_takes_twists_drives_up_to_a_toilet_in_another_room() -> None:
    """Ten commands a second of speed and turn rate, where the others step and turn by fixed amounts."""
    with gym.make("enactive/Household-v0", seed=4, rooms=3, control_mode="base_twist", max_steps=301) as rolling:
        agent = Agent(OraclePerceiver(), UniGoal(), NavigationController(), max_steps=300)
        episode = agent.run(rolling, parse_goal("find the toilet"), seed=2)
    assert episode.metrics["success"] is True, episode.reason
    assert episode.metrics["start_distance_m"] > 4.0
    assert episode.metrics["collisions"] == 0
    commands = np.array([step.action.values[0] for step in episode.steps if step.action is not None])
    assert commands.shape == (len(episode.steps) - 1, 2)  # it stops by sending no more
    assert ((commands[:, 0] > 0.0) & (commands[:, 1] != 0.0)).sum() > 20  # it drives in arcs


def test_a_spaceship_is_looked_for_everywhere_and_said_to_be_missing(env: gym.Env) -> None:
    episode = _run(env, "find the spaceship", UniGoal())
    assert (episode.outcome, episode.found) == ("stopped", False)
    assert "not found" in episode.reason
    assert episode.metrics == {}  # there is nothing that the world could score
    seen = {tuple(round(v) for v in step.T_world_base[:2, 3]) for step in episode.steps if step.T_world_base is not None}
    assert len(seen) > 5  # it did go and look


def test_from_pixels_nothing_is_taken_for_a_spaceship(env: gym.Env) -> None:
    episode = _run(env, "find the spaceship", UniGoal(), EmbeddedPerceiver())
    assert (episode.outcome, episode.found) == ("stopped", False)
    assert episode.reason == "not found: no spaceship in what could be explored"
    seen = {tuple(round(v) for v in step.T_world_base[:2, 3]) for step in episode.steps if step.T_world_base is not None}
    assert len(seen) > 5


def test_the_demo_finds_its_mug_from_pixels_and_leaves_a_folder_that_shows_how(tmp_path: Path) -> None:
    """The command that `make demo` runs, as the Makefile has it."""
    (line,) = re.findall(r"^\t\$\(BIN\)/enactive (run .*)$", MAKEFILE.read_text(), flags=re.MULTILINE)
    assert main([*shlex.split(line), "--out", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    record = json.loads((folder / "episode.json").read_text())
    assert record["goal"] == {"kind": "TextGoal", "words": "the red mug in the kitchen"}
    parts = {role: record["config"][role]["name"].rpartition(".")[2] for role in ("perceiver", "planner")}
    assert parts == {"perceiver": "EmbeddedPerceiver", "planner": "UniGoal"}
    result = record["result"]
    assert (result["outcome"], result["found"], result["reason"]) == ("stopped", True, "found mug")
    assert result["metrics"]["success"] is True
    assert result["metrics"]["start_distance_m"] > 1.0  # it does not begin before the mug
    with av.open(str(folder / "video.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == len(record["steps"]) - 1 + HELD_FRAMES
    assert all(frame.std() > 10.0 for frame in frames)
    page = read_page(folder / "report.html")
    (verdict,) = [words(each) for each in page.iter("p") if each.attrib.get("class", "").startswith("verdict")]
    assert verdict == "the agent says: done (found mug). The oracle says: success."
