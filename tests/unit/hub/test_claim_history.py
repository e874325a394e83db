"""What a claim's answer tells of its life: what changed, who brought it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.claims_hub import FILE, Told, claims_hub, entry


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with claims_hub(tmp_path) as made:
        yield made


def test_each_version_says_what_changed_and_who_git_names(told: Told) -> None:
    model = told.make("ada/m")
    told.land(model, {FILE: entry("60", "  notes: 5-shot\n  shots: 5\n")}, by="ada")
    later = "  source: {url: https://x.example/p, name: P}\n  shots: 0\n"
    told.land(model, {FILE: entry("61.0", later)}, by="ada")
    [answer] = told.claims("ada/m")
    first, second = answer.versions
    assert first.changed == []
    found = {one.field: (one.change, one.before, one.after) for one in second.changed}
    assert found == {
        "value": ("changed", "60", "61.0"),
        "source.url": ("added", None, "https://x.example/p"),
        "source.name": ("added", None, "P"),
        "notes": ("removed", "5-shot", None),
        "extra.shots": ("changed", 5, 0),
    }
    named = (second.pusher, second.author_email, second.committer_email)
    assert named == ("ada", "bob@example.org", "bob@example.org")
