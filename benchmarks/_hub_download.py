"""A large file by `hf_hub_download`: from Assay, and from nginx that answers with the same headers.

The client's code is the same on both sides: a HEAD, a GET, and a file in a new cache. So that the
client's own work does not hide the server's, the bare GET is timed as well. One file is a large
file, kept beside git; the other was pushed with git and is a blob.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
from huggingface_hub import HfApi, hf_hub_download

from _nginx import StaticFile, serve_files
from _rounds import Row, in_turn, speed
from _served import ACCOUNT, IDENTITY, TOKEN, Served, run

PEER, HUB = "nginx", "assay"
GOAL = 0.5
LARGE, BLOB = "large file", "git blob"
REPO = f"{ACCOUNT}/files"
HEADERS = ("etag", "x-repo-commit", "x-linked-etag", "x-linked-size", "content-disposition")


def measure(hub: Served, root: Path, rounds: int, size_bytes: int) -> Iterator[Row]:
    """Two rows a file: by the client, and by a bare GET."""
    files = _fill(hub, root / "files", size_bytes)
    for name, file in files.items():
        path = f"/{REPO}/resolve/main/{file.name}"
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        static = {path: StaticFile(file, _headers(hub, path))}
        with serve_files(root / f"nginx-{file.stem}", static) as peer:
            urls = {PEER: peer, HUB: hub.url}
            what = f"{name} of {size_bytes // 10**6} MB"
            acts = {
                side: partial(_by_client, url, root, file, digest) for side, url in urls.items()
            }
            yield speed(f"hf_hub_download, {what}", in_turn(acts, rounds), HUB, PEER, GOAL)
            acts = {side: partial(_bare, url + path, size_bytes) for side, url in urls.items()}
            yield speed(f"bare GET, {what}", in_turn(acts, rounds), HUB, PEER)


def _fill(hub: Served, work: Path, size_bytes: int) -> dict[str, Path]:
    """Put a large file and a blob into a repository; they are left in `work` too."""
    api = HfApi(endpoint=hub.url, token=TOKEN)
    api.create_repo(REPO)
    run("git", "init", "--quiet", "--initial-branch=main", str(work))
    blob, large = work / "blob.bin", work / "large.bin"
    blob.write_bytes(os.urandom(size_bytes))
    run("git", "add", "--all", cwd=work)
    run("git", *IDENTITY, "commit", "--quiet", "--message", "a blob", cwd=work)
    run("git", "push", "--quiet", f"{hub.url_with_token}/{REPO}", "main", cwd=work)
    large.write_bytes(os.urandom(size_bytes))
    api.upload_file(path_or_fileobj=large, path_in_repo=large.name, repo_id=REPO)
    return {LARGE: large, BLOB: blob}


def _headers(hub: Served, path: str) -> dict[str, str]:
    """What the hub says of a file; nginx is to say the same."""
    answer = httpx.head(hub.url + path, headers={"Accept-Encoding": "identity"})
    return {name: answer.headers[name] for name in HEADERS if name in answer.headers}


def _by_client(url: str, root: Path, file: Path, digest: str) -> float:
    cache = root / "cache" / str(time.monotonic_ns())
    start = time.perf_counter()
    got = Path(hf_hub_download(REPO, file.name, endpoint=url, token=False, cache_dir=cache))
    seconds = time.perf_counter() - start
    with got.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
            raise RuntimeError(f"{url} gave other bytes for {file.name}")
    got.resolve().unlink()
    return seconds


def _bare(url: str, size_bytes: int) -> float:
    start = time.perf_counter()
    with httpx.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
        got = sum(len(piece) for piece in answer.iter_raw())
    seconds = time.perf_counter() - start
    if not answer.is_success or got != size_bytes:
        raise RuntimeError(f"{url}: {answer.status_code}, {got} bytes")
    return seconds
