"""Very many trees and blobs of one repository: what goes wrong, and what it costs."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import FileMode
from tests.hub_process import ENVIRONMENT

from assay.storage.git import Repository, TreePair, is_now, read_blobs, tree_changes, was
from assay.storage.git.asking import asked
from assay.storage.git.contents import MANY_BLOBS, blobs_by_git
from assay.storage.git.trees import changes_by_git, changes_by_pygit2

FILES = 2 * MANY_BLOBS
STARTED: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        STARTED.append(str(arguments[1]))


sys.addaudithook(_note)


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    argv = ["git", *arguments]
    return subprocess.run(
        argv, cwd=folder, env=ENVIRONMENT, input=stdin, check=True, capture_output=True
    ).stdout


def fill(folder: Path, *, packed: bool) -> list[str]:
    """Trees of a folder with many files, of which each changes another."""
    made = pygit2.init_repository(str(folder), bare=True)
    blobs = [made.create_blob(f"{at}\n".encode() * 50) for at in range(FILES)]
    builder = made.TreeBuilder()
    for at in range(FILES):
        builder.insert(f"{at:05}.yaml", blobs[0], FileMode.BLOB)
    trees = [str(builder.write())]
    for at, blob in enumerate(blobs[1:20]):
        builder.insert(f"{at:05}.yaml", blob, FileMode.BLOB)
        trees.append(str(builder.write()))
    oids = [*trees, *map(str, blobs)]
    if packed:
        git(folder, "pack-objects", "-q", "objects/pack/pack", stdin="\n".join(oids).encode())
        git(folder, "prune-packed")
    return oids


@pytest.fixture
def packed(tmp_path: Path) -> Iterator[tuple[Repository, list[str], list[str]]]:
    """A repository, its trees and its blobs. No child is left when a test ends."""
    oids = fill(tmp_path / "packed", packed=True)
    STARTED.clear()
    before = children()  # of other tests, such as a browser
    yield Repository(tmp_path / "packed"), oids[:20], oids[20:]
    assert children() <= before


def children() -> set[str]:
    """Of all threads; one that has ended and is not waited for is among them."""
    tasks = Path("/proc/self/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


Packed = tuple[Repository, list[str], list[str]]


def steps(trees: list[str]) -> list[TreePair]:
    return [TreePair("x", *end) for end in zip([None, *trees], trees, strict=False)]


def commands() -> list[str]:
    return [name for name in ("cat-file", "diff-tree") if any(name in one for one in STARTED)]


def test_very_many_are_gits(packed: Packed) -> None:
    read, trees, blobs = packed
    assert len(dict(read_blobs(read, blobs))) == len(blobs)
    assert commands() == ["cat-file"]
    found = dict(tree_changes(read, steps(trees)))
    assert [len(found[pair]) for pair in steps(trees)] == [FILES, *[1] * 19]
    assert commands() == ["cat-file", "diff-tree"]


def test_a_few_or_loose_ones_need_no_process(packed: Packed, tmp_path: Path) -> None:
    read, trees, blobs = packed
    assert len(dict(read_blobs(read, blobs[: MANY_BLOBS - 1]))) == MANY_BLOBS - 1
    assert len(list(tree_changes(read, steps(trees[:1])))) == 1
    loose = fill(tmp_path / "loose", packed=False)[20:]
    STARTED.clear()
    assert len(dict(read_blobs(Repository(tmp_path / "loose"), loose))) == len(loose)
    assert commands() == []


def test_a_missing_object_is_named(packed: Packed) -> None:
    read, trees, blobs = packed
    gone = "a" * 40
    with pytest.raises(KeyError, match=gone):
        dict(read_blobs(read, [*blobs, gone]))
    with pytest.raises(KeyError, match=gone):
        dict(tree_changes(read, [*steps(trees), TreePair("x", trees[0], gone)]))
    for missing in (TreePair("x", trees[0], gone), TreePair("x", gone, trees[0])):
        assert list(changes_by_git(read, [missing, *steps(trees)])) == []


def test_a_subtree_that_is_missing_is_named(tmp_path: Path) -> None:
    made = pygit2.init_repository(str(tmp_path), bare=True)
    record = b"40000 runs\0" + bytes.fromhex("a" * 40)
    tree = str(made.write(pygit2.GIT_OBJECT_TREE, record))
    read, pair = Repository(tmp_path), TreePair(".eval_results", None, tree)
    assert list(changes_by_git(read, [pair])) == []
    with pytest.raises(KeyError, match="a" * 40):
        list(changes_by_pygit2(read, [pair]))


def test_broken_objects_are_what_pygit2_says_they_are(packed: Packed) -> None:
    read, _, blobs = packed
    [pack] = (read.path / "objects" / "pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    pack.chmod(0o600)
    pack.write_bytes(data)
    with pytest.raises((pygit2.GitError, KeyError)):
        dict(read_blobs(Repository(read.path), blobs))


def test_a_blob_that_is_not_what_its_id_says_is_not_given(packed: Packed) -> None:
    read, _, _ = packed
    wrong, good = (str(pygit2.hash(data)) for data in (b"wrong", b"right"))
    git(read.path, "hash-object", "-w", "--stdin", stdin=b"right")
    for name in (wrong, good):
        (read.path / "objects" / name[:2]).mkdir(exist_ok=True)
    there = read.path / "objects" / good[:2] / good[2:]
    there.rename(read.path / "objects" / wrong[:2] / wrong[2:])
    assert list(blobs_by_git(Repository(read.path), [(wrong, 5)])) == []
    with pytest.raises(pygit2.GitError, match="hash"):
        list(read_blobs(Repository(read.path), [wrong]))


def test_without_git_all_is_read_all_the_same(
    packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, trees, blobs = packed
    whole = dict(read_blobs(read, blobs)), dict(tree_changes(read, steps(trees)))
    monkeypatch.setenv("PATH", "/nowhere")
    assert (dict(read_blobs(read, blobs)), dict(tree_changes(read, steps(trees)))) == whole


def test_a_reader_that_is_left_leaves_no_process(packed: Packed) -> None:
    read, trees, blobs = packed
    some = read_blobs(read, blobs)
    next(some)
    del some
    changes = tree_changes(read, steps(trees))
    next(changes)
    del changes


def test_git_that_ends_early_is_made_good(packed: Packed) -> None:
    read, _, blobs = packed
    with asked(read, "cat-file", "--batch", lines=blobs[:1]) as answers:
        assert answers.readline().startswith(blobs[0].encode())
    sized = [(oid, read.blob_size(oid)) for oid in blobs]
    assert [oid for oid, _ in blobs_by_git(read, [*sized[:5], ("a" * 40, 1), *sized[5:]])] == (
        blobs[:5]
    )


def test_what_is_in_quarantine_is_seen(packed: Packed, tmp_path: Path) -> None:
    read, trees, _ = packed
    fill(tmp_path / "odd: \"name'", packed=False)
    other = tmp_path / "odd: \"name'" / "objects"
    made = pygit2.Repository(str(tmp_path / "odd: \"name'"))
    new = [str(made.create_blob(f"new {at}".encode())) for at in range(MANY_BLOBS)]
    builder = made.TreeBuilder()
    builder.insert("new.yaml", new[0], FileMode.BLOB)
    tree = str(builder.write())
    within = Repository(read.path, quarantine=other)
    sized = [(oid, within.blob_size(oid)) for oid in new]
    assert [oid for oid, _ in blobs_by_git(within, sized)] == new
    pairs = [TreePair("x", trees[0], tree)]
    assert len(list(changes_by_git(within, pairs))) == 1


def test_what_a_repository_says_of_itself_hides_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / ".gitmodules").write_text(
        '[submodule "s"]\n\tpath = .eval_results/s\n\turl = ./s\n\tignore = all\n'
    )
    git(tmp_path, "add", ".gitmodules")
    trees = []
    for digit in "12":
        link = f"160000,{digit * 40},.eval_results/s"
        git(tmp_path, "update-index", "--add", "--cacheinfo", link)
        trees.append(git(tmp_path, "write-tree").decode().strip())
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    git(tmp_path, *name, "commit", "--quiet", "-m", "x")
    # Whoever reads one tree is shown the other in its place, by a git that is not told better.
    git(tmp_path, "replace", trees[1], trees[0])
    read = Repository(tmp_path / ".git")
    pair = TreePair("", *trees)
    [(_, changes)] = changes_by_git(read, [pair])
    path = ".eval_results/s"
    items = was(path, changes[path]), is_now(path, changes[path])
    assert [item.oid if item else None for item in items] == ["1" * 40, "2" * 40]
    assert [(pair, {*changes})] == [(p, {*c}) for p, c in changes_by_pygit2(read, [pair])]


def test_many_questions_and_long_answers_need_little_memory(tmp_path: Path) -> None:
    """256 MB in all, and 20,000 questions before the first is answered."""
    made = pygit2.init_repository(str(tmp_path), bare=True)
    blobs = [str(made.create_blob(bytes([at]) * 1_000_000)) for at in range(256)]
    small = [str(made.create_blob(f"{at}".encode())) for at in range(2_000)]
    read = Repository(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sized = [(oid, read.blob_size(oid)) for oid in (*blobs, *small)] * 9
    total = sum(len(data) for _, data in blobs_by_git(read, sized[: 256 + 2_000]))
    total += sum(len(data) for _, data in blobs_by_git(read, [s for s in sized if s[1] < 10]))
    assert total == 256_000_000 + 10 * sum(size for _, size in sized[256 : 256 + 2_000])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
