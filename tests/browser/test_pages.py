"""Every kind of page in a real browser, on a hub full of what people report."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page
from tests.browser.content import ERRORS, fill
from tests.browser.looking import (
    complaints,
    faults_of_focus,
    faults_of_outline,
    faults_of_width,
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
    "claim on a benchmark that is elsewhere",
    "run",
    "pull request",
    "closed pull request",
    *ERRORS,
)
every_page = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def pages(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of a page of every kind."""
    paths = {**fill(hub, tmp_path_factory.mktemp("content")), **ERRORS}
    assert set(paths) == set(KINDS)
    return {kind: hub.url + path for kind, path in paths.items()}


@every_page
def test_a_page_never_scrolls_sideways(
    pages: dict[str, str], phone: Page, desk: Page, kind: str
) -> None:
    for window in (phone, desk):
        window.goto(pages[kind])
        assert faults_of_width(window) == []


@every_page
def test_a_page_loads_without_a_complaint(pages: dict[str, str], desk: Page, kind: str) -> None:
    with complaints(desk) as heard:
        answer = desk.goto(pages[kind])
    assert heard == []
    assert answer is not None
    assert answer.status == (404 if kind in ERRORS else 200)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert desk.evaluate("getComputedStyle(document.body).margin") == "0px", "no style sheet"


@every_page
def test_a_page_can_be_read_by_its_outline(pages: dict[str, str], desk: Page, kind: str) -> None:
    desk.goto(pages[kind])
    assert faults_of_outline(desk) == []
    assert desk.title().endswith(" · Assay")


@every_page
def test_a_page_says_the_same_without_scripts(
    pages: dict[str, str], desk: Page, scriptless: Page, kind: str
) -> None:
    desk.goto(pages[kind])
    scriptless.goto(pages[kind])
    assert scriptless.inner_text("body") == desk.inner_text("body")
    closed = scriptless.locator("details:not([open]) > summary")
    for _ in range(closed.count()):
        closed.first.click()
    assert closed.count() == 0


@every_page
def test_the_keyboard_sees_where_it_is(pages: dict[str, str], desk: Page, kind: str) -> None:
    desk.goto(pages[kind])
    desk.keyboard.press("Tab")
    first = desk.locator(":focus")
    assert first.inner_text() == "Skip to the content"
    box = first.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.id") == "main"
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.closest('main') !== null")
    assert faults_of_focus(desk) == []


def test_every_link_within_the_hub_leads_somewhere(
    hub: HubProcess, pages: dict[str, str], desk: Page
) -> None:
    ours: dict[str, str] = {}
    for kind, address in pages.items():
        desk.goto(address)
        for href in desk.eval_on_selector_all(
            "a[href^='/']", "all => all.map(each => each.getAttribute('href'))"
        ):
            ours.setdefault(href.partition("#")[0], kind)
    assert len(ours) > 40
    with httpx.Client(base_url=hub.url) as client:
        dead = [(path, kind) for path, kind in ours.items() if not client.get(path).is_success]
    assert dead == []


def test_a_finger_finds_what_it_presses(pages: dict[str, str], phone: Page) -> None:
    phone.goto(pages["board"])
    small = phone.eval_on_selector_all(
        "main a, summary, header a",
        "all => all.filter(each => each.checkVisibility()"
        " && each.getBoundingClientRect().height < 44).map(each => each.outerHTML)",
    )
    assert small == []
