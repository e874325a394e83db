"""The index after anything that people do: as one built anew, with boards from claims alone.

Stories are random, from a seed, and told through the hub's own verbs against real repositories; one
fails with its seed and what was done.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.story import DATASETS, RESULTS, SPEC, TASKS, TERMS, Clock, Story, begin

from assay.core import ranking
from assay.core.claim import Claim, Reporter, State
from assay.core.permission import MAIN, STRANGER, Reader
from assay.core.policy import POLICIES, Policy, View
from assay.errors import NotFoundError
from assay.formats.terms import bounds_of
from assay.hub import boards, indexing, leaderboard, models
from assay.hub.answers import Row, Task
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.database import boards as board_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database import standings

STEPS = 30
VIEWS: tuple[View, ...] = ("models", "claims")
ROOT = Reader("root", is_admin=True)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(leaderboard, "PORTION", 2)
    opened = open_hub(HubSettings(data=tmp_path / "data"), clock=Clock())
    begin(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_index_is_what_a_rebuild_makes(hub: Hub, seed: int) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - a seed is the point
    for _ in range(STEPS):
        story.step()
        expect_pages_under_any_policy(hub, story)
    expect_boards_from_claims(hub, story)
    expect_models_from_claims(hub, story)
    expect_leaderboards_like_boards(hub, story)
    kept = list(indexing.dump(hub))
    indexing.rebuild(hub, workers=1)
    assert list(indexing.dump(hub)) == kept, f"seed {seed}: {story.told}"


def expect_boards_from_claims(hub: Hub, story: Story) -> None:
    """Every standing row and every count follows from the public claims about that task."""
    with hub.index.read() as db:
        ids = [record.id for record in story.there("dataset")]
        found = board_rows.boards_of(db, ids)
        terms = standings.terms_of(db, [board.id for board in found.values()])
        for board in found.values():
            of = terms[board.id]
            low, high = bounds_of(of.unit, of.minimum, of.maximum)
            claims = claim_rows.claims_on(db, STRANGER, board.id)
            expected = ranking.stand(claims)
            ranked = [one for one in expected if not ranking.outside(one.chosen.value, low, high)]
            live = sum(1 + len(one.others) for one in expected)
            assert (board.models, board.ranked, board.claims) == (len(expected), len(ranked), live)
            ranked.sort(key=lambda one: (_sign(of.direction) * one.chosen.value, one.chosen.model))
            page = board_rows.page_of(db, board, start=0, limit=1000)
            got = [
                (row.claim, row.reason, row.others, row.disagrees, row.declined)
                for row in page
                if row.rank_key is not None
            ]
            assert got == [
                (one.chosen, one.reason, len(one.others), one.disagrees, one.declined)
                for one in ranked
            ], story.told


def expect_models_from_claims(hub: Hub, story: Story) -> None:
    """What a model's page counts, and who speaks on each task, follow from its claims."""
    for record in story.there("model"):
        answer = models.model(hub, ROOT, record.full_name, limit=10**6)
        claims = [claim for task in answer.tasks for claim in task.claims]
        live = [claim for claim in claims if claim.state is State.LIVE]
        counts = answer.claims, answer.count, answer.live, answer.task_count
        assert counts == (len(claims), len(claims), len(live), len(answer.tasks)), story.told
        authors = sum(claim.reporter is Reporter.AUTHOR for claim in live)
        said = f": {authors} by the author, {len(live) - authors} by the community."
        assert not (live and answer.claimed) or answer.sentence.endswith(said)
        for task in answer.tasks:
            chosen = [one.chosen for one in ranking.stand(task.claims)]
            assert ([task.standing] if task.standing else []) == chosen, story.told
            assert task.count == len(task.claims), story.told


def expect_leaderboards_like_boards(hub: Hub, story: Story) -> None:
    """The ranked rows of a board are its leaderboard, in however many portions it is walked."""
    for record, task_id in itertools.product(story.there("dataset"), ("main", "other")):
        try:
            board = boards.board(hub, ROOT, record.full_name, task_id)
        except NotFoundError:
            continue
        ranked = [(row.rank, row.claim) for row in board.rows if row.rank is not None]
        with leaderboard.leaderboard(hub, ROOT, record.full_name, task_id) as found:
            assert [(one.rank, one.claim) for one in found.places] == ranked, story.told
            assert found.ranked == len(ranked)


