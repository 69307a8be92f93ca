"""Alarms: raised once, journalled, sounded where that disturbs no trial, and cleared when all is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app import clock
from app.supervisor.state import Alarm, Level, State

QUIET_CODES = (
    *("stream_back", "no_sound", "nonsense", "process_ended", "tone_missing", "sound_missing"),
    *(
        "screen_missing",
        "screen_changed",
        "screen_back",
        "close_refused",
        "placeholder",
        "stimulus_failed",
        "rights_opened",
        "declined",
        "few_presses",
    ),
)
"""Warnings of these codes are told in words alone: what a participant does is nobody else's noise."""


class Voice(Protocol):
    """The sounder as the alarms see it."""

    @property
    def is_there(self) -> bool:
        """Whether somebody would play a sound now."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether alarms come out of the loudspeaker of the stimuli."""
        ...

    def sound(self, level: Level) -> None:
        """Play the sound of a level."""
        ...


class Alarms:
    """Everything the operator must hear of, as one list.

    An alarm stands until `clear`; raised again meanwhile it is not repeated. A warning is told once and
    does not stand. `note(kind, payload)` journals. While a trial runs nothing sounds on an output that
    it shares with the stimuli: what still stands is sounded when `trial_runs` becomes False.
    """

    def __init__(
        self,
        state: State,
        note: Callable[[str, Mapping[str, Any]], None],
        say: Callable[[str], None],
        voice: Voice,
    ) -> None:
        self.count = 0
        self.trial_runs = False
        self._state = state
        self._note = note
        self._say = say
        self._voice = voice
        self._standing: dict[tuple[str, str], Alarm] = {}
        self._unheard: set[tuple[str, str]] = set()

    def stands(self, code: str, stream: str) -> bool:
        """Whether this alarm was raised and not cleared."""
        return (code, stream) in self._standing

    def raise_(self, code: str, stream: str, text: str, level: Level = "alarm") -> None:
        """Tell the operator; an alarm that stands already is left as it is."""
        key = (code, stream)
        if key in self._standing:
            return
        alarm = Alarm(clock.now(), stream, text, level, code)
        sounds = level == "alarm" or code not in QUIET_CODES
        heard = sounds and self._may_sound
        if level == "alarm":
            self.count += 1
            self._standing[key] = alarm
            if not heard:
                self._unheard.add(key)
        self._state.add_alarm(alarm)
        self._say(text)
        told = {"stream": stream, "text": text, "level": level, "code": code, "sounded": heard}
        self._note("alarm", told)
        if heard:
            self._voice.sound(level)

    def clear(self, code: str, stream: str) -> bool:
        """Take an alarm back, as all is well; False where it did not stand."""
        alarm = self._standing.pop((code, stream), None)
        self._unheard.discard((code, stream))
        if alarm is None:
            return False
        self._state.clear_alarm(alarm, clock.now())
        self._note("alarm_cleared", {"stream": stream, "code": code})
        return True

    def catch_up(self) -> None:
        """Sound what could not be sounded when it was raised and still stands, all by one sound."""
        if not self._unheard or not self._may_sound:
            return
        for code, stream in sorted(self._unheard):
            self._note("alarm_sounded", {"stream": stream, "code": code})
        self._unheard.clear()
        self._voice.sound("alarm")

    @property
    def _may_sound(self) -> bool:
        return self._voice.is_there and not (self.trial_runs and self._voice.is_shared)
