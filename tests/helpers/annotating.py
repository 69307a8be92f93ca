"""Annotators that work until they are killed: edits and a trace, each noted once it is acknowledged.

`python -m tests.helpers.annotating` reads jobs (JSON lines) and forks an annotator for each, so a kill costs
no start of an interpreter. What an annotator was told is saved she notes in a plain file beside the log.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.labels.reader import read_log
from analysis.labels.records import NS
from app import places
from tests.helpers.labels import HEAD, open_log

TICK_NS = round(NS / 60)
TRACE_LIMIT_NS = NS


def annotate(path: Path, notes: Path, annotator: str, seed: int, edits: int) -> None:
    """Edit and trace at random, `edits` times or (0) until killed; a trace runs 60 times faster than life."""
    chance = random.Random(seed)
    with open_log(path, replace(HEAD, annotator=annotator)) as log:
        descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def note(*words: object) -> None:
            os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())

        note("open", log.read_only)
        clock_ns, marks = 0, [mark.id for mark in log.marks()]
        writer = None
        count = 0
        while not edits or count < edits:
            count += 1
            if writer is None or chance.random() < 0.02:
                if writer is not None:
                    writer.end()
                writer = log.begin_take("trace", item="k7")
            for _ in range(3):
                clock_ns += TICK_NS
                writer.append(clock_ns, clock_ns, chance.uniform(-1, 1))
                note("sample", writer.id, clock_ns)
            kind = chance.random()
            if kind < 0.7 or not marks:
                start = chance.randrange(10**9)
                mark = log.add("artefact", start_ns=start, end_ns=start + 1000, label="sad", item="k7")
                marks.append(mark.id)
                note("add", mark.id, mark.revision)
            elif kind < 0.9:
                mark = log.change(chance.choice(marks), label=chance.choice(("happy", "sad")))
                note("edit", mark.id, mark.revision)
            else:
                name = marks.pop(chance.randrange(len(marks)))
                log.delete(name)
                note("delete", name, 0)
        note("end")
        os.close(descriptor)


@dataclass
class Loss:
    """What kills have cost: edits acknowledged and gone, nanoseconds of a trace, locks left behind."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    trace_ns: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, path: Path, notes: Path) -> None:
        """Compare what was noted with what the log holds."""
        said = (
            [line.split() for line in notes.read_text(encoding="ascii").splitlines()]
            if notes.exists()
            else []
        )
        if not any(words[0] == "open" for words in said):
            return
        if ["open", "True"] in said:
            self.faults.append(f"{path}: the lock of a killed process was not taken over")
        found = read_log(path)
        there = {(op.kind, op.mark, op.revision) for op in found.ops}
        gone = {(op.kind, op.mark) for op in found.ops if op.kind == "delete"}
        edits = [words for words in said if words[0] in ("add", "edit", "delete")]
        self.acknowledged += len(edits)
        for kind, name, revision in edits:
            self.lost += not (
                (kind, name) in gone if kind == "delete" else (kind, name, int(revision)) in there
            )
        last = {words[1]: int(words[2]) for words in said if words[0] == "sample"}
        kept = {take.id: int(take.mono_ns[-1]) if len(take.mono_ns) else None for take in found.takes}
        for name, noted_ns in last.items():
            first_ns = min(int(words[2]) for words in said if words[:2] == ["sample", name])
            kept_ns = kept.get(name)
            behind = noted_ns - (first_ns - TICK_NS if kept_ns is None else kept_ns)
            self.trace_ns = max(self.trace_ns, behind)


class Annotators:
    """Starts annotators, and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(
        self,
        path: Path,
        notes: Path,
        annotator: str = "anna",
        seed: int = 0,
        edits: int = 0,
        on_network: bool = False,
    ) -> int:
        """Start one, who takes the disk for a network's or not; return her pid."""
        job = {"path": str(path), "notes": str(notes), "annotator": annotator, "seed": seed, "edits": edits}
        job["on_network"] = on_network
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def annotators() -> Iterator[Annotators]:
    """Give a process that forks annotators; those that still work end with it."""
    command = [sys.executable, "-m", "tests.helpers.annotating"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield Annotators(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


def is_running(pid: int) -> bool:
    """Whether a process still runs; a dead one is reaped at once here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, patience_s: float = 20.0) -> None:
    """Wait for the end of an annotator; raises TimeoutError."""
    until_s = time.monotonic() + patience_s
    while is_running(pid):
        if time.monotonic() > until_s:
            raise TimeoutError(f"annotator {pid} goes on")
        time.sleep(0.002)


def wait_for_an_edit(notes: Path, patience_s: float = 20.0) -> None:
    """Wait until an annotator was told that something is saved; raises TimeoutError."""
    until_s = time.monotonic() + patience_s
    while not (notes.exists() and "add" in notes.read_text(encoding="ascii")):
        if time.monotonic() > until_s:
            raise TimeoutError("nothing was acknowledged")
        time.sleep(0.005)


def kill_at_random(folder: Path, kills: int, seed: int, on_network: bool = False) -> Loss:
    """Kill annotators at random moments, ten in a row on each log; return what it cost."""
    chance = random.Random(seed)
    loss = Loss()
    with annotators() as crew:
        for number in range(kills):
            path = folder / f"log-{number // 10}" / "anna" / "mixed@1.sqlite"
            notes = folder / f"notes-{number}.txt"
            pid = crew.start(path, notes, seed=chance.randrange(2**32), on_network=on_network)
            if number % 2:
                wait_for_an_edit(notes)
            # Counted from the start, every other time: opening the log may be hit as well.
            time.sleep(chance.uniform(0.0, 0.25))
            os.kill(pid, signal.SIGKILL)
            wait_until_gone(pid)
            loss.kills += 1
            loss.count(path, notes)
    return loss


def main() -> None:
    """Fork an annotator for every job that comes in."""
    # Children are reaped by the system.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    children = []
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            with contextlib.suppress(KeyboardInterrupt):
                if job["on_network"]:
                    places.kind_of = lambda *_: "network"
                annotate(Path(job["path"]), Path(job["notes"]), job["annotator"], job["seed"], job["edits"])
                status = 0
            os._exit(status)
        children.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
