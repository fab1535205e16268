"""The perceivers end to end: belief from box worlds and from Household, and every faulty sensor with its own sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from boxworld import K, Thing, detections_of, look_at, orbit, render, word_vector

from enactive.envs import CameraFrame, Embodiment, ImageGoal, ObjectGoal, Observation, TaskGoal, TextGoal
from enactive.envs.embodiment import CameraInfo
from enactive.errors import ConfigError, PerceptionError
from enactive.perception import Perceiver
from enactive.perception.colours import EXAMPLES as COLOURS
from enactive.perception.embedded import EmbeddedPerceiver, goal_words
from enactive.perception.oracle import OraclePerceiver
from enactive.perception.sensor_checks import SAME_STAMPS, STAND_S

BODY = Embodiment(
    "box", "discrete", ("stop",), cameras=(CameraInfo("head", 160, 120, 1.38, (0.1, 5.0)),), radius_m=0.18, height_m=1.0
)
STOVE = Thing("stove", (0.6, 0.0, 0.4), (0.6, 0.6, 0.8), (128, 128, 130))
POT = Thing("pot", (0.6, 0.0, 0.9), (0.25, 0.25, 0.2), (30, 75, 190))
FAR = Thing("sofa", (-4.0, 0.0, 0.4), (0.9, 2.0, 0.8), (40, 140, 50))
THINGS = [STOVE, POT, FAR]


def observe(pose, stamp_s, things=THINGS):
    frame, label = render(things, pose, stamp_s)
    base = np.eye(4)
    base[:2, 3] = pose[:2, 3]
    base[:2, 0] = pose[:2, 2] / np.linalg.norm(pose[:2, 2])
    base[:2, 1] = (-base[1, 0], base[0, 0])
    return Observation({"head": frame}, base, stamp_s=stamp_s), label


class Words:
    def encode(self, texts):
        return np.array([word_vector(text) for text in texts], dtype=np.float32).reshape(-1, 64)


class Labels:
    """A detector that reads the renderer's labels."""

    def __init__(self, things=THINGS):
        self.text, self.things, self.words, self.label = Words(), things, None, None

    def reset(self, words):
        self.words = tuple(words)

    def detect(self, observation):
        frame = next(iter(observation.cameras.values()))
        _, label = render(self.things, frame.T_world_camera)
        return tuple(detections_of(self.things, label)[0])


@dataclass
class Truth:
    category: str
    colour: str
    material: str = "metal"
    shape: str = ""


class BoxOracle:
    objects = (Truth("stove", "grey"), Truth("pot", "blue"), Truth("sofa", "green"))

    def __init__(self):
        self.label = None

    def segmentation(self):
        return self.label.astype(np.int32)

    @property
    def apartment(self):
        bounds = [SimpleNamespace(centre=(0.0, 0.0, 0.0), half_size=np.array(thing.size) / 2) for thing in THINGS]
        return SimpleNamespace(objects=[SimpleNamespace(asset=SimpleNamespace(bounds=box)) for box in bounds])

    def pose(self, object_id):
        pose = np.eye(4)
        pose[:3, 3] = THINGS[object_id].centre
        return pose


@pytest.fixture
def perceiver():
    made = EmbeddedPerceiver(Labels())
    made.reset(BODY)
    return made


def walk(perceiver, poses, oracle=None):
    for k, pose in enumerate(poses):
        observation, label = observe(pose, 0.1 * k)
        if oracle is not None:
            oracle.label = label
        belief = perceiver.update(observation)
    return belief


def test_both_fulfil_the_contract():
    assert isinstance(EmbeddedPerceiver(Labels()), Perceiver)
    assert isinstance(OraclePerceiver(), Perceiver)


