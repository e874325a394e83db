"""An answer with one text in every place where people's text may stand."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

# Words that the hub itself chooses from a closed list.
CLOSED = {"direction", "n_source", "severity", "status", "view"}


def poison(answer: T, text: str) -> T:
    """The answer with `text` in every string field, key and list."""
    poisoned: T = _poison(answer, text)
    return poisoned


def _poison(value: Any, text: str) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = {
            name: _poison(getattr(value, name), text)
            for name in value.__struct_fields__
            if name not in CLOSED
        }
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, list):
        return [_poison(item, text) for item in value]
    if isinstance(value, dict):
        return {text + key: _poison(item, text) for key, item in value.items()}
    return text if isinstance(value, str) and not isinstance(value, Enum) else value
