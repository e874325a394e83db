"""wrk: HTTP load from a process that costs little. It asks what a line of Lua says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from _served import run

HOW_TO_INSTALL = "Debian, as root: apt-get install nginx wrk"


@dataclass(frozen=True, slots=True)
class Rate:
    """What came of a load: requests a second, and how long they took, in ms.

    `errors` counts answers other than 2xx and 3xx, and connections that broke or timed out.
    """

    a_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: int


def ask(
    folder: Path, url: str, script: str, *, seconds: int, connections: int, may_fail: bool = False
) -> Rate:
    """Load a hub for some seconds.

    Args:
        folder: Where the script may lie.
        url: The hub.
        script: Lua that defines `request`.
        seconds: For how long.
        connections: How many requests are under way at a time.
        may_fail: Whether errors are to be counted, not raised.

    Raises:
        RuntimeError: Some answers were errors, so the rate says nothing.
    """
    lua = folder / "ask.lua"
    lua.write_text(script + "\n")
    flags = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    said = run("wrk", *flags, "-s", str(lua), url)
    bad = [int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", said)]
    broken = re.findall(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said
    )
    errors = sum(bad) + sum(int(number) for found in broken for number in found)
    if errors and not may_fail:
        raise RuntimeError(f"{url} did not answer well: {said}")
    return Rate(
        float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]),
        _ms(said, "50%"),
        _ms(said, "99%"),
        int(re.findall(r"(\d+) requests in", said)[0]),
        errors,
    )


def _ms(said: str, percent: str) -> float:
    number, unit = re.findall(rf"{percent}\s+([\d.]+)(us|ms|s|m)", said)[0]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]
