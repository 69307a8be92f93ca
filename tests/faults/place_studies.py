"""What befalls the place of a study itself: it vanishes, or can only be read, or the disk is full.

`python -m tests.faults.place_studies NAME FOLDER` plays one with a disk of its own, mounted where no other
process sees it, and prints its row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from app.commands.left_over import finish_left_over
from app.deliveries import deliver
from app.study import Study
from tests.faults.scenarios import Row
from tests.faults.session_scene import costs, eeg_device, session
from tests.faults.stream_disks import mount, mounting
from tests.helpers.foreign import e4_files, e4_zip

DISK_BYTES = 4_000_000
PATIENCE_S = 60.0


def vanishes_in_the_session(folder: Path) -> Row:
    """The synchronised (as a network's) folder of the study goes away in a session and comes back later."""
    (folder / ".stfolder").mkdir(parents=True)
    with session(folder, eeg_device(), trials=3) as play:
        play.publish()
        play.begin(0.5)
        gone = play.study.folder.rename(folder / "gone")
        row = play.row("study's folder vanishes in the session")
        assert row.status == 0
        delivery = deliver(play.paths, play.study)
        assert not delivery.is_in_study
        assert delivery.path == play.paths.final
        lost, gaps = costs(play.paths.final)
        gone.rename(play.study.folder)
        said: list[str] = []
        finish_left_over(Study.open(play.study.folder), said.append)
        (entry,) = play.study.sessions()
        assert said == [f"{entry.file}: was recorded on this computer and is in the study now."]
        assert costs(play.study.folder / entry.file) == (lost, gaps)
        assert not play.paths.folder.exists(), "nothing stays behind"
        assert not list(play.study.folder.glob("**/*.live"))
        return Row(row.fault, lost, gaps, None, delivery.message, row.status)


def _snapshot(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_size) for path in folder.rglob("*") if path.name[0] != ".")


def _evoke(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "app", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, **environment},
    )


def _read_only(folder: Path) -> Row:
    disk = mount(folder, ["-t", "tmpfs", "none"])
    study = Study.create(disk / "study", "Kept", "simulation")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    before = _snapshot(study.folder)
    done = _evoke(
        "run",
        "demo",
        "--study",
        study.folder,
        "--participant",
        "sim01",
        "--auto",
        "--headless",
        "--no-window",
    )
    assert _snapshot(study.folder) == before
    checked = _evoke("check", study.folder)
    return Row(
        "study on a read-only disk",
        message=done.stderr.strip(),
        status=done.returncode,
        readable=checked.returncode == 0,
    )


def _import_full(folder: Path) -> Row:
    study = Study.create(folder / "study", "Imports", "people")
    export = e4_zip(folder / "export.zip", e4_files(seconds=3000))
    disk = mount(folder, ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none"])
    before = _snapshot(study.folder)
    done = _evoke(
        *("import", "e4", export, "--study", study.folder, "--participant", "01"), EVOKE_HOME=str(disk)
    )
    assert _snapshot(study.folder) == before
    assert [path.name for path in disk.iterdir()] == []
    return Row(
        "disk full while importing (tmpfs)",
        message=done.stderr.strip(),
        status=done.returncode,
        readable=Study.open(study.folder).sessions() == (),
    )


def _played(name: str, folder: Path) -> Row:
    folder.mkdir(parents=True, exist_ok=True)
    command = [*mounting(), sys.executable, "-m", "tests.faults.place_studies", name, str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert output.returncode == 0, output.stderr
    return Row(**json.loads(output.stdout.splitlines()[-1]))


def read_only(folder: Path) -> Row:
    """A study on a disk that can only be read: it is refused as a place to record, and still read."""
    return _played("read-only", folder)


def import_full(folder: Path) -> Row:
    """The disk has no room for an imported session: the study stays as it was."""
    return _played("import-full", folder)


if __name__ == "__main__":
    scenarios = {"read-only": _read_only, "import-full": _import_full}
    sys.stdout.write(json.dumps(asdict(scenarios[sys.argv[1]](Path(sys.argv[2])))) + "\n")
