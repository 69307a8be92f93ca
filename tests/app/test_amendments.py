"""Corrections: lines beside the recordings, applied by every reader, the recordings as they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.amendments import Amendment, AmendmentError, Amendments
from analysis.session_file import file_sha256, open_session, summary
from app.amendments import add
from app.participant_fields import fields_from_yaml
from app.study import FinishedSession, Study, StudyError
from tests.helpers.people import lines, recorded
from tests.helpers.recordings import STREAMS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fields = fields_from_yaml([{"name": "age", "type": "number"}], "study.yaml")
    folder = tmp_path_factory.mktemp("made") / "s"
    study = Study.create(folder, "Fear", "people", participant_fields=fields)
    recorded(study, "01", streams=STREAMS)
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    return Study.open(Path(shutil.copytree(made, tmp_path / "s")))


@pytest.fixture
def session(study: Study) -> FinishedSession:
    return study.sessions()[0]


def test_the_recording_stays_and_readers_tell_the_truth(study: Study, session: FinishedSession) -> None:
    path = study.folder / session.file
    before = file_sha256(path)
    add(study, Amendment("code", "02", session=session.file, reason="wrong sheet"))
    add(study, Amendment("group", "treated", participant="01"))
    swapped = {"c0": "c1", "c1": "c0"}
    add(study, Amendment("channels", swapped, session=session.uuid, stream="eeg"))
    assert file_sha256(path) == before
    with open_session(path) as opened:
        assert (opened.attributes["participant"], opened.attributes["group"]) == ("02", "treated")
        assert opened.recorded["participant"] == "01"
        assert opened.streams["eeg"].info.channels == ("c1", "c0", "c2")
        assert opened.streams["sound"].info.channels == ("c0",)
    with open_session(path, amended=False) as opened:
        assert opened.attributes["participant"] == "01"
        assert opened.streams["eeg"].info.channels == ("c0", "c1", "c2")
    told = summary(path)
    assert told["participant"] == "02"
    assert told["amendments"] == [
        "this session is participant 02 (wrong sheet)",
        "group of participant 01 is treated",
        "eeg: c0 is c1, c1 is c0",
    ]


def test_outside_of_a_study_a_file_is_read_as_it_is(
    study: Study, session: FinishedSession, tmp_path: Path
) -> None:
    add(study, Amendment("code", "02", participant="01"))
    copy = tmp_path / "copy.h5"
    copy.write_bytes((study.folder / session.file).read_bytes())
    with open_session(copy) as opened:
        assert opened.attributes["participant"] == "01"
        assert opened.amendments == ()


def test_the_later_correction_holds(study: Study, session: FinishedSession) -> None:
    for code in ("02", "03"):
        add(study, Amendment("code", code, session=session.file))
    with open_session(study.folder / session.file) as opened:
        assert opened.attributes["participant"] == "03"
    assert study.amendments().code_of("01", session.uuid, session.file) == "03"
    assert study.amendments().code_of("01") == "01", "another session of the same code is not meant"


def test_a_line_says_who_and_when(study: Study, session: FinishedSession) -> None:
    kept = add(study, Amendment("note", "electrode Fz was loose", session=session.file, author="AB"))
    assert (kept.author, bool(kept.time)) == ("AB", True)
    (line,) = lines(study.folder / "amendments.jsonl")
    assert line["value"] == "electrode Fz was loose"
    assert Amendments.of(study.folder).lines == (kept,)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "code", "value": "02"}, "Name one of them"),
        ({"kind": "code", "value": "02", "participant": "01", "session": "x"}, "Name one of them"),
        ({"kind": "code", "value": " ", "participant": "01"}, "is empty"),
        ({"kind": "channels", "value": {}, "session": "x", "stream": "eeg"}, "Write old=new"),
        ({"kind": "channels", "value": {"a": "b"}, "session": "x"}, "need a stream"),
        ({"kind": "channels", "value": {"a": "c", "b": "c"}, "session": "x", "stream": "e"}, "another name"),
        ({"kind": "field", "value": "3", "participant": "01"}, "needs its name"),
        ({"kind": "excluded", "value": "yes", "participant": "01"}, "cannot be 'yes'"),
        ({"kind": "colour", "value": "red", "participant": "01"}, "no kind of correction"),
    ],
)
def test_a_correction_that_nobody_could_apply_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(AmendmentError, match=message):
        Amendment(**values)


@pytest.mark.parametrize(
    ("amendment", "message"),
    [
        (Amendment("code", "02", session="nowhere.h5"), "no such session"),
        (Amendment("code", "02", participant="09"), "is not in the study"),
        (Amendment("code", "sim1", participant="01"), "simulated participants"),
        (Amendment("field", "31", participant="01", field="shoe"), "no field of this study"),
        (Amendment("field", "old", participant="01", field="age"), "not a number"),
        (Amendment("channels", {"c0": "x"}, participant="01", stream="ecg"), "has this stream"),
        (Amendment("channels", {"C3": "C4"}, participant="01", stream="eeg"), "has no channel C3"),
        (Amendment("channels", {"c0": "c1"}, participant="01", stream="eeg"), "the same name"),
    ],
)
def test_what_does_not_fit_the_study_is_refused(
    study: Study, session: FinishedSession, amendment: Amendment, message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        add(study, amendment)
    assert not (study.folder / "amendments.jsonl").exists()


def test_lines_of_others_are_counted_and_passed_over(study: Study, session: FinishedSession) -> None:
    add(study, Amendment("code", "02", participant="01"))
    with (study.folder / "amendments.jsonl").open("a") as file:
        file.write('{"kind": "smell", "value": "x", "participant": "01"}\n\n[1]\n{"part')
    known = Amendments.of(study.folder)
    assert [line.kind for line in known.lines] == ["code"]
    assert known.unknown == (2, 4, 5)
    with open_session(study.folder / session.file) as opened:
        assert opened.attributes["participant"] == "02"


def test_exclusions_from_before_there_were_kinds_are_read(tmp_path: Path) -> None:
    old = [
        {"participant": "01", "excluded": True, "reason": "fell asleep"},
        {"session": "u2", "participant": "02", "excluded": True},
        {"participant": "01", "excluded": False},
    ]
    (tmp_path / "amendments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in old))
    known = Amendments.of(tmp_path)
    assert known.unknown == ()
    assert known.exclusion("01") is None
    assert known.exclusion("02") == ""
    assert known.exclusion("09", "u2") == ""
    assert known.exclusion("09", "u3") is None
