"""UniGoal in scripted beliefs: what it makes of candidates that are doubtful, corrected or not there."""

import math

import pytest
from unigoal_scenes import floor, scene, thing
from unigoal_world import BODIES, ROOM, World, mugs, planner, with_a_door

from enactive.envs import Embodiment, ObjectGoal, TextGoal
from enactive.planners.unigoal import candidates


@pytest.mark.parametrize(("score", "reason"), [(0.05, "expand from sub-graphs"), (0.3, "walk up to mug #0")])
def test_what_is_hardly_a_candidate_waits_until_all_is_explored(score: float, reason: str) -> None:
    mug = thing(0, "mug", (-2.0, 0.0, 0.8), (0.05, 0.05, 0.05), score=score)
    world = World(planner(), ObjectGoal("mug"), with_a_door(), scene(mug))
    world.run_until(lambda said: said != "look around")
    assert reason in world.traces[-1]["reason"]
    world.grid = floor(ROOM)
    world.run_until(lambda said: "walk up to mug #0" in said)


def test_a_candidate_that_does_not_show_up_close_goes_to_the_blacklist() -> None:
    ghost, real = thing(0, "mug", (2.0, -1.0, 0.8), score=0.9), thing(1, "mug", (-2.0, 1.0, 0.8), score=0.9)
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene(ghost, real))
    world.shows = lambda node: node is real or math.dist((world.x, world.y), (2.0, -1.0)) > 1.5
    assert world.run().found
    assert math.dist((world.x, world.y), (-2.0, 1.0)) < 1.0
    assert world.traces[-1]["blacklist"] >= 1


def doubtful_world(**switches) -> World:
    """Two mugs on two tables; the nearer one is too doubtful to be believed in."""
    graph = scene(
        thing(0, "mug", (1.0, 0.0, 0.8), (0.05, 0.05, 0.05), score=0.35, sightings=1),
        thing(1, "mug", (-2.8, 0.0, 0.8), (0.05, 0.05, 0.05), score=0.5, sightings=20),
    )
    return World(planner(**switches), ObjectGoal("mug"), floor(ROOM), graph)


def test_verification_turns_away_and_the_blacklist_leads_to_the_next() -> None:
    world = doubtful_world()
    assert world.run().found
    assert max(trace["blacklist"] for trace in world.traces) >= 1
    assert math.dist((world.x, world.y), (-2.8, 0.0)) < 1.0


def test_a_doubtful_thing_is_put_aside_and_answered_with_in_the_end() -> None:
    """The one mug there is, as likely a mug as not: other places are looked at first, then it is the best guess."""
    graph = scene(
        thing(0, "mug", (2.0, -1.0, 0.8), (0.05, 0.05, 0.05), score=0.5, sightings=20),
        thing(1, "kitchen counter", (-2.5, 0.0, 0.9), (0.3, 0.6, 0.4)),
    )
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), graph)
    stop = world.run()
    assert stop.found
    assert "best guess" in stop.reason
    assert math.dist((world.x, world.y), (2.0, -1.0)) < 1.0
    reasons = " ".join(trace["reason"] for trace in world.traces)
    assert (
        reasons.index("mug #0 is not it")
        < reasons.index("look closely at kitchen counter")
        < reasons.index("go back to mug #0")
    )


def test_a_doubtful_thing_that_hardly_matches_is_decided_on_without_a_budget() -> None:
    """Stage 0 for want of all that was said of it: the looks at it have to add up to a decision all the same."""
    goal = TextGoal("the red mug on the table next to the sofa in the bathroom")
    graph = scene(thing(0, "mug", (2.0, -1.0, 0.8), (0.05, 0.05, 0.05), score=0.5, sightings=20))
    world = World(planner(), goal, floor(ROOM), graph)
    assert world.run(most=60).found
    assert {trace["stage"][0] for trace in world.traces} == {"1"}


def test_who_is_late_goes_back_and_explores_no_more() -> None:
    """One doubtful mug to go back to, and a frontier that would need more steps than are left."""
    graph = scene(thing(0, "mug", (-2.5, 0.0, 0.8), (0.05, 0.05, 0.05), score=0.08, sightings=20))
    world = World(planner(budget_steps=60), ObjectGoal("mug"), with_a_door(), graph)
    world.run(most=70)
    reasons = [trace["reason"] for trace in world.traces]
    first = next(k for k, reason in enumerate(reasons) if "mug #0" in reason)
    assert first > 11
    assert not any("expand" in reason for reason in reasons[first:])


