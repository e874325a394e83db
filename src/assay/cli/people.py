"""`assay user` and `assay token`: accounts, on the machine of the hub."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assay.cli.hub_options import data_option, opened


@click.group()
def user() -> None:
    """Add accounts. Works whether the hub is running or not."""


@user.command("add", epilog="Example: assay user add ada --data ./assay-data")
@click.argument("name")
@click.option("--token", help="Use this token (≥ 20 characters), or - to read it from stdin.")
@click.option("--admin", is_flag=True, help="The account may administer the hub.")
@data_option
def add_user(name: str, token: str | None, *, admin: bool, data: Path) -> None:
    """Add the account NAME with its namespace, and print its access token once."""
    from assay.hub.people import add_account  # noqa: PLC0415 - the database is slow to import

    given = sys.stdin.readline().strip() if token == "-" else token  # noqa: S105 - a dash
    with opened(data) as hub:
        secret = add_account(hub, name, is_admin=admin, token=given)
    if given is None:
        _show(secret)
    click.echo(f"added {name}", err=True)


@click.group()
def token() -> None:
    """Make access tokens. Works whether the hub is running or not."""


@token.command("new", epilog="Example: assay token new ada")
@click.argument("name")
@data_option
def new_token(name: str, data: Path) -> None:
    """Make another access token for the account NAME and print it once."""
    from assay.hub.people import add_token  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        _show(add_token(hub, name))


def _show(secret: str) -> None:
    click.echo(secret)
    click.echo("keep this token: it is stored hashed and cannot be shown again", err=True)
