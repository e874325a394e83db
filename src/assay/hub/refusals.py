"""What `core.permission` denies, said as an error: the one place that words it."""

from __future__ import annotations

from assay.core.permission import (
    ONLY_READS,
    Reader,
    may_administer,
    may_open_pull,
    may_write,
)
from assay.errors import ForbiddenError, UnauthenticatedError
from assay.storage.database.repos import RepoRecord


def need_name(reader: Reader, act: str) -> str:
    """The account that asks.

    Args:
        reader: Who asks.
        act: What she wants, as in "sign in to upload".

    Raises:
        UnauthenticatedError: A stranger does.
    """
    if reader.name is None:
        raise UnauthenticatedError(
            f"sign in to {act}", hint="send an access token; clients: hf auth login"
        )
    return reader.name


def need_account(reader: Reader, act: str = "do that") -> str:
    """The account that asks, with a token that may change something.

    Raises:
        UnauthenticatedError: A stranger asks.
        ForbiddenError: The token is of scope read.
    """
    name = need_name(reader, act)
    if not reader.may_act:
        raise ForbiddenError(ONLY_READS)
    return name


def need_opener(reader: Reader, record: RepoRecord) -> None:
    """Refuse whoever may open nothing here (rule 3).

    Raises:
        UnauthenticatedError: Nobody is signed in.
        ForbiddenError: This account may not.
    """
    need_account(reader, "open a discussion or a pull request")
    if not may_open_pull(reader, record):
        raise ForbiddenError(f"{reader.name} may not open pull requests on {record.full_name}")


def need_writer(reader: Reader, record: RepoRecord) -> None:
    """Refuse whoever may not write a repository's branches (rule 2).

    Raises:
        UnauthenticatedError: Nobody is signed in.
        ForbiddenError: This account may not.
    """
    need_account(reader)
    if not may_write(reader, record):
        raise ForbiddenError(f"{reader.name} may not write to {record.full_name}")


def need_administrator(reader: Reader, record: RepoRecord) -> None:
    """Refuse whoever may not change what a repository is (rule 2).

    Raises:
        UnauthenticatedError: Nobody is signed in.
        ForbiddenError: This account may not.
    """
    need_account(reader)
    if not may_administer(reader, record):
        raise ForbiddenError(
            f"only the owner of '{record.namespace}' may do that to {record.full_name}",
            hint="ask the owner of the namespace, or an admin",
        )
