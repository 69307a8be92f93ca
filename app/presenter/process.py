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
from collections.abc import Callable, Mapping
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
from app.presenter.position import Position, last_position
from app.presenter.runner import SUPERVISOR_LOST, Runner
from app.presenter.screen import NullScreen, PresenterError, Screen
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
        self._copies: LslCopies | None = None
        self.journal = Journal(journal_path, "presenter", self._copy, self._disk_failed)

    def load(self) -> tuple[Schedule, dict[str, Stimulus]]:
        """Return the schedule and the stimuli it shows; raises EvokeError for what is missing."""
        if self.plan.schedule is None:
            raise PresenterError("The session's plan has no schedule, so there is nothing to present.")
        try:
            schedule = Schedule.from_json(self.plan.schedule)
        except (KeyError, TypeError, ValueError) as error:
            raise PresenterError(f"The session's schedule cannot be read: {error!r}.") from error
        wanted = list(dict.fromkeys(stage.stimulus for stage in schedule.stages if stage.stimulus))
        if not wanted:
            return schedule, {}
        folder = self.plan.stimulus_folder
        stimuli = load_set(self._live / folder if folder else schedule.stimulus_set)
        unknown = [name for name in wanted if name not in stimuli.items]
        if unknown:
            message = f'The stimulus set "{schedule.stimulus_set}" has no {", ".join(unknown)}.'
            raise PresenterError(message)
        problems = stimuli.problems(wanted)
        if problems:
            raise PresenterError("\n".join(str(problem) for problem in problems))
        return schedule, {name: stimuli.items[name] for name in wanted}

    def start_copies(self) -> None:
        """Open the LSL outlets; without them the session goes on, since nothing depends on the copies."""
        try:
            self._copies = LslCopies(self.plan)
        except (RuntimeError, OSError):
            log.exception("no copies on LSL")

    def runner(self, schedule: Schedule, screen: Screen, norms: Mapping[str, Mapping[str, Any]]) -> Runner:
        """Return the runner on `screen`, waiting."""
        self.journal.append("screen", payload=screen.facts.payload())
        characters = self.plan.characters
        runner = Runner(schedule, screen, self.journal.append, norms, self.resume, characters)
        runner.open(clock.now())
        return runner

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
        self.link.send(copy_message(event))
        if self._copies is not None:
            self._copies.push(event)

    def _disk_failed(self, error: OSError) -> None:
        message = f"The presenter's journal cannot be written: {error.strerror or error}."
        self.link.send({"type": "failed", "message": message, "safe": SAFE_AFTER_START, "code": "disk"})
        # Going on would show stimuli of which nothing is known afterwards.
        os._exit(DISK_FAILED)


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
    return 0 if runner.reason in ("completed", "ended", "stopped", "aborted", SUPERVISOR_LOST) else 1


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
