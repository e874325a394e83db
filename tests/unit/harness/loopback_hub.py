"""A loopback hub for harness tests: folders served as dataset repositories over real HTTP.

It answers only the routes that a run reads: revision, tree, paths-info and resolve. The flow tests
run the same code against the real hub.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def folder_sha(folder: Path) -> str:
    """A commit-like sha1 of a folder's contents."""
    digest = hashlib.sha1()  # noqa: S324 - a commit name, as git makes them
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackHub

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        self.server.requests.append(format % args)

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._answer(form=parse_qs(body))

    def _answer(self, form: dict[str, list[str]] | None = None) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/")[1:]]
        if parts[:2] == ["api", "datasets"] and len(parts) > 4:
            return self._api("/".join(parts[2:4]), parts[4], parts[5], parts[6:], form)
        if parts[0] == "datasets" and parts[3] == "resolve":
            return self._resolve("/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
        return self._fail("EntryNotFound", "no such route")

    def _folder(self, repo: str, revision: str) -> Path | None:
        folder = self.server.datasets.get(repo)
        if folder is None:
            self._fail("RepoNotFound", "no such repository")
            return None
        private = repo in self.server.private
        if private and self.headers.get("Authorization") != "Bearer right":
            self._fail("RepoNotFound", "no such repository")
            return None
        if revision not in {"main", folder_sha(folder)}:
            self._fail("RevisionNotFound", f"no such revision {revision}")
            return None
        return folder

    def _api(
        self,
        repo: str,
        verb: str,
        revision: str,
        rest: list[str],
        form: dict[str, list[str]] | None,
    ) -> None:
        folder = self._folder(repo, revision)
        if folder is None:
            return None
        if verb == "revision":
            info = {"id": repo, "sha": folder_sha(folder), "private": False, "gated": False}
            info |= {"disabled": False, "downloads": 0, "likes": 0, "tags": [], "siblings": []}
            return self._json(info)
        if form is not None:
            wanted = [folder / path for path in form["paths"]]
            return self._json([_row(folder, path) for path in wanted if path.exists()])
        top = folder.joinpath(*rest)
        if not top.is_dir():
            return self._fail("EntryNotFound", "no such folder")
        recursive = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() == "true"
        paths = sorted(top.rglob("*") if recursive else top.iterdir())
        return self._json([_row(folder, path) for path in paths])

    def _resolve(self, repo: str, revision: str, path: str) -> None:
        folder = self._folder(repo, revision)
        if folder is None:
            return
        if not (folder / path).is_file():
            self._fail("EntryNotFound", f"no such file {path}", folder_sha(folder))
            return
        body = (folder / path).read_bytes()
        etag = hashlib.sha256(body).hexdigest()
        self._send(200, body, {"ETag": f'"{etag}"', "X-Repo-Commit": folder_sha(folder)})

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _fail(self, code: str, message: str, commit: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        if commit:
            headers["X-Repo-Commit"] = commit
        self._send(404, json.dumps({"error": message}).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _row(folder: Path, path: Path) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix()
    if path.is_dir():
        return {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
    body = path.read_bytes()
    oid = hashlib.sha1(body).hexdigest()  # noqa: S324 - a blob name
    return {"type": "file", "oid": oid, "size": len(body), "path": name}


class LoopbackHub(ThreadingHTTPServer):
    """The server; `datasets` maps NS/NAME to a folder, `private` names those that need a token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.datasets: dict[str, Path] = {}
        self.private: set[str] = set()
        self.requests: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve() -> Iterator[LoopbackHub]:
    hub = LoopbackHub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
