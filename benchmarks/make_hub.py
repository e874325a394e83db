"""Makes a hub up: models, benchmarks, claims, pull requests, by a seed. Same seed, same hub.

    python benchmarks/make_hub.py FOLDER --shape small
    python benchmarks/make_hub.py FOLDER --models 5000 --claims 22000 --pulls 1000 --seed 1

Shapes: small (5,000 models, 22,000 claims), million (100,000 models, 1,000,000 claims, 300 tasks),
one-big-model (100,000 entries in one repository), many-pulls (10,000 pull requests on one model);
any option beside a shape changes that of the shape. Claims are spread over models and tasks by
Zipf's law. Repository ids, commits and durable rows follow from the options, to the byte; the
secret of the data folder does not. `root` is an admin; everybody's token is
`NAME-token-0123456789`. The index is left for the hub to build, or built with --index.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from _synthetic import SHAPES, START, Shape, World, everything
from assay.core.permission import Reader
from assay.hub import bulk, indexing, people
from assay.hub.bulk import Maker
from assay.hub.open import Hub, open_hub
from assay.settings import HubSettings
from assay.storage.workplace import workplace

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and how long it took in seconds."""

    repositories: int
    commits_and_files: int
    pulls: int
    seconds: float
    index_seconds: float | None


def make_hub(
    folder: Path,
    shape: Shape,
    *,
    index: bool = False,
    database_url: str | None = None,
    on_progress: OnProgress = lambda _stage, _done, _of: None,
) -> Made:
    """Make a hub up in a folder where there is none yet.

    Args:
        folder: The data folder.
        shape: What the hub is like.
        index: Whether its index is built too.
        database_url: Where its databases are; None for the folder.
        on_progress: Told what is done and how far it is.
    """
    if (folder / "hub.sqlite").exists():
        raise SystemExit(f"there is a hub in {folder} already: name another folder")
    start = time.perf_counter()
    hub = open_hub(HubSettings(data=folder, database_url=database_url), clock=_at_start)
    try:
        world = World(shape)
        _add_people(hub, world)
        objects, pulls, made = _make(hub, world, on_progress)
        seconds = time.perf_counter() - start
        index_seconds = None
        if index:
            indexing.ensure(hub)
            start = time.perf_counter()
            bulk.index(hub, made, lambda at, of: on_progress("indexing", at, of))
            index_seconds = round(time.perf_counter() - start, 2)
        return Made(len(made), objects, pulls, round(seconds, 2), index_seconds)
    finally:
        hub.close()


def _at_start() -> datetime:
    return START


def _add_people(hub: Hub, world: World) -> None:
    people.add_account(hub, "root", is_admin=True, token="root-token-0123456789")  # noqa: S106
    for name in world.people:
        people.add_account(hub, name, token=f"{name}-token-0123456789")


def _make(hub: Hub, world: World, on_progress: OnProgress) -> tuple[int, int, dict[str, str]]:
    """Make all repositories; how many objects and pull requests that was, and `Maker.made`."""
    total, objects, pulls = world.benchmarks + world.shape.models, 0, 0
    with workplace(hub.workplaces, "make-hub") as work:
        maker = Maker(hub, Reader("root", is_admin=True), work)
        for at, new in enumerate(everything(world)):
            on_progress("writing repositories", at, total)
            objects += len(new.pack)
            pulls += len(new.discussions)
            maker.add(new)
        maker.flush()
    on_progress("writing repositories", total, total)
    return objects, pulls, maker.made


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a hub up, by a seed.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="small")
    parser.add_argument("--index", action="store_true", help="build its index too")
    for field in fields(Shape):
        if field.name != "pulls_on_one":
            kind = float if isinstance(field.default, float) else int
            parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind)
    options = vars(parser.parse_args())
    chosen = {field.name: options.get(field.name) for field in fields(Shape)}
    shape = replace(
        SHAPES[options["shape"]], **{name: one for name, one in chosen.items() if one is not None}
    )
    from assay.cli.progress import show_progress  # noqa: PLC0415 - only the command shows it
    from assay.harness.runner import Progress  # noqa: PLC0415

    with show_progress() as show:
        done = make_hub(
            options["folder"],
            shape,
            index=options["index"],
            on_progress=lambda stage, at, of: show(Progress("made-up hub", stage, at, of)),
        )
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in asdict(done).items()))


if __name__ == "__main__":
    main()
