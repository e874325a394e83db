"""Result files as they lie in a model repository's git: read, checked, and weighed as evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from assay.core.checks import Kind, check_results, file_kind, special_entry_finding
from assay.core.provenance import PlacedEntry
from assay.core.record import Evidence
from assay.formats.document import MAX_BYTES
from assay.formats.finding import Finding, Severity
from assay.formats.result import Entry, ResultFile, parse_results
from assay.formats.run_record import RunRecord, parse_run_record
from assay.formats.terms import AssayFile
from assay.storage.git import (
    Changes,
    Repository,
    TreeItem,
    TreePair,
    is_now,
    read_blobs,
    tree_changes,
    was,
)

FOLDER = ".eval_results"
RUNS = f"{FOLDER}/runs"
# Of source. Values take up to forty times as much; a usual file has 400 bytes.
MOST_PARSED_BYTES = 4 * 1024 * 1024

# Of source, that a reader has parsed before it looks further, and then forgets.
MOST_AHEAD_BYTES = 32 * 1024 * 1024
# Trees of which a reader knows all that stands there.
MOST_LISTED = 16
# What stands for a file over the limit, which is not read.
TOO_LARGE = b"#" * (MAX_BYTES + 1)
_RUN = f"{RUNS}/"

SOURCED, WELL_FORMED = 1, 2


@dataclass(frozen=True, slots=True)
class ResultTree:
    """All result files of one commit.

    Attributes:
        files: Parsed files, by path.
        strays: Findings about what is no file at all (symlinks, submodules).
        records: The run records that entries name: None where missing or unreadable.
    """

    files: tuple[ResultFile, ...] = ()
    strays: tuple[Finding, ...] = ()
    records: Mapping[str, RunRecord | None] = field(default_factory=dict)

    def entries(self) -> list[PlacedEntry]:
        """Every good entry with the file it stands in."""
        return [PlacedEntry(file.path, entry) for file in self.files for entry in file.entries]

    def datasets(self) -> list[str]:
        """Ids of the datasets that entries are about, each once."""
        return sorted({entry.dataset_id for file in self.files for entry in file.entries})

    def findings(
        self,
        model: str | None,
        *,
        terms: Mapping[str, AssayFile] | None = None,
        tasks: Mapping[str, Collection[str]] | None = None,
        former: Collection[str] = (),
    ) -> tuple[Finding, ...]:
        """Everything the checks have to say, file by file; arguments as in `check_results`."""
        found = list(self.strays)
        for file in self.files:
            found += file.findings
            found += check_results(
                file,
                records=self.records,
                model=model,
                terms=terms,
                tasks=tasks,
                former=former,
            )
        return tuple(found)

    def evidence(
        self, model: str | None, *, former: Collection[str] = ()
    ) -> dict[tuple[str, int], Evidence]:
        """What stands behind every entry, by (path, index)."""
        return {
            (file.path, entry.index): self._weigh(file, entry, model, former)
            for file in self.files
            for entry in file.entries
        }

    def _weigh(
        self, file: ResultFile, entry: Entry, model: str | None, former: Collection[str]
    ) -> Evidence:
        record = self.records.get(entry.run_record_sha or "")
        if record is None:
            return Evidence(level=0 if entry.source is None else SOURCED)
        alone = ResultFile(path=file.path, entries=(entry,), findings=(), error=None)
        doubts = check_results(alone, records=self.records, model=model, former=former)
        if any(doubt.severity is not Severity.INFO for doubt in doubts):
            return Evidence(level=SOURCED)
        metric = next((m for m in record.metrics if m.n is not None or m.stderr is not None), None)
        samples = metric.n if metric and metric.n is not None else record.samples.completed
        return Evidence(WELL_FORMED, samples, metric.stderr if metric else None)


EMPTY = ResultTree()


class ParsedFiles:
    """Result files as parsed lately. Any thread may ask.

    Between two pushes most files stay as they are, and one push reads each twice: to judge it and
    to index it. A path and a blob's id say all that parsing depends on, so nothing here can be old.
    """

    def __init__(self, most_bytes: int = MOST_PARSED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size_bytes = 0
        self._kept: dict[tuple[str, str], tuple[ResultFile, int]] = {}  # used longest ago first
        self._lock = Lock()

    def __len__(self) -> int:
        """How many files are kept."""
        return len(self._kept)

    def find(self, item: TreeItem) -> ResultFile | None:
        """The file at a place of a repository, if it is kept."""
        key = item.path, item.oid
        with self._lock:
            known = self._kept.pop(key, None)
            if known is None:
                return None
            self._kept[key] = known
            return known[0]

    def parse(self, item: TreeItem, data: bytes) -> ResultFile:
        """The file of these bytes, to be kept."""
        file = parse_results(data, item.path)
        with self._lock:
            self._keep((item.path, item.oid), file, len(data))
        return file

    def _keep(self, key: tuple[str, str], file: ResultFile, size_bytes: int) -> None:
        if key not in self._kept:  # another thread may have parsed it meanwhile
            self._kept[key] = file, size_bytes
            self._size_bytes += size_bytes
        while self._size_bytes > self._most_bytes:
            self._size_bytes -= self._kept.pop(next(iter(self._kept)))[1]


@dataclass(frozen=True, slots=True)
class Difference:
    """What of results is not the same at two commits.

    Attributes:
        paths: Result files that differ, or that only one has.
        records: Digests that name the run records of which that is true.
    """

    paths: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()


SAME = Difference()
Commits = tuple[str | None, str | None]
"""Two commits that are compared; None for one without anything."""


class ResultReader:
    """Reads result trees of one repository; equal blobs are parsed once while there is room.

    Many comparisons, and many files, are best asked for at once: `compare` and `read_ahead`.
    """

    def __init__(self, git: Repository, parsed: ParsedFiles) -> None:
        self._git = git
        self._parsed = parsed
        self._files: dict[tuple[str, str], ResultFile] = {}
        self._records: dict[tuple[str, str], RunRecord | None] = {}
        self._read_bytes = 0
        self._trees: dict[str, str | None] = {}
        self._listed: dict[str, dict[str, TreeItem]] = {}
        self._differences: dict[TreePair, Difference] = {}
        # Of a tree, what its differences from others tell: None where it has nothing.
        self._known: defaultdict[str | None, dict[str, TreeItem | None]] = defaultdict(dict)

    def at(self, commit: str | None) -> ResultTree:
        """The result files of a commit; none for no commit."""
        return self._read(commit, self._items(commit).values())

    def part(self, commit: str | None, paths: Collection[str]) -> ResultTree:
        """Those of a commit's result files that stand at these paths; others are not read."""
        return self._read(commit, self._there(commit, paths))

    def _there(self, commit: str | None, paths: Collection[str]) -> list[TreeItem]:
        tree_oid = self.tree_oid(commit)
        if tree_oid is None or not paths:
            return []
        items: Mapping[str, TreeItem | None] = self._known.get(tree_oid, {})
        if not all(path in items for path in paths):
            items = self._items(commit)
        found = (items.get(path) for path in sorted(paths))
        return [item for item in found if item is not None]

    def _items(self, commit: str | None) -> Mapping[str, TreeItem]:
        """What stands at a commit where result files do, by path, unread."""
        tree_oid = self.tree_oid(commit)
        if tree_oid is None:
            return {}
        if tree_oid not in self._listed:
            if len(self._listed) == MOST_LISTED:
                del self._listed[next(iter(self._listed))]
            found = self._git.list_tree(tree_oid, FOLDER)
            self._listed[tree_oid] = {i.path: i for i in found if is_result(i.path)}
        return self._listed[tree_oid]

    def compare(self, steps: Iterable[Commits]) -> None:
        """Find what differs at the ends of many steps, at once."""
        pairs = (TreePair(FOLDER, self.tree_oid(one), self.tree_oid(other)) for one, other in steps)
        new = [pair for pair in pairs if pair not in self._differences]
        for pair, changes in tree_changes(self._git, new):
            self._differences[pair] = self._difference(pair, changes)

    def changed(self, one: str | None, other: str | None) -> frozenset[str]:
        """Paths at which two commits have different result files, or only one has any."""
        return self._between(one, other).paths

    def changed_records(self, one: str | None, other: str | None) -> frozenset[str]:
        """Digests that name the run records in which two commits differ."""
        return self._between(one, other).records

    def _between(self, one: str | None, other: str | None) -> Difference:
        pair = TreePair(FOLDER, self.tree_oid(one), self.tree_oid(other))
        if pair.before == pair.after:
            return SAME
        if pair not in self._differences:
            self.compare([(one, other)])
        return self._differences[pair]

    def _difference(self, pair: TreePair, changes: Changes) -> Difference:
        paths, records = [], []
        before, after = self._known[pair.before], self._known[pair.after]
        for path, change in changes.items():
            if path.startswith(_RUN):
                name = path.removeprefix(_RUN)
                if "/" in name:
                    continue
                records.append(name.removesuffix(".json"))
            elif is_result(path):
                paths.append(path)
            else:
                continue
            before[path], after[path] = was(path, change), is_now(path, change)
        return Difference(frozenset(paths), frozenset(records))

    def tree_oid(self, commit: str | None) -> str | None:
        """Equal for two commits whose result files are equal; None where there is no folder."""
        if commit is None:
            return None
        if commit not in self._trees:
            self._trees[commit] = self._git.tree_oid(commit, FOLDER)
        return self._trees[commit]

    def read_ahead(self, steps: Iterable[Commits]) -> int:
        """Read at once what differs at the ends of the next steps, as much as there is room for.

        Returns:
            How many steps that were, one at least: after them the next are to be read.
        """
        self._make_room()
        wanted: dict[tuple[str, str], TreeItem] = {}
        ahead_bytes = count = 0
        for one, other in steps:
            paths = self.changed(one, other)
            for item in (*self._there(one, paths), *self._there(other, paths)):
                key = item.path, item.oid
                if key not in wanted and item.kind == "file" and key not in self._files:
                    wanted[key] = item
                    ahead_bytes += min(self._git.blob_size(item.oid), MAX_BYTES)
            count += 1
            if ahead_bytes >= MOST_AHEAD_BYTES:
                break
        self._parse(wanted.values())
        return max(count, 1)

    def _make_room(self) -> None:
        if self._read_bytes > MOST_AHEAD_BYTES:
            self._files.clear()
            self._records.clear()
            self._read_bytes = 0

    def _read(self, commit: str | None, items: Iterable[TreeItem]) -> ResultTree:
        found = list(items)
        if commit is None or not found:
            return EMPTY
        strays = [special_entry_finding(i.path, i.kind) for i in found if i.kind != "file"]
        files = self._parse([item for item in found if item.kind == "file"])
        named = {entry.run_record_sha for file in files for entry in file.entries}
        records = self._find_records(commit, sorted(filter(None, named)))
        return ResultTree(tuple(files), tuple(strays), records)

    def _parse(self, items: Iterable[TreeItem]) -> list[ResultFile]:
        """Files in this order; those that are not known yet are read at once."""
        wanted = list(items)
        missing: defaultdict[str, list[TreeItem]] = defaultdict(list)
        for item in wanted:
            key = item.path, item.oid
            if key in self._files:
                continue
            known = self._parsed.find(item)
            if known is not None:
                self._files[key] = known
            else:
                missing[item.oid].append(item)
        for oid, data in self._contents(missing):
            for item in missing[oid]:
                self._files[item.path, oid] = self._parsed.parse(item, data)
        return [self._files[item.path, item.oid] for item in wanted]

    def _contents(self, oids: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for oid, data in read_blobs(self._git, oids, MAX_BYTES):
            self._read_bytes += len(data or b"")
            yield oid, TOO_LARGE if data is None else data

    def _find_records(self, commit: str, digests: Collection[str]) -> dict[str, RunRecord | None]:
        """The run records of these names, as far as a commit has them and they can be read."""
        items = {sha: self._record_item(commit, sha) for sha in digests}
        found = {sha: item for sha, item in items.items() if item is not None}
        missing: defaultdict[str, list[str]] = defaultdict(list)
        for item in found.values():
            if (item.path, item.oid) not in self._records:
                missing[item.oid].append(item.path)
        for oid, data in self._contents(missing):
            for path in missing[oid]:
                record, findings = parse_run_record(data, path)
                # One that is not what its name says was edited in place: it proves nothing.
                self._records[path, oid] = None if _doubtful(findings) else record
        keys = {sha: (item.path, item.oid) for sha, item in found.items()}
        return {sha: self._records[keys[sha]] if sha in keys else None for sha in digests}

    def _record_item(self, commit: str, sha256: str) -> TreeItem | None:
        path = f"{_RUN}{sha256}.json"
        known = self._known.get(self.tree_oid(commit), {})
        item = known[path] if path in known else self._git.find(commit, path)
        return item if item is not None and item.kind == "file" else None


def _doubtful(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is not Severity.INFO for finding in findings)


def read_limited(git: Repository, oid: str, most_bytes: int = MAX_BYTES) -> bytes:
    """A blob's bytes; one over the limit is not read: as many others stand for it as too large."""
    return b"#" * (most_bytes + 1) if git.blob_size(oid) > most_bytes else git.blob(oid)


def is_result(path: str) -> bool:
    """Whether what stands there counts as a result file."""
    return file_kind(path, "model") is Kind.RESULT


def record_paths(git: Repository, commit: str) -> list[str]:
    """Digests of the run records that a commit carries, by their names."""
    tree_oid = git.tree_oid(commit, RUNS)
    if tree_oid is None:
        return []
    return [
        item.path.removeprefix(f"{RUNS}/").removesuffix(".json")
        for item in git.list_tree(tree_oid, RUNS)
        if item.kind == "file" and file_kind(item.path, "model") is Kind.RUN_RECORD
    ]
