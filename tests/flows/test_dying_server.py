"""A server killed between any two steps of the door: the change is whole or it never was."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.hub_process import HubProcess, Work, assay, entry, quiz_hub

PUSH = "assay.hub.push"
RESULT = ".eval_results/quiz.yaml"


@dataclass
class Scene:
    """A model of ada's with 60 on main, and eve's open pull request 1 that says 55."""

    hub: HubProcess
    work: Work
    model: str

    @classmethod
    def set_up(cls, hub: HubProcess, folder: Path, name: str) -> Scene:
        hub.create("ada", name)
        scene = cls(hub, Work.new(folder), f"ada/{name}")
        scene.work.commit({"README.md": "x"})
        scene.work.commit({RESULT: entry("60")})
        assert scene.work.push(hub.remote("ada", scene.model)).returncode == 0
        assert scene.propose("55")
        return scene

    def propose(self, value: str) -> bool:
        """A pull request by one call of the API, as `huggingface_hub` makes it."""
        content = base64.b64encode(entry(value).encode()).decode()
        file = {"path": RESULT, "content": content, "encoding": "base64"}
        lines = [{"key": "header", "value": {"summary": value}}, {"key": "file", "value": file}]
        return self.post(
            "eve", "commit/main?create_pr=1", "\n".join(json.dumps(line) for line in lines)
        )

    def rewrite(self) -> bool:
        """A push that replaces the last commit of main."""
        self.work.git("reset", "--quiet", "--hard", self.head("refs/heads/main") + "~1")
        self.work.commit({RESULT: entry("70")})
        return self.work.push(self.hub.remote("ada", self.model), "+main:main").returncode == 0

    def post(self, account: str, path: str, content: str = "{}") -> bool:
        headers = {"Authorization": f"Bearer {self.hub.token(account)}"}
        url = f"{self.hub.url}/api/models/{self.model}/{path}"
        try:
            answer = httpx.post(url, headers=headers, content=content, timeout=60)
        except httpx.TransportError:
            return False
        assert answer.status_code == 200, answer.text
        return True

    def head(self, ref: str) -> str:
        listed = self.work.git("ls-remote", self.hub.remote("ada", self.model), ref).stdout
        return listed.partition("\t")[0]

    def shown(self) -> dict[str, str]:
        """What the board lists of this model: lane to value."""
        board = self.hub.get("/api/v1/boards/bench/quiz/main?claims=all")
        claims = [row["claim"] for row in board["rows"] if row["model"] == self.model]
        return {claim["lane"]: claim["value_text"] for claim in claims}


Act = Callable[[Scene], bool]
REWRITE: Act = Scene.rewrite
PROPOSE: Act = lambda scene: scene.propose("50")  # noqa: E731 - one of a table of acts
DRAFT: Act = lambda scene: scene.post(  # noqa: E731
    "eve", "discussions", '{"title": "a draft", "pullRequest": true}'
)
SAY: Act = lambda scene: scene.post(  # noqa: E731
    "ada", "discussions/1/comment", '{"comment": "how?"}'
)
MERGE: Act = lambda scene: scene.post("ada", "discussions/1/merge")  # noqa: E731
CLOSE: Act = lambda scene: scene.post(  # noqa: E731
    "ada", "discussions/1/status", '{"status": "closed", "comment": "no"}'
)
BEFORE = {"main": "60", "pr/1": "55"}
REWRITTEN = {"main": "70", "pr/1": "55"}
PROPOSED = {**BEFORE, "pr/2": "50"}
MERGED = {"main": "55"}
CLOSED = {"main": "60"}

# Name: what is done, where the server dies, what the boards show after a restart.
DEATHS: dict[str, tuple[Act, str, dict[str, str]]] = {
    "push: locked": (REWRITE, f"before:{PUSH}:judge", BEFORE),
    "push: judged": (REWRITE, f"before:{PUSH}:Landing.prepare", BEFORE),
    "push: old tip kept": (REWRITE, f"before:{PUSH}:push_rows.add_push", BEFORE),
    "push: row inside its transaction": (REWRITE, f"after:{PUSH}:push_rows.add_push", BEFORE),
    "push: row pending": (REWRITE, f"after:{PUSH}:Landing.prepare", BEFORE),
    "push: ref moved": (REWRITE, f"before:{PUSH}:Landing.finish", REWRITTEN),
    "push: row applied": (REWRITE, f"before:{PUSH}:indexing.sync", REWRITTEN),
    "push: index half written": (
        REWRITE,
        "after:assay.hub.indexing.work:record_rows.save_ledgers",
        REWRITTEN,
    ),
    "push: indexed, not answered": (REWRITE, f"after:{PUSH}:indexing.sync", REWRITTEN),
    "pull: numbered": (PROPOSE, "after:assay.hub.pulls:_add", BEFORE),
    "pull: committed in quarantine": (
        PROPOSE,
        "after:assay.storage.git.writing:Quarantine.commit",
        BEFORE,
    ),
    "pull: objects kept": (PROPOSE, "after:assay.storage.git.writing:Quarantine.keep", BEFORE),
    "pull: row pending": (PROPOSE, f"after:{PUSH}:Landing.prepare", BEFORE),
    "pull: ref moved": (PROPOSE, f"after:{PUSH}:update_refs", PROPOSED),
    "pull: row applied": (PROPOSE, f"before:{PUSH}:indexing.sync", PROPOSED),
    "pull: indexed, not answered": (PROPOSE, f"after:{PUSH}:indexing.sync", PROPOSED),
    "merge: row pending": (MERGE, f"after:{PUSH}:Landing.prepare", BEFORE),
    "merge: ref moved": (MERGE, f"after:{PUSH}:update_refs", MERGED),
    "merge: row applied": (MERGE, f"before:{PUSH}:indexing.sync", MERGED),
    "close: said, not indexed": (CLOSE, "before:assay.hub.discussions:indexing.sync", CLOSED),
}


# Name: what is said, where the server dies, and what stands after a restart: the discussion, what
# happened, who was told of it, and as what.
Said = tuple[int, str, str | None, str | None]
TALK = "assay.hub.discussions"
MERGING: Said = (1, "merged", "eve", "merged")
DRAFTING: Said = (2, "opened", "ada", "opened")
PROPOSING: list[Said] = [(2, "opened", "ada", "claim"), (2, "commit", None, None)]
UNSPOKEN: dict[str, tuple[Act, str, list[Said]]] = {
    "comment: half written": (SAY, f"after:{TALK}:record_event", []),
    "comment: not indexed": (
        SAY,
        f"before:{TALK}:indexing.sync",
        [(1, "comment", "eve", "comment")],
    ),
    "close: half written": (CLOSE, f"after:{TALK}:record_event", []),
    "merge: half written": (MERGE, "after:assay.hub.settling:record", [MERGING]),
    "merge: not indexed": (MERGE, f"before:{PUSH}:indexing.sync", [MERGING]),
    "draft: numbered": (DRAFT, "after:assay.hub.pulls:_add", []),
    "draft: ref moved": (DRAFT, f"after:{PUSH}:update_refs", [DRAFTING]),
    "draft: half written": (DRAFT, "after:assay.hub.settling:record_opening", [DRAFTING]),
    "pull: half written": (PROPOSE, "after:assay.hub.settling:record_opening", PROPOSING),
}


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that the tests stop and start."""
    with quiz_hub(tmp_path_factory.mktemp("mortal")) as hub:
        yield hub


