"""The options of commands that open a hub themselves: where its data folder and databases are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assay.errors import NotFoundError
from assay.settings import DEFAULT_DATA, HubSettings

if TYPE_CHECKING:
    from assay.hub.open import Hub

F = TypeVar("F", bound=Callable[..., Any])


_DATABASE_URL = "assay.database_url"


def data_option(command: F) -> F:
    """`--data DIR`, else `$ASSAY_DATA`, else `./assay-data`; and where its databases are.

    The command gets the folder as `data`; `opened` asks `database_url` for the rest.
    """
    database = click.option(
        "--database-url",
        metavar="URL",
        envvar="ASSAY_DATABASE_URL",
        expose_value=False,
        callback=_keep_url,
        help="PostgreSQL database that holds what is not git; default: files in the data folder.",
    )
    option = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="ASSAY_DATA",
        default=DEFAULT_DATA,
        show_default=True,
        help="The hub's data folder.",
    )
    return option(database(command))


def _keep_url(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.meta[_DATABASE_URL] = value


def database_url() -> str | None:
    """The PostgreSQL database that the running command was told of, or None."""
    context = click.get_current_context(silent=True)
    url: str | None = context.meta.get(_DATABASE_URL) if context is not None else None
    return url or None


@contextmanager
def opened(data: Path, *, makes: bool = False, **settings: Any) -> Iterator[Hub]:
    """The hub of a data folder, whether it is being served or not.

    Args:
        data: The folder.
        makes: Whether a folder without a hub becomes one.
        settings: Other fields of `HubSettings`.

    Raises:
        NotFoundError: There is no hub, and none is to be made.
    """
    # Half a second that --help does not need.
    from assay.hub.open import has_hub, open_hub  # noqa: PLC0415

    if not makes and not has_hub(data):
        raise NotFoundError(
            f"there is no hub in {data.absolute()}",
            hint="name its folder with --data or $ASSAY_DATA; `assay serve` makes a new one",
        )
    hub = open_hub(HubSettings(**{"data": data, "database_url": database_url(), **settings}))
    try:
        yield hub
    finally:
        hub.close()
