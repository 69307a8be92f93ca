"""Where a folder lies, and how a session that was recorded elsewhere comes into its study."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app import away, deliveries, settings
from app.deliveries import deliver, deliver_waiting, recording_paths, unfinished_away
from app.places import Mount, kind_of, parse_mountinfo, synchroniser_of, system_mounts
from app.plan import Lock, SessionPaths
from app.recorder.finishing import finish
from app.study import Study
from tests.helpers.recordings import PLAN, make_live

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/lab\040data rw - nfs4 server:/lab rw,vers=4.2
31 22 0:41 / /mnt/share rw shared:5 master:1 - cifs //server/share rw
32 31 8:3 / /mnt/share/disk rw - xfs /dev/sdb1 rw
33 22 0:42 / /srv/anna/remote rw - fuse.sshfs anna@host: rw
34 22 0:50 / /data rw - ext4 /dev/sdc1 rw
35 22 0:51 / /data rw - ceph mon:/ rw
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/study", "local"),
        ("/srv/lab data/study", "network"),
        ("/srv/lab", "local"),
        ("/mnt/share", "network"),
        ("/mnt/share/disk/study", "local"),
        ("/srv/anna/remote/a/b", "network"),
        ("/data/study", "network"),
    ],
)
def test_the_nearest_mount_decides(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), mounts=parse_mountinfo(MOUNTINFO)) == kind


def test_the_table_of_systems_may_be_another(tmp_path: Path) -> None:
    mounts: list[Mount] = [("/", "ext4"), (str(tmp_path), "tmpfs")]
    assert kind_of(tmp_path / "study", mounts=mounts) == "local"
    assert kind_of(tmp_path / "study", systems=["tmpfs"], mounts=mounts) == "network"


@pytest.mark.skipif(("/dev/shm", "tmpfs") not in system_mounts(), reason="only on Linux")
def test_a_real_mount_is_found_by_the_system_s_own_table() -> None:
    place = Path("/dev/shm/not-there-yet/study")
    assert kind_of(place) == "local"
    assert kind_of(place, systems=["tmpfs"]) == "network"


def test_a_mounted_study_is_recorded_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts: list[Mount] = [("/", "ext4"), (str(tmp_path / "server"), "nfs4")]
    monkeypatch.setattr(deliveries, "kind_of", partial(kind_of, mounts=mounts))
    study = Study.create(tmp_path / "server" / "fear", "Fear", "simulation")
    claimed, paths = record(study)
    assert paths.folder != claimed.folder
    finish(paths)
    assert deliver(paths).path == claimed.final
    monkeypatch.setattr(deliveries, "kind_of", lambda _: "network")
    claim = study.next_session("sim01", 9, "small")
    assert recording_paths(study, claim) is claim.paths, "the user's own data lie on a network too"


@pytest.mark.parametrize("path", [r"\\server\share\study", r"\\server.lab\d$\x"])
def test_a_unc_path_is_a_network(path: str) -> None:
    assert kind_of(Path(path), mounts=[]) == "network"


@pytest.mark.parametrize(
    ("marker", "program"),
    [
        (".stfolder", "Syncthing"),
        (".dropbox.cache", "Dropbox"),
        ("._sync_0a1b2c.db", "Nextcloud"),
        (".sync_0a1b2c3d.db", "Nextcloud"),
        (".owncloudsync.log", "ownCloud"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
        (".tmp.drivedownload", "Google Drive"),
    ],
)
def test_a_synchronising_program_is_known_by_its_files_above(
    tmp_path: Path, marker: str, program: str
) -> None:
    (tmp_path / marker).mkdir()
    study = tmp_path / "lab" / "study"
    study.mkdir(parents=True)
    assert synchroniser_of(study) == program
    assert kind_of(study, mounts=[]) == "synchronised"
    assert kind_of(tmp_path / "lab" / "not there yet", mounts=[]) == "synchronised"


@pytest.mark.parametrize(
    ("folder", "platform", "program"),
    [
        ("OneDrive - University", "win32", "OneDrive"),
        ("OneDrive", "linux", ""),
        ("Dropbox (Lab)", "darwin", "Dropbox"),
        ("GoogleDrive-anna@example.org", "darwin", "Google Drive"),
        ("com~apple~CloudDocs", "darwin", "iCloud"),
        ("com~apple~CloudDocs", "linux", "iCloud"),
        ("My Dropbox notes", "win32", ""),
    ],
)
def test_a_name_is_a_sign_only_where_programs_leave_nothing_else(
    tmp_path: Path, folder: str, platform: str, program: str
) -> None:
    assert synchroniser_of(tmp_path / folder / "study", platform) == program


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return a study in a folder that Syncthing keeps."""
    (tmp_path / "synced" / ".stfolder").mkdir(parents=True)
    return Study.create(tmp_path / "synced" / "fear", "Fear", "simulation")


def record(study: Study, session: int = 1) -> tuple[SessionPaths, SessionPaths]:
    """Record a session by the book up to the recorder's end; return claim's and recording's places."""
    claim = study.next_session("sim01", session, "small")
    paths = recording_paths(study, claim)
    plan = replace(PLAN, name=paths.name, study=study.name, session=session, run=claim.run)
    if paths.live.exists():
        paths.live.rmdir()
    make_live(paths.folder, plan)
    paths.logs.mkdir()
    (paths.logs / "recorder.log").write_text("all is well\n")
    return claim.paths, paths


def test_a_local_study_is_recorded_where_it_lies(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "local", "Local", "simulation")
    claim = study.next_session("sim01", 1, "small")
    assert recording_paths(study, claim) is claim.paths
    assert deliver(claim.paths).is_in_study


