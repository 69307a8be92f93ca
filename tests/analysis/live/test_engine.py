"""A replayed session gives live, to 1e-6, what the same recognizer says of the recording."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.trained import Trained
from analysis.features.as_live import live_inputs
from analysis.features.store import Store
from analysis.live.differences import differences
from analysis.live.engine import Answer, LiveRecognizer
from analysis.live.plan import LiveError, LivePlan, offline_twin, plan_for
from analysis.live.replaying import Replay, replayed, whole_trial
from analysis.live.streams import Streams
from analysis.recognizers.recognizer import Recognizer
from tests.helpers.live_models import BVP, EDA, EEG, session_file, trained_on

FAMILIES = {
    "eeg.de": InputSpec("eeg", "eeg", "eeg.de", window_s=2.0, hop_s=2.0),
    "eeg.de_filtered": InputSpec("eeg", "eeg", "eeg.de_filtered"),
    "eeg.raw": InputSpec("eeg", "eeg", "eeg.raw"),
    "heart": BVP,
    "heart.change": InputSpec("bvp", "bvp", "heart.change"),
    "skin": EDA,
    "skin.change": InputSpec("eda", "eda", "skin.change"),
    "temperature": InputSpec("temperature", "temperature", "temperature"),
    "motion": InputSpec("acceleration", "acceleration", "motion"),
    "speech.functionals": InputSpec("speech", "speech", "speech.functionals"),
    "speech.log_mel": InputSpec("speech", "speech", "speech.log_mel", window_s=0.5, hop_s=0.5),
}
EVERY = ("eeg", "bvp", "eda", "temperature", "acceleration", "microphone")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two streams, one beginning later, with clocks off their rates."""
    return session_file(tmp_path_factory.mktemp("live") / "s.h5", off_ppm=60.0, late_s=0.11)


@pytest.fixture(scope="module")
def trained(path: Path) -> Trained:
    return trained_on(path, live_inputs((EDA, BVP), 20.0))


def live(path: Path, trained: Trained, plan: LivePlan, step_s: float = 0.4) -> list[Answer]:
    streams = Streams([spec.modality for spec in plan.inputs], plan.memory_s)
    engine = LiveRecognizer(trained, plan, streams)
    found: list[Answer] = []
    with Replay(path, streams.modalities) as replay:
        engine.end_s = replay.end_s - 0.5
        for now_s in replayed(replay, streams, step_s):
            found += engine.advance(now_s)
        found += engine.advance(now_s + 5.0)
    return found


def offline(path: Path, trained: Trained, plan: LivePlan, folder: Path, answers: list[Answer]) -> np.ndarray:
    with Replay(path, [spec.modality for spec in plan.inputs]) as replay:
        recording = replay.recording
    trial = whole_trial(recording, (answers[0].start_s, answers[-1].stop_s))
    twin = offline_twin(trained, plan)
    applied = twin.apply(Corpus("c", (recording,), (trial,)), [trial], Store(folder), cases=plan.cases)
    # Windows that nothing can be computed of are no cases offline.
    known = [each.stop_s for each in answers if any(heard.is_used for heard in each.inputs)]
    np.testing.assert_allclose(applied.cases.stop_s, known, atol=1e-9)
    return applied.proba


def test_live_is_offline(path: Path, trained: Trained, tmp_path: Path) -> None:
    plan = plan_for(trained, hop_s=1.5)
    answers = live(path, trained, plan)
    assert len(answers) > 15 and all(each.proba is not None for each in answers)
    proba = np.array([each.proba for each in answers])
    np.testing.assert_allclose(proba, offline(path, trained, plan, tmp_path, answers), atol=1e-6)
    assert np.ptp(proba[:, 0]) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_live_is_offline_for_every_family(name: str, tmp_path: Path) -> None:
    path = session_file(tmp_path / "s.h5", EVERY, off_ppm=35.0, late_s=0.05)
    # Changes are against the seconds before, and need more beats.
    memory_s, window_s = (36.0, 14.0) if "change" in name else (15.0, 8.0)
    inputs = live_inputs((FAMILIES[name],), memory_s)
    trained = trained_on(path, inputs, window_s, "logistic-regression")
    plan = plan_for(trained, hop_s=3.0)
    answers = live(path, trained, plan)
    proba = np.array([each.proba for each in answers if each.proba is not None])
    assert len(proba) > 2
    np.testing.assert_allclose(proba, offline(path, trained, plan, tmp_path / "f", answers), atol=1e-6)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(step_s=st.floats(0.05, 6.0))
def test_how_it_is_fed_changes_nothing(path: Path, trained: Trained, step_s: float) -> None:
    plan = plan_for(trained, hop_s=4.0)
    usual, other = live(path, trained, plan), live(path, trained, plan, step_s)
    assert [each.stop_s for each in other] == [each.stop_s for each in usual]
    for one, two in zip(usual, other, strict=True):
        assert one.proba is not None and two.proba is not None and np.array_equal(one.proba, two.proba)


