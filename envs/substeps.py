"""How many steps of physics a command lasts."""

from __future__ import annotations

from enactive.errors import ConfigError


def substeps(rate_hz: float, timestep_s: float) -> int:
    """Steps of physics between two commands. Raises ConfigError unless that is a whole number of at least one."""
    steps = round(1.0 / (rate_hz * timestep_s)) if rate_hz > 0.0 else 0
    if steps < 1 or abs(steps * timestep_s * rate_hz - 1.0) > 1e-9:
        step_ms = 1000.0 * timestep_s
        raise ConfigError(f"rate_hz must leave a whole number of {step_ms:g} ms steps, as 50, 100 or 125 do, not {rate_hz}")
    return steps
