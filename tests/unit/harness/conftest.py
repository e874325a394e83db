"""Lets the tests of this folder import what they share under the name that mypy knows it by."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = str(Path(__file__).parents[3])
if ROOT not in sys.path:
    sys.path.append(ROOT)

if TYPE_CHECKING:
    from tests.unit.harness.loopback_hub import LoopbackHub


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    from tests.unit.harness.loopback_hub import serve  # noqa: PLC0415 - needs the path above

    with serve() as hub:
        yield hub
