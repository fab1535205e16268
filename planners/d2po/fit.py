"""Optimisation: copying demonstrations (SFT), then preferring by DPO or D2PO. A plain loop, exact to resume.

What TRL and accelerate would bring (a dual loss is in neither) does not outweigh a loop that fits one page: batches are drawn
by a seed, a checkpoint holds weights, optimiser and step, and the step tells what comes next.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from enactive.errors import ConfigError, EnactiveError

from .examples import Demonstration, Preference
from .losses import Term, d2po, dpo

if TYPE_CHECKING:
    import torch

    from .policy import Ids, Policy

SAVE_AFTER_S = 300.0  # what is lost at most where a run is killed, however long an update takes
TELL_AFTER_S = 30.0


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
    """checkpoint: where the state of the optimisation is kept. over: whether the time is up, asked after every update.

    tell: what lines of progress are given to, one about every half minute.
    """

    checkpoint: Path | None = None
    over: Callable[[], bool] = lambda: False
    tell: Callable[[str], object] = lambda line: None


@dataclass(frozen=True, slots=True)
class Memory:
    """How much of an update is in memory at once. It changes what is learnt by rounding alone.

    micro_batch: demonstrations, or preferences of each kind, that are read at once, the gradients of which are added up
    (gradient accumulation); None = the whole batch. gradient_checkpointing: what the layers gave is worked out again on the
    way back instead of being kept (Chen 2016, arXiv 1604.06174). Raises ConfigError for a micro-batch of nothing.
    """

    micro_batch: int | None = None
    gradient_checkpointing: bool = False

    def __post_init__(self) -> None:
        if self.micro_batch is not None and self.micro_batch < 1:
            raise ConfigError(f"a micro-batch has at least 1 example, not {self.micro_batch}")


Batch = dict[str, float]
Part = tuple["torch.Tensor", Batch]  # of an update: a loss, and what it measured; both sum to the whole
Update = Callable[[int], Iterator[Part]]


@contextmanager
def within(memory: Memory, policy: Policy) -> Iterator[None]:
    """Around training. Raises ConfigError for a model that has no gradient checkpointing, where that is asked for, and where a
    GPU's memory does not do."""
    import torch

    model = policy.model
    if memory.gradient_checkpointing:
        if not getattr(model, "supports_gradient_checkpointing", False):
            raise ConfigError(f"{policy.name} has no gradient checkpointing: leave out --gradient_checkpointing")
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    try:
        yield
    except torch.cuda.OutOfMemoryError as problem:
        raise ConfigError(
            "the GPU has no memory for this update: give --micro_batch 1 (or less than now), --gradient_checkpointing true or "
            "--lora true; the same command goes on"
        ) from problem
    finally:
        if memory.gradient_checkpointing:
            model.activation_checkpointing_disable()


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


@contextmanager
def without_dropout(policy: Policy) -> Iterator[None]:
    """No unit is dropped in training (as in TRL): what preferences are learnt by is how far the policy is from its reference,
    in which none is, and what was drawn to be dropped is in no checkpoint. The probabilities are put back at the end."""
    found = [
        (module, name, value)
        for module in policy.model.modules()
        for name, value in vars(module).items()
        if isinstance(value, float) and ("drop" in name or (name == "p" and "Dropout" in type(module).__name__))
    ]  # of layers of dropout, and of those that hand the number to attention or drop units by themselves
    for module, name, _ in found:
        setattr(module, name, 0.0)
    try:
        yield
    finally:
        for module, name, value in found:
            setattr(module, name, value)


def fit_demonstrations(
    policy: Policy,
    examples: Sequence[Demonstration],
    recipe: Recipe,
    seed: int,
    place: Place = Place(),
    memory: Memory = Memory(),
) -> list[Batch]:
    """Train a policy to copy; returns what each update measured: loss per token of the answers. Prompts are not learnt.

    Raises ConfigError where there is nothing to copy.
    """
    if not examples:
        raise ConfigError(
            "there is no demonstration to learn from: have more tasks demonstrated, with --practice or --apartments, or "
            "corrected, with --corrected, and into another --out"
        )
    copied = Copied(policy, examples, recipe.batch, seed, memory.micro_batch)

    def update(step: int) -> Iterator[Part]:
        for loss in copied.losses(policy, step):
            yield loss, {"loss": float(loss.detach())}

    with eager_attention(policy), within(memory, policy):
        return optimise(policy, update, math.ceil(recipe.epochs * copied.order.per_epoch), recipe, seed, place)


