"""What the README shows, done as a newcomer does it: an empty folder, the default data folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.hub_process import ENVIRONMENT, free_port, wait_until_served

BIN = Path(sys.executable).parent
TOKEN = "ada-token-0123456789"
SCORE = """\
- dataset: {id: ada/arithmetic, task_id: sums}
  value: 75.0
  source: {url: https://example.com/our-paper, name: Our paper}
"""


def run(folder: Path, environment: Mapping[str, str], line: str) -> str:
    """Run one line as a shell does, with the commands of this environment first."""
    done = subprocess.run(
        line.split(" "), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@contextmanager
def serving(folder: Path, environment: Mapping[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(["assay", "serve", "--port", str(port)], cwd=folder, env=environment)
    try:
        wait_until_served(f"http://127.0.0.1:{port}")
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_from_nothing_to_a_score_on_a_board(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **{name: ENVIRONMENT[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_TERMINAL_PROMPT")},
    }
    folder = tmp_path / "here"
    folder.mkdir()
    run(folder, environment, f"assay user add ada --token {TOKEN}")
    with serving(folder, environment, port):
        assert (folder / "assay-data" / "repos").is_dir()
        assert run(folder, environment, "assay token new ada").startswith("assay_")
        run(folder, environment, "hf repos create ada/tiny-model")
        results = folder / "model" / ".eval_results"
        results.mkdir(parents=True)
        (results / "arithmetic.yaml").write_text(SCORE)
        model = results.parent
        run(model, environment, "git init --quiet --initial-branch=main")
        run(model, environment, "git add --all")
        author = "-c user.name=Ada -c user.email=ada@example.com"
        run(model, environment, f"git {author} commit --quiet -m first")
        run(model, environment, f"git push http://ada:{TOKEN}@127.0.0.1:{port}/ada/tiny-model main")
        assert "0 errors" in run(model, environment, "assay check .")
        (folder / "results.yaml").write_text(SCORE.replace("75.0", "76.0"))
        run(folder, environment, "assay submit results.yaml --to ada/tiny-model")
        shown = run(folder, environment, "assay show ada/tiny-model")
        assert "75.0" in shown
        assert "76.0" in shown
        assert "ada/tiny-model" in run(folder, environment, "assay index status")
