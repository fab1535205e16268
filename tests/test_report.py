"""What is left of `enactive run` for a person to read: the page with its drawings, the record and the video."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from report_page import data_of, picture_of, read_page, section, words
from rich.console import Console
from unigoal_scenes import body, floor, scene, thing
from unigoal_world import ROOM, World, planner

from enactive.agents.cli import main
from enactive.agents.episode import Episode, Step
from enactive.agents.progress import LiveLine
from enactive.agents.report.graphs import COLUMN, draw_graphs
from enactive.agents.report.graphs import MATCH as MATCHED
from enactive.agents.report.record import episode_json
from enactive.agents.report.run_folder import HELD_FRAMES
from enactive.agents.report.timeline import CURVES
from enactive.agents.report.views import BODY, FREE, MATCH, OBSTACLE, PATH, WALL
from enactive.envs import ObjectGoal, TextGoal
from enactive.envs.household.suites import load_suite, ready
from enactive.perception import Belief

GRAPHS = "Map, scene graph and goal graph"


@dataclass(frozen=True)
class Run:
    """The folder of a run, its record and its page read back, and what was printed."""

    folder: Path
    record: dict[str, Any]
    page: Element
    printed: str


def run_of(out: Path, *arguments: str) -> Run:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["run", *arguments, "--out", str(out)]) == 0
    (folder,) = out.iterdir()
    record = json.loads((folder / "episode.json").read_text())
    return Run(folder, record, read_page(folder / "report.html"), printed.getvalue())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A toilet that is found in 24 steps."""
    parts = ["--perceiver", "OraclePerceiver", "--env.rooms", "3", "--max_steps", "60"]
    return run_of(tmp_path_factory.mktemp("runs"), "find a toilet", *parts)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of a bookshelf in an apartment of three rooms, seed 29."""
    (episode,) = [each for each in load_suite("household/imagenav", "train") if each.id == "imagenav-train-29-0"]
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(ready(episode).goal.image).save(path)
    return path


@pytest.fixture(scope="module")
def pictured(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Looked for from pixels, in 40 steps."""
    parts = ["--env.seed", "29", "--env.max_steps", "40", "--max_steps", "40"]
    return run_of(tmp_path_factory.mktemp("runs"), "--goal-image", str(photo), *parts)


def test_the_record_says_the_versions_of_all_that_the_package_requires() -> None:
    versions = episode_json(Episode(ObjectGoal("mug")), {})["versions"]
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    required = {re.findall(r"^[\w-]+", line)[0] for line in project["dependencies"]}
    assert {"transformers", "safetensors", "tokenizers", "networkx"} <= required <= set(versions)
    assert {"enactive", "python", *project["optional-dependencies"]} - {"data", "robot", "rerun", "dev"} <= set(versions)
    assert "pytest" not in versions  # of those who develop it
    for name in ("enactive", "transformers", "jsonargparse"):  # the last is required with an extra of its own
        assert versions[name] == importlib.metadata.version(name)


def test_a_run_leaves_a_folder_that_shows_it(run: Run) -> None:
    assert run.folder.name.endswith("find-a-toilet")
    record = run.record
    assert record["schema_version"] == 1
    assert record["goal"] == {"kind": "ObjectGoal", "words": "find a toilet"}
    assert record["config"]["env"]["arguments"]["rooms"] == 3
    assert 0 < len(record["steps"]) <= 60
    assert record["result"]["metrics"]["walked_m"] > 0
    with av.open(str(run.folder / "video.mp4")) as video:
        frames = sum(1 for _ in video.decode(video=0))
    assert record["steps"][-1]["intent"]["kind"] == "Stop"
    assert frames == len(record["steps"]) - 1 + HELD_FRAMES  # the picture at the stop is held for a second
    assert str(run.folder) in run.printed


def test_what_is_printed_meanwhile_tells_step_way_stage_and_score(run: Run) -> None:
    """Every 25th step, and the first, since what it is printed to is no terminal."""
    steps = run.record["steps"]
    walked = np.cumsum([0.0, *np.linalg.norm(np.diff([step["xy_yaw"][:2] for step in steps], axis=0), axis=1)])
    told = [line for line in run.printed.splitlines() if line.startswith("step ")]
    assert len(told) == len(steps[::25]) >= 1
    for line, step in zip(told, steps[::25], strict=True):
        at = step["index"]
        beginning = (
            f"step {at + 1:3d}  walked {walked[at]:5.1f} m  stage {step['trace']['stage']}  S {step['trace']['S']:.2f}  "
        )
        assert line.startswith(beginning), line


