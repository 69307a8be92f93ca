"""Schedules, a screen and a log for runs of the presenter on a clock that nobody waits for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.records import Event
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot, Conductor, Hands
from app.presenter.course import Course
from app.presenter.position import Position
from app.presenter.process import run_headless
from app.presenter.runner import Runner
from app.presenter.screen import NullScreen, ScreenFacts, Shown
from app.presenter.tasks import Task
from protocols.schedule import Duration, Schedule, Stage, StageKind, Trial

START_S = 1000.0
NORMS: dict[str, dict[str, Any]] = {
    "sun": {"category": "pleasant", "valence": 7.9, "arousal": 5.0},
    "mud": {"category": "unpleasant", "valence": 2.1, "arousal": 6.0},
}
SENTENCE = "the quiet river turns towards the old mill"


def timed(seconds: float) -> Duration:
    return Duration(seconds, seconds, seconds)


def paced(typical_s: float, min_s: float = 0.0, max_s: float | None = None) -> Duration:
    return Duration(min_s, typical_s, max_s)


def likert(*names: str, points: int = 7) -> dict[str, Any]:
    items = [
        {"id": name, "text": name, "scale": "likert", "points": points, "low": "weak", "high": "strong"}
        for name in names
    ]
    return {"title": "How do you feel?", "items": items, "button": "CONTINUE"}


def sam(*dimensions: str) -> dict[str, Any]:
    items = [
        {
            "id": name,
            "text": name,
            "scale": "sam",
            "points": 9,
            "dimension": name,
            "low": "low",
            "high": "high",
        }
        for name in dimensions
    ]
    return {"title": "", "items": items, "button": "CONTINUE"}


def typing_content(sentence: str = SENTENCE) -> dict[str, Any]:
    return {
        "sentence": sentence,
        "sentence_id": "t01",
        "prompt": "Please type this sentence.",
        "button": "CONTINUE",
    }


def speaking_content(min_hold_s: float = 1.0) -> dict[str, Any]:
    return {
        "sentences": ["The kettle is standing on the counter."],
        "sentence_ids": ["s01"],
        "prompt": "Hold the button and read aloud.",
        "button": "HOLD TO TALK",
        "min_hold_s": min_hold_s,
    }


@dataclass
class Plot:
    """Collects stages and trials for a schedule written by hand."""

    stages: list[Stage] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    def add(
        self,
        kind: StageKind,
        duration: Duration,
        content: Mapping[str, Any] | None = None,
        trial: int = -1,
        **more: Any,
    ) -> Plot:
        shows = trial >= 0 and kind in ("picture", "film", "sound")
        stimulus = self.trials[trial].stimulus if shows else ""
        index = len(self.stages)
        stage = Stage(
            index, trial, "main", kind, kind, duration, stimulus, dict(content or {"text": "Text."})
        )
        self.stages.append(replace(stage, **more))
        return self

    def trial(self, stimulus: str, *stages: tuple[StageKind, Duration, Mapping[str, Any]]) -> Plot:
        index = len(self.trials)
        self.trials.append(Trial(index, "main", False, stimulus, str(NORMS[stimulus]["category"])))
        for kind, duration, content in stages:
            self.add(kind, duration, content, index)
        return self

    def schedule(self, seed: int = 7) -> Schedule:
        return Schedule("plot", 1, "open", "sim01", 1, 0, seed, tuple(self.trials), tuple(self.stages))


def two_trials() -> Schedule:
    """Welcome, two trials of fixation, picture and a questionnaire, a break between them: 17 s."""
    plot = Plot().add("instruction", paced(2.0))
    for stimulus in ("sun", "mud"):
        plot.trial(
            stimulus,
            ("fixation", timed(0.5), {"symbol": "+"}),
            ("picture", timed(3.0), {"size": "fit"}),
            ("questionnaire", paced(3.0, max_s=30.0), likert("positive", "negative")),
        )
        if stimulus == "sun":
            plot.add("break", timed(2.0), {"text": "Break.", "countdown": True})
    return plot.schedule()


class FakeClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, time: float = START_S) -> None:
        self.time = time

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        # Never exactly on time, as in life.
        self.time += seconds + 0.0001


class EventLog:
    """Takes events like a journal and keeps them."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(
        self,
        kind: str,
        trial: int = -1,
        stage: str = "",
        payload: Mapping[str, Any] | None = None,
        time: float | None = None,
        urgent: bool = True,
        wait: bool = False,
    ) -> Event:
        assert time is not None
        event = Event(time, "presenter", len(self.events), kind, trial, stage, dict(payload or {}))
        self.events.append(event)
        return event

    def of(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def count(self) -> Counter[str]:
        return Counter(self.kinds())


class SlowScreen(NullScreen):
    """A screen whose swaps come `late_s` after their time, and that needs `lead_s` before it."""

    def __init__(self, clock: FakeClock, late_s: float, lead_s: float = 0.02) -> None:
        super().__init__(clock.now)
        self.clock = clock
        self.lead_s = lead_s
        self.late_s = late_s

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        # Presenting waits for the swap.
        self.clock.time = max(self.clock.time, at_s + self.late_s)
        return Shown(self.clock.time, 0)

    @property
    def facts(self) -> ScreenFacts:
        return ScreenFacts("slow", 800, 600, 60.0, verified=True)


class SupervisorLine:
    """The supervisor's end in the same process: what arrived, and what is to be said when."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.is_open = True
        self.sent: list[dict[str, Any]] = []
        self.script: list[tuple[float, dict[str, Any]]] = []

    def send(self, message: Mapping[str, Any]) -> bool:
        self.sent.append(dict(message))
        return self.is_open

    def poll(self) -> list[dict[str, Any]]:
        due = [message for time, message in self.script if time <= self.clock.time]
        self.script = [entry for entry in self.script if entry[0] > self.clock.time]
        return due


class Rehearsal:
    """A presenter without process, window or waiting: runner, log, line and clock."""

    def __init__(
        self,
        schedule: Schedule,
        auto: bool = True,
        characters: bool = False,
        resume: Position | None = None,
        late_s: float | None = None,
        course: Course | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.log = EventLog()
        self.line = SupervisorLine(self.clock)
        self.screen = NullScreen(self.clock.now) if late_s is None else SlowScreen(self.clock, late_s)
        self.runner = Runner(schedule, self.screen, self.log.append, NORMS, resume, characters, course)
        self.runner.open(self.clock.time)
        self.autopilot = (
            Autopilot(self.runner, Participant(schedule.seed, NORMS), Hands(self.runner)) if auto else None
        )
        self.stopping = False
        self.limit_s = math.inf
        self.conductor = Conductor(self.runner, self.line, self.autopilot, lambda: self.stopping, self.now)

    def now(self) -> float:
        """The clock; fails beyond the limit that was set."""
        assert self.clock.time < self.limit_s, f"still {self.runner.state} after all this time"
        return self.clock.time

    def say(self, name: str, after_s: float = 0.0) -> None:
        """Let the supervisor send a command `after_s` seconds from now."""
        self.line.script.append((self.clock.time + after_s, {"type": "command", "name": name}))

    def run_to_end(self, limit_s: float = 3600.0) -> None:
        """Run until the schedule has ended; fail if it does not within `limit_s` of its own time."""
        self.limit_s = self.clock.time + limit_s
        run_headless(self.conductor, self.now, self.clock.sleep)

    def run_for(self, seconds: float) -> None:
        """Run for a while, or until the schedule has ended."""
        end = self.clock.time + seconds
        while self.clock.time < end:
            next_s = self.conductor.step()
            if next_s is None:
                return
            self.clock.time = max(self.clock.time, min(end, next_s + 0.0001))


def assert_well_formed(log: EventLog, ended: bool = True) -> None:
    """Everything that begins ends, once, in order; with `ended` the schedule's end is there, once."""
    stage: Event | None = None
    trial: int | None = None
    shown = ""
    for event in log.events:
        match event.kind:
            case "trial_started":
                assert trial is None, f"trial {event.trial} began within trial {trial}"
                trial = event.trial
            case "trial_ended":
                assert trial == event.trial and stage is None
                trial = None
            case "stage_started":
                assert stage is None, f"{event.stage} began before {stage.stage if stage else ''} had ended"
                assert event.trial == (-1 if trial is None else trial)
                stage = event
            case "stage_ended":
                assert stage is not None
                assert (stage.trial, stage.stage, stage.payload["index"]) == (
                    event.trial,
                    event.stage,
                    event.payload["index"],
                )
                assert not shown, f"{shown} was left on the screen"
                stage = None
            case "stimulus_shown":
                assert not shown
                shown = str(event.payload["stimulus"])
            case "stimulus_hidden":
                assert shown == event.payload["stimulus"]
                shown = ""
    if ended:
        assert log.count()["schedule_ended"] == 1
        assert stage is None and trial is None
        assert [event.kind for event in log.events if event.kind != "session_ended"][-1] == "schedule_ended"
