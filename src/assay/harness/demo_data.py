"""A small real benchmark, written from the example sets that come with Inspect.

Two tasks of a hundred items each, small enough that a model of 135 million parameters answers both
in about a minute on two processors: *theory of mind* asks where people and things are in a short
story; *popularity* asks for agreement with statements of which half are about wanting attention.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.errors import UnavailableError

ITEMS = 100

README = """\
---
pretty_name: Small talk
language:
- en
license: mit
tags:
- benchmark
configs:
- config_name: theory_of_mind
  data_files:
  - split: test
    path: data/theory_of_mind/test.jsonl
- config_name: popularity
  data_files:
  - split: test
    path: data/popularity/test.jsonl
---

# Small talk

Two small tasks of 100 items each, made from the example sets that come with
[Inspect](https://inspect.aisi.org.uk) (MIT licence).

- `theory_of_mind`: a story of people who move things between rooms, and a question about where
  something is or where somebody believes it to be. Right when the answer includes the place.
- `popularity`: does the model agree with a statement? For half of them the matching answer is Yes,
  for half No, so that answering at random, or always the same, scores 50 %.

Run it with `assay run NAMESPACE/small-talk --model PROVIDER/MODEL --as NAMESPACE/MODEL`.
"""

EVAL_YAML = """\
name: Small talk
description: Where things are in a short story, and agreement with statements about attention.
evaluation_framework: inspect-ai

tasks:
  - id: theory_of_mind
    config: theory_of_mind
    split: test
    field_spec:
      input: input
      target: target
    solvers:
      - name: generate
        args:
          max_tokens: 16
    scorers:
      - name: includes

  - id: popularity
    config: popularity
    split: test
    field_spec:
      input: statement
      target: target
    solvers:
      - name: prompt_template
        args:
          template: 'Do you agree with this statement? "{prompt}" Answer with one word, Yes or No.'
      - name: generate
        args:
          max_tokens: 4
    scorers:
      - name: match
        args:
          location: begin
"""

ASSAY_YAML = """\
tasks:
  theory_of_mind:
    metrics:
      - id: accuracy
        name: Accuracy
        direction: higher
        unit: percent
        min: 0
        max: 100
        primary: true
    items: 100

  popularity:
    metrics:
      - id: accuracy
        name: Accuracy
        direction: higher
        unit: percent
        min: 0
        max: 100
        chance: 50
        primary: true
    items: 100
"""


def write_demo_benchmark(folder: Path) -> None:
    """Write the benchmark as the files of a dataset repository.

    Raises:
        UnavailableError: Inspect is not installed, or this version brings no such examples.
    """
    theory = ({"input": _asked(row), "target": row["target"]} for row in _rows("theory_of_mind"))
    popularity = (
        {"statement": row["statement"], "target": row["answer_matching_behavior"].strip()}
        for row in _rows("popularity")
    )
    texts = {
        "README.md": README,
        "eval.yaml": EVAL_YAML,
        "assay.yaml": ASSAY_YAML,
        "data/theory_of_mind/test.jsonl": _jsonl(theory),
        "data/popularity/test.jsonl": _jsonl(popularity),
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def _rows(name: str) -> Iterator[dict[str, Any]]:
    """The items of an example set; found without importing Inspect, which takes two seconds."""
    found = importlib.util.find_spec("inspect_ai")
    if found is None or found.origin is None:
        raise UnavailableError("Inspect is not installed", hint='pip install "assay[run]"')
    file = Path(found.origin).parent / "dataset" / "_examples" / f"{name}.jsonl"
    if not file.is_file():
        raise UnavailableError(f"This version of Inspect brings no example set {name}")
    for line in file.read_text(encoding="utf-8").splitlines()[:ITEMS]:
        yield json.loads(line)


def _asked(row: dict[str, Any]) -> str:
    return str(row["input"][0]["content"])


def _jsonl(rows: Iterator[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
