"""Whoever pushes, indexes, sweeps or rebuilds is killed: a later start has what a rebuild makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.hub_process import ROOT

ROUNDS = int(os.environ.get("ASSAY_KILL_ROUNDS", "20"))
SEED = os.environ.get("ASSAY_KILL_SEED", "1")


@pytest.mark.storm
def test_whoever_is_killed_leaves_what_the_next_can_mend(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.dying_story", str(tmp_path), SEED, str(ROUNDS)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    died = int(done.stdout.split(" of ")[0])
    assert died > ROUNDS / 2, done.stdout
