"""The template environment: loaded once, escaping always, and an unknown name is an error."""

from __future__ import annotations

import functools
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from assay.core.claim import badges
from assay.web.pages import links, words


@functools.cache
def environment() -> Environment:
    """The one environment of all pages."""
    made = Environment(
        loader=PackageLoader("assay.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_upright,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["links"] = links
    made.filters |= {
        "as_said": words.as_said,
        "badge": words.badge,
        "badges_of": badges,
        "brief": words.brief,
        "commit": words.short,
        "count": words.count,
        "day": words.day,
        "evidence": words.evidence,
        "from_base": words.from_base,
        "happening": words.happening,
        "minute": words.minute,
        "number": words.number,
        "plain_number": words.plain_number,
        "quoted": _quoted,
        "unhidden": words.unhidden,
        "unit_label": words.unit_label,
        "unit_suffix": words.unit_suffix,
    }
    return made


def render(template: str, **context: Any) -> str:
    """One page."""
    return environment().get_template(template).render(**context)


def _upright(value: Any) -> Any:
    """What is put into a page: text without marks that would make it read as what it is not."""
    return words.upright(value) if type(value) is str else value


def _quoted(text: str) -> str:
    """Text as a double-quoted scalar, which YAML reads as JSON does."""
    return json.dumps(text, ensure_ascii=False)
