"""`assay check`: the checks a push makes, before the push. Reads files; writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.core.checks import (
    Kind,
    bad_path_finding,
    check_file,
    check_results,
    file_kind,
    special_entry_finding,
)
from assay.formats.document import MAX_BYTES
from assay.formats.finding import Finding, Severity, printable

if TYPE_CHECKING:
    from assay.formats.run_record import RunRecord

RESULTS_FOLDER = ".eval_results"
_SPEC_NAMES = ("eval.yaml", "assay.yaml")
_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was said of one file."""

    path: str
    kind: Kind
    findings: tuple[Finding, ...]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True), metavar="PATH…")
@click.option(
    "--as",
    "kind_name",
    type=click.Choice([kind.value for kind in Kind]),
    help="What the files are, when name and place do not say.",
)
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
def check(paths: tuple[str, ...], kind_name: str | None, output: str, *, strict: bool) -> None:
    """Check eval.yaml, assay.yaml, result files and cards.

    PATH is a file, a folder or a checkout of a repository. In folders, files are known by name and
    place: eval.yaml and assay.yaml, what lies in .eval_results/, and a README.md beside these.

    Exit code 0 without errors, 1 with errors (with --strict: or warnings), 2 when used wrongly.
    """
    kind = Kind(kind_name) if kind_name else None
    checked = [item for path in paths for item in _check_path(path, kind)]
    if not checked:
        raise click.UsageError(
            "no eval.yaml, assay.yaml or .eval_results/*.yaml there; name a file with --as"
        )
    if output == "json":
        _print_json(checked)
    else:
        _print_text(checked)
    grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(finding.severity in grave for item in checked for finding in item.findings):
        click.get_current_context().exit(1)


def _check_path(path: str, kind: Kind | None) -> Iterator[Checked]:
    if Path(path).is_dir():
        yield from _check_folder(path)
        return
    known = kind or _known_kind(path)
    if known is None:
        raise click.UsageError(
            f"{printable(path)}: neither name nor place says what this is; add --as "
            + " or --as ".join(Kind)
        )
    yield Checked(path, known, _findings(known, path))


def _findings(kind: Kind, path: str) -> tuple[Finding, ...]:
    """What a push would say; a results file in its folder is held against its run records."""
    if kind in {Kind.MODEL_CARD, Kind.DATASET_CARD}:
        from assay.formats.card import MAX_CARD_BYTES  # noqa: PLC0415 - see assay.core.checks

        return check_file(kind, _read(path, MAX_CARD_BYTES), path)
    if kind is not Kind.RESULT or not _is_results_folder(str(Path(path).parent)):
        return check_file(kind, _read(path), path)
    from assay.formats.result import parse_results  # noqa: PLC0415 - see assay.core.checks

    file = parse_results(_read(path), path)
    named = {entry.run_record_sha for entry in file.entries} - {None}
    records = {sha256: _find_record(path, sha256) for sha256 in named if sha256}
    return (*file.findings, *check_results(file, records=records))


def _find_record(result_path: str, sha256: str) -> RunRecord | None:
    path = Path(result_path).parent / "runs" / f"{sha256}.json"
    if path.is_symlink() or not path.is_file():
        return None
    from assay.formats.run_record import parse_run_record  # noqa: PLC0415 - see assay.core.checks

    return parse_run_record(_read(str(path)), str(path))[0]


def _known_kind(path: str) -> Kind | None:
    """By name and place, as in a repository; a file named by itself may lie anywhere."""
    parts = Path(os.path.abspath(path)).parts  # noqa: PTH100 - resolve() would follow a link
    if RESULTS_FOLDER in parts:
        start = len(parts) - 1 - parts[::-1].index(RESULTS_FOLDER)
        return file_kind("/".join(parts[start:]), "model")
    if parts[-1] == _CARD:
        return _card_kind(Path(path).parent)
    return file_kind(parts[-1], "dataset")


def _card_kind(folder: Path) -> Kind | None:
    """What a README.md is by its neighbours; most say nothing about a repository of a hub."""
    if any((folder / name).is_file() for name in _SPEC_NAMES):
        return file_kind(_CARD, "dataset")
    return file_kind(_CARD, "model") if (folder / RESULTS_FOLDER).is_dir() else None


def _read(path: str, most_bytes: int = MAX_BYTES) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(most_bytes + 1)  # one more than allowed is enough to refuse it


def _check_folder(folder: str) -> Iterator[Checked]:
    """Every file of a known name and place below a folder; links are reported, not followed."""
    if _is_results_folder(folder):
        yield from _check_results_folder(folder)
        return
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        is_card = _CARD in names and not Path(place, _CARD).is_symlink()
        card = _card_kind(Path(place)) if is_card else None
        if card is not None:
            yield _check_entry(os.path.join(place, _CARD), card, _CARD)  # noqa: PTH118
        if RESULTS_FOLDER in folders:
            folders.remove(RESULTS_FOLDER)
            yield from _check_results_folder(os.path.join(place, RESULTS_FOLDER))  # noqa: PTH118
        for name in _SPEC_NAMES:
            kind = file_kind(name, "dataset")
            if kind is not None and (name in names or name in folders):
                yield _check_entry(os.path.join(place, name), kind, name)  # noqa: PTH118


def _is_results_folder(folder: str) -> bool:
    return Path(os.path.abspath(folder)).name == RESULTS_FOLDER  # noqa: PTH100


def _check_results_folder(folder: str) -> Iterator[Checked]:
    if Path(folder).is_symlink():
        folder = folder.removeprefix("./")
        finding = special_entry_finding(RESULTS_FOLDER, "symlink").at_path(folder)
        yield Checked(folder, Kind.RESULT, (finding,))
        return
    for place, folders, names in os.walk(folder):
        folders.sort()
        inside = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in sorted([*names, *folders]):
            within = (
                f"{RESULTS_FOLDER}/{name}" if inside == "." else f"{RESULTS_FOLDER}/{inside}/{name}"
            )
            kind = file_kind(within, "model")
            if kind is not None:
                yield _check_entry(os.path.join(place, name), kind, within)  # noqa: PTH118


def _check_entry(path: str, kind: Kind, within: str) -> Checked:
    path = path.removeprefix("./")
    stray = "symlink" if Path(path).is_symlink() else "folder" if Path(path).is_dir() else None
    found = special_entry_finding(path, stray) if stray else bad_path_finding(within)
    return Checked(path, kind, (found.at_path(path),) if found else _findings(kind, path))


def _count(checked: list[Checked], severity: Severity) -> int:
    return sum(finding.severity is severity for item in checked for finding in item.findings)


def _print_text(checked: list[Checked]) -> None:
    for item in checked:
        for finding in item.findings:
            click.echo(finding.render())
    counts = [
        _plural(len(checked), "file"),
        _plural(_count(checked, Severity.ERROR), "error"),
        _plural(_count(checked, Severity.WARNING), "warning"),
    ]
    infos = _count(checked, Severity.INFO)
    if infos:
        counts.append(f"{infos} for information")
    click.echo("checked " + ", ".join(counts))


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _print_json(checked: list[Checked]) -> None:
    import json  # noqa: PLC0415

    document = {
        "files": [
            {
                "path": item.path,
                "kind": item.kind.value,
                "findings": [
                    {name: getattr(finding, name) for name in Finding.__slots__}
                    for finding in item.findings
                ],
            }
            for item in checked
        ],
        "errors": _count(checked, Severity.ERROR),
        "warnings": _count(checked, Severity.WARNING),
    }
    click.echo(json.dumps(document, indent=2))
