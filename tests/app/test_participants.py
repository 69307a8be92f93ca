"""Who takes part: the study's own fields, groups, exclusions, and studies from before there were any."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app import participants
from app.amendments import Amendment, add
from app.participant_fields import FieldSpec, fields_from_yaml
from app.participant_rows import Table
from app.study import Study, StudyError

FIELDS = [
    {"name": "age", "label": {"en": "Age", "de": "Alter"}, "type": "number", "unit": "years", "leaves": True},
    {"name": "hand", "label": "Hand", "type": "choice", "options": ["left", "right"], "required": True},
    {"name": "remark", "label": "Remark"},
]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(
        tmp_path / "s", "Fear", "people", participant_fields=fields_from_yaml(FIELDS, "study.yaml")
    )


def test_the_fields_are_kept_as_the_study_asks_for_them(study: Study) -> None:
    assert Study.open(study.folder) == study
    age, hand, remark = study.participant_fields
    assert (age.label_in("de"), age.label_in("fr"), hand.label_in("de")) == ("Alter", "Age", "Hand")
    assert (age.leaves, hand.leaves, remark.leaves) == (True, False, False), "nothing leaves unasked"
    assert [FieldSpec.from_yaml(spec.to_yaml(), "") for spec in study.participant_fields] == [
        age,
        hand,
        remark,
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"label": "x"}, "needs a name"),
        ({"name": "Age"}, "small letters"),
        ({"name": "slot"}, "none of participant_id, slot"),
        ({"name": "age", "type": "date"}, "Write text, number or choice"),
        ({"name": "age", "type": "choice"}, "a choice has a list of options"),
        ({"name": "age", "options": ["a"]}, "nothing else has one"),
        ({"name": "age", "leaves": "yes"}, "Write true or false"),
        ({"name": "age", "lable": "x"}, "lable means nothing here"),
        ({"name": "age", "label": 3}, "the label is a text"),
        ("age", "needs a name"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused_with_its_place(
    study: Study, entry: object, message: str
) -> None:
    path = study.folder / "study.yaml"
    values = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(values | {"participant_fields": [entry]}))
    with pytest.raises(StudyError, match=rf"study\.yaml.*{message}"):
        Study.open(study.folder)


def test_two_fields_of_one_name_are_refused() -> None:
    with pytest.raises(StudyError, match="names age twice"):
        fields_from_yaml([{"name": "age"}, {"name": "age"}], "study.yaml")


@pytest.mark.parametrize(
    ("name", "value", "kept"), [("age", " 31,5 ", "31.5"), ("hand", "left", "left"), ("remark", "", "")]
)
def test_values_are_kept_as_their_field_says(study: Study, name: str, value: str, kept: str) -> None:
    person = participants.add(study, "01", fields={name: value})
    assert person.fields[name] == kept
    assert participants.person(Study.open(study.folder), "01") == person


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"age": "old"}, "not a number"),
        ({"hand": "both"}, "none of left, right"),
        ({"remark": "a\tb"}, "tab or a line end"),
        ({"shoe": "43"}, "no field of this study"),
    ],
)
def test_a_wrong_value_enters_nobody(study: Study, fields: dict[str, str], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        participants.add(study, "01", fields=fields)
    assert participants.roster(study) == ()


def test_what_is_required_may_follow_and_is_told(study: Study) -> None:
    person = participants.add(study, "01", group="control", language="de")
    assert person.missing(study.participant_fields) == ("hand",)
    person = participants.change(study, "01", fields={"hand": "right"})
    assert person.missing(study.participant_fields) == ()
    assert (person.group, person.language, person.slot) == ("control", "de", 0)


def test_the_table_reads_as_bids_has_it(study: Study) -> None:
    participants.add(study, "01", group="control", fields={"age": "31"})
    participants.add(study, "02")
    lines = [line.split("\t") for line in (study.folder / "participants.tsv").read_text().splitlines()]
    assert lines[0] == ["participant_id", "slot", "added", "age", "group"]
    assert [line[0] for line in lines[1:]] == ["sub-01", "sub-02"]
    assert (lines[1][3:], lines[2][3:]) == (["31", "control"], ["n/a", "n/a"])


def test_the_same_code_is_entered_once(study: Study) -> None:
    participants.add(study, "01")
    with pytest.raises(StudyError, match="in the study already"):
        participants.add(study, "01")
    with pytest.raises(StudyError, match="is not in the study"):
        participants.change(study, "02", group="control")


def test_an_exclusion_needs_a_reason_and_can_be_taken_back(study: Study) -> None:
    participants.add(study, "01")
    with pytest.raises(StudyError, match="needs its reason"):
        participants.exclude(study, "01", " ")
    assert participants.exclude(study, "01", "fell asleep", "AB").excluded == "fell asleep"
    assert "fell asleep" in (study.folder / "participants.tsv").read_text()
    assert participants.include(study, "01").excluded == ""
    assert "fell asleep" not in (study.folder / "participants.tsv").read_text()
    assert [line.value for line in study.amendments().lines] == [True, False], "the history keeps both"


def test_corrections_are_applied_and_told(study: Study) -> None:
    participants.add(study, "01", group="control", fields={"age": "13"})
    add(study, Amendment("field", "31", participant="01", field="age", reason="typed wrong"))
    add(study, Amendment("group", "treated", participant="01"))
    person = participants.person(study, "01")
    assert person is not None
    assert (person.fields["age"], person.group) == ("31", "treated")
    assert "age of participant 01 is 31 (typed wrong)" in person.amended
    row = Table.read(study.folder).find("01")
    assert row is not None
    assert row.more["age"] == "13", "the table stays as it was entered"


def test_a_code_that_was_typed_wrong_is_one_person(study: Study) -> None:
    participants.add(study, "01")
    participants.add(study, "10")
    add(study, Amendment("code", "01", participant="10"))
    assert [person.code for person in participants.roster(study)] == ["01"]
    participants.add(study, "7")
    add(study, Amendment("code", "07", participant="7"))
    assert [(person.code, person.slot) for person in participants.roster(study)] == [("01", 0), ("07", 2)]
    assert study.slot_for("07") == 2, "and keeps the counter-balancing place"


def test_a_study_from_before_goes_on(tmp_path: Path) -> None:
    old = Study.create(tmp_path / "old", "Old", "people")
    (old.folder / "participants.tsv").write_text(
        "participant_id\tslot\tadded\nsub-01\t0\t2026-01-01T00:00:00Z\n"
    )
    assert [(p.code, p.slot, p.fields) for p in participants.roster(old)] == [("01", 0, {})]
    assert participants.add(old, "02").slot == 1
    assert (old.folder / "participants.tsv").read_text().splitlines()[0] == "participant_id\tslot\tadded"


def test_cells_that_somebody_added_are_kept(study: Study) -> None:
    table = study.folder / "participants.tsv"
    table.write_text("participant_id\tslot\tadded\tshoe\nsub-01\t0\tx\t43\tred\nsub-02\tn/a\tx\n")
    participants.add(study, "03")
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    assert rows[0] == ["participant_id", "slot", "added", "shoe", "column_5"]
    assert (rows[1][3:], rows[2][3:], rows[3][1]) == (["43", "red"], ["n/a", "n/a"], "1")


def test_settings_are_written_line_by_line(study: Study) -> None:
    path = study.folder / "study.yaml"
    path.write_text("# ours since spring\n" + path.read_text().replace("network:", "# inside\nnetwork:"))
    changed = study.with_settings(visits=3, look={"palette": "dark", "text_scale": 1.25})
    assert (changed.visits, changed.look) == (3, {"palette": "dark", "text_scale": 1.25})
    assert changed.participant_fields == study.participant_fields
    again = changed.with_settings(visits=2, participant_fields=())
    assert (again.visits, again.participant_fields) == (2, ())
    text = path.read_text()
    assert "# ours since spring" in text
    assert "# inside" in text
    assert text.count("visits:") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visits": 0}, "number from 1 to 999"),
        ({"visits": True}, "number from 1 to 999"),
        ({"look": {"colour": "red"}}, "look knows no colour"),
        ({"look": {"text_scale": "big"}}, "text_scale of look"),
        ({"look": "dark"}, "NAME: VALUE pairs"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(
    study: Study, changes: dict[str, object], message: str
) -> None:
    before = (study.folder / "study.yaml").read_bytes()
    with pytest.raises(StudyError, match=message):
        study.with_settings(**changes)
    assert (study.folder / "study.yaml").read_bytes() == before
