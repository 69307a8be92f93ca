"""Who takes part: the size of an effect is what was asked for, and nothing else depends on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.simulate.participant import QUANTITIES, Felt, Participant, feel, level, pushes
from analysis.simulate.settings import MODALITIES, Settings
from tests.helpers.simulated import meant, session


def everybody(count: int, settings: Settings) -> list[Participant]:
    return [Participant.draw(settings, place) for place in range(count)]


@given(seed=st.integers(0, 2**62), place=st.integers(0, 500))
def test_equal_settings_give_equal_participants(seed: int, place: int) -> None:
    settings = Settings(seed=seed)
    assert Participant.draw(settings, place) == Participant.draw(Settings(seed=seed), place)
    assert Participant.draw(settings, place) != Participant.draw(settings, place + 1)


@pytest.mark.parametrize("effect", [0.4, 0.8, 2.0])
@pytest.mark.parametrize("modality", MODALITIES)
def test_the_effect_of_a_modality_is_its_cohens_d(modality: str, effect: float) -> None:
    settings = Settings(effects={modality: effect})
    course = session(16)
    high: list[float] = []
    low: list[float] = []
    for person in everybody(120, settings):
        felt = feel(person, meant(16))
        for push in pushes(person, modality, course, felt):
            if abs(felt[push.trial].drive) == 1:
                (high if felt[push.trial].drive > 0 else low).append(push.mean)
    spread = np.sqrt((np.var(high) + np.var(low)) / 2)
    found = QUANTITIES[modality].sign * (np.mean(high) - np.mean(low)) / spread
    # 1,800 trials: two standard errors of d are 0.1.
    assert found == pytest.approx(effect, abs=0.12)


def test_an_effect_in_a_fifth_of_the_stage_is_there_in_full_and_nowhere_else() -> None:
    course = session(8)
    person = Participant.draw(Settings(effects={"bvp": 3.0}, within=0.2), 0)
    felt = {trial: Felt(trial, 1.0) for trial in range(8)}
    starts = set()
    for push in pushes(person, "bvp", course, felt):
        start, stop = push.at
        assert stop - start == pytest.approx(0.2 * (push.stop_s - push.start_s))
        assert push.start_s <= start < stop <= push.stop_s
        starts.add(round(start - push.start_s, 3))
        times = np.array([start - 1.0, start + 0.9 * (stop - start), stop + 1.0])
        inside = times[(times > push.start_s + 0.6) & (times < push.stop_s)]
        heights = level(inside, [push])
        expected = [push.inside if start <= at <= stop else push.noise for at in inside]
        assert heights == pytest.approx(expected, abs=0.01)
    assert len(starts) > 4, "it lies elsewhere in every trial"


@given(place=st.integers(0, 200), seed=st.integers(0, 1000))
def test_noise_and_what_is_felt_do_not_depend_on_the_effect(place: int, seed: int) -> None:
    course, none, large = (
        session(6),
        Settings(effects={"eda": 0.0}, seed=seed),
        Settings(effects={"eda": 5.0}, seed=seed),
    )
    people = [Participant.draw(settings, place) for settings in (none, large)]
    felt = [feel(person, meant(6)) for person in people]
    assert felt[0] == felt[1]
    moved = [pushes(person, "eda", course, known) for person, known in zip(people, felt, strict=True)]
    assert [push.noise for push in moved[0]] == [push.noise for push in moved[1]]
    assert all(push.effect == 0.0 for push in moved[0])


def test_most_trials_are_felt_as_meant_and_some_are_not() -> None:
    valences = []
    for person in everybody(200, Settings()):
        valences += [felt.valence for felt in feel(person, dict.fromkeys(range(10), 0.8)).values()]
    found = np.array(valences)
    assert np.mean(found >= 0.6) == pytest.approx(0.90, abs=0.02)
    assert np.mean(found <= -0.6) == pytest.approx(0.04, abs=0.015)


def test_neutral_trials_are_felt_as_hardly_anything() -> None:
    person = Participant.draw(Settings(), 3)
    assert all(abs(felt.valence) <= 0.5 for felt in feel(person, dict.fromkeys(range(50), 0.0)).values())


def test_own_levels_lie_as_far_apart_as_the_fingerprint_says() -> None:
    assert {person.own("bvp") for person in everybody(5, Settings(fingerprint=0.0))} == {0.0}
    levels = [person.own("bvp") for person in everybody(300, Settings(fingerprint=2.0))]
    assert np.std(levels) == pytest.approx(2.0 * QUANTITIES["bvp"].between, rel=0.1)


def test_the_share_of_missing_modalities_is_as_asked_and_nobody_has_none() -> None:
    people = everybody(200, Settings(missing=0.3))
    assert np.mean([len(person.missing) for person in people]) / 9 == pytest.approx(0.3, abs=0.04)
    assert all(
        person.modalities for person in everybody(50, Settings(missing=1.0, modalities=("eda", "face")))
    )
    assert all(person.modalities == MODALITIES for person in everybody(20, Settings()))