def test_a_dropped_stream_is_told_and_who_can_goes_on(tmp_path: Path) -> None:
    path = session_file(tmp_path / "s.h5", hole_of="bvp", late_s=0.1)
    samples = live_inputs((EDA, InputSpec("bvp", "bvp", "statistics")), 10.0)
    whole = session_file(tmp_path / "whole.h5", late_s=0.1)
    lenient = trained_on(whole, samples, window_s=2.0)
    assert lenient.card.missing_inputs
    answers = live(path, lenient, plan_for(lenient))
    late = [each for each in answers if any(heard.state == "late" for heard in each.inputs)]
    assert 0 < len(late) < len(answers)
    assert {heard.name for each in late for heard in each.inputs if heard.state == "late"} == {"bvp"}
    assert all(each.proba is not None for each in answers)
    strict = replace(lenient, recognizer=_strict(lenient.recognizer))
    paused = [each for each in live(path, strict, plan_for(strict)) if each.proba is None]
    # A window of which a part is missing gives these statistics no number either.
    assert {each.stop_s for each in late} < {each.stop_s for each in paused}
    assert len(paused) < 8
    assert all("cannot do without bvp" in each.paused for each in paused)


def _strict(recognizer: Recognizer) -> Recognizer:
    """Return a recognizer whose card says that it needs every input."""
    made = copy(recognizer)
    made.card = replace(recognizer.card, missing_inputs=False)  # type: ignore[misc]
    return made


def test_a_stream_that_never_comes_is_not_waited_for(path: Path, tmp_path: Path) -> None:
    whole = session_file(tmp_path / "whole.h5", ("bvp", "eda", "eeg"))
    trained = trained_on(whole, live_inputs((EDA, EEG), 10.0))
    (first, *_) = live(path, trained, plan_for(trained))
    assert [heard.state for heard in first.inputs] == ["present", "missing"]
    assert first.proba is not None and first.stop_s < 1009.0


def test_other_electrodes_are_no_input(tmp_path: Path) -> None:
    whole = session_file(tmp_path / "s.h5", ("eda", "eeg"))
    trained = trained_on(whole, live_inputs((EDA, EEG), 10.0))
    names = tuple(name.replace("F3", "Fz") for name in trained.shapes["eeg"])
    first = live(whole, replace(trained, shapes={**trained.shapes, "eeg": names}), plan_for(trained))[0]
    assert [each.state for each in first.inputs] == ["present", "uncomputable"]
    assert "Fz alpha" in first.inputs[1].why and first.proba is not None


def test_a_signal_that_stands_still_is_no_signal(tmp_path: Path) -> None:
    whole = session_file(tmp_path / "s.h5")
    trained = trained_on(whole, live_inputs((EDA, BVP), 10.0))
    plan = plan_for(trained)
    streams = Streams(["eda", "bvp"], plan.memory_s)
    engine = LiveRecognizer(trained, plan, streams)
    with Replay(whole, ["eda", "bvp"]) as replay:
        for info in replay.infos:
            streams.add(info)
            times = 1000.0 + np.arange(round(12 * info.rate_hz)) / info.rate_hz
            level = np.arange(len(times)) if info.id == "eda" else np.ones(len(times))
            streams.push(info.id, times, level[:, None])
    heard = next(engine.advance(1011.0)).inputs
    assert [each.state for each in heard] == ["present", "flat"]


def _still(values: np.ndarray) -> None:
    """Let a stream stand still for a while, twice for as long as a window."""
    count = len(values)
    values[int(0.3 * count) : int(0.7 * count)] = values[int(0.3 * count)]


@pytest.mark.parametrize(
    ("stream", "spec"),
    [
        ("microphone", InputSpec("speech", "speech", "statistics")),
        ("acceleration", InputSpec("acceleration", "acceleration", "motion")),
        ("bvp", InputSpec("bvp", "bvp", "statistics")),
    ],
)
def test_windows_that_stand_still_are_computed_as_in_a_recording_and_told(
    stream: str, spec: InputSpec, tmp_path: Path
) -> None:
    path = session_file(tmp_path / "s.h5", ("eda", stream), changed={stream: _still})
    inputs = live_inputs((EDA, spec), 10.0)
    trained = trained_on(path, inputs, 4.0, "logistic-regression")
    plan = plan_for(trained, hop_s=2.0)
    answers = live(path, trained, plan)
    flat = [each for each in answers if each.inputs[1].state == "flat"]
    assert 1 < len(flat) < len(answers) and {each.inputs[1].is_used for each in flat} == {True}
    assert flat[0].inputs[1].why == "it stands still: is it connected?"
    proba = np.array([each.proba for each in answers])
    np.testing.assert_allclose(proba, offline(path, trained, plan, tmp_path / "f", answers), atol=1e-6)


