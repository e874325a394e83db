"""Cards: the README.md of a repository, whose front matter says what the repository is.

1. The front matter stands between a first line `---` and the next line `---`; no front matter is no
   fault. It is read by the one YAML reader, and what that refuses makes the whole unreadable.
2. A card is read leniently: what is wrong with it is a warning, and the field counts as absent.
3. Unknown keys are kept. Left out is what hub clients cannot take: they fail a whole list for it.
4. Tags are made as the public hub makes them: `license:mit`, `dataset:x`, `base_model:finetune:x`;
   a model's languages, library and pipeline stand bare, a dataset's categories with their key.
5. From the text come arXiv ids, the first paragraph and the first BibTeX entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import NoneType
from typing import Literal

from assay.formats import document
from assay.formats.document import Fields, Scalar, parse_document, show
from assay.formats.finding import Finding, Severity
from assay.formats.getter import FieldReader
from assay.formats.rule import Findings, Rule, shorten
from assay.formats.scalar import Json

# Of a README; its front matter must also fit the YAML reader.
MAX_CARD_BYTES = 2 * 1024 * 1024
RESERVED = "benchmark:"
MAX_TAGS = 500
MAX_TAG_CHARS = 200
MAX_TEXT_CHARS = 4_000

UNREADABLE = Rule(
    "AS701", Severity.WARNING, "The front matter of README.md cannot be read", "license: [mit"
)
NOT_A_MAPPING = Rule("AS702", Severity.WARNING, "The front matter is not a mapping", "- mit")
WRONG_KIND = Rule(
    "AS703", Severity.WARNING, "A field of the front matter is of the wrong kind", "tags: {a: 1}"
)
NOT_CLOSED = Rule(
    "AS704", Severity.WARNING, "The front matter has no closing `---`", "--- license: mit"
)
TOO_MANY_TAGS = Rule(
    "AS705",
    Severity.WARNING,
    f"Over {MAX_TAGS} tags, or one over {MAX_TAG_CHARS} characters; they are left out",
    "tags: [a sentence of 300 characters]",
)
UNFIT_KEY = Rule(
    "AS706",
    Severity.WARNING,
    "A key that clients of the public hub cannot take; it is left out",
    "self: me",
)
UNKNOWN_RELATION = Rule(
    "AS707",
    Severity.WARNING,
    "A `base_model_relation` that we do not know",
    "base_model_relation: child",
)
CARD_TOO_LARGE = Rule(
    "AS708",
    Severity.INFO,
    f"README.md is larger than {MAX_CARD_BYTES // 1024 // 1024} MiB and is not read",
    "a file of 3 MiB",
)
RESERVED_TAG = Rule(
    "AS709",
    Severity.WARNING,
    "A tag that only the hub gives; it is left out",
    "tags: [benchmark:official]",
)

NO_FRONT_MATTER = Rule(
    "AS710",
    Severity.INFO,
    "README.md says nothing for machines: lists and searches know nothing of the repository",
    "# My model",
)

RULES = (
    UNREADABLE,
    NOT_A_MAPPING,
    WRONG_KIND,
    NOT_CLOSED,
    TOO_MANY_TAGS,
    UNFIT_KEY,
    UNKNOWN_RELATION,
    CARD_TOO_LARGE,
    RESERVED_TAG,
    NO_FRONT_MATTER,
)

RepoType = Literal["model", "dataset"]
RELATIONS = ("adapter", "finetune", "merge", "quantized")
# Keys whose values become tags, and what stands before them there.
MODEL_TAGS = {
    "library_name": "",
    "pipeline_tag": "",
    "tags": "",
    "datasets": "dataset:",
    "language": "",
    "license": "license:",
    "base_model": "base_model:",
}
DATASET_TAGS = {
    "task_categories": "task_categories:",
    "task_ids": "task_ids:",
    "annotations_creators": "annotations_creators:",
    "language_creators": "language_creators:",
    "multilinguality": "multilinguality:",
    "source_datasets": "source_datasets:",
    "language": "language:",
    "license": "license:",
    "size_categories": "size_categories:",
    "tags": "",
}
# Clients hand the front matter on as keyword arguments beside these two.
UNFIT_KEYS = ("self", "ignore_metadata_errors")

# As clients find it, but that the closing line may be the file's last.
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*---[ \t]*(?:\r\n|\r|\n)")
_END = re.compile(rb"[\r\n]---[ \t]*(?=[\r\n]|\Z)")
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})\b", re.IGNORECASE)
_FENCES = ("```", "~~~")
_NO_PROSE = ("#", "<", "|", "!", "[!", "---", "===", ">", "- ", "* ")
_YAML_RULES = {rule.code: rule for rule in document.RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a README.md says of its repository.

    Attributes:
        data: The front matter as JSON values, without what no client could take.
        tags: As the public hub makes them, each once.
        base_models: What the model is derived from, as written.
        base_relation: How: finetune, adapter, quantized or merge; None without a base.
        library_name: Of a model; None when not stated.
        pipeline_tag: Of a model; None when not stated.
        description: What the front matter states, or the first paragraph of the text.
        citation: What the front matter states, or the first BibTeX entry of the text.
        findings: Everything found; never an error.
    """

    data: Mapping[str, Json] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    base_models: tuple[str, ...] = ()
    base_relation: str | None = None
    library_name: str | None = None
    pipeline_tag: str | None = None
    description: str | None = None
    citation: str | None = None
    findings: tuple[Finding, ...] = ()


