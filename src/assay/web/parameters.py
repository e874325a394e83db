"""Parameters of a query, read strictly: what cannot be read is said, never guessed."""

from __future__ import annotations

from assay.errors import InvalidError
from assay.web.routing import Context

FLAGS = {"true": True, "1": True, "false": False, "0": False}


def flag(context: Context, name: str, *, default: bool) -> bool:
    """A parameter that is true or false.

    Raises:
        InvalidError: It is something else.
    """
    text = context.query(name)
    if not text:
        return default
    if text.lower() not in FLAGS:
        raise InvalidError(f"{name}={text[:80]} is not known; expected true or false")
    return FLAGS[text.lower()]


def number(context: Context, name: str, *, default: int, most: int, least: int = 1) -> int:
    """A whole number from the query; one beyond `most` counts as that.

    Raises:
        InvalidError: It is no number, or below `least`.
    """
    text = context.query(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text[:12]) < least:
        raise InvalidError(f"{name}={text[:80]} is not a whole number from {least}")
    return min(int(text[:12]), most)


def up_to(context: Context) -> int | None:
    """`?up_to=`: the last one that counts of what is numbered as it comes; None for all.

    Raises:
        InvalidError: It is no number.
    """
    if not context.query("up_to"):
        return None
    return number(context, "up_to", default=0, least=0, most=2**53)
