"""The wheel: what a person gets who installs Assay without this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay import __version__

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
GOOD = """\
name: Small
evaluation_framework: inspect-ai
tasks:
  - id: main
    field_spec: {input: question, target: answer}
    solvers: [{name: generate}]
    scorers: [{name: match}]
"""


def run(argv: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(argv, cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def run_well(argv: list[str | Path], cwd: Path) -> str:
    done = run(argv, cwd)
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """A wheel, and the commands of a fresh environment that holds it and its locked needs."""

    wheel: Path
    tools: Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    run_well([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("clean")
    run_well([sys.executable, "-m", "venv", folder / "venv"], folder)
    tools = folder / "venv" / "bin"
    install: list[str | Path] = [tools / "python", "-m", "pip", "install", "--quiet", "--no-input"]
    install += ["--disable-pip-version-check", "--root-user-action=ignore"]
    run_well([*install, "--require-hashes", "-r", ROOT / "requirements" / "base.lock"], folder)
    run_well([*install, "--no-deps", wheel], folder)
    return Installed(wheel, tools)


def list_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def list_source() -> set[str]:
    """Templates, static files, migrations, modules: whatever lies in the package."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "assay").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    source = list_source()
    assert "assay/py.typed" in source
    assert source - list_wheel(wheel) == set()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    about = f"assay-{__version__}.dist-info/"
    extra = {name for name in list_wheel(wheel) - list_source() if not name.startswith(about)}
    assert extra == set()
    assert f"{about}licenses/LICENSE" in list_wheel(wheel)


def test_the_locked_needs_are_all_the_wheel_asks_for(installed: Installed) -> None:
    run_well([installed.tools / "python", "-m", "pip", "check"], installed.tools)


def test_the_command_says_its_version(installed: Installed) -> None:
    said = run_well([installed.tools / "assay", "--version"], installed.tools)
    assert said.strip() == f"assay, version {__version__}"


def test_the_command_says_what_it_can_do(installed: Installed) -> None:
    said = run_well([installed.tools / "assay", "--help"], installed.tools)
    assert "Usage: assay" in said
    assert "serve" in said


def test_the_package_is_imported_from_the_wheel(installed: Installed) -> None:
    where = run_well(
        [installed.tools / "python", "-c", "import assay; print(assay.__file__)"], installed.tools
    )
    assert Path(where.strip()).is_relative_to(installed.tools.parent)


def test_the_command_checks_a_spec(installed: Installed, tmp_path: Path) -> None:
    spec = tmp_path / "eval.yaml"
    spec.write_text(GOOD, encoding="utf-8")
    run_well([installed.tools / "assay", "check", spec], tmp_path)
    spec.write_text(GOOD.replace("tasks:", "tusks:"), encoding="utf-8")
    bad = run([installed.tools / "assay", "check", spec], tmp_path)
    assert bad.returncode == 1
    assert "tasks" in bad.stdout + bad.stderr