@pytest.mark.parametrize("name", ["eda", "temperature", "bvp", "acceleration", "microphone"])
def test_windows_in_a_hole_are_what_they_are_in_a_recording(name: str, tmp_path: Path) -> None:
    path = session_file(tmp_path / "s.h5", ("eda", "bvp", name), hole_of=name)
    families = {"eda": "skin", "temperature": "temperature", "bvp": "heart", "acceleration": "motion"}
    modality = "speech" if name == "microphone" else name
    spec = InputSpec("it", modality, families.get(name, "statistics"))
    other = EDA if name == "bvp" else BVP
    trained = trained_on(path, live_inputs((spec, other), 10.0), 2.0, "logistic-regression")
    plan = plan_for(trained)
    answers = live(path, trained, plan)
    assert "late" in {each.inputs[0].state for each in answers}
    known = [each for each in answers if any(heard.is_used for heard in each.inputs)]
    proba = np.array([each.proba for each in known])
    np.testing.assert_allclose(proba, offline(path, trained, plan, tmp_path / "f", answers), atol=1e-6)


def test_what_adapts_to_tested_people_says_that_it_does_not_live(trained: Trained) -> None:
    from analysis.recognizers.adaptation_cards import PDAN_CARD

    adapting = copy(trained.recognizer)
    adapting.card = replace(  # type: ignore[misc]
        trained.card, title="PDAN", transductive=True, published=PDAN_CARD.published
    )
    told = plan_for(replace(trained, recognizer=adapting)).told
    assert "it is used without adaptation" in told[0] and "do not hold for it" in told[0]
    assert "UAR, per cent 34 to 57" in told[1] and "five common classes" in told[1]
    assert plan_for(trained).told == ()


def test_a_wifi_log_that_grows_is_said_not_to_be_followed(trained: Trained) -> None:
    spec = live_inputs((InputSpec("csi", "csi", "csi.event"),), 10.0)
    experiment = replace(trained.experiment, inputs=spec)
    known = replace(trained, experiment=experiment, shapes={"csi": ()})
    assert any("a WiFi log that still grows is not followed" in text for text in plan_for(known).told)


def test_where_computing_is_slow_old_windows_are_left_out(path: Path, trained: Trained) -> None:
    plan = plan_for(trained)
    streams = Streams(["eda", "bvp"], plan.memory_s)
    engine = LiveRecognizer(trained, plan, streams)
    with Replay(path, ["eda", "bvp"]) as replay:
        for info in replay.infos:
            streams.add(info)
        replay.push(streams, replay.begin_s + 20.0)
        (only,) = engine.advance(replay.begin_s + 20.0, newest_only=True)
    assert engine.skipped > 8 and only.stop_s > replay.begin_s + 18.0


def test_a_persons_own_scaling_needs_a_baseline(path: Path, tmp_path: Path) -> None:
    trained = trained_on(path, live_inputs((EDA, BVP), 20.0), steps=("impute", "zscore-participant"))
    with pytest.raises(LiveError, match=r"--baseline SECONDS"):
        plan_for(trained)
    plan = plan_for(trained, baseline_s=12.0)
    answers = live(path, trained, plan)
    waiting = [each for each in answers if each.paused]
    assert len(waiting) == 12 and "Baseline" in waiting[0].paused
    # The first decision is what offline says of a recording that is the baseline and this window.
    decided = [each for each in answers if each.proba is not None]
    alone = offline(path, trained, plan, tmp_path, answers[:13])
    assert decided[0].proba is not None
    np.testing.assert_allclose(decided[0].proba, alone[-1], atol=1e-6)


def test_what_looks_at_later_cases_cannot_run_live(path: Path) -> None:
    trained = trained_on(path, steps=("impute", "smooth-recording"))
    with pytest.raises(LiveError, match="cannot run live"):
        plan_for(trained, baseline_s=60.0)


def test_training_on_whole_recordings_is_told_and_measured(path: Path, tmp_path: Path) -> None:
    trained = trained_on(path)
    plan = plan_for(trained, memory_s=12.0, hop_s=2.0)
    assert [text.split(" ")[0] for text in plan.told] == ["eda", "bvp"]
    with Replay(path, ["eda", "bvp"]) as replay:
        span = (replay.begin_s + 1.0, replay.end_s - 1.0)
        found = differences(trained, plan, replay.recording, span, Store(tmp_path))
    apart = {each.name: each.largest for each in found}
    assert list(apart) == ["eda", "bvp", "answer"] and apart["bvp"] > 1e-3
    same = trained_on(path, live_inputs((EDA, BVP), 12.0))
    assert plan_for(same).told == ()
    with Replay(path, ["eda", "bvp"]) as replay:
        none = differences(same, plan_for(same, hop_s=2.0), replay.recording, span, Store(tmp_path))
    assert all(each.largest == 0 for each in none)
