"""Bare repositories by id. Everything that touches git objects or refs is in this package."""

from assay.storage.git.comparing import Difference, FileDifference, compare
from assay.storage.git.repository import ZERO, Commit, Repository, TreeItem
from assay.storage.git.store import GitStore, packed_refs
from assay.storage.git.writing import (
    Identity,
    Quarantine,
    RefUpdate,
    open_quarantine,
    update_refs,
)

__all__ = [
    "ZERO",
    "Commit",
    "Difference",
    "FileDifference",
    "GitStore",
    "Identity",
    "Quarantine",
    "RefUpdate",
    "Repository",
    "TreeItem",
    "compare",
    "open_quarantine",
    "packed_refs",
    "update_refs",
]
