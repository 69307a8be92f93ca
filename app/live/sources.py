"""Where running signals come from: a running session's rings, LSL, or a finished session replayed."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from analysis.live.evening import Evening
from analysis.live.streams import KEYS, Streams
from analysis.modalities import modality_of
from analysis.records import StreamInfo
from app import clock
from app.events import parse_journal
from app.live.models import LiveUseError, replay_of
from app.plan import LIVE_SUFFIX, Lock, SessionPaths, SessionPlan
from app.recorder.inlets import LslSource, Rows, SourceLostError
from app.recorder.rings import RingSource
from app.ring import RingError

LOOK_S = 1.0
FAR_S = 5.0
"""Stamps that are so far from our clock are of another computer's."""
STEP_S = 0.25


class Source(Protocol):
    """Fills buffers. `words` says what it is, `now()` the time on the session's clock.

    That clock goes `speed` times as fast as ours, 0: as fast as it is pushed. No window ends after `end_s`.
    Of one that `waits` no window is ever left out.
    """

    words: str
    speed: float
    end_s: float
    waits: bool

    @property
    def waiting(self) -> tuple[str, ...]:
        """Why signals are not there yet, in sentences."""

    def feed(self, streams: Streams) -> bool:
        """Push what is new; whether more may come."""

    def now(self) -> float:
        """Return the session's clock, in seconds."""

    def close(self) -> None:
        """Let go of what is open."""


class ReplaySource:
    """A finished session, `speed` times as fast as it was; 0: as fast as it can be computed."""

    waits = True

    def __init__(self, path: Path, modalities: Sequence[str], speed: float = 1.0) -> None:
        if speed < 0:
            raise LiveUseError(f"A speed of {speed:g} is impossible: 1 is as it was, 0 as fast as possible.")
        self.replay = replay_of(path, modalities)
        self.words = path.stem
        self.speed = speed
        self.end_s = self.replay.end_s
        self._begun_s: float | None = None
        self._pushed_s = self.replay.begin_s
        self._is_known = False

    def feed(self, streams: Streams) -> bool:
        """Push what is due."""
        if not self._is_known:
            self._is_known = True
            for info in self.replay.infos:
                streams.add(info)
        if self.speed == 0:
            self._pushed_s += STEP_S
        else:
            now = clock.now()
            last_s, self._begun_s = self._begun_s or now, now
            # Where computing cannot keep up the replay waits: nothing of a recording is left out.
            self._pushed_s += min(STEP_S * max(1.0, self.speed), (now - last_s) * self.speed)
        self.replay.push(streams, self._pushed_s)
        # Beyond its end only as long as a window may wait for a stream that is late.
        return self._pushed_s < self.replay.end_s + FAR_S

    @property
    def waiting(self) -> tuple[str, ...]:
        """Nothing: a recording is there."""
        return ()

    def now(self) -> float:
        """Return up to when everything was pushed."""
        return self._pushed_s

    def close(self) -> None:
        """Close the session file."""
        self.replay.__exit__(None, None, None)


class _Clocked:
    """Rows of one sender on our clock, evened out where the stream is regular."""

    def __init__(self, info: StreamInfo) -> None:
        self._evening = Evening(info.rate_hz) if info.rate_hz > 0 and not info.is_blob else None
        self._shift_s: float | None = None

    def push(self, streams: Streams, stream: str, rows: Rows, offset_s: float | None = None) -> None:
        """Push rows of stream `stream`."""
        times = np.asarray(rows.times, np.float64)
        if offset_s is not None:
            times = times + offset_s
        else:
            if self._shift_s is None:
                apart_s = clock.now() - float(times[-1])
                self._shift_s = apart_s if abs(apart_s) > FAR_S else 0.0
            times = times + self._shift_s
        if self._evening is None:
            streams.push(stream, times, rows.data)
            return
        even, begins = self._evening.even(times)
        data = np.asarray(rows.data)
        edges = sorted({0, len(even), *np.flatnonzero(begins).tolist()})
        for low, high in itertools.pairwise(edges):
            streams.push(stream, even[low:high], data[low:high], bool(begins[low]))


