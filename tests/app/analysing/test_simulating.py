"""Studies of simulated participants: true session files, the same ones for the same seed, the truth apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.corpus.building import make_batch
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.workers import close_workers
from analysis.features.store import Store
from analysis.overview import open_overview
from analysis.session_file import open_session, summary, verify
from analysis.simulate.participant import Felt, Participant, feel
from analysis.simulate.settings import MODALITIES, Settings
from app.analysing import simulated_files
from app.analysing.corpora import study_corpus
from app.analysing.simulated_files import TRUTH
from app.analysing.simulating import (
    Request,
    SimulatingError,
    expected_valence,
    simulate,
    simulation_study,
)
from app.cli import main
from app.presenter.simulated import SimulatedSessionError, live_through
from app.study import Study, StudyError
from tests.helpers.engine import start_trackers

PROTOCOL = "demo"


def simulated(folder: Path, count: int = 1, settings: Settings = Settings(), workers: int = 1) -> Study:  # noqa: B008
    study = simulation_study(folder, PROTOCOL)
    simulate(study, Request(PROTOCOL, count, settings, workers), live_through)
    return study


@pytest.fixture(scope="module")
def trackers() -> None:
    """What watches over worker processes lives as long as this one."""
    start_trackers()


def paths(study: Study) -> list[Path]:
    return [study.folder / session.file for session in study.sessions()]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two participants of the demo protocol."""
    return simulated(tmp_path_factory.mktemp("simulated") / "study", 2)


def test_sessions_are_finished_entered_and_counted(study: Study) -> None:
    assert study.kind == "simulation"
    assert [session.participant for session in study.sessions()] == ["sim01", "sim02"]
    assert {session.origin for session in study.sessions()} == {"simulated"}
    assert {session.reason for session in study.sessions()} == {"completed"}
    assert [session.trials for session in study.sessions()] == [2, 2]
    assert not study.live_sessions()


def test_files_are_sound_and_read_only(study: Study) -> None:
    for path in paths(study):
        verify(path)
        assert not path.stat().st_mode & 0o222


def test_participants_take_the_places_of_counter_balancing_in_turn(study: Study) -> None:
    assert [person.slot for person in study.participants()] == [0, 1]
    slots = []
    for path in paths(study):
        with open_session(path) as session:
            slots.append(session.protocol["schedule"]["slot"])
    assert slots == [0, 1]


