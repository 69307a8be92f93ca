"""The curator's list: questions and disagreements without names, and answers in a log of her own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.labels.reader import find_logs, read_log
from analysis.labels.scheme import Dimension, Label, Question, Scheme
from app import withdrawal
from app.annotation.annotators import CURATOR
from app.annotation.curating import Matter, matters, replies, reply, resolve, spread_of
from app.annotation.dealing import Shares
from app.annotation.plans import make_plan
from app.annotation.queue import Item
from app.annotation.schemes import bundled
from app.annotation.study_place import StudyPlace
from app.study import Study
from tests.helpers.labelling import label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")


@pytest.fixture
def place(small: Study) -> StudyPlace:
    make_plan(small, "faces", SAM, ["anna", "ben", "cem"], 3, Shares(1.0, 0.0))
    return StudyPlace(small)


def same_trial(place: StudyPlace, item: Item, annotator: str) -> Item:
    return next(i for i in place.queue(annotator) if (i.uuid, i.trial) == (item.uuid, item.trial))


def rate(place: StudyPlace, item: Item, **valences: int) -> None:
    for annotator, valence in valences.items():
        label(place, same_trial(place, item, annotator), annotator, valence)


def test_nothing_waits_where_all_agree(place: StudyPlace) -> None:
    assert matters(place.study, SAM) == ()
    rate(place, place.queue("anna")[0], anna=5, ben=6, cem=5)
    assert matters(place.study, SAM) == ()


def test_answers_that_are_far_apart_are_listed_the_widest_first_and_without_names(place: StudyPlace) -> None:
    first, second = place.queue("anna")[:2]
    rate(place, first, anna=4, ben=7, cem=5)
    rate(place, second, anna=1, ben=9)
    wide, narrow = matters(place.study, SAM)
    assert [each.spread for each in (wide, narrow)] == [1.0, 3 / 8]
    assert (narrow.item.trial, narrow.item.uuid, narrow.item.code) == (first.trial, first.uuid, "")
    assert sorted(each.letter for each in narrow.said) == ["A", "B", "C"]
    assert not any(name in str((wide, narrow)) for name in ("anna", "ben", "cem"))
    for letter in {each.letter for each in wide.said}:
        given = [
            each.mark.value["valence"]
            for matter in (wide, narrow)
            for each in matter.said
            if each.letter == letter
        ]
        assert given in ([1, 4], [9, 7]), "a letter is one person throughout the list"
    assert matters(place.study, SAM) == (wide, narrow)


@pytest.mark.parametrize(
    ("values", "spread"),
    [(["joy", "joy"], 0.0), (["joy", "fear"], 0.5), (["joy", "fear", "joy"], 1 / 3), (["joy", None], 0.0)],
)
def test_choices_disagree_as_far_as_the_most_frequent_one_is_missing(
    values: list[str | None], spread: float
) -> None:
    question = Question("emotion", "Which?", "choice", labels=(Label("joy", "Joy"), Label("fear", "Fear")))
    assert spread_of(question, values) == pytest.approx(spread)


@pytest.mark.parametrize(
    ("values", "spread"),
    [([1, 9], 1.0), ([4, 5], 0.0), ([4, 6], 0.25), ([4], 0.0), ([], 0.0), ([4, None, 9], 0.625)],
)
def test_numbers_disagree_by_the_share_of_the_scale(values: list[float | None], spread: float) -> None:
    question = Question("valence", "Pleasant?", "scale", Dimension("valence", 1, 9, step=1))
    assert spread_of(question, values) == pytest.approx(spread)


def test_a_repeat_does_not_count_as_another_opinion(small: Study) -> None:
    make_plan(small, "faces", SAM, ["anna", "ben"], 3, Shares(1.0, 0.5))
    place = StudyPlace(small)
    repeat = next(item for item in place.queue("anna") if item.purpose == "repeat")
    rate(place, repeat, anna=5, ben=5)
    label(place, repeat, "anna", 9)
    assert matters(small, SAM) == ()


def test_questions_come_first_and_are_answered_in_the_curators_own_log(place: StudyPlace) -> None:
    item, other = place.queue("anna")[:2]
    with place.log(item, "anna") as log:
        log.ask(item.code, "Is this the right face?")
    label(place, other, "anna", 3)
    with place.log(other, "anna") as log:
        (mark,) = log.marks(other.code)
        log.ask(mark.id, "Sad or tired?")
    rate(place, other, ben=9)
    before = {path: path.read_bytes() for path in find_logs(place.folder / "annotations")}
    found = matters(place.study, SAM)
    assert [each.kind for each in found] == ["question", "question", "disagreement"]
    asked = {each.text: each for each in found[:2]}
    assert {each.letter for each in asked.values()} == {found[0].letter}
    assert asked["Is this the right face?"].item.trial == item.trial
    assert asked["Sad or tired?"].about == mark.id
    assert not any(each.is_resolved for each in found)
    reply(place.study, asked["Sad or tired?"], "Tired: see the definition.")
    reply(place.study, asked["Is this the right face?"], "Yes.")
    again = {each.text: each.answer for each in matters(place.study, SAM) if each.kind == "question"}
    assert again == {"Sad or tired?": "Tired: see the definition.", "Is this the right face?": "Yes."}
    assert replies(place.study, item, "anna") == {item.code: "Yes."}
    assert replies(place.study, other, "anna") == {mark.id: "Tired: see the definition."}
    assert replies(place.study, same_trial(place, item, "ben"), "ben") == {}
    assert {path: path.read_bytes() for path in before} == before, "nobody's own log was touched"


def test_a_disagreement_is_settled_by_a_label_of_the_curators_own(place: StudyPlace) -> None:
    item = place.queue("anna")[0]
    rate(place, item, anna=1, ben=9)
    (matter,) = matters(place.study, SAM)
    mark = resolve(place.study, matter, {"valence": 3}, "agreed in the meeting")
    assert (mark.annotator, mark.kind, mark.trial) == (CURATOR, "human", item.trial)
    (again,) = matters(place.study, SAM)
    assert (again.answer, again.is_resolved, len(again.said)) == ("3", True, 2)
    path = place.log_path(matter.item, CURATOR)
    assert read_log(path).head.annotator == CURATOR
    resolve(place.study, again, {"valence": 4})
    assert matters(place.study, SAM)[0].answer == "4"


@pytest.mark.slow
def test_letters_differ_between_curators_and_lists_stay_the_same(place: StudyPlace) -> None:
    rate(place, place.queue("anna")[0], anna=1, ben=9, cem=5)
    views = {}
    for curator in ("curator", "dora", "eve", "finn", "gina"):
        (matter,) = matters(place.study, SAM, curator)
        views[curator] = tuple(each.mark.value["valence"] for each in matter.said)
    assert len(set(views.values())) > 1


def test_what_is_not_a_question_of_a_trial_can_be_asked_of_the_recording(place: StudyPlace) -> None:
    whole = place.whole(place.recordings()[0], "sam@1")
    with place.log(whole, "anna") as log:
        log.ask("", "Why is it dark?")
    (matter,) = matters(place.study, SAM)
    assert (matter.text, matter.item.trial) == ("Why is it dark?", -1)


@pytest.mark.slow
def test_a_withdrawal_takes_the_curators_entries_along(place: StudyPlace) -> None:
    for item in place.queue("anna"):
        rate(place, item, anna=1, ben=9)
    for matter in matters(place.study, SAM):
        resolve(place.study, matter, {"valence": 4})
    withdrawal.carry_out(place.study, withdrawal.plan(place.study, "P01"))
    left: tuple[Matter, ...] = matters(place.study, SAM)
    assert len(left) == 2
    assert all("P02" in matter.item.recording and matter.is_resolved for matter in left)
    assert not list(place.folder.rglob("*P01*"))
    assert replace(left[0]) == left[0]