class SessionSource:
    """The rings of a session that runs on this computer: read as the windows read them, nothing is asked.

    What the participant refused is not read, as in a finished session.
    """

    speed = 1.0
    end_s = float("inf")
    waits = False

    def __init__(self, live: Path) -> None:
        self._paths = SessionPaths.of_live(live)
        try:
            self._plan = SessionPlan.load(self._paths.plan)
        except (OSError, ValueError, TypeError) as error:
            raise LiveUseError(f"{live}: no session runs there ({error}).") from error
        self.words = self._plan.name
        self._rings: dict[str, tuple[RingSource, _Clocked]] = {}
        self._looked_s = float("-inf")
        self._journal_at: int | None = None

    def feed(self, streams: Streams) -> bool:
        """Push the rows that are new."""
        now = clock.now()
        if now - self._looked_s > LOOK_S:
            self._looked_s = now
            self._look(streams)
            lock = Lock.read(self._paths.lock)
            if lock is None or lock.finishing or not lock.is_alive:
                return False
        for name, (ring, clocked) in self._rings.items():
            rows = ring.pull()
            if rows is not None:
                clocked.push(streams, name, rows)
        if KEYS in streams.modalities and not self._plan.refuses("typed_text"):
            self._read_keys(streams)
        return True

    def _look(self, streams: Streams) -> None:
        for path in sorted(self._plan.runtime.glob("*.ring")):
            known = self._rings.get(path.stem)
            if known is not None and not known[0].is_replaced:
                continue
            with contextlib.suppress(RingError):
                ring = RingSource(path, None)
                if not self._is_refused(ring.info) and streams.add(ring.info):
                    self._rings[path.stem] = (ring, _Clocked(ring.info))

    def _is_refused(self, info: StreamInfo) -> bool:
        kind = modality_of(info)
        return kind is not None and self._plan.refuses(kind)

    def _read_keys(self, streams: Streams) -> None:
        path = self._paths.journal("presenter")
        with contextlib.suppress(OSError), path.open("rb") as file:
            if self._journal_at is None:
                file.seek(0, 2)
                self._journal_at = file.tell()
                return
            file.seek(self._journal_at)
            content = file.read()
            # A line that is still being written is read the next time.
            whole = content[: content.rfind(b"\n") + 1]
            self._journal_at += len(whole)
            rows = [
                {
                    "time": event.time, "edge": str(event.payload.get("edge", "")),
                    "key": str(event.payload.get("key", "")), "class": str(event.payload.get("class", "")),
                    "trial": event.trial, "stage": event.stage,
                    # As `analysis.corpus.signals.key_columns` has it of the finished file.
                    "press": f"{event.source} {event.payload.get('press', event.payload.get('class', ''))}",
                }
                for event in parse_journal(whole).events
                if event.kind == "key"
            ]  # fmt: skip
            streams.push_keys(rows)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Whether no stream of the session is one that is needed."""
        return () if self._rings else ("The session has none of the streams that it needs yet.",)

    def now(self) -> float:
        """Return our clock: a session's own."""
        return clock.now()

    def close(self) -> None:
        """Nothing is held open."""


class LslNames:
    """LSL streams by name, of this computer or others."""

    speed = 1.0
    end_s = float("inf")
    waits = False

    def __init__(self, names: Sequence[str]) -> None:
        from app.recorder.finder import Finder
        from app.recorder.offsets import OffsetTracker
        from app.streams import Expected, slug

        self.words = ", ".join(names)
        self._open: dict[str, tuple[LslSource, _Clocked, OffsetTracker, list[float]]] = {}
        self._expected: dict[str, Expected] = {}
        self._streams_of: dict[str, bool] = {}
        for name in names:
            stream = slug(name, self._expected)
            self._expected[stream] = Expected(stream, "lsl", match={"name": name})
        self._tracker = OffsetTracker
        self._found: list[tuple[Expected, LslSource]] = []
        self._finder = Finder(
            lambda expected, source: self._found.append((expected, source)), lambda *_: None
        )
        for expected in self._expected.values():
            self._finder.want(expected)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Why streams are not there yet."""
        return tuple(filter(None, (self._finder.message(name) for name in self._expected)))

    def feed(self, streams: Streams) -> bool:
        """Push the rows that are new."""
        from app.recorder.offsets import measure

        while self._found:
            expected, source = self._found.pop(0)
            self._streams_of[expected.id] = streams.add(source.info)
            self._open[expected.id] = (source, _Clocked(source.info), self._tracker(), [0.0])
        for name, (source, clocked, tracker, asked) in list(self._open.items()):
            if clock.now() - asked[0] > LOOK_S:
                asked[0] = clock.now()
                tracker.update(measure(source.inlet))
            try:
                rows = source.pull()
            except SourceLostError:
                source.close()
                del self._open[name]
                self._finder.want(self._expected[name], None, source.uid)
                continue
            if rows is not None and self._streams_of[name]:
                clocked.push(streams, name, rows, tracker.offset_s)
        return True

    def now(self) -> float:
        """Return our clock."""
        return clock.now()

    def close(self) -> None:
        """Disconnect."""
        for source, *_ in self._open.values():
            source.close()


def running_session(path: Path) -> Path:
    """Return the live folder of the session that runs in a study, or that `path` is; raises LiveUseError."""
    if path.name.endswith(LIVE_SUFFIX):
        return path
    found = []
    for live in sorted(path.glob(f"**/*{LIVE_SUFFIX}")) if path.is_dir() else ():
        lock = Lock.read(SessionPaths.of_live(live).lock)
        if lock is not None and lock.is_alive and not lock.finishing:
            found.append(live)
    if not found:
        raise LiveUseError(f"{path}: no session runs there. Start one, or replay a finished one (--session).")
    return found[-1]


def as_json(values: Mapping[str, Any]) -> str:
    """Return one line of JSON; what is no number is null."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): plain(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        if isinstance(value, np.ndarray):
            return plain(value.tolist())
        if isinstance(value, float) and not np.isfinite(value):
            return None
        return value

    return json.dumps(plain(values), ensure_ascii=False, allow_nan=False)
