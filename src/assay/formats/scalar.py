"""Scalars: what plain YAML text means, and how to write text that means one thing to everybody.

1. A plain scalar is read by the YAML 1.2 core schema.
2. PyYAML, and so Inspect and huggingface_hub's users, read by YAML 1.1. `differs` says whether the
   two disagree: `no` (a boolean there), `012` (octal), `1e3` (text), `1:30` (ninety), a bare date.
3. What we write is plain only where both read the same text; all else is a double-quoted string.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache

from yaml.resolver import Resolver

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Resolved = None | bool | int | float | str

# Beyond 64 bits readers disagree: some round, some refuse.
MAX_INT = 2**63 - 1
MIN_INT = -(2**63)
MAX_INT_DIGITS = 20

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {text: text[0] in "tT" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?[0-9]+")
_BASED_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
# Only text that starts with one of these can be anything but a string to either version.
MAYBE_NO_STRING = frozenset(["", *"~nNtTfFyYoO<=.+-0123456789"])

# YAML allows a key of 1,024 characters without the mark `?`; an escape may take ten.
_MAX_SIMPLE_KEY = 100
_WIDE = 0x10000
_SHORT = 32
_NAME = 64  # names of datasets, and revisions

_TAG = "tag:yaml.org,2002:"
_RESOLVERS_1_1: dict[str, list[tuple[str, re.Pattern[str]]]] = Resolver.yaml_implicit_resolvers

# Plain is a privilege: letters first, nothing YAML gives a meaning to, no space at an end.
_SAFE_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./%+ ()-]*[A-Za-z0-9_./%+()-])?")
_URL_PLAIN = re.compile(r"https?://[A-Za-z0-9_./%+~=&?@-]+")


def resolve(text: str) -> Resolved:  # noqa: PLR0911 - the schema's table, row by row
    """The value of a plain scalar by the YAML 1.2 core schema.

    An integer of more than `MAX_INT_DIGITS` digits comes back as infinity of its sign, so that no
    file can make us multiply long numbers; `in_range` refuses it.
    """
    if text[:1] not in MAYBE_NO_STRING:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return _int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _BASED_INT.fullmatch(text):
        return int(text, 0) if len(text) <= MAX_INT_DIGITS + 4 else math.inf
    if _INF.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in _NAN else text


def _int(text: str) -> int | float:
    if len(text.lstrip("+-0")) > MAX_INT_DIGITS:
        return -math.inf if text[0] == "-" else math.inf
    return int(text.lstrip("+-0") or "0") * (-1 if text[0] == "-" else 1)


def in_range(text: str, value: Resolved) -> bool:
    """Whether a plain scalar is anything but an integer beyond 64 bits."""
    if isinstance(value, int):
        return MIN_INT <= value <= MAX_INT
    if isinstance(value, float) and math.isinf(value):
        return not (_INT.fullmatch(text) or _BASED_INT.fullmatch(text))
    return True


def read_1_1(text: str) -> str:
    """The type YAML 1.1 gives a plain scalar: `str`, `null`, `int`, `timestamp` and so on."""
    for tag, pattern in _RESOLVERS_1_1.get(text[:1], ()):
        if pattern.match(text):
            return tag.removeprefix(_TAG)
    return "str"


def differs(text: str, value: Resolved) -> bool:
    """Whether YAML 1.1 reads a plain scalar otherwise than YAML 1.2, which reads `value`."""
    if text[:1] not in MAYBE_NO_STRING:
        return False
    kind = read_1_1(text)
    match value:
        case None:
            return kind != "null"
        case bool():
            return kind != "bool"
        case int():
            return kind != "int" or _octal_differs(text)
        case float():
            return kind not in {"float", "int"} if math.isinf(value) else kind != "float"
        case str():
            return kind != "str"


def read_plain(text: str) -> tuple[Resolved, bool, bool]:
    """A plain scalar's value, whether it is in range, and whether YAML 1.1 reads it differently.

    Short ones are remembered: in files of results the same numbers and dates come again and again.
    """
    return _read_short(text) if len(text) <= _SHORT else _read_short.__wrapped__(text)


@lru_cache(maxsize=4096)
def _read_short(text: str) -> tuple[Resolved, bool, bool]:
    value = resolve(text)
    return value, in_range(text, value), differs(text, value)


def _octal_differs(text: str) -> bool:
    digits = text.lstrip("+-")
    if len(digits) == 1 or not digits.startswith("0") or digits.startswith("0x"):
        return False
    return digits.strip("0") != ""


def write_text(text: str) -> str:
    """A string as YAML that every reader takes for that string: plain where safe, else quoted.

    Short ones are remembered: the same names, dates and keys are written again and again.
    """
    return _write_short(text) if len(text) <= _NAME else _write_short.__wrapped__(text)


@lru_cache(maxsize=8192)
def _write_short(text: str) -> str:
    is_plain = _SAFE_PLAIN.fullmatch(text) or _URL_PLAIN.fullmatch(text)
    return text if is_plain and not _means_else(text) else quote(text)


def _means_else(text: str) -> bool:
    # PyYAML leaves y and n alone; other YAML 1.1 readers do not.
    is_letter = text in {"y", "Y", "n", "N"}
    return is_letter or not isinstance(resolve(text), str) or read_1_1(text) != "str"


def quote(text: str) -> str:
    """A double-quoted YAML scalar on one line; all but printable characters are escaped."""
    said = json.dumps(text, ensure_ascii=False)
    if said.isprintable():
        return said
    return "".join(char if char.isprintable() else _escape(char) for char in said)


def _escape(char: str) -> str:
    # JSON writes a wide character as two surrogates, which YAML does not join.
    return json.dumps(char)[1:-1] if ord(char) < _WIDE else f"\\U{ord(char):08x}"


def write_number(value: float) -> str:
    """A finite number as YAML 1.1 and 1.2 both read it: a point in every float, a signed power."""
    if isinstance(value, int):
        return str(value)
    mantissa, power, exponent = repr(value).partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    sign = "" if exponent[:1] in {"+", "-"} else "+"
    return f"{mantissa}e{sign}{exponent}" if power else mantissa


def write_json(value: Json) -> str:
    """A JSON value as YAML on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return write_number(value)
        case str():
            return quote(value)
        case list():
            return f"[{', '.join(write_json(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(_flow_pair(key, item) for key, item in value.items())}}}"


def _flow_pair(key: str, value: Json) -> str:
    mark = "? " if len(key) > _MAX_SIMPLE_KEY else ""
    return f"{mark}{quote(key)}: {write_json(value)}"


def write_pair(key: str, value: Json) -> list[str]:
    """The lines of one pair of a block mapping: one, or two when the key is long."""
    written = write_text(value) if isinstance(value, str) else write_json(value)
    if len(key) > _MAX_SIMPLE_KEY:
        return [f"? {quote(key)}", f": {written}"]
    return [f"{write_text(key)}: {written}"]
