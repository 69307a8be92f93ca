"""A session in which a stream is lost: what each policy does, told from the processes' side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.stage import DEVICES, Stage


def lost(*script: tuple[float, str], stream: str = "eeg", lasts_s: float = 1.5) -> dict[str, Any]:
    """A scene in which a stream changes its state at some seconds after the recorder's start."""
    lines = [[at_s, {"states": {stream: state}}] for at_s, state in script]
    return {"recorder": {"script": lines}, "presenter": {"lasts_s": lasts_s}}


def with_policy(on_loss: str) -> list[dict[str, Any]]:
    return [DEVICES[0] | {"on_loss": on_loss}, DEVICES[1]]


def told(stage: Stage) -> list[str]:
    return [name for name in stage.told("presenter", "told") if name not in ("peers", "stop")]


def test_unattended_it_pauses_after_the_trial_and_goes_on_by_itself(stage: Stage) -> None:
    stage.start(lost((0.8, "lost"), (1.8, "live")))
    outcome = stage.end()
    assert (outcome.status, outcome.reason, outcome.alarms) == (0, "completed", 1)
    assert told(stage) == ["start", "pause_after_trial", "resume"]
    assert [event.payload["action"] for event in stage.events("policy")] == ["pause", "resume"]
    assert [event.payload["code"] for event in stage.events("alarm_cleared")] == ["stream_lost"]


@pytest.mark.slow
def test_attended_the_operator_is_told_and_resumes(stage: Stage) -> None:
    stage.start(lost((0.8, "lost"), (2.0, "live")), attended=True)
    console = stage.console()
    console.send({"type": "command", "name": "start"})
    stage.wait_for(lambda: stage.supervisor.state.phase == "paused")
    assert "then resume when it is back" in stage.supervisor.state.message
    stage.wait_for(lambda: "Resume when you are ready" in stage.supervisor.state.message)
    assert stage.supervisor.state.phase == "paused"
    console.send({"type": "command", "name": "resume"})
    stage.wait_for(lambda: stage.supervisor.state.message == "")
    assert stage.end().status == 0


@pytest.mark.slow
def test_what_never_comes_back_ends_the_session_in_order_with_its_file(stage: Stage) -> None:
    stage.start(lost((0.8, "lost"), lasts_s=60.0), lost_limit_s=0.8)
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (1, "stream lost: eeg")
    assert outcome.message == "eeg was lost and did not come back within 1 s."
    assert outcome.path == stage.paths.final
    assert told(stage) == ["start", "pause_after_trial", "abort"]


@pytest.mark.slow
def test_abort_ends_it_and_the_reason_names_the_stream(stage: Stage) -> None:
    stage.start(lost((0.8, "lost"), lasts_s=60.0), devices=with_policy("abort"))
    outcome = stage.end()
    assert (outcome.status, outcome.reason, outcome.path) == (1, "stream lost: eeg", stage.paths.final)
    assert [event.payload["reason"] for event in stage.events("session_ended")] == ["stream lost: eeg"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stream", "devices"),
    [("eeg", with_policy("continue")), ("camera", list(DEVICES))],
    ids=["told", "optional"],
)
def test_it_goes_on_where_nobody_needs_the_stream(
    stage: Stage, stream: str, devices: list[dict[str, Any]]
) -> None:
    stage.start(lost((0.8, "lost"), stream=stream), devices=devices)
    outcome = stage.end()
    assert (outcome.status, outcome.alarms) == (0, 1)
    assert told(stage) == ["start"]


@pytest.mark.slow
def test_the_recorder_s_findings_reach_the_operator_in_words(stage: Stage) -> None:
    events = [
        ["clock_step", {"stream": "eeg", "step_s": 3600.5, "text": "eeg: its clock jumped by 3600.500 s."}],
        ["ambiguous", {"stream": "eeg", "count": 2}],
        ["no_samples", {"stream": "eeg"}],
        ["write_behind", {"behind_s": 3.0, "text": "The disk is slow."}],
        ["machine_slept", {"seconds": 30.2}],
    ]
    stage.start({"recorder": {"script": [[0.5, {"events": events}]]}, "presenter": {"lasts_s": 1.0}})
    outcome = stage.end()
    assert (outcome.status, outcome.alarms) == (0, 1)
    assert [event.payload["text"] for event in stage.events("alarm")] == [
        "eeg: its clock jumped by 3600.500 s.",
        "eeg: several senders answer to it, and none was taken.",
        "eeg: is connected and has sent nothing yet.",
        "The disk is slow.",
        "The computer slept for 30 s; nothing was recorded meanwhile.",
    ]


@pytest.mark.slow
def test_a_restarted_window_is_told_that_a_pause_is_due(stage: Stage) -> None:
    scene = lost((0.8, "lost"), (3.2, "live"))
    scene["presenter"] |= {"die_after_s": 1.0, "lasts_s": 1.5}
    stage.start(scene)
    assert stage.end().status == 0
    names = told(stage)
    assert names[:2] == ["start", "pause_after_trial"]
    assert names[2:4] == ["next", "pause_after_trial"]


@pytest.mark.slow
def test_a_required_device_that_comes_late_is_waited_for_where_somebody_is_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.supervisor.opening.CHECKING_S", 0.2)
    silent = {"silent": True, "silent_times": 1, "message": "No dongle.", "die_after_s": 2.0}
    scene = {"bridge-eeg": silent}
    stage.start(scene, attended=True, streams_limit_s=0.5)
    console = stage.console()
    stage.wait_for(lambda: stage.supervisor.state.message.startswith("device eeg: No dongle."))
    assert stage.supervisor.state.phase == "checking"
    stage.wait_for(lambda: stage.supervisor.state.phase == "waiting")
    console.send({"type": "command", "name": "start"})
    assert stage.end().status == 0
