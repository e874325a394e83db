"""The pointer of git-lfs: the few lines that stand in git for a large file kept elsewhere.

A pointer has fewer than 1024 bytes and lines of `key value`: `version` first, the others sorted.
What does not read exactly so is an ordinary file, never a damaged pointer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MIN_BYTES = 120
MAX_BYTES = 1023
VERSION = b"version https://git-lfs.github.com/spec/v1\n"

_OID = re.compile(rb"oid sha256:([0-9a-f]{64})")
_SIZE = re.compile(rb"size (0|[1-9][0-9]{0,15})")
_EXTENSION = re.compile(rb"ext-[0-9]-[a-z0-9]+ sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer says: the sha256 of the content, and its size in bytes."""

    oid: str
    size_bytes: int

    def render(self) -> bytes:
        """The pointer as it stands in git."""
        return VERSION + f"oid sha256:{self.oid}\nsize {self.size_bytes}\n".encode()


def find_pointer(data: bytes) -> Pointer | None:
    """The pointer that a file's content is, or None for any other content."""
    if not MIN_BYTES <= len(data) <= MAX_BYTES or not data.startswith(VERSION):
        return None
    lines = data.removeprefix(VERSION).split(b"\n")
    if len(lines) < 3:  # noqa: PLR2004 - oid, size, and the nothing after the last newline
        return None
    *extensions, oid, size, end = lines
    oid_match, size_match = _OID.fullmatch(oid), _SIZE.fullmatch(size)
    if oid_match is None or size_match is None or end:
        return None
    if not all(_EXTENSION.fullmatch(line) for line in extensions):
        return None
    return Pointer(oid_match[1].decode(), int(size_match[1]))
