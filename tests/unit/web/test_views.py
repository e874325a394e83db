"""What pages compute for drawing: axes, strips, timelines, records."""

from __future__ import annotations

import pytest
from tests.unit.web import histories, samples

from assay.web.pages import record, words
from assay.web.pages.axis import axis_for
from assay.web.pages.board import view_board
from assay.web.pages.strips import view_claims
from assay.web.pages.timeline import ending, timeline


def test_the_axis_is_what_is_declared_or_what_the_unit_says() -> None:
    assert axis_for([40], unit="percent").ends == ("0", "100")
    assert axis_for([0.4], unit="proportion").ends == ("0", "1")
    assert axis_for([40], unit="points", minimum=-10, maximum=50).ends == ("-10", "50")
    assert axis_for([40], unit="percent", minimum=30).ends == ("30", "100")


def test_the_axis_of_unknown_units_holds_what_is_drawn() -> None:
    axis = axis_for([10, 20], unit=None)
    assert axis.low < 10
    assert axis.high > 20
    assert axis_for([7], unit=None).holds(7)
    assert axis_for([], unit=None).low < axis_for([], unit=None).high


@pytest.mark.parametrize(
    ("drawn", "minimum", "maximum"),
    [
        ([1.7e308, -1.7e308], None, None),
        ([1.79e308], None, None),
        ([5e-324, 0.0], None, None),
        ([1.0], 5.0, 5.0),
        ([1.0], 9.0, -9.0),
        ([1e308], 1e308, 1e308),
        ([0.0], None, -5.0),
    ],
)
def test_an_axis_never_breaks(
    drawn: list[float], minimum: float | None, maximum: float | None
) -> None:
    axis = axis_for(drawn, unit=None, minimum=minimum, maximum=maximum)
    for value in drawn:
        assert 0 <= float(axis.at(value).rstrip("%")) <= 100


def test_a_value_beyond_the_axis_is_drawn_at_its_edge() -> None:
    rows = [samples.row(1, samples.claim(value="7150"), outside="not from 0 to 100")]
    (drawn,) = view_board(samples.board(rows=rows)).rows
    assert (drawn.strip.dot, drawn.strip.beyond) == ("100.00%", True)
    assert drawn.strip.unknown == "not from 0 to 100"


@pytest.mark.parametrize(
    ("unit", "items", "level", "says"),
    [
        (None, 198, 25.0, "unit not declared"),
        ("seconds", 198, 25.0, "spread unknown"),
        ("percent", None, 25.0, "n unknown"),
        ("percent", 198, None, "chance not declared"),
    ],
)
def test_a_missing_interval_has_a_reason(
    unit: str | None, items: int | None, level: float | None, says: str
) -> None:
    task = samples.task(unit=unit, items=items, chance=level)
    board = samples.board(task=task, unit=unit, rows=[samples.row(1, samples.claim())])
    (drawn,) = view_board(board).rows
    assert drawn.strip.unknown == says
    assert drawn.strip.low is None


def test_other_claims_are_drawn_beside_this_one() -> None:
    strip = view_claims(histories.claim_answer())
    assert (strip.dot, strip.others, strip.chance) == ("68.10%", ["71.50%"], "25.00%")


def test_a_timeline_joins_history_and_versions() -> None:
    answer = histories.claim_answer()
    moments = timeline(answer.history, answer.versions)
    assert [(m.kind, m.text, m.version and m.version.value_text) for m in moments] == [
        ("pull request opened", "", None),
        ("introduced", "", "67.9"),
        ("changed", "67.9 → 68.1", "68.1"),
    ]
    assert [moment.apart for moment in moments] == [False, True, True]


def test_a_version_without_a_line_of_history_is_still_told() -> None:
    (moment,) = timeline([], [histories.version()])
    assert (moment.kind, moment.actor, moment.commit) == ("introduced", "nadia", samples.COMMIT)


def test_git_that_agrees_with_the_hub_is_not_repeated() -> None:
    version = histories.version(author_name="nadia", committer_name="nadia")
    assert not timeline([], [version])[0].apart


def test_the_last_end_is_the_one_that_counts() -> None:
    answer = histories.declined_answer()
    found = ending(answer)
    assert found is not None
    assert found.actor == "acme"
    assert ending(histories.claim_answer()) is None


def test_a_record_is_laid_out_whatever_it_holds() -> None:
    odd = {
        "a": {"b": {"c": [1, {"d": None}]}, "e": {}},
        "f": [{"g": 1}, {"h": "x"}],
        "i": [],
        "j": {},
    }
    found = {section.title: section for section in record.sections(odd)}
    assert found["a"].pairs == [("b.c", '[1, {"d": null}]'), ("e", "{}")]
    assert (found["f"].columns, found["f"].rows) == (["g", "h"], [["1", ""], ["", "x"]])
    assert found["record"].pairs == [("i", "[]")]
    assert record.find_metric(odd) is None
    assert record.find_text(histories.RECORD, "benchmark", "id") == "openai/gsm8k"
    assert record.find_text({"benchmark": 3}, "benchmark", "id") is None


def test_raw_text_shows_what_would_hide() -> None:
    assert words.unhidden("a\u202eb\x00\r\n\tc") == "a⟦U+202E⟧b⟦U+0000⟧\n\tc"


@pytest.mark.parametrize("level", [-1, 0, 5, 9])
def test_every_level_of_evidence_has_words(level: int) -> None:
    assert 0 <= words.evidence(level).level <= 5


def test_a_badge_of_a_newer_hub_is_shown() -> None:
    assert words.badge("disputed").word == "disputed"
