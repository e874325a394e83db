"""A commit may arrive in any pieces, and be anything at all."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InvalidError
from assay.formats.commit_stream import (
    CommitReader,
    Content,
    DeletedFile,
    DeletedFolder,
    Event,
    FileBegins,
    FileEnds,
    Header,
    LfsFile,
)

LINES = 1000
paths = st.text(min_size=1, max_size=20).filter(lambda path: path.rstrip("/") != "")
OID = "ab" * 32


def line(key: str, **value: Any) -> tuple[str, dict[str, Any]]:
    return key, value


operations = st.one_of(
    st.builds(lambda p, c: line("file", path=p, content=c), paths, st.binary(max_size=300)),
    st.builds(lambda p: line("deletedFile", path=p), paths),
    st.builds(lambda p: line("deletedFolder", path=p + "/"), paths),
    st.builds(lambda p, n: line("lfsFile", path=p, oid=OID, size=n), paths, st.integers(0, 9**9)),
)


def wire(key: str, value: dict[str, Any], *, as_text: bool, ascii_only: bool, flip: bool) -> bytes:
    """One line as some client might write it: fields in any order, escaped or not."""
    fields: list[tuple[str, Any]] = list(value.items())
    if key == "file":
        content = value["content"]
        try:
            text = content.decode() if as_text else None
        except UnicodeDecodeError:
            text = None
        encoding = "base64" if text is None else "utf-8"
        shown = base64.b64encode(content).decode() if text is None else text
        fields = [("content", shown), ("path", value["path"]), ("encoding", encoding)]
    outer = [("key", key), ("value", dict(fields[::-1] if flip else fields))]
    written = json.dumps(dict(outer[::-1] if flip else outer), ensure_ascii=ascii_only)
    return written.encode(errors="surrogatepass") + b"\n"


def read(pieces: list[bytes]) -> list[Event] | str:
    """The events, neighbouring content joined; or the sentence of the fault."""
    reader = CommitReader(LINES)
    events: list[Event] = []
    try:
        for piece in pieces:
            events += reader.feed(piece)
        events += reader.finish()
    except InvalidError as error:
        return error.message
    joined: list[Event] = []
    for event in events:
        if isinstance(event, Content) and joined and isinstance(joined[-1], Content):
            joined[-1] = Content(joined[-1].data + event.data)
        else:
            joined.append(event)
    return joined


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


def expected(number: int, key: str, value: dict[str, Any]) -> list[Event]:
    path = value["path"]
    if key == "file":
        inside: list[Event] = [Content(value["content"])] if value["content"] else []
        return [FileBegins(number), *inside, FileEnds(number, path)]
    if key == "lfsFile":
        return [LfsFile(number, path, OID, value["size"])]
    kind = DeletedFile if key == "deletedFile" else DeletedFolder
    return [kind(number, path.rstrip("/") if kind is DeletedFolder else path)]


HEADER = b'{"key":"header","value":{"summary":"s","description":"d","parentCommit":"abcde"}}\n'
places = st.lists(st.integers(0, 10**6), max_size=12)


styles = st.fixed_dictionaries(dict.fromkeys(("as_text", "ascii_only", "flip"), st.booleans()))


@given(st.lists(operations, max_size=5), places, styles)
def test_any_cut_gives_what_was_sent(
    sent: list[tuple[str, dict[str, Any]]], at: list[int], style: dict[str, bool]
) -> None:
    lines = [wire(key, value, **style) for key, value in sent]
    wanted: list[Event] = [Header("s", "d", "abcde")]
    for number, (key, value) in enumerate(sent, start=2):
        wanted += expected(number, key, value)
    assert read(cut(HEADER + b"".join(lines), at)) == wanted


@given(st.binary(max_size=200), places)
def test_any_garbage_is_refused_the_same_way_however_it_is_cut(data: bytes, at: list[int]) -> None:
    whole = read([data])
    assert read(cut(data, at)) == whole
    assert read([bytes([byte]) for byte in data]) == whole


TOKENS = st.sampled_from(
    [
        *(b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"\n", b'"content"', b'"value"'),
        *(b'"key"', b'"file"', b'"path"', b'"a"', b"\\ud83d", b"\\ude00", b"\\u0041", b"QUJD"),
        *(b"=", b"null", b"\xff", b'{"key":"file","value":{"content":"'),
        b'","path":"p","encoding":"base64"}}\n',
    ]
)


@given(st.lists(TOKENS, max_size=30), places)
def test_nearly_right_commits_are_read_or_refused_the_same_way(
    parts: list[bytes], at: list[int]
) -> None:
    data = HEADER + b"".join(parts)
    whole = read([data])
    assert read(cut(data, at)) == whole
    assert read([bytes([byte]) for byte in data]) == whole


FILE = b'{"key":"file","value":{"content":"%s","path":"p"%s}}\n'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "begins with a header"),
        (FILE % (b"QQ==", b""), "line 1 of the commit: a commit begins with a header"),
        (HEADER + HEADER, "line 2 of the commit: a second header"),
        (HEADER + FILE % (b"Q Q=", b',"encoding":"base64"'), "line 2 of the commit: the content"),
        (HEADER + FILE % (b"QQ==QQ==", b',"encoding":"base64"'), "line 2"),
        (HEADER + FILE % (b"QQ", b',"encoding":"rot13"'), "'rot13' is not known here"),
        (HEADER + b'{"key":"file","value":{"content":"QQ', "in the middle of this line"),
        (HEADER + b'{"key":"file","value":{"path":"p"}}', "'file' without content"),
        (HEADER + b'{"key":"deletedFile","value":{"content":"","path":"p"}}', "with content"),
        (HEADER + b'{"key":"copyFile","value":{"path":"p"}}', "'copyFile' are not known"),
        (HEADER + b'{"key":"lfsFile","value":{"path":"p","oid":"../x"}}', "not a sha256"),
        (HEADER + b'{"key":"deletedFile","value":{}}', "without a path"),
        (HEADER + b"[" * 100, "nested too deeply"),
        (HEADER + b"\n" * (LINES + 1), f"more than {LINES} lines"),
        (HEADER + b'{"key":"' + b"x" * 2**20, "bytes beside the content"),
    ],
)
def test_a_fault_is_named_with_its_line(data: bytes, says: str) -> None:
    said = read([data])
    assert isinstance(said, str)
    assert says in said


def test_long_content_is_passed_on_as_it_comes() -> None:
    reader = CommitReader(LINES)
    list(reader.feed(HEADER + b'{"key":"file","value":{"content":"'))
    block, total = b"QUJD" * 65536, 0
    for _ in range(40):
        for event in reader.feed(block):
            assert isinstance(event, Content)
            total += len(event.data)
    [*rest, end] = reader.feed(b'","path":"p","encoding":"base64"}}\n')
    total += sum(len(event.data) for event in rest if isinstance(event, Content))
    assert (total, end) == (40 * 65536 * 3, FileEnds(2, "p"))
    list(reader.finish())


def test_text_that_is_long_says_so_first() -> None:
    long = b"x" * 2**21
    assert "put 'encoding' before" in str(read([HEADER, FILE % (long, b',"encoding":"utf-8"')]))
    first = b'{"key":"file","value":{"encoding":"utf-8","path":"p","content":"%s"}}' % long
    assert read([HEADER, first]) == [
        Header("s", "d", "abcde"),
        FileBegins(2),
        Content(long),
        FileEnds(2, "p"),
    ]