@lru_cache(maxsize=4)  # a push judges it, and the index reads what it says and what is wrong
def parse_card(data: bytes, path: str, repo_type: RepoType) -> Card:
    """Read a README.md; faults are warnings, never exceptions."""
    findings = Findings(path)
    if len(data) > MAX_CARD_BYTES:
        findings.add(CARD_TOO_LARGE, "the file is too large", hint="move parts of it elsewhere")
        return Card(findings=findings.found())
    front, first_line, rest = _split(data, findings)
    text = rest.decode(errors="replace")
    root = _read(front, first_line, findings) if front is not None else None
    reader = FieldReader(root or Fields(1, 1, {}), "", findings)
    prefixes = MODEL_TAGS if repo_type == "model" else DATASET_TAGS
    said = {key: reader.texts(key, WRONG_KIND) for key in prefixes}
    tags = [f"{prefix}{value}" for key, prefix in prefixes.items() for value in said[key]]
    bases = said.get("base_model", ())
    relation = _relation(reader, said) if bases else None
    if bases:
        tags += [f"base_model:{relation}:{base}" for base in bases]
    fit = _fit_for_clients(reader, said["tags"])
    return Card(
        data=fit,
        tags=_kept(["model-index"] * ("model-index" in fit) + tags + _arxiv(text), reader),
        base_models=bases,
        base_relation=relation,
        library_name=next(iter(said.get("library_name", ())), None),
        pipeline_tag=next(iter(said.get("pipeline_tag", ())), None),
        description=_stated(reader, "description") or _first_paragraph(text),
        citation=_stated(reader, "citation") or _first_bibtex(text),
        findings=findings.found(),
    )


def _split(data: bytes, findings: Findings) -> tuple[bytes | None, int, bytes]:
    """Rule 1: the front matter (None without one), the line it begins in, and the rest."""
    start = _START.match(data)
    if start is None:
        if data.strip():
            hint = "begin it with `---`, lines such as `license: mit`, and `---`"
            findings.add(NO_FRONT_MATTER, "there is no front matter", hint=hint)
        return None, 0, data
    end = _END.search(data, start.end() - 1)  # the line break is the end of the one before
    first_line = len(_LINE_BREAK.findall(data, 0, start.end())) + 1
    if end is None:
        findings.add(
            NOT_CLOSED, "the front matter does not end", line=first_line - 1, hint="close it: ---"
        )
        return None, 0, data
    return data[start.end() : end.start()], first_line, data[end.end() :]


def _read(front: bytes, first_line: int, findings: Findings) -> Fields | None:
    """The root of the front matter, with its findings where they are in the file; rule 2."""
    inner = Findings(findings.path)
    root = parse_document(front, inner, date_keys=("date",))
    for found in inner.found():
        rule = _YAML_RULES.get(found.code, UNREADABLE)
        is_fatal = rule.severity is Severity.ERROR
        findings.add(
            UNREADABLE if is_fatal else rule,
            f"the front matter cannot be read: {found.message}" if is_fatal else found.message,
            line=found.line + first_line - 1 if found.line else first_line,
            column=found.column,
            got=found.got,
            expected=found.expected,
            hint=found.hint,
        )
    if isinstance(root, Fields):
        for key, _ in root.fields.values():  # later findings point at these
            key.line += first_line - 1
        return root
    if root is not None and not (isinstance(root, Scalar) and root.value is None):
        findings.add(
            NOT_A_MAPPING,
            "the front matter is not a mapping",
            line=first_line,
            got=show(root),
            expected="a mapping",
        )
    return None


