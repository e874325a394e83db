"""Parameters are counted from headers; what cannot be read counts as unknown."""

from __future__ import annotations

import json

import pytest

from assay.formats.safetensors import (
    MAX_FILES,
    MAX_HEADER_BYTES,
    WeightIndex,
    header_length,
    parse_header,
    parse_index,
)


def tensor(dtype: str, *shape: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [0, 1]}


def test_parameters_are_counted_by_dtype() -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "a": tensor("F32", 2, 3),
        "b": tensor("F32"),
        "c": tensor("BF16", 10, 0),
        "d": tensor("BF16", 5),
    }
    assert parse_header(json.dumps(header).encode()) == {"F32": 7, "BF16": 5}


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{}",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32"}}',
        b'{"a": {"dtype": "F32", "shape": [-1]}}',
        b'{"a": {"dtype": "F32", "shape": [9007199254740992, 2]}}',
        b'{"a": {"dtype": "F32", "shape": [' + b"1," * 100 + b"1]}}",
        b'{"a": ' + b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_header_that_cannot_be_read_counts_nothing(header: bytes) -> None:
    assert parse_header(header) is None


def test_the_length_of_a_header_is_believed_within_limits() -> None:
    assert header_length((12).to_bytes(8, "little") + b"{}") == 12
    for start in (b"", b"1234567", bytes(8), (MAX_HEADER_BYTES + 1).to_bytes(8, "little")):
        assert header_length(start) is None


def test_an_index_says_the_total_or_the_files() -> None:
    told = b'{"metadata": {"total_parameters": 7, "total_size": 14.0}, "weight_map": {"a": "x"}}'
    assert parse_index(told) == WeightIndex(7, ("x",))
    asked = b'{"metadata": {"total_size": 9}, "weight_map": {"a": "2", "b": "1", "c": "2"}}'
    assert parse_index(asked) == WeightIndex(None, ("1", "2"))
    many = {"weight_map": {str(number): str(number) for number in range(MAX_FILES + 1)}}
    assert parse_index(json.dumps(many).encode()) == WeightIndex(None, ())
    for odd in (b"", b"[]", b'{"weight_map": []}', b'{"metadata": {"total_parameters": "7"}}'):
        assert parse_index(odd) is None
