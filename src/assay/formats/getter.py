"""Getters: typed reading of a mapping, with every fault recorded and none raised.

A getter answers None for what is absent, null or of another kind; the last is recorded under the
rule the caller names. The path of a finding (`[0].dataset.task_id`) grows as readers descend.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from assay.formats.document import Fields, Items, Node, Scalar, show, to_json
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json


class FieldReader:
    """One mapping being read.

    Args:
        node: The mapping.
        where: Its path in the document; empty for the root.
        findings: Receives the faults.
    """

    __slots__ = ("_fields", "column", "findings", "line", "where")

    def __init__(self, node: Fields, where: str, findings: Findings) -> None:
        self.line = node.line
        self.column = node.column
        self.where = where
        self.findings = findings
        self._fields = node.fields

    def __contains__(self, key: str) -> bool:
        return self.node(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def node(self, key: str) -> Node | None:
        """What stands under a key; None when nothing or a null does."""
        found = self._fields.get(key)
        if found is None:
            return None
        node = found[1]
        return None if isinstance(node, Scalar) and node.value is None else node

    def path(self, key: str) -> str:
        """The path of a key."""
        key = shorten(key)
        return f"{self.where}.{key}" if self.where else key

    def add(
        self,
        rule: Rule,
        message: str,
        key: str | None = None,
        *,
        got: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        """Record a finding about a key of this mapping, or about the mapping itself."""
        found = None if key is None else self._fields.get(key)
        place: Node | FieldReader = self if found is None else found[0]
        self.findings.add(
            rule,
            message,
            line=place.line,
            column=place.column,
            where=self.where if key is None else self.path(key),
            got=got,
            expected=expected,
            hint=hint,
        )

    def text(self, key: str, wrong: Rule) -> str | None:
        """A string. Another scalar is taken as its literal text, and recorded: it lacks quotes."""
        node = self.node(key)
        if node is None or (isinstance(node, Scalar) and isinstance(node.value, str)):
            return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None
        if isinstance(node, Scalar):
            self.add(wrong, f"{key} is not text", key, got=show(node), hint="quote it")
            return node.text
        self.wrong(key, wrong, "text")
        return None

    def number(self, key: str, wrong: Rule) -> float | None:
        """A finite number."""
        node = self.node(key)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return value
        if node is not None:
            self.wrong(key, wrong, "a finite number")
        return None

    def integer(self, key: str, wrong: Rule) -> int | None:
        """A whole number, written without a point."""
        node = self.node(key)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if node is not None:
            self.wrong(key, wrong, "a whole number")
        return None

    def boolean(self, key: str, wrong: Rule) -> bool | None:
        """`true` or `false`."""
        node = self.node(key)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        if node is not None:
            self.wrong(key, wrong, "true or false")
        return None

    def texts(self, key: str, wrong: Rule) -> tuple[str, ...]:
        """A list of strings, or one string; other scalars as their literal text."""
        node = self.node(key)
        if node is None:
            return ()
        nodes = node.items if isinstance(node, Items) else [node]
        if all(isinstance(item, Scalar) for item in nodes):
            return tuple(item.text for item in nodes if isinstance(item, Scalar))
        self.wrong(key, wrong, "a list of strings")
        return ()

    def child(self, key: str, wrong: Rule) -> FieldReader | None:
        """A mapping within this one."""
        node = self.node(key)
        if isinstance(node, Fields):
            return FieldReader(node, self.path(key), self.findings)
        if node is not None:
            self.wrong(key, wrong, "a mapping")
        return None

    def children(self, key: str, wrong: Rule) -> list[FieldReader]:
        """The mappings of a list; an item of another kind is recorded and left out."""
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node, Items):
            self.wrong(key, wrong, "a list of mappings")
            return []
        return [
            child
            for index, item in enumerate(node.items)
            if (child := read_fields(item, f"{self.path(key)}[{index}]", self.findings, wrong))
        ]

    def wrong(self, key: str, rule: Rule, expected: str) -> None:
        """Record that a key holds something of the wrong kind."""
        message = f"{shorten(key)} is not {expected}"
        self.add(rule, message, key, got=show(self.node(key)), expected=expected)

    def json(self, key: str) -> Json:
        """What stands under a key, as JSON values; None when nothing does."""
        node = self.node(key)
        return None if node is None else to_json(node)

    def unknown(self, known: Collection[str]) -> dict[str, Json]:
        """What stands under other keys than these, as JSON values; nulls too."""
        return {key: to_json(node) for key, (_, node) in self._fields.items() if key not in known}


def read_fields(node: Node, where: str, findings: Findings, wrong: Rule) -> FieldReader | None:
    """A reader of a node that should be a mapping; None, and a finding, when it is none."""
    if isinstance(node, Fields):
        return FieldReader(node, where, findings)
    findings.add(
        wrong,
        "not a mapping",
        line=node.line,
        column=node.column,
        where=where,
        got=show(node),
        expected="a mapping",
    )
    return None
