"""Corrections: the policy acts, and the expert says what it would have said (DAgger, Ross et al. 2011, arXiv 1011.0686).

Demonstrations show states that the expert comes to. A policy that copies them errs now and then and comes to others; what to
say there can be learnt from its own ways alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.envs.household.tasks.symbolic import Command

from .demonstrate import CIRCLES, led_to, said_by_expert
from .episodes import Episode, Moment
from .examples import Demonstration
from .hiding_places import Places
from .prompt import AnswerError, answer_text, parse_command

if TYPE_CHECKING:
    from .policy import Policy


def corrections(
    policy: Policy, episodes: Sequence[Episode], rng: np.random.Generator, places: Places, states: float = 0.0
) -> list[Demonstration]:
    """What the expert would say wherever a policy comes to, in each of some episodes, which go on side by side.

    What the policy says is carried out, greedily, right or wrong. Where that would lead nowhere new, the expert's command is:
    in place of what is no command, of `done` before the goal and of what was said in the same state before. An episode ends
    with `done` at the goal, where neither has a way on, or after 25 commands. One in which the expert's command is carried out
    in the same state more than `CIRCLES` times tells nothing. places, states: see `demonstrate`.
    """
    moments = dict(enumerate(episode.start() for episode in episodes))
    tried: list[set[tuple[str, Command]]] = [set() for _ in episodes]
    told, led = [list[Demonstration]() for _ in episodes], [Counter[tuple[str, Command]]() for _ in episodes]
    for _ in range(MAX_COMMANDS):
        answers = policy.answers([moment.prompt for moment in moments.values()])
        for (i, before), (answer,) in zip([*moments.items()], answers, strict=True):
            episode, digest = episodes[i], before.state.digest()
            if (right := said_by_expert(episode, before, places)) is not None:
                told[i].append(Demonstration(episode.task.id, before.prompt, answer_text(*right)))
            command = _own(episode, before, answer, tried[i])
            if command is None and right is not None:
                command = right[0]
                led[i][digest, command] += 1
                if led[i][digest, command] > CIRCLES:
                    told[i].clear()
                    command = None
            if command is None or command.verb == "done":
                del moments[i]
                continue
            tried[i].add((digest, command))
            moments[i] = after = episode.step(before, command)
            if states and (not after.feedback[-1].ok or rng.random() < states):
                told[i].append(led_to(episode, before, after))
        if not moments:
            break
    return [one for own in told for one in own]


def _own(episode: Episode, moment: Moment, answer: str, tried: set[tuple[str, Command]]) -> Command | None:
    """The policy's command; None where it leads nowhere new."""
    try:
        command = parse_command(answer)
    except AnswerError:
        return None
    early = command.verb == "done" and not episode.succeeded(moment)
    return None if early or (moment.state.digest(), command) in tried else command
