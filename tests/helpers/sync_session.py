"""A finished sync-check session without hardware: every event planted, every stream late by a known time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.alignment_signals import tone
from analysis.records import StreamInfo
from analysis.session_file import PartWriter
from app.devices import generated
from app.plan import SessionPaths
from app.recorder.finishing import finish
from tests.helpers.recordings import PLAN, START_S, Script, samples, supervisor_script
from tests.helpers.recordings import camera as camera_info

Floats = NDArray[np.float64]

FLASHES_S = START_S + 3.0 + 3.008 * np.arange(8)
TAPS_S = START_S + 32.0 + np.cumsum([0.0, 0.9, 1.1, 0.7, 1.3, 0.8, 1.0, 0.75, 1.2, 0.95])
FACE_FROM_S = START_S + 44.0
END_S = START_S + 60.0
SOUND_HZ = 16_000.0
FPS = 30.0
BLINK_FRAMES = (39, 117)
"""Frames of the bundled face in which the eyes are shut most."""
KEY_AFTER_S = 0.31
EXPOSED = 0.6
"""The share of the time between frames in which the camera's shutter is open."""


def session(
    folder: Path,
    late_s: Mapping[str, float],
    tones: bool = True,
    quiet: bool = False,
) -> Path:
    """Write the session file; `late_s` by stream (camera, mic, band, eeg, keys).

    Without `tones` none was played; a `quiet` world shows and sounds nothing of what happened.
    """
    random = np.random.default_rng(1)
    plan = replace(PLAN, name="sub-synccheck_ses-01_task-synccheck_run-01", devices=())
    paths = SessionPaths(folder, plan.name)
    paths.live.mkdir(parents=True)
    plan.save(paths.plan)
    presenter(late_s.get("keys", 0.0), tones).append_to(paths.journal("presenter"))
    supervisor_script(END_S).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    infos = streams()
    writer = PartWriter.create(paths.part(1), asdict(plan) | {"boot_id": "boot-1", "part": 1}, infos.values())
    for name, make in (("mic", microphone), ("band", band), ("eeg", eeg)):
        times, values = make(random, tones, quiet)
        writer.append(name, times + late_s.get(name, 0.0), values, END_S)
    times, pictures = camera(random, quiet)
    writer.append_blobs("camera", times + late_s.get("camera", 0.0), pictures, END_S)
    writer.close("stopped")
    return finish(paths).path


def streams() -> dict[str, StreamInfo]:
    """Describe the streams."""
    axes = replace(samples("band", 3, 64.0), channels=("x", "y", "z"), channel_kinds=("acceleration",) * 3)
    cap = replace(samples("eeg", 3, 250.0), channels=("Fp1", "Fp2", "O1"))
    return {
        "mic": samples("mic", 1, SOUND_HZ, "int16", "audio"),
        "band": axes,
        "eeg": cap,
        "camera": camera_info("camera", FPS),
    }


def presenter(key_late_s: float, tones: bool) -> Script:
    """Return what the presenter writes down."""
    script = Script("presenter")
    script.add(START_S, "schedule_started")
    for trial, at in enumerate(FLASHES_S):
        script.add(at, "trial_started", trial, stimulus="s0", category="any", order=trial)
        script.add(at, "stage_started", trial, "flash", intended_s=at, actual_s=at)
        if tones:
            script.add(at + 0.002, "tone_played", trial, "flash", intended_s=at, actual_s=at + 0.002)
        for edge, more in (("down", 0.0), ("up", 0.08)):
            when = at + KEY_AFTER_S + 0.02 * (trial % 3) + more + key_late_s
            script.add(when, "key", trial, "flash", key="", edge=edge, received_s=when, **{"class": "space"})
        script.add(at + 0.5, "stage_ended", trial, "flash", reason="timed")
        script.add(at + 1.7, "trial_ended", trial)
    for name, begin, end in (
        ("taps", TAPS_S[0] - 1, TAPS_S[-1] + 1),
        ("blinks", FACE_FROM_S + 0.5, END_S - 0.5),
    ):
        script.add(begin, "stage_started", -1, name, intended_s=begin, actual_s=begin)
        script.add(end, "stage_ended", -1, name, reason="timed")
    script.add(END_S, "schedule_ended", reason="completed")
    return script


