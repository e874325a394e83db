"""How a file is kept: in git itself, or beside it as a large file behind a pointer.

1. A file over the threshold is large, and so is one that `.gitattributes` give to git-lfs.
2. Result files, YAML and READMEs are read by the hub and by people on its pages, and files that
   begin with `.git` by git: they always stand in git itself.
"""

from __future__ import annotations

import re

ATTRIBUTES = ".gitattributes"
_LFS = "filter=lfs diff=lfs merge=lfs -text"
_LARGE_KINDS = """
7z arrow avi avro bin bz2 ckpt db duckdb feather flac gguf ggml gz h5 hdf5 joblib lance lz4 mkv mov
mp3 mp4 model msgpack npy npz ogg onnx orc parquet pb pickle pkl pt pth rar safetensors sqlite
sqlite3 tar tflite tgz wasm wav webm xz zip zst
"""
DEFAULT_ATTRIBUTES = "".join(f"*.{kind} {_LFS}\n" for kind in _LARGE_KINDS.split()).encode()


def stays_in_git(path: str) -> bool:
    """Rule 2."""
    name = path.rpartition("/")[2].casefold()
    return (
        path.startswith(".eval_results/")
        or name.startswith(".git")
        or name.endswith((".yaml", ".yml"))
        or name.partition(".")[0] == "readme"
    )


def is_large_kind(path: str) -> bool:
    """Whether `DEFAULT_ATTRIBUTES` give a path to git-lfs."""
    return "." in path and path.rpartition(".")[2] in _LARGE_KINDS.split()


def attributes_line(path: str) -> str:
    """The line of `.gitattributes` that gives one path to git-lfs."""
    pattern = re.sub(r"\s", "[[:space:]]", re.sub(r"([*?\[\]])", r"\\\1", path))
    return f"/{pattern} {_LFS}\n"
