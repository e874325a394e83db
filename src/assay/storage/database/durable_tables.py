"""Tables of `hub.sqlite`: what git cannot know. Changed by migrations only (`migrations/`)."""

from __future__ import annotations

import sqlalchemy as sa

from assay.storage.database.types import BigInteger, Text

metadata = sa.MetaData()

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("created", Text, nullable=False),
)

# A namespace is claimed when somebody with the right to has said whose it is. A user's own is; an
# organisation (a namespace that no account owns by name) is while it has a member who owns it.
namespace = sa.Table(
    "namespace",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("owner", Text, sa.ForeignKey("account.name")),
    sa.Column("claimed", sa.Boolean, nullable=False),
    sa.Column("created", Text, nullable=False),
    sa.Index("namespace_owner", "owner"),
)
sa.Index("namespace_lower", sa.func.lower(namespace.c.name))

# Who belongs to an organisation, and as what: owner, write or read.
member = sa.Table(
    "member",
    metadata,
    sa.Column("namespace", Text, sa.ForeignKey("namespace.name"), primary_key=True),
    sa.Column("account", Text, sa.ForeignKey("account.name"), primary_key=True),
    sa.Column("role", Text, nullable=False),
    sa.Column("added", Text, nullable=False),
    sa.Index("member_account", "account"),
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    sa.Column("account", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("created", Text, nullable=False),
    sa.Column("revoked", Text),
    sa.Column("scope", Text, nullable=False, server_default="write"),
    sa.Index("token_account", "account"),
)

repo = sa.Table(
    "repo",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("type", Text, nullable=False),
    sa.Column("namespace", Text, sa.ForeignKey("namespace.name"), nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("private", sa.Boolean, nullable=False),
    sa.Column("created", Text, nullable=False),
    sa.Column("created_by", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("gated", Text),
    sa.Column("deleted", Text),
    sa.Column("deleted_by", Text),
    # Where it is a copy of, and is brought up to date from; null for what began here.
    sa.Column("mirror_of", Text),
    sa.UniqueConstraint("type", "namespace", "name"),
)

# Every name (`ns/name`) that leads to a repository: its own and those it has had. `key` is the name
# in lower case; all rows of one type and key are of one repository.
repo_name = sa.Table(
    "repo_name",
    metadata,
    sa.Column("type", Text, primary_key=True),
    sa.Column("written", Text, primary_key=True),
    sa.Column("key", Text, nullable=False),
    sa.Column("repo_id", Text, sa.ForeignKey("repo.id"), nullable=False),
    sa.Index("repo_name_key", "type", "key"),
    sa.Index("repo_name_of", "repo_id"),
)

# Who asked for the files of a gated repository, and what came of it: pending, accepted, rejected.
access = sa.Table(
    "access",
    metadata,
    sa.Column("repo_id", Text, sa.ForeignKey("repo.id"), primary_key=True),
    sa.Column("account", Text, sa.ForeignKey("account.name"), primary_key=True),
    sa.Column("status", Text, nullable=False),
    sa.Column("asked", Text, nullable=False),
    sa.Column("decided_by", Text),
    sa.Column("reason", Text, nullable=False),
)

# Discussions and pull requests share one numbering in a repository.
discussion = sa.Table(
    "discussion",
    metadata,
    sa.Column("repo_id", Text, sa.ForeignKey("repo.id"), primary_key=True),
    sa.Column("number", BigInteger, primary_key=True, autoincrement=False),
    sa.Column("is_pull", sa.Boolean, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("author", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("created", Text, nullable=False),
    # The push that brought it into main, once it is merged.
    sa.Column("merged_by_push", BigInteger),
    # By which they are listed, and found among very many others; it has all that lists ask for.
    sa.Index("discussion_listed", "repo_id", "is_pull", "status", "number", "author"),
)

# Rows are only ever added: edits of a comment are events about it.
discussion_event = sa.Table(
    "discussion_event",
    metadata,
    sa.Column("id", BigInteger, primary_key=True),
    sa.Column("repo_id", Text, nullable=False),
    sa.Column("number", BigInteger, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("at", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("about", Text),
    sa.ForeignKeyConstraint(["repo_id", "number"], ["discussion.repo_id", "discussion.number"]),
    sa.Index("discussion_event_of", "repo_id", "number"),
    sa.Index("discussion_event_in", "repo_id", "id"),
)

# Written in the transaction of the event it tells of. `read` is when its account had read it.
notification = sa.Table(
    "notification",
    metadata,
    sa.Column("id", BigInteger, primary_key=True),
    sa.Column("account", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("repo_id", Text, nullable=False),
    sa.Column("number", BigInteger, nullable=False),
    sa.Column("event", BigInteger, sa.ForeignKey("discussion_event.id"), nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("at", Text, nullable=False),
    sa.Column("read", Text),
    sa.Index("notification_of", "account", "id"),
    sqlite_autoincrement=True,
)

# What people ruled on claims. Rows are only ever added: who withdraws one adds a row `about` it. A
# claim's id is a digest of git's facts, so it is the same in an index built anew.
ruling = sa.Table(
    "ruling",
    metadata,
    sa.Column("id", BigInteger, primary_key=True),
    sa.Column("repo_id", Text, sa.ForeignKey("repo.id"), nullable=False),
    sa.Column("claim_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("actor", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("at", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("evidence", Text, nullable=False),
    sa.Column("about", BigInteger),
    sa.Index("ruling_of", "repo_id", "claim_id"),
    sqlite_autoincrement=True,
)

# The push log: every ref update. `canonical` and `digest` never change after the row is written.
push = sa.Table(
    "push",
    metadata,
    sa.Column("id", BigInteger, primary_key=True),
    sa.Column("repo_id", Text, nullable=False),
    sa.Column("ref", Text, nullable=False),
    sa.Column("old", Text, nullable=False),
    sa.Column("new", Text, nullable=False),
    sa.Column("actor", Text),
    sa.Column("pull", BigInteger),
    sa.Column("received", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("canonical", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Index("push_of", "repo_id", "id"),
    # Whose head a commit has been, but for main's.
    sa.Index(
        "push_of_tip",
        *("repo_id", "new"),
        sqlite_where=sa.text("ref <> 'refs/heads/main'"),
        postgresql_where=sa.text("ref <> 'refs/heads/main'"),
    ),
    sa.Index(
        "push_pending",
        *("repo_id", "id"),
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sqlite_autoincrement=True,
)

# Which repository has which large file: an object is read and referenced through such a row only.
# `git_oid` is what git would call the content as a blob; `counted` says that the bytes count
# against the account's quota, because they came from somebody who may not write there.
lfs_object = sa.Table(
    "lfs_object",
    metadata,
    sa.Column("repo_id", Text, sa.ForeignKey("repo.id"), primary_key=True),
    sa.Column("oid", Text, primary_key=True),
    sa.Column("size_bytes", BigInteger, nullable=False),
    sa.Column("git_oid", Text, nullable=False),
    sa.Column("account", Text, sa.ForeignKey("account.name"), nullable=False),
    sa.Column("counted", sa.Boolean, nullable=False),
    sa.Column("created", Text, nullable=False),
    sa.Index("lfs_object_by", "account", "counted"),
)
