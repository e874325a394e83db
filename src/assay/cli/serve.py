"""`assay serve`: run a hub."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.hub_options import data_option, opened
from assay.errors import InvalidError, UnavailableError
from assay.settings import DEFAULT_HOST, DEFAULT_PORT, FileLimits, PushLimits

if TYPE_CHECKING:
    from assay.hub.open import Hub

BACKLOG = 2048
MOST_WORKERS = 64


@click.command(epilog="Example: assay serve --data ./assay-data --port 8377")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, help="Port to listen on; 0 for a free one."
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="How many processes answer on the port.",
)
@click.option("--public-url", help="How the outside reaches this hub; default: host and port.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="Change a limit, such as file_bytes=2000000000; may be given several times.",
)
@click.option(
    "--official",
    multiple=True,
    metavar="NS/NAME",
    help="A benchmark that lists mark as official; may be given several times. Default: all.",
)
@click.option(
    "--unchecked", is_flag=True, hidden=True, help="No checks and no index, to measure only."
)
@data_option
def serve(
    host: str,
    port: int,
    workers: int,
    public_url: str | None,
    *,
    limits: tuple[str, ...],
    official: tuple[str, ...],
    unchecked: bool,
    data: Path,
) -> None:
    """Run a hub on this machine until Ctrl-C."""
    from assay.cli.workers import supervise  # noqa: PLC0415 - only serving needs it

    changed = read_limits(limits)
    with listening(host, port, workers) as listeners:
        name = f"[{host}]" if ":" in host else host
        url = (public_url or f"http://{name}:{listeners[0].getsockname()[1]}").rstrip("/")
        settings: dict[str, Any] = {"public_url": url, "checks": not unchecked, **changed}
        settings["official"] = official or None
        with opened(data, makes=True, **settings) as hub:
            click.echo(f"Assay serves {data} at {url}  (Ctrl-C stops it)", err=True)
            if workers == 1:
                answer(hub, listeners[0])
                return

        def work(listener: socket.socket) -> None:
            with opened(data, **settings) as hub:
                answer(hub, listener)

        supervise(listeners, work)


def answer(hub: Hub, listener: socket.socket) -> None:
    """Serve a hub until a signal ends it."""
    import uvicorn  # noqa: PLC0415 - only serving needs it

    from assay.hub.collecting import collect_seldom  # noqa: PLC0415
    from assay.hub.serving import serving  # noqa: PLC0415
    from assay.web.app import make_app  # noqa: PLC0415

    with serving(hub):
        config = uvicorn.Config(make_app(hub), log_level="warning", server_header=False)
        collect_seldom()
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def read_limits(words: Sequence[str]) -> dict[str, Any]:
    """The groups of limits in `HubSettings`, with what `NAME=NUMBER` change in them.

    Raises:
        InvalidError: There is no such limit, or it is no number.
    """
    groups: dict[str, Any] = {"limits": PushLimits(), "files": FileLimits()}
    places = {
        field.name: group
        for group, limits in groups.items()
        for field in dataclasses.fields(limits)
    }
    for word in words:
        name, _, number = word.partition("=")
        if name not in places or not number.isdecimal():
            raise InvalidError(
                f"--limit {word}: expected NAME=NUMBER", hint=f"names: {', '.join(sorted(places))}"
            )
        group = places[name]
        groups[group] = dataclasses.replace(groups[group], **{name: int(number)})
    return groups


@contextlib.contextmanager
def listening(host: str, port: int, count: int = 1) -> Iterator[list[socket.socket]]:
    """Sockets that listen on one port; taken first, so that nothing else begins in vain.

    Where the kernel can, it deals connections out among several. A socket outlives the process that
    answers on it, and with it those that wait for an answer.

    Raises:
        UnavailableError: The address is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deals = count > 1 and sys.platform == "linux"
    with contextlib.ExitStack() as held:
        try:
            first = socket.create_server((host, port), family=family, backlog=BACKLOG)
            if deals:  # it was free for one who shares it with nobody
                port = first.getsockname()[1]
                first.close()
                listeners = [_sharing(host, port, family) for _ in range(count)]
            else:
                listeners = [first] * count
        except OSError as error:
            raise UnavailableError(
                f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}",
                hint="choose another with --port; 0 takes a free one",
            ) from error
        for listener in listeners:
            held.enter_context(listener)
        yield listeners


def _sharing(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=True)
