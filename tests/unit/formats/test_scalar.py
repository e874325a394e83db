"""Plain scalars by YAML 1.2's core schema, PyYAML's own reading beside it, and what is written."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
import yaml

from assay.formats.scalar import (
    MAX_INT,
    MIN_INT,
    Json,
    Resolved,
    differs,
    in_range,
    quote,
    read_1_1,
    resolve,
    write_json,
    write_number,
    write_pair,
    write_text,
)

# text: (the value by YAML 1.2, whether YAML 1.1 reads it otherwise)
READINGS: dict[str, tuple[Resolved, bool]] = {
    "": (None, False),
    "~": (None, False),
    "null": (None, False),
    "nUll": ("nUll", False),
    "true": (True, False),
    "FALSE": (False, False),
    "tRue": ("tRue", False),
    "yes": ("yes", True),
    "no": ("no", True),
    "on": ("on", True),
    "Off": ("Off", True),
    "y": ("y", False),
    "n": ("n", False),
    "0": (0, False),
    "-0": (0, False),
    "00": (0, False),
    "7": (7, False),
    "+7": (7, False),
    "-19": (-19, False),
    "012": (12, True),
    "-012": (-12, True),
    "08": (8, True),
    "0o14": (12, True),
    "0xC": (12, False),
    "0xg": ("0xg", False),
    "0b11": ("0b11", True),
    "1_000": ("1_000", True),
    "1:30": ("1:30", True),
    "12:30:45": ("12:30:45", True),
    "75.0": (75.0, False),
    "1.": (1.0, False),
    ".5": (0.5, False),
    "-.5": (-0.5, True),
    "1e3": (1000.0, True),
    "1.0e3": (1000.0, True),
    "1.0e+3": (1000.0, False),
    "1e999": (math.inf, True),
    "1.0e+999": (math.inf, False),
    ".inf": (math.inf, False),
    "-.INF": (-math.inf, False),
    ".NaN": (math.nan, False),
    ".nAn": (".nAn", False),
    "2026-01-15": ("2026-01-15", True),
    "2026-01-15T10:00:00Z": ("2026-01-15T10:00:00Z", True),
    "2026-13-99": ("2026-13-99", True),
    "v1.0": ("v1.0", False),
    "1.2.3": ("1.2.3", False),
    "-": ("-", False),
    ".": (".", False),
    "=": ("=", True),
    "<<": ("<<", True),
    "text": ("text", False),
    "\u0661": ("\u0661", False),
}
PYTHON: dict[str, type | tuple[type, ...]] = {
    "null": type(None),
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "timestamp": (dt.date, dt.datetime),
}
NO_VALUE_IN_PYYAML = {"2026-13-99", "<<", "=", "08"}


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("text", READINGS)
def test_a_plain_scalar(text: str) -> None:
    value, is_different = READINGS[text]
    assert is_same(resolve(text), value)
    assert differs(text, value) is is_different


@pytest.mark.parametrize("text", [text for text in READINGS if text not in NO_VALUE_IN_PYYAML])
def test_pyyaml_agrees_exactly_where_nothing_differs(text: str) -> None:
    value, is_different = READINGS[text]
    loaded = yaml.safe_load(f"[{text}]" if text else "[~]")[0]
    assert isinstance(loaded, PYTHON[read_1_1(text)])
    assert is_same(loaded, value) is not is_different


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        (str(MAX_INT), True),
        (str(MIN_INT), True),
        (str(MAX_INT + 1), False),
        (str(MIN_INT - 1), False),
        ("9" * 30, False),
        ("-" + "9" * 30, False),
        ("0" * 1000 + "5", True),
        ("0x" + "f" * 15, True),
        ("0x" + "f" * 16, False),
        ("0x" + "f" * 1000, False),
        ("0o" + "7" * 1000, False),
        ("1e999", True),
        ("-.inf", True),
        ("9" * 30 + ".0", True),
        ("text", True),
    ],
)
def test_an_integer_stays_within_64_bits(text: str, *, is_good: bool) -> None:
    assert in_range(text, resolve(text)) is is_good


PLAIN = ["text", "a b", "MathArena/aime_2026", "maj+16", "https://example.org/a?b=c&d=e~f", "50 %"]
QUOTED = [
    "",
    " a",
    "a ",
    "no",
    "Yes",
    "y",
    "N",
    "null",
    "true",
    "12",
    "1e3",
    "0x1f",
    "2026-01-15",
    "a: b",
    "a #b",
    "- a",
    "[a",
    "{a}",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'a'",
    '"a"',
    "a\nb",
    "a\tb",
    "a\\b",
    "\x1b[31m",
    "\x85\u2028\u2029",
    "\ufeff",
    "e\u0301",
    "😀",
    "\U000e0001",
    "https://example.org/a#b",
    "?a",
    "---",
    "...",
    "<<",
    "=",
]


@pytest.mark.parametrize("text", PLAIN)
def test_harmless_text_is_written_plain(text: str) -> None:
    assert write_text(text) in {text, quote(text)}
    assert yaml.safe_load(write_text(text)) == text


def test_words_and_addresses_stay_legible() -> None:
    assert [write_text(text) for text in PLAIN[:5]] == PLAIN[:5]


@pytest.mark.parametrize("text", QUOTED)
def test_text_that_could_be_read_otherwise_is_quoted(text: str) -> None:
    written = write_text(text)
    assert written.startswith('"')
    assert written.isprintable()
    assert yaml.safe_load(written) == text
    assert yaml.load(written, yaml.CSafeLoader) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (-3, "-3"),
        (0.5, "0.5"),
        (75.0, "75.0"),
        (1e16, "1.0e+16"),
        (1.5e-7, "1.5e-07"),
        (-1e300, "-1.0e+300"),
        (5e-324, "5.0e-324"),
    ],
)
def test_a_number_is_written_so_that_both_versions_read_it(value: float, written: str) -> None:
    assert write_number(value) == written
    assert is_same(yaml.safe_load(written), value)
    assert is_same(resolve(written), value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        "no",
        [],
        {},
        [1, "two", None, [False]],
        {"a": {"b: c": ["d"]}, "no": 1, "": 2},
        {"k" * 2_000: 1},
        {"\x07": "\x1b", "😀": "😀"},
    ],
)
def test_json_written_as_yaml_is_read_as_it_was(value: Json) -> None:
    assert "\n" not in write_json(value)
    assert yaml.safe_load(write_json(value)) == value
    for key in ("extra", "no", "", "k" * 2_000):
        assert yaml.safe_load("\n".join(write_pair(key, value))) == {key: value}
