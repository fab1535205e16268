"""D2PO: SFT, DPO and D2PO on homes that none of them saw, and what snapshots and prefix reuse are worth.

    python benchmarks/d2po.py table [--run runs/d2po] [--seeds 1] [--split val_unseen]
    python benchmarks/d2po.py speed [--tasks 20]
    python benchmarks/d2po.py smollm2
    python benchmarks/d2po.py replan [--tasks 200] [--split val_unseen]
    python benchmarks/d2po.py copied [--run runs/d2po] [--split val_unseen]
    python benchmarks/d2po.py drawn [--run runs/d2po] [--tasks 660] [--split val_unseen]
    python benchmarks/d2po.py shown [--run runs/d2po] [--tasks 60] [--split val_unseen]

`table` writes the report of a run of `enactive train d2po` anew, for both val splits or for one. `speed` searches with the
shipped policy. `smollm2` makes one LoRA step of D2PO on SmolLM2-135M. `replan` runs the shipped policy with and without
replanning on the first tasks of a split, symbolic, and says how often its predictions came true. `copied` lets the last copy
of a run's first seed go on copying (all that it has copied, and the successful paths of its search) with the rate and
about the updates of its preferences, and compares it with DPO and D2PO: what the search is worth without preferences. `drawn`
runs the base of a run and the policies of its first seed, greedy and by draws at temperature 0.7. `shown` runs SmolLM2-135M as
it was published, by itself and with steps that a run demonstrates before each prompt.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from enactive.envs.household.tasks.path_length import path_length_weighted
from enactive.envs.household.tasks.suites import MAX_COMMANDS, load_tasks
from enactive.envs.household.tasks.symbolic import Command, apply_command
from enactive.envs.household.tasks.task import Task
from enactive.planners.d2po.collect import collected
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.evaluate import Outcome, evaluate, read_outcomes
from enactive.planners.d2po.examples import Demonstration, Preference, read_lines
from enactive.planners.d2po.fit import Objective, Recipe, fit_demonstrations, fit_preferences
from enactive.planners.d2po.models import base_policy, load_policy, with_lora
from enactive.planners.d2po.planner import PREDICTION_TOKENS
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import AnswerError, parse_command, world_prompt
from enactive.planners.d2po.replanning import BEAMS, Refusals, came_true, commands_of
from enactive.planners.d2po.report import SPLITS, write_report
from enactive.planners.d2po.rewards import OracleProgress
from enactive.planners.d2po.stages import DEMONSTRATIONS, PREFERRED, copied_by, copies, methods, rounds_of
from enactive.planners.d2po.tree_search import Node, SearchSettings, Tree, search
from enactive.planners.d2po.weights import shipped_policy
from enactive.statistics import compare, mean, rate

Job = tuple[Tree, Node, Node]  # and a node with one of its children
DEPTHS = (1, 5), (6, 10), (11, 15), (16, 25)
TEMPERATURE = 0.7  # of what is drawn, as in best of N
RUNS = 3  # of what is timed, in turns; the best of them counts: other programs only slow it


def speed(count: int, console: Console) -> None:
    """Nodes a second with snapshots and with replayed prefixes, of the world alone; scores a second with and without reuse."""
    torch.set_num_threads(1)
    policy, tasks = shipped_policy(), sorted(load_tasks("train"), key=lambda task: task.apartment_seed)[:count]
    trees = search(
        policy,
        [Episode(task, "visible") for task in tasks],
        OracleProgress(),
        SearchSettings(lead=0, oracle_candidate=False),
        seed=0,
    )
    jobs = [(tree, node, child) for tree in trees for node in _nodes(tree.root) for child in node.children]
    best = [{"snapshots": math.inf, "replay": math.inf} for _ in DEPTHS]
    deep = [[job for job in jobs if low <= len(job[2].moment.commands) <= high] for low, high in DEPTHS]
    for _, (of, some) in itertools.product(range(RUNS), enumerate(deep)):
        for name, way in (("snapshots", _from_snapshots), ("replay", _by_replay)):
            begun = time.process_time()
            way(some)
            best[of][name] = min(best[of][name], time.process_time() - begun)
    named = [f"depth {low} to {high}" for low, high in DEPTHS]
    rows = [*zip(named, deep, best, strict=True)]
    whole = {name: sum(seconds[name] for seconds in best) for name in ("snapshots", "replay")}
    for name, some, seconds in [*rows, ("all", jobs, whole)]:
        if not some:
            console.print(f"{name}: no candidate")
            continue
        depth = sum(len(child.moment.commands) for _, _, child in some) / len(some)
        kept, again = (len(some) / seconds[way] for way in ("snapshots", "replay"))
        console.print(
            f"{name}: {len(some)} candidates at a mean depth of {depth:.1f}, {kept:.0f} nodes/s from snapshots, "
            f"{again:.0f} by reset and replay: {kept / again:.1f} times"
        )
    _scores(policy, [node.moment.prompt for tree in trees for node in _nodes(tree.root) if node.children][:60], 16, console)


def _from_snapshots(jobs: Sequence[Job]) -> None:
    for tree, node, child in jobs:
        apply_command(tree.episode.layout, node.moment.state, child.command)


def _by_replay(jobs: Sequence[Job]) -> None:
    for tree, _, child in jobs:
        state = tree.episode.start().state
        for command in child.moment.commands:
            state, _ = apply_command(tree.episode.layout, state, command)


def _scores(policy: Policy, prompts: list[str], batch: int, console: Console) -> None:
    """Scores of five siblings a second, where the prompt is read five times, once, or was read when they were drawn."""
    texts = ["find mug", "find fridge", "pick up mug", "open fridge", "done"]
    starts, answers = [policy.prompt_ids(prompt) for prompt in prompts], [policy.answer_ids(text) for text in texts]
    readings = [policy.read(prompt) for prompt in prompts]

    def together(reuse: bool) -> None:
        for begin in range(0, len(starts), batch):
            part = starts[begin : begin + batch]
            once = [(start, answers) for start in part]
            with torch.inference_mode():
                policy.sibling_logprobs(once if reuse else [(start, [answer]) for start in part for answer in answers])

    ways: dict[str, Callable[[], object]] = {
        "one prompt at a time, five full texts in a batch": lambda: [policy.score(one, texts, False) for one in prompts],
        "prompt read once": lambda: [policy.score(one, texts) for one in prompts],
        "prompt read before": lambda: [policy.score(one, texts) for one in readings],
        f"{batch} prompts at a time, full texts": lambda: together(False),
        f"{batch} prompts at a time, each read once": lambda: together(True),
    }
    best = dict.fromkeys(ways, math.inf)
    for _ in range(RUNS):
        for name, way in ways.items():
            begun = time.process_time()
            way()
            best[name] = min(best[name], time.process_time() - begun)
    whole, once, before, many, packed = best.values()
    tokens = sum(map(len, starts)) / len(starts)
    console.print(f"K = 5 siblings, {tokens:.0f} tokens of prompt at the mean, best of {RUNS} runs, scores/s:")
    for name, seconds in best.items():
        console.print(f"  {name}: {len(prompts) * len(texts) / seconds:.1f}")
    console.print(
        f"  read once {whole / once:.1f} times, read before {whole / before:.1f} times, "
        f"{batch} at a time read once {many / packed:.1f} times as fast"
    )


def _nodes(root):
    yield root
    for child in root.children:
        yield from _nodes(child)


def smollm2(console: Console) -> None:
    """One step of D2PO by LoRA, one pair of each kind."""
    torch.set_num_threads(1)
    policy = with_lora(base_policy("smollm2", (), 0), 0)
    moved = "find mug; pick up mug; find sofa failed because no sofa is in view; find armchair; find kitchen counter"
    seen = "in view: bottle, bread, kitchen counter, mug, plate, toaster. the hand holds the mug. next:"
    _scores(policy, [f"goal: put a mug on the sofa. done: {moved}. {seen}"] * 4, 4, console)
    prompt = "goal: put a mug on the sofa. done: nothing. in view: nothing. the hand is empty. next:"
    pair = Preference("t", "action", prompt, "find mug", ("find sofa",))
    state = Preference("t", "state", f"{prompt} find mug. then:", "a mug is in view", ("no mug is in view",))
    begun = time.monotonic()
    log = fit_preferences(policy, [pair, state], Recipe(3.0, 1, 1e-4), Objective(), 0)
    told = ", ".join(f"{row['loss']:.4f}" for row in log)
    console.print(f"SmolLM2-135M, LoRA: {(time.monotonic() - begun) / len(log):.1f} s a step, losses {told}")
    ((answer,),) = policy.answers([prompt])
    try:
        console.print(f"answers {answer!r}: {parse_command(answer)}")
    except AnswerError as error:
        console.print(f"answers {answer!r}, untrained: {error}")


def replan(count: int, split: str, console: Console) -> None:
    """Success and PL of the shipped policy with and without replanning, paired, and what became of its predictions.

    The figures so far are printed after every 50 tasks.
    """
    torch.set_num_threads(1)
    policy, tasks = shipped_policy(), load_tasks(split)[:count]
    plain, again, told = list[Outcome](), list[tuple[bool, float]](), list[tuple[bool, str, bool]]()
    for start in range(0, len(tasks), 50):
        batch = tasks[start : start + 50]
        plain += evaluate(policy, batch)
        rows, turns = _replanning(policy, batch)
        again, told = again + rows, told + turns
        on, off = [row[0] for row in again], [row.success for row in plain]
        on_pl, off_pl = [row[1] for row in again], [row.pl for row in plain]
        refused = sum(error != "" for row in plain for _, error in row.turns), sum(turn[2] for turn in told)
        foreseen = sum(turn[2] and turn[1].startswith("failed") for turn in told)
        console.print(f"as it is: success {rate(off)}, PL {mean(off_pl)}, {refused[0] / len(off):.1f} refused an episode")
        console.print(f"replanning: success {rate(on)}, PL {mean(on_pl)}, {refused[1] / len(on):.1f} refused an episode")
        console.print(f"replanning - as it is: success {compare(on, off)}; PL {compare(on_pl, off_pl)}")
        console.print(
            f"{sum(turn[0] for turn in told)} of {len(told)} predictions came true, {foreseen} of {refused[1]} refusals "
            f"were predicted; {split}, n = {len(on)} tasks, greedy, symbolic, the agent is told what is visible"
        )


def _replanning(policy: Policy, tasks: Sequence[Task]) -> tuple[list[tuple[bool, float]], list[tuple[bool, str, bool]]]:
    """(success, PL) of each task, and of each command whether its prediction came true, the prediction, and a refusal."""
    episodes = [Episode(task, "visible") for task in tasks]
    moments, refusals = [episode.start() for episode in episodes], [Refusals() for _ in episodes]
    failed: set[int] = set()
    told: list[tuple[bool, str, bool]] = []
    for _ in range(MAX_COMMANDS):
        left = [i for i, moment in enumerate(moments) if not moment.state.done and i not in failed]
        commands: dict[int, Command] = {}
        for i, (answer,) in zip(left, policy.answers([moments[i].prompt for i in left]), strict=True):
            scene = moments[i].situation.scene
            try:
                commands[i] = parse_command(answer)
            except AnswerError:
                failed.add(i)
                continue
            if refusals[i].bars(commands[i], scene):
                other = refusals[i].another(commands_of(policy.likely(moments[i].prompt, BEAMS)), scene)
                commands[i] = parse_command(other or answer)
        asked = {i: world_prompt(moments[i].situation, c) for i, c in commands.items() if c.verb != "done"}
        answers = policy.answers([*asked.values()], tokens=PREDICTION_TOKENS) if asked else []
        predicted = {i: text for i, (text,) in zip(asked, answers, strict=True)}
        for i, command in commands.items():
            refusals[i].say(command, moments[i].situation.scene)
            moments[i] = episodes[i].step(moments[i], command)
            came = moments[i].feedback[-1]
            refusals[i].hear(not came.ok)
            if i in predicted:
                told.append((came_true(predicted[i], came.message, not came.ok), predicted[i], not came.ok))
    rows = []
    for i, (episode, moment) in enumerate(zip(episodes, moments, strict=True)):
        done = i not in failed and episode.succeeded(moment)
        length = len(moment.commands) - moment.state.done
        rows.append((done, path_length_weighted(done, length, episode.task.plan_length)))
    return rows, told


def copied(run: Path, split: str, console: Console) -> None:
    """Train and measure the policy that goes on copying, and pair it with what preferences made of the same data."""
    torch.set_num_threads(1)
    rounds, folder = rounds_of(run), run / "seed-0"
    paths, _, _ = collected(folder / "search")
    examples = [*copied_by(run, 0, rounds), *paths]
    updates = len(json.loads((folder / "dpo" / "log.json").read_text()))
    rate_of = json.loads((run / "plan.json").read_text())["prefer"]["rate"]
    begin = copies(rounds)[-1]
    policy = load_policy(folder / begin)
    fit_demonstrations(policy, examples, Recipe(1.0, max(1, len(examples) // updates), rate_of), 0)
    rows = evaluate(policy, load_tasks(split))
    success, pl = [row.success for row in rows], [row.pl for row in rows]
    console.print(f"{len(examples)} answers copied: success {rate(success)}, PL {mean(pl)}; {split}, n = {len(rows)}")
    for method in (begin, *PREFERRED):
        other = read_outcomes(folder / method / f"{split}.jsonl")
        gain = compare([row.success for row in other], success), compare([row.pl for row in other], pl)
        console.print(f"{method} - copied: success {gain[0]}; PL {gain[1]}")


def drawn(run: Path, count: int, split: str, console: Console) -> None:
    """Success and PL of each policy of a run on the same tasks, greedy and drawn, and what drawing costs."""
    torch.set_num_threads(1)
    names, tasks = methods(rounds_of(run)), load_tasks(split)[:count]
    plan = json.loads((run / "plan.json").read_text())
    base = run / "base" if plan["base"] == "small" else Path(plan["base"])
    for name, folder in {"base": base, **{method: run / "seed-0" / method for method in names}}.items():
        policy = load_policy(folder)
        greedy, drawn = (evaluate(policy, tasks, plan["knowledge"], temperature) for temperature in (0.0, TEMPERATURE))
        for way, own in (("greedy", greedy), (f"temperature {TEMPERATURE}", drawn)):
            wrong = sum(row.output_error is not None for row in own)
            done = rate([row.success for row in own])
            console.print(f"{name}, {way}: success {done}, PL {mean([row.pl for row in own])}, {wrong} no command")
        console.print(f"{name}, drawn - greedy: {compare([r.success for r in drawn], [r.success for r in greedy])}")
    console.print(f"{split}, n = {len(tasks)} tasks, symbolic, the agent is told what is {plan['knowledge']}")


class Shown(Policy):
    """A policy that reads demonstrations before every prompt and whose answer ends with its line."""

    def __init__(self, policy: Policy, examples: Sequence[Demonstration]) -> None:
        super().__init__(policy.model, policy.tokenizer, policy.name)
        self.before = "".join(f"{example.prompt} {example.answer}\n" for example in examples)

    def answers(self, prompts: Sequence[str], *args: Any, **kwargs: Any) -> list[list[str]]:
        told = super().answers([self.before + prompt for prompt in prompts], *args, **kwargs)
        return [[text.partition("\n")[0] for text in own] for own in told]


def shown(run: Path, count: int, split: str, console: Console) -> None:
    """SmolLM2 without training: by itself, and with the last steps of two demonstrated tasks and a first one in its prompt."""
    policy, tasks = base_policy("smollm2", (), 0), load_tasks(split)[:count]
    copied = [e for e in read_lines(run / DEMONSTRATIONS, Demonstration) if e.prompt.endswith("next:")]
    ends = [example for example in copied if example.answer == "done"]
    examples = [copied[0], *ends[:2]]
    for name, some in (("by itself", ()), ("with examples", examples)):
        own = evaluate(Shown(policy, some), tasks)
        wrong = sum(row.output_error is not None for row in own)
        console.print(
            f"SmolLM2-135M {name}: success {rate([row.success for row in own])}, PL {mean([row.pl for row in own])}, "
            f"progress {mean([row.progress for row in own])}, {wrong} no command; {split}, n = {len(own)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("table", "speed", "smollm2", "replan", "copied", "drawn", "shown"))
    parser.add_argument("--run", type=Path, default=Path("runs/d2po"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--split", default=None, help="default val_unseen, and both val splits with table")
    parser.add_argument("--tasks", type=int, default=None, help="default 20, 200 with replan, 660 with drawn and 60 with shown")
    chosen, console = parser.parse_args(), Console(width=160)
    if chosen.what == "table":
        print(write_report(chosen.run, chosen.seeds, (chosen.split,) if chosen.split else SPLITS))
    elif chosen.what == "speed":
        speed(chosen.tasks or 20, console)
    elif chosen.what == "replan":
        replan(chosen.tasks or 200, chosen.split or "val_unseen", console)
    elif chosen.what == "copied":
        copied(chosen.run, chosen.split or "val_unseen", console)
    elif chosen.what == "drawn":
        drawn(chosen.run, chosen.tasks or 660, chosen.split or "val_unseen", console)
    elif chosen.what == "shown":
        shown(chosen.run, chosen.tasks or 60, chosen.split or "val_unseen", console)
    else:
        smollm2(console)


if __name__ == "__main__":
    main()
