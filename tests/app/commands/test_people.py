"""`evoke participants`, `consent`, `amend`, `protocol`, `withdraw`: the words for a study's people."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import cli, versions
from app.participant_fields import fields_from_yaml
from app.study import Study
from tests.helpers.people import agree, lines, recorded

OWN = """\
name: own
version: 1
title: Own pictures
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
trials:
  see: [{kind: picture, duration_s: 1}]
blocks:
  - {name: main, trial: see, draw: {pleasant: 2}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    fields = fields_from_yaml([{"name": "age", "type": "number", "required": True}], "")
    study = Study.create(
        tmp_path / "s", "Fear", "people", protocol="own.yaml", visits=2, participant_fields=fields
    )
    (study.folder / "own.yaml").write_text(OWN)
    return study


class Said:
    """What a command printed, and with which status it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def evoke(study: Study, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(word: str, *arguments: str) -> Said:
        status = cli.main([word, str(study.folder), *arguments])
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return run


def test_participants_are_entered_listed_and_excluded(evoke: Any, study: Study) -> None:
    assert evoke("participants", "--participant", "01", "--group", "control", "--set", "age=31").status == 0
    recorded(study, "01")
    told = evoke("participants", "--participant", "sub-01", "--exclude", "fell asleep", "--by", "AB").out
    assert told.splitlines()[1].split("\t") == [
        *("01", "0", "control", "-", "31", "1 done, 2 to do", "fell asleep"),
    ]
    assert evoke("participants", "--participant", "01", "--include").out.endswith("\t-\n")
    (row,) = evoke("participants", "--json").json
    assert (row["participant"]["fields"], row["visits"][0]["state"]) == ({"age": "31"}, "done")
    wrong = evoke("participants", "--participant", "01", "--set", "age=old")
    assert (wrong.status, "not a number" in wrong.err) == (1, True)
    assert "Name the participant" in evoke("participants", "--group", "x").err


def test_consent_is_noted_and_told(evoke: Any, study: Study) -> None:
    nothing = evoke("consent", "--participant", "01")
    assert (nothing.status, "no consent for own, version 1" in nothing.out) == (1, True)
    given = evoke(
        *("consent", "--participant", "01", "--give", "--refuse", "camera,typed-text"),
        *("--uses", "study,lab", "--by", "AB"),
    )
    assert "camera no, voice yes, typed text no, body yes" in given.out
    assert "noted by AB" in given.out
    assert evoke("consent", "--participant", "01", "--json").json["uses"]["lab"] is True
    assert evoke("consent", "--participant", "01", "--give", "--refuse", "smell").status == 1
    assert len(lines(study.folder / "consent.jsonl")) == 1


def test_corrections_are_noted_and_listed(evoke: Any, study: Study) -> None:
    session = recorded(study, "01")
    assert "every reader applies it" in evoke("amend", "--session", session.file, "--code", "02").out
    assert evoke("amend", "--participant", "01", "--channels", "c0=c1", "c1=c0").status == 0
    assert evoke("amend", "--participant", "01", "--field", "age=31", "--reason", "typed wrong").status == 0
    assert evoke("amend", "--participant", "01", "--note", "was cold").out.endswith(
        "stays as it was; every reader applies it.\n"
    )
    told = evoke("amend").out
    assert "age of participant 01 is 31 (typed wrong)" in told
    assert told.endswith("4 corrections\n")
    assert [line["kind"] for line in evoke("amend", "--json").json] == ["code", "channels", "field", "note"]
    assert (
        "One correction at a time" in evoke("amend", "--participant", "01", "--code", "2", "--note", "x").err
    )
    assert "is not NAME=VALUE" in evoke("amend", "--participant", "01", "--field", "age").err
    assert cli.main(["info", str(study.folder / session.file)]) == 0


def test_info_tells_what_was_corrected(evoke: Any, study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    session = recorded(study, "01")
    evoke("amend", "--session", session.file, "--code", "02", "--reason", "wrong sheet")
    assert cli.main(["info", str(study.folder / session.file)]) == 0
    told = capsys.readouterr().out
    assert "participant  02" in told
    assert "corrected    this session is participant 02 (wrong sheet)" in told
    assert "small, version 1" in told


def test_a_protocol_gets_a_new_version(evoke: Any, study: Study) -> None:
    assert "nobody was recorded with it yet" in evoke("protocol").out
    versions.lock(study, "own", 1, OWN)
    study.add_finished(replace(recorded(study, "01"), file="x.h5", protocol="own"))
    (study.folder / "own.yaml").write_text(OWN.replace("duration_s: 1", "duration_s: 2"))
    missing = evoke("protocol", "--protocol", "own", "--new-version")
    assert (missing.status, "needs its reason" in missing.err) == (1, True)
    made = evoke("protocol", "--protocol", "own", "--new-version", "--reason", "too short")
    assert made.status == 0, made.err
    assert "is version 2 now" in made.out
    assert [v["version"] for v in evoke("protocol", "--protocol", "own.yaml", "--json").json] == [1, 2]
    assert "too short" in evoke("protocol", "--protocol", "own.yaml").out


def test_withdrawal_is_shown_first(evoke: Any, study: Study) -> None:
    agree(study, "01")
    session = recorded(study, "01")
    shown = evoke("withdraw", "--participant", "01")
    assert session.file in shown.out
    assert "Nothing was changed. To erase it for ever, add --yes." in shown.out
    assert "out of reach: Backups of this computer" in shown.out
    assert (study.folder / session.file).exists()
    assert evoke("withdraw", "--participant", "01", "--json").json["erased"] is False
    assert "Give the code" in evoke("withdraw").err
    assert "is no kind of stream" in evoke("withdraw", "--participant", "01", "--only", "smell").err
    done = evoke("withdraw", "--participant", "sub-01", "--yes")
    assert (done.status, "Erased." in done.out) == (0, True)
    assert not list(study.folder.glob("sub-01"))
    assert "Nothing to erase" in evoke("withdraw", "--participant", "01", "--yes").out


def test_check_tells_what_is_wrong_with_people(evoke: Any, study: Study) -> None:
    agree(study, "02")
    recorded(study, "01")
    evoke("participants", "--participant", "02", "--language", "xx")
    (study.folder / "withdrawing.json").write_text("{}")
    with (study.folder / "amendments.jsonl").open("w") as file:
        file.write('{"kind": "smell"}\n{"kind": "code", "participant": "77", "value": "78"}\n')
    checked = evoke("check")
    assert checked.status == 1
    for text in (
        "participant 01: age is needed and not filled in",
        "participant 02: reads xx, and the protocol has",
        "amendments.jsonl:1: a correction that this Evoke does not understand",
        "participant 77: is corrected, and not in the study",
        "participant 01 has no consent for small, version 1",
        "a withdrawal was begun and is not finished",
        "visits: 1 done, 3 to do",
    ):
        assert text in checked.out, text


def test_check_finds_nothing_in_a_study_from_before(evoke: Any, tmp_path: Path, capsys: Any) -> None:
    old = Study.create(tmp_path / "old", "Old", "people", protocol="demo")
    recorded(old, "01")
    assert cli.main(["check", str(old.folder)]) == 0, capsys.readouterr().out
