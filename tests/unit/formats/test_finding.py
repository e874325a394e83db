from __future__ import annotations

from assay.formats.finding import Finding, Severity, printable


def test_a_finding_is_one_line_that_no_terminal_obeys() -> None:
    finding = Finding(
        path=".eval_results/\x1b[2Ja\nb.yaml",
        line=3,
        column=0,
        code="AS101",
        severity=Severity.ERROR,
        where="",
        message="bad",
        got="\u202eevil",
    )
    said = finding.render()
    assert said.isprintable()
    assert said == r".eval_results/\x1b[2Ja\nb.yaml:3: error AS101 bad; got \u202eevil"


def test_letters_of_all_languages_are_printed_as_they_are() -> None:
    assert printable("größe 模型 \N{RIGHTWARDS ARROW} é") == "größe 模型 \N{RIGHTWARDS ARROW} é"
