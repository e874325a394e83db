"""Whether a repository broken on the disk is behind an error, and what its readers are told.

Where it is and what of it is broken is for whoever runs the hub: `assay index status` says that.
"""

from __future__ import annotations

from assay.core.permission import Reader
from assay.errors import (
    AssayError,
    DamagedRepositoryError,
    RepoNotFoundError,
    RevisionNotFoundError,
    UnavailableError,
)
from assay.hub import repos
from assay.hub.open import Hub
from assay.hub.repos import RepoType
from assay.storage.disk import find_no_room

# As what damage may come up: the folder is not there, or a commit, or git itself fails.
_DISGUISES = (RepoNotFoundError, RevisionNotFoundError, UnavailableError)


def find_damage(
    hub: Hub, reader: Reader, repo_type: RepoType, full_name: str, error: Exception
) -> DamagedRepositoryError | None:
    """What to say instead of an error, if the repository that was asked for is broken.

    Args:
        hub: The hub.
        reader: Who asked; what she may not see is not spoken of.
        repo_type: Of the repository.
        full_name: Its name.
        error: What came up while she was answered.
    """
    if find_no_room(error) is not None:
        return None
    if isinstance(error, AssayError) and not isinstance(error, _DISGUISES):
        return None
    try:
        record = repos.find(hub, reader, repo_type, full_name)
    except AssayError:
        return None
    if not hub.git.is_damage(error) and hub.git.find_damage(record.id) is None:
        return None
    return DamagedRepositoryError(
        f"{record.full_name} is damaged on this hub's disk and cannot be read",
        hint="whoever runs this hub finds what is broken, and where, in `assay index status`",
    )
