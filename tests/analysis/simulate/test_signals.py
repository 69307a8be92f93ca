"""Simulated signals: they hold the effect that was asked for, and without one they hold nothing at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.feature import Signal, feature
from analysis.records import NOT_RECORDED
from analysis.simulate.artefacts import STREAM_LOST
from analysis.simulate.course import Course
from analysis.simulate.participant import Felt, Participant, feel, pushes
from analysis.simulate.settings import MODALITIES, Settings
from analysis.simulate.streams import Track
from analysis.simulate.typing import intervals_s
from analysis.views.faces import FaceFinder
from tests.helpers.simulated import meant, recorded, session

KINDS = {"video": "face", "audio": "speech"}
BODY = ("eeg", "bvp", "eda", "temperature", "respiration", "acceleration")
# What tells of each modality's quantity, and in which direction a positive feeling moves it.
TELLING = {
    "eeg": ("eeg.asymmetry", "F3-F4 alpha dasm", -1),
    "bvp": ("heart", "rate_bpm", 1),
    "eda": ("skin", "phasic_sd_us", -1),
    "temperature": ("temperature", "slope_c_per_min", 1),
    "respiration": ("respiration", "rate_per_min", 1),
    "acceleration": ("statistics", "y sd", -1),
    "speech": ("speech.functionals", "pitch_st.mean", 1),
}


def modality(track: Track) -> str:
    return KINDS.get(track.info.kind, track.info.kind)


def digests(tracks: tuple[Track, ...]) -> dict[str, str]:
    """Return what names every byte of each stream."""
    found = {}
    for track in tracks:
        rows = b"".join(track.rows) if isinstance(track.rows, list) else track.rows.tobytes()
        found[modality(track)] = hashlib.sha256(rows + track.times_s.tobytes()).hexdigest()
    return found


def turned(felt: dict[int, Felt]) -> dict[int, Felt]:
    """Return the same trials, felt the other way round."""
    return {trial: replace(each, valence=-each.valence) for trial, each in felt.items()}


def signal_of(track: Track) -> Signal:
    """Return a track on its even grid, holes NaN, as a feature is given it."""
    rate = track.info.rate_hz
    places = np.round((track.times_s - track.times_s[0]) * rate).astype(int)
    values = np.full((int(places[-1]) + 1, len(track.info.channels)), np.nan, np.float32)
    values[places] = track.rows
    if track.info.kind == "audio":
        values /= 32768
    info = track.info
    return Signal(modality(track), rate, float(track.times_s[0]), values, info.channels, info.units)


def measured(track: Track, course: Course) -> NDArray[np.float64]:
    """Return what a feature tells of each trial, positive feelings up, own mean taken away."""
    name, column, sign = TELLING[modality(track)]
    known = feature(name)
    spans = np.array([(start, stop) for _, start, stop in course.acting(modality(track))])
    steps = known.extract(signal_of(track), spans, 0.0, 0.0, known.settings)
    values = np.asarray(steps.values[:, steps.names.index(column)], float)
    # Heights that noise multiplies have long tails.
    values = sign * (np.log(values) if column.endswith(("sd", "sd_us")) else values)
    centred: NDArray[np.float64] = values - np.nanmean(values)
    return centred


def sizes_of(effect: float, modalities: tuple[str, ...], people: int) -> dict[str, float]:
    """Return Cohen's d of each modality's feature over some participants."""
    course = session(8)
    settings = Settings(dict.fromkeys(MODALITIES, effect), artefacts=0.0, modalities=modalities)
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in modalities}
    drives = []
    for place in range(people):
        person = Participant.draw(settings, place)
        felt = feel(person, meant(8, (-1) ** place))
        drives.append(np.array([felt[trial].drive for trial in range(8)]))
        for track in recorded(person, course, felt).tracks:
            values[modality(track)].append(measured(track, course))
    drive = np.concatenate(drives)
    return {name: cohens_d(np.concatenate(found), drive) for name, found in values.items()}


def cohens_d(values: NDArray[np.float64], drive: NDArray[np.float64]) -> float:
    high, low = (values[(drive == end) & np.isfinite(values)] for end in (1.0, -1.0))
    return float((high.mean() - low.mean()) / np.sqrt((high.var(ddof=1) + low.var(ddof=1)) / 2))


def test_without_an_effect_no_byte_tells_what_was_felt() -> None:
    course = session(4)
    person = Participant.draw(Settings(dict.fromkeys(MODALITIES, 0.0), artefacts=0.5), 1)
    felt = feel(person, meant(4))
    assert digests(recorded(person, course, felt).tracks) == digests(
        recorded(person, course, turned(felt)).tracks
    )


def test_with_an_effect_every_stream_tells() -> None:
    course = session(4)
    person = Participant.draw(Settings(artefacts=0.0), 1)
    felt = feel(person, meant(4))
    one, other = (digests(recorded(person, course, each).tracks) for each in (felt, turned(felt)))
    assert set(one) == set(MODALITIES) - {"keys"}
    assert [name for name in one if one[name] == other[name]] == []


def test_equal_settings_give_equal_bytes_and_another_place_other_ones() -> None:
    course, settings = session(2), Settings(artefacts=0.5)
    first, again, next_one = (
        digests(recorded(Participant.draw(settings, place), course).tracks) for place in (0, 0, 1)
    )
    assert first == again
    assert [name for name in first if first[name] == next_one[name]] == []


def test_the_larger_the_effect_the_more_the_features_of_the_body_tell() -> None:
    small, large = sizes_of(0.5, BODY, 4), sizes_of(2.5, BODY, 4)
    assert {name: large[name] > small[name] + 0.5 for name in BODY} == dict.fromkeys(BODY, True)
    assert min(large.values()) > 1.2


@pytest.mark.slow
def test_features_measure_about_the_effect_that_was_asked_for() -> None:
    none, usual = sizes_of(0.0, BODY, 10), sizes_of(0.8, BODY, 10)
    # 70 trials: three standard errors of d are 0.7. That there is nothing at all is told by the bytes.
    assert max(abs(size) for size in none.values()) < 0.7
    for name in BODY:
        assert usual[name] - none[name] == pytest.approx(0.75, abs=0.25), name


@pytest.mark.slow
def test_the_larger_the_effect_the_more_the_pitch_tells() -> None:
    small, large = (sizes_of(effect, ("speech",), 3)["speech"] for effect in (0.5, 3.0))
    assert large > small + 1.0
    assert large > 1.5


def test_a_missing_modality_has_no_stream() -> None:
    person = replace(Participant.draw(Settings(), 0), missing=frozenset({"eda", "face"}))
    streams = {modality(track) for track in recorded(person, session(2)).tracks}
    assert streams == set(MODALITIES) - {"eda", "face", "keys"}


def test_camera_and_microphone_are_recorded_in_their_stages_only() -> None:
    course = session(3)
    tracks = {modality(track): track for track in recorded(Participant.draw(Settings(), 0), course).tracks}
    for name, kind in (("face", "picture"), ("speech", "speaking")):
        track, stages = tracks[name], course.of_kind((kind,))
        inside = np.zeros(len(track.times_s), bool)
        for stage in stages:
            inside |= (track.times_s >= stage.start_s) & (track.times_s < stage.stop_s)
        assert inside.all()
        assert [gap.cause for gap in track.gaps] == [NOT_RECORDED] * (len(stages) - 1)
        steps = np.round(np.diff(track.times_s) * track.info.rate_hz).astype(int)
        assert [gap.missing for gap in track.gaps] == [int(step) - 1 for step in steps if step > 1]


def test_artefacts_are_where_the_truth_says() -> None:
    course = session(30)
    person = Participant.draw(Settings(artefacts=1.0, modalities=BODY), 0)
    made = recorded(person, course, feel(person, meant(30)))
    tracks = {modality(track): track for track in made.tracks}
    assert len(made.truth.artefacts) == 30
    seen = set()
    for wrong in made.truth.artefacts:
        for name in wrong.modalities:
            track = tracks[name]
            assert not isinstance(track.rows, list)
            first, last = np.searchsorted(track.times_s, (wrong.start_s, wrong.stop_s))
            rows = np.asarray(track.rows[first:last], float)
            seen.add((wrong.kind, name))
            if wrong.kind == "gap":
                assert len(rows) == 0
                assert any(gap.last == first - 1 and gap.cause == STREAM_LOST for gap in track.gaps)
            elif wrong.kind == "contact":
                assert rows.std(axis=0).min() < 0.5
            elif wrong.kind == "pop":
                assert np.abs(rows).max() > 150
            elif name == "acceleration":
                assert rows.std(axis=0).min() > 0.3
    assert {kind for kind, _ in seen} == {"motion", "pop", "contact", "gap"}


def test_without_artefacts_nothing_is_missing_and_nothing_jumps() -> None:
    person = Participant.draw(Settings(artefacts=0.0, modalities=BODY), 2)
    made = recorded(person, session(6))
    assert made.truth.artefacts == ()
    assert [track.info.id for track in made.tracks if track.gaps] == []
    eeg = next(track.rows for track in made.tracks if modality(track) == "eeg")
    assert float(np.abs(np.asarray(eeg)).max()) < 250


@pytest.mark.parametrize("place", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2, 3))])
def test_the_detector_finds_every_drawn_face(place: int) -> None:
    person = Participant.draw(Settings(), place)
    felt = {0: Felt(0, 1.0), 1: Felt(1, -1.0), 2: Felt(2, 0.0)}
    track = next(t for t in recorded(person, session(3), felt).tracks if modality(t) == "face")
    assert isinstance(track.rows, list)
    with FaceFinder() as finder:
        assert all(finder.find(frame) for frame in track.rows[::75])


def test_who_feels_well_types_faster() -> None:
    person = Participant.draw(Settings({"keys": 3.0}), 0)
    course = session(20)

    def middle(valence: float) -> float:
        felt = {trial: Felt(trial, valence) for trial in range(20)}
        moved = pushes(person, "keys", course, felt)
        return float(np.median([intervals_s(person, trial, moved, [1.0] * 30) for trial in range(20)]))

    assert middle(1.0) < 0.8 * middle(-1.0)


def test_between_talks_it_is_quiet() -> None:
    course = session(3)
    person = Participant.draw(Settings(modalities=("speech",)), 0)
    (track,) = recorded(person, course).tracks
    loud = np.abs(np.asarray(track.rows)[:, 0]) > 500
    talking = np.zeros(len(loud), bool)
    for _, start, stop in course.talks:
        talking |= (track.times_s >= start) & (track.times_s <= stop)
    assert loud[talking].mean() > 0.2
    assert not loud[~talking].any()
