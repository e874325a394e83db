"""Our copy of Inspect's model of a task against the model itself, on tasks nobody thought of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.formats.inspect_model import find_model_fault

from assay.formats.inspect_task import FIELD_SPEC_KEYS, SCORERS, SOLVERS, TASK_KEYS, task_faults

# What `yaml.safe_load` can make of a scalar.
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 5)
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "a", "0", "1", "01", " 4 ", "4.0", "4.", "+4", "-0", "1_0", "4.00", "1e1"]
    )
    | st.sampled_from(
        ["yes", "off", "T", "n", "mean", "max", "pass_at_3", "at_least_1", "pass_at_"]
    )
    | st.text(st.sampled_from("0123456789+-._ eE"), max_size=6)
    | st.text(max_size=4)
    | st.just(dt.date(2026, 1, 15))
    | st.just(dt.datetime(2026, 1, 15, 12, 0, 0, tzinfo=dt.UTC))
)
# Keys whose place has one name: pydantic calls False 0, and a date by its repr.
keys = st.none() | st.integers(-3, 5) | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)


def parts(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    part = st.fixed_dictionaries(
        {"name": st.sampled_from(names)},
        optional={"args": st.dictionaries(st.text(max_size=3), values, max_size=2), "x": values},
    )
    odd = st.dictionaries(st.sampled_from(["name", "args", "x"]), values, max_size=3)
    return st.lists(part, min_size=1, max_size=2) | st.lists(part | odd | values, max_size=2)


field_specs = st.dictionaries(
    st.sampled_from([*FIELD_SPEC_KEYS, "unknown"]),
    st.text(max_size=3) | st.none() | st.lists(st.text(max_size=3), max_size=2) | values,
    max_size=4,
)
good = {
    "id": st.text(max_size=3) | st.none(),
    "config": st.text(max_size=3),
    "split": st.text(max_size=3),
    "field_spec": field_specs | values,
    "shuffle_choices": st.booleans() | scalars,
    "epochs": st.integers(1, 5) | scalars,
    "epoch_reducer": st.sampled_from(["mean", "pass_at_1", None]) | scalars,
    "solvers": parts(SOLVERS),
    "scorers": parts(SCORERS),
}


@st.composite
def tasks(draw: st.DrawFn) -> Any:
    """A task that is nearly right: most keys as they should be, one or two of anything."""
    present = draw(st.sets(st.sampled_from(TASK_KEYS)))
    task = {key: draw(good[key]) for key in TASK_KEYS if key in present}
    for key in draw(st.sets(st.sampled_from([*TASK_KEYS, "metrics"]), max_size=1)):
        task[key] = draw(values)
    for key in ("field_spec", "solvers", "scorers"):
        if key not in task and draw(st.booleans()):
            default: Any = {"input": "q"} if key == "field_spec" else [{"name": "match"}]
            task[key] = [{"name": "generate"}] if key == "solvers" else default
    return task


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(tasks())
def test_inspect_refuses_what_we_say_it_refuses(task: Any) -> None:
    theirs = find_model_fault(task)
    ours = next((fault.place for fault in task_faults(task)), None)
    assert (ours is None) is (theirs is None), (ours, theirs)
    if ours and theirs:
        # pydantic goes on into the alternatives of a union, by their types' names
        assert theirs == ours or theirs.startswith(f"{ours}."), (ours, theirs)
