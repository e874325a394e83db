from __future__ import annotations

from pathlib import Path

import pytest

from assay.harness.environment import PROVIDER_VARIABLES, child_environment

SCRATCH = Path("/scratch")
KEYS = {name: f"secret {name}" for names in PROVIDER_VARIABLES.values() for name in names}
KEYS |= {"HF_TOKEN": "secret hub", "MY_PASSWORD": "secret mine", "TOGETHERX_API_KEY": "secret x"}


def secrets(model: str, *graders: str, token: str | None = None) -> set[str]:
    environment = child_environment(
        {"PATH": "/bin", **KEYS},
        scratch=SCRATCH,
        endpoint="http://hub",
        models=[model, *graders],
        token=token,
    )
    assert environment["PATH"] == "/bin"
    assert environment["HF_ENDPOINT"] == "http://hub"
    assert environment["HOME"].startswith(str(SCRATCH))
    return {name for name, value in environment.items() if value.startswith("secret")}


@pytest.mark.parametrize("provider", sorted(PROVIDER_VARIABLES))
def test_a_run_gets_the_keys_of_its_own_provider_and_no_others(provider: str) -> None:
    assert secrets(f"{provider}/some/model") == set(PROVIDER_VARIABLES[provider])


def test_a_grader_brings_its_key_and_an_unknown_provider_none() -> None:
    assert secrets("assay/chance", "groq/judge") == {"GROQ_API_KEY", "GROQ_BASE_URL"}
    assert secrets("never-heard-of/it") == set()


def test_a_named_service_brings_its_own_key() -> None:
    assert secrets("openai-api/togetherx/model") == {"TOGETHERX_API_KEY"}


def test_the_hub_token_is_there_only_where_it_is_needed() -> None:
    assert secrets("assay/chance") == set()
    assert secrets("assay/chance", token="secret hub") == {"HF_TOKEN"}
