"""What results are about that no benchmark here answers to, and why not."""

from __future__ import annotations

from collections.abc import Mapping

from assay.core.permission import Reader
from assay.hub.answers import Unresolved, UnresolvedPage
from assay.hub.open import Hub
from assay.storage.database import unresolved as unresolved_rows
from assay.storage.database.unresolved import UnresolvedRow

PAGE_SIZE = 100


def unresolved(
    hub: Hub, reader: Reader, *, start: int = 0, limit: int = PAGE_SIZE
) -> UnresolvedPage:
    """Subjects of live claims that stand on no board the reader may see, most claimed first."""
    with hub.index.read() as db:
        count, rows = unresolved_rows.unresolved(db, reader, start=start, limit=limit)
        here = unresolved_rows.datasets_here(db, reader, {row.dataset_id for row in rows})
    return UnresolvedPage(
        sentence=_sentence(count),
        results=[_answer(row, here) for row in rows],
        count=count,
        start=start,
        page_size=limit,
    )


def _answer(row: UnresolvedRow, here: Mapping[str, bool]) -> Unresolved:
    if row.dataset_id not in here:
        why = "there is no such dataset here"
    elif here[row.dataset_id]:
        why = "the benchmark has no task or alias of this name"
    else:
        why = "the dataset is no benchmark: it has no readable eval.yaml on main"
    return Unresolved(
        benchmark=row.dataset_id, task=row.task_id, models=row.models, claims=row.claims, why=why
    )


def _sentence(count: int) -> str:
    if not count:
        return "Every result is about a benchmark that is here."
    what = "thing that no benchmark" if count == 1 else "things that no benchmark"
    return (
        f"Results are about {count} {what} here answers to. They are kept, and take their places "
        "by themselves as soon as one does."
    )
