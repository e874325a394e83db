"""The locks: names, versions and hashes; nothing that says where a package is fetched from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.lock"))
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def read_lines(lock: str) -> list[str]:
    return (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8").splitlines()


def read_pins(lock: str) -> set[tuple[str, str, str]]:
    """(name, version, marker): a universal lock may pin one name twice, under two markers."""
    found = [PIN.fullmatch(line) for line in read_lines(lock)]
    return {(pin["name"], pin["version"], pin["marker"] or "") for pin in found if pin}


def read_wanted(*extras: str) -> list[Requirement]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    texts = list(project["dependencies"])
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def read_input(name: str) -> list[Requirement]:
    text = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_locks_are_there() -> None:
    assert LOCKS == ["base", "client-1.9", "demo", "dev", "run"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    strange = [
        f"{number}: {line}"
        for number, line in enumerate(read_lines(lock), start=1)
        if not PIN.fullmatch(line) and not HASH.fullmatch(line)
    ]
    assert strange == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    lines = read_lines(lock)
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.fullmatch(line) and not HASH.fullmatch(following)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("base", read_wanted()),
        ("run", read_wanted("run") + read_input("build")),
        ("dev", read_wanted("run", "dev")),
        ("demo", read_input("demo")),
        ("client-1.9", read_input("client-1.9")),
    ],
    ids=["base", "run", "dev", "demo", "client-1.9"],
)
def test_a_lock_pins_what_was_asked_for(lock: str, wanted: list[Requirement]) -> None:
    versions: dict[str, list[Version]] = {}
    for name, version, _ in read_pins(lock):
        versions.setdefault(name, []).append(Version(version))
    unmet = [
        str(requirement)
        for requirement in wanted
        if not any(
            requirement.specifier.contains(version, prereleases=True)
            for version in versions.get(canonicalize_name(requirement.name), [])
        )
    ]
    assert unmet == [], "run tools/lock"


@pytest.mark.parametrize("lock", ["base", "run"])
def test_what_runs_is_what_is_tested(lock: str) -> None:
    tested = {(name, version) for name, version, _ in read_pins("dev")}
    running = {(name, version) for name, version, _ in read_pins(lock)}
    assert running - tested == set()


def test_running_a_benchmark_adds_to_the_base_and_changes_nothing_in_it() -> None:
    assert {pin[:2] for pin in read_pins("base")} <= {pin[:2] for pin in read_pins("run")}


def test_the_base_is_free_of_inspect() -> None:
    assert "inspect-ai" not in {name for name, _, _ in read_pins("base")}
