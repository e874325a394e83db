"""A commit over the API as it arrives: NDJSON, read in pieces of any size.

1. Each line is `{"key": …, "value": {…}}`. The first line is the header, the others are operations.
2. The text of `value.content` is passed on while it is read; it never stands in memory as a whole.
   What remains of the line is small, and is parsed as JSON when the line ends.
3. Content is base64. Other content (`encoding: utf-8`) must be short, or say so before it begins.
4. The same bytes give the same events however they are cut. The first fault ends it, with its line.

Where a file's path stands behind its content, as clients write it, `FileEnds` is the first to know.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from assay.errors import InvalidError

# What a line may hold beside its content: the header's description is the longest of it.
MAX_LINE_BYTES = 1024 * 1024
# Content that is kept back until its encoding is known.
HELD_BYTES = 1024 * 1024
# The longest escape: a surrogate pair.
_ESCAPE_BYTES = 12
# No line that means anything nests deeper than three.
_MAX_DEPTH = 16
_BASE64_UNIT = 4

_WHOLE = re.compile(
    rb'(?:[^"\\\x00-\x1f]+|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"
)
_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u....|\\u....|\\.")
_TOKEN = re.compile(rb'[{}\[\],:"]|[^{}\[\],:"\n]+')
_STRING = re.compile(rb'[^"\\\n]+|\\[^\n]|"')


@dataclass(frozen=True, slots=True)
class Header:
    """What the commit says of itself. `parent_commit` may be abbreviated."""

    summary: str
    description: str
    parent_commit: str | None


@dataclass(frozen=True, slots=True)
class FileBegins:
    """Content follows."""

    line: int


@dataclass(frozen=True, slots=True)
class Content:
    """The next bytes of the file, decoded."""

    data: bytes


@dataclass(frozen=True, slots=True)
class FileEnds:
    """The file is whole."""

    line: int
    path: str


@dataclass(frozen=True, slots=True)
class LfsFile:
    """A file whose content the hub has; `size_bytes` is None where the client left it out."""

    line: int
    path: str
    oid: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class DeletedFile:
    """A file to remove."""

    line: int
    path: str


@dataclass(frozen=True, slots=True)
class DeletedFolder:
    """A folder to remove; `path` without the slash at its end."""

    line: int
    path: str


Event = Header | FileBegins | Content | FileEnds | LfsFile | DeletedFile | DeletedFolder


class _Value(msgspec.Struct, rename="camel"):
    """The value of a line; which fields it has depends on its key. The content is taken out."""

    summary: str = ""
    description: str | None = None
    parent_commit: str | None = None
    path: str = ""
    encoding: str | None = None
    oid: str = ""
    algo: str = "sha256"
    size: int | None = None


class _Line(msgspec.Struct):
    key: str
    value: _Value


class CommitReader:
    """Turns the bytes of a commit into events. After an error it is of no more use.

    Args:
        max_lines: How many lines there may be.
    """

    def __init__(self, max_lines: int) -> None:
        self._max_lines = max_lines
        self._number = 1
        self._has_header = False
        self._rest = b""
        self._begin_line()

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that these bytes complete.

        Raises:
            InvalidError: The line is named, with what is wrong with it.
        """
        data = self._rest + data
        self._rest = b""
        at = 0
        while at < len(data):
            if self._content is not None:
                used, events = self._read_content(data, at)
                yield from events
                if used == at:
                    self._rest = data[at:]
                    return
                at = used
            elif data[at] == ord("\n"):
                yield from self._end_line()
                at += 1
            elif self._in_string:
                if data[at:] == b"\\":
                    self._rest = data[at:]
                    return
                at = self._read_string(data, at)
            else:
                at = self._read_token(data, at)
                if self._content is not None:
                    yield FileBegins(self._number)

    def finish(self) -> Iterator[Event]:
        """The events of a last line that no newline ends.

        Raises:
            InvalidError: The commit stops in the middle of a line, or has no header.
        """
        if self._content is not None or self._in_string:
            raise self._fault("the commit ends in the middle of this line")
        yield from self._end_line()
        if not self._has_header:
            raise InvalidError("a commit begins with a header line", hint='{"key": "header", …}')

    # one line

    def _begin_line(self) -> None:
        self._line = bytearray()
        self._depth = 0
        self._names: list[bytes | None] = [None, None]
        self._wants_value = False
        self._in_string = False
        self._string_at = 0
        self._encoding: str | None = None
        self._content: _Decoder | None = None
        self._decoded: _Decoder | None = None

    def _end_line(self) -> Iterator[Event]:
        text, decoder = bytes(self._line).strip(), self._decoded
        if self._in_string:
            raise self._fault("a text is cut by the end of the line")
        if text:
            try:
                line = msgspec.json.decode(text, type=_Line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise self._fault(f"cannot be read: {error}") from error
            yield from self._operation(line, decoder)
        self._number += 1
        if self._number > self._max_lines + 1:
            raise self._fault(
                f"more than {self._max_lines} lines", hint="make several commits, or push with git"
            )
        self._begin_line()

    def _operation(self, line: _Line, decoder: _Decoder | None) -> Iterator[Event]:
        value = line.value
        if (line.key == "header") == self._has_header:
            raise self._fault(
                "a second header" if self._has_header else "a commit begins with a header line",
                hint='exactly one line of {"key": "header", …}, the first',
            )
        if line.key != "header" and not value.path:
            raise self._fault(f"'{line.key}' without a path")
        if (line.key == "file") != (decoder is not None):
            raise self._fault(f"'{line.key}' {'with' if decoder else 'without'} content")
        match line.key:
            case "header":
                self._has_header = True
                yield Header(value.summary, value.description or "", value.parent_commit)
            case "file" if decoder is not None:
                yield from self._contents(decoder.end(value.encoding, value.path))
                yield FileEnds(self._number, value.path)
            case "lfsFile":
                if value.algo != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", value.oid):
                    raise self._fault(f"{value.path}: oid is not a sha256 in hexadecimal")
                yield LfsFile(self._number, value.path, value.oid, value.size)
            case "deletedFile":
                yield DeletedFile(self._number, value.path)
            case "deletedFolder":
                yield DeletedFolder(self._number, value.path.rstrip("/"))
            case _:
                raise self._fault(f"operations of kind '{line.key}' are not known here")

    # its parts

    def _read_token(self, data: bytes, at: int) -> int:
        match = _TOKEN.match(data, at)
        assert match is not None  # noqa: S101 - every byte but a newline is part of some token
        token = match[0]
        if token == b'"' and self._is_content():
            if self._decoded is not None:
                raise self._fault("content is given twice")
            self._content = self._decoded = _Decoder(self._encoding)
            self._add(b'""')
            return match.end()
        if token == b'"':
            self._in_string, self._string_at = True, len(self._line)
        elif token in b"{[":
            self._open(is_list=token == b"[")
        elif token in b"}]":
            self._depth = max(0, self._depth - 1)
        elif token in b":,":
            self._wants_value = token == b":"
        self._add(token)
        return match.end()

    def _open(self, *, is_list: bool) -> None:
        if self._depth == _MAX_DEPTH:
            raise self._fault("nested too deeply")
        if self._depth < len(self._names):
            self._names[self._depth] = None
        self._depth += 1
        self._wants_value = is_list

    def _is_content(self) -> bool:
        return (
            self._depth == len(self._names)
            and self._wants_value
            and self._names == [b'"value"', b'"content"']
        )

    def _read_string(self, data: bytes, at: int) -> int:
        """Read on in a text that is not content; stops at its end, or where the data ends."""
        match = _STRING.match(data, at)
        if match is None:
            raise self._fault("a text is cut by the end of the line")
        self._add(match[0])
        if match[0] == b'"':
            self._in_string = False
            self._end_string(bytes(self._line[self._string_at :]))
        return match.end()

    def _end_string(self, text: bytes) -> None:
        place = self._depth - 1
        if not 0 <= place < len(self._names):
            return
        if not self._wants_value:
            self._names[place] = _plain(text)
        elif self._names == [b'"value"', b'"encoding"'] and self._depth == len(self._names):
            self._encoding = _plain(text).strip(b'"').decode(errors="replace")

    def _read_content(self, data: bytes, at: int) -> tuple[int, list[Event]]:
        """Read on in the content; where nothing can be used yet, more data is needed."""
        assert self._content is not None  # noqa: S101 - the caller looked
        match = _WHOLE.match(data, at)
        used = match.end() if match else at
        events = self._contents(self._content.feed(data[at:used])) if used > at else []
        if used < len(data):
            if data[used] == ord('"'):
                self._content = None
                return used + 1, events
            if data[used] != ord("\\") or len(data) - used >= _ESCAPE_BYTES:
                raise self._fault("the content is not a JSON text")
        return used, events

    def _contents(self, pieces: Iterator[bytes]) -> list[Event]:
        try:
            return [Content(piece) for piece in pieces if piece]
        except (ValueError, msgspec.DecodeError) as error:
            raise self._fault(f"the content cannot be decoded: {error}") from error

    def _add(self, text: bytes) -> None:
        self._line += text
        if len(self._line) > MAX_LINE_BYTES:
            raise self._fault(f"more than {MAX_LINE_BYTES} bytes beside the content")

    def _fault(self, what: str, *, hint: str = "") -> InvalidError:
        return InvalidError(f"line {self._number} of the commit: {what}", hint=hint)


def _plain(text: bytes) -> bytes:
    """A JSON text without its escapes; it stays as it is where it has none, or cannot be read."""
    if b"\\" not in text:
        return text
    try:
        return b'"%s"' % msgspec.json.decode(text, type=str).encode()
    except (msgspec.DecodeError, ValueError):
        return text


def _unescape(match: re.Match[bytes]) -> bytes:
    return msgspec.json.decode(b'"%s"' % match[0], type=str).encode()


class _Decoder:
    """From the JSON text of a content to its bytes."""

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding
        self._held = bytearray()  # text whose encoding is not known, or an unfinished unit
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._ended = False

    def feed(self, text: bytes) -> Iterator[bytes]:
        """Bytes from whole units of a JSON text."""
        if b"\\" in text:
            text = _ESCAPE.sub(_unescape, text.replace(rb"\/", b"/"))
        self._held += text
        if self._encoding is None and len(self._held) <= HELD_BYTES:
            return
        self._encoding = self._encoding or "base64"
        yield from self._decode(last=False)

    def end(self, encoding: str | None, path: str) -> Iterator[bytes]:
        """The last bytes, now that the whole line is read."""
        encoding = encoding or "utf-8"
        known = self._encoding or encoding
        if known != encoding:
            raise ValueError(f"{path}: put 'encoding' before 'content', or use base64")
        self._encoding = encoding
        yield from self._decode(last=True)

    def _decode(self, *, last: bool) -> Iterator[bytes]:
        text = bytes(self._held)
        if self._encoding == "utf-8":
            self._held.clear()
            self._utf8.decode(text, final=last)
            yield text
            return
        if self._encoding != "base64":
            raise ValueError(f"encoding '{self._encoding}' is not known here; use base64")
        usable = len(text) if last else len(text) - len(text) % _BASE64_UNIT
        self._held[:usable] = b""
        if not usable:
            return
        if self._ended:
            raise ValueError("base64 goes on after its end")
        self._ended = text[:usable].endswith(b"=")
        yield binascii.a2b_base64(text[:usable], strict_mode=True)
