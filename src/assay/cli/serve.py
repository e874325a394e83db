"""`assay serve`: run a hub."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.hub_options import data_option
from assay.settings import DEFAULT_HOST, DEFAULT_PORT, HubSettings


@click.command(epilog="Example: assay serve --data ./assay-data --port 8377")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port to listen on.")
@click.option("--public-url", help="How the outside reaches this hub; default: host and port.")
@click.option("--unchecked", is_flag=True, hidden=True, help="Pushes unjudged, to measure only.")
@data_option
def serve(host: str, port: int, public_url: str | None, *, unchecked: bool, data: Path) -> None:
    """Run a hub on this machine until Ctrl-C."""
    import uvicorn  # noqa: PLC0415 - only serving needs it

    from assay.hub.open import open_hub  # noqa: PLC0415
    from assay.web.app import make_app  # noqa: PLC0415

    url = (public_url or f"http://{host}:{port}").rstrip("/")
    hub = open_hub(HubSettings(data=data, public_url=url, checks=not unchecked))
    click.echo(f"Assay serves {data} at {url}  (Ctrl-C stops it)", err=True)
    try:
        uvicorn.run(make_app(hub), host=host, port=port, log_level="warning", server_header=False)
    finally:
        hub.close()
