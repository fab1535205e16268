"""VisualPRM as a critic of household plans (arXiv 2503.10291): a language model that says "+" or "-" to every step.

A plan is a talk: each user turn tells what the agent was told and what it said to that, each answer is one mark. All steps
are rated in one pass: "+" stands in every answer as a placeholder, and the score of a step is the share of "+" in the softmax
over the two marks. A plan's score is the mean over its steps; the outcome model (ORM) has learnt the last step alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from enactive.errors import ConfigError

from ..d2po.fit import Batch, Order, Part, Place, Recipe, eager_attention, optimise
from ..d2po.policy import Policy
from ..d2po.weights import shipped_policy
from .prefixes import Piece, read
from .rollouts import MINUS, PLUS, UNKNOWN

if TYPE_CHECKING:
    import torch

    from ..d2po.policy import Ids

POSITIONS = 1024  # 25 commands with all that is in view take up to about 800 tokens
READ_TOKENS = 16_384  # filling included, of plans that are read at once
Supervision = Literal["process", "outcome"]
_NOWHERE = Place()
_ROWS = 256  # steps that are rated at once


@dataclass(frozen=True, slots=True)
class Trajectory:
    """turns: what the critic reads. labels: "+", "-" or "?" per turn. success: how it ended. apartment: seed of its home."""

    task: str
    apartment: int
    turns: tuple[str, ...]
    labels: str
    success: bool


class Critic:
    """The rating model. net: a model whose vocabulary has both marks; the tokens of a plan are those of its turns.

    Raises ConfigError where a mark is no token.
    """

    def __init__(self, net: Policy) -> None:
        vocabulary = net.tokenizer.get_vocab()
        if not {PLUS, MINUS} <= vocabulary.keys():
            raise ConfigError(f"{net.name} has no token for + or -: make a critic of it with `rating_net`")
        self.net, self.plus, self.minus = net, int(vocabulary[PLUS]), int(vocabulary[MINUS])
        self._ids: dict[str, Ids] = {}

    def step_scores(self, plans: Sequence[Sequence[str]]) -> list[list[float]]:
        """P("+") of each step of each plan, a plan being its user turns; every plan is read once."""
        import torch

        rows = [self.encoded(turns) for turns in plans]
        out: list[list[float]] = [[] for _ in plans]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
        while order:
            part = order[-max(1, READ_TOKENS // len(rows[order[-1]][0])) :]
            del order[-len(part) :]
            with torch.inference_mode():
                scores = self.logits([rows[i] for i in part]).sigmoid().tolist()
            for i in part:
                out[i], scores = scores[: len(rows[i][1])], scores[len(rows[i][1]) :]
        return out

    def next_scores(self, rows: Sequence[tuple[Piece | None, str]]) -> list[tuple[float, Piece]]:
        """P("+") of one step each, after what was read before (None = nothing), and what to read on from.

        The same numbers as `step_scores`, for plans that grow.
        """
        import torch

        ids = [(before, (*self._tokens(turn), self.plus)) for before, turn in rows]
        out = list[tuple[float, Piece]]()
        for begin in range(0, len(ids), _ROWS):
            part = ids[begin : begin + _ROWS]
            with torch.inference_mode(), self.net.autocast():
                hidden, texts = read(self.net.model.model, part, last=2)  # the mark itself is the last
                scores = self._difference(hidden[:, 0]).sigmoid().tolist()
                pieces = [text.piece(before, len(own)) for text, (before, own) in zip(texts, part, strict=True)]
            out += zip(scores, pieces, strict=True)
        return out

    def encoded(self, turns: Sequence[str]) -> tuple[Ids, list[int]]:
        """Tokens of a plan with "+" in every answer, and the places at which the marks are read: one before each answer."""
        ids: list[int] = []
        places = []
        for turn in turns:
            ids += self._tokens(turn)
            places.append(len(ids) - 1)
            ids.append(self.plus)
        return tuple(ids), places

    def logits(self, rows: Sequence[tuple[Ids, list[int]]]) -> torch.Tensor:
        """(S,) float32 logit of "+" against "-" at all places of N encoded plans, one after the other."""
        import torch

        width = max(len(ids) for ids, _ in rows)
        ids = torch.full((len(rows), width), self.net.pad, device=self.net.device)
        mask = torch.zeros_like(ids)
        for i, (own, _) in enumerate(rows):
            ids[i, : len(own)] = torch.tensor(own, device=self.net.device)
            mask[i, : len(own)] = 1
        with self.net.autocast():
            hidden = self.net.model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
            at = [(i, place) for i, (_, places) in enumerate(rows) for place in places]
            return self._difference(hidden[[i for i, _ in at], [place for _, place in at]])

    def _difference(self, hidden: torch.Tensor) -> torch.Tensor:
        head = self.net.model.lm_head.weight
        return (hidden.float() @ (head[self.plus] - head[self.minus]).float()).float()

    def _tokens(self, turn: str) -> Ids:
        if turn not in self._ids:
            self._ids[turn] = self.net.prompt_ids(turn)
        return self._ids[turn]


def plan_score(steps: Sequence[float]) -> float:
    """The score of a plan from those of its steps: their mean."""
    return sum(steps) / len(steps)


def rating_net(policy: Policy, seed: int | None = None) -> Policy:
    """A model that begins as a policy, with the marks in its vocabulary; from random weights of its size with a seed."""
    import torch

    model: Any = policy.model
    policy.tokenizer.add_tokens([mark for mark in (PLUS, MINUS) if mark not in policy.tokenizer.get_vocab()])
    model.resize_token_embeddings(len(policy.tokenizer), mean_resizing=False)
    model.config.max_position_embeddings = POSITIONS
    if seed is not None:
        torch.manual_seed(seed)
        model = type(model)(model.config).to(policy.device)
    return Policy(model.float().eval(), policy.tokenizer, "critic", policy.bf16)


def fit_critic(
    critic: Critic,
    examples: Sequence[Trajectory],
    supervision: Supervision,
    recipe: Recipe,
    seed: int,
    place: Place = _NOWHERE,
) -> list[Batch]:
    """Learn the known labels of steps ("process"), or at the last step of each plan how it ended ("outcome").

    The loss is the mean binary cross entropy over the supervised answers of a batch of plans; no token of a user turn counts.
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    marks = [UNKNOWN * (len(one.labels) - 1) + one.labels[-1] if supervision == "outcome" else one.labels for one in examples]
    encoded = [critic.encoded(example.turns) for example in examples]
    rows = [
        (ids, [place for place, mark in zip(places, own, strict=True) if mark != UNKNOWN])
        for (ids, places), own in zip(encoded, marks, strict=True)
    ]
    targets = [[mark == PLUS for mark in own if mark != UNKNOWN] for own in marks]
    order = Order([len(ids) for ids, _ in rows], recipe.batch, seed)

    def update(step: int) -> Iterator[Part]:
        chosen = order.batch(step)
        logits = critic.logits([rows[i] for i in chosen])
        wanted = torch.tensor([float(good) for i in chosen for good in targets[i]], device=logits.device)
        loss = binary_cross_entropy_with_logits(logits, wanted)
        right = ((logits > 0) == (wanted > 0.5)).float().mean()
        yield loss, {"loss": float(loss.detach()), "accuracy": float(right)}

    with eager_attention(critic.net):
        return optimise(critic.net, update, max(1, round(recipe.epochs * order.per_epoch)), recipe, seed, place)


def shipped_critic(folder: Path) -> Critic:
    """The critic that `enactive train critic --ship_to` wrote to a folder.

    Raises ConfigError where it is no folder of a critic, or does not have the hash noted.
    """
    fix = "make one with `enactive train critic --ship_to FOLDER`"
    if not isinstance(folder, Path) or not (folder / "card.json").exists():
        raise ConfigError(f"{folder!r} is no folder of a critic (a pathlib.Path): {fix}")
    return Critic(shipped_policy(folder, fix))
