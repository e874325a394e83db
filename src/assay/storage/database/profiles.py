"""What repositories say of themselves: writing it, and reading lists of repositories by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core.permission import Reader
from assay.storage.database.claims import visible
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import benchmark, claim, profile, repo, repo_tag

# The tag by which clients find benchmarks. It follows from the benchmark's row, not from a card.
OFFICIAL = "benchmark:official"


def put_profile(
    db: Connection, repo_id: str, row: Mapping[str, Any], words: Collection[str]
) -> None:
    """Replace what a repository says of itself, and the words it is found by."""
    db.execute(sa.delete(profile).where(profile.c.repo_id == repo_id))
    db.execute(sa.delete(repo_tag).where(repo_tag.c.repo_id == repo_id))
    db.execute(sa.insert(profile), [dict(row)])
    if words:
        db.execute(sa.insert(repo_tag), [{"tag": w, "repo_id": repo_id} for w in sorted(words)])


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a leaderboard narrows by."""

    has_base: bool
    num_parameters: int | None


def facts_of_claimed(db: Connection, reader: Reader, dataset_id: str) -> dict[str, ModelFacts]:
    """The facts of every model with a claim about a dataset, by `ns/name`."""
    query = (
        sa.select(repo.c.namespace, repo.c.name, profile.c.has_base, profile.c.num_parameters)
        .distinct()
        .select_from(claim)
        .join(repo, repo.c.repo_id == claim.c.repo_id)
        .join(profile, profile.c.repo_id == claim.c.repo_id)
        .where(claim.c.dataset_id == dataset_id, visible(reader))
    )
    return {f"{row[0]}/{row[1]}": ModelFacts(row[2], row[3]) for row in db.execute(query)}


@dataclass(frozen=True, slots=True)
class Entry:
    """A repository as lists show it: what is known of main without opening git.

    Attributes:
        main: The commit of main; None while the repository is empty.
        created: ISO 8601 UTC.
        updated: When main last moved, likewise.
        card: The front matter of its README.md as JSON values.
        tags: As the public hub makes them from the card.
        has_base: Whether the card names a model that this one is derived from.
        is_benchmark: Whether it is a dataset with a readable eval.yaml.
    """

    repo_id: str
    namespace: str
    name: str
    private: bool
    created: str
    updated: str
    main: str | None
    card: dict[str, Any]
    tags: list[str]
    has_base: bool
    library_name: str | None
    pipeline_tag: str | None
    description: str | None
    citation: str | None
    num_parameters: int | None
    is_benchmark: bool

    @property
    def full_name(self) -> str:
        """`ns/name`."""
        return f"{self.namespace}/{self.name}"


_IN_REPO = frozenset({"repo_id", "namespace", "name", "private", "created", "updated", "main"})


def _entries(reader: Reader) -> sa.Select[Any]:
    """Every repository the reader may see."""
    is_benchmark = sa.exists().where(benchmark.c.repo_id == repo.c.repo_id)
    columns = [
        (repo if name in _IN_REPO else profile).c[name]
        for name in Entry.__slots__
        if name != "is_benchmark"
    ]
    return (
        sa.select(*columns, is_benchmark.label("is_benchmark"))
        .join(profile, profile.c.repo_id == repo.c.repo_id)
        .where(visible(reader))
    )


def find_entry(db: Connection, reader: Reader, repo_id: str) -> Entry | None:
    """One repository, or None."""
    found = rows_as(Entry, db.execute(_entries(reader).where(repo.c.repo_id == repo_id)))
    return found[0] if found else None
