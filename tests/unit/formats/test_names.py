from __future__ import annotations

import pytest

from assay.errors import InvalidError
from assay.formats.names import (
    MAX_NAME_CHARS,
    BenchmarkRef,
    RepoId,
    is_name,
    is_repo_id,
    parse_benchmark_ref,
    parse_repo_id,
)

GOOD_NAMES = ["a", "_", "A1", "gpt-oss-120b", "Qwen3.5-27B", "a_b", "_a_", "x" * MAX_NAME_CHARS]
BAD_NAMES = {
    "empty": "",
    "too long": "x" * (MAX_NAME_CHARS + 1),
    "begins with a hyphen": "-a",
    "ends with a hyphen": "a-",
    "begins with a dot": ".a",
    "ends with a dot": "a.",
    "two hyphens": "a--b",
    "two dots": "a..b",
    "ends in .git": "a.git",
    "space": "a b",
    "line break at the end": "a\n",
    "slash": "a/b",
    "not ASCII": "é",
    "digits that are not ASCII": "٣",
    "NUL": "a\0",
    "percent": "a%b",
    "at": "a@b",
}


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_good_name(name: str) -> None:
    assert is_name(name)
    assert is_repo_id(f"{name}/b")
    assert is_repo_id(f"a/{name}")
    assert parse_repo_id(f"{name}/b") == RepoId(name, "b")


@pytest.mark.parametrize("what", BAD_NAMES)
def test_a_bad_name(what: str) -> None:
    name = BAD_NAMES[what]
    assert not is_name(name)
    for text in (f"{name}/b", f"a/{name}"):
        assert not is_repo_id(text)
        with pytest.raises(InvalidError, match="not a repository name"):
            parse_repo_id(text)


@pytest.mark.parametrize("text", ["a", "a/b/c", "a//b", "/", "/a/b", "a/b/"])
def test_a_repository_has_two_parts(text: str) -> None:
    assert not is_repo_id(text)


def test_an_error_shows_what_was_got_shortened() -> None:
    with pytest.raises(InvalidError) as raised:
        parse_repo_id("x" * 10_000)
    assert "NAMESPACE/NAME" in raised.value.message
    assert len(raised.value.message) < 600


GSM8K = RepoId("openai", "gsm8k")
AIME = RepoId("MathArena", "aime_2026")
REFERENCES = {
    "openai/gsm8k": BenchmarkRef(GSM8K),
    "openai/gsm8k/main": BenchmarkRef(GSM8K, "main"),
    "openai/gsm8k@refs/pr/1": BenchmarkRef(GSM8K, None, "refs/pr/1"),
    "openai/gsm8k/main@v1": BenchmarkRef(GSM8K, "main", "v1"),
    "MathArena/aime_2026/MathArena/aime_2026": BenchmarkRef(AIME, "MathArena/aime_2026"),
    "MathArena/aime_2026/MathArena/aime_2026@main": BenchmarkRef(
        AIME, "MathArena/aime_2026", "main"
    ),
    "openai/gsm8k/swe_bench_%_resolved": BenchmarkRef(GSM8K, "swe_bench_%_resolved"),
    "openai/gsm8k/maj@16@main": BenchmarkRef(GSM8K, "maj@16", "main"),
    "openai/gsm8k/a@": BenchmarkRef(GSM8K, "a@"),
    "openai/gsm8k/@a": BenchmarkRef(GSM8K, "@a"),
    "openai/gsm8k/@": BenchmarkRef(GSM8K, "@"),
    "openai/gsm8k//a": BenchmarkRef(GSM8K, "/a"),
}


@pytest.mark.parametrize("text", REFERENCES)
def test_a_benchmark_reference(text: str) -> None:
    reference = parse_benchmark_ref(text)
    assert reference == REFERENCES[text]
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    ["", "gsm8k", "openai/", "/gsm8k", "openai/gsm8k/", "open ai/gsm8k", "@main"],
)
def test_no_benchmark_reference(text: str) -> None:
    with pytest.raises(InvalidError, match="not a benchmark") as raised:
        parse_benchmark_ref(text)
    assert raised.value.hint
