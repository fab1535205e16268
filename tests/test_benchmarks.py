"""The scripts behind the numbers still fit the package: each imports, without doing anything, and that of the loop measures."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own, as the scripts are: some set variables of the environment, and some import each other."""
    begin = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\n"
    return subprocess.run([sys.executable, "-c", begin + code], capture_output=True, text=True, timeout=240, check=False)


def test_every_benchmark_imports_and_does_nothing_then() -> None:
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py"))
    assert "loop" in names
    ran = python(f"import importlib\nfor name in {names}:\n    importlib.import_module(name)")
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


def test_what_the_loop_costs_is_measured_on_a_body_that_the_agent_takes() -> None:
    ran = python("import loop\nprint(loop.enactive_us(steps=5))")
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) > 0.0


def test_each_turn_of_the_mirroring_that_is_timed_reads_a_picture_of_its_own() -> None:
    ran = python(
        """
import numpy as np, poseless

class Middle:
    seen = []

    def estimate(self, pictures):
        self.seen += [picture.tobytes() for picture in pictures]
        return np.full((1, 24), 0.1)

rate_hz = poseless.mirrored_rate_hz(Middle(), steps=9)
print(len(Middle.seen), len(set(Middle.seen)), rate_hz > 0.0)
"""
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["9", "9", "True"]), ran.stderr
