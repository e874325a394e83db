"""Lists and information of models and datasets through `huggingface_hub` and `hf`, unmodified."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, RemoteEntryNotFoundError
from tests.hub_process import HubProcess, Work, entry

from assay.core.permission import STRANGER
from assay.hub import catalogue
from assay.hub.open import open_hub
from assay.settings import HubSettings
from assay.storage.database.profiles import OFFICIAL, Selection

BASE = """\
---
license: mit
language: [en, de]
library_name: transformers
pipeline_tag: text-generation
tags: [tiny]
datasets: bench/quiz
---
# Base

A model for tests. See https://arxiv.org/abs/2307.09288.
"""
TUNED = "---\nbase_model: ada/lists-base\nlicense: apache-2.0\ntags: [tiny]\n---\n"
# Every way in which a card could make clients fail on the whole list.
HOSTILE = """\
---
self: me
ignore_metadata_errors: true
tags: 5
eval_results: 5
model-index:
- name: A
  results:
  - task: {type: t}
    dataset: {type: d, name: D}
    metrics: [{type: m, value: 1}]
    source: {name: no address}
license: {a: [b]}
---
"""
WORDS = """\
---
pretty_name: Words
language: fr
task_categories: [question-answering]
size_categories: n<1K
license: cc-by-4.0
---
# Words

Many words,
in two lines.

```bibtex
@misc{words, title = {Words}}
```
"""


@pytest.fixture(scope="module")
def listed(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> HubProcess:
    """Models with cards good and bad, a dataset with one, and private ones of ada's."""
    folder = tmp_path_factory.mktemp("work")

    def push(path: str, files: Mapping[str, str], *, private: bool = False) -> None:
        kind, owner, name = (["models", *path.split("/")])[-3:]
        hub.create(owner, name, kind.removesuffix("s"), private=private)
        work = Work.new(folder / name)
        work.commit(files)
        assert work.push(hub.remote(owner, path)).returncode == 0

    push("ada/lists-base", {"README.md": BASE, ".eval_results/q.yaml": entry("70"), "a/b.txt": "b"})
    push("ada/lists-tuned", {"README.md": TUNED})
    push("eve/lists-hostile", {"README.md": HOSTILE})
    push("eve/lists-unreadable", {"README.md": "---\nlicense: [mit\n---\n"})
    push("datasets/ada/words", {"README.md": WORDS, "words.jsonl": '{"a": 1}\n'})
    push("ada/lists-secret", {"README.md": BASE}, private=True)
    return hub


@pytest.fixture
def api(listed: HubProcess) -> HfApi:
    return HfApi(listed.url, token=False)


def ids(found: object) -> list[str]:
    assert hasattr(found, "__iter__")
    return [item.id for item in found]


NEWEST_FIRST = ["eve/lists-unreadable", "eve/lists-hostile", "ada/lists-tuned", "ada/lists-base"]


def test_models_are_listed_newest_first_and_private_ones_to_their_owner(
    listed: HubProcess, api: HfApi
) -> None:
    assert ids(api.list_models(search="lists-")) == NEWEST_FIRST
    assert ids(api.list_models(search="lists-", full=True, cardData=True)) == NEWEST_FIRST
    mine = HfApi(listed.url, token=listed.token("ada"))
    assert ids(mine.list_models(author="ada", search="lists-"))[0] == "ada/lists-secret"
    others = HfApi(listed.url, token=listed.token("eve"))
    assert ids(others.list_models(author="ada", search="lists-")) == [
        "ada/lists-tuned",
        "ada/lists-base",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tiny", ["ada/lists-tuned", "ada/lists-base"]),
        ("license:mit", ["ada/lists-base"]),
        (["tiny", "license:apache-2.0"], ["ada/lists-tuned"]),
        (["tiny", "license:gpl"], []),
        ("en", ["ada/lists-base"]),
        ("language:de", ["ada/lists-base"]),
        ("transformers", ["ada/lists-base"]),
        ("dataset:bench/quiz", ["ada/lists-base"]),
        ("arxiv:2307.09288", ["ada/lists-base"]),
        ("base_model:ada/lists-base", ["ada/lists-tuned"]),
        ("base_model:finetune:ada/lists-base", ["ada/lists-tuned"]),
        ("benchmark:official", []),
    ],
)
def test_models_are_filtered_by_tags(api: HfApi, words: str, expected: list[str]) -> None:
    assert ids(api.list_models(filter=words)) == expected


def test_models_are_found_by_name_author_and_pipeline(api: HfApi) -> None:
    assert ids(api.list_models(search="LISTS-b")) == ["ada/lists-base"]
    assert ids(api.list_models(search="eve/li")) == NEWEST_FIRST[:2]
    assert ids(api.list_models(search="%")) == []
    assert ids(api.list_models(author="ad")) == []
    assert ids(api.list_models(pipeline_tag="text-generation")) == ["ada/lists-base"]
    assert ids(api.list_models(trained_dataset="bench/quiz")) == ["ada/lists-base"]


