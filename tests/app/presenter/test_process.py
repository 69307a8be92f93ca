"""The presenter as a process of its own, with a stand-in for its supervisor."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from analysis.recommendation.stored import Stored, store, to_text
from analysis.recommendation.viewings import Catalogue, Clip, Viewing
from analysis.records import Event
from app.events import read_journal
from app.link import LinkServer, Message
from app.plan import Lock, SessionPaths, SessionPlan
from app.presenter.choosing import LOST
from app.presenter.probe import probe_display
from app.recommenders import IN_SESSION
from protocols.schedule import Schedule
from tests.helpers.presenting import (
    EventLog,
    Plot,
    assert_well_formed,
    likert,
    paced,
    sam,
    timed,
    typing_content,
)

PATIENCE_S = 30.0


def pair_of_trials() -> Schedule:
    """Two short trials on pictures of the bundled set, about 5 s."""
    plot = Plot().add("instruction", paced(0.5))
    for name in ("sun", "mud"):
        plot.trial(
            name,
            ("fixation", timed(0.3), {"symbol": "+"}),
            ("picture", timed(0.5), {"size": "fit"}),
            ("questionnaire", paced(0.6, max_s=60.0), likert("positive")),
            ("typing", paced(0.8, max_s=60.0), typing_content("a quiet mill")),
        )
    schedule = plot.schedule()
    stimuli = {"sun": "flowers", "mud": "spider"}
    return replace(
        schedule,
        trials=tuple(replace(trial, stimulus=stimuli[trial.stimulus]) for trial in schedule.trials),
        stages=tuple(replace(stage, stimulus=stimuli.get(stage.stimulus, "")) for stage in schedule.stages),
    )


class House:
    """A live folder, a link server in the supervisor's place, and the presenter's process."""

    def __init__(
        self, folder: Path, schedule: Schedule | None, window: Literal["screen", "null"], **plan: Any
    ) -> None:
        values = None if schedule is None else schedule.to_json()
        self.plan = SessionPlan(
            uuid=str(uuid.uuid4()),
            name="s",
            origin="automatic",
            schedule=values,
            window=window,
            **{"auto": True, **plan},
        )
        self.paths = SessionPaths(folder, "s")
        self.paths.live.mkdir()
        self.plan.save(self.paths.plan)
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.server = LinkServer(lambda peer, message: self.messages.put(message), lambda peer: None)
        Lock.of_this_process(self.server.port, self.server.token, self.plan.uuid).write(self.paths.lock)
        self.log_file = (folder / "log").open("ab")
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app", "_presenter", "--live", str(self.paths.live)]
        self.child = subprocess.Popen(command, stdout=self.log_file, stderr=self.log_file)
        return self.child

    def say(self, **message: Any) -> None:
        self.server.broadcast(message, "presenter")

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                message = self.messages.get(timeout=0.2)
                if wanted(message):
                    return message
        raise AssertionError(f"waited in vain: {(self.paths.folder / 'log').read_text()}")

    def wait_type(self, kind: str) -> Message:
        return self.wait_for(lambda message: message["type"] == kind)

    def wait_event(self, kind: str) -> Message:
        return self.wait_for(lambda message: message["type"] == "event" and message["event"]["kind"] == kind)

    def events(self) -> list[Event]:
        contents = read_journal(self.paths.journal("presenter"))
        return list(contents.events)

    def check(self) -> EventLog:
        log = EventLog()
        log.events = self.events()
        assert_well_formed(log)
        assert [event.seq for event in log.events] == list(range(len(log.events)))
        return log

    def close(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
        if self.child is not None:
            self.child.wait()
        self.server.close()
        self.log_file.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Return what makes a house around a schedule."""
    made: list[House] = []

    def make(schedule: Schedule | None, window: Literal["screen", "null"] = "null", **plan: Any) -> House:
        made.append(House(tmp_path, schedule, window, **plan))
        return made[-1]

    yield make
    for entry in made:
        entry.close()


@pytest.mark.parametrize("window", ["null", "screen"])
def test_a_session_from_ready_to_finished(
    house: Callable[..., House], display: str, window: Literal["null", "screen"]
) -> None:
    home = house(pair_of_trials(), window)
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    assert home.wait_type("finished")["reason"] == "completed"
    assert child.wait(PATIENCE_S) == 0
    log = home.check()
    assert (log.count()["response"], log.count()["typing_result"], log.count()["screen"]) == (2, 2, 1)
    shown = log.of("stimulus_shown")
    assert [event.payload["stimulus"] for event in shown] == ["flowers", "spider"]
    assert all((event.payload["actual_s"] is None) == (window == "null") for event in shown)
    assert "a quiet mill" not in home.paths.journal("presenter").read_text()
    started, ended = log.of("schedule_started", "schedule_ended")
    assert ended.time - started.time < pair_of_trials().typical_s + 3.0


