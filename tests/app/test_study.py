"""A study on disk: names, slots, runs, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app import clock
from app.plan import Lock, SessionPaths
from app.study import FinishedSession, Study, StudyError, task_label

FINISHED = FinishedSession(
    file="sub-01/ses-01/sub-01_ses-01_task-demo_run-01.h5",
    sha256="0" * 64,
    uuid="u",
    origin="recorded",
    participant="01",
    session=1,
    run=1,
    protocol="demo",
    protocol_version=1,
    rehearsal=False,
    added="2026-01-01T00:00:00Z",
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "fear", "Fear", "people")


def test_a_study_is_read_as_it_was_made(tmp_path: Path) -> None:
    made = Study.create(
        tmp_path / "s",
        "Fear & Sadness",
        "simulation",
        protocol="demo",
        devices="devices.yaml",
        characters=True,
    )
    assert Study.open(tmp_path / "s") == made


def test_a_moved_study_stays_whole(study: Study, tmp_path: Path) -> None:
    study.slot_for("01")
    moved = study.folder.rename(tmp_path / "elsewhere")
    assert [row.code for row in Study.open(moved).participants()] == ["01"]
    assert str(tmp_path) not in (moved / "study.yaml").read_text()


def test_a_second_study_in_the_same_folder_is_refused(study: Study) -> None:
    with pytest.raises(StudyError, match="there is a study here already"):
        Study.create(study.folder, "Other", "people")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not describe a study"),
        ("just text", "does not describe a study"),
        ("name: [1, 2\nkind: people", r"study\.yaml:2: not valid YAML"),
        ("format: evoke-study\nversion: 9\nkind: people", "written for study format 9"),
        ("format: evoke-study\nversion: 1\nkind: animals", "Write people or simulation"),
        ("format: evoke-study\nversion: 1\nkind: people\nnetwork: maybe", "Write a true or false"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
    ],
)
def test_a_damaged_study_is_refused_with_its_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    (tmp_path / "study.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StudyError, match=message):
        Study.open(tmp_path)


def test_a_missing_folder_and_a_folder_without_a_study_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no such folder"):
        Study.open(tmp_path / "nowhere")
    with pytest.raises(StudyError, match="holds no study"):
        Study.open(tmp_path)


def test_no_absolute_path_enters_a_study(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no absolute path"):
        Study.create(tmp_path / "s", "S", "people", devices=str(tmp_path / "devices.yaml"))


def test_slots_are_given_in_order_and_kept(study: Study) -> None:
    assert [study.slot_for(code) for code in ("01", "02", "01", "07", "02")] == [0, 1, 0, 2, 1]
    assert (
        (study.folder / "participants.tsv").read_text().startswith("participant_id\tslot\tadded\nsub-01\t0\t")
    )


def test_the_table_may_have_more_columns_than_ours(study: Study) -> None:
    study.slot_for("01")
    table = study.folder / "participants.tsv"
    lines = table.read_text().splitlines()
    table.write_text(f"{lines[0]}\tage\n{lines[1]}\t31")
    assert study.slot_for("02") == 1
    assert [row.slot for row in study.participants()] == [0, 1]


def test_a_damaged_table_is_named_with_its_line(study: Study) -> None:
    (study.folder / "participants.tsv").write_text("participant_id\tslot\tadded\nsub-01 0\n")
    with pytest.raises(StudyError, match=r"participants\.tsv:2"):
        study.slot_for("02")


@pytest.mark.parametrize("code", ["", "a b", "01/..", "müller", "x" * 33, "a_1"])
def test_codes_are_letters_and_digits(study: Study, code: str) -> None:
    with pytest.raises(StudyError, match="letters and digits"):
        study.slot_for(code)


def test_codes_that_differ_in_capitals_alone_are_refused(study: Study) -> None:
    study.slot_for("P1")
    with pytest.raises(StudyError, match="differs only in capital letters"):
        study.slot_for("p1")


def test_people_and_simulations_do_not_mix(study: Study, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="simulated participants, and the study 'Fear' is of people"):
        study.slot_for("sim01")
    simulation = Study.create(tmp_path / "sim", "Sim", "simulation")
    with pytest.raises(StudyError, match="holds simulations only"):
        simulation.next_session("01", 1, "demo")
    assert simulation.slot_for("sim01") == 0


def test_runs_follow_each_other_and_nothing_is_reused(study: Study) -> None:
    first = study.next_session("01", 1, "picture-typing")
    assert first.paths.name == "sub-01_ses-01_task-picturetyping_run-01"
    assert first.paths.live.is_dir()
    first.paths.final.write_bytes(b"")
    first.paths.live.rmdir()
    assert study.next_session("01", 1, "picture-typing").run == 2
    assert study.next_session("01", 2, "picture-typing").run == 1
    assert study.next_session("01", 1, "other").run == 1


@pytest.mark.parametrize("left", ["{}.h5", "{}.h5.partial", "{}.live", "{}.logs"])
def test_whatever_is_left_of_a_run_keeps_its_number(study: Study, left: str) -> None:
    folder = study.folder / "sub-01" / "ses-01"
    folder.mkdir(parents=True)
    (folder / left.format("sub-01_ses-01_task-demo_run-04")).mkdir()
    assert study.next_session("01", 1, "demo").run == 5


def test_rehearsals_lie_apart(study: Study) -> None:
    claim = study.next_session("sim01", 1, "demo", rehearsal=True)
    assert claim.paths.folder == study.folder / "rehearsals" / "sub-sim01" / "ses-01"


@pytest.mark.parametrize("session", [0, -1, 1000])
def test_sessions_are_counted_from_one(study: Study, session: int) -> None:
    with pytest.raises(StudyError, match="counted from 1"):
        study.next_session("01", session, "demo")


def test_processes_at_once_get_different_slots_and_runs(study: Study) -> None:
    script = (
        "import sys; from pathlib import Path; from app.study import Study\n"
        "study = Study.open(Path(sys.argv[1]))\n"
        "print(study.slot_for(sys.argv[2]), study.next_session('01', 1, 'demo').run)\n"
    )
    command = [sys.executable, "-c", script, str(study.folder)]
    children = [
        subprocess.Popen([*command, f"p{number}"], stdout=subprocess.PIPE, text=True) for number in range(4)
    ]
    answers = [child.communicate(timeout=60)[0].split() for child in children]
    assert sorted(slot for slot, _ in answers) == ["0", "1", "2", "3"]
    assert sorted(run for _, run in answers) == ["1", "2", "3", "4"]


def test_threads_at_once_get_different_slots_and_runs(study: Study) -> None:
    slots: list[int] = []
    runs: list[int] = []

    def claim(number: int) -> None:
        slots.append(study.slot_for(f"p{number}"))
        runs.append(study.next_session("01", 1, "demo").run)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slots) == list(range(12))
    assert sorted(runs) == list(range(1, 13))


def test_finished_sessions_are_listed_once(study: Study) -> None:
    study.add_finished(FINISHED)
    study.add_finished(replace(FINISHED, file="sub-01/ses-02/x.h5"))
    study.add_finished(replace(FINISHED, sha256="1" * 64))
    assert [session.file for session in study.sessions()] == [FINISHED.file, "sub-01/ses-02/x.h5"]


def test_a_torn_line_costs_itself_alone(study: Study) -> None:
    study.add_finished(FINISHED)
    with (study.folder / "sessions.jsonl").open("a") as file:
        file.write('{"file": "sub')
    study.add_finished(replace(FINISHED, file="later.h5"))
    assert [session.file for session in study.sessions()] == [FINISHED.file, "later.h5"]


def _lock(paths: SessionPaths, **changes: object) -> None:
    lock = Lock.of_this_process(1, "token", "uuid")
    replace(lock, **changes).write(paths.lock)  # type: ignore[arg-type]


def test_living_finishing_and_left_sessions_are_told_apart(study: Study) -> None:
    living, finishing, left, foreign, empty = (
        study.next_session("01", number, "demo").paths for number in (1, 2, 3, 4, 5)
    )
    _lock(living)
    _lock(finishing, finishing=True)
    _lock(left, boot_id="another boot")
    _lock(foreign, host="another-machine", pid=0)
    assert study.running() == (living,)
    assert study.unfinished() == (left,)
    assert empty in study.live_sessions()


def test_a_lock_of_another_process_with_the_same_number_is_dead() -> None:
    lock = Lock.of_this_process(1, "token", "uuid")
    assert lock.is_alive
    assert not replace(lock, started=lock.started - 60).is_alive
    assert not replace(lock, boot_id=clock.boot_id() + "x").is_alive


def test_the_study_around_a_file_is_found(study: Study, tmp_path: Path) -> None:
    path = study.folder / "sub-01" / "ses-01" / "x.h5"
    assert Study.containing(path) == Study.open(study.folder)
    assert Study.containing(tmp_path / "x.h5") is None
    assert study.relative(path) == "sub-01/ses-01/x.h5"


def test_a_file_in_the_way_is_named(study: Study) -> None:
    (study.folder / "sub-01").write_text("")
    with pytest.raises(StudyError, match="sub-01"):
        study.next_session("01", 1, "demo")


@pytest.mark.parametrize(
    ("name", "label"), [("picture-typing_2", "picturetyping2"), ("--", "session"), ("demo", "demo")]
)
def test_task_labels_are_letters_and_digits(name: str, label: str) -> None:
    assert task_label(name) == label
