"""Which commit last changed a path: the question behind "last commit" in a listing."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection

from assay.storage.git.repository import Commit, Repository

# Beyond these a path's last commit is not told: nobody waits for it.
MOST_COMMITS = 2_000


def last_commits(git: Repository, commit: str, paths: Collection[str]) -> dict[str, Commit]:
    """The commit that gave each path the content it has at `commit`.

    A path is followed into the first parent in which it is the same, newest commits first, so that
    each commit is looked at once for all paths. Paths not settled within `MOST_COMMITS` are absent.
    """
    content = {path: item.oid for path in paths if (item := git.find(commit, path)) is not None}
    waiting: defaultdict[str, set[str]] = defaultdict(set)
    waiting[commit] = set(content)
    queue = [(-git.commit(commit).committed_s, commit)]
    found: dict[str, Commit] = {}
    for _ in range(MOST_COMMITS):
        if not queue or len(found) == len(content):
            break
        at = git.commit(heapq.heappop(queue)[1])
        left = waiting.pop(at.oid, set())
        for parent in at.parents:
            same = {path for path in left if _content(git, parent, path) == content[path]}
            if same:
                waiting[parent] |= same
                heapq.heappush(queue, (-git.commit(parent).committed_s, parent))
                left -= same
        found |= dict.fromkeys(left, at)
    return found


def _content(git: Repository, commit: str, path: str) -> str | None:
    item = git.find(commit, path)
    return item.oid if item is not None else None
