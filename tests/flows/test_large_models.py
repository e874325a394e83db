"""A model with very many claims and pull requests: each answer about it shows and costs a page.

$ASSAY_LARGE_CLAIMS and $ASSAY_LARGE_PULLS give the real sizes: 100000 and 10000. Beside the large
model a small one is made, a tenth of it; nothing here looks at a clock.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from huggingface_hub import HfApi
from tests.hub_process import ROOT, HubProcess

from assay.core.permission import STRANGER
from assay.hub import conversations, indexing, models, people, provenance, repos
from assay.hub.open import Hub, open_hub
from assay.hub.push import land_commit
from assay.settings import HubSettings
from assay.storage.database import tallies
from assay.storage.git import ZERO, Identity, RefUpdate, open_quarantine

CLAIMS = int(os.environ.get("ASSAY_LARGE_CLAIMS", "1200"))
PULLS = int(os.environ.get("ASSAY_LARGE_PULLS", "220"))
MODEL = "lab-000/model-000000"
TASK = "lab-000/benchmark-000/task-000"
JSON = f"/api/v1/models/{MODEL}"
# Of JSON a page of a hundred claims, and of HTML.
MOST_BYTES = 160_000
MOST_PAGE_BYTES = 400_000
# Pull requests are counted along an index, some of them twice: in hundreds of steps.
COUNTING = 8 * PULLS // 100


def make(folder: Path, *, times: int) -> Path:
    """A hub in which one model has all claims and all pull requests."""
    options = ["--claims", str(CLAIMS * times // 10), "--pulls", str(PULLS * times // 10)]
    argv = [sys.executable, "benchmarks/make_hub.py", str(folder), "--index", *options]
    argv += ["--shape", "many-pulls", "--models", "3", "--model-zipf", "1e9", "--people", "20"]
    argv += ["--runs", "0"]
    subprocess.run(argv, check=True, cwd=ROOT, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("small") / "data", times=1)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("large") / "data", times=10)


@pytest.fixture(scope="module")
def served(large: Path) -> Iterator[HubProcess]:
    hub = HubProcess(large)
    hub.start()
    yield hub
    hub.stop()


# What an answer costs


@dataclass(slots=True)
class Cost:
    """What a database did: statements, and steps of its machine in hundreds."""

    statements: int = 0
    steps: int = 0


@contextmanager
def counted() -> Iterator[Cost]:
    cost = running = Cost()

    def step() -> None:
        running.steps += 1

    def begin(connection: sa.Connection, *_told: Any) -> None:
        cost.statements += 1
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(step, 100)

    sa.event.listen(sa.Engine, "before_cursor_execute", begin)
    try:
        yield cost
    finally:
        running = Cost()  # a connection goes on telling
        sa.event.remove(sa.Engine, "before_cursor_execute", begin)


def a_claim(hub: Hub) -> str:
    """One beside which there are as many others as may be."""
    answer = models.model(hub, STRANGER, MODEL, about=TASK)
    return answer.tasks[0].claims[-1].claim_id


ASKED: dict[str, Callable[[Hub], Any]] = {
    "first page": lambda hub: models.model(hub, STRANGER, MODEL),
    "a later page": lambda hub: models.model(hub, STRANGER, MODEL, start=20, up_to=10**9),
    "beyond the last": lambda hub: models.model(hub, STRANGER, MODEL, start=10**7),
    "one task": lambda hub: models.model(hub, STRANGER, MODEL, about=TASK),
    "open ones": lambda hub: conversations.listing(hub, STRANGER, "model", MODEL),
    "closed ones": lambda hub: conversations.listing(
        hub, STRANGER, "model", MODEL, status="closed"
    ),
    "a pull request": lambda hub: conversations.discussion(hub, STRANGER, "model", MODEL, 7),
}


@pytest.mark.parametrize("asked", ASKED)
def test_an_answer_costs_what_it_shows(small: Path, large: Path, asked: str) -> None:
    costs, sizes = [], []
    for folder in (small, large):
        with closing(open_hub(HubSettings(data=folder))) as hub:
            with counted() as cost:
                answer = ASKED[asked](hub)
            costs.append(cost)
            sizes.append(len(msgspec.json.encode(answer)))
    less, more = costs
    assert more.statements <= less.statements, costs
    assert more.steps <= 2 * less.steps + 50 + COUNTING, costs
    assert max(sizes) <= MOST_BYTES, sizes


def test_a_claim_beside_very_many_names_some_of_them(large: Path) -> None:
    with closing(open_hub(HubSettings(data=large))) as hub:
        answer = provenance.claim(hub, STRANGER, a_claim(hub))
        [task] = models.model(hub, STRANGER, MODEL, about=TASK).tasks
    assert task.standing is not None
    assert answer.other_count == task.count - 1 > len(answer.others)
    assert answer.others[0] == task.standing
    assert len(msgspec.json.encode(answer)) <= MOST_BYTES


def push(hub: Hub, ref: str, value: int) -> None:
    """A push of one entry, about something that nothing else is about.

    Whoever says something about a task is weighed against what else is said about it.
    """
    record = repos.find(hub, STRANGER, "model", MODEL)
    git, root = hub.git.open(record.id), people.reader_of(hub, "root-token-0123456789")
    text = f"- dataset: {{id: lab-000/nothing-yet, task_id: main}}\n  value: {value}\n"
    changes, author = {".eval_results/own.yaml": text.encode()}, Identity("A", "a@example.org", 1)
    with hub.git.lock(record.id), open_quarantine(git.path) as quarantine:
        old = git.head(ref)
        made = quarantine.commit(parent=old, changes=changes, message="A\n", author=author)
        land_commit(hub, record, root, RefUpdate(ref, old or ZERO, made), quarantine)


def test_a_push_costs_what_it_changes(small: Path, large: Path, tmp_path: Path) -> None:
    costs: list[list[Cost]] = []
    for name, folder in (("small", small), ("large", large)):
        shutil.copytree(folder, tmp_path / name)
        with closing(open_hub(HubSettings(data=tmp_path / name))) as hub:
            listed = conversations.listing(hub, STRANGER, "model", MODEL).discussions
            number = next(one.number for one in listed if one.title == "Report a result")
            costs.append([])
            for ref in ("refs/heads/main", f"refs/pr/{number}"):
                push(hub, ref, 1)  # the first of a process puts statements together
                with counted() as cost:
                    push(hub, ref, 2)
                costs[-1].append(cost)
            kept = list(indexing.dump(hub))
            indexing.rebuild(hub, workers=1)
            assert list(indexing.dump(hub)) == kept
    for less, more in zip(*costs, strict=True):
        assert more.statements <= less.statements, costs
        assert more.steps <= 2 * less.steps + 50, costs


def test_lists_without_pages_say_what_they_leave_out(served: HubProcess) -> None:
    named = {"filename": ".eval_results"}
    [listed] = [one for one in served.get("/api/models?expand=evalResults") if one["id"] == MODEL]
    *entries, last = listed["evalResults"]
    left_out = served.get(JSON)["live"] - 200
    assert len(entries) == 200
    assert last == named | {
        "error": f"{left_out} more results are not listed here; /api/v1/models has pages"
    }
    info = HfApi(endpoint=served.url, token=False).model_info(MODEL, expand=["evalResults"])
    assert info.eval_results is not None
    assert len(info.eval_results) == min(served.get(JSON)["live"], 2_000)


# Page after page


def pages(hub: HubProcess, query: str = "") -> Iterator[dict[str, Any]]:
    """Every page of a model's claims, as of the moment of the first."""
    start, up_to = 0, ""
    while True:
        page = hub.get(f"{JSON}?start={start}{up_to}{query}")
        yield page
        start += page["page_size"]
        up_to = f"&up_to={page['up_to']}"
        if start >= page["count"]:
            return


