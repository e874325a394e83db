"""What is said of one kind of database is said of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.hub_process import HubProcess, quiz_hub
from tests.postgres import Postgres

KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str | None:
    """Where a new hub's databases are: None for its data folder, or an empty database."""
    if request.param == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="module")
def database_url(postgres: Postgres) -> str:
    """The database of this module's hub."""
    return postgres.new_database()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[HubProcess]:
    """The hub that other tests are given, on PostgreSQL; so are all commands of the module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", database_url)
        with quiz_hub(tmp_path_factory.mktemp("hub")) as served:
            yield served
            assert not (served.data / "hub.sqlite").exists()
