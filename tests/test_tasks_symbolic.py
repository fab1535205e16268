"""The symbolic executor: its refusals, that it is pure, and that pictures and a settled world agree with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from small_kitchen import APPLE, BREAD, COUNTER, EGG, FAR_MUG, FRIDGE, KNIFE, LAMP, MICROWAVE, MUG, SINK, TRAY, check_places
from test_tasks_policies import accepted_command, any_command, follow, kitchen_layout, orders, task_of

from enactive.envs import VERBS, Action, Interaction, TaskGoal
from enactive.envs.gym_io import to_gym
from enactive.envs.household.camera import camera_pose, intrinsics
from enactive.envs.household.effects import settle
from enactive.envs.household.feedback import Refusal
from enactive.envs.household.state import with_changes
from enactive.envs.household.targets import View, reading
from enactive.envs.household.tasks.conditions import succeeded
from enactive.envs.household.tasks.env import HouseholdTask
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.knowledge import in_view, known_objects, scene_text
from enactive.envs.household.tasks.layout import load_layout
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command
from enactive.envs.household.tasks.task import Task, layout_of, start_of
from enactive.envs.household.verbs import apply_verb
from enactive.envs.household.world import load_world
from enactive.errors import ConfigError

PICK = task_of("pick", "egg", "dresser")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (["PickUp mug"], "not_visible"),  # nothing was found yet
        (["Find unicorn"], "unknown_object"),
        (["Find"], "unknown_object"),
        (["Find apple"], "not_visible"),  # in the closed fridge
        (["Find fridge", "PickUp apple"], "not_visible"),
        (["Find fridge", "Open fridge", "PickUp apple"], ""),
        (["Find fridge", "Open fridge", "Open fridge"], "already_open"),
        (["Find fridge", "Close fridge"], "already_closed"),
        (["Find fridge", "PickUp fridge"], "cannot_be_picked_up"),
        (["Find fridge", "PickUp mug"], "not_visible"),  # in the room, and not where the body looks
        (["Find mug", "PickUp egg", "PickUp mug"], "hand_full"),
        (["PutDown kitchen counter"], "hand_empty"),
        (["Find mug", "PickUp mug", "Find fridge", "PutDown fridge"], "closed"),  # a failed put is a failure
        (["Find mug", "PickUp mug", "Find fridge", "Open fridge", "PutDown"], ""),
        (["Find mug", "PickUp mug", "Find lamp", "PutDown lamp"], "not_a_receptacle"),
        (["Find mug", "PickUp mug", "PutDown the floor"], "not_a_receptacle"),
        (["Find tray", "PickUp tray", "Find microwave", "Open microwave", "PutDown microwave"], "no_room"),
        (["Find microwave", "Open microwave", "TurnOn microwave"], "not_closed"),
        (["Find lamp", "TurnOn lamp"], ""),
        (["Find lamp", "TurnOn lamp", "TurnOn lamp"], "already_on"),
        (["Find lamp", "TurnOff lamp"], "already_off"),
        (["Find mug", "TurnOn mug"], "not_switchable"),
        (["Find mug", "Open mug"], "not_openable"),
        (["Find bread", "Slice bread"], "needs_knife"),
        (["Find knife", "PickUp knife", "Find bread", "Slice bread"], ""),
        (["Find knife", "PickUp knife", "Find bread", "Slice bread", "Slice bread"], "already_sliced"),
        (["Find knife", "PickUp knife", "Slice mug"], "cannot_be_sliced"),
        (["Find mug", "PickUp mug", "Find mug"], ""),  # it is in the hand
    ],
)
def test_refusals(said: list[str], error: str) -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    before, _ = follow(layout, start, orders(*said[:-1]))
    after, (feedback,) = follow(layout, before, orders(said[-1]))
    assert feedback.error == error, feedback.message
    assert feedback.ok == (error == "")
    assert 10 < len(feedback.message) < 250
    if error:
        assert after is before


def test_finding_again_finds_another() -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    seen = []
    for _ in range(3):
        start, _ = apply_command(layout, start, Command("Find", "mug"))
        seen.append(start.at)
    assert seen == [MUG, FAR_MUG, MUG]  # the nearest, the next, and round


def test_what_the_appliances_do() -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    heat = orders("Find egg", "PickUp egg", "Find microwave", "Open microwave", "PutDown microwave", "Close microwave")
    state, said = follow(layout, start, heat)
    assert all(feedback.ok for feedback in said)
    assert state.world.temperature[EGG] == 0
    assert state.at == MICROWAVE
    state, _ = follow(layout, state, orders("TurnOn microwave"))
    assert state.world.temperature[EGG] == 1
    state, _ = follow(layout, start, orders("Find mug", "PickUp mug", "Find sink", "PutDown sink"))
    assert (state.world.dirty[MUG], state.world.parent[MUG]) == (True, SINK)
    state, _ = follow(layout, state, orders("TurnOn sink"))
    assert not state.world.dirty[MUG]
    state, _ = follow(layout, start, orders("Find mug", "PickUp mug", "Find fridge", "Open fridge", "PutDown fridge"))
    assert (state.world.temperature[MUG], state.world.parent[MUG]) == (-1, FRIDGE)


def test_what_stands_on_a_tray_goes_along() -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    state, said = follow(layout, start, orders("Find tray", "PickUp tray", "Find dresser", "PutDown dresser", "PickUp egg"))
    assert [feedback.error for feedback in said] == [""] * 5
    assert state.world.held == EGG
    assert state.at == int(state.world.parent[TRAY])


def test_after_done_nothing_more_is_taken() -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    state, feedback = apply_command(layout, start, Command("done"))
    assert feedback.ok
    assert state.done
    with pytest.raises(ConfigError, match="over"):
        apply_command(layout, state, Command("Find", "mug"))
    with pytest.raises(ConfigError, match="no verb"):
        apply_command(layout, start, Command("Throw", "mug"))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_the_executor_is_pure_and_keeps_the_world_in_order(seed: int) -> None:
    layout, rng = kitchen_layout(), np.random.default_rng(seed)
    from small_kitchen import small_world

    state = start_of(layout, PICK)
    trail: list[tuple[TaskState, Command, TaskState]] = []
    for _ in range(12):
        before, digest = state, state.digest()
        state, command = accepted_command(layout, state, rng)
        assert before.digest() == digest
        assert state.world.to_bytes() == settle(small_world(), state.world).to_bytes()
        trail.append((before, command, state))
    check_places(small_world(), state.world)
    for before, command, after in reversed(trail):  # a saved state is the state itself
        assert apply_command(layout, before, command)[0].digest() == after.digest()


def test_a_changed_state_is_the_one_that_dataclasses_make() -> None:
    world = start_of(kitchen_layout(), task_of("pick", "mug", "counter")).world
    base, on = np.array([1.0, 2.0, 3.0]), ~world.on
    made, plain = with_changes(world, base=base, on=on, held=4), replace(world, base=base.copy(), on=on.copy(), held=4)
    assert made.to_bytes() == plain.to_bytes() != world.to_bytes()
    assert made.pose is world.pose
    assert not any(array.flags.writeable for array in (made.base, made.on, made.pose))
    with pytest.raises(TypeError, match="has no bases"):
        with_changes(world, bases=base)


def test_an_unknown_name_is_refused_again_and_again() -> None:
    for _ in range(2):
        with pytest.raises(Refusal, match="nothing is known by the name 'Blue unicorn'"):
            reading("Blue unicorn")


def test_states_differ_in_what_is_looked_at_and_in_being_done() -> None:
    state = start_of(kitchen_layout(), PICK)
    digests = {each.digest() for each in (state, replace(state, at=3), replace(state, done=True))}
    assert len(digests) == 3
    assert TaskState(state.world).digest() == state.digest()


def played(mode: Any, task: Task, commands: list[Command]) -> list[tuple[Any, ...]]:
    env = HouseholdTask(mode, width=64, height=48, max_steps=1000)
    env.reset(seed=0, options={"task": task})
    out = []
    for command in commands:
        said = Action.interact("discrete", Interaction(command.verb, command.target))
        obs, _, _, _, info = env.step(to_gym(said, env.action_space))
        assert obs in env.observation_space
        out.append((info["feedback"], env.progress, env.succeeded, env.task_state.digest()))
    env.close()
    return out


@pytest.mark.parametrize("k", range(6))
def test_fast_and_symbolic_agree(k: int) -> None:
    task = load_tasks("val_unseen")[k * 3]
    layout, rng = layout_of(task), np.random.default_rng(k)
    plan = expert_plan(layout, start_of(layout, task), task)
    wild = [any_command(layout, rng) for _ in range(40)]
    willing, state = [], start_of(layout, task)
    for _ in range(15):
        state, command = accepted_command(layout, state, rng)
        willing.append(command)
    for commands in (list(plan), wild, willing):
        fast, symbolic = played("fast", task, commands), played("symbolic", task, commands)
        assert fast == symbolic
    assert played("symbolic", task, list(plan))[-1][2]


def test_the_verbs_of_the_body_mostly_do_what_the_symbolic_ones_say() -> None:
    """From where `Find` puts it, the body carries out the expert's commands by what it sees in the picture."""
    same = count = 0
    for task in load_tasks("val_seen")[:5]:
        env = HouseholdTask("fast")
        env.reset(seed=0, options={"task": task})
        world, K = load_world(task.apartment_seed, task.rooms), intrinsics(320, 240)
        plan = expert_plan(env.layout, env.task_state, task)
        for command in plan:
            before = env.state
            said = Action.interact("discrete", Interaction(command.verb, command.target))
            env.step(to_gym(said, env.action_space))
            if command.verb != "Find":
                pose = camera_pose(before.base, before.pitch_rad)
                view = View(env.renderer.segmentation(before, pose), K, pose)
                _, feedback = apply_verb(world, before, view, Interaction(command.verb, command.target))
                same += feedback.ok
                count += 1
        env.close()
    assert count > 15
    assert same / count > 0.8


