"""Laws of the formats: what is written is read again, by us and by the tools of the field."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry
from huggingface_hub._eval_results import parse_eval_result_entries
from huggingface_hub.utils._validators import validate_repo_id
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.property.formats_strategies import (
    AWKWARD,
    anything,
    entries,
    json_values,
    numbers,
    run_records,
    texts,
    whole,
)

from assay.core.checks import Kind, check_file
from assay.errors import InvalidError
from assay.formats.document import parse_document, to_json
from assay.formats.finding import has_errors
from assay.formats.names import BenchmarkRef, RepoId, is_name, parse_benchmark_ref, parse_repo_id
from assay.formats.result import Entry, parse_results, write_results
from assay.formats.rule import Findings
from assay.formats.run_record import parse_run_record, write_run_record
from assay.formats.scalar import Json, differs, resolve, write_json, write_number, write_text

thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_yaml(text: str) -> Json:
    findings = Findings("f")
    node = parse_document(text.encode(), findings)
    assert node is not None, findings.found()
    assert not findings.found()
    return to_json(node)


def moved(entry: Entry, index: int, line: int) -> Entry:
    return replace(entry, index=index, line=line)


@thorough
@given(st.lists(entries(), max_size=3))
def test_entries_written_are_the_entries_read(written: list[Entry]) -> None:
    file = parse_results(write_results(written), "f.yaml")
    assert file.error is None, file.findings
    found = [moved(entry, 0, 0) for entry in file.entries]
    assert found == written
    assert [repr(entry) for entry in found] == [repr(entry) for entry in written]
    assert [entry.content_key for entry in found] == [entry.content_key for entry in written]


@thorough
@given(st.lists(entries(), max_size=3))
def test_what_is_written_is_read_alike_by_yaml_1_1_and_1_2(written: list[Entry]) -> None:
    findings = parse_results(write_results(written), "f.yaml").findings
    assert [finding for finding in findings if finding.code.startswith("AS1")] == []


@thorough
@given(st.lists(entries(), max_size=3))
def test_what_is_written_has_one_form(written: list[Entry]) -> None:
    data = write_results(written)
    assert write_results(parse_results(data, "f.yaml").entries) == data


def client_entry(entry: Entry) -> EvalResultEntry:
    source = entry.source
    return EvalResultEntry(
        dataset_id=entry.dataset_id,
        task_id=entry.task_id,
        value=entry.value,
        dataset_revision=entry.dataset_revision,
        verify_token=entry.verify_token,
        date=entry.date,
        source_url=source.url if source else None,
        source_name=source.name if source else None,
        source_user=source.user if source else None,
        source_org=source.org if source else None,
        notes=entry.notes,
    )


# The client takes an item with these keys for the hub's answer about a file, not for an entry.
ENVELOPE_KEYS = {"error", "data"}


@thorough
@given(st.lists(entries().filter(lambda entry: not ENVELOPE_KEYS & entry.extra.keys()), max_size=3))
def test_the_client_of_the_public_hub_reads_what_is_written(written: list[Entry]) -> None:
    loaded = yaml.safe_load(write_results(written))
    read = parse_eval_result_entries(loaded)
    # The client keeps integers whole; a value is a double here.
    floats = [replace(entry, value=float(entry.value)) for entry in read]
    assert floats == [client_entry(entry) for entry in written]
    for item, entry in zip(loaded, written, strict=True):
        unknown = dict(entry.extra)
        for key in ("dataset", "source"):
            within: Any = unknown.pop(key, {})
            assert {name: item[key][name] for name in within} == within
        assert {key: item[key] for key in unknown} == unknown


@thorough
@given(st.sampled_from(AWKWARD) | texts)
def test_text_is_text_to_every_reader(text: str) -> None:
    assert "\n" not in write_text(text)
    assert read_yaml(f"- {write_text(text)}") == [text]
    assert yaml.safe_load(f"- {write_text(text)}") == [text]
    assert yaml.safe_load(f"{write_text(text)}: 1") == {text: 1}


@thorough
@given(numbers | whole)
def test_a_number_is_that_number_to_every_reader(value: float) -> None:
    text = write_number(value)
    for found in (resolve(text), yaml.safe_load(text)):
        assert (type(found), repr(found)) == (type(value), repr(value))
    assert not differs(text, resolve(text))


@thorough
@given(json_values)
def test_json_on_one_line_is_read_alike(value: Any) -> None:
    text = f"- {write_json(value)}"
    assert repr(read_yaml(text)) == repr([value])
    assert repr(yaml.safe_load(text)) == repr([value])


PLAIN = st.text(st.sampled_from("0123456789abeEfFnNoOxXyYtTrRuUlLsS+-._:~<=TZ"), max_size=12)


@thorough
@given(PLAIN | st.sampled_from([text for text in AWKWARD if text.isprintable()]))
@example("0_1")
@example("0b1")
@example("-0o7")
@example("190:20:30.15")
def test_two_versions_differ_exactly_when_pyyaml_reads_something_else(text: str) -> None:
    """`differs` is what it says: held against PyYAML's own reading of the plain scalar."""
    try:
        root: Any = yaml.compose(f"- {text}", yaml.SafeLoader)
        (loaded,) = root.value
        is_plain = isinstance(loaded, yaml.ScalarNode) and loaded.style is None
    except (yaml.YAMLError, ValueError):
        return
    if not is_plain or loaded.value != text:
        return
    try:
        theirs: Any = yaml.safe_load(f"- {text}")[0]
    except (yaml.YAMLError, ValueError):
        assert differs(text, resolve(text))
        return
    ours = resolve(text)
    if repr(theirs) == repr(ours):
        assert not differs(text, ours)
    else:
        assert differs(text, ours)


