"""What a `.gitignore` keeps out: git itself is asked, in an empty folder."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assay.storage.git.process import command, environment, run

NOTHING_IGNORED = 1


def find_ignored(text: str, paths: Sequence[str]) -> set[str]:
    """Those of many paths that a `.gitignore` at the root keeps out.

    Paths that git cannot look at (absolute, climbing) are kept out by nothing.
    """
    asked = [path for path in paths if _may_ask(path)]
    if not asked or not text.strip():
        return set()
    with tempfile.TemporaryDirectory(prefix="assay-ignore-") as name:
        folder = Path(name)
        run(folder, "init", "-q", "--template=", ".")
        (folder / ".gitignore").write_text(text, encoding="utf-8", errors="replace")
        done = subprocess.run(
            command("check-ignore", "--no-index", "-z", "--stdin"),
            cwd=folder,
            env=environment(),
            input="".join(f"{path}\0" for path in asked).encode(errors="replace"),
            capture_output=True,
            check=False,
        )
    if done.returncode not in {0, NOTHING_IGNORED}:
        return set()
    return set(done.stdout.decode(errors="replace").split("\0")) & set(asked)


def _may_ask(path: str) -> bool:
    parts = path.split("/")
    return "\0" not in path and all(part not in {"", ".", "..", ".git"} for part in parts)
