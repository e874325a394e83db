"""Several processes that answer on one port, and one that looks after them.

1. A worker that dies is replaced, on the same socket.
2. SIGTERM and Ctrl-C let all of them finish what they are at; given twice, they end them at once.
3. Workers end when who looks after them is gone, however that happened.
4. A worker that finds it cannot serve (and says why) ends them all, unless it may be able to soon.

They are forked, so that what they have in common is in memory once and a new one starts quickly. So
nothing may be open at that time but the sockets: no database, no thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

import click

from assay.errors import AssayError, UnavailableError

CANNOT_SERVE = 3
# One that dies sooner than this after its start is replaced only after so long: in seconds.
SHORT_LIFE_S = 1.0
STOPS = (signal.SIGTERM, signal.SIGINT)
Work = Callable[[socket.socket], None]


def supervise(listeners: Sequence[socket.socket], work: Work) -> None:
    """Run `work` in one process a socket until a signal ends them.

    Args:
        listeners: Their sockets.
        work: What a worker does; it returns when a signal ends it.

    Raises:
        AssayError: A worker cannot serve; it has said why.
    """
    _import_early()
    _Supervisor(listeners, work).run()


def _import_early() -> None:
    """What workers share, they need not import."""
    import uvicorn  # noqa: F401, PLC0415

    import assay.hub.serving  # noqa: PLC0415
    import assay.web.app  # noqa: F401, PLC0415


class _Supervisor:
    def __init__(self, listeners: Sequence[socket.socket], work: Work) -> None:
        self._listeners = listeners
        self._work = work
        self._workers: dict[int, tuple[int, float]] = {}
        self._stopping = 0
        self._has_failed = False
        # Who reads from the first end sees when nobody holds the other.
        self._watched, self._lifeline = os.pipe()

    def run(self) -> None:
        """Start all; replace who dies; return when all have ended."""
        for number in STOPS:
            signal.signal(number, self._stop)
        for slot in range(len(self._listeners)):
            self._start(slot)
        while self._workers:
            pid, status = os.wait()
            slot, since = self._workers.pop(pid, (-1, 0.0))
            if slot < 0 or self._stopping:
                continue
            if os.waitstatus_to_exitcode(status) == CANNOT_SERVE:
                self._has_failed = True
                self._stop(signal.SIGTERM, None)
            else:
                self._replace(pid, status, slot, since)
        if self._has_failed:
            raise AssayError("the hub cannot be served; the reason is above")

    def _replace(self, pid: int, status: int, slot: int, since: float) -> None:
        click.echo(f"worker {pid} ended ({_how(status)}); another takes its place", err=True)
        if time.monotonic() - since < SHORT_LIFE_S:
            time.sleep(SHORT_LIFE_S)
        self._start(slot)

    def _start(self, slot: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # not between the fork and its note
        try:
            if self._stopping:
                return
            pid = os.fork()
            if pid == 0:
                self._be_worker(slot)
            self._workers[pid] = (slot, time.monotonic())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping += 1
        for pid in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if self._stopping == 1 else signal.SIGKILL)

    def _be_worker(self, slot: int) -> None:
        """Never returns."""
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.close(self._lifeline)
            threading.Thread(target=_end_with, args=(self._watched,), daemon=True).start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            self._work(self._listeners[slot])
            code = 0
        except AssayError as error:
            click.echo(f"error: {error.message}", err=True)
            # A database that does not answer just now may do so when the next one asks.
            code = code if isinstance(error, UnavailableError) else CANNOT_SERVE
        except KeyboardInterrupt:
            code = 0
        except Exception:  # noqa: BLE001 - the worker's edge: what went wrong is told
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)


def _end_with(lifeline: int) -> None:
    """End this process when who looks after it is gone."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
