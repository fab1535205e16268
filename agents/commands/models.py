"""`enactive models`: pretrained files in the user's cache."""

from __future__ import annotations

from collections.abc import Sequence

from jsonargparse import ArgumentParser

from enactive import pretrained
from enactive.errors import ConfigError

ACTIONS = ("list", "get", "verify")


def main(argv: Sequence[str]) -> int:
    """`list`, `get [NAME]`, `verify [NAME]`; without a name, all. Exit status 1 where a file is corrupt."""
    parser = ArgumentParser(prog="enactive models", description="List, fetch or verify the pretrained files.")
    parser.add_argument("action", type=str, help="list, get or verify")
    parser.add_argument("name", type=str, nargs="?", default="", help="one file; all where left out")
    chosen = parser.parse_args(list(argv))
    if chosen.action not in ACTIONS:
        raise ConfigError(f"there is no action {chosen.action!r}; known: {', '.join(ACTIONS)}")
    files = [pretrained.named(chosen.name)] if chosen.name else list(pretrained.FILES)
    if chosen.action == "get":
        for file in files:
            print(pretrained.get(file))
        return 0
    if chosen.action == "list":
        found = [entry for entry in pretrained.list_files() if entry.file in files]
    else:
        found = [pretrained.verify(file) for file in files]
    for entry in found:
        print(
            f"{entry.file.name:18} {entry.state:8} {entry.file.size_bytes / 1e6:6.1f} MB  {entry.file.licence:11} {entry.path}"
        )
    return int(any(entry.state == "corrupt" for entry in found))
