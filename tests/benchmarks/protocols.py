"""Every bundled protocol once in real time, answered by the automatic participant, with recorded devices.

    evoke bench protocols [--only NAME ...] [--jobs N] [--window] [--devices FILE] [--language CODE]

Each one is a whole session of `evoke run NAME --auto`: its own study, its own LSL domain, the supervisor's
processes, and the session file at the end. Without a window the participant's screen is a virtual one of
60 Hz and onsets have no measurement; `--window` opens the real one on the present display, one session at a
time. A line is printed as each ends, the table at the end. The exit status is 1 where a session did not
complete.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.study import Study
from protocols import library
from protocols.expand import expand
from protocols.load import load_protocol
from tests.benchmarks.recorder import CHECKOUT, LSL_CONFIG

PARTICIPANT, SEED = "sim01", 1
SIGNAL_CHECK_S = 3.0
# How much longer than planned a session may take before it counts as hanging.
PATIENCE_FACTOR, PATIENCE_S = 1.5, 180.0
# Gaps that are no loss: the protocol says which stages camera and microphone record.
MEANT = ("not recorded by the protocol",)
LEFT_OPEN = "stands open"
DEVICES = """\
- id: eeg
  source: brainflow
  params: {board: synthetic, presets: [default]}
- id: wristband
  source: wristband
  params: {seed: 1}
- id: microphone
  source: microphone
  params: {source: default, fallback: generated}
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a protocol's schedule says: how many trials and stages, and how long it usually takes."""

    name: str
    trials: int
    stages: int
    typical_s: float


@dataclass(slots=True)
class Ran:
    """How a session went; `answer` is what `evoke run --json` printed, empty where it printed nothing."""

    planned: Planned
    exit: int
    total_s: float
    answer: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def completed(self) -> bool:
        """Whether it ended by itself, with every trial and with its data safe."""
        every = self.answer.get("trials") == self.planned.trials
        return every and (self.exit == 0 or self.left_open)

    @property
    def left_open(self) -> bool:
        """Whether all that was wrong is a sign for help: nobody attends a benchmark to look after it."""
        return self.exit == 1 and LEFT_OPEN in str(self.answer.get("message") or "")

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        answer, planned = self.answer, self.planned
        streams = answer.get("streams") or []
        gaps = [gap for stream in streams for gap in stream.get("gaps", ()) if gap.get("cause") not in MEANT]
        lost = sum(int(gap.get("samples") or 0) for gap in gaps)
        presented_s = answer.get("presented_s")
        return (
            planned.name,
            f"{answer.get('trials', '-')}/{planned.trials}",
            str(planned.stages),
            f"{planned.typical_s:.1f}",
            "-" if presented_s is None else f"{presented_s:.1f}",
            _lateness(answer),
            str(len(streams)),
            str(len(gaps)),
            str(lost),
            str(answer.get("events", "-")),
            _megabytes(answer.get("path")),
            f"{answer.get('end_reason') or '-'} ({self.exit}{', sign open' if self.left_open else ''})",
        )


HEADS = (
    "protocol", "trials", "stages", "planned s", "real s", "late ms", "streams", "gaps", "lost", "events",
    "MB", "end (exit)",
)  # fmt: skip


def _lateness(answer: Mapping[str, Any]) -> str:
    """Return how late onsets were against the schedule: median, 99th percentile, greatest."""
    late = answer.get("onset_error_ms")
    if not late:
        return "no screen"
    return " / ".join(f"{late[name]:.1f}" for name in ("median", "p99", "max"))


def _megabytes(path: str | None) -> str:
    return f"{Path(path).stat().st_size / 1e6:.1f}" if path and Path(path).is_file() else "-"


def planned(name: str, language: str) -> Planned:
    """Expand a protocol as the session will."""
    protocol = load_protocol(name)
    spoken = language if language in protocol.languages else ""
    schedule = expand(protocol, PARTICIPANT, 1, 0, SEED, spoken)
    return Planned(name, len(schedule.trials), len(schedule.stages), schedule.typical_s)


