"""What is derived from git and the durable store: kept true, found behind, built again."""

from assay.hub.indexing.rebuilding import rebuild
from assay.hub.indexing.status import RepoStatus, dump, status
from assay.hub.indexing.sweeping import ensure, finish_unfinished, heal, remember_looks, sweep
from assay.hub.indexing.sync import sync

__all__ = [
    "RepoStatus",
    "dump",
    "ensure",
    "finish_unfinished",
    "heal",
    "rebuild",
    "remember_looks",
    "status",
    "sweep",
    "sync",
]