def test_a_thing_in_doubt_is_looked_at_again_when_it_is_seen_more_surely() -> None:
    for more, found in ((0.05, False), (0.15, True)):
        graph = scene(thing(0, "mug", (2.0, -1.0, 0.8), (0.05, 0.05, 0.05), score=0.55, sightings=20))
        world = World(planner(), ObjectGoal("mug"), with_a_door(), graph)
        world.run_until(lambda said: "is not it" in said)
        graph.nodes[0].even_score += more
        graph.nodes[0].sightings = 60  # so many that the blacklist lets it go
        reasons = [world.step() and world.traces[-1]["reason"] for _ in range(6)]
        assert any("mug #0" in reason for reason in reasons) == found


def test_what_was_turned_away_does_not_stand_before_the_next_one_when_the_blacklist_lets_it_go() -> None:
    graph = scene(
        thing(0, "mug", (2.0, -1.0, 0.8), (0.05, 0.05, 0.05), score=0.55, sightings=20),
        thing(1, "mug", (-2.0, 1.0, 0.8), (0.05, 0.05, 0.05), score=0.5, sightings=20),
    )
    world = World(planner(), ObjectGoal("mug"), with_a_door(), graph)
    world.run_until(lambda said: "mug #0 is not it" in said)
    graph.nodes[0].sightings = 80
    world.step()
    world.run_until(lambda said: "walk up to mug #1" in said, most=2)


def test_a_candidate_that_is_corrected_to_something_else_is_left() -> None:
    graph = scene(
        thing(0, "mug", (2.0, 0.0, 0.8), (0.05, 0.05, 0.05), room=0, score=0.2, sightings=3, red=0.9),
        thing(1, "table", (2.0, 0.0, 0.37), (0.3, 0.3, 0.37), room=0),
        relations={(0, 1): "on"},
        rooms={0: "kitchen"},
    )
    world = World(planner(), TextGoal("the red mug on the table in the kitchen"), floor(ROOM), graph)
    world.taken_for = lambda node: ("apple", 0.9) if node.id == 0 else (node.name, node.score)
    stop = world.run()
    assert any("mug #0 is a apple" in trace.get("corrections", []) for trace in world.traces)
    assert not stop.found


def test_another_candidate_that_is_corrected_away_meanwhile_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of what is left was made before: the node that the correction took out was looked up and not there."""
    graph = mugs("blue", "blue")

    def take_out(belief, centres, mind):
        for other in set(graph.nodes) - set(centres):
            graph.remove(other)
        return []

    monkeypatch.setattr(candidates, "correct", take_out)
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), graph)
    for node in graph:
        node.even_score = 0.15  # so that the first look turns it away, in the step of the correction
    world.planner.looks = 1000  # it has looked around
    assert not world.run().found
    assert len(graph) == 1


def test_without_verification_the_first_one_is_taken() -> None:
    world = doubtful_world(verification=False)
    assert world.run().found
    assert math.dist((world.x, world.y), (1.0, 0.0)) < 1.0


@pytest.mark.parametrize("verification", [True, False])
def test_without_verification_the_scene_graph_is_corrected_all_the_same(
    verification: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the ablation would be two."""
    corrected: list[int] = []
    monkeypatch.setattr(candidates, "correct", lambda belief, centres, mind: corrected.append(len(set(centres))) or [])
    assert World(planner(verification=verification), ObjectGoal("mug"), floor(ROOM), mugs("red")).run().found
    assert corrected == [1]


@BODIES
def test_a_thing_in_doubt_is_put_aside_after_four_looks(embodiment: Embodiment, pace: int) -> None:
    doubtful = thing(0, "mug", (2.0, 0.0, 0.8), (0.05, 0.05, 0.05), score=0.5)
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene(doubtful), embodiment)
    world.run_until(lambda reason: "is not it" in reason, most=60 * pace)
    assert sum(trace["reason"] == "look again" for trace in world.traces) == 3  # and the fourth decides
