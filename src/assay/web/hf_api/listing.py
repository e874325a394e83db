"""What lies in a repository: folders, files, and which of them are large.

A file is told by git's id of what stands in the tree, and by its size as a reader gets it. A large
file has `lfs` beside that: `oid` in trees, `sha256` among siblings, as clients expect them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.hub.large import Large, large_files
from assay.hub.open import Hub
from assay.hub.repos import At
from assay.storage.git import TreeItem


def tree_rows(hub: Hub, at: At, items: Sequence[TreeItem]) -> list[dict[str, Any]]:
    """Files and folders as trees list them."""
    stored = large_files(hub, at.record.id, at.git, items)
    return [_row(at, item, stored.get(item.oid)) for item in items if item.kind != "submodule"]


def _row(at: At, item: TreeItem, large: Large | None) -> dict[str, Any]:
    if item.kind == "folder":
        return {"type": "directory", "oid": item.oid, "size": 0, "path": item.path}
    row = {"type": "file", "oid": item.oid, "path": item.path}
    if large is None:
        return {**row, "size": at.git.blob_size(item.oid)}
    size = large.object.size_bytes
    lfs = {"oid": large.object.oid, "size": size, "pointerSize": large.pointer_bytes}
    return {**row, "size": size, "lfs": lfs}


def siblings(hub: Hub, at: At, *, with_blobs: bool) -> list[dict[str, Any]]:
    """The files of a commit as repository information lists them.

    Args:
        hub: The hub.
        at: The repository at the commit.
        with_blobs: Whether to tell sizes and ids.
    """
    items = [item for item in at.list(recursive=True) if item.kind in {"file", "symlink"}]
    if not with_blobs:
        return [{"rfilename": item.path} for item in items]
    stored = large_files(hub, at.record.id, at.git, items)
    return [_sibling(at, item, stored.get(item.oid)) for item in items]


def _sibling(at: At, item: TreeItem, large: Large | None) -> dict[str, Any]:
    row = {"rfilename": item.path, "blobId": item.oid}
    if large is None:
        return {**row, "size": at.git.blob_size(item.oid)}
    size = large.object.size_bytes
    lfs = {"sha256": large.object.oid, "size": size, "pointerSize": large.pointer_bytes}
    return {**row, "size": size, "lfs": lfs}
