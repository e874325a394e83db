"""Strict JSON: bytes to values, refusing what readers disagree about.

UTF-8, at most `MAX_BYTES`, `MAX_DEPTH` levels and `MAX_NODES` values, all counted before parsing;
an object, no key twice, no NaN, no NUL, and numbers as RFC 8785 can write them: what it writes is
always read again.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, cast

import rfc8785

from assay.formats.document import LFS_POINTER, LFS_START, MAX_BYTES, MAX_DEPTH, MAX_NODES
from assay.formats.finding import Severity
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json

NOT_JSON = Rule("AS501", Severity.ERROR, "The run record is not JSON", "{'a': 1}")
TOO_LARGE = Rule(
    "AS502", Severity.ERROR, f"A run record over {MAX_BYTES // 1024} KiB", "a file of 300 KiB"
)
TOO_DEEP = Rule("AS503", Severity.ERROR, f"A run record over {MAX_DEPTH} levels deep", "[[[[[…")
DUPLICATE_KEY = Rule("AS504", Severity.ERROR, "A key twice in one object", '{"a": 1, "a": 2}')
ODD_NUMBER = Rule(
    "AS505", Severity.ERROR, "NaN, an infinity, or an integer beyond 53 bits", '{"value": NaN}'
)
NOT_AN_OBJECT = Rule("AS506", Severity.ERROR, "The run record is not an object", "[]")
TOO_MANY_VALUES = Rule("AS512", Severity.ERROR, f"More than {MAX_NODES:,} values", "[1, 1, 1, …")
RULES = (
    NOT_JSON,
    TOO_LARGE,
    TOO_DEEP,
    DUPLICATE_KEY,
    ODD_NUMBER,
    NOT_AN_OBJECT,
    TOO_MANY_VALUES,
)

# A string ends at its quote or with the file: never looked at twice, however many quotes follow.
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


_MAX_SAFE_INT = 2**53 - 1
_MAX_DOUBLE_DIGITS = 21


class _RefusedError(Exception):
    """The text is JSON to some, and not to us."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def parse_object(data: bytes, findings: Findings) -> tuple[dict[str, Json], bytes] | None:
    """Read one JSON object.

    Returns:
        The object and its canonical form (RFC 8785), or None when it cannot be read; then an error
        has been recorded.
    """
    if len(data) > MAX_BYTES:
        findings.add(
            TOO_LARGE, "too large", got=f"{len(data):,} bytes", expected=f"at most {MAX_BYTES:,}"
        )
        return None
    if data.startswith(LFS_START):
        findings.add(LFS_POINTER, "a Git LFS pointer stands here in place of the text", line=1)
        return None
    try:
        _check_limits(data)
        value = json.loads(
            data.decode(),
            object_pairs_hook=_pairs,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except _RefusedError as refused:
        findings.add(refused.rule, str(refused))
    except json.JSONDecodeError as error:
        findings.add(NOT_JSON, f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
    except ValueError as error:  # not UTF-8, or an integer of thousands of digits
        findings.add(NOT_JSON, f"not JSON: {shorten(str(error))}")
    else:
        if isinstance(value, dict):
            return _canonical(value, findings)
        findings.add(NOT_AN_OBJECT, "not an object", expected="an object")
    return None


def _canonical(value: dict[str, Json], findings: Findings) -> tuple[dict[str, Json], bytes] | None:
    try:
        canonical = rfc8785.dumps(cast("Any", value))
    except (rfc8785.IntegerDomainError, rfc8785.FloatDomainError) as error:
        findings.add(ODD_NUMBER, f"a number has no canonical form: {shorten(str(error))}")
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        findings.add(NOT_JSON, "half a surrogate pair in a string")
    else:
        if not _NUL.search(canonical):
            return value, canonical
        findings.add(NOT_JSON, "a NUL character in a string")
    return None


def _check_limits(data: bytes) -> None:
    depth = count = 0
    for found in _STRUCTURE.finditer(data):
        mark = found[0]
        if mark == b",":
            count += 1
            if count >= MAX_NODES:
                raise _RefusedError(TOO_MANY_VALUES, f"more than {MAX_NODES:,} values")
        elif mark in {b"[", b"{"}:
            depth += 1
            if depth > MAX_DEPTH:
                raise _RefusedError(TOO_DEEP, f"nested more than {MAX_DEPTH} levels deep")
        elif mark in {b"]", b"}"}:
            depth -= 1


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise _RefusedError(DUPLICATE_KEY, f"the key {shorten(key)!r} occurs twice")
        found[key] = value
    return found


def _constant(text: str) -> Json:
    raise _RefusedError(ODD_NUMBER, f"{text} is no JSON number")


def _int(text: str) -> int | float:
    """RFC 8785 writes a double without an exponent up to 21 digits: as that it is read again."""
    if len(text.lstrip("-")) <= _MAX_DOUBLE_DIGITS and abs(int(text)) > _MAX_SAFE_INT:
        value = float(text)
        if rfc8785.dumps(value) == text.encode():
            return value
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _RefusedError(ODD_NUMBER, f"{shorten(text)} is beyond a double")
    return value
