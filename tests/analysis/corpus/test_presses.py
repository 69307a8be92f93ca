"""Windows about presses: inside their stage, before the press where asked, overlapping ones together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.cases import Cases, CaseSpec
from analysis.corpus.corpus import Span, Trial
from analysis.corpus.cutting import cases_of, plain_cases
from analysis.corpus.presses import few_presses, press_windows, together
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.splits import divide

CENTRED = CaseSpec("press", 2.0, 0.0, "imagery")


def imagined(presses: tuple[float, ...], index: int = 0, person: str = "P01") -> Trial:
    return Trial(
        f"rec-{person}", person, "1", index, "", "pleasant", 100.0, 200.0, (100.0, 200.0),
        {"imagery": ((110.0, 190.0),)}, presses=presses, item="awe",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "windows"),
    [
        (CENTRED, [(119.0, 121.0), (120.5, 122.5)]),
        (replace(CENTRED, window_s=0.0), [(119.0, 121.0), (120.5, 122.5)]),
        (replace(CENTRED, hop_s=-1.0), [(118.0, 120.0), (119.5, 121.5)]),
        (replace(CENTRED, window_s=4.0), [(118.0, 122.0), (119.5, 123.5)]),
    ],
)
def test_a_window_lies_about_its_press_or_ends_at_it(spec: CaseSpec, windows: list[Span]) -> None:
    rows, lost = cases_of([imagined((120.0, 121.5))], spec, {}, 0.5)
    assert [span for _, span in rows] == windows
    assert lost == []


@pytest.mark.parametrize(
    ("presses", "left", "why"),
    [
        ((), 0, "has no press"),
        ((110.5, 150.0), 1, "1 of 2 presses are too near its edges"),
        ((105.0, 150.0), 1, "1 of 2 presses are too near its edges"),
        ((189.5,), 0, "1 of 1 presses are too near its edges"),
    ],
)
def test_presses_that_give_no_window_are_told(presses: tuple[float, ...], left: int, why: str) -> None:
    rows, lost = cases_of([imagined(presses)], CENTRED, {}, 0.5)
    assert len(rows) == left
    assert [each.why for each in lost] == [why]


def test_fewer_than_two_presses_are_warned_of() -> None:
    assert few_presses([imagined((120.0, 130.0))]) == ""
    told = few_presses([imagined((120.0,)), imagined((), 1), imagined((120.0, 130.0), 2)])
    assert told.startswith("2 of 3 trials have fewer than 2 presses (P01)")


def cases_at(presses: list[tuple[float, ...]], people: int = 1) -> Cases:
    trials = [
        imagined(own, index, f"P{person:02d}")
        for person in range(people)
        for index, own in enumerate(presses)
    ]
    return plain_cases(cases_of(trials, CENTRED, {}, 0.5)[0])


def test_overlapping_windows_of_a_trial_go_together_by_chains() -> None:
    # The first three overlap one after the other; windows that only touch hold no common sample.
    names = together(cases_at([(120.0, 121.0, 122.5, 124.5, 150.0), (121.0,)]))
    assert names[0] == names[1] == names[2]
    assert len(set(names)) == 4


@given(
    presses=st.lists(
        st.lists(st.floats(112, 188), min_size=1, max_size=6).map(tuple), min_size=2, max_size=4
    ),
    k=st.integers(2, 5),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_no_fold_by_segment_shares_a_moment(presses: list[tuple[float, ...]], k: int, seed: int) -> None:
    cases = cases_at(presses, people=2)
    y = np.arange(len(cases)) % 2
    division = divide(cases, y, SplitSpec("segments-own", k, seed))
    assert division.leaky
    tested = np.concatenate([fold.test for fold in division.folds])
    assert sorted(tested) == list(range(len(cases)))
    for fold in division.folds:
        assert len(np.unique(cases.participant[np.concatenate([fold.train, fold.test])])) == 1
        for row in fold.test:
            same = fold.train[cases.trial[fold.train] == cases.trial[row]]
            apart = (cases.start_s[same] >= cases.stop_s[row] - 2e-6) | (
                cases.stop_s[same] <= cases.start_s[row] + 2e-6
            )
            assert apart.all()


def test_a_press_outside_of_the_stage_is_none_of_it() -> None:
    assert press_windows(imagined((195.0,)), ((110.0, 190.0),), CENTRED) == []
