"""Bare repositories by id. Everything that touches git objects or refs is in this package."""

from assay.storage.git.comparing import Difference, DiffLimits, FileDifference, compare
from assay.storage.git.history import last_commits
from assay.storage.git.ignoring import find_ignored
from assay.storage.git.repository import ZERO, Commit, Repository, TreeItem, is_ref_name
from assay.storage.git.store import GitStore, packed_refs
from assay.storage.git.writing import (
    Change,
    Identity,
    Quarantine,
    RefUpdate,
    open_quarantine,
    update_refs,
)

__all__ = [
    "ZERO",
    "Change",
    "Commit",
    "DiffLimits",
    "Difference",
    "FileDifference",
    "GitStore",
    "Identity",
    "Quarantine",
    "RefUpdate",
    "Repository",
    "TreeItem",
    "compare",
    "find_ignored",
    "is_ref_name",
    "last_commits",
    "open_quarantine",
    "packed_refs",
    "update_refs",
]
