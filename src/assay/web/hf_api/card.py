"""`/api/validate-yaml`: what the checks say about a README.md, before it is committed."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from assay.core.checks import check_file, file_kind
from assay.errors import InvalidError
from assay.formats.finding import Finding, Severity
from assay.hub.profiles import CARD
from assay.web.hf_api.account import read_body
from assay.web.hf_api.repositories import TYPES
from assay.web.replies import error_headers, json_reply
from assay.web.routing import Context, Route


class ReadmeCheck(msgspec.Struct, rename="camel"):
    """The body of `POST /api/validate-yaml`."""

    content: str
    repo_type: str | None = "model"


async def _validate(context: Context) -> Response:
    """The findings of a push, which all are warnings; an error only about the request itself."""
    try:
        asked = await read_body(context, ReadmeCheck)
        findings = _findings(asked)
    except InvalidError as error:
        body = {"errors": [{"message": error.message}], "warnings": [], "error": error.message}
        return json_reply(body, status=400, headers=error_headers(error))
    errors = [_message(found) for found in findings if found.severity is Severity.ERROR]
    warnings = [_message(found) for found in findings if found.severity is not Severity.ERROR]
    status = 400 if errors else 200
    return json_reply({"errors": errors, "warnings": warnings}, status=status)


def _findings(asked: ReadmeCheck) -> tuple[Finding, ...]:
    repo_type = TYPES.get(asked.repo_type or "model")
    if repo_type is None:
        raise InvalidError(f"{(asked.repo_type or '')[:80]} repositories are not on this hub")
    kind = file_kind(CARD, repo_type)
    return check_file(kind, asked.content.encode(), CARD) if kind is not None else ()


def _message(finding: Finding) -> dict[str, str]:
    return {"message": finding.render()}


def routes() -> list[Route]:
    """The check of a card."""
    return [Route("POST", "/api/validate-yaml", _validate, changes=False)]