def test_a_study_elsewhere_is_recorded_in_the_users_data(study: Study) -> None:
    claimed, paths = record(study)
    assert paths.folder.parent == settings.data_folder() / "recording"
    assert paths.name == claimed.name
    assert sorted(entry.name for entry in claimed.live.iterdir()) == [away.NOTE, "session.lock"]
    for entry in claimed.live.iterdir():
        assert str(settings.data_folder()) not in entry.read_text()
    assert study.live_sessions() == (paths,), "consoles find the session by its study"
    assert study.next_session("sim01", 1, "small").run == 2, "nobody else gets the name"


def test_a_finished_session_is_brought_into_its_study_verified(study: Study) -> None:
    claimed, paths = record(study)
    sha256 = finish(paths).sha256
    delivery = deliver(paths)
    assert delivery.is_in_study
    assert delivery.message == ""
    assert delivery.path == claimed.final
    assert (claimed.logs / "recorder.log").read_text() == "all is well\n"
    assert [(entry.file, entry.sha256) for entry in study.sessions()] == [
        (study.relative(claimed.final), sha256)
    ]
    assert not claimed.live.exists()
    assert not paths.folder.exists()
    assert study.live_sessions() == ()
    assert claimed.final.stat().st_mode & 0o222 == 0


def test_a_session_that_never_began_leaves_its_logs_alone(study: Study) -> None:
    claimed, paths = record(study)
    for entry in paths.live.iterdir():
        entry.unlink()
    paths.live.rmdir()
    delivery = deliver(paths)
    assert (delivery.path, delivery.is_in_study) == (None, True)
    assert [entry.name for entry in claimed.folder.iterdir()] == [claimed.logs.name]
    assert not paths.folder.exists()


def test_a_session_that_runs_is_not_touched(study: Study) -> None:
    _, paths = record(study)
    Lock.of_this_process(1, "token", "uuid").write(paths.lock)
    assert deliver_waiting(study) == []
    assert unfinished_away(study) == []
    assert not deliver(paths).is_in_study
    assert paths.parts()


def test_a_folder_out_of_reach_keeps_the_session_here_until_it_is_back(study: Study, tmp_path: Path) -> None:
    _, paths = record(study)
    gone = study.folder.rename(tmp_path / "gone")
    sha256 = finish(paths).sha256
    delivery = deliver(paths, study)
    assert not delivery.is_in_study
    assert delivery.path == paths.final
    assert f"safe in {paths.folder}" in delivery.message
    assert "out of reach" in delivery.message
    # Elsewhere or under another name it is the same study.
    back = Study.open(gone)
    (delivered,) = deliver_waiting(back)
    assert delivered.is_in_study
    assert [entry.sha256 for entry in back.sessions()] == [sha256]
    assert away.waiting(back.uuid) == []
    assert back.live_sessions() == ()


def test_another_study_in_its_place_gets_nothing(study: Study, tmp_path: Path) -> None:
    _, paths = record(study)
    finish(paths)
    study.folder.rename(tmp_path / "gone")
    other = Study.create(study.folder, "Other", "simulation")
    assert not deliver(paths).is_in_study
    assert other.sessions() == ()
    assert deliver_waiting(other) == []


def test_a_name_that_was_taken_meanwhile_is_told_and_nothing_overwritten(study: Study) -> None:
    claimed, paths = record(study)
    finish(paths)
    claimed.final.write_bytes(b"another computer was faster")
    delivery = deliver(paths)
    assert delivery.path == claimed.final.with_name(claimed.final.name.replace("run-01", "run-02"))
    assert "was taken in the study meanwhile" in delivery.message
    assert claimed.final.read_bytes() == b"another computer was faster"
    assert [(entry.file, entry.run) for entry in study.sessions()] == [(study.relative(delivery.path), 2)]


def test_delivery_begins_again_wherever_it_was_cut(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed, paths = record(study)
    sha256 = finish(paths).sha256

    class Cut(BaseException):
        pass

    def cut(*_: object) -> None:
        raise Cut

    for name in ("_copied", "_unclaim", "_remove"):
        with monkeypatch.context() as patch, pytest.raises(Cut):
            patch.setattr(deliveries, name, cut)
            deliver(paths)
        assert paths.final.exists()
    assert deliver(paths).is_in_study
    assert [entry.sha256 for entry in study.sessions()] == [sha256]
    assert sorted(entry.name for entry in claimed.folder.iterdir()) == [claimed.final.name, claimed.logs.name]


def test_a_claim_whose_recording_is_gone_is_given_free(study: Study) -> None:
    claimed, paths = record(study)
    shutil.rmtree(paths.folder)
    assert deliver_waiting(study) == []
    assert not claimed.live.exists()


def test_another_computers_claim_is_left_alone(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed, _ = record(study)
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    assert study.live_sessions() == (claimed,)
    assert study.unfinished() == ()
    deliver_waiting(study)
    assert claimed.live.exists()


def evoke(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_recover_finds_what_a_crash_left_elsewhere(study: Study) -> None:
    claimed, paths = record(study)
    Lock(os.getpid(), 0.0, "another boot", 1, "token", "uuid").write(paths.lock)
    waiting = record(study, session=2)[1]
    finish(waiting)
    assert unfinished_away(study) == [paths]
    done = evoke("recover", study.folder, "--json")
    assert done.returncode == 0, done.stderr
    assert [entry.session for entry in study.sessions()] == [1, 2]
    assert claimed.final.exists()
    assert str(claimed.final) in done.stdout
    assert away.waiting(study.uuid) == []
    again = evoke("recover", study.folder, "--json")
    assert again.returncode == 0
    assert again.stderr.count("is finished and sound") == 2
