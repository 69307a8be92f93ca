"""The sound of a recording while it is played: made ahead in a thread, timed by the sound card."""

from __future__ import annotations

import bisect
import collections
import threading
from collections.abc import Callable, Sequence

import numpy as np

from app import clock
from app.console.quiet import QUIET
from app.console.review.sound_rows import SoundRows, Spans, mixed, silenced
from app.console.review.stretch import Stretcher, Wave
from app.loudspeaker import Player, Voice, open_player
from app.sound_ahead import AheadSource

AHEAD_S = 0.5
PATIENCE_S = 4.0
"""An output that has not begun by then is done without; one that was idle takes its time."""
RETRY_S = 10.0
NO_OUTPUT = "no sound output"

OpenOutput = Callable[[], tuple[Player | None, str]]


class Maker(AheadSource):
    """Makes the sound from `start_s` on at `speed`: an `app.loudspeaker.Source`.

    With `loop_s` it goes back to the loop's start for ever; without it ends at `stop_s`.
    """

    def __init__(
        self,
        sounds: Sequence[SoundRows],
        muted_s: Spans,
        start_s: float,
        stop_s: float,
        speed: float,
        loop_s: tuple[float, float] | None,
        rate_hz: float,
        channels: int,
    ) -> None:
        super().__init__("recorded sound", channels, AHEAD_S * rate_hz)
        self._sounds, self._muted_s = tuple(sounds), tuple(muted_s)
        self._stop_s, self._speed, self._loop_s = stop_s, speed, loop_s
        self._rate_hz = rate_hz
        # Where in the output each pass begins, and with which second of the recording.
        self._passes: list[int] = [0]
        self._begins_s: list[float] = [start_s]
        self.start()

    def recorded_at(self, played_s: float) -> float:
        """Return which second of the recording is heard after `played_s` of this sound."""
        with self._change:
            place = max(0, bisect.bisect_right(self._passes, played_s * self._rate_hz) - 1)
            begun, begin_s = self._passes[place], self._begins_s[place]
        return begin_s + (played_s - begun / self._rate_hz) * self._speed

    def run(self) -> None:
        """Make it until its end."""
        try:
            begin_s, stop_s = self._begins_s[0], self._stop_s
            while not self._closed:
                self._pass(begin_s, stop_s if self._loop_s is None else self._loop_s[1])
                if self._loop_s is None:
                    return
                begin_s = self._loop_s[0]
                with self._change:
                    self._passes.append(self.made)
                    self._begins_s.append(begin_s)
        except (OSError, RuntimeError, ValueError, KeyError):
            # The file was closed, or cannot be read here: the rest is silence.
            return
        finally:
            self._ended = True

    def _pass(self, begin_s: float, stop_s: float) -> None:
        """Make the sound between two seconds of the recording once."""
        rate_hz = self._rate_hz

        def read(first: int, stop: int) -> Wave:
            start_s = begin_s + first / rate_hz
            wave = mixed(self._sounds, start_s, stop - first, rate_hz)
            return silenced(wave, start_s, rate_hz, self._muted_s)

        stretcher = Stretcher(_ahead(read), 0, self._speed, rate_hz)
        left = max(1, round((stop_s - begin_s) * rate_hz / self._speed))
        while left > 0 and not self._closed:
            block = stretcher.next()[:left]
            left -= len(block)
            self.put(np.repeat(block[:, None], self._channels, axis=1))


