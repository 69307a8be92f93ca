"""One alarm a fault, cleared when it is over: conditions, alarms and policy together, without processes."""

from __future__ import annotations

from typing import Any

import pytest

from app.devices.entries import DeviceEntry
from app.plan import SessionPlan
from app.supervisor.alarms import Alarms
from app.supervisor.conditions import AWAY_S, Condition, Conditions
from app.supervisor.policy import Policy, Step
from app.supervisor.state import Level, State
from app.supervisor.watchdog import ABSENT_S, PROVED_S, SETTLE_S, Watchdog

WRISTBAND = ("wristband-bvp", "wristband-eda")
DEVICES = (
    DeviceEntry("eeg", "brainflow", True, {"board": "synthetic"}),
    DeviceEntry("wristband", "wristband", False),
    DeviceEntry("other", "lsl", False, {"name": "X"}),
)
STREAMS = ("eeg", *WRISTBAND, "other")


class Silent:
    is_there = True
    is_shared = True

    def __init__(self) -> None:
        self.sounds: list[Level] = []

    def sound(self, level: Level) -> None:
        self.sounds.append(level)


class Scene:
    """A watchdog, and everything it said and did."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.steps: list[Step] = []
        self.voice = Silent()
        self.state = State(SessionPlan(uuid="u", name="s", origin="recorded"))
        self.alarms = Alarms(
            self.state,
            lambda kind, payload: self.notes.append((kind, dict(payload))),
            lambda _: None,
            self.voice,
        )
        policy = Policy(attended=False, presents=True, limit_s=120.0)
        self.dog = Watchdog(DEVICES, self.alarms, policy, lambda step, _: self.steps.append(step))
        for device in DEVICES:
            self.dog.owns(device.id, [name for name in STREAMS if name.startswith(device.id)])
            self.process(device.id)
        self.streams = dict.fromkeys(STREAMS, "live")
        self.pass_by(0.0)
        self.dog.begin(self.now)
        self.pass_by(3 * PROVED_S)

    def process(self, device: str, state: str = "live", message: str = "") -> None:
        self.dog.device_health(device, {"state": state, "message": message}, self.now)

    def tell(self, **states: str) -> None:
        self.streams |= {name.replace("_", "-"): state for name, state in states.items()}

    def pass_by(self, seconds: float) -> None:
        end_s = self.now + seconds
        while True:
            health = {name: {"state": state, "last_s": None} for name, state in self.streams.items()}
            self.dog.conditions.take(health, self.now)
            self.dog.tick(self.now, begun=True)
            if self.now >= end_s:
                return
            self.now += 0.5

    def codes(self, kind: str = "alarm") -> list[tuple[str, str]]:
        return [(payload["code"], payload["stream"]) for known, payload in self.notes if known == kind]

    @property
    def actions(self) -> list[str]:
        return [step.action for step in self.steps]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_all_is_well_and_nothing_is_said(scene: Scene) -> None:
    scene.pass_by(3600.0)
    assert scene.notes == []
    assert scene.steps == []


def test_a_stream_that_goes_and_comes_back_is_one_alarm_and_one_word(scene: Scene) -> None:
    scene.tell(eeg="stale")
    scene.pass_by(4.0)
    scene.tell(eeg="lost")
    scene.pass_by(20.0)
    assert scene.codes() == [("stream_stale", "eeg")]
    assert scene.actions == ["pause"]
    scene.dog.came_back("eeg", 6250)
    scene.tell(eeg="live")
    scene.pass_by(1.0)
    assert scene.codes() == [("stream_stale", "eeg"), ("stream_back", "eeg")]
    assert scene.codes("alarm_cleared") == [("stream_stale", "eeg")]
    assert scene.notes[-1][1]["text"].startswith("eeg: is back after 2")
    assert scene.notes[-1][1]["text"].endswith("; 6250 samples are missing.")
    assert scene.actions == ["pause", "resume"]
    assert [alarm.cleared_s is not None for alarm in scene.state.alarms] == [True, False]


def test_the_recorder_s_reason_is_told_where_it_knows_one(scene: Scene) -> None:
    scene.dog.said("eeg", "eeg: its sender on 'lab-2' has gone.")
    scene.tell(eeg="stale")
    scene.pass_by(1.0)
    assert scene.notes[0][1]["text"] == "eeg: its sender on 'lab-2' has gone."


def test_all_streams_of_a_device_are_one_alarm(scene: Scene) -> None:
    scene.tell(wristband_bvp="stale")
    scene.pass_by(0.5)
    scene.tell(wristband_eda="stale")
    scene.pass_by(3.0)
    assert scene.codes() == [("stream_stale", "wristband")]


def test_a_stale_stream_that_comes_back_before_it_is_lost_pauses_nothing(scene: Scene) -> None:
    scene.tell(eeg="stale")
    scene.pass_by(3.0)
    scene.tell(eeg="live")
    scene.pass_by(3.0)
    assert scene.codes() == [("stream_stale", "eeg"), ("stream_back", "eeg")]
    assert scene.actions == []


def test_an_optional_device_that_is_lost_changes_nothing(scene: Scene) -> None:
    scene.tell(wristband_bvp="lost", wristband_eda="lost")
    scene.pass_by(20.0)
    assert scene.codes() == [("stream_lost", "wristband")]
    assert scene.actions == ["none"]


def test_a_process_that_ends_is_told_at_once_and_its_streams_are_not_told_again(scene: Scene) -> None:
    scene.dog.device_ended("eeg", "bridge-eeg: ended (killed by SIGSEGV); it is started again.", scene.now)
    scene.pass_by(1.0)
    scene.tell(eeg="stale")
    scene.process("eeg", "connecting")
    scene.pass_by(3.0)
    assert scene.codes() == [("process_ended", "eeg")]
    scene.process("eeg")
    scene.tell(eeg="live")
    scene.pass_by(0.5)
    assert scene.codes("alarm_cleared") == [("process_ended", "eeg")]


def test_a_process_that_is_back_before_anyone_noticed_has_to_prove_itself(scene: Scene) -> None:
    scene.dog.device_ended("eeg", "bridge-eeg: ended.", scene.now)
    scene.process("eeg")
    scene.pass_by(PROVED_S - 0.5)
    assert scene.codes("alarm_cleared") == []
    scene.pass_by(1.0)
    assert scene.codes("alarm_cleared") == [("process_ended", "eeg")]


def test_a_process_that_dies_again_and_again_is_one_alarm(scene: Scene) -> None:
    for _ in range(10):
        scene.dog.device_ended("eeg", "bridge-eeg: ended.", scene.now)
        scene.pass_by(1.0)
    assert scene.codes() == [("process_ended", "eeg")]


def test_a_device_that_says_itself_that_it_fails_is_told_in_its_words(scene: Scene) -> None:
    scene.process("eeg", "failed", "The board answers no more. Next try in 1 s.")
    scene.pass_by(0.5)
    assert scene.notes[0][1]["text"] == "eeg: The board answers no more. Next try in 1 s."
    assert scene.codes() == [("device_failed", "eeg")]


def test_after_a_sleep_there_is_one_alarm_and_no_storm(scene: Scene) -> None:
    scene.now += 30.0
    scene.dog.slept(30.0, scene.now)
    scene.tell(eeg="lost", wristband_bvp="lost", wristband_eda="stale", other="lost")
    scene.pass_by(4.0)
    scene.tell(**{name.replace("-", "_"): "live" for name in STREAMS})
    scene.pass_by(2 * SETTLE_S)
    assert scene.codes() == [("machine_slept", "")]
    assert "30 s" in scene.notes[0][1]["text"]
    assert scene.codes("alarm_cleared") == [("machine_slept", "")]
    assert scene.actions == []


def test_what_does_not_wake_up_is_told_when_the_others_have(scene: Scene) -> None:
    scene.dog.slept(30.0, scene.now)
    scene.tell(eeg="lost")
    scene.pass_by(SETTLE_S + 1)
    assert scene.codes() == [("machine_slept", ""), ("stream_lost", "eeg")]
    assert scene.actions == ["pause"]


def test_a_foreign_stream_that_may_be_missing_is_told_and_welcomed() -> None:
    scene = Scene()
    scene.dog.conditions._streams.pop("other")
    scene.tell(other="expected")
    scene.pass_by(ABSENT_S + 1)
    assert scene.codes() == [("device_absent", "other")]
    scene.tell(other="live")
    scene.pass_by(1.0)
    assert scene.notes[-1][1]["text"] == "other: is here now and recorded."


@pytest.mark.parametrize(
    ("states", "word"),
    [
        (["expected", "connecting"], "unknown"),
        (["live"], "well"),
        (["live", "idle"], "well"),
        (["live", "stale"], "stale"),
        (["live", "stale", "recovering"], "stale"),
        (["live", "lost", "stale"], "lost"),
        (["live", "lost", "recovering"], "lost"),
        (["live", "lost", "live"], "well"),
        (["live", "expected"], "well"),
    ],
)
def test_the_recorder_s_states_in_a_word(states: list[str], word: str) -> None:
    condition = Condition()
    for place, state in enumerate(states):
        condition.take({"state": state}, float(place) / 10)
    assert condition.word == word


def test_a_stream_that_a_restarted_recorder_does_not_find_again_is_lost() -> None:
    conditions = Conditions()
    conditions.take({"eeg": {"state": "live"}}, 0.0)
    conditions.take({"eeg": {"state": "expected"}}, 1.0)
    conditions.take({"eeg": {"state": "expected"}}, 1.0 + AWAY_S)
    assert conditions.unwell(["eeg"]) == []
    conditions.take({"eeg": {"state": "expected"}}, 1.5 + AWAY_S)
    assert conditions.unwell(["eeg"], "lost") == ["eeg"]


def test_the_length_of_a_silence_counts_from_the_newest_row() -> None:
    condition = Condition()
    condition.take({"state": "live", "last_s": 99.0}, 99.5)
    condition.take({"state": "stale", "last_s": 99.0}, 100.3)
    assert condition.silent_s(100.3) == pytest.approx(1.3)
    condition.take({"state": "stale", "last_s": 1.7e9}, 100.4)
    assert condition.silent_s(100.5) == pytest.approx(0.2), "a sender's own clock says nothing"


class TestSounds:
    def test_an_alarm_sounds_once(self, scene: Scene) -> None:
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.alarms.catch_up()
        assert scene.voice.sounds == ["alarm"]
        assert scene.notes[0][1]["sounded"] is True

    def test_on_the_stimuli_s_output_nothing_sounds_before_the_trial_has_ended(self, scene: Scene) -> None:
        scene.alarms.trial_runs = True
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.alarms.raise_("stream_lost", "other", "Lost.")
        scene.alarms.catch_up()
        assert scene.voice.sounds == []
        assert [payload["sounded"] for _, payload in scene.notes] == [False, False]
        scene.alarms.trial_runs = False
        scene.alarms.catch_up()
        scene.alarms.catch_up()
        assert scene.voice.sounds == ["alarm"], "one sound for both"
        assert scene.codes("alarm_sounded") == [("stream_lost", "eeg"), ("stream_lost", "other")]

    def test_what_is_over_by_then_is_not_sounded(self, scene: Scene) -> None:
        scene.alarms.trial_runs = True
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.alarms.clear("stream_lost", "eeg")
        scene.alarms.trial_runs = False
        scene.alarms.catch_up()
        assert scene.voice.sounds == []

    def test_an_output_of_their_own_sounds_in_a_trial_too(self, scene: Scene) -> None:
        scene.voice.is_shared = False
        scene.alarms.trial_runs = True
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.alarms.raise_("policy", "eeg", "It pauses.", "warning")
        assert scene.voice.sounds == ["alarm", "warning"]

    def test_a_sounder_that_comes_late_makes_up_for_it(self, scene: Scene) -> None:
        scene.voice.is_there = False
        scene.alarms.raise_("stream_lost", "eeg", "Lost.")
        scene.voice.is_there = True
        scene.alarms.catch_up()
        assert scene.voice.sounds == ["alarm"]
