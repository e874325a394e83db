"""Links that carry their own permission: for one method, object and repository, for a while.

Clients of LFS send no token with the bytes, so the address must say who may do what. A grant is
signed with the hub's secret (HMAC-SHA256 over its fields); whoever has the link may use it until it
expires, and for nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Literal

_NUMBER = re.compile(r"[0-9]{1,17}")
Act = Literal["download", "upload", "part", "complete", "verify"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link allows.

    Attributes:
        act: What may be done.
        repo_id: In which repository.
        oid: With which object (sha256).
        size_bytes: Size of the object, or of the part.
        account: Who asked for the link; empty for a stranger, who only downloads.
        counted: Whether the bytes count against that account's quota.
        expires_s: Until when, in seconds since the epoch.
        part: Which part, from 1; 0 where there are none.
    """

    act: Act
    repo_id: str
    oid: str
    size_bytes: int
    account: str
    counted: bool
    expires_s: int
    part: int = 0

    def query(self, secret: bytes) -> dict[str, str]:
        """The parameters of the link that are not in its path."""
        return {
            "size": str(self.size_bytes),
            "by": self.account,
            "counted": str(int(self.counted)),
            "expires": str(self.expires_s),
            "signature": self._signature(secret),
        }

    def is_signed(self, secret: bytes, signature: str) -> bool:
        """Whether the signature is ours, for exactly this grant."""
        return hmac.compare_digest(self._signature(secret).encode(), signature.encode())

    def _signature(self, secret: bytes) -> str:
        text = "\0".join(str(field) for field in astuple(self))
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def find_grant(
    act: Act, repo_id: str, oid: str, part: int, query: Mapping[str, str]
) -> Grant | None:
    """The grant that a link claims, yet to be believed; None when it cannot be read."""
    size, expires = query.get("size", ""), query.get("expires", "")
    if not (_NUMBER.fullmatch(size) and _NUMBER.fullmatch(expires)):
        return None
    return Grant(
        act=act,
        repo_id=repo_id,
        oid=oid,
        size_bytes=int(size),
        account=query.get("by", ""),
        counted=query.get("counted") == "1",
        expires_s=int(expires),
        part=part,
    )
