"""Sending files to a model repository as a pull request, and reading a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.errors import AssayError, InvalidError, UnauthenticatedError, UnavailableError
from assay.formats.finding import Finding, Severity
from assay.harness.remote import error_for, fetch_json, unreachable


class RefusedError(InvalidError):
    """The hub did not take the files.

    Attributes:
        findings: What it found in them; empty when it refused for another reason.
    """

    code = "refused"

    def __init__(self, message: str, findings: tuple[Finding, ...], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


def submit_files(
    endpoint: str, token: str | None, model: str, files: Mapping[str, Path], message: str
) -> str:
    """Open a pull request that adds files to a model repository.

    Args:
        endpoint: The hub's address.
        token: Whose pull request it is.
        model: NS/MODEL.
        files: Path in the repository to the file on this machine.
        message: The pull request's title.

    Returns:
        The pull request's address.

    Raises:
        RefusedError: The hub found errors in the files; the message lists them.
        AssayError: The hub cannot be reached, knows no such repository, or refuses the person.
    """
    from httpx2 import HTTPError  # noqa: PLC0415 - the transport of huggingface_hub
    from huggingface_hub import CommitOperationAdd, HfApi  # noqa: PLC0415 - slow; only to send
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    if token is None:
        raise UnauthenticatedError(
            f"Submitting to {endpoint} needs a token",
            hint="set HF_TOKEN, or run `hf auth login`; `assay token` makes one",
        )
    # The Hugging Face client tries for 23 seconds when nobody answers; this says so at once.
    fetch_json(endpoint, f"/api/models/{model}", token=token)
    additions = [
        CommitOperationAdd(path_in_repo=path, path_or_fileobj=str(local))
        for path, local in files.items()
    ]
    try:
        commit = HfApi(endpoint=endpoint, token=token).create_commit(
            model, additions, commit_message=message, create_pr=True
        )
    except HfHubHTTPError as error:
        answer = error.response
        raise _refusal(
            answer.status_code, answer.headers, answer.content, str(answer.request.url)
        ) from error
    except HTTPError as error:
        raise unreachable(endpoint, error) from error
    if not commit.pr_url:
        raise UnavailableError(f"{endpoint} took the files and named no pull request")
    return str(commit.pr_url)


def _refusal(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AssayError:
    """What a refusal means: the findings where there are any, else the hub's own sentence."""
    findings = tuple(_findings(body))
    if not findings:
        return error_for(status, headers, body, url)
    lines = "\n".join(f"  {finding.render()}" for finding in findings)
    return RefusedError(f"The hub refused the files:\n{lines}", findings)


def _findings(body: bytes) -> Iterator[Finding]:
    """The findings in a refusal's body, with whatever fields the hub knows."""
    try:
        said = json.loads(body)
    except ValueError:
        return
    listed = said.get("findings") if isinstance(said, dict) else None
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and item.get("message"):
            yield _finding(item)


def _finding(item: dict[str, Any]) -> Finding:
    severity = str(item.get("severity"))
    return Finding(
        path=str(item.get("path") or ""),
        line=int(item.get("line") or 0),
        column=int(item.get("column") or 0),
        code=str(item.get("code") or ""),
        severity=Severity(severity) if severity in set(Severity) else Severity.ERROR,
        where=str(item.get("where") or ""),
        message=str(item["message"]),
        got=str(item.get("got") or ""),
        expected=str(item.get("expected") or ""),
        hint=str(item.get("hint") or ""),
    )
