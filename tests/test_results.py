import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enactive.agents import results as results_module
from enactive.agents.component import Component, Method
from enactive.agents.evaluation import evaluate
from enactive.agents.results import Results, code_version, fresh_folder
from enactive.agents.table import COLUMNS, PARTS, preamble, summarise, tables
from enactive.errors import ConfigError


def test_runs_that_begin_in_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with fresh_folder(runs / "now") as first, fresh_folder(runs / "now") as second, fresh_folder(runs / "now") as third:
        assert [folder.name for folder in (first, second, third)] == ["now", "now-2", "now-3"]
        (second / "record").touch()
    assert list(runs.iterdir()) == [second]  # the others were left empty
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be made .*choose another --out"), fresh_folder(tmp_path / "file" / "now"):
        pass


def test_a_torn_last_line_is_run_again_and_the_rest_is_kept(tmp_path: Path) -> None:
    results = Results(tmp_path, {"suite": "a"})
    results.append({"method": "m", "episode": "e1"})
    results.append({"method": "m", "episode": "e2"})
    results.close()
    path = tmp_path / "episodes.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    again = Results(tmp_path, {"suite": "a"})
    assert again.done == {("m", "e1")}
    again.append({"method": "m", "episode": "e2"})
    again.close()
    assert [json.loads(line)["episode"] for line in path.read_text().splitlines()] == ["e1", "e2"]


def test_results_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    Results(tmp_path, {"suite": "a", "split": "val"}).close()
    with pytest.raises(ConfigError, match="another split"):
        Results(tmp_path, {"suite": "a", "split": "train"})


def test_the_version_of_the_code_changes_with_modules_and_data_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("agents/results.py", "planners/deep/planner.py", "perception/forms.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("0")
    monkeypatch.setattr(results_module, "__file__", str(tmp_path / "agents/results.py"))
    told = [code_version.__wrapped__()]
    for name in ("planners/deep/notes.txt", "planners/deep/planner.py", "perception/forms.json"):
        (tmp_path / name).write_text("1")
        told.append(code_version.__wrapped__())
    assert told[0] == told[1]
    assert len(set(told)) == 3


def test_rows_say_what_code_they_come_from_and_the_table_where_it_is_not_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"method": "m", "success": True, "success_radius_m": 0.1}
    for episode, version in enumerate(("0ld", "0ld", "new")):
        monkeypatch.setattr(results_module, "code_version", lambda version=version: version)
        results = Results(tmp_path, {})
        results.append({**row, "episode": str(episode)})
        results.close()
    rows = Results(tmp_path, {}).rows
    assert [each["code"] for each in rows] == ["0ld", "0ld", "new"]
    assert "versions" not in preamble(rows[:2])
    assert "These rows come from 2 versions of the code (2 by 0ld, 1 by new)" in preamble(rows)
    before = {key: value for key, value in rows[0].items() if key != "code"}  # written by a version that noted none
    assert "(1 by unknown, 1 by new)" in preamble([before, rows[2]])


def test_what_each_part_takes_of_a_step_is_a_mean_over_episodes_with_its_interval() -> None:
    row = {"method": "m", "failure": "timeout", "spl": 0.0, "soft_spl": 0.0, "distance_to_goal_m": 1.0, "collisions": 0}
    took = {"perceive": (0.2, 0.6), "plan": (2.0, 0.0), "control": (0.0, 0.0), "act": (1.0, 3.0)}  # s in 2 and in 10 steps
    seconds = [{f"{part}_s": each[i] for part, each in took.items()} for i in range(2)]
    rows = [{**row, **each, "steps": steps, "success": False} for each, steps in zip(seconds, (2, 10), strict=True)]
    broke = {"method": "m", "failure": "crash", "error": "", "steps": 1, **{f"{part}_s": 9.0 for part in took}}
    for shown, n in ((rows, ""), ([*rows, broke], " (n=2)")):
        costs = tables(shown)[-1]
        cells = dict(zip(costs.head, costs.cells[0], strict=True))
        assert cells["n"] == str(len(shown))
        assert cells["perceive"] == f"0.0800 [0.0600, 0.1000]{n}"  # of 0.1 and 0.06
        assert cells["plan"] == f"0.5000 [0.0000, 1.0000]{n}"
        assert cells["control"] == f"0.0000 [0.0000, 0.0000]{n}"
        parts = [float(cells[part].split()[0]) for part in PARTS]
        assert sum(parts) == pytest.approx(summarise(shown, COLUMNS)["s_per_step"].mean, abs=1e-4)