@pytest.mark.parametrize("choice", ["repeat", "next", "end"])
def test_killed_and_started_again_it_waits_for_the_operators_choice(
    house: Callable[..., House], choice: str
) -> None:
    home = house(pair_of_trials())
    home.start()
    home.wait_type("ready")
    home.say(type="start")
    home.wait_event("stimulus_shown")
    assert home.child is not None
    home.child.kill()
    home.child.wait()
    again = home.start()
    home.wait_type("ready")
    home.say(type="start")
    health = home.wait_for(lambda message: message["type"] == "health" and message["state"] == "waiting")
    assert health["interrupted"]
    home.say(type="command", name=choice)
    reason = home.wait_type("finished")["reason"]
    assert again.wait(PATIENCE_S) == 0
    assert reason == ("ended" if choice == "end" else "completed")
    log = home.check()
    assert log.of("trial_ended")[0].payload["reason"] == "interrupted"
    assert len(log.of("trial_started")) == {"repeat": 3, "next": 2, "end": 1}[choice]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
def test_a_termination_signal_ends_after_the_trial(house: Callable[..., House]) -> None:
    home = house(pair_of_trials())
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    home.wait_event("trial_started")
    os.kill(child.pid, signal.SIGTERM)
    assert home.wait_type("finished")["reason"] == "stopped"
    assert child.wait(PATIENCE_S) == 0
    log = home.check()
    assert [event.payload["reason"] for event in log.of("trial_ended")] == ["completed"]


def test_a_lost_supervisor_lets_it_finish_the_trial_and_leave(house: Callable[..., House]) -> None:
    home = house(pair_of_trials())
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    home.wait_event("trial_started")
    home.server.close()
    assert child.wait(PATIENCE_S) == 0
    log = home.check()
    assert log.events[-1].kind == "session_ended"
    assert log.of("schedule_ended")[0].payload["reason"] == "supervisor lost"
    assert [event.payload["reason"] for event in log.of("trial_ended")] == ["completed"]


PICTURES = ("flowers", "spider", "puppy")


def three_choices() -> Schedule:
    """Three short trials whose pictures a recommender chooses, each with a rating after it."""
    plot = Plot()
    for _ in range(3):
        plot.trial(
            "sun", ("picture", timed(0.4), {"size": "fit"}), ("questionnaire", paced(0.6), sam("valence"))
        )
    return replace(
        plot.schedule(),
        trials=tuple(
            replace(trial, stimulus="", category="", candidates=PICTURES, chosen_by="recommended")
            for trial in plot.trials
        ),
        stages=tuple(replace(stage, stimulus="") for stage in plot.stages),
    )


def recommender() -> Stored:
    """One that ranks by nearness to what is most unpleasant: the spider, which is listed second."""
    clips = {
        name: Clip(name, norms={"valence": valence, "arousal": 0.0})
        for name, valence in zip(PICTURES, (0.8, -0.8, 0.6), strict=True)
    }
    catalogue = Catalogue(clips, (Viewing("q", "puppy", 0, {"valence": 0.6}, 0.5),))
    return store("lab", "target", catalogue, ["r"], "2026-01-01T00:00:00Z", {"valence": -1.0})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left", "why"),
    [(None, "recommender.json is gone."), ("{}", "recommender.json: it cannot be read")],
    ids=["withdrawn", "damaged"],
)
def test_a_recommender_that_is_lost_during_a_session_does_not_end_it(
    house: Callable[..., House], left: str | None, why: str
) -> None:
    home = house(three_choices())
    own = home.paths.live / IN_SESSION
    own.write_text(to_text(recommender()), encoding="utf-8")
    home.start()
    home.wait_type("ready")
    home.say(type="start")
    home.wait_event("stimulus_shown")
    assert home.child is not None
    home.child.kill()
    home.child.wait()
    if left is None:
        own.unlink()
    else:
        own.write_text(left, encoding="utf-8")
    again = home.start()
    home.wait_type("ready")
    home.say(type="start")
    home.wait_for(lambda message: message["type"] == "health" and message["state"] == "waiting")
    home.say(type="command", name="repeat")
    assert home.wait_type("finished")["reason"] == "completed"
    assert again.wait(PATIENCE_S) == 0
    log = home.check()
    (lost,) = log.of("recommender_lost")
    assert lost.payload["text"].startswith(why) and str(home.paths.live) not in lost.payload["text"]
    chosen = log.of("chosen")
    assert [(each.trial, each.payload["stimulus"]) for each in chosen] == [
        (0, "spider"),
        (1, "flowers"),
        (2, "puppy"),
    ]
    assert chosen[0].payload["recommender"].startswith("lab ")
    assert all("recommender" not in each.payload for each in chosen[1:])
    assert {each.payload["reason"] for each in chosen[1:]} == {LOST}
    shown = [event.payload["stimulus"] for event in log.of("stimulus_shown")]
    assert shown == ["spider", "spider", "flowers", "puppy"]


