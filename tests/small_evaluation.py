"""Three episodes and one method that take seconds, for tests of what an evaluation does with them."""

from typing import Any

from enactive.agents.component import Component, Method
from enactive.envs.household.suites import load_suite

FRONTIER = Method(
    "NearestFrontier",
    Component("perceivers", "OraclePerceiver"),
    Component("planners", "NearestFrontier"),
    Component("controllers", "NavigationController"),
)
EPISODES = load_suite("household/objectnav", "val_seen")[:3]
SETTINGS = {"suite": "household/objectnav", "split": "val_seen"}
Rows = list[dict[str, Any]]