def test_a_comparison_says_how_many_episodes_both_methods_ran() -> None:
    row = {"failure": "", "spl": 0.5, "soft_spl": 0.5, "distance_to_goal_m": 0.0, "collisions": 0, "steps": 1, "success": True}
    row |= {f"{part}_s": 0.1 for part in PARTS}
    rows = [{**row, "method": method, "episode": episode} for method in "ab" for episode in ("e1", "e2", "e3")]
    broke = {key: value for key, value in rows.pop().items() if key not in ("success", "spl", "soft_spl")}
    comparison = tables([*rows, {**broke, "failure": "crash", "error": "it broke"}])[1]
    assert comparison.head[:3] == ["against", "n", "success"]
    assert comparison.cells[0][:2] == ["b", "2"]


def test_other_weights_in_the_folder_that_a_method_names_are_other_settings(tmp_path: Path) -> None:
    weights = tmp_path / "policy" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"once")
    (weights.parent / "card.json").write_text("{}")
    path = "enactive.planners.d2po.planner.D2PO"
    planner = Component("planners", path, {"policy": str(weights.parent)})
    parts = Component("perceivers", "TaskPerceiver"), planner, Component("controllers", "InteractionController")
    method = Method("D2PO", *parts)
    assert planner.weights().keys() == {"policy/model.safetensors"}
    assert planner.weights() != Component("planners", "D2PO").weights()  # those that ship
    evaluate([method], [], tmp_path / "out", settings={})
    evaluate([method], [], tmp_path / "out", settings={})
    weights.write_bytes(b"again")
    with pytest.raises(ConfigError, match="another weights of D2PO"):
        evaluate([method], [], tmp_path / "out", settings={})
    inner = {"class_path": path, "init_args": dict(planner.arguments)}
    walking = Component("planners", "OracleWalks", {"planner": inner})
    assert walking.weights() == {f"planner.{name}": digest for name, digest in planner.weights().items()}
    assert Component("planners", "OracleWalks", {"planner": "D2PO"}).weights().keys() == walking.weights().keys()


def test_a_folder_is_written_by_one_evaluation_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from enactive.agents.results import Results\n"
        "results = Results(Path(sys.argv[1]), {}); print('held', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ConfigError, match="another evaluation is writing to"):
        Results(tmp_path, {})
    process.kill()
    process.wait()
    results = Results(tmp_path, {"suite": "a"})
    with pytest.raises(ConfigError, match="another evaluation"):
        Results(tmp_path, {"suite": "a"})
    results.close()
    with pytest.raises(ConfigError, match="another suite"):
        Results(tmp_path, {"suite": "b"})
    Results(tmp_path, {"suite": "a"}).close()  # the one that was refused holds nothing


def test_every_line_survives_kill_9(tmp_path: Path) -> None:
    code = (
        "import sys, itertools; from pathlib import Path; from enactive.agents.results import Results\n"
        "results = Results(Path(sys.argv[1]), {})\n"
        "for k in itertools.count():\n"
        "    results.append({'method': 'm', 'episode': str(k), 'pad': 'x' * 5000}); print(k, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    reported = -1
    while reported < 20:
        reported = int(process.stdout.readline())
    process.kill()
    process.wait()
    done = {int(episode) for _, episode in Results(tmp_path, {}).done}
    assert done >= set(range(reported + 1))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Results(tmp_path, {})
    results.append({"method": "m", "episode": "e1"})
    before = (tmp_path / "episodes.jsonl").read_bytes()
    full = os.open("/dev/full", os.O_WRONLY)
    real = results._file.fileno()
    keep = os.dup(real)
    os.dup2(full, real)  # the file now writes to a device that is always full
    with pytest.raises(ConfigError, match=r"episodes.jsonl cannot be written \(No space left on device\): make room"):
        results.append({"method": "m", "episode": "e2"})
    os.dup2(keep, real)
    assert (tmp_path / "episodes.jsonl").read_bytes() == before
    assert results.done == {("m", "e1")}
