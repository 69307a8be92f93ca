"""An hour of recording: does memory stay flat, is every sample there, how long does finishing take?

    evoke bench soak [--minutes 60] [--every 60] [--folder DIR]

`evoke record` takes the six counting LSL streams of `evoke bench recorder`, a camera of 640 x 480 at 30
frames a second and a microphone. Every process of the session is looked at again and again: processor
time, resident memory, open files, threads. Afterwards every counter is read back from the finished file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.benchmarks.recorder import CHECKOUT, LSL_CONFIG, STREAMS, lost_samples, lsl_id, published

WARM_UP = 0.1
"""Share of the run that memory may take to settle: rings fill, libraries load."""
FLAT_MB_PER_H = 10.0
BLOCK_ROWS = 1_000_000


@dataclass(slots=True)
class Course:
    """What one process used in the course of the run; times in seconds since the start."""

    seen_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    private_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self, process: psutil.Process, at_s: float) -> None:
        """Add what a process uses now."""
        with contextlib.suppress(psutil.Error):
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                files, threads = process.num_fds(), process.num_threads()
            self.seen_s.append(at_s)
            self.cpu_s.append(times.user + times.system)
            self.memory_mb.append(memory.rss / 1e6)
            self.private_mb.append((memory.rss - getattr(memory, "shared", 0)) / 1e6)
            self.files.append(files)
            self.threads.append(threads)

    def growth_mb_per_h(self, whole_s: float) -> float:
        """Return the slope of a line through the memory after the warm-up."""
        seen = np.array(self.seen_s)
        settled = seen >= WARM_UP * whole_s
        if np.count_nonzero(settled) < 3:
            return 0.0
        return float(np.polyfit(seen[settled] / 3600, np.array(self.memory_mb)[settled], 1)[0])

    def cpu_percent(self) -> float:
        """Return the share of a core over the whole run."""
        return 100 * (self.cpu_s[-1] - self.cpu_s[0]) / max(1e-9, self.seen_s[-1] - self.seen_s[0])


def role_of(process: psutil.Process) -> str | None:
    """Return what a process of a session is, from its command line; None for strangers."""
    with contextlib.suppress(psutil.Error):
        arguments = process.cmdline()
        if "--device" in arguments:
            return f"{arguments[4].lstrip('_')} {arguments[arguments.index('--device') + 1]}"
        if len(arguments) > 4 and arguments[3] == "app":
            return arguments[4].lstrip("_") if arguments[4].startswith("_") else "supervisor"
    return None


def watch(process: subprocess.Popen[bytes], seconds: float, every_s: float) -> dict[str, Course]:
    """Look at every process of the session until the time is over."""
    courses: dict[str, Course] = {}
    parent, began_s = psutil.Process(process.pid), time.monotonic()
    while (at_s := time.monotonic() - began_s) < seconds and process.poll() is None:
        for member in (parent, *parent.children(recursive=True)):
            role = role_of(member)
            if role is not None:
                courses.setdefault(role, Course()).look(member, at_s)
        time.sleep(min(every_s, max(0.0, seconds - at_s)))
    return courses


def counters(path: Path) -> dict[str, int]:
    """Return how many samples each counting stream of a finished file leaves out or doubles."""
    import h5py

    lost = {}
    with h5py.File(path, "r") as file:
        for name, *_ in STREAMS:
            group = file["streams"][name.lower()]
            if "data" not in group:
                texts, index = group["text"][:].tobytes(), group["index"][:]
                counts = [int(texts[i["offset"] : i["offset"] + i["length"]]) for i in index]
            else:
                data = group["data"]
                counts = []
                for start in range(0, len(data), BLOCK_ROWS):
                    counts += data[start : start + BLOCK_ROWS, 0].astype(np.int64).tolist()
            lost[name] = lost_samples(counts)
    return lost


def table(courses: dict[str, Course], whole_s: float) -> str:
    """Lay out what each process used."""
    heads = f"{'process':<26}{'cpu %':>7}{'MB at 10 %':>12}{'at end':>8}{'most':>8}"
    lines = [heads + f"{'MB/h':>8}{'private':>9}{'files':>11}"]
    for role, course in sorted(courses.items()):
        settled = next((i for i, s in enumerate(course.seen_s) if s >= WARM_UP * whole_s), -1)
        files = f"{course.files[settled]}-{course.files[-1]}"
        lines.append(
            f"{role:<26}{course.cpu_percent():>7.2f}{course.memory_mb[settled]:>12.1f}{course.memory_mb[-1]:>8.1f}"
            f"{max(course.memory_mb):>8.1f}{course.growth_mb_per_h(whole_s):>8.2f}{course.private_mb[-1]:>9.1f}"
            f"{files:>11}"
        )
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run the soak; the exit status is 1 where a sample is missing or a process grows."""
    parser = argparse.ArgumentParser(prog="evoke bench soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two looks")
    parser.add_argument("--folder", type=Path, help="where the recording goes (about 14 GB an hour)")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="evoke-soak-", dir=options.folder))
    config = folder / "lsl_api.cfg"
    config.write_text(LSL_CONFIG % folder.name, encoding="ascii")
    os.environ["LSLAPICFG"] = str(config)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    )
    seconds, out = 60 * options.minutes, folder / "soak.h5"
    streams = [part for name, *_ in STREAMS for part in ("--stream", f"source_id={lsl_id(name)}")]
    command = [sys.executable, "-P", "-m", "app", "record", "--out", str(out), "--json", *streams]
    with published("session"), (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [*command, "--camera", "generated", "--mic", "generated"], stdout=subprocess.PIPE, stderr=said
        )
        try:
            courses = watch(process, seconds, options.every)
        finally:
            process.send_signal(signal.SIGTERM)
        asked_s = time.monotonic()
        output, _ = process.communicate()
        finishing_s = time.monotonic() - asked_s
    print(table(courses, seconds))
    described: dict[str, Any] = json.loads(output) if output.strip() else {}
    gaps = {stream["id"]: len(stream["gaps"]) for stream in described.get("streams", ()) if stream["gaps"]}
    lost = counters(out) if out.exists() else {"file": -1}
    grown = {
        role: round(course.growth_mb_per_h(seconds), 1)
        for role, course in courses.items()
        if course.growth_mb_per_h(seconds) > FLAT_MB_PER_H
    }
    size_gb = out.stat().st_size / 1e9 if out.exists() else 0.0
    print(
        f"{options.minutes:.0f} min; samples lost or doubled {sum(lost.values())}; gaps {gaps or 0};"
        f" alarms {described.get('alarms')}; stop to finished file {finishing_s:.1f} s, {size_gb:.2f} GB;"
        f" status {process.returncode}; growing by more than {FLAT_MB_PER_H:.0f} MB/h: {grown or 'none'}"
    )
    return 0 if not (any(lost.values()) or gaps or grown or process.returncode) else 1