def die_of(mortal: HubProcess, scene: Scene, act: Act, point: str) -> None:
    """Let the server die of an act at a point, and start it again."""
    mortal.stop()
    armed = mortal.data / "armed"
    mortal.start(dies=point)
    armed.touch()
    assert not act(scene), "a server that died acknowledged the change"
    assert mortal.process is not None
    assert mortal.process.wait(30) == -9, "the server never came to this point"
    armed.unlink()
    mortal.start()


@pytest.mark.parametrize("death", DEATHS)
def test_a_change_cut_short_is_whole_or_never_was(
    mortal: HubProcess, tmp_path: Path, death: str
) -> None:
    act, point, expected = DEATHS[death]
    scene = Scene.set_up(mortal, tmp_path / "work", f"m{list(DEATHS).index(death)}")
    assert scene.shown() == BEFORE
    die_of(mortal, scene, act, point)
    assert scene.shown() == expected
    log = push_log(mortal)
    assert [row for row in log if row[3] == "pending"] == []
    left = [path.name for path in mortal.data.rglob("*.lock") if path.stat().st_size]
    assert left + [path.name for path in mortal.data.rglob("tmp_objdir-*")] == []
    for lane, value in expected.items():
        ref = "refs/heads/main" if lane == "main" else f"refs/{lane}"
        moves = [row for row in log if row[0] == ref and row[3] == "applied"]
        assert scene.head(ref) == moves[-1][1], f"{ref} at {value} has no row that says who"
    if expected == BEFORE:  # it never was, so it can be done now
        assert act(scene)
        assert scene.shown() != BEFORE


@pytest.mark.parametrize("death", UNSPOKEN)
def test_what_is_said_is_told_once_or_was_never_said(
    mortal: HubProcess, tmp_path: Path, death: str
) -> None:
    act, point, expected = UNSPOKEN[death]
    scene = Scene.set_up(mortal, tmp_path / "work", f"t{list(UNSPOKEN).index(death)}")
    before = len(said(mortal))
    die_of(mortal, scene, act, point)
    assert said(mortal)[before:] == expected
    if not expected:
        assert act(scene)
        assert said(mortal)[before:] != []


def said(hub: HubProcess) -> list[Said]:
    """Whatever happened to discussions, and who was told of it."""
    with closing(sqlite3.connect(f"file:{hub.data}/hub.sqlite?mode=ro", uri=True)) as db:
        query = (
            "select event.number, event.kind, told.account, told.kind from discussion_event event"
            " left join notification told on told.event = event.id order by event.id, told.id"
        )
        rows: list[Said] = db.execute(query).fetchall()
    return rows


def push_log(hub: HubProcess) -> list[tuple[str, str, str, str]]:
    """Ref, new tip, actor and state of every push to the newest repository, in order."""
    with closing(sqlite3.connect(f"file:{hub.data}/hub.sqlite?mode=ro", uri=True)) as db:
        query = (
            "select ref, new, actor, state from push where repo_id ="
            " (select repo_id from push order by id desc limit 1) order by id"
        )
        rows: list[tuple[str, str, str, str]] = db.execute(query).fetchall()
    return rows


def test_after_all_that_a_rebuilt_index_is_byte_identical(mortal: HubProcess) -> None:
    before = assay("index", "dump", data=mortal.data).stdout
    assert before.count("\n") > 3 * len(DEATHS)
    assay("index", "rebuild", data=mortal.data)
    assert assay("index", "dump", data=mortal.data).stdout == before
