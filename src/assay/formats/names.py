"""Names: repositories and benchmarks, as people type them.

1. A repository is `NAMESPACE/NAME`. Both parts: letters, digits, `-`, `_`, `.`; at most 96; no `-`
   or `.` at either end; no `--` or `..` within; not ending in `.git`. These are the public hub's.
2. A benchmark reference is `NAMESPACE/DATASET[/TASK][@REVISION]`. Everything after the second slash
   is the task: task ids may hold `/`, `%` and `@`.
3. The revision stands after the last `@`, if what stands before it is a reference by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.errors import InvalidError

MAX_NAME_CHARS = 96
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_EXPECTED = (
    "NAMESPACE/NAME of letters, digits, '-', '_' and '.', at most 96 characters each, with no '-' "
    "or '.' at an end, no '--' or '..', not ending in '.git'"
)


@dataclass(frozen=True, slots=True, order=True)
class RepoId:
    """The name of a repository on a hub."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class BenchmarkRef:
    """A benchmark, perhaps one of its tasks, perhaps at one revision."""

    dataset: RepoId
    task: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        task = f"/{self.task}" if self.task is not None else ""
        revision = f"@{self.revision}" if self.revision is not None else ""
        return f"{self.dataset}{task}{revision}"


def is_name(text: str) -> bool:
    """Whether the text may be a namespace or the name of a repository."""
    return (
        len(text) <= MAX_NAME_CHARS
        and _PART.fullmatch(text) is not None
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


def is_repo_id(text: str) -> bool:
    """Whether the text is `NAMESPACE/NAME`."""
    namespace, slash, name = text.partition("/")
    return bool(slash) and is_name(namespace) and is_name(name)


def parse_repo_id(text: str) -> RepoId:
    """Read `NAMESPACE/NAME`.

    Raises:
        InvalidError: The text is no such name.
    """
    if not is_repo_id(text):
        raise InvalidError(f"not a repository name: got {text[:200]!r}, expected {_EXPECTED}")
    namespace, _, name = text.partition("/")
    return RepoId(namespace, name)


def parse_benchmark_ref(text: str) -> BenchmarkRef:
    """Read `NAMESPACE/DATASET[/TASK][@REVISION]`.

    Raises:
        InvalidError: The text is no such reference.
    """
    before, at, revision = text.rpartition("@")
    found = _find_ref(before, revision) if at and revision else None
    found = found or _find_ref(text, None)
    if found is None:
        raise InvalidError(
            f"not a benchmark: got {text[:200]!r}, expected NAMESPACE/DATASET[/TASK][@REVISION]",
            hint="for example openai/gsm8k, or MathArena/aime_2026/MathArena/aime_2026@main",
        )
    return found


def _find_ref(text: str, revision: str | None) -> BenchmarkRef | None:
    namespace, _, rest = text.partition("/")
    name, slash, task = rest.partition("/")
    if not (is_name(namespace) and is_name(name)) or (slash and not task):
        return None
    return BenchmarkRef(RepoId(namespace, name), task or None, revision)
