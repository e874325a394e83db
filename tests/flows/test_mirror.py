"""Mirrors: what is taken from elsewhere comes whole, says so, and is never the author's word."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.hub_process import ROOT, SPEC, HubProcess, Work, assay, entry

RESULTS = ".eval_results/quiz.yaml"
LARGE = bytes(range(256)) * 40
OID = sha256(LARGE).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(LARGE)}\n"
KILLED = -9


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """Another hub, whose large files are small ones; carol has a private model there."""
    other = HubProcess(tmp_path_factory.mktemp("elsewhere") / "data")
    other.add("carol")
    other.start("--limit", "large_bytes=5000")
    try:
        other.create("carol", "m", private=True)
        upload(other, "carol/m", {"weights.bin": LARGE, RESULTS: entry(77).encode()})
        yield other
    finally:
        other.stop()


def upload(hub: HubProcess, repo: str, files: dict[str, bytes]) -> None:
    lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "files"}}]
    for path, content in files.items():
        value = {"path": path, "encoding": "base64", "content": b64encode(content).decode()}
        lines.append({"key": "file", "value": value})
    headers = {"Authorization": f"Bearer {hub.token(repo.partition('/')[0])}"}
    answer = httpx.post(
        f"{hub.url}/api/models/{repo}/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers=headers,
    )
    assert answer.status_code == 200, answer.text


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)


def run(
    hub: HubProcess, source: str | Path, name: str, *options: str, dies: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`assay mirror`; the source may look like an option."""
    program = ["tests.dying_server", dies] if dies else ["assay"]
    argv = [sys.executable, "-m", *program, "mirror", "--data", str(hub.data), "--as", name]
    return subprocess.run(
        [*argv, *options, "--", str(source)], cwd=ROOT, check=False, capture_output=True, text=True
    )


def mirror(hub: HubProcess, source: str | Path, name: str, *options: str) -> dict[str, Any]:
    said = run(hub, source, name, "--json", *options)
    assert said.returncode == 0, said.stderr
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def refused(hub: HubProcess, source: str | Path, name: str, *options: str) -> str:
    said = run(hub, source, name, *options)
    assert (said.returncode, said.stdout) == (1, ""), said.stdout
    assert "Traceback" not in said.stderr
    return said.stderr


def refs(hub: HubProcess, path: str, folder: Path) -> dict[str, str]:
    listed = Work(folder).git("ls-remote", hub.remote("ada", path)).stdout
    pairs = [line.split("\t") for line in listed.splitlines()]
    return {ref: oid for oid, ref in pairs if ref != "HEAD" and not ref.endswith("^{}")}


def claims(hub: HubProcess, model: str) -> list[dict[str, Any]]:
    answer = hub.get(f"/api/v1/models/{model}")
    return [claim for task in answer["tasks"] for claim in task["claims"]]


@pytest.fixture
def source(tmp_path: Path) -> Work:
    """A model's repository with a history, a branch, a tag, and `master` for its main branch."""
    work = Work.new(tmp_path / "source")
    work.git("checkout", "--quiet", "-b", "master")
    work.commit({"README.md": "one"})
    work.commit({RESULTS: entry(60)})
    work.git("branch", "idea")
    work.git("tag", "--annotate", "v1", "--message", "one")
    return work


def test_history_comes_at_once_and_is_never_the_authors_word(
    hub: HubProcess, source: Work, tmp_path: Path
) -> None:
    said = mirror(hub, source.folder, "ada/copy")
    assert (said["type"], said["is_new"], said["main"]) == ("model", True, source.head())
    assert refs(hub, "ada/copy", tmp_path) == {
        "refs/heads/main": source.head(),
        "refs/heads/idea": source.head(),
        "refs/tags/v1": source.git("rev-parse", "v1").stdout.strip(),
    }
    answer = hub.get("/api/v1/models/ada/copy")
    assert answer["mirror_of"] == "the folder source"  # and not where it lies
    assert "none the author's: this is a mirror of the folder source" in answer["sentence"]
    [claim] = claims(hub, "ada/copy")
    assert (claim["value_text"], claim["reporter"]) == ("60", "community")
    assert claim["mirror_of"] == "the folder source"
    rows = hub.get("/api/v1/boards/bench/quiz/main")["rows"]
    [row] = [row for row in rows if row["model"] == "ada/copy"]
    assert row["badges"] == ["community", "mirror"]
    for page in ("/ada/copy", "/datasets/bench/quiz", f"/claims/{claim['claim_id']}"):
        shown = httpx.get(hub.url + page, headers={"Accept": "text/html"}).text
        assert "irror of" in shown, page
        assert str(tmp_path) not in shown
    argv = [sys.executable, "-m", "assay", "show", "ada/copy", "--endpoint", hub.url]
    told = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert "mirror of the folder source" in told.stdout + told.stderr


