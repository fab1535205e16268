"""What a search teaches: the successful path, commands to prefer to their siblings, and states to prefer (D2PO, 3.2)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from .examples import Demonstration, Preference, distinct, pairs
from .prompt import goal_prompt, policy_prompt, state_text, world_prompt
from .tree_search import Node, Tree

DONE = "done"


def demonstrations(tree: Tree) -> list[Demonstration]:
    """The successful path with `done` behind it; nothing where the task was not done."""
    path = tree.path()
    if not path:
        return []
    steps = [(node.moment.prompt, after.answer) for node, after in pairwise(path)]
    steps.append((path[-1].moment.prompt, DONE))
    return [Demonstration(tree.episode.task.id, prompt, answer) for prompt, answer in steps]


def preferences(tree: Tree) -> Iterator[Preference]:
    """All preferences of the nodes on the successful path.

    Commands: the path's to each sibling of a lower score, and `done` at the goal to whatever else was said there. States: for
    every command that was tried, the true next state to those of its siblings; and, with the goal alone as the condition, the
    path's next state to those of lower score.
    """
    task, path = tree.episode.task.id, tree.path()
    for node, after in zip(path, [*path[1:], None], strict=False):
        situation, texts = node.moment.situation, {id(child): _state(tree, child) for child in node.children}
        worse = [child for child in node.children if child is not after and (after is None or child.score < after.score)]
        chosen = DONE if after is None else after.answer
        yield from _preference(task, "action", policy_prompt(situation), chosen, [child.answer for child in worse])
        if after is not None:
            states = [texts[id(child)] for child in worse]
            yield from _preference(task, "goal_state", goal_prompt(situation), texts[id(after)], states)
        for child in node.children:
            if child.command.verb != DONE:
                others = [text for other, text in texts.items() if other != id(child)]
                yield from _preference(task, "state", world_prompt(situation, child.command), texts[id(child)], others)


def _preference(task: str, kind: Any, prompt: str, chosen: str, rejected: Sequence[str]) -> Iterator[Preference]:
    others = tuple(dict.fromkeys(text for text in rejected if text != chosen))
    if others:
        yield Preference(task, kind, prompt, chosen, others)


def _state(tree: Tree, node: Node) -> str:
    return state_text(tree.episode.layout, node.moment.state, node.moment.feedback[-1])


def balanced(examples: Sequence[Preference], seed: int) -> list[Preference]:
    """Distinct preferences, with at most as many of each kind of state as there are of commands, drawn by a seed."""
    kept, rng = distinct(examples), random.Random(seed)
    actions = [example for example in kept if example.kind == "action"]
    out = list(actions)
    for kind in ("state", "goal_state"):
        own = [example for example in kept if example.kind == kind]
        out += rng.sample(own, min(len(own), len(actions)))
    return out


def data_card(trees: Sequence[Tree], copied: Sequence[Demonstration], preferred: Sequence[Preference]) -> dict[str, Any]:
    """Where a data set comes from and what is in it, in plain values. failures: of how many tasks each cause was the end."""
    solved = [tree for tree in trees if tree.goal is not None]
    return {
        "tasks": len(trees),
        "failed": sum(tree.failure != "" for tree in trees),
        "failures": dict(Counter(tree.failure for tree in trees if tree.failure)),
        "solved": len(solved),
        "types_solved": dict(sorted(Counter(tree.episode.task.type for tree in solved).items())),
        "nodes_expanded": sum(tree.expanded for tree in trees),
        "answers_that_were_no_command": sum(tree.unreadable for tree in trees),
        "demonstrations": len(copied),
        "preferences": dict(sorted(Counter(example.kind for example in preferred).items())),
        "pairs": {
            kind: pairs([example for example in preferred if example.kind == kind])
            for kind in ("action", "state", "goal_state")
        },
    }
