"""The state of an apartment: it is saved, restored, told apart and the same for the same seed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from toy_apartment import KNIFE, LAMP, MUG, toy_apartment

from enactive.envs.household.env import Household
from enactive.envs.household.state import changed, initial_state, movers, set_opening
from enactive.errors import ConfigError


def test_a_restored_state_shows_the_same_bytes(toy: Household) -> None:
    saved = toy.save_state()
    before = toy.renderer.rgbd(saved)
    state = set_opening(toy.world.apartment, saved, 0, 1.0)
    toy.restore_state(
        replace(state, on=changed(state.on, LAMP, True), held=MUG, pose=changed(state.pose, 0, [1.0, 1.0, 0.0, 2.0]))
    )
    for action in (1, 2, 1, 5, 1):
        toy.step(action)
    assert toy.state.digest() != saved.digest()
    toy.restore_state(saved)
    assert toy.state.to_bytes() == saved.to_bytes()
    after = toy.renderer.rgbd(toy.state)
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])


def test_a_state_of_another_apartment_with_as_many_things_is_refused_and_a_pickled_one_is_taken() -> None:
    env, other = Household(seed=49, rooms=3), Household(seed=55, rooms=3)
    env.reset(seed=0)
    other.reset(seed=0)
    saved, foreign = env.save_state(), other.save_state()
    other.close()
    assert (foreign.pose.shape, foreign.opening.shape) == (saved.pose.shape, saved.opening.shape)
    with pytest.raises(ConfigError, match="the state belongs to another apartment"):
        env.restore_state(foreign)
    assert env.state is saved
    env.step(1)
    env.restore_state(pickle.loads(pickle.dumps(saved)))  # noqa: S301  # reason: our own bytes
    assert env.state.to_bytes() == saved.to_bytes()
    env.close()


def test_a_state_cannot_be_written_to(toy: Household) -> None:
    with pytest.raises(ValueError, match="read-only"):
        toy.state.pose[0, 0] = 1.0
    toy.step(1)
    with pytest.raises(ValueError, match="read-only"):
        toy.state.base[0] = 1.0


def test_every_value_of_a_state_shows_in_its_digest() -> None:
    state = initial_state(toy_apartment())
    other = [
        replace(state, pose=changed(state.pose, 2, 1.0)),
        replace(state, parent=changed(state.parent, 2, 1)),
        replace(state, surface=changed(state.surface, 2, 0)),
        replace(state, on=changed(state.on, 0, True)),
        replace(state, dirty=changed(state.dirty, 0, True)),
        replace(state, sliced=changed(state.sliced, 0, True)),
        replace(state, temperature=changed(state.temperature, 0, -1)),
        replace(state, opening=changed(state.opening, 0, 0.5)),
        replace(state, base=np.array([0.0, 0.0, 1e-9])),
        replace(state, pitch_rad=0.1),
        replace(state, held=0),
        replace(state, steps=1),
        replace(state, seed=1),
        replace(state, apartment="another"),
    ]
    assert len({state.digest(), *(each.digest() for each in other)}) == len(other) + 1


def test_what_lies_in_a_drawer_travels_with_it(toy: Household) -> None:
    apartment, state = toy.world.apartment, toy.state
    drawer = [mover.name for _, mover in movers(apartment)].index("drawer")
    opened = set_opening(apartment, state, drawer, 1.0)
    assert opened.pose[KNIFE, :3] == pytest.approx([6.5, 2.7, 0.77])  # the cabinet faces -y
    assert np.array_equal(np.delete(opened.pose, KNIFE, axis=0), np.delete(state.pose, KNIFE, axis=0))
    assert set_opening(apartment, opened, drawer, 0.0).pose == pytest.approx(state.pose)


def test_the_same_seed_gives_the_same_bytes_in_another_process(real: Household) -> None:
    code = (
        "from enactive.envs.household.env import Household\n"
        "env = Household(seed=2, rooms=4)\nenv.reset(seed=9)\n"
        "for a in (1, 2, 1, 1, 3, 4): env.step(a)\n"
        "print(env.save_state().digest())\nenv.close()"
    )
    real.reset(seed=9)
    for action in (1, 2, 1, 1, 3, 4):
        real.step(action)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.strip() == real.save_state().digest()
    assert out.stderr == ""
