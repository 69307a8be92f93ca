"""Kills processes of real sessions at random moments and looks at what the finished files hold.

`evoke bench kills [--kills 200] [--seed 1] [--json]`: sessions of twelve seconds with a board, a
wristband, a camera and a microphone; per process how many kills, how many files were whole, the longest
tail and hole, and the events lost.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.killing import HOLE_LIMIT_S, TAIL_LIMIT_S, Kill, Report, random_kills, run_with_kills

DEVICES = ("bridge-eeg", "bridge-wristband", "capture-camera", "capture-microphone")
SINGLE = ("recorder", "recorder", "presenter", *DEVICES)
EVERYTHING = ("supervisor", "recorder", "presenter", *DEVICES)
TOGETHER = "together"


@dataclass
class Row:
    """What all kills of one kind came to."""

    kills: int = 0
    recovered: int = 0
    tail_s: float = 0.0
    hole_s: float = 0.0
    events_lost: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, report: Report, name: str) -> None:
        """Count one session's report; tails and holes belong to kills that took the recorder along."""
        self.kills += 1
        self.recovered += not report.faults
        if name.startswith("recorder") or TOGETHER in name:
            self.tail_s = max(self.tail_s, *report.tails_s.values(), 0.0)
            self.hole_s = max(self.hole_s, *report.holes_s.values(), 0.0)
        self.events_lost += report.events_lost
        self.faults += report.faults


def draw(chance: random.Random) -> list[Kill]:
    """Draw one session's kills: two processes one after the other, some together, or everything."""
    kind = chance.random()
    if kind < 0.15:
        return random_kills(chance, [EVERYTHING])
    if kind < 0.30:
        return random_kills(chance, [("supervisor",)])
    if kind < 0.45:
        return random_kills(chance, [("recorder",), ("supervisor", "recorder")])
    if kind < 0.65:
        return random_kills(
            chance, [("recorder", chance.choice(DEVICES)), (chance.choice(DEVICES), "presenter")]
        )
    first = chance.choice([name for name in SINGLE if name != "presenter"])
    return random_kills(chance, [(first,), (chance.choice(SINGLE),)])


def measure(kills: int, seed: int, folder: Path) -> dict[str, Row]:
    """Run sessions until at least `kills` processes were killed; return a row a process."""
    chance = random.Random(seed)
    rows: dict[str, Row] = {}
    done = 0
    while done < kills:
        place = folder / f"session-{done}"
        place.mkdir()
        report = run_with_kills(place, draw(chance))
        times: dict[str, list[float]] = {}
        for at, victim in report.killed:
            alone = not any(other != victim and abs(at - when) < 0.5 for when, other in report.killed)
            times.setdefault(victim if alone else f"{victim}, {TOGETHER}", []).append(at)
        for name, moments in times.items():
            for _ in moments:
                rows.setdefault(name, Row()).add(report, name)
        done += len(report.killed)
        if report.faults:
            sys.stderr.write(f"{place}: {report.faults}\n")
        else:
            shutil.rmtree(place)
        sys.stderr.write(f"{done} of {kills} kills\n")
    return rows


def main(argv: Sequence[str]) -> int:
    """Print the table; the exit status is 0 only if every file was whole."""
    parser = argparse.ArgumentParser(prog="evoke bench kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="evoke-kills-"))
    rows = measure(options.kills, options.seed, folder)
    whole = all(row.kills == row.recovered for row in rows.values())
    if whole:
        shutil.rmtree(folder)
    if options.json:
        print(json.dumps({name: vars(row) for name, row in sorted(rows.items())}))
        return 0 if whole else 1
    print(f"{'killed':<32}{'kills':>6}{'whole':>7}{'tail s':>8}{'hole s':>8}{'events lost':>13}")
    for name, row in sorted(rows.items()):
        print(
            f"{name:<32}{row.kills:>6}{row.recovered:>7}{row.tail_s:>8.2f}{row.hole_s:>8.2f}{row.events_lost:>13}"
        )
    total = sum(row.kills for row in rows.values())
    print(
        f"{total} kills in {time.monotonic() - began:.0f} s; demanded: tail {TAIL_LIMIT_S} s, hole"
        f" {HOLE_LIMIT_S:.0f} s, no event lost"
    )
    return 0 if whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
