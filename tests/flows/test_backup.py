"""A hub in one file and back: the same record, the same answers; damage is told."""

from __future__ import annotations

import json
import shutil
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from tests.hub_process import HubProcess, Work, assay, entry

from assay.cli.hub_options import opened
from assay.hub import backup


@pytest.fixture(scope="module")
def lived(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> HubProcess:
    """A hub with a rewritten history, a declined claim, an open one, and a private model."""
    work = Work.new(tmp_path_factory.mktemp("work") / "model")
    hub.create("ada", "m")
    work.commit({"README.md": "x"})
    work.commit({".eval_results/quiz.yaml": entry("60")})
    work.push(hub.remote("ada", "ada/m"), "main", "main:refs/heads/idea")
    work.git("tag", "--annotate", "v1", "--message", "one")
    work.push(hub.remote("ada", "ada/m"), "v1")
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    work.commit({".eval_results/quiz.yaml": entry("61")})
    assert work.push(hub.remote("ada", "ada/m"), "+main:main").returncode == 0
    body = {"title": "Mine", "description": "seen", "pullRequest": True}
    for number, value in ((1, "55"), (2, "56")):
        path = "/api/models/ada/m/discussions"
        assert hub.request("POST", path, as_="eve", json=body).is_success
        work.git("reset", "--quiet", "--hard", "main")
        work.git("checkout", "--quiet", "--detach")
        work.commit({".eval_results/quiz.yaml": entry(value)})
        pushed = work.push(hub.remote("eve", "ada/m"), f"+HEAD:refs/pr/{number}")
        assert pushed.returncode == 0, pushed.stderr
        work.git("checkout", "--quiet", "main")
    assert hub.close_pull("ada", "ada/m", 1, "wrong prompt").is_success
    [row] = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    ruled = {"ruling": "disputed", "reason": "a doubt", "evidence": "https://x.example"}
    at = f"/api/v1/claims/{row['claim']['claim_id']}/rulings"
    assert hub.request("POST", at, as_="eve", json=ruled).is_success
    hub.create("ada", "secret", private=True)
    assert work.push(hub.remote("ada", "ada/secret")).returncode == 0
    return hub


@pytest.fixture(scope="module")
def saved(lived: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup, taken while it serves."""
    file = tmp_path_factory.mktemp("saved") / "hub.tar"
    said = json.loads(assay("backup", str(file), "--json", data=lived.data).stdout)
    assert (said["repositories"], said["bytes"]) == (3, file.stat().st_size)
    return file


def test_a_restored_hub_is_the_same_hub(lived: HubProcess, saved: Path, tmp_path: Path) -> None:
    assay("restore", str(saved), data=tmp_path / "data")
    expected = assay("index", "dump", data=lived.data).stdout
    assert expected.count("\n") > 10
    assert assay("index", "dump", data=tmp_path / "data").stdout == expected
    again = HubProcess(tmp_path / "data")
    again.start()
    try:
        for account in (None, "ada", "eve"):
            for path in ("/api/v1/boards/bench/quiz/main?claims=all", "/api/v1/models/ada/m"):
                answers = [hub.get(path, as_=account) for hub in (lived, again)]
                assert answers[0] == answers[1]
        path = f"/api/v1/claims/{answers[1]['tasks'][0]['standing']['claim_id']}"
        rulings = [hub.get(path)["rulings"] for hub in (lived, again)]
        assert rulings[0] == rulings[1]
        assert [(one["actor"], one["evidence"]) for one in rulings[1]] == [
            ("eve", "https://x.example")
        ]
        refs = [
            Work(tmp_path).git("ls-remote", hub.remote("ada", "ada/m")).stdout
            for hub in (lived, again)
        ]
        assert refs[0] == refs[1]
        assert refs[0].count("\n") == 7  # HEAD, main, idea, two pull requests, v1 and what it tags
        work = Work.new(tmp_path / "work")
        work.git("pull", "--quiet", again.remote("ada", "ada/m"), "main")
        work.commit({".eval_results/quiz.yaml": entry("62")})
        assert work.push(again.remote("ada", "ada/m")).returncode == 0
    finally:
        again.stop()


def test_what_comes_after_the_moment_of_a_backup_is_not_in_it(
    lived: HubProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push lands after the store was copied and before the repositories are."""
    lived.create("eve", "late")
    work = Work.new(tmp_path / "work")
    first = work.commit({".eval_results/quiz.yaml": entry("1")})
    assert work.push(lived.remote("eve", "eve/late")).returncode == 0
    second = work.commit({".eval_results/quiz.yaml": entry("2")})
    read_refs = backup._repositories  # noqa: SLF001 - the moment between the two steps

    def push_meanwhile(folder: Path) -> list[tuple[str, dict[str, str]]]:
        assert work.push(lived.remote("eve", "eve/late")).returncode == 0
        return read_refs(folder)

    monkeypatch.setattr(backup, "_repositories", push_meanwhile)
    with opened(lived.data) as hub:
        backup.back_up(hub, tmp_path / "hub.tar")
    assert lived.get("/api/models/eve/late")["sha"] == second
    assay("restore", str(tmp_path / "hub.tar"), data=tmp_path / "data")
    dump = assay("index", "dump", data=tmp_path / "data").stdout
    rows = [json.loads(line) for line in dump.splitlines()]
    [late] = [row for table, row in rows if table == "repo" and row["name"] == "late"]
    assert late["main"] == first


def test_nothing_is_written_over(saved: Path, lived: HubProcess, tmp_path: Path) -> None:
    refused = assay("backup", str(saved), data=lived.data, check=False)
    assert refused.returncode == 1
    assert "is there already" in refused.stderr
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").touch()
    refused = assay("restore", str(saved), data=tmp_path / "data", check=False)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["data", "mine"]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def rewritten(data: bytes, name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """The archive with a member in front that nobody wrote."""
    made = BytesIO()
    with tarfile.open(fileobj=BytesIO(data)) as source, tarfile.open(fileobj=made, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
        for member in source:
            tar.addfile(member, source.extractfile(member))
    return made.getvalue()


DAMAGE = {
    "cut off": (cut, "cannot be read|has no manifest"),
    "a bit flipped": (flip, "not what the manifest says|cannot be read"),
    "not an archive": (lambda _: b"hello", "cannot be read"),
    "empty": (lambda _: b"", "cannot be read|has no manifest"),
    "a path out of it": (lambda data: rewritten(data, "../evil"), "not a plain file at a plain"),
    "an absolute path": (lambda data: rewritten(data, "/evil"), "not a plain file at a plain"),
    "a link": (lambda data: rewritten(data, "x", tarfile.SYMTYPE), "not a plain file at a plain"),
    "one file too many": (lambda data: rewritten(data, "x"), "the first is 'x'"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_backup_is_refused_whole(saved: Path, tmp_path: Path, name: str) -> None:
    damage, reason = DAMAGE[name]
    file = tmp_path / "bad.tar"
    file.write_bytes(damage(saved.read_bytes()))
    refused = assay("restore", str(file), data=tmp_path / "data", check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert any(word in refused.stderr for word in reason.split("|"))
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]
    shutil.rmtree(tmp_path)
