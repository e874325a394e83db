from __future__ import annotations

import pytest

from assay.web.pages import links


def test_task_ids_and_revisions_are_one_segment() -> None:
    assert links.task("a/b", "MathArena/aime_2026") == "/datasets/a/b/tasks/MathArena%2Faime_2026"
    assert links.task("a/b", "swe_%_resolved?#") == "/datasets/a/b/tasks/swe_%25_resolved%3F%23"
    assert links.model_file("a/b", "refs/pr/1", "x y/é.yaml") == (
        "/a/b/resolve/refs%2Fpr%2F1/x%20y/%C3%A9.yaml"
    )
    assert (
        links.board_json("a/b", "c/d", {"claims": "all"}) == "/api/v1/boards/a/b/c%2Fd?claims=all"
    )
    assert links.discussion_json("model", "a/b", 3) == "/api/v1/models/a/b/discussions/3"
    assert links.discussion("dataset", "a/b", 3) == "/datasets/a/b/discussions/3"
    assert links.discussions("model", "a/b") == "/a/b/discussions"
    assert (
        links.discussions("model", "a/b", kind="discussion", status="all", page=2, up_to=7)
        == "/a/b/discussions?type=discussion&status=all&p=2&up_to=7"
    )


def test_a_board_is_asked_for_by_what_is_not_as_usual() -> None:
    assert links.board_query(as_of=None) == {}
    asked = links.board_query(view="claims", policy="latest", as_of="2026-01-31", start=100)
    assert links.task("a/b", "c", asked, model_id="x/y") == (
        "/datasets/a/b/tasks/c?claims=all&policy=latest&as_of=2026-01-31&start=100#x/y"
    )


@pytest.mark.parametrize("name", ["/evil.example/x", "//evil.example", "../..", "a/b/c", "", "\\x"])
def test_a_name_that_is_none_cannot_leave_the_hub(name: str) -> None:
    for href in (links.model(name), links.benchmark(name), links.claim(name), links.run(name)):
        assert href.startswith("/")
        assert not href.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("https://a.example/b?c=d#e", True),
        ("HTTP://a.example", True),
        ("https://пример.example/тест", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        (" https://a.example", False),
        ("https:///a", False),
        ("https:a.example", False),
        ("//a.example", False),
        ("/a", False),
        ("https://[::1", False),
        ("https://a.example\\@b.example", False),
        ("https://a.example/\u202e", False),
        ("data:text/html,x", False),
        ("", False),
        (None, False),
    ],
)
def test_only_http_leaves_the_hub(url: str | None, *, fit: bool) -> None:
    assert links.external(url) == (url if fit else None)