def test_the_belief_holds_map_graph_and_detections_that_point_into_it(perceiver):
    belief = walk(perceiver, orbit((0.6, 0.0), 2.0, 12))
    assert belief.step == 12
    assert {"stove", "pot"} <= {node.name for node in belief.scene_graph}
    stove, pot = (next(node for node in belief.scene_graph if node.name == name) for name in ("stove", "pot"))
    assert belief.scene_graph.relations[pot.id, stove.id] == "on"
    assert max((word for word in pot.attributes if word in COLOURS), key=pot.attributes.__getitem__) == "blue"
    lifted = [found for found in belief.detections if found.node_id >= 0]
    assert len(lifted) >= 2
    assert all(belief.scene_graph.nodes[found.node_id].name == found.name for found in lifted)
    assert belief.map.obstacle[tuple(belief.map.cell_of((0.32, 0.0)))]
    assert belief.scene_graph.rooms[stove.room].name == "kitchen"


def test_reset_forgets(perceiver):
    walk(perceiver, orbit((0.6, 0.0), 2.0, 5))
    perceiver.reset(BODY)
    observation, _ = observe(look_at((-3.0, 3.0, 1.0), (-4.0, 0.0, 0.4)), 0.0)
    belief = perceiver.update(observation)
    assert belief.step == 1
    assert {node.name for node in belief.scene_graph} == {"sofa"}


def test_uncertain_segments_stay_out_of_the_graph():
    perceiver = EmbeddedPerceiver(Labels(), min_score=0.95)
    perceiver.reset(BODY)
    assert len(walk(perceiver, orbit((0.6, 0.0), 2.0, 3)).scene_graph) == 0


def test_the_oracle_knows_what_was_in_view_and_nothing_else():
    oracle, perceiver = BoxOracle(), OraclePerceiver(text=Words())
    perceiver.bind(oracle)
    perceiver.reset(BODY)
    belief = walk(perceiver, [look_at((-1.5 + 0.1 * k, 0.0, 1.0), (0.6, 0.0, 0.5)) for k in range(5)], oracle)
    nodes = {node.name: node for node in belief.scene_graph}
    assert set(nodes) == {"stove", "pot"}  # the sofa stands behind
    assert nodes["pot"].attributes == {"blue": 1.0, "metal": 1.0}
    assert nodes["pot"].score == 1.0
    assert nodes["stove"].centre_m[0] < STOVE.centre[0]  # only its front was seen
    assert np.allclose(nodes["pot"].embedding, word_vector("pot"), atol=1e-6)


def test_the_oracle_counts_only_pixels_in_depth_range_and_enough_of_them():
    oracle = BoxOracle()
    near_only = replace(BODY, cameras=(CameraInfo("head", 160, 120, 1.38, (0.1, 1.5)),))
    for body, area, seen in ((near_only, 20, set()), (BODY, 10**5, set()), (BODY, 20, {"stove", "pot"})):
        perceiver = OraclePerceiver(text=Words(), min_area_px=area)
        perceiver.bind(oracle)
        perceiver.reset(body)
        belief = walk(perceiver, [look_at((-2.0, 0.0, 1.0), (0.6, 0.0, 0.5))], oracle)
        assert {node.name for node in belief.scene_graph} == seen


def test_what_depth_looks_through_is_placed_where_it_stands():
    oracle, perceiver = BoxOracle(), OraclePerceiver(text=Words())
    perceiver.bind(oracle)
    perceiver.reset(BODY)
    for k in range(4):
        pose = look_at((-1.5, 0.3 * k, 1.0), (0.6, 0.0, 0.5))
        oracle.label = observe(pose, 0.1 * k)[1]
        behind = observe(pose, 0.1 * k, [STOVE])[0]  # the pot is glass: depth is that of the world without it
        belief = perceiver.update(behind)
    pot = next(node for node in belief.scene_graph if node.name == "pot")
    assert np.linalg.norm(pot.centre_m - POT.centre) < 0.2  # without the correction: 0.5


def test_the_oracle_must_be_bound_and_both_must_be_reset():
    with pytest.raises(ConfigError, match="bind"):
        OraclePerceiver(text=Words()).reset(BODY)
    observation, _ = observe(next(iter(orbit((0.6, 0.0), 2.0, 1))), 0.0)
    bound = OraclePerceiver(text=Words())
    bound.bind(BoxOracle())
    for perceiver in (bound, EmbeddedPerceiver(Labels())):
        with pytest.raises(ConfigError, match="reset"):
            perceiver.update(observation)


