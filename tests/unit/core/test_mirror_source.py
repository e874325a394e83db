"""Which addresses a mirror may be taken from, and what readers are told of them."""

from __future__ import annotations

import pytest

from assay.core import mirror_source
from assay.errors import InvalidError


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://hub.example/ns/name", "https://hub.example/ns/name"),
        ("https://hub.example:8443/datasets/ns/name/", "https://hub.example:8443/datasets/ns/name"),
        ("http://127.0.0.1:8377/ns/name.git", "http://127.0.0.1:8377/ns/name.git"),
        ("ssh://git@host.example/x.git", "ssh://git@host.example/x.git"),
        ("git://host.example/x", "git://host.example/x"),
        ("git@host.example:ns/x.git", "git@host.example:ns/x.git"),
        ("http://[::1]:8377/ns/name", "http://[::1]:8377/ns/name"),
    ],
)
def test_addresses(written: str, stored: str) -> None:
    assert mirror_source.parse_address(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-x",
        "--upload-pack=touch x",
        "plain-words",
        "ext::sh -c x",
        "fd::17",
        "http::https://host.example/x",
        "file:///etc",
        "FTP://host.example/x",
        "https://",
        "https://host.example",
        "https://host.example/",
        "https:///x",
        "https://[broken/x",
        "https://host.example:port/x",
        "https://-host.example/x",
        "ssh://-oProxyCommand=x/y",
        "ssh://-u@host.example/x",
        "git@-host:x",
        "git@host.example:-x",
        "git@host.example:",
        "https://host.example/a b",
        "https://host.example/a\x00b",
        "https://host.example/a\nb",
        "https://user@host.example/secret",
        "https://user:pass@host.example/x",
        "https://:pass@host.example/x",
        "ssh://user:pass@host.example/x",
        "https://host.example/x?token=t",
        "https://host.example/x#f",
    ],
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(InvalidError) as caught:
        mirror_source.parse_address(written)
    assert "pass" not in caught.value.message.replace("password", "")
    assert "user" not in caught.value.message


def test_what_readers_are_told() -> None:
    assert mirror_source.shown("/srv/clients/acme/gsm8k") == "the folder gsm8k"
    assert mirror_source.shown("https://hub.example/ns/x") == "https://hub.example/ns/x"


@pytest.mark.parametrize(
    ("source", "dataset", "lfs", "origin"),
    [
        ("https://h.example/a/b", False, "https://h.example/a/b.git/info/lfs", "https://h.example"),
        (
            "http://h.example:81/datasets/a/b.git",
            True,
            "http://h.example:81/datasets/a/b.git/info/lfs",
            "http://h.example:81",
        ),
        ("ssh://git@h.example/a/b.git", False, "https://h.example/a/b.git/info/lfs", None),
        ("git@h.example:a/b", False, "https://h.example/a/b.git/info/lfs", None),
        ("git://h.example/a/b", False, None, None),
    ],
)
def test_what_follows_from_an_address(
    source: str, *, dataset: bool, lfs: str | None, origin: str | None
) -> None:
    assert mirror_source.is_dataset(source) is dataset
    assert mirror_source.lfs_address(source) == lfs
    assert mirror_source.origin(source) == origin


def test_one_source_written_two_ways() -> None:
    assert mirror_source.is_same("https://h.example/a.git", "https://h.example/a")
    assert not mirror_source.is_same("https://h.example/a", "https://h.example/b")
