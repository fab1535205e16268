"""The rules of the house: one-way imports, light imports, and names that resolve."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "envs": {"envs"},
    "perception": {"envs", "perception"},
    "planners": {"envs", "perception", "planners"},
    "controllers": {"envs", "perception", "planners", "controllers"},
    "generative": {"generative"},
    "agents": {"envs", "perception", "planners", "controllers", "generative", "agents"},
}
HEAVY = {"torch", "transformers", "mujoco", "open3d", "matplotlib", "cv2", "skimage", "ray", "rerun", "av", "networkx"}


def _imported(path: Path, room: str) -> set[str]:
    """Rooms that a file imports, absolute or relative."""
    rooms = set()
    package = ("enactive", room, *path.relative_to(ROOT / room).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            modules = [".".join((*base, *([node.module] if node.module else []), alias.name)) for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in modules if name.startswith("enactive.")} & set(MAY_IMPORT)
    return rooms


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert _imported(path, room) <= MAY_IMPORT[room], path


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_importing_a_room_loads_nothing_heavy(room: str) -> None:
    code = f"import sys, enactive.{room}; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY & set(modules) == set()


def test_the_type_checkers_root_names_every_room() -> None:
    for room in MAY_IMPORT:
        assert (ROOT / ".typeroot/enactive" / room).resolve() == ROOT / room
    for path in (ROOT / "enactive").glob("*.py"):
        assert (ROOT / ".typeroot/enactive" / path.name).resolve() == path
