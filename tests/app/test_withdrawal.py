"""Withdrawal: what was planted is found nowhere afterwards, wherever the erasing was interrupted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np
import pytest

from analysis.session_file import file_sha256, open_session, verify
from app import (
    away,
    consent,
    copies,
    participants,
    settings,
    study_files,
    withdrawal,
    withdrawal_erasing,
)
from app.amendments import Amendment, add
from app.plan import Lock
from app.study import Study, StudyError
from app.supervisor.preparation import Request, prepare
from app.withdrawal_marks import PENDING
from tests.helpers.people import agree, lines, live_session, recorded, trials_script
from tests.helpers.recordings import PLAN, camera, markers, samples

SECRET = b"PLANTED-7f3a91"
SMALL = (
    samples("eeg", 2, 20.0),
    camera("camera", 4.0),
    samples("sound", 1, 40.0, "int16", "audio"),
    markers(),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study of two people, with everything in it that a study may hold."""
    folder = tmp_path_factory.mktemp("made") / "fear"
    study = Study.create(folder, "Fear", "people")
    for code in ("01", "02"):
        agree(study, code)
        with mock.patch("tests.helpers.recordings.blob", lambda first: SECRET + b" %d" % first):
            recorded(study, code, streams=SMALL)
    participants.exclude(study, "01", "fell asleep")
    add(study, Amendment("note", "cried", participant="01"))
    (session,) = [s for s in study.sessions() if s.participant == "01"]
    stem = Path(session.file).stem
    for name, content in {
        f"{session.file.removesuffix('.h5')}.logs/recorder.log": SECRET,
        f"sub-01/ses-01/.{stem}.pyramid.cache": SECRET,
        f"annotations/anna/{stem}.sqlite": SECRET,
        "annotations/anna/blind-17.sqlite": SECRET + session.uuid.encode(),
        "derivatives/features/ab12.bin": SECRET + b"\0sub-01\0",
        "exports/bids/sub-01/ses-01/eeg/x_eeg.bdf": SECRET,
        "rehearsals/sub-01/ses-01/old.h5": SECRET,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "annotations/anna/blind-17.sqlite-wal").write_bytes(SECRET)
    np.savez_compressed(folder / "derivatives/features/packed.npz", of=np.array(["sub-01 " * 50]), x=SECRET)
    with h5py.File(folder / "derivatives/features/store.h5", "w") as file:
        texts = np.array([b"of", b"sub-01_ses-01", b"x" * 500])
        file.create_dataset("who", data=texts, compression="gzip", chunks=(3,))
        file.create_dataset("x", data=np.frombuffer(SECRET, "u1"))
    (folder / "exports/bids/export_report.md").write_text("| sub-01 | eeg |\n| sub-02 | eeg |\n")
    both = "participant_id\torigin\nsub-01\trecorded\nsub-02\trecorded\n"
    (folder / "exports/bids/participants.tsv").write_text(both)
    queue = [{"recording": f"sub-{code}_ses-01_task-small_run-01", "at": 1} for code in ("01", "02")]
    (folder / "annotations/queue.json").write_text(json.dumps({"order": queue, "seed": 3}))
    (folder / "derivatives/features/cd34.npz").write_bytes(b"sub-02 sub-011")
    live = study.next_session("01", 2, "small").paths
    live_session(live, PLAN, trials_script(1), "x", (markers(),))
    Lock.of_this_process(1, "t", "u").write(live.lock)
    lock = json.loads(live.lock.read_text()) | {"boot_id": "another"}
    live.lock.write_text(json.dumps(lock))
    (live.live / "x_part-009.h5").write_bytes(SECRET)
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    """Return a copy of the study with a second copy of its own."""
    study = Study.open(Path(shutil.copytree(made, tmp_path / "fear")))
    copies.choose_place(study, tmp_path / "disk")
    assert copies.try_pending(study).state == "ok"
    return study


