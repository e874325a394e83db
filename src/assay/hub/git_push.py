"""A push over git's wire, at the one door (`hub.push`)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

from assay.core.permission import Reader
from assay.errors import InvalidCredentialsError
from assay.hub.open import Hub
from assay.hub.push import Landing, Report, judge
from assay.hub.settling import recover
from assay.storage.database.repos import RepoRecord
from assay.storage.git import RefUpdate
from assay.storage.git_wire import Verdict

LENIENT = "assay.lenient"


class GitPush:
    """One push over git's wire: `judge` is called by the hook, `finish` when git has ended.

    Both run in threads. git may die while its push is being judged, so `finish` does not wait for
    `judge`: whichever ends last closes the push. Who pushes is asked when everything has arrived: a
    token may have been revoked meanwhile.
    """

    def __init__(self, hub: Hub, record: RepoRecord, find_actor: Callable[[], Reader]) -> None:
        self._hub, self._record, self._find_actor = hub, record, find_actor
        self._landing: Landing | None = None
        self._held = ExitStack()
        self._turn = Lock()
        self._judging = False
        self._ended = False

    def judge(
        self, updates: tuple[RefUpdate, ...], quarantine: Path | None, options: tuple[str, ...]
    ) -> Verdict:
        """Steps 1 to 4, up to where git moves the refs."""
        with self._turn:
            if self._ended:
                return Verdict(ok=False, lines=("git ended before its push was judged",))
            self._judging = True
        try:
            return self._judge(updates, quarantine, options)
        finally:
            with self._turn:
                self._judging = False
                is_last = self._ended
            if is_last:
                self._close()

    def finish(self) -> None:
        """Settle and index, whatever became of git; then let go of the repository."""
        with self._turn:
            self._ended = True
            is_last = not self._judging
        if is_last:
            self._close()

    def _judge(
        self, updates: tuple[RefUpdate, ...], quarantine: Path | None, options: tuple[str, ...]
    ) -> Verdict:
        hub, record = self._hub, self._record
        objects = hub.git.path(record.id) / "objects"
        if quarantine is not None and objects.resolve() not in quarantine.resolve().parents:
            return Verdict(ok=False, lines=("the hook named a folder outside the repository",))
        try:
            actor = self._find_actor()
        except InvalidCredentialsError as error:
            return Verdict(ok=False, lines=(str(error),))
        self._held.enter_context(hub.git.lock(record.id))
        recover(hub, record.id)
        git = hub.git.open(record.id, quarantine=quarantine)
        report = judge(hub, record, actor, updates, git, lenient=LENIENT in options)
        if report.accepted:
            self._landing = Landing(hub, record, actor)  # first: a row half way in is settled too
            self._landing.prepare(updates, git)
        return Verdict(report.accepted, _lines(report, hub.settings.limits.findings_printed))

    def _close(self) -> None:
        with self._held:
            if self._landing is not None:
                self._landing.finish()


def _lines(report: Report, most: int) -> tuple[str, ...]:
    """What the pusher reads, errors first; findings beyond `most` are counted."""
    findings = sorted(report.findings, key=lambda f: (f.severity != "error", f))
    lines = [*report.reasons, *report.faults, *(finding.render() for finding in findings[:most])]
    if len(findings) > most:
        lines.append(f"… and {len(findings) - most} more; `assay check` lists them all")
    if not report.accepted and findings:
        lines.append("refused: nothing was changed. Correct the errors, or keep the files with")
        lines.append(f"`git push -o {LENIENT}`: their good entries will count")
    return tuple(lines)
