"""What one version of a claim says otherwise than the one before, field by field.

Fields are named as answers name them: `value` (as written), `date`, `source.url` and its fellows,
`notes`, `dataset_revision`, `verify_token`, `run_record`, `path`, and unknown keys as `extra.KEY`.
The dataset and the task are no fields: an entry that names others is another claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

# In the order in which readers are told.
_PLAIN = ("date", "notes", "dataset_revision", "verify_token", "run_record", "path")
_ABSENT = object()


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field that differs from the version before.

    `before` and `after` are what was said, as text; of an unknown key (`extra.KEY`) any JSON value.
    What was added has no `before`, what was removed no `after`: it is null.
    """

    field: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Every field in which two contents of a claim differ; none of what they share.

    Args:
        before: `value_text`, `date`, `source` (a mapping or None), `notes`, `dataset_revision`,
            `verify_token`, `run_record`, `path`, and `extra` (unknown keys, a mapping or None).
        after: The same of the later one.
    """
    old, new = _fields(before), _fields(after)
    found = []
    for name in dict.fromkeys([*new, *old]):
        one, other = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if one is _ABSENT:
            found.append(FieldChange(field=name, change="added", before=None, after=other))
        elif other is _ABSENT:
            found.append(FieldChange(field=name, change="removed", before=one, after=None))
        elif not _is_same(one, other):
            found.append(FieldChange(field=name, change="changed", before=one, after=other))
    return found


def _fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, flat; what is not said is left out."""
    source = {f"source.{name}": value for name, value in (said["source"] or {}).items()}
    extra = {f"extra.{name}": value for name, value in (said["extra"] or {}).items()}
    plain = {name: said[name] for name in _PLAIN}
    stated = {"value": said["value_text"], **source, **plain}
    return {name: value for name, value in stated.items() if value is not None} | extra


def _is_same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is not true, nor 1.0."""
    first, second = (msgspec.json.encode(value, order="sorted") for value in (one, other))
    return bool(first == second)
