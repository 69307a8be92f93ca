"""Logged onsets against the pixel really changing, idle and under load, beside PsychoPy on the same pictures.

    evoke bench onset [--pictures 200] [--film 10] [--only idle,load,psychopy] [--json]

The participant's X server keeps its frame buffer in a file, and a watcher polls one pixel of it
(`tests/benchmarks/onset_watch.py`). `idle` is a session with one simulated wristband and no console; `load`
records the demo's devices (16 channels of EEG, wristband, camera, microphone) while a console on an X server
of its own shows them live. An onset in a moment in which the watcher did not look for more than 0.5 ms is
counted apart. Every figure is one of the frame buffer (Xvfb): no screen, no vertical blanking.

PsychoPy is installed, pinned, into an environment of its own; it shows the same pictures at the same times.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from tests.benchmarks.onset_watch import GAP_S, Seen, load, watched_display, watching
from tests.benchmarks.recorder import CHECKOUT

Floats = NDArray[np.float64]

PSYCHOPY = "2026.2.5"
# What showing pictures needs of it; the whole of it pulls a browser engine and compilers.
PSYCHOPY_NEEDS = (
    "pyglet==1.5.27",
    *("numpy", "scipy", "pillow", "matplotlib", "pandas", "packaging", "requests", "json_tricks", "pyyaml"),
    *("python-bidi", "arabic-reshaper", "freetype-py", "psutil", "distro", "tables", "openpyxl", "imageio"),
    *("six", "i18next", "pyserial", "gevent", "msgpack", "msgpack-numpy", "pyzmq", "sounddevice"),
    *("soundfile", "ujson", "python-xlib", "websockets", "xmlschema", "future"),
)
PICTURE = (480, 360)
BLANK_S, PICTURE_S = 0.3, 0.25
FILM_FPS = 30
WIDTH, HEIGHT = 1280, 800
GREY, WHITE = 128, 255
NEAR_S = 0.1
REASON = "a virtual screen, for the benchmark"


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: how far the pixel was behind the log, and the log behind the schedule, in milliseconds."""

    what: str
    count: int
    median_ms: float
    p99_ms: float
    worst_ms: float
    late_median_ms: float
    late_p99_ms: float
    in_gaps: int
    unseen: int

    @classmethod
    def of(cls, what: str, logged_s: Floats, intended_s: Floats, seen: Seen, low: int, high: int) -> Figures:
        """Compare each logged time with the nearest change of the pixel into `low`..`high`."""
        before_s, after_s = seen.changes_to(low, high)
        apart, late, in_gaps, unseen = [], [], 0, 0
        for logged, intended in zip(logged_s, intended_s, strict=True):
            nearest = int(np.argmin(np.abs(after_s - logged))) if len(after_s) else -1
            if nearest < 0 or abs(after_s[nearest] - logged) > NEAR_S:
                unseen += 1
            elif after_s[nearest] - before_s[nearest] > GAP_S:
                in_gaps += 1
            else:
                apart.append((after_s[nearest] - logged) * 1e3)
            late.append((logged - intended) * 1e3)
        size = np.abs(apart) if apart else np.array([np.nan])
        return cls(
            what,
            len(apart),
            float(np.median(size)),
            float(np.percentile(size, 99)),
            float(size.max()),
            float(np.median(late)),
            float(np.percentile(late, 99)),
            in_gaps,
            unseen,
        )


def make_set(folder: Path, count: int, film_s: float) -> list[Path]:
    """Write pictures with a white middle, a film whose every frame changes, and their manifest."""
    import cv2

    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows, pictures = [], []
    for number in range(count):
        small = rng.integers(20, 236, (36, 48, 3), np.uint8)
        image = cv2.resize(small, PICTURE, interpolation=cv2.INTER_CUBIC)
        cv2.rectangle(image, (200, 140), (280, 220), (WHITE, WHITE, WHITE), -1)
        path = folder / f"picture-{number:03d}.png"
        cv2.imwrite(str(path), image)
        pictures.append(path)
        rows.append([path.stem, path.name, "picture", "any", _digest(path), "MIT"])
    if film_s:
        path = folder / "flicker.mp4"
        write_film(path, film_s)
        rows.append([path.stem, path.name, "film", "film", _digest(path), "MIT", f"{film_s:g}"])
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["id", "file", "kind", "category", "sha256", "licence", "duration_s"][: 7 if film_s else 6]
        )
        writer.writerows(rows)
    return pictures


