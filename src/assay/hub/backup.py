"""The whole hub in one file, while it serves, and back.

A backup is the hub at one moment: that of its durable store.

1. The durable store is copied first, in one transaction.
2. Every repository follows with all objects it has by then; its refs are written as that copy of
   the push log says, not as they have become. Objects are never removed, so all that is named is
   there; what nobody names does no harm.
3. Restoring writes beside the target, holds every file against the manifest and every ref against
   its repository, builds the index, and renames. Nothing is there until all of it is.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from assay import __version__
from assay.errors import ConflictError, InvalidError
from assay.hub import indexing
from assay.hub.open import Hub, open_hub
from assay.hub.push import KEPT
from assay.settings import HubSettings
from assay.storage import archive
from assay.storage.database import pushes as push_rows
from assay.storage.database import repos as repo_rows
from assay.storage.database.durable_store import (
    STORE,
    drop_stores,
    load_copy,
    need_empty,
    open_durable,
    save_copy,
)
from assay.storage.git import ZERO, packed_refs

Progress = Callable[[int, int], None]
"""Called with (bytes done, of about how many)."""
# Folders of the data folder that are copied as they are: what is in them never changes.
CONTENT_FOLDERS = ("blobs",)


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds."""

    created: str
    assay: str
    repositories: int
    bytes: int


def back_up(
    hub: Hub, target: Path, *, on_progress: Progress = lambda _done, _of: None
) -> BackupSummary:
    """Write the hub to a new file; the hub may be serving.

    Raises:
        ConflictError: The file is there already.
        UnavailableError: It cannot be written.
    """
    created = hub.now()
    with tempfile.TemporaryDirectory(dir=hub.settings.data, prefix="backup-") as scratch:
        store = save_copy(hub.durable, Path(scratch))
        repositories = _repositories(Path(scratch))
        files = [(STORE, store), *_files(hub, [repo for repo, _ in repositories])]
        counted = _Counted(sum(path.stat().st_size for _, path in files), on_progress)
        with archive.writing(target, on_bytes=counted) as writer:
            for name, path in files:
                writer.add_file(name, path)
            for repo_id, refs in repositories:
                kept = hub.git.open(repo_id).refs(KEPT)
                writer.add_bytes(f"{_folder(repo_id)}/packed-refs", packed_refs(refs | kept))
            about = {"assay": __version__, "created": created, "repositories": len(repositories)}
            writer.finish(about)
    return BackupSummary(created, __version__, len(repositories), target.stat().st_size)


class _Counted:
    """Adds up bytes for a progress bar."""

    def __init__(self, of: int, on_progress: Progress) -> None:
        self._done, self._of, self._on_progress = 0, of, on_progress

    def __call__(self, count: int) -> None:
        self._done += count
        self._on_progress(min(self._done, self._of), self._of)


def _repositories(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """Every repository's id and refs, as the copied store says."""
    durable = open_durable(folder)
    try:
        with durable.read() as db:
            return [
                (record.id, _refs_of(push_rows.pushes(db, record.id)))
                for record in repo_rows.all_repos(db, deleted=True)
            ]
    finally:
        durable.close()


def _refs_of(log: list[push_rows.Push]) -> dict[str, str]:
    """Where the log left every ref: at the last row's `new`, or nowhere."""
    refs = {push.ref: push.new for push in log}
    return {ref: oid for ref, oid in refs.items() if oid != ZERO}


def _folder(repo_id: str) -> str:
    return f"repos/{repo_id[:2]}/{repo_id}.git"


def _files(hub: Hub, repo_ids: list[str]) -> Iterator[tuple[str, Path]]:
    """(name in the archive, file) of all that is copied as it is."""
    for repo_id in repo_ids:
        for relative, path in hub.git.content(repo_id):
            yield f"{_folder(repo_id)}/{relative}", path
    data = hub.settings.data
    for folder in CONTENT_FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(data).as_posix(), path


def restore(
    source: Path, settings: HubSettings, *, on_progress: Progress = lambda _done, _of: None
) -> BackupSummary:
    """Make a data folder from a backup.

    Args:
        source: A file that `back_up` wrote.
        settings: Of the hub to be; its data folder must be empty or not there.
        on_progress: See `Progress`.

    Raises:
        ConflictError: The data folder holds something, or the database does.
        InvalidError: The file is damaged, or is no backup; the data folder is as it was.
    """
    data = settings.data.absolute()
    if data.exists() and any(data.iterdir()):
        raise ConflictError(
            f"{data} is not empty", hint="restore into a new folder with --data, then serve that"
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=data.parent, prefix=f"{data.name}.restoring-"))
    try:
        counted = _Counted(source.stat().st_size if source.exists() else 0, on_progress)
        manifest = archive.extract(source, scratch, on_bytes=counted)
        _revive(source, replace(settings, data=scratch))
        if data.exists():
            data.rmdir()
        scratch.rename(data)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return BackupSummary(
        created=str(manifest.get("created")),
        assay=str(manifest.get("assay")),
        repositories=int(manifest.get("repositories", 0)),
        bytes=source.stat().st_size,
    )


def _revive(source: Path, settings: HubSettings) -> None:
    """Bring the rows to where they are kept; then all that needs an open hub."""
    url = settings.database_url
    if url is None:
        with closing(open_hub(settings)) as hub:
            _settle_in(source, hub)
        return
    with tempfile.TemporaryDirectory(dir=settings.data, prefix="rows-") as rows:
        (settings.data / STORE).rename(Path(rows) / STORE)
        with closing(open_hub(settings)) as hub:
            need_empty(hub.durable)
            try:
                load_copy(Path(rows), hub.durable)
                _settle_in(source, hub)
            except BaseException:
                hub.close()  # who reads would keep what they read from being dropped
                drop_stores(url)
                raise


def _settle_in(source: Path, hub: Hub) -> None:
    """Hold refs against objects, settle what was under way, and build the index."""
    with hub.durable.read() as db:
        repo_ids = [record.id for record in repo_rows.all_repos(db, deleted=True)]
    for repo_id in repo_ids:
        hub.git.complete(repo_id)
        missing = hub.git.find_missing(repo_id)
        if missing is not None:
            raise InvalidError(
                f"{source}: repository {repo_id} is not whole: {missing}",
                hint="it was damaged before the backup was taken; look at that hub's disk",
            )
    indexing.sweep(hub)
