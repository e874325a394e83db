"""The only file that wires parts together: a data folder becomes an open hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from assay.errors import UnavailableError
from assay.hub.kept import Kept
from assay.hub.results import ParsedFiles
from assay.settings import HubSettings
from assay.storage.blobs import Blobs, LocalBlobs
from assay.storage.database.durable_store import has_durable, open_durable
from assay.storage.database.engine import Database
from assay.storage.database.index_store import IndexStore, open_index
from assay.storage.git import GitStore
from assay.storage.git_wire import Advertisements
from assay.storage.parts import Parts
from assay.storage.pushing import Pushing
from assay.storage.secret import load_secret

Clock = Callable[[], datetime]
# Of boards; a row takes about 2 KB.
MOST_KEPT_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Hub:
    """An open hub: what every verb of this package takes first.

    Attributes:
        settings: How it was opened.
        git: The repositories.
        durable: People, names, pull requests and the push log.
        index: What is derived from all that.
        blobs: Large files.
        parts: Large files that arrive in pieces.
        pushing: Which git processes are at work on pushes.
        secret: Signs links; known to this data folder alone.
        clock: Gives the present; tests hand in their own.
        parsed: Result files as parsed lately.
        kept: Pages of boards as read lately.
        advertisements: What git answers first to a client.
        unfinished: Ids of repositories that have moved and could not be settled or indexed.
    """

    settings: HubSettings
    git: GitStore
    durable: Database
    index: IndexStore
    blobs: Blobs
    parts: Parts
    pushing: Pushing
    secret: bytes
    clock: Clock
    parsed: ParsedFiles = field(default_factory=ParsedFiles)
    kept: Kept = field(default_factory=lambda: Kept(MOST_KEPT_ROWS))
    advertisements: Advertisements = field(default_factory=Advertisements)
    unfinished: set[str] = field(default_factory=set)

    def now(self) -> str:
        """The present as the hub writes it: ISO 8601, UTC, milliseconds, `Z`."""
        moment = self.clock().astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    @contextmanager
    def to_be_finished(self, repo_id: str) -> Iterator[None]:
        """Remember a repository with which something was begun, if it cannot be ended now."""
        try:
            yield
        except BaseException:
            self.unfinished.add(repo_id)
            raise

    @property
    def workplaces(self) -> Path:
        """Where mirrors are fetched to before anything is changed."""
        return self.settings.data / "mirroring"

    def close(self) -> None:
        """Close the databases, and say that nothing is under way."""
        self.pushing.close()
        self.durable.close()
        self.index.close()


def has_hub(data: Path) -> bool:
    """Whether a data folder is a hub's already."""
    return has_durable(data)


def open_hub(settings: HubSettings, *, clock: Clock = lambda: datetime.now(UTC)) -> Hub:
    """Open a data folder, making what is not there yet.

    An index of another schema is left as it is: `indexing.ensure` rebuilds it.

    Raises:
        ConflictError: A newer Assay wrote the folder, or its databases are kept elsewhere.
        UnavailableError: The folder cannot be made or written to, or the database not reached.
    """
    data = settings.data.absolute()  # git runs in folders of its own
    settings = replace(settings, data=data)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"the data folder {data} cannot be used: {error.strerror}",
            hint="give a folder you may write to with --data",
        ) from error
    return Hub(
        settings=settings,
        git=GitStore(data / "repos"),
        durable=open_durable(data, settings.database_url),
        index=open_index(data, settings.database_url),
        blobs=LocalBlobs(data / "blobs"),
        parts=Parts(data / "uploads"),
        pushing=Pushing(data / "pushing"),
        secret=load_secret(data / "secret"),
        clock=clock,
    )
