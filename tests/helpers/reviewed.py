"""Recordings to look at: camera pictures that say their number, a microphone with beeps, films shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from analysis.session_file import PartWriter
from app.plan import SessionPaths
from app.recorder.finishing import finish
from tests.helpers.coded_films import coded
from tests.helpers.films import SOUND_HZ, beeps
from tests.helpers.recordings import PLAN, START_S, Script, camera, samples, supervisor_script

EEG = replace(samples("eeg", 2, 64.0), channels=("Cz", "Pz"))
VOICE = replace(samples("mic", 1, float(SOUND_HZ), "int16", "audio"), channels=("mic",), units=("",))
FACE = camera("camera", 25.0)
STREAMS = (EEG, VOICE, FACE)


def camera_times(seconds: float) -> NDArray[np.float64]:
    """Return when the camera's pictures were taken: about 25 a second, unevenly."""
    steps = np.random.default_rng(11).uniform(0.028, 0.052, round(seconds * 25))
    times = START_S + 0.01 + np.cumsum(steps)
    return np.asarray(times[times < START_S + seconds], np.float64)


def jpeg_of(number: int) -> bytes:
    """Return a camera's picture that says its number."""
    import cv2

    content: bytes = cv2.imencode(".jpg", coded(number), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return content


def reviewed_session(
    folder: Path,
    seconds: float = 6.0,
    streams: Sequence[StreamInfo] = STREAMS,
    presenter: Script | None = None,
    stimulus_set: str = "",
) -> Path:
    """Make a finished session with these streams and return its file; a beep a second from 0.5 s on."""
    schedule = {**(PLAN.schedule or {}), "stimulus_set": stimulus_set or "open"}
    plan = replace(PLAN, schedule=schedule, origin="recorded")
    paths = SessionPaths(folder, plan.name)
    paths.live.mkdir(parents=True)
    plan.save(paths.plan)
    (presenter or Script("presenter")).append_to(paths.journal("presenter"))
    supervisor_script(START_S + seconds).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    writer = PartWriter.create(paths.part(1), asdict(plan) | {"boot_id": "boot-1", "part": 1}, streams)
    for info in streams:
        if info.is_blob:
            times = camera_times(seconds)
            pictures = [jpeg_of(number) for number in range(len(times))]
            writer.append_blobs(info.id, times, pictures, START_S + seconds, 0)
            continue
        times = START_S + np.arange(round(seconds * info.rate_hz)) / info.rate_hz
        if info.kind == "audio":
            rows = np.round(beeps(seconds)[: len(times), None].astype(np.float64) * 20000)
        else:
            rows = np.sin(times)[:, None] * np.ones(len(info.channels))
        writer.append(info.id, times, rows.astype(info.dtype), START_S + seconds, 0)
    writer.flush()
    writer.close("completed")
    return finish(paths).path
