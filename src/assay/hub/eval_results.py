"""The results of many model repositories at once, as their files say them.

What is live is listed: main's entries, then those of open pull requests. A file on main that has
errors is named with them; its good entries are listed all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from assay.core.permission import Reader
from assay.storage.database import benchmarks as benchmark_rows
from assay.storage.database import claims as claim_rows
from assay.storage.database.claims import EntryRow
from assay.storage.database.engine import Connection


@dataclass(slots=True)
class RepoResults:
    """The results in one model repository.

    Attributes:
        entries: What is live, main first.
        broken: (path, error) of main's files with errors.
    """

    entries: list[EntryRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)


def eval_results(
    db: Connection, reader: Reader, repo_ids: Collection[str]
) -> dict[str, RepoResults]:
    """The results of every repository that has some; two queries, however many they are.

    Args:
        db: The index.
        reader: Who asks.
        repo_ids: Model repositories.
    """
    found: defaultdict[str, RepoResults] = defaultdict(RepoResults)
    for entry in claim_rows.live_entries(db, reader, repo_ids):
        found[entry.repo_id].entries.append(entry)
    for repo_id, path, error in benchmark_rows.broken_on_main(db, reader, repo_ids):
        found[repo_id].broken.append((path, error))
    return dict(found)