@thorough
@given(run_records)
def test_a_run_record_written_is_the_one_read(record: Any) -> None:
    digest, data = write_run_record(record)
    assert digest == hashlib.sha256(data).hexdigest()
    found, findings = parse_run_record(data, f".eval_results/runs/{digest}.json")
    assert found == record, findings
    assert not has_errors(findings)
    assert "AS509" not in {finding.code for finding in findings}
    assert found is not None
    assert write_run_record(found) == (digest, data)


@thorough
@given(st.sampled_from(list(Kind)), st.binary(max_size=300) | anything.map(str.encode))
def test_no_bytes_raise(kind: Kind, data: bytes) -> None:
    check_file(kind, data, "f")


STRUCTURE = st.lists(
    st.sampled_from(
        [
            *"[]{}:,-?&*!|>'\"%@` \n\t#~",
            *("- ", "  ", ": ", "\n- ", "<<", "---\n", "...\n", "\r\n"),
            *(
                "dataset",
                "id",
                "task_id",
                "value",
                "tasks",
                "metrics",
                "source",
                "url",
                "1",
                ".nan",
            ),
        ]
    ),
    max_size=40,
).map("".join)


@thorough
@given(st.sampled_from([Kind.BENCHMARK, Kind.TERMS, Kind.RESULT]), STRUCTURE)
def test_no_shape_of_yaml_raises(kind: Kind, text: str) -> None:
    check_file(kind, text.encode(), "f")


@thorough
@given(st.sampled_from([Kind.BENCHMARK, Kind.TERMS, Kind.RESULT, Kind.RUN_RECORD]), json_values)
def test_no_values_of_wrong_kinds_raise(kind: Kind, value: Any) -> None:
    check_file(kind, write_json(value).encode(), "f")


names = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)


@thorough
@given(names.filter(is_name), names.filter(is_name))
def test_a_repository_name_is_read_as_written(namespace: str, name: str) -> None:
    assert parse_repo_id(f"{namespace}/{name}") == RepoId(namespace, name)
    validate_repo_id(f"{namespace}/{name}")


@thorough
@given(names | anything, names | anything)
def test_what_is_no_name_is_refused_as_the_public_hub_would(namespace: str, name: str) -> None:
    """Every name we take the public client takes too; we take no more than it."""
    if is_name(namespace) and is_name(name):
        validate_repo_id(f"{namespace}/{name}")
        return
    with pytest.raises(InvalidError, match=r"got .* expected "):
        parse_repo_id(f"{namespace}/{name}")


revisions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,20}", fullmatch=True)
tasks = st.from_regex(r"[A-Za-z0-9%][A-Za-z0-9%/@ _-]{0,20}", fullmatch=True)


@thorough
@given(names.filter(is_name), names.filter(is_name), st.none() | tasks, revisions)
def test_a_reference_with_a_revision_is_read_as_written(
    namespace: str, name: str, task: str | None, revision: str
) -> None:
    ref = BenchmarkRef(RepoId(namespace, name), task, revision)
    assert parse_benchmark_ref(str(ref)) == ref
