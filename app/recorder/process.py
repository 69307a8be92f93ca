"""The recorder process: every stream of a session into one file, part by part.

Four threads: the main one talks to the supervisor and decides, the puller takes rows from inlets and
rings, the writer owns HDF5, and one asks the senders' clocks.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from analysis.records import Event
from app import clock
from app.events import Journal
from app.link import Link, LinkError, Message
from app.plan import Lock, SessionPaths, SessionPlan
from app.recorder.asleep import SleepWatch
from app.recorder.report import BEHIND_S, Report, part_attributes
from app.recorder.roster import Change, Roster
from app.recorder.telling import behind_text, slept_text
from app.recorder.writer import Writer, explain

# At 0.1 s, with a flush of its own beat, the recorder cost a tenth more and its tail was longer.
PULL_S = 0.125
FLUSH_EVERY = 2
CLOCKS_S = 1.0
TICK_S = 0.2
HEALTH_S = 0.5
ANCHOR_S = 10.0
DRAIN_S = 2.0
SETTLE_S = 0.3
ORPHAN_S = 120.0
WRITE_FAILED = 74
CRASHED = 70


def main(live: Path) -> int:
    """Record the session whose live folder is `live`; the child `_recorder`. Return the exit status."""
    threading.excepthook = _die
    paths = SessionPaths.of_live(live)
    lock = Lock.read(paths.lock)
    try:
        plan = SessionPlan.load(paths.plan)
        if lock is None:
            raise LinkError(f"{paths.lock.name} is missing or damaged")
        link = Link(lock.port, lock.token, "recorder", "recorder", os.getpid())
    except (OSError, ValueError, LinkError) as error:
        _log(f"recorder: {live}: {error}")
        return 1
    try:
        recorder = Recorder(plan, paths, link)
    except OSError as error:
        link.send({"type": "failed", "message": explain(error, live), "safe": "Nothing has been recorded."})
        return WRITE_FAILED
    signal.signal(signal.SIGTERM, recorder.on_signal)
    # Ctrl-C reaches every process of a terminal; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return recorder.run()


def _die(failure: threading.ExceptHookArgs) -> None:
    # A recorder with a thread missing would look alive; the supervisor starts a whole one.
    _log("".join(traceback.format_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)))
    os._exit(CRASHED)


def _log(text: str) -> None:
    # Standard error is a file on the session's disk, which may be what has failed.
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


class Recorder:
    """One run of the recorder: from the first message to the closed part."""

    def __init__(self, plan: SessionPlan, paths: SessionPaths, link: Link) -> None:
        self._paths = paths
        self._link = link
        self._failing = threading.Lock()
        self._copies: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._journal = Journal(paths.journal("recorder"), "recorder", self._copies.put, self._fail)
        self._roster = Roster(plan, restarted=bool(paths.parts()))
        self._writer = Writer(
            paths,
            part_attributes(plan),
            self._journal,
            self._roster.flushed_path,
            self._roster.flushed,
            self._fail,
        )
        self._report = Report(self._roster, self._writer)
        self._sleep = SleepWatch()
        self._longest_behind_s = 0.0
        self._pulling = threading.Event()
        self._cutoff_s: float | None = None
        self._reason = ""
        self._is_ready = False
        self._presenter: int | None = None
        self._orphaned_s: float | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take SIGTERM for the stop message."""
        if self._cutoff_s is None:
            self._cutoff_s, self._reason = clock.now(), "terminated"

    def run(self) -> int:
        """Record until told to stop; return the exit status."""
        self._anchor()
        puller = threading.Thread(target=self._pull, name="puller", daemon=True)
        puller.start()
        threading.Thread(target=self._ask_clocks, name="clocks", daemon=True).start()
        health_s = anchor_s = clock.now()
        while self._cutoff_s is None:
            self._obey(self._link.wait(TICK_S))
            now = clock.now()
            changed = self._tick(now)
            if changed or now - health_s >= HEALTH_S:
                health_s = now
                self._link.send(self._report.health(now))
            if now - anchor_s >= ANCHOR_S:
                anchor_s = now
                self._anchor()
            self._watch_supervisor(now)
        self._drain(self._cutoff_s)
        self._pulling.set()
        puller.join()
        return self._close()

    def _obey(self, first: Message | None) -> None:
        for message in ([] if first is None else [first]) + self._link.poll():
            match message["type"]:
                case "streams":
                    self._roster.expect(message["expected"])
                case "windows":
                    self._roster.keep_to(message["streams"])
                case "peers":
                    self._presenter = message["pids"].get("presenter")
                case "stop":
                    self._cutoff_s = float(message.get("cutoff_s") or clock.now())
                    self._reason = str(message.get("reason") or "stopped")
                case _:
                    pass

    def _tick(self, now: float) -> bool:
        """Look after streams, parts and readiness; True where a stream's state has changed."""
        changes = self._look_for_sleep(now) + self._look_at_disk(now) + self._roster.update(now)
        for kind, payload in changes:
            self._journal.append(kind, payload=payload)
        tracks = self._roster.tracks_to_record(now, self._writer.wanted)
        if tracks is not None:
            self._writer.set_tracks(tracks)
        if not self._is_ready and self._writer.is_open and self._roster.is_ready:
            self._is_ready = self._link.send({"type": "ready"})
        self._send_copies()
        return bool(changes)

    def _look_for_sleep(self, now: float) -> list[Change]:
        slept_s = self._sleep.slept_s(now)
        if not slept_s:
            return []
        self._roster.slept(slept_s, now)
        self._anchor()
        return [("machine_slept", {"seconds": round(slept_s, 3), "text": slept_text(slept_s)})]

    def _look_at_disk(self, now: float) -> list[Change]:
        """Say once that writing has fallen behind, and once that it has caught up."""
        behind_s, longest_s = self._writer.behind_s(now), self._longest_behind_s
        if behind_s > BEHIND_S:
            self._longest_behind_s = max(behind_s, longest_s)
            if longest_s:
                return []
            text = behind_text(behind_s, self._roster.waiting_bytes, False)
            return [("write_behind", {"behind_s": round(behind_s, 1), "text": text})]
        if longest_s and behind_s < BEHIND_S / 2:
            self._longest_behind_s = 0.0
            return [("write_caught_up", {"longest_s": round(longest_s, 1)})]
        return []

    def _send_copies(self) -> None:
        while not self._copies.empty():
            self._link.send({"type": "event", "event": self._copies.get().to_json()})

    def _anchor(self) -> None:
        anchor = clock.anchor()
        self._journal.append("clock_anchor", payload=anchor._asdict(), time=anchor.monotonic_s)

    def _watch_supervisor(self, now: float) -> None:
        if self._link.is_open:
            return
        if self._orphaned_s is None:
            self._orphaned_s = now
        presenting = self._presenter is not None and psutil.pid_exists(self._presenter)
        if not presenting or now - self._orphaned_s > ORPHAN_S:
            self._cutoff_s, self._reason = now, "supervisor lost"

    def _pull(self) -> None:
        due_s, pulls = clock.now(), 0
        while not self._pulling.wait(max(0.0, due_s - clock.now())):
            due_s, pulls = max(due_s + PULL_S, clock.now()), pulls + 1
            self._roster.pull()
            if pulls % FLUSH_EVERY == 0:
                # Right behind a pull: nothing that was taken waits in memory for long.
                self._writer.flush_soon()
        self._roster.pull()

    def _ask_clocks(self) -> None:
        while not self._pulling.wait(CLOCKS_S):
            for track in self._roster.tracks:
                track.ask_clock()

    def _drain(self, cutoff_s: float) -> None:
        """Keep pulling until every stream has passed the cutoff, 2 s at most."""
        end_s = clock.now() + DRAIN_S
        # What sparse streams have sent before the cutoff is on its way for some milliseconds only.
        settled_s = max(clock.now(), cutoff_s) + SETTLE_S
        while (now := clock.now()) < end_s:
            if now >= settled_s and self._roster.have_passed(cutoff_s):
                break
            time.sleep(0.02)

    def _close(self) -> int:
        if self._writer.wanted is None:
            self._writer.set_tracks(self._roster.tracks)
        self._writer.stop(self._reason)
        self._anchor()
        self._journal.close()
        self._send_copies()
        self._link.send(self._report.health(clock.now()))
        self._link.send(
            {
                "type": "closed",
                "parts": self._writer.part,
                "samples": {track.id: track.samples for track in self._roster.tracks},
            }
        )
        self._link.close()
        return 0

    def _fail(self, error: Exception) -> None:
        """The disk has failed: say so wherever that is possible, and leave without closing the file.

        Closing it would raise, and crash the interpreter on its way out.
        """
        with self._failing:
            message = explain(error, self._paths.live)
            _log(f"recorder: {message}\n{error!r}")
            # The journal's own first line may be what fails, before there is a writer.
            writer: Writer | None = getattr(self, "_writer", None)
            part, flushed_s = (writer.part, writer.flushed_s) if writer else (0, None)
            payload: dict[str, Any] = {"part": part, "error": repr(error), "flushed_s": flushed_s}
            journal: Journal | None = getattr(self, "_journal", None)
            if journal is not None and journal.failure is None:
                noting = threading.Thread(
                    target=journal.append,
                    args=("write_failed",),
                    kwargs={"payload": payload, "wait": True},
                )
                noting.daemon = True
                noting.start()
                noting.join(0.5)
            self._send_copies()
            self._link.send({"type": "failed", "message": message, "safe": self._safe(part, flushed_s)})
            self._link.close()
            os._exit(WRITE_FAILED)

    def _safe(self, part: int, flushed_s: float | None) -> str:
        if flushed_s is None:
            return "Nothing has been recorded since the recorder started."
        ago_s = clock.now() - flushed_s
        return f"Everything up to {ago_s:.1f} s ago is safe in {self._paths.part(part).name}."
