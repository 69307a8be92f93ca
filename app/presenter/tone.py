"""A tone at a given moment: queued ahead, so that it leaves the sound card when the picture changes.

One output stream runs through the session. Each block's callback says when its first sample will be
heard (`outputBufferDacTime`); the tone is laid into the block in which its moment falls.
"""

from __future__ import annotations

import collections
import logging
import statistics
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.alignment_signals import tone
from app import clock, settings, system

log = logging.getLogger(__name__)

LATENCY_S = 0.06
"""Enough for a busy computer; how exactly a tone comes does not hang on it."""
MARGIN_S = 0.06
LONGEST_LATENCY_S = 1.0
READINGS = 64


@dataclass(frozen=True, slots=True)
class Played:
    """A tone that has begun: when it was to be heard, when it is, by the sound card's own account."""

    intended_s: float
    actual_s: float


@dataclass(slots=True)
class Timeline:
    """When each sample of the output is heard: the readings of single blocks, evened out.

    A reading that says nothing sensible (some drivers' do) counts as `latency_s` after the callback.
    """

    rate_hz: float
    latency_s: float
    played: int = 0
    _starts: collections.deque[float] = field(default_factory=lambda: collections.deque(maxlen=READINGS))

    def block(self, now_s: float, ahead_s: float, count: int) -> float:
        """Take a block of `count` samples that is handed over now; return when its first one is heard."""
        if not 0 < ahead_s < LONGEST_LATENCY_S:
            ahead_s = self.latency_s
        self._starts.append(now_s + ahead_s - self.played / self.rate_hz)
        heard_s = statistics.median(self._starts) + self.played / self.rate_hz
        self.played += count
        return heard_s

    def forget(self) -> None:
        """Begin anew, after samples were lost."""
        self._starts.clear()


class Tone:
    """Plays one sound (n,), whenever asked; `open_output` is sounddevice's `OutputStream`.

    Raises what that raises where no output opens.
    """

    def __init__(
        self, open_output: Callable[..., Any], device: Any, rate_hz: float, sound: NDArray[np.float64]
    ) -> None:
        self._sound = sound.astype(np.float32)
        self._rate_hz = rate_hz
        self._lock = threading.Lock()
        self._wanted: float | None = None
        self._place = -1
        self._done: collections.deque[Played] = collections.deque()
        self._stream = open_output(
            samplerate=rate_hz,
            device=device,
            channels=1,
            dtype="float32",
            latency=LATENCY_S,
            callback=self._fill,
        )
        self._timeline = Timeline(rate_hz, float(self._stream.latency))
        self._stream.start()

    @property
    def lead_s(self) -> float:
        """How long before its moment a tone must be asked for."""
        return self._timeline.latency_s + MARGIN_S

    def play(self, at_s: float) -> None:
        """Have the tone heard at `at_s`, or as soon as possible after it."""
        with self._lock:
            self._wanted = at_s

    def played(self) -> list[Played]:
        """Return the tones that have begun since the last call."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Stop the output."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _fill(self, out: NDArray[np.float32], count: int, times: Any, status: Any) -> None:
        """Fill a block, in PortAudio's thread."""
        if status.output_underflow:
            self._timeline.forget()
        heard_s = self._timeline.block(clock.now(), times.outputBufferDacTime - times.currentTime, count)
        out[:] = 0
        begin = 0
        if self._place < 0:
            with self._lock:
                wanted = self._wanted
            if wanted is None or wanted >= heard_s + count / self._rate_hz:
                return
            begin = max(0, round((wanted - heard_s) * self._rate_hz))
            if begin >= count:
                return
            with self._lock:
                self._wanted = None
            self._place = 0
            self._done.append(Played(wanted, heard_s + begin / self._rate_hz))
        piece = self._sound[self._place : self._place + count - begin]
        out[begin : begin + len(piece), 0] = piece
        self._place += len(piece)
        if self._place >= len(self._sound):
            self._place = -1


def open_tone() -> tuple[Tone | None, str]:
    """Return the tone on the stimuli's output, or None and why there is no sound."""
    try:
        import sounddevice
    except (OSError, ImportError) as error:
        why = system.explain_import_error(error) or f"PortAudio cannot be loaded: {error}."
        return None, f"There is no sound: {why}"
    wanted = settings.sound_outputs().stimulus
    try:
        found = sounddevice.query_devices(wanted or None, "output")
    except (sounddevice.PortAudioError, ValueError):
        missing = f'the output "{wanted}" for stimuli is not there' if wanted else "there is no sound output"
        return None, f"There is no sound: {missing}. Choose one in the settings."
    try:
        rate_hz = float(found["default_samplerate"]) or 44100.0
        return Tone(sounddevice.OutputStream, int(found["index"]), rate_hz, tone(rate_hz)), ""
    except (sounddevice.PortAudioError, ValueError, OSError) as error:
        reason = str(error.args[0] if error.args else error).split("\n", 1)[0]
        return None, f"There is no sound: no output could be opened ({reason})."