def run_one(plan: Planned, options: argparse.Namespace, folder: Path) -> Ran:
    """Run one session in a study and an LSL domain of its own."""
    home = folder / plan.name
    study = Study.create(home / "study", plan.name, "simulation")
    devices = options.devices or home / "devices.yaml"
    if options.devices is None:
        devices.write_text(DEVICES, encoding="utf-8")
    config = home / "lsl_api.cfg"
    config.write_text(LSL_CONFIG % f"{folder.name}-{plan.name}", encoding="ascii")
    command = [
        *(sys.executable, "-P", "-m", "app", "run", plan.name, "--study", str(study.folder)),
        *("--participant", PARTICIPANT, "--auto", "--headless", "--json", "--seed", str(SEED)),
        *("--devices", str(devices.absolute()), "--signal-check", f"{SIGNAL_CHECK_S:g}"),
    ]
    if not options.window:
        command.append("--no-window")
    if options.language in load_protocol(plan.name).languages:
        command += ["--language", options.language]
    environment = os.environ | {"LSLAPICFG": str(config), "EVOKE_HOME": str(home / "home")}
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    )
    said = home / "said.txt"
    began_s = time.monotonic()
    with said.open("w", encoding="utf-8") as errors:
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd=home,
                timeout=PATIENCE_FACTOR * plan.typical_s + PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Ran(plan, 124, time.monotonic() - began_s, trouble=f"it hung; see {said}")
    total_s = time.monotonic() - began_s
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return Ran(plan, done.returncode, total_s, trouble=_last_line(said))
    trouble = str(answer.get("message") or "") or (_last_line(said) if done.returncode else "")
    return Ran(plan, done.returncode, total_s, answer, trouble)


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def table(rows: Iterable[Ran]) -> str:
    """Lay the sessions out, in the order of their names."""
    cells = [HEADS, *(ran.cells() for ran in sorted(rows, key=lambda ran: ran.planned.name))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, len(HEADS) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _tell(ran: Ran) -> None:
    known = dict(zip(HEADS, ran.cells(), strict=True))
    told = ", ".join(f"{name} {known[name]}" for name in HEADS[1:])
    print(f"{known['protocol']}: {told}" + (f". {ran.trouble}" if ran.trouble else ""), flush=True)


def run_all(plans: Sequence[Planned], options: argparse.Namespace, folder: Path) -> list[Ran]:
    """Run the sessions, longest first, `--jobs` of them side by side; tell each as it ends."""
    rows: list[Ran] = []
    longest_first = sorted(plans, key=lambda plan: -plan.typical_s)
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(run_one, plan, options, folder) for plan in longest_first]
        for each in as_completed(waiting):
            rows.append(each.result())
            _tell(rows[-1])
    return rows


def main(argv: list[str]) -> int:
    """Run the sessions and print the table."""
    parser = argparse.ArgumentParser(
        prog="evoke bench protocols", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--only", nargs="+", choices=sorted(library()), metavar="NAME", help="these protocols"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="sessions side by side")
    parser.add_argument(
        "--window", action="store_true", help="the participant's window on the present display"
    )
    parser.add_argument(
        "--devices", type=Path, help="devices file (default: simulated EEG, wristband, sound)"
    )
    parser.add_argument(
        "--language", default="", metavar="CODE", help="of the texts, where a protocol has it"
    )
    parser.add_argument(
        "--folder", type=Path, help="where studies and recordings go (default: a temporary one)"
    )
    options = parser.parse_args(argv)
    if options.window and options.jobs > 1:
        parser.error("only one session at a time can have the display: leave out --jobs.")
    if options.jobs < 1:
        parser.error("--jobs must be at least 1.")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="evoke-protocols-"))
    folder.mkdir(parents=True, exist_ok=True)
    plans = [planned(name, options.language) for name in options.only or library()]
    whole_s = sum(plan.typical_s for plan in plans)
    print(
        f"{len(plans)} protocols, {whole_s / 60:.0f} min in all, {options.jobs} at a time; files in {folder}"
    )
    rows = run_all(plans, options, folder)
    print("\n" + table(rows))
    return 0 if all(ran.completed for ran in rows) else 1
