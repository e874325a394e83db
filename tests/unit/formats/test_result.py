"""Results files: what is read, kept and written. Bad files stand in `test_corpus`."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from assay.formats.result import Entry, ResultFile, Source, parse_results, write_results

FULL = b"""\
# a comment
- dataset:
    id: cais/hle
    task_id: hle
    revision: 021a3d7
    config: default
  value: 20.90
  verifyToken: a.b.c
  date: 2026-01-15
  source: {url: "https://example.org/x", name: Leaderboard, user: ada, org: example, rank: 1}
  notes: "with tools: search"
  error_margin: 2.9
- dataset: {id: openai/gsm8k, task_id: main}
  value: 7
"""


def parse(data: bytes | str) -> ResultFile:
    return parse_results(data.encode() if isinstance(data, str) else data, "f.yaml")


def only(data: bytes | str) -> Entry:
    (entry,) = parse(data).entries
    return entry


def test_every_key_is_read() -> None:
    first, second = parse(FULL).entries
    assert first == Entry(
        index=0,
        line=2,
        dataset_id="cais/hle",
        task_id="hle",
        dataset_revision="021a3d7",
        value=20.9,
        value_text="20.90",
        date="2026-01-15",
        verify_token="a.b.c",
        source=Source("https://example.org/x", "Leaderboard", "ada", "example"),
        notes="with tools: search",
        extra={"dataset": {"config": "default"}, "source": {"rank": 1}, "error_margin": 2.9},
    )
    assert second == Entry(
        index=1, line=13, dataset_id="openai/gsm8k", task_id="main", value=7, value_text="7"
    )


def test_unknown_keys_are_information_and_nothing_else_is_said() -> None:
    file = parse(FULL)
    assert file.error is None
    assert [(finding.code, finding.where) for finding in file.findings] == [
        ("AS412", "[0].dataset.config"),
        ("AS412", "[0].source.rank"),
        ("AS412", "[0].error_margin"),
    ]


def test_a_bad_entry_spoils_only_itself() -> None:
    file = parse(
        "- {dataset: {id: a/b, task_id: c}, value: 1}\n"
        "- {dataset: {id: a/b}, value: two, source: {name: x}}\n"
        "- oops\n"
        "- {dataset: {id: a/b, task_id: d}, value: 3}\n"
    )
    assert [(entry.index, entry.value) for entry in file.entries] == [(0, 1), (3, 3)]
    assert [(finding.code, finding.line) for finding in file.findings] == [
        ("AS405", 2),
        ("AS406", 2),
        ("AS408", 2),
        ("AS403", 3),
    ]
    assert file.error == "[1].dataset.task_id: task_id is missing (line 2), and 3 more"


@pytest.mark.parametrize("text", ["75.0", "75", "075.50", "7.5e+1", "-0.0", "+1", "1.", "0x1F"])
def test_the_literal_text_of_the_number_is_kept(text: str) -> None:
    entry = only(f"- {{dataset: {{id: a/b, task_id: c}}, value: {text}}}")
    assert entry.value_text == text


ENTRY = "- {dataset: {id: a/b, task_id: c}, value: 1, %s}"


@pytest.mark.parametrize(
    ("pair", "field", "value", "code"),
    [
        ("notes: 5", "notes", "5", "AS411"),
        ("notes: [a, b]", "notes", None, "AS411"),
        ("notes: {a: b}", "notes", None, "AS411"),
        ("notes: true", "notes", "true", "AS411"),
        ("verifyToken: 5", "verify_token", "5", "AS411"),
        ("date: 2026", "date", "2026", "AS411"),
        ("date: '2026-01-15T10:00:00+01:00'", "date", "2026-01-15T10:00:00+01:00", None),
        ("date: yesterday", "date", "yesterday", "AS410"),
        ("source: {}", "source", None, None),
        ("source: {rank: 1}", "source", None, "AS412"),
        ("source: {url: 'ftp://x/y'}", "source", Source("ftp://x/y"), "AS413"),
        ("source: {url: 'http://x', org: 5}", "source", Source("http://x", org="5"), "AS411"),
    ],
)
def test_what_is_odd_is_taken_as_written(
    pair: str, field: str, value: object, code: str | None
) -> None:
    file = parse(ENTRY % pair)
    assert file.error is None
    assert getattr(file.entries[0], field) == value
    codes = {finding.code for finding in file.findings}
    assert (codes == set()) if code is None else (code in codes)


def test_text_of_a_wrong_kind_is_kept_among_the_unknown() -> None:
    assert only(ENTRY % "notes: [a, {b: c}]").extra == {"notes": ["a", {"b": "c"}]}


@pytest.mark.parametrize(
    ("url", "is_named"),
    [
        ("https://hub.example/runs/" + "a" * 64, True),
        ("http://localhost:7860/runs/" + "0" * 64 + "/", True),
        ("https://hub.example/x/runs/" + "a" * 64 + "?a=b#c", True),
        ("https://hub.example/runs/" + "A" * 64, False),
        ("https://hub.example/runs/" + "a" * 63, False),
        ("https://hub.example/runs/" + "a" * 65, False),
        ("https://hub.example/runs/" + "a" * 64 + "/more", False),
    ],
)
def test_a_run_record_is_recognised_whatever_the_host(url: str, *, is_named: bool) -> None:
    entry = only(ENTRY % f"source: {{url: '{url}'}}")
    assert (entry.run_record_sha is not None) is is_named


BASE = Entry(dataset_id="a/b", task_id="c", value=75.0, value_text="75.0")
SAYS_ELSE = {
    "dataset": replace(BASE, dataset_id="a/x"),
    "task": replace(BASE, task_id="x"),
    "revision": replace(BASE, dataset_revision="x"),
    "the literal text": replace(BASE, value_text="75.00"),
    "date": replace(BASE, date="2026-01-15"),
    "token": replace(BASE, verify_token="x"),
    "source": replace(BASE, source=Source("https://x")),
    "notes": replace(BASE, notes="x"),
    "an unknown key": replace(BASE, extra={"x": 1}),
}


@pytest.mark.parametrize("what", SAYS_ELSE)
def test_all_an_entry_says_is_in_its_content_key(what: str) -> None:
    assert SAYS_ELSE[what].content_key != BASE.content_key


def test_the_content_keys_of_different_sayings_all_differ() -> None:
    assert len({entry.content_key for entry in SAYS_ELSE.values()}) == len(SAYS_ELSE)


def test_where_an_entry_stands_is_not_in_its_content_key() -> None:
    assert replace(BASE, index=7, line=99).content_key == BASE.content_key
    reordered = replace(BASE, extra={"b": 1, "a": 2}), replace(BASE, extra={"a": 2, "b": 1})
    assert reordered[0].content_key == reordered[1].content_key


def test_what_is_written_is_one_field_a_line() -> None:
    assert write_results(parse(FULL).entries).decode() == (
        "- dataset:\n"
        "    id: cais/hle\n"
        "    task_id: hle\n"
        '    revision: "021a3d7"\n'
        "    config: default\n"
        "  value: 20.90\n"
        "  verifyToken: a.b.c\n"
        '  date: "2026-01-15"\n'
        "  source:\n"
        "    url: https://example.org/x\n"
        "    name: Leaderboard\n"
        "    user: ada\n"
        "    org: example\n"
        "    rank: 1\n"
        '  notes: "with tools: search"\n'
        "  error_margin: 2.9\n"
        "- dataset:\n"
        "    id: openai/gsm8k\n"
        "    task_id: main\n"
        "  value: 7\n"
    )


def test_no_entries_are_an_empty_list() -> None:
    assert write_results([]) == b"[]\n"
    assert parse("[]\n") == ResultFile("f.yaml", (), (), None)


@pytest.mark.parametrize("text", ["1e3", "071", "0o17", ".5e1", "+.5"])
def test_a_number_two_readers_read_differently_is_written_as_the_number(text: str) -> None:
    entry = only(f"- {{dataset: {{id: a/b, task_id: c}}, value: {text}}}")
    written = write_results([entry])
    assert yaml.safe_load(written)[0]["value"] == entry.value
    assert only(written).value == entry.value
