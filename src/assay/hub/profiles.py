"""What a repository says of itself: its README.md as it lies in git, read and made into rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.core.checks import check_file, file_kind
from assay.formats.card import MAX_CARD_BYTES, Card, RepoType, parse_card
from assay.formats.finding import Finding
from assay.hub.open import Hub
from assay.hub.results import read_limited
from assay.hub.weights import count_parameters
from assay.storage.git import Repository

CARD = "README.md"
NO_CARD = Card()
# Of the models that one is said to be derived from; longer texts name none.
MAX_BASES, MAX_BASE_CHARS = 100, 200


@dataclass(frozen=True, slots=True)
class ProfileRows:
    """What is to be written of a repository; `bases` are pairs of a base model and how."""

    repo_id: str
    profile: dict[str, Any]
    words: frozenset[str]
    bases: tuple[tuple[str, str], ...] = ()


def read_card(git: Repository, commit: str | None, repo_type: RepoType) -> Card:
    """The card at a commit; an empty one where there is none."""
    item = git.find(commit, CARD) if commit else None
    if item is None or item.kind != "file":
        return NO_CARD
    return parse_card(read_limited(git, item.oid, MAX_CARD_BYTES), CARD, repo_type)


def card_findings(
    git: Repository, commit: str | None, repo_type: RepoType, *, before: str | None = None
) -> tuple[Finding, ...]:
    """What there is to say about the card at a commit; nothing if it is the same as `before`."""
    item = git.find(commit, CARD) if commit else None
    old = git.find(before, CARD) if before else None
    kind = file_kind(CARD, repo_type)
    if item is None or item.kind != "file" or kind is None or old == item:
        return ()
    return check_file(kind, read_limited(git, item.oid, MAX_CARD_BYTES), CARD)


def read_profile(
    hub: Hub, repo_id: str, repo_type: RepoType, git: Repository, commit: str | None
) -> ProfileRows:
    """What a repository says of itself at a commit, as rows of the index."""
    card = read_card(git, commit, repo_type)
    is_model = repo_type == "model"
    parameters = count_parameters(hub, repo_id, git, commit) if is_model else None
    profile = {
        "repo_id": repo_id,
        "card": dict(card.data),
        "tags": list(card.tags),
        "has_base": bool(card.base_models),
        "library_name": card.library_name,
        "pipeline_tag": card.pipeline_tag,
        "description": card.description,
        "citation": card.citation,
        "parameters": parameters and dict(parameters),
        "num_parameters": sum(parameters.values()) if parameters else None,
    }
    return ProfileRows(repo_id, profile, _words(repo_type, card), _bases(card))


def _bases(card: Card) -> tuple[tuple[str, str], ...]:
    """What could be names of models, each once."""
    named = [base for base in dict.fromkeys(card.base_models) if len(base) <= MAX_BASE_CHARS]
    return tuple((base, str(card.base_relation)) for base in named[:MAX_BASES])


def _words(repo_type: RepoType, card: Card) -> frozenset[str]:
    """The card's tags, and those that people write with the key before them."""
    words = set(card.tags)
    if repo_type == "model":
        for key in ("language", "library_name", "pipeline_tag"):
            value = card.data.get(key)
            for item in value if isinstance(value, list) else [value]:
                words |= {f"{key}:{item}"} if isinstance(item, str) else set()
        if card.library_name is not None:
            words.add(f"library:{card.library_name}")
    return frozenset(words)
