"""Values as strangers write them, for the laws of the formats."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from assay.formats.result import DATASET_KEYS, ENTRY_KEYS, SOURCE_KEYS, Entry, Source
from assay.formats.run_record import (
    RunBenchmark,
    RunFramework,
    RunLog,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    RunUsage,
)
from assay.formats.scalar import MAX_INT, MIN_INT, differs, resolve, write_number

# What the two versions of YAML quarrel over, and what a careless writer leaves bare.
AWKWARD = (
    *("no", "yes", "on", "Off", "y", "n", "~", "null", "Null", "true", "FALSE", "", " ", "=", "<<"),
    *("012", "0o17", "0x1F", "1_000", "1:30", "12:30:45", "1e3", "1.", ".5", "-.5", "+1", "00"),
    *(".nan", ".inf", "-.INF", "nan", "inf", "2026-01-15", "2026-01-15T10:00:00Z", "2026-99-99"),
    *("a: b", "a #b", "#a", "- a", "-", "? a", "[a]", "{a}", "&a", "*a", "!a", "%a", "@a", "`a`"),
    *("|", ">", "'a'", '"a"', "a\nb", "\na", "a\n", "a\tb", " a", "a ", "a:", ":a", "---", "..."),
    *("a\x85b", "a\u2028b", "\ufeffa", "a\xa0b", "\x7f", "\x1b[31m", "é", "😀", "\U000e0041", "\\"),
    *("https://example.org/a?b=c&d#e", "x" * 300, "no-tools", "with tools", "100%", "a, b"),
)
# A document cannot hold NUL, nor UTF-8 half a surrogate pair.
anything = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
texts = st.sampled_from(AWKWARD) | anything
some = texts.filter(bool)
numbers = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(MIN_INT, MAX_INT)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | whole | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def unknown(known: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    keys = texts.filter(lambda key: key not in known)
    return st.dictionaries(keys, json_values, max_size=2)


def number_of(text: str) -> float:
    value = resolve(text)
    assert isinstance(value, (int, float))
    return float(value)


def is_plain_number(text: str) -> bool:
    """Whether both versions of YAML read the text as one finite number."""
    value = resolve(text)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(number_of(text)) and not differs(text, value)


number_texts = (
    st.builds(write_number, numbers | whole)
    | st.from_regex(r"[-+]?[0-9]{1,12}\.[0-9]{0,12}", fullmatch=True)
    | st.from_regex(r"[-+]?[1-9][0-9]{0,12}", fullmatch=True)
).filter(is_plain_number)
sources = st.builds(
    Source,
    texts | st.just("https://example.org/runs/" + "a" * 64),
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry that a good file may hold."""
    text = draw(number_texts)
    source = draw(st.none() | sources)
    extra = draw(unknown(ENTRY_KEYS))
    if within := draw(unknown(DATASET_KEYS)):
        extra["dataset"] = within
    if within := draw(unknown(SOURCE_KEYS)):
        extra["source"] = within
    return Entry(
        dataset_id=draw(some),
        task_id=draw(some),
        dataset_revision=draw(st.none() | texts),
        value=number_of(text),
        value_text=text,
        date=draw(st.none() | texts),
        verify_token=draw(st.none() | texts),
        source=source,
        notes=draw(st.none() | texts),
        extra=extra,
    )


safe = st.integers(-(2**53) + 1, 2**53 - 1)
counts = st.none() | safe
words = st.none() | texts
strict_json: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | safe | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
settings = st.dictionaries(texts, strict_json, max_size=2)
reals = safe | numbers


def extra_of(kind: Any) -> st.SearchStrategy[dict[str, Any]]:
    known = set(kind.__dataclass_fields__) - {"extra"}
    return st.dictionaries(texts.filter(lambda key: key not in known), strict_json, max_size=2)


def group(kind: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **fields, extra=extra_of(kind))


metrics = group(
    RunMetric,
    id=texts,
    value=reals,
    stderr=st.none() | reals,
    ci=st.none() | st.tuples(reals, reals),
    n=counts,
)
run_records = group(
    RunRecord,
    schema=words,
    model=group(
        RunModel, repo=words, revision=words, requested_id=words, served_id=words, provider=words
    ),
    benchmark=group(RunBenchmark, id=texts, task_id=texts, revision=words, spec_sha256=words),
    framework=group(RunFramework, name=words, version=words, task_version=words),
    generation=settings,
    variant=settings,
    samples=group(
        RunSamples,
        total=counts,
        completed=counts,
        limit=counts,
        epochs=counts,
        reducer=words,
        items_sha256=words,
    ),
    metrics=st.lists(metrics, max_size=3).map(tuple),
    usage=group(
        RunUsage,
        input_tokens=counts,
        output_tokens=counts,
        wall_s=st.none() | reals,
        cost=st.none() | reals,
    ),
    log=group(RunLog, url=words, sha256=words, bytes=counts, format=words),
    started=words,
    finished=words,
    environment=settings,
)
