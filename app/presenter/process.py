"""The presenter process: `python -m app _presenter --live DIR`.

Reads the plan, prepares screen and stimuli, declares itself ready, and runs the schedule when told.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from analysis.records import Event
from app import clock
from app.events import Journal, read_journal
from app.link import Link
from app.plan import Lock, SessionPaths, SessionPlan
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot, Conductor, Hands, copy_message
from app.presenter.copies import LslCopies
from app.presenter.course import Answer, Chooser, Course
from app.presenter.phrases import Phrases
from app.presenter.position import Position, last_position
from app.presenter.runner import ORDERLY_REASONS, Runner
from app.presenter.screen import NullScreen, PresenterError, Screen
from app.recommenders import IN_SESSION
from protocols.schedule import Schedule
from stimuli.problems import EvokeError
from stimuli.sets import Stimulus, load_set

log = logging.getLogger(__name__)

DISK_FAILED = 74
SAFE_BEFORE_START = "Nothing was recorded yet."
SAFE_AFTER_START = "Everything recorded so far is in the session's folder."


class Presenter:
    """All that one presenter process holds; the window's loop and the null screen's share it."""

    def __init__(self, live: Path) -> None:
        """Read plan and lock and say hello; raises LinkError, OSError or ValueError."""
        paths = SessionPaths.of_live(live)
        lock = Lock.read(paths.lock)
        if lock is None:
            raise PresenterError(f"{paths.lock.name} is missing or damaged, so there is no session to join.")
        self.plan = SessionPlan.load(paths.plan)
        self._live = live
        self.link = Link(lock.port, lock.token, "presenter", "presenter", os.getpid())
        self._stopping = threading.Event()
        journal_path = paths.journal("presenter")
        earlier = read_journal(journal_path).events if journal_path.exists() else ()
        self.resume: Position | None = last_position(earlier)
        self.stand_ins: dict[str, str] = {}
        self._copies: LslCopies | None = None
        self.journal = Journal(journal_path, "presenter", self._copy, self._disk_failed)

    def load(self) -> tuple[Schedule, dict[str, Stimulus]]:
        """Return the schedule and the stimuli it shows.

        Raises EvokeError for what is missing, unless the session was accepted as it is or has begun: then
        those stimuli are left out here, shown as placeholders, and listed in `stand_ins`.
        """
        if self.plan.schedule is None:
            raise PresenterError("The session's plan has no schedule, so there is nothing to present.")
        try:
            schedule = Schedule.from_json(self.plan.schedule)
        except (KeyError, TypeError, ValueError) as error:
            raise PresenterError(f"The session's schedule cannot be read: {error!r}.") from error
        wanted = schedule.stimuli()
        if not wanted:
            return schedule, {}
        try:
            return schedule, self._stimuli(schedule, wanted)
        except EvokeError as error:
            if not self.may_stand_in:
                raise
            log.warning("placeholders are shown: %s", error)
            self.stand_ins = {name: str(error) for name in wanted}
            return schedule, {}

    @property
    def may_stand_in(self) -> bool:
        """Whether the session goes on without stimuli: it was accepted, allows it, or has begun."""
        return bool(self.plan.accept) or self.resume is not None or _allows_placeholders(self.plan)

    def _stimuli(self, schedule: Schedule, wanted: Sequence[str]) -> dict[str, Stimulus]:
        folder = self.plan.stimulus_folder
        stimuli = load_set(self._live / folder if folder else schedule.stimulus_set)
        known = [name for name in wanted if name in stimuli.items]
        unknown = [name for name in wanted if name not in stimuli.items]
        problems = {name: stimuli.problems([name]) for name in known}
        if self.may_stand_in:
            # An altered file is shown as it is: that was accepted.
            gone = [name for name in known if problems[name] and not stimuli.items[name].path.is_file()]
            self.stand_ins = dict.fromkeys(unknown, "The set has no such stimulus.")
            self.stand_ins |= {name: str(problems[name][0]) for name in gone}
            return {name: stimuli.items[name] for name in known if name not in gone}
        if unknown:
            message = f'The stimulus set "{schedule.stimulus_set}" has no {", ".join(unknown)}.'
            raise PresenterError(message)
        if any(problems.values()):
            raise PresenterError("\n".join(str(problem) for found in problems.values() for problem in found))
        return {name: stimuli.items[name] for name in wanted}

    def start_copies(self) -> None:
        """Open the LSL outlets; without them the session goes on, since nothing depends on the copies."""
        try:
            self._copies = LslCopies(self.plan)
        except (RuntimeError, OSError):
            log.exception("no copies on LSL")

    def runner(self, schedule: Schedule, screen: Screen, norms: Mapping[str, Mapping[str, Any]]) -> Runner:
        """Return the runner on `screen`, waiting."""
        self.journal.append("screen", payload=screen.facts.payload())
        for name, text in self.stand_ins.items() if self.resume is None else ():
            self.journal.append("placeholder", payload={"stimulus": name, "text": text})
        characters, course = self.plan.characters, self.course(schedule, norms)
        runner = Runner(schedule, screen, self.journal.append, norms, self.resume, characters, course)
        runner.open(clock.now())
        return runner

    def course(self, schedule: Schedule, norms: Mapping[str, Mapping[str, Any]]) -> Course:
        """Return what is left out, what was seen before, and who chooses."""
        plan = self.plan
        chooser = None
        if any(trial.candidates for trial in schedule.trials):
            chooser = self._chooser(schedule, norms)
        return Course(
            done=frozenset(plan.done),
            seen=frozenset(plan.exposed),
            chosen=dict(plan.chosen),
            answers=tuple(Answer(*each) for each in plan.answers),
            chooser=chooser,
            keeps_text=not plan.refuses("typed_text"),
            phrases=self.phrases(schedule),
        )

    def _chooser(self, schedule: Schedule, norms: Mapping[str, Mapping[str, Any]]) -> Chooser:
        """Return what chooses; a recommender that is lost once the session has begun does not end it.

        A withdrawal may have taken it away. Raises RecommenderError, ChoosingError.
        """
        try:
            return chooser_for(schedule, norms, self._live / IN_SESSION)
        except EvokeError as error:
            if self.resume is None:
                raise
            log.warning("chosen as listed: %s", error)
            path = self._live / IN_SESSION
            # A session file names no place of this computer.
            text = str(error).replace(str(path), IN_SESSION) if path.is_file() else f"{IN_SESSION} is gone."
            self.journal.append("recommender_lost", payload={"text": text})
            return chooser_for(schedule, norms, None)

    def phrases(self, schedule: Schedule) -> Phrases:
        """Return the presenter's own words in the participant's language."""
        return Phrases(self.plan.language or schedule.language)

    def conductor(self, runner: Runner, autopilot: Autopilot | None) -> Conductor:
        """Declare readiness and return what drives the runner."""
        self.link.send({"type": "ready"})
        return Conductor(runner, self.link, autopilot, self._stopping.is_set, clock.now)

    def stop(self) -> None:
        """Ask for the end: the trial is finished first."""
        self._stopping.set()

    def finish(self, runner: Runner) -> None:
        """Put the last event on the disk and say that it is over."""
        self.journal.close()
        if self.journal.failure is not None:
            os._exit(DISK_FAILED)
        self.link.send({"type": "finished", "reason": runner.reason})
        self.link.close()

    def fail(self, error: Exception, safe: str) -> None:
        """Say that it cannot go on, and why."""
        self.link.send({"type": "failed", "message": str(error), "safe": safe})
        self.journal.close()
        self.link.close()

    def _copy(self, event: Event) -> None:
        if event.kind == "frame":
            # One after the other at the rate of the film: they stay in the journal.
            return
        self.link.send(copy_message(event))
        if self._copies is not None:
            self._copies.push(event)

    def _disk_failed(self, error: OSError) -> None:
        message = f"The presenter's journal cannot be written: {error.strerror or error}."
        self.link.send({"type": "failed", "message": message, "safe": SAFE_AFTER_START, "code": "disk"})
        # Going on would show stimuli of which nothing is known afterwards.
        os._exit(DISK_FAILED)


def _allows_placeholders(plan: SessionPlan) -> bool:
    """Whether the protocol says `placeholders: allowed`."""
    import yaml

    protocol = yaml.safe_load(plan.protocol_yaml)
    return isinstance(protocol, dict) and protocol.get("placeholders") == "allowed"


def chooser_for(
    schedule: Schedule, norms: Mapping[str, Mapping[str, Any]], recommender: Path | None
) -> Chooser:
    """Return what chooses the stimuli of trials with candidates; `recommender` is its file, if there is one.

    None: it was lost, and what it was to choose comes as listed. Raises RecommenderError, ChoosingError.
    """
    from app.presenter.choosing import make_chooser
    from app.recommenders import read

    if recommender is None:
        return make_chooser(schedule, norms, is_lost=True)
    return make_chooser(schedule, norms, read(recommender) if recommender.is_file() else None)


def norms_of(stimuli: Mapping[str, Stimulus]) -> dict[str, dict[str, Any]]:
    """Return what events say of each stimulus."""
    return {
        name: {"category": item.category, "valence": item.valence, "arousal": item.arousal}
        for name, item in stimuli.items()
    }


def main(live: Path) -> int:
    """Run the presenter of the session in `live`; returns the exit status."""
    presenter = Presenter(live)
    _stop_on_signal(presenter.stop)
    _go_first()
    began = presenter.resume is not None
    try:
        schedule, stimuli = presenter.load()
        presenter.start_copies()
        show = _show_nothing if presenter.plan.window == "null" else _window()
        runner = show(presenter, schedule, stimuli)
    except EvokeError as error:
        log.error("cannot present: %s", error)
        presenter.fail(error, SAFE_AFTER_START if began else SAFE_BEFORE_START)
        return 1
    presenter.finish(runner)
    return 0 if runner.reason in ORDERLY_REASONS else 1


Show = Callable[[Presenter, Schedule, Mapping[str, Stimulus]], Runner]


def _show_nothing(presenter: Presenter, schedule: Schedule, stimuli: Mapping[str, Stimulus]) -> Runner:
    """Run the schedule on the null screen, in real time."""
    norms = norms_of(stimuli)
    runner = presenter.runner(schedule, NullScreen(clock.now), norms)
    autopilot = None
    if presenter.plan.auto:
        autopilot = Autopilot(runner, Participant(schedule.seed, norms), Hands(runner))
    run_headless(presenter.conductor(runner, autopilot), clock.now, time.sleep)
    return runner


def run_headless(conductor: Conductor, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Drive `conductor` until its schedule has ended; a test passes a clock of its own."""
    while (next_s := conductor.step()) is not None:
        sleep(max(0.0, next_s - now()))


def _window() -> Show:
    """Return the way with a window; raises PresenterError where Qt's libraries are missing."""
    from app.presenter.probe import missing_library

    missing = missing_library()
    if missing is not None:
        raise PresenterError(missing)
    from app.presenter.theatre import show_window

    return show_window


def _go_first() -> None:
    """Ask the system to let this process run when its moment has come; most grant it to few."""
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().nice(getattr(psutil, "HIGH_PRIORITY_CLASS", -10))


def _stop_on_signal(stop: Callable[[], None]) -> None:
    handler = functools.partial(_on_signal, stop)
    for name in ("SIGTERM", "SIGINT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)


def _on_signal(stop: Callable[[], None], number: int, frame: FrameType | None) -> None:
    stop()
