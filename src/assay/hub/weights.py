"""How large a model is: the headers of its weights, wherever those are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from assay.errors import EntryNotFoundError
from assay.formats import safetensors
from assay.hub.large import large_files
from assay.hub.open import Hub
from assay.hub.results import read_limited
from assay.storage.git import Repository

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
# Of a file in git, which is read whole: large ones are kept beside it.
MOST_IN_GIT_BYTES = 16 * 1024 * 1024
# Stands for the parameters whose kind nobody told.
UNKNOWN_DTYPE = "unknown"


def count_parameters(
    hub: Hub, repo_id: str, git: Repository, commit: str | None
) -> Mapping[str, int] | None:
    """Parameters by dtype of the model at a commit; None when that is not known."""
    if commit is None:
        return None
    item = git.find(commit, INDEX)
    if item is None or item.kind != "file":
        return _of_file(hub, repo_id, git, commit, WEIGHTS)
    data = read_limited(git, item.oid, safetensors.MAX_HEADER_BYTES)
    index = safetensors.parse_index(data)
    if index is None:
        return None
    if index.total is not None:
        return {UNKNOWN_DTYPE: index.total}
    total: Counter[str] = Counter()
    for path in index.files:
        part = _of_file(hub, repo_id, git, commit, path)
        if part is None:
            return None
        total.update(part)
    return total or None


def _of_file(
    hub: Hub, repo_id: str, git: Repository, commit: str, path: str
) -> Mapping[str, int] | None:
    item = git.find(commit, path)
    if item is None or item.kind != "file":
        return None
    large = large_files(hub, repo_id, git, [item]).get(item.oid)
    if large is not None:
        return _of_object(hub, large.object.oid)
    if git.blob_size(item.oid) > MOST_IN_GIT_BYTES:
        return None
    data = git.blob(item.oid)
    length = safetensors.header_length(data)
    start = safetensors.LENGTH_BYTES
    return safetensors.parse_header(data[start : start + length]) if length else None


def _of_object(hub: Hub, oid: str) -> Mapping[str, int] | None:
    try:
        opened = hub.blobs.open(oid)
    except EntryNotFoundError:  # lost from the disk: it is said to whoever asks for the file
        return None
    with opened as file:
        length = safetensors.header_length(file.read(safetensors.LENGTH_BYTES))
        return safetensors.parse_header(file.read(length)) if length else None
