"""The house rules a machine can hold: sizes, broad excepts, silenced checks."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "assay"
FILES = sorted(SOURCE.rglob("*.py"))
EVERYWHERE = sorted(
    path for room in ("src", "tests", "benchmarks", "tools") for path in (ROOT / room).rglob("*.py")
)
FILE_LINES = 500
FUNCTION_LINES = 70
REASON = "Long because"

# The edges: where any error at all must end as an answer, a log line or an exit code.
BROAD_EXCEPTS_ALLOWED = {
    "cli/__init__.py",
    "cli/workers.py",  # the process that answers: what went wrong is told before it is gone
    "harness/child.py",  # the process that runs somebody's spec
    "storage/git_wire.py",  # the listener that judges for git: any fault refuses the push
    "web/app.py",
}
# A first migration is one straight list of tables: nothing in it can be named apart.
MAY_BE_LONG = {"storage/database/migrations/versions"}

type_ignore = re.compile(r"type:\s*ignore(?!\[[a-z, -]+\])")
noqa = re.compile(r"noqa(?!: [A-Z]+[0-9]+)", re.IGNORECASE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_source_to_look_at() -> None:
    assert SOURCE / "errors.py" in FILES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{lines} lines, expected {FILE_LINES} at most: split it"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_is_short_or_says_why_not(path: Path) -> None:
    if path.parent.relative_to(SOURCE).as_posix() in MAY_BE_LONG:
        return
    long = [
        f"{name_of(path)}:{node.lineno} {node.name}: {length} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        and REASON not in (ast.get_docstring(node) or "")
    ]
    assert long == [], f"at most {FUNCTION_LINES} lines, or a docstring with '{REASON} …'"


def is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(is_broad(item) for item in kind.elts)
    return kind is None or ast.unparse(kind).removeprefix("builtins.") in {
        "Exception",
        "BaseException",
    }


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether it ends in a bare `raise`: it tidies up and hides nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def find_broad_excepts(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and is_broad(node.type) and not raises_again(node)
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_broad_excepts_stand_at_the_edges_only(path: Path) -> None:
    if path.relative_to(SOURCE).as_posix() in BROAD_EXCEPTS_ALLOWED:
        return
    assert find_broad_excepts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("handler", "lines"),
    [
        ("except Exception:", [3]),
        ("except BaseException as e:", [3]),
        ("except:", [3]),
        ("except (OSError, Exception):", [3]),
        ("except* Exception:", [3]),
        ("except (OSError, ValueError):", []),
    ],
)
def test_the_search_for_broad_excepts_finds_them(handler: str, lines: list[int]) -> None:
    assert find_broad_excepts(f"try:\n    pass\n{handler}\n    pass\n") == lines


def test_a_broad_except_that_raises_again_is_no_fault() -> None:
    assert (
        find_broad_excepts("try:\n    pass\nexcept BaseException:\n    stop()\n    raise\n") == []
    )


def find_bare_silencers(source: str) -> list[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT
        and (type_ignore.search(token.string) or noqa.search(token.string))
    ]


@pytest.mark.parametrize("path", EVERYWHERE, ids=name_of)
def test_what_silences_a_check_names_the_check(path: Path) -> None:
    assert find_bare_silencers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("comment", "is_bare"),
    [
        ("noqa", True),
        ("NOQA: why not", True),
        ("noqa: ARG002 - click's signature", False),
        ("type: ignore", True),
        ("type: ignore # stubs are wrong", True),
        ("type: ignore[no-untyped-call]", False),
    ],
)
def test_the_search_for_bare_silencers_finds_them(comment: str, *, is_bare: bool) -> None:
    assert bool(find_bare_silencers(f"x = 1  # {comment}\n")) is is_bare
