from __future__ import annotations

from pathlib import Path

from tests.hub_process import Work, entry

from assay.hub.results import ParsedFiles, ResultReader
from assay.storage.git import Repository

ONE = entry("1")


def read(folder: Path, files: dict[str, str], parsed: ParsedFiles) -> list[object]:
    """The parsed files of a new commit with these files."""
    work = Work.new(folder)
    commit = work.commit({f".eval_results/{name}": text for name, text in files.items()})
    reader = ResultReader(Repository(work.folder / ".git"), parsed)
    return list(reader.at(commit).files)


def test_a_file_is_parsed_once_wherever_it_comes_again(tmp_path: Path) -> None:
    parsed = ParsedFiles()
    [first] = read(tmp_path / "a", {"x.yaml": ONE}, parsed)
    [again] = read(tmp_path / "b", {"x.yaml": ONE}, parsed)
    assert again is first


def test_the_same_bytes_at_another_path_are_another_file(tmp_path: Path) -> None:
    bad = entry("most")
    parsed = ParsedFiles()
    first, second = read(tmp_path / "a", {"x.yaml": bad, "y.yaml": bad}, parsed)
    paths = [str(file.findings[0].path) for file in (first, second)]  # type: ignore[attr-defined]
    assert paths == [".eval_results/x.yaml", ".eval_results/y.yaml"]


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    parsed = ParsedFiles(most_bytes=2 * len(ONE))
    [x] = read(tmp_path / "a", {"x.yaml": ONE}, parsed)
    [y] = read(tmp_path / "b", {"y.yaml": ONE}, parsed)
    assert read(tmp_path / "c", {"x.yaml": ONE}, parsed) == [x]
    read(tmp_path / "d", {"z.yaml": ONE}, parsed)
    [x_again] = read(tmp_path / "e", {"x.yaml": ONE}, parsed)
    [y_again] = read(tmp_path / "f", {"y.yaml": ONE}, parsed)
    assert x_again is x
    assert y_again is not y
