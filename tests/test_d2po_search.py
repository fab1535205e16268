"""D2PO's tree search by hand: the score of a command, and which nodes go on, in a world that is made of letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from enactive.envs.household.tasks.symbolic import Command
from enactive.planners.d2po.tree_search import PRESETS, Node, SearchSettings, Tree, search

PLAIN = SearchSettings(lead=0, oracle_candidate=False, depth=2)


@dataclass(frozen=True)
class Point:
    """A moment: the letters that were looked for, those that were refused, and those of them that were not in view."""

    commands: tuple[Command, ...] = ()
    refused: frozenset[str] = frozenset()
    missed: frozenset[str] = frozenset()

    @property
    def prompt(self) -> str:
        return "".join(command.target for command in self.commands)

    @property
    def feedback(self) -> tuple[SimpleNamespace, ...]:
        return tuple(SimpleNamespace(ok=command.target not in self.refused) for command in self.commands)

    @property
    def state(self) -> SimpleNamespace:
        return SimpleNamespace(digest=lambda: self.prompt, done=False)


class Letters:
    """The task, the policy and the judge in one: `ratings` has the judge's number for each path of letters that is proposed.

    refused: letters that cannot be found. hidden: those of them of which that is news the first time. expanded: the paths that
    were gone on from, one list a depth.
    """

    def __init__(self, ratings: Mapping[str, float], refused: str = "", hidden: str = "") -> None:
        self.ratings, self.refused, self.hidden = ratings, frozenset(refused), frozenset(hidden)
        self.expanded: list[list[str]] = []

    def start(self) -> Point:
        return Point(refused=self.refused)

    def step(self, point: Point, command: Command) -> Point:
        missed = point.missed | (self.hidden & {command.target})
        return replace(point, commands=(*point.commands, command), missed=missed)

    def succeeded(self, point: Point) -> bool:
        return False

    def answers(self, prompts: Sequence[str], count: int, temperature: float, seed: int) -> list[list[str]]:
        self.expanded.append(list(prompts))
        return [
            [f"find {path[-1]}" for path in self.ratings if path[:-1] == prompt and len(path) == len(prompt) + 1]
            for prompt in prompts
        ]

    def __call__(self, episode: Letters, before: Point, after: Point) -> float:
        return self.ratings[after.prompt]

    def search(self, **settings: object) -> Tree:
        (tree,) = search(self, [self], self, replace(PLAIN, **settings), seed=0)  # type: ignore[arg-type]
        return tree


def node_at(tree: Tree, path: str) -> Node:
    node = tree.root
    for letter in path:
        node = next(child for child in node.children if child.command.target == letter)
    return node


def test_the_judge_and_executability_count_by_half_each() -> None:
    tree = Letters({"a": 4.0, "b": 4.0, "c": 1.0, "d": 5.0}, refused="b").search()
    assert [node_at(tree, path).score for path in "abcd"] == [4.5, 2.0, 3.0, 5.0]


def test_the_shares_are_those_that_are_set() -> None:
    tree = Letters({"a": 4.0, "b": 4.0}, refused="b").search(process_weight=0.75, executable_weight=0.2)
    assert [node_at(tree, path).score for path in "ab"] == pytest.approx([4.0, 3.0])


def test_a_first_look_for_what_is_hidden_counts_as_carried_out_and_a_second_does_not() -> None:
    tree = Letters({"b": 4.0, "bb": 4.0}, refused="b", hidden="b").search()
    assert [node_at(tree, path).score for path in ("b", "bb")] == [4.5, 2.0]


@pytest.mark.parametrize(("repeat_score", "score"), [(None, 4.5), (3.0, 3.0)])
def test_the_command_that_was_just_given_has_a_score_of_its_own(repeat_score: float | None, score: float) -> None:
    tree = Letters({"a": 4.0, "aa": 4.0, "ab": 2.0}).search(repeat_score=repeat_score)
    assert [node_at(tree, path).score for path in ("a", "aa", "ab")] == [4.5, score, 3.5]


@pytest.mark.parametrize(("parent_share", "priorities", "after"), [(0.5, [6.5, 6.0], ["aa"]), (0.0, [4.0, 4.5], ["ba"])])
def test_the_parents_score_counts_in_the_order_by_its_share(
    parent_share: float, priorities: list[float], after: list[str]
) -> None:
    scripted = Letters({"a": 5.0, "b": 1.0, "aa": 3.0, "ba": 4.0})  # scores 5, 3, 4 and 4.5
    tree = scripted.search(parent_share=parent_share, threshold=3.0, depth=3)
    assert [node_at(tree, path).priority for path in ("aa", "ba")] == priorities
    assert scripted.expanded[1] == ["a", "b"]
    assert scripted.expanded[2][:1] == after


def test_what_has_less_than_the_threshold_does_not_go_on_but_for_the_root() -> None:
    ratings = {"a": 1.4, "b": 1.3}  # scores 3.2 and 3.15
    for threshold, after in ((3.2, ["a"]), (3.15, ["a", "b"]), (3.3, [])):
        scripted = Letters(ratings)
        scripted.search(threshold=threshold)
        assert scripted.expanded == [[""], *([after] if after else [])]


@pytest.mark.parametrize(("keep", "after"), [(None, ["a"]), (4.5, ["a", "b"]), (4.0, ["a", "b", "c"])])
def test_beside_the_best_all_go_on_that_are_good_enough_to_keep(keep: float | None, after: list[str]) -> None:
    scripted = Letters({"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0})  # scores 5, 4.5, 4 and 3.5
    scripted.search(width=1, keep=keep)
    assert scripted.expanded[1] == after


@pytest.mark.parametrize(("strategy", "later"), [("beam", []), ("best_first", [["b"]])])
def test_a_beam_drops_what_does_not_go_on_and_best_first_comes_back_to_it(strategy: str, later: list[list[str]]) -> None:
    scripted = Letters({"a": 5.0, "b": 4.0})
    scripted.search(width=1, strategy=strategy)
    assert scripted.expanded == [[""], ["a"], *later]


def test_the_published_search_scores_and_goes_on_as_its_code_does() -> None:
    """(4 + 5)/2, (4 + 0)/2, 3 for a repetition; two that have 3.2, and all that have 4.5; the score and half the parent's."""
    ratings = {"a": 5.0, "b": 4.0, "c": 4.0, "d": 2.0, "e": 4.0, "aa": 5.0, "af": 1.0, "ag": 3.0}
    scripted = Letters(ratings, refused="e")
    (tree,) = search(scripted, [scripted], scripted, replace(PRESETS["code"], depth=2), seed=0)  # type: ignore[list-item]
    assert [node_at(tree, path).score for path in (*"abcde", "aa", "af", "ag")] == [5.0, 4.5, 4.5, 3.5, 2.0, 3.0, 3.0, 4.0]
    assert scripted.expanded[1] == ["a", "b", "c"]
    assert node_at(tree, "ag").priority == 6.5
