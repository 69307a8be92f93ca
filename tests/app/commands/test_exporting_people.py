"""`evoke export` of people: only what they agreed to, for what they agreed to, corrected."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app import cli, consent, participants
from app.amendments import Amendment, add
from app.consent import Answers, Modality
from app.participant_fields import fields_from_yaml
from app.study import Study
from tests.helpers.bids import every_byte, problems, table
from tests.helpers.people import agree, lines, recorded
from tests.helpers.recordings import camera, markers, samples

FIELDS = [
    {"name": "age", "label": "Age", "type": "number", "unit": "years", "leaves": True},
    {"name": "hand", "label": "Hand", "type": "choice", "options": ["left", "right"], "leaves": True},
    {"name": "diagnosis", "label": "Diagnosis"},
]
STREAMS = (samples("eeg", 2, 50.0), samples("mic", 1, 80.0, "int16", "audio"), camera("face", 8.0), markers())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study: 01 agreed to everything, 02 to this study alone, 03 was never asked."""
    folder = tmp_path_factory.mktemp("study") / "Mood"
    study = Study.create(folder, "Mood", "people", participant_fields=fields_from_yaml(FIELDS, ""))
    participants.add(study, "01", group="treated", fields={"age": "31", "diagnosis": "F32.1"})
    agree(study, "01")
    agree(study, "02", uses=("study",))
    for code in ("01", "02", "03"):
        recorded(study, code, streams=STREAMS)
    return folder


@pytest.fixture
def study(kept: Path, tmp_path: Path) -> Study:
    return Study.open(Path(shutil.copytree(kept, tmp_path / "study")))


def export(*arguments: object) -> int:
    return cli.main(["export", *map(str, arguments)])


def subjects(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("sub-*"))