def every_file(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def tree(*folders: Path) -> dict[str, bytes]:
    """Return all names and contents but for the lock of the tables."""
    return {str(path): path.read_bytes() for path in every_file(*folders) if path.name != ".study.lock"}


def speaks_of(study: Study, code: str) -> list[str]:
    """Return what under the study, its mirror and this user's data still speaks of a participant."""
    mirror = copies.mirror_of(study)
    assert mirror is not None
    found = []
    for path in every_file(study.folder, mirror, settings.data_folder()):
        content = path.read_bytes()
        marks = (f"sub-{code}_", f"sub-{code}/", f"sub-{code}\t", f"sub-{code}\0", f'"participant": "{code}"')
        if any(mark.encode() in content or mark in str(path) for mark in marks):
            found.append(str(path))
    return found


def planted(study: Study) -> list[str]:
    """Return the files that hold planted bytes and are not the other participant's."""
    mirror = copies.mirror_of(study)
    assert mirror is not None
    found = [path for path in every_file(study.folder, mirror) if SECRET in path.read_bytes()]
    return [str(path) for path in found if "sub-02" not in path.name]


def others_are_whole(study: Study) -> None:
    """Fail unless the other participant has all that was there."""
    mirror = copies.mirror_of(study)
    assert mirror is not None
    (session,) = study.sessions()
    assert session.participant == "02"
    for folder in (study.folder, mirror):
        verify(folder / session.file, session.sha256)
        queue = json.loads((folder / "annotations/queue.json").read_text())
        assert [entry["recording"][:6] for entry in queue["order"]] == ["sub-02"]
        assert (folder / "derivatives/features/cd34.npz").read_bytes() == b"sub-02 sub-011"
        assert (folder / "exports/bids/participants.tsv").read_text().splitlines()[1:] == ["sub-02\trecorded"]
        assert (folder / "exports/bids/export_report.md").read_text() == "| sub-02 | eeg |\n"
    assert [person.code for person in participants.roster(study)] == ["02"]
    assert [known.participant for known in consent.consents(study)] == ["02"]


def test_it_is_found_and_nothing_changes(study: Study, tmp_path: Path) -> None:
    before = tree(tmp_path)
    found = withdrawal.plan(study, "01")
    assert tree(tmp_path) == before
    assert found.sessions == ("sub-01/ses-01/sub-01_ses-01_task-small_run-01.h5",)
    assert {"sessions.jsonl", "participants.tsv", "consent.jsonl", "amendments.jsonl"} <= set(found.partly)
    assert {"annotations/queue.json", "exports/bids/participants.tsv"} <= set(found.partly)
    assert {"annotations/anna/blind-17.sqlite", "derivatives/features/ab12.bin"} <= set(found.files)
    packed = {"derivatives/features/packed.npz", "derivatives/features/store.h5"}
    assert packed | {"annotations/anna/blind-17.sqlite-wal"} <= set(found.files)
    assert found.bytes > 0
    assert found.mirror
    assert any("made by hand" in text for text in found.unreachable)


def test_planted_bytes_are_found_nowhere_afterwards(study: Study) -> None:
    assert len(planted(study)) >= 12
    said: list[str] = []
    withdrawal.carry_out(study, withdrawal.plan(study, "01"), said.append)
    assert planted(study) == []
    assert speaks_of(study, "01") == []
    assert not list(study.folder.rglob("*sub-01*"))
    others_are_whole(study)
    assert any(line.startswith("second copy:") for line in said)
    assert copies.try_pending(study).state == "ok", "the second copy goes on"
    assert speaks_of(study, "01") == []
    assert withdrawal.plan(study, "01").is_empty


def test_a_tombstone_without_personal_data_stays(study: Study) -> None:
    for _ in range(2):
        withdrawal.carry_out(study, withdrawal.plan(study, "01"))
    (tombstone,) = lines(study.folder / "withdrawals.jsonl")
    assert set(tombstone) == {"id", "date", "kinds", "counts", "slots"}
    assert (tombstone["kinds"], tombstone["counts"]["recordings"], tombstone["slots"]) == (
        ["everything"],
        1,
        [0],
    )
    assert len(tombstone["id"]) == 32
    assert not (study.folder / PENDING).exists()


@pytest.mark.parametrize("cut", [0, 2, 7, 13, 18, 22, 26])
def test_killed_anywhere_it_goes_on(study: Study, cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    steps = 0

    def counted(usual: object) -> object:
        def step(*args: object, **more: object) -> object:
            nonlocal steps
            steps += 1
            if steps == cut + 1:
                raise Killed
            return usual(*args, **more)  # type: ignore[operator]

        return step

    found = withdrawal.plan(study, "01")
    with monkeypatch.context() as patch:
        for module, name in (
            (withdrawal_erasing, "_unlink"),
            (withdrawal_erasing, "write_atomically"),
            (withdrawal, "append_line"),
            (withdrawal, "erase"),
        ):
            patch.setattr(module, name, counted(getattr(module, name)))
        try:
            withdrawal.carry_out(study, found)
        except Killed:
            with pytest.raises(StudyError, match="withdrawal was begun"):
                prepare(study, Request("demo", "02"))
            with pytest.raises(StudyError, match="another withdrawal was begun"):
                withdrawal.plan(study, "02")
    if (study.folder / PENDING).exists():
        withdrawal.carry_out(study, withdrawal.plan(study, ""))
    assert planted(study) == []
    assert speaks_of(study, "01") == []
    others_are_whole(study)
    assert len(lines(study.folder / "withdrawals.jsonl")) == 1


def test_killed_behind_the_tombstone_there_is_still_one(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = study_files.append_line

    def killed_behind(path: Path, values: Mapping[str, Any]) -> None:
        usual(path, values)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(withdrawal, "append_line", killed_behind)
        with pytest.raises(KeyboardInterrupt):
            withdrawal.carry_out(study, withdrawal.plan(study, "01"))
    assert (study.folder / PENDING).exists()
    withdrawal.carry_out(study, withdrawal.plan(study, ""))
    assert len(lines(study.folder / "withdrawals.jsonl")) == 1
    assert not (study.folder / PENDING).exists()


def test_what_lies_in_memory_goes_too(study: Study) -> None:
    (session,) = [s for s in study.sessions() if s.participant == "01"]
    rings = settings.runtime_folder(session.uuid)
    rings.mkdir(parents=True)
    (rings / "camera.ring").write_bytes(SECRET)
    withdrawal.carry_out(study, withdrawal.plan(study, "01"))
    assert not rings.exists()


def test_while_a_session_runs_nothing_is_erased(study: Study) -> None:
    live = study.next_session("01", 3, "small").paths
    Lock.of_this_process(1, "t", "u").write(live.lock)
    with pytest.raises(StudyError, match="is being recorded now"):
        withdrawal.plan(study, "01")
    withdrawal.plan(study, "02")


def test_what_another_computer_records_is_waited_for(study: Study) -> None:
    live = study.next_session("01", 3, "small").paths
    note = {"host": "lab-2", "owner": "x", "recording": "y"}
    (live.live / away.NOTE).write_text(json.dumps(note))
    with pytest.raises(StudyError, match="on the computer lab-2"):
        withdrawal.plan(study, "01")


def test_sessions_on_their_way_to_the_study_go_too(study: Study) -> None:
    place = away.Belongs(study.identity(), str(study.folder), "sub-01/ses-04", "sub-01_ses-04_task-x_run-01")
    folder = away.recordings() / "abc"
    folder.mkdir(parents=True)
    place.write(folder)
    (folder / f"{place.name}.h5").write_bytes(SECRET)
    found = withdrawal.plan(study, "01")
    assert len(found.elsewhere) == 1
    withdrawal.carry_out(study, found)
    assert not folder.exists()


def test_a_second_copy_out_of_reach_is_named_and_erased_later(study: Study, tmp_path: Path) -> None:
    mirror = copies.mirror_of(study)
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    found = withdrawal.plan(study, "01")
    assert found.unreachable[0].startswith(f"{mirror}: the second copy is out of reach")
    withdrawal.carry_out(study, found)
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    assert planted(study)
    again = withdrawal.plan(study, "01")
    assert not again.is_empty
    withdrawal.carry_out(study, again)
    assert planted(study) == []
    assert speaks_of(study, "01") == []


def test_exports_that_went_out_are_named(study: Study) -> None:
    line = {"time": "2026-03-04T10:00:00Z", "name": "shared", "format": "bids", "use": "open_data"}
    known = line | {"participants": ["sub-01", "sub-02"]}
    (study.folder / "exports.jsonl").write_text(json.dumps(known) + "\n")
    found = withdrawal.plan(study, "01")
    assert any("export shared (bids, for open_data, 2026-03-04)" in text for text in found.unreachable)
    withdrawal.carry_out(study, found)
    assert lines(study.folder / "exports.jsonl")[0]["participants"] == ["sub-02"]


def test_a_code_that_was_corrected_is_withdrawn_under_the_true_one(study: Study) -> None:
    add(study, Amendment("code", "03", participant="01"))
    with pytest.raises(StudyError, match="is 03 in truth"):
        withdrawal.plan(study, "01")
    withdrawal.carry_out(study, withdrawal.plan(study, "03"))
    assert speaks_of(study, "01") == []
    others_are_whole(study)


def test_texts_that_people_wrote_are_named_and_left(study: Study) -> None:
    (study.folder / "diary.md").write_text("sub-01 was late, sub-02 was not")
    found = withdrawal.plan(study, "01")
    assert any(text.startswith("diary.md: names the participant") for text in found.unreachable)
    withdrawal.carry_out(study, found)
    assert "sub-01" in (study.folder / "diary.md").read_text()


def test_whose_a_session_in_truth_is_decides(study: Study) -> None:
    (second,) = [s for s in study.sessions() if s.participant == "02"]
    add(study, Amendment("code", "01", session=second.file))
    withdrawal.carry_out(study, withdrawal.plan(study, "02"))
    assert [s.file for s in study.sessions() if s.participant == "02"] == [second.file], "it was not hers"
    withdrawal.carry_out(study, withdrawal.plan(study, "01"))
    assert study.sessions() == ()
    assert not (study.folder / second.file).exists()


@pytest.fixture
def finished(study: Study) -> Study:
    """Return the study without the session that is not finished."""
    shutil.rmtree(study.folder / "sub-01" / "ses-02")
    return study


def test_one_kind_of_stream_goes_and_the_rest_stays(finished: Study) -> None:
    (before,) = [s for s in finished.sessions() if s.participant == "01"]
    path = finished.folder / before.file
    size = path.stat().st_size
    assert SECRET in path.read_bytes(), "pictures are stored as they are"
    with open_session(path) as session:
        eeg, events = session.streams["eeg"].data[:], len(session.events)
    found = withdrawal.plan(finished, "01", ("camera",))
    assert found.sessions == (before.file,)
    assert any("Annotations stay" in text for text in found.kept)
    withdrawal.carry_out(finished, found)
    (after,) = [s for s in finished.sessions() if s.participant == "01"]
    mirror = copies.mirror_of(finished)
    assert mirror is not None
    for folder in (finished.folder, mirror):
        verify(folder / after.file, after.sha256)
        assert SECRET not in (folder / after.file).read_bytes()
        with open_session(folder / after.file) as session:
            assert set(session.streams) == {"eeg", "sound", "markers"}
            assert (session.streams["eeg"].data[:] == eeg).all()
            assert len(session.events) == events
            assert session.attributes["withdrawn"] == ["camera"]
    assert path.stat().st_size < size
    assert path.stat().st_mode & 0o222 == 0
    known = consent.consent_for(finished, "01", "small", 1)
    assert known is not None
    assert known.refused == ("camera",), "no later session opens it"
    assert copies.state(finished).state in ("ok", "pending")
    assert copies.try_pending(finished).state == "ok"
    assert withdrawal.plan(finished, "01", ("camera",)).is_empty


def test_typed_text_goes_out_of_events_keys_and_trials(finished: Study) -> None:
    found = withdrawal.plan(finished, "01", ("typed_text",))
    withdrawal.carry_out(finished, found)
    path = finished.folder / found.sessions[0]
    with open_session(path) as session:
        assert set(session.keys["key"]) == {""}
        assert "char" not in session.keys
        answers = [e.payload for e in session.events if e.kind == "response" and e.payload["item"] == "why"]
        assert {(answer["value"], answer["length"]) for answer in answers} == {(None, 14)}
        assert "mum" not in str(session.trials["ratings"])
        assert (session.trials["rating_valence"] == 5).all()
        assert len(session.streams) == len(SMALL)
    assert withdrawal.plan(finished, "01", ("typed_text",)).sessions == ()


def test_killed_between_the_file_and_the_list_it_goes_on(
    finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(withdrawal_erasing, "_list_again", kill)
        with pytest.raises(KeyboardInterrupt):
            withdrawal.carry_out(finished, withdrawal.plan(finished, "01", ("camera", "voice")))
    withdrawal.carry_out(finished, withdrawal.plan(finished, ""))
    (session,) = [s for s in finished.sessions() if s.participant == "01"]
    verify(finished.folder / session.file, session.sha256)
    mirror = copies.mirror_of(finished)
    assert mirror is not None
    assert file_sha256(mirror / session.file) == session.sha256
    assert [line["kinds"] for line in lines(finished.folder / "withdrawals.jsonl")] == [["camera", "voice"]]


def test_with_a_session_that_is_not_finished_no_stream_is_taken_out(study: Study) -> None:
    with pytest.raises(StudyError, match=r"is not finished\. Finish it first: evoke recover"):
        withdrawal.plan(study, "01", ("camera",))
