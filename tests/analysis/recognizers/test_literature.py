"""What is asked of every network of the literature, each on its own small cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.cases import Batch
from analysis.recognizers.recognizer import Context, Recognizer, decide
from analysis.recognizers.table import make, recognizer_class
from tests.helpers.planted_effects import halves
from tests.helpers.recognizer_samples import SAMPLES, sample

ALL = tuple(SAMPLES)


def score(recognizer: Recognizer, batch: Batch) -> float:
    """Return the share of right answers, or the mean correlation where the answers are numbers."""
    found = recognizer.predict_proba(batch.without_answers())
    assert batch.y is not None
    if batch.classes:
        return float((decide(found) == batch.y).mean())
    return float(np.mean([np.corrcoef(found[:, k], batch.y[:, k])[0, 1] for k in range(found.shape[1])]))


def on_other_people(name: str, effect: bool) -> float:
    wanted = sample(name)
    train, test = halves(wanted.make(wanted.participants, wanted.trials, effect))
    recognizer = make(name, dict(wanted.quick))
    recognizer.fit(train, None, Context(seed=1, unlabelled=test.without_answers()))
    return score(recognizer, test)


@pytest.mark.parametrize("name", ALL)
def test_it_learns_eight_cases_by_heart(name: str) -> None:
    wanted = sample(name)
    batch = wanted.make(2, 4, True)
    assert len(batch) == 8
    recognizer = make(name, {**wanted.quick, **wanted.overfit})
    recognizer.fit(batch, None, Context(seed=1, unlabelled=batch.without_answers()))
    assert score(recognizer, batch) >= (1.0 if batch.classes else 0.9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_it_finds_a_planted_effect_in_people_it_never_saw(name: str) -> None:
    assert on_other_people(name, True) >= sample(name).found


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_it_is_at_chance_where_there_is_none(name: str) -> None:
    low, high = sample(name).chance
    assert low <= on_other_people(name, False) <= high


@pytest.mark.parametrize("name", ALL)
def test_what_is_saved_answers_as_before_and_the_same_seed_gives_the_same_bits(
    name: str, tmp_path: Path
) -> None:
    wanted = sample(name)
    batch = wanted.make(2, 4, True)
    test = wanted.make(3, 2, True).without_answers()
    short = {
        setting.name: 2 for setting in recognizer_class(name).card.settings if setting.name.endswith("epochs")
    }
    first, second = (make(name, {**wanted.quick, **short}) for _ in range(2))
    for each in (first, second):
        each.fit(batch, None, Context(seed=5, unlabelled=test))
    expected = first.predict_proba(test)
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(second.predict_proba(test), expected)
    first.save(tmp_path / "kept")
    loaded = recognizer_class(name).load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict_proba(test), expected)
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.suffix in (".pt", ".pkl", ".pth")]
