"""`eval.yaml`: what is read, whether Inspect would run it, and what a spec must not say."""

from __future__ import annotations

import hashlib

import pytest

from assay.formats.benchmark import (
    EVALUATED_MODEL,
    Part,
    Runnable,
    SpecFile,
    TaskSpec,
    Use,
    frameworks,
    parse_eval_yaml,
    used_models_and_tools,
)
from assay.formats.hostile import find_reason

FULL = """\
name: GSM8K
description: Grade school maths
evaluation_framework: inspect-ai
license: mit
tasks:
  - id: main
    config: socratic
    split: train
    epochs: 4
    epoch_reducer: pass_at_1
    shuffle_choices: true
    field_spec: {input: question, target: answer}
    solvers:
      - {name: system_message, args: {template: "Think of {it}."}}
      - name: generate
    scorers: [{name: match, args: {numeric: true}}]
"""


def parse(text: str) -> SpecFile:
    return parse_eval_yaml(text.encode(), "eval.yaml")


def task(body: str) -> TaskSpec:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    spec = parse(f"name: N\nevaluation_framework: mteb\ntasks:\n  - id: a\n{indented}").spec
    assert spec is not None
    return spec.tasks[0]


def test_every_key_is_read() -> None:
    file = parse(FULL)
    assert file.spec is not None
    assert (file.spec.name, file.spec.description) == ("GSM8K", "Grade school maths")
    assert (file.spec.framework, file.spec.extra) == ("inspect-ai", {"license": "mit"})
    found = file.spec.find_task("main")
    assert found is not None
    assert (found.config, found.split, found.line) == ("socratic", "train", 6)
    assert (found.epochs, found.epoch_reducer, found.shuffle_choices) == (4, "pass_at_1", True)
    assert found.field_spec == {"input": "question", "target": "answer"}
    assert found.solvers == (
        Part("system_message", {"template": "Think of {it}."}, 14),
        Part("generate", {}, 15),
    )
    assert found.scorers == (Part("match", {"numeric": True}, 16),)
    assert found.raw["scorers"] == [{"name": "match", "args": {"numeric": True}}]
    assert file.runnable == Runnable(ok=True)
    assert file.is_valid
    assert file.spec_sha256 == hashlib.sha256(FULL.encode()).hexdigest()


def test_what_is_absent_has_its_default() -> None:
    found = task("")
    assert (found.config, found.split, found.epochs) == (None, "test", 1)
    assert (found.field_spec, found.solvers, found.scorers) == (None, (), ())
    assert (found.shuffle_choices, found.epoch_reducer) == (None, None)


def test_an_unknown_task_is_not_found() -> None:
    spec = parse(FULL).spec
    assert spec is not None
    assert spec.find_task("other") is None


@pytest.mark.parametrize("key", ["scorers", "scores", "scorer"])
def test_scorers_by_any_of_their_names(key: str) -> None:
    assert [part.name for part in task(f"{key}: [{{name: match}}]").scorers] == ["match"]


def test_scorers_stand_before_their_other_names() -> None:
    assert [part.name for part in task("scorers: [{name: a}]\nscores: [{name: b}]").scorers] == [
        "a"
    ]


def test_good_tasks_stand_though_others_are_bad() -> None:
    file = parse("name: N\ntasks: [{id: a}, {split: x}, 5, {id: a}, {id: b}]\n")
    assert file.spec is not None
    assert [found.id for found in file.spec.tasks] == ["a", "b"]
    assert not file.is_valid
    codes = [finding.code for finding in file.findings if finding.severity == "error"]
    assert sorted(codes) == ["AS204", "AS205", "AS206"]


@pytest.mark.parametrize("text", ["", "- a\n", "name: N\n", "tasks: [{id: a}]\n", "name: [\n"])
def test_without_a_name_or_a_task_there_is_no_spec(text: str) -> None:
    file = parse(text)
    assert file.spec is None
    assert not file.is_valid


def test_an_unreadable_file_is_not_runnable() -> None:
    assert parse("name: [").runnable == Runnable(ok=False, reason="the file cannot be read")


def test_ambiguous_text_is_an_error_for_inspect_only() -> None:
    for framework, severity in (("inspect-ai", "error"), ("mteb", "warning")):
        text = f"name: N\nevaluation_framework: {framework}\ndescription: on\ntasks: [{{id: a}}]\n"
        ambiguous = [f for f in parse(text).findings if f.code in {"AS115", "AS215"}]
        assert [finding.severity for finding in ambiguous] == [severity]


def test_what_is_not_runnable_is_said_of_specs_for_inspect_only() -> None:
    for framework, codes in (("inspect-ai", ["AS209"]), ("mteb", [])):
        file = parse(f"name: N\nevaluation_framework: {framework}\ntasks: [{{id: a}}]\n")
        assert not file.runnable.ok
        assert [finding.code for finding in file.findings] == codes
        assert file.is_valid


