"""Step labels by Monte-Carlo roll-outs (VisualPRM, arXiv 2503.10291): a step is good if the policy can succeed after it.

The symbolic world is deterministic, so all that can happen in a task is a tree of what was said. Trajectories, roll-outs and
candidates walk the same tree: a prompt is read and a command carried out once, however many walkers come by, and every walker
takes a draw of its own from the policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enactive.envs.household.tasks.suites import MAX_COMMANDS
from enactive.errors import ConfigError

from ..d2po.episodes import Episode, Moment
from ..d2po.prompt import AnswerError, parse_command, prompt_pieces
from .prefixes import Piece, read

if TYPE_CHECKING:
    from ..d2po.policy import Ids, Policy

BATCH = 256  # answers that are written at once
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
        """Draw what the nodes lack, those that lack about as much in one batch."""
        of_size: dict[int, list[Node]] = {}
        for node, count in wanted.items():
            if (lacking := node.used + count - len(node.drawn)) > 0:
                of_size.setdefault(1 << (lacking - 1).bit_length(), []).append(node)
        for size, nodes in sorted(of_size.items()):
            order = sorted(nodes, key=lambda node: len(node.moment.commands))  # rows of about one length
            most = max(1, BATCH // size)
            for begin in range(0, len(order), most):
                self._draw(order[begin : begin + most], size)

    def _draw(self, nodes: Sequence[Node], count: int) -> None:
        import torch

        policy = self.policy
        rows: list[tuple[Piece | None, Ids]] = []
        stays: list[int] = []
        for node in nodes:
            kept, rest = (self._tokens(text) for text in prompt_pieces(node.moment.situation))
            kept = kept if node.read is None else ()  # it was read before, for other draws
            rows.append((node.read or (node.parent.read if node.parent is not None else None), kept + rest))
            stays.append(len(kept))
        with torch.inference_mode(), policy.autocast():
            reading = read(policy.model.model, rows, policy.pad)
            logits = policy.model.lm_head(reading.hidden[:, -1]).float().repeat_interleave(count, 0)
            for row, node in enumerate(nodes):
                if node.read is None:
                    node.read = reading.piece(row, rows[row][0], stays[row])
            if count > 1:
                reading.cache.batch_repeat_interleave(count)
            mask = reading.mask.repeat_interleave(count, 0)
            written = policy.write(logits, reading.cache, mask, self.temperature, self._generator)
        for row, node in enumerate(nodes):
            node.drawn += written[row * count : (row + 1) * count]

    def _tokens(self, text: str) -> Ids:
        if text not in self._ids:
            self._ids[text] = self.policy.prompt_ids(text)
        return self._ids[text]


def _require_pieces(policy: Policy) -> None:
    """Raises ConfigError where the tokens of a text are not those of its pieces, or the decoder stands not before its head.

    Word-level tokenizers have such tokens, as the small policies do. Those that merge letters over the end of a piece, or
    begin each text with a token, would have the policy asked with another prompt than it was trained on.
    """
    pieces = ("goal: put a mug on the sofa. done: ", "find mug", ". in view: mug. the hand is empty. next:")
    joined = tuple(token for piece in pieces for token in policy.prompt_ids(piece))
    if joined != policy.prompt_ids("".join(pieces)) or not all(hasattr(policy.model, part) for part in ("model", "lm_head")):
        raise ConfigError(
            f"the prompts of {policy.name} cannot be read in pieces, as roll-outs do: take a policy of single words, one that "
            "`enactive train d2po --base small` made"
        )


def step_labels(walkers: Walkers, ends: Sequence[Node]) -> list[list[bool]]:
    """For each finished trajectory a label per step: whether any of 16 episodes from after the step succeeds.

    The rest of a trajectory is itself such an episode and counts as the first of its prefixes; the others are drawn in rounds
    until one succeeds. All steps are labelled, also those after the first wrong one. What is over is as good as it ended.
    """
    steps = list(dict.fromkeys(node for end in ends for node in end.path()))
    good = {node for end in ends if end.success for node in end.path()}
    for size in _ROUNDS:
        open_ = [node for node in steps if node not in good and not node.over]
        reached = walkers.finish([node for node in open_ for _ in range(size)])
        good |= {node for i, node in enumerate(open_) if any(end.success for end in reached[i * size : (i + 1) * size])}
    return [[node in good for node in end.path()] for end in ends]