def ids_of(page: dict[str, Any]) -> list[str]:
    return [claim["claim_id"] for task in page["tasks"] for claim in task["claims"]]


def report(hub: HubProcess, number: int) -> None:
    """Somebody else's pull request, with a claim that comes before most others in the list."""
    text = f"- dataset: {{id: lab-000/benchmark-000, task_id: task-002}}\n  value: {number}\n"
    content = base64.b64encode(text.encode()).decode()
    file = {"path": f".eval_results/new-{number}.yaml", "content": content, "encoding": "base64"}
    lines = [{"key": "header", "value": {"summary": "S"}}, {"key": "file", "value": file}]
    answer = httpx.post(
        f"{hub.url}/api/models/{MODEL}/commit/main?create_pr=1",
        headers={"Authorization": f"Bearer {hub.token('lab-001')}"},
        content="\n".join(map(json.dumps, lines)),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text


def known(hub: HubProcess) -> set[str]:
    """The ids of all claims about the model, read at once."""
    with closing(open_hub(HubSettings(data=hub.data, checks=False))) as opened:
        record = repos.find(opened, STRANGER, "model", MODEL)
        with opened.index.read() as db:
            found = tallies.page_of(db, STRANGER, record.id, None, start=0, limit=10**9, up_to=None)
    return {claim.claim_id for claim in found}


def test_every_page_gives_each_claim_once_whatever_comes_between(served: HubProcess) -> None:
    before = known(served)
    seen: list[str] = []
    for number, page in enumerate(pages(served)):
        assert (page["count"], page["claims"] - page["count"]) == (len(before), min(number, 4))
        assert 0 < len(ids_of(page)) <= page["page_size"] == 100
        seen += ids_of(page)
        if number < 4:
            report(served, number)
    assert len(seen) == len(set(seen))
    assert set(seen) == before
    assert len(known(served)) == len(before) + 4


def test_claims_about_one_benchmark_are_asked_for_by_its_name(served: HubProcess) -> None:
    every = list(pages(served, f"&benchmark={TASK.rpartition('/')[0]}"))
    names = {(task["benchmark"], task["task"]) for page in every for task in page["tasks"]}
    assert {dataset for dataset, _ in names} == {"lab-000/benchmark-000"}
    assert len(names) > 1
    of_task = list(pages(served, f"&benchmark={TASK}"))
    claims = [claim for page in of_task for task in page["tasks"] for claim in task["claims"]]
    assert {claim["task_id"] for claim in claims} == {"task-000"}
    assert len(claims) == of_task[0]["count"] == of_task[0]["tasks"][0]["count"]
    assert len({claim["claim_id"] for claim in claims}) == len(claims)
    assert served.get(f"{JSON}?benchmark=lab-000/nothing")["tasks"] == []


def test_every_pull_request_is_listed_once_whatever_comes_between(served: HubProcess) -> None:
    numbers: list[int] = []
    page, up_to, count = 0, "", 1
    while len(numbers) < count:
        answer = served.get(f"{JSON}/discussions?p={page}{up_to}&status=all")
        numbers += [one["number"] for one in answer["discussions"]]
        if page < 2:
            report(served, 10 + page)
        page, count, up_to = page + 1, answer["count"], f"&up_to={answer['up_to']}"
        assert len(answer["discussions"]) <= answer["page_size"]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) >= PULLS
    listed = list(HfApi(endpoint=served.url, token=False).get_repo_discussions(MODEL))
    assert [one.num for one in listed] == [numbers[0] + 2, numbers[0] + 1, *numbers]


