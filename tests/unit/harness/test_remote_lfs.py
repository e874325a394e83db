"""Large files over HTTP, from servers that are honest, broken, and worse."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assay.errors import AssayError
from assay.formats.lfs_pointer import Pointer
from assay.harness import remote_lfs
from assay.harness.remote_lfs import RemoteObjects

CONTENT = b"weights" * 1000
ASKED = Pointer(sha256(CONTENT).hexdigest(), len(CONTENT))
SHOWN = "Basic " + b64encode(b"hub:right").decode()


class Server(ThreadingHTTPServer):
    """Answers a batch with what `batch` makes of its own address, and any GET with `content`."""

    batch: Callable[[str], Any]
    content = CONTENT
    is_private = False
    breaks = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.batch = lambda url: {"objects": [found({"href": f"{url}/object"})]}
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def _answer(self, status: int, body: bytes, size_bytes: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if size_bytes is None else size_bytes))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        shown = self.headers.get("Authorization")
        self.server.seen.append((self.path, shown))
        if self.server.is_private and shown != SHOWN:
            return self._answer(401, b"")
        made = self.server.batch(self.server.url)
        if isinstance(made, int):
            return self._answer(made, b"no")
        return self._answer(200, json.dumps(made).encode())

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        if self.server.breaks:
            self.server.breaks -= 1
            return self._answer(200, CONTENT[:10], len(CONTENT))
        return self._answer(200, self.server.content)


def found(action: Any) -> dict[str, Any]:
    return {"oid": ASKED.oid, "size": ASKED.size_bytes, "actions": {"download": action}}


@contextmanager
def serve() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as one:
        yield one


def fetch(server: Server, folder: Path, token: str | None = None) -> list[Pointer]:
    with RemoteObjects(f"{server.url}/m.git/info/lfs", token) as objects:
        return objects.fetch([ASKED], folder, lambda _count: None)


def test_an_object_comes_whole(server: Server, tmp_path: Path) -> None:
    assert fetch(server, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == [ASKED.oid]
    assert (tmp_path / ASKED.oid).read_bytes() == CONTENT


def test_the_token_is_shown_when_asked_and_to_the_named_server_only(
    server: Server, tmp_path: Path
) -> None:
    with serve() as storage:
        server.is_private = True
        server.batch = lambda _url: {"objects": [found({"href": f"{storage.url}/object"})]}
        assert fetch(server, tmp_path, "right") == []
        assert [shown for _, shown in server.seen] == [None, SHOWN]
        assert storage.seen == [("/object", None)]


def test_a_line_that_breaks_is_tried_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_lfs, "PAUSE_S", 0)
    server.breaks = 2
    assert fetch(server, tmp_path) == []
    (tmp_path / ASKED.oid).unlink()
    server.breaks = 3
    with pytest.raises(AssayError, match="broke off"):
        fetch(server, tmp_path)


@pytest.mark.parametrize(
    "batch",
    [404, 501, {"objects": []}, {"objects": [{"oid": ASKED.oid, "error": {"code": 404}}]}],
)
def test_what_the_server_does_not_have(server: Server, tmp_path: Path, batch: Any) -> None:
    server.batch = lambda _url: batch
    assert fetch(server, tmp_path) == [ASKED]


@pytest.mark.parametrize(
    "batch",
    [
        401,
        500,
        [],
        {"objects": None},
        {"objects": [found(None)]},
        {"objects": [found({})]},
        {"objects": [found({"href": "file:///etc/passwd"})]},
        {"objects": [found({"href": "http://[broken"})]},
        {"objects": [found({"href": "ftp://127.0.0.1/x"})]},
        {"objects": [found({"href": "http://127.0.0.1:1/x", "header": {"a": "b\r\nc: d"}})]},
        {"objects": [found({"href": "http://127.0.0.1:1/x", "header": {"a": 1}})]},
        {"objects": [found({"href": "http://127.0.0.1:1/x", "header": "x"})]},
    ],
)
def test_answers_that_make_no_sense(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: Any
) -> None:
    monkeypatch.setattr(remote_lfs, "PAUSE_S", 0)
    server.batch = lambda _url: batch
    with pytest.raises(AssayError):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT[::-1], CONTENT + b"x"])
def test_an_object_that_is_another_is_not_kept(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    server.content = content
    with pytest.raises(AssayError, match="is not what was promised"):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []
