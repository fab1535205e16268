"""UniGoal in scripted beliefs: what it does stage by stage, without a simulator."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from unigoal_scenes import WHEELS, Letters, body, floor, scene, thing

from enactive.envs import Embodiment, ImageGoal, ObjectGoal, PoseGoal, TextGoal
from enactive.errors import ConfigError, PlannerError
from enactive.perception.base import Belief, Detection
from enactive.perception.geodesic import distance_field
from enactive.perception.mapping import OccupancyMap
from enactive.planners.approach import standing_place
from enactive.planners.base import GoTo, Look, LookAt, Planner, Stop
from enactive.planners.semantic_frontier import SemanticFrontier
from enactive.planners.unigoal import UniGoal, candidates, pursuit
from enactive.planners.unigoal.frontier_score import FrontierWeights, nearness, score_frontiers


class World:
    """A body that does what it is told at once, in a map that does not change, before a scene that does not change."""

    def __init__(self, planner, goal, grid, graph, embodiment=WHEELS) -> None:
        self.planner, self.grid, self.graph = planner, grid, graph
        self.shows = lambda node: True
        self.taken_for = lambda node: (node.name, node.score)
        self.x, self.y, self.yaw, self.steps, self.stuck = 0.0, 0.0, 0.0, 0, False
        self.traces: list[dict] = []
        planner.reset(goal, embodiment)

    def step(self):
        self.steps += 1
        self.grid.position_m = np.array([self.x, self.y])
        blank = np.zeros((2, 2), dtype=bool)
        seen = tuple(Detection(*self.taken_for(n), blank, n.embedding, n.id) for n in self.graph if self.shows(n))
        belief = Belief(self.steps, body(self.x, self.y, self.yaw), self.grid, self.graph, seen)
        intent = self.planner.plan(belief)
        self.traces.append(dict(self.planner.trace))
        match intent:
            case Look():
                self.yaw += intent.yaw_rad
            case LookAt():
                self.yaw = math.atan2(intent.point_m[1] - self.y, intent.point_m[0] - self.x)
            case GoTo() if not self.stuck:
                (self.x, self.y), self.yaw = intent.point_m, intent.yaw_rad if intent.yaw_rad is not None else self.yaw
        return intent

    def run(self, most: int = 200):
        for _ in range(most):
            intent = self.step()
            if isinstance(intent, Stop):
                return intent
        raise AssertionError(f"no Stop in {most} steps: {self.traces[-1]}")

    def run_until(self, told: Callable[[str], bool], most: int = 60) -> None:
        """Until the reason of a step is one that was waited for."""
        for _ in range(most):
            self.step()
            if told(self.traces[-1]["reason"]):
                return
        raise AssertionError(f"not told in {most} steps: {self.traces[-1]}")


def planner(**switches) -> UniGoal:
    return UniGoal(encoder=Letters(), **switches)


ROLLER = Embodiment("roller", "base_twist", ("v", "w"), ("m/s", "rad/s"), (-0.5, -1.5), (0.5, 1.5), rate_hz=10.0)
BODIES = pytest.mark.parametrize(("embodiment", "pace"), [(WHEELS, 1), (ROLLER, 5)], ids=["discrete", "twist"])
ROOM = [(-3.0, -3.0, 3.0, 3.0)]


def mugs(*colours: str):
    """Mugs one metre apart along the wall at x = 2."""
    return scene(
        *(thing(k, "mug", (2.0, k - 1.0, 0.8), (0.05, 0.05, 0.05), **{colour: 0.9}) for k, colour in enumerate(colours))
    )


def test_it_is_a_planner() -> None:
    assert isinstance(planner(), Planner)
    assert isinstance(SemanticFrontier(encoder=Letters()), Planner)


def test_a_thing_in_sight_is_walked_up_to_and_verified() -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"))
    stop = world.run()
    assert stop.found
    assert math.dist((world.x, world.y), (2.0, -1.0)) < 1.0
    assert world.traces[-1]["stage"].startswith("3")
    assert world.traces[-1]["S"] == pytest.approx(1.0, abs=0.01)
    json.dumps(world.traces)


def test_the_right_one_of_several_is_taken() -> None:
    world = World(planner(), TextGoal("the blue mug"), floor(ROOM), mugs("red", "green", "blue"))
    assert world.run().found
    assert world.traces[-1]["matches"] == {"0": 2}
    assert math.dist((world.x, world.y), (2.0, 1.0)) < 1.0


def home(*rooms: str):
    """A toilet and a sofa, which stand in the rooms that are named."""
    things = (thing(0, "toilet", (2.0, 1.0, 0.4), room=0), thing(1, "sofa", (2.0, -1.5, 0.4), room=1))
    return scene(*things, rooms=dict(enumerate(rooms)))


@pytest.mark.parametrize(("room", "place"), [("bathroom", (2.0, 1.0)), ("living room", (2.0, -1.5))])
def test_a_room_is_found_where_its_things_stand(room: str, place: tuple[float, float]) -> None:
    world = World(planner(), ObjectGoal(room), floor(ROOM), home("bathroom", "living room"))
    assert world.run().found
    assert math.dist((world.x, world.y), place) < 1.0


def test_a_room_of_which_nothing_stands_here_is_not_found() -> None:
    assert not World(planner(), ObjectGoal("kitchen"), floor(ROOM), home("bathroom", "living room")).run().found


def test_what_is_told_by_its_colour_alone_is_any_thing_of_the_colour() -> None:
    graph = mugs("red", "green", "blue")
    graph.nodes[1].name = "book"
    world = World(planner(), TextGoal("something green"), floor(ROOM), graph)
    assert world.run().found
    assert world.traces[-1]["matches"] == {"0": 1}


def test_of_colours_that_are_not_known_none_is_the_one_that_was_told() -> None:
    world = World(planner(), TextGoal("something green"), floor(ROOM), mugs("red", "blue"))
    assert not world.run().found


def test_what_is_not_there_is_reported_after_all_is_explored() -> None:
    world = World(planner(), TextGoal("the spaceship"), floor(ROOM), mugs("red"))
    stop = world.run()
    assert not stop.found
    assert "not found: no spaceship" in stop.reason
    assert world.steps >= 11  # it looked all around first


def test_only_wrong_colours_are_no_find() -> None:
    stop = World(planner(), TextGoal("the blue mug"), floor(ROOM), mugs("red", "green")).run()
    assert not stop.found


def test_it_looks_around_first() -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene())
    first = [world.step() for _ in range(11)]
    assert all(isinstance(intent, Look) for intent in first)


def with_a_door() -> OccupancyMap:
    """The room with a doorway in the wall at x = 3, behind which nothing is known."""
    grid = floor(ROOM)
    a, b = grid.cell_of((3.0, -0.6)), grid.cell_of((3.1, 0.6))
    grid.obstacle[a[0] : b[0] + 1, a[1] : b[1]] = False
    grid.tall[a[0] : b[0] + 1, a[1] : b[1]] = False
    grid.version += 1
    return grid


def test_frontiers_are_explored_when_nothing_is_known() -> None:
    world = World(planner(), ObjectGoal("mug"), with_a_door(), scene())
    intents = [world.step() for _ in range(14)]
    towards = next(intent for intent in intents if isinstance(intent, GoTo))
    assert towards.point_m[0] > 2.0
    assert abs(towards.point_m[1]) < 1.0
    assert "expand" in world.traces[-1]["reason"]


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


@pytest.mark.parametrize("switch", [{"matching": "simple"}, {"projection": "simple"}, {"sigma_partial": 0.95}])
def test_switches_that_mean_nothing_are_refused(switch: dict) -> None:
    """An ablation that is spelled wrong would else be the whole method, or another one."""
    with pytest.raises(ConfigError, match=next(iter(switch))):
        planner(**switch)


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


def partial_world(**switches) -> World:
    """Table and sofa are known, the lamp that stands by both is not; the room is open to the north."""
    grid = floor(ROOM)
    a, b = grid.cell_of((-1.0, 3.0)), grid.cell_of((1.0, 3.1))
    for part in (grid.obstacle, grid.tall):
        part[a[0] : b[0], a[1] : b[1] + 1] = False
    grid.version += 1
    graph = scene(
        thing(1, "table", (0.8, 2.0, 0.4), (0.3, 0.3, 0.4)), thing(2, "sofa", (-0.8, 2.0, 0.4), (0.3, 0.3, 0.4)),
        relations={(1, 2): "next to"},
    )  # fmt: skip
    goal = TextGoal("the lamp next to the table next to the sofa")
    return World(planner(**switches), goal, grid, graph)


def test_stage_two_projects_the_missing_node_and_explores_there() -> None:
    world = partial_world()
    for _ in range(13):
        world.step()
    trace = world.traces[-1]
    assert trace["stage"].startswith("2")
    assert set(trace["matches"]) == {"1", "2"}
    assert "anchors point" in trace["reason"]
    x, y = trace["projected"]
    assert math.dist((x, y), (0.8, 2.0)) < 4.0


def test_anchors_that_lead_nowhere_are_listed_and_the_stage_falls_back() -> None:
    world = partial_world()
    world.grid = floor(ROOM)  # nothing left to explore
    for _ in range(13):
        world.step()
    assert any("anchors exhausted" in trace["reason"] for trace in world.traces)
    assert world.traces[-1]["blacklist"] > 0
    assert world.traces[-1]["stage"].startswith("1")
    assert not world.run().found


@pytest.mark.parametrize(
    "switches",
    [
        {"matching": "simplified"}, {"blacklist": False}, {"multi_stage": False}, {"decomposition": False},
        {"frontier_selection": False}, {"projection": "simplified"}, {"anchor_alignment": False}, {"correction": False},
        {"verification": False},
    ],
    ids=lambda switches: next(iter(switches)),
)  # fmt: skip
def test_every_ablation_runs_to_its_end(switches: dict) -> None:
    assert World(planner(**switches), ObjectGoal("mug"), floor(ROOM), mugs("red")).run().found
    world = partial_world(**switches)
    for _ in range(40):
        world.step()
    stages = {trace["stage"][0] for trace in world.traces}
    assert ("2" in stages) == ("multi_stage" not in switches)
    assert stages <= {"1", "2", "3"}


def test_time_runs_out() -> None:
    assert not World(planner(budget_steps=70), ObjectGoal("spaceship"), partial_world().grid, scene()).run(most=80).found


@BODIES
def test_a_place_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    counter, table = thing(1, "kitchen counter", (2.5, 0.0, 0.9)), thing(2, "dining table", (-2.5, 0.0, 0.7))
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene(counter, table), embodiment)
    world.shows = lambda node: False
    world.stuck = True
    walks: list[tuple[float, float]] = []
    for _ in range(60 * pace):
        intent = world.step()
        if isinstance(intent, Stop):
            break
        if isinstance(intent, GoTo):
            walks.append(intent.point_m)
    assert isinstance(intent, Stop)
    assert not intent.found
    assert {x > 0.0 for x, _ in walks} == {True, False}
    assert {walks.count(place) for place in walks} == {14 * pace}


@BODIES
def test_a_frontier_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    grid = floor(ROOM)
    for y in (3.0, -3.1):  # the room is open to both sides
        a, b = grid.cell_of((-1.0, y)), grid.cell_of((1.0, y + 0.1))
        for part in (grid.obstacle, grid.tall):
            part[a[0] : b[0], a[1] : b[1] + 1] = False
    world = World(planner(), ObjectGoal("mug"), grid, scene(), embodiment)
    world.stuck = True
    world.run_until(lambda reason: "expand" in reason)
    first = world.traces[-1]["frontier"]
    while world.traces[-1]["frontier"] == first:
        world.step()
    assert sum(trace.get("frontier") == first for trace in world.traces) == 13 * pace + 1


@BODIES
def test_the_place_before_a_thing_is_chosen_anew_every_six_moves(
    embodiment: Embodiment, pace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"), embodiment)
    world.stuck = True
    monkeypatch.setattr(pursuit, "standing_place", lambda *_: chosen.append(world.steps) or standing_place(*_))
    world.run_until(lambda reason: "walk up to mug" in reason)
    first = world.steps
    for _ in range(13 * pace):
        world.step()
    assert chosen == [first, first - 1 + 6 * pace, first - 1 + 12 * pace]


@BODIES
def test_a_thing_in_doubt_is_put_aside_after_four_looks(embodiment: Embodiment, pace: int) -> None:
    doubtful = thing(0, "mug", (2.0, 0.0, 0.8), (0.05, 0.05, 0.05), score=0.5)
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), scene(doubtful), embodiment)
    world.run_until(lambda reason: "is not it" in reason, most=60 * pace)
    assert sum(trace["reason"] == "look again" for trace in world.traces) == 3  # and the fourth decides


@BODIES
def test_a_thing_that_the_body_does_not_get_to_is_left(embodiment: Embodiment, pace: int) -> None:
    world = World(planner(), ObjectGoal("mug"), floor(ROOM), mugs("red"), embodiment)
    world.stuck = True
    world.run_until(lambda reason: "cannot be reached" in reason, most=300)
    # from two places on the side that it was seen from, and from two on any side
    assert sum("walk up to mug" in trace["reason"] for trace in world.traces) == 4 * (14 * pace + 1)


def test_goals_that_cannot_be_served_are_refused() -> None:
    with pytest.raises(PlannerError, match="goal picture"):
        planner().reset(ImageGoal(np.zeros((8, 64, 3), np.uint8)), WHEELS)
    with pytest.raises(PlannerError, match="PoseGoal"):
        planner().reset(PoseGoal(np.eye(4)), WHEELS)
    with pytest.raises(PlannerError, match="empty"):
        planner().reset(ObjectGoal("  "), WHEELS)
    lost = planner()
    lost.reset(ObjectGoal("mug"), WHEELS)
    with pytest.raises(PlannerError, match="map and a scene graph"):
        lost.plan(Belief(1, body()))


def test_the_same_belief_gives_the_same_decisions() -> None:
    runs = []
    for _ in range(2):
        world = partial_world()
        runs.append([repr(world.step()) for _ in range(20)])
    assert runs[0] == runs[1]


def test_nearness_by_hand() -> None:
    assert nearness(np.array([0.0, 1.2, 6.2, 11.2, 30.0])).tolist() == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])


def test_meaning_can_outweigh_a_longer_way() -> None:
    points, ways, sizes = np.zeros((2, 2)), np.array([2.0, 5.0]), np.ones(2)
    relevance = [np.array([0.1, 0.8])]
    assert score_frontiers(points, ways, sizes, [], FrontierWeights()).argmax() == 0
    assert score_frontiers(points, ways, sizes, relevance, FrontierWeights()).argmax() == 1
    assert score_frontiers(points, ways, sizes, relevance, FrontierWeights(meaning=0.1)).argmax() == 0


def test_the_semantic_baseline_prefers_the_likely_side() -> None:
    grid = floor([(-4.0, -1.0, 4.0, 1.0)])
    for x in (-4.1, 4.0):
        a, b = grid.cell_of((x, -0.8)), grid.cell_of((x + 0.1, 0.8))
        for part in (grid.obstacle, grid.tall):
            part[a[0] : b[0], a[1] : b[1]] = False
    grid.version += 1
    graph = scene(thing(1, "stove", (3.5, 0.9, 0.5)), thing(2, "bed", (-3.5, 0.9, 0.5)))
    for goal, side in (("kettle", 1.0), ("pillow", -1.0)):
        world = World(SemanticFrontier(encoder=Letters()), ObjectGoal(goal), grid, graph)
        towards = next(intent for intent in (world.step() for _ in range(20)) if isinstance(intent, GoTo))
        assert towards.point_m[0] * side > 2.0
    assert np.isfinite(distance_field(grid, np.zeros(2)).at(np.array([3.0, 0.0])))
