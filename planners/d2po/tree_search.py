"""Step-wise tree search for data (D2PO, section 3.2): the policy proposes, the world and a judge rate, the best go on.

A node keeps an immutable state, so to expand it costs one prompt and K commands, however deep it lies; the public code resets
the world and replays the whole prefix for every candidate.

Where a search begins is not the paper's alone. What a policy fails by is that it comes where no successful path leads, as to a
command that was refused and that it says again, so a search may begin where the policy came by itself (`SearchSettings.lead`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from enactive.envs.household.tasks.symbolic import Command
from enactive.errors import ConfigError, ModelError

from .demonstrate import said_by_expert
from .episodes import Episode, Moment
from .hiding_places import Places
from .prompt import AnswerError, answer_text, parse_command, parts
from .rewards import ProcessReward

if TYPE_CHECKING:
    from .policy import Policy


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    candidates: K sampled per node. temperature: of the sampling. process_weight, executable_weight: shares of the judge's 1 to
    5 and of executability (5 or 0) in the score. width, threshold: so many of the best nodes with at least this score go on.
    keep: every node with at least this score goes on, None = no such rule. repeat_score: score of the command that was just
    given, None = no such rule. parent_share: of the parent's score in the order of nodes. strategy: "beam" drops what does not
    go on, "best_first" comes back to it. depth: commands of a path at most. nodes: expanded per task at most.
    lead: commands at most that the policy gives by itself before the search begins; how many is drawn, for half of the tasks
    none. oracle_candidate: the expert's next command, in an agent's words, is a candidate beside the policy's own.
    """

    candidates: int = 5
    temperature: float = 1.5
    process_weight: float = 0.5
    executable_weight: float = 0.5
    width: int = 2
    threshold: float = 3.2
    keep: float | None = None
    repeat_score: float | None = None
    parent_share: float = 0.5
    strategy: Literal["beam", "best_first"] = "beam"
    depth: int = 25
    nodes: int = 100
    lead: int = 14
    oracle_candidate: bool = True


_PUBLISHED = SearchSettings(temperature=1.0, lead=0, oracle_candidate=False)
Preset = Literal["default", "paper", "code"]
PRESETS: Mapping[Preset, SearchSettings] = {
    "default": SearchSettings(),
    "paper": replace(_PUBLISHED, width=8, parent_share=0.0),  # breadth first above an unpublished threshold
    "code": replace(_PUBLISHED, width=2, keep=4.5, repeat_score=3.0),  # public, commit 7ae3d18
}


def search_settings(preset: Preset, given: SearchSettings) -> SearchSettings:
    """The settings of a preset, or those given with the default one. Raises ConfigError for both."""
    if preset == "default":
        return given
    if given != PRESETS["default"]:
        raise ConfigError(f"--preset {preset} sets all of --search: leave out the preset or the settings")
    return PRESETS[preset]


@dataclass(slots=True)
class Node:
    """A moment that was reached. answer, score: what was said to come here, and its score. children: one per distinct command,
    once expanded."""

    moment: Moment
    score: float
    priority: float
    parent: Node | None = None
    answer: str = ""
    solved: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def command(self) -> Command:
        """The command that led here."""
        return self.moment.commands[-1]


@dataclass(slots=True)
class Tree:
    """The search of one task. goal: the node at which the task was done, None where it was not found.

    failure: why the search broke off, "" where it did not; it then teaches nothing.
    """

    episode: Episode
    root: Node
    frontier: list[Node]
    seen: set[tuple[str, frozenset[str]]]
    expanded: int = 0
    unreadable: int = 0
    goal: Node | None = None
    failure: str = ""

    def path(self) -> list[Node]:
        """Nodes from the root to the goal; none where there is no goal."""
        out, node = list[Node](), self.goal
        while node is not None:
            out.append(node)
            node = node.parent
        return out[::-1]


