"""Every kind of page in a real browser, on a hub full of what people report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page
from tests.browser.content import ERRORS, fill
from tests.browser.looking import (
    Visit,
    faults_of_focus,
    faults_of_outline,
    faults_of_width,
    visiting,
)
from tests.hub_process import HubProcess

pytestmark = pytest.mark.browser

KINDS = (
    "home",
    "benchmarks",
    "board",
    "board of claims",
    "empty board",
    "model",
    "model without a README",
    "empty model",
    "claim",
    "contesting claim",
    "declined claim",
    "returned claim",
    "conflicting claim",
    "claim on a benchmark that is elsewhere",
    "run",
    "pull request",
    "closed pull request",
    "discussion",
    "list of discussions",
    "pull request of a dataset",
    "empty list of discussions",
    *ERRORS,
)


@pytest.fixture(scope="module")
def pages(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of a page of every kind."""
    paths = {**fill(hub, tmp_path_factory.mktemp("content")), **ERRORS}
    assert set(paths) == set(KINDS)
    return {kind: hub.url + path for kind, path in paths.items()}


@pytest.fixture(scope="module", params=KINDS)
def visit(request: pytest.FixtureRequest, pages: dict[str, str], desk: Page) -> Iterator[Visit]:
    """A page of every kind, opened once for all that is asked about it."""
    with visiting(desk, pages[request.param], request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def status_of(hub: HubProcess) -> Iterator[Callable[[str], int]]:
    """What the hub answers to a path, asked once."""
    with httpx.Client(base_url=hub.url) as client:
        yield functools.cache(lambda path: client.get(path).status_code)


def test_a_page_loads_without_a_complaint(visit: Visit) -> None:
    assert visit.heard == []
    assert visit.answer.status == (404 if visit.kind in ERRORS else 200)
    assert "default-src 'none'" in visit.answer.headers["content-security-policy"]
    margin = visit.page.evaluate("getComputedStyle(document.body).margin")
    assert margin == "0px", "no style sheet"


def test_a_page_never_scrolls_sideways(visit: Visit, phone: Page) -> None:
    assert faults_of_width(visit.page) == []
    phone.goto(visit.page.url)
    assert faults_of_width(phone) == []


def test_a_page_can_be_read_by_its_outline(visit: Visit) -> None:
    assert faults_of_outline(visit.page) == []
    assert visit.page.title().endswith(" · Assay")


def test_a_page_says_the_same_without_scripts(visit: Visit, scriptless: Page) -> None:
    scriptless.goto(visit.page.url)
    assert scriptless.inner_text("body") == visit.page.inner_text("body")
    closed = scriptless.locator("details:not([open]) > summary")
    for _ in range(closed.count()):
        closed.first.click()
    assert closed.count() == 0


def test_the_keyboard_sees_where_it_is(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert page.inner_text(":focus") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert faults_of_focus(page) == []


def test_no_link_within_the_hub_is_dead(visit: Visit, status_of: Callable[[str], int]) -> None:
    links = "all => all.map(each => each.getAttribute('href').split('#')[0])"
    within = set(visit.page.eval_on_selector_all("a[href^='/']", links))
    assert {"/", "/benchmarks", "/api/v1/openapi.json"} <= within
    within -= {"/notifications"}  # asks who is there
    assert [link for link in within if status_of(link) != 200] == []


def test_a_finger_finds_what_it_presses(pages: dict[str, str], phone: Page) -> None:
    phone.goto(pages["board"])
    small = phone.eval_on_selector_all(
        "main a, summary, header a",
        "all => all.filter(each => each.checkVisibility()"
        " && each.getBoundingClientRect().height < 44).map(each => each.outerHTML)",
    )
    assert small == []