def broken(part, **changes):
    observation, _ = observe(next(iter(orbit((0.6, 0.0), 2.0, 1))), 0.0)
    if part == "camera":
        return replace(observation, cameras={"head": replace(observation.cameras["head"], **changes)})
    return replace(observation, **changes)


@pytest.mark.parametrize(
    ("observation", "says"),
    [
        (broken("body", cameras={}), "no camera picture"),
        (broken("camera", depth=None), "no depth"),
        (broken("camera", depth=np.full((120, 160), np.nan, dtype=np.float32)), "no finite depth"),
        (broken("camera", depth=np.ones((60, 80), dtype=np.float32)), "differ in size"),
        (broken("camera", rgb=np.ones((120, 160, 3), dtype=np.float32)), "uint8"),
        (broken("camera", K=np.full((3, 3), np.nan)), "no finite, invertible 3x3 matrix"),
        (broken("camera", K=np.diag([0.0, 120.0, 1.0])), "no finite, invertible 3x3 matrix"),
        (broken("camera", K=np.eye(4)), "no finite, invertible 3x3 matrix"),
        (broken("camera", T_world_camera=np.full((4, 4), np.nan)), "finite 4x4"),
        (broken("body", T_world_base=None), "does not know its pose"),
        (broken("body", T_world_base=np.full((4, 4), np.nan)), "finite 4x4"),
    ],
)
def test_missing_and_corrupt_sensors_are_refused(perceiver, observation, says):
    with pytest.raises(PerceptionError, match=says):
        perceiver.update(observation)


def late(pose, frame, stamp_s):
    """An observation from a pose that shows an older frame."""
    return replace(observe(pose, stamp_s)[0], cameras={"head": frame})


def test_a_camera_whose_stamp_stands_still_while_the_base_moves_is_frozen(perceiver):
    poses = list(orbit((0.6, 0.0), 2.0, 12))
    first = observe(poses[0], 1.0)[0]
    frame = first.cameras["head"]
    perceiver.update(first)
    perceiver.update(late(poses[1], frame, 1.0 + 0.9 * STAND_S))  # so long it may take
    with pytest.raises(PerceptionError, match="frozen: the base moved and its stamp"):
        perceiver.update(late(poses[1], frame, 1.0 + 1.1 * STAND_S))


def test_a_loop_that_turns_faster_than_its_camera_sees_each_picture_once():
    """20 observations a second, 15 pictures a second, while the base moves on: the belief of the pictures alone."""
    poses = [look_at((-1.5, y, 1.0), (0.6, 0.0, 0.6)) for y in np.linspace(-0.8, 0.8, 30)]
    looping, seeing = EmbeddedPerceiver(Labels()), EmbeddedPerceiver(Labels())
    looping.reset(BODY)
    seeing.reset(BODY)
    last, belief = None, None
    for k, pose in enumerate(poses):
        taken = int(k / 20 * 15)
        newest = observe(poses[int(taken / 15 * 20)], taken / 15)[0]
        if taken != last:
            belief, shown = looping.update(replace(newest, stamp_s=k / 20)), seeing.update(newest)
        else:
            now = late(pose, newest.cameras["head"], k / 20)
            same = looping.update(now)
            assert (same.step, same.detections) == (belief.step + 1, belief.detections)
            assert same.observation is now, "with where the body is now"
            np.testing.assert_array_equal(same.map.position_m, now.T_world_base[:2, 3])
            belief = same
        last = taken
    assert shown.step < belief.step == len(poses)
    assert belief.map.version == shown.map.version
    assert {node.name: node.sightings for node in belief.scene_graph} == {
        node.name: node.sightings for node in shown.scene_graph
    }


