"""Real files from the wild, kept beside the checkout: too many, and not ours, to keep in it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[4] / "shared" / "data"
VERDICTS = SHARED / "expected_verdicts.tsv"


def need_shared_data() -> None:
    """Skip without the files; under CI their absence is a fault."""
    if VERDICTS.is_file():
        return
    if os.environ.get("CI"):
        pytest.fail("../shared/data is missing, and CI needs it")
    pytest.skip("needs the real files of ../shared/data")


def read_verdicts() -> list[dict[str, str]]:
    """The rows of the table; none when it is absent."""
    if not VERDICTS.is_file():
        return []
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
