"""A finished session with everything that an export has to get right, made in a moment.

Gaps and segments, a sender whose clock is 5 s off and drifts, numbers of every type, NaN, texts that are no
UTF-8, names with odd characters, a stream without samples, a camera, a microphone, notes and typed text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo
from analysis.session_file import PartWriter
from app.plan import SessionPaths, SessionPlan
from app.recorder.finishing import finish
from tests.helpers.recordings import PLAN, START_S, Script, camera, markers, presenter_script, samples

END_S = START_S + 25.0
FLUSH_S = 0.5
OFFSET_S, DRIFT = 5.0, 50e-6
GAP_FROM_S, GAP_TO_S = 1010.0, 1012.5
SERIAL = "3F2A-00017"
SECRETS = ("SN-4711", SERIAL, "lab-pc-7", "what I typed", "she cried", "because of mum")
"""What must be in no byte of an anonymous export."""

EEG = replace(
    samples("eeg", 3, 100.0),
    channels=("Fz", "Cz", "Oz µ<é>&"),
    device="Muse-3F2A",
    serial="SN-4711",
    details={"host": "lab-pc-7", "alignment": "not verified"},
)
HEART = replace(
    samples("heart", 2, 51.2, "float64", "ecg"),
    details={"alignment": "verified 2023-10-05T12:00:00Z, 3.2 ms +/- 0.4"},
    channels=("ecg", "board_time_unix_s"),
    units=("mV", "s"),
    channel_kinds=("ecg", "time"),
    serial=SERIAL,
)
STEPS = replace(samples("steps", 1, 4.0, "int64", "acceleration"), units=("",))
SMALL = replace(samples("small", 2, 32.0, "int8", "acceleration"), units=("g", "g"))
BEATS = replace(samples("beats-3F2A", 1, 0.0, "float32", "ibi"), units=("s",))
SOUND = replace(samples("mic", 1, 8000.0, "int16", "audio"), units=("",))
EMPTY = samples("empty", 1, 64.0, "float32", "bvp")
CAMERA = camera("camera", 10.0)
TEXTS = markers("texts")
STREAMS = (EEG, HEART, STEPS, SMALL, BEATS, SOUND, EMPTY, CAMERA, TEXTS)
WITH_GAP = ("eeg", "mic")


def times_of(info: StreamInfo) -> NDArray[np.float64]:
    """Return the true times of a stream's rows on the session's clock."""
    if info is EMPTY:
        return np.zeros(0)
    if info.rate_hz == 0:
        return START_S + np.cumsum(np.random.default_rng(5).uniform(0.5, 1.2, 25))
    times: NDArray[np.float64] = START_S + np.arange(int(25 * info.rate_hz)) / info.rate_hz
    if info.id == CAMERA.id:
        times = times + np.random.default_rng(6).uniform(0, 0.03, len(times))
    if info.id in WITH_GAP:
        times = times[(times < GAP_FROM_S) | (times >= GAP_TO_S)]
    return times


def delivered(info: StreamInfo, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times as a stream's sender stamps them: of the EEG by a clock that is off and drifts."""
    return (times - OFFSET_S) * (1 + DRIFT) if info.kind == EEG.kind else times


def values_of(info: StreamInfo) -> Any:
    """Return a stream's rows: numbers, or byte strings."""
    count, random = len(times_of(info)), np.random.default_rng(len(info.id))
    if info is CAMERA:
        return jpegs(count)
    if info is TEXTS:
        return [b'caf\xc3\xa9 \xff\xfe, "quoted"\n', b"", *(b"text %d" % n for n in range(count - 2))]
    if info is SOUND:
        return random.integers(-20000, 20000, (count, 1)).astype(np.int16)
    if info is STEPS:
        return (np.arange(count)[:, None] * 2**40 + 1).astype(np.int64)
    if info is SMALL:
        return random.integers(-127, 127, (count, 2)).astype(np.int8)
    rows = random.normal(0, 30, (count, len(info.channels)))
    if info is HEART:
        rows[:, 1] = 1.7e9 + times_of(info)
        rows[7, 0] = np.nan
        rows[8, 0] = np.inf
    return rows.astype(info.dtype)


def jpegs(count: int) -> list[bytes]:
    """Return small pictures, no two alike."""
    import cv2

    pictures = []
    for number in range(count):
        picture = np.full((24, 32, 3), number % 251, np.uint8)
        picture[number % 24, :] = 255
        pictures.append(cv2.imencode(".jpg", picture)[1].tobytes())
    return pictures


def rich_session(folder: Path, plan: SessionPlan = PLAN, streams: Sequence[StreamInfo] = STREAMS) -> Path:
    """Make the session in `folder` and return its file."""
    paths = SessionPaths(folder, plan.name)
    paths.live.mkdir(parents=True, exist_ok=True)
    plan.save(paths.plan)
    script = presenter_script(START_S + 2.0)
    script.add(1008.0, "response", 1, "rating", item="why", value="because of mum", reaction_s=0.1)
    script.add(1009.0, "typing_result", 1, "typing", sentence_id="t1", keys=3, text="what I typed")
    for edge in ("down", "up"):
        typed = {"key": "Q", "char": "Q", "edge": edge, "class": "letter", "received_s": 1009.5}
        script.add(1009.5, "key", 1, "typing", **typed)
    script.append_to(paths.journal("presenter"))
    supervisor = Script("supervisor")
    supervisor.add(START_S, "session_started")
    supervisor.add(1011.0, "note", text="she cried, on lab-pc-7")
    supervisor.add(END_S, "session_ended", reason="completed")
    supervisor.append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    part = asdict(plan) | {"boot_id": "boot-1", "part": 1}
    writer = PartWriter.create(paths.part(1), part, streams)
    done = dict.fromkeys((info.id for info in streams), 0)
    known = {info.id: (times_of(info), values_of(info)) for info in streams}
    for now in np.arange(START_S + FLUSH_S, END_S + FLUSH_S, FLUSH_S):
        for info in streams:
            times, values = known[info.id]
            first, stop = done[info.id], int(np.searchsorted(times, now))
            stamps, rows = delivered(info, times[first:stop]), values[first:stop]
            if stop == first:
                continue
            if info.is_blob:
                writer.append_blobs(info.id, stamps, rows, float(now), first)
            else:
                writer.append(info.id, stamps, rows, float(now), first)
            done[info.id] = stop
        if EEG in streams:
            writer.add_offset("eeg", float(now), _offset(float(now)), 0.0001, True)
        writer.flush()
    for info in streams:
        if info.id in WITH_GAP:
            first = int(np.searchsorted(known[info.id][0], GAP_TO_S))
            missing = round((GAP_TO_S - GAP_FROM_S) * info.rate_hz)
            writer.add_gap(info.id, Gap(first - 1, first, missing, "stream lost"))
    writer.close("completed")
    return finish(paths).path


def _offset(time_s: float) -> float:
    return time_s - (time_s - OFFSET_S) * (1 + DRIFT)
