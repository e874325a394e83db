"""What stands in git, and what git-lfs is told of the rest."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.hub_process import ENVIRONMENT

from assay.core.files import DEFAULT_ATTRIBUTES, attributes_line, stays_in_git


@pytest.mark.parametrize(
    "path",
    [
        ".eval_results/q.yaml",
        ".eval_results/runs/x.bin",
        "deep/eval.yaml",
        "X.YML",
        "README.md",
        "docs/readme",
        ".gitattributes",
        "a/.gitignore",
    ],
)
def test_what_is_read_stays_in_git(path: str) -> None:
    assert stays_in_git(path)


@pytest.mark.parametrize(
    "path", ["a.bin", "readme2.bin", "eval_results/x.bin", "yaml", "x.yaml.gz"]
)
def test_the_rest_may_be_large(path: str) -> None:
    assert not stays_in_git(path)


def filters(folder: Path, attributes: bytes, paths: list[str]) -> dict[str, str]:
    """What git itself says of each path."""
    subprocess.run(["git", "init", "--quiet", "."], cwd=folder, env=ENVIRONMENT, check=True)
    (folder / ".gitattributes").write_bytes(attributes)
    argv = ["git", "check-attr", "-z", "filter", "--", *paths]
    said = subprocess.run(argv, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
    words = said.stdout.decode().split("\0")
    return dict(zip(words[::3], words[2::3], strict=False))


def test_git_reads_the_lines_as_they_are_meant(tmp_path: Path) -> None:
    odd = ["a b.x", "[1].x", "st*r.x", "wh?t.x", "#no.x", "!not.x", '"q".x', "d/ü.x"]
    text = "".join(attributes_line(path) for path in odd).encode()
    others = ["other.x", "star.x", "what.x", "1.x", "deep/a b.x"]
    said = filters(tmp_path, text, odd + others)
    assert {said[path] for path in odd} == {"lfs"}
    assert {said[path] for path in others} == {"unspecified"}


def test_the_usual_kinds_are_covered_from_the_start(tmp_path: Path) -> None:
    said = filters(tmp_path, DEFAULT_ATTRIBUTES, ["a.safetensors", "d/b.parquet", "c.json", "e.md"])
    assert list(said.values()) == ["lfs", "lfs", "unspecified", "unspecified"]