def test_on_a_terminal_one_line_is_renewed_with_the_way_that_was_walked() -> None:
    shown = Console(file=io.StringIO(), force_terminal=True, width=200)
    line = LiveLine(shown)
    line.start(None, None, None)  # type: ignore[arg-type]
    for index, (x, y) in enumerate([(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)]):
        pose = np.eye(4)
        pose[:2, 3] = x, y
        trace = {"stage": "2 partial matching", "S": 0.625, "reason": "explore where the anchors point"}
        line.step(SimpleNamespace(index=index, T_world_base=pose, trace=trace), SimpleNamespace(scene_graph=range(9)))
    line.end(SimpleNamespace(found=True, outcome="stopped", steps=[None] * 3, reason="found mug"), None)
    told = ["step   3", "walked   7.0 m", "stage 2 partial matching", "S 0.62", "9 objects", "explore where the anchors point"]
    assert "  ".join(told) in shown.file.getvalue()
    assert shown.file.getvalue().splitlines()[-1].endswith("found after 3 steps (stopped) found mug")


def test_the_page_needs_nothing_but_itself(run: Run) -> None:
    addresses = [each.attrib[name] for each in run.page.iter() for name in ("src", "href") if name in each.attrib]
    assert len(addresses) >= 4  # the video, the map, two key frames
    assert all(address.startswith("data:") for address in addresses)
    assert "http" not in (run.folder / "report.html").read_text()
    (clip,) = section(run.page, "Video").iter("video")
    assert data_of(clip.attrib["src"]) == (run.folder / "video.mp4").read_bytes()


def test_the_page_says_what_came_of_it_in_every_metric(run: Run) -> None:
    assert run.page.findtext(".//h1") == "find a toilet"
    (verdict,) = [words(each) for each in run.page.iter("p") if each.attrib.get("class", "").startswith("verdict")]
    assert verdict == "the agent says: done (found toilet). The oracle says: success."
    (tiles,) = [each for each in run.page.iter("section") if each.attrib.get("class") == "tiles"]
    shown = {tile.findtext("span"): tile.findtext("b") for tile in tiles}
    told = {name.replace("_", " "): value for name, value in run.record["result"]["metrics"].items()}
    assert told["success"] is True
    assert told["walked m"] > 1.0
    expected = {name: "yes" if value is True else format(value, ".3g") for name, value in told.items()}
    assert {name: shown.get(name) for name in expected} == expected
    assert shown["steps"] == str(len(run.record["steps"]))


def scene_nodes(drawing: Element) -> list[tuple[str, NDArray[np.float64], bool]]:
    """(name, pixel, matched) of the nodes on the map, in the order of the scene graph, those that were ever matched last."""
    return [node for node in _nodes(drawing) if node[1][0] >= COLUMN]


def goal_nodes(drawing: Element) -> list[tuple[str, NDArray[np.float64], bool]]:
    """The same of the nodes in the column beside the map."""
    return [node for node in _nodes(drawing) if node[1][0] < COLUMN]


def _nodes(drawing: Element) -> Iterator[tuple[str, NDArray[np.float64], bool]]:
    for group in drawing.iter("g"):
        (circle,) = group.iter("circle")
        place = np.array([float(circle.attrib["cx"]), float(circle.attrib["cy"])])
        yield group.findtext("text") or "", place, "matched" in group.attrib["class"].split()


def lines(drawing: Element, title: str) -> list[NDArray[np.float64]]:
    """The two ends, (2, 2) pixels, of the lines with a title."""
    ends = [[[float(line.attrib[f"{axis}{end}"]) for axis in "xy"] for end in "12"] for line in drawing.iter("line")
            if line.findtext("title") == title]  # fmt: skip
    return [np.array(each) for each in ends]


