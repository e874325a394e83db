"""`assay submit` up to the door: what goes where, and what is not sent at all."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli import assay
from assay.cli.submission import RefusedError, submit_files
from assay.errors import AssayError, InvalidError, UnauthenticatedError
from assay.formats.result import Entry, Source, write_results
from assay.formats.run_record import (
    RunBenchmark,
    RunLog,
    RunMetric,
    RunModel,
    RunRecord,
    write_run_record,
)

NOWHERE = "http://127.0.0.1:9"


def submit(*files: Path, to: str = "acme/model", options: tuple[str, ...] = ()) -> Result:
    arguments = ["submit", *map(str, files), "--to", to, "--endpoint", NOWHERE, *options]
    return CliRunner().invoke(assay, arguments, env={"HF_TOKEN": "right"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a run leaves, and beside it what an earlier one left."""
    log = tmp_path / "log"
    with zipfile.ZipFile(log, "w") as archive:
        archive.writestr("header.json", "{}")
    sha256 = hashlib.sha256(log.read_bytes()).hexdigest()
    record = RunRecord(
        model=RunModel(repo="acme/model"),
        benchmark=RunBenchmark(id="acme/even", task_id="even"),
        metrics=(RunMetric(id="accuracy", value=50.0),),
        log=RunLog(url=f"eval_logs/{sha256}.eval", sha256=sha256),
    )
    digest, data = write_run_record(record)
    source = Source(f"{NOWHERE}/runs/{digest}", "assay run")
    entry = Entry(
        dataset_id="acme/even", task_id="even", value=50.0, value_text="50.0", source=source
    )
    out = tmp_path / "out"
    (out / ".eval_results" / "runs").mkdir(parents=True)
    (out / "eval_logs").mkdir()
    (out / ".eval_results" / "even--even.yaml").write_bytes(write_results([entry]))
    (out / ".eval_results" / "runs" / f"{digest}.json").write_bytes(data)
    (out / ".eval_results" / "runs" / f"{'0' * 64}.json").write_bytes(b"{}")
    log.rename(out / "eval_logs" / f"{sha256}.eval")
    (out / "eval_logs" / f"{'0' * 64}.eval").write_bytes(b"")
    return out


def test_good_files_pass_the_check_and_go_to_the_hub(folder: Path) -> None:
    result = submit(folder)
    assert isinstance(result.exception, AssayError)
    assert NOWHERE in str(result.exception)  # it got as far as the hub, which is not there
    assert result.output == ""


def test_a_file_with_an_error_sends_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("- dataset: {id: acme/even, task_id: even}\n  value: most\n")
    result = submit(bad)
    assert isinstance(result.exception, InvalidError)
    assert "nothing was sent" in str(result.exception)
    assert "bad.yaml:2" in result.output
    assert "AS406" in result.output


def test_each_file_goes_to_its_place(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"  # so that the list is printed and nothing is sent
    bad.write_text("- {}\n")
    result = submit(folder, bad, options=("--json",))
    document = json.loads(result.output)
    [record] = [path for path in document["files"] if path.endswith(".json")]
    [log] = [path for path in document["files"] if path.endswith(".eval")]
    assert set(document["files"]) == {
        ".eval_results/even--even.yaml",
        ".eval_results/bad.yaml",
        record,
        log,
    }
    assert document["pull_request"] is None
    for path in (record, log):
        digest = hashlib.sha256(Path(document["files"][path]).read_bytes()).hexdigest()
        assert Path(path).stem == digest


def test_a_record_about_another_model_is_said(folder: Path) -> None:
    result = submit(folder, to="acme/other")
    assert "the run record names another model" in result.output


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("notes.txt", "", "cannot tell what this is"),
        ("run.eval", "text", "no Inspect log"),
        ("record.json", "{", "no run record"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    assert said in str(submit(tmp_path / name).exception)


def test_two_files_for_one_place_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.yaml").write_text("[]\n")
    result = submit(tmp_path / "a" / "same.yaml", tmp_path / "b" / "same.yaml")
    assert "would both become .eval_results/same.yaml" in str(result.exception)


def test_without_a_token_nothing_is_sent() -> None:
    with pytest.raises(UnauthenticatedError, match="needs a token"):
        submit_files(NOWHERE, None, "acme/model", {}, "")


class Refusing(BaseHTTPRequestHandler):
    """A hub that knows the model and refuses every commit with a finding."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send(200, {"id": "acme/model"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])).splitlines()[0])
        if "preupload" in self.path:
            how = {"uploadMode": "regular", "shouldIgnore": False}
            files = [{"path": file["path"]} | how for file in body["files"]]
            self._send(200, {"files": files})
            return
        finding = {"path": "a.yaml", "line": 2, "code": "AS406", "message": "no \x1b value"}
        self._send(400, {"error": "refused", "findings": [finding]})

    def _send(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_refusal_shows_the_hubs_findings(refusing: str, folder: Path) -> None:
    file = next((folder / ".eval_results").glob("*.yaml"))
    with pytest.raises(RefusedError, match="AS406") as caught:
        submit_files(refusing, "right", "acme/model", {".eval_results/a.yaml": file}, "title")
    assert [finding.code for finding in caught.value.findings] == ["AS406"]
    assert r"no \x1b value" in caught.value.message


def test_a_run_of_another_model_is_not_sent(folder: Path) -> None:
    result = submit(folder, to="acme/other")
    assert isinstance(result.exception, InvalidError)
    assert "is the record of a run of acme/model, not of acme/other" in str(result.exception)
