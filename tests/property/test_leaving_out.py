"""Files that a step leaves as they are can be left out of it (rule 1 of `core.provenance`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.ledger import Ledger, Within
from assay.core.provenance import MAIN_LANE, PlacedEntry
from assay.core.record import Step
from assay.formats.result import Entry, parse_results

PATHS = ("a.yaml", "b.yaml", "c.yaml", "d.yaml")
# Few subjects and values, so that equal entries meet within files and between them.
SAID = st.tuples(st.sampled_from(("x", "y")), st.integers(0, 2))
FILE = st.lists(SAID, max_size=4).map(tuple)
TREE = st.dictionaries(st.sampled_from(PATHS), FILE)
Tree = dict[str, tuple[tuple[str, int], ...]]


def entries(tree: Tree) -> list[PlacedEntry]:
    return [PlacedEntry(path, entry) for path, said in tree.items() for entry in parsed(said)]


def parsed(said: tuple[tuple[str, int], ...]) -> tuple[Entry, ...]:
    lines = [f"- dataset: {{id: q/q, task_id: {task}}}\n  value: {value}\n" for task, value in said]
    return parse_results("".join(lines).encode() or b"[]\n", "x.yaml").entries


def take(ledger: Ledger, number: int, before: Tree, after: Tree, *, leaving_out: bool) -> None:
    step = Step(MAIN_LANE, f"{number:040d}", number, "2026-01-01", "ada", rewrites=False)
    changed = {path for path in PATHS if before.get(path) != after.get(path)}
    if not leaving_out:
        ledger.advance(step, entries(after), evidence={})
        return
    parts = [{path: tree[path] for path in changed if path in tree} for tree in (before, after)]
    subjects = {placed.subject for part in parts for placed in entries(part)}
    within = Within(changed, subjects)
    ledger.advance(step, entries(parts[1]), evidence={}, within=within)


def told(ledger: Ledger) -> Any:
    return (
        {identity: asdict(claim) for identity, claim in ledger.claims.items()},
        {identity: asdict(version) for identity, version in ledger.latest.items()},
        sorted(ledger.changed_versions),
        sorted(ledger.episodes, key=str),
        ledger.threads(MAIN_LANE),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(TREE, min_size=1, max_size=5))
def test_what_did_not_change_can_be_left_out(trees: list[Tree]) -> None:
    whole, part = Ledger("r"), Ledger("r")
    for number, (before, after) in enumerate(zip([{}, *trees], trees, strict=False), start=1):
        take(whole, number, before, after, leaving_out=False)
        take(part, number, before, after, leaving_out=True)
        assert told(whole) == told(part)
