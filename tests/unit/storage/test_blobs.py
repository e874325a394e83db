"""A large file is whole under its name, or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assay.errors import EntryNotFoundError, UnavailableError
from assay.storage.blobs import LocalBlobs
from assay.storage.parts import Parts
from assay.storage.secret import load_secret

CONTENT = b"some bytes" * 1000
OID = hashlib.sha256(CONTENT).hexdigest()


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_what_is_kept_lies_under_its_digest(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    for _ in range(2):  # the second time changes nothing
        with blobs.begin() as blob:
            blob.write(CONTENT[:7])
            blob.write(CONTENT[7:])
            assert (blob.sha256, blob.size_bytes) == (OID, len(CONTENT))
            head = b"blob %d\0" % len(CONTENT)
            assert blob.git_oid() == hashlib.sha1(head + CONTENT, usedforsecurity=False).hexdigest()
            blob.keep()
        assert files(tmp_path) == [f"{OID[:2]}/{OID[2:4]}/{OID}"]
    with blobs.open(OID, 5) as file:
        assert file.read() == CONTENT[5:]


def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    with blobs.begin() as blob:
        blob.write(CONTENT)
        assert len(files(tmp_path)) == 1
        assert blob.written().name.startswith(".")  # a backup passes it over
    assert files(tmp_path) == []
    with pytest.raises(EntryNotFoundError):
        blobs.open(OID)


def test_what_a_dead_server_left_goes(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.begin().written()
    assert len(files(tmp_path)) == 1
    blobs.remove_unfinished()
    assert files(tmp_path) == []


def test_parts_make_a_whole_only_when_all_are_there(tmp_path: Path) -> None:
    blobs, parts = LocalBlobs(tmp_path / "blobs"), Parts(tmp_path / "parts")
    folder = parts.folder("repo", "ada", OID)
    for number, content in ((2, CONTENT[10:]), (1, CONTENT[:10])):
        assert parts.read(folder, 2) is None
        with blobs.begin() as part:
            part.write(content)
            parts.keep(folder, number, part)
    pieces = parts.read(folder, 2)
    assert pieces is not None
    assert b"".join(pieces) == CONTENT
    parts.remove_old()
    assert folder.is_dir()
    parts.remove(folder)
    assert not folder.exists()


def test_the_secret_is_made_once_for_one_user(tmp_path: Path) -> None:
    secret = load_secret(tmp_path / "secret")
    assert load_secret(tmp_path / "secret") == secret
    assert load_secret(tmp_path / "other") != secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(UnavailableError, match="expected 32"):
        load_secret(tmp_path / "secret")
