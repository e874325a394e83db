"""git's own programs on the wire: `upload-pack` and `receive-pack`, streamed, never buffered whole.

A push is judged by git's pre-receive hook, which asks the process that started it over a Unix
socket. The socket's name and a one-time id travel in the hook's environment. If nobody answers, the
hook refuses: a push that was not judged does not land.

A receive-pack that outlives the server which started it could still move a ref. Whoever settles
what a crash left waits for such an orphan first (`pushing`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from assay.errors import AssayError, UnavailableError
from assay.storage.disk import find_no_room
from assay.storage.git.child import Child, start
from assay.storage.git.process import command, environment
from assay.storage.git.writing import RefUpdate
from assay.storage.pushing import Pushing

log = logging.getLogger("assay.push")

# git reads larger blobs piece by piece.
STREAMED_BYTES = 1024 * 1024
# receive-pack's own answer: progress and one line a ref. It is held back until the push is settled.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
# What a hook may ask about: 100,000 refs and more.
MAX_QUESTION_BYTES = 16 * 1024 * 1024
# How many pushes may be judged, or wait for their repository, at once.
JUDGES = 32
# How long a git process may take to end once its input is closed; it may be moving a ref.
GRACE_S = 10.0
SERVICES = ("git-upload-pack", "git-receive-pack")

# Every push waits for this to start, and more than half of that was importing `json`, `socket` and
# `os`. So it does without: fields between NULs, which none of them can contain, after their size;
# back come "yes" or "no" and lines to print.
HOOK = """\
import posix, sys, _socket
env = posix.environ
def ask():
    count = int(env.get(b"GIT_PUSH_OPTION_COUNT", 0))
    fields = [env.get(b"ASSAY_PUSH_ID", b""), env.get(b"GIT_QUARANTINE_PATH", b""), b"%d" % count]
    fields += [env[b"GIT_PUSH_OPTION_%d" % n] for n in range(count)]
    question = b"\\0".join(fields + sys.stdin.buffer.read().split())
    line = _socket.socket(_socket.AF_UNIX)
    line.connect(env[b"ASSAY_HOOK_SOCKET"])
    line.sendall(b"%d\\n%s" % (len(question), question))
    return b"".join(iter(lambda: line.recv(65536), b""))
try:
    answer, why = ask(), "it hung up"
except (OSError, KeyError) as error:
    answer, why = b"", str(error)
answer = answer or b"no\\nthe hub did not answer (%s): nothing was changed" % why.encode()
verdict, _, text = answer.partition(b"\\n")
if text:
    sys.stderr.buffer.write(text + b"\\n")
sys.exit(verdict != b"yes")
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the hook tells git: whether the push lands, and lines for the person who pushed."""

    ok: bool
    lines: tuple[str, ...] = ()


Judge = Callable[[tuple[RefUpdate, ...], Path | None, tuple[str, ...]], Verdict]
"""Updates, quarantine folder and push options of one push → its verdict. Runs in a thread.