@pytest.mark.parametrize("content", [None, "{}"], ids=["gone", "damaged"])
def test_a_recommender_that_is_missing_before_the_start_is_refused(
    house: Callable[..., House], content: str | None
) -> None:
    home = house(three_choices())
    if content is not None:
        (home.paths.live / IN_SESSION).write_text(content, encoding="utf-8")
    child = home.start()
    failed = home.wait_type("failed")
    assert "recommender" in failed["message"] and "Nothing was recorded" in failed["safe"]
    assert child.wait(PATIENCE_S) == 1


def unknown_stimulus() -> Schedule:
    schedule = pair_of_trials()
    stages = tuple(replace(stage, stimulus="unicorn" if stage.stimulus else "") for stage in schedule.stages)
    return replace(schedule, stages=stages)


@pytest.mark.parametrize(
    ("schedule", "window", "message"),
    [
        (None, "null", "no schedule"),
        (unknown_stimulus(), "null", "has no unicorn"),
        (replace(pair_of_trials(), stimulus_set="nowhere"), "null", "nowhere"),
    ],
    ids=["no schedule", "unknown stimulus", "unknown set"],
)
def test_what_it_cannot_present_is_said_before_anything_is_recorded(
    house: Callable[..., House], schedule: Schedule | None, window: str, message: str
) -> None:
    home = house(schedule, window)
    child = home.start()
    failed = home.wait_type("failed")
    assert message in failed["message"] and "Nothing was recorded" in failed["safe"]
    assert child.wait(PATIENCE_S) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan", [{"accept": "The pictures come later."}, {"protocol_yaml": "name: x\nplaceholders: allowed\n"}]
)
def test_a_session_that_was_accepted_runs_with_placeholders_and_is_marked(
    house: Callable[..., House], plan: dict[str, str]
) -> None:
    home = house(unknown_stimulus(), **plan)
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    assert home.wait_type("finished")["reason"] == "completed"
    assert child.wait(PATIENCE_S) == 0
    log = home.check()
    (marked,) = log.of("placeholder")
    assert marked.payload["stimulus"] == "unicorn" and "no such stimulus" in marked.payload["text"]
    assert [event.payload["stimulus"] for event in log.of("stimulus_shown")] == ["unicorn", "unicorn"]


@pytest.mark.slow
def test_a_missing_set_shows_placeholders_on_the_screen(house: Callable[..., House], display: str) -> None:
    home = house(replace(pair_of_trials(), stimulus_set="nowhere"), "screen", accept="A rehearsal.")
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    assert home.wait_type("finished")["reason"] == "completed"
    assert child.wait(PATIENCE_S) == 0
    marked = {event.payload["stimulus"] for event in home.check().of("placeholder")}
    assert marked == {"flowers", "spider"}


def test_a_continued_session_leaves_out_what_was_done_and_marks_what_was_seen(
    house: Callable[..., House],
) -> None:
    home = house(pair_of_trials(), done=(0,), exposed=(1,))
    child = home.start()
    home.wait_type("ready")
    home.say(type="start")
    assert home.wait_type("finished")["reason"] == "completed"
    assert child.wait(PATIENCE_S) == 0
    (started,) = home.check().of("trial_started")
    assert (started.trial, started.payload["order"], started.payload["repeated_exposure"]) == (1, 2, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
def test_without_a_display_the_window_says_so_and_the_null_screen_loads_no_qt(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    home = house(pair_of_trials(), "screen")
    child = home.start()
    assert "display" in home.wait_type("failed")["message"]
    assert child.wait(PATIENCE_S) == 1
    code = "import sys, app.presenter.process; print([name for name in sys.modules if 'PySide6' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_display_is_probed_in_a_process_of_its_own(display: str) -> None:
    assert probe_display() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"DISPLAY": ""}, "no display"),
        ({"DISPLAY": ":987"}, "could not connect to display"),
        ({"QT_QPA_PLATFORM": "offscreen"}, "has no OpenGL"),
    ],
    ids=["no display", "unreachable", "offscreen"],
)
def test_why_no_window_can_be_made(
    display: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], reason: str
) -> None:
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    answer = probe_display()
    assert answer is not None and reason in answer
