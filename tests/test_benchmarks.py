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