@pytest.mark.parametrize("mode", ["fast", "symbolic"])
def test_gymnasium_accepts_it(mode: Any) -> None:
    env = HouseholdTask(mode, split="val_seen", width=64, height=48)
    check_env(env, skip_render_check=True)
    assert env.embodiment.skills == frozenset(VERBS)
    assert env.goal == TaskGoal(env.task.instruction)
    obs, _ = env.reset(seed=1)
    assert obs["text"] == env.task.instruction
    *_, ended, _, _ = env.step(to_gym(Action.discrete(env.embodiment, "stop"), env.action_space))
    assert ended
    env.close()


def test_the_physical_body_starts_and_is_scored_the_same_way() -> None:
    task = next(task for task in load_tasks("val_seen") if task.type == "clean")
    env = HouseholdTask("physical", width=64, height=48)
    env.reset(seed=0, options={"task": task})
    layout = layout_of(task)
    assert env.state.base.tolist() == list(task.start)
    assert not env.succeeded
    plan = expert_plan(layout, start_of(layout, task), task)
    end, _ = follow(layout, start_of(layout, task), list(plan))
    env.restore_state(end.world)
    assert env.succeeded
    assert env.progress == 1.0
    env.close()


def test_the_physical_body_has_to_see_the_lamp_in_whose_light_it_looks() -> None:
    task = next(task for task in load_tasks("val_seen") if task.type == "examine")
    env, layout = HouseholdTask("physical"), layout_of(task)
    env.reset(seed=0, options={"task": task})
    plan = expert_plan(layout, start_of(layout, task), task)
    end, _ = follow(layout, start_of(layout, task), list(plan))
    env.restore_state(end.world)
    assert env.succeeded
    assert env.oracle.metrics()["success"]
    bent = replace(end.world, pitch_rad=-1.0)
    behind_a_wall = replace(end.world, base=np.array([2.645, -1.145, np.pi]), pitch_rad=0.0)
    for state in (bent, behind_a_wall):
        env.restore_state(state)
        assert succeeded(layout, state, task)  # as far as distance and heading go
        assert not env.succeeded
        assert env.progress == 0.5
        assert not env.oracle.metrics()["success"]
    env.close()


