"""What every test begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from enactive.envs.household.env import Household

os.environ.setdefault("ENACTIVE_DEVICE", "cpu")  # figures to the last digit are those of one kind of processor
settings.register_profile("enactive", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("enactive")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    """An environment of the apartment in `toy_apartment.py`."""
    from toy_apartment import toy_apartment

    from enactive.envs.household import world
    from enactive.envs.household.env import Household

    monkeypatch.setattr(world, "make_apartment", lambda seed, rooms: toy_apartment())
    world.load_world.cache_clear()
    env = Household()
    env.reset(seed=0)
    yield env
    env.close()
    world.load_world.cache_clear()


@pytest.fixture(scope="module")
def real() -> Iterator[Household]:
    """An environment of a generated apartment."""
    from enactive.envs.household import world
    from enactive.envs.household.env import Household

    world.load_world.cache_clear()
    env = Household(seed=2, rooms=4)
    env.reset(seed=0)
    yield env
    env.close()