def test_a_mirror_follows_its_source_and_nobody_else(
    hub: HubProcess, source: Work, tmp_path: Path
) -> None:
    name = "ada/follows"
    mirror(hub, source.folder, name)
    again = run(hub, source.folder, name)
    assert again.returncode == 0
    assert again.stdout.startswith("nothing new")
    mine = Work.new(tmp_path / "mine")
    mine.git("pull", "--quiet", hub.remote("ada", name), "main")
    mine.commit({RESULTS: entry(99)})
    pushed = mine.push(hub.remote("ada", name))
    assert "this is a mirror of the folder source and follows it" in pushed.stderr
    assert mine.push(hub.remote("ada", name), "main:refs/heads/mine").returncode != 0
    body = {"title": "Another number", "description": "", "pullRequest": True}
    path = f"/api/models/{name}/discussions"
    assert hub.request("POST", path, as_="eve", json=body).is_success
    assert mine.push(hub.remote("eve", name), "main:refs/pr/1").returncode == 0
    merge = hub.request("POST", f"{path}/1/merge", as_="ada", json={"comment": ""})
    assert merge.status_code == 403, merge.text
    spoken = {claim["value_text"]: claim["mirror_of"] for claim in claims(hub, name)}
    assert spoken == {"60": "the folder source", "99": None}

    first = source.head()
    source.git("checkout", "--quiet", "idea")
    source.git("branch", "--quiet", "-D", "master")
    source.git("checkout", "--quiet", "-b", "idea2", "HEAD~1")
    source.git("branch", "--quiet", "-D", "idea")
    source.git("checkout", "--quiet", "-b", "master")
    source.commit({RESULTS: entry(61)})
    source.git("branch", "-D", "idea2")
    source.git("branch", "idea/b")
    source.git("tag", "--delete", "v1")
    said = mirror(hub, source.folder, name)
    assert [(moved["ref"], moved["old"], moved["new"]) for moved in said["moved"]] == [
        ("refs/heads/main", first, source.head()),
        ("refs/heads/idea/b", None, source.head()),
        ("refs/heads/idea", first, None),
        ("refs/tags/v1", said["moved"][-1]["old"], None),
    ]
    known = refs(hub, name, tmp_path)
    assert set(known) == {"refs/heads/main", "refs/heads/idea/b", "refs/pr/1"}
    assert hub.get(f"/api/models/{name}/revision/{first}")["sha"] == first  # kept, for its claims
    assert "60" not in {c["value_text"] for c in claims(hub, name) if c["state"] == "live"}


def test_what_is_no_mirror_of_it_is_left_alone(hub: HubProcess, source: Work) -> None:
    hub.create("ada", "mine")
    assert "is there and is not a mirror" in refused(hub, source.folder, "ada/mine")
    mirror(hub, source.folder, "ada/one")
    other = shutil.copytree(source.folder, source.folder.parent / "other")
    assert "is there and is a mirror of" in refused(hub, other, "ada/one")
    assert "there is no account 'zoe'" in refused(hub, source.folder, "ada/z", "--by", "zoe")
    assert "eve may not make repositories" in refused(hub, source.folder, "ada/z", "--by", "eve")
    assert "nobody here may" in refused(hub, source.folder, "nobody/z")
    empty = Work.new(source.folder.parent / "empty")
    assert "no commits" in refused(hub, empty.folder, "ada/z")
    assert hub.request("GET", "/api/models/ada/z").status_code == 404


