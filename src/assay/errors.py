"""Every error a person may meet: a stable code, a sentence, and a hint that says what to do.

Errors know nothing of HTTP or exit codes. The edges translate: `assay.web.replies` turns a family
into a status, `assay.cli` into an exit code.
"""

from __future__ import annotations


class AssayError(Exception):
    """The root. `code` never changes once released; `message` and `hint` are for people.

    Args:
        message: What went wrong and where, with what was got and what was expected.
        hint: What to do about it; empty when there is nothing to do.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class NotFoundError(AssayError):
    """Something named does not exist, or the reader may not know that it does."""

    code = "not-found"


class RepoNotFoundError(NotFoundError):
    """No such repository, or a private one the reader may not see."""

    code = "repo-not-found"


class RevisionNotFoundError(NotFoundError):
    """The repository has no such branch, tag or commit."""

    code = "revision-not-found"


class EntryNotFoundError(NotFoundError):
    """The revision has no such file or folder."""

    code = "entry-not-found"


class DiscussionNotFoundError(NotFoundError):
    """The repository has no discussion of that number."""

    code = "discussion-not-found"


class PullNotFoundError(DiscussionNotFoundError):
    """The repository has no pull request of that number."""

    code = "pull-not-found"


class CommentNotFoundError(NotFoundError):
    """The discussion has no comment of that id."""

    code = "comment-not-found"


class ForbiddenError(AssayError):
    """The actor is known and may not do this."""

    code = "forbidden"


class QuotaExceededError(ForbiddenError):
    """The account has brought as much as it may."""

    code = "quota-exceeded"


class GatedError(ForbiddenError):
    """The repository is seen, but its files are for those who were let in."""

    code = "gated-repo"


class UnauthenticatedError(AssayError):
    """Nobody in particular asks for what only somebody may have."""

    code = "unauthenticated"


class InvalidCredentialsError(UnauthenticatedError):
    """A token was sent, and it is not one of ours."""

    code = "invalid-credentials"


class GatedSignInError(UnauthenticatedError):
    """As `GatedError`, for somebody who has not said who she is."""

    code = "gated-repo"


class ConflictError(AssayError):
    """The world is not as the caller believed: a name taken, a ref moved, a pull request closed."""

    code = "conflict"


class StaleRefError(ConflictError):
    """A compare-and-swap lost: the ref no longer points where the caller saw it."""

    code = "stale-ref"


class InvalidError(AssayError):
    """What was sent cannot be what it should be."""

    code = "invalid"


class BadPathError(InvalidError):
    """A name that no repository here takes for a file."""

    code = "bad-path"


class UnavailableError(AssayError):
    """A part outside this process did not do its work: git, a model, another hub."""

    code = "unavailable"


class NoRoomError(UnavailableError):
    """The disk that keeps the hub is full, or a quota on it is used up."""

    code = "disk-full"


class UnfinishedError(NoRoomError):
    """The disk is full: what was asked has landed, and what follows from it has not."""

    code = "disk-full-unfinished"

    def __init__(self) -> None:
        super().__init__(
            "this hub has no room left to write to: the change has landed and will be shown when "
            "there is",
            hint="do not send it again; whoever runs this hub has to make room on its disk",
        )


class DamagedRepositoryError(UnavailableError):
    """A repository's folder is gone, or objects in it are missing or broken."""

    code = "damaged-repository"
