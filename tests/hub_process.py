"""A real hub for tests: `assay serve` in its own process, spoken to by git and HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


def assay(
    *arguments: str, data: Path, check: bool = True, within: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run an `assay` command on a data folder; `$ASSAY_DATABASE_URL` says where its databases are.

    Standard error of a command that fails is in the error. `within` is a command that runs others.
    """
    argv = [*within, sys.executable, "-m", "assay", *arguments, "--data", str(data)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_served(url: str) -> None:
    """Wait for a hub that is starting."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the hub did not start")


@dataclass
class HubProcess:
    """A served data folder. Tokens are `<name>-token-0123456789`.

    `within` is a command that runs others, such as in a namespace of its own.
    """

    data: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    people: list[str] = field(default_factory=list)
    within: Sequence[str] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, name: str) -> str:
        return f"{name}-token-0123456789"

    def add(self, name: str) -> None:
        self.assay("user", "add", name, "--token", self.token(name))
        self.people.append(name)

    def assay(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on this hub."""
        return assay(*arguments, data=self.data, check=check, within=self.within)

    def start(self, *options: str, dies: str | None = None) -> None:
        """Serve; `dies` names a point for `tests.dying_server`."""
        self.port = self.port or free_port()
        program = ["tests.dying_server", dies] if dies else ["assay"]
        argv = [
            *self.within,
            sys.executable,
            "-m",
            *program,
            "serve",
            "--port",
            str(self.port),
            *options,
        ]
        # Whoever enters another place of mounts is not where she was: `tests` is to be found there.
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path}
        argv += ["--data", str(self.data)]
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environment)
        wait_until_served(self.url)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def request(
        self, method: str, path: str, *, as_: str | None = None, json: Any = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(as_)}"} if as_ else {}
        return httpx.request(method, self.url + path, headers=headers, json=json, timeout=60)

    def get(self, path: str, *, as_: str | None = None) -> Any:
        answer = self.request("GET", path, as_=as_)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, owner: str, name: str, kind: str = "model", *, private: bool = False) -> None:
        body = {"name": name, "type": kind, "visibility": "private" if private else "public"}
        answer = self.request("POST", "/api/repos/create", as_=owner, json=body)
        assert answer.status_code == 200, answer.text

    def remote(self, account: str, path: str) -> str:
        return f"http://{account}:{self.token(account)}@127.0.0.1:{self.port}/{path}"

    def main(self, account: str, path: str) -> str | None:
        """The commit that main is at, or None in an empty repository."""
        argv = ["git", "ls-remote", self.remote(account, path), "refs/heads/main"]
        said = subprocess.run(argv, env=ENVIRONMENT, check=True, capture_output=True, text=True)
        return said.stdout.partition("\t")[0] or None

    def close_pull(self, owner: str, model: str, number: int, reason: str) -> httpx.Response:
        path = f"/api/models/{model}/discussions/{number}/status"
        return self.request("POST", path, as_=owner, json={"status": "closed", "comment": reason})


@dataclass
class Work:
    """A working copy on this side of the wire."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> Work:
        folder.mkdir(parents=True)
        work = cls(folder)
        work.git("init", "--quiet", "--initial-branch=main")
        return work

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        argv = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
        return subprocess.run(
            argv, cwd=self.folder, env=ENVIRONMENT, check=check, capture_output=True, text=True
        )

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "change") -> str:
        for path, content in files.items():
            target = self.folder / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, remote: str, *refs: str) -> subprocess.CompletedProcess[str]:
        return self.git("push", remote, *(refs or ("main",)), check=False)


def entry(value: object, *, task: str = "main", dataset: str = "bench/quiz", more: str = "") -> str:
    """One entry of a result file."""
    return f"- dataset:\n    id: {dataset}\n    task_id: {task}\n  value: {value}\n{more}"


SPEC = """\
name: Quiz
evaluation_framework: inspect-ai
tasks:
  - id: main
    split: test
    field_spec:
      input: question
      target: answer
    solvers:
      - name: generate
    scorers:
      - name: match
"""
TERMS = """\
tasks:
  main:
    items: 100
    metrics:
      - id: accuracy
        unit: percent
        direction: higher
        min: 0
        max: 100
        chance: 50
        primary: true
"""


@contextmanager
def quiz_hub(
    folder: Path, *, data: Path | None = None, within: Sequence[str] = ()
) -> Iterator[HubProcess]:
    """A served hub with accounts bench, ada and eve, and the benchmark `bench/quiz`.

    Its data folder is in `folder` too, if it is not named.
    """
    hub = HubProcess(data or folder / "data", within=within)
    for name in ("bench", "ada", "eve"):
        hub.add(name)
    hub.start()
    try:
        hub.create("bench", "quiz", "dataset")
        work = Work.new(folder / "quiz")
        work.commit({"eval.yaml": SPEC, "assay.yaml": TERMS, "README.md": "# Quiz\n"})
        pushed = work.push(hub.remote("bench", "datasets/bench/quiz"))
        assert pushed.returncode == 0, pushed.stderr
        yield hub
    finally:
        hub.stop()