def search(
    policy: Policy,
    episodes: Sequence[Episode],
    reward: ProcessReward,
    settings: SearchSettings,
    seed: int,
    places: Places = MappingProxyType({}),
) -> list[Tree]:
    """Search all tasks side by side: one batch of prompts per depth. Deterministic for a seed and the same tasks.

    places: where the expert's candidate looks for what is hidden; it has none there without.
    A task whose steps the judge cannot rate is given up with its cause, and the others go on. Raises ModelError where those are
    more than one and more than a tenth: such a judge is not there, or no judge.
    """
    starts = _led(policy, episodes, settings.lead, seed)
    trees = [_plant(episode, moment) for episode, moment in zip(episodes, starts, strict=True)]
    for level in range(settings.depth + 1):
        chosen = [(tree, node) for tree in trees for node in _next(tree, settings)]
        if not chosen:
            break
        prompts = [node.moment.prompt for _, node in chosen]
        told = policy.answers(prompts, settings.candidates, settings.temperature, seed * 1000 + level)
        for (tree, node), answers in zip(chosen, told, strict=True):
            if tree.failure:
                continue
            try:
                _expand(tree, node, answers, reward, settings, places)
            except ModelError as problem:
                tree.failure, tree.frontier, tree.goal = str(problem), [], None
                failed = sum(one.failure != "" for one in trees)
                if failed > max(1, len(trees) // 10):
                    raise ModelError(
                        f"the judge failed at {failed} of {len(trees)} tasks, the last time so: {problem}"
                    ) from problem
    return trees


def _led(policy: Policy, episodes: Sequence[Episode], most: int, seed: int) -> list[Moment]:
    """Where each search begins: where the policy comes by itself in up to `most` commands, before `done` or nonsense."""
    rng, moments = random.Random(seed), [episode.start() for episode in episodes]
    lengths = [max(0, rng.randint(-most, most)) for _ in episodes]
    for turn in range(most):
        going = [
            i
            for i, moment in enumerate(moments)
            if len(moment.commands) == turn < lengths[i] and not episodes[i].succeeded(moment)
        ]
        for i, (answer,) in zip(going, policy.answers([moments[i].prompt for i in going], 1, 0.0, 0), strict=True):
            try:
                command = parse_command(answer)
            except AnswerError:
                continue
            if command.verb != "done":
                moments[i] = episodes[i].step(moments[i], command)
    return moments


def _plant(episode: Episode, moment: Moment) -> Tree:
    root = Node(moment, 0.0, 0.0, solved=episode.succeeded(moment))
    return Tree(episode, root, [root], {(moment.state.digest(), moment.missed)}, goal=root if root.solved else None)


def _next(tree: Tree, settings: SearchSettings) -> list[Node]:
    """The nodes to expand now, taken out of the frontier. The goal itself is expanded once, for what else was said there."""
    if tree.goal is not None:
        last = [] if tree.goal.children or not tree.frontier else [tree.goal]
        tree.frontier = []
        return last
    order = sorted(tree.frontier, key=lambda node: -node.priority)
    fit = [node for node in order if node is tree.root or node.score >= settings.threshold]
    kept = settings.keep
    chosen = [node for i, node in enumerate(fit) if i < settings.width or (kept is not None and node.score >= kept)]
    chosen = chosen[: max(0, settings.nodes - tree.expanded)]
    taken = {id(node) for node in chosen}
    tree.frontier = [node for node in fit if id(node) not in taken] if settings.strategy == "best_first" else []
    return chosen


def _expand(
    tree: Tree, node: Node, answers: Sequence[str], reward: ProcessReward, settings: SearchSettings, places: Places
) -> None:
    """Carry out each distinct command, rate it, and put what is new on the frontier. The expert's has its own reasoning."""
    tree.expanded += 1
    commands = dict[Command, str]()
    for answer in answers:
        try:
            command = parse_command(answer)
            commands.setdefault(command, _written(answer, command))
        except AnswerError:
            tree.unreadable += 1  # no command: nothing to carry out, and nothing in its place
    if settings.oracle_candidate and (right := said_by_expert(tree.episode, node.moment, places)) is not None:
        commands[right[0]] = answer_text(*right)  # what was drawn may have come to it by nonsense
    for command, answer in commands.items():
        moment = tree.episode.step(node.moment, command)
        score = _score(tree, node, moment, reward, settings)
        child = Node(moment, score, score + settings.parent_share * node.score, node, answer)
        node.children.append(child)
        reached = moment.state.digest(), moment.missed
        if moment.state.done or reached in tree.seen:  # so is what was refused, but for a first look for what is not in view
            continue
        tree.seen.add(reached)
        child.solved = tree.episode.succeeded(moment)
        if child.solved and tree.goal is None:
            tree.goal = child
        if len(moment.commands) < settings.depth:
            tree.frontier.append(child)


def _written(answer: str, command: Command) -> str:
    """An answer as answers are written, without reasoning that names nothing to do: what is drawn hot is at times nonsense."""
    try:
        aim = parse_command(parts(answer)[0])
    except AnswerError:
        aim = command
    return answer_text(command, aim)


def _score(tree: Tree, node: Node, after: Moment, reward: ProcessReward, settings: SearchSettings) -> float:
    """The hybrid score: a share from the judge, a share from executability, which a first look for a thing has."""
    commands = after.commands
    if settings.repeat_score is not None and len(commands) > 1 and commands[-1] == commands[-2]:
        return settings.repeat_score
    executable = 5.0 if after.feedback[-1].ok or after.missed > node.moment.missed else 0.0
    return settings.process_weight * reward(tree.episode, node.moment, after) + settings.executable_weight * executable
