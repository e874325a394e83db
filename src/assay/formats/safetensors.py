"""Safetensors: how many parameters a model has, from the headers of its weights alone.

1. A file begins with 8 bytes, the length of its header (little-endian). The header is JSON: by the
   name of each tensor its `dtype` and `shape`; `__metadata__` is no tensor.
2. A model of several files has `model.safetensors.index.json`, which says the total in its
   `metadata`, or else names every file in its `weight_map`.
3. What cannot be read counts as unknown, never as nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_FILES = 200
MOST_PARAMETERS = 2**53
METADATA = "__metadata__"
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


class _Tensor(msgspec.Struct):
    dtype: str
    shape: list[int]


class _Metadata(msgspec.Struct):
    total_parameters: int | None = None


class _Index(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    weight_map: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WeightIndex:
    """What the index of a model says: the number of parameters, or the files to ask."""

    total: int | None
    files: tuple[str, ...]


def header_length(start: bytes) -> int | None:
    """How long the header is, from the first `LENGTH_BYTES`; None when that cannot be."""
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    fits = len(start) >= LENGTH_BYTES and 0 < length <= MAX_HEADER_BYTES
    return length if fits else None


def parse_header(header: bytes) -> Mapping[str, int] | None:
    """Parameters by `dtype`; None when the header cannot be read."""
    counts: Counter[str] = Counter()
    try:
        for name, raw in msgspec.json.decode(header, type=dict[str, msgspec.Raw]).items():
            if name != METADATA:
                tensor = msgspec.json.decode(raw, type=_Tensor)
                counts[tensor.dtype] += _size(tensor.shape)
    except _UNREADABLE:
        return None
    return counts if counts and sum(counts.values()) <= MOST_PARAMETERS else None


def _size(shape: list[int]) -> int:
    if any(not 0 <= side <= MOST_PARAMETERS for side in shape) or len(shape) > LENGTH_BYTES:
        raise ValueError("no shape of a tensor")
    return math.prod(shape)


def parse_index(data: bytes) -> WeightIndex | None:
    """What an index says; None when it cannot be read."""
    try:
        index = msgspec.json.decode(data, type=_Index)
    except _UNREADABLE:
        return None
    total = index.metadata.total_parameters
    files = tuple(sorted(set(index.weight_map.values())))
    known = total if total is not None and 0 < total <= MOST_PARAMETERS else None
    return WeightIndex(known, files if len(files) <= MAX_FILES else ())