@pytest.mark.parametrize(
    ("use", "exported"),
    [("study", ["sub-01", "sub-02", "sub-03"]), ("lab", ["sub-01"]), ("open-data", ["sub-01"])],
)
def test_who_has_not_agreed_to_the_use_stays_and_is_named(
    study: Study, tmp_path: Path, use: str, exported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(study.folder, "--to", "bids", "--for", use, "--out", out) == 0
    assert subjects(out) == exported
    told = capsys.readouterr().out
    assert ("session sub-02_ses-01_task-small_run-01: the participant has not agreed to" in told) == (
        use != "study"
    )
    assert ("sub-03_ses-01_task-small_run-01: the participant was not asked" in told) == (use != "study")
    content = every_byte(out)
    assert (b"sub-02" in content) == (use == "study"), "the data set names nobody who stayed"


def test_without_a_word_it_is_for_the_study(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(study.folder, "--to", "csv", "--out", tmp_path / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["use"] == "study"


def test_where_nobody_agreed_nothing_is_written_and_everybody_named(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    consent.give(study, Answers(uses=("study",)).consent("01", "small", 1))
    assert export(study.folder, "--to", "bids", "--for", "open-data", "--out", tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "no finished session that may go out" in told
    assert told.count("the participant") == 3
    assert not (tmp_path / "out").exists()


def test_a_single_session_honours_the_use_too(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(study.folder.glob("sub-02/**/*.h5"))
    assert export(path, "--to", "csv", "--for", "teaching", "--out", tmp_path / "out") == 1
    assert "has not agreed to teaching" in capsys.readouterr().err
    assert export(path, "--to", "csv", "--out", tmp_path / "out") == 0


def test_fields_leave_only_if_the_study_says_so(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export(study.folder, "--to", "bids", "--level", "full", "--out", out) == 0
    assert problems(out) == []
    rows = {row["participant_id"]: row for row in table(out / "participants.tsv")}
    assert set(rows["sub-01"]) == {"participant_id", "origin", "group", "age", "hand"}
    assert (rows["sub-01"]["age"], rows["sub-01"]["group"]) == ("31", "treated")
    assert (rows["sub-02"]["age"], rows["sub-01"]["hand"]) == ("n/a", "n/a")
    described = json.loads((out / "participants.json").read_text())
    assert described["age"] == {"Description": "Age", "Units": "years"}
    assert set(described["hand"]["Levels"]) == {"left", "right"}
    assert b"F32.1" not in every_byte(out)
    assert b"diagnosis" not in every_byte(out).lower()


@pytest.mark.parametrize(
    ("refused", "gone"),
    [
        (("camera",), {"face"}),
        (("voice",), {"mic"}),
        (("body",), {"eeg"}),
        (("camera", "voice"), {"face", "mic"}),
    ],
)
@pytest.mark.parametrize("to", ["csv", "xdf"])
def test_what_was_refused_later_never_leaves(
    study: Study, tmp_path: Path, refused: tuple[Modality, ...], gone: set[str], to: str
) -> None:
    consent.give(study, Answers(refused).consent("01", "small", 1))
    path = next(study.folder.glob("sub-01/**/*.h5"))
    assert export(path, "--to", to, "--out", tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "export_report.json").read_text())
    (session,) = report["sessions"].values()
    assert {wrote["stream"] for wrote in session["wrote"]} & {"eeg", "mic", "face"} <= {
        "eeg",
        "mic",
        "face",
    } - gone
    told = {left["what"] for left in session["left_out"] if left["why"].endswith("has not agreed to it")}
    assert told == {f"stream {name}" for name in gone}


def test_refused_texts_never_leave(study: Study, tmp_path: Path) -> None:
    path = next(study.folder.glob("sub-01/**/*.h5"))
    assert export(path, "--to", "csv", "--out", tmp_path / "open") == 0
    assert b"because of mum" in every_byte(tmp_path / "open")
    consent.give(study, Answers(("typed_text",)).consent("01", "small", 1))
    assert export(path, "--to", "csv", "--out", tmp_path / "out") == 0
    content = every_byte(tmp_path / "out")
    assert b"mum" not in content
    assert b",Q," not in content
    assert b'""length"": 14' in content


def test_corrections_are_applied(study: Study, tmp_path: Path) -> None:
    add(
        study,
        Amendment("code", "01", session=next(s.file for s in study.sessions() if s.participant == "03")),
    )
    add(study, Amendment("channels", {"c0": "c1", "c1": "c0"}, participant="02", stream="eeg"))
    add(study, Amendment("field", "13", participant="01", field="age"))
    out = tmp_path / "out"
    assert export(study.folder, "--to", "bids", "--out", out) == 0
    assert subjects(out) == ["sub-01", "sub-02"]
    assert len(list(out.glob("sub-01/ses-01/eeg/*_run-*_eeg.bdf"))) == 2, "the second one is another run"
    rows = {row["participant_id"]: row for row in table(out / "participants.tsv")}
    assert rows["sub-01"]["age"] == "13"
    names = [row["name"] for row in table(next(out.glob("sub-02/**/*_channels.tsv")))]
    assert names[:2] == ["c1", "c0"]
    assert export(study.folder, "--to", "csv", "--out", tmp_path / "csv") == 0
    assert sorted(path.name for path in (tmp_path / "csv").glob("sub-*")) == [
        "sub-01_ses-01_task-small_run-01",
        "sub-01_ses-01_task-small_run-02",
        "sub-02_ses-01_task-small_run-01",
    ]


def test_the_version_is_a_column(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export(study.folder, "--to", "bids", "--out", out) == 0
    assert {row["protocol_version"] for row in table(next(out.glob("sub-01/**/*small_run-01_beh.tsv")))} == {
        "1"
    }
    assert export(study.folder, "--to", "csv", "--out", tmp_path / "csv") == 0
    trials = next((tmp_path / "csv").glob("sub-01*/trials.csv")).read_text().splitlines()
    assert "protocol_version" in trials[0].split(",")


def test_who_went_out_where_is_noted_without_a_place(study: Study, tmp_path: Path) -> None:
    assert export(study.folder, "--to", "bids", "--for", "lab", "--out", tmp_path / "for lab") == 0
    (line,) = lines(study.folder / "exports.jsonl")
    assert (line["name"], line["format"], line["use"], line["participants"]) == (
        "for lab",
        "bids",
        "lab",
        ["sub-01"],
    )
    assert str(tmp_path) not in (study.folder / "exports.jsonl").read_text()


def test_a_simulation_asks_nobody(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "sim", "Sim", "simulation")
    recorded(study, "sim01", streams=STREAMS[:1])
    assert export(study.folder, "--to", "csv", "--for", "open-data", "--out", tmp_path / "out") == 0
