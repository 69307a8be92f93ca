"""Speech of anybody becomes a study: by its files' names or a table, and two of them are two sides."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.analysing.corpora import study_corpus
from app.analysing.transfer import sides_between
from app.cli import main
from app.participant_fields import FieldSpec
from app.participants import person
from app.study import Study
from tests.analysis.exchange.test_import_speech import speak, table
from tests.helpers.speaking import in_this_process
from tests.helpers.speaking import speak as speak_in_tones


def new(folder: Path, name: str) -> Study:
    return Study.create(folder / name, name, "people", protocol="")


def come_in(study: Study, source: Path, *more: str) -> int:
    return main(["import", "speech", str(source), "--study", str(study.folder), *more])


def test_speakers_come_in_with_what_is_known_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = new(tmp_path, "toronto")
    folder = speak(tmp_path / "wav", "OAF_back_angry", "OAF_back_sad", "YAF_back_angry")
    assert come_in(study, folder, "--name-rule", "tess", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["participant"], each["trials"]) for each in told["sessions"]] == [("OAF", 2), ("YAF", 1)]
    assert told["failed"] == []
    study = Study.open(study.folder)
    older = person(study, "OAF")
    assert older is not None
    assert (older.fields["sex"], older.fields["age"]) == ("female", "64")
    assert [each.category for each in study_corpus(study).trials] == ["anger", "sadness", "anger"]
    assert come_in(study, folder, "--name-rule", "tess") == 0
    assert "0 imported, 2 there already, 0 failed" in capsys.readouterr().out


def test_a_study_that_asks_in_other_words_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = FieldSpec("sex", {"": "Sex"}, "choice", options=("f", "m"))
    study = new(tmp_path, "toronto").with_settings(participant_fields=(own,))
    assert come_in(study, speak(tmp_path / "wav", "OAF_back_angry"), "--name-rule", "tess") == 0
    assert "is not noted: sex: female is none of f, m" in capsys.readouterr().err
    study = Study.open(study.folder)
    assert study.participant_fields[0] == own
    assert [session.participant for session in study.sessions()] == ["OAF"]


@pytest.mark.parametrize("rule", ["tess", ""])
def test_what_does_not_fit_leaves_nothing_behind(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = new(tmp_path, "toronto")
    before = sorted(path.name for path in study.folder.rglob("*"))
    folder = speak(tmp_path / "wav", "OAF_back_angry", "holiday")
    if not rule:
        table(folder, "file,speaker,emotion", "OAF_back_angry.wav,OAF,anger")
    assert come_in(study, folder, *(["--name-rule", rule] if rule else [])) == 1
    err = capsys.readouterr().err
    assert "holiday.wav" in err and len(err.strip().splitlines()) == 1
    assert study.sessions() == ()
    assert sorted(path.name for path in study.folder.rglob("*")) == before


def test_a_rule_is_for_speech_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = new(tmp_path, "toronto")
    with pytest.raises(SystemExit) as left:
        main(["import", "emodb", str(tmp_path), "--study", str(study.folder), "--name-rule", "tess"])
    assert left.value.code == 2
    assert "Leave out --name-rule" in capsys.readouterr().err


@pytest.fixture
def corpora(tmp_path: Path) -> tuple[Study, Study]:
    """One corpus by the names of its files, another by its table, with one emotion in other words."""
    first, other = new(tmp_path, "berlin"), new(tmp_path, "lab")
    assert come_in(first, speak_in_tones(tmp_path / "a", ("03", "08")), "--name-rule", "emodb") == 0
    folder = speak_in_tones(tmp_path / "b", ("13", "14"), "WFT")
    rows: list[str] = []
    for path in sorted(folder.glob("*.wav")):
        mood = {"W": "Angry", "F": "happiness", "T": "sadness"}[path.stem[5]]
        shutil.move(path, folder / f"rec-{len(rows)}.wav")
        rows.append(f"rec-{len(rows)}.wav;person {path.stem[:2]};{mood}")
    assert come_in(other, table(folder, "file;speaker;emotion", *rows)) == 0
    return Study.open(first.folder), Study.open(other.folder)


def test_two_corpora_are_two_sides_with_the_emotions_of_both(corpora: tuple[Study, Study]) -> None:
    sides = sides_between(*corpora, "category")
    assert sides.names == ("berlin", "lab")
    assert sides.classes == ("anger", "happiness")
    assert sides.counts["anger"] == {"berlin": 8, "lab": 8}
    assert sides.of["lab: person13"] == "lab"


@pytest.mark.slow
def test_a_recognizer_is_carried_from_one_corpus_to_the_other(
    corpora: tuple[Study, Study], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_this_process(monkeypatch)
    first, other = (str(study.folder) for study in corpora)
    asked = ["transfer", first, other, "--target", "category", "--methods", "svm", "--seeds", "1"]
    capsys.readouterr()
    assert main([*asked, "--permutations", "0", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["tables"]
    assert made["columns"][1:3] == ["berlin to lab", "lab to berlin"]
    assert made["rows"][0][3] > 90