def write_film(path: Path, seconds: float) -> None:
    """Write a film that is white and black in turns, frame by frame, without sound."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FILM_FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(round(seconds * FILM_FPS)):
            image = np.full((360, 640, 3), 255 * (number % 2), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


GROUND = 'background: "#808080"'
PROTOCOL = f"""
name: onset
version: 1
title: Onsets
stimuli: {{set: set, categories: {{any: {{category: any}}}}}}
opening:
  - {{kind: blank, name: settle, duration_s: 2, {GROUND}}}
trials:
  show:
    - {{kind: blank, duration_s: {BLANK_S}, {GROUND}}}
    - {{kind: picture, duration_s: {PICTURE_S}, size: {PICTURE[1] / HEIGHT}, {GROUND}}}
blocks:
  - {{name: main, trial: show, draw: {{any: COUNT}}}}
"""
FILM = f"""
closing:
  - {{kind: blank, name: before-film, duration_s: 1, {GROUND}}}
  - {{kind: film, name: film, stimulus: flicker, size: fit, {GROUND}, sound: false}}
  - {{kind: blank, name: after-film, duration_s: 0.5, {GROUND}}}
"""


def protocol(folder: Path, count: int, film_s: float) -> Path:
    """Write the protocol: every picture once, then the film."""
    path = folder / "onset.yaml"
    path.write_text(PROTOCOL.replace("COUNT", str(count)) + (FILM if film_s else ""), encoding="utf-8")
    return path


def evoke(folder: Path, count: int, film_s: float, is_loaded: bool) -> list[Figures]:
    """Run a session on a watched display and compare its log with what was seen."""
    from app.study import Study

    devices = CHECKOUT / "resources" / "devices" / "demo.yaml"
    if not is_loaded:
        devices = folder / "devices.yaml"
        devices.write_text("- {id: wristband, source: wristband, params: {seed: 1}}\n", encoding="utf-8")
    study = folder / ("study-load" if is_loaded else "study-idle")
    python = [sys.executable, "-m", "app"]
    environment = {**os.environ, "EVOKE_HOME": str(folder / "home")}
    environment.pop("QT_QPA_PLATFORM", None)
    Study.create(study, "Onsets", "simulation")
    command = [*python, "run", str(protocol(folder, count, film_s)), "--study", str(study)]
    command += ["--participant", "sim01", "--auto", "--headless", "--devices", str(devices)]
    command += ["--signal-check", "0", "--seed", "1", "--accept", REASON, "--json"]
    with contextlib.ExitStack() as stack:
        display, buffer = stack.enter_context(watched_display())
        session = stack.enter_context(started(command, environment | {"DISPLAY": display}))
        live = live_folder(study, session)
        if is_loaded:
            own, _ = stack.enter_context(watched_display())
            console = [*python, "_console", "--live", str(live)]
            stack.enter_context(started(console, environment | {"DISPLAY": own}))
        with watching(buffer, WIDTH // 2, HEIGHT // 2, folder) as out:
            said, _ = session.communicate()
        described = json.loads(said[said.index("{") :])
    if not described.get("path"):
        raise RuntimeError(f"the session was not recorded: {described.get('message')}")
    return _compare(Path(described["path"]), load(out), "load" if is_loaded else "idle")


def _compare(path: Path, seen: Seen, what: str) -> list[Figures]:
    from analysis.session_file import open_session

    with open_session(path) as session:
        onsets = [
            (event.payload["actual_s"], event.payload["intended_s"])
            for event in session.events
            if event.kind == "stimulus_shown" and str(event.payload["stimulus"]).startswith("picture")
        ]
        frames = session.frames
    shown = np.array(onsets, float).reshape(-1, 2)
    found = [Figures.of(f"pictures, {what}", shown[:, 0], shown[:, 1], seen, 200, 255)]
    swaps, intended = film_log(frames)
    if len(swaps):
        found.append(Figures.of(f"film frames, {what}", swaps, intended, seen, 0, 255))
    return found


def film_log(frames: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Return when each frame of the films was swapped in, and when it was to be."""
    told = [json.loads(payload) for payload in frames.get("payload", ())]
    swaps, intended = ([each[name] for each in told] for name in ("swap_s", "intended_s"))
    return np.array(swaps, np.float64), np.array(intended, np.float64)


