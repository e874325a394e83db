"""Every page: well-formed, complete, and deaf to what people write into it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.unit.web import histories, samples
from tests.unit.web.poison import poison
from tests.unit.web.strict_html import Page

from assay.core.claim import Source
from assay.core.difference import FieldChange
from assay.hub.answers import (
    Benchmark,
    Board,
    ClaimAnswer,
    DiscussionAnswer,
    HomeAnswer,
    RunAnswer,
)
from assay.hub.model_answers import Model
from assay.web.pages import (
    Site,
    render_benchmark,
    render_benchmarks,
    render_claim,
    render_discussion,
    render_discussions,
    render_error,
    render_home,
    render_model,
    render_notifications,
    render_run,
)
from assay.web.pages.words import upright

SITE = samples.SITE
READER = Site(public_url=SITE.public_url, reader="nadia", version="0.1.0")


def board_page(board: Board, benchmark: Benchmark | None = None, readme: str | None = None) -> Page:
    return Page(
        render_benchmark(board, benchmark or samples.benchmark(), readme, samples.SPEC, SITE)
    )


def bare_benchmark() -> Benchmark:
    return samples.benchmark(
        tasks=[samples.bare_task()],
        description="",
        framework=None,
        runnable=False,
        not_runnable_because="unknown framework",
        findings=[samples.finding()],
    )


PAGES: dict[str, Callable[[], str]] = {
    "home": lambda: render_home(samples.home(), READER),
    "home, empty": lambda: render_home(samples.empty_home(), SITE),
    "benchmarks": lambda: render_benchmarks(samples.home().benchmarks, SITE),
    "benchmarks, empty": lambda: render_benchmarks([], SITE),
    "board": lambda: render_benchmark(
        samples.board(), samples.benchmark(), samples.README, samples.SPEC, SITE
    ),
    "board of claims": lambda: render_benchmark(
        samples.board(view="claims"), samples.benchmark(), None, None, SITE
    ),
    "board, empty": lambda: render_benchmark(
        samples.empty_board(), bare_benchmark(), None, None, SITE
    ),
    "model": lambda: render_model(histories.model(), samples.README, SITE),
    "model, a mirror": lambda: render_model(histories.mirrored(), None, SITE),
    "benchmark, a mirror": lambda: render_benchmark(
        samples.board(), samples.benchmark(mirror_of="the folder gsm8k"), None, None, SITE
    ),
    "claim of a mirror": lambda: render_claim(
        histories.claim_answer(claim=samples.claim(mirror_of=samples.ELSEWHERE)), SITE
    ),
    "model, empty": lambda: render_model(histories.empty_model(), None, SITE),
    "claim": lambda: render_claim(histories.claim_answer(), SITE),
    "claim, declined": lambda: render_claim(histories.declined_answer(), SITE),
    "claim, bare": lambda: render_claim(
        histories.claim_answer(
            claim=samples.claim(source=None, evidence_level=0, date=None, pusher=None),
            unit=None,
            benchmark_registered=False,
            versions=[histories.version(pusher=None)],
            history=[],
            others=[],
            other_count=0,
            chance=None,
            yaml="",
        ),
        SITE,
    ),
    "discussion": lambda: render_discussion(histories.discussion(history=[]), SITE),
    "discussion, closed": lambda: render_discussion(
        histories.discussion(status="closed", history=histories.pull().history), SITE
    ),
    "discussions": lambda: render_discussions(histories.discussion_page(), SITE),
    "discussions, none": lambda: render_discussions(
        histories.discussion_page(discussions=[], count=0, start=0), SITE
    ),
    "discussions, beyond the last": lambda: render_discussions(
        histories.discussion_page(discussions=[], count=3, type="dataset"), SITE
    ),
    "pull request of a dataset": lambda: render_discussion(
        histories.pull(type="dataset", claims=[], merge_commit=samples.COMMIT), SITE
    ),
    "pull request": lambda: render_discussion(histories.pull(), SITE),
    "pull request, empty": lambda: render_discussion(histories.empty_pull(), SITE),
    "notifications": lambda: render_notifications(histories.notifications(), SITE),
    "notifications, beyond the last": lambda: render_notifications(
        histories.notifications(notifications=[]), SITE
    ),
    "notifications, none": lambda: render_notifications(
        histories.notifications(notifications=[], count=0, unread=0), SITE
    ),
    "run": lambda: render_run(histories.run(), SITE),
    "run, empty": lambda: render_run(histories.run(record={}, log_path=None), SITE),
    "error": lambda: render_error(404, "Not here", "no such model", "look again", SITE),
    "error without a hint": lambda: render_error(500, "Broken", "it broke", "", SITE),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_mending(name: str) -> None:
    page = Page(PAGES[name]())
    assert page.faults == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_bones_that_readers_lean_on(name: str) -> None:
    # A README's tables are somebody else's.
    page = Page(re.sub(r'<div class="prose">.*?</div>', "", PAGES[name](), flags=re.DOTALL))
    assert page.html.startswith("<!doctype html>\n<html lang=")
    assert [h1.text != "" for h1 in page.all("h1")] == [True]
    assert len(list(page.all("main"))) == 1
    assert next(page.all("title")).text.endswith("· Assay")
    assert next(page.all("a", "skip")).attributes["href"] == "#main"
    assert len(list(page.all("caption"))) == len(list(page.all("table")))
    assert all(th.attributes.get("scope") in {"col", "row"} for th in page.all("th"))
    assert all(s.attributes.get("aria-label") for s in page.all("svg", "strip"))


@pytest.mark.parametrize("name", PAGES)
def test_navigation_names_only_what_is_there(name: str) -> None:
    page = Page(PAGES[name]())
    there = ["/", "/benchmarks", "/api/v1/openapi.json", "/notifications"]
    assert page.hrefs()[1:5] == there
    assert "<input" not in page.html
    assert "/commit/" not in page.html


HOSTILE_PAGES: dict[str, Callable[[str], str]] = {
    "home": lambda text: render_home(poison(samples.home(), text), SITE),
    "board": lambda text: render_benchmark(
        poison(samples.board(), text),
        poison(samples.benchmark(findings=[samples.finding()]), text),
        text,
        text,
        SITE,
    ),
    "model": lambda text: render_model(poison(histories.model(), text), text, SITE),
    "model, a mirror": lambda text: render_model(poison(histories.mirrored(), text), text, SITE),
    "benchmark, a mirror": lambda text: render_benchmark(
        samples.board(), poison(samples.benchmark(mirror_of="x"), text), None, None, SITE
    ),
    "claim": lambda text: render_claim(
        poison(histories.claim_answer(findings=[samples.finding()]), text), SITE
    ),
    "discussion": lambda text: render_discussion(
        poison(histories.discussion(history=histories.pull().history), text), SITE
    ),
    "discussions": lambda text: render_discussions(poison(histories.discussion_page(), text), SITE),
    "pull": lambda text: render_discussion(poison(histories.pull(), text), SITE),
    "notifications": lambda text: render_notifications(
        poison(histories.notifications(), text), SITE
    ),
    "run": lambda text: render_run(poison(histories.run(), text), SITE),
    "error": lambda text: render_error(404, text, text, text, SITE),
    "reader": lambda text: render_benchmarks([], Site(SITE.public_url, text, text)),
}


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_what_people_write_stays_text(name: str, text: str) -> None:
    page = Page(HOSTILE_PAGES[name](text))
    faults = [fault for fault in page.faults if not fault.startswith("the id")]
    assert faults == []
    assert " ".join(upright(text).split()) in page.text
    assert not any(href.lower().startswith(("javascript", "data", "//")) for href in page.hrefs())
    assert not set("\u202e\u202d\u2066\x00\x1b") & set(page.html)


def test_a_mirror_says_on_its_pages_what_it_is_a_copy_of() -> None:
    page = Page(PAGES["model, a mirror"]())
    assert f"Mirror of {samples.ELSEWHERE}" in " ".join(page.text.split())
    assert page.hrefs().count(samples.ELSEWHERE) == 2  # on top, and beside the claim
    assert "Mirror of the folder gsm8k" in Page(PAGES["benchmark, a mirror"]()).text
    assert samples.ELSEWHERE in Page(PAGES["claim of a mirror"]()).hrefs()


def test_source_links_leave_only_over_http() -> None:
    kinds = {
        "https://good.example/a?b=1&c=2": True,
        "http://good.example": True,
        "javascript:alert(1)": False,
        "//evil.example": False,
        "https://": False,
        "ftp://files.example/a": False,
        "https://evil.example\\@good.example/": False,
        "https://a.example/\u202egnp.exe": False,
    }
    for url, may_link in kinds.items():
        said = samples.claim(source=Source(url=url))
        page = board_page(samples.board(rows=[samples.row(1, said)]))
        assert (url in page.hrefs()) is may_link, url
        assert page.faults == [], url


def expect(page: Page, *texts: str) -> None:
    missing = [text for text in texts if text not in page.text]
    assert missing == []


def test_a_board_says_everything_it_knows() -> None:
    page = board_page(samples.board(), readme=samples.README)
    expect(page, "Grade School Math gsm8k", "acme/rocket-7b leads 5 models.", "25 %", "accuracy %")
    expect(page, "best-evidence", samples.board().policy_says, "1 of 5 cannot be told from chance")
    expect(
        page,
        "71.5",
        "69.50",
        "◆ author",
        "◇ community",
        "\N{EN DASH} not checked here",
        "▣ private",
    )
    expect(page, "2 agree", "1 disagrees", "1 declined", "no source", "nobody signed in")
    expect(page, "the community's first claim, before 1 other", "n unknown", "signed", "bare")
    expect(page, "private: would rank 2", "globex-bot", "2026-01-20", "1a2b3c4")
    expect(page, "assay board openai/gsm8k/gsm8k", "export HF_ENDPOINT=https://hub.example")
    expect(page, "git clone https://hub.example/datasets/openai/gsm8k", samples.SPEC_SHA)
    expect(page, "assay run openai/gsm8k/gsm8k --model PROVIDER/MODEL --as NS/MODEL --submit")
    labels = [strip.attributes["aria-label"] for strip in page.all("svg", "strip")]
    assert labels[0] == "71.5, 95 % interval 64.8 to 77.3 (n = 198), chance 25"
    assert labels[2] == "69.5, interval unknown, chance 25"
    dots = [svg.attributes["aria-label"] for svg in page.all("svg", "dots")]
    assert dots[0] == "Evidence level 1 of 5: sourced"


def test_the_row_says_that_a_score_cannot_be_told_from_chance() -> None:
    page = board_page(samples.board())
    lost = [th.text for th in page.all("th", "model") if "cannot be told from chance" in th.text]
    assert lost == ["umbrella/ nano-200m ≈ cannot be told from chance"]


def test_every_number_of_a_board_is_a_door() -> None:
    page = board_page(samples.board())
    hrefs = page.hrefs()
    for row in samples.rows():
        assert f"/claims/{row.claim.claim_id}" in hrefs
        assert f"/{row.model}" in hrefs
    assert f"/runs/{samples.RUN}" in hrefs
    assert "https://acme.example/report" in hrefs
    assert "/datasets/openai/gsm8k/tasks/gsm8k?claims=all#acme/rocket-7b" in hrefs
    assert "/datasets/openai/gsm8k/tasks/gsm8k%2Fhard%20%25" in hrefs
    assert "/api/v1/boards/openai/gsm8k/gsm8k" in hrefs
    assert f"/datasets/openai/gsm8k/resolve/{samples.COMMIT}/eval.yaml" in hrefs


def test_tied_rows_say_so_and_private_ones_stand_apart() -> None:
    page = board_page(samples.board())
    ranks = [td.text for td in page.all("td", "rank")]
    assert ranks == ["1", "2 = tied", "2 = tied", "4", "5", "\N{EN DASH}"]
    assert len(list(page.all("tr", "overlay"))) == 1


def test_the_board_of_claims_can_be_jumped_into() -> None:
    twice = [samples.row(1, samples.claim()), samples.row(2, samples.claim(value="70.1"))]
    page = board_page(samples.board(view="claims", rows=twice))
    assert page.faults == []
    assert [tr.attributes["id"] for tr in page.all("tr") if "id" in tr.attributes] == [
        "acme/rocket-7b"
    ]
    assert "/api/v1/boards/openai/gsm8k/gsm8k?claims=all" in page.hrefs()
    assert "Other claims" not in page.text


def test_what_nobody_declared_is_said_to_be_unknown() -> None:
    page = board_page(samples.empty_board(), bare_benchmark())
    expect(page, "Nobody has reported a result yet.", "n unknown", "not declared", "higher assumed")
    expect(page, "unit not declared", "unknown framework", "the dataset's default")
    ranked = board_page(
        samples.board(
            task=samples.bare_task(),
            unit=None,
            direction_assumed=True,
            rows=[samples.row(1, samples.claim())],
        )
    )
    expect(ranked, "That higher is better is assumed", "The unit is not declared", "No row has an")


def test_an_empty_board_shows_the_lines_that_fill_it() -> None:
    empty = samples.empty_board()
    page = board_page(empty, samples.benchmark())
    teaching = next(page.all("section", "teach")).text
    assert "assay run openai/gsm8k/default --model" in teaching
    assert '- dataset: {id: "openai/gsm8k", task_id: "default"} value: 71.5 source:' in teaching
    assert "--create-pr" in teaching


def test_a_task_id_cannot_add_to_a_command() -> None:
    task = samples.task("x; rm -rf ~ $(id) 'y")
    page = board_page(samples.board(task=task), samples.benchmark(tasks=[task]))
    assert """assay board 'openai/gsm8k/x; rm -rf ~ $(id) '"'"'y'""" in page.text


def test_a_claim_says_who_when_where_and_on_what_evidence() -> None:
    page = Page(render_claim(histories.claim_answer(), SITE))
    expect(page, "68.1 %", "nadia claims 68.1", "61.2 to 74.3", "n = 198 from the run record")
    expect(page, "Level 2 of 5", "It does not show that the run took place", "0-shot, no tools")
    expect(page, "refs/pr/2", ".eval_results/gsm8k.yaml", "line 3", "2026-02-03 08:00 UTC")
    expect(page, "task_id: gsm8k value: 68.1", "the score can be told from it", "71.5")
    expect(page, "git says the author is Nadia Okafor , which nothing checks", "nadia@example.org")
    hrefs = page.hrefs()
    assert f"/acme/rocket-7b/resolve/{samples.COMMIT}/.eval_results/gsm8k.yaml" in hrefs
    assert "/acme/rocket-7b/discussions/2" in hrefs
    assert "/datasets/openai/gsm8k/tasks/gsm8k" in hrefs
    assert f"/runs/{samples.RUN}" in hrefs
    assert f"/api/v1/claims/{histories.claim_answer().claim.claim_id}" in hrefs


def test_a_version_says_in_words_what_changed_and_hides_nothing_of_it() -> None:
    long = "n" * 150
    changed = [
        FieldChange(field="value", change="changed", before="67.9", after="68.1"),
        FieldChange(field="notes", change="added", before=None, after=long),
        FieldChange(field="extra.x", change="removed", before={"a": [1]}, after=None),
        FieldChange(field="date", change="changed", before="", after="a\u202eb"),
    ]
    versions = [histories.version(1), histories.version(2, changed=changed)]
    page = Page(render_claim(histories.claim_answer(versions=versions), SITE))
    assert next(page.all("ul", "changes")).text == (
        f"value 67.9 → became 68.1 notes added: {long[:100]}… {long} "
        'extra.x removed: {"a": [1]} date (empty) → became a⟦U+202E⟧b'
    )


def test_a_declined_claim_says_by_whom_when_and_why() -> None:
    page = Page(render_claim(histories.declined_answer(), SITE))
    box = next(page.all("section", "ended-box")).text
    assert box.startswith("Declined By acme , 2026-02-04 09:00 UTC")
    assert "wrong checkpoint: this is the base model" in box


def test_a_claim_of_an_unknown_benchmark_links_nowhere() -> None:
    page = Page(PAGES["claim, bare"]())
    expect(
        page,
        "(no benchmark on this hub has this task)",
        "unit not declared",
        "The interval is unknown",
        "none",
    )
    assert not any(href.startswith("/datasets/openai") for href in page.hrefs())


def test_a_pull_request_says_what_it_would_change() -> None:
    page = Page(render_discussion(histories.pull(), SITE))
    expect(page, "Report GSM8K, 0-shot 2", "open", "nadia reports 1 result", "Log attached.")
    expect(page, "contradicts the claim on main", "80.10", "cais/mmlu", ".eval_results/mmlu.yaml")
    expect(page, "it changes nothing until merged", "AS205", "7150", "0 to 100", "write it in")
    expect(page, "git fetch https://hub.example/acme/rocket-7b refs/pr/2")
    expect(page, "HF_ENDPOINT=https://hub.example hf discussions merge acme/rocket-7b 2")
    expect(page, "hf discussions close acme/rocket-7b 2")
    assert f"/claims/{'ef' * 32}" in page.hrefs()


def test_a_pull_request_shows_what_changes_and_what_was_said() -> None:
    page = Page(render_discussion(histories.pull(), SITE))
    expect(page, "It cannot be merged as it is", "- value: 71.5", "+ value: 68.1", "3 files more")
    expect(page, "weights.bin added", "It is binary", "log.json removed", "too long to show here")
    expect(page, "why 0-shot?", "comment edited", "This comment was hidden")
    assert [" ".join(each.text.split()) for each in page.all("span", "minus")] == ["- value: 71.5"]
    expect(page, "hf discussions diff acme/rocket-7b 2")
    assert "/api/v1/models/acme/rocket-7b/discussions/2" in page.hrefs()


def test_a_list_of_discussions_leads_to_each_and_to_its_other_pages() -> None:
    page = Page(render_discussions(histories.discussion_page(), SITE))
    expect(page, "Report GSM8K, 0-shot", "pull request", "draft", "51 to 51 of 120.", "private")
    assert {
        "/acme/rocket-7b/discussions/2",
        "/acme/rocket-7b/discussions?status=closed",
        "/acme/rocket-7b/discussions?type=discussion",
        "/acme/rocket-7b/discussions",
        "/acme/rocket-7b/discussions?p=2&up_to=130",
    } <= set(page.hrefs())


def test_notifications_lead_to_what_they_tell_and_to_their_other_pages() -> None:
    page = Page(render_notifications(histories.notifications(), SITE))
    assert "20 new of 120." in page.text
    assert "nadia reports a result in the pull request Report GSM8K, 0-shot" in page.text
    hrefs = set(page.hrefs())
    assert {"/acme/rocket-7b/discussions/2", "/acme/rocket-7b"} <= hrefs
    assert {"/notifications?p=0", "/notifications?p=2"} <= hrefs
    assert [button.attributes["value"] for button in page.all("button")] == ["71"]


def test_a_settled_pull_request_is_not_to_be_merged_again() -> None:
    page = Page(render_discussion(histories.pull(status="merged"), SITE))
    assert "hf discussions merge" not in page.text


def test_a_model_says_what_is_claimed_and_what_is_wrong() -> None:
    page = Page(render_model(histories.model(), samples.README, SITE))
    expect(
        page,
        "rank 1 of 5",
        "no benchmark on this hub has this task",
        "✕ declined",
        "line 2: not a list of entries",
    )
    expect(page, "Report GSM8K, 0-shot", "assay show acme/rocket-7b", "Claims 3")
    assert "/datasets/MathArena/aime_2026" not in " ".join(page.hrefs())
    empty = Page(render_model(histories.empty_model(), None, SITE))
    expect(empty, "Nobody has shown whose this namespace is", "Nothing is claimed about this model")


def test_a_run_shows_its_record_and_its_log() -> None:
    page = Page(render_run(histories.run(), SITE))
    expect(page, "68.1 accuracy", samples.RUN, "temperature 0.0", "inspect-ai", "stderr", "3.2")
    expect(page, '"schema": "assay-run/1"')
    assert (
        f"/acme/rocket-7b/resolve/{samples.OTHER_COMMIT}/.eval_results/logs/run.json"
        in page.hrefs()
    )
    expect(Page(PAGES["run, empty"]()), "nothing here can be recomputed")


def test_an_error_says_what_to_do() -> None:
    page = Page(render_error(404, "Not here", "there is no model 'a/b'", "look again", SITE))
    expect(page, "404", "Not here", "there is no model 'a/b'", "What to do: look again")


@pytest.mark.parametrize(
    ("answer", "render"),
    [
        (samples.home(), lambda answer: render_home(answer, SITE)),
        (histories.claim_answer(), lambda answer: render_claim(answer, SITE)),
    ],
)
def test_the_same_answer_gives_the_same_page(
    answer: HomeAnswer | ClaimAnswer | Model | DiscussionAnswer | RunAnswer,
    render: Callable[[object], str],
) -> None:
    assert render(answer) == render(answer)