def test_the_page_draws_the_way_on_the_map(run: Run) -> None:
    (drawing,) = section(run.page, GRAPHS).iter("svg")
    (image,) = drawing.iter("image")
    picture = picture_of(image.attrib["href"])
    assert picture.shape == (720, 720, 3)
    share = {colour: (picture == colour).all(axis=-1).mean() for colour in (FREE, OBSTACLE, WALL, PATH, BODY)}
    assert share[FREE] > 0.1
    assert min(share[OBSTACLE], share[WALL]) > 0.003
    assert min(share[PATH], share[BODY]) > 0.0
    # where a place of the world lies in the picture follows from the nodes; there the way must be blue, under the body red
    matches = [set(step["trace"]["matches"].values()) for step in run.record["steps"]]
    drawn = sorted(
        run.record["scene_graph"]["nodes"], key=lambda node: (node["id"] in matches[-1], node["id"] in set().union(*matches))
    )
    centres = np.array([node["centre_m"][:2] for node in drawn])
    pixels = np.array([place for _, place, _ in scene_nodes(drawing)]) - [COLUMN, 0]
    to_pixel, *_ = np.linalg.lstsq(np.column_stack([centres, np.ones(len(centres))]), pixels, rcond=None)
    way = np.column_stack(
        [np.array([step["xy_yaw"] for step in run.record["steps"]])[:, :2], np.ones(len(run.record["steps"]))]
    )
    for u, v in np.rint(way @ to_pixel).astype(int):
        around = picture[v - 2 : v + 3, u - 2 : u + 3].reshape(-1, 3)
        assert any((around == colour).all(axis=-1).any() for colour in (PATH, BODY)), (u, v)


def test_the_page_draws_both_graphs_and_their_match(run: Run) -> None:
    (drawing,) = section(run.page, GRAPHS).iter("svg")
    graph = run.record["scene_graph"]
    assert len(graph["nodes"]) > 20
    assert Counter(name for name, _, _ in scene_nodes(drawing)) == Counter(node["name"] for node in graph["nodes"])
    written = [words(each) for each in drawing.iter("text") if each.attrib.get("class") == "room"]
    assert written[:-1] == [room["name"] for room in graph["rooms"]]
    assert "bathroom" in written
    assert written[-1] == "goal graph"
    assert len(lines(drawing, "on")) > 3  # relations
    beside = {frozenset((a, b)) for a, b, relation in graph["relations"] if relation == "next to"}
    assert len(lines(drawing, "next to")) == len(beside) > 5  # once for both directions
    ((name, goal_place, matched),) = goal_nodes(drawing)
    assert (name, matched) == ("toilet", True)
    ((name, scene_place),) = [(name, place) for name, place, matched in scene_nodes(drawing) if matched]
    assert name == "toilet"
    (match,) = lines(drawing, "match")
    np.testing.assert_array_equal(match, [goal_place, scene_place])


class Table:
    """A mug is looked for that stands on a table. First one is seen elsewhere, then another one on the table."""

    def __init__(self) -> None:
        self.graph = scene(
            thing(1, "table", (1.0, 1.0, 0.4), (0.3, 0.3, 0.4)), thing(2, "mug", (-2.0, 0.0, 0.8)),
            thing(3, "sofa", (1.0, -1.0, 0.4)), thing(5, "painting", (2.9, -2.0, 1.5)),
            relations={(1, 3): "next to", (3, 1): "next to"},
        )  # fmt: skip
        self.world = World(planner(), TextGoal("the mug on the table"), floor(ROOM), self.graph)
        self.world.step()

    def see_the_other(self) -> None:
        self.graph.nodes[4] = thing(4, "mug", (1.2, 0.9, 0.85))
        self.graph.relate(4, 1, "on")
        self.world.step()

    def drawing(self) -> Element:
        steps = [Step(k, None, None, None, None, trace, {}, 0.0, {}) for k, trace in enumerate(self.world.traces)]
        belief = Belief(len(steps), body(), self.world.grid, self.graph)
        return fromstring(draw_graphs(belief, [(0.0, 0.0)], Episode(TextGoal(""), steps=steps)) or "")


def strokes(drawing: Element, title: str) -> list[tuple[str, str, bool]]:
    """(colour, width, dashed) of the lines with a title."""
    return [(line.attrib["stroke"], line.attrib["stroke-width"], "stroke-dasharray" in line.attrib)
            for line in drawing.iter("line") if line.findtext("title") == title]  # fmt: skip


