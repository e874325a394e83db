"""What Inspect 0.3.285 accepts as a task of an `eval.yaml`, without importing Inspect.

Reproduces the pydantic models in `inspect_ai/_eval/task/hf.py`, coercions included; a test compares
the two. The order of the faults is pydantic's: fields as declared, then unknown keys as written.

1. Inspect reads the file by YAML 1.1, so it is given the values of that version.
2. `tasks` is looked up in the root mapping; each item is a task; none is no task.
3. A task: `id`, `config`, `split` are strings; `field_spec` is required, its keys are known and
   its values strings; `shuffle_choices` is a boolean; `epochs` an integer from 1; at least one
   solver and one scorer of a known name. Any other key is refused.
4. When there are several tasks each needs an id.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from yaml import YAMLError
from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode

from assay.formats.document import Fields, Items, Node, Scalar
from assay.formats.rule import shorten
from assay.formats.scalar import read_1_1

SOLVERS = (
    "prompt_template",
    "system_message",
    "user_message",
    "chain_of_thought",
    "use_tools",
    "generate",
    "self_critique",
    "multiple_choice",
)
SCORERS = (
    "includes",
    "match",
    "pattern",
    "answer",
    "exact",
    "f1",
    "model_graded_qa",
    "model_graded_fact",
    "choice",
    "math",
)
TASK_KEYS = (
    "id",
    "config",
    "split",
    "field_spec",
    "shuffle_choices",
    "epochs",
    "epoch_reducer",
    "solvers",
    "scorers",
)
_STRING_FIELDS = ("input", "target", "id", "sandbox", "files", "setup")
_NULLABLE_FIELDS = ("checkpoint", "description", "input_image")
FIELD_SPEC_KEYS = (  # as pydantic reads them: the keyword-only ones last
    "input",
    "target",
    "choices",
    "id",
    "metadata",
    "sandbox",
    "files",
    "setup",
    "input_image",
    "checkpoint",
    "description",
)

_REDUCER = re.compile(r"pass_at_\d+|at_least_\d+|max|mode|median|mean")
_INT_TEXT = re.compile(r"[+-]?(?:0[0_]*)?[0-9]+(?:_[0-9]+)*(?:\.0+)?", re.ASCII)
_BOOL_TEXTS = frozenset(("0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"))
_SHORT = 32
_MAX_INT = 2**63 - 1
_MAX_INT_TEXT = 1_000  # beyond it Python itself refuses to convert


class Fault(NamedTuple):
    """Why Inspect refuses: the place as pydantic names it, and a sentence."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class UnreadableByInspectError(Exception):
    """PyYAML refuses a scalar of the file, such as the date 2025-99-99."""


def read_as_1_1(node: Node) -> Any:
    """The Python value PyYAML's `safe_load` makes of a node.

    Raises:
        UnreadableByInspectError: It makes none.
    """
    match node:
        case Scalar(plain=True):
            short = len(node.text) <= _SHORT
            return _read_short(node.text) if short else _read_short.__wrapped__(node.text)
        case Scalar():
            return node.text
        case Items():
            return [read_as_1_1(item) for item in node.items]
        case Fields():
            return {read_as_1_1(key): read_as_1_1(item) for key, item in node.fields.values()}


@lru_cache(maxsize=1024)
def _read_short(text: str) -> Any:
    kind = read_1_1(text)
    if kind == "str":
        return text
    try:
        return SafeConstructor().construct_object(ScalarNode(f"tag:yaml.org,2002:{kind}", text))
    except (YAMLError, ValueError, KeyError) as error:
        raise UnreadableByInspectError(f"YAML 1.1 cannot read {shorten(text)!r}") from error


def find_fault(root: Node) -> Fault | None:
    """The first reason for which Inspect would not load an `eval.yaml`; None when it would."""
    if not isinstance(root, Fields):
        return Fault("", "the file is not a mapping")
    try:
        tasks = read_as_1_1(root).get("tasks")
    except UnreadableByInspectError as error:
        return Fault("", str(error))
    if tasks is None or not isinstance(tasks, (list, dict, str)) or not tasks:
        return Fault("tasks", "missing, empty or not a list")
    for item in tasks:
        for fault in task_faults(item):
            return fault
        # an item that passed is a mapping, so tasks is a list
        if len(tasks) > 1 and isinstance(item, dict) and item.get("id") is None:
            return Fault("id", "missing, and there are several tasks")
    return None


