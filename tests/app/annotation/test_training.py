"""Training: examples with right answers, practice that is never read as labels, and what feedback says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from analysis.labels.reader import find_logs
from analysis.labels.records import Mark
from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from app import withdrawal
from app.annotation.dealing import Shares
from app.annotation.feedback import Judged, feedback
from app.annotation.plans import make_plan
from app.annotation.right_answers import right_answers
from app.annotation.schemes import add_scheme, bundled
from app.annotation.study_place import StudyPlace
from app.annotation.training import (
    EXAMPLES,
    TrainingError,
    add_example,
    examples,
    folder,
    order,
    remove_example,
)
from app.annotation.trials import trials_of
from app.annotation.visible import Visible
from app.study import Study
from tests.helpers.labelling import answered, label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")
SECOND = 10**9

ALL = Scheme(
    "all",
    1,
    "All",
    "What?",
    (
        Tier(
            "feeling",
            "trial",
            "Feeling",
            questions=(
                Question("valence", "Pleasant?", "scale", Dimension("valence", 1, 9, step=1)),
                Question("warmth", "Warm?", "scale", Dimension("warmth", 0, 1, step=0.1)),
                Question("emotion", "Which?", "choice", labels=(Label("joy", "Joy"), Label("fear", "Fear"))),
                Question("why", "Why?", "text"),
            ),
        ),
        Tier("mood", "segment", "Mood", labels=(Label("up", "Up"), Label("down", "Down"))),
        Tier("blink", "point", "Blink"),
    ),
)


def mark(tier: str, start_s: float, end_s: float, name: str = "") -> Mark:
    return Mark(
        id=f"{tier}{start_s}",
        tier=tier,
        annotator="x",
        trial=0,
        start_ns=round(start_s * SECOND),
        end_ns=round(end_s * SECOND),
        label=name,
    )


@pytest.mark.parametrize(
    ("right", "given", "judged"),
    [
        ({"valence": 5}, {"valence": 5}, ("5", "5", True, 0.0)),
        ({"valence": 5}, {"valence": 6}, ("6", "5", True, 1.0)),
        ({"valence": 5}, {"valence": 2}, ("2", "5", False, -3.0)),
        ({"valence": 5}, {"valence": None}, ("", "5", False, None)),
        ({"valence": 5}, {}, ("", "5", False, None)),
        ({"warmth": 0.5}, {"warmth": 0.6}, ("0.6", "0.5", True, 0.1)),
        ({"warmth": 0.5}, {"warmth": 0.7}, ("0.7", "0.5", False, 0.2)),
        ({"emotion": "joy"}, {"emotion": "joy"}, ("Joy", "Joy", True, None)),
        ({"emotion": "joy"}, {"emotion": "fear"}, ("Fear", "Joy", False, None)),
    ],
)
def test_answers_are_right_within_a_step(
    right: dict[str, object], given: dict[str, object], judged: tuple[str, str, bool, float | None]
) -> None:
    said = feedback(ALL, [answered(0, right)], [answered(0, given)])
    (one,) = said.answers
    assert (one.given, one.right, one.is_right) == judged[:3]
    assert one.off == (None if judged[3] is None else pytest.approx(judged[3]))
    assert (said.right, said.asked) == (int(judged[2]), 1)


def test_free_text_is_not_judged() -> None:
    assert feedback(ALL, [answered(0, {"why": "a"})], [answered(0, {"why": "b"})]).answers == ()


@pytest.mark.parametrize(
    ("given", "judged"),
    [
        (mark("mood", 1, 3, "up"), ("Up", "Up", True, 0.0, 0.0)),
        (mark("mood", 1.5, 3.2, "up"), ("Up", "Up", True, 0.5, 0.2)),
        (mark("mood", 2.5, 5, "up"), ("Up", "Up", False, 1.5, 2.0)),
        (mark("mood", 1, 3, "down"), ("Down", "Up", False, 0.0, 0.0)),
    ],
)
def test_segments_are_told_how_much_they_are_off(
    given: Mark, judged: tuple[str, str, bool, float, float]
) -> None:
    (one,) = feedback(ALL, [mark("mood", 1, 3, "up")], [given]).answers
    assert (one.given, one.right, one.is_right) == judged[:3]
    assert (one.start_off_s, one.end_off_s) == pytest.approx(judged[3:])


def test_what_was_missed_and_what_is_too_much_is_told() -> None:
    right = [mark("mood", 1, 2, "up"), mark("mood", 4, 5, "down"), mark("blink", 1, 1), mark("blink", 8, 8)]
    given = [mark("mood", 1, 2, "up"), mark("mood", 7, 8, "up"), mark("blink", 1.4, 1.4), mark("blink", 3, 3)]
    told = [
        (each.about, each.given, each.right, each.is_right) for each in feedback(ALL, right, given).answers
    ]
    assert told == [
        ("Up", "Up", "Up", True),
        ("Down", "", "Down", False),
        ("Up", "Up", "", False),
        ("Blink", "Blink", "Blink", True),
        ("Blink", "", "Blink", False),
        ("Blink", "Blink", "", False),
    ]


def test_a_point_too_far_away_is_not_right() -> None:
    (one,) = feedback(ALL, [mark("blink", 1, 1)], [mark("blink", 1.7, 1.7)]).answers
    assert replace(one, start_off_s=None) == Judged("blink", "Blink", "Blink", "Blink", False)
    assert one.start_off_s == pytest.approx(0.7)


def test_an_example_is_kept_with_its_answer_and_practice_apart_from_labels(small: Study) -> None:
    trials, _ = trials_of(small, SAM)
    item = add_example(
        small, SAM, trials[1], [answered(trials[1].trial, 4), answered(trials[1].trial + 1, 9)]
    )
    assert [dict(known.value) for known in item.reference] == [{"valence": 4}], "of other trials nothing"
    assert (item.purpose, item.window_s[0]) == ("training", trials[1].start_ns / SECOND)
    place = StudyPlace(small)
    assert place.training("anna", "sam@1") == (item,)
    assert place.training("anna", "other@1") == ()
    label(place, item, "anna", 7)
    assert list(find_logs(small.folder / "annotations")) == []
    with place.log(item, "anna", write=False) as log:
        assert log.head.place == "training"
        assert feedback(SAM, item.reference, log.marks(item.code)).answers[0].off == 3


def test_examples_come_in_each_annotators_own_order(small: Study) -> None:
    trials, _ = trials_of(small, SAM)
    for trial in trials:
        add_example(small, SAM, trial, [answered(trial.trial, 4)])
    known = examples(small)
    assert len({item.code for item in known}) == 4
    orders = {tuple(item.code for item in order(known, person)) for person in ("anna", "ben", "cem", "dora")}
    assert len(orders) > 1
    assert order(known, "anna") == order(known, "anna")


def test_an_example_can_be_taken_out(small: Study) -> None:
    trials, _ = trials_of(small, SAM)
    one, other = (add_example(small, SAM, trial, [answered(trial.trial, 4)]) for trial in trials[:2])
    remove_example(small, one.code)
    assert examples(small) == (other,)
    with pytest.raises(TrainingError, match="There is no training example"):
        remove_example(small, one.code)


def test_what_is_no_example_is_told(small: Study) -> None:
    trials, _ = trials_of(small, SAM)
    with pytest.raises(TrainingError, match="needs a right answer"):
        add_example(small, SAM, trials[0], [answered(9, 4)])
    with pytest.raises(TrainingError, match="by another scheme"):
        add_example(small, SAM, trials[0], [replace(answered(trials[0].trial, 4), tier="mood")])
    add_example(small, SAM, trials[0], [answered(trials[0].trial, 4)])
    with pytest.raises(TrainingError, match="is a training example already"):
        add_example(small, SAM, trials[0], [answered(trials[0].trial, 5)])
    path = folder(small) / EXAMPLES
    line = json.loads(path.read_text())
    path.write_text(json.dumps(line | {"trial": 3}) + "\n")
    with pytest.raises(TrainingError, match=r"examples\.jsonl:1: is damaged"):
        examples(small)


def test_a_withdrawal_takes_example_and_practice_along(small: Study) -> None:
    trials, _ = trials_of(small, SAM)
    for trial in trials:
        item = add_example(small, SAM, trial, [answered(trial.trial, 4)])
        label(StudyPlace(small), item, "anna", 7)
    withdrawal.carry_out(small, withdrawal.plan(small, "P01"))
    left = examples(small)
    assert {item.recording[:7] for item in left} == {"sub-P02"}
    assert {path.parents[1].name for path in folder(small).rglob("*.sqlite")} == {item.code for item in left}


def test_right_answers_are_finished_judgements_of_people_and_of_the_first_time(study: Study) -> None:
    scheme = add_scheme(study, SAM)
    make_plan(study, "p", scheme, ("ann", "bo"), 1, Shares(1.0, 0.5))
    place = StudyPlace(study)
    again = next(item for item in place.queue("ann") if item.purpose == "repeat")
    first = next(
        item
        for item in place.queue("ann")
        if (item.uuid, item.trial) == (again.uuid, again.trial) and item.purpose == "label"
    )
    label(place, first, "ann", 3)
    label(place, again, "ann", 9)
    begun = next(item for item in place.queue("bo"))
    label(place, begun, "bo", 5, finish=False)
    found = right_answers(study, scheme)
    assert list(found) == ["ann"], "bo has not finished"
    (answered_by_ann,) = found["ann"]
    assert answered_by_ann.trial.key == (first.uuid, first.trial)
    assert [dict(mark.value)["valence"] for mark in answered_by_ann.marks] == [3]


def test_what_was_labelled_with_a_model_in_sight_is_no_right_answer(study: Study) -> None:
    scheme = add_scheme(study, SAM)
    make_plan(study, "p", scheme, ("ann",), 1, Shares(1.0, 0.0))
    place = StudyPlace(study)
    item = place.queue("ann")[0]
    with place.log(item, "ann") as log:
        log.see(Visible(), (), others=False, model=True)
        log.add(
            "feeling", trial=item.trial, item=item.code, value={"valence": 5, "arousal": 5, "dominance": 5}
        )
        log.finish(item.code)
    assert right_answers(study, scheme) == {}
