"""AlfWorld's engine: one problem run by TextWorld's PDDL environment on Fast Downward, with AlfWorld's domain and grammar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from enactive.errors import ConfigError

from .problems import Problem, need_alfworld

NOTHING_HAPPENS = "Nothing happens."


class Engine:
    """Runs one problem at a time; each engine has a copy of Fast Downward's library, whose state is its own.

    names: of all things and furniture, as AlfWorld says them ("mug 1"), by their names in PDDL. feedback: what AlfWorld said
    last. Raises ConfigError where AlfWorld, TextWorld or Fast Downward is missing.
    """

    def __init__(self) -> None:
        need_alfworld()
        try:
            from textworld import EnvInfos
            from textworld.envs.pddl import PddlEnv

            self._env = PddlEnv(EnvInfos(won=True, admissible_commands=True))
        except ImportError as error:
            raise ConfigError(f"AlfWorld's engine does not load ({error}): pip install 'enactive[alfworld]'") from error

    def start(self, problem: Problem) -> None:
        """Begin a problem, from the start."""
        from alfworld.agents.utils.misc import Demangler

        domain, grammar = _logic()
        said = grammar.replace("UNKNOWN GOAL", problem.instruction)
        self._env.load({"pddl_domain": domain, "pddl_problem": problem.pddl, "grammar": said})
        infos = self._env._entity_infos  # AlfWorld's own wrapper names things by this, too
        demangler = Demangler(game_infos=infos)
        for info in infos.values():
            info.name = demangler.demangle_alfred_name(info.id).strip()
        self.names: dict[str, str] = {info.id: info.name for info in infos.values()}
        self._state: Any = self._env.reset()
        self.feedback = str(self._state.feedback)

    @property
    def won(self) -> bool:
        """Whether the goal holds, as AlfWorld judges it."""
        return bool(self._state["won"])

    @property
    def admissible(self) -> tuple[str, ...]:
        """The commands that AlfWorld would carry out now: its truth, for metrics and tests."""
        return tuple(self._state["admissible_commands"])

    def say(self, command: str) -> bool:
        """Give a command in AlfWorld's words. Returns whether it was carried out; `feedback` is what AlfWorld says."""
        self._state, _, _ = self._env.step(command)
        self.feedback = str(self._state.feedback)
        return self.feedback != NOTHING_HAPPENS

    def plan(self) -> tuple[str, ...] | None:
        """Fast Downward's plan from here to the goal, in AlfWorld's words; None where it finds none. It is the truth."""
        if self.won:
            return ()
        return tuple(self._env._pddl_state.replan(self._env._entity_infos)) or None

    def facts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """All that holds: predicate in lower case, and names in PDDL. It is the truth."""
        for fact in self._env._pddl_state.facts:
            yield fact.name, tuple(variable.name for variable in fact.arguments)


@cache
def _logic() -> tuple[str, str]:
    """AlfWorld's domain and grammar."""
    from alfworld.info import ALFRED_PDDL_PATH, ALFRED_TWL2_PATH

    return Path(ALFRED_PDDL_PATH).read_text(), Path(ALFRED_TWL2_PATH).read_text()
