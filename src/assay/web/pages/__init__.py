"""The pages: pure functions from answer objects to HTML."""

from __future__ import annotations

from assay.web.pages.rendering import (
    render_benchmark,
    render_benchmarks,
    render_claim,
    render_discussion,
    render_discussions,
    render_embed,
    render_error,
    render_home,
    render_model,
    render_notifications,
    render_run,
    render_unresolved,
)
from assay.web.pages.site import Site

__all__ = [
    "Site",
    "render_benchmark",
    "render_benchmarks",
    "render_claim",
    "render_discussion",
    "render_discussions",
    "render_embed",
    "render_error",
    "render_home",
    "render_model",
    "render_notifications",
    "render_run",
    "render_unresolved",
]
