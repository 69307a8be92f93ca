"""Disks that fill, fail or crawl, and a computer that sleeps: each scenario returns what it cost.

Disks of their own need a mount, and so root or a user name space; they are mounted where no other process
sees them. `python -m tests.faults.stream_disks NAME FOLDER` plays one there and prints its row.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from app import clock
from app.recorder.rings import load_flushed
from tests.faults.scenarios import Row
from tests.faults.stream_scene import EEG, MARKERS, Scene, lost, scene

DISK_BYTES = 1_200_000
SLOW_S = 3.0
SLEPT_S = 30.0


@functools.cache
def mounting() -> tuple[str, ...]:
    """Return the command under which a disk can be mounted for one process alone, () if there is none."""
    for command in (("unshare", "--mount"), ("unshare", "--mount", "--map-root-user")):
        with contextlib.suppress(OSError):
            tried = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
            if subprocess.run(tried, capture_output=True).returncode == 0:
                return command
    return ()


def played(name: str, folder: Path) -> Row:
    """Play a scenario of this module in a process that may mount disks."""
    command = [*mounting(), sys.executable, "-m", "tests.faults.stream_disks", name, str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert output.returncode == 0, output.stderr
    return Row(**json.loads(output.stdout.splitlines()[-1]))


def mount(folder: Path, arguments: Sequence[str]) -> Path:
    """Mount a disk in `folder` and return its place; it goes with the process."""
    place = folder / "disk"
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *arguments, str(place)], check=True)
    return place


def failing(play: Scene, fault: str, fail: Callable[[], None]) -> Row:
    """Let the disk of a running recording fail; return what is left when the recorder has gone."""
    play.publish(EEG, MARKERS)
    play.record(EEG, MARKERS)
    play.let_pass(1.5)
    failed_s = clock.now()
    fail()
    message = play.desk.wait_type("failed")
    told_s = play.desk.messages[-1][0]
    assert play.desk.process is not None
    status = play.desk.process.wait(10)
    safe = load_flushed(play.desk.plan.runtime / "recorder.flushed")
    part = play.desk.part(1)
    missing = {name: safe[name].rows - len(part[name].time) for name in part}
    held = all(lost(stream) == 0 and len(stream.time) >= safe[name].rows for name, stream in part.items())
    assert f"safe in {play.desk.paths.part(1).name}" in message["safe"]
    return Row(
        fault,
        {name: max(0, rows) for name, rows in missing.items()},
        {name: len(stream.gaps) for name, stream in part.items()},
        told_s - failed_s,
        message["message"],
        status,
        held,
    )


def _full(folder: Path) -> Row:
    place = mount(folder, ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none"])
    with scene(place) as play:

        def fill() -> None:
            with (place / "others").open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"x" * 4096):
                    pass

        return failing(play, "disk full (tmpfs)", fill)


def _read_only(folder: Path) -> Row:
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    place = mount(folder, ["-o", "loop,errors=remount-ro", str(image)])
    device = subprocess.run(
        ["findmnt", "-no", "SOURCE", str(place)], check=True, capture_output=True, text=True
    ).stdout.strip()
    with scene(place) as play:
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        # What a kernel does with a disk that reports errors: from now on it can only be read.
        return failing(play, "disk turns read-only (ext4)", lambda: _write(trigger))


def _write(trigger: Path) -> None:
    trigger.write_text("1", encoding="ascii")


def _limited(folder: Path) -> Row:
    with scene(folder) as play:

        def limit() -> None:
            assert play.desk.process is not None
            size = play.desk.paths.part(1).stat().st_size
            resource.prlimit(play.desk.process.pid, resource.RLIMIT_FSIZE, (size, size))

        return failing(play, "disk full (file-size limit)", limit)


def disk_full(folder: Path) -> Row:
    """Fill the disk while recording; where no disk can be mounted, by a limit on the file's size."""
    return played("full", folder) if mounting() else _limited(folder)


def disk_read_only(folder: Path) -> Row:
    """Let the disk turn read-only while recording; where none can be mounted, as `disk_full`."""
    tools = all(shutil.which(tool) for tool in ("mkfs.ext4", "findmnt"))
    can = tools and bool(mounting()) and os.geteuid() == 0 and Path("/dev/loop-control").exists()
    return played("read-only", folder) if can else _limited(folder)


def slow_disk(folder: Path) -> Row:
    """Let every write take seconds for a while: all goes on, late, and is said."""
    switch = folder / "slow"
    with scene(folder / "live") as play:
        play.publish(EEG, MARKERS)
        play.record_with("slow", switch, EEG, MARKERS)
        play.let_pass(1.0)
        switch.write_text(str(SLOW_S), encoding="ascii")
        slow_s = clock.now()
        told_s, told = play.told("write_behind")
        health = play.desk.wait_for(lambda m: m["type"] == "health" and "message" in m)
        assert all(stream["state"] == "live" for stream in health["streams"].values())
        play.let_pass(SLOW_S)
        switch.unlink()
        play.told("write_caught_up")
        closed = play.desk.stop()
        part = play.desk.part(1)
        assert not [e for e in play.desk.events() if e.kind in ("stream_stale", "stream_lost")]
        assert all(closed["samples"][name] == len(part[name].time) for name in part)
        return Row(
            f"slow disk: every write takes {SLOW_S:g} s",
            {name: lost(stream) for name, stream in part.items()},
            {name: len(stream.gaps) for name, stream in part.items()},
            told_s - slow_s,
            told["text"],
        )


def asleep(folder: Path) -> Row:
    """Let the computer sleep for 30 s, as far as its clocks tell."""
    switch = folder / "slept"
    with scene(folder / "live") as play:
        play.publish(EEG, MARKERS)
        play.record_with("asleep", switch, EEG, MARKERS)
        play.let_pass(1.5)
        before = len(play.desk.messages)
        switch.write_text(str(SLEPT_S), encoding="ascii")
        woke_s = clock.now()
        told_s, told = play.told("machine_slept")
        assert told["seconds"] == SLEPT_S
        play.let_pass(2.0)
        play.desk.stop()
        part = play.desk.part(1)
        events = [
            message["event"]["kind"] for _, message in play.desk.messages[before:] if "event" in message
        ]
        assert not {"stream_stale", "stream_lost", "clock_step"} & set(events)
        assert {gap[3] for stream in part.values() for gap in stream.gaps} == {"machine slept"}
        assert all(lost(stream) == 0 for stream in part.values())
        return Row(
            f"computer asleep for {SLEPT_S:g} s",
            {name: sum(gap[2] for gap in stream.gaps) for name, stream in part.items()},
            {name: len(stream.gaps) for name, stream in part.items()},
            told_s - woke_s,
            told["text"],
        )


if __name__ == "__main__":
    scenarios = {"full": _full, "read-only": _read_only}
    sys.stdout.write(json.dumps(asdict(scenarios[sys.argv[1]](Path(sys.argv[2])))) + "\n")
