"""What the record of a model repository is made of: steps, claims, versions, and what is behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from assay.core.provenance import Place


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of a lane, or the removal of the lane (`commit` is then empty).

    What git says of its making is not authenticated; who pushed it is.

    Attributes:
        lane: `main` or `pr/N`.
        commit: The commit's id.
        push: Number of the push that brought it, with when it came and who sent it.
        rewrites: Whether that push rewrote the lane's history.
    """

    lane: str
    commit: str
    push: int
    received: str
    pusher: str | None
    rewrites: bool
    author_name: str = ""
    author_email: str = ""
    authored_s: int = 0
    committer_name: str = ""
    committer_email: str = ""
    committed_s: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind an entry at a commit: level 0 to 5, items scored, standard error."""

    level: int
    samples: int | None = None
    stderr: float | None = None


StepKey = tuple[int, str]


@dataclass(slots=True)
class ClaimRecord:
    """A claim as the index keeps it; steps are named by push and commit."""

    claim_id: str
    repo_id: str
    dataset_id: str
    task_id: str
    introduced: StepKey
    lane: str
    pull: int | None
    state: str
    reporter: str
    contradicts: str | None
    conflicts: bool
    latest: int
    rewritten: bool = False
    ruling: str = "none"


@dataclass(slots=True)
class VersionRecord:
    """One content of a claim as the index keeps it; steps are named by push and commit.

    `path`, `position` and `line` are where it began. `at_path` and its fellows are where it stands
    by now, and a commit that shows it there; None while that is where it began.
    """

    claim_id: str
    dataset_id: str
    task_id: str
    number: int
    content_key: str
    path: str
    position: int
    line: int
    dataset_revision: str | None
    value: float
    value_text: str
    date: str | None
    source: dict[str, Any] | None
    notes: str | None
    verify_token: str | None
    extra: dict[str, Any] | None
    run_record: str | None
    samples: int | None
    stderr: float | None
    evidence_level: int
    since: StepKey
    carried: StepKey | None = None
    until: StepKey | None = None
    at_path: str | None = None
    at_position: int | None = None
    at_line: int | None = None
    at_commit: str | None = None

    @property
    def stands(self) -> tuple[str, int, int]:
        """Path, position in the file and line where it stands, or stood at last."""
        if self.at_path is None or self.at_position is None or self.at_line is None:
            return self.path, self.position, self.line
        return self.at_path, self.at_position, self.at_line

    @property
    def commit(self) -> str:
        """A commit of its lane that shows it where it stands."""
        return self.at_commit or (self.carried or self.since)[1]

    @property
    def place(self) -> Place:
        """Where it stands and what it is about, for matching."""
        path, position, _ = self.stands
        return Place(path, position, self.dataset_id, self.task_id, self.content_key)


EpisodeKind = Literal["moved", "rewritten"]


@dataclass(frozen=True, slots=True)
class Episode:
    """What happened to a claim without changing what it says.

    moved: from the file `before` to the file `after`. rewritten: the step rewrote the lane so that
    it no longer has the commit `before`, which showed the claim; `after` shows it now, and is empty
    if nothing does.
    """

    claim_id: str
    kind: EpisodeKind
    step: StepKey
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PullState:
    """What the record needs to know of a pull request: its status, author, and who closed it."""

    author: str
    status: str
    closed_by: str | None
