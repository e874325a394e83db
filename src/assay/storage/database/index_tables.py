"""Tables of `index.sqlite`: derived from git and the durable rows, dropped and rebuilt at will.

Keys are natural (digests, names, numbers that git or the push log gave), so a dump is the same
whatever the order of work. Any change here raises `SCHEMA`; an index of another schema is rebuilt.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = 5

metadata = sa.MetaData()

# What the index last saw of a repository: the last rows of the push log and of the pull requests'
# events that it is current with.
repo = sa.Table(
    "repo",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # All names that lead to it, as they were written; `repo_name` has them as rows.
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("gated", sa.Text),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("claimed", sa.Boolean, nullable=False),
    # What it is a copy of, as readers are told.
    sa.Column("mirror_of", sa.Text),
    sa.Column("created", sa.Text, nullable=False),
    # When main last moved, as the hub received it; when the repository was made, until it did.
    sa.Column("updated", sa.Text, nullable=False),
    sa.Column("last_push", sa.Integer, nullable=False),
    sa.Column("last_event", sa.Integer, nullable=False),
    sa.Column("main", sa.Text),
    # Not unique: while names go from one repository to another, the index follows one by one.
    sa.Index("repo_named", "type", "namespace", "name"),
    sa.Index("repo_by_update", "type", "updated", "repo_id"),
    sa.Index("repo_by_creation", "type", "created", "repo_id"),
)

# What a repository says of itself on main: its card's front matter, and what follows from it.
profile = sa.Table(
    "profile",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("card", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("has_base", sa.Boolean, nullable=False),
    sa.Column("library_name", sa.Text),
    sa.Column("pipeline_tag", sa.Text),
    sa.Column("description", sa.Text),
    sa.Column("citation", sa.Text),
    # Of a model, by dtype, and all of them: from the headers of its weights.
    sa.Column("parameters", sa.JSON),
    sa.Column("num_parameters", sa.BigInteger),
)

# Every word a list of repositories may be filtered by: the tags, and other ways to write them.
repo_tag = sa.Table(
    "repo_tag",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Index("tag_of_repo", "repo_id"),
)

# Results name a benchmark as it was called then; it may be called otherwise now.
repo_name = sa.Table(
    "repo_name",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("written", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Index("repo_name_written", "type", "written"),
)

benchmark = sa.Table(
    "benchmark",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("framework", sa.Text),
    sa.Column("runnable", sa.Boolean, nullable=False),
    sa.Column("not_runnable_because", sa.Text, nullable=False),
    sa.Column("spec_sha256", sa.Text, nullable=False),
)

# One row a task: what the spec and the terms (assay.yaml) say, as columns the boards need.
task = sa.Table(
    "task",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("config", sa.Text),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("scorers", sa.JSON, nullable=False),
    sa.Column("metric", sa.Text),
    sa.Column("unit", sa.Text),
    sa.Column("direction", sa.Text),
    sa.Column("minimum", sa.Float),
    sa.Column("maximum", sa.Float),
    sa.Column("chance", sa.Float),
    sa.Column("items", sa.Integer),
)

# Every name a task answers to: its own and the aliases its benchmark declares.
task_name = sa.Table(
    "task_name",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("written", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, nullable=False),
)

claim = sa.Table(
    "claim",
    metadata,
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.Text, nullable=False),
    sa.Column("introduced_lane", sa.Text, nullable=False),
    sa.Column("introduced_commit", sa.Text, nullable=False),
    sa.Column("introduced_push", sa.Integer, nullable=False),
    sa.Column("introduced_received", sa.Text, nullable=False),
    # Where it lives now: a merge carries it from its pull request's lane to main.
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("pull", sa.Integer),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reporter", sa.Text, nullable=False),
    sa.Column("contradicts", sa.Text),
    # Of the latest version, so that a board is one query.
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("latest", sa.Integer, nullable=False),
    sa.Index("claim_of_task", "dataset_id", "task_id"),
    sa.Index("claim_of_repo", "repo_id", "lane"),
)

version = sa.Table(
    "version",
    metadata,
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content_key", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("dataset_revision", sa.Text),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("value_text", sa.Text, nullable=False),
    sa.Column("date", sa.Text),
    sa.Column("source", sa.JSON),
    sa.Column("notes", sa.Text),
    sa.Column("verify_token", sa.Text),
    sa.Column("extra", sa.JSON, nullable=False),
    sa.Column("run_record", sa.Text),
    # What the run record says, where there is one that matches: samples scored, standard error.
    sa.Column("samples", sa.Integer),
    sa.Column("stderr", sa.Float),
    sa.Column("evidence_level", sa.Integer, nullable=False),
    sa.Column("since_commit", sa.Text, nullable=False),
    sa.Column("since_push", sa.Integer, nullable=False),
    sa.Column("received", sa.Text, nullable=False),
    sa.Column("pusher", sa.Text),
    sa.Column("author_name", sa.Text, nullable=False),
    sa.Column("author_email", sa.Text, nullable=False),
    sa.Column("authored_s", sa.Integer, nullable=False),
    sa.Column("committer_name", sa.Text, nullable=False),
    sa.Column("committed_s", sa.Integer, nullable=False),
    # What ended it: the commit that no longer says so, the push that brought that commit, and
    # whether that push rewrote history (or deleted the ref: then there is no commit).
    sa.Column("until_commit", sa.Text),
    sa.Column("until_push", sa.Integer),
    sa.Column("until_received", sa.Text),
    sa.Column("until_actor", sa.Text),
    sa.Column("until_rewrite", sa.Boolean, nullable=False),
)

# Entries a pull request takes away: shown there, and nothing else.
removal = sa.Table(
    "removal",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("value_text", sa.Text, nullable=False),
)

# What checks had to say about the files at the tip of each lane.
finding = sa.Table(
    "finding",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("column", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("where", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("got", sa.Text, nullable=False),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
)

# Files with errors, as the public hub's API serves them: {filename, error}.
broken_file = sa.Table(
    "broken_file",
    metadata,
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("error", sa.Text, nullable=False),
)

# Where a run record lies, so that `/runs/<sha256>` finds it by content alone.
run_record = sa.Table(
    "run_record",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("repo_id", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("commit", sa.Text, nullable=False),
)

# One row: the schema of this file, and a number that every change to the index raises.
stamp = sa.Table(
    "stamp",
    metadata,
    sa.Column("schema", sa.Integer, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
)

DUMPED = tuple(table for table in metadata.sorted_tables if table is not stamp)
