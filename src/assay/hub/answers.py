"""The answer objects: what a page, the JSON API, the command line and an export all show.

Every time is ISO 8601 in UTC; every value is in the unit of its task. JSON Schema for the OpenAPI
document is generated from these types, so their docstrings are what API users read.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from assay.core.claim import Claim, MovedTo
from assay.core.difference import FieldChange

Direction = Literal["higher", "lower"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Common ground of all answers."""


class Task(Answer, frozen=True, kw_only=True):
    """A task of a benchmark. Fields that nobody declared are null, never guessed."""

    task_id: str
    config: str | None
    split: str
    scorers: list[str]
    metric: str | None
    unit: str | None
    direction: Direction | None
    minimum: float | None
    maximum: float | None
    chance: float | None
    items: int | None
    aliases: list[str]
    models: int
    claims: int


class Finding(Answer, frozen=True, kw_only=True):
    """What a check had to say about a file."""

    path: str
    line: int
    column: int
    code: str
    severity: Literal["error", "warning", "info"]
    where: str
    message: str
    got: str
    expected: str
    hint: str


class Succession(Answer, frozen=True, kw_only=True):
    """A benchmark that another one takes the place of, or that takes its place.

    `said_by` names who says so, by id; `is_here` is whether the other is a benchmark of this hub.
    """

    id: str
    is_here: bool
    said_by: list[str]


class Benchmark(Answer, frozen=True, kw_only=True):
    """A dataset repository with an eval.yaml.

    `models` and `claims` count what is live and public. `mirror_of` says what it is a copy of, if
    it is one.
    """

    id: str
    title: str
    description: str
    private: bool
    framework: str | None
    runnable: bool
    not_runnable_because: str
    commit: str
    spec_sha256: str
    tasks: list[Task]
    models: int
    claims: int
    findings: list[Finding]
    supersedes: list[Succession]
    superseded_by: list[Succession]
    mirror_of: str | None = None


class Chance(Answer, frozen=True, kw_only=True):
    """How a score stands to answering at random (95 % Wilson interval, in the task's unit)."""

    level: float
    told_apart: bool
    low: float
    high: float
    n: int
    n_source: Literal["run record", "benchmark"]


class Row(Answer, frozen=True, kw_only=True):
    """One row of a board: a model and the claim that speaks for it, or one claim.

    Attributes:
        rank: Null for a private claim, and for a value that cannot be: they rank nowhere.
        would_rank: Where a private claim would rank, for readers who may see it.
        badges: author, community, mirror, not checked here, conflicting, private …: from reporter,
            origin, state, attestation and what happened to the claim.
        other_claims: Other live claims about this model and task.
        disagrees: Whether one of them has another value.
        declined: How many claims about this model and task were declined.
        why: One sentence: why this claim speaks.
        outside: Why the value cannot be what the task measures, such as `not from 0 to 100`.
        revision: Whether the revision of the data that the entry names has the data of main:
            current, stale or unknown; null where it names none.
    """

    rank: int | None
    would_rank: int | None
    model: str
    claim: Claim
    badges: list[str]
    other_claims: int
    disagrees: bool
    declined: int
    why: str
    outside: str
    chance: Chance | None
    revision: Literal["current", "stale", "unknown"] | None = None


class Board(Answer, frozen=True, kw_only=True):
    """The ranked answer for a task under a stated policy.

    Attributes:
        view: `models` (one row a model) or `claims` (one row a claim).
        direction: Whether higher or lower is better; `assumed` says that nobody declared it.
        sentence: What the board says today, computed.
        rows: The public rows from `start` on, `page_size` at most of `count`. On the first page,
            private ones that this reader may see come after them.
        as_of: The time of which this is the board, as it was asked for; null for the present.
    """

    benchmark: str
    title: str
    private: bool
    task: Task
    policy: str
    policy_says: str
    view: Literal["models", "claims"]
    direction: Direction
    direction_assumed: bool
    unit: str | None
    commit: str
    sentence: str
    rows: list[Row]
    count: int
    start: int
    page_size: int
    as_of: str | None = None


class Unresolved(Answer, frozen=True, kw_only=True):
    """What live claims are about, as they write it, that no benchmark here answers to, and why."""

    benchmark: str
    task: str
    models: int
    claims: int
    why: str


class UnresolvedPage(Answer, frozen=True, kw_only=True):
    """Some of what stands on no board, most claimed first: `count` in all, these from `start`."""

    sentence: str
    results: list[Unresolved]
    count: int
    start: int
    page_size: int


class Version(Answer, frozen=True, kw_only=True):
    """One content of a claim, with the commits and pushes between which it held.

    What git says of authorship (`author_*`, `committer_*`) is not authenticated; `pusher` is.
    `changed` says in which fields it differs from the version before, from what to what. It began
    at `line` of `path` in `since_commit`; `moved_to` is where it stands by now, if elsewhere.
    `carried_*` is the merge that brought it from its pull request to main, and who merged.
    """

    number: int
    value_text: str
    path: str
    line: int
    date: str | None
    source: dict[str, Any] | None
    notes: str | None
    dataset_revision: str | None
    verify_token: str | None
    run_record: str | None
    changed: list[FieldChange]
    since_commit: str
    since_push: int
    received: str
    pusher: str | None
    author_name: str
    author_email: str
    authored: str
    committer_name: str
    committer_email: str
    committed: str
    until_commit: str | None
    until_push: int | None
    moved_to: MovedTo | None = None
    carried_commit: str | None = None
    carried_push: int | None = None
    carried_received: str | None = None
    carried_by: str | None = None


