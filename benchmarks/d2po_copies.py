"""How well the policies of a D2PO run copy the expert, and what copying could bring at most.

    python benchmarks/d2po_copies.py expert [--run runs/d2po] [--split val_unseen]
    python benchmarks/d2po_copies.py nats [--run runs/d2po] [--apartments 15]

`expert` says in how many tasks of a split the expert reaches the goal in the agent's words, and what the policies of a run's
first seed did, apart for tasks whose thing is out of sight at the start. `nats` gives the loss per token of each copy of the
first seed on what was demonstrated to it and in new tasks of apartments of train, for commands and for next states.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from enactive.envs.household.tasks.make_tasks import practice_tasks
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command, apply_command
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode, layout
from enactive.planners.d2po.evaluate import read_outcomes
from enactive.planners.d2po.examples import Demonstration, read_lines
from enactive.planners.d2po.models import load_policy
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.stages import DEMONSTRATIONS, copies, methods, places_in, rounds_of
from enactive.statistics import rate

SOME, BATCH = 1600, 64
SEED = 1000  # of new tasks
PARTS: Mapping[str, str] = {"commands": "next:", "next states": "then:"}


def expert(run: Path, split: str) -> None:
    """Success of the expert and of the policies of a run, where the thing is in sight at the start and where it is not."""
    names, plan = methods(rounds_of(run)), json.loads((run / "plan.json").read_text())
    episodes = [Episode(task, plan["knowledge"]) for task in load_tasks(split)[: plan["eval_tasks"] or None]]
    hidden = np.array([_hidden(episode) for episode in episodes])
    places = places_in(run)
    shown = [demonstrate(episode, np.random.default_rng(0), places, slips=0.0) for episode in episodes]
    rows = {"expert": [bool(steps) and steps[-1].answer == "done" for steps in shown]}
    for method in names:
        rows[method] = [row.success for row in read_outcomes(run / "seed-0" / method / f"{split}.jsonl")]
    for name, done in rows.items():
        own = np.array(done)
        print(f"{name}: {rate(own)}; out of sight at the start {rate(own[hidden])}; in sight {rate(own[~hidden])}")
    print(f"{split}, n = {len(hidden)}, of which {int(hidden.sum())} are about a thing that is out of sight")


def _hidden(episode: Episode) -> bool:
    search = Command("Find", f"{episode.task.attribute} {episode.task.object}".strip())
    return not apply_command(episode.layout, episode.start().state, search)[1].ok


def nats(run: Path, count: int) -> None:
    """The loss per token of an answer that the expert gives."""
    names = copies(rounds_of(run))
    plan, places, rng = json.loads((run / "plan.json").read_text()), places_in(run), np.random.default_rng(SEED)
    shown = read_lines(run / DEMONSTRATIONS, Demonstration)
    some = random.Random(0).sample(shown, min(SOME, len(shown)))
    homes = sorted({task.apartment_seed for task in load_tasks("train")})[: plan["apartments"] or None]
    episodes = [Episode(t, plan["knowledge"]) for home in homes[-count:] for t in practice_tasks(layout(home, None), 12, rng)]
    new = [one for episode in episodes for one in demonstrate(episode, rng, places, states=0.5) or ()]
    for method in names:
        policy = load_policy(run / "seed-0" / method)
        for name, examples in (("demonstrated", some), ("new", new)):
            for part, end in PARTS.items():
                own = [one for one in examples if one.prompt.endswith(end)]
                if own:
                    print(f"{method}, {part} {name}: {_loss(policy, own):.3f} nats a token, {len(own)} answers", flush=True)


def _loss(policy: Policy, examples: Sequence[Demonstration]) -> float:
    rows = [(policy.prompt_ids(one.prompt), policy.answer_ids(one.answer)) for one in examples]
    with torch.inference_mode():
        told = sum(float(policy.logprobs(rows[i : i + BATCH]).sum()) for i in range(0, len(rows), BATCH))
    return -told / sum(len(answer) for _, answer in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("expert", "nats"))
    parser.add_argument("--run", type=Path, default=Path("runs/d2po"))
    parser.add_argument("--split", default="val_unseen")
    parser.add_argument("--apartments", type=int, default=15, help="of train, for new tasks")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.what == "expert":
        expert(chosen.run, chosen.split)
    else:
        nats(chosen.run, chosen.apartments)


if __name__ == "__main__":
    main()
