"""The documents say what is so: commands they name exist, links they make lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from assay.cli import COMMANDS, assay

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
link = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
heading = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):(?!=)", makefile, re.MULTILINE))


def list_commands(text: str, name: str) -> list[list[str]]:
    """The words of each command of this name: whole lines of a code block, and `inline` ones."""
    blocks = "\n".join(fence.findall(text)).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in blocks.splitlines()]
    found = [line for line in lines if line.startswith(f"{name} ")]
    found += re.findall(rf"`({name} [^`\n]+)`", fence.sub("", text))
    return [shlex.split(line, comments=True)[1:] for line in found]


def find_command_fault(words: list[str]) -> str | None:
    """What is wrong with `assay WORDS…`: an unknown command, or an option it does not have."""
    command: click.Command = assay
    context = click.Context(assay)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        try:
            found = command.get_command(context, rest[0])
        except ModuleNotFoundError as error:
            return f"{rest[0]}: {error}"
        if found is None:
            if any(letter.islower() for letter in rest[0]):
                return f"no command {rest[0]!r} in {command.name}"
            break
        command, context = found, click.Context(found, parent=context)
        rest.pop(0)
    known = {"--help"} | {
        option
        for parameter in command.params
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    if unknown:
        return f"{command.name} has no {', '.join(unknown)}"
    needed = [p for p in command.params if isinstance(p, click.Option) and p.required]
    missing = [p.opts[-1] for p in needed if rest and "--help" not in rest]
    missing = [name for name in missing if name not in rest]
    return f"{command.name} needs {', '.join(missing)}" if missing else None


def test_the_readme_is_among_the_documents() -> None:
    assert "README.md" in map(name_of, DOCUMENTS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_make_targets_exist(path: Path) -> None:
    named = {words[0] for words in list_commands(path.read_text(encoding="utf-8"), "make")}
    assert {name for name in named if "=" not in name} - read_targets() == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_and_their_options_exist(path: Path) -> None:
    commands = list_commands(path.read_text(encoding="utf-8"), "assay")
    faults = [fault for words in commands if (fault := find_command_fault(words))]
    assert faults == []


def test_the_readme_shows_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = {words[0] for words in list_commands(text, "assay")}
    assert set(COMMANDS) - shown == set()


def slug(title: str) -> str:
    """The anchor a forge makes of a heading."""
    return re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-")


def leads_somewhere(path: Path, target: str) -> bool:
    """Whether a link names a file of this repository and, if it names a heading, one in it."""
    file, _, anchor = unquote(target).partition("#")
    there = (path.parent / file).resolve() if file else path
    if not there.exists() or not there.is_relative_to(ROOT):
        return False
    return not anchor or anchor in map(slug, heading.findall(there.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_within_the_repository_resolve(path: Path) -> None:
    targets = link.findall(fence.sub("", path.read_text(encoding="utf-8")))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in inside if not leads_somewhere(path, target)] == []


@pytest.mark.parametrize(
    ("words", "is_fault"),
    [("--version", False), ("nonsense", True), ("--nonsense", True), ("COMMAND --help", False)],
)
def test_the_search_for_faulty_commands_finds_them(words: str, *, is_fault: bool) -> None:
    assert bool(find_command_fault(words.split())) is is_fault