def psychopy(folder: Path, pictures: list[Path], say: Any) -> list[Figures]:
    """Show the same pictures with PsychoPy on a watched display; nothing where it cannot be installed."""
    python = psychopy_environment(say)
    if python is None:
        return []
    order = folder / "pictures.json"
    order.write_text(
        json.dumps(
            {
                "size": [WIDTH, HEIGHT],
                "picture": [HEIGHT // 2 * PICTURE[0] // PICTURE[1], HEIGHT // 2],
                "pictures": [str(path) for path in pictures],
                "blank_s": BLANK_S,
                "picture_s": PICTURE_S,
            }
        )
    )
    out = folder / "shown.json"
    script = Path(__file__).with_name("onset_psychopy.py")
    environment = {**os.environ, "HOME": str(folder / "psychopy")}
    (folder / "psychopy").mkdir()
    with (
        watched_display() as (display, buffer),
        watching(buffer, WIDTH // 2, HEIGHT // 2, folder) as seen,
    ):
        done = subprocess.run(
            [str(python), str(script), str(order), str(out)],
            env=environment | {"DISPLAY": display},
            capture_output=True,
            text=True,
            check=False,
        )
    if not out.exists():
        say(f"PsychoPy showed nothing: {done.stderr.strip().splitlines()[-1:]}")
        return []
    shown = json.loads(out.read_text())
    logged, intended = (np.array([row[name] for row in shown]) for name in ("logged_s", "intended_s"))
    return [Figures.of(f"pictures, PsychoPy {PSYCHOPY}, idle", logged, intended, load(seen), 200, 255)]


def psychopy_environment(say: Any) -> Path | None:
    """Return the Python of PsychoPy's own environment, made at the first call; None where it fails."""
    home = Path(platformdirs.user_cache_dir("evoke", "evoke")) / "benchmarks" / f"psychopy-{PSYCHOPY}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    if not ready.exists():
        say(f"installing PsychoPy {PSYCHOPY} into {home} ...")
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
            subprocess.run([*pip, "--no-deps", f"psychopy=={PSYCHOPY}"], check=True, capture_output=True)
            subprocess.run([*pip, *PSYCHOPY_NEEDS], check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            say("PsychoPy could not be installed; its column is left out.")
            return None
        ready.touch()
    return python


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program for the length of a block."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def live_folder(study: Path, session: subprocess.Popen[str]) -> Path:
    """Wait until the session's lock lies in its live folder, and return that."""
    from app.plan import LIVE_SUFFIX

    while session.poll() is None:
        for live in study.glob(f"**/*{LIVE_SUFFIX}"):
            if (live / "session.lock").exists():
                return live
        time.sleep(0.05)
    raise RuntimeError(f"the session ended before it began: {session.communicate()[0][-2000:]}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def table(found: list[Figures]) -> str:
    """Lay the runs under one another."""
    lines = [
        f"{'pixel against log, ms':<36}{'n':>5}{'median':>8}{'p99':>8}{'worst':>8}"
        f"{'late median':>13}{'late p99':>10}{'in gaps':>9}{'unseen':>8}"
    ]
    for each in found:
        lines.append(
            f"{each.what:<36}{each.count:>5}{each.median_ms:>8.2f}{each.p99_ms:>8.2f}{each.worst_ms:>8.2f}"
            f"{each.late_median_ms:>13.2f}{each.late_p99_ms:>10.2f}{each.in_gaps:>9}{each.unseen:>8}"
        )
    lines += ["", "frame buffer (Xvfb); targets under load: median 0.5, p99 2.0; late at most a frame (16.7)"]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="evoke bench onset", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--film", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--only", default="idle,load,psychopy")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    wanted = set(options.only.split(","))

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="evoke-onset-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        pictures = make_set(folder / "set", options.pictures, options.film)
        for name in ("idle", "load"):
            if name in wanted:
                say(f"{name}: {options.pictures} pictures and {options.film:g} s of film ...")
                found += evoke(folder, options.pictures, options.film, name == "load")
        if "psychopy" in wanted:
            found += psychopy(folder, pictures, say)
    if options.json:
        print(json.dumps([asdict(each) for each in found]))
    else:
        print(table(found))
    return 0 if found else 1
