"""Labels: time of a committed edit, of opening 10,000 marks, and what kills cost; beside rewritten JSON.

`evoke bench labels [--edits 500] [--marks 10000] [--kills 100] [--folder DIR] [--json]`. The opponent keeps
all marks in a list and rewrites its file in place after each edit, as coding programs do that have no
log; with `fsync` it at least waits for the disk. Both edit a file that holds `--marks` marks already.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.labels.records import Mark
from tests.helpers.labels import open_log

SPACING_NS = 1_000_000_000


def fill(path: Path, marks: int) -> None:
    """Make a log of that many marks."""
    with open_log(path) as log, log.together("import"):
        for place in range(marks):
            start = place * SPACING_NS
            log.add("mood", start_ns=start, end_ns=start + SPACING_NS // 2, label="sad")


def timed(edit: Callable[[int], Any], edits: int) -> dict[str, float]:
    """Return median and 99th percentile of a call, in ms."""
    taken = []
    for place in range(edits):
        begun = time.perf_counter()
        edit(place)
        taken.append(1e3 * (time.perf_counter() - begun))
    ordered = sorted(taken)
    return {"median_ms": statistics.median(ordered), "p99_ms": ordered[int(0.99 * (len(ordered) - 1))]}


class NaiveFile:
    """All marks in one JSON file, written anew for each edit."""

    def __init__(self, path: Path, marks: Sequence[Mark], is_synced: bool) -> None:
        self.path, self.is_synced = path, is_synced
        self.marks = [asdict(mark) for mark in marks]

    def add(self, place: int) -> None:
        """Add a mark and save."""
        start = place * SPACING_NS + 7
        self.marks.append(
            asdict(Mark(f"n{place}", "event", "anna", start_ns=start, end_ns=start, label="sad"))
        )
        with self.path.open("w", encoding="utf-8") as file:
            json.dump(self.marks, file)
            file.flush()
            if self.is_synced:
                os.fsync(file.fileno())


def measure(folder: Path, edits: int, marks: int) -> dict[str, Any]:
    """Return the times of our log and of the opponent."""
    path = folder / "log.sqlite"
    fill(path, marks)
    begun = time.perf_counter()
    log = open_log(path)
    opened_ms = 1e3 * (time.perf_counter() - begun)
    begun = time.perf_counter()
    found = log.marks()
    sorted_ms = 1e3 * (time.perf_counter() - begun)
    ours = timed(lambda place: log.add("event", start_ns=place * SPACING_NS + 7, label="sad"), edits)
    undo = timed(lambda _: log.undo(), min(edits, 100))
    assert len(log.marks()) == marks + edits - min(edits, 100)
    log.close()
    few = max(5, edits // 20)
    naive = {
        name: timed(NaiveFile(folder / f"{name}.json", found, is_synced).add, few)
        for name, is_synced in (("rewritten JSON", False), ("rewritten JSON, fsync", True))
    }
    return {
        "marks": marks,
        "open_ms": opened_ms,
        "sort_ms": sorted_ms,
        "edit": {"log": ours, "log, undo": undo, **naive},
    }


def main(argv: Sequence[str]) -> int:
    """Print the table; the exit status is 0 only if nothing was lost and opening took under 1 s."""
    parser = argparse.ArgumentParser(prog="evoke bench labels")
    parser.add_argument("--edits", type=int, default=500)
    parser.add_argument("--marks", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the files lie while it runs (default: temporary)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        result = measure(Path(name), options.edits, options.marks)
        result["kills"] = _kills(Path(name), options.kills, options.seed)
    if options.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        _print(result)
    kills = result["kills"]
    is_sound = not kills or not (kills["lost"] or kills["faults"] or kills["trace_s"] > 1)
    return 0 if is_sound and result["open_ms"] < 1000 else 1


def _kills(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    if not hasattr(os, "fork") or not kills:
        return {}
    from tests.helpers.annotating import kill_at_random

    loss = kill_at_random(folder / "kills", kills, seed)
    told = asdict(loss)
    told["trace_s"] = told.pop("trace_ns") / 1e9
    return told


def _print(result: dict[str, Any]) -> None:
    print(f"opening {result['marks']} marks      {result['open_ms']:8.1f} ms")
    print(f"sorting them               {result['sort_ms']:8.1f} ms")
    print(f"\nan edit among {result['marks']} marks     median      99th percentile")
    for name, row in result["edit"].items():
        print(f"  {name:<24}{row['median_ms']:8.2f} ms {row['p99_ms']:12.2f} ms")
    if kills := result["kills"]:
        print(
            f"\n{kills['kills']} kills: {kills['lost']} of {kills['acknowledged']} acknowledged edits lost,"
        )
        print(f"  at most {kills['trace_s']:.2f} s of a trace; faults: {kills['faults'] or 'none'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
