import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enactive.agents.results import Results
from enactive.errors import ConfigError


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
