"""A recording as far as it may be seen: every view reads from here, so nothing hidden reaches a screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event
from analysis.views.keystrokes import presses_of
from app.annotation.visible import EVERYTHING, Visible
from app.console.review.event_words import PLAIN_KINDS, is_answer, words_of
from app.console.review.exposures import Exposure
from app.console.review.recording import Recording, Trial


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that happened, as it may be told: `text` for a list, `kind` for a filter."""

    time_s: float
    kind: str
    text: str
    trial: int


@dataclass(frozen=True, slots=True)
class SeenTrial:
    """One trial as it may be told; times on the recording's clock."""

    index: int
    start_s: float
    stop_s: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key that was held from `down_s` to `up_s` (NaN where that was not seen)."""

    down_s: float
    up_s: float
    text: str


class View:
    """What of a recording may be seen: its stretch of time, its media, events, trials and names."""

    def __init__(self, recording: Recording, visible: Visible = EVERYTHING) -> None:
        self.recording = recording
        self.visible = visible
        window = visible.window_s
        self.start_s = recording.start_s if window is None else max(window[0], recording.start_s)
        self.stop_s = recording.stop_s if window is None else min(window[1], recording.stop_s)
        if self.stop_s <= self.start_s:
            self.start_s, self.stop_s = recording.start_s, recording.start_s

    @property
    def title(self) -> str:
        """What it is called."""
        if self.visible.title:
            return self.visible.title
        return self.recording.title if self.visible.names else "Recording"

    @property
    def zero_s(self) -> float:
        """Told times count from here."""
        return self.start_s

    def shows(self, kind: str) -> bool:
        """Whether a kind of `SHOWABLE` may be seen."""
        return kind in self.visible.kinds

    def covers(self, time_s: float) -> bool:
        """Whether a time exists for the viewer."""
        return self.start_s <= time_s <= self.stop_s

    @property
    def cameras(self) -> tuple[str, ...]:
        """Cameras that may be seen."""
        return self.recording.cameras if self.shows("camera") else ()

    @property
    def sounds(self) -> tuple[str, ...]:
        """Microphones that may be heard."""
        return self.recording.sounds if self.shows("sound") else ()

    @property
    def muted_s(self) -> tuple[tuple[float, float], ...]:
        """Stretches without sound, as far as they are in sight."""
        return tuple((a, b) for a, b in self.visible.muted_s if b > self.start_s and a < self.stop_s)

    def is_muted(self, time_s: float) -> bool:
        """Whether there is no sound at a time because it may not be heard."""
        return any(begin <= time_s < end for begin, end in self.visible.muted_s)

    @property
    def shows_stimulus(self) -> bool:
        """Whether the stimulus itself may be seen."""
        return self.shows("stimulus") and self.visible.condition

    def exposure_at(self, time_s: float) -> Exposure | None:
        """Return what was on the participant's screen at a time, None where that may not be known."""
        if not self.shows_stimulus or not self.covers(time_s):
            return None
        return self.recording.films.at(time_s)

    @cached_property
    def events(self) -> tuple[Seen, ...]:
        """Everything that happened and may be known."""
        if not self.shows("events"):
            return ()
        return tuple(
            Seen(event.time, event.kind, words_of(event, self.visible), event.trial)
            for event in self.recording.events
            if self.covers(event.time) and self._may_be_known(event)
        )

    def _may_be_known(self, event: Event) -> bool:
        visible = self.visible
        if not visible.answers and is_answer(event):
            return False
        # What an operator wrote and what a protocol calls its stages may tell what is to be hidden.
        return (visible.condition and visible.names and visible.answers) or event.kind in PLAIN_KINDS

    @cached_property
    def trials(self) -> tuple[SeenTrial, ...]:
        """Trials that are in sight, as far as they may be told."""
        found = []
        for trial in self.recording.trials:
            if trial.stop_s > self.start_s and trial.start_s < self.stop_s:
                name = f"Trial {trial.index + 1}" if self.visible.order else "Trial"
                start_s, stop_s = max(trial.start_s, self.start_s), min(trial.stop_s, self.stop_s)
                found.append(SeenTrial(trial.index, start_s, stop_s, name, self._trial_words(trial)))
        return tuple(found)

    def _trial_words(self, trial: Trial) -> str:
        if not self.visible.condition:
            return ""
        practice = "practice" if trial.practice and self.visible.order else ""
        return ", ".join(filter(None, (trial.stimulus, trial.category, practice)))

    @cached_property
    def strokes(self) -> tuple[Stroke, ...]:
        """Keystrokes: the class of each key, the key itself only where the file has it and it may be seen."""
        if not self.shows("keys"):
            return ()
        table = self.recording.keys
        characters = self._characters(table)
        return tuple(
            Stroke(press.down_s, self._within(press.up_s), characters.get(place) or press.key_class)
            for place, press in enumerate(presses_of(table))
            if self.covers(press.down_s)
        )

    def _within(self, time_s: float) -> float:
        return time_s if self.covers(time_s) else float("nan")

    def _characters(self, table: Mapping[str, NDArray[Any]]) -> Mapping[int, str]:
        """Return what was typed by number of the press, nothing where that may not be seen."""
        if "char" not in table or not (self.visible.answers and self.visible.condition):
            return {}
        order = np.argsort(table["time"], kind="stable")
        downs = [row for row in order.tolist() if table["edge"][row] == "down"]
        return {place: str(table["char"][row]) for place, row in enumerate(downs)}
