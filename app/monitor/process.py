"""The monitor process: watches the rings of a session and says once a second what its streams are worth."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from app import clock
from app.devices.child import Service
from app.events import Journal
from app.link import Link, LinkError
from app.monitor.follow import Watcher
from app.monitor.kinds import device_of
from app.monitor.numbers import NumbersWatch
from app.monitor.pictures import PictureWatch
from app.monitor.quality_wrist import Wear
from app.monitor.rules import Quality
from app.monitor.sounds import SoundWatch
from app.monitor.window import open_ring
from app.plan import Lock, SessionPaths, SessionPlan
from app.ring import RingError, SampleRingReader

POLL_S = 0.5
TELL_EVERY = 2
JOURNAL_S = 10.0
LOOK_EVERY = 2
NICENESS = 10


def main(live: Path) -> int:
    """Watch the session whose live folder is `live`; the child `_monitor`. Return the exit status."""
    paths = SessionPaths.of_live(live)
    lock = Lock.read(paths.lock)
    try:
        plan = SessionPlan.load(paths.plan)
        if lock is None:
            raise LinkError(f"{paths.lock.name} is missing or damaged")
        link = Link(lock.port, lock.token, "monitor", "monitor", os.getpid())
    except (OSError, ValueError, TypeError, LinkError) as error:
        _log(f"monitor: {live.name}: {error}")
        return 1
    _step_back()
    try:
        journal = Journal(paths.journal("monitor"), "monitor")
    except OSError as error:
        _log(f"monitor: {live.name}: {error}")
        return 1
    return Monitor(plan, link, journal).run()


def _step_back() -> None:
    """Let recording and presenting go first."""
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process()
        process.nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS))


def _log(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


class Monitor:
    """One run of the monitor: finds rings, watches them, tells and journals their quality."""

    def __init__(self, plan: SessionPlan, link: Link, journal: Journal) -> None:
        self._plan = plan
        self._devices = tuple(str(entry.get("id", "")) for entry in plan.devices)
        self._link = link
        self._journal = journal
        self._watchers: dict[str, Watcher] = {}
        self._journalled_s: dict[str, float] = {}
        self._service = Service()

    def run(self) -> int:
        """Watch until told to stop, or until nobody is left who records; return the exit status."""
        due_s, polls = clock.now(), 0
        qualities: dict[str, Quality] = {}
        while not self._service.stopping.wait(max(0.0, due_s - clock.now())):
            now = clock.now()
            due_s = max(due_s + POLL_S, now)
            if polls % LOOK_EVERY == 0:
                self._look()
            for watcher in list(self._watchers.values()):
                watcher.poll(now)
            if polls % TELL_EVERY == TELL_EVERY - 1:
                qualities = self.judge(now)
                self._tell(qualities)
                self._note(qualities, now, JOURNAL_S)
            polls += 1
            self._service.attend(self._link)
        self._note(qualities, clock.now(), 0.0)
        self._journal.close()
        self._link.close()
        return 0

    def judge(self, now: float) -> dict[str, Quality]:
        """Judge every stream, and every wristband by what its streams say together."""
        qualities = {stream: watcher.judge(now) for stream, watcher in self._watchers.items()}
        self._judge_wear(qualities)
        return qualities

    def _look(self) -> None:
        """Find rings that are new or were made anew."""
        for path in sorted(self._plan.runtime.glob("*.ring")):
            known = self._watchers.get(path.stem)
            if known is not None and not known.is_replaced:
                continue
            with contextlib.suppress(RingError):
                watcher = watch(path)
                if watcher is not None:
                    self._watchers[path.stem] = watcher
                if isinstance(watcher, PictureWatch) and watcher.problem:
                    _log(f"monitor: {watcher.problem}")

    def _judge_wear(self, qualities: Mapping[str, Quality]) -> None:
        bands: dict[str, list[NumbersWatch]] = {}
        for stream, watcher in self._watchers.items():
            if isinstance(watcher, NumbersWatch) and watcher.wear != Wear():
                bands.setdefault(device_of(stream, self._devices), []).append(watcher)
        for watchers in bands.values():
            judge_wear([(qualities[watcher.info.id], watcher.wear) for watcher in watchers])

    def _tell(self, qualities: Mapping[str, Quality]) -> None:
        streams = {stream: quality.to_json() for stream, quality in qualities.items()}
        self._link.send({"type": "quality", "streams": streams})

    def _note(self, qualities: Mapping[str, Quality], now: float, every_s: float) -> None:
        """Journal what has not been journalled for `every_s`."""
        for stream, quality in qualities.items():
            since_s = now - self._journalled_s.setdefault(stream, now)
            # A look that comes a little early must not wait for the next one.
            if quality.verdict == "waiting" or since_s < max(every_s - POLL_S / 2, POLL_S):
                continue
            self._journalled_s[stream] = now
            payload: dict[str, Any] = {"stream": stream} | quality.to_json()
            self._journal.append("quality", payload=payload, time=now, urgent=False)


def watch(path: Path) -> Watcher | None:
    """Return what judges the ring in `path`, None for a stream of texts; raises RingError."""
    reader = open_ring(path)
    if not isinstance(reader, SampleRingReader):
        return PictureWatch(path, reader) if reader.info.dtype == "jpeg" else None
    if reader.info.kind == "audio" and reader.info.rate_hz:
        return SoundWatch(path, reader)
    return NumbersWatch(path, reader)


def judge_wear(band: list[tuple[Quality, Wear]]) -> None:
    """Add to the streams of one wristband whether it is worn; the stream that tells best says so."""
    eda = next((wear.eda_us for _, wear in band if wear.eda_us is not None), None)
    skin = next((wear.skin_degc for _, wear in band if wear.skin_degc is not None), None)
    pulses = [wear.has_pulse for _, wear in band if wear.has_pulse is not None]
    together = Wear(eda, skin, any(pulses) if pulses else None)
    if together.is_worn is None:
        return
    for quality, _ in band:
        quality.values["worn"] = together.is_worn
    told = next((quality for quality, wear in band if wear.eda_us is not None), band[0][0])
    if not together.is_worn:
        told.report("off_wrist")
    elif together.is_dry:
        told.report("eda_open")
