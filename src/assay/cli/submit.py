"""`assay submit`: check result files, then report them to a model repository by pull request."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from assay.cli.client import ENDPOINT_HELP, find_token, resolve_endpoint
from assay.cli.output import print_json
from assay.core.checks import Kind, check_file, check_results
from assay.errors import InvalidError
from assay.formats.document import MAX_BYTES
from assay.formats.finding import Finding, has_errors
from assay.formats.names import parse_repo_id

RESULTS_FOLDER = ".eval_results"
LOG_FOLDER = "eval_logs"
_LOG_PATH = re.compile(rf"{LOG_FOLDER}/[0-9a-f]{{64}}\.eval")


@dataclass(frozen=True, slots=True)
class Sent:
    """One file: where it is, where it goes, and what was said of it."""

    local: Path
    path: str
    findings: tuple[Finding, ...] = ()


@click.command(
    epilog="""\b
Examples:
  assay submit assay-results/acme/smollm2 --to acme/smollm2
  assay submit small-talk.yaml --to acme/smollm2 --message "Small talk, from our paper"
"""
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--to", "model", required=True, metavar="NS/MODEL", help="The model repository.")
@click.option("--message", metavar="TEXT", help="The pull request's title.")
@click.option("--endpoint", metavar="URL", help=ENDPOINT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def submit(
    files: tuple[Path, ...],
    model: str,
    message: str | None,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Report results for a model by pull request.

    FILE is a result (.yaml), a run record (.json), an Inspect log (.eval), or a folder that
    `assay run` wrote. They are checked first; with errors nothing is sent and the exit code is 1.
    """
    from assay.cli.submission import submit_files  # noqa: PLC0415 - httpx; not for --help

    hub = resolve_endpoint(endpoint)
    repo = str(parse_repo_id(model))
    sent = _check(_collect(files), repo)
    findings = [finding for item in sent for finding in item.findings]
    if not as_json:
        for finding in findings:
            click.echo(finding.render(), err=True)
    if has_errors(findings):
        if as_json:
            _print_json(None, sent, findings)
        raise InvalidError("The files have errors; nothing was sent")
    _refuse_others(sent, repo)
    url = submit_files(
        hub, find_token(), repo, {item.path: item.local for item in sent}, message or _title(sent)
    )
    if as_json:
        _print_json(url, sent, findings)
        return
    click.echo(f"pull request: {url}")


def _refuse_others(sent: tuple[Sent, ...], repo: str) -> None:
    """A run record of another model is sent to this one by mistake, or to deceive."""
    from assay.formats.run_record import parse_run_record  # noqa: PLC0415 - slow to import

    for item in sent:
        record = parse_run_record(_read(item.local), item.path)[0] if _is_record(item) else None
        of = record.model.repo if record else None
        if of is not None and of.casefold() != repo.casefold():
            raise InvalidError(
                f"{item.local} is the record of a run of {of}, not of {repo}; nothing was sent",
                hint=f"submit it with --to {of}, or the result without the record",
            )


def _is_record(item: Sent) -> bool:
    return item.path.startswith(f"{RESULTS_FOLDER}/runs/")


def _collect(files: tuple[Path, ...]) -> dict[str, Path]:
    """Path in the repository to file, by what each file is."""
    found: dict[str, Path] = {}
    for file in (each for given in files for each in _within(given)):
        path = _place(file)
        if found.get(path, file) != file:
            raise InvalidError(f"{found[path]} and {file} would both become {path}")
        found[path] = file
    return found


def _within(given: Path) -> Iterator[Path]:
    """A file itself; of a folder its results, the records they name and the logs those name.

    What lies there from earlier runs is left where it is.
    """
    if not given.is_dir():
        yield given
        return
    folder = given / RESULTS_FOLDER
    results = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if not results:
        raise InvalidError(
            f"{given} holds no results",
            hint=f"name files, or a folder with {RESULTS_FOLDER}/ in it",
        )
    yield from results
    yield from dict.fromkeys(each for result in results for each in _named_by(given, result))


def _named_by(given: Path, result: Path) -> Iterator[Path]:
    from assay.formats.result import parse_results  # noqa: PLC0415 - slow to import
    from assay.formats.run_record import parse_run_record  # noqa: PLC0415

    for entry in parse_results(_read(result), result.name).entries:
        file = given / RESULTS_FOLDER / "runs" / f"{entry.run_record_sha}.json"
        if entry.run_record_sha is None or not file.is_file():
            continue
        yield file
        record, _ = parse_run_record(_read(file), file.name)
        log = record.log.url if record else None
        # A record may name any address; only what a run wrote here is sent with it.
        if log and _LOG_PATH.fullmatch(log) and (given / log).is_file():
            yield given / log


def _place(file: Path) -> str:
    """Where a file belongs in a model repository."""
    match file.suffix.lower():
        case ".yaml" | ".yml":
            return f"{RESULTS_FOLDER}/{file.name}"
        case ".json":
            return f"{RESULTS_FOLDER}/runs/{_record_digest(file)}.json"
        case ".eval" if zipfile.is_zipfile(file):
            with file.open("rb") as log:
                return f"{LOG_FOLDER}/{hashlib.file_digest(log, 'sha256').hexdigest()}.eval"
        case ".eval":
            raise InvalidError(f"{file} is no Inspect log")
    raise InvalidError(
        f"{file}: cannot tell what this is",
        hint="expected a result (.yaml), a run record (.json) or an Inspect log (.eval)",
    )


def _record_digest(file: Path) -> str:
    """The digest a record is named by: of its canonical form, however the file is written."""
    from assay.formats.rule import Findings  # noqa: PLC0415 - only records need these
    from assay.formats.strict_json import parse_object  # noqa: PLC0415

    findings = Findings(str(file))
    parsed = parse_object(_read(file), findings)
    if parsed is None:
        lines = "\n".join(f"  {finding.render()}" for finding in findings.found())
        raise InvalidError(f"{file} is no run record:\n{lines}")
    return hashlib.sha256(parsed[1]).hexdigest()


def _check(files: Mapping[str, Path], model: str) -> tuple[Sent, ...]:
    """What a push would say; results are held against the records that are sent with them."""
    from assay.formats.result import parse_results  # noqa: PLC0415 - slow to import
    from assay.formats.run_record import parse_run_record  # noqa: PLC0415

    folder = f"{RESULTS_FOLDER}/runs/"
    records = {
        path.removeprefix(folder).removesuffix(".json"): parse_run_record(_read(file), path)[0]
        for path, file in files.items()
        if path.startswith(folder)
    }
    sent = []
    for path, file in files.items():
        findings: tuple[Finding, ...] = ()
        if path.startswith(folder):
            findings = check_file(Kind.RUN_RECORD, _read(file), path)
        elif path.startswith(f"{RESULTS_FOLDER}/"):
            results = parse_results(_read(file), path)
            findings = (*results.findings, *check_results(results, records=records, model=model))
        named = tuple(finding.at_path(str(file)) for finding in findings)
        sent.append(Sent(file, path, named))
    return tuple(sent)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)  # one more than allowed is enough to refuse it


def _title(sent: tuple[Sent, ...]) -> str:
    names = [
        item.local.stem
        for item in sent
        if item.path.removeprefix(f"{RESULTS_FOLDER}/").count("/") == 0
    ]
    return ("Report " + ", ".join(names or ["run records"]))[:200]


def _print_json(url: str | None, sent: tuple[Sent, ...], findings: list[Finding]) -> None:
    print_json(
        {
            "pull_request": url,
            "files": {item.path: str(item.local) for item in sent},
            "findings": findings,
        }
    )