def _relation(reader: FieldReader, said: Mapping[str, tuple[str, ...]]) -> str:
    """How the model comes from its base: as stated, or as the card lets one guess."""
    stated = next(iter(reader.texts("base_model_relation", WRONG_KIND)), None)
    if stated in RELATIONS:
        return stated
    if stated is not None:
        reader.add(
            UNKNOWN_RELATION,
            f"{shorten(stated)} is no relation to a base model",
            "base_model_relation",
            expected=", ".join(RELATIONS),
        )
    if len(said["base_model"]) > 1:
        return "merge"
    if "peft" in said["library_name"]:
        return "adapter"
    return "quantized" if "gguf" in said["tags"] else "finetune"


def _fit_for_clients(reader: FieldReader, tags: tuple[str, ...]) -> dict[str, Json]:
    """Rule 3."""
    data = reader.unknown(())
    for key in UNFIT_KEYS:
        if key in data:
            reader.add(UNFIT_KEY, f"clients cannot take the key '{key}'", key, hint="rename it")
            del data[key]
    if not isinstance(data.get("tags"), (str, NoneType)):
        data["tags"] = list(tags)
    if not _is_fit_index(data.get("model-index")):
        reader.wrong("model-index", WRONG_KIND, "a list of models, each source with its url")
        del data["model-index"]
    return data


def _is_fit_index(index: Json) -> bool:
    """Whether clients survive the sources of a `model-index`; what else is wrong they skip."""
    for model in index if isinstance(index, list) else ():
        results = model.get("results") if isinstance(model, dict) else None
        for result in results if isinstance(results, list) else ():
            source = result.get("source") if isinstance(result, dict) else None
            if source and not (isinstance(source, dict) and _has_url(source)):
                return False
    return True


def _has_url(source: Mapping[str, Json]) -> bool:
    return source.get("url") is not None or source.get("name") is None


def _kept(tags: list[str], reader: FieldReader) -> tuple[str, ...]:
    """Each tag once, without those beyond the limits."""
    reserved = [tag for tag in tags if tag.startswith(RESERVED)]
    if reserved:
        reader.add(RESERVED_TAG, "only the hub gives this tag", "tags", got=shorten(reserved[0]))
    every = [tag for tag in dict.fromkeys(tags) if tag and tag not in reserved]
    fit = [tag for tag in every if len(tag) <= MAX_TAG_CHARS][:MAX_TAGS]
    if len(fit) < len(every):
        reader.add(
            TOO_MANY_TAGS,
            "some tags are left out",
            expected=f"at most {MAX_TAGS}, each of at most {MAX_TAG_CHARS} characters",
        )
    return tuple(fit)


def _stated(reader: FieldReader, key: str) -> str | None:
    value = reader.json(key)
    return value.strip()[:MAX_TEXT_CHARS] or None if isinstance(value, str) else None


def _arxiv(text: str) -> list[str]:
    return [f"arxiv:{number}" for number in _ARXIV.findall(text)]


def _first_paragraph(text: str) -> str | None:
    """The first lines of prose: no heading, image, table, list, quotation or code."""
    found: list[str] = []
    in_code = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith(_FENCES):
            in_code = not in_code
        is_prose = bool(line) and not in_code and not line.startswith((*_NO_PROSE, *_FENCES))
        if is_prose:
            found.append(line)
        elif found:
            break
    return " ".join(found)[:MAX_TEXT_CHARS] or None


def _first_bibtex(text: str) -> str | None:
    """The first fenced block that begins with an `@`."""
    block: list[str] | None = None
    for line in text.splitlines():
        if line.strip().startswith(_FENCES):
            if block is None:
                block = []
                continue
            if block and block[0].lstrip().startswith("@"):
                return "\n".join(block)[:MAX_TEXT_CHARS]
            block = None
        elif block is not None:
            block.append(line)
    return None
