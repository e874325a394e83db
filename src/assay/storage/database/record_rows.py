"""Loading and saving the records of model repositories: steps, claims and their versions.

Rows that others name carry a number; whoever saves gives out the next ones, which is safe because
one transaction writes at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from assay.core.ledger import Ledger
from assay.core.provenance import MAIN_LANE, Subject
from assay.core.record import ClaimRecord, Step, StepKey, VersionRecord
from assay.storage.database.engine import Connection
from assay.storage.database.index_tables import claim, earlier, episode, step, subject
from assay.storage.database.standings import boards_answering
from assay.storage.database.writing import insert, next_number, portions, put

_STEPS = ("since", "carried", "until")
_CONTENT = tuple(c.name for c in earlier.c if c.name not in {"claim", *_STEPS})
_SINCE, _UNTIL = sa.alias(step, "since_step"), sa.alias(step, "until_step")
_INTRODUCED, _CARRIED = sa.alias(step, "introduced_step"), sa.alias(step, "carried_step")
_RECORD = (
    sa.select(
        *(claim.c[name] for name in ("claim_id", "repo_id", "lane", "pull", "state", "reporter")),
        *(claim.c[name] for name in ("contradicts", "conflicts", "rewritten", "ruling")),
        *(claim.c[name] for name in _CONTENT),
        subject.c.dataset_id,
        subject.c.task_id,
        *(
            column.label(f"{name}_{column.name}")
            for name, alias in (
                ("introduced", _INTRODUCED),
                ("carried", _CARRIED),
                ("since", _SINCE),
                ("until", _UNTIL),
            )
            for column in (alias.c.push, alias.c.commit)
        ),
    )
    .join(subject, subject.c.id == claim.c.subject)
    .join(_INTRODUCED, _INTRODUCED.c.id == claim.c.introduced)
    .join(_SINCE, _SINCE.c.id == claim.c.since)
    .outerjoin(_CARRIED, _CARRIED.c.id == claim.c.carried)
    .outerjoin(_UNTIL, _UNTIL.c.id == claim.c.until)
    .where(claim.c.repo_id == sa.bindparam("repo_id"))
    .order_by(_INTRODUCED.c.push, claim.c.claim_id)
)


def load_ledger(
    db: Connection,
    repo_id: str,
    subjects: Collection[int] | None = None,
    lanes: Collection[str] | None = None,
) -> Ledger:
    """The record of a repository: its claims and the latest version of each.

    Args:
        db: The index.
        repo_id: The repository.
        subjects: Numbers of those subjects that the claims are about; None for all.
        lanes: Those that the claims are in; None for all.
    """
    claims: dict[str, ClaimRecord] = {}
    latest: dict[str, VersionRecord] = {}
    for row in _records(db, repo_id, subjects, lanes):
        claims[row.claim_id] = ClaimRecord(
            claim_id=row.claim_id,
            repo_id=row.repo_id,
            dataset_id=row.dataset_id,
            task_id=row.task_id,
            introduced=(row.introduced_push, row.introduced_commit),
            lane=row.lane,
            pull=row.pull,
            state=row.state,
            reporter=row.reporter,
            contradicts=row.contradicts,
            conflicts=row.conflicts,
            latest=row.number,
            rewritten=row.rewritten,
            ruling=row.ruling,
        )
        latest[row.claim_id] = VersionRecord(
            claim_id=row.claim_id,
            dataset_id=row.dataset_id,
            task_id=row.task_id,
            **{name: getattr(row, name) for name in _CONTENT},
            since=(row.since_push, row.since_commit),
            carried=_key(row.carried_push, row.carried_commit),
            until=_key(row.until_push, row.until_commit),
        )
    return Ledger(repo_id, claims=claims, latest=latest)


def _records(
    db: Connection,
    repo_id: str,
    subjects: Collection[int] | None,
    lanes: Collection[str] | None,
) -> Iterator[Any]:
    queries = [_RECORD]
    if subjects is not None:
        queries = [_RECORD.where(claim.c.subject.in_(part)) for part in portions(sorted(subjects))]
    if lanes is not None:
        parts = list(portions(sorted(lanes)))
        queries = [query.where(claim.c.lane.in_(part)) for query in queries for part in parts]
    for query in queries:
        yield from db.execute(query, {"repo_id": repo_id}).all()


def subjects_touched(
    db: Connection,
    repo_id: str,
    written: Collection[Subject],
    *,
    lanes: Collection[str],
    claims: Collection[str],
) -> set[int]:
    """The numbers of subjects, and of those that some claims are about.

    Args:
        db: The index.
        repo_id: The repository.
        written: Subjects.
        lanes: Pull requests (`pr/N`), for all claims of theirs.
        claims: Ids of claims.
    """
    found = set(_find_subjects(db, written).values())
    for part in portions(sorted(lanes)):
        # Literal, so that the index of such claims is known to be enough.
        of_pulls = claim.c.lane != sa.literal(MAIN_LANE, literal_execute=True)
        query = sa.select(claim.c.subject).where(
            claim.c.repo_id == repo_id, claim.c.lane.in_(part), of_pulls
        )
        found.update(db.execute(query).scalars())
    for part in portions(sorted(claims)):
        of_these = sa.select(claim.c.subject).where(
            claim.c.claim_id.in_(part), claim.c.repo_id == repo_id
        )
        found.update(db.execute(of_these).scalars())
    return found


def files_naming(db: Connection, repo_id: str, records: Collection[str]) -> set[str]:
    """Files of main in which live claims stand that name one of these run records."""
    found: set[str] = set()
    for part in portions(sorted(records)):
        query = sa.select(sa.func.coalesce(claim.c.at_path, claim.c.path)).where(
            claim.c.repo_id == repo_id,
            claim.c.run_record.in_(part),
            claim.c.lane == MAIN_LANE,
            claim.c.until.is_(None),
        )
        found.update(db.execute(query).scalars())
    return found


def _key(push: int | None, commit: str | None) -> StepKey | None:
    return None if push is None or commit is None else (push, commit)


def save_ledgers(db: Connection, ledgers: Sequence[Ledger]) -> None:
    """Write the steps, claims and versions that changed, and only those.

    Args:
        db: A write transaction.
        ledgers: Of different repositories.
    """
    steps = _save_steps(db, ledgers)
    changed = [
        (ledger.claims[identity], ledger.latest[identity])
        for ledger in ledgers
        for identity in sorted(ledger.changed_claims)
    ]
    subjects = _intern_subjects(db, {(one.dataset_id, one.task_id) for one, _ in changed})
    numbers = _numbers(db, [one.claim_id for one, _ in changed])
    rows = []
    for one, version in changed:
        first = one.introduced[0]
        row = {
            "id": numbers[one.claim_id],
            "claim_id": one.claim_id,
            "repo_id": one.repo_id,
            "subject": subjects[one.dataset_id, one.task_id],
            "introduced": steps[one.repo_id, *one.introduced],
            "lane": one.lane,
            "pull": one.pull,
            "state": one.state,
            "reporter": one.reporter,
            "contradicts": one.contradicts,
            "conflicts": one.conflicts,
            "rewritten": one.rewritten,
            "ruling": str(one.ruling),
            "first_push": first,
            "latest_push": version.since[0],
        }
        rows.append(row | _content(version, one.repo_id, steps))
    put(db, claim, rows)
    past = [
        {"claim": numbers[identity]} | _content(version, ledger.repo_id, steps)
        for ledger in ledgers
        for (identity, number), version in sorted(ledger.changed_versions.items())
        if number < ledger.latest[identity].number
    ]
    put(db, earlier, past)
    happened = [
        {
            "claim": numbers[one.claim_id],
            "step": steps[ledger.repo_id, *one.step],
            "kind": one.kind,
            "before": one.before,
            "after": one.after,
        }
        for ledger in ledgers
        for one in ledger.episodes
    ]
    insert(db, episode, happened)


def _content(
    version: VersionRecord, repo_id: str, steps: Mapping[tuple[str, int, str], int]
) -> dict[str, Any]:
    row = {name: getattr(version, name) for name in _CONTENT}
    row["since"] = steps[repo_id, *version.since]
    for name, key in (("carried", version.carried), ("until", version.until)):
        row[name] = None if key is None else steps[repo_id, *key]
    return row


def _save_steps(db: Connection, ledgers: Sequence[Ledger]) -> dict[tuple[str, int, str], int]:
    """Write new steps; the numbers of those and of all that the changed claims name."""
    needed: dict[tuple[str, int, str], Step | None] = {}
    for ledger in ledgers:
        for key in _keys_named(ledger):
            needed[ledger.repo_id, *key] = ledger.steps.get(key)
        needed |= {(ledger.repo_id, *key): taken for key, taken in ledger.steps.items()}
    old = [key for key, taken in needed.items() if taken is None]
    found = _find_steps(db, {repo_id for repo_id, _, _ in old}, {push for _, push, _ in old})
    new = [(key, taken) for key, taken in sorted(needed.items()) if taken is not None]
    first = next_number(db, step)
    rows = []
    for number, ((repo_id, push, commit), taken) in enumerate(new, start=first):
        found[repo_id, push, commit] = number
        rows.append(_step_row(number, repo_id, taken))
    insert(db, step, rows)
    return found


def _step_row(number: int, repo_id: str, taken: Step) -> dict[str, Any]:
    return {
        "id": number,
        "repo_id": repo_id,
        "push": taken.push,
        "commit": taken.commit,
        "lane": taken.lane,
        "received": taken.received,
        "pusher": taken.pusher,
        "rewrites": taken.rewrites,
        "author_name": taken.author_name,
        "author_email": taken.author_email,
        "authored_s": taken.authored_s,
        "committer_name": taken.committer_name,
        "committer_email": taken.committer_email,
        "committed_s": taken.committed_s,
    }


def _keys_named(ledger: Ledger) -> Iterable[StepKey]:
    for identity in ledger.changed_claims:
        one = ledger.claims[identity]
        yield one.introduced
        yield from _keys_of(ledger.latest[identity])
    for version in ledger.changed_versions.values():
        yield from _keys_of(version)


def _keys_of(version: VersionRecord) -> Iterable[StepKey]:
    yield version.since
    yield from (key for key in (version.carried, version.until) if key is not None)


def _find_steps(
    db: Connection, repo_ids: Collection[str], pushes: Collection[int]
) -> dict[tuple[str, int, str], int]:
    found = {}
    for part in portions(sorted(pushes)):
        query = sa.select(step.c.repo_id, step.c.push, step.c.commit, step.c.id).where(
            step.c.repo_id.in_(sorted(repo_ids)), step.c.push.in_(part)
        )
        found.update({(row[0], row[1], row[2]): row[3] for row in db.execute(query)})
    return found


def _intern_subjects(db: Connection, written: Collection[Subject]) -> dict[Subject, int]:
    """The numbers of subjects, which are added where they are new."""
    found = _find_subjects(db, written)
    new = sorted(set(written) - found.keys())
    found |= {key: number for number, key in enumerate(new, start=next_number(db, subject))}
    boards = boards_answering(db, {dataset_id for dataset_id, _ in new})
    rows = [
        {"id": found[key], "dataset_id": key[0], "task_id": key[1], "board": boards.get(key)}
        for key in new
    ]
    insert(db, subject, rows)
    return found


def _find_subjects(db: Connection, written: Collection[Subject]) -> dict[Subject, int]:
    found: dict[Subject, int] = {}
    for part in portions(sorted({dataset_id for dataset_id, _ in written})):
        query = sa.select(subject.c.dataset_id, subject.c.task_id, subject.c.id)
        for row in db.execute(query.where(subject.c.dataset_id.in_(part))):
            if (row[0], row[1]) in written:
                found[row[0], row[1]] = row[2]
    return found


def _numbers(db: Connection, claim_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of claims, old and new."""
    found: dict[str, int] = {}
    for part in portions(claim_ids):
        query = sa.select(claim.c.claim_id, claim.c.id).where(claim.c.claim_id.in_(part))
        found.update({row[0]: row[1] for row in db.execute(query)})
    new = [identity for identity in claim_ids if identity not in found]
    return found | {
        identity: number for number, identity in enumerate(new, start=next_number(db, claim))
    }
