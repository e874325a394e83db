"""`assay` that kills itself at one point of the push door, once `armed` lies in its data folder.

    python -m tests.dying_server WHEN:MODULE:NAME serve --data FOLDER ...

WHEN is `before` or `after` a call of the function NAME as MODULE knows it.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from assay.cli import main


def plant(point: str, armed: Path) -> None:
    """Wrap the function that a point names."""
    when, module, name = point.split(":")
    *path, last = name.split(".")
    owner = functools.reduce(getattr, path, importlib.import_module(module))
    original = getattr(owner, last)

    @functools.wraps(original)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            die(armed)
        result = original(*arguments, **named)
        die(armed)
        return result

    setattr(owner, last, wrapper)


def die(armed: Path) -> None:
    """Be gone as by a power cut: nothing is flushed, closed or said."""
    if armed.exists():
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    del sys.argv[0]
    sys.argv[0], point = "assay", sys.argv[0]
    plant(point, Path(sys.argv[sys.argv.index("--data") + 1], "armed"))
    main()
