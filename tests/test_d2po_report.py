"""The report of a D2PO run: every figure worked out by hand from outcomes that are known."""

from __future__ import annotations

import json
from dataclasses import replace

import matplotlib.image
import pytest

from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ConfigError
from enactive.planners.d2po.evaluate import Outcome, write_outcomes
from enactive.planners.d2po.report import write_report

TASKS = [[task for task in load_tasks("val_unseen") if task.type == kind][:2] for kind in ("clean", "stack")]
TASKS = [task for own in TASKS for task in own]
BLIND = (("pick up fridge", "not_visible"), ("done", ""))  # what must come first, to find it, is missing
IDLE = (("done", ""),)


def outcome(task, success, turns=IDLE, output_error=None):
    return Outcome(task.id, task.type, success, 0.5 * success, 0.0, ("done", "") in turns, turns, output_error)


def write(out, rows, seed=0, rounds=0):
    out.mkdir(exist_ok=True)
    (out / "plan.json").write_text(json.dumps({"rounds": rounds}))
    for method in rows:
        folder = out / f"seed-{seed}" / method
        folder.mkdir(parents=True)
        (folder / "log.json").write_text(json.dumps([{"loss": 1.0, "action_margin": 0.0, "state_margin": 0.0}] * 2))
        write_outcomes(folder / "val_unseen.jsonl", rows[method])


