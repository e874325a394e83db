"""The lines of `make lint`, run with the tests, so that one summary speaks for all of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def name_of(command: list[str]) -> str:
    """`ruff check`, `mypy`: the tool and its verb, without options."""
    return " ".join([Path(command[0]).name, *command[1:2]]).partition(" -")[0]


def read_lint_commands() -> list[list[str]]:
    recipe = re.search(
        r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert recipe, "the Makefile has no lint target"
    tools = Path(sys.executable).parent
    return [
        [str(tools / name), *arguments]
        for line in recipe[1].splitlines()
        for name, *arguments in [line.strip().removeprefix("@$(BIN)/").split()]
    ]


@pytest.mark.parametrize("command", read_lint_commands(), ids=name_of)
def test_lint(command: list[str]) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_the_rules_named_in_the_contributor_guide_are_all_run() -> None:
    assert [name_of(command) for command in read_lint_commands()] == [
        "ruff check",
        "ruff format",
        "mypy",
        "lint-imports",
    ]
