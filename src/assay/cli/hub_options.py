"""The `--data` option of commands that open a data folder themselves."""

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


def data_option(command: F) -> F:
    """`--data DIR`, else `$ASSAY_DATA`, else `./assay-data`."""
    option = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="ASSAY_DATA",
        default=DEFAULT_DATA,
        show_default=True,
        help="The hub's data folder.",
    )
    return option(command)


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
    if not makes and not (data / "hub.sqlite").exists():
        raise NotFoundError(
            f"there is no hub in {data.absolute()}",
            hint="name its folder with --data or $ASSAY_DATA; `assay serve` makes a new one",
        )
    from assay.hub.open import open_hub  # noqa: PLC0415 - half a second that --help does not need

    hub = open_hub(HubSettings(data=data, **settings))
    try:
        yield hub
    finally:
        hub.close()
