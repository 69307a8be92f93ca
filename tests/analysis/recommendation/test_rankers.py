"""Rankers against computations by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recommendation.rankers import RANKERS, features_of, grey_grades, likeness, make_ranker
from analysis.recommendation.viewings import Catalogue, Clip, Viewing

NAMES = tuple("abcdefghijkl")
CLIPS = {
    name: Clip(
        name,
        60.0,
        {"valence": place / 6 - 0.9, "arousal": (-1) ** place * 0.5},
        "odd" if place % 2 else "even",
    )
    for place, name in enumerate(NAMES)
}
LIKINGS = {
    "p": dict(zip("abcde", (1.0, -0.5, 0.5, 0.0, -1.0), strict=True)),
    "q": dict(zip("abcdef", (0.8, -0.2, 0.6, 0.1, -0.9, 0.7), strict=True)),
    "r": dict(zip("abcdeg", (-1.0, 0.6, -0.4, 0.2, 0.9, 0.8), strict=True)),
}
EVERYBODY = Catalogue(
    CLIPS,
    tuple(
        Viewing(who, clip, order, liking=liking)
        for who, likings in LIKINGS.items()
        for order, (clip, liking) in enumerate(likings.items())
    ),
)


def scores_of(
    name: str, clips: tuple[str, ...], target: dict[str, float] | None = None, who: str = "p"
) -> list[float]:
    ranker = make_ranker(name, target)
    ranker.fit(EVERYBODY)
    return [float(score) for score in ranker.score(who, EVERYBODY.of(who), clips)]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=12))
def test_likeness_is_pearsons_r_the_less_the_fewer_clips_are_in_common(
    pairs: list[tuple[float, float]],
) -> None:
    one, two = ({NAMES[place]: pair[side] for place, pair in enumerate(pairs)} for side in (0, 1))
    found = likeness(one, two)
    columns = np.array(pairs).T
    assert -1 - 1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(likeness(two, one))
    if columns.std(axis=1).min() > 1e-3:
        assert found == pytest.approx(np.corrcoef(columns)[0, 1] * min(len(pairs), 10) / 10, abs=1e-6)


def test_one_clip_in_common_or_no_spread_is_no_likeness() -> None:
    assert likeness({"a": 1.0}, {"a": 1.0}) == 0.0
    assert likeness({"a": 0.5, "b": 0.5}, {"a": 0.1, "b": 0.9}) == 0.0


def test_collaborative_is_the_mean_moved_by_those_alike_and_away_from_opposites() -> None:
    own = LIKINGS["p"]
    s = {who: likeness(own, LIKINGS[who]) for who in "qr"}
    assert s["q"] > 0 > s["r"]
    mean = float(np.mean(list(own.values())))

    def expected(clip: str, who: str) -> float:
        others = LIKINGS[who]
        apart = others[clip] - float(np.mean(list(others.values())))
        return mean + s[who] * apart / abs(s[who])

    # f was seen by q only, g by r only, h by nobody.
    told = scores_of("collaborative", ("f", "g", "h"))
    assert told == pytest.approx([expected("f", "q"), expected("g", "r"), mean])


def test_target_is_a_bell_of_width_a_half_around_the_wanted_affect() -> None:
    target = {"valence": 0.1, "arousal": -0.5}
    for name, told in zip("bc", scores_of("target", ("b", "c"), target), strict=True):
        norms = CLIPS[name].norms
        d2 = sum((norms[key] - target[key]) ** 2 for key in target)
        assert told == pytest.approx(math.exp(-d2 / 0.5))


@pytest.mark.parametrize("name", ["norms", "target"])
def test_what_is_not_known_is_not_taken_for_near(name: str) -> None:
    """A clip of which only the valence is known, right at the target, does not win."""
    clips = {
        "half": Clip("half", norms={"valence": 0.6}),
        "both": Clip("both", norms={"valence": 0.4, "arousal": 0.3}),
        "none": Clip("none"),
    }
    ranker = make_ranker(name, {"valence": 0.6, "arousal": 0.5})
    ranker.fit(Catalogue(clips, ()))
    half, both, none = ranker.score("p", (), ("half", "both", "none"))
    assert both == pytest.approx(math.exp(-(0.2**2 + 0.2**2) / 0.5))
    assert half == none == 0.0
    # Where nobody's arousal is known, valence alone is asked for.
    assert ranker.score("p", (), ("half", "none")).tolist() == [1.0, 0.0]


def test_content_is_the_cosine_to_the_weighted_mean_of_what_was_seen() -> None:
    names, table = features_of(EVERYBODY)
    rows = dict(zip(names, table, strict=True))
    wanted = sum(liking * rows[name] for name, liking in LIKINGS["p"].items())
    told = scores_of("content", ("f", "h"))
    for name, score in zip("fh", told, strict=True):
        cosine = rows[name] @ wanted / np.linalg.norm(rows[name]) / np.linalg.norm(wanted)
        assert score == pytest.approx(cosine)


def test_a_bandit_draws_from_the_posterior_of_a_regression_of_liking_on_features() -> None:
    """Mean and covariance of many draws are those of the formula."""
    names, table = features_of(EVERYBODY)
    table = np.column_stack([np.ones(len(names)), table])
    own = EVERYBODY.of("p")
    rows = table[[names.index(each.clip) for each in own]]
    likings = np.array([each.liking for each in own], float)
    cov = np.linalg.inv(table.shape[1] * np.eye(table.shape[1]) + rows.T @ rows / 0.25)
    draws = []
    for seed in range(2000):
        ranker = make_ranker("bandit", None, seed)
        ranker.fit(EVERYBODY)
        draws.append(ranker.score("p", own, names))
    assert np.mean(draws, axis=0) == pytest.approx(table @ cov @ rows.T @ likings / 0.25, abs=0.08)
    assert np.std(draws, axis=0) == pytest.approx(np.sqrt(np.diag(table @ cov @ table.T)), abs=0.08)


def test_a_bandit_repeats_itself_for_the_same_person_and_tries_others_things_on_others() -> None:
    first = scores_of("bandit", NAMES, who="p")
    assert first == scores_of("bandit", NAMES, who="p")
    nobody = make_ranker("bandit")
    nobody.fit(EVERYBODY)
    orders = {tuple(np.argsort(nobody.score(who, (), NAMES))) for who in ("s", "t", "u", "v")}
    assert len(orders) > 1


def test_most_liked_is_the_others_mean_drawn_to_the_mean_of_all() -> None:
    others = [*LIKINGS["q"].values(), *LIKINGS["r"].values()]
    overall = sum(others) / len(others)
    assert scores_of("most-liked", ("f", "a")) == pytest.approx(
        [(0.7 + 5 * overall) / 6, (0.8 - 1.0 + 5 * overall) / 7]
    )


def test_hybrid_leans_on_the_others_the_more_was_seen() -> None:
    clips = ("f", "g", "h", "i")

    def on_one(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        told = np.array(scores_of(name, clips, {"valence": 0.5, "arousal": 0.5}))
        return np.asarray((told - told.min()) / np.ptp(told))

    # Five of five plus five.
    expected = 0.5 * on_one("target") + 0.5 * on_one("collaborative")
    assert scores_of("hybrid", clips, {"valence": 0.5, "arousal": 0.5}) == pytest.approx(expected)


def test_grey_grades_by_hand() -> None:
    """Distances 0, 0.2 and 0.4, 0: with Dmin 0 and Dmax 0.4, xi = 0.2 / (D + 0.2)."""
    grades = grey_grades(np.array([0.0, 1.0]), [np.array([0.0, 0.8]), np.array([0.4, 1.0]), None])
    assert grades == pytest.approx([(1 + 0.5) / 2, (1 / 3 + 1) / 2, 0.0])


@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=9), min_size=1, max_size=5))
def test_grades_lie_in_a_third_to_one_and_the_reference_itself_has_the_highest(
    curves: list[list[float]],
) -> None:
    reference = np.array(curves[0])
    grades = grey_grades(reference, [np.array(curve) for curve in curves])
    assert ((grades >= 1 / 3 - 1e-9) & (grades <= 1 + 1e-9)).all()
    assert grades[0] == pytest.approx(grades.max())


@pytest.mark.parametrize("name", RANKERS)
def test_every_ranker_scores_a_newcomer_without_anything_known(name: str) -> None:
    ranker = make_ranker(name)
    ranker.fit(EVERYBODY)
    scores = ranker.score("new", (), NAMES)
    assert scores.shape == (12,) and np.isfinite(scores).all()
    assert ranker.about


@pytest.mark.parametrize("name", sorted(set(RANKERS) - {"random"}))
def test_the_order_of_candidates_does_not_change_their_scores(name: str) -> None:
    clips = ("f", "g", "h", "i")
    backwards = scores_of(name, tuple(reversed(clips)))
    assert scores_of(name, clips) == pytest.approx(backwards[::-1])
