"""The package as others get it: a wheel with every module and every data file, and an entry point that runs."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import enactive
from enactive.envs.household.engine import GL_PACKAGES
from enactive.envs.household.suites import load_suite
from enactive.envs.household.tasks.suites import load_tasks
from enactive.perception.segmenter.weights import WEIGHTS, load_weights

ROOT = Path(__file__).parents[1]
ROOMS = ("agents", "controllers", "envs", "generative", "perception", "planners")
DATA = (".json", ".gz", ".safetensors", ".css", ".npz", ".yaml", ".stl", ".xml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the files that git knows, so that no build output of an earlier build can hide a gap."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(".typeroot"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(source),
    ]
    subprocess.run(command, check=True)
    return next(out.glob("enactive-*.whl"))


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            kept = path.suffix in (".py", *DATA) or path.name.startswith("LICENSE")
            if kept and "__pycache__" not in path.parts:
                assert f"enactive/{path.relative_to(ROOT)}" in inside
    assert "enactive/envs/shadow_hand/assets/LICENSE.md" in inside
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in inside)
    assert {"enactive/__init__.py", "enactive/errors.py", "enactive/py.typed"} <= inside
    assert not any(name.startswith(("tests", "benchmarks", "docs")) for name in inside)


def test_the_wheel_runs_where_the_repository_is_not(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(command, check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import enactive.agents.cli as cli, enactive.envs, enactive\n"
        "from enactive.envs.household.suites import load_suite\n"
        "from enactive.envs.household.tasks.suites import load_tasks\n"
        "from enactive.perception.segmenter.weights import WEIGHTS, load_weights\n"
        "files = cli.__file__, enactive.envs.__file__, enactive.__file__, str(WEIGHTS)\n"
        "assert all(file.startswith(sys.path[0]) for file in files)\n"
        "net = load_weights(WEIGHTS)\n"
        "print(len(load_suite('household/objectnav', 'val_seen')), len(load_tasks('val_seen')), len(net.state_dict()))\n"
        "sys.exit(cli.main(['--version']))"
    )
    # -S keeps the editable install of this repository away; its dependencies are put back by hand.
    paths = [path for path in sys.path if path.endswith("site-packages")]
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {paths!r}\n{code}"], cwd=tmp_path, capture_output=True, text=True
    )
    parts = len(load_weights(WEIGHTS).state_dict())
    counts = f"{len(load_suite('household/objectnav', 'val_seen'))} {len(load_tasks('val_seen'))} {parts}"
    assert run.stdout.splitlines() == [counts, f"enactive {enactive.__version__}"], run.stderr


def test_the_editable_install_reads_the_folders_themselves_so_that_it_sees_modules_made_after_it(tmp_path: Path) -> None:
    code = f"from enactive import {', '.join(ROOMS)}\nfor room in ({', '.join(ROOMS)}):\n    print(*room.__path__)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.splitlines() == [str(ROOT / room) for room in ROOMS], run.stderr


def test_make_mends_an_environment_without_pip_and_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "setup.py", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    made = subprocess.run(
        ["make", "PYTHON=false", ".venv/.installed"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert made.returncode != 0
    assert "sudo apt-get install python3-venv" in made.stdout


def make_opengl(folder: Path, libraries: str, user: int, apt_get: int | None) -> tuple[int, str, list[str]]:
    """Exit status, output, and what apt-get was told, on a machine that is made of nothing but these.

    libraries: what ldconfig lists. user: id. apt_get: its exit status, None where there is none.
    """
    said = folder / "apt-get.log"
    said.touch()
    stubs = {"ldconfig": f"echo '{libraries}'", "id": f'[ "$1" = -u ] && echo {user}'}
    if apt_get is not None:
        stubs["apt-get"] = f"echo $* >> {said}; exit {apt_get}"
    (folder / "bin").mkdir()
    for name, line in stubs.items():
        path = folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
    (folder / "bin" / "grep").symlink_to(str(shutil.which("grep")))
    command = [str(shutil.which("make")), "-f", str(ROOT / "Makefile"), "opengl"]
    made = subprocess.run(
        command, cwd=folder, env={"PATH": str(folder / "bin")}, capture_output=True, text=True, timeout=60, check=False
    )
    return made.returncode, made.stdout, said.read_text().splitlines()


TO_TYPE = f"no EGL on this machine; type: sudo apt-get install {GL_PACKAGES}\n"


@pytest.mark.parametrize("library", ["libEGL.so.1", "libOSMesa.so.8"])
def test_make_leaves_a_machine_alone_that_renders(library: str, tmp_path: Path) -> None:
    assert make_opengl(tmp_path, f"{library} (libc6,x86-64) => /lib/{library}", 0, 0) == (0, "", [])


def test_make_installs_what_renders_where_that_is_allowed(tmp_path: Path) -> None:
    asked = ["update -qq", f"install -y -qq {GL_PACKAGES}"]
    assert make_opengl(tmp_path, "libGLU.so.1", 0, 0) == (0, "", asked)


@pytest.mark.parametrize(
    ("user", "apt_get", "asked"),
    [(1000, 0, []), (0, None, []), (0, 100, ["update -qq"])],
    ids=["not root", "no apt-get", "apt-get fails"],
)
def test_make_says_the_line_to_type_where_it_may_not_install(
    user: int, apt_get: int | None, asked: list[str], tmp_path: Path
) -> None:
    status, said, told = make_opengl(tmp_path, "libGLU.so.1", user, apt_get)
    assert status != 0
    assert (said, told) == (TO_TYPE, asked)


def test_the_readme_names_the_packages_that_the_makefile_installs() -> None:
    assert f"`apt-get install {GL_PACKAGES}`" in " ".join((ROOT / "README.md").read_text().split())