class Copied:
    """Demonstrations as tokens. micro: how many are read at once, None = all of a batch."""

    def __init__(self, policy: Policy, examples: Sequence[Demonstration], batch: int, seed: int, micro: int | None) -> None:
        self.rows = [(policy.prompt_ids(example.prompt), policy.answer_ids(example.answer)) for example in examples]
        self.order, self.micro = Order([len(prompt) for prompt, _ in self.rows], batch, seed), micro

    def losses(self, policy: Policy, step: int) -> Iterator[torch.Tensor]:
        """-log pi per token of the answers of one batch, as scalars that sum to it, each worked out when it is asked for."""
        batch = self.order.batch(step)
        tokens = sum(len(self.rows[i][1]) for i in batch)
        for part in _parts(batch, self.micro):
            yield -policy.logprobs([self.rows[i] for i in part]).sum() / tokens


def _parts(batch: Sequence[int], micro: int | None) -> Iterator[Sequence[int]]:
    size = micro or len(batch)
    return (batch[start : start + size] for start in range(0, len(batch), size))


def fit_preferences(
    policy: Policy,
    examples: Sequence[Preference],
    recipe: Recipe,
    objective: Objective,
    seed: int,
    place: Place = Place(),
    demonstrations: Sequence[Demonstration] = (),
    memory: Memory = Memory(),
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
    micro = memory.micro_batch
    with eager_attention(policy), within(memory, policy):
        sides = {kind: Side(policy, own, recipe.batch, seed, micro) for kind, own in of.items() if own}
        steps = math.ceil(recipe.epochs * sides["action"].order.per_epoch)
        replayed = _drawn(demonstrations, 2 * recipe.batch * steps, seed) if objective.replay > 0.0 else ()
        copied = Copied(policy, replayed, 2 * recipe.batch, seed, micro and 2 * micro) if replayed else None

        def update(step: int) -> Iterator[Part]:
            own = [side.terms(policy, step, objective.beta) for side in sides.values()]
            copying = copied.losses(policy, step) if copied is not None else iter(())
            parts: Iterator[Any] = zip_longest(*own, copying)
            for *terms, copied_loss in parts:
                yield _part(dict(zip(sides, terms, strict=True)), copied_loss, objective)

        return optimise(policy, update, steps, recipe, seed, place)


def _drawn(demonstrations: Sequence[Demonstration], count: int, seed: int) -> Sequence[Demonstration]:
    """As many as there is time for: turning all of some hundred thousand into tokens takes longer than the updates."""
    return demonstrations if len(demonstrations) <= count else random.Random(seed).sample(demonstrations, count)


def _part(terms: dict[str, Term | None], copying: torch.Tensor | None, objective: Objective) -> Part:
    """The loss of what is read at once, where at least one term or a loss of copying is there, and what it measured."""
    loss, told = d2po(terms["action"], terms.get("state"), objective.state_weight, objective.anchor), Batch()
    if copying is not None:
        replayed = objective.replay * copying
        loss, told = replayed if loss is None else loss + replayed, {"copied_loss": float(copying.detach())}
    assert loss is not None  # reason: the parts end with the longest, so that something is there in each
    for kind, term in terms.items():
        if term is not None:
            told[f"{kind}_loss"] = float(term.loss.detach().sum()) / term.pairs
            told[f"{kind}_margin"] = float(term.margin.detach().sum()) / term.pairs
            told[f"{kind}_accuracy"] = float((term.margin.detach() > 0).sum()) / term.pairs
            told[f"{kind}_nll"] = float(term.nll.detach().sum()) / term.chosen
    return loss, {"loss": float(loss.detach()), **told}


class Side:
    """The preferences of one kind as tokens, with the reference's log-probabilities worked out once.

    micro: how many are read at once, None = all of a batch.
    """

    def __init__(self, reference: Policy, examples: Sequence[Preference], batch: int, seed: int, micro: int | None) -> None:
        import torch

        self.rows: list[tuple[Ids, list[Ids]]] = []
        for example in examples:
            answers = [reference.answer_ids(text) for text in (example.chosen, *example.rejected)]
            self.rows.append((reference.prompt_ids(example.prompt), answers))
        self.order = Order([len(prompt) + sum(map(len, answers)) for prompt, answers in self.rows], batch, seed)
        self.micro = micro
        known: dict[int, torch.Tensor] = {}
        for part in (part for step in range(self.order.per_epoch) for part in _parts(self.order.batch(step), micro)):
            with torch.inference_mode():
                values = reference.sibling_logprobs([self.rows[i] for i in part])
            known.update(zip(part, torch.split(values, [len(self.rows[i][1]) for i in part]), strict=True))
        self.reference = [known[i] for i in range(len(self.rows))]

    def terms(self, policy: Policy, step: int, beta: float) -> Iterator[Term]:
        """The DPO term of one batch in parts, each worked out when it is asked for."""
        batch = self.order.batch(step)
        pairs = sum(len(self.rows[i][1]) - 1 for i in batch)
        for part in _parts(batch, self.micro):
            yield self._term(policy, part, beta, pairs, len(batch))

    def _term(self, policy: Policy, part: Sequence[int], beta: float, pairs: int, chosen: int) -> Term:
        """Prompt and chosen answer are read once for all that it is preferred to. pairs, chosen: of the whole batch."""
        import torch

        ours = policy.sibling_logprobs([self.rows[i] for i in part])
        theirs = torch.cat([self.reference[i] for i in part])
        sizes = [len(self.rows[i][1]) for i in part]
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        first = [start for start, size in zip(starts, sizes, strict=True) for _ in range(size - 1)]
        other = [start + j for start, size in zip(starts, sizes, strict=True) for j in range(1, size)]
        tokens = torch.tensor([len(self.rows[i][1][0]) for i in part], device=ours.device)
        told = dpo(ours[first], ours[other], theirs[first], theirs[other], beta)
        return Term(*told, -ours[starts] / tokens, pairs, chosen)


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
    """Take `steps` updates with AdamW, each of the losses that `update(step)` yields; goes on from the place's checkpoint.

    The gradients of a loss are added to those of the losses before it, and what it was worked out from is let go, before the
    next one is worked out. No unit is dropped (`without_dropout`).
    """
    import torch

    from .checkpoints import load_checkpoint, save_checkpoint

    torch.manual_seed(seed)
    parameters = [p for p in policy.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay)
    kept = place.checkpoint
    log = load_checkpoint(kept, policy, optimizer) if kept is not None and kept.exists() else []
    policy.model.train()
    saved = told_at = time.monotonic()
    begun, first = told_at, len(log)
    with without_dropout(policy):
        for step in range(len(log), steps):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * _share(step / steps, recipe.warmup)
            optimizer.zero_grad(set_to_none=True)
            told = Batch()
            for loss, part in update(step):
                loss.backward()  # type: ignore[no-untyped-call]
                told = {name: told.get(name, 0.0) + part.get(name, 0.0) for name in {**told, **part}}
            norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
            optimizer.step()
            log.append({**told, "gradient_norm": float(norm)})
            if (now := time.monotonic()) - told_at > TELL_AFTER_S:
                left_s = (now - begun) / (step + 1 - first) * (steps - step - 1)
                place.tell(f"update {step + 1} of {steps}, loss {told['loss']:.3f}, {left_s / 60:.0f} minutes left")
                told_at = now
            over = place.over()
            if kept is not None and (over or time.monotonic() - saved > SAVE_AFTER_S):
                save_checkpoint(kept, policy, optimizer, log)
                saved = time.monotonic()
            if over:
                raise OutOfTimeError("the minutes are spent: the same command goes on from here")
    policy.model.eval()
    return log


def _share(done: float, warmup: float) -> float:
    """Share of the peak rate: up in a line, down in half a cosine."""
    if done < warmup:
        return (done + 1e-3) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (done - warmup) / (1.0 - warmup)))
