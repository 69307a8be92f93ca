"""Each participant's own ranks as a step: whatever a participant's scale, and whatever the training rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.corpus.cases import Batch
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.steps import StepError, fit_steps, is_transductive, prepare
from tests.helpers.batches import make_batch


def ranked(batch: Batch) -> Batch:
    return fit_steps(["rank-participant"], batch.rows(np.arange(8)), Ledger.of(np.arange(8))).apply(batch)


def test_a_participants_own_scale_and_warp_do_not_matter() -> None:
    batch = make_batch(shapes={"eda": (3, 4)}, effect=2.0)
    eda = batch.inputs["eda"]
    own = np.unique(batch.cases.participant, return_inverse=True)[1][:, None, None]
    warped = replace(eda, values=np.exp((own + 1) * 0.3 * eda.values + 5 * own).astype(np.float32))
    before, after = ranked(batch), ranked(replace(batch, inputs={"eda": warped}))
    np.testing.assert_allclose(before.inputs["eda"].values, after.inputs["eda"].values, atol=1e-5)


def test_every_participants_numbers_are_normal_scores_in_their_order() -> None:
    batch = make_batch(participants=3, trials=40, shapes={"eda": (1, 2)}, fingerprint=9.0)
    made = ranked(batch).inputs["eda"].values[:, 0]
    for code in np.unique(batch.cases.participant):
        rows = batch.cases.participant == code
        np.testing.assert_allclose(made[rows].mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(made[rows].std(axis=0), 1, atol=0.05)
        before = batch.inputs["eda"].values[rows, 0]
        np.testing.assert_array_equal(np.argsort(before, axis=0), np.argsort(made[rows], axis=0))


def test_it_says_that_it_looks_at_test_cases_and_learns_nothing() -> None:
    batch = make_batch()
    assert is_transductive(["impute", "rank-participant"]) == ("rank-participant",)
    assert not fit_steps(["rank-participant"], batch, Ledger.of(batch.cases.id)).fitted[0]["bvp"]


def smoothed(batch: Batch) -> Batch:
    rows = np.flatnonzero(batch.cases.participant == batch.cases.participant[0])
    return prepare(["smooth-recording"], batch, rows, Ledger.of(batch.cases.id))[1]


def test_neighbours_in_time_are_averaged_and_other_recordings_are_not() -> None:
    batch = make_batch(participants=3, trials=30, shapes={"eda": (1, 2)})
    made = smoothed(batch).inputs["eda"].values[:, 0]
    middle_s = (batch.cases.start_s + batch.cases.stop_s) / 2
    before = batch.inputs["eda"].values[:, 0].astype(np.float64)
    for row in (0, 17, 45, 89):
        own = batch.cases.recording == batch.cases.recording[row]
        weights = np.exp(-0.5 * ((middle_s[own] - middle_s[row]) / 60) ** 2)
        np.testing.assert_allclose(made[row], weights @ before[own] / weights.sum(), atol=1e-5)


def test_what_could_not_be_computed_takes_its_neighbours() -> None:
    batch = make_batch(participants=2, trials=10, shapes={"eda": (1, 1)})
    batch.inputs["eda"].values[:] = 7
    batch.inputs["eda"].values[3] = np.nan
    assert np.allclose(smoothed(batch).inputs["eda"].values, 7)


def test_a_split_through_a_recording_refuses_it() -> None:
    batch = make_batch(shapes={"eda": (1, 2)})
    with pytest.raises(StepError, match="lies on both sides of the split"):
        prepare(["smooth-recording"], batch, np.arange(4), Ledger.of(np.arange(4)))


def test_a_course_in_time_stays_as_it_is() -> None:
    batch = make_batch(shapes={"eda": (3, 2)})
    np.testing.assert_array_equal(smoothed(batch).inputs["eda"].values, batch.inputs["eda"].values)
