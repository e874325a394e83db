"""What is called often starts light: no database, git, server or runner is imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "alembic",
    "httpx",
    "huggingface_hub",
    "inspect_ai",
    "pygit2",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
PROBE = """
import sys
from assay.cli import main
sys.argv[0] = "assay"
try:
    main()
except SystemExit as stop:
    status = stop.code or 0
else:
    status = 0
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""
GOOD = """\
name: Small
evaluation_framework: inspect-ai
tasks:
  - id: main
    field_spec: {input: question, target: answer}
    solvers: [{name: generate}]
    scorers: [{name: match}]
"""


def list_imported(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_the_overview_imports_nothing_heavy(arguments: list[str]) -> None:
    imported = list_imported(*arguments)
    assert "click" in imported
    assert imported & HEAVY == set()


def test_checking_a_file_imports_nothing_heavy(tmp_path: Path) -> None:
    spec = tmp_path / "eval.yaml"
    spec.write_text(GOOD, encoding="utf-8")
    imported = list_imported("check", str(spec))
    assert "yaml" in imported
    assert imported & HEAVY == set()
