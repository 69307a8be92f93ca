"""How sure an answer may be is what held-out predictions tell."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.evaluation.run_folder import Predictions
from analysis.live.uncertainty import Calibration, calibration_of, fitted_temperature, tempered
from tests.helpers.batches import make_batch


def predictions(proba: np.ndarray, y: np.ndarray, classes: tuple[str, ...] = ("a", "b")) -> Predictions:
    cases = make_batch(4, trials=len(y) // 4).cases
    return Predictions(cases.rows(np.arange(len(y))), y, proba, np.full(len(y), "f"), classes)


def overconfident(cases: int = 400, temperature: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that are far too sure: the truth is drawn from them at a higher temperature."""
    chance = np.random.default_rng(5)
    raw = np.exp(3 * chance.standard_normal((cases, 2)))
    raw /= raw.sum(axis=1, keepdims=True)
    honest = tempered(raw, temperature)
    return raw, (chance.random(cases) > honest[:, 0]).astype(np.int64)


def test_the_temperature_that_answers_were_drawn_at_is_found() -> None:
    proba, y = overconfident(20_000)
    assert fitted_temperature(proba, y) == pytest.approx(3.0, abs=0.15)


def test_overconfident_answers_become_less_sure_and_keep_their_order() -> None:
    proba, y = overconfident()
    known = calibration_of(predictions(proba, y))
    judged = known.judge(proba[0], True)
    assert known.cases == 400 and known.temperature > 1.5 and "400 held-out" in known.words
    assert judged.proba.max() < proba[0].max() and judged.proba.argmax() == proba[0].argmax()
    assert judged.proba.sum() == pytest.approx(1.0)


def test_how_often_it_was_right_when_as_sure_is_counted() -> None:
    proba, y = overconfident()
    known = calibration_of(predictions(proba, y))
    fitted = tempered(proba, known.temperature)
    sure = fitted.max(axis=1)
    inside = (sure >= 0.7) & (sure < 0.8)
    share = float((fitted.argmax(axis=1) == y)[inside].mean())
    place = int(np.flatnonzero(inside)[0])
    assert known.judge(proba[place], True).right == pytest.approx(share)


def test_entropy_goes_from_sure_to_knowing_nothing() -> None:
    plain = Calibration()
    assert plain.judge(np.array([1.0, 0.0, 0.0]), True).entropy == pytest.approx(0.0, abs=1e-9)
    assert plain.judge(np.full(3, 1 / 3), True).entropy == pytest.approx(1.0)
    assert plain.judge(np.array([0.2, 0.8]), True).right is None and "not calibrated" in plain.words


def test_too_few_held_out_cases_tell_nothing() -> None:
    proba, y = overconfident(12)
    assert calibration_of(predictions(proba, y)).cases == 0
    assert calibration_of(None).cases == 0


def test_numbers_have_the_spread_of_their_errors() -> None:
    chance = np.random.default_rng(1)
    y = chance.standard_normal((400, 1))
    known = calibration_of(predictions(y + 0.3 * chance.standard_normal((400, 1)), y, ()))
    judged = known.judge(np.array([2.0]), False)
    assert judged.sd == pytest.approx((0.3,), abs=0.05) and np.isnan(judged.entropy)
    assert judged.proba.tolist() == [2.0]
