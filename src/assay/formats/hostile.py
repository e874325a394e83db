r"""Hostile strings in a spec's arguments.

Inspect hands the text of many arguments to `resource()`, which reads a file or fetches an address
when the text names one. A spec is a stranger's, so no argument may look like either:

1. An address: the text starts with a scheme and `://` or `::` (fsspec chains), or `file:`.
2. A path from a root: `/…`, `~…`, `./…`, `../…`, `\…`, `C:\…`, on one line and with no `{…}` in it.
3. A relative path: one word with a slash, a backslash or a file ending.

A model (`openai/o3-mini`) is a word with a slash, and a pattern is a regular expression that is
never looked up; for their arguments the rules that would refuse every such text do not apply.
Whether a text resolves to a path here and now only the runner can ask, before it runs.
"""

from __future__ import annotations

import re

from assay.formats.document import Fields, Items, Node, Scalar

MODEL_ARGUMENTS = frozenset({"model", "model_role"})
PATTERN_ARGUMENTS = frozenset({"pattern", "grade_pattern"})

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?::|//)|(?:file|local):", re.IGNORECASE)
_ROOTED = re.compile(r"[/~\\]|\.\.?[/\\]|[A-Za-z]:[/\\]")
_CLIMBING = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)")
_RELATIVE = re.compile(r"\S*[/\\]\S*|[\w.-]*\w\.[A-Za-z][A-Za-z0-9]{0,4}")


def find_reason(argument: str, text: str) -> str | None:
    """Why a string must not be an argument of a solver or scorer; None when it may.

    Args:
        argument: The argument's name, such as `template`.
        text: A string in it.
    """
    text = text.strip()
    if _ADDRESS.match(text):
        return "is an address"
    if argument in PATTERN_ARGUMENTS or "\n" in text or "{" in text:
        return None
    if _ROOTED.match(text) or (_CLIMBING.search(text) and not re.search(r"\s", text)):
        return "looks like a path"
    if argument not in MODEL_ARGUMENTS and _RELATIVE.fullmatch(text):
        return "looks like a path"
    return None


def find_hostile(argument: str, node: Node) -> tuple[Scalar, str] | None:
    """The first hostile string under an argument, at any depth, and why it is one."""
    match node:
        case Scalar():
            reason = find_reason(argument, node.text)
            return (node, reason) if reason else None
        case Items():
            found = (find_hostile(argument, item) for item in node.items)
        case Fields():
            found = (find_hostile(argument, item) for _, item in node.fields.values())
    return next((hit for hit in found if hit), None)
