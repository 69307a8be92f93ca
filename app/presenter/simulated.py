"""A session lived through in no time: the real runner on a clock of its own, a simulated participant.

What comes out are the events that a presenter would have journalled.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.records import Event
from analysis.simulate.course import Course, Stage
from analysis.simulate.participant import Felt, pushes
from analysis.simulate.participant import Participant as Person
from analysis.simulate.typing import BETWEEN_S, held_s, intervals_s
from app.presenter.acts import Key, Proceed, TimedAct
from app.presenter.automatic import Participant, slower, with_typos
from app.presenter.conductor import Autopilot, Hands
from app.presenter.course import Course as Way
from app.presenter.phrases import Phrases
from app.presenter.runner import Runner
from app.presenter.screen import NullScreen, ScreenFacts, Shown
from app.presenter.tasks import Task, TypingTask
from protocols.schedule import Schedule
from protocols.schedule import Stage as Planned
from stimuli.problems import EvokeError

LOOK_S = 0.1
WAIT_S = 3.0
"""The participant waits this long before the first stage."""
READING_S = 0.9
CHECKING_S = 0.6
SWAP_S, SWAP_SPREAD_S = 0.0006, 0.00015
"""How long after its time a change is on a good screen."""
LONGEST_S = 8 * 3600.0


class SimulatedSessionError(EvokeError):
    """A session cannot be lived through."""


class _Screen(NullScreen):
    """A virtual screen whose changes have an actual time, a little after the intended one."""

    def __init__(self, clock: _Clock, seed: int) -> None:
        super().__init__(clock.now)
        self._random = random.Random(f"{seed}/screen")

    @property
    def facts(self) -> ScreenFacts:
        """The virtual screen."""
        return ScreenFacts("simulated", 1920, 1080, self.rate_hz, verified=False, timing_label="simulated")

    def present(self, stage: Planned | None, task: Task | None, at_s: float) -> Shown:
        """Count the frame that the change falls on, and say when it was on."""
        shown = super().present(stage, task, at_s)
        late_s = max(0.0001, self._random.gauss(SWAP_S, SWAP_SPREAD_S))
        return Shown(at_s + late_s, shown.frame)


class _Clock:
    """The clock of a session that is lived through."""

    def __init__(self, start_s: float) -> None:
        self.time_s = start_s

    def now(self) -> float:
        """Return the time."""
        return self.time_s


class _Journal:
    """Keeps events as a presenter's journal numbers them."""

    def __init__(self, clock: _Clock, keeps_keys: bool) -> None:
        self.events: list[Event] = []
        self._clock, self._keeps_keys = clock, keeps_keys

    def record(
        self,
        kind: str,
        trial: int = -1,
        stage: str = "",
        payload: Mapping[str, Any] | None = None,
        time: float | None = None,
        urgent: bool = True,
        wait: bool = False,
    ) -> Event | None:
        """Add an event; keystrokes only where the keyboard is recorded."""
        if kind == "key" and not self._keeps_keys:
            return None
        at_s = self._clock.time_s if time is None else time
        event = Event(at_s, "presenter", len(self.events), kind, trial, stage, dict(payload or {}))
        self.events.append(event)
        return event


