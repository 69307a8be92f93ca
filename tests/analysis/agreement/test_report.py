"""What is told about each kind of labels, and the moments behind a matrix and a strip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.agreement.alpha import krippendorff_alpha
from analysis.agreement.formulas import FORMULAS
from analysis.agreement.kappa import cohen_kappa
from analysis.agreement.moments import matrix_of, moments_of, recordings_of, rows_of, strip_of
from analysis.agreement.numbers import concordance, icc
from analysis.agreement.report import Report, assess
from analysis.agreement.spans import Marked, Span
from analysis.agreement.tables import Marks, Ratings, Table, Traces, Unit, clusters_of, in_bins
from analysis.agreement.telling import COLUMNS, interval_words, value_words
from analysis.agreement.telling import rows_of as table_rows

NS = 1_000_000_000
X = np.nan
RATERS = ("ann", "bo", "cem")


def units(count: int, trials: int = 4, length_s: int = 4) -> tuple[Unit, ...]:
    """Trials of some recordings, one behind the other."""
    found = []
    for number in range(count):
        recording, trial = divmod(number, trials)
        start_ns = (100 + trial * length_s) * NS
        name = f"sub-{recording:02d}"
        found.append(
            Unit(
                f"{name}, trial {trial + 1}",
                Path(f"{name}.h5"),
                name,
                trial,
                start_ns,
                start_ns + length_s * NS,
            )
        )
    return tuple(found)


RANDOM = np.random.default_rng(8)
SCALE = np.clip(RANDOM.integers(2, 9, (12, 1)) + RANDOM.integers(-1, 2, (12, 3)), 1, 9).astype(float)
SCALE[3, 2] = np.nan
ANSWERS = Ratings(units(12), RATERS, SCALE, "ordinal", low=1, high=9)
CLASSES = Ratings(
    units(12), RATERS, np.where(SCALE > 5, 1.0, np.where(np.isnan(SCALE), X, 0.0)), "nominal", ("low", "high")
)


def span(start_s: float, end_s: float, label: str = "smile") -> Span:
    """A segment in seconds."""
    return Span(round(start_s * NS), round(end_s * NS), label)


def marks(points: bool = False) -> Marks:
    """Two raters, two trials, of which the second rater did only the first."""
    ours: list[Marked] = [[span(101, 102)], [span(105, 106), span(106, 107.5, "frown")]]
    theirs: list[Marked] = [[span(101.1, 102.1)], None]
    if points:
        ours, theirs = [[span(101, 101)], []], [[span(101.2, 101.2), span(103, 103)], []]
    rows = tuple(zip(ours, theirs, strict=True))
    return Marks(units(2), ("ann", "bo"), rows, points, {"smile": "Smile", "frown": "Frown"})


def traces(bounded: bool = True) -> Traces:
    """Three raters on five trials."""
    grids = []
    for number in range(5):
        curve = np.cumsum(np.random.default_rng(number).normal(size=17)) / 10
        grids.append(np.column_stack([curve, curve + 0.1, np.full(17, np.nan) if number == 4 else -curve]))
    return Traces(units(5), RATERS, tuple(grids), -1, 1, bounded)


def value(report: Report, key: str) -> float:
    """Return a coefficient."""
    found = next(line.outcome.value for line in report.lines if line.formula.key == key)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (CLASSES, "alpha_nominal cohen fleiss raw"),
        (
            ANSWERS,
            "alpha_ordinal alpha_interval icc_single icc_average"
            " kappa_quadratic kappa_linear ccc pearson raw",
        ),
        (marks(), "alpha_bins f1_segments raw"),
        (marks(points=True), "alpha_bins f1_points raw"),
        (traces(), "ccc_trials icc_single icc_average pearson_trials pearson_differences"),
        (traces(bounded=False), "pearson_trials pearson_differences"),
    ],
)
def test_each_kind_of_labels_has_its_coefficients(table: Table, keys: str) -> None:
    report = assess(table, resamples=20)
    assert [line.formula.key for line in report.lines] == keys.split()
    rows = list(table_rows("mood", report, {"ann": report}))
    assert {name for row in rows for name in row} <= set(COLUMNS)
    assert {row["annotators"] for row in rows} >= {"all", "ann, twice"}


def test_every_formula_has_a_sentence_and_a_source() -> None:
    for key, formula in FORMULAS.items():
        assert formula.key == key
        assert formula.sentence.endswith(".") and formula.source
        assert not {"good", "poor", "fair", "excellent"} & set(formula.sentence.lower().split())


def test_a_scale_is_told_by_its_coefficients() -> None:
    report = assess(ANSWERS, resamples=50)
    assert value(report, "alpha_ordinal") == krippendorff_alpha(SCALE, "ordinal").value
    assert value(report, "icc_average") == icc(SCALE, "average").value
    pairs = [(0, 1), (0, 2), (1, 2)]
    assert [(pair.one, pair.other) for pair in report.pairs] == [(RATERS[a], RATERS[b]) for a, b in pairs]
    kappas = [cohen_kappa(SCALE[:, a], SCALE[:, b], "quadratic").value for a, b in pairs]
    assert [pair.outcomes["kappa_quadratic"].value for pair in report.pairs] == kappas
    assert value(report, "kappa_quadratic") == pytest.approx(np.mean(np.array(kappas, float)))
    assert report.missing == pytest.approx(1 / 36)
    assert sum(row.ratings for row in report.classes) == 35
    assert sum(row.prevalence for row in report.classes) == pytest.approx(1)


def test_traces_are_told_pair_by_pair_and_trial_by_trial() -> None:
    table = traces()
    report = assess(table, resamples=20)
    cells = []
    for grid in table.values:
        for one, other in ((0, 1), (0, 2), (1, 2)):
            found = concordance(grid[:, one], grid[:, other]).value
            if found is not None:
                cells.append(found)
    assert len(cells) == 13
    assert value(report, "ccc_trials") == pytest.approx(np.mean(cells))
    whole = np.concatenate(table.values[:4])
    assert value(report, "icc_single") == pytest.approx(icc(whole, "single").value)
    assert [lag.rater for lag in report.lags] == list(RATERS)


def test_participants_are_clusters_of_their_trials() -> None:
    assert clusters_of(ANSWERS.units, "participants") == [unit.participant for unit in ANSWERS.units]
    assert len(set(clusters_of(ANSWERS.units, "trials"))) == 12
    by_person = assess(ANSWERS, over="participants").lines[0].interval
    assert by_person.reason == "needs at least 5 participants, there are 3"


def test_bins_know_who_did_not_work_on_a_trial() -> None:
    bins = in_bins(marks())
    assert bins.names == ("Smile", "Frown", "nothing")
    assert bins.values.shape == (16, 2)
    assert np.isfinite(bins.values[:8]).all()
    assert np.isnan(bins.values[8:, 1]).all() and np.isfinite(bins.values[8:, 0]).all()


def test_cells_of_the_matrix_lead_to_their_moments() -> None:
    rows = rows_of(marks())
    assert rows is not None
    matrix = matrix_of(rows, 0, 1)
    assert matrix.counts.sum() == 8
    place = {name: number for number, name in enumerate(matrix.names)}
    assert matrix.counts[place["Smile"], place["Smile"]] == 2
    (moment,) = moments_of(rows, 0, 1, place["Smile"], place["Smile"])
    assert (moment.start_s, moment.stop_s) == (101.0, 102.0), "bins that touch are one moment"
    quiet = moments_of(rows, 0, 1, place["nothing"], place["nothing"])
    assert [(each.start_s, each.stop_s) for each in quiet] == [(100.0, 101.0), (102.0, 104.0)]
    for first in range(len(matrix.names)):
        for second in range(len(matrix.names)):
            length_s = sum(each.stop_s - each.start_s for each in moments_of(rows, 0, 1, first, second))
            assert length_s == matrix.counts[first, second] * 0.5


def strip_values(table: Table) -> NDArray[np.float64]:
    """Return the strip of the first recording."""
    return strip_of(table, recordings_of(table)[0]).values


def test_the_strip_tells_the_share_of_pairs_that_differ() -> None:
    table = Ratings(units(2), RATERS, np.array([[0, 0, 1], [1, X, X]], float), "nominal", ("low", "high"))
    found = strip_values(table)
    assert found[:8] == pytest.approx(np.full(8, 2 / 3))
    assert np.isnan(found[8:]).all()


def test_the_strip_of_numbers_tells_their_distance_on_the_scale() -> None:
    table = Ratings(units(1), ("ann", "bo"), np.array([[1.0, 5.0]]), "ordinal", low=1, high=9)
    assert strip_values(table) == pytest.approx(np.full(8, 0.5))
    assert np.nanmax(strip_values(traces())[8:16]) <= 1.0


def test_words_for_values_and_intervals() -> None:
    line = assess(ANSWERS, resamples=100).lines[0]
    assert value_words(line.outcome) == f"{line.outcome.value:.3f} (n 12)"
    assert interval_words(line.interval).endswith("(BCa, 100 draws)")
    one = Ratings(units(6), ("ann", "bo"), np.zeros((6, 2)), "nominal", ("calm",))
    line = assess(one).lines[0]
    assert value_words(line.outcome) == "undefined: all raters used calm"
    assert interval_words(line.interval) == "no interval: the coefficient is undefined"


def test_nothing_at_all_is_told_too() -> None:
    for table in (
        Ratings((), (), np.zeros((0, 0)), "nominal", ("low", "high")),
        Marks((), (), (), False, {}),
        Traces((), (), (), -1, 1),
    ):
        report = assess(table)
        assert (report.raters, report.units, report.pairs) == ((), 0, ())
        assert all(line.outcome.value is None and line.outcome.reason for line in report.lines)
