"""What befalls a study's second copy: each scenario copies by the command line and returns its row.

`python -m tests.faults.place_copies full FOLDER` plays one with a disk of its own, mounted where no other
process sees it, and prints its row.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from app.copies import copies, files_of, mirror_of, pending, state
from app.copying import PARTIAL, sha256_of
from app.study import FinishedSession, Study
from tests.faults.scenarios import Row
from tests.faults.stream_disks import mount, mounting

DISK_BYTES = 6_000_000
SESSION_BYTES = 4_000_000
PATIENCE_S = 60.0
LISTED = FinishedSession("", "", "u", "recorded", "01", 1, 1, "demo", 1, False, "2026-01-01T00:00:00Z")


def study_with(folder: Path, sessions: int, size: int = SESSION_BYTES) -> tuple[Study, list[str]]:
    """Make a study with finished sessions of `size` bytes; return it and their names."""
    study = Study.create(folder / "study", "Copied", "people")
    names = []
    for number in range(1, sessions + 1):
        name = f"sub-01/ses-{number:02d}/sub-01_ses-{number:02d}_task-demo_run-01.h5"
        path = study.folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(size))
        study.add_finished(replace(LISTED, file=name, sha256=sha256_of(path), session=number))
        names.append(name)
    return study, names


def backup(study: Study, *more: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `evoke backup`."""
    command = [sys.executable, "-P", "-m", "app", "backup", str(study.folder), *map(str, more)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def is_complete(study: Study) -> bool:
    """Whether the second place holds every file of the study and nothing half-made."""
    mirror = mirror_of(study)
    assert mirror is not None
    names = set(files_of(study))
    same = all(sha256_of(mirror / name) == sha256_of(study.folder / name) for name in names)
    return same and set(files_of(Study.open(mirror))) == names and not list(mirror.rglob(f"*{PARTIAL}"))


def unplugged(folder: Path) -> Row:
    """The second place is taken away after the first session, and is back after the next."""
    study, names = study_with(folder, 2)
    place = folder / "disk"
    place.mkdir()
    assert backup(study, "--to", place).returncode == 0
    study.folder.joinpath(names[1]).touch()
    gone = place.rename(folder / "unplugged")
    refused = backup(study)
    assert backup(study, "--pending").returncode == 0, "what runs in the background holds nobody up"
    standing = state(study)
    assert (standing.state, standing.files) == ("unreachable", 1)
    assert not place.exists(), "nothing is written where the disk used to be"
    gone.rename(place)
    again = backup(study)
    assert (again.returncode, state(study).state) == (0, "ok"), again.stderr
    return Row(
        "second place out of reach",
        message=refused.stderr.strip().splitlines()[-1],
        status=refused.returncode,
        readable=is_complete(study) and [copies(study, name) for name in names] == [2, 2],
    )


def killed(folder: Path) -> Row:
    """Copying is killed in the middle of a file; the next run completes."""
    study, names = study_with(folder, 3, 40_000_000)
    (folder / "disk").mkdir()
    command = [sys.executable, "-P", "-m", "app", "backup", str(study.folder), "--to", str(folder / "disk")]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_S
    while not list(folder.glob(f"disk/*/sub-01/ses-02/*{PARTIAL}")):
        assert child.poll() is None and time.monotonic() < deadline, "it was over too soon"
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    child.wait()
    waiting = set(pending(study))
    assert names[0] not in waiting and {names[1], names[2]} <= waiting
    assert [copies(study, name) for name in names] == [2, 1, 1]
    again = backup(study)
    return Row(
        "copying to the second place killed (SIGKILL)",
        message=again.stdout.strip(),
        status=again.returncode,
        readable=is_complete(study),
    )


def _full(folder: Path) -> Row:
    study, names = study_with(folder, 2)
    disk = mount(folder, ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none"])
    done = backup(study, "--to", disk)
    mirror = mirror_of(study)
    assert mirror is not None
    assert not list(mirror.rglob(f"*{PARTIAL}")), "nothing half-made stays"
    assert [copies(study, name) for name in names] == [2, 1]
    assert (state(study).state, names[1] in pending(study)) == ("pending", True)
    assert not (mirror / names[1]).exists()
    subprocess.run(["mount", "-o", f"remount,size={3 * DISK_BYTES}", str(disk)], check=True)
    assert backup(study).returncode == 0
    return Row(
        "second place full (tmpfs)",
        message=done.stderr.strip().splitlines()[-1],
        status=done.returncode,
        readable=is_complete(study),
    )


def full(folder: Path) -> Row:
    """The second place has room for one session of two; with more room the next run completes."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [*mounting(), sys.executable, "-m", "tests.faults.place_copies", "full", str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert output.returncode == 0, output.stderr
    return Row(**json.loads(output.stdout.splitlines()[-1]))


if __name__ == "__main__":
    assert sys.argv[1] == "full"
    sys.stdout.write(json.dumps(asdict(_full(Path(sys.argv[2])))) + "\n")