def task_faults(task: Any) -> Iterator[Fault]:
    """Every reason for which Inspect's model refuses one task, lazily."""
    if not isinstance(task, dict):
        yield Fault("", f"a task is not a mapping but {_name(task)}")
        return
    strange = [key for key in task if not isinstance(key, str)]
    if strange:
        yield Fault(str(strange[0]), "a key is not text")
        return
    if task.get("id") is not None:
        yield from _string(task, "id")
    yield from _string(task, "config")
    yield from _string(task, "split")
    yield from _field_spec(task)
    if task.get("shuffle_choices") is not None and not _is_bool(task["shuffle_choices"]):
        yield Fault("shuffle_choices", f"not a boolean but {_name(task['shuffle_choices'])}")
    yield from _epochs(task)
    yield from _parts(task, "solvers", SOLVERS)
    yield from _parts(task, "scorers", SCORERS)
    for key in task:
        if key not in TASK_KEYS:
            yield Fault(key, "Inspect knows no such key in a task")


def _string(values: dict[str, Any], key: str, prefix: str = "") -> Iterator[Fault]:
    if key in values and not isinstance(values[key], str):
        yield Fault(f"{prefix}{key}", f"not text but {_name(values[key])}")


def _field_spec(task: dict[str, Any]) -> Iterator[Fault]:
    if "field_spec" not in task:
        yield Fault("field_spec", "missing")
        return
    spec = task["field_spec"]
    if not isinstance(spec, dict):
        yield Fault("field_spec", f"not a mapping but {_name(spec)}")
        return
    for key in FIELD_SPEC_KEYS:
        if key in spec and not _FIELD_TESTS[key](spec[key]):
            yield Fault(f"field_spec.{key}", f"cannot be {_name(spec[key])}")
    for key in spec:
        if key not in FIELD_SPEC_KEYS:
            yield Fault(f"field_spec.{key}", "Inspect knows no such field")


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_string_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_FIELD_TESTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_STRING_FIELDS, _is_string),
    **dict.fromkeys(_NULLABLE_FIELDS, _is_string_or_none),
    "choices": lambda value: _is_string_or_none(value) or _is_strings(value),
    "metadata": lambda value: value is None or _is_strings(value),
}


def _is_bool(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _BOOL_TEXTS
    return isinstance(value, (int, float)) and value in {0, 1}


def _epochs(task: dict[str, Any]) -> Iterator[Fault]:
    if "epochs" in task:
        epochs = _find_int(task["epochs"])
        if epochs is None:
            yield Fault("epochs", f"not a whole number but {_name(task['epochs'])}")
        elif epochs < 1:
            yield Fault("epochs", "less than 1")
    reducer = task.get("epoch_reducer")
    if reducer is not None and not (isinstance(reducer, str) and _REDUCER.fullmatch(reducer)):
        yield Fault("epoch_reducer", f"Inspect knows no reducer {shorten(str(reducer))!r}")


def _find_int(value: Any) -> int | None:
    """The integer pydantic makes of a value."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        is_whole = math.isfinite(value) and value.is_integer() and abs(value) < _MAX_INT
        return int(value) if is_whole else None
    if isinstance(value, str) and len(value) < _MAX_INT_TEXT and _INT_TEXT.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0].replace("_", ""))
    return None


def _parts(task: dict[str, Any], key: str, names: tuple[str, ...]) -> Iterator[Fault]:
    """Solvers or scorers."""
    if key not in task:
        yield Fault(key, "missing")
        return
    parts = task[key]
    if not isinstance(parts, list):
        yield Fault(key, f"not a list but {_name(parts)}")
        return
    if not parts:
        yield Fault(key, "an empty list")
    for index, part in enumerate(parts):
        place = f"{key}.{index}"
        if not isinstance(part, dict):
            yield Fault(place, f"not a mapping but {_name(part)}")
            continue
        if "name" not in part:
            yield Fault(f"{place}.name", "missing")
        elif part["name"] not in names:
            yield Fault(f"{place}.name", f"Inspect knows no {shorten(str(part['name']))!r} here")
        args = part.get("args", {})
        if not isinstance(args, dict):
            yield Fault(f"{place}.args", f"not a mapping but {_name(args)}")
        elif not all(isinstance(name, str) for name in args):
            yield Fault(f"{place}.args", "a key is not text")


def _name(value: Any) -> str:
    names = {"NoneType": "null", "str": "text", "dict": "a mapping", "list": "a list"}
    kind = type(value).__name__
    return names.get(kind, f"{kind} {shorten(str(value))}")
