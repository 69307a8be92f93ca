"""Sessions whose disk or supervisor gives way: each scenario returns what it cost.

`python -m tests.faults.session_disks NAME FOLDER` plays one with a disk of its own, mounted where no other
process sees it, and prints its row.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app import clock
from app.away import recordings
from app.recorder.recovery import recover
from tests.faults.scenarios import Row
from tests.faults.session_scene import (
    CAMERA,
    PROTOCOL,
    SessionScene,
    costs,
    eeg_device,
    journalled,
    session,
)
from tests.faults.stream_disks import mount, mounting
from tests.helpers.desk import assert_counts, read_part
from tests.helpers.killing import KillSession
from tests.helpers.outlets import USUAL_WRAP

DISK_BYTES = 3_000_000
FULL_BYTES = 32 * 1024
LAST_FLUSH_S = 0.6


def _played(name: str, folder: Path) -> Row:
    folder.mkdir(parents=True, exist_ok=True)
    command = [*mounting(), sys.executable, "-m", "tests.faults.session_disks", name, str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert output.returncode == 0, output.stderr
    return Row(**json.loads(output.stdout.splitlines()[-1]))


def _failing(fault: str, place: Path, spare: Path, fail: Callable[[SessionScene], float]) -> Row:
    """Let the disk at `place` fail in a session that began in spite of it; `fail` returns when it did.

    What is left is finished in `spare`, where there is room, as `evoke recover` would.
    """
    with session(place / "s", eeg_device() + CAMERA, trials=15, accept="a small disk") as play:
        play.publish()
        play.begin()
        failed_s = fail(play)
        alarm = play.alarm()
        outcome = play.end()
        assert [a.code for a in play.alarms()] == ["disk"], "one message, whoever notices"
        assert outcome.path is None
        assert f"`evoke recover {play.paths.live}` finishes it" in outcome.message
        flushed_s = float(play.supervisor.state.recorder["flushed_s"])
        live = shutil.copytree(play.paths.live, spare / play.paths.live.name)
        (live / play.paths.lock.name).unlink()
        part = read_part(live / play.paths.part(1).name)["eeg"]
        assert_counts(part.counter, USUAL_WRAP)
        held = float(part.time[-1]) > flushed_s - LAST_FLUSH_S
        (result,) = recover(live)
        lost, gaps = costs(result.path)
        return Row(fault, lost, gaps, max(0.0, alarm.time - failed_s), alarm.text, outcome.status, held)


def _fills(play: SessionScene) -> float:
    """Wait until the session itself has filled its disk."""
    folder = play.paths.live
    deadline_s = clock.now() + 60.0
    while shutil.disk_usage(folder).free > FULL_BYTES:
        assert clock.now() < deadline_s, f"still {shutil.disk_usage(folder).free} bytes free"
        time.sleep(0.01)
    return clock.now()


def _is_limited(play: SessionScene) -> float:
    """Let no file of the recorder's grow any more."""
    size = play.paths.part(1).stat().st_size
    resource.prlimit(play.pid("recorder"), resource.RLIMIT_FSIZE, (size, size))
    return clock.now()


def _full(folder: Path) -> Row:
    place = mount(folder, ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none"])
    return _failing("a session fills its disk (tmpfs)", place, folder / "spare", _fills)


def _read_only(folder: Path) -> Row:
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    place = mount(folder, ["-o", "loop,errors=remount-ro", str(image)])
    device = Path(
        subprocess.run(
            ["findmnt", "-no", "SOURCE", str(place)], check=True, capture_output=True, text=True
        ).stdout.strip()
    )

    def fail(play: SessionScene) -> float:
        # What a kernel does with a disk that reports errors: from now on it can only be read.
        (Path("/sys/fs/ext4") / device.name / "trigger_fs_error").write_text("1", encoding="ascii")
        return clock.now()

    return _failing("a session's disk turns read-only (ext4)", place, folder / "spare", fail)


def disk_full(folder: Path) -> Row:
    """A session, started with a reason, fills its disk; where none can be mounted, a limit on files."""
    if mounting():
        return _played("full", folder)
    return _failing("a session's file may not grow", folder, folder / "spare", _is_limited)


def disk_read_only(folder: Path) -> Row:
    """A session's disk turns read-only; where none can be mounted, as `disk_full`."""
    can = bool(mounting()) and os.geteuid() == 0 and Path("/dev/loop-control").exists()
    if can and shutil.which("mkfs.ext4"):
        return _played("read-only", folder)
    return _failing("a session's file may not grow", folder, folder / "spare", _is_limited)


def _ended(played: KillSession, fault: str, reason: str) -> Row:
    """Return the row of a session of the command line that ended by itself."""
    played.await_processes()
    status = played.status()
    told = json.loads(played.output())
    assert told["reason"] == reason, told
    lost, gaps = costs(Path(told["path"]), is_counted=False)
    return Row(fault, lost, gaps, None, told["message"], status)


def _commanded(folder: Path, trials: int) -> KillSession:
    """Return a session of the command line with trials of a second."""
    folder.mkdir(parents=True, exist_ok=True)
    played = KillSession(folder)
    (folder / "short.yaml").write_text(PROTOCOL % {"n": trials // 3})
    return played


def supervisor_terminated(folder: Path) -> Row:
    """SIGTERM reaches the supervisor in a trial: the session ends after it, in order."""
    played = _commanded(folder, 6)
    played.start()
    time.sleep(1.5)
    played.signal_supervisor(signal.SIGTERM)
    row = _ended(played, "supervisor told to end (SIGTERM)", "stopped")
    report = played.examine()
    assert (report.events_lost, report.events_doubled, report.faults) == (0, 0, [])
    ends = [event["reason"] for event in journalled(played.paths.final, "trial_ended")]
    assert set(ends) == {"completed"}
    assert 0 < len(ends) < 6, "the running trial was finished, and none after it"
    return row


def synchronised_study(folder: Path) -> Row:
    """The study lies in a synchronised folder: recorded on this computer, then brought there whole."""
    played = _commanded(folder, 3)
    (folder / ".stfolder").mkdir()
    before = set(recordings().glob("*"))
    played.start()
    names = {path.name for path in played.study.folder.glob("**/*.live/*")}
    assert names == {"session.lock", "elsewhere.json"}, "nothing is recorded where a program takes files away"
    (recorded,) = set(recordings().glob("*")) - before
    assert list(recorded.glob("*.live/*_part-001.h5"))
    row = _ended(played, "study in a synchronised folder", "completed")
    assert not recorded.exists(), "nothing stays behind"
    (kept,) = played.study.sessions()
    assert (played.study.folder / kept.file).exists()
    assert not list(played.study.folder.glob("**/*.live"))
    return row


if __name__ == "__main__":
    scenarios = {"full": _full, "read-only": _read_only}
    sys.stdout.write(json.dumps(asdict(scenarios[sys.argv[1]](Path(sys.argv[2])))) + "\n")
