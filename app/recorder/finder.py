"""Finding LSL streams that are missing, and opening them.

The library reconnects an inlet by itself when its outlet comes back; the finder looks after everything
it cannot do: streams not found yet, streams that came back with another shape, streams without a source
id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pylsl import ContinuousResolver, StreamInlet
from pylsl import StreamInfo as LslInfo

from app import clock
from app.recorder.inlets import LslSource, identity
from app.recorder.offsets import measure
from app.streams import Expected, from_lsl

OPEN_TIMEOUT_S = 3.0
LOOK_EVERY_S = 0.1
FORGET_AFTER_S = 3.0
# Time for the others that fit to answer too, before one is taken for the only one.
COMPARE_S = 0.7
AMBIGUOUS_AFTER_S = 5.0
OURS = "evoke:"


def matches(lsl: LslInfo, match: Mapping[str, str]) -> bool:
    """Whether an LSL stream agrees with every entry of `match`."""
    return all(str(getattr(lsl, key)()) == value for key, value in match.items())


def buffer_seconds(rate_hz: float) -> int:
    """Return how much the library should keep for us: at most a million rows, at least half a minute.

    A place in its queue costs 16 bytes whether used or not.
    """
    return int(min(360.0, max(30.0, 1e6 / rate_hz))) if rate_hz else 360


@dataclass(slots=True)
class Wanted:
    """A stream to be found; `current` is the source it had until now, if any."""

    expected: Expected
    current: LslSource | None
    since_s: float
    seen_s: float | None = None

    @property
    def is_ours(self) -> bool:
        """Whether nobody else can have the source id that is looked for."""
        return self.expected.match.get("source_id", "").startswith(OURS)


class Finder:
    """Finds wanted streams on the network and opens them, in threads of its own.

    `on_found(expected, source)` gives a source. A wanted stream that has a current source is given a
    new one only where the library cannot continue the old one, or where its shape has changed.
    `message(id)` says why a stream is not there yet. With `hurry` (a restarted recorder, whose streams
    were told apart before) the first that fits is taken at once.
    """

    def __init__(self, on_found: Callable[[Expected, LslSource], None], hurry: bool = False) -> None:
        self._on_found = on_found
        self._hurry = hurry
        self._wanted: dict[str, Wanted] = {}
        self._opening: set[str] = set()
        self._messages: dict[str, str] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        threading.Thread(target=self._look, name="finder", daemon=True).start()

    def want(self, expected: Expected, current: LslSource | None = None) -> None:
        """Start looking for a stream; does nothing if it is already looked for."""
        with self._lock:
            if expected.id not in self._wanted:
                self._wanted[expected.id] = Wanted(expected, current, clock.now())
        self._wake.set()

    def message(self, stream_id: str) -> str:
        """Return why a stream is not there yet, in one sentence, or ''."""
        with self._lock:
            return self._messages.get(stream_id, "") if stream_id in self._wanted else ""

    def _settle(self, stream_id: str) -> None:
        with self._lock:
            self._wanted.pop(stream_id, None)
            self._messages.pop(stream_id, None)

    def _look(self) -> None:
        resolver: Any = None
        while True:
            with self._lock:
                wanted = [want for key, want in self._wanted.items() if key not in self._opening]
                if not self._wanted:
                    resolver = None
                    self._wake.clear()
            if not wanted and resolver is None:
                self._wake.wait()
                continue
            if resolver is None:
                resolver = ContinuousResolver(forget_after=FORGET_AFTER_S)
            visible = resolver.results()
            for want in wanted:
                self._consider(want, [lsl for lsl in visible if matches(lsl, want.expected.match)])
            time.sleep(LOOK_EVERY_S)

    def _consider(self, want: Wanted, found: list[LslInfo]) -> None:
        stream_id, now = want.expected.id, clock.now()
        if not found:
            self._messages[stream_id] = f"No LSL stream with {_words(want.expected.match)} is visible."
            return
        if len(found) > 1:
            # One that was killed stays visible for a while beside its successor.
            if now - want.since_s > AMBIGUOUS_AFTER_S:
                hosts = ", ".join(f"{lsl.source_id() or lsl.uid()} on {lsl.hostname()}" for lsl in found)
                self._messages[stream_id] = (
                    f"{len(found)} LSL streams have {_words(want.expected.match)} ({hosts}). "
                    "Name the source id of one of them in the devices file."
                )
            return
        want.seen_s = want.seen_s or now
        if not (want.is_ours or self._hurry) and now - want.seen_s < COMPARE_S:
            return
        self._opening.add(stream_id)
        threading.Thread(target=self._open, args=(want, found[0]), name="opening", daemon=True).start()

    def _open(self, want: Wanted, lsl: LslInfo) -> None:
        expected, current = want.expected, want.current
        try:
            inlet = StreamInlet(lsl, max_buflen=buffer_seconds(lsl.nominal_srate()), recover=True)
            full = inlet.info(OPEN_TIMEOUT_S)
            info = from_lsl(full, expected.id)
            if expected.info is not None and expected.info.shape == info.shape:
                info = expected.info
            continued = current is not None and (
                current.identity == identity(full) and current.info.shape == info.shape
            )
            if not continued:
                inlet.open_stream(OPEN_TIMEOUT_S)
                # The library tells of a reconnection only once it has begun to compare the clocks.
                measure(inlet)
                self._on_found(expected, LslSource(inlet, info, full))
            self._settle(expected.id)
        except (RuntimeError, ValueError, KeyError) as error:
            self._messages[expected.id] = (
                f"The LSL stream with {_words(expected.match)} does not answer: {error}"
            )
        finally:
            self._opening.discard(expected.id)


def _words(match: Mapping[str, str]) -> str:
    return " and ".join(f"{key} '{value}'" for key, value in match.items()) or "any name"
