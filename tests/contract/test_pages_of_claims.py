"""Pages of claims and discussions fit together, whatever keeps them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.story import Clock, Story, begin

from assay.core.permission import Reader
from assay.hub import conversations, indexing, models, provenance
from assay.hub.model_answers import Model
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings

ROOT = Reader("root", is_admin=True)
STEPS = 40


@pytest.fixture
def hub(tmp_path: Path, url: str | None) -> Iterator[Hub]:
    settings = HubSettings(data=tmp_path / "data", database_url=url)
    with closing(open_hub(settings, clock=Clock())) as opened:
        indexing.ensure(opened)
        begin(opened)
        yield opened


def ids_of(answer: Model) -> list[str]:
    return [claim.claim_id for task in answer.tasks for claim in task.claims]


@pytest.mark.parametrize("seed", [3, 11])
def test_pages_are_parts_of_the_whole(hub: Hub, seed: int) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - a seed is the point
    for _ in range(STEPS):
        story.step()
    found = 0
    for record in story.there("model"):
        whole = models.model(hub, ROOT, record.full_name)
        assert whole.count == whole.claims == len(ids_of(whole))
        found += whole.count
        in_parts: list[str] = []
        for start in range(0, whole.count, 2):
            part = models.model(
                hub, ROOT, record.full_name, start=start, limit=2, up_to=whole.up_to
            )
            assert part.count == whole.count
            in_parts += ids_of(part)
        assert sorted(in_parts) == sorted(ids_of(whole))
        first = models.model(hub, ROOT, record.full_name, up_to=0)
        assert (first.count, ids_of(first)) == (0, [])
        for task in whole.tasks:
            about = f"{task.benchmark}/{task.task}"
            narrowed = models.model(hub, ROOT, record.full_name, about=about)
            assert set(ids_of(narrowed)) >= {one.claim_id for one in task.claims}
            answer = provenance.claim(hub, ROOT, task.claims[0].claim_id)
            others = {one.claim_id for one in task.claims[1:]}
            assert {one.claim_id for one in answer.others} == others
            assert answer.other_count == len(others)
        listed = conversations.listing(hub, ROOT, "model", record.full_name, status="all")
        numbers = [one.number for one in listed.discussions]
        assert numbers == sorted(set(numbers), reverse=True)
        for number in numbers:
            talk = conversations.discussion(hub, ROOT, "model", record.full_name, number)
            assert talk.claim_count == len(talk.claims)
    assert found
