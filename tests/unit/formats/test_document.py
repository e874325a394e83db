"""The tree of a YAML document: places, literal texts, limits. Bad files stand in `test_corpus`."""

from __future__ import annotations

import pytest

from assay.formats.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Fields,
    Items,
    Node,
    Scalar,
    kind_of,
    parse_document,
    show,
    to_json,
)
from assay.formats.rule import MAX_FINDINGS, Findings
from assay.formats.scalar import Json


def parse(text: str | bytes, **options: tuple[str, ...]) -> tuple[Node | None, Findings]:
    findings = Findings("file")
    data = text.encode() if isinstance(text, str) else text
    return parse_document(data, findings, **options), findings


def read(text: str | bytes) -> Json:
    node, findings = parse(text)
    assert node is not None, findings.found()
    return to_json(node)


def test_nodes_know_their_place_and_their_literal_text() -> None:
    root, _ = parse("a: 75.0\nb:\n  - '75.0'\n  - {c: ~}\n")
    assert isinstance(root, Fields)
    key, value = root.fields["a"]
    assert (key.line, key.column) == (1, 1)
    assert value == Scalar(1, 4, "75.0", 75.0, plain=True)
    items = root.fields["b"][1]
    assert isinstance(items, Items)
    assert items.items[0] == Scalar(3, 5, "75.0", "75.0", plain=False)
    assert isinstance(items.items[1], Fields)
    assert (items.items[1].line, items.items[1].column) == (4, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("--- a\n...\n", "a"),
        ("%YAML 1.1\n---\na\n", "a"),
        ("a\r\n", "a"),
        ("a: |\r\n  b\r\n  c\r\n", {"a": "b\nc\n"}),
        ("{1: a, true: b, ~: c}", {"1": "a", "true": "b", "~": "c"}),
        ("'<<': a", {"<<": "a"}),
        ("[.nan, -.inf, 1.5]", [".nan", "-.inf", 1.5]),
        ("? a\n: b\n", {"a": "b"}),
        ("é: 😀", {"é": "😀"}),
        ("a: 'it''s'", {"a": "it's"}),
    ],
)
def test_a_document_as_json(text: str, value: Json) -> None:
    assert read(text) == value


def test_a_byte_order_mark_is_reported_and_left_out() -> None:
    assert read(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_the_limits_are_as_stated() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))[0] is None
    assert read(f"[{'1,' * (MAX_NODES - 1)}]") == [1] * (MAX_NODES - 1)
    assert parse(f"[{'1,' * MAX_NODES}]")[0] is None
    assert read(b"a\n#" + b"x" * (MAX_BYTES - 3)) == "a"
    assert parse(b"a\n#" + b"x" * (MAX_BYTES - 2))[0] is None


def test_all_faults_of_a_readable_structure_are_reported_at_once() -> None:
    root, findings = parse("a: &x 1\nb: *x\na: !!str 2\n<<: {c: 99999999999999999999}\n")
    assert root is None
    found = [(finding.code, finding.line) for finding in findings.found()]
    assert found == [
        ("AS109", 1),
        ("AS109", 2),
        ("AS111", 3),
        ("AS108", 3),
        ("AS110", 4),
        ("AS113", 4),
    ]


def test_a_finding_names_line_and_column() -> None:
    _, findings = parse("a: 1\nb:\n  c: no\n")
    (finding,) = findings.found()
    assert finding.render() == (
        "file:3:6: warning AS115 YAML 1.1 reads no as bool, YAML 1.2 as text; got no. "
        "quote it if it is text"
    )


def test_a_bare_date_is_welcome_under_the_keys_that_ask_for_one() -> None:
    text = "- {date: 2026-01-15, notes: 2026-01-16}"
    _, findings = parse(text, date_keys=("date",))
    assert [finding.got for finding in findings.found()] == ["2026-01-16"]
    _, findings = parse("date: no", date_keys=("date",))
    assert [finding.got for finding in findings.found()] == ["no"]


def test_the_sign_of_a_merge_is_ambiguous_as_a_value_and_refused_as_a_key() -> None:
    codes = {text: [f.code for f in parse(text)[1].found()] for text in ("a: <<", "<<: a", "- <<")}
    assert codes == {"a: <<": ["AS115"], "<<: a": ["AS110"], "- <<": ["AS115"]}


def test_no_more_findings_are_kept_than_anybody_reads() -> None:
    root, findings = parse("[" + "no, " * (MAX_FINDINGS + 7) + "]")
    assert root is not None
    found = findings.found()
    assert len(found) == MAX_FINDINGS + 1
    assert (found[-1].code, found[-1].message) == ("AS100", "7 more findings are not shown")


def test_an_error_that_is_no_longer_shown_still_counts() -> None:
    root, findings = parse("[" + "no, " * MAX_FINDINGS + "&a x]")
    assert root is None
    assert findings.has_errors


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~", "null"),
        ("5", "5"),
        ("'5'", "'5'"),
        ("[1, 2]", "a list of 2"),
        ("{a: 1, b: 2}", "a mapping {a, b}"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_what_stands_there_is_shown_short(text: str, shown: str) -> None:
    assert show(parse(text)[0]) == shown


def test_nothing_is_shown_as_nothing() -> None:
    assert show(None) == "nothing"
    assert [kind_of(value) for value in (None, True, 1, 1.5, "a")] == [
        "null",
        "a boolean",
        "a number",
        "a number",
        "text",
    ]
