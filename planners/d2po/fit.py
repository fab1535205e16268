"""Optimisation: copying demonstrations (SFT), then preferring by DPO or D2PO. A plain loop, exact to resume.

What TRL and accelerate would bring (a dual loss is in neither) does not outweigh a loop that fits one page: batches are drawn
by a seed, a checkpoint holds weights, optimiser and step, and the step tells what comes next.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from enactive.errors import ConfigError, EnactiveError

from .examples import Demonstration, Preference
from .losses import Term, d2po, dpo

if TYPE_CHECKING:
    import torch

    from .policy import Ids, Policy

SAVE_EVERY = 200  # updates


@dataclass(frozen=True)
class Recipe:
    """How to optimise.

    epochs: how often each example is learnt from. batch: demonstrations, or preferences of each kind, per update. rate: the
    highest learning rate. warmup: share of the updates in which the rate rises. weight_decay: of AdamW. clip: largest norm of
    a gradient.
    """

    epochs: float
    batch: int
    rate: float
    warmup: float = 0.1
    weight_decay: float = 0.0
    clip: float = 1.0


@dataclass(frozen=True)
class Objective:
    """What preferences are learnt by. As published: `Objective(state_weight=1, anchor=0, replay=0)`.

    beta: strength of the pull to the reference. state_weight: lambda, 0 = DPO on the commands alone. anchor: weight of the
    likelihood of what is chosen, which preferences alone let fall. replay: weight of copying demonstrations, without which
    what no preference is about is forgotten.

    world: which state preferences are learnt, those after a command ("state") or after the next good step ("goal_state").
    """

    beta: float = 0.1
    state_weight: float = 0.2
    anchor: float = 1.0
    replay: float = 1.0
    world: Literal["state", "goal_state"] = "state"


class OutOfTimeError(EnactiveError):
    """The minutes are spent: what is done is kept, and the same call goes on from there."""


@dataclass(frozen=True, slots=True)
class Place:
    """checkpoint: where the state of the optimisation is kept. over: whether the time is up, asked after every update."""

    checkpoint: Path | None = None
    over: Callable[[], bool] = lambda: False


Batch = dict[str, float]
Update = Callable[[int], "tuple[torch.Tensor, Batch]"]


@contextmanager
def eager_attention(policy: Policy) -> Iterator[None]:
    """Attention in plain matrix products: in bfloat16 on a CPU its backward pass takes half the time of the fused one."""
    before = policy.model.config._attn_implementation
    if policy.device.type == "cpu":
        policy.model.set_attn_implementation("eager")
    try:
        yield
    finally:
        policy.model.set_attn_implementation(before)


def fit_demonstrations(
    policy: Policy, examples: Sequence[Demonstration], recipe: Recipe, seed: int, place: Place = Place()
) -> list[Batch]:
    """Train a policy to copy; returns what each update measured: loss per token of the answers. Prompts are not learnt."""
    copied = Copied(policy, examples, recipe.batch, seed)

    def update(step: int) -> tuple[torch.Tensor, Batch]:
        loss = copied.loss(policy, step)
        return loss, {"loss": float(loss.detach())}

    with eager_attention(policy):
        return optimise(policy, update, math.ceil(recipe.epochs * copied.order.per_epoch), recipe, seed, place)


class Copied:
    """Demonstrations as tokens."""

    def __init__(self, policy: Policy, examples: Sequence[Demonstration], batch: int, seed: int) -> None:
        self.rows = [(policy.prompt_ids(example.prompt), policy.answer_ids(example.answer)) for example in examples]
        self.order = Order([len(prompt) for prompt, _ in self.rows], batch, seed)

    def loss(self, policy: Policy, step: int) -> torch.Tensor:
        """-log pi per token of the answers of one batch, as a scalar."""
        chosen = [self.rows[i] for i in self.order.batch(step)]
        return -policy.logprobs(chosen).sum() / sum(len(answer) for _, answer in chosen)


def fit_preferences(
    policy: Policy,
    examples: Sequence[Preference],
    recipe: Recipe,
    objective: Objective,
    seed: int,
    place: Place = Place(),
    demonstrations: Sequence[Demonstration] = (),
) -> list[Batch]:
    """Train a policy to prefer, with itself as it is at the start as the reference.

    Epochs count command preferences; every update takes as many state preferences again, round and round, and twice as many of
    the demonstrations, where there are any to replay. Returns per update: loss, copied_loss where it replays, action_loss,
    action_margin, action_accuracy, action_nll and, where states are learnt, the same of them.
    """
    if not any(example.kind == "action" for example in examples):
        raise ConfigError(
            "there is no pair of commands to learn from: let the search find more, with a better policy or more nodes"
        )
    of = {"action": [e for e in examples if e.kind == "action"]}
    if objective.state_weight > 0.0:
        of["state"] = [e for e in examples if e.kind == objective.world]
    with eager_attention(policy):
        sides = {kind: Side(policy, own, recipe.batch, seed) for kind, own in of.items() if own}

    copied = Copied(policy, demonstrations, 2 * recipe.batch, seed) if demonstrations and objective.replay > 0.0 else None

    def update(step: int) -> tuple[torch.Tensor, Batch]:
        terms = {kind: side.term(policy, step, objective.beta) for kind, side in sides.items()}
        loss = d2po(terms["action"], terms.get("state"), objective.state_weight, objective.anchor)
        told = {"loss": float(loss.detach())}
        if copied is not None:
            copying = copied.loss(policy, step)
            loss = loss + objective.replay * copying
            told = {"loss": float(loss.detach()), "copied_loss": float(copying.detach())}
        for kind, term in terms.items():
            told[f"{kind}_loss"] = float(term.loss.detach().mean())
            told[f"{kind}_margin"] = float(term.margin.detach().mean())
            told[f"{kind}_accuracy"] = float((term.margin.detach() > 0).float().mean())
            told[f"{kind}_nll"] = float(term.nll.detach().mean())
        return loss, told

    steps = math.ceil(recipe.epochs * sides["action"].order.per_epoch)
    with eager_attention(policy):
        return optimise(policy, update, steps, recipe, seed, place)


class Side:
    """The preferences of one kind as tokens, with the reference's log-probabilities worked out once."""

    def __init__(self, reference: Policy, examples: Sequence[Preference], batch: int, seed: int) -> None:
        import torch

        self.rows: list[tuple[Ids, list[Ids]]] = []
        for example in examples:
            answers = [reference.answer_ids(text) for text in (example.chosen, *example.rejected)]
            self.rows.append((reference.prompt_ids(example.prompt), answers))
        self.order = Order([len(prompt) + sum(map(len, answers)) for prompt, answers in self.rows], batch, seed)
        known: dict[int, torch.Tensor] = {}
        for step in range(self.order.per_epoch):
            part = self.order.batch(step)
            with torch.inference_mode():
                values = reference.sibling_logprobs([self.rows[i] for i in part])
            known.update(zip(part, torch.split(values, [len(self.rows[i][1]) for i in part]), strict=True))
        self.reference = [known[i] for i in range(len(self.rows))]

    def term(self, policy: Policy, step: int, beta: float) -> Term:
        """The DPO term of one batch: prompt and chosen answer are read once for all that it is preferred to."""
        import torch

        batch = self.order.batch(step)
        ours = policy.sibling_logprobs([self.rows[i] for i in batch])
        theirs = torch.cat([self.reference[i] for i in batch])
        sizes = [len(self.rows[i][1]) for i in batch]
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        first = [start for start, size in zip(starts, sizes, strict=True) for _ in range(size - 1)]
        other = [start + j for start, size in zip(starts, sizes, strict=True) for j in range(1, size)]
        tokens = torch.tensor([len(self.rows[i][1][0]) for i in batch], device=ours.device)
        return Term(*dpo(ours[first], ours[other], theirs[first], theirs[other], beta), -ours[starts] / tokens)


