"""The durable list of finished episodes: one JSON line each, on the disk before the next one counts."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import enactive
from enactive.errors import ConfigError
from enactive.files import write_whole

ROOMS = ("agents", "controllers", "envs", "generative", "perception", "planners")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Writing a file or a folder of results. Raises ConfigError, which says how to go on, in place of an OSError."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{error.filename or path} cannot be written ({error.strerror}): {cure(error)} and repeat the command; what is "
            "finished is kept, and it goes on from there"
        ) from error


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Make a folder for one run: `path`, or where another run has that already, the first free `path-2`, `-3`... It goes again
    where nothing was written into it.

    Raises ConfigError where it cannot be made.
    """
    made, number = path, 2
    while True:
        try:
            made.mkdir(parents=True)
            break
        except FileExistsError:
            made, number = path.with_name(f"{path.name}-{number}"), number + 1
        except OSError as error:
            raise ConfigError(f"{made} cannot be made ({error.strerror}): {cure(error)}") from error
    try:
        yield made
    finally:
        with suppress(OSError):  # something was written
            made.rmdir()


@cache
def code_version() -> str:
    """Twelve digits that change with any module or JSON file of the package: the code that this process began with."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    files = [path for room in ROOMS for path in (package / room).rglob("*") if path.suffix in (".py", ".json")]
    for path in [*sorted(files), *sorted(Path(enactive.__file__).parent.glob("*.py"))]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def cure(error: OSError) -> str:
    """What to do about a file that cannot be written."""
    return "make room" if error.errno in FULL else "make it writable or choose another --out"


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(
            f"another evaluation is writing to {folder}: wait for its end and repeat the command, or choose another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


class Results:
    """Appends to `<folder>/episodes.jsonl`; a new `Results` on the same folder knows what is done.

    settings: whatever must be equal for two runs to belong together, key by key, kept in `<folder>/settings.json`; new keys
    (another method) may join. It holds the folder alone until `close`, or until the process ends. Raises ConfigError where the
    folder holds results of other settings, is held by another or cannot be written.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self._path, self._code = folder / "episodes.jsonl", code_version()
        with writing(folder), ExitStack() as held:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(_held(folder))
            self._check_settings(json.loads(json.dumps(settings)))
            self.rows: list[dict[str, Any]] = self._read()
            self._file = held.enter_context(self._path.open("ab", buffering=0))
            self._size = self._path.stat().st_size
            self._open = held.pop_all()

    @property
    def done(self) -> set[tuple[str, str]]:
        """(method, episode) pairs that are finished."""
        return {(row["method"], row["episode"]) for row in self.rows}

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one finished episode, with the `code_version` that it was run by; it is on the disk when this returns.

        Raises ConfigError where the file cannot be written; nothing half is left behind.
        """
        row = {**row, "code": self._code}
        line = json.dumps(row).encode() + b"\n"
        with writing(self._path):
            try:
                if self._file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(self._file.fileno())
            except OSError:
                os.truncate(self._path, self._size)
                raise
        self._size += len(line)
        self.rows.append(row)

    def close(self) -> None:
        """Close the file and let others have the folder."""
        self._open.close()

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        text = self._path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):  # the process was killed in the middle of a line: that episode runs again
            os.truncate(self._path, whole)
        return [json.loads(line) for line in text[:whole].splitlines()]

    def _check_settings(self, settings: dict[str, Any]) -> None:
        path = self.folder / "settings.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        changed = [key for key in sorted(set(before) & set(settings)) if before[key] != settings[key]]
        if changed:
            raise ConfigError(
                f"{self.folder} holds results of another {' and '.join(changed)}; "
                "choose another --out, or repeat the old command"
            )
        write_whole(path, json.dumps(before | settings, indent=2))
