from __future__ import annotations

import time

import pytest
from tests.unit.web import samples
from tests.unit.web.strict_html import Page

from assay.web.pages.readme import MAX_README_CHARS, render_readme

# No measure of speed: without its limits such a text takes minutes of the processor.
HANGS_S = 30


def read(text: str) -> Page:
    return Page(f"<body>{render_readme(text)}</body>")


def test_markdown_is_dressed_below_the_pages_own_headings() -> None:
    page = read(samples.README)
    assert page.faults == []
    assert "license" not in page.text
    assert [h.text for h in page.all("h3")] == ["Grade School Math"]
    assert page.hrefs() == ["https://arxiv.example/abs/2110.14168"]
    assert "7,473" in page.text


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "[x](//evil.example)",
        "[x](relative.md)",
        "[x](#anchor)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](vbscript:x "title")',
    ],
)
def test_a_link_that_is_not_http_becomes_its_text(text: str) -> None:
    page = read(text)
    assert page.faults == []
    assert page.hrefs() == []


def test_images_become_their_description() -> None:
    page = read("![a plot](https://track.example/pixel.png) [![b](i.png)](https://ok.example)")
    assert page.faults == []
    assert "[image: a plot]" in page.text
    assert "[image: b]" in page.text
    assert "track.example" not in page.html
    assert page.hrefs() == ["https://ok.example"]


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
@pytest.mark.parametrize("around", ["{}", "# {}", "`{}`", "```{}\n{}\n```", "|a|\n|-|\n|{}|"])
def test_raw_html_is_text(around: str, text: str) -> None:
    assert read(around.replace("{}", text)).faults == []


def test_headings_stop_at_the_lowest() -> None:
    page = read("###### deep\n\n##### less")
    assert [h.text for h in page.all("h6")] == ["deep", "less"]


@pytest.mark.parametrize("start", ["---\n", "--- \nnever closed\n", "----\n", ""])
def test_what_is_no_front_matter_stays(start: str) -> None:
    assert "kept" in read(f"{start}kept").text


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "*a_ " * 50_000, "> " * 50_000, "|a" * 50_000 + "\n|-|\n", "![" * 50_000],
)
def test_a_readme_made_to_be_slow_is_not(text: str) -> None:
    started = time.process_time()
    render_readme(text)
    assert time.process_time() - started < HANGS_S


def test_a_long_readme_is_cut_and_says_so() -> None:
    page = read("word " * MAX_README_CHARS)
    assert page.text.endswith("Shortened here; the file goes on.")
