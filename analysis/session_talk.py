"""Hold-to-talk: when the participant spoke, and the microphone's rows of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event, StreamInfo

STARTED, ENDED = "talk_started", "talk_ended"


class Sound(Protocol):
    """A microphone's stream as a session gives it."""

    info: StreamInfo
    times: Any
    data: Any


class Talking(Protocol):
    """What of a session is needed: its events and streams."""

    @property
    def events(self) -> Sequence[Event]:
        """All events in order."""

    @property
    def streams(self) -> Any:
        """Streams by id."""


@dataclass(frozen=True, slots=True)
class TalkWindow:
    """One time that the button was held: from `start_s` to `end_s` (uncorrected session seconds).

    A window that was never closed (a kill, an abort) ends with its stage, or with the recording.
    """

    start_s: float
    end_s: float
    trial: int
    stage: str
    is_closed: bool

    @property
    def held_s(self) -> float:
        """How long the button was held."""
        return self.end_s - self.start_s

    def rows(self, sound: Sound) -> slice:
        """Return the rows of a stream that fall into the window; empty where it has none there."""
        first, stop = (_row(sound, at_s) for at_s in (self.start_s, self.end_s))
        return slice(first, stop)

    def samples(self, sound: Sound) -> NDArray[Any]:
        """Return the samples (n, channels) of the window."""
        found: NDArray[Any] = np.asarray(sound.data[self.rows(sound)])
        return found


def talk_windows(session: Talking) -> list[TalkWindow]:
    """Return every time that the participant held the button to talk, in order."""
    windows: list[TalkWindow] = []
    open_since: Event | None = None
    last_s = 0.0
    for event in session.events:
        last_s = max(last_s, event.time)
        is_start = event.kind == STARTED
        ends = event.kind == ENDED or is_start or event.kind == "stage_ended"
        if open_since is not None and ends:
            windows.append(_window(open_since, event.time, event.kind == ENDED))
            open_since = None
        if is_start:
            open_since = event
    if open_since is not None:
        windows.append(_window(open_since, last_s, False))
    return windows


def microphones(session: Talking) -> list[str]:
    """Return the ids of the streams that hold sound."""
    return [name for name, stream in session.streams.items() if stream.info.kind == "audio"]


def _window(start: Event, end_s: float, is_closed: bool) -> TalkWindow:
    return TalkWindow(start.time, end_s, start.trial, start.stage, is_closed)


def _row(sound: Sound, at_s: float) -> int:
    """Return the first row at or after a time; reads a few rows of however many."""
    return bisect_left(range(len(sound.times)), at_s, key=lambda row: float(sound.times[row]))
