"""Inspect's own pydantic model of a task: the truth that `assay.formats.inspect_task` copies."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import pytest


@cache
def inspect_model() -> Any:
    """`HFTask` of the installed Inspect; its import takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("inspect_ai._eval.task.hf", reason="needs Inspect").HFTask


def find_model_fault(task: Any) -> str | None:
    """The place of the first fault as pydantic names it; None when Inspect takes the task."""
    from pydantic import ValidationError  # noqa: PLC0415 - comes with Inspect

    try:
        inspect_model().model_validate(task)
    except ValidationError as error:
        return ".".join(str(part) for part in error.errors()[0]["loc"])
    return None
