"""Cases in time: windows never leave their trial, artefacts are masked by the share that they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import CorpusError, Span, Trial
from analysis.corpus.cutting import cases_of, covered, spans_of, windows_of
from analysis.corpus.padding import Cut, padded
from analysis.features.feature import Steps
from analysis.targets.recipe import Lost


def trial(index: int = 0, shown: Span = (10.0, 20.0), **stages: tuple[Span, ...]) -> Trial:
    return Trial("rec", "P01", "1", index, "beach", "positive", shown[0] - 1, shown[1] + 5, shown, stages)


@given(
    start=st.floats(0, 1e5),
    length=st.floats(0, 100),
    window=st.floats(0.5, 30),
    hop=st.floats(0, 10).filter(lambda hop: hop == 0 or hop > 0.1),
)
@settings(max_examples=200, deadline=None)
def test_windows_never_leave_their_span(start: float, length: float, window: float, hop: float) -> None:
    found = list(windows_of((start, start + length), window, hop))
    for first, stop in found:
        assert start <= first
        assert stop <= start + length
        assert stop - first == pytest.approx(window, abs=1e-5)
    step = hop or window
    assert len(found) == max(0, int((length - window + 1e-6) // step) + 1 if length + 1e-6 >= window else 0)


@pytest.mark.parametrize(
    ("marks", "share"),
    [
        ((), 0.0),
        (((0.0, 5.0),), 0.0),
        (((10.0, 15.0),), 0.5),
        (((5.0, 12.0), (18.0, 30.0)), 0.4),
        (((10.0, 14.0), (12.0, 16.0)), 0.6),
        (((12.0, 16.0), (10.0, 20.0)), 1.0),
    ],
)
def test_share_under_marks_counts_what_several_cover_once(marks: tuple[Span, ...], share: float) -> None:
    assert covered((10.0, 20.0), marks) == pytest.approx(share)


@pytest.mark.parametrize(
    ("spec", "marks", "overlap", "spans", "lost"),
    [
        (CaseSpec(), (), 0.5, [(10.0, 20.0)], []),
        (CaseSpec(), ((10.0, 14.0),), 0.5, [(10.0, 20.0)], []),
        (CaseSpec(), ((10.0, 15.0),), 0.5, [], ["lies under artefact marks"]),
        (CaseSpec("window", 5.0), (), 0.5, [(10.0, 15.0), (15.0, 20.0)], []),
        (
            CaseSpec("window", 5.0, 2.5),
            ((15.0, 16.0),),
            0.2,
            [(10.0, 15.0)],
            ["2 of 3 windows lie under artefact marks"],
        ),
        (CaseSpec("window", 30.0), (), 0.5, [], ["is shorter than a window of 30 s"]),
        (CaseSpec("trial", stage="typing"), (), 0.5, [(21.0, 30.0)], []),
        (CaseSpec("window", 3.0, stage="typing"), (), 0.5, [(21.0, 24.0), (26.0, 29.0)], []),
        (CaseSpec("trial", stage="speaking"), (), 0.5, [], ["has no stage 'speaking'"]),
    ],
)
def test_trials_become_cases(
    spec: CaseSpec, marks: tuple[Span, ...], overlap: float, spans: list[Span], lost: list[str]
) -> None:
    known = trial(typing=((21.0, 24.0), (26.0, 30.0)))
    rows, gone = cases_of([known], spec, {"rec": marks}, overlap)
    assert [span for _, span in rows] == spans
    assert gone == [Lost(("rec", 0), why) for why in lost]


def test_windows_of_no_length_are_refused() -> None:
    with pytest.raises(CorpusError, match="window_s must be over 0"):
        cases_of([trial()], CaseSpec("window"), {}, 0.5)


def test_a_trial_takes_all_spans_of_the_inputs_stage_and_a_window_itself() -> None:
    rows = [(trial(typing=((21.0, 24.0), (26.0, 30.0))), (10.0, 20.0)), (trial(1), (40.0, 50.0))]
    spec = InputSpec("keys", "keys", "keys.intervals", stage="typing")
    spans, owners = spans_of(rows, [4, 7], spec, CaseSpec())
    assert spans.tolist() == [[21.0, 24.0], [26.0, 30.0]]
    assert owners.tolist() == [4, 4]
    spans, owners = spans_of(rows, [4, 7], spec, CaseSpec("window", 10.0))
    assert spans.tolist() == [[10.0, 20.0], [40.0, 50.0]]
    assert owners.tolist() == [4, 7]


@pytest.mark.parametrize(
    ("spec", "cases", "expected"),
    [
        (InputSpec("text", "text", "text.hashed"), CaseSpec(), [[9.0, 25.0]]),
        (InputSpec("text", "text", "text.hashed", stage="speaking"), CaseSpec(), [[21.0, 24.0]]),
        (InputSpec("text", "text", "text.hashed"), CaseSpec("window", 10.0), [[10.0, 20.0]]),
        (InputSpec("text", "text", "text.hashed"), CaseSpec("trial", stage="picture"), [[10.0, 20.0]]),
        (InputSpec("eda", "eda", "samples"), CaseSpec(), [[10.0, 20.0]]),
    ],
)
def test_a_text_is_of_the_whole_trial_since_people_speak_after_the_stimulus(
    spec: InputSpec, cases: CaseSpec, expected: list[list[float]]
) -> None:
    rows = [(trial(speaking=((21.0, 24.0),)), (10.0, 20.0))]
    spans, owners = spans_of(rows, [3], spec, cases)
    assert spans.tolist() == expected
    assert owners.tolist() == [3]


def test_the_texts_of_a_visit_are_those_of_its_whole_trials() -> None:
    parts = (trial(0), trial(1, (40.0, 50.0)))
    rows, _ = cases_of(parts, CaseSpec("session"), {}, 0.5)
    spans, _ = spans_of(rows, [0], InputSpec("text", "text", "text.hashed"), CaseSpec("session"))
    assert spans.tolist() == [[9.0, 25.0], [39.0, 55.0]]


def steps(lengths: list[int], names: tuple[str, ...] = ("a", "b")) -> Steps:
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
    values = np.arange(1, 2 * first[-1] + 1, dtype=np.float32).reshape(-1, 2)
    times = np.concatenate([0.5 * np.arange(length) for length in lengths]) if first[-1] else np.zeros(0)
    return Steps(values, first, times, names)


SPEC = InputSpec("eda", "eda", "samples")


def test_steps_are_padded_behind_their_lengths() -> None:
    found, told = padded(SPEC, [Cut(steps([2, 3]), np.array([0, 2]))], 4)
    assert found is not None
    assert told == []
    assert found.values.shape == (4, 3, 2)
    assert found.lengths.tolist() == [2, 0, 3, 0]
    assert found.present.tolist() == [True, False, True, False]
    assert not found.values[~found.inside].any()
    assert found.rate_hz == 2.0


def test_several_spans_of_a_case_follow_each_other() -> None:
    found, _ = padded(SPEC, [Cut(steps([2, 3]), np.array([1, 1]))], 2)
    assert found is not None
    assert found.lengths.tolist() == [0, 5]
    assert np.array_equal(found.values[1], steps([5]).values)


def test_a_case_of_which_nothing_could_be_computed_is_absent() -> None:
    empty = steps([2, 2])
    empty.values[2:] = np.nan
    found, _ = padded(SPEC, [Cut(empty, np.array([0, 1]))], 2)
    assert found is not None
    assert found.present.tolist() == [True, False]
    assert found.values[1].tolist() == [[0, 0], [0, 0]]


def test_columns_of_all_recordings_come_in_one_order() -> None:
    cuts = [
        Cut(steps([1]), np.array([0])),
        Cut(steps([1]), np.array([1])),
        Cut(steps([1], ("b", "a")), np.array([2])),
        Cut(steps([1], ("b", "c")), np.array([3])),
    ]
    found, told = padded(SPEC, cuts, 4)
    assert found is not None
    assert found.names == ("a", "b")
    assert found.values[:, 0].tolist() == [[1, 2], [1, 2], [2, 1], [0, 0]]
    assert told == ["eda: 1 recordings have other channels, and go without it"]
