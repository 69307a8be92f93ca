"""Scrolling two hours of 64 channels: frames, steps, memory, spikes; beside ephyviewer and MNE's browser.

    evoke bench review [--minutes 120] [--channels 64] [--rounds 3] [--steps 20] [--only evoke,ephyviewer,mne]
                       [--labels 10000] [--json]

One generated recording (noise on a 10 Hz sine at 500 Hz, a spike of one sample every five seconds), one
window of 1600 x 900 on an X server of its own, one lane height. A frame moves the view by a quarter of its
width and lasts until that view is painted; ours keeps no strip for it. A playback step moves it by a
hundredth, as in use. The viewers take turns (A B C A B C). The opponents get the samples unpacked (memory
map, array), ours reads its own packed session file. Processor time counts all threads of the viewer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import psutil

from analysis.overview import erase_overview, open_overview
from tests.benchmarks.review_file import SPIKE_UV, Size, Spikes, spikes_of, write_file, write_raw

WINDOW = (1600, 900)
WIDTHS_S = (10.0, 60.0, 600.0, 7200.0)
FRAME_MS, STEP_MS, MEMORY_MB, TIMES_FASTER = 33.0, 10.0, 300.0, 50.0
LABEL_OPEN_S, LABEL_FRAME_MS = 1.0, 5.0
MOST_S = 30.0
"""Nobody is asked for more frames than fit into so many seconds, but for three at least."""
SPIKES_A_VIEW = 40
OPPONENTS = {
    "ephyviewer": ("ephyviewer==1.8.0", "PySide6==6.11.3", "pyqtgraph==0.14.0", "numpy==2.4.6"),
    "mne": ("mne-qt-browser==0.7.5", "mne==1.13.2", "PySide6==6.11.3", "pyqtgraph==0.14.0", "numpy==2.4.6"),
}
NAMES = {"evoke": "Evoke", "ephyviewer": "ephyviewer", "mne": "mne-qt"}
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Figures:
    """What one viewer did: frames and steps in ms by width, spikes seen of those in sight."""

    first_picture_s: float = 0.0
    frames: dict[float, list[float]] = field(default_factory=dict)
    frames_cpu: dict[float, list[float]] = field(default_factory=dict)
    steps: dict[float, list[float]] = field(default_factory=dict)
    steps_cpu: dict[float, list[float]] = field(default_factory=dict)
    spikes: dict[float, tuple[int, int]] = field(default_factory=dict)
    memory_mb: float = 0.0


class Worker:
    """A viewer in a process of its own, asked by JSON lines."""

    def __init__(self, name: str, python: Path, display: str) -> None:
        self.figures = Figures()
        script = Path(__file__).with_name(f"review_{name}.py")
        command = [str(python), str(script)]
        if name == "evoke":
            command = [str(python), "-P", "-m", "tests.benchmarks.review_ours"]
        environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_API": "pyside6"}
        if name == "evoke":
            environment |= {"PYTHONPATH": str(CHECKOUT)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=CHECKOUT
        )

    def ask(self, do: str, **asked: Any) -> dict[str, Any]:
        """Send a command and return the answer; raises RuntimeError where the viewer has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, **asked}) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the viewer ended with status {self._process.wait(10)}")
        answer: dict[str, Any] = json.loads(line)
        used_mb = psutil.Process(self._process.pid).memory_info().rss / 1e6
        self.figures.memory_mb = max(self.figures.memory_mb, used_mb)
        return answer

    def end(self) -> None:
        """Let it go."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def environment_of(name: str, say: Any) -> Path | None:
    """Return the Python of an opponent's own environment, made at the first call; None where it fails."""
    home = Path(platformdirs.user_cache_dir("evoke", "evoke")) / "benchmarks" / OPPONENTS[name][0]
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    if not ready.exists():
        say(f"installing {OPPONENTS[name][0]} into {home} ...")
        pip = [str(python), "-m", "pip", "install", "--quiet", *OPPONENTS[name]]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
            subprocess.run(pip, check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            say(f"{OPPONENTS[name][0]} could not be installed; its column says so.")
            return None
        ready.touch()
    return python


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Give an X server of its own with room for the window."""
    from tests.helpers.display import start_xvfb

    server, name = start_xvfb(f"{WINDOW[0] + 100}x{WINDOW[1] + 100}x24")
    try:
        yield name
    finally:
        server.terminate()
        server.wait(10)


@contextlib.contextmanager
def lost(name: str, found: dict[str, Figures | None], say: Any) -> Iterator[None]:
    """Go on without an opponent that has ended; ours must not."""
    try:
        yield
    except RuntimeError as error:
        if name == "evoke":
            raise
        say(f"{NAMES[name]}: {error}; its column says absent.")
        found[name] = None


def view_of(width_s: float, size: Size) -> float:
    """Return the width of a view; the whole recording leaves a little room to move."""
    return min(width_s, 0.98 * size.seconds)


def widths_of(size: Size) -> list[float]:
    """Return the widths that the recording has, its whole length as the last."""
    return [width for width in WIDTHS_S if width < size.seconds] + [size.seconds]


def measure(worker: Worker, size: Size, spikes: Spikes, options: argparse.Namespace, turn: int) -> None:
    """Let one viewer scroll at every width once."""
    figures = worker.figures
    for width_s in widths_of(size):
        asked = {"width_s": view_of(width_s, size), "length_s": size.seconds, "most_s": MOST_S}
        asked |= {"steps": options.steps, "from_s": turn * 0.13 * size.seconds}
        for share, fresh, wall, cpu in (
            (0.25, True, figures.frames, figures.frames_cpu),
            (0.01, False, figures.steps, figures.steps_cpu),
        ):
            answer = worker.ask("scroll", share=share, fresh=fresh, **asked)
            wall.setdefault(width_s, []).extend(answer["wall_ms"])
            cpu.setdefault(width_s, []).extend(answer["cpu_ms"])
        if turn == 0:
            figures.spikes[width_s] = seen_spikes(worker, size, spikes, view_of(width_s, size))


def seen_spikes(worker: Worker, size: Size, spikes: Spikes, width_s: float) -> tuple[int, int]:
    """Look at some views; return how many of the spikes in them are drawn, and how many there are."""
    times = spikes.rows / size.rate_hz
    seen = count = 0
    for share in (0.0, 0.37, 0.71):
        from_s = share * (size.seconds - width_s)
        inside = (times > from_s + 0.01 * width_s) & (times < from_s + 0.99 * width_s)
        chosen = np.flatnonzero(inside)
        chosen = chosen[:: max(1, len(chosen) // SPIKES_A_VIEW)]
        told = [(float(times[k]), int(spikes.channels[k]), SPIKE_UV) for k in chosen]
        answer = worker.ask("spikes", from_s=from_s, width_s=width_s, spikes=told)
        seen, count = seen + int(answer["seen"]), count + int(answer["of"])
    return seen, count


def measure_labels(worker: Worker, size: Size, options: argparse.Namespace) -> dict[str, float]:
    """Return what labels cost: seconds until they are painted, and ms more a frame at the worst width."""
    answer = worker.ask("labels", count=options.labels)
    dearest = {"wall_ms": 0.0, "cpu_ms": 0.0}
    for width_s in widths_of(size):
        asked = {"width_s": view_of(width_s, size), "length_s": size.seconds, "most_s": MOST_S}
        asked |= {"steps": options.steps, "from_s": 0.0, "share": 0.01, "fresh": False}
        took: dict[tuple[bool, str], list[float]] = {}
        for is_on in (False, True) * options.rounds:
            worker.ask("paint_labels", on=is_on)
            told = worker.ask("scroll", **asked)
            for kind in dearest:
                took.setdefault((is_on, kind), []).extend(told[kind])
        for kind, most in dearest.items():
            more = statistics.median(took[True, kind]) - statistics.median(took[False, kind])
            dearest[kind] = max(most, more)
    known = {"labels": float(answer["count"]), "open_s": float(answer["open_s"])}
    return known | {"frame_ms_more": dearest["wall_ms"], "frame_cpu_ms_more": dearest["cpu_ms"]}


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, NaN of nothing."""
    return float(np.percentile(values, share)) if values else float("nan")


def table(found: dict[str, Figures | None], size: Size, labels: dict[str, float]) -> tuple[str, bool]:
    """Lay the figures side by side; return the text and whether ours reaches every target."""
    names = list(found)
    lines = [f"{'':<34}" + "".join(f"{NAMES[name]:>14}" for name in names) + f"{'ratio':>16}  target"]
    good = True

    def line(what: str, values: list[float | None], target: str = "", ratio: bool = True) -> None:
        ours = values[0] if names[0] == "evoke" else None
        cells = "".join(f"{'absent' if value is None else f'{value:.2f}':>14}" for value in values)
        shares = [f"{value / ours:.1f}x" if value is not None and ours else "-" for value in values[1:]]
        lines.append(f"{what:<34}{cells}{' '.join(shares) if ratio else '':>16}  {target}")

    def each(of: Any) -> list[float | None]:
        return [None if one is None else float(of(one)) for one in found.values()]

    line("first picture, s", each(lambda one: one.first_picture_s))
    line("memory (RSS), MB", each(lambda one: one.memory_mb), f"< {MEMORY_MB:.0f}")
    for width_s in widths_of(size):
        label = f"{width_s:.0f} s"
        line(f"{label}: frame p50, ms", each(lambda one, w=width_s: percentile(one.frames[w], 50)))
        line(f"{label}: frame p95, ms", each(lambda one, w=width_s: percentile(one.frames[w], 95)))
        lines[-2] += f"{FRAME_MS:.0f}"
        cpu = each(lambda one, w=width_s: percentile(one.frames_cpu[w], 50))
        line(f"{label}: frame p50, ms of processor", cpu)
        line(
            f"{label}: step p50, ms",
            each(lambda one, w=width_s: percentile(one.steps[w], 50)),
            f"{STEP_MS:.0f}",
        )
        cpu = each(lambda one, w=width_s: percentile(one.steps_cpu[w], 50))
        line(f"{label}: step p50, ms of processor", cpu)
        line(f"{label}: step p95, ms", each(lambda one, w=width_s: percentile(one.steps[w], 95)))
        seen = each(lambda one, w=width_s: one.spikes[w][0] / max(1, one.spikes[w][1]))
        line(f"{label}: share of spikes drawn", seen, "1.00", ratio=False)
    ours = found.get("evoke")
    if ours is not None:
        good = all(percentile(frames, 50) <= FRAME_MS for frames in ours.frames.values())
        good &= all(percentile(steps, 50) <= STEP_MS for steps in ours.steps.values())
        good &= ours.memory_mb < MEMORY_MB and all(seen == of for seen, of in ours.spikes.values())
    if labels:
        lines.append(
            f"{labels['labels']:.0f} labels: open {labels['open_s']:.2f} s (target {LABEL_OPEN_S:.0f}),"
            f" {labels['frame_ms_more']:.2f} ms more a frame at the dearest width"
            f" (target {LABEL_FRAME_MS:.0f}; {labels['frame_cpu_ms_more']:.2f} ms of processor)"
        )
        good &= labels["open_s"] < LABEL_OPEN_S and labels["frame_ms_more"] <= LABEL_FRAME_MS
    return "\n".join(lines), bool(good)


def main(arguments: list[str]) -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="evoke bench review", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0, help="length of the recording")
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3, help="turns of every viewer")
    parser.add_argument("--steps", type=int, default=20, help="frames and steps a turn and width")
    parser.add_argument("--only", default="evoke,ephyviewer,mne")
    parser.add_argument("--labels", type=int, default=10_000, help="0: leave them out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    size = Size(options.channels, options.minutes * 60)
    wanted = [name for name in NAMES if name in options.only.split(",")]
    pythons: dict[str, Path | None] = {"evoke": Path(sys.executable)}
    for name in wanted:
        if name in OPPONENTS:
            pythons[name] = environment_of(name, say)
    with tempfile.TemporaryDirectory(prefix="evoke-bench-", dir=os.environ.get("EVOKE_BENCH_FOLDER")) as made:
        text, found, labels, built_s, good = run(Path(made), size, wanted, pythons, options, say)
    print(text)
    if options.json:
        told = {name: None if one is None else vars(one) for name, one in found.items()}
        print(json.dumps({"built_s": built_s, "labels": labels, "viewers": told}))
    return 0 if good else 1


def run(
    folder: Path,
    size: Size,
    wanted: Sequence[str],
    pythons: dict[str, Path | None],
    options: argparse.Namespace,
    say: Any,
) -> tuple[str, dict[str, Figures | None], dict[str, float], float, bool]:
    """Make the recording, let the viewers take turns, and lay the figures out."""
    path, raw = folder / "sub-01_ses-01_task-bench_run-01.h5", folder / "samples.f4"
    spikes = spikes_of(size)
    say(f"writing {size.megabytes:.0f} MB of samples ...")
    write_file(path, size, spikes)
    if any(name in OPPONENTS and pythons[name] is not None for name in wanted):
        write_raw(raw, size, spikes)
    erase_overview(path)
    begun_s = time.perf_counter()
    open_overview(path).close()
    built_s = time.perf_counter() - begun_s
    say(f"overview built in {built_s:.1f} s")
    found: dict[str, Figures | None] = dict.fromkeys(wanted)
    labels: dict[str, float] = {}
    known = {"path": str(path), "raw": str(raw), "size": WINDOW, "rate_hz": size.rate_hz}
    known |= {"shape": (size.rows, size.channels), "width_s": min(WIDTHS_S[0], size.seconds)}
    with display() as screen:
        workers: dict[str, Worker] = {}
        try:
            for name in wanted:
                python = pythons[name]
                if python is None:
                    continue
                say(f"{NAMES[name]}: opening ...")
                worker = workers[name] = Worker(name, python, screen)
                with lost(name, found, say):
                    worker.figures.first_picture_s = worker.ask("open", **known)["first_picture_s"]
                    found[name] = worker.figures
            for turn in range(options.rounds):
                for name, worker in workers.items():
                    if found[name] is not None:
                        say(f"{NAMES[name]}: turn {turn + 1} of {options.rounds} ...")
                        with lost(name, found, say):
                            measure(worker, size, spikes, options, turn)
            if options.labels and "evoke" in workers:
                labels = measure_labels(workers["evoke"], size, options)
        finally:
            for worker in workers.values():
                worker.end()
    text, good = table(found, size, labels)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "?"
    head = (
        f"{size.channels} channels x {size.seconds / 60:.0f} min x {size.rate_hz:.0f} Hz"
        f" ({size.megabytes:.0f} MB), window {WINDOW[0]} x {WINDOW[1]}, Xvfb, {os.cpu_count()} processors,"
        f" load {load}; overview built in {built_s:.1f} s"
    )
    return f"{head}\n{text}", found, labels, built_s, good
