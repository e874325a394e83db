"""`assay demo`: a hub in which everything has really happened, by the commands anyone would use.

1. A hub is served on loopback, with fresh accounts.
2. `demo` pushes the benchmark `demo/small-talk` with plain git.
3. `smol` runs SmolLM2 at temperature 0 and publishes it on main; `eve` runs the same model again at
   0.7 and reports it by pull request; `demo` publishes a floor that answers without reading.
4. The public API is asked whether the boards show what they should.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from assay.cli.client import get_json
from assay.cli.serve import listening
from assay.errors import AssayError, ConflictError, UnavailableError
from assay.settings import DEFAULT_PORT

BENCHMARK = "demo/small-talk"
MODEL = "smol/SmolLM2-135M-Instruct"
FLOOR = "demo/chance"
ACCOUNTS = ("demo", "smol", "eve")
START_TIMEOUT_S = 60.0
# Only a folder with this file in it is a demo's, and may be replaced.
MARK = "assay-demo.txt"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: a folder, the hub's address, and everybody's token."""

    folder: Path
    url: str
    tokens: dict[str, str]

    def assay(self, *arguments: str, account: str | None = None) -> None:
        """Run an `assay` command as an account, its output shown."""
        environment = dict(os.environ)
        if account is not None:
            environment["HF_TOKEN"] = self.tokens[account]
        click.secho(f"$ assay {' '.join(arguments)}", fg="cyan")
        argv = [sys.executable, "-m", "assay", *arguments]
        if subprocess.run(argv, env=environment, check=False).returncode:
            raise UnavailableError(f"`assay {arguments[0]}` failed; its message is above")

    def publish(self, folder: Path, account: str, path: str, message: str) -> None:
        """Commit a folder and push it to main with plain git."""
        remote = self.url.replace("://", f"://{account}:{self.tokens[account]}@")
        click.secho(f"$ git push {self.url}/{path} main", fg="cyan")
        author = ("-c", f"user.name={account}", "-c", f"user.email={account}@example.com")
        for arguments in (
            ("init", "--quiet", "--initial-branch=main"),
            ("add", "--all"),
            (*author, "commit", "--quiet", "--message", message),
            ("push", "--quiet", f"{remote}/{path}", "main"),
        ):
            if subprocess.run(["git", *arguments], cwd=folder, check=False).returncode:
                raise UnavailableError(f"git {arguments[0]} failed in {folder}")


@click.command(epilog="Example: assay demo --once")
@click.option("--once", is_flag=True, help="Stop when the boards have been checked.")
@click.option(
    "--port", default=0, help=f"Port to listen on; default: {DEFAULT_PORT}, or a free one."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Folder of the demo; an older demo in it is replaced.",
)
def demo(*, once: bool, port: int, data: Path) -> None:
    """Start a hub with a real benchmark and real runs in it, and keep serving until Ctrl-C."""
    stage = _set_up(data.resolve(), port or _good_port())
    with _served(stage) as server:
        _benchmark(stage)
        _runs(stage)
        check_boards(stage.url)
        click.secho("\nEverything is there:", bold=True)
        for path in (f"datasets/{BENCHMARK}", f"datasets/{BENCHMARK}/tasks/popularity", MODEL):
            click.echo(f"  {stage.url}/{path}")
        if once:
            click.echo(f"To see it again: assay serve --data {stage.folder / 'hub'}")
        else:
            click.echo("\nIn another terminal, as the account eve:")
            click.echo(f"  export HF_ENDPOINT={stage.url} HF_TOKEN={stage.tokens['eve']}")
            click.echo(f"  assay board {BENCHMARK}/popularity")
            click.echo(f"  assay show {MODEL}")
            click.echo("\nServing until Ctrl-C.")
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()


