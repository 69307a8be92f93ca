"""Tests over stimuli and over the models they show: against statsmodels' least squares and mixed models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from statsmodels.formula.api import mixedlm, ols
from statsmodels.stats.anova import AnovaRM, anova_lm

from analysis.statistics.items import by_items, mixed
from analysis.statistics.repeated import StatisticsError, anova, contrasts

EXPRESSIONS = ("happy", "disgust", "neutral")


def faces(counts: tuple[int, ...] = (5, 5), seed: int = 0) -> pd.DataFrame:
    """Return a picture of each model (so many a level) and expression, the models with their own mean."""
    random = np.random.default_rng(seed)
    told = []
    for level, count in enumerate(counts):
        for number in range(count):
            own = random.normal()
            told += [
                (f"face-{level}-{number}", f"level-{level}", face, own + 0.7 * level + random.normal() * 0.5)
                for face in EXPRESSIONS
            ]
    found = pd.DataFrame(told, columns=["model", "level", "face", "y"])
    found["item"] = found["model"] + "-" + found["face"]
    return found


def texts(frame: pd.DataFrame, name: str) -> NDArray[np.str_]:
    return np.array(frame[name].tolist(), np.str_)


def _without_last(_: pd.DataFrame) -> pd.DataFrame:
    """Return three levels, of the last of which no model has every expression."""
    more = faces((4, 4, 2), seed=9)
    return more[~more["item"].isin(["face-2-0-happy", "face-2-1-disgust"])]


def over(frame: pd.DataFrame, with_models: bool = True) -> tuple[list[tuple[float, float, float]], int]:
    """Return df1, df2 and F of expression, level and both, and how many were counted."""
    found = by_items(
        texts(frame, "item"), (texts(frame, "face"), texts(frame, "level")), frame["y"].to_numpy(),
        ("face", "level"), texts(frame, "model") if with_models else None,
    )  # fmt: skip
    return [(each.df1, each.df2, each.f) for each in found.effects], found.n


@pytest.mark.parametrize("seed", range(3))
def test_models_with_every_expression_are_tested_as_a_mixed_model_does(seed: int) -> None:
    frame = faces(seed=seed)
    found, counted = over(frame)
    assert counted == 10
    assert [each[:2] for each in found] == [(2, 16), (1, 8), (2, 16)]
    fit = mixedlm("y ~ C(face, Sum) * C(level, Sum)", frame, groups="model").fit(reml=True)
    wald = fit.wald_test_terms(scalar=True).table
    for (df1, _, f), name in zip(
        found, ("C(face, Sum)", "C(level, Sum)", "C(face, Sum):C(level, Sum)"), strict=True
    ):
        assert f * df1 == pytest.approx(float(wald.loc[name, "statistic"]), rel=1e-3)


def test_pictures_of_one_model_counted_apart_promise_too_much() -> None:
    frame = faces(seed=1)
    apart, counted = over(frame, with_models=False)
    together, _ = over(frame)
    assert counted == 30 and apart[1][:2] == (1, 24) and together[1][:2] == (1, 8)

    def is_found(seed: int, with_models: bool) -> bool:
        told = faces(seed=seed)
        own = told["y"] - 0.7 * (told["level"] == "level-1")
        found = by_items(
            texts(told, "item"), (texts(told, "level"),), own.to_numpy(), ("level",),
            texts(told, "model") if with_models else None,
        )  # fmt: skip
        return bool(found.effects[0].p < 0.05)

    # Without any effect of the level: at its level over models, far above it over pictures.
    assert sum(is_found(seed, True) for seed in range(100)) <= 11
    assert sum(is_found(seed, False) for seed in range(100)) >= 15


def test_levels_with_unequal_numbers_of_models_are_of_type_three() -> None:
    frame = faces((3, 7), seed=4)
    found, _ = over(frame)
    wide = frame.pivot(index=["model", "level"], columns="face", values="y")[list(EXPRESSIONS)].reset_index()
    scores = wide[list(EXPRESSIONS)].to_numpy()
    wide["mean"] = scores.mean(axis=1)
    own = anova_lm(ols("mean ~ C(level, Sum)", wide).fit(), typ=3)
    assert found[1][1:] == pytest.approx((8, own.loc["C(level, Sum)", "F"]))
    # The expression: sums of squares of both contrasts' intercept and of the level on them.
    told = []
    for column in (scores @ contrasts(3)).T:
        told.append(anova_lm(ols("z ~ C(level, Sum)", wide.assign(z=column)).fit(), typ=3)["sum_sq"])
    whole = sum(told)
    assert found[0][2] == pytest.approx((whole["Intercept"] / 2) / (whole["Residual"] / 16))
    assert found[2][2] == pytest.approx((whole["C(level, Sum)"] / 2) / (whole["Residual"] / 16))


def test_without_a_factor_between_it_is_repeated_measures() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(9, 3, 2)) + random.normal(size=(9, 1, 1))
    codes = (np.zeros(9, np.intp), np.zeros(9, np.intp))
    for ours, theirs in zip(
        mixed(values, codes, (False, False), ("a", "b")), anova(values, ("a", "b")), strict=True
    ):
        assert (ours.f, ours.p, ours.df2) == pytest.approx((theirs.f, theirs.p, theirs.df2))
        assert (ours.sphericity is None) == (theirs.sphericity is None)


def test_epsilons_of_two_groups_are_of_the_pooled_covariance_after_lecoutre() -> None:
    random = np.random.default_rng(8)
    values = random.normal(size=(14, 4)) * (1, 1, 2, 4)
    level = np.repeat([0, 1], 7)
    effects = mixed(values[:, None], (level, np.zeros(14, np.intp)), (True, False), ("level", "face"))
    found = effects[1].sphericity
    assert effects[1].name == "face" and found is not None
    pooled = np.mean([np.cov(values[level == each], rowvar=False) for each in (0, 1)], axis=0)
    k = 4
    above = k**2 * (np.diag(pooled).mean() - pooled.mean()) ** 2
    below = (k - 1) * (
        (pooled**2).sum() - 2 * k * (pooled.mean(axis=1) ** 2).sum() + k**2 * pooled.mean() ** 2
    )
    gg = above / below
    # n - g + 1 in the numerator, where Huynh and Feldt had n.
    hf = ((14 - 2 + 1) * 3 * gg - 2) / (3 * (14 - 2 - 3 * gg))
    assert found.greenhouse_geisser == pytest.approx(gg)
    assert found.huynh_feldt == pytest.approx(min(1.0, hf))


def test_stimuli_of_one_cell_each_are_tested_as_statsmodels_does() -> None:
    random = np.random.default_rng(0)
    told = [
        (f"{a}-{b}-{place}", a, b, random.normal() + (a == "x"))
        for a in ("x", "y")
        for b in ("u", "v")
        for place in range(4)
        if (a, b, place) not in (("x", "u", 3), ("y", "v", 0))
        for _ in range(6)
    ]
    frame = pd.DataFrame(told, columns=["item", "a", "b", "y"])
    found = by_items(
        texts(frame, "item"), (texts(frame, "a"), texts(frame, "b")), frame["y"].to_numpy(), ("a", "b")
    )
    means = frame.groupby(["item", "a", "b"], as_index=False)["y"].mean()
    theirs = anova_lm(ols("y ~ C(a, Sum) * C(b, Sum)", means).fit(), typ=3)
    assert (found.n, found.between, found.within) == (14, ("a", "b"), ())
    for ours, name in zip(found.effects, ("C(a, Sum)", "C(b, Sum)", "C(a, Sum):C(b, Sum)"), strict=True):
        assert (ours.f, ours.p) == pytest.approx((theirs.loc[name, "F"], theirs.loc[name, "PR(>F)"]))
        assert ours.df2 == 10


def test_stimuli_shown_in_every_cell_are_repeated_measures() -> None:
    frame = faces(seed=2)
    found = by_items(texts(frame, "model"), (texts(frame, "face"),), frame["y"].to_numpy(), ("face",))
    theirs = AnovaRM(frame, "y", "model", within=["face"]).fit().anova_table
    assert (found.n, found.between, found.within) == (10, (), ("face",))
    assert (found.effects[0].f, found.effects[0].df2) == pytest.approx((theirs["F Value"].iloc[0], 18))


def test_a_model_that_lacks_a_cell_is_left_out_and_counted() -> None:
    frame = faces(seed=5)
    less = frame[frame["item"] != "face-0-2-disgust"]
    found, counted = over(less)
    assert counted == 9 and found == over(frame[frame["model"] != "face-0-2"])[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.assign(item="", model=""), "no stimulus with a name"),
        (lambda frame: frame[frame["model"].isin(["face-0-0", "face-1-0"])], "some need two"),
        (lambda frame: frame.assign(y=1 / 3), "do not differ at all"),
        (lambda frame: frame.drop(frame.index[::3][:6]), "Models are in several cells, but not in all"),
        (_without_last, "some need two"),
        (lambda frame: frame[frame["face"] == "happy"], "at least two levels"),
    ],
)
def test_what_cannot_be_tested_over_models_is_said(change: object, words: str) -> None:
    assert callable(change)
    with pytest.raises(StatisticsError, match=words):
        over(change(faces()))