def _ahead(read: Callable[[int, int], Wave], block: int = 16384) -> Callable[[int, int], Wave]:
    """Read a sound in large blocks: single small reads of a compressed file cost too much."""
    kept: collections.OrderedDict[int, Wave] = collections.OrderedDict()

    def get(first: int, stop: int) -> Wave:
        pieces = []
        for number in range(first // block, (stop - 1) // block + 1):
            if number not in kept:
                kept[number] = read(number * block, (number + 1) * block)
                if len(kept) > 4:
                    kept.popitem(last=False)
            start = number * block
            pieces.append(kept[number][max(0, first - start) : stop - start])
        return np.concatenate(pieces)

    return get


class SoundPlayer:
    """Plays recorded sound; `position_s` is what is heard now. Opens the output in a thread, once.

    `problem` is "" or why nothing is heard.
    """

    def __init__(self, open_output: OpenOutput | None = None) -> None:
        self.problem = ""
        self._open_output = open_output if open_output is not None else open_player
        self._sounds: tuple[SoundRows, ...] = ()
        self._muted_s: Spans = ()
        self._output: Player | None = None
        self._opening: threading.Thread | None = None
        self._voice: Voice | None = None
        self._maker: Maker | None = None
        self._wanted: tuple[float, float, float, tuple[float, float] | None] | None = None
        self._asked_s = 0.0
        self._closed = False
        self._failed_s = 0.0
        self._played_s, self._rate_hz = 0.0, 1.0

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to hear in the recording."""
        return bool(self._sounds)

    def take(self, sounds: Sequence[SoundRows], muted_s: Spans = ()) -> None:
        """Play these microphones from now on, silent in the stretches `muted_s`."""
        self.stop()
        self._sounds, self._muted_s = tuple(sounds), tuple(muted_s)

    def start(
        self, at_s: float, stop_s: float, speed: float, loop_s: tuple[float, float] | None = None
    ) -> None:
        """Have the recording heard from `at_s` on."""
        self.stop()
        if not self._sounds:
            return
        if QUIET.reason:
            self.problem = QUIET.reason
            return
        if self.problem and clock.now() - self._failed_s < RETRY_S:
            return
        self.problem = ""
        self._wanted = (at_s, stop_s, speed, loop_s)
        self._asked_s = clock.now()
        if self._output is not None and self._output.is_silent:
            self._output.close()
            self._output = None
        if self._output is None and self._opening is None:
            self._opening = threading.Thread(target=self._open, name="sound output", daemon=True)
            self._opening.start()
        self._begin()

    def stop(self) -> None:
        """Fall silent."""
        self._wanted = None
        if self._voice is not None:
            self._voice.stop_s = clock.now()
        if self._maker is not None:
            self._maker.close()
        self._voice = self._maker = None

    def position_s(self) -> float | None:
        """Return which second of the recording is heard now; None while that has not begun, or cannot."""
        if self._wanted is None or self.problem:
            return None
        if QUIET.reason:
            self.stop()
            self.problem = QUIET.reason
            return None
        self._begin()
        now, output = clock.now(), self._output
        if self._voice is None or self._maker is None or not self._voice.has_begun:
            if now - self._asked_s > PATIENCE_S:
                self._give_up()
            return None
        if output is not None and output.is_silent:
            self._give_up()
            return None
        # Nothing is heard that was not handed over: an output that wakes up or stutters holds all else up.
        # Its first accounts may be corrected by later ones; pictures then wait, and never go back.
        handed_s = self._maker.position / self._rate_hz
        self._played_s = max(self._played_s, min(self._voice.position_at(now), handed_s))
        return self._maker.recorded_at(self._played_s)

    @property
    def waits(self) -> bool:
        """Whether the sound is about to begin."""
        return self._wanted is not None and not self.problem

    def close(self) -> None:
        """Close the output."""
        self.stop()
        self._closed = True
        if self._output is not None:
            self._output.close()
            self._output = None

    def _give_up(self) -> None:
        self.stop()
        self._fail()

    def _fail(self) -> None:
        self._failed_s = clock.now()
        self.problem = NO_OUTPUT

    def _open(self) -> None:
        output, _ = self._open_output()
        if output is None:
            self._fail()
        elif self._closed:
            output.close()
        else:
            self._output = output
        self._opening = None

    def _begin(self) -> None:
        """Begin what is wanted once the output is open."""
        output = self._output
        if output is None or self._wanted is None or self._voice is not None:
            return
        at_s, stop_s, speed, loop_s = self._wanted
        self._maker = Maker(
            self._sounds, self._muted_s, at_s, stop_s, speed, loop_s, output.rate_hz, output.channels
        )
        self._rate_hz, self._played_s = output.rate_hz, 0.0
        self._voice = output.play(self._maker, clock.now() + output.lead_s, "recording")
