"""Durable rows of many repositories in one transaction: the same rows that one at a time gives.

They are for repositories that nobody could know of before: names are free, pushes have landed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.errors import ConflictError
from assay.storage.database.discussions import Discussion, Event
from assay.storage.database.durable_tables import (
    discussion,
    discussion_event,
    namespace,
    push,
    repo,
    repo_name,
)
from assay.storage.database.pushes import APPLIED, canonical_form, next_number
from assay.storage.database.repos import RepoRecord
from assay.storage.database.writing import columns_of, portions


@dataclass(frozen=True, slots=True)
class NewPush:
    """One ref update that is to be written to the push log as applied."""

    repo_id: str
    ref: str
    old: str
    new: str
    actor: str
    pull: int | None
    received: str


def holders(db: sa.Connection, repo_type: str, names: Collection[str]) -> dict[str, RepoRecord]:
    """To which repository each of many names leads, deleted ones too, by the name in lower case."""
    found: dict[str, RepoRecord] = {}
    for keys in portions({name.lower() for name in names}):
        query = (
            sa.select(repo_name.c.key.label("its_key"), repo)
            .join(repo, repo.c.id == repo_name.c.repo_id)
            .where(repo_name.c.type == repo_type, repo_name.c.key.in_(keys))
        )
        for row in db.execute(query).mappings():
            values = {column.name: row[column.name] for column in repo.c}
            found[row["its_key"]] = RepoRecord(**values)
    return found


def namespaces_written(db: sa.Connection, names: Collection[str]) -> dict[str, str]:
    """How those of many namespaces that exist are written, by their names in lower case."""
    lower = sa.func.lower(namespace.c.name)
    return {
        name.lower(): name
        for keys in portions({name.lower() for name in names})
        for name in db.execute(sa.select(namespace.c.name).where(lower.in_(keys))).scalars()
    }


def used_ids(db: sa.Connection, repo_ids: Collection[str]) -> set[str]:
    """Those of many ids that a repository has, or had."""
    return {
        found
        for part in portions(repo_ids)
        for found in db.execute(sa.select(repo.c.id).where(repo.c.id.in_(part))).scalars()
    }


def add_namespaces(db: sa.Connection, names: Collection[str], *, created: str) -> None:
    """Make unclaimed namespaces where there are none.

    Raises:
        ConflictError: There is one whose name differs only in case.
    """
    written = namespaces_written(db, names)
    missing = sorted(name for name in set(names) if name.lower() not in written)
    for name in names:
        if written.get(name.lower(), name) != name:
            raise ConflictError(
                f"the namespace is written '{written[name.lower()]}' here, got '{name}'"
            )
    for part in portions(missing):
        db.execute(
            sa.insert(namespace),
            [{"name": name, "owner": None, "claimed": False, "created": created} for name in part],
        )


def add_repos(db: sa.Connection, records: Sequence[RepoRecord]) -> None:
    """Add repositories whose names nobody has had.

    Raises:
        ConflictError: Somebody has, or had.
    """
    for repo_type in {record.type for record in records}:
        names = [record.full_name for record in records if record.type == repo_type]
        for taken in holders(db, repo_type, names).values():
            raise ConflictError(f"the {repo_type} '{taken.full_name}' was made meanwhile")
    if records:
        db.execute(sa.insert(repo), [columns_of(record) for record in records])
        db.execute(
            sa.insert(repo_name),
            [
                {
                    "type": record.type,
                    "written": record.full_name,
                    "key": record.full_name.lower(),
                    "repo_id": record.id,
                }
                for record in records
            ],
        )


def add_pushes(db: sa.Connection, new: Sequence[NewPush]) -> list[int]:
    """Write rows of the push log that are applied; returns their numbers, in the same order."""
    first = next_number(db)
    numbers = list(range(first, first + len(new)))
    for part in portions(zip(numbers, new, strict=True)):
        rows = [
            {
                **columns_of(one),
                "id": number,
                "state": APPLIED,
                **canonical_form(number, _facts(one)),
            }
            for number, one in part
        ]
        db.execute(sa.insert(push), rows)
    return numbers


def _facts(one: NewPush) -> dict[str, Any]:
    facts = columns_of(one)
    return {"repository": facts.pop("repo_id"), **facts}


def add_discussions(
    db: sa.Connection, discussions: Sequence[Discussion], events: Sequence[Event]
) -> None:
    """Add discussions and what happened to them, whatever the events' ids say; nobody is told."""
    for part in portions(discussions):
        db.execute(sa.insert(discussion), [columns_of(one) for one in part])
    for happened in portions(events):
        rows = [{k: v for k, v in columns_of(one).items() if k != "id"} for one in happened]
        db.execute(sa.insert(discussion_event), rows)