def test_a_camera_that_repeats_its_picture_under_new_stamps_is_frozen(perceiver):
    poses = list(orbit((0.6, 0.0), 2.0, 12))
    first = observe(poses[0], 0.0)[0]
    perceiver.update(first)
    repeats = [
        replace(observe(poses[k], float(k))[0], cameras={"head": replace(first.cameras["head"], stamp_s=float(k))})
        for k in (1, 2)
    ]
    perceiver.update(repeats[0])
    with pytest.raises(PerceptionError, match="frozen"):
        perceiver.update(repeats[1])


@pytest.mark.parametrize(("kept", "said"), [("rgb", "colour"), ("depth", "depth")])
def test_colour_or_depth_alone_that_stays_while_the_other_goes_on_is_frozen(perceiver, kept, said):
    poses = list(orbit((0.6, 0.0), 2.0, 12))
    seen = [observe(pose, 0.6 * k)[0] for k, pose in enumerate(poses)]
    old = getattr(seen[0].cameras["head"], kept)
    for k in range(8):  # one of the two may be slower
        perceiver.update(replace(seen[k], cameras={"head": replace(seen[k].cameras["head"], **{kept: old})}))
    with pytest.raises(PerceptionError, match=rf"the {said} of camera 'head' is frozen: the base moved 8 times .* 4\.8 s"):
        perceiver.update(replace(seen[8], cameras={"head": replace(seen[8].cameras["head"], **{kept: old})}))


def test_slow_depth_after_a_long_rest_is_no_fault(perceiver):
    poses = list(orbit((0.6, 0.0), 2.0, 60))[:20]
    seen = [observe(poses[0], float(k))[0] for k in range(7)]  # at rest
    seen += [observe(pose, 6.0 + 0.3 * k)[0] for k, pose in enumerate(poses[1:], 1)]
    for k, observation in enumerate(seen):
        depth = seen[k - k % 9].cameras["head"].depth  # the same from before it starts until it has moved twice
        perceiver.update(replace(observation, cameras={"head": replace(observation.cameras["head"], depth=depth)}))


def test_another_camera_has_stamps_of_its_own(perceiver):
    first, second = (observe(pose, 1.0 + k)[0] for k, pose in enumerate(orbit((0.6, 0.0), 2.0, 2)))
    perceiver.update(first)
    perceiver.update(replace(second, cameras={"rear": replace(second.cameras["head"], stamp_s=0.5)}))


def test_depth_at_a_third_of_the_rate_of_colour_is_no_fault(perceiver):
    seen = [observe(pose, 0.1 * k)[0] for k, pose in enumerate(orbit((0.6, 0.0), 2.0, 60))]
    for k, observation in enumerate(seen[:12]):
        depth = seen[k - k % 3].cameras["head"].depth
        perceiver.update(replace(observation, cameras={"head": replace(observation.cameras["head"], depth=depth)}))


def test_a_stamp_that_runs_back_is_refused(perceiver):
    first, second = (observe(pose, 1.0 + k)[0] for k, pose in enumerate(orbit((0.6, 0.0), 2.0, 2)))
    perceiver.update(first)
    with pytest.raises(PerceptionError, match=r"the stamp of the observation went from 1\.000 s to 0\.500 s"):
        perceiver.update(replace(second, stamp_s=0.5))
    with pytest.raises(PerceptionError, match=r"the stamp of camera 'head' went from 1\.000 s to 0\.900 s"):
        perceiver.update(replace(second, cameras={"head": replace(second.cameras["head"], stamp_s=0.9)}))


def test_a_clock_that_stands_still_is_frozen_even_at_rest(perceiver):
    pose = next(iter(orbit((0.6, 0.0), 2.0, 1)))
    for _ in range(SAME_STAMPS):
        perceiver.update(observe(pose, 1.0)[0])
    with pytest.raises(PerceptionError, match="stamp stands"):
        perceiver.update(observe(pose, 1.0)[0])