class Order:
    """Which examples each update takes: a fresh order in every epoch, rows of similar length together."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths, self.size, self.seed = lengths, min(batch, len(lengths)), seed
        self.per_epoch = math.ceil(len(lengths) / self.size)
        self._epoch, self._batches = -1, list[list[int]]()

    def batch(self, step: int) -> list[int]:
        """Indices of one update; the same for the same seed and step, whatever was asked before."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, list(self._shuffled(random.Random(f"{self.seed} {epoch}")))
        return self._batches[place]

    def _shuffled(self, rng: random.Random) -> Iterator[list[int]]:
        order = list(range(len(self.lengths)))
        rng.shuffle(order)
        pool = 16 * self.size  # lengths are sorted within pools only, so that batches stay mixed
        parts = [sorted(order[i : i + pool], key=self.lengths.__getitem__) for i in range(0, len(order), pool)]
        batches = [part[i : i + self.size] for part in parts for i in range(0, len(part), self.size)]
        rng.shuffle(batches)
        return iter(batches)


def optimise(policy: Policy, update: Update, steps: int, recipe: Recipe, seed: int, place: Place) -> list[Batch]:
    """Take `steps` updates with AdamW, each of the loss that `update(step)` gives; goes on from the place's checkpoint."""
    import torch

    from .checkpoints import load_checkpoint, save_checkpoint

    torch.manual_seed(seed)
    parameters = [p for p in policy.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay)
    kept = place.checkpoint
    log = load_checkpoint(kept, policy, optimizer) if kept is not None and kept.exists() else []
    policy.model.train()
    for step in range(len(log), steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * _share(step / steps, recipe.warmup)
        loss, told = update(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
        optimizer.step()
        log.append({**told, "gradient_norm": float(norm)})
        over = place.over()
        if kept is not None and ((step + 1) % SAVE_EVERY == 0 or over):
            save_checkpoint(kept, policy, optimizer, log)
        if over:
            raise OutOfTimeError("the minutes are spent: the same command goes on from here")
    policy.model.eval()
    return log


def _share(done: float, warmup: float) -> float:
    """Share of the peak rate: up in a line, down in half a cosine."""
    if done < warmup:
        return (done + 1e-3) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (done - warmup) / (1.0 - warmup)))
