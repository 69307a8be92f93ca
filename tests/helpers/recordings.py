"""Live folders as a recorder leaves them, made in a moment and the same every time.

python -m tests.helpers.recordings FOLDER      writes the small session of the present format version
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event, Gap, StreamInfo
from analysis.session_file import PartWriter
from app.events import encode
from app.plan import SessionPaths, SessionPlan

START_S = 1000.0
FLUSH_S = 0.25
UTC_OFFSET_S = 1_700_000_000.0
UUID = "00000000-0000-4000-8000-000000000001"

SCHEDULE = {
    "protocol": "small",
    "version": 1,
    "stimulus_set": "open",
    "participant": "sim01",
    "session": 1,
    "slot": 0,
    "seed": 7,
    "trials": [
        {"index": i, "block": "main", "practice": i == 0, "stimulus": f"s{i}", "category": "neutral"}
        for i in range(2)
    ],
    "stages": [],
}

PLAN = SessionPlan(
    uuid=UUID,
    name="sub-sim01_ses-01_task-small_run-01",
    origin="simulated",
    participant="sim01",
    created_utc="2023-11-14T22:30:00Z",
    protocol_yaml="name: small\nversion: 1\n",
    schedule=SCHEDULE,
    devices=({"id": "eeg", "source": "lsl", "required": True, "params": {}},),
    window="null",
    auto=True,
    software={"evoke": "0.1.0"},
    machine={"system": "Linux"},
)


def samples(
    stream_id: str, channels: int = 2, rate_hz: float = 100.0, dtype: str = "float32", kind: str = "eeg"
) -> StreamInfo:
    """Describe a stream of numbers."""
    names = tuple(f"c{i}" for i in range(channels))
    return StreamInfo(
        id=stream_id,
        kind=kind,
        origin="simulated",
        channels=names,
        units=("uV",) * channels,
        channel_kinds=(kind,) * channels,
        rate_hz=rate_hz,
        dtype=dtype,
        time_source="test",
        source_id=f"evoke:{UUID}:{stream_id}",
    )


def camera(stream_id: str = "camera", rate_hz: float = 30.0) -> StreamInfo:
    """Describe a camera."""
    info = samples(stream_id, 1, rate_hz, "int8", "video")
    return replace(info, dtype="jpeg", source_id=f"ring:{stream_id}")


def markers(stream_id: str = "markers") -> StreamInfo:
    """Describe a stream of texts."""
    return replace(samples(stream_id, 1, 0.0, "int8", "markers"), dtype="text")


STREAMS = (samples("eeg", 3, 100.0), samples("sound", 1, 800.0, "int16", "audio"), camera(), markers())


def numbers(info: StreamInfo, first: int, count: int) -> NDArray[Any]:
    """Return rows `first` and on of a stream: every value tells its row and channel."""
    rows = np.arange(first, first + count)[:, None] * 7 + np.arange(len(info.channels))
    return (rows % 30011).astype(info.dtype)


def blob(first: int) -> bytes:
    """Return byte string number `first`; no two are alike and some are empty."""
    return b"%d|" % first + bytes(first * k % 251 for k in range(first * 37 % 400)) if first % 11 else b""


def row_times(info: StreamInfo, first: int, count: int) -> NDArray[np.float64]:
    """Return the times of rows: exact for regular streams, every 0.3 s for the others."""
    return START_S + np.arange(first, first + count) / (info.rate_hz or 1 / 0.3)


def rows_until(info: StreamInfo, time_s: float) -> int:
    """Return how many rows of a stream come before a time."""
    return int(np.floor((time_s - START_S) * (info.rate_hz or 1 / 0.3) + 1e-6))


def append(writer: PartWriter, info: StreamInfo, first: int, count: int, received_s: float, seq: int) -> None:
    """Append rows `first` and on of a stream."""
    times = row_times(info, first, count)
    if info.is_blob:
        writer.append_blobs(info.id, times, [blob(i) for i in range(first, first + count)], received_s, seq)
    else:
        writer.append(info.id, times, numbers(info, first, count), received_s, seq)


def record(
    path: Path,
    since_s: float,
    until_s: float,
    plan: SessionPlan = PLAN,
    streams: Sequence[StreamInfo] = STREAMS,
    boot: str = "boot-1",
    close: str | None = "stopped",
    behind_s: Mapping[str, float] | None = None,
    has_numbers: bool = True,
) -> None:
    """Write a part with the rows between two times, flushed four times a second.

    Streams named in `behind_s` start that much earlier, as those do that a restarted recorder reads
    from their rings. Without `close` the file is left as a killed recorder leaves it.
    """
    from dataclasses import asdict

    writer = PartWriter.create(path, asdict(plan) | {"boot_id": boot, "part": int(path.stem[-3:])}, streams)
    done = {s.id: rows_until(s, since_s - (behind_s or {}).get(s.id, 0.0)) for s in streams}
    now = since_s
    while now < until_s - 1e-9:
        now = min(until_s, now + FLUSH_S)
        for info in streams:
            stop = rows_until(info, now)
            append(
                writer, info, done[info.id], stop - done[info.id], now, done[info.id] if has_numbers else -1
            )
            done[info.id] = stop
        writer.flush()
    if close is not None:
        writer.close(close)
    else:
        abandon(writer)


def abandon(writer: PartWriter) -> None:
    """Drop a writer so that its file stays as after a kill, without ending this process."""
    content = writer.path.read_bytes()
    writer.close("abandoned")
    writer.path.write_bytes(content)


class Script:
    """Events of one author, numbered as a journal numbers them."""

    def __init__(self, source: str, boot: str = "boot-1", at_s: float = START_S, seq: int = 0) -> None:
        self.events: list[Event] = []
        self._source, self._seq = source, seq
        self.add(at_s, "journal_opened", boot_id=boot, pid=1, utc_s=at_s + UTC_OFFSET_S, monotonic_s=at_s)

    def add(self, time: float, kind: str, trial: int = -1, stage: str = "", **payload: Any) -> None:
        """Add an event."""
        self.events.append(Event(time, self._source, self._seq, kind, trial, stage, payload))
        self._seq += 1

    def append_to(self, path: Path) -> None:
        """Write the events as lines of a journal."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(encode(event) for event in self.events))