def test_a_relation_that_is_matched_is_drawn_with_its_partner() -> None:
    table, said = Table(), "matched with: mug on table"
    assert lines(table.drawing(), said) == []  # a mug and a table, but the one is not on the other
    assert strokes(table.drawing(), "on") == [("#667", "2", False)]  # of the goal graph
    table.see_the_other()
    drawing = table.drawing()
    assert table.world.traces[-1]["edge_matches"] == {"0": [4, 1]}
    assert strokes(drawing, "on") == [("#8aa0c8", "1", False), (MATCHED, "3", False)]  # of the scene graph, of the goal graph
    places = {name: place for name, place, matched in scene_nodes(drawing) if matched}
    goal = {name: place for name, place, _ in goal_nodes(drawing)}
    between, relation = lines(drawing, said)
    np.testing.assert_array_equal(relation, [places["mug"], places["table"]])
    np.testing.assert_allclose(between, [(goal["mug"] + goal["table"]) / 2, (places["mug"] + places["table"]) / 2], atol=0.5)
    assert strokes(drawing, said) == [(MATCHED, "1", True), (MATCHED, "3", False)]


def test_a_relation_that_was_matched_with_what_is_gone_is_not_drawn() -> None:
    table = Table()
    table.see_the_other()
    table.graph.drop(4)
    assert lines(table.drawing(), "matched with: mug on table") == []
    assert strokes(table.drawing(), "on") == [("#667", "2", False)]


def test_what_was_matched_before_stays_marked() -> None:
    table = Table()
    table.see_the_other()
    kinds = {group.findtext("title"): group.attrib["class"] for group in table.drawing().iter("g")}
    (former,) = [title for title, kind in kinds.items() if kind == "node earlier"]
    assert former.startswith("mug ")
    assert former.endswith("; matched with mug until step 1")
    assert sorted(title.split()[0] for title, kind in kinds.items() if kind == "node matched") == [
        "mug",
        "mug",
        "table",
        "table",
    ]
    assert {title.split()[0] for title, kind in kinds.items() if kind == "node"} == {"sofa", "painting"}


def test_a_relation_that_was_matched_before_stays_marked() -> None:
    table = Table()
    table.see_the_other()
    table.graph.relate(4, 1, None)
    table.world.step()
    assert table.world.traces[-1]["edge_matches"] == {}
    drawing = table.drawing()
    places = {name: place for name, place, matched in scene_nodes(drawing) if matched}
    (relation,) = lines(drawing, "matched with: mug on table until step 2")
    np.testing.assert_array_equal(relation[1], places["table"])
    assert strokes(drawing, "matched with: mug on table until step 2") == [(MATCHED, "1", True)]
    assert lines(drawing, "matched with: mug on table") == []
    assert strokes(drawing, "on") == [("#667", "2", False)]  # of the goal graph, which nothing is matched with now


def test_things_next_to_each_other_are_joined_once_and_faintly() -> None:
    drawing = Table().drawing()
    places = {name: place for name, place, _ in scene_nodes(drawing)}
    (joined,) = lines(drawing, "next to")
    np.testing.assert_array_equal(joined, [places["table"], places["sofa"]])
    ((colour, width, dashed),) = strokes(drawing, "next to")
    assert (width, dashed, len(colour)) == ("1", True, len("#rrggbbaa"))


def test_names_do_not_leave_the_picture() -> None:
    drawing = Table().drawing()
    right = float(drawing.attrib["viewBox"].split()[2])
    anchors = {text.text: text.attrib.get("text-anchor") for text in drawing.iter("text")}
    assert [place[0] for name, place, _ in scene_nodes(drawing) if name == "painting"] > [right - 80]
    assert (anchors["painting"], anchors["sofa"]) == ("end", None)


def test_the_page_shows_the_course_of_stages_and_scores(run: Run) -> None:
    (chart,) = section(run.page, "Stages").iter("svg")
    steps = run.record["steps"]
    stages = [stage for stage, _ in groupby(step["trace"]["stage"] for step in steps)]
    assert len(stages) >= 2
    assert [each.findtext("title") for each in chart.iter("rect")] == stages
    legend = [words(each) for each in chart.iter("text")]
    assert {f"stage {stage}" for stage in stages} | set(CURVES) <= set(legend)
    curves = {line.attrib["stroke"]: line.attrib["points"] for line in chart.iter("polyline")}
    assert [value for value in legend if value in ("0.0", "0.5", "1.0")] == ["0.0", "0.5", "1.0"]
    zero, _, one = (float(line.attrib["y1"]) for line in chart.iter("line"))  # a ruled line for each
    for name, (colour, _) in CURVES.items():
        points = np.array([point.split(",") for point in curves[colour].split()], dtype=float)
        assert np.all(np.diff(points[:, 0]) > 0)
        np.testing.assert_allclose((points[:, 1] - zero) / (one - zero), [step["trace"][name] for step in steps], atol=0.001)


