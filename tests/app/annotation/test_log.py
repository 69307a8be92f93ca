"""The log: what an edit does, what it refuses, what undo takes back, and who may write."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.labels.format import FORMAT_VERSION
from analysis.labels.reader import LabelFileError, find_logs, read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import CANNOT_TELL
from app import places
from app.annotation.log import Log, LogError
from app.annotation.visible import EVERYTHING
from tests.helpers.labels import HEAD, SCHEME, open_log, told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "annotations" / HEAD.recording / "anna" / "mixed@1.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[Log]:
    with open_log(path) as opened:
        yield opened


def spans(log: Log, tier: str = "mood", item: str | None = None) -> list[tuple[Any, Any, str]]:
    return [(m.start_ns, m.end_ns, m.label) for m in log.marks(item) if m.tier == tier]


def test_an_edit_is_on_the_disk_before_it_is_acknowledged(log: Log, path: Path) -> None:
    mark = log.add("mood", start_ns=10, end_ns=20, label="happy", trial=3, item="k7")
    assert read_log(path).marks == (mark,)
    log.change(mark.id, label="sad", reaction_ms=420.0, media_ns=15, play_rate=0.5)
    found = read_log(path)
    assert [(m.label, m.revision) for m in found.marks] == [("sad", 2)]
    assert (found.ops[-1].reaction_ms, found.ops[-1].media_ns, found.ops[-1].play_rate) == (420.0, 15, 0.5)


@pytest.mark.parametrize(
    ("new", "left"),
    [
        ((40, 60), [(0, 40, "happy"), (40, 60, "sad"), (60, 100, "happy")]),
        ((-10, 30), [(-10, 30, "sad"), (30, 100, "happy")]),
        ((70, 100), [(0, 70, "happy"), (70, 100, "sad")]),
        ((0, 100), [(0, 100, "sad")]),
        ((-5, 200), [(-5, 200, "sad")]),
        ((100, 120), [(0, 100, "happy"), (100, 120, "sad")]),
    ],
)
def test_in_an_exclusive_tier_what_lies_underneath_makes_room_in_one_step(
    log: Log, new: tuple[int, int], left: list[tuple[int, int, str]]
) -> None:
    log.add("mood", start_ns=0, end_ns=100, label="happy")
    log.add("mood", start_ns=new[0], end_ns=new[1], label="sad")
    assert spans(log) == left
    assert log.undo() == "add Sad"
    assert spans(log) == [(0, 100, "happy")]
    log.redo()
    assert spans(log) == left


def test_marks_make_room_only_in_their_own_item_and_tier(log: Log) -> None:
    log.add("mood", start_ns=0, end_ns=100, label="happy", item="first")
    log.add("mood", start_ns=0, end_ns=100, label="sad", item="again")
    log.add("artefact", start_ns=0, end_ns=100, label="sad")
    log.add("artefact", start_ns=50, end_ns=60, label="happy", channels=("Fp1",))
    assert len(log.marks()) == 4


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tier": "mod", "start_ns": 0, "end_ns": 1, "label": "happy"}, "no tier 'mod'"),
        ({"tier": "mood", "start_ns": 0, "end_ns": 1, "label": "hapy"}, "no label 'hapy'"),
        ({"tier": "mood", "start_ns": 0, "end_ns": 1}, "a label is missing"),
        ({"tier": "mood", "start_ns": 5, "end_ns": 5, "label": "happy"}, "end after its start"),
        ({"tier": "mood", "label": "happy"}, "needs a time"),
        ({"tier": "mood", "start_ns": 0, "end_ns": 1, "label": "sad", "channels": ("Cz",)}, "no channels"),
        ({"tier": "mood", "start_ns": 0, "end_ns": 1, "label": "sad", "confidence": 1.5}, "outside 0..1"),
        ({"tier": "event", "start_ns": 3, "end_ns": 4, "label": "sad"}, "has no length"),
        ({"tier": "event", "start_ns": 3, "label": CANNOT_TELL}, "is not offered"),
        ({"tier": "artefact", "start_ns": 0, "end_ns": 1}, "a label is missing"),
        (
            {"tier": "artefact", "start_ns": 0, "end_ns": 1, "label": "sad", "value": {"intensity": 9}},
            "outside",
        ),
        ({"tier": "trial", "trial": 1}, "an answer is missing"),
        ({"tier": "trial", "trial": 1, "value": {"valence": 10}}, "outside 1 to 9"),
        ({"tier": "trial", "trial": 1, "value": {"valence": 4.5}}, "between the steps"),
        ({"tier": "trial", "trial": 1, "value": {"valence": True}}, "is no number"),
        ({"tier": "trial", "trial": 1, "value": {"kind": "angry"}}, "is no choice"),
        ({"tier": "trial", "trial": 1, "value": {"why": 3}}, "is no text"),
        ({"tier": "trial", "trial": 1, "value": {"arousal": 3}}, "nothing called 'arousal'"),
        ({"tier": "trial", "trial": 1, "value": {"valence": 3}, "start_ns": 0, "end_ns": 1}, "no times"),
        ({"tier": "trace", "start_ns": 0, "end_ns": 1, "label": "sad"}, "takes traces"),
    ],
)
def test_what_the_scheme_does_not_allow_is_refused_and_leaves_nothing(
    log: Log, path: Path, wrong: dict[str, Any], words: str
) -> None:
    log.add("mood", start_ns=0, end_ns=100, label="happy")
    before = read_log(path)
    with pytest.raises(LogError, match=words):
        log.add(**wrong)
    assert read_log(path) == before
    assert log.marks() == before.marks


def test_an_answer_to_a_trial_that_has_one_changes_it(log: Log) -> None:
    log.add("trial", trial=3, item="k", value={"valence": 7})
    log.add("trial", trial=3, item="k", value={"kind": None})
    log.add("trial", trial=4, item="m", value={"valence": 2})
    (answer,) = log.marks("k")
    assert dict(answer.value) == {"valence": 7, "kind": None}
    assert log.answer("trial", 3, "k") == answer
    assert log.undo("k") == "add Whole trial"
    assert [dict(m.value) for m in log.marks("k")] == [{"valence": 7}]


def test_undo_and_redo_go_by_item_and_survive_a_restart(path: Path) -> None:
    with open_log(path) as log:
        log.add("mood", start_ns=0, end_ns=10, label="happy", item="a")
        log.add("mood", start_ns=0, end_ns=10, label="sad", item="b")
        log.change(log.marks("a")[0].id, end_ns=8)
        log.undo("a")
    with open_log(path) as log:
        assert (log.can_undo("a"), log.can_redo("a")) == ("add Happy", "change Happy")
        assert (log.can_undo("b"), log.can_redo("b")) == ("add Sad", "")
        assert log.redo("a") == "change Happy"
        assert spans(log, item="a") == [(0, 8, "happy")]
        assert log.undo() == "change Happy"
        assert log.undo() == "add Sad"
        assert log.undo() == "add Happy"
        assert (log.undo(), log.marks(), log.can_undo()) == ("", (), "")
        log.add("mood", start_ns=0, end_ns=1, label="sad", item="a")
        assert (log.can_redo("a"), log.can_redo("b")) == ("", "add Sad")


def test_splitting_and_merging(log: Log) -> None:
    mark = log.add("mood", start_ns=0, end_ns=100, label="happy")
    first, second = log.split(mark.id, 30)
    assert spans(log) == [(0, 30, "happy"), (30, 100, "happy")]
    with pytest.raises(LogError, match="inside a segment"):
        log.split(first.id, 30)
    log.add("mood", start_ns=40, end_ns=50, label="sad")
    third = next(m for m in log.marks() if m.start_ns == 50)
    with pytest.raises(LogError, match="of one label"):
        log.merge([first.id, next(m.id for m in log.marks() if m.label == "sad")])
    log.merge([first.id, second.id, third.id])
    assert spans(log) == [(0, 100, "happy")]
    log.undo()
    assert spans(log) == [(0, 30, "happy"), (30, 40, "happy"), (40, 50, "sad"), (50, 100, "happy")]


def test_several_edits_together_are_one_step_or_none(log: Log, path: Path) -> None:
    with log.together("import"):
        for start in range(5):
            log.add("event", start_ns=start, label="sad")
    assert log.undo() == "import Sad"
    assert log.marks() == ()
    log.redo()
    with pytest.raises(LogError), log.together("import"):
        log.add("event", start_ns=9, label="happy")
        log.add("event", start_ns=9, label="nobody knows")
    assert len(log.marks()) == len(read_log(path).marks) == 5


def test_states_of_items(log: Log, path: Path) -> None:
    assert log.item_state("k") == "untouched"
    log.add("trial", item="k", trial=0, value={"valence": 1})
    assert log.item_state("k") == "begun"
    log.finish("k")
    assert log.item_state("k") == "finished"
    log.undo("k")
    assert log.item_state("k") == "begun"
    log.redo("k")
    log.reopen("k")
    assert log.item_state("k") == "begun"
    log.skip("m", "no face")
    assert (log.item_state("m"), read_log(path).skipped) == ("skipped", {"m": "no face"})


def test_questions_to_the_curator(log: Log, path: Path) -> None:
    mark = log.add("event", start_ns=1, label="sad")
    log.ask(mark.id, "is this one?")
    log.ask("k", "who is this?")
    log.ask("m", "?")
    log.ask("m", "")
    assert (log.mark(mark.id).asks, log.questions()) == ("is this one?", {"k": "who is this?"})
    assert read_log(path).questions == {"k": "who is this?"}


def test_labels_given_with_a_model_in_sight_are_never_gold(log: Log, path: Path) -> None:
    log.see(EVERYTHING, ("eeg",), others=False, model=False)
    clean = log.add("event", start_ns=1, label="sad")
    edited = log.add("event", start_ns=2, label="sad")
    log.see(EVERYTHING, ("eeg", "camera"), others=True, model=True)
    seen = log.add("event", start_ns=3, label="sad")
    log.change(edited.id, label="happy")
    log.see(EVERYTHING, ("eeg",), others=False, model=False)
    log.change(seen.id, label="happy")
    gold = {mark.id: mark.is_gold for mark in log.marks()}
    assert gold == {clean.id: True, edited.id: False, seen.id: False}
    works = read_log(path).works
    assert [(work.streams, work.others, work.model) for work in works if work.model] == [
        (("eeg", "camera"), True, True)
    ]
    assert json.loads(works[0].visible)["kinds"] == sorted(EVERYTHING.kinds)


def test_accepting_a_model_leaves_its_lineage(log: Log) -> None:
    model = Mark("m1", "mood", "model-x", "model", 2, "k", 0, 50, "happy", confidence=0.8)
    mark = log.accept(model, end_ns=40)
    assert (mark.derived_from, mark.input, mark.is_gold, mark.confidence) == (
        "m1",
        "accept_model",
        False,
        None,
    )
    changed = log.change(mark.id, label="sad")
    assert (changed.derived_from, changed.input, changed.is_gold) == ("m1", "accept_model", False)
    with pytest.raises(LogError, match="accepted already"):
        log.accept(model)
    log.reject(replace(model, id="m2", item=""), item="k")
    assert log.accepted() == frozenset({"m1"})
    assert log.rejected() == frozenset({"m2"})
    assert log.undo("k") == "reject Happy"
    assert log.rejected() == frozenset()


def test_what_was_carried_over_is_to_be_confirmed(log: Log) -> None:
    marks = [
        log.add("event", start_ns=n, label="sad", input="carried", to_confirm=True, derived_from="old")
        for n in range(3)
    ]
    log.confirm(marks[0].id)
    log.change(marks[1].id, label="happy")
    assert [(m.to_confirm, m.input, m.is_gold) for m in log.marks()] == [
        (False, "carried", True),
        (False, "carried", True),
        (True, "carried", False),
    ]


def test_the_second_opener_reads_and_sees_what_is_written(log: Log, path: Path) -> None:
    with open_log(path) as second:
        assert second.read_only
        assert "in this window already" in second.locked_by
        log.add("event", start_ns=1, label="sad")
        assert second.marks() == ()
        second.refresh()
        assert second.marks() == log.marks()
        with pytest.raises(LogError, match="can only be read"):
            second.add("event", start_ns=2, label="sad")
        with pytest.raises(LogError, match="can only be read"):
            second.undo()
    log.close()
    with open_log(path) as third:
        assert (third.read_only, third.locked_by) == (False, "")


@pytest.mark.parametrize(
    ("change", "alive"),
    [
        ({}, False),
        ({"pid": 1}, False),
        ({"boot_id": "another"}, False),
        ({"started": 0.0}, False),
        ({"host": "elsewhere"}, True),
        ({"host": "elsewhere", "utc_s": 0.0}, False),
    ],
    ids=["let go", "reused pid", "before the restart", "younger process", "elsewhere", "left long ago"],
)
def test_a_lock_that_was_left_behind_is_taken_over(
    log: Log, path: Path, change: dict[str, Any], alive: bool
) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    owner = json.loads(raw.execute("SELECT owner FROM lock").fetchone()[0])
    log.close()
    # As a process leaves it that was killed.
    raw.execute("INSERT INTO lock VALUES (1, ?)", (json.dumps(owner | change),))
    raw.close()
    with open_log(path) as again:
        assert again.read_only == alive
        assert ("elsewhere" in again.locked_by) == alive


def test_a_copy_is_not_locked_with_its_original(log: Log, path: Path, tmp_path: Path) -> None:
    log.add("event", start_ns=1, label="sad")
    for beside in path.parent.iterdir():
        shutil.copyfile(beside, tmp_path / beside.name)
    with open_log(tmp_path / path.name) as copy:
        assert not copy.read_only
        assert copy.marks() == log.marks()


def test_when_closed_one_file_is_left(log: Log, path: Path) -> None:
    log.add("event", start_ns=1, label="sad")
    log.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_on_a_network_no_second_file_is_needed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "kind_of", lambda folder: "network")
    with open_log(path) as log:
        log.add("event", start_ns=1, label="sad")
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
        assert read_log(path).marks == log.marks()


@pytest.mark.parametrize("table", ["op", "chunk", "work"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {}"])
def test_what_was_written_cannot_be_changed(log: Log, path: Path, table: str, statement: str) -> None:
    log.add("event", start_ns=1, label="sad")
    writer = log.begin_take("trace")
    writer.append(0, 0, 0.5)
    writer.end()
    column = {"op": "label = ''", "chunk": "n = 7", "work": "host = ''"}[table]
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only added to"):
        raw.execute(statement.format(table, column))
    raw.close()


def damage(content: bytes, kind: str) -> bytes:
    if kind == "cut":
        return content[: len(content) // 2]
    if kind == "scrambled":
        middle = len(content) // 2
        return content[:middle] + bytes(range(256)) * 16 + content[middle + 4096 :]
    return b"name,value\n" * 100


@pytest.mark.parametrize("kind", ["cut", "scrambled", "foreign"])
def test_a_damaged_file_is_told_and_left_as_it_is(path: Path, kind: str) -> None:
    with open_log(path) as log, log.together("import"):
        for start in range(200):
            log.add("event", start_ns=start, label="sad", note="x" * 50)
    path.write_bytes(damage(path.read_bytes(), kind))
    before = path.read_bytes()
    with pytest.raises(LogError, match=r"mixed@1\.sqlite: .*[Nn]othing was changed"):
        open_log(path)
    with pytest.raises(LabelFileError, match=r"mixed@1\.sqlite"):
        read_log(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(log: Log, path: Path) -> None:
    log.close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version={FORMAT_VERSION + 1}")
    raw.close()
    with pytest.raises(LogError, match="of a newer Evoke"):
        open_log(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"annotator": "berta"}, "of another annotator"),
        ({"recording_uuid": "uuid-2"}, "about another recording"),
        ({"scheme": "mixed@2"}, "by another scheme"),
        ({"scheme_sha256": "other"}, "by another scheme of the same name"),
    ],
)
def test_a_log_about_something_else_is_refused(
    log: Log, path: Path, change: dict[str, Any], words: str
) -> None:
    log.close()
    with pytest.raises(LogError, match=words):
        open_log(path, replace(HEAD, **change))


def test_labels_of_a_changed_recording_can_only_be_read(log: Log, path: Path) -> None:
    log.add("event", start_ns=1, label="sad")
    log.close()
    with open_log(path, replace(HEAD, recording_sha256="sha-2")) as changed:
        assert changed.read_only
        assert "checksum has changed" in changed.warning
        assert len(changed.marks()) == 1


def test_reading_makes_no_file(path: Path) -> None:
    with open_log(path, write=False) as log:
        assert (log.read_only, log.marks(), log.takes(), list(log.history())) == (True, (), (), [])
    assert not path.exists()


def test_logs_of_the_training_queue_are_no_labels(path: Path, tmp_path: Path) -> None:
    annotations = tmp_path / "annotations"
    open_log(path).close()
    open_log(annotations / "training" / "k7" / "anna" / "mixed@1.sqlite").close()
    assert list(find_logs(annotations)) == [path]
    assert list(find_logs(annotations, HEAD.recording)) == [path]
    assert list(find_logs(annotations, "sub-02")) == []
    path.with_name("sam@1.sqlite").touch()
    assert list(find_logs(annotations)) == [path]


def test_a_log_names_its_recording_so_that_a_withdrawal_finds_it(log: Log, path: Path) -> None:
    log.close()
    content = path.read_bytes()
    assert HEAD.recording_uuid.encode() in content
    assert HEAD.recording.encode() in content


def test_a_log_carries_its_scheme(log: Log, path: Path) -> None:
    assert json.loads(read_log(path).scheme_json)["name"] == SCHEME.name


def test_another_window_s_edits_are_known_before_the_next_one(log: Log, path: Path, tmp_path: Path) -> None:
    log.add("mood", start_ns=0, end_ns=100, label="happy")
    log.close()
    copy = tmp_path / "copy.sqlite"
    shutil.copyfile(path, copy)
    with open_log(copy) as other:
        other.add("mood", start_ns=40, end_ns=60, label="sad")
    with open_log(path) as here:
        assert here.merge_from(copy) == 3
        assert here.merge_from(copy) == 0
        assert len(here.marks()) == 3
        here.add("mood", start_ns=30, end_ns=50, label="happy")
        assert spans(here) == [(0, 30, "happy"), (30, 50, "happy"), (50, 60, "sad"), (60, 100, "happy")]


def test_every_edit_tells_its_work_session_and_clock(log: Log) -> None:
    mark = log.add("event", start_ns=1, label="sad")
    log.delete(mark.id)
    log.undo()
    ops = list(log.history())
    assert [(op.kind, op.action, op.seq) for op in ops] == [
        ("add", "add", 1),
        ("delete", "delete", 2),
        ("undo", "undo", 3),
    ]
    assert [op.lamport for op in ops] == [1, 2, 3]
    assert {op.sid for op in ops} == {log.works()[0].sid}
    assert [told(m) for m in log.marks()] == [told(mark)]


def test_an_edit_that_the_disk_refuses_is_not_taken(log: Log, path: Path) -> None:
    for start in range(20):
        log.add("event", start_ns=start, label="sad")
    before = log.marks()
    assert log._connection is not None
    (pages,) = log._connection.execute("PRAGMA page_count").fetchone()
    # As on a full disk: the file cannot grow.
    log._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(LogError, match="could not be saved"):
        for start in range(2000):
            log.add("event", start_ns=100 + start, label="sad", note="x" * 200)
    taken = log.marks()
    assert len(before) <= len(taken) < len(before) + 2000
    assert read_log(path).marks == taken
    log._connection.execute("PRAGMA max_page_count=100000")
    mark = log.add("event", start_ns=9999, label="happy")
    assert read_log(path).marks == (*taken, mark)


def test_a_trace_that_the_disk_refuses_is_saved_when_there_is_room_again(log: Log, path: Path) -> None:
    writer = log.begin_take("trace")
    assert log._connection is not None
    (pages,) = log._connection.execute("PRAGMA page_count").fetchone()
    log._connection.execute(f"PRAGMA max_page_count={pages}")
    refused = 0
    for n in range(2000):
        try:
            writer.append(n, n * 16_666_667, 0.5)
        except LogError:
            refused += 1
        if refused == 3:
            log._connection.execute("PRAGMA max_page_count=100000")
    assert refused == 3
    writer.end()
    (take,) = read_log(path).takes
    assert take.t_ns.tolist() == list(range(2000))


def test_operations_that_make_no_sense_are_told(log: Log, path: Path) -> None:
    log.add("event", start_ns=1, label="sad")
    log.close()
    raw = sqlite3.connect(path)
    columns = [row[1] for row in raw.execute("PRAGMA table_info(op)")]
    (row,) = raw.execute("SELECT * FROM op").fetchall()
    changed = [
        {"seq": 2, "lamport": 2, "mark": "x", "start_ns": "soon"}.get(n, v)
        for n, v in zip(columns, row, strict=True)
    ]
    raw.execute(f"INSERT INTO op VALUES ({', '.join('?' * len(columns))})", changed)
    raw.commit()
    raw.close()
    with pytest.raises(LogError, match="make no sense"):
        open_log(path)
    with pytest.raises(LabelFileError, match="make no sense"):
        read_log(path)