class Simulated(Participant):
    """An automatic participant who answers by what is felt in a trial, and types in a rhythm of their own."""

    def __init__(
        self,
        seed: int,
        norms: Mapping[str, Mapping[str, Any]],
        person: Person,
        felt: Mapping[int, Felt],
    ) -> None:
        super().__init__(seed, norms)
        self._person, self._felt, self._known = person, felt, norms

    def plan(self, task: Task, stimulus: str, drift_s: float = 0.0) -> list[TimedAct]:
        """Return the acts of a stage.

        Lateness is never made good: else the length of one stage would tell of another's.
        """
        trial = task.stage.trial
        self._norms = {**self._known, stimulus: _as_norms(self._felt[trial])} if trial in self._felt else {}
        if isinstance(task, TypingTask) and not task.stage.duration.is_timed:
            return self._type(task, trial)
        return super().plan(task, stimulus, 0.0)

    def _type(self, task: TypingTask, trial: int) -> list[TimedAct]:
        chars = list(with_typos(task.sentence, random.Random(f"{self._seed}/{task.stage.index}/typing")))
        slow = [slower(char) for char in chars]
        expected_s = BETWEEN_S * sum(slow)
        # When the keys come is what is to be found, so the push is laid over the time they usually take.
        span = (Stage(0, trial, task.stage.name, "typing", 0.0, expected_s),)
        moved = pushes(self._person, "keys", Course(0.0, expected_s, span), self._felt)
        gaps = intervals_s(self._person, trial, moved, slow)
        held = held_s(self._person, trial, len(chars))
        time_s = READING_S
        downs = [time_s := time_s + gap for gap in gaps]
        longest_s = task.stage.duration.max_s
        if longest_s is not None and downs and downs[-1] > longest_s - 1.0:
            downs = [READING_S + (down - READING_S) * (longest_s - 1.0) / downs[-1] for down in downs]
        end_s = max(task.stage.duration.min_s + 0.02, (downs[-1] if downs else time_s) + CHECKING_S)
        acts: list[TimedAct] = [(end_s, Proceed())]
        for place, (char, down_s, long_s) in enumerate(zip(chars, downs, held, strict=True)):
            free_s = end_s - 0.01
            if chars[place + 1 : place + 2] == [char]:
                free_s = down_s + 0.7 * (downs[place + 1] - down_s)
            acts += [
                (down_s, Key(char, is_down=True)),
                (min(free_s, down_s + long_s), Key(char, is_down=False)),
            ]
        return sorted(acts, key=lambda entry: entry[0])


def _as_norms(felt: Felt) -> dict[str, Any]:
    """Return what is felt as a stimulus that is rated so: nothing else decides the answers."""
    strength = abs(felt.valence)
    return {"category": "", "valence": 5.0 + 3.6 * felt.valence, "arousal": 3.0 + 3.5 * strength}


def live_through(
    schedule: Schedule,
    norms: Mapping[str, Mapping[str, Any]],
    person: Person,
    felt: Mapping[int, Felt],
    start_s: float,
    characters: bool = False,
    recommender: Path | None = None,
) -> list[Event]:
    """Return the presenter's events of a whole session from `start_s` on, the journal's opening left out.

    `norms` holds category, valence and arousal by stimulus; `recommender` is the file of the one that the
    protocol chooses by. Raises SimulatedSessionError where the session never comes to its end,
    ChoosingError and RecommenderError.
    """
    clock = _Clock(start_s)
    journal = _Journal(clock, "keys" in person.modalities)
    screen = _Screen(clock, schedule.seed)
    journal.record("screen", payload=screen.facts.payload())
    chooser = None
    if any(trial.candidates for trial in schedule.trials):
        from app.presenter.choosing import make_chooser
        from app.recommenders import read

        chooser = make_chooser(schedule, norms, None if recommender is None else read(recommender))
    way = Way(chooser=chooser, phrases=Phrases(schedule.language))
    runner = Runner(schedule, screen, journal.record, norms, None, characters, way)
    autopilot = Autopilot(runner, Simulated(schedule.seed, norms, person, felt), Hands(runner))
    runner.open(clock.time_s)
    clock.time_s += WAIT_S
    runner.command("start", clock.time_s)
    while runner.state != "finished":
        autopilot.step(clock.time_s)
        runner.tick(clock.time_s)
        due_s = runner.next_due_s
        soon_s = min(
            clock.time_s + LOOK_S, autopilot.next_s, clock.time_s + LOOK_S if due_s is None else due_s
        )
        # Time goes on, whatever is due.
        clock.time_s = max(soon_s, clock.time_s + 1e-4)
        if clock.time_s - start_s > LONGEST_S:
            raise SimulatedSessionError(
                f"{schedule.protocol}: the session does not come to an end. Give its self-paced stages a"
                " longest time (max_s)."
            )
    return journal.events
