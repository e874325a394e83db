"""A pointer is exactly a pointer, or it is an ordinary file."""

from __future__ import annotations

import pytest

from assay.formats.lfs_pointer import Pointer, find_pointer

OID = "0123456789abcdef" * 4
GOOD = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"
EXTENDED = GOOD.replace("oid sha", f"ext-0-foo sha256:{OID}\noid sha")


@pytest.mark.parametrize("text", [GOOD, EXTENDED])
def test_a_pointer_is_read(text: str) -> None:
    assert find_pointer(text.encode()) == Pointer(OID, 12345)


def test_a_pointer_is_written_as_it_is_read() -> None:
    assert Pointer(OID, 12345).render() == GOOD.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "\n",
        GOOD + "more 1\n",
        GOOD.replace("v1", "v2"),
        GOOD.replace("sha256:0", "sha256:G"),
        GOOD.replace("size 1", "size -1"),
        GOOD.replace("size 1", "size 01"),
        GOOD.replace("\n", "\r\n"),
        "version https://git-lfs.github.com/spec/v1\n" + "x" * 100,
        GOOD.replace("oid sha", "ext-0-foo sha256:0\n" * 60 + "oid sha"),
        "x" + GOOD,
    ],
)
def test_anything_else_is_an_ordinary_file(text: str) -> None:
    assert find_pointer(text.encode()) is None
