"""Text of somebody who means harm, in a real browser: shown, and inert."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.browser.hostile import ENDLESS, MARKUP, fill_with_harm
from tests.browser.looking import Visit, faults_of_outline, faults_of_width, visiting
from tests.hub_process import HubProcess

pytestmark = pytest.mark.browser

KINDS = (
    "home",
    "benchmarks",
    "board",
    "board of claims",
    "model",
    "claim",
    "claim with a run",
    "claim about nothing",
    "declined claim",
    "pull request",
    "discussion",
    "list of discussions",
    "run",
    "error",
)
# Marks that turn the reading direction of what follows them.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HANDLERS = """[...document.querySelectorAll("*")].flatMap(each => each.getAttributeNames())
  .filter(name => name.startsWith("on") || name === "style")"""
ELEMENTS = (
    "script, img, iframe, object, embed, form, input, textarea, style, base, meta[http-equiv]"
)


@pytest.fixture(scope="module")
def pages(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of a page of every kind."""
    paths = fill_with_harm(hub, tmp_path_factory.mktemp("harm"))
    assert set(paths) == set(KINDS)
    return {kind: hub.url + path for kind, path in paths.items()}


@pytest.fixture(scope="module", params=KINDS)
def visit(request: pytest.FixtureRequest, pages: dict[str, str], desk: Page) -> Iterator[Visit]:
    """A page of every kind, opened once for all that is asked about it."""
    with visiting(desk, pages[request.param], request.param) as opened:
        yield opened


def test_markup_stays_text(visit: Visit) -> None:
    page = visit.page
    assert page.locator(ELEMENTS).count() == 0
    assert page.evaluate(HANDLERS) == []
    assert "<script>pwned=1</script>" in page.inner_text("main")
    assert page.title().endswith(" · Assay")
    assert faults_of_outline(page) == []


def test_nothing_runs_and_nothing_is_fetched(visit: Visit) -> None:
    page = visit.page
    for closed in page.locator("details:not([open]) > summary").all()[::-1]:
        closed.click()
    page.mouse.move(600, 400)
    assert page.evaluate("typeof pwned") == "undefined"
    assert visit.heard == []


def test_no_address_becomes_a_link_out_of_the_hub(hub: HubProcess, visit: Visit) -> None:
    links = visit.page.eval_on_selector_all("a", "all => all.map(each => each.href)")
    assert links
    assert [link for link in links if not link.startswith(f"{hub.url}/")] == []


def test_nothing_turns_its_surroundings_around(visit: Visit) -> None:
    html = visit.page.evaluate("document.documentElement.outerHTML")
    assert [hex(ord(mark)) for mark in TURNING if mark in html] == []
    # What stood between the marks is there, in the order in which it was written.
    assert "gnp.exe" in html or visit.kind == "error"


def test_an_endless_word_breaks_nothing(visit: Visit, phone: Page) -> None:
    assert faults_of_width(visit.page) == []
    phone.goto(visit.page.url)
    assert faults_of_width(phone) == []


def test_one_long_name_does_not_crowd_out_the_others(pages: dict[str, str], page: Page) -> None:
    for kind in ("home", "benchmarks", "board of claims"):
        page.goto(pages[kind])
        tallest = page.eval_on_selector_all(
            "tbody:not(.prose *) tr", "all => Math.max(...all.map(each => each.offsetHeight))"
        )
        assert tallest < 300, kind
    page.goto(pages["board"])
    assert page.locator("thead th.num").evaluate("each => each.offsetWidth") < 280


def test_what_is_cut_in_a_list_is_whole_on_its_page(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["board"])
    assert f"{MARKUP} gnp.exe {ENDLESS}" in page.inner_text("h1")


@pytest.mark.parametrize("file", ["README.md", "page.html", "picture.svg"])
def test_a_file_of_a_repository_runs_nothing(
    hub: HubProcess, pages: dict[str, str], page: Page, file: str
) -> None:
    page.goto(pages["home"])
    answer = page.request.get(f"{hub.url}/datasets/bench/harm/resolve/main/{file}")
    assert answer.status == 200
    headers = answer.headers
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    shown = headers["content-disposition"] == "inline"
    assert shown == headers["content-type"].startswith("text/plain") == (file == "README.md")
