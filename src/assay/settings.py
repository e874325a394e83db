"""Settings: frozen values, one group a concern, read once at the edge and passed down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_DATA = Path("assay-data")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8377
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PushLimits:
    """What one push may bring.

    Attributes:
        pack_bytes: Largest pack git accepts.
        body_bytes: Largest JSON body of a request.
        findings_printed: How many findings a refusal prints before it counts the rest.
    """

    pack_bytes: int = 512 * MIB
    body_bytes: int = 32 * MIB
    findings_printed: int = 50


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Sizes of files, and what becomes of large ones.

    Attributes:
        large_bytes: A file of more bytes than this, committed over the API, is kept beside git.
        file_bytes: Largest file in a commit over the API.
        commit_bytes: Largest body of a commit over the API.
        operations: Most files a commit over the API adds, copies and deletes.
        blob_bytes: Largest file kept in git itself.
        object_bytes: Largest file that git-lfs may bring.
        part_bytes: Size of the parts in which clients that can do so send larger files.
        quota_bytes: How many bytes of large files an account may bring in all to repositories that
            it may not write to.
        link_s: How long a link to a large file is good, in seconds.
    """

    large_bytes: int = 5_000_000
    file_bytes: int = 1024 * MIB
    commit_bytes: int = 4096 * MIB
    operations: int = 20_000
    blob_bytes: int = 100 * MIB
    object_bytes: int = 50 * 1024 * MIB
    part_bytes: int = 512 * MIB
    quota_bytes: int = 5 * 1024 * MIB
    link_s: int = 12 * 3600


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Everything `assay.hub.open` needs to open a data folder.

    Attributes:
        data: The folder that holds repositories and databases.
        public_url: How the outside reaches this hub, without a trailing slash. Absolute links are
            made from it, never from a Host header.
        checks: Whether the files of a push are checked and indexed. Off only to measure what that
            costs; permission and the push log are never off.
        official: Names of the benchmarks that lists mark as official; None marks all of them.
        database_url: The PostgreSQL database that holds both stores, `postgresql://…`; None keeps
            them in the data folder. Not in the repr, for it may hold a password.
    """

    data: Path = DEFAULT_DATA
    public_url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    limits: PushLimits = field(default_factory=PushLimits)
    files: FileLimits = field(default_factory=FileLimits)
    checks: bool = True
    official: tuple[str, ...] | None = None
    database_url: str | None = field(default=None, repr=False)
