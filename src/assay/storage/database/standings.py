"""Boards: which subjects stand on them, and who stands there under the policy `best-evidence`.

1. A subject (dataset and task as results write them) stands on the board of the task that answers
   to these names, if there is one. Where two datasets answer, the one with the lower id does.
2. A board has one row a public model with a live claim; it follows from the claims about that model
   alone (`core.ranking`), and from the terms of the task.
3. What a board counts (models, ranked, claims) is changed by what its rows change.
4. Whatever a board shows, its generation is another once that has changed.

Whoever changes claims, names or terms calls this in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assay.core import ranking
from assay.core.claim import Reporter, State
from assay.formats.terms import bounds_of
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import (
    board,
    claim,
    repo,
    repo_name,
    standing,
    subject,
    task,
    task_name,
)
from assay.storage.database.writing import insert, portions, put

Pair = tuple[int, str]
Subject = tuple[str, str]
TERMS = ("direction", "unit", "minimum", "maximum", "chance", "items")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a task says that a standing hangs on; fields are columns."""

    direction: str | None
    unit: str | None
    minimum: float | None
    maximum: float | None
    chance: float | None
    items: int | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """As much of a claim as the policy looks at."""

    number: int
    claim_id: str
    value: float
    reporter: Reporter
    state: State
    evidence_level: int
    first_push: int
    latest_push: int
    samples: int | None


# Which board a subject stands on


def boards_answering(db: Connection, dataset_ids: Collection[str]) -> dict[Subject, int]:
    """The boards of everything that results may call these datasets' tasks (rule 1)."""
    found: dict[Subject, int] = {}
    for part in portions(sorted(dataset_ids)):
        query = (
            sa.select(repo_name.c.written, task_name.c.written, board.c.id)
            .join(repo, repo.c.repo_id == repo_name.c.repo_id)
            .join(task_name, task_name.c.repo_id == repo_name.c.repo_id)
            .join(
                board,
                sa.and_(
                    board.c.repo_id == task_name.c.repo_id, board.c.task_id == task_name.c.task_id
                ),
            )
            .where(
                repo_name.c.type == "dataset",
                repo_name.c.written.in_(part),
                sa.not_(repo.c.deleted),
            )
            .order_by(repo.c.repo_id.desc())
        )
        found.update({(row[0], row[1]): row[2] for row in db.execute(query)})
    return found


def resolve(db: Connection, dataset_ids: Collection[str]) -> set[Pair]:
    """Ask again where the subjects of these datasets stand.

    Returns:
        The rows of boards that are to be refreshed: (board, model repository).
    """
    answering = boards_answering(db, dataset_ids)
    moved: dict[int, tuple[int | None, int | None]] = {}
    for part in portions(sorted(dataset_ids)):
        for row in db.execute(sa.select(subject).where(subject.c.dataset_id.in_(part))):
            now = answering.get((row.dataset_id, row.task_id))
            if row.board != now:
                moved[row.id] = row.board, now
    if not moved:
        return set()
    db.execute(
        sa.update(subject)
        .where(subject.c.id == sa.bindparam("number"))
        .values(board=sa.bindparam("now")),
        [{"number": number, "now": now} for number, (_, now) in sorted(moved.items())],
    )
    pairs: set[Pair] = set()
    for numbers in portions(sorted(moved)):
        query = sa.select(claim.c.subject, claim.c.repo_id).where(claim.c.subject.in_(numbers))
        for number, repo_id in db.execute(query.distinct()):
            pairs |= {(one, repo_id) for one in moved[number] if one is not None}
    return pairs


def put_boards(db: Connection, repo_id: str, terms: Mapping[str, Terms]) -> set[Pair]:
    """Make the boards of a benchmark's tasks; call it before the tasks' own rows are replaced.

    Boards of tasks that are gone stay until `drop_boards`, so that what stands there can leave.

    Args:
        db: A write transaction.
        repo_id: The benchmark.
        terms: What its tasks say now, by id.

    Returns:
        The rows that are to be refreshed because a task's terms are others now.
    """
    known = _board_numbers(db, repo_id)
    before = terms_of(db, known.values())
    first = (
        int(db.execute(sa.select(sa.func.coalesce(sa.func.max(board.c.id), 0))).scalar_one()) + 1
    )
    made = [
        {"id": number, "repo_id": repo_id, "task_id": task_id, "models": 0, "ranked": 0}
        | {"claims": 0, "generation": 0}
        for number, task_id in enumerate(sorted(terms.keys() - known.keys()), start=first)
    ]
    insert(db, board, made)
    touch_boards(db, repo_id)
    changed = [
        number
        for task_id, number in known.items()
        if task_id in terms and before.get(number) != terms[task_id]
    ]
    query = sa.select(standing.c.board, standing.c.repo_id).where(standing.c.board.in_(changed))
    return {(row[0], row[1]) for row in db.execute(query)} if changed else set()


