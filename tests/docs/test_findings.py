"""`docs/findings.md` and the formats' pages say what the code says: every code, field and limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.core import checks
from assay.core.checks import CHECKS, Kind, check_file
from assay.formats import benchmark, card, document, result, rule, run_record, strict_json, terms
from assay.formats.benchmark import parse_eval_yaml
from assay.formats.inspect_task import FIELD_SPEC_KEYS, SCORERS, SOLVERS, TASK_KEYS
from assay.formats.result import parse_results, write_results
from assay.formats.run_record import parse_run_record
from assay.formats.terms import parse_assay_yaml

DOCS = Path(__file__).parents[2] / "docs"
MODULES = (rule, document, benchmark, terms, result, strict_json, run_record, checks, card)
RULES = sorted((item for module in MODULES for item in module.RULES), key=lambda item: item.code)
row = re.compile(r"^\| AS.*$", re.MULTILINE)
KINDS = {
    "eval-yaml": Kind.BENCHMARK,
    "assay-yaml": Kind.TERMS,
    "eval-results": Kind.RESULT,
    "run-record": Kind.RUN_RECORD,
}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[bytes]:
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    found = [text.encode() for text in fence.findall(page(f"formats/{name}.md"))]
    assert found, "the page has no example"
    return found


def table_row(item: rule.Rule) -> str:
    return f"| {item.code} | {item.severity} | {item.meaning} | `{item.example}` |"


def test_every_code_has_its_row_and_no_other_is_listed() -> None:
    assert row.findall(page("findings.md")) == [table_row(item) for item in RULES]


def test_every_code_belongs_to_the_section_of_its_hundred() -> None:
    sections = re.split(r"^## ", page("findings.md"), flags=re.MULTILINE)[1:]
    for section in sections:
        hundreds = {line[:5] for line in (text[2:] for text in row.findall(section))}
        expected = {f"AS{number}" for number in re.findall(r"AS(\d)xx", section.splitlines()[0])}
        assert {text[:3] for text in hundreds} == expected, section.splitlines()[0]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.rule.code))
def test_every_check_is_listed_with_its_question(check: checks.Check) -> None:
    assert f"{check.rule.code}: {check.question}" in page("findings.md")


@pytest.mark.parametrize("name", KINDS)
def test_the_examples_of_a_page_are_good_files(name: str) -> None:
    for data in blocks(name, "json" if name == "run-record" else "yaml"):
        found = check_file(KINDS[name], data, "example")
        assert {finding.code for finding in found} <= {"AS509"}, [f.render() for f in found]


@pytest.mark.parametrize("kind", [Kind.MODEL_CARD, Kind.DATASET_CARD])
def test_the_cards_shown_are_good_and_every_tag_is_in_the_table(kind: Kind) -> None:
    for data in blocks("card", "markdown"):
        assert check_file(kind, data, "README.md") == ()
    text = page("formats/card.md")
    assert [key for key in {**card.MODEL_TAGS, **card.DATASET_TAGS} if f"`{key}`" not in text] == []
    assert [relation for relation in card.RELATIONS if f"`{relation}`" not in text] == []


def test_the_specs_shown_for_inspect_are_runnable() -> None:
    for data in blocks("eval-yaml", "yaml"):
        file = parse_eval_yaml(data, "eval.yaml")
        assert file.spec is not None
        assert file.runnable.ok is (file.spec.framework == benchmark.INSPECT)


def test_the_results_shown_are_written_as_shown() -> None:
    canonical, *_ = blocks("eval-results", "yaml")
    assert write_results(parse_results(canonical, "f.yaml").entries) == canonical


def test_the_run_record_shown_is_read_whole() -> None:
    for data in blocks("run-record", "json"):
        record, _ = parse_run_record(data, "example")
        assert record is not None
        assert record.extra == {}
        assert record.metrics[0].extra == {}


def test_every_term_is_in_the_example() -> None:
    shared = parse_assay_yaml(blocks("assay-yaml", "yaml")[0], "assay.yaml").tasks
    empty = terms.TaskTerms()
    names = {name for name in terms.TaskTerms.__dataclass_fields__ if name != "extra"}
    stated = {
        name
        for task in shared.values()
        for name in names
        if getattr(task, name) != getattr(empty, name)
    }
    assert stated == names


NAMES = {
    "eval-yaml": (*benchmark.SPEC_KEYS, *TASK_KEYS, *FIELD_SPEC_KEYS, *SOLVERS, *SCORERS),
    "assay-yaml": (
        *terms.TaskTerms.__dataclass_fields__.keys() - {"extra"},
        *terms.Metric.__dataclass_fields__,
        *terms.Advisory.__dataclass_fields__,
        *terms.UNITS,
        *terms.DIRECTIONS,
        *terms.METHOD_FIELDS,
    ),
    "eval-results": (*result.ENTRY_KEYS, *result.DATASET_KEYS, *result.SOURCE_KEYS),
    "run-record": tuple(
        name
        for kind in (
            run_record.RunRecord,
            run_record.RunModel,
            run_record.RunBenchmark,
            run_record.RunFramework,
            run_record.RunSamples,
            run_record.RunMetric,
            run_record.RunUsage,
            run_record.RunLog,
        )
        for name in kind.__dataclass_fields__.keys() - {"extra"}
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_format_is_on_its_page(name: str) -> None:
    text = page(f"formats/{name}.md")
    assert [key for key in NAMES[name] if f"`{key}`" not in text] == []


def test_the_limits_are_as_the_pages_say() -> None:
    text = page("formats/eval-results.md")
    assert f"{document.MAX_BYTES // 1024} KiB" in text
    assert f"{result.MAX_ENTRIES:,} entries" in text
    assert f"{document.MAX_DEPTH} levels" in text
    assert f"{document.MAX_NODES:,} nodes" in text
