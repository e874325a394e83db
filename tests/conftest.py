"""Fixtures shared by all tests that speak to a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub_process import SPEC, TERMS, HubProcess, Work


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A served hub with accounts bench, ada and eve, and the benchmark `bench/quiz`."""
    folder = tmp_path_factory.mktemp("hub")
    hub = HubProcess(folder / "data")
    for name in ("bench", "ada", "eve"):
        hub.add(name)
    hub.start()
    try:
        hub.create("bench", "quiz", "dataset")
        work = Work.new(folder / "quiz")
        work.commit({"eval.yaml": SPEC, "assay.yaml": TERMS, "README.md": "# Quiz\n"})
        pushed = work.push(hub.remote("bench", "datasets/bench/quiz"))
        assert pushed.returncode == 0, pushed.stderr
        yield hub
    finally:
        hub.stop()


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """An empty working copy."""
    return Work.new(tmp_path / "work")
