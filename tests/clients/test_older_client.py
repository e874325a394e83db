"""An older client of the public hub, in an environment of its own: what it sends arrives."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.hub_process import ROOT, HubProcess, entry

NUMBERS = itertools.count()
SIX_MB = bytes(range(256)) * 24_000
VERSION = "1.9"


@pytest.fixture(scope="module")
def python() -> str:
    """The Python that has the client. Without it a test is skipped, but fails where CI is set."""
    found = subprocess.run(
        [ROOT / "tools" / "client", VERSION, "--find"], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return found.stdout.strip()
    if os.environ.get("CI"):
        pytest.fail(found.stderr.strip())
    pytest.skip(found.stderr.strip())


@pytest.fixture(params=["0", "1"], ids=["with Xet", "without Xet"])
def surroundings(request: pytest.FixtureRequest, hub: HubProcess, tmp_path: Path) -> dict[str, str]:
    """What the client finds in its environment, and nothing else."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token("eve"),
        "HF_HUB_DISABLE_XET": request.param,
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


UPLOADS = """
import hf_xet, os, sys
from huggingface_hub import CommitOperationAdd, HfApi, __version__, constants, snapshot_download
assert __version__.startswith(sys.argv[3] + ".")
assert constants.HF_HUB_DISABLE_XET == (os.environ["HF_HUB_DISABLE_XET"] == "1")
folder, name = sys.argv[1:3]
api = HfApi()
own = api.create_repo(f"eve/{name}").repo_id
api.upload_file(path_or_fileobj=f"{folder}/w.dat", path_in_repo="w.dat", repo_id=own)
api.upload_folder(folder_path=folder, repo_id=own, path_in_repo="all")
file = CommitOperationAdd(".eval_results/quiz.yaml", f"{folder}/quiz.yaml")
made = api.create_commit(f"ada/{name}", [file], commit_message="A result", create_pr=True)
file = CommitOperationAdd("w.dat", f"{folder}/w.dat")
api.create_commit(f"ada/{name}", [file], commit_message="more", revision=made.pr_revision)
print(snapshot_download(own, cache_dir=f"{folder}/../cache"))
"""


def test_uploads_of_an_older_client_arrive(
    hub: HubProcess, python: str, surroundings: dict[str, str], tmp_path: Path
) -> None:
    name = f"older-{next(NUMBERS)}"
    ada = HfApi(endpoint=hub.url, token=hub.token("ada"))
    ada.create_repo(f"ada/{name}")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "w.dat").write_bytes(SIX_MB)
    (folder / "quiz.yaml").write_text(entry("33"))
    done = subprocess.run(
        [python, "-c", UPLOADS, str(folder), name, VERSION],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fetched = Path(done.stdout.splitlines()[-1])
    assert (fetched / "w.dat").read_bytes() == (fetched / "all/w.dat").read_bytes() == SIX_MB
    digest = hashlib.sha256(SIX_MB).hexdigest()
    for where, revision in ((f"eve/{name}", "main"), (f"ada/{name}", "refs/pr/1")):
        [file] = ada.get_paths_info(where, "w.dat", revision=revision)
        assert getattr(file, "lfs").sha256 == digest  # noqa: B009 - a file or a folder, to types
    rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    assert [row["claim"]["value"] for row in rows if row["model"] == f"ada/{name}"] == [33.0]


def test_its_command_uploads_and_downloads(
    python: str, surroundings: dict[str, str], tmp_path: Path
) -> None:
    name = f"eve/older-{next(NUMBERS)}"
    (tmp_path / "w.dat").write_bytes(SIX_MB)

    def hf(*words: str) -> None:
        done = subprocess.run(
            [Path(python).with_name("hf"), *words],
            env=surroundings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    hf("repo", "create", name)
    hf("upload", name, "w.dat")
    hf("download", name, "w.dat", "--local-dir", "back")
    assert (tmp_path / "back/w.dat").read_bytes() == SIX_MB