A push that only deletes refs brings no objects and has no quarantine.
"""


@dataclass(frozen=True, slots=True)
class _Question:
    """What a hook asks: which push, where its objects are, its options, and what is to move."""

    push_id: str
    quarantine: Path | None
    options: tuple[str, ...]
    updates: tuple[RefUpdate, ...]


async def _read_question(reader: asyncio.StreamReader) -> _Question:
    size_bytes = int(await reader.readline())
    if size_bytes > MAX_QUESTION_BYTES:
        raise ValueError(f"a hook asks about {size_bytes} bytes")
    fields = os.fsdecode(await reader.readexactly(size_bytes)).split("\0")
    push_id, quarantine, count, *rest = fields
    options, words = tuple(rest[: int(count)]), rest[int(count) :]
    moves = zip(words[::3], words[1::3], words[2::3], strict=True)
    updates = tuple(RefUpdate(ref, old, new) for old, new, ref in moves)
    return _Question(push_id, Path(quarantine) if quarantine else None, options, updates)


class HookListener:
    """The Unix socket that pre-receive hooks call, and the judges that wait for a call.

    A judge takes its repository's lock, and the push's finish lets it go. Finishing has threads of
    its own: judges that wait for a lock could otherwise fill the pool and keep its holder waiting.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="assay-hook-")
        self.socket = Path(self._folder.name) / "socket"
        self.hooks = Path(self._folder.name) / "hooks"
        self._judges: dict[str, Judge] = {}
        self._judging = ThreadPoolExecutor(JUDGES, thread_name_prefix="judge")
        self._finishing = ThreadPoolExecutor(4, thread_name_prefix="finish")
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; the folder is readable by this user alone, the socket has mode 0600."""
        self.hooks.mkdir()
        script = self.hooks / "pre-receive.py"
        script.write_text(HOOK)
        hook = self.hooks / "pre-receive"
        hook.write_text(f'#!/bin/sh\nexec "$ASSAY_PYTHON" -I -S "{script}"\n')
        hook.chmod(0o700)
        self._server = await asyncio.start_unix_server(self._answer, path=self.socket)
        self.socket.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening and remove the folder; hooks that call later refuse."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await asyncio.to_thread(self._judging.shutdown)
        await asyncio.to_thread(self._finishing.shutdown)
        self._folder.cleanup()

    @contextlib.asynccontextmanager
    async def expect(
        self, judge: Judge, finish: Callable[[], None]
    ) -> AsyncIterator[dict[str, str]]:
        """Wait for one call; yields the environment that the git process needs to make it.

        Args:
            judge: Called if the hook asks.
            finish: Called when the block ends, whether the judge was called, or still runs, or not.
        """
        push_id = secrets.token_hex(16)
        self._judges[push_id] = judge
        try:
            yield {
                "ASSAY_HOOK_SOCKET": str(self.socket),
                "ASSAY_PUSH_ID": push_id,
                "ASSAY_PYTHON": sys.executable,
            }
        finally:
            self._judges.pop(push_id, None)
            await asyncio.get_running_loop().run_in_executor(self._finishing, finish)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verdict = Verdict(ok=False, lines=("the hub failed to judge this push; its log says why",))
        try:
            verdict = await self._judge(await _read_question(reader))
        except Exception as error:  # the worker's edge: a fault refuses the push, and is logged
            full = _no_room(error)
            if full is None:
                log.exception("a push could not be judged")
            verdict = full or verdict
        with contextlib.suppress(OSError):  # a hook that hung up gets no answer, and refuses
            answer = "\n".join(["yes" if verdict.ok else "no", *verdict.lines])
            writer.write(answer.encode(errors="replace"))
            await writer.drain()
        writer.close()

    async def _judge(self, question: _Question) -> Verdict:
        judge = self._judges.pop(question.push_id, None)
        if judge is None:
            return Verdict(ok=False, lines=("this push is not known to the hub",))
        facts = question.updates, question.quarantine, question.options
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._judging, judge, *facts)
        except AssayError as error:
            lines = error.message, *filter(None, [error.hint])
            return _no_room(error) or Verdict(ok=False, lines=lines)


def _no_room(error: Exception) -> Verdict | None:
    found = find_no_room(error)
    if found is not None:
        log.error("a push was refused: %s", found)
    return Verdict(ok=False, lines=(found.message, found.hint)) if found is not None else None


class Advertisements:
    """What `info/refs?service=…` is answered with: what a repository has, framed for smart HTTP.

    In version 2 of the protocol a fetch begins with what git can do, and refs are asked for next.
    That is the same for all repositories, so git is asked for it once.
    """

    def __init__(self) -> None:
        self._abilities: bytes | None = None

    async def of(self, repository: Path, service: str, *, protocol: str) -> bytes:
        """The body of an answer.

        Args:
            repository: The bare repository.
            service: `git-upload-pack` or `git-receive-pack`.
            protocol: The client's `Git-Protocol` header, e.g. `version=2`, or empty.

        Raises:
            UnavailableError: git cannot read the repository.
        """
        if service != "git-upload-pack" or protocol != "version=2":
            return await _advertise(repository, service, protocol=protocol)
        if self._abilities is None:
            self._abilities = await _advertise(repository, service, protocol=protocol)
        elif not (repository / "HEAD").is_file():
            raise UnavailableError(f"the repository {repository} is missing from this hub's disk")
        return self._abilities


async def _advertise(repository: Path, service: str, *, protocol: str) -> bytes:
    child = await _start(repository, service, "--advertise-refs", protocol=protocol)
    try:
        said = b"".join([chunk async for chunk in _output(child)])
        status = await child.wait()
    finally:
        await _end(child)
    if status:
        raise UnavailableError(f"{service} failed in {repository} with status {status}")
    line = f"# service={service}\n"
    return f"{len(line) + 4:04x}{line}0000".encode() + said


async def _start(repository: Path, service: str, *arguments: str, protocol: str) -> Child:
    argv = command(service.removeprefix("git-"), "--stateless-rpc", *arguments, ".")
    variables = {**environment(), "GIT_PROTOCOL": protocol}
    return await start(argv, folder=repository, environment=variables)


async def _output(child: Child) -> AsyncIterator[bytes]:
    while chunk := await child.read():
        yield chunk


async def upload_pack(
    repository: Path, body: AsyncIterable[bytes], *, protocol: str
) -> AsyncIterator[bytes]:
    """Answer a fetch, streaming both ways."""
    child = await _start(repository, "git-upload-pack", protocol=protocol)
    feeding = asyncio.create_task(_feed(child, body))
    try:
        async for chunk in _output(child):
            yield chunk
        await child.wait()
    finally:
        await _end(child, feeding)


async def read_blob(repository: Path, oid: str, begin: int, end: int) -> AsyncIterator[bytes]:
    """The bytes of a blob from `begin` to `end` (exclusive), never held as a whole here."""
    streamed = [f"core.bigFileThreshold={STREAMED_BYTES}"]
    argv = command("cat-file", "blob", oid, options=streamed)
    child = await start(argv, folder=repository, environment=environment())
    try:
        at = 0
        while at < end and (chunk := await child.read()):
            wanted = chunk[max(0, begin - at) : end - at]
            at += len(chunk)
            if wanted:
                yield wanted
        if at < end:
            raise UnavailableError(f"git could not read the blob {oid} in {repository}")
    finally:
        child.kill()
        await child.wait()


async def receive_pack(
    repository: Path,
    body: AsyncIterable[bytes],
    *,
    protocol: str,
    hooks: Path,
    hook_environment: Mapping[str, str],
    pushing: Pushing,
    max_pack_bytes: int,
) -> bytes:
    """Run one push to its end and return git's whole answer to the client.

    The answer is held back so that the caller can settle and index before anybody is told.

    Args:
        repository: The bare repository.
        body: The request's body, already decompressed.
        protocol: The client's `Git-Protocol` header.
        hooks: The folder with the pre-receive hook.
        hook_environment: From `HookListener.expect`.
        pushing: Where to say that the git process, or a child of it, lives.
        max_pack_bytes: Largest pack; a larger one is refused by git itself.
    """
    options = [
        f"receive.maxInputSize={max_pack_bytes}",
        f"core.hooksPath={hooks}",
    ]
    with pushing.alive() as lock:
        child = await start(
            command("receive-pack", "--stateless-rpc", ".", options=options),
            folder=repository,
            environment={**environment(), **hook_environment, "GIT_PROTOCOL": protocol},
            pass_fds=[lock],
        )
        feeding = asyncio.create_task(_feed(child, body))
        try:
            return await _read_answer(child)
        finally:
            await _end(child, feeding)


def has_moved_refs(answer: bytes) -> bool:
    """Whether git's answer to a push says of any ref that it moved."""
    return b"ok refs/" in answer


