"""`assay run` where it says no before anything runs. Whole runs are in test_runner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.harness.benchmarks import questions, task, write_benchmark
from tests.unit.harness.loopback_hub import LoopbackHub

from assay.cli import assay
from assay.errors import InvalidError


@pytest.fixture
def even(hub: LoopbackHub, tmp_path: Path) -> str:
    hub.datasets["acme/even"] = write_benchmark(
        tmp_path / "even", [task("even")], {"even": questions(4)}
    )
    return hub.endpoint


def run(endpoint: str, *options: str) -> Result:
    named = ["acme/even", "--model", "assay/chance", "--as", "acme/model"]
    arguments = ["run", *named, "--endpoint", endpoint, *options]
    return CliRunner().invoke(assay, arguments, env={"HF_TOKEN": "right"})


def test_without_a_unit_nothing_is_submitted_and_nothing_runs(even: str) -> None:
    result = run(even, "--submit")
    assert isinstance(result.exception, InvalidError)
    assert "declares no unit for even" in result.exception.message
    assert "--unit percent" in result.exception.hint
    assert "loading" not in result.output


@pytest.mark.parametrize("text", ["path", "=x", ""])
def test_a_model_argument_is_key_and_value(even: str, text: str) -> None:
    result = run(even, "-M", text)
    assert result.exit_code == 2
    assert "expected KEY=VALUE" in result.output


def test_a_name_that_is_none_is_refused(even: str) -> None:
    result = CliRunner().invoke(
        assay, ["run", "gsm8k", "--model", "a/b", "--as", "c/d", "--endpoint", even]
    )
    assert "expected NAMESPACE/DATASET" in str(result.exception)


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys, assay.cli\n"
        "try: assay.cli.assay(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "slow = {'inspect_ai', 'datasets', 'huggingface_hub', 'httpx', 'rich'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "Examples:" in said.stdout
