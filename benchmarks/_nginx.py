"""nginx from a folder of its own, as whoever runs this: files, and git by `git http-backend`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from _served import free_port, run, wait_for

# How many git processes may run at once.
CGI_PROCESSES = 4
HOW_TO_INSTALL = "Debian, as root: apt-get install nginx fcgiwrap"
_CONFIG = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes {workers};
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 65;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    location = /healthz {{ return 200 "ok"; }}
{locations}
  }}
}}
"""
_GIT = """\
    location /git/ {{
      fastcgi_pass unix:{folder}/cgi.sock;
      fastcgi_buffering off;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_PROJECT_ROOT {repository};
      fastcgi_param PATH_TRANSLATED {repository}$git_path;
      fastcgi_param PATH_INFO $git_path;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_USER "";
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
"""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file and the headers that its answer carries beside Content-Length."""

    file: Path
    headers: Mapping[str, str]


def missing_programs() -> list[str]:
    """Which of the programs are not there."""
    return [name for name in ("nginx", "fcgiwrap") if _find(name) is None]


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    found = _find(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed ({HOW_TO_INSTALL})")
    return found


@contextmanager
def serve_files(
    folder: Path, files: Mapping[str, StaticFile], *, workers: str = "auto"
) -> Iterator[str]:
    """Files by the path they are asked for; yields the address."""
    locations = "".join(_file_location(path, static) for path, static in files.items())
    with _nginx(folder, locations, workers) as url:
        yield url


def _file_location(path: str, static: StaticFile) -> str:
    headers = "".join(f"add_header {name} '{value}'; " for name, value in static.headers.items())
    return f"    location = {path} {{ alias {static.file}; etag off; {headers}}}\n"


@contextmanager
def serve_git(folder: Path, repository: Path) -> Iterator[str]:
    """One bare repository by `git http-backend` under fcgiwrap; yields its address for git."""
    folder.mkdir()
    backend = Path(run("git", "--exec-path").strip()) / "git-http-backend"
    names = {"folder": folder, "backend": backend, "repository": repository}
    path = "    set $git_path '';\n    if ($uri ~ ^/git(/.*)$) { set $git_path $1; }\n"
    argv = [_program("fcgiwrap"), "-c", str(CGI_PROCESSES), "-s", f"unix:{folder}/cgi.sock"]
    cgi = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        with _nginx(folder, path + _GIT.format(**names)) as url:
            yield f"{url}/git"
    finally:
        os.killpg(cgi.pid, signal.SIGTERM)  # it has children
        cgi.wait()


@contextmanager
def _nginx(folder: Path, locations: str, workers: str = "auto") -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    names = {"user": user, "folder": folder, "port": port, "locations": locations}
    config.write_text(_CONFIG.format(workers=workers, **names))
    argv = [_program("nginx"), "-c", str(config), "-e", str(folder / "error.log")]
    process = subprocess.Popen(argv)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
