"""A hub filled by somebody who means harm: markup, overrides, endless words, wherever text goes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.browser.content import claim_page, open_pull, push, result
from tests.hub_process import TERMS, HubProcess, Work

from assay.formats.run_record import (
    RunBenchmark,
    RunMetric,
    RunModel,
    RunRecord,
    write_run_record,
)

MARKUP = '</title></textarea><script>pwned=1</script><img src=x onerror="pwned=1">'
TURNED = "\u202egnp.exe\u202c\u2066"
ENDLESS = "W" * 400
HARM = f"{MARKUP} {TURNED} {ENDLESS}"
# Names of repositories may hold none of this, but they may be long.
LONG_NAME = "w" * 96
# Those that a browser would follow, were they links.
ADDRESSES = (
    "javascript:pwned=1",
    "JaVaScRiPt:pwned=1",
    "data:text/html,<script>pwned=1</script>",
    "//elsewhere.example/x",
    "vbscript:pwned=1",
    "https://\u202eelsewhere.example/x",
)
README = f"""# {HARM}

<script>pwned=1</script><img src=x onerror=pwned=1><style>body {{ display: none }}</style>

[{TURNED}](javascript:pwned=1) ![alt {MARKUP}](https://elsewhere.example/i.png)

<a href="javascript:pwned=1">raw</a> [one](data:text/html,x) [two](//elsewhere.example)

{ENDLESS}

| {ENDLESS} | {MARKUP} |
|---|---|
| {TURNED} | {HARM} |
"""


def fill_with_harm(hub: HubProcess, folder: Path) -> dict[str, str]:
    """Fill the hub; gives the path of a page of every kind, by what it shows."""
    _benchmark(hub, Work.new(folder / "benchmark"))
    model = f"eve/{LONG_NAME}"
    hub.create("eve", LONG_NAME)
    work = Work.new(folder / "model")
    record = RunRecord(
        model=RunModel(repo=model, requested_id=HARM, provider=TURNED),
        benchmark=RunBenchmark(id="bench/harm", task_id=HARM),
        generation={HARM: HARM, "nested": {MARKUP: [ENDLESS]}},
        metrics=(RunMetric(id=HARM, value=55.0, extra={ENDLESS: MARKUP}),),
        environment={ENDLESS: TURNED},
    )
    digest, data = write_run_record(record)
    # Git takes angle brackets out of names.
    author = f"' onclick='pwned=1' {TURNED} {ENDLESS} <{ENDLESS}@example.com>"
    work.commit({"README.md": README, f".eval_results/runs/{digest}.json": data})
    about = {"dataset": {"id": "bench/harm", "task_id": HARM, "revision": HARM}}
    entries = [
        {
            **about,
            "value": number,
            "source": {"url": url, "name": HARM},
            "notes": HARM,
            "date": HARM,
        }
        for number, url in enumerate(ADDRESSES, 1)
    ]
    entries.append({**about, "value": 55.0, "source": {"url": f"x/runs/{digest}", "user": HARM}})
    entries.append({"dataset": {"id": HARM, "task_id": HARM}, "value": 1, HARM: HARM})
    path = f".eval_results/{MARKUP.replace('/', ' ')}{TURNED}.yaml"
    work.commit({path: json.dumps(entries, ensure_ascii=False)}, HARM)
    work.git("commit", "--quiet", "--amend", "--no-edit", "--author", author)
    push(hub, "eve", model, work)
    entries[0] |= {"notes": f"{HARM} {ENDLESS}", "date": None, MARKUP: {TURNED: [HARM]}}
    work.commit({path: json.dumps(entries, ensure_ascii=False)}, "changed")
    push(hub, "eve", model, work)
    number = open_pull(hub, "bench", model, HARM, HARM)
    work.commit({path: None, ".eval_results/x.yaml": result("1." + "0" * 200, notes=HARM)})
    push(hub, "bench", model, work, f"main:refs/pr/{number}")
    comment = f"/api/models/{model}/discussions/{number}/comment"
    assert hub.request("POST", comment, as_="bench", json={"comment": HARM}).is_success
    assert hub.close_pull("eve", model, number, HARM).is_success
    body = {"title": HARM, "description": HARM}
    assert hub.request(
        "POST", f"/api/models/{model}/discussions", as_="bench", json=body
    ).is_success
    at = f"/api/v1{claim_page(hub, model, value=1.0, dataset_id='bench/harm')}/rulings"
    for turn, evidence in enumerate((HARM, *ADDRESSES)):
        kind = "refuted" if turn % 2 else "upheld"
        ruled = {"ruling": kind, "reason": HARM, "evidence": evidence}
        answer = hub.request("POST", at, as_="bench", json=ruled)
        assert answer.is_success, answer.text
    return {
        "home": "/",
        "benchmarks": "/benchmarks",
        "board": "/datasets/bench/harm",
        "board of claims": "/datasets/bench/harm?claims=all",
        "model": f"/{model}",
        "claim": claim_page(hub, model, value=1.0, dataset_id="bench/harm"),
        "claim with a run": claim_page(hub, model, value=55.0),
        "claim about nothing": claim_page(hub, model, dataset_id=HARM),
        "declined claim": claim_page(hub, model, state="declined"),
        "pull request": f"/{model}/discussions/{number}",
        "discussion": f"/{model}/discussions/{number + 1}",
        "list of discussions": f"/{model}/discussions?status=all",
        "run": f"/runs/{digest}",
        "error": "/datasets/bench/harm/tasks/%3Cscript%3Epwned=1%3C%2Fscript%3E%E2%80%AE",
    }


def _benchmark(hub: HubProcess, work: Work) -> None:
    hub.create("bench", "harm", "dataset")
    task = {"id": HARM, "split": HARM, "config": MARKUP, "scorers": [{"name": ENDLESS}]}
    spec = {
        "name": HARM,
        "description": HARM,
        "evaluation_framework": HARM,
        "tasks": [task, {"id": ENDLESS}],
    }
    terms = TERMS.replace("  main:", f"  {json.dumps(HARM, ensure_ascii=False)}:")
    work.commit(
        {
            "eval.yaml": json.dumps(spec, ensure_ascii=False),
            "assay.yaml": terms.replace("id: accuracy", f"id: {json.dumps(HARM)}"),
            "README.md": README,
            "page.html": "<script>pwned=1</script>",
            "picture.svg": "<svg xmlns='http://www.w3.org/2000/svg' onload='pwned=1'/>",
        }
    )
    push(hub, "bench", "datasets/bench/harm", work)