def test_a_list_is_sorted_and_comes_in_pages(listed: HubProcess, api: HfApi) -> None:
    for sort in ("created_at", "last_modified", "downloads", "likes", "trending_score"):
        assert ids(api.list_models(search="lists-", sort=sort, limit=3)) == NEWEST_FIRST[:3]
    url: str | None = f"{listed.url}/api/models?limit=1&search=lists&filter=tiny&expand=author"
    found, pages = [], 0
    while url is not None:
        answer = httpx.get(url)
        assert answer.status_code == 200
        found += [row["id"] for row in answer.json()]
        assert all(row.keys() == {"_id", "id", "modelId", "author"} for row in answer.json())
        url = answer.links.get("next", {}).get("url")
        assert url is None or url.startswith(listed.url)
        pages += 1
    assert (found, pages) == (["ada/lists-tuned", "ada/lists-base"], 2)


def test_a_list_tells_what_is_asked_for(api: HfApi) -> None:
    [base] = api.list_models(search="lists-base", full=True, cardData=True)
    assert base.card_data is not None
    assert base.card_data.license == "mit"
    assert base.siblings is not None
    assert {file.rfilename for file in base.siblings} >= {"README.md", "a/b.txt"}
    assert (base.library_name, base.pipeline_tag) == ("transformers", "text-generation")
    assert base.last_modified is not None
    [narrow] = api.list_models(search="lists-base", expand=["evalResults", "tags", "sha"])
    assert [result.value for result in narrow.eval_results or []] == [70]
    assert narrow.tags == [
        *("transformers", "text-generation", "tiny", "dataset:bench/quiz", "en", "de"),
        *("license:mit", "arxiv:2307.09288"),
    ]
    assert narrow.sha == base.sha
    assert narrow.author is None


def test_datasets_and_benchmarks_are_listed(api: HfApi) -> None:
    assert ids(api.list_datasets(search="/w")) == ["ada/words"]
    assert ids(api.list_datasets(benchmark=True)) == ["bench/quiz"]
    assert ids(api.list_datasets(language="fr", task_categories="question-answering")) == [
        "ada/words"
    ]
    assert ids(api.list_datasets(dataset_name="wor", search="ada")) == ["ada/words"]
    assert ids(api.list_datasets(size_categories="n<1K", limit=1)) == ["ada/words"]
    [quiz] = api.list_datasets(benchmark="official", full=True)
    assert quiz.tags == ["benchmark:official"]
    [words] = api.list_datasets(search="words", full=True)
    assert words.description == "Many words, in two lines."
    assert words.citation == "@misc{words, title = {Words}}"
    assert words.card_data is not None
    assert words.card_data["pretty_name"] == "Words"


def test_information_by_property(api: HfApi) -> None:
    info = api.model_info("ada/lists-base", expand=["author", "likes", "createdAt", "gated"])
    assert (info.author, info.likes, info.gated) == ("ada", 0, False)
    assert info.created_at is not None
    assert info.tags is None
    assert info.siblings is None
    words = api.dataset_info("ada/words", expand=["description", "tags"])
    assert words.description == "Many words, in two lines."
    assert "task_categories:question-answering" in (words.tags or [])
    with pytest.raises(BadRequestError, match="nonsense is no property"):
        api.model_info("ada/lists-base", expand=["nonsense"])  # type: ignore[list-item]


def test_information_whole_and_at_a_revision(listed: HubProcess, api: HfApi, work: Work) -> None:
    info = api.model_info("ada/lists-base", files_metadata=True, securityStatus=True)
    assert info.siblings is not None
    [file] = [file for file in info.siblings if file.rfilename == "a/b.txt"]
    assert (file.size, file.blob_id) == (1, "63d8dbd40c23542e740659a7168a0ce3138ea748")
    assert info.security_repo_status == {"scansDone": False, "filesWithIssues": []}
    listed.create("ada", "moving")
    old = work.commit({"README.md": "---\nlicense: mit\n---\n"})
    work.commit({"README.md": "---\nlicense: gpl\n---\n"})
    assert work.push(listed.remote("ada", "ada/moving")).returncode == 0
    assert api.model_info("ada/moving").tags == ["license:gpl"]
    before = api.model_info("ada/moving", revision=old)
    assert (before.tags, before.sha) == (["license:mit"], old)
    for url in ("/api/models/ada/moving?expand[]=sha", "/api/models/ada/moving?expand%5B%5D=sha"):
        assert listed.get(url).keys() == {"_id", "id", "sha"}


def test_a_hostile_card_breaks_no_list(api: HfApi) -> None:
    found = list(api.list_models(author="eve", cardData=True))
    assert ids(found) >= NEWEST_FIRST[:2]
    assert api.model_info("eve/lists-hostile").id == "eve/lists-hostile"


