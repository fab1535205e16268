"""The `enactive` command: one module per sub-command in `commands/`."""

from __future__ import annotations

import importlib
import os
import select
import sys
from collections.abc import Sequence

from enactive import __version__
from enactive.errors import ConfigError, EnactiveError, words_of

COMMANDS = {
    "run": "pursue a goal given in words or as a picture, and write a report",
    "control": "drive a robot by a policy in real time, with a guard, a live line and a stop that stops",
    "eval": "run planners over a suite of episodes, resumable, and write a table",
    "list": "what is installed: environments, perceivers, planners, controllers, tools, suites",
    "doctor": "check this machine: rendering, packages, pretrained files",
    "models": "pretrained files: list, get, verify",
    "train": "train a model that ships with the package",
    "suite": "make the episodes of a suite",
    "dataset": "write labelled pictures of a hand as a LeRobotDataset",
    "export": "write an apartment as .glb for other simulators",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns the exit status (2 for what the user can mend, 1 for what broke)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["--version"]:
        print(f"enactive {__version__}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: enactive COMMAND ...\n\n" + "\n".join(f"  {name:8} {words}" for name, words in COMMANDS.items()))
        print("\nenactive COMMAND --help tells more.")
        return 0 if arguments else 2
    name, *rest = arguments
    try:
        if name not in COMMANDS:
            raise ConfigError(f"there is no command {name!r}; known: {', '.join(COMMANDS)}")
        status = int(importlib.import_module(f"enactive.agents.commands.{name}").main([_underscored(word) for word in rest]))
        sys.stdout.flush()
        return status
    except ConfigError as error:
        print(f"enactive: {error}", file=sys.stderr)
        return 2
    except EnactiveError as error:
        print(f"enactive: {type(error).__name__}: {words_of(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        if not _reader_gone():
            raise
        return 141  # as of a program that SIGPIPE ended
    except KeyboardInterrupt:
        print("enactive: stopped by the keyboard", file=sys.stderr)
        return 130


def _underscored(word: str) -> str:
    """`--max-steps=5` as `--max_steps=5`: every option may be written either way."""
    flag, equals, value = word.partition("=")
    return "--" + flag[2:].replace("-", "_") + equals + value if flag.startswith("--") else word


def _reader_gone() -> bool:
    """Whether nobody reads what is printed any more (`enactive list | head -1`); the rest is then thrown away."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    gone = any(event & select.POLLERR for _, event in poll.poll(0))
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return gone
