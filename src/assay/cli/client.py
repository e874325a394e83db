"""What every command that talks to a hub needs: which hub, as whom, and a JSON answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from assay.errors import InvalidError
from assay.settings import DEFAULT_HOST, DEFAULT_PORT

ENDPOINT_HELP = "The hub's address [default: $ASSAY_ENDPOINT, $HF_ENDPOINT or this machine]."


def resolve_endpoint(endpoint: str | None = None) -> str:
    """The hub's address without a trailing slash: the option, the environment, or this machine.

    Raises:
        InvalidError: It is no http or https address.
    """
    found = (
        endpoint
        or os.environ.get("ASSAY_ENDPOINT")
        or os.environ.get("HF_ENDPOINT")
        or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    )
    if not found.startswith(("http://", "https://")):
        raise InvalidError(f"not a hub's address: got {found!r}, expected http://… or https://…")
    return found.rstrip("/")


def find_token() -> str | None:
    """The token the Hugging Face tools use here: $HF_TOKEN, or what `hf auth login` stored."""
    from huggingface_hub import get_token  # noqa: PLC0415 - slow to import, and not always needed

    return get_token()


def get_json(
    endpoint: str,
    path: str,
    *,
    token: str | None = None,
    params: Mapping[str, str | int] | None = None,
) -> Any:
    """The JSON answer to `GET {endpoint}{path}`.

    Raises:
        AssayError: The hub cannot be reached or refuses; with its own sentence and hint.
    """
    from assay.harness.remote import fetch_json  # noqa: PLC0415 - httpx, which --help never needs

    return fetch_json(endpoint, path, token=token, params=params)