def test_the_study_has_no_problem(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(study.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    for path in paths(study):
        assert main(["check", str(path)]) == 0


def test_a_session_says_of_itself_what_a_recorded_one_says(study: Study) -> None:
    told = summary(paths(study)[0])
    assert (told["origin"], told["protocol"], told["participant"]) == ("simulated", PROTOCOL, "sim01")
    assert (told["ended"], told["end_reason"], told["trials"]) == (True, "completed", 2)
    assert told["presentation"]["timing"] == "simulated"
    assert 0 < told["onset_error_ms"]["median"] < 2
    assert told["presentation"]["keys"]["presses"] > 50
    rates = {stream["id"]: stream["measured_rate_hz"] for stream in told["streams"]}
    assert rates == pytest.approx(
        {
            "camera": 15.0,
            "eeg": 128.0,
            "microphone": 16000.0,
            "respiration": 25.0,
            "wristband-acceleration": 32.0,
            "wristband-bvp": 64.0,
            "wristband-eda": 4.0,
            "wristband-temperature": 4.0,
        },
        rel=1e-4,
    )
    assert {stream["lost_tail_s"] for stream in told["streams"]} == {0.0}


def test_its_events_are_those_of_a_presenter_and_its_ratings_are_in_the_trials(study: Study) -> None:
    with open_session(paths(study)[0]) as session:
        kinds = {event.kind for event in session.events}
        trials, keys = session.trials, session.keys
    assert kinds >= {
        "session_started", "trial_started", "stage_started", "stimulus_shown", "stimulus_hidden", "response",
        "typing_result", "talk_started", "talk_ended", "trial_ended", "schedule_ended", "session_ended",
    }  # fmt: skip
    assert np.isfinite(trials["actual_onset_s"]).all()
    assert np.isfinite(trials["rating_positive"]).all()
    assert set(keys["edge"]) == {"down", "up"}


def test_every_modality_is_found_by_what_reads_a_study(study: Study) -> None:
    from analysis.corpus.signals import modalities_of

    corpus = study_corpus(study)
    assert len(corpus.trials) == 4
    assert not corpus.left_out
    for recording in corpus.recordings:
        assert set(modalities_of(recording)) == set(MODALITIES)


def test_review_can_draw_it(study: Study) -> None:
    with open_overview(paths(study)[0]) as overview:
        assert overview


def test_the_truth_is_one_event_outside_of_all_trials(study: Study) -> None:
    with open_session(paths(study)[0]) as session:
        (truth,) = [event for event in session.events if event.kind == TRUTH]
    assert truth.trial == -1
    assert truth.source == "simulation"
    assert set(truth.payload["felt"]) == {"0", "1"}
    assert truth.payload["settings"]["effects"]["face"] == 0.8


def test_the_truth_reaches_no_trial_stream_or_rating(study: Study) -> None:
    def texts(values: Any) -> Iterator[str]:
        if isinstance(values, dict):
            for name, value in values.items():
                yield str(name)
                yield from texts(value)
        elif isinstance(values, list | tuple):
            for value in values:
                yield from texts(value)
        else:
            yield str(values)

    with open_session(paths(study)[0]) as session:
        known = {k: v for k, v in session.attributes.items() if k not in ("software", "uuid")}
        infos = [stream.info.to_json() for stream in session.streams.values()]
        trials = {name: column.tolist() for name, column in session.trials.items()}
    words = " ".join(texts([known, infos, trials])).lower()
    assert not {"felt", "effects", "fingerprint", "artefacts"} & set(words.split())


def test_the_same_seed_gives_the_same_files(study: Study, tmp_path: Path) -> None:
    again = simulated(tmp_path / "study")
    assert again.sessions()[0].sha256 == study.sessions()[0].sha256


def test_inputs_of_recognizers_hold_nothing_of_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(dict.fromkeys(MODALITIES, 0.0), modalities=("bvp", "eda", "keys"))

    def turned(person: Participant, expected: Mapping[int, float]) -> dict[int, Felt]:
        return {trial: Felt(trial, -each.valence) for trial, each in feel(person, expected).items()}

    one = simulated(tmp_path / "one", 1, settings)
    monkeypatch.setattr(simulated_files, "feel", turned)
    other = simulated(tmp_path / "other", 1, settings)
    truths, batches = [], []
    for study in (one, other):
        with open_session(paths(study)[0]) as session:
            truths.append(next(event.payload["felt"] for event in session.events if event.kind == TRUTH))
        corpus = study_corpus(study)
        specs = (
            InputSpec("bvp", "bvp", "samples", {"rate_hz": 32.0}, 1.0, 1.0),
            InputSpec("eda", "eda", "skin"),
            InputSpec("keys", "keys", "keys.intervals", stage="typing"),
        )
        batches.append(
            make_batch(corpus, corpus.trials, CaseSpec(), specs, Store(study.folder / "store")).batch
        )
    assert truths[0] != truths[1]
    for name in ("bvp", "eda", "keys"):
        assert batches[0].inputs[name].present.all()
        assert np.array_equal(batches[0].inputs[name].values, batches[1].inputs[name].values, equal_nan=True)


@pytest.mark.slow
def test_worker_processes_give_the_same_files_in_the_same_order(tmp_path: Path, trackers: None) -> None:
    settings = Settings(modalities=("eda", "keys"))
    alone, together = (simulated(tmp_path / f"{n}", 2, settings, workers=n) for n in (1, 2))
    close_workers()
    assert [session.sha256 for session in together.sessions()] == [s.sha256 for s in alone.sessions()]
    assert [session.participant for session in together.sessions()] == ["sim01", "sim02"]


def test_another_seed_gives_other_files_and_more_participants_are_numbered_on(tmp_path: Path) -> None:
    body = ("eda", "keys")
    study = simulated(tmp_path / "study", 1, Settings(seed=1, modalities=body))
    simulate(study, Request("", 1, Settings(seed=1, modalities=body), 1), live_through)
    other = simulated(tmp_path / "other", 1, Settings(seed=2, modalities=body))
    first, second = (session.sha256 for session in study.sessions())
    assert [session.participant for session in study.sessions()] == ["sim01", "sim02"]
    assert len({first, second, other.sessions()[0].sha256}) == 3


def test_a_missing_modality_is_not_in_the_file(tmp_path: Path) -> None:
    settings = Settings(missing=0.5, seed=3)
    study = simulated(tmp_path / "study", 2, settings)
    for path in paths(study):
        with open_session(path) as session:
            truth = next(event.payload for event in session.events if event.kind == TRUTH)
            kinds = {stream.info.kind for stream in session.streams.values()}
            has_keys = bool(len(session.keys["time"]))
        named = {"face": "video", "speech": "audio"}
        assert truth["missing"]
        assert kinds == {named.get(m, m) for m in MODALITIES if m not in truth["missing"] and m != "keys"}
        assert has_keys == ("keys" not in truth["missing"])


def test_people_and_simulations_are_never_mixed(tmp_path: Path) -> None:
    people = Study.create(tmp_path / "people", "People", "people")
    with pytest.raises(StudyError, match="never mixed"):
        simulation_study(people.folder)
    with pytest.raises(StudyError, match="study of people"):
        simulate(people, Request(PROTOCOL, 1), live_through)
    assert not people.sessions()


def test_a_request_that_means_nothing_is_refused(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "Simulation", "simulation")
    with pytest.raises(SimulatingError, match="which protocol"):
        simulate(study, Request("", 1), live_through)
    with pytest.raises(SimulatingError, match="at least one"):
        Request(PROTOCOL, 0)
    assert not study.participants()


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def stuck(*given: Any) -> list[Any]:
        raise SimulatedSessionError("it does not come to an end.")

    study = simulation_study(tmp_path / "study", PROTOCOL)
    with pytest.raises(SimulatedSessionError):
        simulate(study, Request(PROTOCOL, 1, workers=1), stuck)
    assert not study.live_sessions()
    assert not study.sessions()


def test_it_stops_where_that_is_asked_for(tmp_path: Path) -> None:
    study = simulation_study(tmp_path / "study", PROTOCOL)
    settings = Settings(modalities=("eda",))
    made = simulate(
        study, Request(PROTOCOL, 3, settings, 1), live_through, cancelled=lambda: bool(study.sessions())
    )
    assert len(made.sessions) == len(study.sessions()) == 1
    simulate(study, Request(PROTOCOL, 1, settings, 1), live_through)
    assert [session.participant for session in study.sessions()] == ["sim01", "sim02"]


@pytest.mark.parametrize(
    ("category", "rated", "expected"),
    [
        ("pleasant", 5.0, 1.0),
        ("unpleasant", None, -1.0),
        ("happy", None, 1.0),
        ("neutral", 8.0, 0.0),
        ("", 9.0, 1.0),
        ("HVLA", 3.0, -0.5),
        ("", None, 0.0),
    ],
)
def test_what_a_trial_is_meant_to_be_felt_as(category: str, rated: float | None, expected: float) -> None:
    assert expected_valence(category, rated) == expected
