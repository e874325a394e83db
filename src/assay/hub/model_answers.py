"""The answer about a model; as all answers (`hub.answers`), it is what every dress shows."""

from __future__ import annotations

from typing import Literal

from assay.core.claim import Claim
from assay.hub.answers import Answer


class TaskClaims(Answer, frozen=True, kw_only=True):
    """What is claimed about one model on one task; the task may not be registered here.

    `claims` are those that are on this page, `count` how many there are in all. `standing` is the
    one that speaks, which may be on another page.
    """

    benchmark: str
    task: str
    registered: bool
    unit: str | None
    rank: int | None
    of: int
    standing: Claim | None
    claims: list[Claim]
    count: int


class BrokenFile(Answer, frozen=True, kw_only=True):
    """A result file with errors: its good entries count, this says what is wrong with the rest."""

    filename: str
    lane: str
    error: str


class PullSummary(Answer, frozen=True, kw_only=True):
    """A pull request in a list."""

    number: int
    title: str
    author: str
    status: Literal["draft", "open", "closed", "merged"]
    created: str


class Lineage(Answer, frozen=True, kw_only=True):
    """A model that another is derived from, or that is derived from it, as a card declares.

    `written` is the base as that card writes it, `relation` finetune, adapter, quantized or merge.
    `model` is what the other model is called now; null if the reader finds none of that name here.
    """

    model: str | None
    written: str
    relation: str


class Model(Answer, frozen=True, kw_only=True):
    """A model repository and a page of what is claimed about it.

    Of the `count` claims that were asked for, `tasks` holds those from `start` on, `page_size` at
    most, by task. `benchmark` is what they were asked for about, null for everything. They are
    those that pushes up to the number `up_to` of the push log brought: who asks for the next page
    with the same `up_to` misses none and gets none twice, whatever is reported meanwhile.

    All about the model, whatever was asked for: `claims` in whatever state, `live` ones, on
    `task_count` tasks. Of files with errors and of pull requests, `broken` and `pulls` hold some,
    the newest ones, of `broken_count` and `pull_count`.

    `mirror_of` says what it is a copy of, if it is one: nothing in it is then the author's word.
    `bases` is what its card says it is derived from; `derived` are models whose cards name it, of
    which there are `derived_count`.
    """

    id: str
    private: bool
    claimed: bool
    commit: str | None
    sentence: str
    tasks: list[TaskClaims]
    broken: list[BrokenFile]
    pulls: list[PullSummary]
    mirror_of: str | None
    bases: list[Lineage]
    derived: list[Lineage]
    derived_count: int
    claims: int
    live: int
    task_count: int
    broken_count: int
    pull_count: int
    count: int
    start: int
    page_size: int
    up_to: int
    benchmark: str | None
