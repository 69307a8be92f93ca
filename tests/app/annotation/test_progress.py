"""Progress: what is done, how long it took, and whether the same is said twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analysis.labels.format import Op
from analysis.labels.scheme import Scheme
from app.annotation.dealing import Shares
from app.annotation.handing_on import hand_on
from app.annotation.plans import make_plan, plan_of
from app.annotation.progress import PAUSE_S, Progress, consistency, progress, worked_s
from app.annotation.schemes import bundled
from app.annotation.study_place import StudyPlace
from app.study import Study
from tests.helpers.labelling import answered, label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")


def of(study: Study, annotator: str, plan: str = "") -> Progress:
    return next(each for each in progress(study, plan) if each.annotator == annotator)


def test_items_are_counted_by_what_was_done(study: Study) -> None:
    make_plan(study, "faces", SAM, ["anna", "ben"], 3, Shares(1.0, 0.25))
    place = StudyPlace(study)
    untouched = of(study, "anna")
    assert (untouched.items, untouched.open, untouched.last_utc, untouched.worked_s) == (10, 10, "", 0.0)
    queue = place.queue("anna")
    repeat = next(item for item in queue if item.purpose == "repeat")
    first = next(item for item in queue if (item.uuid, item.trial) == (repeat.uuid, repeat.trial))
    others = [item for item in queue if item not in (repeat, first)]
    label(place, first, "anna", 3)
    label(place, repeat, "anna", 5)
    label(place, others[0], "anna", 5, finish=False)
    with place.log(others[1], "anna") as log:
        log.skip(others[1].code, "dark")
    with place.log(others[2], "anna") as log:
        log.ask(others[2].code, "What is this?")
    found = of(study, "anna")
    assert (found.finished, found.begun, found.skipped, found.open) == (2, 2, 1, 7)
    assert (found.questions, found.repeats, found.repeats_done) == (1, 2, 1)
    assert found.last_utc.startswith(datetime.now(UTC).strftime("%Y-"))
    valence = found.same[0]
    assert (valence.pairs, valence.equal, valence.difference) == (1, 0, 2.0)
    assert [each.equal for each in found.same[1:]] == [1, 1]
    assert of(study, "ben").finished == 0


def test_of_several_plans_each_is_told_or_all(study: Study) -> None:
    for name in ("one", "two"):
        make_plan(study, name, SAM, ["anna"], 3, Shares(1.0, 0.0))
    place = StudyPlace(study)
    label(place, place.queue("anna", "two")[0], "anna", 3)
    told = [(of(study, "anna", name).items, of(study, "anna", name).finished) for name in ("one", "two", "")]
    assert told == [(8, 0), (8, 1), (16, 1)]


def test_who_has_left_is_told_so(study: Study) -> None:
    make_plan(study, "faces", SAM, ["anna", "ben"], 3, Shares(0.0, 0.0))
    hand_on(study, plan_of(study, "faces"), None, "anna", "ben", leaves=True)
    assert (of(study, "anna").left, of(study, "anna").items) == (True, 0)
    assert (of(study, "ben").left, of(study, "ben").items) == (False, 8)


@pytest.mark.parametrize(
    ("seconds", "worked"),
    [([], 0), ([0], 0), ([0, 10, 30], 30), ([0, 10, 10 + PAUSE_S + 1, 200], 79), ([5, 0], 5)],
)
def test_breaks_are_no_work(seconds: list[float], worked: float) -> None:
    start = datetime(2026, 3, 4, tzinfo=UTC)
    ops = [
        Op("s", number, number, 1, "add", "add", utc=(start + timedelta(seconds=at)).isoformat())
        for number, at in enumerate(seconds)
    ]
    assert worked_s(ops) == pytest.approx(worked)
    elsewhere = [op._replace(sid="t") for op in ops]
    assert worked_s([*ops, *elsewhere]) == pytest.approx(2 * worked), "two computers are two people's time"


@pytest.mark.parametrize(
    ("first", "second", "pairs", "equal", "difference"),
    [
        ([5, 7], [5, 5], 2, 1, 1.0),
        ([None, 7], [5, 7], 1, 1, 0.0),
        ([], [], 0, 0, None),
    ],
)
def test_consistency_counts_what_was_answered_both_times(
    first: list[int | None], second: list[int | None], pairs: int, equal: int, difference: float | None
) -> None:
    said = [([answered(0, a)], [answered(0, b)]) for a, b in zip(first, second, strict=True)]
    found = consistency(SAM, said)[0]
    assert (found.pairs, found.equal, found.difference) == (pairs, equal, difference)
