from __future__ import annotations

import json

import pytest
import rfc8785

from assay.formats.document import MAX_BYTES, MAX_DEPTH, MAX_NODES
from assay.formats.rule import Findings
from assay.formats.scalar import Json
from assay.formats.strict_json import parse_object


def parse(text: str | bytes) -> tuple[tuple[dict[str, Json], bytes] | None, list[str]]:
    findings = Findings("file")
    parsed = parse_object(text.encode() if isinstance(text, str) else text, findings)
    return parsed, [finding.code for finding in findings.found()]


# From RFC 8785, section 3.2.2: what stands there, and the canonical form of it.
RFC_EXAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
RFC_CANONICAL = (
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
)


def test_the_example_of_the_rfc() -> None:
    parsed, codes = parse(RFC_EXAMPLE)
    assert codes == []
    assert parsed is not None
    assert parsed[1].decode() == RFC_CANONICAL


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": [1, -2.5, "b", null, {"c": true}]}',
        '{"[": "]{", "\\"[": 1}',
        '{"a": 9007199254740991}',
        '{"a": "\\\\u0000"}',
        '{"a": "\\ud83d\\ude00"}',
        ' \n{"a": 1}\n ',
    ],
)
def test_good_json_is_read_as_python_reads_it(text: str) -> None:
    parsed, codes = parse(text)
    assert codes == []
    assert parsed is not None
    assert parsed[0] == json.loads(text)
    assert parsed[1] == rfc8785.dumps(json.loads(text))


@pytest.mark.parametrize(
    "value", [1e16, 1e20, -1e20, 123456789012345680000.0, 2.0**53, 1e21, 1e300]
)
def test_a_large_float_written_canonically_is_read_again(value: float) -> None:
    canonical = rfc8785.dumps({"value": value})
    assert parse(canonical) == (({"value": value}, canonical), [])


@pytest.mark.parametrize("text", ["9007199254740993", "-9007199254740993", "1" * 21, "9" * 30])
def test_an_integer_no_double_holds_is_refused(text: str) -> None:
    assert parse(f'{{"value": {text}}}') == (None, ["AS505"])


def test_a_syntax_error_says_where() -> None:
    findings = Findings("file")
    assert parse_object(b'{\n  "a": oops\n}', findings) is None
    (finding,) = findings.found()
    assert (finding.code, finding.line, finding.column) == ("AS501", 2, 8)


def test_the_limits_are_as_stated() -> None:
    deep = MAX_DEPTH - 1
    assert parse('{"a":' + "[" * deep + "]" * deep + "}")[1] == []
    assert parse('{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}")[1] == ["AS503"]
    assert parse(b"{}" + b" " * (MAX_BYTES - 2))[1] == []
    assert parse(b"{}" + b" " * (MAX_BYTES - 1))[1] == ["AS502"]
    assert parse('{"a": [' + "[],{}," * 9_999 + "[]]}")[1] == []  # wide is not deep
    assert parse('{"a": [' + "1," * (MAX_NODES - 1) + "1]}")[1] == []
    assert parse('{"a": [' + "1," * MAX_NODES + "1]}")[1] == ["AS512"]
    assert parse('{"a": "' + "," * MAX_NODES + '"}')[1] == []
