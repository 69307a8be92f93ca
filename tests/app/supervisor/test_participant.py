"""What concerns the person: signs of need, the debriefing, whose keyboard it is, the curtain."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from analysis.records import Event
from app.link import Link
from app.supervisor import awake
from app.supervisor.alarms import QUIET_CODES, Alarms
from app.supervisor.attention import Attentions
from app.supervisor.awake import Awake
from app.supervisor.participant import SIGNS, tell
from tests.helpers.stage import Stage

SIGN = [0.1, "attention", {"code": "phq9-item9"}]


class Console:
    """The operator's end: the newest state, and what she says."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.link: Link = stage.console()
        self.state: dict[str, Any] = {}

    def look(self) -> dict[str, Any]:
        for message in self.link.poll():
            if message["type"] == "state":
                self.state = message
        return self.state

    def begin(self) -> None:
        self.stage.wait_for(lambda: self.look().get("phase") == "waiting")
        self.link.send({"type": "command", "name": "start"})

    def until(self, what: Any) -> None:
        self.stage.wait_for(lambda: what(self.look()))


def test_the_session_closes_only_when_it_is_noted_what_was_done(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 0.5, "tells": [SIGN]}}, attended=True)
    console = Console(stage)
    console.begin()
    console.until(lambda state: state.get("attentions"))
    (sign,) = console.state["attentions"]
    assert (sign["code"], sign["noted"]) == ("phq9-item9", False)
    console.until(lambda state: "closes when" in state.get("message", ""))
    assert console.state["phase"] == "running", "it is still recorded"
    console.link.send({"type": "attention_noted", "id": sign["id"], "text": "   "})
    console.link.send({"type": "attention_noted", "id": "a9", "text": "of nobody"})
    time.sleep(0.3)
    assert console.look()["phase"] == "running", "saying nothing is no action"
    console.link.send({"type": "attention_noted", "id": sign["id"], "text": "Spoke with her."})
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "completed")
    (noted,) = stage.events("attention_noted")
    assert (noted.payload["code"], noted.payload["action"]) == ("phq9-item9", "Spoke with her.")
    assert stage.events("alarm") == [], "a sign makes no noise"


def test_a_lost_recommender_is_an_alarm_with_its_cause(stage: Stage) -> None:
    lost = [0.1, "recommender_lost", {"text": "recommender.json is gone."}]
    stage.start({"presenter": {"lasts_s": 0.5, "tells": [lost]}})
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "completed")
    (alarm,) = stage.events("alarm")
    assert (alarm.payload["code"], alarm.payload["level"]) == ("recommender_lost", "alarm")
    assert alarm.payload["text"] == (
        "The recommender was lost: recommender.json is gone. Stimuli come as listed from here on; the session"
        " file says so."
    )


@pytest.mark.slow
def test_an_action_may_be_noted_while_the_session_still_runs(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 1.0, "tells": [SIGN]}}, attended=True)
    console = Console(stage)
    console.begin()
    console.until(lambda state: state.get("attentions"))
    identifier = console.state["attentions"][0]["id"]
    console.link.send({"type": "attention_noted", "id": identifier, "text": "Called the contact."})
    assert stage.end().status == 0
    assert stage.events("attention_open") == []


def test_with_nobody_there_an_open_sign_is_in_the_file_and_the_status_says_so(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 0.4, "tells": [SIGN]}})
    outcome = stage.end()
    assert outcome.status == 1 and outcome.path is not None
    assert "phq9-item9" in outcome.message and "not noted" in outcome.message
    (left,) = stage.events("attention_open")
    assert left.payload["code"] == "phq9-item9"


@pytest.mark.slow
def test_after_an_abort_the_debriefing_is_waited_for(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0, "debriefs_s": 0.8}}, attended=True)
    console = Console(stage)
    console.begin()
    console.until(lambda state: state.get("phase") == "running")
    stage.supervisor.interrupt()
    stage.supervisor.interrupt()
    outcome = stage.end()
    assert (outcome.status, outcome.reason) == (0, "stopped")
    assert stage.told("presenter", "told").count("abort") == 1
    assert any("debriefing" in line for line in stage.said)


@pytest.mark.slow
def test_a_further_interrupt_ends_the_debriefing(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0, "debriefs_s": 60.0}})
    stage.wait_for(lambda: "start" in stage.told("presenter", "told"))
    stage.supervisor.interrupt()
    stage.supervisor.interrupt()
    stage.wait_for(lambda: any("debriefing" in line for line in stage.said))
    stage.supervisor.interrupt()
    assert stage.end().reason == "stopped"
    assert stage.told("presenter", "told").count("abort") == 2


@pytest.mark.slow
def test_a_debriefing_does_not_last_for_ever(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 60.0, "debriefs_s": 60.0}}, debriefing_limit_s=0.3)
    stage.wait_for(lambda: "start" in stage.told("presenter", "told"))
    stage.supervisor.interrupt()
    stage.supervisor.interrupt()
    assert stage.end().reason == "stopped"
    assert stage.told("presenter", "told").count("abort") == 2


