"""The supervisor's way through a session, with small stand-ins for its children."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from app.link import Link
from app.plan import Lock
from tests.helpers.stage import Stage


def test_a_session_runs_by_itself_to_its_finished_file(stage: Stage) -> None:
    stage.start()
    outcome = stage.end()
    assert (outcome.status, outcome.reason, outcome.path) == (0, "completed", stage.paths.final)
    assert (outcome.sha256, outcome.parts, outcome.restarts) == ("abc", 1, {})
    assert stage.told("recorder", "streams") == [["eeg", "camera"]]
    assert "start" in stage.told("presenter", "told")
    timing = outcome.timing()
    assert timing["session_s"] >= timing["presented_s"] > 0


def test_starts_and_ends_of_every_process_are_journalled(stage: Stage) -> None:
    stage.start()
    stage.end()
    started = {event.payload["name"]: event.payload["pid"] for event in stage.events("process_started")}
    assert set(started) == {"eeg", "camera", "recorder", "presenter", "monitor", "sounder"}
    ended = {event.payload["name"]: event.payload["status"] for event in stage.events("process_ended")}
    assert ended == dict.fromkeys(started, 0)
    assert [event.payload["reason"] for event in stage.events("session_ended")] == ["completed"]
    assert stage.events("clock_anchor")


def test_every_child_has_a_log(stage: Stage) -> None:
    stage.start()
    stage.end()
    logs = {path.name for path in stage.paths.logs.iterdir()}
    assert logs >= {"bridge-eeg.log", "capture-camera.log", "recorder.log", "presenter.log", "finisher.log"}


def test_a_required_device_that_stays_silent_is_named_and_nothing_is_recorded(stage: Stage) -> None:
    stage.start({"bridge-eeg": {"silent": True, "message": "No dongle."}}, streams_limit_s=3.0)
    outcome = stage.end()
    assert outcome.status == 1
    assert outcome.message.startswith("device eeg: No dongle.")
    assert outcome.message.endswith("Nothing was recorded.")
    assert not stage.paths.live.exists()
    assert not stage.paths.final.exists()


def test_an_optional_device_that_stays_silent_is_an_alarm_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.supervisor.opening.OPTIONAL_GRACE_S", 0.5)
    stage.start({"capture-camera": {"silent": True}})
    assert stage.end().status == 0
    assert stage.told("recorder", "streams") == [["eeg"]]
    assert any("camera" in line for line in stage.said)


def test_a_recorder_without_data_fails_before_the_start(stage: Stage) -> None:
    stage.start({"recorder": {"unready": True}}, ready_limit_s=1.0)
    outcome = stage.end()
    assert outcome.status == 1
    assert "no data came from" in outcome.message


@pytest.mark.parametrize("label", ["bridge-eeg", "capture-camera"])
def test_a_device_that_dies_is_started_again(stage: Stage, label: str) -> None:
    stage.start({label: {"die_after_s": 0.5}, "presenter": {"lasts_s": 1.6}})
    outcome = stage.end()
    assert outcome.status == 0
    assert outcome.restarts == {label: 1}
    ends = [event.payload for event in stage.events("process_ended") if event.payload["status"]]
    assert [(end["cause"], end["restart_in_s"]) for end in ends] == [("exit status 9", 0.2)]
    assert stage.events("alarm")


def test_a_device_that_hangs_is_started_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.crew.SILENCE_LIMIT_S", 1.5)
    stage.start({"bridge-eeg": {"mute": True, "times": 1}, "presenter": {"lasts_s": 3.0}})
    outcome = stage.end()
    assert outcome.restarts == {"bridge-eeg": 1}
    assert "hung" in [event.payload["cause"] for event in stage.events("process_ended")]


@pytest.mark.slow
def test_a_monitor_that_hangs_is_started_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.crew.SILENCE_LIMIT_S", 1.5)
    stage.start({"monitor": {"silent": True}, "presenter": {"lasts_s": 2.5}})
    outcome = stage.end()
    assert (outcome.status, outcome.alarms) == (0, 0)
    assert outcome.restarts["monitor"] >= 1


def test_a_silent_recorder_is_an_alarm_that_its_next_word_clears(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.supervisor.desk.SILENT_S", 0.6)
    scene = {"recorder": {"stalls": [0.8, 2.0]}, "presenter": {"lasts_s": 2.0, "talks": True}}
    stage.start(scene)
    assert stage.end().status == 0
    (alarm,) = stage.events("alarm")
    assert (alarm.payload["code"], alarm.payload["stream"]) == ("process_silent", "recorder")
    assert [event.payload["stream"] for event in stage.events("alarm_cleared")] == ["recorder"]


def test_a_recorder_that_dies_is_told_the_streams_again(stage: Stage) -> None:
    stage.start({"recorder": {"die_after_s": 0.8}, "presenter": {"lasts_s": 1.6}})
    outcome = stage.end()
    assert (outcome.status, outcome.restarts) == (0, {"recorder": 1})
    assert stage.told("recorder", "streams")[0] == stage.told("recorder", "streams")[-1]
    assert len(stage.told("recorder", "streams")) >= 2
    assert len(stage.told("recorder", "stop")) == 1


def test_a_recorder_that_dies_in_draining_is_started_again_for_the_rest(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 0.5}, "recorder": {"die_after_s": 0.0, "times": 2}})
    outcome = stage.end()
    assert outcome.status == 0
    assert outcome.restarts == {"recorder": 2}


def test_a_recorder_that_cannot_write_ends_the_session_with_an_alarm(stage: Stage) -> None:
    stage.start({"recorder": {"die_after_s": 1.0, "status": 74}, "presenter": {"lasts_s": 30.0}})
    outcome = stage.end()
    assert outcome.status == 1
    assert "the disk is full or broken" in outcome.message
    assert "What was recorded is safe in" in outcome.message
    assert stage.paths.live.exists()
    assert not stage.paths.final.exists(), "a second copy has no room"
    assert stage.told("presenter", "told")[-1] == "abort"
    assert outcome.restarts == {}


def test_without_an_operator_a_lost_presenter_goes_on_with_the_next_trial(stage: Stage) -> None:
    stage.start({"presenter": {"die_after_s": 0.7, "lasts_s": 1.5}})
    outcome = stage.end()
    assert (outcome.status, outcome.restarts) == (0, {"presenter": 1})
    told = [name for name in stage.told("presenter", "told") if name != "peers"]
    assert told == ["start", "next"]


def test_a_presenter_that_always_dies_ends_the_session(stage: Stage) -> None:
    stage.start({"presenter": {"die_after_s": 0.3, "times": 99, "lasts_s": 30.0}})
    outcome = stage.end()
    assert outcome.status == 1
    assert "participant's window failed" in outcome.message
    assert outcome.path is not None, "what was recorded is finished all the same"


def test_an_interrupt_ends_after_the_trial(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0}})
    stage.wait_for(lambda: "start" in stage.told("presenter", "told"))
    stage.supervisor.interrupt()
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "stopped")
    assert "stop" in stage.told("presenter", "told")


def test_a_second_interrupt_ends_at_once(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0, "trial_s": 60.0}})
    stage.wait_for(lambda: "start" in stage.told("presenter", "told"))
    stage.supervisor.interrupt()
    stage.wait_for(lambda: "stop" in stage.told("presenter", "told"))
    stage.supervisor.interrupt()
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "stopped")


def test_an_interrupt_before_the_start_leaves_nothing_behind(stage: Stage) -> None:
    stage.start(attended=True)
    stage.wait_for(lambda: stage.supervisor.state.phase == "waiting")
    stage.supervisor.interrupt()
    outcome = stage.end()
    assert (outcome.status, outcome.path) == (1, None)
    assert not stage.paths.live.exists()


def test_the_operator_starts_notes_and_aborts(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0}}, attended=True)
    stage.wait_for(stage.paths.lock.exists)
    lock = Lock.read(stage.paths.lock)
    assert lock is not None
    console = Link(lock.port, lock.token, "console", "console", os.getpid())
    states: list[dict[str, Any]] = []

    def phase() -> str:
        states.extend(message for message in console.poll() if message["type"] == "state")
        return str(states[-1]["phase"]) if states else ""

    stage.wait_for(lambda: phase() == "waiting")
    console.send({"type": "command", "name": "start"})
    stage.wait_for(lambda: phase() == "running")
    console.send({"type": "command", "name": "note", "text": "sneezed"})
    console.send({"type": "command", "name": "abort"})
    outcome = stage.end()
    # The last state may still be on its way when the supervisor has ended.
    stage.wait_for(lambda: phase() == "finished")
    console.close()
    assert (outcome.status, outcome.reason) == (0, "aborted")
    assert [event.payload["text"] for event in stage.events("note")] == ["sneezed"]
    assert [event.payload["name"] for event in stage.events("command")] == ["start", "abort"]
    assert states[-1]["file"] == "session.h5"
    assert set(states[-1]["processes"]) >= {"bridge-eeg", "capture-camera", "recorder", "presenter"}


def test_nonsense_from_a_peer_disturbs_nothing(stage: Stage) -> None:
    stage.start(attended=True)
    stage.wait_for(lambda: stage.supervisor.state.phase == "waiting")
    lock = Lock.read(stage.paths.lock)
    assert lock is not None
    bridge = Link(lock.port, lock.token, "bridge", "eeg", os.getpid())
    for message in ({"type": "declare"}, {"type": "declare", "streams": 3}, {"type": "?"}, {}):
        bridge.send(message)
    console = Link(lock.port, lock.token, "console", "console", os.getpid())
    console.send({"type": "command", "name": 7, "text": []})
    console.send({"type": "command", "name": "start"})
    assert stage.end().status == 0
    bridge.close()
    console.close()


def test_a_plain_recording_ends_by_itself_without_a_presenter(stage: Stage) -> None:
    stage.start(window="none", seconds=0.5)
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "completed")
    assert not (stage.paths.folder / "presenter.starts").exists()


def test_a_plain_recording_ends_at_an_interrupt(stage: Stage) -> None:
    stage.start(window="none")
    stage.wait_for(lambda: stage.supervisor.state.phase == "running")
    stage.supervisor.interrupt()
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "stopped")


def test_finishing_that_dies_is_done_again(stage: Stage) -> None:
    stage.start({"finisher": {"dies": 1}})
    assert stage.end().status == 0


def test_a_failed_finishing_says_what_is_safe(stage: Stage) -> None:
    stage.start({"finisher": {"message": "No space."}})
    outcome = stage.end()
    assert outcome.status == 1
    assert outcome.message.startswith("No space. What was recorded is safe in")
    assert stage.paths.live.exists()


def test_while_finishing_the_next_session_may_start(stage: Stage) -> None:
    seen: list[bool] = []
    stage.start({"presenter": {"lasts_s": 0.1}})

    def look() -> bool:
        lock = Lock.read(stage.paths.lock)
        seen.append(lock is not None and lock.finishing)
        return seen[-1]

    stage.wait_for(look)
    assert stage.end().status == 0


def test_children_do_not_share_the_terminal(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0}})
    stage.wait_for(lambda: stage.supervisor.state.phase == "running")
    pids = [child.pid for child in stage.supervisor._crew.all() if child.is_running]
    if hasattr(os, "getpgid"):
        assert os.getpgid(0) not in {os.getpgid(pid) for pid in pids}
    os.kill(pids[0], signal.SIGTERM)
    stage.supervisor.interrupt()
    stage.end()