def key_clicks() -> Floats:
    """Return when the space bar was struck."""
    return np.array([at + KEY_AFTER_S + 0.02 * (trial % 3) for trial, at in enumerate(FLASHES_S)])


def microphone(random: np.random.Generator, tones: bool, quiet: bool) -> tuple[Floats, NDArray[np.int16]]:
    """A room with some noise, the tones, and clicks of keys and taps."""
    count = round((END_S - START_S) * SOUND_HZ)
    times = START_S + np.arange(count) / SOUND_HZ
    sound = random.normal(0, 0.004, count)

    def add(at: float, what: Floats) -> None:
        first = round((at - START_S) * SOUND_HZ)
        sound[first : first + len(what)] += what

    if not quiet:
        for at in FLASHES_S if tones else ():
            add(at + 0.002, 0.3 * tone(SOUND_HZ))
        fading = np.exp(-np.arange(160) / 30)
        for at in (*key_clicks(), *TAPS_S):
            add(at, 0.4 * random.normal(0, 1, 160) * fading)
    return times, np.clip(sound * 20_000, -32768, 32767).astype(np.int16)[:, None]


def band(random: np.random.Generator, tones: bool, quiet: bool) -> tuple[Floats, NDArray[Any]]:
    """Acceleration of a wrist that is tapped on."""
    times = START_S + np.arange(round((END_S - START_S) * 64)) / 64
    rows = np.array([0.1, 0.0, 0.98]) + random.normal(0, 0.01, (len(times), 3))
    for at in () if quiet else TAPS_S:
        rows[:, 2] += 1.2 * np.exp(-(((times - at) / 0.012) ** 2))
    return times, rows


def blinks_s() -> Floats:
    """Return when the eyes were shut most."""
    loops = np.arange(0, (END_S - FACE_FROM_S) * FPS, 150)
    frames = (loops[:, None] + np.array(BLINK_FRAMES)).ravel()
    found = FACE_FROM_S + frames / FPS
    return np.asarray(found[(found > FACE_FROM_S + 0.5) & (found < END_S - 0.5)], np.float64)


def eeg(random: np.random.Generator, tones: bool, quiet: bool) -> tuple[Floats, NDArray[Any]]:
    """Three channels with alpha waves and noise, the frontal two with blinks."""
    times = START_S + np.arange(round((END_S - START_S) * 250)) / 250
    rows = random.normal(0, 5, (len(times), 3)) + 8 * np.sin(2 * np.pi * 10 * times)[:, None]
    for at in () if quiet else blinks_s():
        rows[:, :2] += 150 * np.exp(-(((times - at) / 0.07) ** 2))[:, None]
    return times, rows


def camera(random: np.random.Generator, quiet: bool) -> tuple[Floats, list[bytes]]:
    """Frames that catch the light while the shutter is open, then a face that blinks.

    A frame's time is the end of its exposure; frames are not in step with the flashes.
    """
    times = START_S + 0.0123 + np.arange(round((FACE_FROM_S - START_S) * FPS)) / FPS
    pictures = []
    for at in times:
        opened = at - EXPOSED / FPS
        light = 0.0
        for flash in () if quiet else FLASHES_S:
            light += max(0.0, min(at, flash + 0.5) - max(opened, flash)) / (EXPOSED / FPS)
        picture = np.full((48, 64), 30.0)
        picture[8:40, 16:48] += 150 * light
        pictures.append(_coded(picture + random.normal(0, 1.5, picture.shape)))
    face = generated.face_frames()
    frames = np.arange(round((END_S - FACE_FROM_S) * FPS))
    blank = _coded(np.full((480, 640), 120.0))
    pictures += [blank if quiet else face[frame % len(face)] for frame in frames]
    return np.concatenate([times, FACE_FROM_S + frames / FPS]), pictures


def _coded(picture: Floats) -> bytes:
    ok, coded = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8))
    assert ok
    return coded.tobytes()