def presenter_script(at_s: float = START_S) -> Script:
    """Return what a presenter writes down in two trials with a picture, two ratings and some keys."""
    script = Script("presenter")
    script.add(at_s, "schedule_started")
    for trial in range(2):
        t = at_s + 0.1 + trial
        script.add(t, "trial_started", trial, stimulus=f"s{trial}", category="neutral", order=trial)
        shown = {"stimulus": f"s{trial}", "category": "neutral", "intended_s": t + 0.1, "frame": 6}
        script.add(t + 0.1, "stimulus_shown", trial, "picture", **shown, actual_s=t + 0.1004)
        script.add(
            t + 0.4,
            "stimulus_hidden",
            trial,
            "picture",
            stimulus=f"s{trial}",
            intended_s=t + 0.4,
            actual_s=t + 0.4005,
        )
        for edge in ("down", "up"):
            script.add(
                t + 0.5, "key", trial, "rating", key="5", edge=edge, received_s=t + 0.5, **{"class": "digit"}
            )
        script.add(t + 0.5, "response", trial, "rating", item="valence", value=5 + trial, reaction_s=0.1)
        script.add(t + 0.6, "response", trial, "rating", item="why", value="just so", reaction_s=0.1)
        script.add(t + 0.8, "trial_ended", trial)
    script.add(at_s + 2.2, "schedule_ended", reason="completed")
    return script


def supervisor_script(until_s: float, reason: str | None = "completed", at_s: float = START_S) -> Script:
    """Return what a supervisor writes down; without a reason it never came to the end."""
    script = Script("supervisor")
    script.add(at_s, "session_started")
    if reason is not None:
        script.add(until_s, "session_ended", reason=reason)
    return script


def make_live(folder: Path, plan: SessionPlan = PLAN, until_s: float = START_S + 2.5) -> SessionPaths:
    """Make the live folder of a session that has ended in order and is not finished."""
    paths = SessionPaths(folder, plan.name)
    paths.live.mkdir(parents=True)
    plan.save(paths.plan)
    presenter_script().append_to(paths.journal("presenter"))
    supervisor_script(until_s).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    record(paths.part(1), START_S, until_s, plan)
    return paths


def small_session(folder: Path) -> Path:
    """Make the small session that every later version must open: two parts, a gap, offsets, two trials."""
    from app.recorder.finishing import finish

    paths = SessionPaths(folder, PLAN.name)
    paths.live.mkdir(parents=True)
    PLAN.save(paths.plan)
    presenter_script().append_to(paths.journal("presenter"))
    supervisor_script(START_S + 2.5).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    record(paths.part(1), START_S, START_S + 1.0)
    writer = PartWriter.create(paths.part(2), {"uuid": UUID, "boot_id": "boot-1", "part": 2}, STREAMS)
    for info in STREAMS:
        first = rows_until(info, START_S + (1.5 if info.id == "eeg" else 1.0))
        stop = rows_until(info, START_S + 2.5)
        append(writer, info, first, stop - first, START_S + 2.5, first)
        writer.add_offset(info.id, START_S + 2.0, 0.001, 0.0001, True)
    writer.add_gap("eeg", Gap(-1, 0, 50, "stream lost"))
    writer.close("stopped")
    return finish(paths).path


if __name__ == "__main__":
    sys.stdout.write(f"{small_session(Path(sys.argv[1]))}\n")
