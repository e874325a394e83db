"""Starting, following and stopping the process a benchmark runs in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.errors import UnavailableError

STOP_GRACE_S = 10.0
_ERROR_LINES = 12


def run_child(
    plan: Mapping[str, Any],
    *,
    environment: Mapping[str, str],
    scratch: Path,
    on_event: Callable[[dict[str, Any]], None],
) -> None:
    """Run a plan in a child process and hand over its events as they come.

    Whatever interrupts this function, a Ctrl-C or an error of `on_event`, stops the child first.

    Args:
        plan: What `assay.harness.child` reads.
        environment: The child's whole environment.
        scratch: An empty folder of the run's own; folders for work, home and temporary files are
            made in it.
        on_event: Called with every event, see `assay.harness.child`.

    Raises:
        UnavailableError: The child ended in a way it does not report itself; with its last words.
    """
    for name in ("work", "home", "tmp", "huggingface"):
        (scratch / name).mkdir()
    said = scratch / "child.log"
    with said.open("wb") as errors:
        process = subprocess.Popen(
            # -P: the working folder is no place to import from
            [sys.executable, "-P", "-m", "assay.harness.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=scratch / "work",
            env=dict(environment),
            start_new_session=True,  # a Ctrl-C goes to this process, which stops the child in order
        )
        try:
            _follow(process, plan, on_event)
        except BaseException:
            _stop(process)
            raise
        finally:
            _close(process)
    if process.returncode:
        last = said.read_text(encoding="utf-8", errors="replace").splitlines()[-_ERROR_LINES:]
        raise UnavailableError(
            f"The run's process ended with code {process.returncode}:\n" + "\n".join(last)
        )


def _follow(
    process: subprocess.Popen[bytes],
    plan: Mapping[str, Any],
    on_event: Callable[[dict[str, Any]], None],
) -> None:
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError):  # it died at once; its last words will say why
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
    for line in process.stdout:
        on_event(json.loads(line))
    process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the child to end as by Ctrl-C, so that Inspect cleans up; then insist."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        process.send_signal(signal.SIGINT)
    else:
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_GRACE_S)
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):  # nothing is left of its session
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # unread words to a child that is gone
                pipe.close()