BAD = [
    (f"{JSON}?start=-1", "start=-1"),
    (f"{JSON}?start=x", "start=x"),
    (f"{JSON}?limit=0", "limit=0"),
    (f"{JSON}?up_to=soon", "up_to=soon"),
    (f"{JSON}?benchmark=nobody", "nobody"),
    (f"/{MODEL}?start=1.5", "start=1.5"),
    (f"{JSON}/discussions?p=x", "p=x"),
    (f"{JSON}/discussions?up_to=-2", "up_to=-2"),
]


@pytest.mark.parametrize(("path", "named"), BAD)
def test_what_cannot_be_a_page_is_refused(served: HubProcess, path: str, named: str) -> None:
    answer = served.request("GET", path)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "invalid")
    assert named in answer.text


# Pages for people


def test_links_lead_through_all_results(served: HubProcess) -> None:
    path, seen, count = f"/{MODEL}?benchmark={TASK}", list[str](), 0
    while path:
        answer = served.request("GET", path)
        assert answer.status_code == 200
        assert len(answer.content) <= MOST_PAGE_BYTES
        table = answer.text.partition("<tbody>")[2].partition("</tbody>")[0]
        rows = re.findall(r'href="/claims/([0-9a-f]{64})"', table)
        assert 0 < len(rows) <= 100
        seen += rows
        count += 1
        found = re.search(r'href="([^"]+)" rel="next"', answer.text)
        path = found[1].replace("&amp;", "&") if found else ""
        assert ('rel="prev"' in answer.text) == (count > 1)
    asked = served.get(f"{JSON}?benchmark={TASK}")
    assert len(set(seen)) == len(seen) == asked["count"] > 100


@pytest.mark.parametrize("path", [f"/{MODEL}", f"/{MODEL}?start=1000", f"/{MODEL}/discussions"])
def test_a_page_is_of_a_size_to_be_read(served: HubProcess, path: str) -> None:
    answer = served.request("GET", path)
    assert answer.status_code == 200
    assert len(answer.content) <= MOST_PAGE_BYTES


def test_the_command_shows_a_page_and_says_how_to_go_on(served: HubProcess) -> None:
    argv = [sys.executable, "-m", "assay", "show", MODEL, "--endpoint", served.url]
    first = subprocess.run(argv, check=True, capture_output=True, text=True)
    ids = re.findall(r"\b[0-9a-f]{12}\b", first.stdout)
    assert len(ids) == 100
    more = re.search(r"--start 100 --up-to \d+", first.stderr)
    assert more is not None, first.stderr
    after = subprocess.run([*argv, *more[0].split()], check=True, capture_output=True, text=True)
    assert not set(ids) & set(re.findall(r"\b[0-9a-f]{12}\b", after.stdout))
