"""Tables of `index.sqlite`: derived from git and the durable rows, dropped and rebuilt at will.

What rows are about is natural (digests, names, numbers that git or the push log gave). What is
named by very many rows has a number of its own here, which the first transaction to need it gave
out: steps, subjects, boards and claims. Numbers are not in a dump, which is therefore the same
whatever the order of work. Any change here raises `SCHEMA`; an index of another schema is rebuilt.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assay.storage.database.types import BigInteger, Hex, Text

SCHEMA = 14

metadata = sa.MetaData()

# What the index last saw of a repository: the last rows of the push log, of the pull requests'
# events and of the rulings that it is current with.
repo = sa.Table(
    "repo",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("type", Text, nullable=False),
    sa.Column("namespace", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    # All names that lead to it, as they were written; `repo_name` has them as rows.
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("gated", Text),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("claimed", sa.Boolean, nullable=False),
    # What it is a copy of, as readers are told.
    sa.Column("mirror_of", Text),
    sa.Column("created", Text, nullable=False),
    # When main last moved, as the hub received it; when the repository was made, until it did.
    sa.Column("updated", Text, nullable=False),
    sa.Column("last_push", sa.Integer, nullable=False),
    sa.Column("last_event", sa.Integer, nullable=False),
    sa.Column("last_ruling", sa.Integer, nullable=False),
    sa.Column("main", Text),
    # Why it could not be read when that was last tried: the rest is as it was before.
    sa.Column("fault", Text),
    # How many live claims are made about it.
    sa.Column("claims", sa.Integer, nullable=False),
    # Not unique: while names go from one repository to another, the index follows one by one.
    sa.Index("repo_named", "type", "namespace", "name"),
    sa.Index("repo_by_update", "type", "updated", "repo_id"),
    sa.Index("repo_by_creation", "type", "created", "repo_id"),
    sa.Index(
        "repo_claimed_about",
        "private",
        "deleted",
        "claims",
        sqlite_where=sa.text("claims > 0"),
        postgresql_where=sa.text("claims > 0"),
    ),
)

# What a repository says of itself on main: its card's front matter, and what follows from it.
profile = sa.Table(
    "profile",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("card", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("has_base", sa.Boolean, nullable=False),
    sa.Column("library_name", Text),
    sa.Column("pipeline_tag", Text),
    sa.Column("description", Text),
    sa.Column("citation", Text),
    # Of a model, by dtype, and all of them: from the headers of its weights.
    sa.Column("parameters", sa.JSON),
    sa.Column("num_parameters", BigInteger),
)

# Every word a list of repositories may be filtered by: the tags, and other ways to write them.
repo_tag = sa.Table(
    "repo_tag",
    metadata,
    sa.Column("tag", Text, primary_key=True),
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Index("tag_of_repo", "repo_id"),
)

# What models say they are derived from, and how. The base is as they write it: it may be called
# otherwise by now, be elsewhere, or be nothing at all.
lineage = sa.Table(
    "lineage",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("base", Text, primary_key=True),
    sa.Column("relation", Text, nullable=False),
    sa.Index("lineage_of_base", "base"),
)

# Results name a benchmark as it was called then; it may be called otherwise now.
repo_name = sa.Table(
    "repo_name",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("written", Text, primary_key=True),
    sa.Column("type", Text, nullable=False),
    sa.Index("repo_name_written", "type", "written"),
)

benchmark = sa.Table(
    "benchmark",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("commit", Text, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("framework", Text),
    sa.Column("runnable", sa.Boolean, nullable=False),
    sa.Column("not_runnable_because", Text, nullable=False),
    sa.Column("spec_sha256", Text, nullable=False),
)

# Which benchmarks a benchmark says stand before it and after it, by the names that it writes.
succession = sa.Table(
    "succession",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("other", Text, primary_key=True),
    # Whether the other one comes after this one.
    sa.Column("after", sa.Boolean, primary_key=True),
    sa.Index("succession_of_other", "other"),
)

# One row a task: what the spec and the terms (assay.yaml) say, as columns the boards need.
task = sa.Table(
    "task",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("task_id", Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("config", Text),
    sa.Column("split", Text, nullable=False),
    sa.Column("scorers", sa.JSON, nullable=False),
    sa.Column("metric", Text),
    sa.Column("unit", Text),
    sa.Column("direction", Text),
    sa.Column("minimum", sa.Float),
    sa.Column("maximum", sa.Float),
    sa.Column("chance", sa.Float),
    sa.Column("items", sa.Integer),
)

# Every name a task answers to: its own and the aliases its benchmark declares.
task_name = sa.Table(
    "task_name",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("written", Text, primary_key=True),
    sa.Column("task_id", Text, nullable=False),
)

# What the commits of a lane did: one row a commit that a push brought there and that began or ended
# something. A lane that ended has an empty commit.
step = sa.Table(
    "step",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("push", sa.Integer, nullable=False),
    sa.Column("commit", Hex, nullable=False),
    sa.Column("lane", Text, nullable=False),
    sa.Column("received", Text, nullable=False),
    sa.Column("pusher", Text),
    # Whether the push rewrote the lane's history.
    sa.Column("rewrites", sa.Boolean, nullable=False),
    sa.Column("author_name", Text, nullable=False),
    sa.Column("author_email", Text, nullable=False),
    sa.Column("authored_s", BigInteger, nullable=False),
    sa.Column("committer_name", Text, nullable=False),
    sa.Column("committer_email", Text, nullable=False),
    sa.Column("committed_s", BigInteger, nullable=False),
    sa.Index("step_taken", "repo_id", "push", "commit", unique=True),
)

# What results are about, as they write it, and the board they stand on: none while no benchmark
# here answers to these names. A renamed benchmark changes its subjects, and no claim.
subject = sa.Table(
    "subject",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("dataset_id", Text, nullable=False),
    sa.Column("task_id", Text, nullable=False),
    sa.Column("board", sa.Integer),
    sa.Index("subject_written", "dataset_id", "task_id", unique=True),
    sa.Index("subject_of_board", "board"),
)

# A task of a benchmark as a place where models stand, with how much stands there.
board = sa.Table(
    "board",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("task_id", Text, nullable=False),
    # Public models with a live claim; those whose value can be ranked; all live public claims.
    sa.Column("models", sa.Integer, nullable=False),
    sa.Column("ranked", sa.Integer, nullable=False),
    sa.Column("claims", sa.Integer, nullable=False),
    # Drawn anew at every change of what the board shows: whoever has read it under a number may
    # keep it for as long as the number is there. Not in a dump.
    sa.Column("generation", BigInteger, nullable=False),
    sa.Index("board_of_task", "repo_id", "task_id", unique=True),
)


def _content() -> list[sa.Column[Any]]:
    """One content of a claim, and the steps between which it held."""
    return [
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("content_key", Hex, nullable=False),
        # Where it began; and where it stands by now, if elsewhere, with a commit that shows that.
        sa.Column("path", Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("at_path", Text),
        sa.Column("at_position", sa.Integer),
        sa.Column("at_line", sa.Integer),
        sa.Column("at_commit", Hex),
        sa.Column("dataset_revision", Text),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("value_text", Text, nullable=False),
        sa.Column("date", Text),
        sa.Column("source", sa.JSON(none_as_null=True)),
        sa.Column("notes", Text),
        sa.Column("verify_token", Text),
        sa.Column("extra", sa.JSON(none_as_null=True)),
        sa.Column("run_record", Hex),
        # What the run record says, where there is one that matches: samples scored, standard error.
        sa.Column("samples", sa.Integer),
        sa.Column("stderr", sa.Float(53)),
        sa.Column("evidence_level", sa.Integer, nullable=False),
        # The step that brought it, the merge that carried it to main, if one did, and the step that
        # no longer says so.
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("carried", sa.Integer),
        sa.Column("until", sa.Integer),
    ]


# A claim with its latest version, so that a board reads one row a model.
claim = sa.Table(
    "claim",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("claim_id", Hex, nullable=False, unique=True),
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("subject", sa.Integer, nullable=False),
    sa.Column("introduced", sa.Integer, nullable=False),
    # Where it lives now: a merge carries it from its pull request's lane to main.
    sa.Column("lane", Text, nullable=False),
    sa.Column("pull", sa.Integer),
    sa.Column("state", Text, nullable=False),
    sa.Column("reporter", Text, nullable=False),
    sa.Column("contradicts", Hex),
    # Whether another claim of its lane says something else about the same task.
    sa.Column("conflicts", sa.Boolean, nullable=False),
    # Whether history that showed it was rewritten.
    sa.Column("rewritten", sa.Boolean, nullable=False),
    # What people ruled on it: derived from the durable rows, so that boards need not ask there.
    sa.Column("ruling", Text, nullable=False),
    # Of its first and latest version: what policies choose by.
    sa.Column("first_push", sa.Integer, nullable=False),
    sa.Column("latest_push", sa.Integer, nullable=False),
    *_content(),
    # In the order in which a model's claims are listed, which nothing that happens later changes.
    sa.Index("claim_of_repo", "repo_id", "subject", "first_push", "claim_id"),
    sa.Index(
        "claim_of_pull",
        "repo_id",
        "lane",
        sqlite_where=sa.text("lane <> 'main'"),
        postgresql_where=sa.text("lane <> 'main'"),
    ),
    sa.Index(
        "claim_from_pull",
        *("repo_id", "pull", "first_push", "claim_id"),
        sqlite_where=sa.text("pull IS NOT NULL"),
        postgresql_where=sa.text("pull IS NOT NULL"),
    ),
    sa.Index(
        "claim_of_record",
        "repo_id",
        "run_record",
        sqlite_where=sa.text("run_record IS NOT NULL"),
        postgresql_where=sa.text("run_record IS NOT NULL"),
    ),
    # All that policies look at, so that they need not read the claims themselves.
    sa.Index(
        "claim_considered",
        *("subject", "state", "repo_id", "reporter", "evidence_level", "first_push"),
        *("latest_push", "value"),
    ),
    sa.Index("claim_by_push", "latest_push"),
)

# How much is claimed about a model on one subject, and which of these claims speaks for it under
# the policy `best-evidence`, so that a page of a model reads that page's claims alone. Of private
# repositories too: who may see one may see this. Refreshed by the transaction that changes a claim.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("subject", sa.Integer, nullable=False, autoincrement=False),
    # As the subject is written, which is how the claims of a model are listed.
    sa.Column("dataset_id", Text, nullable=False),
    sa.Column("task_id", Text, nullable=False),
    # In whatever state; live ones; the author's among those.
    sa.Column("claims", sa.Integer, nullable=False),
    sa.Column("live", sa.Integer, nullable=False),
    sa.Column("authors", sa.Integer, nullable=False),
    sa.Column("speaks", sa.Integer),
    sa.PrimaryKeyConstraint("repo_id", "subject"),
    sa.Index("tally_listed", "repo_id", "dataset_id", "task_id", unique=True),
)

# The versions of a claim before the latest.
earlier = sa.Table(
    "earlier",
    metadata,
    sa.Column("claim", sa.Integer, nullable=False),
    *_content(),
    sa.PrimaryKeyConstraint("claim", "number"),
)

# What happened to a claim without changing what it says (`core.record.Episode`).
episode = sa.Table(
    "episode",
    metadata,
    sa.Column("claim", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("before", Text, nullable=False),
    sa.Column("after", Text, nullable=False),
    sa.PrimaryKeyConstraint("claim", "step", "kind"),
)

# Who stands on a board under the policy `best-evidence`, from public claims alone. Refreshed by the
# transaction that changes a claim, from nothing but the claims about that model.
standing = sa.Table(
    "standing",
    metadata,
    sa.Column("board", sa.Integer, nullable=False),
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("claim", sa.Integer, nullable=False),
    # The lower the better, whatever the direction; null where the value cannot be ranked.
    sa.Column("rank_key", sa.Float(53)),
    # Why this claim speaks, how many live ones do not, whether those differ, and how many were
    # declined.
    sa.Column("reason", Text, nullable=False),
    sa.Column("others", sa.Integer, nullable=False),
    sa.Column("disagrees", sa.Boolean, nullable=False),
    sa.Column("declined", sa.Integer, nullable=False),
    # Whether it cannot be told from answering at random; null where that is not known.
    sa.Column("at_chance", sa.Boolean),
    sa.PrimaryKeyConstraint("board", "repo_id"),
    sa.Index("standing_order", "board", "rank_key", "model"),
    sa.Index(
        "standing_at_chance",
        "board",
        "model",
        sqlite_where=sa.text("at_chance"),
        postgresql_where=sa.text("at_chance"),
    ),
)

# What became of pull requests: from which event on, which status, and whether its author made it.
pull_status = sa.Table(
    "pull_status",
    metadata,
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("pull", sa.Integer, nullable=False),
    sa.Column("event", sa.Integer, nullable=False),
    sa.Column("at", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("by_author", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("repo_id", "pull", "event"),
)

# Entries a pull request takes away: shown there, and nothing else.
removal = sa.Table(
    "removal",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("lane", Text, primary_key=True),
    sa.Column("path", Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("dataset_id", Text, nullable=False),
    sa.Column("task_id", Text, nullable=False),
    sa.Column("value_text", Text, nullable=False),
)

# What checks had to say about the files at the tip of each lane.
finding = sa.Table(
    "finding",
    metadata,
    sa.Column("repo_id", Hex, nullable=False),
    sa.Column("lane", Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("column", sa.Integer, nullable=False),
    sa.Column("code", Text, nullable=False),
    sa.Column("severity", Text, nullable=False),
    sa.Column("where", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("got", Text, nullable=False),
    sa.Column("expected", Text, nullable=False),
    sa.Column("hint", Text, nullable=False),
    sa.PrimaryKeyConstraint("repo_id", "lane", "path", "position"),
)

# Files with errors, as the public hub's API serves them: {filename, error}.
broken_file = sa.Table(
    "broken_file",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("lane", Text, primary_key=True),
    sa.Column("path", Text, primary_key=True),
    sa.Column("error", Text, nullable=False),
)

# Where a run record lies, so that `/runs/<sha256>` finds it by content alone.
run_record = sa.Table(
    "run_record",
    metadata,
    sa.Column("sha256", Hex, primary_key=True),
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("lane", Text, primary_key=True),
    sa.Column("commit", Text, nullable=False),
    sa.Index("run_record_of_lane", "repo_id", "lane"),
)

# Which files of a repository's folder looked how when it was last found to be as the index says.
# Not in a dump.
looks = sa.Table(
    "looks",
    metadata,
    sa.Column("repo_id", Hex, primary_key=True),
    sa.Column("fingerprint", Text, nullable=False),
)

# One row, not in a dump: the schema of this file; a number that every change to the index raises;
# and the last push and event up to which no repository is behind.
stamp = sa.Table(
    "stamp",
    metadata,
    sa.Column("schema", sa.Integer, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("last_push", sa.Integer, nullable=False, default=0),
    sa.Column("last_event", sa.Integer, nullable=False, default=0),
)
