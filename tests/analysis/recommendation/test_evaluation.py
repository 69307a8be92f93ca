"""Rankers on people who are left out: scores by hand, planted tastes, and nothing of the tested is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recommendation import evaluation
from analysis.recommendation.evaluation import How, affect_errors, auc, errors, evaluate, precision_recall
from analysis.recommendation.planted import planted_viewers
from analysis.recommendation.rankers import Collaborative, Ranker, Target, make_ranker
from analysis.recommendation.viewings import Catalogue, Clip, RecommendationError, Viewing

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
RELEVANT = np.array([True, False, True, False, False, True, True])


def test_precision_recall_and_f1_by_hand() -> None:
    assert precision_recall(SCORES, RELEVANT, 5) == pytest.approx((2 / 5, 2 / 4, 2 * 0.4 * 0.5 / 0.9))
    precision, recall, f1 = precision_recall(SCORES, np.zeros(7, bool), 5)
    assert precision == 0.0 and np.isnan(recall) and np.isnan(f1)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20), st.integers(1, 8))
def test_scores_agree_with_counting_pairs(rows: list[tuple[int, bool]], k: int) -> None:
    scores, relevant = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[relevant] for b in scores[~relevant]]
    found = auc(scores, relevant)
    assert np.isnan(found) if not pairs else found == pytest.approx(np.mean(pairs))
    precision, recall, f1 = precision_recall(scores, relevant, k)
    assert 0 <= precision <= 1
    if relevant.any():
        mean = 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)
        assert f1 == pytest.approx(mean)


def test_concordance_by_hand() -> None:
    """Means 2 and 3, variances 2/3, covariance 2/3: 2 * 2/3 / (2/3 + 2/3 + 1)."""
    told = errors(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
    assert told == {"n": 3, "mae": 1.0, "rmse": 1.0, "ccc": pytest.approx((4 / 3) / (7 / 3))}


def aucs(catalogue: Catalogue, how: How) -> dict[str, float]:
    names = ("random", "norms", "content", "collaborative", "factorisation")
    return {each.ranker: each.told("auc")["value"] for each in evaluate(catalogue, how, names)}


def test_planted_tastes_are_found_by_rankers_of_likings_and_by_no_other() -> None:
    found = aucs(planted_viewers(16, 24, 16), "newcomer")
    assert min(found["collaborative"], found["factorisation"]) > 0.8
    assert max(found["random"], found["norms"], found["content"]) < 0.65


@pytest.mark.slow
def test_where_no_taste_is_planted_likings_tell_little_more_than_chance() -> None:
    found = aucs(planted_viewers(16, 24, 16, taste=0.0), "newcomer")
    assert all(0.35 < value < 0.65 for value in found.values())


@pytest.mark.slow
def test_profiles_of_others_beat_the_norms() -> None:
    for how in ("newcomer", "last"):
        for each in affect_errors(
            planted_viewers(20, 20, 14), "last" if how == "last" else "newcomer"
        ).values():
            assert each["mae"] < each["norms_mae"] and each["ccc"] > 0.7


class Spy:
    """Notes every catalogue that a ranker is fitted on, and what is known when it scores."""

    def __init__(self) -> None:
        self.fitted: list[Catalogue] = []
        self.known: list[tuple[str, tuple[Viewing, ...]]] = []

    def make(self, name: str, target: Target | None = None, seed: int = 1) -> Ranker:
        spy, made = self, make_ranker(name, target, seed)
        fit, score = made.fit, made.score

        def noted_fit(catalogue: Catalogue) -> None:
            spy.fitted.append(catalogue)
            fit(catalogue)

        def noted_score(who: str, seen: tuple[Viewing, ...], clips: list[str]) -> object:
            spy.known.append((who, tuple(seen)))
            return score(who, seen, clips)

        made.fit = noted_fit  # type: ignore[method-assign]
        made.score = noted_score  # type: ignore[method-assign, assignment]
        return made


def with_answers_turned(catalogue: Catalogue, how: How, who: str) -> Catalogue:
    """Return it with the opposite likings and ratings in everything of one person that is tested."""
    own = catalogue.of(who)
    tested = own[-3:] if how == "last" else [each for each in own if each.order >= 4]
    gone = {id(each) for each in tested}

    def turned(each: Viewing) -> Viewing:
        liking = None if each.liking is None else -each.liking
        return replace(each, liking=liking, ratings={key: -value for key, value in each.ratings.items()})

    return Catalogue(
        catalogue.clips, tuple(turned(each) if id(each) in gone else each for each in catalogue.viewings)
    )


@pytest.mark.parametrize("how", ["newcomer", "last"])
def test_what_is_tested_is_neither_fitted_on_nor_known(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planted_viewers(6, 12, 10)
    who = before.participants[2]
    spies = []
    for catalogue in (before, with_answers_turned(before, how, who)):
        spy = Spy()
        monkeypatch.setattr(evaluation, "make_ranker", spy.make)
        evaluate(catalogue, how, ("factorisation", "target"))
        spies.append(spy)
    place = 2 * before.participants.index(who)
    for rank in (place, place + 1):
        one, two = (spy.fitted[rank] for spy in spies)
        assert one.viewings == two.viewings and one.profiles == two.profiles
        assert spies[0].known[rank] == spies[1].known[rank]
        assert spies[0].known[rank][0] == who
    # The others do learn from what was changed.
    assert spies[0].fitted[0].viewings != spies[1].fitted[0].viewings
    factors = []
    for spy in spies:
        made = make_ranker("factorisation")
        made.fit(spy.fitted[place])
        factors.append(made.factors.clips.tobytes())  # type: ignore[attr-defined]
    assert factors[0] == factors[1]


def viewings(who: str, likings: str, start: int = 0) -> tuple[Viewing, ...]:
    """A person's viewings: a letter a clip, capital where it was liked."""
    return tuple(
        Viewing(who, letter.lower(), start + order, {"valence": 0.2}, 0.5 if letter.isupper() else -0.5)
        for order, letter in enumerate(likings)
    )


