"""What repositories say of themselves: writing it, and reading lists of repositories by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from assay.core.permission import Reader
from assay.storage.database.claims import visible
from assay.storage.database.engine import Connection, rows_as
from assay.storage.database.index_tables import (
    benchmark,
    lineage,
    profile,
    repo,
    repo_name,
    repo_tag,
    standing,
)
from assay.storage.database.types import Hex
from assay.storage.database.writing import insert, portions, put

# The tag by which clients find benchmarks. It follows from the benchmark's row, not from a card.
OFFICIAL = "benchmark:official"


def put_profiles(
    db: Connection,
    rows: Sequence[Mapping[str, Any]],
    words: Mapping[str, Collection[str]],
    bases: Mapping[str, Collection[tuple[str, str]]],
) -> None:
    """Replace what repositories say of themselves, and the words they are found by.

    Args:
        db: A write transaction.
        rows: Of the table `profile`.
        words: By the id of a repository.
        bases: Likewise: what it is derived from, as written, and how.
    """
    put(db, profile, rows)
    for part in portions(words):
        db.execute(sa.delete(repo_tag).where(repo_tag.c.repo_id.in_(part)))
    found = [{"tag": w, "repo_id": repo_id} for repo_id in words for w in sorted(words[repo_id])]
    insert(db, repo_tag, found)
    for part in portions(bases):
        db.execute(sa.delete(lineage).where(lineage.c.repo_id.in_(part)))
    edges = [
        {"repo_id": repo_id, "base": base, "relation": relation}
        for repo_id in bases
        for base, relation in bases[repo_id]
    ]
    insert(db, lineage, edges)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a leaderboard narrows by."""

    has_base: bool
    num_parameters: int | None


def facts_of_board(db: Connection, board_id: int) -> dict[str, ModelFacts]:
    """The facts of every model that stands on a board, by `ns/name`."""
    query = (
        sa.select(standing.c.model, profile.c.has_base, profile.c.num_parameters)
        .join(profile, profile.c.repo_id == standing.c.repo_id)
        .where(standing.c.board == board_id)
    )
    return {row[0]: ModelFacts(row[1], row[2]) for row in db.execute(query)}


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
        parameters: Of a model, by dtype; None when its weights do not say.
        is_official: Whether it is a benchmark that carries the tag for that.
    """

    repo_id: str
    namespace: str
    name: str
    private: bool
    gated: str | None
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
    parameters: dict[str, int] | None
    num_parameters: int | None
    is_official: bool

    @property
    def full_name(self) -> str:
        """`ns/name`."""
        return f"{self.namespace}/{self.name}"


_IN_REPO = frozenset(
    {"repo_id", "namespace", "name", "private", "gated", "created", "updated", "main"}
)
# Names (`ns/name`) of the benchmarks that are official; None when all are.
Official = Sequence[str] | None


def _is_official(official: Official) -> sa.ColumnElement[bool]:
    is_benchmark = sa.exists().where(benchmark.c.repo_id == repo.c.repo_id)
    if official is None:
        return is_benchmark
    return sa.and_(is_benchmark, (repo.c.namespace + "/" + repo.c.name).in_(official))


def _entries(reader: Reader, official: Official, *, with_card: bool) -> sa.Select[Any]:
    """Every repository the reader may see. Without cards, which may be long, they read as empty."""
    known = {
        "is_official": _is_official(official).label("is_official"),
        **({} if with_card else {"card": sa.literal({}, sa.JSON).label("card")}),
    }
    columns = [
        known[name] if name in known else (repo if name in _IN_REPO else profile).c[name]
        for name in Entry.__slots__
    ]
    return (
        sa.select(*columns)
        .join(profile, profile.c.repo_id == repo.c.repo_id)
        .where(visible(reader))
    )


def find_entry(db: Connection, reader: Reader, repo_id: str, *, official: Official) -> Entry | None:
    """One repository, or None."""
    query = _entries(reader, official, with_card=True).where(repo.c.repo_id == repo_id)
    found = rows_as(Entry, db.execute(query))
    return found[0] if found else None


Order = Literal["updated", "created"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which repositories a list has, the latest first.

    Attributes:
        repo_type: model or dataset.
        tags: Each must be there.
        search: Each must occur in the name, in either case.
        author: The namespace.
        order: What latest means.
        after: That time and the id of the last repository of the page before.
        limit: How many at most.
        with_card: Whether front matters are wanted.
    """

    repo_type: str
    tags: Sequence[str] = ()
    search: Sequence[str] = ()
    author: str | None = None
    order: Order = "updated"
    after: tuple[str, str] | None = None
    limit: int
    with_card: bool = False


