"""Configurations and tokenizers, read by the library that most models are made for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.hub_process import HubProcess

CONFIG = {"model_type": "gpt2", "vocab_size": 4, "n_embd": 8, "n_layer": 1, "n_head": 1}
LOAD = """
import sys
from transformers import AutoConfig, AutoTokenizer
config = AutoConfig.from_pretrained(sys.argv[1])
assert (config.model_type, config.n_embd) == ("gpt2", 8), config
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
print(tokenizer.decode(tokenizer("two plus two").input_ids))
"""


def tokenizer_json() -> str:
    """A tokenizer of four whole words."""
    words = ["[UNK]", "two", "plus", "four"]
    return json.dumps(
        {
            "version": "1.0",
            "added_tokens": [],
            "pre_tokenizer": {"type": "Whitespace"},
            "model": {
                "type": "WordLevel",
                "vocab": {word: number for number, word in enumerate(words)},
                "unk_token": "[UNK]",
            },
        }
    )


@pytest.mark.parametrize("private", [False, True])
def test_a_configuration_and_a_tokenizer_are_loaded(
    hub: HubProcess, tmp_path: Path, *, private: bool
) -> None:
    ada = HfApi(endpoint=hub.url, token=hub.token("ada"))
    name = ada.create_repo(f"ada/words-{private}".lower(), private=private).repo_id
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text(tokenizer_json())
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    ada.upload_folder(folder_path=folder, repo_id=name)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, name],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": hub.token("ada"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "two plus two"
