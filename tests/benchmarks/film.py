"""Picture and sound of a long film: how far apart they come, and whether they drift.

    evoke bench film [--minutes 10] [--every 1] [--sounds 30] [--loaded] [--json]

A clip with a flash and a beep every second is made and shown by a real session, on an X server whose frame
buffer is watched and a loudspeaker whose monitor is recorded. Then sounds alone are played. The way from
the loudspeaker to the recording adds a constant of some milliseconds; drift and scatter are free of it.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import os
import sys
import tempfile
import wave
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.ear import listening
from tests.benchmarks.onset import HEIGHT, REASON, WIDTH, film_log, live_folder, started
from tests.benchmarks.onset_watch import GAP_S, load, watched_display, watching
from tests.benchmarks.recorder import CHECKOUT
from tests.helpers.sound import RATE_HZ, sound_server

Floats = NDArray[np.float64]

FPS = 30
BEEP_S, BEEP_HZ = 0.04, 1000.0
SOUND_S = 0.3
PROTOCOL = """
name: film-bench
version: 1
title: Film
stimuli: {set: set, categories: {any: {category: sound}}}
opening:
  - {kind: blank, name: before, duration_s: 2, background: "#808080"}
  - {kind: film, name: film, stimulus: clip, size: fit, background: "#808080", sound: true}
  - {kind: blank, name: between, duration_s: 1, background: "#808080"}
trials:
  play:
    - {kind: blank, duration_s: 0.7, background: "#808080"}
    - {kind: sound, duration_s: 0.5, background: "#808080"}
