"""What the embedded chat model (SmolLM2-135M-Instruct) costs on this machine, one thread.

python benchmarks/chat_models.py [--tokens 100]
"""

from __future__ import annotations

import argparse
import platform
import time

import torch

from enactive.perception.vlm import Message, Options
from enactive.perception.vlm.hf import embedded_model

CONTINUATIONS = (
    "in the kitchen",
    "in the office",
    "on the bed",
    "under the sofa",
    "in the fridge",
    "on a shelf",
    "outside",
    "lost",
)
SCHEMA = {"type": "object", "properties": {"story": {"type": "string", "minLength": 100}}, "required": ["story"]}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What the embedded chat model costs.")
    parser.add_argument("--tokens", type=int, default=100)
    tokens = parser.parse_args().tokens
    torch.set_num_threads(1)
    start = time.perf_counter()
    model = embedded_model()
    print(f"machine                 {platform.machine()}, 1 thread, torch {torch.__version__}")
    print(f"load                    {time.perf_counter() - start:.1f} s")
    ask = [Message("user", "Tell me a long story about a robot that looks for a mug.")]
    options = Options(max_tokens=tokens, deadline_s=300.0)
    reply = model.chat(ask, options)
    print(f"chat                    {(reply.completion_tokens or 0) / reply.seconds:.1f} tokens/s")
    batch = model.chat_many([ask] * 8, options)
    print(
        f"batch of 8              {sum(each.completion_tokens or 0 for each in batch) / batch[0].seconds:.1f} tokens/s together"
    )
    held = model.chat(ask, Options(max_tokens=3 * tokens, deadline_s=300.0), SCHEMA)
    print(f"held to a schema        {(held.completion_tokens or 0) / held.seconds:.1f} tokens/s")
    long = [Message("user", " ".join(["The robot walked on and looked."] * 80) + " Where is the mug?")]
    start = time.perf_counter()
    together = model.score(long, CONTINUATIONS)
    shared = time.perf_counter() - start
    start = time.perf_counter()
    apart = [model.score(long, [text])[0] for text in CONTINUATIONS]
    single = time.perf_counter() - start
    gap = max(abs(a - b) for a, b in zip(together, apart, strict=True))
    print(f"score 8 texts           {shared:.1f} s with one prompt pass, {single:.1f} s with eight; scores differ by {gap:.1e}")


if __name__ == "__main__":
    main()
