"""Step labels by Monte-Carlo roll-outs (VisualPRM, arXiv 2503.10291): a step is good if the policy can succeed after it.

The symbolic world is deterministic, so all that can happen in a task is a tree of what was said. Trajectories, roll-outs and
candidates walk the same tree: a prompt is read and a command carried out once, however many walkers come by, and every walker
takes a draw of its own from the policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.errors import ConfigError

from ..d2po.episodes import Episode, Moment
from ..d2po.prompt import AnswerError, parse_command, parts, prompt_pieces
from .prefixes import Piece, fits, read
from .writing import write

if TYPE_CHECKING:
    from ..d2po.policy import Ids, Policy

PLUS, MINUS, UNKNOWN = "+", "-", "?"
BATCH = 64  # prompts that are read at once
_DRAWS = 4  # at least, at a prompt
_ROUNDS = (3, 4, 8)  # after the trajectory's own rest; a prefix that has succeeded once needs no more


@dataclass(slots=True, eq=False)
class Node:
    """A prefix of an episode. answer: what led here, "" at the root. over: nothing follows; success: and the task is done.

    drawn: answers of the policy at this prompt, used: how many of them walkers have taken. read: what the policy has read
    of it; judged: what each critic, by name, gave for the last answer, and has read.
    """

    episode: Episode
    moment: Moment
    answer: str = ""
    parent: Node | None = None
    over: bool = False
    success: bool = False
    drawn: list[str] = field(default_factory=list)
    used: int = 0
    children: dict[str, Node] = field(default_factory=dict)
    read: Piece | None = None
    judged: dict[str, tuple[float, Piece]] = field(default_factory=dict)

    @property
    def before(self) -> Node:
        """The prefix one answer shorter; the root has none."""
        if self.parent is None:
            raise ValueError("nothing was said before the root of a tree")
        return self.parent

    def path(self) -> list[Node]:
        """The nodes from the first answer to this one, the root left out."""
        out, node = list[Node](), self
        while node.parent is not None:
            out.append(node)
            node = node.parent
        return out[::-1]

    def after(self, answer: str) -> Node:
        """The node that an answer leads to. One that is no command ends the episode, which then has failed."""
        if answer not in self.children:
            self.children[answer] = self._grown(answer)
        return self.children[answer]

    def _grown(self, answer: str) -> Node:
        try:
            moment = self.episode.step(self.moment, parse_command(answer))
        except AnswerError:
            return Node(self.episode, self.moment, answer, self, over=True)
        over = moment.state.done or len(moment.commands) == MAX_COMMANDS
        return Node(self.episode, moment, answer, self, over, over and self.episode.succeeded(moment))


def root(episode: Episode) -> Node:
    """The tree of a task, with nothing said yet."""
    return Node(episode, episode.start())


class Walkers:
    """Episodes of one policy at one temperature, as many at once as there are. Deterministic for a seed and the same calls.

    Raises ConfigError for a policy whose prompts cannot be read in pieces.
    """

    def __init__(self, policy: Policy, temperature: float, seed: int) -> None:
        import torch

        _require_pieces(policy)
        self.policy, self.temperature = policy, temperature
        self._generator = torch.Generator(policy.device).manual_seed(seed)
        self._ids: dict[str, Ids] = {}

    def finish(self, starts: Sequence[Node]) -> list[Node]:
        """Where an episode from each start ends; starts may repeat, and each has draws of its own."""
        places = list(starts)
        while moving := [i for i, node in enumerate(places) if not node.over]:
            self._provide(Counter(places[i] for i in moving))
            for i in moving:
                node = places[i]
                places[i] = node.after(node.drawn[node.used])
                node.used += 1
        return places

    def candidates(self, nodes: Sequence[Node], count: int) -> list[list[str]]:
        """The first `count` draws at each node, the same whenever they are asked for."""
        self._provide({node: count - node.used for node in nodes})
        return [node.drawn[:count] for node in nodes]

    def _provide(self, wanted: Mapping[Node, int]) -> None:
        """Draw what the nodes lack, at least `_DRAWS` at each: of several most are the same, and cost nothing more."""
        lacking = {
            node: max(_DRAWS, more) for node, count in wanted.items() if (more := node.used + count - len(node.drawn)) > 0
        }
        order = list(lacking)
        for begin in range(0, len(order), BATCH):
            part = order[begin : begin + BATCH]
            self._draw(part, [lacking[node] for node in part])

    def _draw(self, nodes: Sequence[Node], counts: Sequence[int]) -> None:
        import torch

        rows: list[tuple[Piece | None, Ids]] = []
        stays: list[int] = []
        for node in nodes:
            kept, rest = (self._tokens(text) for text in prompt_pieces(node.moment.situation))
            kept = kept if node.read is None else ()  # it was read before, for other draws
            rows.append((node.read or (node.parent.read if node.parent is not None else None), kept + rest))
            stays.append(len(kept))
        with torch.inference_mode(), self.policy.autocast():
            hidden, texts = read(self.policy.model.model, rows)
            for node, text, (before, _), new in zip(nodes, texts, rows, stays, strict=True):
                if node.read is None:
                    node.read = text.piece(before, new)
            written = write(self.policy, hidden[:, 0], texts, counts, self.temperature, self._generator)
        for node, own in zip(nodes, written, strict=True):
            node.drawn += [parts(answer)[1] for answer in own]  # reasoning leads nowhere by itself

    def _tokens(self, text: str) -> Ids:
        if text not in self._ids:
            self._ids[text] = self.policy.prompt_ids(text)
        return self._ids[text]


def _require_pieces(policy: Policy) -> None:
    """Raises ConfigError where the tokens of a text are not those of its pieces, or the model is none that `read` knows.

    Word-level tokenizers have such tokens, as the small policies do. Those that merge letters over the end of a piece, or
    begin each text with a token, would have the policy asked with another prompt than it was trained on.
    """
    pieces = ("goal: put a mug on the sofa. done: ", "find mug", ". in view: mug. the hand is empty. next:")
    joined = tuple(token for piece in pieces for token in policy.prompt_ids(piece))
    if joined != policy.prompt_ids("".join(pieces)) or not fits(policy.model):
        raise ConfigError(
            f"the prompts of {policy.name} cannot be read in pieces, as roll-outs do: take a policy of single words, one that "
            "`enactive train d2po --base small` made"
        )


def step_labels(walkers: Walkers, ends: Sequence[Node], searched: Collection[Node]) -> list[str]:
    """For each finished trajectory a mark per step: "+" where any of 16 episodes from after the step succeeds, else "-".

    The rest of a trajectory is itself such an episode and counts as the first of its prefixes, and so does every later step
    with an episode that succeeds from there: what comes before a good step is good. Where the good ones end is searched, as
    in OmegaPRM (arXiv 2406.06592): a step from which none of 16 succeeds is taken to spoil what follows. What is over is as
    good as it ended. Episodes are drawn in rounds until one succeeds.

    searched: trajectories for which roll-outs are made. In the others a step of which they tell nothing is "?".
    """
    good = {node for end in ends if end.success for node in end.path()}
    bad = {end for end in ends if not end.success}
    while steps := list(dict.fromkeys(node for end in searched if (node := _next_asked(end, good, bad)) is not None)):
        for size in _ROUNDS:
            open_ = [node for node in steps if node not in good]
            for end in walkers.finish([node for node in open_ for _ in range(size)]):
                if end.success:
                    good.update(end.path())
        bad = {*bad, *steps} - good  # a roll-out from before a step can show later that it is good after all
    return [_marks(end, good, bad) for end in ends]


def _next_asked(end: Node, good: Collection[Node], bad: Collection[Node]) -> Node | None:
    """The step of a trajectory from which roll-outs tell most for their price, or None where all of its marks are known.

    It lies a third of the way from the last step known to be good to the first known to be bad: one from which all roll-outs
    fail costs several times as many as one from which one of the first succeeds.
    """
    path, marks = end.path(), _marks(end, good, bad)
    return path[marks.index(UNKNOWN) + marks.count(UNKNOWN) // 3] if UNKNOWN in marks else None


def _marks(end: Node, good: Collection[Node], bad: Collection[Node]) -> str:
    path = end.path()
    first_bad = next((i for i, node in enumerate(path) if node in bad), len(path))
    last_good = max((i for i, node in enumerate(path) if node in good), default=-1)
    return PLUS * (last_good + 1) + UNKNOWN * (first_bad - last_good - 1) + MINUS * (len(path) - first_bad)