class HistoryLine(Answer, frozen=True, kw_only=True):
    """One line of a claim's history.

    `kind`: introduced, changed, introduced again, deleted, moved (to another file), carried to
    main, history rewritten, disputed, upheld, refuted, ruling withdrawn, comment, commit, or
    `pull request` (`discussion`) opened, renamed, ready, closed, reopened, merged. `text` is a
    reason or a summary; that of a hidden comment is empty.
    `note` is edited or hidden for such comments; unchanged where history was rewritten and the
    claim still stands; else empty.
    """

    at: str
    kind: str
    actor: str | None
    text: str
    commit: str | None
    pull: int | None
    note: str = ""


class RulingAnswer(Answer, frozen=True, kw_only=True):
    """What somebody ruled on a claim, with her reason and, if she named any, evidence.

    `withdrawn` is when she took it back, and `withdrawn_because` why. The last that was not
    withdrawn is the claim's `ruling`.
    """

    id: int
    ruling: Literal["disputed", "upheld", "refuted"]
    actor: str
    at: str
    reason: str
    evidence: str
    withdrawn: str | None
    withdrawn_because: str


class ClaimAnswer(Answer, frozen=True, kw_only=True):
    """A claim with its provenance.

    `others` are claims about the same model and task, the first hundred of `other_count`;
    `conflicts_with` are the ids of live ones of the same branch that give another value, the first
    twenty, and `findings` the first fifty about its file.
    """

    claim: Claim
    badges: list[str]
    sentence: str
    unit: str | None
    benchmark_registered: bool
    ref: str
    versions: list[Version]
    history: list[HistoryLine]
    others: list[Claim]
    other_count: int
    conflicts_with: list[str]
    rulings: list[RulingAnswer]
    chance: Chance | None
    yaml: str
    findings: list[Finding]
    revision: Literal["current", "stale", "unknown"] | None = None


class Removal(Answer, frozen=True, kw_only=True):
    """An entry of main that a pull request takes away; its claim stays as it is until a merge."""

    path: str
    dataset_id: str
    task_id: str
    value_text: str


class FileChange(Answer, frozen=True, kw_only=True):
    """A file that a pull request changes, with its part of the unified diff.

    `shown` is text when `text` holds the lines, else why it does not: binary, or too long.
    """

    path: str
    change: Literal["added", "removed", "changed"]
    shown: Literal["text", "binary", "too long"]
    plus: int
    minus: int
    text: str


class DiscussionAnswer(Answer, frozen=True, kw_only=True):
    """A discussion, or a pull request with what it changes and what the checks say about that.

    Of a discussion, what concerns changes is empty. `conflicts` are the files that keep an open
    pull request from being merged; `more_files` counts what `files` has no place for. Of `claims`,
    `removals` and `findings` there are the first two hundred of as many as are counted beside them.
    """

    repo: str
    type: Literal["model", "dataset"]
    number: int
    is_pull: bool
    title: str
    description: str
    author: str
    status: Literal["draft", "open", "closed", "merged"]
    created: str
    sentence: str
    head: str | None
    base: str | None
    merge_commit: str | None
    conflicts: list[str]
    files: list[FileChange]
    more_files: int
    claims: list[Claim]
    claim_count: int
    removals: list[Removal]
    removal_count: int
    findings: list[Finding]
    finding_count: int
    history: list[HistoryLine]


class DiscussionSummary(Answer, frozen=True, kw_only=True):
    """A discussion or pull request in a list."""

    number: int
    is_pull: bool
    title: str
    author: str
    status: Literal["draft", "open", "closed", "merged"]
    created: str


class DiscussionPage(Answer, frozen=True, kw_only=True):
    """Some discussions and pull requests of a repository, the newest first.

    There are `count` of this kind and status, and these are those from `start` on. Drafts count as
    open, merged ones as closed. None has a number beyond `up_to`: who asks for the next page with
    the same one gets nothing twice, whatever is opened meanwhile.
    """

    repo: str
    type: Literal["model", "dataset"]
    private: bool
    sentence: str
    kind: Literal["all", "discussion", "pull_request"]
    status: Literal["all", "open", "closed"]
    discussions: list[DiscussionSummary]
    count: int
    start: int
    page_size: int
    up_to: int


class Notification(Answer, frozen=True, kw_only=True):
    """Something the reader is told: who did what, where and when.

    `kind`: opened, claim (a pull request that brings or changes results), comment, closed, reopened
    or merged. `read` is when the reader said that she had read it.
    """

    id: int
    kind: str
    repo: str
    type: Literal["model", "dataset"]
    number: int
    title: str
    is_pull: bool
    actor: str
    at: str
    read: str | None


class NotificationPage(Answer, frozen=True, kw_only=True):
    """Some of the reader's notifications, the newest first: `count` in all, these from `start`."""

    notifications: list[Notification]
    count: int
    unread: int
    start: int
    page_size: int


class RunAnswer(Answer, frozen=True, kw_only=True):
    """A run record, found by its content's digest, and where it lies."""

    sha256: str
    model: str
    lane: str
    commit: str
    path: str
    log_path: str | None
    record: dict[str, Any]


class HomeAnswer(Answer, frozen=True, kw_only=True):
    """The front page: what is here."""

    benchmarks: list[Benchmark]
    models: int
    claims: int
    latest: list[Claim]