@pytest.mark.slow
def test_the_console_is_told_at_once_whose_keyboard_it_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.supervisor.desk.STATE_PERIOD_S", 3600.0)
    tells = [[0.2, "health", {"takes_input": True}], [0.5, "health", {"takes_input": False}]]
    stage.start({"presenter": {"lasts_s": 1.0, "tells": tells}}, attended=True)
    stage.supervisor.state.plan = replace(stage.supervisor.plan, auto=False)
    console = Console(stage)
    stage.wait_for(lambda: stage.supervisor.state.phase == "waiting")
    console.link.send({"type": "command", "name": "start"})
    console.until(lambda state: state.get("participant_input") is True)
    console.until(lambda state: state.get("participant_input") is False)
    assert stage.end().status == 0


@pytest.mark.slow
def test_the_curtain_is_up_before_the_participants_window_and_down_after_it(stage: Stage) -> None:
    stage.start({"presenter": {"lasts_s": 0.3}}, window="screen")
    assert stage.end().status == 0
    started = [event.payload["role"] for event in stage.events("process_started")]
    assert started.index("curtain") < started.index("presenter")
    ended = [event.payload["role"] for event in stage.events("process_ended")]
    assert ended.index("curtain") > ended.index("presenter")
    assert stage.told("curtain", "down") == [True]
    assert [event.payload["holder"] for event in stage.events("awake")] == ["supervisor", "curtain"]


@pytest.mark.slow
def test_a_curtain_that_dies_is_told_and_not_hung_again(stage: Stage) -> None:
    stage.start({"curtain": {"die_after_s": 0.2}, "presenter": {"lasts_s": 1.0}}, window="screen")
    outcome = stage.end()
    assert outcome.status == 0 and "curtain" not in outcome.restarts
    (alarm,) = stage.events("alarm")
    assert alarm.payload["level"] == "warning" and "desktop may show" in alarm.payload["text"]


class Quiet:
    """A voice that nobody hears."""

    is_there = is_shared = True

    def __init__(self) -> None:
        self.sounded: list[str] = []

    def sound(self, level: str) -> None:
        self.sounded.append(level)


@pytest.mark.parametrize("kind", SIGNS)
def test_every_sign_is_one_message(kind: str) -> None:
    from app.plan import SessionPlan
    from app.supervisor.state import State

    state, voice = State(SessionPlan(uuid="u", name="n", origin="recorded")), Quiet()
    alarms = Alarms(state, lambda kind, payload: None, lambda text: None, voice)
    payload = {"name": "HDMI-2", "stimulus": "sun", "text": "No file.", "what": "item", "presses": 1}
    tell(alarms, Event(1.0, "presenter", 1, kind, payload=payload))
    sign = SIGNS[kind]
    assert len(state.alarms) == (1 if sign.text else 0)
    for alarm in state.alarms:
        assert "{" not in alarm.text and alarm.code == kind
        assert bool(voice.sounded) == (alarm.level == "alarm")
    if sign.ends:
        tell(alarms, Event(1.0, "presenter", 1, sign.ends, payload=payload))
        tell(alarms, Event(2.0, "presenter", 2, kind, payload=payload))
        assert not alarms.stands(sign.ends, "presenter")


def test_what_a_participant_does_makes_no_noise() -> None:
    assert {kind for kind, sign in SIGNS.items() if sign.level == "warning" and sign.text} <= set(QUIET_CODES)


def test_attentions_are_noted_once_with_words() -> None:
    attentions = Attentions()
    first = attentions.add("phq9-item9", 1.0, 3)
    second = attentions.add("phq9-item9", 2.0, -1)
    assert attentions.note(first.id, " ") is None and attentions.note("x", "done") is None
    assert [attention.id for attention in attentions.open] == [first.id, second.id]
    assert attentions.note(first.id, "done") is not None
    assert [attention.id for attention in attentions.open] == [second.id]
    assert json.dumps([attention.to_json() for attention in attentions.all])


class TestAwake:
    """Sleep is held off by a child that dies with this process, and it is said where it cannot be."""

    def test_where_the_program_is_missing_it_is_said(self) -> None:
        held = Awake("linux", lambda name: None)
        told = held.hold()
        assert told["held"] == [] and "not installed" in told["not_held"]["sleep"]
        held.release()

    @pytest.mark.skipif(sys.platform == "win32", reason="only on Linux and macOS")
    def test_a_program_that_stays_holds_it_until_it_is_released(self) -> None:
        held = Awake("linux", lambda name: sys.executable)
        held._start = lambda program, *arguments: Awake._start(  # type: ignore[method-assign]
            held, program, "-c", "import sys; sys.stdin.read()"
        )
        assert held.hold() == {"holder": "supervisor", "held": ["sleep"], "not_held": {}}
        child = held._child
        assert child is not None and child.poll() is None
        held.release()
        assert child.poll() is not None

    @pytest.mark.skipif(sys.platform == "win32", reason="only on Linux and macOS")
    def test_a_program_that_is_refused_is_told_with_its_status(self) -> None:
        held = Awake("linux", lambda name: sys.executable)
        held._start = lambda program, *arguments: Awake._start(  # type: ignore[method-assign]
            held, program, "-c", "raise SystemExit(4)"
        )
        assert "status 4" in held.hold()["not_held"]["sleep"]

    def test_windows_is_asked_by_its_own_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flags: list[int] = []

        def take(value: int) -> bool:
            flags.append(value)
            return True

        monkeypatch.setattr(awake, "_execution_state", take)
        held = Awake("win32")
        assert held.hold()["held"] == ["sleep"]
        held.release()
        assert flags == [0x80000003, 0x80000000]