def test_what_the_agent_is_told() -> None:
    layout, start = kitchen_layout(), start_of(kitchen_layout(), PICK)
    state, _ = apply_command(layout, start, Command("Find", "fridge"))
    seen = in_view(layout, state)
    memory = in_view(layout, follow(layout, start, orders("Find lamp"))[0]) | seen
    assert in_view(layout, start) == frozenset()
    assert seen == {FRIDGE}
    assert memory == {FRIDGE, LAMP}
    assert known_objects(layout, state.world, seen, memory) == ("fridge",)
    assert known_objects(layout, state.world, seen, memory, "remembered") == ("floor lamp", "fridge")
    told = known_objects(layout, state.world, seen, memory, "privileged")
    assert told == tuple(sorted(set(layout.categories)))
    assert "apple" in told
    opened, _ = apply_command(layout, state, Command("Open", "fridge"))
    assert in_view(layout, opened) == {FRIDGE, APPLE}
    holding, _ = apply_command(layout, opened, Command("PickUp", "apple"))
    text = scene_text(layout, holding.world, in_view(layout, holding), memory)
    assert text == "In view: apple, fridge. The hand holds the apple."
    with pytest.raises(ConfigError, match="not 'all'"):
        known_objects(layout, state.world, seen, memory, "all")  # type: ignore[arg-type]


def test_the_counter_is_one_place() -> None:
    layout = kitchen_layout()
    state, _ = apply_command(layout, start_of(layout, PICK), Command("Find", "knife"))
    assert {COUNTER, MICROWAVE, MUG, KNIFE, TRAY, EGG} <= in_view(layout, state)
    assert BREAD not in in_view(layout, state)


def test_layouts_are_kept() -> None:
    assert load_layout(0) is load_layout(0)
