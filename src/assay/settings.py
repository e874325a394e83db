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
        commit_bytes: Largest body of a commit made over the API.
        findings_printed: How many findings a refusal prints before it counts the rest.
    """

    pack_bytes: int = 512 * MIB
    commit_bytes: int = 32 * MIB
    findings_printed: int = 50


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Everything `assay.hub.open` needs to open a data folder.

    Attributes:
        data: The folder that holds repositories and databases.
        public_url: How the outside reaches this hub, without a trailing slash. Absolute links are
            made from it, never from a Host header.
        checks: Whether the files of a push are checked and indexed. Off only to measure what that
            costs; permission and the push log are never off.
    """

    data: Path = DEFAULT_DATA
    public_url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    limits: PushLimits = field(default_factory=PushLimits)
    checks: bool = True
