"""The hub's own secret, made when it is first needed and readable by its user alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from assay.errors import UnavailableError
from assay.storage.disk import sync

SECRET_BYTES = 32


def load_secret(path: Path) -> bytes:
    """The secret of a data folder; the first process to ask makes it.

    Raises:
        UnavailableError: The file is not a secret of ours.
    """
    if not path.exists():
        _make(path)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise UnavailableError(
            f"{path} has {len(secret)} bytes, expected {SECRET_BYTES}",
            hint="restore it from a backup, or remove it: links made with it then end",
        )
    return secret


def _make(path: Path) -> None:
    """Written whole under another name (mode 0600), then linked: of two processes one wins."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
        sync(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)