def rows_from(claims: list[Claim], task: Task, view: View, policy: Policy) -> list[Any]:
    """What a board says row by row, from all claims about its task."""
    low, high = bounds_of(task.unit, task.minimum, task.maximum)
    ranked: list[Any] = []
    others: list[Any] = []
    for standing in ranking.stand(claims, policy):
        admitted = [one for one in standing.others if policy.admits(one)]
        for said in [standing.chosen, *(admitted if view == "claims" else [])]:
            place = said.model, said.first_push, said.claim_id
            row = said, len(standing.others), standing.disagrees, standing.declined
            (others if ranking.outside(said.value, low, high) else ranked).append((place, row))
    ranks = ranking.ranks([row[0].value for _, row in ranked], task.direction or "higher")
    ordered = sorted(zip(ranks, ranked, strict=True), key=lambda pair: (pair[0], pair[1][0]))
    found: list[Any] = [(rank, *row) for rank, (_, row) in ordered]
    return found + [(None, *row) for _, row in sorted(others, key=lambda pair: pair[0])]


def said_by(row: Row) -> Any:
    return row.rank, row.claim, row.other_claims, row.disagrees, row.declined


def expect_pages_under_any_policy(hub: Hub, story: Story) -> None:
    """Pages, which are kept from step to step, say what follows from the claims as they are."""
    for record in story.there("dataset"):
        with hub.index.read() as db:
            tasks = board_rows.boards_of(db, [record.id])
        for (_, task_id), of in tasks.items():
            with hub.index.read() as db:
                place = board_rows.find_place(db, ROOT, record.namespace, record.name, task_id)
                claims = claim_rows.claims_on(db, STRANGER, of.id)
            assert place is not None
            asked_anew = boards.benchmark(hub, ROOT, record.full_name)
            for policy, view in itertools.product(POLICIES, VIEWS):
                board = boards.board(
                    hub, ROOT, record.full_name, task_id, policy=policy, view=view, limit=10**4
                )
                expected = rows_from(claims, board.task, view, policy)
                public = [said_by(row) for row in board.rows if row.would_rank is None]
                assert public == expected, story.told
                assert board.count == len(expected)
                assert (board.title, board.private) == (place.benchmark.title, record.private)
                assert board.task in asked_anew.tasks, story.told
                for limit in (1, 2):
                    page = boards.board(
                        hub, ROOT, record.full_name, task_id, policy=policy, view=view, limit=limit
                    )
                    assert page.sentence == board.sentence, story.told


def _sign(direction: str | None) -> int:
    return 1 if direction == "lower" else -1


@pytest.mark.parametrize("seed", range(149, 153))
def test_a_board_as_of_a_time_is_what_it_was_then(hub: Hub, seed: int) -> None:
    story = Story(hub, random.Random(seed))  # noqa: S311 - a seed is the point
    for record in story.there("dataset"):
        files = {"eval.yaml": f"{SPEC}  - id: main\n  - id: other\n".encode()}
        files["assay.yaml"] = (TERMS % ("percent, chance: 50", "higher")).encode()
        story.land(record, MAIN, files, on=None)
    seen: dict[str, list[Any]] = {}
    for _ in range(STEPS):
        story.step(RESULTS)
        seen[hub.now()] = shown(hub)
    assert len({str(rows) for rows in seen.values()}) > 4
    for time, rows in seen.items():
        assert shown(hub, as_of=time) == rows, f"seed {seed}, {time}: {story.told}"
    assert not any(rows for _, rows in shown(hub, as_of="2025-12-31"))


def shown(hub: Hub, *, as_of: str | None = None) -> list[tuple[str, list[Any]]]:
    """All boards, by what their rows and their sentences say."""
    found = []
    for dataset in DATASETS[:2]:
        for task in TASKS[:2]:
            board = boards.board(hub, STRANGER, dataset, task, as_of=as_of)
            rows: list[Any] = [
                (row.rank, row.why, row.declined, row.disagrees, *said(row.claim))
                for row in board.rows
            ]
            found.append((board.sentence if rows else "", rows))
    return found


def said(claim: Claim) -> tuple[Any, ...]:
    return claim.claim_id, claim.value_text, claim.reporter, claim.lane, claim.commit
