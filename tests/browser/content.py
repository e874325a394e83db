"""A hub with something on every kind of page: reported, contested, declined, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.hub_process import HubProcess, Work, entry

from assay.formats.run_record import (
    RunBenchmark,
    RunFramework,
    RunMetric,
    RunModel,
    RunRecord,
    RunSamples,
    write_run_record,
)

BOARD = "/datasets/bench/quiz/tasks/main"
README = """# Rocket

A model of *seven* billion parameters. See [the report](https://rocket.example/report).

| size | value |
|---|---:|
| parameters | 7,000,000,000 |

```sh
ollama run rocket-7b --with a-line-that-is-longer-than-any-phone-is-wide-and-cannot-be-broken
```
"""


def result(value: object, more: str = "", **keys: Any) -> str:
    """An entry with keys of its own; each is written as JSON, which YAML reads."""
    fields = [f"  {key}: {json.dumps(said, ensure_ascii=False)}\n" for key, said in keys.items()]
    return entry(value, more="".join(fields) + more)


def push(hub: HubProcess, account: str, path: str, work: Work, *refs: str) -> None:
    pushed = work.push(hub.remote(account, path), *refs)
    assert pushed.returncode == 0, pushed.stderr


def open_pull(hub: HubProcess, account: str, model: str, title: str, description: str = "") -> int:
    body = {"title": title, "description": description, "pullRequest": True}
    answer = hub.request("POST", f"/api/models/{model}/discussions", as_=account, json=body)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["num"]
    return number


def run_files(hub: HubProcess, model: str, value: float) -> tuple[str, dict[str, str | bytes]]:
    """A run record and the result that names it: the record's digest, and both files."""
    record = RunRecord(
        model=RunModel(repo=model, requested_id="vllm/rocket-7b", provider="vllm"),
        benchmark=RunBenchmark(id="bench/quiz", task_id="main"),
        framework=RunFramework(name="inspect-ai", version="0.3.285"),
        generation={"temperature": 0.0, "max_tokens": 2048},
        samples=RunSamples(total=100, completed=100, epochs=1),
        metrics=(RunMetric(id="accuracy", value=value, stderr=4.5, n=100),),
        started="2026-02-03T07:40:00Z",
        finished="2026-02-03T07:52:00Z",
    )
    digest, data = write_run_record(record)
    source = {"url": f"{hub.url}/runs/{digest}", "name": "assay run"}
    return digest, {
        f".eval_results/runs/{digest}.json": data,
        ".eval_results/quiz.yaml": result(value, source=source, notes="0-shot, no tools"),
    }


def claims_about(hub: HubProcess, model: str) -> list[dict[str, Any]]:
    """Every claim about a model, whatever became of it."""
    tasks = hub.get(f"/api/v1/models/{model}")["tasks"]
    return [claim for task in tasks for claim in task["claims"]]


def claim_page(hub: HubProcess, model: str, **wanted: object) -> str:
    """The page of the only claim about a model whose fields are as wanted."""
    fitting = [
        claim
        for claim in claims_about(hub, model)
        if all(claim[name] == value for name, value in wanted.items())
    ]
    assert len(fitting) == 1, fitting
    return f"/claims/{fitting[0]['claim_id']}"


def fill(hub: HubProcess, folder: Path) -> dict[str, str]:
    """Fill the hub; gives the path of a page of every kind, by what it shows."""
    rocket = _contested(hub, Work.new(folder / "rocket"))
    _returning(hub, Work.new(folder / "returning"))
    _conflicting(hub, Work.new(folder / "torn"))
    _of_no_benchmark(hub, Work.new(folder / "lone"))
    _bare_benchmark(hub, Work.new(folder / "bare"))
    _secret(hub, Work.new(folder / "secret"))
    hub.create("ada", "empty")
    return {
        "home": "/",
        "benchmarks": "/benchmarks",
        "board": BOARD,
        "board of claims": f"{BOARD}?claims=all",
        "empty board": "/datasets/bench/bare",
        "model": "/ada/rocket-7b",
        "model without a README": "/ada/lone",
        "empty model": "/ada/empty",
        "claim": claim_page(hub, "ada/rocket-7b", lane="main", value=71.0),
        "contesting claim": claim_page(hub, "ada/rocket-7b", value=55.0),
        "declined claim": claim_page(hub, "ada/rocket-7b", state="declined"),
        "returned claim": claim_page(hub, "ada/returning", value=64.0),
        "conflicting claim": claim_page(hub, "ada/torn", value=42.0),
        "claim on a benchmark that is elsewhere": claim_page(hub, "ada/lone"),
        **rocket,
        **_talked(hub),
    }


ERRORS = {
    "no such task": f"/datasets/bench/quiz/tasks/{'nothing' * 20}",
    "no such claim": f"/claims/{'0' * 64}",
    "no such page": "/a/b/c/d",
}


def _contested(hub: HubProcess, work: Work) -> dict[str, str]:
    """ada's model: her number, changed once; one that contests it; one that she declined."""
    model = "ada/rocket-7b"
    hub.create("ada", "rocket-7b")
    work.commit({"README.md": README, ".eval_results/quiz.yaml": result(70.5)})
    work.commit({".eval_results/hle.yaml": entry(8.1, dataset="cais/hle")})
    push(hub, "ada", model, work)
    digest, files = run_files(hub, model, 71.0)
    main = work.commit(files, "with a run record")
    push(hub, "ada", model, work)
    contests = open_pull(hub, "eve", model, "Report 55.0: the prompt was in the training set")
    work.commit(
        {
            ".eval_results/quiz.yaml": result("55.0", date="May 2026", source={"url": "a table"}),
            ".eval_results/hle.yaml": None,
        }
    )
    push(hub, "eve", model, work, f"main:refs/pr/{contests}")
    work.git("reset", "--quiet", "--hard", main)
    declined = open_pull(hub, "eve", model, "Report 7.1", "Read off a chart.\nMaybe wrong.")
    work.commit({".eval_results/quiz.yaml": result("7.1")})
    push(hub, "eve", model, work, f"main:refs/pr/{declined}")
    assert hub.close_pull("ada", model, declined, "a unit slip: 71, not 7.1").status_code == 200
    _ruled(hub, claim_page(hub, model, value=55.0))
    return {
        "run": f"/runs/{digest}",
        "pull request": f"/{model}/discussions/{contests}",
        "closed pull request": f"/{model}/discussions/{declined}",
    }


def _ruled(hub: HubProcess, page: str) -> None:
    """The claim that contests is disputed, which is withdrawn, and refuted."""
    at = f"/api/v1{page}/rulings"
    doubt = {"ruling": "disputed", "reason": "Whose prompt?", "evidence": "page 4 of the report"}
    number = _post(hub, "ada", at, doubt)["rulings"][0]["id"]
    taken_back = {"ruling": "withdrawn", "about": number, "reason": "It is ours."}
    _post(hub, "ada", at, taken_back)
    found = {
        "ruling": "refuted",
        "reason": "Run again by us:\nit is 71.",
        "evidence": "https://quiz.example/run",
    }
    _post(hub, "bench", at, found)


def _talked(hub: HubProcess) -> dict[str, str]:
    """A discussion of a model; a pull request of a benchmark, with a comment that was hidden."""
    model, quiz = "/api/models/ada/rocket-7b", "/api/datasets/bench/quiz"
    talk = {"title": "Which prompt is it?", "description": "Page 4 names *two*."}
    number = _post(hub, "eve", f"{model}/discussions", talk)["num"]
    for account, text in (("ada", "The first.\n\nSee page 5."), ("eve", "Thank you.")):
        _post(hub, account, f"{model}/discussions/{number}/comment", {"comment": text})
    _post(hub, "eve", f"{model}/discussions/{number}/title", {"title": "Which of the prompts?"})
    pull = {"title": "A better README", "pullRequest": True}
    of_dataset = _post(hub, "eve", f"{quiz}/discussions", pull)["num"]
    at = f"{quiz}/discussions/{of_dataset}"
    said = _post(hub, "eve", f"{at}/comment", {"comment": "not for you"})["newMessage"]
    _post(hub, "eve", f"{at}/comment/{said['id']}/hide", {})
    return {
        "discussion": f"/ada/rocket-7b/discussions/{number}",
        "list of discussions": "/ada/rocket-7b/discussions?status=all",
        "pull request of a dataset": f"/datasets/bench/quiz/discussions/{of_dataset}",
        "empty list of discussions": "/datasets/bench/bare/discussions",
    }


def _post(hub: HubProcess, account: str, path: str, body: dict[str, Any]) -> Any:
    answer = hub.request("POST", path, as_=account, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _returning(hub: HubProcess, work: Work) -> None:
    """A claim that its author takes back, by rewriting main, and brings back."""
    hub.create("ada", "returning")
    card = "---\nbase_model: ada/rocket-7b\nbase_model_relation: quantized\n---\n# Smaller\n"
    before = work.commit({"README.md": card})
    claimed = work.commit({".eval_results/quiz.yaml": result("64.0")})
    push(hub, "ada", "ada/returning", work)
    push(hub, "ada", "ada/returning", work, f"+{before}:main")
    push(hub, "ada", "ada/returning", work, f"{claimed}:main")


def _conflicting(hub: HubProcess, work: Work) -> None:
    """Two values for one task, one of which moves to another file; then main is rewritten."""
    hub.create("ada", "torn")
    first = work.commit({"README.md": "x"})
    work.commit({".eval_results/quiz.yaml": result("41.0") + result("42.0")})
    work.commit({".eval_results/quiz.yaml": result("41.0"), ".eval_results/b.yaml": result("42.0")})
    push(hub, "ada", "ada/torn", work)
    work.git("reset", "--quiet", "--soft", first)
    work.git("commit", "--quiet", "--message", "all of it at once")
    push(hub, "ada", "ada/torn", work, "+main")


def _of_no_benchmark(hub: HubProcess, work: Work) -> None:
    """A bare number about a benchmark that is elsewhere, beside a file that is broken."""
    hub.create("ada", "lone")
    good = entry(12.5, dataset="cais/hle", task="hle")
    work.commit({".eval_results/a.yaml": good, ".eval_results/b.yaml": entry(".nan")})
    pushed = work.git("push", "-o", "assay.lenient", hub.remote("ada", "ada/lone"), "main")
    assert pushed.returncode == 0, pushed.stderr


def _bare_benchmark(hub: HubProcess, work: Work) -> None:
    """A benchmark about which little is declared and nothing claimed."""
    hub.create("bench", "bare", "dataset")
    spec = "name: Bare\nevaluation_framework: our-own\ntasks:\n  - id: first\n  - id: second\n"
    work.commit({"eval.yaml": spec})
    push(hub, "bench", "datasets/bench/bare", work)


def _secret(hub: HubProcess, work: Work) -> None:
    """A private model with the best number of all."""
    hub.create("ada", "secret", private=True)
    work.commit({".eval_results/quiz.yaml": result("99.0")})
    push(hub, "ada", "ada/secret", work)