def touch_boards(db: Connection, repo_id: str) -> None:
    """Have the boards of a benchmark read anew: what it says of itself may be other words now."""
    _draw(db, _board_numbers(db, repo_id).values())


def _draw(db: Connection, boards: Iterable[int]) -> None:
    rows = [{"number": number, "now": _new_generation()} for number in sorted(boards)]
    if rows:
        db.execute(_OF_NUMBER.values(generation=sa.bindparam("now")), rows)


def _new_generation() -> int:
    """A number no board had before, in this index or in another."""
    return secrets.randbits(62)


_OF_NUMBER = sa.update(board).where(board.c.id == sa.bindparam("number"))


def drop_boards(db: Connection, repo_id: str, tasks: Collection[str]) -> None:
    """Remove the boards of a benchmark but for those of these tasks; nothing stands there."""
    gone = [
        number for task_id, number in _board_numbers(db, repo_id).items() if task_id not in tasks
    ]
    if gone:
        db.execute(sa.delete(board).where(board.c.id.in_(gone)))


def _board_numbers(db: Connection, repo_id: str) -> dict[str, int]:
    query = sa.select(board.c.task_id, board.c.id).where(board.c.repo_id == repo_id)
    return {row[0]: row[1] for row in db.execute(query)}


def terms_of(db: Connection, boards: Iterable[int]) -> dict[int, Terms]:
    """What the tasks of boards say, by board."""
    found: dict[int, Terms] = {}
    for part in portions(sorted(boards)):
        query = (
            sa.select(board.c.id, *(task.c[name] for name in TERMS))
            .join(
                task,
                sa.and_(task.c.repo_id == board.c.repo_id, task.c.task_id == board.c.task_id),
            )
            .where(board.c.id.in_(part))
        )
        found.update({row[0]: Terms(*row[1:]) for row in db.execute(query)})
    return found


# Who stands there


def pairs_of(db: Connection, repo_ids: Collection[str]) -> set[Pair]:
    """Every row of a board that claims about these models could have."""
    return _pairs(db, claim.c.repo_id, repo_ids)


def pairs_of_claims(db: Connection, claim_ids: Collection[str]) -> set[Pair]:
    """The rows of boards that these claims could be in."""
    return _pairs(db, claim.c.claim_id, claim_ids)


def _pairs(db: Connection, column: sa.Column[str], values: Collection[str]) -> set[Pair]:
    pairs: set[Pair] = set()
    for part in portions(sorted(values)):
        query = (
            sa.select(subject.c.board, claim.c.repo_id)
            .join(subject, subject.c.id == claim.c.subject)
            .where(column.in_(part), subject.c.board.is_not(None))
            .distinct()
        )
        pairs |= {(row[0], row[1]) for row in db.execute(query)}
    return pairs


def refresh(db: Connection, pairs: Collection[Pair]) -> None:
    """Compute rows of boards again (rules 2 and 3): (board, model repository)."""
    for part in portions(sorted(pairs, key=lambda pair: (pair[1], pair[0]))):
        _refresh(db, set(part))


def _refresh(db: Connection, pairs: set[Pair]) -> None:
    boards, repo_ids = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    names = _public_names(db, repo_ids)
    terms = terms_of(db, boards)
    claims = _candidates(db, boards, repo_ids)
    before = _rows(db, boards, repo_ids)
    now: dict[Pair, dict[str, Any]] = {}
    for number, repo_id in sorted(pairs):
        found = ranking.stand_for(claims.get((number, repo_id), []))
        if found is not None and repo_id in names and number in terms:
            now[number, repo_id] = _row(number, repo_id, names[repo_id], found, terms[number])
    old = {pair: row for pair, row in before.items() if pair in pairs}
    changed = {pair for pair in pairs if old.get(pair) != now.get(pair)}
    gone = sorted(changed & (old.keys() - now.keys()))
    if gone:
        db.execute(
            sa.delete(standing).where(
                standing.c.board == sa.bindparam("of_board"),
                standing.c.repo_id == sa.bindparam("of_repo"),
            ),
            [{"of_board": number, "of_repo": repo_id} for number, repo_id in gone],
        )
    put(db, standing, [now[pair] for pair in sorted(changed & now.keys())])
    _count(db, pairs, old, now)


