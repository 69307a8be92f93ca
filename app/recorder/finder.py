"""Finding LSL streams that are missing, and opening them.

A stream is bound to its source id and its computer once it has been recorded: what else has its name
is never taken for it, and of several that fit none is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pylsl import ContinuousResolver, StreamInlet
from pylsl import StreamInfo as LslInfo

from analysis.records import StreamInfo
from app import clock
from app.recorder.inlets import LslSource
from app.recorder.lifelines import Lifelines
from app.recorder.offsets import measure
from app.recorder.telling import ambiguous_text, elsewhere_text, not_visible_text
from app.streams import Expected, from_lsl

OPEN_TIMEOUT_S = 3.0
LOOK_EVERY_S = 0.1
FORGET_AFTER_S = 3.0
# Time for the others that fit to answer too, before one is taken for the only one.
COMPARE_S = 0.7
# One that was killed stays visible for a while beside its successor.
AMBIGUOUS_AFTER_S = FORGET_AFTER_S + 0.5
OURS = "evoke:"

LONGEST_BUFFER_S = 360.0
LEAST_BUFFER_S = 30.0
BUFFER_ROWS = 1e6
BUFFER_BYTES = 64e6


def matches(lsl: LslInfo, match: Mapping[str, str]) -> bool:
    """Whether an LSL stream agrees with every entry of `match`."""
    return all(str(getattr(lsl, key)()) == value for key, value in match.items())


def bound(expected: Expected, info: StreamInfo) -> Expected:
    """Return `expected` as it is looked for once `info` was recorded: same source id, same computer."""
    own = {"source_id": info.source_id, "hostname": str(info.details.get("host", ""))}
    return replace(expected, match=dict(expected.match) | {k: v for k, v in own.items() if v})


def buffer_seconds(rate_hz: float, row_bytes: int) -> int:
    """Return how much the library should keep for us: a million rows, 64 MB, half a minute at least.

    A place in its queue costs 16 bytes whether used or not.
    """
    if not rate_hz:
        return int(LONGEST_BUFFER_S)
    most_s = min(BUFFER_ROWS, BUFFER_BYTES / row_bytes) / rate_hz
    return int(min(LONGEST_BUFFER_S, max(LEAST_BUFFER_S, most_s)))


@dataclass(slots=True)
class Wanted:
    """A stream to be found; `current` is the source it has, if any, `gone` the uid of one that it had."""

    expected: Expected
    current: LslSource | None
    gone: str
    since_s: float
    seen_s: float | None = None
    is_ambiguous: bool = False

    @property
    def is_unique(self) -> bool:
        """Whether nobody else can have the source id that is looked for, or had it before."""
        source_id = self.expected.match.get("source_id", "")
        return source_id.startswith(OURS) or bool(source_id and self.gone)


class Finder:
    """Finds wanted streams on the network and opens them, in threads of its own.

    `on_found(expected, source)` gives a source, `on_ambiguous(expected, count)` tells once that several
    fit. A wanted stream that has a current source is given a new one only where that is another sender.
    `message(id)` says why a stream is not there yet. With `hurry` (a restarted recorder, whose streams
    were told apart before) the first that fits is taken at once.
    """

    def __init__(
        self,
        on_found: Callable[[Expected, LslSource], None],
        on_ambiguous: Callable[[Expected, int], None],
        hurry: bool = False,
    ) -> None:
        self._lifelines = Lifelines()
        self._on_found = on_found
        self._on_ambiguous = on_ambiguous
        self._hurry = hurry
        self._wanted: dict[str, Wanted] = {}
        self._opening: set[str] = set()
        self._messages: dict[str, str] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        threading.Thread(target=self._look, name="finder", daemon=True).start()

    def want(self, expected: Expected, current: LslSource | None = None, gone: str = "") -> None:
        """Start looking for a stream; does nothing but note what has gone if it is already looked for."""
        with self._lock:
            wanted = self._wanted.get(expected.id)
            if wanted is None:
                self._wanted[expected.id] = Wanted(expected, current, gone, clock.now())
            elif gone:
                wanted.expected, wanted.current, wanted.gone = expected, None, gone
                wanted.since_s, wanted.seen_s = clock.now(), None
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
            visible = [lsl for lsl in resolver.results() if lsl.uid()]
            now = clock.now()
            for want in wanted:
                # By then one that has really gone is visible no more.
                gone = want.gone if now - want.since_s < AMBIGUOUS_AFTER_S else ""
                self._consider(want, [lsl for lsl in visible if lsl.uid() != gone], now)
            time.sleep(LOOK_EVERY_S)

    def _consider(self, want: Wanted, visible: Sequence[LslInfo], now: float) -> None:
        stream_id, match = want.expected.id, want.expected.match
        found = [lsl for lsl in visible if matches(lsl, match)]
        if not found:
            other = {key: value for key, value in match.items() if key != "hostname"}
            moved = [lsl for lsl in visible if "hostname" in match and matches(lsl, other)]
            self._messages[stream_id] = elsewhere_text(match, moved) if moved else not_visible_text(match)
            return
        if len(found) > 1:
            want.seen_s = None
            if now - want.since_s > AMBIGUOUS_AFTER_S:
                self._messages[stream_id] = ambiguous_text(match, found)
                if not want.is_ambiguous:
                    want.is_ambiguous = True
                    self._on_ambiguous(want.expected, len(found))
            return
        if want.current is not None and want.current.uid == found[0].uid():
            # The sender that we have is there again, and the connection to it was never cut.
            self._settle(stream_id)
            return
        want.seen_s = want.seen_s or now
        if not (want.is_unique or self._hurry) and now - want.seen_s < COMPARE_S:
            return
        self._opening.add(stream_id)
        threading.Thread(target=self._open, args=(want, found[0]), name="opening", daemon=True).start()

    def _open(self, want: Wanted, lsl: LslInfo) -> None:
        expected = want.expected
        try:
            seconds = buffer_seconds(lsl.nominal_srate(), _row_bytes(lsl))
            # Without its own recovery the library would drop the rows that we have not yet taken when
            # the sender dies.
            inlet = StreamInlet(lsl, max_buflen=seconds, recover=True)
            full = inlet.info(OPEN_TIMEOUT_S)
            info = from_lsl(full, expected.id)
            if expected.info is not None and expected.info.shape == info.shape:
                info = expected.info
            elif expected.details:
                info = replace(info, details={**info.details, **expected.details})
            inlet.open_stream(OPEN_TIMEOUT_S)
            # The library tells of a reconnection only once it has begun to compare the clocks.
            measure(inlet)
            self._on_found(expected, LslSource(inlet, info, full, self._lifelines.hold(full)))
            self._settle(expected.id)
        except (RuntimeError, ValueError, KeyError) as error:
            self._messages[expected.id] = f"{not_visible_text(expected.match, 'answers')} {error}"
        finally:
            self._opening.discard(expected.id)


def _row_bytes(lsl: LslInfo) -> int:
    value_bytes = {1: 4, 2: 8, 4: 4, 5: 2, 6: 1, 7: 8}.get(lsl.channel_format(), 64)
    return max(1, int(lsl.channel_count()) * value_bytes)
