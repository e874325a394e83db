"""A link is good for what it was signed for, field by field."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from assay.core.signed_link import Grant, find_grant

SECRET = b"s" * 32
GRANT = Grant("upload", "r1", "a" * 64, 5, "ada", counted=False, expires_s=100, part=2)
OTHERS = {
    "act": "part",
    "repo_id": "r2",
    "oid": "b" * 64,
    "size_bytes": 6,
    "account": "eve",
    "counted": True,
    "expires_s": 101,
    "part": 3,
}


def test_a_link_says_what_was_signed() -> None:
    query = GRANT.query(SECRET)
    assert find_grant("upload", "r1", "a" * 64, 2, query) == GRANT
    assert GRANT.is_signed(SECRET, query["signature"])
    assert not GRANT.is_signed(b"t" * 32, query["signature"])
    assert not GRANT.is_signed(SECRET, "")
    assert not GRANT.is_signed(SECRET, "ü")


def test_every_field_is_signed() -> None:
    assert OTHERS.keys() == {field.name for field in fields(Grant)}
    signature = GRANT.query(SECRET)["signature"]
    for name, value in OTHERS.items():
        changed = replace(GRANT, **{name: value})  # type: ignore[arg-type]  # one field at a time
        assert not changed.is_signed(SECRET, signature), name


@pytest.mark.parametrize("bad", [{}, {"size": "-1"}, {"size": "9" * 40}, {"expires": "now"}])
def test_what_cannot_be_read_is_no_grant(bad: dict[str, str]) -> None:
    query = {**GRANT.query(SECRET), **bad} if bad else {}
    assert find_grant("upload", "r1", "a" * 64, 0, query) is None