def _count(
    db: Connection,
    pairs: Collection[Pair],
    old: Mapping[Pair, Mapping[str, Any]],
    now: Mapping[Pair, Mapping[str, Any]],
) -> None:
    """Rules 3 and 4. Of boards whose rows stay the same, too, something was said anew."""
    counts: dict[int, list[int]] = {number: [0, 0, 0] for number, _ in pairs}
    for pair in pairs:
        for rows, sign in ((old, -1), (now, 1)):
            row = rows.get(pair)
            if row is not None:
                count = counts[pair[0]]
                count[0] += sign
                count[1] += sign * (row["rank_key"] is not None)
                count[2] += sign * (1 + row["others"])
    db.execute(
        _OF_NUMBER.values(
            models=board.c.models + sa.bindparam("more_models"),
            ranked=board.c.ranked + sa.bindparam("more_ranked"),
            claims=board.c.claims + sa.bindparam("more_claims"),
            generation=sa.bindparam("now"),
        ),
        [
            {"number": number, "more_models": m, "more_ranked": r, "more_claims": c}
            | {"now": _new_generation()}
            for number, (m, r, c) in sorted(counts.items())
        ],
    )


def _public_names(db: Connection, repo_ids: Collection[str]) -> dict[str, str]:
    """`ns/name` of the repositories that everybody may see."""
    query = sa.select(repo.c.repo_id, repo.c.namespace, repo.c.name).where(
        repo.c.repo_id.in_(sorted(repo_ids)), sa.not_(repo.c.private), sa.not_(repo.c.deleted)
    )
    return {row[0]: f"{row[1]}/{row[2]}" for row in db.execute(query)}


def _candidates(
    db: Connection, boards: Collection[int], repo_ids: Collection[str]
) -> dict[Pair, list[_Candidate]]:
    query = (
        sa.select(
            subject.c.board,
            claim.c.repo_id,
            claim.c.id,
            claim.c.claim_id,
            claim.c.value,
            claim.c.reporter,
            claim.c.state,
            claim.c.evidence_level,
            claim.c.first_push,
            claim.c.latest_push,
            claim.c.samples,
        )
        .join(subject, subject.c.id == claim.c.subject)
        .where(claim.c.repo_id.in_(sorted(repo_ids)), subject.c.board.in_(sorted(boards)))
    )
    found: dict[Pair, list[_Candidate]] = {}
    for row in db.execute(query):
        candidate = _Candidate(
            row[2], row[3], row[4], Reporter(row[5]), State(row[6]), row[7], row[8], row[9], row[10]
        )
        found.setdefault((row[0], row[1]), []).append(candidate)
    return found


def _rows(
    db: Connection, boards: Collection[int], repo_ids: Collection[str]
) -> dict[Pair, dict[str, Any]]:
    query = sa.select(standing).where(
        standing.c.board.in_(sorted(boards)), standing.c.repo_id.in_(sorted(repo_ids))
    )
    return {(row["board"], row["repo_id"]): dict(row) for row in db.execute(query).mappings()}


def _row(
    number: int, repo_id: str, model: str, found: ranking.Standing[_Candidate], terms: Terms
) -> dict[str, Any]:
    chosen = found.chosen
    low, high = bounds_of(terms.unit, terms.minimum, terms.maximum)
    direction: ranking.Direction = "lower" if terms.direction == "lower" else "higher"
    impossible = ranking.outside(chosen.value, low, high)
    with_chance = ranking.compare_with_chance(
        chosen, chance=terms.chance, unit=terms.unit, items=terms.items
    )
    return {
        "board": number,
        "repo_id": repo_id,
        "model": model,
        "claim": chosen.number,
        "rank_key": None if impossible else ranking.rank_key(chosen.value, direction),
        "reason": str(found.reason),
        "others": len(found.others),
        "disagrees": found.disagrees,
        "declined": found.declined,
        "at_chance": None if with_chance is None else not with_chance.told_apart,
    }