def letters(text: str, norms: str = "") -> dict[str, Clip]:
    return {
        name: Clip(name, norms={"valence": 0.1, "arousal": 0.1} if name in norms else {}) for name in text
    }


@pytest.mark.parametrize(
    ("watched", "tested", "known"),
    [
        ("ABcDEf", "DEf", "abc"),
        ("ABcDEfa", "DEf", "abc"),
        ("ABcdEfD", "dEf", "abc"),
        ("AbAbCdE", "CdE", "abab"),
    ],
    ids=["once each", "an old one at the end", "a tested one again", "old ones before"],
)
def test_only_clips_that_were_new_are_tested_and_nothing_after_them_is_known(
    watched: str, tested: str, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue(letters("abcdef"), (*viewings("p", watched), *viewings("q", "ABCDEF")))
    spy = Spy()
    monkeypatch.setattr(evaluation, "make_ranker", spy.make)
    scored = evaluate(catalogue, "last", ("most-liked",))[0].viewers[0]
    assert scored.tested == len(tested) == 3
    assert "".join(each.clip for each in spy.known[0][1]) == known
    own = [each.clip for each in spy.fitted[0].of("p")]
    assert "".join(own) == known and not set(own) & set(tested.lower())


def test_of_five_or_fewer_there_is_no_best_five_and_of_the_last_three_the_best_one() -> None:
    likings = {"p": "ABcDefG", "q": "aBcDE"}
    catalogue = Catalogue(
        letters("abcdefg"), tuple(each for who, seen in likings.items() for each in viewings(who, seen))
    )
    (newcomers,) = evaluate(catalogue, "newcomer", ("most-liked",))
    found = {each.participant: each for each in newcomers.viewers}
    assert (found["p"].tested, found["q"].tested) == (7, 5)
    assert np.isfinite(found["p"].precision) and np.isnan(found["q"].precision)
    assert np.isnan([found["q"].recall, found["q"].f1]).all() and np.isfinite(found["q"].auc)
    assert newcomers.told("precision")["value"] == found["p"].precision
    (last,) = evaluate(catalogue, "last", ("most-liked",))
    assert all(np.isfinite(each.precision) for each in last.viewers)


def test_errors_of_profiles_and_of_norms_are_of_the_same_viewings() -> None:
    """Only a and b have a norm; what is felt is 0.2 always, so that the norms err by 0.1."""
    catalogue = Catalogue(letters("abcde", "ab"), (*viewings("p", "cdeAB"), *viewings("q", "cdeAB")))
    found = affect_errors(catalogue, "last")
    assert set(found) == {"valence"}
    assert found["valence"]["n"] == 4
    assert found["valence"]["norms_mae"] == pytest.approx(0.1)


def test_courses_of_affect_tell_of_tastes_and_without_them_nobody_is_ranked_by_them() -> None:
    """In every second clip arousal rises, in the others it falls; each viewer likes one of the two."""
    random = np.random.default_rng(3)
    rising = np.linspace(-0.5, 0.5, 20)
    catalogue = Catalogue(
        letters("abcdefghij"),
        tuple(
            Viewing(
                f"v{who}",
                letter,
                order,
                liking=0.5 if (place + who) % 2 else -0.5,
                curves={"arousal": (-1) ** place * rising + random.normal(0, 0.1, 20)},
            )
            for who in range(4)
            for order, (place, letter) in enumerate(enumerate("abcdefghij"))
        ),
    )
    grey, chance = evaluate(catalogue, "last", ("grey-relational", "random"))
    assert grey.told("auc")["value"] == 1.0 and len(chance.viewers) == 4
    (none,) = evaluate(planted_viewers(4, 12, 10), "last", ("grey-relational",))
    assert none.viewers == () and none.told("auc")["value"] is None


def test_made_up_courses_change_nothing_else_of_made_up_viewers() -> None:
    plain, told = planted_viewers(4, 12, 10), planted_viewers(4, 12, 10, with_courses=True)
    assert plain.viewings == tuple(replace(each, curves={}) for each in told.viewings)
    assert {len(curve) for each in told.viewings for curve in each.curves.values()} == {30}


def test_nobody_to_test_is_said() -> None:
    clips = {"a": Clip("a", norms={"valence": 0.5, "arousal": 0.5})}
    with pytest.raises(RecommendationError, match="more clips than the last 3"):
        evaluate(Catalogue(clips, (Viewing("p", "a", 0, liking=0.5),)), "last")


def test_it_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    stop: Callable[[], bool] = lambda: len(calls) > 2  # noqa: E731
    fit = Collaborative.fit

    def counted(self: Collaborative, catalogue: Catalogue) -> None:
        calls.append(1)
        fit(self, catalogue)

    monkeypatch.setattr(Collaborative, "fit", counted)
    with pytest.raises(RecommendationError, match="stopped"):
        evaluate(planted_viewers(8, 12, 10), "newcomer", ("collaborative",), cancelled=stop)
    assert len(calls) == 3
