"""Fixtures shared by all tests that speak to a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub_process import HubProcess, Work, quiz_hub
from tests.postgres import Postgres, postgres_server


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A served hub with accounts bench, ada and eve, and the benchmark `bench/quiz`."""
    with quiz_hub(tmp_path_factory.mktemp("hub")) as served:
        yield served


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """An empty working copy."""
    return Work.new(tmp_path / "work")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this session."""
    with postgres_server() as server:
        yield server