def cells(text, *first):
    """The cells behind the first ones of a line."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {' | '.join(first)} |")]
    return line.strip("| ").split(" | ")[len(first) :]


@pytest.fixture
def rows():
    """SFT fails the last of four tasks, blindly; DPO all, idly but for one answer that is no command; D2PO none."""
    sft = [outcome(task, task is not TASKS[3], BLIND if task is TASKS[3] else IDLE) for task in TASKS]
    dpo = [outcome(TASKS[0], False, (), "dance"), *(outcome(task, False) for task in TASKS[1:])]
    return {"sft": sft, "dpo": dpo, "d2po": [outcome(task, True) for task in TASKS]}


@pytest.mark.parametrize("no_command", ["dance", ""])
def test_means_intervals_errors_and_paired_tests(tmp_path, rows, no_command):
    rows["dpo"][0] = replace(rows["dpo"][0], output_error=no_command)
    write(tmp_path, rows)
    text = write_report(tmp_path, 1, ["val_unseen"])
    assert (tmp_path / "table.md").read_text() == text
    # Wilson: (3 + 1.92 +- 1.96 sqrt(0.75 + 0.96)) / 7.84, and 0 to 3.84 / 7.84
    sft = cells(text, "val_unseen", "4", "SFT")
    assert sft[0] == "0.750 [0.301, 0.954]"
    assert sft[1].startswith("0.375 [")
    assert sft[2].startswith("0.250 [")
    assert sft[3:] == ["1", "0", "0", "0", "0"]
    dpo = cells(text, "val_unseen", "4", "DPO")
    assert dpo[:3] == ["0.000 [0.000, 0.490]", "0.000 [0.000, 0.000]", "0.000 [0.000, 0.000]"]
    assert dpo[3] == "0"
    assert sum(map(int, dpo[3:7])) == 4
    assert dpo[7] == "1"
    over_dpo = cells(text, "val_unseen", "4", "D2PO - DPO")
    assert over_dpo[:2] == ["+1.000 [+1.000, +1.000], p = 0.12", "-"]  # four of four: 2 / 16; DPO has no success to relate to
    over_sft = cells(text, "val_unseen", "4", "D2PO - SFT")
    assert over_sft[0].startswith("+0.250 [")
    assert over_sft[0].endswith("p = 1")
    assert over_sft[1] == "+33.3 %"
    assert over_sft[3].startswith("-0.250 [")  # dependency errors
    assert cells(text, "val_unseen", "4", "DPO - SFT")[1] == "-100.0 %"


def test_every_type_of_task_has_its_own_figures(tmp_path, rows):
    write(tmp_path, rows)
    text = write_report(tmp_path, 1, ["val_unseen"])
    two, half = "1.000 [0.342, 1.000]", "0.500 [0.500, 0.500]"  # Wilson: 2 / (2 + 3.84)
    none = ["0.000 [0.000, 0.658]", "0.000 [0.000, 0.000]"]
    assert cells(text, "val_unseen", "clean", "2") == [two, half, *none, two, half]
    stack = cells(text, "val_unseen", "stack", "2")
    assert stack[0] == "0.500 [0.095, 0.905]"
    assert stack[1].startswith("0.250 [")
    assert stack[2:] == [*none, two, half]
    assert "| heat |" not in text


def test_a_task_counts_once_however_many_seeds_it_was_run_with(tmp_path, rows):
    write(tmp_path, rows)
    write(tmp_path, {**rows, "d2po": [outcome(task, False) for task in TASKS]}, seed=1)
    text = write_report(tmp_path, 2, ["val_unseen"])
    assert cells(text, "val_unseen", "4", "D2PO")[0] == "0.500 [0.500, 0.500]"  # all tasks alike: half of their seeds
    assert cells(text, "val_unseen", "4", "SFT")[0] == "0.750 [0.301, 0.954]"
    assert cells(text, "val_unseen", "4", "SFT")[3] == "2"  # errors are of episodes
    assert cells(text, "val_unseen", "4", "DPO")[7] == "2"


def test_other_tasks_are_not_compared(tmp_path, rows):
    write(tmp_path, {**rows, "dpo": rows["dpo"][:3]})
    with pytest.raises(ConfigError, match=r"the methods in .* were not run on the same tasks of val_unseen"):
        write_report(tmp_path, 1, ["val_unseen"])
    write(tmp_path, {**rows, "sft": rows["sft"][::-1]}, seed=1)
    with pytest.raises(ConfigError, match=r"the seeds of sft in .* were not run on the same tasks of val_unseen"):
        write_report(tmp_path, 2, ["val_unseen"])


def test_corrections_stand_beside_what_they_began_from_and_preferences_beside_them(tmp_path, rows):
    """Of four tasks SFT does three, its first round two, its second none; DPO none, D2PO all."""
    rounds = {f"dagger-{k}": [outcome(task, task in TASKS[:done]) for task in TASKS] for k, done in ((1, 2), (2, 0))}
    write(tmp_path, {**rows, **rounds}, rounds=2)
    text = write_report(tmp_path, 1, ["val_unseen"])
    names = [line.split(" | ")[2] for line in text.splitlines() if line.startswith("| val_unseen | 4 | ")]
    paired = ["DAGGER-1 - SFT", "DAGGER-2 - DAGGER-1", "DPO - DAGGER-2", "D2PO - DAGGER-2", "D2PO - SFT", "D2PO - DPO"]
    assert names == ["SFT", "DAGGER-1", "DAGGER-2", "DPO", "D2PO", *paired]
    gains = [cells(text, "val_unseen", "4", name)[0].partition(" ")[0] for name in paired]
    assert gains == ["-0.250", "-0.500", "+0.000", "+1.000", "+0.250", "+1.000"]
    assert cells(text, "val_unseen", "clean", "2")[::2][1:3] == ["1.000 [0.342, 1.000]", "0.000 [0.000, 0.658]"]


def test_a_folder_without_a_run_is_said_to_have_none(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no run in .*: enactive train d2po --out .* makes one"):
        write_report(tmp_path, 1)


def test_the_bars_are_as_high_as_the_means(tmp_path, rows):
    """The height of each coloured bar in pixels: D2PO's success is 1, SFT's 0.75, D2PO's PL 0.5 and SFT's 0.375."""
    write(tmp_path, rows)
    write_report(tmp_path, 1, ["val_unseen"])
    picture = matplotlib.image.imread(tmp_path / "table.png")[..., :3]
    width = picture.shape[1] // 2
    heights = [
        int((abs(half - colour).max(axis=2) < 0.02).sum(axis=0).max())
        for half in (picture[:, :width], picture[:, width:])
        for colour in ((1.0, 127 / 255, 14 / 255), (0.5, 0.5, 0.5))
    ]
    assert [height / heights[0] for height in heights] == pytest.approx([1.0, 0.75, 0.5, 0.375], abs=0.02)
    assert (tmp_path / "curves.png").exists()
