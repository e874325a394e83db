"""What a mirror is a copy of: which addresses may be named, and what readers are told of them.

1. A source is a folder of the hub's machine, by its absolute path, or an address that git fetches
   from: http, https, ssh, git, or `user@host:path`. Transports that run a command are none.
2. An address is stored and shown, so it holds no secret: nobody's name or password stands in one of
   http, and no password in one of ssh.
3. Of a folder readers are told the last part of its path: where it lies is the operator's business.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from assay.errors import InvalidError

SCHEMES = ("https", "http", "ssh", "git")
_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@(?P<host>[A-Za-z0-9][\w.-]*):(?P<path>[^-/:\s][^:\s]*)")
_UNFIT = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")
_HOST = re.compile(r"[A-Za-z0-9:][\w.:-]*")
EXPECTED = "expected a folder, https://HOST/NAME, http://…, ssh://…, git://… or user@host:path"


def parse_address(text: str) -> str:
    """An address as it is stored: the same without a slash at its end (rules 1 and 2).

    Raises:
        InvalidError: It is none, or holds a secret; the message repeats no secret.
    """
    if _SCP.fullmatch(text):
        return text.rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError(f"the source is no address: {error}", hint=EXPECTED) from error
    if parts.scheme not in SCHEMES or "::" in text.partition("://")[0]:
        named = f"'{text[:200]}'" if "@" not in text else "the source"
        raise InvalidError(
            f"{named} is neither a folder nor an address git fetches from here",
            hint=EXPECTED,
        )
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    if password or (user and parts.scheme != "ssh") or parts.query or parts.fragment:
        raise InvalidError(
            f"the address at {host} holds a name, a password or a query, and addresses are "
            "stored and shown",
            hint="leave it out; a token goes into $HF_TOKEN",
        )
    path = parts.path.strip("/")
    if not host or not _HOST.fullmatch(host) or user.startswith("-") or not path:
        raise InvalidError(f"'{text[:200]}' names no repository at a host", hint=EXPECTED)
    if _UNFIT.search(text):
        raise InvalidError("the address holds spaces or control characters", hint=EXPECTED)
    return text.rstrip("/")


def is_folder(source: str) -> bool:
    """Whether a stored source is a folder."""
    return source.startswith("/")


def is_same(one: str, other: str) -> bool:
    """Whether two stored sources are one: `.git` at the end makes no difference."""
    return one.removesuffix(".git") == other.removesuffix(".git")


def shown(source: str) -> str:
    """What readers are told of a stored source (rule 3)."""
    return f"the folder {source.rpartition('/')[2]}" if is_folder(source) else source


def is_dataset(source: str) -> bool:
    """Whether an address is one that hubs give to datasets: `https://HOST/datasets/NS/NAME`."""
    parts = urlsplit(source)
    return parts.scheme in {"http", "https"} and parts.path.startswith("/datasets/")


def lfs_address(source: str) -> str | None:
    """Where the large files of an address are asked for; None where git-lfs knows of no place."""
    scp = _SCP.fullmatch(source)
    parts = urlsplit(source)
    if scp is not None:
        base = f"https://{scp['host']}/{scp['path']}"
    elif parts.scheme == "ssh":
        base = f"https://{parts.hostname}{parts.path}"
    elif parts.scheme in {"http", "https"}:
        base = source
    else:
        return None
    return f"{base.removesuffix('.git')}.git/info/lfs"


def origin(source: str) -> str | None:
    """`scheme://host[:port]` of an http address: whom a token may be given to; None for others."""
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else None
