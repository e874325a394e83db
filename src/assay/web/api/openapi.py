"""The OpenAPI document, from the table of routes and the types of their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from assay import __version__
from assay.web.routing import Route

_PARAMETER = re.compile(r"\{(\w+)\*?\}")
ERROR_SCHEMA = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "What went wrong, in a sentence"},
        "code": {"type": "string", "description": "A stable word for it"},
        "hint": {"type": "string", "description": "What to do; may be empty"},
    },
    "required": ["error", "code", "hint"],
}

BOARD_PARAMETERS = {
    "claims": {"type": "string", "enum": ["all"]},
    "as_of": {"type": "string", "description": "A date or time in ISO 8601"},
    "start": {"type": "integer", "minimum": 0, "default": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
}


def describe(routes: Sequence[Route], public_url: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document of the routes that have a summary."""
    typed = [route for route in routes if route.answer is not None]
    template = "#/components/schemas/{name}"
    schemas, components = msgspec.json.schema_components(
        [route.answer for route in typed], ref_template=template
    )
    by_pattern = dict(zip([route.pattern for route in typed], schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Assay",
            "version": __version__,
            "description": "Benchmarks, boards and claims, as the pages show them.",
        },
        "servers": [{"url": public_url}],
        "paths": {
            route.pattern: {route.method.lower(): _operation(route, by_pattern)}
            for route in routes
            if route.summary
        },
        "components": {
            "schemas": {**components, "Error": ERROR_SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.pattern)
    ]
    if route.pattern.startswith("/api/v1/boards/"):
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in BOARD_PARAMETERS.items()
        ]
    answer = schemas.get(route.pattern, {"type": "object"})
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", route.pattern).strip("_"),
        "parameters": parameters,
        "security": [{}, {"token": []}],
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": answer}}},
            "404": {"description": "Not there, or not yours to see", "content": error},
        },
    }
