"""The critic as judge of D2PO's tree search: its share of "+" for a step, on the scale from 1 to 5."""

from __future__ import annotations

from dataclasses import dataclass

from ..d2po.episodes import Episode, Moment
from ..d2po.prompt import command_text
from .trajectories import user_turn
from .visualprm import Critic


@dataclass(frozen=True)
class CriticJudge:
    """A `ProcessReward`: 1 + 4 P("+") of the last command, from what the agent was told and said up to it.

    As when it picks a command, the critic does not know what came of it: of that tells the other half of the search's score.
    """

    critic: Critic

    @property
    def name(self) -> str:
        return f"CriticJudge({self.critic.net.name})"

    def __call__(self, episode: Episode, before: Moment, after: Moment) -> float:
        moment, turns = episode.start(), []
        for command in after.commands:
            turns.append(user_turn(moment.situation, command_text(command)))
            moment = episode.step(moment, command)
        ((*_, share),) = self.critic.step_scores([turns])
        return 1.0 + 4.0 * share
