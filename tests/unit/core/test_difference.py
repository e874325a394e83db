"""What a version says otherwise than the one before, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.difference import differences

NOTHING: dict[str, Any] = {
    "value_text": "60",
    "date": None,
    "source": None,
    "notes": None,
    "dataset_revision": None,
    "verify_token": None,
    "run_record": None,
    "path": ".eval_results/a.yaml",
    "extra": None,
}
FULL: dict[str, Any] = {
    "value_text": "60.0",
    "date": "2026-01-01",
    "source": {"url": "https://a.example", "name": "A", "user": "u", "org": "o"},
    "notes": "5-shot",
    "dataset_revision": "abc",
    "verify_token": "t",
    "run_record": "0" * 64,
    "path": ".eval_results/b.yaml",
    "extra": {"shots": 5, "source": {"page": 4}},
}


def told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[str, Any, Any]]:
    return {one.field: (one.change, one.before, one.after) for one in differences(before, after)}


def test_what_is_the_same_is_not_told() -> None:
    assert differences(NOTHING, NOTHING) == []
    assert differences(FULL, FULL) == []


def test_every_field_that_was_added_or_taken_away_is_told() -> None:
    added = told(NOTHING, FULL)
    assert added.pop("value") == ("changed", "60", "60.0")
    assert added.pop("path") == ("changed", ".eval_results/a.yaml", ".eval_results/b.yaml")
    assert added == {
        "source.url": ("added", None, "https://a.example"),
        "source.name": ("added", None, "A"),
        "source.user": ("added", None, "u"),
        "source.org": ("added", None, "o"),
        "date": ("added", None, "2026-01-01"),
        "notes": ("added", None, "5-shot"),
        "dataset_revision": ("added", None, "abc"),
        "verify_token": ("added", None, "t"),
        "run_record": ("added", None, "0" * 64),
        "extra.shots": ("added", None, 5),
        "extra.source": ("added", None, {"page": 4}),
    }
    removed = told(FULL, NOTHING)
    assert removed.keys() == added.keys() | {"value", "path"}
    assert all(removed[name] == ("removed", added[name][2], None) for name in added)


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (1, 1.5), ("1", 1), ([1, 2], [2, 1]), (None, 0)]
)
def test_values_that_json_tells_apart_differ(before: Any, after: Any) -> None:
    found = told(NOTHING | {"extra": {"x": before}}, NOTHING | {"extra": {"x": after}})
    assert found == {"extra.x": ("changed", before, after)}


def test_an_unknown_key_that_says_null_is_there() -> None:
    found = told(NOTHING, NOTHING | {"extra": {"x": None}})
    assert found == {"extra.x": ("added", None, None)}


def test_the_order_of_keys_is_no_difference() -> None:
    before, after = {"x": {"a": 1, "b": 2}}, {"x": {"b": 2, "a": 1}}
    assert differences(NOTHING | {"extra": before}, NOTHING | {"extra": after}) == []
