"""What a page knows of the hub it stands on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """The hub and who reads.

    Attributes:
        public_url: How the outside reaches the hub, without a trailing slash.
        reader: The account that reads; None for a stranger.
        version: The version of Assay that serves.
    """

    public_url: str
    reader: str | None
    version: str
