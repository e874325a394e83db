"""Bare repositories by id. Everything that touches git objects or refs is in this package."""

from assay.storage.git.cloning import Clone, Credential, clone, lfs_folder, read_clone
from assay.storage.git.comparing import Difference, DiffLimits, FileDifference, compare
from assay.storage.git.contents import read_blobs
from assay.storage.git.folder import (
    FolderFile,
    commit_folder,
    init_beside,
    list_folder,
    uncovered,
)
from assay.storage.git.history import last_commits
from assay.storage.git.ignoring import find_ignored
from assay.storage.git.packing import Pack, TreeFiles, write_repository
from assay.storage.git.repository import ZERO, Commit, Repository, TreeItem, is_ref_name
from assay.storage.git.store import GitStore, packed_refs
from assay.storage.git.trees import Changes, TreePair, is_now, tree_changes, was
from assay.storage.git.writing import (
    Change,
    Identity,
    Quarantine,
    RefUpdate,
    open_quarantine,
    update_refs,
    write_root,
)

__all__ = [
    "ZERO",
    "Change",
    "Changes",
    "Clone",
    "Commit",
    "Credential",
    "DiffLimits",
    "Difference",
    "FileDifference",
    "FolderFile",
    "GitStore",
    "Identity",
    "Pack",
    "Quarantine",
    "RefUpdate",
    "Repository",
    "TreeFiles",
    "TreeItem",
    "TreePair",
    "clone",
    "commit_folder",
    "compare",
    "find_ignored",
    "init_beside",
    "is_now",
    "is_ref_name",
    "last_commits",
    "lfs_folder",
    "list_folder",
    "open_quarantine",
    "packed_refs",
    "read_blobs",
    "read_clone",
    "tree_changes",
    "uncovered",
    "update_refs",
    "was",
    "write_repository",
    "write_root",
]
