"""What looking one command ahead is worth to D2PO: commands that are foreseen to be refused are passed over.

    python benchmarks/d2po_ahead.py [--policy FOLDER] [--split val_seen] [--tasks 560]

Three runs on the same tasks, symbolic, greedy, `visible`, all of which say no command again that was refused (`replanning`).
The second asks the policy's own world model, whose next state begins with "failed because" or does not, how likely a refusal
is; the third asks the world itself, which is the most that any world model could be worth here. Where a refusal is likelier
than not, that of eight beams is said whose log p(command) + log p(not refused) is highest. To look for a thing is passed over
never: a refusal is how an agent learns that it is shut away; nor is `done` said in the place of another command.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.envs.household.tasks.task import Task
from enactive.planners.d2po.episodes import Episode, Moment
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import AnswerError, command_text, parse_command
from enactive.planners.d2po.replanning import BEAMS, FAILED, Refusals, commands_of
from enactive.planners.d2po.weights import WEIGHTS, policy_in
from enactive.statistics import compare, mean, rate

TOGETHER = 160  # tasks that are run side by side
Chances = list[list[float]]  # of a refusal, for each command of each task


@dataclass(slots=True)
class Trial:
    """One task under way. told: of each command but `done`, how likely its refusal was held, and whether it was refused."""

    episode: Episode
    moment: Moment
    refusals: Refusals = field(default_factory=Refusals)
    failed: bool = False
    told: list[tuple[float, bool]] = field(default_factory=list)

    def step(self, command: Command, chance: float) -> None:
        self.refusals.say(command, self.moment.situation.scene)
        self.moment = self.episode.step(self.moment, command)
        refused = not self.moment.feedback[-1].ok
        self.refusals.hear(refused)
        if command.verb != "done":
            self.told.append((chance, refused))

    def barred(self, command: Command) -> bool:
        return self.refusals.bars(command, self.moment.situation.scene)

    def score(self) -> tuple[bool, float]:
        """Success and PL."""
        done = not self.failed and self.episode.succeeded(self.moment)
        length = len(self.moment.commands) - self.moment.state.done
        return done, path_length_weighted(done, length, self.episode.task.plan_length)


Foresee = Callable[[Sequence[Trial], Sequence[Sequence[Command]]], Chances]


def by_model(policy: Policy) -> Foresee:
    """p("failed because" | situation, command) by the policy's world model; each prompt is read once for all commands."""
    failed = policy.answer_ids(FAILED.strip())[:1]

    def foresee(trials: Sequence[Trial], commands: Sequence[Sequence[Command]]) -> Chances:
        out: Chances = []
        for start in range(0, len(trials), 48):
            groups = []
            for trial, own in zip(trials[start : start + 48], commands[start : start + 48], strict=True):
                asked = [policy.prompt_ids(f"{command_text(command)}. then:") for command in own]
                groups.append((policy.prompt_ids(trial.moment.prompt), [ids for one in asked for ids in (one, one + failed)]))
            with torch.inference_mode():
                values = iter(policy.sibling_logprobs(groups).tolist())
            for own in commands[start : start + 48]:
                out.append([math.exp(-next(values) + next(values)) for _ in own])
        return out

    return foresee


def by_world(trials: Sequence[Trial], commands: Sequence[Sequence[Command]]) -> Chances:
    """1 where the world refuses a command, 0 where it does not."""
    return [
        [float(not trial.episode.step(trial.moment, command).feedback[-1].ok) for command in own]
        for trial, own in zip(trials, commands, strict=True)
    ]


def run(policy: Policy, tasks: Sequence[Task], foresee: Foresee, ahead: bool) -> list[Trial]:
    """Carry out all tasks side by side. ahead: whether what is foreseen decides, or is noted alone."""
    trials = [Trial(episode, episode.start()) for episode in (Episode(task, "visible") for task in tasks)]
    for _ in range(MAX_COMMANDS):
        left = [trial for trial in trials if not trial.moment.state.done and not trial.failed]
        said: list[tuple[Trial, Command]] = []
        for trial, (answer,) in zip(left, policy.answers([trial.moment.prompt for trial in left]), strict=True):
            try:
                said.append((trial, parse_command(answer)))
            except AnswerError:
                trial.failed = True
        for trial, command, chance in _chosen(policy, said, foresee, ahead):
            trial.step(command, chance)
    return trials


def _chosen(
    policy: Policy, said: Sequence[tuple[Trial, Command]], foresee: Foresee, ahead: bool
) -> list[tuple[Trial, Command, float]]:
    """What each trial is to carry out, and how likely its refusal is held."""
    chances = foresee([trial for trial, _ in said], [[command] for _, command in said])
    out = [(trial, command, chance) for (trial, command), (chance,) in zip(said, chances, strict=True)]
    passed = [
        i
        for i, (trial, command, chance) in enumerate(out)
        if trial.barred(command) or (ahead and chance > 0.5 and command.verb not in ("Find", "done"))
    ]
    found = [list(commands_of(policy.likely(out[i][0].moment.prompt, BEAMS)).items()) for i in passed]
    options = [_commands(out[i][0], out[i][1], likely) for i, likely in zip(passed, found, strict=True)]
    rated = foresee([out[i][0] for i in passed], [[command for command, _ in own] for own in options])
    for i, own, chance in zip(passed, options, rated, strict=True):
        worth = [
            score + (math.log(max(1e-6, 1.0 - p)) if ahead and command.verb not in ("Find", "done") else 0.0)
            for (command, score), p in zip(own, chance, strict=True)
        ]
        if own:
            best = max(range(len(own)), key=worth.__getitem__)
            out[i] = out[i][0], own[best][0], chance[best]
    return out


def _commands(trial: Trial, said: Command, likely: Sequence[tuple[str, float]]) -> list[tuple[Command, float]]:
    """The answers that are commands and not barred, with log p. `done` is one only where what was said is barred."""
    out = []
    for text, chance in likely:
        try:
            command = parse_command(text)
        except AnswerError:
            continue
        if not trial.barred(command) and (command.verb != "done" or trial.barred(said)):
            out.append((command, math.log(chance)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", type=Path, default=WEIGHTS)
    parser.add_argument("--split", default="val_seen")
    parser.add_argument("--tasks", type=int, default=None, help="default all")
    chosen, console = parser.parse_args(), Console(width=160)
    torch.set_num_threads(1)
    policy, tasks = policy_in(chosen.policy), load_tasks(chosen.split)[: chosen.tasks]
    model, before = by_model(policy), list[tuple[bool, float]]()
    for name, foresee, ahead in (("replanning", model, False), ("world model", model, True), ("the world", by_world, True)):
        trials = [t for i in range(0, len(tasks), TOGETHER) for t in run(policy, tasks[i : i + TOGETHER], foresee, ahead)]
        scores, told = [trial.score() for trial in trials], [one for trial in trials for one in trial.told]
        refused, foreseen = sum(no for _, no in told), sum(p > 0.5 for p, _ in told)
        console.print(
            f"{name}: success {rate([s for s, _ in scores])}, PL {mean([pl for _, pl in scores])}, "
            f"{refused / len(scores):.2f} refused an episode; {sum(p > 0.5 and no for p, no in told)} of {foreseen} foreseen "
            f"refusals came, of {refused}"
        )
        if before:
            success, pl = (compare([s[k] for s in scores], [s[k] for s in before]) for k in (0, 1))
            console.print(f"{name} - replanning: success {success}; PL {pl}")
        before = before or scores
    console.print(f"{chosen.split}, n = {len(tasks)} tasks, greedy, symbolic, the agent is told what is visible")


if __name__ == "__main__":
    main()
