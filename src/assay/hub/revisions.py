"""Whether a result is about a benchmark's data as they are: from the revision that it names.

1. A revision is a commit, a branch or a tag of the benchmark's repository; what is none there is
   unknown, and so is one that is no part of main's history, or that cannot be read.
2. The data are all files but those that describe them: README.md, eval.yaml, assay.yaml and
   .gitattributes. A result is stale when the data at its revision are others than those on main.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from assay.core.permission import MAIN
from assay.errors import DamagedRepositoryError, RevisionNotFoundError
from assay.hub.answers import Row
from assay.hub.open import Hub
from assay.storage.git import Repository

RevisionState = Literal["current", "stale", "unknown"]
DESCRIBING = frozenset({"README.md", "eval.yaml", "assay.yaml", ".gitattributes"})


def revision_state(
    hub: Hub, repo_id: str, commit: str, revision: str | None
) -> RevisionState | None:
    """How the data at a revision stand to those on main; None where no revision is named.

    Args:
        hub: The hub.
        repo_id: The benchmark.
        commit: Main of the benchmark.
        revision: As an entry names it.
    """
    if revision is None:
        return None

    def look() -> RevisionState:
        try:
            with hub.git.reading(repo_id):
                return _look(hub.git.open(repo_id), commit, revision)
        except DamagedRepositoryError:  # the index says so; the board stands without it
            return "unknown"

    is_commit = len(revision) == len(commit)
    if not is_commit:  # a branch or a tag may be another tomorrow
        return look()
    return hub.kept.get(("revision", repo_id, commit, revision), look, weigh=lambda _: 1)


def with_revisions(hub: Hub, repo_id: str, commit: str, rows: Sequence[Row]) -> list[Row]:
    """Rows of a board, each with how the revision that it names stands."""
    states = {
        named: revision_state(hub, repo_id, commit, named)
        for named in {row.claim.dataset_revision for row in rows}
    }
    if states.keys() <= {None}:
        return list(rows)
    return [
        msgspec.structs.replace(row, revision=states[row.claim.dataset_revision]) for row in rows
    ]


def _look(git: Repository, commit: str, revision: str) -> RevisionState:
    try:
        named = git.resolve(revision)
    except RevisionNotFoundError:
        return "unknown"
    main = git.head(MAIN) or commit
    if not git.is_ancestor(named, main):
        return "unknown"
    return "current" if _data(git, named) == _data(git, commit) else "stale"


def _data(git: Repository, commit: str) -> set[tuple[str, str]]:
    return {(item.path, item.oid) for item in git.list(commit) if item.path not in DESCRIBING}
