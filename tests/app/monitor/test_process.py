"""The monitor as a process: finds rings that come late, tells once a second, journals, leaves in time."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from analysis.records import StreamInfo
from app import clock
from app.events import read_journal
from app.link import LinkServer, Message, Peer
from app.plan import Lock, SessionPaths, SessionPlan
from app.ring import SampleRingWriter
from tests.helpers.planted import brain, stream
from tests.helpers.supervision import wait_for

DEVICES = ({"id": "band", "source": "wristband"}, {"id": "eeg", "source": "brainflow"})
SIGNALS: dict[str, tuple[str, float, str]] = {
    "band-eda": ("eda", 4.0, "uS"),
    "band-temperature": ("temperature", 4.0, "degC"),
}


class Session:
    """A supervisor's link and a recorder's rings, with a monitor in between."""

    def __init__(self, folder: Path) -> None:
        self.paths = SessionPaths(folder, "s")
        self.plan = SessionPlan(uuid=str(uuid.uuid4()), name="s", origin="simulated", devices=DEVICES)
        self.paths.live.mkdir()
        self.plan.save(self.paths.plan)
        self.plan.runtime.mkdir(parents=True, mode=0o700)
        self.said: list[tuple[float, dict[str, Any]]] = []
        self.server = LinkServer(self._hear, lambda peer: None)
        Lock.of_this_process(self.server.port, self.server.token, self.plan.uuid).write(self.paths.lock)
        self.writers: dict[str, SampleRingWriter] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._begun_s = clock.now()
        self._stopping = threading.Event()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "app", "_monitor", "--live", str(self.paths.live)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        return self.process

    def open(self, info: StreamInfo) -> None:
        self.writers[info.id] = SampleRingWriter(self.plan.ring(info.id), info, 30.0)

    def newest(self, stream_id: str) -> dict[str, Any] | None:
        return self.said[-1][1].get(stream_id) if self.said else None

    def close(self) -> None:
        self._stopping.set()
        self._feeder.join()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.communicate()
        self.server.close()
        shutil.rmtree(self.plan.runtime, ignore_errors=True)

    def _hear(self, peer: Peer, message: Message) -> None:
        if message["type"] == "quality":
            self.said.append((clock.now(), message["streams"]))

    def _feed(self) -> None:
        written: dict[str, int] = {}
        while not self._stopping.wait(0.05):
            for stream_id, writer in list(self.writers.items()):
                _, rate_hz, _ = SIGNALS.get(stream_id, ("eeg", 250.0, "uV"))
                now = clock.now()
                first = written.setdefault(stream_id, int((now - self._begun_s) * rate_hz) - 1)
                count = int((now - self._begun_s) * rate_hz) - first
                if count:
                    times = self._begun_s + np.arange(first, first + count) / rate_hz
                    writer.append(times, _values(stream_id, first, count), now)
                    written[stream_id] = first + count


def _values(stream_id: str, first: int, count: int) -> np.ndarray:
    if stream_id == "eeg":
        data = brain(0.004 * max(count, 2), 250.0, 2, seed=first)[:count]
        data[:, 1] = -12.5
        return data
    # A wristband on the table.
    return np.full((count, 1), 0.01 if stream_id == "band-eda" else 22.0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    running = Session(tmp_path)
    yield running
    running.close()


def quality_events(session: Session) -> list[dict[str, Any]]:
    events = read_journal(session.paths.journal("monitor")).events
    assert {event.source for event in events} == {"monitor"}
    return [dict(event.payload) for event in events if event.kind == "quality"]


def test_streams_that_come_late_are_judged_and_the_last_words_journalled(session: Session) -> None:
    process = session.start()
    wait_for(lambda: session.said, "the monitor's first word")
    assert session.newest("eeg") is None
    assert psutil.Process(process.pid).nice() > psutil.Process().nice()
    session.open(stream("eeg", 250.0, ("Fp1", "Fp2"), "uV"))
    for stream_id, (kind, rate_hz, unit) in SIGNALS.items():
        session.open(stream(kind, rate_hz, (kind,), unit, id=stream_id))

    def is_judged() -> bool:
        judged = [session.newest(stream_id) or {} for stream_id in ("eeg", *SIGNALS)]
        return all(found.get("verdict", "waiting") != "waiting" for found in judged)

    wait_for(is_judged, "all streams to be judged")
    eeg, eda = session.newest("eeg"), session.newest("band-eda")
    assert eeg is not None
    assert eda is not None
    assert (eeg["verdict"], eeg["flat"]) == ("failed", ["Fp2"])
    assert eeg["problems"][0]["text"].startswith("eeg: channel Fp2 is flat.")
    # Both streams of the band say so, one of them to the operator.
    assert eda["worn"] is False
    assert (session.newest("band-temperature") or {})["worn"] is False
    assert [problem["code"] for problem in eda["problems"]] == ["off_wrist"]
    session.server.broadcast({"type": "stop"}, "monitor")
    assert process.wait(5) == 0
    journalled = quality_events(session)
    assert {entry["stream"] for entry in journalled} == {"eeg", *SIGNALS}
    assert next(entry for entry in journalled if entry["stream"] == "eeg")["flat"] == ["Fp2"]


@pytest.mark.slow
def test_without_a_supervisor_it_stays_while_somebody_records_and_then_leaves(session: Session) -> None:
    recorder = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = session.start()
    wait_for(lambda: session.said, "the monitor's first word")
    session.server.broadcast({"type": "peers", "pids": {"recorder": recorder.pid}}, "monitor")
    told = len(session.said)
    wait_for(lambda: len(session.said) > told, "the next word")
    session.server.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.2)
    recorder.communicate(b"\n")
    assert process.wait(5) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="only on Linux or macOS")
def test_a_signal_ends_it_in_order(session: Session) -> None:
    process = session.start()
    wait_for(lambda: session.said, "the monitor's first word")
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert read_journal(session.paths.journal("monitor")).damaged_lines == 0


def test_without_a_session_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "gone.live").mkdir()
    command = [sys.executable, "-P", "-m", "app", "_monitor", "--live", str(tmp_path / "gone.live")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "gone.live" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_every_ten_seconds_one_line_a_stream(session: Session) -> None:
    session.open(stream("eeg", 250.0, ("Fp1", "Fp2"), "uV"))
    process = session.start()
    wait_for(lambda: len(session.said) >= 23, "twenty seconds of words", 60.0)
    gaps = np.diff([time_s for time_s, _ in session.said])
    assert 0.9 < float(np.median(gaps)) < 1.1
    session.server.broadcast({"type": "stop"}, "monitor")
    assert process.wait(5) == 0
    events = [e for e in read_journal(session.paths.journal("monitor")).events if e.kind == "quality"]
    steps = np.diff([event.time for event in events])
    assert len(events) >= 2
    assert abs(steps[0] - 10.0) < 1.0
    assert [event.payload["seconds"] for event in events] == [10.0] * len(events)