@pytest.mark.parametrize(
    ("framework", "hint"),
    [
        ("inspect_ai", "did you mean inspect-ai?"),
        ("Inspect-AI", "did you mean inspect-ai?"),
        ("x" * 100_000, ""),
    ],
)
def test_an_unknown_framework_is_a_warning_with_a_guess(framework: str, hint: str) -> None:
    file = parse(f"name: N\nevaluation_framework: {framework}\ntasks: [{{id: a}}]\n")
    assert [(finding.code, finding.hint) for finding in file.findings] == [("AS208", hint)]


@pytest.mark.parametrize(
    "name",
    [
        "inspect-ai",
        "lm-eval",
        "lighteval",
        "mteb",
        "math-arena",
        "harbor",
        "swe-bench",
        "nemo-evaluator",
        "open-asr-leaderboard",
    ],
)
def test_the_public_frameworks_are_known(name: str) -> None:
    assert name in frameworks()
    assert "" not in frameworks()


ADDRESS, PATH = "is an address", "looks like a path"


@pytest.mark.parametrize(
    ("argument", "text", "reason"),
    [
        ("template", "https://example.org/prompt.txt", ADDRESS),
        ("template", "HTTP://example.org", ADDRESS),
        ("template", "file:/etc/passwd", ADDRESS),
        ("template", "FILE:secret", ADDRESS),
        ("template", "s3://bucket/key", ADDRESS),
        ("template", "zip::file:///x.zip", ADDRESS),
        ("template", "  https://example.org", ADDRESS),
        ("pattern", "https://example.org", ADDRESS),
        ("model", "https://example.org", ADDRESS),
        ("template", "/etc/passwd", PATH),
        ("template", "/etc/my passwd", PATH),
        ("template", "~/x", PATH),
        ("template", "~root", PATH),
        ("template", "./x", PATH),
        ("template", "..\\x", PATH),
        ("template", "\\\\server\\share", PATH),
        ("template", "C:\\x", PATH),
        ("template", "c:/x", PATH),
        ("template", "a/../../x", PATH),
        ("template", "prompts/system", PATH),
        ("template", "secrets.env", PATH),
        ("template", "README.md", PATH),
        ("model", "../x", PATH),
        ("model", "/x", PATH),
        ("model", "openai/o3-mini", None),
        ("model", "gpt-4.1", None),
        ("pattern", r"^(?:/|\\)x", None),
        ("pattern", r"ANSWER: (\w+)/(\w+)", None),
        ("template", "Answer yes/no with one word.", None),
        ("template", "{question}", None),
        ("template", "/{question}/", None),
        ("template", "line one\n/line two", None),
        ("template", "Answer.", None),
        ("template", "See the question: it is short.", None),
        ("template", "", None),
        ("numeric", "v1", None),
    ],
)
def test_what_an_argument_must_not_be(argument: str, text: str, reason: str | None) -> None:
    assert find_reason(argument, text) == reason


def test_every_hostile_argument_is_found_wherever_it_hides() -> None:
    hidden = "{template: hello, a: [{b: [x, '/etc/passwd']}], c: 'https://x.example'}"
    for key in ("solvers", "scorers", "scores"):
        file = parse(
            f"name: N\nevaluation_framework: mteb\ntasks:\n- id: a\n"
            f"  {key}: [{{name: x}}, {{name: y, args: {hidden}}}]\n"
        )
        found = [finding for finding in file.findings if finding.code == "AS214"]
        assert [finding.where for finding in found] == [
            f"tasks[0].{key}[1].args.a",
            f"tasks[0].{key}[1].args.c",
        ]
        assert not file.is_valid


def test_models_and_tools_a_run_would_use() -> None:
    found = task(
        "solvers:\n"
        "  - {name: use_tools, args: {tools: [bash, {name: python}]}}\n"
        "  - {name: use_tools}\n"
        "  - {name: self_critique, args: {model: openai/o3-mini}}\n"
        "  - name: generate\n"
        "scorers:\n"
        "  - {name: model_graded_qa, args: {model: [a/b, c/d]}}\n"
        "  - name: model_graded_fact\n"
        "  - name: model_graded_fact\n"
    )
    assert used_models_and_tools(found) == (
        Use("tool", "bash", "use_tools"),
        Use("tool", "python", "use_tools"),
        Use("tool", "(unnamed)", "use_tools"),
        Use("model", "openai/o3-mini", "self_critique"),
        Use("model", "a/b", "model_graded_qa"),
        Use("model", "c/d", "model_graded_qa"),
        Use("model", EVALUATED_MODEL, "model_graded_fact"),
    )


def test_a_plain_task_uses_nothing() -> None:
    assert used_models_and_tools(task("solvers: [{name: generate}]")) == ()