def select_entries(
    db: Connection, reader: Reader, selection: Selection, *, official: Official
) -> list[Entry]:
    """One page of a list; one query, which walks an index from the place where the page begins."""
    moment = repo.c[selection.order]
    query = _entries(reader, official, with_card=selection.with_card)
    query = query.where(repo.c.type == selection.repo_type)
    for tag in selection.tags:
        query = query.where(_is_official(official) if tag == OFFICIAL else _has_tag(tag))
    for text in selection.search:
        name = repo.c.namespace + "/" + repo.c.name
        query = query.where(name.icontains(text, autoescape=True))
    if selection.author is not None:
        query = query.where(repo.c.namespace == selection.author)
    if selection.after is not None:
        last = sa.tuple_(sa.literal(selection.after[0]), sa.literal(selection.after[1], Hex))
        query = query.where(sa.tuple_(moment, repo.c.repo_id) < last)
    query = query.order_by(moment.desc(), repo.c.repo_id.desc()).limit(selection.limit)
    return rows_as(Entry, db.execute(query))


def _has_tag(tag: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(repo_tag.c.repo_id == repo.c.repo_id, repo_tag.c.tag == tag)


@dataclass(frozen=True, slots=True)
class Edge:
    """A model that another is derived from, or that is derived from it.

    Attributes:
        written: The base as the card of the derived model writes it.
        relation: finetune, adapter, quantized or merge.
        model: `ns/name` of the other model as it is called now; None if no such model is here.
    """

    written: str
    relation: str
    model: str | None


def bases_of(db: Connection, reader: Reader, repo_id: str) -> list[Edge]:
    """What a model says it is derived from; of models here, the names they go by now."""
    query = (
        sa.select(lineage.c.base, lineage.c.relation)
        .where(lineage.c.repo_id == repo_id)
        .order_by(lineage.c.base)
    )
    said = db.execute(query).all()
    here = _models_named(db, reader, [base for base, _ in said])
    return [Edge(base, relation, here.get(base)) for base, relation in said]


def _models_named(db: Connection, reader: Reader, names: Sequence[str]) -> dict[str, str]:
    query = (
        sa.select(repo_name.c.written, repo.c.namespace, repo.c.name)
        .join(repo, repo.c.repo_id == repo_name.c.repo_id)
        .where(repo_name.c.type == "model", repo_name.c.written.in_(names), visible(reader))
        .order_by(repo.c.repo_id)
    )
    return {row[0]: f"{row[1]}/{row[2]}" for row in db.execute(query)}


def derived_from(
    db: Connection, reader: Reader, repo_id: str, *, limit: int
) -> tuple[int, list[Edge]]:
    """How many models say they are derived from this one, by any name it has had; and some."""
    names = sa.select(repo_name.c.written).where(repo_name.c.repo_id == repo_id)
    query = (
        sa.select(lineage.c.base, lineage.c.relation, repo.c.namespace, repo.c.name)
        .join(repo, repo.c.repo_id == lineage.c.repo_id)
        .where(lineage.c.base.in_(names), lineage.c.repo_id != repo_id, visible(reader))
    )
    count = db.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    ordered = query.order_by(repo.c.namespace, repo.c.name, lineage.c.base).limit(limit)
    return int(count), [Edge(row[0], row[1], f"{row[2]}/{row[3]}") for row in db.execute(ordered)]
