"""Documents: YAML bytes to a tree of nodes that know their lines, under limits.

The rules, in the order in which the code applies them:

1. At most `MAX_BYTES`; UTF-8; no NUL; not a Git LFS pointer; no `%TAG` directive.
2. libyaml's events are read one at a time, so nothing of the document is built before it is
   counted: at most `MAX_DEPTH` levels and `MAX_NODES` nodes. Reading stops at the first breach.
3. One document. No tags, anchors, aliases, merge keys; keys are scalars and occur once. All
   breaches of these are reported together, and the document counts as unreadable.
4. Scalars by the YAML 1.2 core schema (`assay.formats.scalar`), the literal text kept. A plain
   scalar that YAML 1.1 reads differently is a warning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from assay.formats.finding import Severity
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import (
    MAYBE_NO_STRING,
    Json,
    Resolved,
    read_1_1,
    read_plain,
)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 20_000

TOO_LARGE = Rule(
    "AS101", Severity.ERROR, f"The file is larger than {MAX_BYTES // 1024} KiB", "a file of 300 KiB"
)
NOT_UTF8 = Rule("AS102", Severity.ERROR, "The file is not UTF-8", "notes: caf\\xe9 (Latin-1)")
CONTROL_CHARACTER = Rule(
    "AS103", Severity.ERROR, "The file holds a NUL or another control character", 'notes: "\\0"'
)
SYNTAX = Rule("AS104", Severity.ERROR, "The file is not YAML", "value: [1")
TOO_DEEP = Rule("AS105", Severity.ERROR, f"Nested more than {MAX_DEPTH} levels deep", "[[[[[…")
TOO_MANY_NODES = Rule("AS106", Severity.ERROR, f"More than {MAX_NODES:,} nodes", "[1, 1, 1, …")
SEVERAL_DOCUMENTS = Rule(
    "AS107", Severity.ERROR, "More than one document in the file", "a: 1 --- b: 2"
)
TAG = Rule("AS108", Severity.ERROR, "A tag", "value: !!float 1")
ANCHOR = Rule("AS109", Severity.ERROR, "An anchor or an alias", "source: *same")
MERGE_KEY = Rule("AS110", Severity.ERROR, "A merge key", "<<: {a: 1}")
DUPLICATE_KEY = Rule(
    "AS111", Severity.ERROR, "A key that occurs twice in one mapping", "{value: 1, value: 2}"
)
COMPLEX_KEY = Rule("AS112", Severity.ERROR, "A list or a mapping as a key", "? [a]: 1")
LARGE_INTEGER = Rule(
    "AS113", Severity.ERROR, "An integer beyond 64 bits", "value: 123456789012345678901234567890"
)
DIRECTIVE = Rule("AS114", Severity.ERROR, "A %TAG directive", "%TAG ! tag:example.org,2000:")
AMBIGUOUS = Rule(
    "AS115", Severity.WARNING, "A plain scalar that YAML 1.1 and 1.2 read differently", "notes: no"
)
BYTE_ORDER_MARK = Rule(
    "AS116",
    Severity.WARNING,
    "The file starts with a byte order mark",
    "\\xef\\xbb\\xbf- dataset: …",
)
LFS_POINTER = Rule(
    "AS117",
    Severity.ERROR,
    "A Git LFS pointer stands in place of the text",
    "version https://git-lfs.github.com/spec/v1",
)

RULES = (
    TOO_LARGE,
    NOT_UTF8,
    CONTROL_CHARACTER,
    SYNTAX,
    TOO_DEEP,
    TOO_MANY_NODES,
    SEVERAL_DOCUMENTS,
    TAG,
    ANCHOR,
    MERGE_KEY,
    DUPLICATE_KEY,
    COMPLEX_KEY,
    LARGE_INTEGER,
    DIRECTIVE,
    AMBIGUOUS,
    BYTE_ORDER_MARK,
    LFS_POINTER,
)

LFS_START = b"version https://git-lfs.github.com/spec/"
_BOM = b"\xef\xbb\xbf"
# libyaml compares each %TAG with all before it: a file of them costs seconds.
_TAG_DIRECTIVE = re.compile(rb"(?:\A|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9])(?:\xef\xbb\xbf)?%TAG")


@dataclass(slots=True)
class Scalar:
    """A leaf: its text as written (without quotes), and the value YAML 1.2 gives it."""

    line: int
    column: int
    text: str
    value: Resolved
    plain: bool


@dataclass(slots=True)
class Items:
    """A list of nodes."""

    line: int
    column: int
    items: list[Node]


@dataclass(slots=True)
class Fields:
    """A mapping; each key keeps its own node, so that a finding can point at it."""

    line: int
    column: int
    fields: dict[str, tuple[Scalar, Node]]


Node = Scalar | Items | Fields


class _UnreadableError(Exception):
    """Reading stopped; the finding has been recorded."""


def parse_document(
    data: bytes, findings: Findings, *, date_keys: Collection[str] = ()
) -> Node | None:
    """Read one YAML document.

    Args:
        data: The file's bytes.
        findings: Receives what is found, with 1-based lines and columns.
        date_keys: Keys under which a bare date is welcome, though YAML 1.1 makes a date of it.

    Returns:
        The root node (an empty file is a null), or None when the document cannot be read; then at
        least one error has been recorded.
    """
    if not _is_text(data, findings):
        return None
    if data.startswith(_BOM):
        findings.add(
            BYTE_ORDER_MARK, "the file starts with a byte order mark", line=1, hint="remove it"
        )
        data = data[len(_BOM) :]
    try:
        root = _Tree(findings, date_keys).build(yaml.CSafeLoader(data))
    except _UnreadableError:
        return None
    except yaml.YAMLError as error:
        _add_syntax_error(error, findings)
        return None
    return None if findings.has_errors else root


def _is_text(data: bytes, findings: Findings) -> bool:
    """Step 1. Records the first fault only: the rest of such a file has nothing to say."""
    if len(data) > MAX_BYTES:
        findings.add(
            TOO_LARGE,
            "the file is too large",
            got=f"{len(data):,} bytes",
            expected=f"at most {MAX_BYTES:,}",
        )
    elif data.startswith(LFS_START):
        findings.add(
            LFS_POINTER,
            "a Git LFS pointer stands here in place of the text",
            line=1,
            hint="take the file out of Git LFS: git lfs untrack, then add it again",
        )
    elif (position := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, position) + 1
        findings.add(CONTROL_CHARACTER, "a NUL byte", line=line, hint="save the file as UTF-8 text")
    elif _TAG_DIRECTIVE.search(data):
        findings.add(DIRECTIVE, "a %TAG directive", hint="remove it: tags are not read here")
    else:
        return _is_utf8(data, findings)
    return False


def _is_utf8(data: bytes, findings: Findings) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        findings.add(
            NOT_UTF8,
            "the file is not UTF-8",
            line=data.count(b"\n", 0, error.start) + 1,
            got=f"byte 0x{data[error.start]:02x} at offset {error.start}",
            hint="save the file as UTF-8",
        )
        return False
    return True


def _add_syntax_error(error: yaml.YAMLError, findings: Findings) -> None:
    if isinstance(error, yaml.reader.ReaderError):
        findings.add(CONTROL_CHARACTER, f"{error.reason}", got=f"character {error.character!r}")
        return
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    parts = (getattr(error, "problem", None), getattr(error, "context", None))
    findings.add(
        SYNTAX,
        "not YAML: " + (" ".join(part for part in parts if part) or "unreadable"),
        line=mark.line + 1 if mark else 0,
        column=mark.column + 1 if mark else 0,
    )


class _Tree:
    """Steps 2 to 4: builds nodes from events, iteratively, counting as it goes.

    Classes are compared by identity and the common cases come first: this loop is where the time
    of an indexing goes.
    """

    def __init__(self, findings: Findings, date_keys: Collection[str]) -> None:
        self._findings = findings
        self._date_keys = date_keys
        self._open: list[Items | Fields] = []
        self._keys: list[Scalar | None] = []  # for each open mapping the key that waits for a value
        self._count = 0
        self._root: Node | None = None

    def build(self, parser: yaml.CSafeLoader) -> Node:
        """Read all events of one document; an empty one is a null."""
        documents = 0
        events: Iterator[Any] = iter(parser.get_event, None)
        for event in events:
            kind = event.__class__
            if kind is ScalarEvent:
                self._place(self._scalar(event), event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._open.pop()
                self._keys.pop()
            elif kind is MappingStartEvent:
                mark = event.start_mark
                self._start(Fields(mark.line + 1, mark.column + 1, {}), event)
            elif kind is SequenceStartEvent:
                mark = event.start_mark
                self._start(Items(mark.line + 1, mark.column + 1, []), event)
            elif kind is AliasEvent:
                self._refuse(event, ANCHOR, f"an alias: *{event.anchor}", "write the value out")
                self._place(Scalar(event.start_mark.line + 1, 0, "", None, plain=False), event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse(event, SEVERAL_DOCUMENTS, "a second document begins", "split it")
                    raise _UnreadableError
        return self._root if self._root is not None else Scalar(1, 1, "", None, plain=True)

    def _refuse(self, event: Any, rule: Rule, message: str, hint: str = "") -> None:
        mark = event.start_mark
        self._findings.add(rule, message, line=mark.line + 1, column=mark.column + 1, hint=hint)

    def _start(self, node: Items | Fields, event: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse(event, TOO_DEEP, f"nested more than {MAX_DEPTH} levels deep")
            raise _UnreadableError
        if not event.implicit:
            self._refuse(event, TAG, "a tag", "remove it")
        self._place(node, event)
        self._open.append(node)
        self._keys.append(None)

    def _scalar(self, event: Any) -> Scalar:
        mark, text = event.start_mark, event.value
        if "\0" in text:
            self._refuse(event, CONTROL_CHARACTER, "a NUL character in a string")
        if event.tag is not None:
            self._refuse(event, TAG, f"a tag: {shorten(event.tag)}", "remove it")
        if not event.implicit[0]:
            return Scalar(mark.line + 1, mark.column + 1, text, text, plain=False)
        if text[:1] not in MAYBE_NO_STRING:
            return Scalar(mark.line + 1, mark.column + 1, text, text, plain=True)
        value, is_in_range, is_ambiguous = read_plain(text)
        if not is_in_range:
            self._refuse(event, LARGE_INTEGER, "an integer beyond 64 bits", "quote it")
        elif is_ambiguous:
            self._add_ambiguous(event, text, value)
        return Scalar(mark.line + 1, mark.column + 1, text, value, plain=True)

    def _add_ambiguous(self, event: Any, text: str, value: Resolved) -> None:
        kind = read_1_1(text)
        key = self._keys[-1] if self._keys else None
        if kind == "timestamp" and key is not None and key.text in self._date_keys:
            return
        if kind == "merge" and key is None and self._open and isinstance(self._open[-1], Fields):
            return  # a merge key, which is refused as that
        if self._findings.leaves_out(AMBIGUOUS):
            return
        self._findings.add(
            AMBIGUOUS,
            f"YAML 1.1 reads {shorten(text)} as {kind}, YAML 1.2 as {kind_of(value)}",
            line=event.start_mark.line + 1,
            column=event.start_mark.column + 1,
            got=shorten(text),
            hint="quote it if it is text",
        )

    def _place(self, node: Node, event: Any) -> None:
        """Put a node where it belongs: the root, the next item, the next key or its value."""
        self._count += 1
        if self._count > MAX_NODES:
            self._refuse(event, TOO_MANY_NODES, f"more than {MAX_NODES:,} nodes")
            raise _UnreadableError
        if event.anchor is not None and event.__class__ is not AliasEvent:
            self._refuse(event, ANCHOR, f"an anchor: &{shorten(event.anchor)}", "remove it")
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
        elif (key := self._keys[-1]) is None:
            self._keys[-1] = self._key(node, parent, event)
        else:
            self._keys[-1] = None
            parent.fields[key.text] = (key, node)

    def _key(self, node: Node, parent: Fields, event: Any) -> Scalar:
        if not isinstance(node, Scalar):
            self._refuse(event, COMPLEX_KEY, "a list or a mapping as a key")
            return Scalar(node.line, node.column, "", None, plain=False)
        if node.plain and node.text == "<<":
            self._refuse(event, MERGE_KEY, "a merge key", "write the keys out")
        elif node.text in parent.fields:
            first = parent.fields[node.text][0].line
            message = f"the key {shorten(node.text)!r} occurs twice, first in line {first}"
            self._refuse(event, DUPLICATE_KEY, message, "remove one of them")
        return node


def kind_of(value: Resolved) -> str:
    """What a resolved scalar is, in a person's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"


def show(node: Node | None) -> str:
    """What stands there, for a finding's `got`."""
    match node:
        case None:
            return "nothing"
        case Scalar(value=None):
            return "null"
        case Scalar():
            return shorten(node.text if node.plain else repr(node.text))
        case Items():
            return f"a list of {len(node.items)}"
        case Fields():
            return shorten(f"a mapping {{{', '.join(node.fields)}}}")


def to_json(node: Node) -> Json:
    """The node as JSON values. NaN and infinities, which JSON lacks, become their text."""
    match node:
        case Scalar(value=float(value)) if not math.isfinite(value):
            return node.text
        case Scalar():
            return node.value
        case Items():
            return [to_json(item) for item in node.items]
        case Fields():
            return {key: to_json(value) for key, (_, value) in node.fields.items()}
