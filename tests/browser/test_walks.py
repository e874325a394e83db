"""What a person finds by clicking: from the front page to the evidence, and to what contests it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, HttpCredentials, Page, expect
from tests.browser.content import BOARD, claims_about, fill
from tests.hub_process import HubProcess

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def paths(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The path of a page of every kind."""
    return fill(hub, tmp_path_factory.mktemp("content"))


def heading(page: Page) -> str:
    return page.inner_text("h1")


@pytest.mark.parametrize("window", ["desk", "scriptless", "phone"])
def test_from_the_front_page_to_the_evidence(
    hub: HubProcess, paths: dict[str, str], window: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(window)
    page.goto(hub.url)
    page.get_by_role("link", name="Quiz", exact=True).click()
    assert heading(page) == "Quiz main"
    row = page.get_by_role("row").filter(has_text="rocket-7b")
    row.get_by_role("link", name="71.0").click()
    assert page.url == hub.url + paths["claim"]
    assert heading(page) == "Why this number"
    page.locator("dd a[href^='/runs/']").click()
    assert page.url == hub.url + paths["run"]
    assert heading(page) == "71 accuracy"
    page.go_back()
    page.get_by_role("link", name=".eval_results/quiz.yaml").click()
    assert re.search(r"/resolve/[0-9a-f]{40}/\.eval_results/quiz\.yaml$", page.url)
    assert "value: 71.0" in page.inner_text("body")


def test_the_other_claims_of_a_row_open_the_one_that_contests_it(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + BOARD)
    row = desk.get_by_role("row").filter(has_text="rocket-7b")
    row.get_by_text("1 disagrees").click()
    row.get_by_role("link", name="All claims").click()
    assert desk.url == f"{hub.url}{BOARD}?claims=all#ada/rocket-7b"
    expect(desk.locator("tr:target")).to_be_in_viewport()
    community = desk.get_by_role("row").filter(has_text="community")
    community.get_by_role("link", name="55.0").click()
    assert desk.url == hub.url + paths["contesting claim"]
    assert "1 other claim says something else" in desk.inner_text(".lead")
    desk.get_by_role("link", name="the claim on main that it would replace").click()
    assert desk.url == hub.url + paths["claim"]


def test_what_was_ruled_on_a_claim_stands_on_its_page(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["contesting claim"])
    badges = desk.locator(".number .badge").all_inner_texts()
    assert [text.split(" ", 1)[1] for text in badges] == ["community", "refuted"]
    withdrawn, refuted = desk.locator(".rulings li").all()
    expect(withdrawn).to_contain_text("disputed by ada")
    expect(withdrawn).to_contain_text("Withdrawn because: It is ours.")
    expect(refuted).to_contain_text("Run again by us:")
    link = refuted.get_by_role("link", name="https://quiz.example/run")
    assert link.get_attribute("href") == "https://quiz.example/run"
    told = desk.locator(".timeline .kind").all_inner_texts()
    assert told[-3:] == ["disputed", "ruling withdrawn", "refuted"]


def test_a_model_links_what_is_derived_from_it_and_back(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["model"])
    derived = desk.locator(".lineage li")
    expect(derived).to_have_text("derived: ada/returning (quantized)")
    derived.get_by_role("link").click()
    expect(desk.locator(".lineage li")).to_have_text("quantized from ada/rocket-7b")
    desk.locator(".lineage").get_by_role("link").click()
    assert desk.url == hub.url + paths["model"]


def test_a_declined_claim_is_found_with_the_reason(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + BOARD)
    row = desk.get_by_role("row").filter(has_text="rocket-7b")
    row.get_by_text("1 declined").click()
    row.get_by_role("link", name="the model's page").click()
    desk.get_by_role("link", name="7.1", exact=True).click()
    assert desk.url == hub.url + paths["declined claim"]
    box = desk.get_by_role("region", name="No longer counted")
    expect(box).to_contain_text("Declined")
    expect(box).to_contain_text("a unit slip: 71, not 7.1")
    box.get_by_role("link", name="pull request 2").click()
    assert desk.url == hub.url + paths["closed pull request"]


def test_a_pull_request_shows_what_it_adds_and_what_the_checks_say(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["model"])
    desk.get_by_role("link", name="Report 55.0").click()
    assert desk.url == hub.url + paths["pull request"]
    assert desk.inner_text(".lead") == (
        "eve reports 1 result, against what main says; a merge would remove 1 entry."
    )
    findings = desk.locator(".finding").all_inner_texts()
    assert [re.findall(r"AS\d+", finding) for finding in findings] == [["AS410"], ["AS413"]]
    assert "May 2026" in findings[0]
    desk.get_by_role("link", name="55.0", exact=True).click()
    assert desk.url == hub.url + paths["contesting claim"]


def test_what_came_back_is_said_to_be_introduced_again(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["returned claim"])
    told = desk.locator(".timeline .kind").all_inner_texts()
    assert told == ["introduced 64.0", "history rewritten", "introduced again 64.0"]
    versions = desk.get_by_role("table", name="Versions of this claim").locator("tbody tr")
    assert [row.locator("td").nth(2).inner_text() for row in versions.all()] == [
        "introduced",
        "introduced again",
    ]
    assert desk.locator(".ended-box").count() == 0
    history = hub.get(f"/api/v1{paths['returned claim']}")["history"]
    assert [line["kind"] for line in history] == [
        "introduced",
        "history rewritten",
        "introduced again",
    ]


def test_a_claim_that_conflicts_links_the_other_and_tells_of_the_rewriting(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["board of claims"])
    row = desk.get_by_role("row").filter(has_text="42.0")
    assert [text.split(" ", 1)[1] for text in row.locator(".badge").all_inner_texts()] == [
        "author",
        "conflicting",
        "history rewritten",
    ]
    desk.goto(hub.url + paths["conflicting claim"])
    told = desk.locator(".timeline .kind").all_inner_texts()
    assert told == ["introduced 42.0", "moved", "history rewritten"]
    assert "kept as refs/assay/kept/" in desk.inner_text(".timeline")
    assert desk.locator(".ended-box").count() == 0
    for path in ("quiz.yaml", "b.yaml"):
        href = desk.get_by_role("link", name=f".eval_results/{path}").get_attribute("href")
        assert "42.0" in desk.request.get(f"{hub.url}{href}").text()
    desk.get_by_role("link", name="the claim of 41.0").click()
    assert desk.inner_text(".number .big").startswith("41.0")


def test_what_changed_is_still_said_to_have_changed(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["claim"])
    told = desk.locator(".timeline li").all_inner_texts()
    assert [words.split("\n")[0] for words in told] == ["introduced 70.5", "changed"]
    assert "70.5 → 71.0" in told[1]
    assert "changed: value, source.url, source.name, notes, run_record" in told[1]


def test_a_claim_wears_the_same_badges_wherever_it_stands(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["model"])
    listed = {}
    for row in desk.locator("tr:has(.badges)").all():
        path = row.locator("td.num a").get_attribute("href")
        listed[path] = row.locator(".badge").all_inner_texts()
    claims = claims_about(hub, "ada/rocket-7b")
    assert len(listed) == len(claims) == 4
    for claim in claims:
        path = f"/claims/{claim['claim_id']}"
        said = hub.get(f"/api/v1{path}")["badges"]
        desk.goto(hub.url + path)
        assert desk.locator(".number .badge").all_inner_texts() == listed[path]
        assert [badge.split(" ", 1)[1] for badge in listed[path]] == said


def test_a_private_claim_lies_over_the_board_for_its_owner_alone(
    hub: HubProcess, paths: dict[str, str], browser: Browser, desk: Page
) -> None:
    desk.goto(hub.url + paths["board"])
    expect(desk.locator("main")).not_to_contain_text("secret")
    headers = {"Authorization": f"Bearer {hub.token('ada')}"}
    context = browser.new_context(extra_http_headers=headers)
    page = context.new_page()
    page.goto(hub.url + paths["board"])
    row = page.get_by_role("row").filter(has_text="ada/secret")
    expect(row).to_contain_text("private: would rank 1")
    expect(page.locator("header")).to_contain_text("reading as ada")
    context.close()


def test_the_tasks_of_a_benchmark_are_one_click_apart(
    hub: HubProcess, paths: dict[str, str], desk: Page
) -> None:
    desk.goto(hub.url + paths["empty board"])
    tabs = desk.get_by_role("navigation", name="Tasks of this benchmark")
    tabs.get_by_role("link", name="second").click()
    assert heading(desk) == "Bare second"
    expect(tabs.locator("[aria-current=page]")).to_have_text("second")
    expect(desk.get_by_role("heading", name="Put the first result here")).to_be_visible()


def test_an_owner_signs_in_and_reads_what_she_is_told(
    hub: HubProcess, paths: dict[str, str], browser: Browser
) -> None:
    who = HttpCredentials(username="ada", password=hub.token("ada"))
    context = browser.new_context(http_credentials=who)
    page = context.new_page()
    page.goto(hub.url)
    page.get_by_role("link", name="Sign in").click()
    assert heading(page) == "What you are told"
    assert "reading as ada" in page.inner_text("header")
    first = page.get_by_role("row").filter(has_text="eve reports a result").first
    expect(first).to_contain_text("new")
    page.get_by_role("button").click()
    assert page.url == f"{hub.url}/notifications"
    expect(page.locator(".lead")).to_contain_text("all read")
    told = page.locator(f"a[href='{paths['pull request']}']").first
    told.click()
    assert page.url == hub.url + paths["pull request"]
    context.close()
