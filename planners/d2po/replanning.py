"""After a command: whether it did what the policy's own world model said, and what not to say again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from enactive.envs.household.tasks.symbolic import Command

from .prompt import AnswerError, command_text, first_clause, parse_command, parts

FAILED = "failed because "
BEAMS = 8  # of the search for another command


def came_true(predicted: str, message: str, refused: bool) -> bool:
    """Whether a predicted state tells what came of the command: its first sentence, word for word, as `state_text` has it."""
    happened = f"{FAILED if refused else ''}{first_clause(message)}"
    return predicted.partition(". hand:")[0].strip() == happened


def commands_of(likely: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The commands of some answers, as they were said, each with the probabilities of all reasons for it; likeliest first."""
    chances = dict[str, float]()
    for answer, chance in likely:
        said = parts(answer)[1]
        chances[said] = chances.get(said, 0.0) + chance
    return dict(sorted(chances.items(), key=lambda item: -item[1]))


class Refusals:
    """Commands that were refused, each barred as long as nothing speaks for it; whether that was predicted changes nothing.

    One that looks for something is barred until a command other than `Find` is carried out, another one also until the scene
    is another than the one in which it was refused.
    """

    def __init__(self) -> None:
        self._barred: set[tuple[str, str]] = set()
        self._said: tuple[Command, str] | None = None

    def say(self, command: Command, scene: str) -> None:
        """A command that is carried out now, in a scene."""
        self._said = command, scene

    def hear(self, refused: bool) -> None:
        """What came of it."""
        if self._said is None:
            return
        (command, scene), self._said = self._said, None
        if refused:
            self._barred.add((command_text(command), "" if command.verb == "Find" else scene))
        elif command.verb != "Find":
            self._barred.clear()

    def bars(self, command: Command, scene: str) -> bool:
        """Whether a command was refused and nothing has happened since that speaks for it."""
        return bool({(command_text(command), ""), (command_text(command), scene)} & self._barred)

    def another(self, likely: Mapping[str, float], scene: str) -> str | None:
        """The first of some answers, likeliest first, that is a command and not barred; None where there is none."""
        for answer in likely:
            try:
                if not self.bars(parse_command(answer), scene):
                    return answer
            except AnswerError:
                continue
        return None
