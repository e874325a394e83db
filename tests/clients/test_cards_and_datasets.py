"""Cards, file systems and `load_dataset` as people's scripts use them: only HF_ENDPOINT is set.

Each script runs in a process of its own, since the clients read their endpoint when imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.hub_process import HubProcess, Work

CARDS = """
from huggingface_hub import DatasetCard, DatasetCardData, HfApi, ModelCard, metadata_update

api = HfApi()
api.create_repo("ada/carded")
card = ModelCard("---\\nlicense: mit\\ntags: [tiny]\\n---\\n# Carded\\n")
card.push_to_hub("ada/carded")
loaded = ModelCard.load("ada/carded")
assert (loaded.data.license, loaded.data.tags) == ("mit", ["tiny"]), loaded.data
assert loaded.text.strip() == "# Carded", loaded.text
metadata_update("ada/carded", {"language": "en", "license": "apache-2.0"}, overwrite=True)
info = api.model_info("ada/carded")
assert info.card_data.to_dict() == {"license": "apache-2.0", "tags": ["tiny"], "language": "en"}
assert set(info.tags) == {"tiny", "en", "license:apache-2.0"}, info.tags
proposed = metadata_update("ada/carded", {"language": "de"}, overwrite=True, create_pr=True)
assert proposed.endswith("/discussions/1") or "/1" in proposed, proposed
assert api.model_info("ada/carded", revision="refs/pr/1").card_data.language == "de"
assert api.model_info("ada/carded").card_data.language == "en"

api.create_repo("ada/set", repo_type="dataset")
data = DatasetCardData(language="en", license="mit", pretty_name="Set", size_categories="n<1K")
DatasetCard.from_template(data).push_to_hub("ada/set")
assert DatasetCard.load("ada/set").data.pretty_name == "Set"
assert "size_categories:n<1K" in api.dataset_info("ada/set").tags
"""

FILES = """
from huggingface_hub import HfFileSystem

fs = HfFileSystem()
root = "datasets/ada/rows"
assert sorted(fs.ls(root, detail=False)) == [
    f"{root}/{name}" for name in ("README.md", "data", "more rows")
], fs.ls(root, detail=False)
assert fs.glob(f"{root}/data/*.jsonl") == [f"{root}/data/test.jsonl", f"{root}/data/train.jsonl"]
assert fs.info(f"{root}/data/test.jsonl")["size"] == 28
assert fs.exists(f"{root}/more rows/a b.jsonl") and not fs.exists(f"{root}/nothing")
with fs.open(f"{root}/data/test.jsonl") as file:
    file.seek(14)
    assert file.read(6) == b'{"a": '
assert fs.isdir(f"{root}/data") and fs.ls(f"{root}@main/data", detail=False)
"""

DATASETS = """
from datasets import Dataset, get_dataset_config_names, load_dataset

rows = load_dataset("ada/rows", "lines")
assert {split: part.num_rows for split, part in rows.items()} == {"train": 3, "test": 2}, rows
assert load_dataset("ada/rows", "lines", split="test")["a"][:] == [4, 5]
assert [row["a"] for row in load_dataset("ada/rows", "lines", split="train", streaming=True)] == [
    1, 2, 3
]
assert get_dataset_config_names("ada/rows") == ["lines", "table"]
assert load_dataset("ada/rows", "table", split="train")["b"][:] == ["x"]
assert load_dataset("ada/bare", split="train").num_rows == 3  # no card, jsonl in data/

made = Dataset.from_dict({"question": ["1+1", "2+2"], "answer": [2, 4]})
made.push_to_hub("ada/pushed", split="test")
assert load_dataset("ada/pushed", split="test")["answer"][:] == [2, 4]
streamed = load_dataset("ada/pushed", split="test", streaming=True)
assert [row["question"] for row in streamed] == ["1+1", "2+2"]
made.push_to_hub("ada/pushed", config_name="other", split="test")
assert get_dataset_config_names("ada/pushed") == ["default", "other"]
"""

ROWS_CARD = """\
---
configs:
- config_name: lines
  data_files:
  - {split: train, path: data/train.jsonl}
  - {split: test, path: data/test.jsonl}
- config_name: table
  data_files: more rows/a b.jsonl
---
# Rows
"""
LINES = {
    "data/train.jsonl": "".join(f'{{"a": {number}}}\n' for number in (1, 2, 3)),
    "data/test.jsonl": '{"a": 4     }\n{"a": 5     }\n',
}


def run_as_ada(hub: HubProcess, script: str, home: Path, **more: str) -> None:
    """Run a script as somebody who has set the endpoint and a token, and nothing else."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token("ada"),
        **more,
    }
    argv = [sys.executable, "-W", "error::UserWarning:huggingface_hub", "-c", script]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def rows(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> HubProcess:
    """Dataset ada/rows with a card of two configurations, and ada/bare with data alone."""
    more = {"README.md": ROWS_CARD, "more rows/a b.jsonl": '{"b": "x"}\n'}
    for name, files in (("rows", LINES | more), ("bare", LINES)):
        hub.create("ada", name, "dataset")
        work = Work.new(tmp_path_factory.mktemp("work") / name)
        work.commit(files)
        assert work.push(hub.remote("ada", f"datasets/ada/{name}")).returncode == 0
    return hub


def test_cards_are_loaded_pushed_and_updated(hub: HubProcess, tmp_path: Path) -> None:
    run_as_ada(hub, CARDS, tmp_path)


def test_a_file_system_walks_a_dataset(rows: HubProcess, tmp_path: Path) -> None:
    run_as_ada(rows, FILES, tmp_path)


def test_datasets_are_loaded_and_pushed(rows: HubProcess, tmp_path: Path) -> None:
    run_as_ada(rows, DATASETS, tmp_path, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")


BAD_CARD = "---\nlicense: [mit\n---\n# Bad\n"


def test_a_bad_card_is_said_at_every_door_and_refused_at_none(hub: HubProcess, work: Work) -> None:
    hub.create("ada", "bad-card")
    api = HfApi(hub.url, token=hub.token("ada"))
    with pytest.warns(UserWarning, match="AS701 the front matter cannot be read"):
        done = api.upload_file(
            path_or_fileobj=BAD_CARD.encode(), path_in_repo="README.md", repo_id="ada/bad-card"
        )
    assert api.model_info("ada/bad-card").sha == done.oid
    hub.create("ada", "bad-card-2")
    work.commit({"README.md": BAD_CARD})
    pushed = work.push(hub.remote("ada", "ada/bad-card-2"))
    assert pushed.returncode == 0
    assert "AS701 the front matter cannot be read" in pushed.stderr
    for name in ("bad-card", "bad-card-2"):
        assert api.model_info(f"ada/{name}").tags == []


def test_a_check_that_cannot_be_made_says_so_as_json(hub: HubProcess) -> None:
    for body in ({}, {"content": 5}, {"content": "x", "repoType": "space"}):
        answer = hub.request("POST", "/api/validate-yaml", json=body)
        assert answer.status_code == 400
        assert [error["message"] for error in answer.json()["errors"]] != []
        assert answer.json()["warnings"] == []
    fine = hub.request("POST", "/api/validate-yaml", json={"content": "---\nlicense: mit\n---\n"})
    assert (fine.status_code, fine.json()) == (200, {"errors": [], "warnings": []})
    bare = hub.request("POST", "/api/validate-yaml", json={"content": "# No front matter\n"})
    assert (bare.status_code, bare.json()["errors"]) == (200, [])
    assert "AS710" in bare.json()["warnings"][0]["message"]