blocks:
  - {name: main, trial: play, draw: {any: 1}, repeat: SOUNDS}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Times in milliseconds. `apart`: sound less picture; `drift` over the whole clip, by a straight line."""

    minutes: float
    flashes: int
    beeps: int
    pairs: int
    apart_median_ms: float
    apart_scatter_ms: float
    first_minute_ms: float
    last_minute_ms: float
    drift_ms: float
    frames: int
    repeated: int
    skipped: int
    late_median_ms: float
    late_p99_ms: float
    pixel_median_ms: float
    pixel_p99_ms: float
    sounds: int
    heard_after_log_ms: float
    heard_scatter_ms: float
    sound_late_median_ms: float
    sound_late_p99_ms: float


def beep() -> NDArray[np.int16]:
    """Return the beep, (n,)."""
    t = np.arange(round(BEEP_S * RATE_HZ)) / RATE_HZ
    return np.asarray(16000 * np.sin(2 * np.pi * BEEP_HZ * t), np.int16)


def write_clip(path: Path, seconds: float, every_s: float) -> None:
    """Write a grey film that is white for two frames, and beeps, at every multiple of `every_s`."""
    import av

    sound = np.zeros(round(seconds * RATE_HZ), np.int16)
    times = np.arange(every_s, seconds - 0.5, every_s)
    for at in times:
        first = round(at * RATE_HZ)
        sound[first : first + len(beep())] = beep()
    white = {frame for at in times for frame in (round(at * FPS), round(at * FPS) + 1)}
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=FPS)
        picture.width, picture.height, picture.pix_fmt = 640, 360, "yuv420p"
        voice = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        images = {lit: np.full((360, 640, 3), 255 if lit else 96, np.uint8) for lit in (False, True)}
        block = 1024
        for number in range(round(seconds * FPS)):
            image = av.VideoFrame.from_ndarray(images[number in white], format="rgb24")
            container.mux(picture.encode(image))
        for first in range(0, len(sound) - block, block):
            frame = av.AudioFrame.from_ndarray(
                sound[None, first : first + block], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = RATE_HZ, first
            container.mux(voice.encode(frame))
        for stream in (picture, voice):
            container.mux(stream.encode(None))


def write_set(folder: Path, seconds: float, every_s: float) -> None:
    """Write the clip, one sound and their manifest."""
    folder.mkdir(parents=True)
    write_clip(folder / "clip.mp4", seconds, every_s)
    tone = np.zeros(round(SOUND_S * RATE_HZ), np.int16)
    tone[: len(beep())] = beep()
    with wave.open(str(folder / "beep.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(tone.tobytes())
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "kind", "category", "sha256", "licence", "duration_s"])
        for name, kind, length_s in (("clip.mp4", "film", seconds), ("beep.wav", "sound", SOUND_S)):
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            writer.writerow([Path(name).stem, name, kind, kind, digest, "MIT", f"{length_s:g}"])


def run(folder: Path, seconds: float, every_s: float, sounds: int, is_loaded: bool) -> Result:
    """Show the clip in a session and compare log, pixel and sound."""
    from app.study import Study

    write_set(folder / "set", seconds, every_s)
    (folder / "film.yaml").write_text(PROTOCOL.replace("SOUNDS", str(sounds)), encoding="utf-8")
    devices = CHECKOUT / "resources" / "devices" / "demo.yaml"
    if not is_loaded:
        devices = folder / "devices.yaml"
        devices.write_text("- {id: wristband, source: wristband, params: {seed: 1}}\n", encoding="utf-8")
    Study.create(folder / "study", "Film", "simulation")
    command = [
        sys.executable,
        "-m",
        "app",
        "run",
        str(folder / "film.yaml"),
        "--study",
        str(folder / "study"),
    ]
    command += ["--participant", "sim01", "--auto", "--headless", "--devices", str(devices), "--seed", "1"]
    command += ["--signal-check", "0", "--accept", REASON, "--json"]
    with contextlib.ExitStack() as stack:
        display, buffer = stack.enter_context(watched_display())
        server = stack.enter_context(sound_server())
        environment = {**os.environ, **server.environment, "EVOKE_HOME": str(folder / "home")}
        environment.pop("QT_QPA_PLATFORM", None)
        session = stack.enter_context(started(command, environment | {"DISPLAY": display}))
        live_folder(folder / "study", session)
        with watching(buffer, WIDTH // 2, HEIGHT // 2, folder) as out, listening(server) as heard:
            said, _ = session.communicate()
    described = json.loads(said[said.index("{") :])
    if not described.get("path"):
        raise RuntimeError(f"the session was not recorded: {described.get('message')}")
    return compare(Path(described["path"]), load(out), heard.onsets(), seconds)


def compare(path: Path, seen: Any, beeps_s: Floats, seconds: float) -> Result:
    """Pair flashes with beeps, frames with pixels, logged sounds with heard ones."""
    from analysis.session_file import open_session

    with open_session(path) as session:
        frames = {name: np.asarray(values) for name, values in session.frames.items()}
        played = [
            (float(event.payload["actual_s"]), float(event.payload["intended_s"]), event.trial)
            for event in session.events
            if event.kind == "sound_played"
        ]
    swaps, intended = film_log(frames)
    end_s = float(swaps[-1])
    before_s, lit_s = seen.changes_to(200, 255)
    sharp = (lit_s - before_s <= GAP_S) & (lit_s >= swaps[0] - 0.1) & (lit_s <= end_s + 0.1)
    flashes = lit_s[sharp]
    in_film = beeps_s[(beeps_s >= swaps[0] - 0.2) & (beeps_s <= end_s + 0.2)]
    apart = nearest(in_film, flashes, 0.3)
    found = np.isfinite(apart)
    slope = float(np.polyfit(flashes[found], apart[found], 1)[0]) if found.sum() > 2 else np.nan
    pixel = -nearest(swaps, flashes, 0.1)
    alone = np.array([row[:2] for row in played if row[2] >= 0], np.float64).reshape(-1, 2)
    heard = nearest(beeps_s, alone[:, 0], 0.3)
    late = (swaps - intended) * 1e3

    def middle(values: Floats) -> float:
        return float(np.nanmedian(values) * 1e3) if np.isfinite(values).any() else float("nan")

    return Result(
        minutes=seconds / 60,
        flashes=len(flashes),
        beeps=len(in_film),
        pairs=int(found.sum()),
        apart_median_ms=middle(apart),
        apart_scatter_ms=float(np.nanstd(apart) * 1e3),
        first_minute_ms=middle(apart[flashes < swaps[0] + 60]),
        last_minute_ms=middle(apart[flashes > end_s - 60]),
        drift_ms=slope * seconds * 1e3,
        frames=len(swaps),
        repeated=int(frames["repeated"].sum()),
        skipped=int(frames["skipped"].sum()),
        late_median_ms=float(np.median(late)),
        late_p99_ms=float(np.percentile(late, 99)),
        pixel_median_ms=float(np.nanmedian(np.abs(pixel)) * 1e3),
        pixel_p99_ms=float(np.nanpercentile(np.abs(pixel), 99) * 1e3),
        sounds=int(np.isfinite(heard).sum()),
        heard_after_log_ms=middle(heard),
        heard_scatter_ms=float(np.nanstd(heard) * 1e3),
        sound_late_median_ms=float(np.median(alone[:, 0] - alone[:, 1]) * 1e3),
        sound_late_p99_ms=float(np.percentile(alone[:, 0] - alone[:, 1], 99) * 1e3),
    )


def nearest(times_s: Floats, to_s: Floats, within_s: float) -> Floats:
    """Return how much later than each of `to_s` (n,) the nearest of `times_s` is; NaN beyond `within_s`."""
    if not len(times_s) or not len(to_s):
        return np.full(len(to_s), np.nan)
    apart = times_s[np.argmin(np.abs(times_s[None, :] - to_s[:, None]), axis=1)] - to_s
    return np.where(np.abs(apart) <= within_s, apart, np.nan)


def table(found: Result) -> str:
    """Lay the result out for reading."""
    frame_ms = 1e3 / FPS
    return "\n".join(
        [
            f"{found.minutes:g} minutes, {found.flashes} flashes, {found.beeps} beeps, {found.pairs} pairs",
            f"sound less picture: {found.apart_median_ms:+.1f} ms, scatter {found.apart_scatter_ms:.2f} ms",
            f"  first minute {found.first_minute_ms:+.1f}, last minute {found.last_minute_ms:+.1f} ms;"
            f" drift {found.drift_ms:+.2f} ms (target: one frame, {frame_ms:.1f} ms)",
            f"frames {found.frames}, repeated {found.repeated}, skipped {found.skipped}; swap after its due"
            f" time: median {found.late_median_ms:.2f}, p99 {found.late_p99_ms:.2f} ms",
            f"pixel against log: median {found.pixel_median_ms:.2f}, p99 {found.pixel_p99_ms:.2f} ms",
            f"{found.sounds} sounds: heard after the log {found.heard_after_log_ms:+.1f} ms"
            f" +- {found.heard_scatter_ms:.2f}; logged after the schedule: median"
            f" {found.sound_late_median_ms:.2f}, p99 {found.sound_late_p99_ms:.2f} ms",
            "frame buffer (Xvfb) and a null sink's monitor",
        ]
    )


def main(arguments: list[str]) -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="evoke bench film", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two flashes")
    parser.add_argument("--sounds", type=int, default=30)
    parser.add_argument("--loaded", action="store_true", help="record all the demo's devices meanwhile")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="evoke-film-", ignore_cleanup_errors=True) as place:
        found = run(Path(place), options.minutes * 60, options.every, options.sounds, options.loaded)
    print(json.dumps(asdict(found)) if options.json else table(found))
    return 0
