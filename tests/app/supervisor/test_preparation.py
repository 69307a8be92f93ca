"""From a request to a plan: what enters it, and what is refused before anything is recorded."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from app import clock
from app.consent import Answers
from app.devices.entries import DeviceEntry
from app.devices.load import demo_devices
from app.plan import Lock, SessionPlan
from app.study import Study
from app.supervisor import checks, space
from app.supervisor.checks import Check, CheckError, Report, check_session, optional_where_failed
from app.supervisor.preparation import Request, prepare
from protocols.schedule import Schedule
from stimuli.problems import EvokeError
from stimuli.sets import bundled_sets, load_set

REQUEST = Request(protocol="demo", participant="sim01", window="null", auto=True, seed=7)
DEVICES = "- {id: eeg, source: brainflow, params: {board: synthetic}}\n"
MISSING_CAMERA = "- {id: camera, source: camera, params: {source: nowhere.mp4}}\n"
PROTOCOL = """
name: own
version: 2
title: Own pictures
stimuli:
  set: pictures
  categories: {pleasant: {category: pleasant}}
trials:
  see: [{kind: picture, duration_s: 1}]
blocks:
  - {name: main, trial: see, draw: {pleasant: 1}}
"""


@pytest.fixture
def simulation(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study", "Try", "simulation")


@pytest.fixture
def people(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "people", "Fear", "people", devices="devices.yaml", characters=True)
    (study.folder / "devices.yaml").write_text(DEVICES)
    return study


def test_the_plan_holds_all_that_was_decided(simulation: Study) -> None:
    plan, paths = prepare(simulation, REQUEST).begin()
    assert SessionPlan.load(paths.plan) == plan
    assert (plan.name, plan.run, plan.session) == (paths.name, 1, 1)
    assert (plan.origin, plan.auto, plan.window) == ("automatic", True, "null")
    assert plan.study == "Try"
    assert "name: demo" in plan.protocol_yaml
    assert [device["id"] for device in plan.devices] == [device.id for device in demo_devices()]
    assert {check["verdict"] for check in plan.checks["results"]} == {"passed"}
    assert plan.software["python"]
    schedule = Schedule.from_json(plan.schedule or {})
    assert (schedule.participant, schedule.slot, schedule.seed) == ("sim01", 0, 7)


def test_no_absolute_path_enters_the_plan_of_bundled_stimuli(simulation: Study, tmp_path: Path) -> None:
    _, paths = prepare(simulation, REQUEST).begin()
    assert str(tmp_path) not in paths.plan.read_text()


def test_a_person_is_recorded_with_the_study_s_devices(people: Study) -> None:
    plan, _ = prepare(people, replace(REQUEST, participant="01", auto=False, consent=Answers())).begin()
    assert (plan.origin, plan.characters) == ("recorded", True)
    assert [device["id"] for device in plan.devices] == ["eeg"]


def test_the_next_participant_gets_the_next_slot_and_another_order(simulation: Study) -> None:
    schedules = [
        Schedule.from_json(
            prepare(simulation, replace(REQUEST, participant=f"sim0{n}")).begin()[0].schedule or {}
        )
        for n in (1, 2)
    ]
    assert [schedule.slot for schedule in schedules] == [0, 1]
    assert schedules[0].stages != schedules[1].stages


def test_without_a_number_the_visit_is_the_next(simulation: Study) -> None:
    _, first = prepare(simulation, REQUEST).begin()
    second, _ = prepare(simulation, REQUEST).begin()
    again, _ = prepare(simulation, replace(REQUEST, session=1)).begin()
    assert first.name.endswith("ses-01_task-demo_run-01")
    assert (second.session, second.run) == (2, 1)
    assert (again.session, again.run) == (1, 2)


def test_a_visit_that_left_only_logs_is_done_again(simulation: Study) -> None:
    _, paths = prepare(simulation, REQUEST).begin()
    paths.logs.mkdir()
    shutil.rmtree(paths.live)
    plan, _ = prepare(simulation, REQUEST).begin()
    assert (plan.session, plan.run) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto": False}, "Add --auto"),
        ({"participant": "01"}, "holds simulations only"),
        ({"participant": "sim 1"}, "letters and digits"),
        ({"protocol": "dmeo"}, "no such protocol"),
        ({"devices": Path("nowhere.yaml")}, "nowhere.yaml"),
        ({"session": 1000}, "counted from 1"),
    ],
)
def test_a_wrong_request_to_a_simulation_is_refused(
    simulation: Study, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(EvokeError, match=message):
        prepare(simulation, replace(REQUEST, **changes)).begin()  # type: ignore[arg-type]
    assert not list(simulation.folder.glob("**/*.live"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"participant": "01"}, "--auto lets the computer answer"),
        ({"participant": "sim01"}, "--auto lets the computer answer"),
        (
            {"participant": "sim01", "auto": False},
            "simulated participants, and the study 'Fear' is of people",
        ),
    ],
)
def test_a_simulation_in_a_study_of_people_is_refused(
    people: Study, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(EvokeError, match=message):
        prepare(people, replace(REQUEST, **changes))  # type: ignore[arg-type]
    assert people.participants() == ()


def test_a_rehearsal_may_be_automatic_and_uses_no_slot(people: Study) -> None:
    plan, paths = prepare(people, replace(REQUEST, rehearsal=True)).begin()
    assert plan.origin == "automatic"
    assert paths.folder.is_relative_to(people.folder / "rehearsals")
    assert people.participants() == ()


def test_a_study_of_people_without_devices_is_refused(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "S", "people")
    with pytest.raises(EvokeError, match="no devices are chosen"):
        prepare(study, replace(REQUEST, participant="01", auto=False, consent=Answers()))


def test_a_required_device_that_is_not_there_needs_a_reason(simulation: Study) -> None:
    path = simulation.folder / "devices.yaml"
    path.write_text(DEVICES + MISSING_CAMERA)
    request = replace(REQUEST, devices=path)
    with pytest.raises(CheckError, match=r"nowhere\.mp4[\s\S]*--accept"):
        prepare(simulation, request)
    plan, _ = prepare(simulation, replace(request, accept="camera is at repair")).begin()
    assert plan.accept == "camera is at repair"
    assert [device["required"] for device in plan.devices] == [True, False]


def test_a_missing_picture_is_refused_and_cannot_be_accepted(simulation: Study, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(bundled_sets()["open"], pictures)
    pleasant = [item for item in load_set(pictures).items.values() if item.category == "pleasant"]
    for item in pleasant:
        item.path.unlink()
    (tmp_path / "own.yaml").write_text(PROTOCOL)
    request = replace(REQUEST, protocol=str(tmp_path / "own.yaml"), accept="never mind")
    with pytest.raises(EvokeError, match="is missing"):
        prepare(simulation, request)


def test_pictures_beside_the_protocol_are_found_from_the_live_folder(
    simulation: Study, tmp_path: Path
) -> None:
    shutil.copytree(bundled_sets()["open"], tmp_path / "pictures")
    (tmp_path / "own.yaml").write_text(PROTOCOL)
    plan, paths = prepare(simulation, replace(REQUEST, protocol=str(tmp_path / "own.yaml"))).begin()
    assert not Path(plan.stimulus_folder).is_absolute()
    assert (paths.live / plan.stimulus_folder).resolve() == (tmp_path / "pictures").resolve()


def test_a_protocol_inside_the_study_is_found_by_its_file_name(simulation: Study) -> None:
    text = PROTOCOL.replace("set: pictures", "set: open")
    (simulation.folder / "own.yaml").write_text(text)
    plan, _ = prepare(simulation, replace(REQUEST, protocol="own.yaml")).begin()
    assert "task-own" in plan.name


def test_while_a_session_runs_no_other_begins(simulation: Study) -> None:
    _, paths = prepare(simulation, REQUEST).begin()
    lock = Lock.of_this_process(1, "token", "uuid")
    lock.write(paths.lock)
    with pytest.raises(CheckError, match="is being recorded now"):
        prepare(simulation, REQUEST)
    replace(lock, finishing=True).write(paths.lock)
    prepare(simulation, REQUEST)


def test_windows_that_cannot_open_are_refused(simulation: Study) -> None:
    with pytest.raises(CheckError, match="lacks libEGL"):
        prepare(simulation, replace(REQUEST, accept="x"), window_problem="This system lacks libEGL.so.1.")


def test_a_full_disk_needs_a_reason(simulation: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10, 9, 1))
    with pytest.raises(CheckError, match="Free some space"):
        prepare(simulation, REQUEST)
    plan, paths = prepare(simulation, replace(REQUEST, accept="short try")).begin()
    assert plan.accept == "short try"
    assert str(simulation.folder) not in paths.plan.read_text()


def test_a_folder_that_cannot_be_written_is_refused(
    simulation: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(CheckError, match="can only be read"):
        prepare(simulation, replace(REQUEST, accept="x"))


def test_every_reason_is_told_at_once() -> None:
    report = Report((Check("a", "refused", "One."), Check("b", "failed", "Two."), Check("c", "passed")), 0.1)
    with pytest.raises(CheckError, match=r"One\.\nTwo\."):
        report.demand("")
    with pytest.raises(CheckError, match=r"^One\.$"):
        report.demand("reason")


def test_results_are_json(tmp_path: Path) -> None:
    report = check_session(tmp_path, demo_devices(), 60.0)
    assert json.loads(json.dumps(report.to_json()))["results"]
    assert optional_where_failed(demo_devices(), report) == demo_devices()


@pytest.mark.parametrize(
    ("entry", "bytes_per_s"),
    [
        # 250 Hz: 31 rows of float64 that carry data or clock, and the time of each sample.
        (DeviceEntry("eeg", "brainflow", True, {"board": "synthetic", "presets": ["default"]}), None),
        (DeviceEntry("mic", "microphone", True, {"rate_hz": 16000}), 16000 * 10),
        (
            DeviceEntry("face", "camera", True, {"width": 100, "height": 50, "fps": 10}),
            10 * (5000 * 0.16 + 8),
        ),
        (DeviceEntry("x", "lsl", True, {"name": "X"}), space.UNKNOWN_BYTES_PER_S),
    ],
)
def test_the_room_of_a_device_follows_from_its_own_rate(
    entry: DeviceEntry, bytes_per_s: float | None
) -> None:
    if bytes_per_s is None:
        from app.devices.brainflow import board_streams

        infos = board_streams(entry.brainflow(), "eeg", str)
        bytes_per_s = sum(info.rate_hz * (len(info.channels) * 8 + 8) for info in infos)
        assert bytes_per_s > 250 * 30 * 8
    assert space.device_bytes_per_s(entry) == pytest.approx(bytes_per_s)


def test_a_long_session_is_planned_with_its_finished_copy() -> None:
    rates = [space.device_bytes_per_s(device) for device in demo_devices()]
    assert all(rate > 0 for rate in rates)
    assert space.planned_bytes(demo_devices(), 60.0) == pytest.approx(2.2 * 60 * sum(rates))


def test_what_is_planned_for_the_demo_is_about_what_its_recorder_writes() -> None:
    # Measured: 1.1 MB/s with the generated face, which is smaller than a camera's picture.
    assert 0.8e6 < space.planned_bytes(demo_devices(), 1.0) / 2.2 < 4e6


@pytest.mark.parametrize(
    ("utc_s", "booted_s", "verdict", "text"),
    [
        (1.9e9, 1.8e9, "passed", "agree within"),
        (3600.0, 0.0, "failed", "1970-01-01, which cannot be"),
        (1.9e9, 1.95e9, "failed", "was set back"),
    ],
)
def test_a_computer_that_lost_its_date_is_found_out(
    monkeypatch: pytest.MonkeyPatch, utc_s: float, booted_s: float, verdict: str, text: str
) -> None:
    monkeypatch.setattr("time.time", lambda: utc_s)
    monkeypatch.setattr("psutil.boot_time", lambda: booted_s)
    check = checks.clock_check()
    assert (check.verdict, text in check.text) == (verdict, True)


def test_a_clock_that_is_not_lsl_s_is_told_and_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.now
    monkeypatch.setattr("app.clock.now", lambda: before() + 5.0)
    check = checks.clock_check()
    assert check.verdict == "warned"
    assert check.text.startswith("LSL's clock and the system's differ by ")


def test_a_study_elsewhere_needs_room_on_both_disks(
    simulation: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    (simulation.folder.parent / ".stfolder").mkdir()
    prepared = prepare(simulation, REQUEST)
    assert [check.name for check in prepared.report.checks].count("disk") == 2
    plan, paths = prepared.begin()
    assert not paths.live.is_relative_to(simulation.folder)
    assert str(paths.folder) not in paths.plan.read_text()
    assert SessionPlan.load(paths.plan) == plan
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(0, 0, 0))
    with pytest.raises(CheckError, match="This computer's disk: 0 MB are free"):
        prepare(simulation, REQUEST)