@pytest.mark.parametrize(
    "query", ["sort=size", "limit=x", "limit=0", "cursor=zz", "expand=x", "full=maybe"]
)
def test_a_wrong_parameter_is_named(listed: HubProcess, query: str) -> None:
    answer = httpx.get(f"{listed.url}/api/models?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]
    assert answer.headers["x-error-code"] == "invalid"


def test_hf_lists_datasets(listed: HubProcess) -> None:
    hf = Path(sys.executable).with_name("hf")
    argv = [str(hf), "datasets", "ls", "--filter", "benchmark:official", "--format", "json"]
    environment = {**os.environ, "HF_ENDPOINT": listed.url, "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    assert [row["id"] for row in json.loads(run.stdout)] == ["bench/quiz"]


def test_a_large_tree_comes_in_pages_of_one_commit(
    listed: HubProcess, api: HfApi, work: Work
) -> None:
    listed.create("eve", "many", "dataset")
    first = work.commit(
        {f"many/{number:04}.txt": "same" for number in range(10_005)}, "all of them"
    )
    second = work.commit({"many/0003.txt": "other", "top level/x y.txt": "x"}, "only two")
    assert work.push(listed.remote("eve", "datasets/eve/many")).returncode == 0
    tree = list(api.list_repo_tree("eve/many", repo_type="dataset", recursive=True))
    assert len(tree) == 10_005 + 1 + 2
    inside = api.list_repo_tree("eve/many", "many", repo_type="dataset", expand=True)
    commits = {item.path: vars(item)["last_commit"] for item in islice(inside, 60)}
    assert commits["many/0003.txt"].oid == second
    assert commits["many/0003.txt"].title == "only two"
    assert commits["many/0059.txt"].oid == first
    assert len(list(api.list_repo_tree("eve/many", "many", repo_type="dataset"))) == 10_005
    [spaced] = api.list_repo_tree("eve/many", "top level", repo_type="dataset")
    assert spaced.path == "top level/x y.txt"
    for slash in ("%2F", "/"):
        url = f"{listed.url}/api/datasets/eve/many/tree/refs%2Fheads%2Fmain/many{slash}0001.txt"
        assert httpx.get(url).headers["x-error-code"] == "EntryNotFound"
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree("eve/many", "nothing", repo_type="dataset"))


def test_paths_are_told_with_their_last_commit(listed: HubProcess, api: HfApi) -> None:
    paths = ["a/b.txt", "a", "missing"]
    found = api.get_paths_info("ada/lists-base", paths, expand=True)
    assert [item.path for item in found] == ["a/b.txt", "a"]
    assert all(vars(item)["last_commit"].title == "change" for item in found)
    answer = httpx.post(
        f"{listed.url}/api/models/ada/lists-base/paths-info/main",
        json={"paths": ["a/b.txt"], "expand": False},
    )
    assert [row["path"] for row in answer.json()] == ["a/b.txt"]


@pytest.mark.parametrize("path", ["/info?dataset=ada/words", "/parquet", "/api/agent-harnesses"])
def test_what_is_not_here_is_answered_at_once(listed: HubProcess, path: str) -> None:
    assert httpx.get(listed.url + path).status_code == 404


def weights(*shape: int) -> bytes:
    """A safetensors file with one tensor of zeros."""
    size = math.prod(shape) * 4
    tensor = {"dtype": "F32", "shape": list(shape), "data_offsets": [0, size]}
    header = json.dumps({"weight": tensor}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def test_a_model_tells_its_size_from_its_weights(listed: HubProcess) -> None:
    api = HfApi(listed.url, token=listed.token("ada"))
    api.create_repo("ada/weighed")
    files = {
        "model.safetensors": weights(30, 40),
        ".eval_results/quiz.yaml": entry("61").encode(),
    }
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit("ada/weighed", operations, commit_message="Weights and a result")
    info = api.model_info("ada/weighed")
    assert info.safetensors is not None
    assert (info.safetensors.total, info.safetensors.parameters) == (1200, {"F32": 1200})
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors"}}
    parts = {
        "model.safetensors.index.json": json.dumps(index).encode(),
        "part-1.safetensors": weights(1000),
        "part-2.safetensors": weights(7),
    }
    operations = [CommitOperationAdd(path, content) for path, content in parts.items()]
    api.create_commit("ada/weighed", operations, commit_message="More weights")
    [row] = api.list_models(search="ada/weighed", expand=["safetensors"])
    assert row.safetensors is not None
    assert row.safetensors.total == 1007
    board = listed.get("/api/datasets/bench/quiz/leaderboard")
    sizes = {row["modelId"]: row.get("num_parameters") for row in board}
    assert sizes["ada/weighed"] == 1007
    assert sizes["ada/lists-base"] is None
    frame = f"{listed.url}/datasets/bench/quiz/embed/leaderboard?leaderboard_max_params=1B"
    assert "weighed" in httpx.get(frame).text
    assert "lists-base" not in httpx.get(frame).text


def test_the_operator_may_name_the_official_benchmarks(listed: HubProcess) -> None:
    selection = Selection(repo_type="dataset", tags=[OFFICIAL], limit=9)
    marked = {}
    for official in (None, (), ("bench/quiz",), ("ada/words",)):
        opened = open_hub(HubSettings(data=listed.data, official=official))
        found, _ = catalogue.page(opened, STRANGER, selection)
        marked[official] = [entry.full_name for entry in found if entry.is_official]
        opened.close()
    quiz = ["bench/quiz"]
    assert marked == {None: quiz, (): [], ("bench/quiz",): quiz, ("ada/words",): []}