def test_files_of_a_plain_folder(hub: HubProcess, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    inner = Work.new(folder / "inner")
    inner.commit({"x": "x"})
    (folder / "sub").mkdir()
    files = {
        "eval.yaml": SPEC.encode(),
        "README.md": b"# Mine\n",
        "readme.md": b"differs in case\n",
        'sub/a "b"\\c.txt': b"a name that needs quoting\n",
        "sub/large [1].dat": b"l" * 5_000_001,
        "small.npy": b"a kind that the folder gives to git-lfs",
        ".gitattributes": b"*.npy filter=lfs diff=lfs merge=lfs -text",
        ".gitignore": b"*.log\n",
        "noise.log": b"noise",
        "run.sh": b"#!/bin/sh\n",
    }
    for path, content in files.items():
        (folder / path).write_bytes(content)
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("sub/../README.md")
    said = mirror(hub, folder, "bench/plain")
    assert (said["type"], said["large_files"]) == ("dataset", 2)
    assert [reason.partition(":")[0] for reason in said["left_out"]] == ["inner/"]
    clone = Work.new(tmp_path / "clone")
    clone.git("pull", "--quiet", hub.remote("ada", "datasets/bench/plain"), "main")
    listed = clone.git("ls-files", "--stage", "-z").stdout.split("\0")
    modes = {line.partition("\t")[2]: line.split()[0] for line in listed if line}
    assert set(modes) == {*files, "link"} - {"noise.log"}
    assert (modes["link"], modes["run.sh"]) == ("120000", "100755")
    for path in ("sub/large [1].dat", "small.npy"):
        assert (clone.folder / path).read_bytes().startswith(b"version https://git-lfs")
        got = httpx.get(
            f"{hub.url}/datasets/bench/plain/resolve/main/{path}", follow_redirects=True
        )
        assert got.content == files[path]
    attributes = (clone.folder / ".gitattributes").read_text()
    assert attributes.splitlines()[1].startswith("/sub/large[[:space:]]\\[1\\].dat filter=lfs")
    assert hub.get("/api/v1/benchmarks/bench/plain")["mirror_of"] == "the folder plain"
    assert mirror(hub, folder, "bench/plain")["moved"] == []
    (folder / "README.md").unlink()
    mirror(hub, folder, "bench/plain")
    clone.git("pull", "--quiet", hub.remote("ada", "datasets/bench/plain"), "main")
    assert clone.git("ls-files", "README.md", "readme.md").stdout.splitlines() == ["readme.md"]
    assert clone.git("rev-list", "--count", "HEAD").stdout.strip() == "2"


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "sub/../../secret"])
def test_a_link_out_of_a_folder_is_never_followed(
    hub: HubProcess, tmp_path: Path, target: str
) -> None:
    (tmp_path / "secret").write_text("not for others")
    (tmp_path / "plain" / "sub").mkdir(parents=True)
    (tmp_path / "plain" / "link").symlink_to(target)
    said = refused(hub, tmp_path / "plain", "ada/linked")
    assert f"link: a symbolic link to {target}, out of the folder" in said
    assert hub.request("GET", "/api/models/ada/linked").status_code == 404


def test_a_hub_does_not_swallow_itself(hub: HubProcess) -> None:
    for folder in (hub.data, hub.data.parent, hub.data / "repos"):
        assert "would copy data of this hub" in refused(hub, folder, "ada/all")