def test_standing_still_and_looking_at_a_bare_wall_are_no_faults(perceiver):
    pose = next(iter(orbit((0.6, 0.0), 2.0, 1)))
    for k in range(15):
        perceiver.update(observe(pose, float(k))[0])
    for k in range(15, 30):
        perceiver.update(late(pose, observe(pose, 14.0)[0].cameras["head"], float(k)))
    grey = np.full((120, 160, 3), 128, dtype=np.uint8)
    for k in range(15):
        base = np.eye(4)
        base[0, 3] = 0.25 * k
        frame = CameraFrame(grey, np.zeros((120, 160), dtype=np.float32), K, pose, 100.0 + k)
        perceiver.update(Observation({"head": frame}, base, stamp_s=100.0 + k))


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (None, ()),
        (ImageGoal(np.zeros((2, 2, 3), dtype=np.uint8)), ()),
        (ObjectGoal("spaceship"), ("spaceship",)),
        (TextGoal("the red mug on the kitchen counter"), ("mug", "kitchen counter")),
        (TextGoal("the small blue spaceship next to the sofa"), ("small spaceship", "sofa")),
        (TaskGoal("Put a clean mug in the microwave."), ("mug", "microwave")),
        (ObjectGoal("knives"), ("knife",)),
        (ObjectGoal("couch"), ("couch",)),
        (ObjectGoal("bathroom"), ()),
        (ObjectGoal("big bedroom"), ()),
        (ObjectGoal("living room"), ()),
        (ObjectGoal("toy kitchen"), ("toy kitchen",)),
        (TextGoal("the bed in the cosy kids bedroom"), ("bed",)),
        (TextGoal("the dirty laundry in the laundry room"), ("dirty laundry",)),
        (ObjectGoal("glass"), ("glass",)),
        (ObjectGoal("carpet"), ("carpet",)),
        (ObjectGoal("paper"), ("paper",)),
        (ObjectGoal("stone"), ("stone",)),
        (ObjectGoal("doll house"), ("doll house",)),
        (ObjectGoal("bird house"), ("bird house",)),
        (ObjectGoal("toy house"), ("toy house",)),
        (TextGoal("the wooden doll house on the shelf"), ("wooden doll house", "shelf")),
        (TextGoal("the lamp made of wood in the corner of the master bedroom"), ("lamp",)),
        (TextGoal("another spaceship"), ("spaceship",)),
        (TextGoal("the mug that's on the table that stands over the mat"), ("mug", "dining table", "rug")),
        (TextGoal("the keys I left on the desk in the big bedroom"), ("key", "desk")),
        (TextGoal("something red nearest the sofa"), ("sofa",)),
    ],
)
def test_words_of_the_goal(goal, words):
    assert goal_words(goal) == words


def test_the_detector_is_told_the_words_of_the_goal():
    perceiver = EmbeddedPerceiver(Labels())
    perceiver.reset(BODY, ObjectGoal("spaceship"))
    assert perceiver.detector.words == ("spaceship",)


def test_the_oracle_in_an_apartment_agrees_with_where_things_are():
    household = pytest.importorskip("enactive.envs.household.env")
    env = household.Household(seed=0, rooms=4)
    try:
        obs, _ = env.reset(seed=1)
        perceiver = OraclePerceiver(text=Words())
        perceiver.bind(env.oracle)
        perceiver.reset(env.embodiment)
        for _ in range(12):
            belief = perceiver.update(Observation.from_gym(obs))
            obs, *_ = env.step(2)
        assert len(belief.scene_graph) >= 5
        true = {}
        for placed in env.oracle.apartment.objects:
            bounds = placed.asset.bounds
            centre = env.oracle.pose(placed.id) @ np.array([*bounds.centre, 1.0])
            true.setdefault(placed.asset.category, []).append((centre[:3], max(bounds.half_size[:2])))
        for node in belief.scene_graph:  # a part of the thing was seen, and nothing outside of it
            off = [np.linalg.norm(centre[:2] - node.centre_m[:2]) - reach for centre, reach in true[node.name]]
            assert min(off) < 0.1, node.name
    finally:
        env.close()
