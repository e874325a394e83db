"""Results: `.eval_results/*.yaml` of a model repository. Hugging Face's format, kept to the byte.

1. The file is a list of at most `MAX_ENTRIES` entries.
2. An entry needs `dataset.id`, `dataset.task_id` and a finite `value`; a `source` needs a `url`.
   Without them hub clients fail, so the entry is an error and left out; the others count.
3. Everything else odd is a warning. Other scalars where text belongs are taken as written.
4. Unknown keys are kept, also those within `dataset` and `source`, and are written back.
5. The number's literal text is kept: `75.0` says more than `75`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import cast

from assay.formats.document import Items, Scalar, parse_document, show
from assay.formats.finding import Finding, Severity
from assay.formats.getter import FieldReader, read_fields
from assay.formats.names import is_repo_id
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import (
    Json,
    Resolved,
    differs,
    resolve,
    write_number,
    write_pair,
    write_text,
)

MAX_ENTRIES = 1_000

NOT_A_LIST = Rule("AS401", Severity.ERROR, "The file is not a list of entries", "value: 1")
TOO_MANY_ENTRIES = Rule(
    "AS402",
    Severity.ERROR,
    f"More than {MAX_ENTRIES:,} entries in one file",
    "a list of 1,001 entries",
)
NOT_AN_ENTRY = Rule("AS403", Severity.ERROR, "An item of the list is not a mapping", "- 75.0")
NO_DATASET = Rule("AS404", Severity.ERROR, "An entry without `dataset.id`", "- {value: 1}")
NO_TASK = Rule(
    "AS405", Severity.ERROR, "An entry without `dataset.task_id`", "dataset: {id: cais/hle}"
)
NO_VALUE = Rule(
    "AS406", Severity.ERROR, "An entry whose `value` is missing or no number", 'value: "75.0"'
)
NOT_FINITE = Rule("AS407", Severity.ERROR, "An entry whose `value` is not finite", "value: .nan")
NO_URL = Rule("AS408", Severity.ERROR, "A `source` without a `url`", "source: {name: Paper}")
ODD_DATASET = Rule("AS409", Severity.WARNING, "`dataset.id` is not `namespace/name`", "id: gsm8k")
ODD_DATE = Rule("AS410", Severity.WARNING, "`date` is no ISO 8601 date or time", "date: May 2026")
NOT_TEXT = Rule(
    "AS411", Severity.WARNING, "A field that should be text is something else", "notes: 5"
)
UNKNOWN_KEY = Rule(
    "AS412", Severity.INFO, "A key the format does not know; it is kept", "error_margin: 2.9"
)
ODD_URL = Rule(
    "AS413", Severity.WARNING, "`source.url` is no http or https address", "url: see the paper"
)

RULES = (
    NOT_A_LIST,
    TOO_MANY_ENTRIES,
    NOT_AN_ENTRY,
    NO_DATASET,
    NO_TASK,
    NO_VALUE,
    NOT_FINITE,
    NO_URL,
    ODD_DATASET,
    ODD_DATE,
    NOT_TEXT,
    UNKNOWN_KEY,
    ODD_URL,
)

ENTRY_KEYS = ("dataset", "value", "verifyToken", "date", "source", "notes")
DATASET_KEYS = ("id", "task_id", "revision")
SOURCE_KEYS = ("url", "name", "user", "org")

_RUN_URL = re.compile(r"/runs/([0-9a-f]{64})/?(?:[?#].*)?$")
_URL = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from, as its reporter says."""

    url: str
    name: str | None = None
    user: str | None = None
    org: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One good item of a results file, as written.

    Attributes:
        index: Its position in the file as written, counted from 0 with the bad ones.
        line: 1-based.
        value: The number; finite.
        value_text: Its literal text.
        date: As written; not checked.
        extra: Unknown keys, as JSON values; those within `dataset` and `source` under these names.
    """

    index: int = 0
    line: int = 0
    dataset_id: str
    task_id: str
    dataset_revision: str | None = None
    value: float
    value_text: str
    date: str | None = None
    verify_token: str | None = None
    source: Source | None = None
    notes: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict, hash=False)

    @cached_property
    def content_key(self) -> str:
        """The SHA-256, in hex, of everything the entry says; not of where it stands."""
        import hashlib  # noqa: PLC0415 - OpenSSL, which reading a file does without

        source = self.source
        said = {
            "dataset": [self.dataset_id, self.task_id, self.dataset_revision],
            "value": self.value_text,
            "date": self.date,
            "verifyToken": self.verify_token,
            "source": source and [source.url, source.name, source.user, source.org],
            "notes": self.notes,
            "extra": self.extra,
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def run_record_sha(self) -> str | None:
        """The digest of the run record the source names by `…/runs/<64 hex>`, whatever the host."""
        found = _RUN_URL.search(self.source.url) if self.source else None
        return found[1] if found else None


@dataclass(frozen=True)
class ResultFile:
    """One results file.

    Attributes:
        path: The file.
        entries: The good ones, in the order of the file.
        findings: Everything found, good and bad.
        error: One sentence to serve as `{filename, error}`; None when every entry is good.
    """

    path: str
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    error: str | None


def parse_results(data: bytes, path: str) -> ResultFile:
    """Read a results file; faults are findings, never exceptions."""
    findings = Findings(path)
    root = parse_document(data, findings, date_keys=("date",))
    entries: list[Entry] = []
    if root is not None and not isinstance(root, Items):
        findings.add(
            NOT_A_LIST,
            "the file is not a list of entries",
            line=root.line,
            got=show(root),
            expected="a list",
            hint="begin each entry with '- '",
        )
    elif root is not None and len(root.items) > MAX_ENTRIES:
        findings.add(
            TOO_MANY_ENTRIES,
            "too many entries in one file",
            got=f"{len(root.items):,}",
            expected=f"at most {MAX_ENTRIES:,}",
            hint="split the file",
        )
    elif root is not None:
        for index, node in enumerate(root.items):
            reader = read_fields(node, f"[{index}]", findings, NOT_AN_ENTRY)
            entry = _find_entry(index, reader) if reader else None
            if entry:
                entries.append(entry)
    found = findings.found()
    return ResultFile(path, tuple(entries), found, _error(found) if findings.has_errors else None)


def _error(findings: tuple[Finding, ...]) -> str:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return "the file has errors"
    first = errors[0]
    place = f" (line {first.line})" if first.line else ""
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{first.where + ': ' if first.where else ''}{first.message}{place}{more}"


def _find_entry(index: int, reader: FieldReader) -> Entry | None:
    """An entry, or None when it lacks what rule 2 asks for. Reads on after the first fault."""
    extra = _unknown(reader, ENTRY_KEYS)
    dataset_id, task_id, revision = _dataset(reader, extra)
    number = _value(reader)
    source, is_good_source = _source(reader, extra)
    date = _date(reader, extra)
    token = _optional(reader, "verifyToken", extra)
    notes = _optional(reader, "notes", extra)
    if dataset_id is None or task_id is None or number is None or not is_good_source:
        return None
    return Entry(
        index=index,
        line=reader.line,
        dataset_id=dataset_id,
        task_id=task_id,
        dataset_revision=revision,
        value=number[0],
        value_text=number[1],
        date=date,
        verify_token=token,
        source=source,
        notes=notes,
        extra=extra,
    )


def _unknown(reader: FieldReader, known: tuple[str, ...]) -> dict[str, Json]:
    unknown = reader.unknown(known)
    for key in unknown:
        reader.add(UNKNOWN_KEY, f"{shorten(key)} is no key of this format; it is kept", key)
    return unknown


def _optional(reader: FieldReader, key: str, extra: dict[str, Json]) -> str | None:
    """A text; what is a list or a mapping instead is kept among the unknown keys."""
    text = reader.text(key, NOT_TEXT)
    if text is None and key in reader:
        extra[key] = reader.json(key)
    return text


def _dataset(
    reader: FieldReader, extra: dict[str, Json]
) -> tuple[str | None, str | None, str | None]:
    """The dataset's id, the task's id, the revision."""
    dataset = reader.child("dataset", NO_DATASET)
    if dataset is None:
        if "dataset" not in reader:
            reader.add(NO_DATASET, "dataset is missing", expected="a mapping with id and task_id")
        return None, None, None
    within = _unknown(dataset, DATASET_KEYS)
    dataset_id = _required(dataset, "id", NO_DATASET, "namespace/name")
    task_id = _required(dataset, "task_id", NO_TASK, "a task id of the benchmark's eval.yaml")
    revision = _optional(dataset, "revision", within)
    if dataset_id is not None and not is_repo_id(dataset_id):
        dataset.add(
            ODD_DATASET,
            "id names no dataset of a hub",
            "id",
            got=shorten(dataset_id),
            expected="namespace/name",
        )
    if within:
        extra["dataset"] = within
    return dataset_id, task_id, revision


def _required(reader: FieldReader, key: str, rule: Rule, expected: str) -> str | None:
    node = reader.node(key)
    text = reader.text(key, NOT_TEXT) if isinstance(node, Scalar) else None
    if not text:
        message = f"{key} is missing" if node is None else f"{key} is not text"
        reader.add(rule, message, key, got=show(node), expected=expected)
    return text or None


def _value(reader: FieldReader) -> tuple[float, str] | None:
    """The value and its literal text."""
    node = reader.node("value")
    if not isinstance(node, Scalar) or not _is_number(node.value):
        message = "value is missing" if node is None else "value is not a number"
        is_quoted = isinstance(node, Scalar) and not node.plain and _is_number(resolve(node.text))
        hint = "remove the quotes" if is_quoted else ""
        reader.add(NO_VALUE, message, "value", got=show(node), expected="a number", hint=hint)
        return None
    value = float(cast("float", node.value))
    if not math.isfinite(value):
        reader.add(NOT_FINITE, "value is not finite", "value", got=node.text, expected="a number")
        return None
    return value, node.text


def _is_number(value: Resolved) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _source(reader: FieldReader, extra: dict[str, Json]) -> tuple[Source | None, bool]:
    """The source, and whether the entry may count with it."""
    node = reader.node("source")
    if node is None:
        return None, True
    source = reader.child("source", NO_URL)
    if source is None:
        return None, False
    within = _unknown(source, SOURCE_KEYS)
    url = source.text("url", NOT_TEXT) if isinstance(source.node("url"), Scalar) else None
    texts = [_optional(source, key, within) for key in SOURCE_KEYS[1:]]
    if within:
        extra["source"] = within
    if url is None:
        if not any(key in source for key in SOURCE_KEYS):
            return None, True
        source.add(
            NO_URL,
            "a source without a url",
            got=show(node),
            expected="url: https://…",
            hint="add where the value can be read, or remove the source",
        )
        return None, False
    if not _URL.fullmatch(url):
        source.add(ODD_URL, "url is no web address", "url", got=shorten(url), expected="https://…")
    return Source(url, *texts), True


def _date(reader: FieldReader, extra: dict[str, Json]) -> str | None:
    date = _optional(reader, "date", extra)
    if date is None:
        return None
    try:
        datetime.fromisoformat(date)
    except ValueError:
        reader.add(
            ODD_DATE,
            "date is no ISO 8601 date or time",
            "date",
            got=shorten(date),
            expected="for example 2026-01-31",
        )
    return date


def write_results(entries: Iterable[Entry]) -> bytes:
    """The entries as a results file: one canonical form, one field a line.

    What YAML 1.1 and 1.2 would read differently is quoted. A value keeps its literal text, unless
    the two would read that text as different numbers; then it is written as the number it is.
    """
    lines: list[str] = []
    for entry in entries:
        dataset = {
            "id": entry.dataset_id,
            "task_id": entry.task_id,
            "revision": entry.dataset_revision,
        }
        by = entry.source
        source = by and {"url": by.url, "name": by.name, "user": by.user, "org": by.org}
        extra = dict(entry.extra)
        block = [
            *_block("dataset", dataset, extra.pop("dataset", None)),
            f"value: {_number(entry)}",
            *_line("verifyToken", entry.verify_token),
            *_line("date", entry.date),
            *_block("source", source or {}, extra.pop("source", None)),
            *_line("notes", entry.notes),
            *(line for key, value in extra.items() for line in write_pair(key, value)),
        ]
        lines += [("  " if number else "- ") + line for number, line in enumerate(block)]
    return ("\n".join(lines) + "\n" if lines else "[]\n").encode()


def _line(key: str, text: str | None) -> list[str]:
    return [] if text is None else [f"{key}: {write_text(text)}"]


def _block(key: str, known: Mapping[str, str | None], unknown: Json) -> list[str]:
    within = unknown if isinstance(unknown, dict) else {}
    lines = [line for name, text in known.items() for line in _line(name, text)]
    lines += [line for name, value in within.items() for line in write_pair(name, value)]
    return [f"{key}:", *(f"  {line}" for line in lines)] if lines else []


def _number(entry: Entry) -> str:
    value = resolve(entry.value_text)
    is_said = _is_number(value) and float(cast("float", value)) == entry.value
    if is_said and not differs(entry.value_text, value):
        return entry.value_text
    return write_number(entry.value)