def test_another_hubs_private_model_with_its_large_files(
    hub: HubProcess, elsewhere: HubProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{elsewhere.url}/carol/m"
    assert "git cannot fetch it" in refused(hub, url, "ada/theirs")
    monkeypatch.setenv("HF_TOKEN", "wrong-token-0123456789")
    assert "git cannot fetch it" in refused(hub, url, "ada/theirs")
    assert hub.request("GET", "/api/models/ada/theirs").status_code == 404
    monkeypatch.setenv("HF_TOKEN", elsewhere.token("carol"))
    made = run(hub, url, "ada/theirs", "--private")
    assert made.returncode == 0, made.stderr
    assert f"large files: 1, {len(LARGE)} bytes" in made.stdout
    assert hub.request("GET", "/api/models/ada/theirs").status_code == 404
    assert hub.get("/api/v1/models/ada/theirs", as_="ada")["mirror_of"] == url
    got = httpx.get(
        f"{hub.url}/ada/theirs/resolve/main/weights.bin",
        headers={"Authorization": f"Bearer {hub.token('ada')}"},
    )
    assert got.content == LARGE
    upload(elsewhere, "carol/m", {"more.bin": LARGE[::-1], "README.md": b"# More\n"})
    said = mirror(hub, f"{url}.git", "ada/theirs")
    assert (said["large_files"], len(said["moved"])) == (1, 1)
    token = elsewhere.token("carol").encode()
    assert token not in (made.stdout + made.stderr + json.dumps(said)).encode()
    kept = [path for path in hub.data.rglob("*") if path.is_file()]
    assert [path for path in kept if token in path.read_bytes()] == []


def test_a_large_file_that_is_missing_is_named_and_nothing_is_done(
    hub: HubProcess, tmp_path: Path
) -> None:
    work = Work.new(tmp_path / "source")
    work.commit({"data/weights.bin": POINTER})
    said = refused(hub, work.folder, "ada/lost")
    assert f"data/weights.bin (sha256 {OID}, {len(LARGE)} bytes)" in said
    assert "git lfs fetch --all" in said
    assert hub.request("GET", "/api/models/ada/lost").status_code == 404
    store = work.folder / ".git" / "lfs" / "objects" / OID[:2] / OID[2:4]
    store.mkdir(parents=True)
    (store / OID).write_bytes(LARGE[::-1])
    assert "is not the large file it is named for" in refused(hub, work.folder, "ada/lost")
    (store / OID).write_bytes(LARGE)
    assert mirror(hub, work.folder, "ada/lost")["large_bytes"] == len(LARGE)
    got = httpx.get(f"{hub.url}/ada/lost/resolve/main/data/weights.bin", follow_redirects=True)
    assert got.content == LARGE


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ext::sh -c touch% pwned", "neither a folder nor an address"),
        ("ext::sh://h/x", "neither a folder nor an address"),
        ("--upload-pack=touch pwned", "neither a folder nor an address"),
        ("file:///etc", "neither a folder nor an address"),
        ("/no/such/folder", "neither a folder nor an address"),
        ("ssh://-oProxyCommand=x/y", "names no repository"),
        ("https://carol:secret-0123@127.0.0.1:1/c/m", "holds a name, a password"),
        ("https://secret-0123@127.0.0.1:1/c/m", "holds a name, a password"),
        ("https://127.0.0.1:1/c/m?token=secret-0123", "holds a name, a password"),
        ("http://127.0.0.1:1/c/m", "git cannot fetch it"),
    ],
)
def test_sources_that_are_none(hub: HubProcess, address: str, reason: str) -> None:
    said = refused(hub, address, "ada/none")
    assert reason in said
    assert "secret-0123" not in said
    assert not (ROOT / "pwned").exists()
    assert hub.request("GET", "/api/models/ada/none").status_code == 404


@pytest.mark.parametrize(
    "point",
    [
        "after:assay.hub.mirror:clone",
        "before:assay.hub.mirror:repos.create",
        "after:assay.hub.mirror:repos.create",
        "after:assay.hub.mirror:Incoming.keep",
        "before:assay.hub.push:update_refs",
        "after:assay.hub.push:update_refs",
    ],
)
def test_a_command_that_dies_leaves_nothing_half_done(
    hub: HubProcess, source: Work, point: str
) -> None:
    source.commit({"w.bin": POINTER})
    store = source.folder / ".git" / "lfs" / "objects" / OID[:2] / OID[2:4]
    store.mkdir(parents=True)
    (store / OID).write_bytes(LARGE)
    name = f"ada/dies-{sha256(point.encode()).hexdigest()[:8]}"
    armed = hub.data / "armed"
    armed.touch()
    try:
        assert run(hub, source.folder, name, dies=point).returncode == KILLED
    finally:
        armed.unlink()
    seen = hub.request("GET", f"/api/v1/models/{name}")
    if seen.status_code == 200:  # it was made, and says from the start what it is
        assert seen.json()["mirror_of"] == "the folder source"
    assert mirror(hub, source.folder, name)["main"] == source.head()
    assert hub.main("ada", name) == source.head()
    assert [claim["reporter"] for claim in claims(hub, name)] == ["community"]
    got = httpx.get(f"{hub.url}/{name}/resolve/main/w.bin", follow_redirects=True)
    assert got.content == LARGE
    assert [path for path in (hub.data / "mirroring").iterdir() if path.is_dir()] == []


def test_a_rebuild_and_a_backup_say_the_same(hub: HubProcess, source: Work, tmp_path: Path) -> None:
    mirror(hub, source.folder, "ada/kept")
    assay("backup", str(tmp_path / "hub.tar"), data=hub.data)
    assay("restore", str(tmp_path / "hub.tar"), data=tmp_path / "data")
    expected = assay("index", "dump", data=hub.data).stdout
    assert '"mirror_of": "the folder source"' in expected
    assert assay("index", "dump", data=tmp_path / "data").stdout == expected
    assay("index", "rebuild", data=hub.data)
    assert assay("index", "dump", data=hub.data).stdout == expected
    restored = HubProcess(tmp_path / "data")
    source.commit({"README.md": "two"})
    assert len(mirror(restored, source.folder, "ada/kept")["moved"]) == 1