def with_remarks(answer: bytes, lines: Iterable[str]) -> bytes:
    """Git's answer to a push with lines for the person who pushed before it, if she can see any."""
    if answer[4:5] not in {b"\x01", b"\x02"}:  # her client did not ask for side bands
        return answer
    said = [b"\x02" + line.encode() + b"\n" for line in lines]
    return b"".join(b"%04x%s" % (len(one) + 4, one) for one in said) + answer


async def _read_answer(child: Child) -> bytes:
    answer = bytearray()
    async for chunk in _output(child):
        answer += chunk
        if len(answer) > MAX_ANSWER_BYTES:
            raise UnavailableError("git's answer to this push is too long to pass on")
    await child.wait()
    return bytes(answer)


async def _feed(child: Child, body: AsyncIterable[bytes]) -> None:
    """Pass the request on. git may stop reading early: it has then made up its mind.

    A client that hangs up ends the stream; git sees a cut pack and refuses it.
    """
    try:
        async for chunk in body:
            await child.write(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        child.end_input()


async def _end(child: Child, feeding: asyncio.Task[None] | None = None) -> None:
    """Leave neither a process nor a task behind, whatever happened."""
    if feeding is not None:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
    try:
        await asyncio.wait_for(child.wait(), GRACE_S)
    except TimeoutError:
        child.kill()
        await child.wait()
