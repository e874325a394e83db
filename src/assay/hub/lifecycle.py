"""What becomes of a repository after it was made: settings, another name, its end.

1. Settings, name and end belong to the owners of its namespace and to admins.
2. A repository that moves keeps its id, its folder and everything said in it. Its old names lead to
   it until somebody makes another repository under one of them.
3. A deleted repository's folder goes to the trash. Its row, its names, its pushes and what people
   said stay on record; its claims leave the boards. Only an admin may use its name again.
4. The durable row changes first. A folder or an index that a crash left behind is brought after it
   when the hub starts.
"""

from __future__ import annotations

from dataclasses import replace

from assay.core.permission import Reader, may_create
from assay.errors import ForbiddenError
from assay.formats.names import parse_repo_id
from assay.hub import indexing
from assay.hub.open import Hub
from assay.hub.refusals import need_administrator
from assay.hub.settling import recover
from assay.storage.database import people as people_rows
from assay.storage.database import repos as rows
from assay.storage.database.repos import RepoRecord


def change_settings(
    hub: Hub,
    reader: Reader,
    record: RepoRecord,
    *,
    private: bool | None = None,
    gated: str | None = None,
) -> None:
    """Change who may see a repository, and how access to its files is given.

    Args:
        hub: The hub.
        reader: Who asks.
        record: The repository, found by `repos.find`.
        private: Whether only the namespace's own see it; None leaves it as it is.
        gated: `auto`, `manual`, or `open` for no gate; None leaves it as it is.

    Raises:
        ForbiddenError: The reader may not.
    """
    need_administrator(reader, record)
    wanted = replace(
        record,
        private=record.private if private is None else private,
        gated=record.gated if gated is None else None if gated == "open" else gated,
    )
    with hub.durable.write() as db:
        rows.change_settings(db, record.id, private=wanted.private, gated=wanted.gated)
    indexing.sync(hub, record.id)


def move(hub: Hub, reader: Reader, record: RepoRecord, to: str) -> RepoRecord:
    """Give a repository another name, perhaps in another namespace (rule 2).

    Raises:
        InvalidError: The new name is none.
        ForbiddenError: The reader may not take it away, or may not put it there.
        ConflictError: The new name is taken.
    """
    need_administrator(reader, record)
    name = parse_repo_id(to)
    if not may_create(reader, name.namespace):
        raise ForbiddenError(f"{reader.name} may not put repositories under '{name.namespace}'")
    with hub.git.lock(record.id):
        recover(hub, record.id)
        with hub.durable.write() as db:
            people_rows.ensure_namespace(db, name.namespace, created=hub.now())
            losers = rows.rename_repo(
                db, record, namespace=name.namespace, name=name.name, by_admin=reader.is_admin
            )
        hub.git.rename(record.id, name=f"{record.type} {to}")
    for repo_id in (*losers, record.id):
        indexing.sync(hub, repo_id)
    return replace(record, namespace=name.namespace, name=name.name)


def delete(hub: Hub, reader: Reader, record: RepoRecord) -> None:
    """Put a repository into the trash (rule 3).

    Raises:
        ForbiddenError: The reader may not.
    """
    need_administrator(reader, record)
    with hub.git.lock(record.id):
        recover(hub, record.id)
        with hub.durable.write() as db:
            rows.mark_deleted(db, record.id, by=reader.name or "", at=hub.now())
        hub.git.discard(record.id)
    indexing.sync(hub, record.id)
