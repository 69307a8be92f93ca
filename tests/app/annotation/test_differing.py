"""Moments in which segments, points and traces differ, and what the curator does about them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.agreement.spans import Span
from analysis.labels.reader import find_logs
from analysis.labels.records import NS
from analysis.labels.scheme import Dimension, Label, Scheme, Tier
from analysis.labels.scheme_json import with_checksum
from app.annotation.annotators import CURATOR
from app.annotation.curating import NOTHING_THERE, Matter, agree_with, matters, reply
from app.annotation.dealing import Shares
from app.annotation.differing import point_groups, runs, stretches
from app.annotation.plans import make_plan
from app.annotation.queue import Item
from app.annotation.schemes import add_scheme
from app.annotation.study_place import StudyPlace
from app.study import Study

SMILE, FROWN = Label("smile", "Smile"), Label("frown", "Frown")
PEOPLE = ("anna", "ben", "cem")
SCHEME = with_checksum(
    Scheme(
        "talk",
        1,
        "Talk",
        "What happens?",
        tiers=(
            Tier("face", "segment", "Face", labels=(SMILE, FROWN)),
            Tier("blink", "point", "Blink", labels=(SMILE,)),
            Tier("mood", "trace1d", "Mood", dimensions=(Dimension("valence", -1, 1),)),
        ),
    )
)


def span(start_s: float, end_s: float, label: str = "smile") -> Span:
    return Span(round(start_s * NS), round(end_s * NS), label)


@pytest.mark.parametrize(
    ("lanes", "found"),
    [
        ([[span(0, 4)], [span(0, 4)]], []),
        ([[span(0, 4)], [span(0, 4.9)]], []),
        ([[span(0, 4)], [span(0, 5)]], [(4, 5, 0.5)]),
        ([[span(0, 4)], []], [(0, 4, 0.5)]),
        ([[span(0, 4)], [span(0, 4, "frown")]], [(0, 4, 0.5)]),
        ([[span(0, 4)], [span(0, 4)], [span(2, 4, "frown")]], [(0, 4, 1 / 3)]),
        ([[span(0, 2), span(2, 4)], [span(0, 4)]], []),
        ([[span(0, 2), span(5, 8)], [span(0, 8)]], [(2, 5, 0.5)]),
    ],
)
def test_segments_differ_where_not_all_say_the_same_for_a_second(
    lanes: list[list[Span]], found: list[tuple[float, float, float]]
) -> None:
    told = [(start_ns / NS, end_ns / NS, spread) for start_ns, end_ns, spread in stretches(lanes)]
    assert told == [pytest.approx(each) for each in found]


@pytest.mark.parametrize(
    ("lanes", "found"),
    [
        ([[span(1, 1)], [span(1.25, 1.25)]], []),
        ([[span(1, 1)], [span(1.26, 1.26)]], [(1, 1), (1.26, 1.26)]),
        ([[span(1, 1)], [span(1.1, 1.1, "frown")]], [(1, 1.1)]),
        ([[span(1, 1)], []], [(1, 1)]),
        ([[span(1, 1), span(1.1, 1.1)], [span(1, 1)]], [(1, 1.1)]),
        ([[], []], []),
    ],
)
def test_points_differ_where_not_all_marked_alike_within_a_quarter_of_a_second(
    lanes: list[list[Span]], found: list[tuple[float, float]]
) -> None:
    assert [(start_ns / NS, end_ns / NS) for start_ns, end_ns, _ in point_groups(lanes)] == found


@pytest.mark.parametrize(
    ("values", "found"),
    [([], []), ([0, 0], []), ([1], [(0, 1)]), ([0, 1, 1, 0, 1], [(1, 3), (4, 5)])],
)
def test_runs_are_told_by_their_first_and_what_follows_them(
    values: list[int], found: list[tuple[int, int]]
) -> None:
    assert runs(np.array(values, bool)) == found


@pytest.fixture
def place(small: Study) -> StudyPlace:
    make_plan(small, "talk", add_scheme(small, SCHEME), list(PEOPLE), 3, Shares(1.0, 0.0))
    return StudyPlace(small)


def same_trial(place: StudyPlace, item: Item, annotator: str) -> Item:
    return next(i for i in place.queue(annotator) if (i.uuid, i.trial) == (item.uuid, item.trial))


def work(
    place: StudyPlace,
    item: Item,
    annotator: str,
    tier: str,
    *marks: tuple[float, float, str],
    finish: bool = True,
) -> None:
    """Mark stretches (seconds from the item's start) and finish the item."""
    mine = same_trial(place, item, annotator)
    with place.log(mine, annotator) as log:
        for start_s, end_s, label in marks:
            start_ns, end_ns = (mine.start_ns + round(each * NS) for each in (start_s, end_s))
            log.add(tier, trial=mine.trial, item=mine.code, start_ns=start_ns, end_ns=end_ns, label=label)
        if finish:
            log.finish(mine.code)


def moment_s(matter: Matter) -> tuple[float, ...]:
    assert matter.moment_ns is not None
    return tuple((each - matter.item.start_ns) / NS for each in matter.moment_ns)


def test_a_segment_of_some_is_a_moment_with_letters_and_those_who_were_silent(place: StudyPlace) -> None:
    item = place.queue("anna")[0]
    assert matters(place.study, SCHEME) == ()
    work(place, item, "anna", "face", (0.5, 2.5, "smile"))
    work(place, item, "ben", "face", (0.5, 2.5, "smile"))
    assert matters(place.study, SCHEME) == ()
    work(place, item, "cem", "face")
    (matter,) = matters(place.study, SCHEME)
    assert (matter.kind, matter.tier, matter.question, matter.text) == ("disagreement", "face", "", "Face")
    assert moment_s(matter) == pytest.approx((0.5, 2.5))
    assert matter.spread == pytest.approx(1 / 3)
    assert (matter.item.trial, matter.item.window_s) == (item.trial, item.window_s)
    assert sorted([each.letter for each in matter.said] + list(matter.silent)) == ["A", "B", "C"]
    assert not any(name in str(matter) for name in PEOPLE)


def test_what_is_not_finished_does_not_count(place: StudyPlace) -> None:
    item = place.queue("anna")[0]
    work(place, item, "anna", "face", (0.5, 2.5, "smile"))
    work(place, item, "ben", "face", (0.5, 2.5, "frown"), finish=False)
    assert matters(place.study, SCHEME) == ()


def test_moments_of_a_recording_outside_of_any_plan_lie_in_the_whole_of_it(place: StudyPlace) -> None:
    whole = place.whole(place.recordings()[0], SCHEME.id)
    start_ns = whole.start_ns + NS
    for annotator, label in (("anna", "smile"), ("ben", "frown")):
        with place.log(whole, annotator) as log:
            log.add("face", start_ns=start_ns, end_ns=start_ns + 2 * NS, label=label)
    (matter,) = matters(place.study, SCHEME)
    assert (matter.item, moment_s(matter), matter.silent) == (whole, (1.0, 3.0), ())
    agree_with(place.study, matter, "A")
    assert matters(place.study, SCHEME)[0].is_resolved


@pytest.mark.parametrize("tier", ["face", "blink"])
def test_agreeing_with_a_letter_makes_a_mark_of_the_curators_own(place: StudyPlace, tier: str) -> None:
    item = place.queue("anna")[0]
    end_s = 2.5 if tier == "face" else 0.5
    work(place, item, "anna", tier, (0.5, end_s, "smile"))
    work(place, item, "ben", tier)
    (matter,) = matters(place.study, SCHEME)
    before = {path: path.read_bytes() for path in find_logs(place.folder / "annotations")}
    agree_with(place.study, matter, matter.said[0].letter)
    (settled,) = matters(place.study, SCHEME)
    assert settled.answer == "Smile"
    with place.log(item, CURATOR, write=False) as log:
        (mark,) = log.marks()
    assert (mark.start_ns, mark.end_ns) == (matter.said[0].mark.start_ns, matter.said[0].mark.end_ns)
    assert (mark.annotator, mark.trial, mark.label) == (CURATOR, item.trial, "smile")
    assert {path: path.read_bytes() for path in before} == before


def test_agreeing_with_who_marked_nothing_is_kept_in_words(place: StudyPlace) -> None:
    item = place.queue("anna")[0]
    work(place, item, "anna", "blink", (0.5, 0.5, "smile"))
    work(place, item, "ben", "blink")
    (matter,) = matters(place.study, SCHEME)
    agree_with(place.study, matter, *matter.silent)
    (settled,) = matters(place.study, SCHEME)
    assert settled.answer == NOTHING_THERE
    with place.log(item, CURATOR, write=False) as log:
        assert log.marks() == ()


def trace(place: StudyPlace, item: Item, annotator: str, *levels: float) -> None:
    """Rate each second of an item at one level."""
    mine = same_trial(place, item, annotator)
    with place.log(mine, annotator) as log:
        take = log.begin_take("mood", mine.trial, mine.code, "mouse")
        for second, level in enumerate(levels):
            for part in range(20):
                t_ns = mine.start_ns + round((second + part / 20) * NS)
                take.append(t_ns, t_ns, level)
        take.end()
        log.finish(mine.code)


def test_traces_are_a_moment_where_they_lie_a_quarter_of_the_scale_apart(place: StudyPlace) -> None:
    item = place.queue("anna")[0]
    trace(place, item, "anna", 0.0, 0.0, 0.0, 0.0)
    trace(place, item, "ben", 0.2, 0.8, 0.8, 0.2)
    (matter,) = matters(place.study, SCHEME)
    assert (matter.tier, matter.question, matter.silent) == ("mood", "valence", ())
    assert moment_s(matter) == pytest.approx((1.0, 3.0), abs=0.5)
    assert matter.spread == pytest.approx(0.4)
    means = sorted(each.mark.value["valence"] for each in matter.said)
    assert means == pytest.approx([0.0, 0.8], abs=0.05)
    reply(place.study, matter, "In between.")
    assert [each.answer for each in matters(place.study, SCHEME)] == ["In between."]
