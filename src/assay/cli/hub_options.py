"""The `--data` option of commands that open a data folder themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

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
def opened(data: Path, **settings: Any) -> Iterator[Hub]:
    """The hub of a data folder, whether it is being served or not.

    Args:
        data: The folder.
        settings: Other fields of `HubSettings`.
    """
    from assay.hub.open import open_hub  # noqa: PLC0415 - half a second that --help does not need

    hub = open_hub(HubSettings(data=data, **settings))
    try:
        yield hub
    finally:
        hub.close()
