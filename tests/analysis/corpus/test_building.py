"""Batches of a real study: recordings read once, cut into cases, padded; what is lost is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.corpus.building import build, content_of, make_batch
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus, CorpusError
from analysis.corpus.warming import warm
from analysis.evaluation.workers import close_workers
from analysis.features.store import Store
from analysis.recognizers.recognizer import CancelledError
from analysis.targets.recipe import Recipe, Target
from app.analysing.corpora import study_corpus
from tests.helpers.batches import make_batch as planted
from tests.helpers.engine import start_trackers
from tests.helpers.labelled import BVP, EDA, SHOWN_S, VOICE, make_study

BVP_INPUT = InputSpec("bvp", "bvp", "samples", {"rate_hz": 16.0}, 0.5, 0.25)
EDA_INPUT = InputSpec("eda", "eda", "values")
EEG_INPUT = InputSpec("eeg", "eeg", "eeg.de", window_s=1.0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    start_trackers()
    return study_corpus(make_study(tmp_path_factory.mktemp("study") / "s", 2, 4, streams=(BVP, EDA)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "features")


def target(corpus: Corpus, drop: int = 0) -> Target:
    values = {trial.key: float(place % 2) for place, trial in enumerate(corpus.trials)}
    for key in list(values)[:drop]:
        del values[key]
    return Target(Recipe("t", "category"), ("low", "high"), values)


def test_every_trial_with_an_answer_is_a_case_with_its_inputs(corpus: Corpus, store: Store) -> None:
    built = build(corpus, target(corpus, 1), CaseSpec(), (BVP_INPUT, EDA_INPUT), store)
    batch = built.batch
    assert len(batch) == 7
    assert batch.y is not None
    assert batch.y.tolist() == [1, 0, 1, 0, 1, 0, 1]
    assert batch.classes == ("low", "high")
    assert batch.inputs["bvp"].values.shape == (7, 7, 8)
    assert batch.inputs["bvp"].rate_hz == 4.0
    assert batch.inputs["eda"].present.all()
    assert np.allclose(batch.cases.stop_s - batch.cases.start_s, SHOWN_S, atol=0.01)
    assert len(set(batch.cases.content)) == 7
    assert set(built.files) == {recording.id for recording in corpus.recordings}


def test_a_visit_of_several_recordings_names_them_all_as_what_went_in(corpus: Corpus, store: Store) -> None:
    one = Corpus(
        corpus.name,
        tuple(replace(each, participant="P01", session="1") for each in corpus.recordings),
        tuple(replace(each, participant="P01", session="1") for each in corpus.trials),
    )
    same = replace(target(one), values={trial.key: 1.0 for trial in one.trials})
    built = build(one, same, CaseSpec("session"), (EDA_INPUT,), store)
    assert len(built.batch) == 1
    assert built.files == {recording.id: recording.sha256 for recording in one.recordings}


def test_values_are_those_of_the_recording_at_that_moment(corpus: Corpus, store: Store) -> None:
    from analysis.corpus.signals import signal_of

    batch = build(corpus, target(corpus), CaseSpec(), (EDA_INPUT,), store).batch
    signal = signal_of(corpus.recordings[1], "eda")
    assert signal is not None
    row = int(np.flatnonzero(batch.cases.recording == corpus.recordings[1].id)[2])
    at = round((batch.cases.start_s[row] - signal.start_s) * signal.rate_hz)
    held = batch.inputs["eda"].values[row].ravel()
    held = held[np.isfinite(held)]
    assert np.abs(held[:3] - signal.values[at : at + 3, 0]).max() < 0.1


def test_windows_carry_the_answer_of_their_trial(corpus: Corpus, store: Store) -> None:
    spec = CaseSpec("window", 1.0, 0.5)
    batch = build(corpus, target(corpus), spec, (BVP_INPUT,), store).batch
    assert len(batch) == 8 * 3
    assert batch.y is not None
    for trial in np.unique(batch.cases.groups(("recording", "trial"))):
        assert len(set(batch.y[batch.cases.groups(("recording", "trial")) == trial])) == 1


def test_an_input_that_nobody_has_is_dropped_and_said(corpus: Corpus, store: Store) -> None:
    built = build(corpus, target(corpus), CaseSpec(), (EEG_INPUT, BVP_INPUT), store)
    assert list(built.batch.inputs) == ["bvp"]
    assert "nobody has eeg: left out" in built.warnings
    with pytest.raises(CorpusError, match="no recording holds eeg"):
        build(corpus, target(corpus), CaseSpec(), (EEG_INPUT,), store)


def test_a_feature_that_cannot_be_computed_is_said_once(corpus: Corpus, store: Store) -> None:
    ragged = InputSpec("eda", "eda", "samples", {"rate_hz": 4.0})
    built = build(corpus, target(corpus), CaseSpec(), (BVP_INPUT, ragged), store)
    assert len(built.warnings) == 1
    assert built.warnings[0].startswith("eda: samples: ")
    assert built.warnings[0].endswith("(sub-P01_ses-01_task-pictures_run-01 and 1 more recordings)")
    with pytest.raises(CorpusError, match=r"no input could be computed\. eda: samples"):
        build(corpus, target(corpus), CaseSpec(), (ragged,), store)


def test_artefacts_mask_cases_by_the_recipes_share(corpus: Corpus, store: Store) -> None:
    first = corpus.trials[0]
    masks = {first.recording: ((first.shown[0], first.shown[0] + 0.5),)}
    for overlap, cases in ((0.1, 7), (0.5, 8)):
        recipe = Recipe("t", "category", mask=("scheme", "tier", overlap))
        built = build(
            corpus, replace(target(corpus), recipe=recipe, masks=masks), CaseSpec(), (BVP_INPUT,), store
        )
        assert len(built.batch) == cases
    assert not built.lost


def test_a_participant_who_refused_has_the_input_absent(corpus: Corpus, store: Store) -> None:
    refused = replace(corpus.recordings[0], refused=("eda",))
    told = replace(corpus, recordings=(refused, *corpus.recordings[1:]))
    batch = build(told, target(told), CaseSpec(), (BVP_INPUT, EDA_INPUT), store).batch
    own = batch.cases.participant == refused.participant
    assert batch.inputs["eda"].present.tolist() == (~own).tolist()
    assert batch.inputs["bvp"].present.all()
    alone = build(told, target(told), CaseSpec(), (EDA_INPUT,), store)
    assert len(alone.batch) == 4
    assert {lost.why for lost in alone.lost} == {"no signal of any input"}


def test_a_second_time_comes_from_the_store_with_the_same_bits(corpus: Corpus, store: Store) -> None:
    one = build(corpus, target(corpus), CaseSpec(), (BVP_INPUT, EDA_INPUT), store)
    assert (store.hits, store.misses) == (0, 4)
    gone = tuple(replace(each, path=Path("nowhere.h5")) for each in corpus.recordings)
    other = build(replace(corpus, recordings=gone), target(corpus), CaseSpec(), (BVP_INPUT, EDA_INPUT), store)
    assert store.hits == 4
    for name, each in one.batch.inputs.items():
        assert np.array_equal(each.values, other.batch.inputs[name].values, equal_nan=True)
    assert np.array_equal(one.batch.cases.content, other.batch.cases.content)


def test_a_recording_that_is_gone_is_named(corpus: Corpus, store: Store) -> None:
    gone = tuple(replace(each, path=Path("nowhere.h5")) for each in corpus.recordings)
    with pytest.raises(CorpusError, match=r"nowhere\.h5"):
        build(replace(corpus, recordings=gone), target(corpus), CaseSpec(), (BVP_INPUT,), store)


def test_what_takes_minutes_is_stopped_within_a_recording_and_goes_on_there(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.features.store.KEEP_PART_S", -1.0)
    spoken = study_corpus(make_study(tmp_path / "spoken", 1, 3, streams=(VOICE,)))
    settings = {"method": "emd", "sifts": 2, "k_max": 2, "segment_s": 1.0}
    asked = target(spoken), CaseSpec(), (InputSpec("speech", "speech", "speech.imemd", settings),)
    told: list[float] = []
    with pytest.raises(CancelledError):
        build(spoken, *asked, store, progress=told.append, cancelled=lambda: len(told) > 2)
    assert told == [0.0, 0.0, pytest.approx(1 / 3)]
    made = [each["span_count"] for each in store.entries()]
    assert made == [1]
    again = Store(store.folder)
    counted: list[int] = []
    part = Store._part

    def counting(self: Store, *given: Any) -> Any:
        before = len(list(self.entries()))
        found = part(self, *given)
        counted.append(len(list(self.entries())) - before)
        return found

    monkeypatch.setattr(Store, "_part", counting)
    built = build(spoken, *asked, again)
    assert counted == [0, 1, 1]
    plain = build(spoken, *asked, Store(tmp_path / "other")).batch
    assert np.array_equal(built.batch.inputs["speech"].values, plain.inputs["speech"].values, equal_nan=True)


def test_progress_is_told_and_it_can_be_stopped(corpus: Corpus, store: Store) -> None:
    told: list[float] = []
    build(corpus, target(corpus), CaseSpec(), (EDA_INPUT,), store, progress=told.append)
    assert told == [0.0, 0.5, 1.0]
    with pytest.raises(CancelledError):
        build(corpus, target(corpus), CaseSpec(), (EDA_INPUT,), store, cancelled=lambda: True)


def test_without_answers_it_is_what_a_trained_recognizer_is_given(corpus: Corpus, store: Store) -> None:
    made = make_batch(corpus, corpus.trials[:3], CaseSpec(), (EDA_INPUT,), store)
    assert made.batch.y is None
    assert len(made.batch) == 3


def test_no_answer_at_all_is_said(corpus: Corpus, store: Store) -> None:
    with pytest.raises(CorpusError, match="No trial has an answer"):
        build(corpus, target(corpus, 8), CaseSpec(), (EDA_INPUT,), store)


def test_equal_content_has_an_equal_digest_and_too_little_has_none() -> None:
    batch = planted(2, 4)
    values = batch.inputs["bvp"].values.copy()
    eda = batch.inputs["eda"].values.copy()
    values[5], eda[5] = values[2], eda[2]
    values[7], eda[7] = 1.0, 2.0
    inputs = {
        "bvp": replace(batch.inputs["bvp"], values=values),
        "eda": replace(batch.inputs["eda"], values=eda),
    }
    found = content_of(inputs)
    assert found[5] == found[2]
    assert len(set(found)) == 7
    assert found[7] == ""


@pytest.mark.slow
def test_processes_fill_the_store_with_the_same_bits(corpus: Corpus, store: Store, tmp_path: Path) -> None:
    alone = build(corpus, target(corpus), CaseSpec(), (BVP_INPUT, EDA_INPUT), Store(tmp_path / "alone"))
    told: list[float] = []
    warm(corpus, target(corpus), CaseSpec(), (BVP_INPUT, EDA_INPUT), store, 2, progress=told.append)
    close_workers()
    built = build(corpus, target(corpus), CaseSpec(), (BVP_INPUT, EDA_INPUT), store)
    assert (store.hits, store.misses) == (4, 0)
    assert told == [0.5, 1.0]
    for name, each in alone.batch.inputs.items():
        assert np.array_equal(each.values, built.batch.inputs[name].values, equal_nan=True)