def _set_up(folder: Path, port: int) -> Stage:
    if (folder / MARK).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise ConflictError(
            f"{folder} holds something else than a demo", hint="give another folder with --data"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("`assay demo` made this folder and replaces all of it.\n")
    tokens = {name: f"demo_{secrets.token_urlsafe(24)}" for name in ACCOUNTS}
    stage = Stage(folder, f"http://127.0.0.1:{port}", tokens)
    for name, token in tokens.items():
        argv = [sys.executable, "-m", "assay", "user", "add", name, "--token", "-"]
        argv += ["--data", str(folder / "hub")]
        subprocess.run(argv, input=token.encode(), check=True)
    return stage


def _good_port() -> int:
    """The port where commands look for a hub unless told, if it is free; else any."""
    for port in (DEFAULT_PORT, 0):
        with contextlib.suppress(UnavailableError), listening("127.0.0.1", port) as found:
            return int(found[0].getsockname()[1])
    raise UnavailableError("there is no free port on 127.0.0.1")


@contextlib.contextmanager
def _served(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """`assay serve` as long as the block lasts."""
    port = stage.url.rpartition(":")[2]
    argv = [sys.executable, "-m", "assay", "serve", "--port", port]
    server = subprocess.Popen([*argv, "--data", str(stage.folder / "hub")])
    # Ended by a signal, the demo must not leave its hub behind: let `finally` have its turn.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        _wait_for(stage.url, server)
        yield server
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(AssayError):
            get_json(url, "/healthz")
            return
        time.sleep(0.2)
    raise UnavailableError(f"the hub did not start at {url}; its message is above")


def _create(stage: Stage, account: str, name: str, repo_type: str) -> None:
    from huggingface_hub import HfApi  # noqa: PLC0415 - half a second that --help does not need

    api = HfApi(endpoint=stage.url, token=stage.tokens[account])
    api.create_repo(name, repo_type=repo_type)


def _benchmark(stage: Stage) -> None:
    from assay.harness.demo_data import write_demo_benchmark  # noqa: PLC0415

    folder = stage.folder / "small-talk"
    folder.mkdir()
    write_demo_benchmark(folder)
    _create(stage, "demo", BENCHMARK, "dataset")
    stage.publish(folder, "demo", f"datasets/{BENCHMARK}", "Two small tasks")


def _runs(stage: Stage) -> None:
    def run(account: str, model: str, out: str, *more: str) -> Path:
        folder = stage.folder / out
        name = FLOOR if model == "assay/chance" else MODEL
        common = ("--model", model, "--as", name, "--endpoint", stage.url, "--out", str(folder))
        stage.assay("run", BENCHMARK, *common, *more, account=account)
        return folder

    _create(stage, "smol", MODEL, "model")
    _create(stage, "demo", FLOOR, "model")
    floor = run("demo", "assay/chance", "floor", "--seed", "7")
    stage.publish(floor, "demo", FLOOR, "A floor: answers without reading")
    own = run("smol", "assay/gguf", "own", "--temperature", "0", "--seed", "1")
    stage.publish(own, "smol", MODEL, "Our results on small talk")
    run("eve", "assay/gguf", "again", "--temperature", "0.7", "--seed", "2", "--submit")


def check_boards(url: str) -> None:
    """Ask the public API whether the boards show what the demo did.

    Raises:
        AssayError: They do not; with what was got and expected.
    """
    for task in ("theory_of_mind", "popularity"):
        path = f"/api/v1/boards/{BENCHMARK}/{task}"
        rows = {row["model"]: row for row in get_json(url, path)["rows"]}
        _expect(f"models on {task}", sorted(rows), [FLOOR, MODEL])
        _expect(f"other claims on {task}", rows[MODEL]["other_claims"], 1)
        _expect(f"who reported {task}", rows[MODEL]["claim"]["pusher"], "smol")
        _expect(f"reporter of {task}", rows[MODEL]["claim"]["reporter"], "author")
        _expect(f"evidence of {task}", rows[MODEL]["claim"]["evidence_level"], 2)
        claims = get_json(url, path, params={"claims": "all"})["rows"]
        found = sorted((row["claim"]["pusher"], row["claim"]["reporter"]) for row in claims)
        expected = [("demo", "author"), ("eve", "community"), ("smol", "author")]
        _expect(f"claims on {task}", found, expected)
    comparison = rows[FLOOR]["chance"]
    _expect("items behind the floor", comparison and comparison["n"], 100)


def _expect(what: str, got: Any, expected: Any) -> None:
    if got != expected:
        raise AssayError(f"{what}: got {got}, expected {expected}")
