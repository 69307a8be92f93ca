"""What the presenter does between two moments: listen to the supervisor, drive the runner, report.

Free of Qt: the null screen's loop and the window's timer both call `step`.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Callable, Mapping
from typing import Any

from analysis.records import Event
from app.presenter.acts import (
    BACKSPACE,
    Act,
    Choose,
    Done,
    Feel,
    Key,
    Press,
    Proceed,
    ReadHelp,
    Talk,
    TimedAct,
    key_at,
)
from app.presenter.automatic import Participant
from app.presenter.copies import reduced
from app.presenter.keys import KeyStroke, Strokes
from app.presenter.runner import Runner
from app.presenter.tasks import Task

HEALTH_EVERY_S = 0.5
LOOK_EVERY_S = 0.02
RETRY_AFTER_S = 0.5
# Beyond this it was an operator's pause or jump, which nobody makes good.
LARGEST_DRIFT_S = 2.0


class Line(typing.Protocol):
    """The way to the supervisor: `app.link.Link`."""

    @property
    def is_open(self) -> bool:
        """Whether the supervisor is there."""
        ...

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send a message."""
        ...

    def poll(self) -> list[dict[str, Any]]:
        """Return what has arrived."""
        ...


class Hands:
    """Carries out the acts of the automatic participant by calling the runner: the way without a window."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._strokes = Strokes()

    def do(self, act: Act, time: float) -> None:
        """Carry out one act."""
        match act:
            case Choose(item, value):
                self._runner.act("choose", time, item=item, value=value)
            case Key(char, is_down):
                self._key(char, is_down, time)
            case Press(code, is_down):
                self._press(code, is_down, time)
            case Talk(is_down):
                self._runner.act("hold" if is_down else "release", time)
            case Feel():
                self._runner.act("feel", time)
            case Done():
                self._runner.act("done", time)
            case ReadHelp():
                self._runner.act("read_help", time)
            case Proceed():
                self._runner.proceed(time)

    def _key(self, char: str, is_down: bool, time: float) -> None:
        name = "Backspace" if char == BACKSPACE else "Space" if char == " " else char.upper()
        self._stroke(ord(char), name, char, is_down, time)
        if is_down and char == BACKSPACE:
            self._runner.act("erase", time)
        elif is_down:
            self._runner.act("insert", time, text=char)

    def _press(self, code: str, is_down: bool, time: float) -> None:
        name, char = key_at(code)
        self._stroke(ord(char or code[-1]), name, char, is_down, time, code)
        if is_down:
            self._runner.act("key", time, code=code)

    def _stroke(
        self, number: int, name: str, char: str, is_down: bool, time: float, position: str = ""
    ) -> None:
        stroke: KeyStroke | None
        if is_down:
            stroke = self._strokes.down(number, name, char, time, time, position=position)
        else:
            stroke = self._strokes.up(number, time, time)
        if stroke is not None:
            self._runner.key(stroke)


class AnyHands(typing.Protocol):
    """Something that carries out acts: `Hands`, or those that post events to the window."""

    def do(self, act: Act, time: float) -> None:
        """Carry out one act."""
        ...


class Autopilot:
    """Plays the automatic participant: plans each stage when it begins, acts when it is time."""

    def __init__(self, runner: Runner, participant: Participant, hands: AnyHands) -> None:
        self._runner = runner
        self._participant = participant
        self._hands = hands
        self._task: Task | None = None
        self._base_s = 0.0
        self._acts: list[TimedAct] = []
        self._drift_s = 0.0
        self._ideal_s: float | None = None

    @property
    def next_s(self) -> float:
        """When it acts next."""
        if self._runner.task is not self._task or not self._acts:
            return math.inf
        return self._start_s + self._acts[0][0]

    @property
    def _start_s(self) -> float:
        return self._base_s + self._runner.onset_s

    def step(self, now: float) -> None:
        """Do what is due."""
        if self._runner.task is not self._task:
            self._task = self._runner.task
            self._plan()
        while self._runner.stage is not None and self.next_s <= now:
            delay_s, act = self._acts.pop(0)
            time = self._start_s + delay_s
            task = self._task
            self._hands.do(act, time)
            if self._runner.task is not task:
                self._task = self._runner.task
                self._plan()
            elif isinstance(act, Proceed):
                # Refused, for example after a pause in the middle of speaking: do it all again.
                self._base_s = time + RETRY_AFTER_S - self._runner.onset_s
                unfinished = task is not None and not task.is_complete
                self._acts = self._acts_of(task) if task is not None and unfinished else [(0.0, act)]

    def _plan(self) -> None:
        stage, task = self._runner.stage, self._task
        self._base_s, self._acts = 0.0, []
        if stage is None or task is None:
            # A pause came before the stage was looked at: it is planned when it goes on.
            self._task, self._ideal_s = None, None
            return
        onset_s = self._runner.onset_s
        self._drift_s = 0.0 if self._ideal_s is None else onset_s - self._ideal_s
        if abs(self._drift_s) > LARGEST_DRIFT_S:
            self._drift_s = 0.0
        self._ideal_s = onset_s - self._drift_s + stage.duration.typical_s
        self._acts = self._acts_of(task)

    def _acts_of(self, task: Task) -> list[TimedAct]:
        trial = task.stage.trial
        stimulus = self._runner.stimulus_of(trial) if trial >= 0 else ""
        return self._participant.plan(task, stimulus, self._drift_s)


class Conductor:
    """One presenter's dealings with its supervisor, its runner and its automatic participant."""

    def __init__(
        self,
        runner: Runner,
        line: Line,
        autopilot: Autopilot | None,
        stopping: Callable[[], bool],
        now: Callable[[], float],
    ) -> None:
        self.runner = runner
        self._line = line
        self._autopilot = autopilot
        self._stopping = stopping
        self._now = now
        self._stop_seen = False
        self._health_due_s = -math.inf
        self._took_input = False

    def step(self) -> float | None:
        """Do what is due; return when to be called again, None when the schedule has ended."""
        # The clock is read anew each time, since showing something waits for its moment.
        self._listen()
        if self._autopilot is not None:
            self._autopilot.step(self._now())
        self.runner.tick(self._now())
        now = self._now()
        takes_input = self.runner.takes_input
        # Whose keyboard it is has to be known at once.
        if now >= self._health_due_s or self.runner.state == "finished" or takes_input != self._took_input:
            self._took_input = takes_input
            self._health_due_s = now + HEALTH_EVERY_S
            self._line.send({"type": "health", **self.runner.health(now)})
        if self.runner.state == "finished":
            return None
        return self._next_s(now)

    def _next_s(self, now: float) -> float:
        times = [now + LOOK_EVERY_S, self._health_due_s]
        if self.runner.next_due_s is not None:
            times.append(self.runner.next_due_s)
        if self._autopilot is not None:
            times.append(self._autopilot.next_s)
        return max(now, min(times))

    def _listen(self) -> None:
        for message in self._line.poll():
            kind = message.get("type")
            if kind in ("start", "stop"):
                self.runner.command(str(kind), self._now())
            elif kind == "command":
                origin = str(message.get("by") or "operator")
                self.runner.command(str(message.get("name", "")), self._now(), origin)
        if self._stopping() and not self._stop_seen:
            self._stop_seen = True
            self.runner.command("stop", self._now())
        if not self._line.is_open:
            self.runner.supervisor_lost(self._now())


def copy_message(event: Event) -> dict[str, Any]:
    """Return the link's message for a journalled event, reduced to what may leave the journal."""
    return {"type": "event", "event": reduced(event).to_json()}
