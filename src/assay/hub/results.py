"""Result files as they lie in a model repository's git: read, checked, and weighed as evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
from assay.storage.git import Repository, TreeItem

FOLDER = ".eval_results"
RUNS = f"{FOLDER}/runs"
# Of source. Values take up to forty times as much; a usual file has 400 bytes.
MOST_PARSED_BYTES = 4 * 1024 * 1024

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

    def parse(self, git: Repository, item: TreeItem) -> ResultFile:
        """The file at a place of a repository."""
        key = item.path, item.oid
        with self._lock:
            known = self._kept.pop(key, None)
            if known is not None:
                self._kept[key] = known
                return known[0]
        data = read_limited(git, item.oid)
        file = parse_results(data, item.path)
        with self._lock:
            self._keep(key, file, len(data))
        return file

    def _keep(self, key: tuple[str, str], file: ResultFile, size_bytes: int) -> None:
        if key not in self._kept:  # another thread may have parsed it meanwhile
            self._kept[key] = file, size_bytes
            self._size_bytes += size_bytes
        while self._size_bytes > self._most_bytes:
            self._size_bytes -= self._kept.pop(next(iter(self._kept)))[1]


class ResultReader:
    """Reads result trees of one repository; equal blobs are parsed once."""

    def __init__(self, git: Repository, parsed: ParsedFiles) -> None:
        self._git = git
        self._parsed = parsed
        self._files: dict[tuple[str, str], ResultFile] = {}
        self._records: dict[str, RunRecord | None] = {}
        self._trees: dict[str, ResultTree] = {}
        self._items: dict[str, dict[str, TreeItem]] = {}

    def at(self, commit: str | None) -> ResultTree:
        """The result files of a commit; none for no commit."""
        tree_oid = self._git.tree_oid(commit, FOLDER) if commit else None
        if commit is None or tree_oid is None:
            return EMPTY
        if tree_oid not in self._trees:
            self._trees[tree_oid] = self._read(commit, self.items(commit).values())
        return self._trees[tree_oid]

    def part(self, commit: str | None, paths: Collection[str]) -> ResultTree:
        """Those of a commit's result files that stand at these paths; others are not read."""
        items = self.items(commit)
        there = [items[path] for path in sorted(paths) if path in items]
        return self._read(commit, there) if commit is not None and there else EMPTY

    def items(self, commit: str | None) -> Mapping[str, TreeItem]:
        """What stands at a commit where result files do, by path, unread."""
        tree_oid = self._git.tree_oid(commit, FOLDER) if commit else None
        if tree_oid is None:
            return {}
        if tree_oid not in self._items:
            found = self._git.list_tree(tree_oid, FOLDER)
            self._items[tree_oid] = {
                item.path: item for item in found if file_kind(item.path, "model") is not None
            }
        return self._items[tree_oid]

    def changed(self, one: str | None, other: str | None) -> frozenset[str]:
        """Paths at which two commits have different result files, or only one has any."""
        before, after = self.items(one), self.items(other)
        if before is after:
            return frozenset()
        return frozenset(
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        )

    def changed_records(self, one: str | None, other: str | None) -> frozenset[str]:
        """Digests that name the run records in which two commits differ."""
        trees = [self._git.tree_oid(commit, RUNS) if commit else None for commit in (one, other)]
        if trees[0] == trees[1]:
            return frozenset()
        before, after = (
            {(i.path, i.oid) for i in self._git.list_tree(oid, RUNS)} if oid else set()
            for oid in trees
        )
        differ = (path.removeprefix(f"{RUNS}/") for path, _ in before ^ after)
        return frozenset(name.removesuffix(".json") for name in differ)

    def tree_oid(self, commit: str) -> str | None:
        """Equal for two commits whose result files are equal."""
        return self._git.tree_oid(commit, FOLDER)

    def _read(self, commit: str, items: Iterable[TreeItem]) -> ResultTree:
        files, strays = [], []
        for item in items:
            if item.kind == "file":
                files.append(self._file(item))
            else:
                strays.append(special_entry_finding(item.path, item.kind))
        named = {entry.run_record_sha for file in files for entry in file.entries}
        records = {sha: self._record(commit, sha) for sha in sorted(filter(None, named))}
        return ResultTree(tuple(files), tuple(strays), records)

    def _file(self, item: TreeItem) -> ResultFile:
        key = (item.path, item.oid)
        if key not in self._files:
            self._files[key] = self._parsed.parse(self._git, item)
        return self._files[key]

    def _record(self, commit: str, sha256: str) -> RunRecord | None:
        path = f"{RUNS}/{sha256}.json"
        item = self._git.find(commit, path)
        if item is None or item.kind != "file":
            return None
        if item.oid not in self._records:
            record, findings = parse_run_record(read_limited(self._git, item.oid), path)
            # A record that is not what its name says was edited in place: it proves nothing.
            self._records[item.oid] = None if _doubtful(findings) else record
        return self._records[item.oid]


def _doubtful(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is not Severity.INFO for finding in findings)


def read_limited(git: Repository, oid: str, most_bytes: int = MAX_BYTES) -> bytes:
    """A blob's bytes; one over the limit is not read: as many others stand for it as too large."""
    return b"#" * (most_bytes + 1) if git.blob_size(oid) > most_bytes else git.blob(oid)


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
