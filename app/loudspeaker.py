"""Sounds at given moments: one output for all of them, open while it is needed.

Each block's callback says when its first sample will be heard (`outputBufferDacTime`); a sound is laid
into the block in which its moment falls, and tells ever after which of its samples is heard when.
"""

from __future__ import annotations

import collections
import statistics
import threading
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import clock, settings, system

LATENCY_S = 0.06
"""Enough for single tones on a busy computer; how exactly a sound comes does not hang on it."""
LONG_SOUND_LATENCY_S = 0.12
"""Films and speech go on for minutes, and a computer that is busy for a moment must not break them."""
MARGIN_S = 0.06
LONGEST_LATENCY_S = 1.0
READINGS = 64
STEADY_BLOCKS = 15
SILENT_BEYOND_S = 1.0
STARTING_S = 3.0
"""A sound server that was idle may take nothing for so long after the output was opened."""

Block = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Played:
    """A sound that has begun: when it was to be heard, when it is, by the sound card's own account."""

    name: str
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


class Source(typing.Protocol):
    """A sound that is read in order, in the sound card's thread."""

    def read(self, count: int) -> Block:
        """Return the next samples (at most `count`, channels); fewer where no more are there by now."""
        ...

    @property
    def position(self) -> int:
        """How many samples were read."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more."""
        ...


class Samples:
    """A sound that is there as a whole: (n,) or (n, channels)."""

    def __init__(self, sound: NDArray[Any]) -> None:
        self._sound = np.asarray(sound, np.float32).reshape(len(sound), -1)
        self.position = 0

    def read(self, count: int) -> Block:
        """Return the next samples."""
        piece = self._sound[self.position : self.position + count]
        self.position += len(piece)
        return piece

    @property
    def is_over(self) -> bool:
        """Whether all was read."""
        return self.position >= len(self._sound)


class Voice:
    """One sound on its way: from `at_s` until it is over or stopped."""

    def __init__(self, source: Source, at_s: float, rate_hz: float, name: str, volume: float) -> None:
        self.source = source
        self.at_s = at_s
        self.stop_s: float | None = None
        self.is_over = False
        self.played: Played | None = None
        self._name = name
        self._rate_hz = rate_hz
        self._volume = np.float32(volume)
        # When the sound's beginning was heard (or would have been), by the last blocks: single readings,
        # as after lost samples, say little, and a film that follows them would stumble.
        self._begins: collections.deque[float] = collections.deque(maxlen=STEADY_BLOCKS)
        self._begin_s = at_s - source.position / rate_hz

    @property
    def has_begun(self) -> bool:
        """Whether its first sample was handed over."""
        return self.played is not None

    def heard_at(self, position_s: float) -> float:
        """Return when the given second of the sound is heard (or would be)."""
        return self._begin_s + position_s

    def position_at(self, time_s: float) -> float:
        """Return which second of the sound is heard at a time."""
        return time_s - self._begin_s

    def fill(self, out: Block, heard_s: float) -> None:
        """Add to a block whose first sample is heard at `heard_s`."""
        count, rate_hz = len(out), self._rate_hz
        begin, end = 0, count
        if self.stop_s is not None:
            end = min(count, max(0, round((self.stop_s - heard_s) * rate_hz)))
            self.is_over = end < count
        if self.played is None:
            begin = max(0, round((self.at_s - heard_s) * rate_hz))
        if begin >= end:
            return
        if self.played is None:
            self.played = Played(self._name, self.at_s, heard_s + begin / rate_hz)
        self._begins.append(heard_s + (begin - self.source.position) / rate_hz)
        self._begin_s = statistics.median(self._begins)
        piece = self.source.read(end - begin)
        out[begin : begin + len(piece)] += self._volume * piece
        self.is_over = self.is_over or self.source.is_over


class Player:
    """Plays sounds, whenever asked; `open_output` is sounddevice's `OutputStream`.

    Raises what that raises where no output opens.
    """

    def __init__(
        self,
        open_output: Callable[..., Any],
        device: Any,
        rate_hz: float,
        channels: int = 1,
        latency_s: float = LATENCY_S,
    ) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self._lock = threading.Lock()
        self._voices: list[Voice] = []
        self._done: collections.deque[Played] = collections.deque()
        self._called_s = self._opened_s = clock.now()
        self._stream = open_output(
            samplerate=rate_hz,
            device=device,
            channels=channels,
            dtype="float32",
            latency=latency_s,
            callback=self._fill,
        )
        self._timeline = Timeline(rate_hz, float(self._stream.latency))
        self._stream.start()

    @property
    def lead_s(self) -> float:
        """How long before its moment a sound must be asked for."""
        return self._timeline.latency_s + MARGIN_S

    @property
    def is_silent(self) -> bool:
        """Whether the output takes nothing any more, as after its device was pulled out."""
        return clock.now() - max(self._called_s, self._opened_s + STARTING_S) > SILENT_BEYOND_S

    def play(self, source: Source, at_s: float, name: str = "", volume: float = 1.0) -> Voice:
        """Have a sound heard from `at_s` on, or as soon as possible after it."""
        voice = Voice(source, at_s, self.rate_hz, name, volume)
        with self._lock:
            self._voices.append(voice)
        return voice

    def played(self) -> list[Played]:
        """Return the sounds that have begun since the last call."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Stop the output."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _fill(self, out: Block, count: int, times: Any, status: Any) -> None:
        """Fill a block, in PortAudio's thread."""
        if status.output_underflow:
            self._timeline.forget()
        self._called_s = clock.now()
        heard_s = self._timeline.block(self._called_s, times.outputBufferDacTime - times.currentTime, count)
        out[:] = 0
        with self._lock:
            voices = list(self._voices)
        for voice in voices:
            had_begun = voice.has_begun
            voice.fill(out, heard_s)
            if voice.played is not None and not had_begun:
                self._done.append(voice.played)
        over = [voice for voice in voices if voice.is_over]
        if over:
            with self._lock:
                self._voices = [voice for voice in self._voices if voice not in over]
        if len(voices) > 1:
            np.clip(out, -1.0, 1.0, out=out)


def open_player(latency_s: float = LATENCY_S) -> tuple[Player | None, str]:
    """Return the player on the stimuli's output, or None and why there is no sound."""
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
        channels = min(2, int(found["max_output_channels"]))
        device = int(found["index"])
        return Player(sounddevice.OutputStream, device, rate_hz, channels, latency_s), ""
    except (sounddevice.PortAudioError, ValueError, OSError) as error:
        reason = str(error.args[0] if error.args else error).split("\n", 1)[0]
        return None, f"There is no sound: no output could be opened ({reason})."
