"""Every fault by example: `tests/data/<format>/bad/<codes>-<what>`; good files have no findings.

A bad file's name starts with the codes it gets, joined by `+`: exactly these and no others. What is
too large to keep in git is made here. No file, however hostile, may take long or raise.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785

from assay.core import checks
from assay.core.checks import Kind, check_file
from assay.formats import benchmark, card, document, result, rule, run_record, strict_json, terms
from assay.formats.finding import Finding, Severity, has_errors

DATA = Path(__file__).parents[2] / "data"
KINDS = {
    "eval-yaml": Kind.BENCHMARK,
    "assay-yaml": Kind.TERMS,
    "eval-results": Kind.RESULT,
    "run-record": Kind.RUN_RECORD,
    "model-card": Kind.MODEL_CARD,
    "dataset-card": Kind.DATASET_CARD,
}
YAML_KINDS = [Kind.BENCHMARK, Kind.TERMS, Kind.RESULT]
MODULES = (rule, document, benchmark, terms, result, strict_json, run_record, checks, card)
RULES = {item.code: item for module in MODULES for item in module.RULES}
# These need a second file, or a tree: tests/unit/core/test_checks.py has their examples.
NOT_OF_ONE_FILE = {f"AS60{n}" for n in range(2, 9)}
LIMIT_S = 10.0  # of the processor: a hang, not a speed


def files(verdict: str) -> list[Path]:
    return sorted(path for name in KINDS for path in (DATA / name / verdict).iterdir())


def name_of(path: Path) -> str:
    return path.relative_to(DATA).as_posix()


def kind_of(path: Path) -> Kind:
    return KINDS[path.parents[1].name]


def record_path(data: bytes) -> str:
    """Where a run record of these bytes belongs; anywhere, when it is none."""
    try:
        digest = hashlib.sha256(rfc8785.dumps(json.loads(data))).hexdigest()
    except (ValueError, RecursionError):
        digest = "0" * 64
    return f".eval_results/runs/{digest}.json"


def place_of(kind: Kind, data: bytes, codes: str) -> str:
    if kind is Kind.RUN_RECORD and "AS509" not in codes:
        return record_path(data)
    return "file"


def check_in_time(kind: Kind, data: bytes, path: str = "file") -> tuple[Finding, ...]:
    started = time.process_time()
    findings = check_file(kind, data, path)
    assert time.process_time() - started < LIMIT_S
    return findings


def codes_of(findings: tuple[Finding, ...]) -> str:
    return "+".join(sorted({finding.code for finding in findings}))


@pytest.mark.parametrize("path", files("bad"), ids=name_of)
def test_a_bad_file_gets_the_codes_in_its_name(path: Path) -> None:
    data, expected = path.read_bytes(), path.name.partition("-")[0]
    findings = check_in_time(kind_of(path), data, place_of(kind_of(path), data, expected))
    assert codes_of(findings) == expected, [finding.render() for finding in findings]
    verdict = any(RULES[code].severity is Severity.ERROR for code in expected.split("+"))
    assert has_errors(findings) is verdict


@pytest.mark.parametrize("path", files("good"), ids=name_of)
def test_a_good_file_has_no_findings(path: Path) -> None:
    data = path.read_bytes()
    findings = check_in_time(kind_of(path), data, place_of(kind_of(path), data, ""))
    assert [finding.render() for finding in findings] == []


MANY = 10 * 1024 * 1024
ENTRY = b"- {dataset: {id: a/b, task_id: c}, value: 1}\n"
YAML_MADE = {
    "10 MB of nesting": (b"[" * MANY, "AS101"),
    "10 MB of nested mappings": (b"{a: " * (MANY // 4), "AS101"),
    "10 MB of one line": (b"a" * MANY, "AS101"),
    "one byte too many": (b"#" * (document.MAX_BYTES + 1), "AS101"),
    "20,000 brackets": (b"[" * 20_000, "AS105"),
    "20,000 braces": (b"{" * 20_000, "AS105+AS112"),
    "20,000 dashes": (b"- " * 20_000, "AS105"),
    "as many brackets as fit": (b"[" * document.MAX_BYTES, "AS105"),
    "20,001 nodes": (b"[" + b"x," * document.MAX_NODES + b"]", "AS106"),
    "a %TAG directive a line": (b"%TAG !a! b\n" * 20_000, "AS114"),
    "a string without end": (b'"' + b"\\" * (document.MAX_BYTES - 1), "AS104"),
    "200,000 colons": (b": " * 100_000, "AS104"),
    "200,000 question marks": (b"? " * 100_000, "AS105+AS112"),
    "one scalar of digits": (b"9" * document.MAX_BYTES, "AS113"),
}


@pytest.mark.parametrize("kind", YAML_KINDS)
@pytest.mark.parametrize("name", YAML_MADE)
def test_yaml_made_to_exhaust_is_refused_in_time(name: str, kind: Kind) -> None:
    data, expected = YAML_MADE[name]
    assert codes_of(check_in_time(kind, data)) == expected


JSON_MADE = {
    "10 MB of nesting": (b"[" * MANY, "AS502"),
    "one byte too many": (b" " * (document.MAX_BYTES + 1), "AS502"),
    "as many brackets as fit": (b"[" * document.MAX_BYTES, "AS503"),
    "brackets in a string": (b'{"a": "' + b"[" * 100_000 + b'"}', "AS507+AS510"),
    "20,001 values": (b'{"a": [' + b"1," * document.MAX_NODES + b"1]}", "AS512"),
    "quotes": (b'"' * document.MAX_BYTES, "AS501"),
    "escaped quotes": (b'\\"' * (document.MAX_BYTES // 2), "AS501"),
    "a string without end": (b'"' + b"\\" * (document.MAX_BYTES - 1), "AS501"),
    "one integer": (b'{"a": ' + b"9" * 200_000 + b"}", "AS501"),
    "backslashes before a NUL": (
        b'{"a": "' + b"\\\\" * 100_000 + b'\\u0000"}',
        "AS501",
    ),
}


@pytest.mark.parametrize("name", JSON_MADE)
def test_json_made_to_exhaust_is_refused_in_time(name: str) -> None:
    data, expected = JSON_MADE[name]
    path = record_path(data) if expected.startswith("AS507") else "file"
    assert codes_of(check_in_time(Kind.RUN_RECORD, data, path)) == expected


OTHERS_MADE = {
    "AS402": (Kind.RESULT, ENTRY * (result.MAX_ENTRIES + 1)),
    "AS216": (
        Kind.BENCHMARK,
        b"name: N\nevaluation_framework: mteb\ntasks:\n"
        + b"".join(b"- id: t%d\n" % number for number in range(benchmark.MAX_TASKS + 1)),
    ),
    "AS708": (Kind.MODEL_CARD, b" " * (card.MAX_CARD_BYTES + 1)),
    "AS100+AS403": (Kind.RESULT, b"- 1\n" * (rule.MAX_FINDINGS + 1)),
}


@pytest.mark.parametrize("expected", OTHERS_MADE)
def test_too_many_of_something_is_refused_in_time(expected: str) -> None:
    kind, data = OTHERS_MADE[expected]
    assert codes_of(check_in_time(kind, data)) == expected


def test_as_many_entries_as_allowed_are_no_finding() -> None:
    assert check_in_time(Kind.RESULT, ENTRY * result.MAX_ENTRIES) == ()


def list_exemplified() -> Iterator[str]:
    for path in files("bad"):
        yield from path.name.partition("-")[0].split("+")
    for _, codes in [*YAML_MADE.values(), *JSON_MADE.values()]:
        yield from codes.split("+")
    for codes in OTHERS_MADE:
        yield from codes.split("+")


def test_every_code_has_an_example() -> None:
    assert set(list_exemplified()) | NOT_OF_ONE_FILE == set(RULES)


def test_codes_are_not_given_twice() -> None:
    codes = [item.code for module in MODULES for item in module.RULES]
    assert sorted(codes) == sorted(set(codes))
