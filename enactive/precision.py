"""The number format in which the processor at hand multiplies matrices fastest."""

from __future__ import annotations

import torch


def multiplies_bfloat16(device: str = "cpu") -> bool:
    """Whether bfloat16 is fast: on accelerators, and on processors that have it. Emulated it takes ten times as long."""
    if device in ("cuda", "mps"):
        return True
    if device != "cpu":
        return False
    native: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return native.get("avx512_bf16", False) or native.get("amx_bf16", False)


def fastest_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies it, else float32."""
    return torch.bfloat16 if multiplies_bfloat16() else torch.float32


def fast_products() -> torch.autocast:
    """A context in which the CPU's matrix products and convolutions of float32 weights run in `fastest_dtype`."""
    return torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16())
