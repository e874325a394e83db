"""Packs written here are git's own objects, and git says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assay.storage.git import Identity, Pack, Repository, TreeFiles, write_repository

ADA = Identity("Ada", "ada@example.com", 1_700_000_000, 330)


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments],
        cwd=folder,
        input=stdin,
        check=True,
        capture_output=True,
    )
    assert b"warning" not in done.stderr, done.stderr
    return done.stdout.decode()


def write(folder: Path, pack: Pack, refs: dict[str, str]) -> Path:
    path = folder / "one.git"
    write_repository(path, repo_id="ab" * 12, name="model a/b", pack=pack, refs=refs)
    return path


def test_git_finds_no_fault_in_it_and_the_same_ids(tmp_path: Path) -> None:
    pack = Pack()
    files = {
        "a.txt": pack.blob(b"a"),
        "a/b/c.txt": pack.blob(b"c" * 100_000),
        "a-b": pack.blob(b""),
        ".eval_results/é.yaml": pack.blob(b"[]\n"),
    }
    first = pack.commit(TreeFiles(files), [], "First\n", ADA)
    del files["a-b"]
    second = pack.commit(TreeFiles(files), [first], "Second\n\nWhy.\n", ADA)
    path = write(tmp_path, pack, {"refs/heads/main": second, "refs/pr/1": first})
    assert git(path, "fsck", "--strict", "--full", "--no-dangling") == ""
    assert git(path, "hash-object", "--stdin", stdin=b"c" * 100_000).strip() == files["a/b/c.txt"]
    listed = git(path, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", first)
    assert listed.split("\n")[:-1] == [".eval_results/é.yaml", "a-b", "a.txt", "a/b/c.txt"]
    assert git(path, "log", "--format=%an %ad %s", "--date=iso", "main").splitlines() == [
        "Ada 2023-11-15 03:43:20 +0530 Second",
        "Ada 2023-11-15 03:43:20 +0530 First",
    ]
    read = Repository(path)
    assert read.refs() == {"refs/heads/main": second, "refs/pr/1": first}
    assert read.read(second, "a/b/c.txt") == b"c" * 100_000


def test_many_refs_are_packed(tmp_path: Path) -> None:
    pack = Pack()
    commit = pack.commit(TreeFiles({"a": pack.blob(b"a")}), [], "One\n", ADA)
    refs = {f"refs/pr/{number}": commit for number in range(1, 301)}
    path = write(tmp_path, pack, refs)
    assert Repository(path).refs() == dict(sorted(refs.items()))
    assert len(git(path, "for-each-ref").splitlines()) == 300


def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    first = Pack()
    blob = first.blob(b"a")
    commit = first.commit(TreeFiles({"a": blob}), [], "One\n", ADA)
    path = write(tmp_path, first, {"refs/heads/main": commit})
    second = Pack(known=[blob])
    assert second.blob(b"a") == blob
    assert len(second) == 0
    later = second.commit(TreeFiles({"a": blob, "b": blob}), [commit], "Two\n", ADA)
    second.write(path / "objects")
    assert git(path, "fsck", "--strict", "--full", "--no-dangling") == ""
    assert Repository(path).read(later, "b") == b"a"


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("a <b>\n", "x@y\n>", "a b <x@y>"),
        ("", "", "unknown <>"),
        ("..", "e e@f", "unknown <ee@f>"),
    ],
)
def test_a_hostile_name_breaks_no_commit(tmp_path: Path, name: str, email: str, said: str) -> None:
    pack = Pack()
    commit = pack.commit(TreeFiles(), [], "m\0essage\n", Identity(name, email, 0, -90))
    path = write(tmp_path, pack, {"refs/heads/main": commit})
    git(path, "fsck", "--strict", "--full")
    assert f"author {said} 0 -0130" in git(path, "cat-file", "commit", commit)
