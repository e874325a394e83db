"""`assay user`, `assay token` and `assay org`: people, on the machine of the hub."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import click

from assay.cli.hub_options import data_option, opened
from assay.cli.output import print_table
from assay.core.permission import ROLES, SCOPES, Role, Scope


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
    with opened(data, makes=True) as hub:
        secret = add_account(hub, name, is_admin=admin, token=given)
    if given is None:
        _show(secret)
    click.echo(f"added {name} to the hub in {data}", err=True)


@click.group()
def token() -> None:
    """Make, list and revoke access tokens. Works whether the hub is running or not."""


@token.command("new", epilog="Example: assay token new ada --scope read")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="write",
    show_default=True,
    help="What it may do at most.",
)
@data_option
def new_token(name: str, scope: str, data: Path) -> None:
    """Make another access token for the account NAME and print it once.

    One of scope read sees what NAME may see and changes nothing.
    """
    from assay.hub.people import add_token  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        _show(add_token(hub, name, scope=cast("Scope", scope)))


@token.command("list", epilog="Example: assay token list ada")
@click.argument("name", required=False)
@data_option
def list_tokens(name: str | None, data: Path) -> None:
    """List all access tokens, or those of the account NAME, by the ids that revoke takes."""
    from assay.hub.people import tokens  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        found = tokens(hub, name)
    rows = [[t.id, t.account, t.scope, t.created, t.revoked or ""] for t in found]
    print_table(["id", "account", "scope", "made", "revoked"], rows)


@token.command("revoke", epilog="Example: assay token revoke 1f2e3d4c5b6a")
@click.argument("token_id", metavar="ID")
@data_option
def revoke_token(token_id: str, data: Path) -> None:
    """Revoke the access token ID: it is refused from the next request on."""
    from assay.hub import people  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        revoked = people.revoke_token(hub, token_id)
    click.echo(f"revoked {revoked.id} of {revoked.account}", err=True)


def _show(secret: str) -> None:
    click.echo(secret)
    click.echo("keep this token: it is stored hashed and cannot be shown again", err=True)


@click.group()
def org() -> None:
    """Add organisations, and say who belongs to them. Works whether the hub is running or not."""


@org.command("add", epilog="Example: assay org add acme --owner ada")
@click.argument("name")
@click.option("--owner", help="The account that owns it first.")
@data_option
def add_organisation(name: str, owner: str | None, data: Path) -> None:
    """Add the organisation NAME with its namespace.

    While nobody owns it, nothing its repositories say counts as their author's word.
    """
    from assay.hub import organisations  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        organisations.add(hub, name, owner=owner)
    click.echo(f"added {name}", err=True)


@org.command("member", epilog="Example: assay org member acme eve --role write")
@click.argument("name")
@click.argument("account")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="owner: all; write: repositories and their files; read: see private ones.",
)
@data_option
def put_member(name: str, account: str, role: str, data: Path) -> None:
    """Let ACCOUNT belong to the organisation NAME, or change its role."""
    from assay.hub import organisations  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        organisations.put_member(hub, name, account, cast("Role", role))
    click.echo(f"{account} is of {name}, role {role}", err=True)


@org.command("remove", epilog="Example: assay org remove acme eve")
@click.argument("name")
@click.argument("account")
@data_option
def remove_member(name: str, account: str, data: Path) -> None:
    """Take ACCOUNT out of the organisation NAME."""
    from assay.hub import organisations  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        organisations.remove_member(hub, name, account)
    click.echo(f"{account} is no longer of {name}", err=True)


@org.command("list", epilog="Example: assay org list acme")
@click.argument("name", required=False)
@data_option
def list_organisations(name: str | None, data: Path) -> None:
    """List every organisation with who belongs to it, or only NAME."""
    from assay.hub import organisations  # noqa: PLC0415 - the database is slow to import

    with opened(data) as hub:
        found = {name: organisations.members(hub, name)} if name else organisations.listing(hub)
    rows = [
        [organisation, member.account, member.role]
        for organisation, members in found.items()
        for member in members
    ]
    rows += [[organisation, "", ""] for organisation, members in found.items() if not members]
    print_table(["organisation", "account", "role"], sorted(rows))
