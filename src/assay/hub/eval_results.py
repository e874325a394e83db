"""The results of many model repositories at once, as their files say them.

What is live is listed: main's entries, then those of open pull requests. A file on main that has
errors is named with them; its good entries are listed all the same. Of a model with very many
results some are listed, and it is said how many are not.
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
        left_out: How many live ones there are beside `entries`.
    """

    entries: list[EntryRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    left_out: int = 0


def eval_results(
    db: Connection, reader: Reader, repo_ids: Collection[str], *, most: int
) -> dict[str, RepoResults]:
    """The results of every repository that has some.

    Of repositories with at most `most` all of them, by two queries, however many they are; of
    others as many, and how many there are.

    Args:
        db: The index.
        reader: Who asks.
        repo_ids: Model repositories.
        most: How many results of each are wanted.
    """
    found: defaultdict[str, RepoResults] = defaultdict(RepoResults)
    counts = claim_rows.count_entries(db, reader, repo_ids)
    large = sorted(repo_id for repo_id, count in counts.items() if count > most)
    small = counts.keys() - set(large)
    entries = claim_rows.live_entries(db, reader, small) if small else []
    for repo_id in large:
        entries += claim_rows.live_entries(db, reader, [repo_id], most=most)
        found[repo_id].left_out = counts[repo_id] - most
    for entry in entries:
        found[entry.repo_id].entries.append(entry)
    for repo_id, path, error in benchmark_rows.broken_on_main(db, reader, repo_ids):
        found[repo_id].broken.append((path, error))
    return dict(found)