def test_the_page_keeps_a_picture_of_each_change_of_stage_and_of_the_end(run: Run) -> None:
    cards = list(section(run.page, "Key frames").iter("figure"))
    captions = [words(card) for card in cards]
    steps = run.record["steps"]
    changes = [next(each) for _, each in groupby(steps, key=lambda step: step["trace"]["stage"])]
    for step in changes:
        beginning = f"step {step['index'] + 1}   stage {step['trace']['stage']}   S {step['trace']['S']:.2f}"
        assert sum(caption.startswith(beginning) for caption in captions) == 1, captions
    assert captions[-1] == "the end: found toilet"
    pictures = [picture_of(image.attrib["src"]) for card in cards for image in card.iter("img")]
    assert len(pictures) == len(cards)
    assert all(picture.shape == (360, 480, 3) and picture.std() > 10.0 for picture in pictures)
    assert np.abs(pictures[0].astype(float) - pictures[-1]).mean() > 10.0  # it went somewhere
    for picture in pictures[-2:]:  # what was found has an outline
        assert (np.abs(picture.astype(int) - MATCH).max(axis=-1) < 60).sum() > 50


def test_the_page_holds_every_step_and_what_repeats_the_run(run: Run) -> None:
    folded = {each.findtext("summary"): each for each in run.page.iter("details")}
    rows = list(folded["Every step"].iter("tr"))[1:]
    cells = [[words(cell) for cell in row] for row in rows]
    assert [(int(row[0]), row[1]) for row in cells] == [(s["index"] + 1, s["intent"]["kind"]) for s in run.record["steps"]]
    names = ("stop", "move_forward", "turn_left", "turn_right", "look_up", "look_down")
    assert [row[2] for row in cells] == [names[int(step["action"][0])] for step in run.record["steps"]]
    x, y, yaw = run.record["steps"][3]["xy_yaw"]
    assert cells[3][3] == f"{x:.2f}, {y:.2f}, {np.degrees(yaw):.0f}°"
    assert "walk up to toilet" in cells[-3][-2]
    assert [cells[-1][column] for column in (1, 2, 4, 5)] == ["Stop", "stop", "", "verified"]
    assert json.loads(cells[-1][-1])["stage"] == "3 perfect matching"
    settings = json.loads(words(next(folded["Configuration and versions"].iter("pre"))))
    assert settings == {key: run.record[key] for key in ("config", "versions", "platform")}
    assert settings["config"]["env"]["arguments"]["rooms"] == 3
    table = section(run.page, "Where the time went").iter("tr")
    seconds = {words(row[0]): [float(words(cell)) for cell in row[1:]] for row in table if row[0].tag == "td"}
    assert set(seconds) == {"perceive", "plan", "control", "act"}
    assert all(0.0 <= mean <= worst for mean, _, worst in seconds.values())
    assert seconds["act"][0] > 0.0


def test_a_photograph_is_read_into_a_goal_graph_and_looked_for(pictured: Run, photo: Path) -> None:
    assert pictured.folder.name.endswith("photo")
    assert pictured.record["goal"]["kind"] == "ImageGoal"
    assert pictured.record["config"]["goal_image"] == str(photo)
    graph = pictured.record["steps"][0]["trace"]["goal_graph"]
    names = {node["id"]: node["name"] for node in graph["nodes"]}
    assert names[graph["target"]] == "bookshelf"
    assert "book" in names.values()
    assert {(names[edge["a"]], names[edge["b"]]) for edge in graph["edges"]} & {("bookshelf", "book"), ("book", "bookshelf")}
    (drawing,) = section(pictured.page, GRAPHS).iter("svg")
    assert [name.rsplit(" ", 1)[-1] for name, _, _ in goal_nodes(drawing)] == [
        name.rsplit(" ", 1)[-1] for name in names.values()
    ]
    result = pictured.record["result"]
    assert result["outcome"] == "stopped"
    assert result["reason"].startswith("found " if result["found"] else "not found: ")
    walked = np.array([step["xy_yaw"][:2] for step in pictured.record["steps"]])
    assert np.ptp(walked, axis=0).max() > 0.5


def test_the_page_shows_the_photograph(pictured: Run, photo: Path) -> None:
    (image,) = section(pictured.page, "The goal").iter("img")
    with Image.open(photo) as picture:
        given = np.asarray(picture.convert("RGB")).astype(float)
    assert np.abs(picture_of(image.attrib["src"]) - given).mean() < 8.0  # JPEG
