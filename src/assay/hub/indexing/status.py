"""How far the index is, and the index as lines that can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assay.errors import DamagedRepositoryError
from assay.hub.open import Hub
from assay.storage.database import dump as dumping
from assay.storage.database import ledger_rows
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows

MAIN = "refs/heads/main"


@dataclass(frozen=True, slots=True)
class RepoStatus:
    """How far the index is with one repository.

    Attributes:
        name: `ns/name`.
        type: model or dataset.
        indexed: The commit of main that the index knows.
        head: The commit that main is at.
        pushes_behind: How many pushes the index has not taken.
        errors: How many errors the checks found in its files.
        fault: Why it cannot be read; empty when it can.
    """

    name: str
    type: str
    indexed: str | None
    head: str | None
    pushes_behind: int
    errors: int
    fault: str


def status(hub: Hub) -> list[RepoStatus]:
    """Per repository: what is indexed at which commit, what is behind, what has faults."""
    with hub.durable.read() as db:
        records = repo_rows.all_repos(db)
        logged = push_rows.applied_numbers(db)
    with hub.index.read() as db:
        rows = ledger_rows.find_repo_rows(db, [record.id for record in records])
        errors = ledger_rows.count_errors(db)
    found = []
    for record in sorted(records, key=lambda record: (record.type, record.full_name)):
        row = rows.get(record.id)
        head, fault = _head(hub, record.id)
        found.append(
            RepoStatus(
                name=record.full_name,
                type=record.type,
                indexed=row.main if row else None,
                head=head,
                pushes_behind=sum(
                    number > (row.last_push if row else 0) for number in logged.get(record.id, ())
                ),
                errors=errors.get(record.id, 0),
                fault=fault or (row.fault if row else None) or "",
            )
        )
    return found


def _head(hub: Hub, repo_id: str) -> tuple[str | None, str]:
    try:
        with hub.git.reading(repo_id):
            git = hub.git.open(repo_id)
            head = git.head(MAIN)
            return head, "" if head is None or git.is_commit(head) else f"{head} is missing"
    except DamagedRepositoryError as error:
        return None, error.message


def dump(hub: Hub) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every derived row in one order for everybody: equal indexes give equal dumps."""
    with hub.index.read() as db:
        yield from dumping.dump_rows(db)
