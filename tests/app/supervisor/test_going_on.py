"""Real sessions of people: nothing but what was agreed to is recorded, and what broke off goes on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.session_file import open_session, verify
from app import visits
from app.consent import Answers
from app.link import Link
from app.plan import Lock, SessionPaths
from app.study import Study
from app.supervisor.outcome import Choices, Outcome
from app.supervisor.preparation import Request, prepare
from app.supervisor.session import Supervisor

PROTOCOL = """\
name: own
version: 1
title: Own pictures
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
trials:
  see: [{kind: picture, duration_s: 0.5}]
blocks:
  - {name: main, trial: see, draw: {pleasant: 4}}
"""
DEVICES = """\
- {id: band, source: wristband, params: {seed: 1}}
- {id: face, source: camera, params: {source: nowhere.mp4}}
"""
PATIENCE_S = 60.0


def play(study: Study, request: Request, meanwhile: Callable[[SessionPaths], None]) -> Outcome:
    """Run a session to its end and enter it in the study."""
    plan, paths = prepare(study, request).begin()
    choices = Choices(signal_check_s=0.0)
    supervisor = Supervisor(plan, paths, choices, lambda _: None)
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(supervisor.run()))
    thread.start()
    try:
        meanwhile(paths)
    finally:
        thread.join(PATIENCE_S)
        if thread.is_alive():
            supervisor.interrupt()
            supervisor.interrupt()
            thread.join()
    assert found[0].path is not None, found
    study.enter(found[0].path, found[0].sha256)
    return found[0]


def abort_in_the_second_trial(paths: SessionPaths) -> None:
    """Wait until a trial was completed and another shows its picture; then abort."""
    journal = paths.journal("presenter")
    deadline = time.monotonic() + PATIENCE_S
    while not (journal.exists() and journal.read_text().count('"kind":"stimulus_shown"') > 1):
        assert time.monotonic() < deadline, "no second picture"
        time.sleep(0.02)
    lock = Lock.read(paths.lock)
    assert lock is not None
    link = Link(lock.port, lock.token, "console", "console", os.getpid())
    link.send({"type": "command", "name": "abort"})
    while not journal.exists() or '"kind":"schedule_ended"' not in journal.read_text():
        assert time.monotonic() < deadline, "not aborted"
        time.sleep(0.02)
    link.close()


@pytest.mark.slow
def test_a_session_without_any_device_breaks_off_and_goes_on(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "Fear", "people", protocol="own.yaml", devices="devices.yaml")
    (study.folder / "own.yaml").write_text(PROTOCOL)
    (study.folder / "devices.yaml").write_text(DEVICES)
    everything = Answers(("camera", "voice", "typed_text", "body"))
    request = Request("", "01", window="null", seed=3, consent=everything)
    first = play(study, request, abort_in_the_second_trial)
    assert first.path is not None
    with open_session(first.path) as session:
        assert session.streams == {}
        assert session.attributes["consent"]["streams"]["camera"] is False
        order = [trial["stimulus"] for trial in session.protocol["schedule"]["trials"]]
        begun = [e.payload["stimulus"] for e in session.events if e.kind == "trial_started"]
    ((row,),) = [visits.overview(study)]
    assert (row.visits[0].state, row.visits[0].remaining) == ("broken", 3)
    second = play(study, Request("", "", window="null", continues="last"), lambda _: None)
    assert second.path is not None
    verify(second.path)
    assert second.path.name.endswith("run-02.h5")
    with open_session(second.path) as session:
        started = [e for e in session.events if e.kind == "trial_started"]
        assert [e.payload["stimulus"] for e in started] == order[1:]
        assert [bool(e.payload.get("repeated_exposure")) for e in started] == [True, False, False]
        assert session.attributes["done"] == [0]
    assert begun == order[:2]
    ((row,),) = [visits.overview(study)]
    assert row.visits[0].state == "done"
