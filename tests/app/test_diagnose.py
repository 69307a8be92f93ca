"""`evoke diagnose`: everything a developer needs, nothing that tells who took part or what was typed."""

from __future__ import annotations

import argparse
import json
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from analysis.records import StreamInfo
from analysis.session_file import PartWriter
from app import clock
from app.commands.diagnose import DiagnoseError, diagnose
from app.commands.scrubbing import Scrubber
from app.events import Journal
from app.plan import SessionPaths, SessionPlan
from app.recorder.finishing import finish

CODE = "quetzal7"
STUDY = "Grief in widowers"
TYPED = "my neighbour Ottilie lies"
NOTE = "coughs like Hieronymus"
CONSENT = "signed by Melusine"
SECRETS = (CODE, STUDY, TYPED, "Ottilie", NOTE, "Hieronymus", "Melusine", "1.2345678")


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no devices: that takes seconds, and has tests of its own."""
    monkeypatch.setattr("app.devices.discover.discover", list)


@pytest.fixture
def session(tmp_path: Path) -> SessionPaths:
    """Return a session that was interrupted, with secrets wherever one can be."""
    name = f"sub-{CODE}_ses-01_task-grief_run-01"
    paths = SessionPaths(tmp_path / STUDY / f"sub-{CODE}" / "ses-01", name)
    plan = SessionPlan(
        uuid="4f4cf3c5-6cf5-4a56-9d3e-0d3b6b8f8c11",
        name=name,
        origin="recorded",
        study=STUDY,
        participant=CODE,
        consent={"form": CONSENT},
        characters=True,
    )
    paths.live.mkdir(parents=True)
    plan.save(paths.plan)
    presenter = Journal(paths.journal("presenter"), "presenter")
    presenter.append("trial_started", trial=0, payload={"stimulus": "calm-01", "category": "neutral"})
    presenter.append("typing_result", trial=0, payload={"sentence_id": "s1", "keys": 25, "text": TYPED})
    presenter.append("response", trial=0, payload={"item": "why", "value": TYPED, "reaction_s": 1.2345678})
    for letter in TYPED:
        presenter.append("key", payload={"key": letter, "char": letter, "class": "letter", "edge": "down"})
    presenter.close()
    supervisor = Journal(paths.journal("supervisor"), "supervisor")
    supervisor.append("process_ended", payload={"role": "bridge", "name": CODE, "status": -11})
    supervisor.append("note", payload={"text": NOTE}, wait=True)
    supervisor.close()
    stream = StreamInfo("eda", "eda", "recorded", ("eda",), ("uS",), ("eda",), 4.0, "float64")
    part = PartWriter.create(
        paths.part(1), {"uuid": plan.uuid, "part": 1, "boot_id": clock.boot_id()}, [stream]
    )
    times = clock.now() + np.arange(8) / 4
    part.append("eda", times, np.full((8, 1), 1.2345678), float(times[-1]), 0)
    part.flush()
    part.close("stopped")
    paths.logs.mkdir()
    (paths.logs / "recorder.log").write_text(
        f"recorder: part 1 of {paths.part(1)}\n"
        f"from {Path.home()} on {socket.gethostname()} as 192.168.3.44\n"
        'Traceback (most recent call last):\n  File "app/recorder/writer.py", line 88, in _flush\n'
        f"ValueError: cannot read '{TYPED}' of {CODE.upper()}\n"
        f"supervisor: note {NOTE}\n",
        encoding="utf-8",
    )
    return paths


def pack(out: Path, *sessions: Path) -> dict[str, str]:
    """Run the command and return the texts of the zip file."""
    options = argparse.Namespace(out=out, session=list(sessions), json=True)
    assert diagnose(options) == 0
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def assert_no_secret(files: dict[str, str]) -> None:
    """Look for every secret in names and texts of the zip file, in any case."""
    secrets = (*SECRETS, str(Path.home()) + "/", socket.gethostname(), "192.168.3.44")
    everything = "\n".join([*files, *files.values()]).casefold()
    assert [secret for secret in secrets if secret.casefold() in everything] == []


@pytest.mark.parametrize("place", ["live", "logs", "folder"])
def test_an_interrupted_session_is_packed_without_secrets(
    session: SessionPaths, tmp_path: Path, place: str
) -> None:
    files = pack(tmp_path / "out.zip", getattr(session, place))
    assert_no_secret(files)
    kinds = [json.loads(line).get("kind") for line in files["session-1/presenter.jsonl"].splitlines()]
    assert kinds[:4] == ["journal_opened", "trial_started", "typing_result", "response"]
    ended = next(line for line in files["session-1/supervisor.jsonl"].splitlines() if "process_ended" in line)
    assert json.loads(ended) | {"time_s": 0, "seq": 0} == {
        "time_s": 0,
        "seq": 0,
        "source": "supervisor",
        "kind": "process_ended",
        "role": "bridge",
        "status": -11,
    }
    log = files["session-1/recorder.log"]
    assert 'File "app/recorder/writer.py", line 88, in _flush' in log
    assert "ValueError: cannot read '...' of <left out>" in log


def test_a_finished_session_is_packed_without_secrets(session: SessionPaths, tmp_path: Path) -> None:
    finish(session)
    files = pack(tmp_path / "out.zip", session.final)
    assert_no_secret(files)
    summary = json.loads(files["session-1/summary.json"])
    assert summary["streams"][0]["samples"] == 8
    assert "typing_result" in files["session-1/events.jsonl"]


def test_without_a_session_machine_and_versions_are_packed(tmp_path: Path) -> None:
    files = pack(tmp_path / "out.zip")
    assert set(files) == {"README.txt", "versions.json", "machine.json", "devices.json"}
    assert json.loads(files["versions.json"])["packages"]["numpy"] == np.__version__
    assert json.loads(files["machine.json"])["cores"] >= 1
    assert_no_secret(files)


def test_a_part_that_fails_does_not_cost_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[object]:
        raise RuntimeError("driver crashed")

    monkeypatch.setattr("app.devices.discover.discover", fail)
    files = pack(tmp_path / "out.zip")
    assert json.loads(files["devices.json"]) == {"failed": "RuntimeError: driver crashed"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    pack(tmp_path / "out.zip")
    with pytest.raises(DiagnoseError, match="exists already"):
        pack(tmp_path / "out.zip")


@pytest.mark.parametrize(("place", "said"), [("nowhere", "no such file"), (".", "no session here")])
def test_a_place_without_a_session_is_named(tmp_path: Path, place: str, said: str) -> None:
    with pytest.raises(DiagnoseError, match=said):
        pack(tmp_path / "out.zip", tmp_path / place)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lost sub-p12_ses-01", "lost sub-*_ses-01"),
        ("from 10.1.2.3 to 127.0.0.1", "from <address> to 127.0.0.1"),
        ("at fe80::1:2:3:4", "at <address>"),
        ("version 6.11.3", "version 6.11.3"),
        ("mail to a.b@lab.example now", "mail to <mail> now"),
        ("device 00:11:22:aa:bb:cc", "device <hardware address>"),
        ("at 12:30:45.250", "at 12:30:45.250"),
        ("read 'a b c' twice", "read '...' twice"),
        ("in /{}/anna/lab".format("home"), "in ~/lab"),
        ("the code xy and oxygen", "the code <left out> and oxygen"),
    ],
)
def test_what_is_scrubbed_and_what_stays(text: str, expected: str) -> None:
    assert Scrubber(["xy"]).text(text) == expected


def test_values_are_scrubbed_however_deep() -> None:
    assert Scrubber(["xy"]).values({"xy": [{"a": "xy", "b": 3}]}) == {
        "<left out>": [{"a": "<left out>", "b": 3}]
    }
