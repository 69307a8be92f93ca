"""Coverage counts trials that have a signal, says how good it is, and why it is not better."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.corpus import Corpus
from analysis.corpus.coverage import Cell, CoverageCancelledError, coverage
from analysis.corpus.loading import gathered, load_recording
from analysis.exchange.import_session import ImportedStream
from analysis.records import NOT_RECORDED, Event, Gap
from tests.helpers.corpus_files import Happenings, corpus_of, info, numbers, pictures, write
from tests.helpers.planted import pulse

SECONDS, TRIALS, TRIAL_S = 120.0, 4, 20.0


def happened(trials: int = TRIALS) -> Happenings:
    found = Happenings()
    for trial in range(trials):
        start_s = 10 + trial * 25.0
        found.add(start_s, "trial_started", trial, stimulus="s", category="c")
        found.add(start_s + TRIAL_S, "trial_ended", trial, reason="completed")
    return found


def stream(
    kind: str, rate_hz: float, holes: Sequence[tuple[float, float]] = (), **more: object
) -> ImportedStream:
    """Return two minutes of a plausible signal with holes."""
    times = np.arange(int(SECONDS * rate_hz)) / rate_hz
    plausible = {"eda": 5 + np.sin(times / 20), "temperature": np.full(len(times), 33.0)}
    values = (
        pulse(70, SECONDS, rate_hz, noise=0.01) if kind == "bvp" else plausible.get(kind, np.sin(times * 9))
    )
    units = {"eda": "uS", "temperature": "degC"}
    values = np.asarray(more.get("values", values))
    kept = np.ones(len(times), bool)
    for start_s, stop_s in holes:
        kept &= (times < start_s) | (times >= stop_s)
    about = info(str(more.get("name", kind)), kind, rate_hz, unit=units.get(kind, ""))
    return numbers(about, times[kept], values[kept])


def corpus(folder: Path, files: Mapping[str, Sequence[ImportedStream]], trials: int = TRIALS) -> Corpus:
    paths = []
    for name, streams in files.items():
        events = happened(trials).events
        paths.append(write(folder / f"{name}.h5", streams, events, participant=name.partition("-")[0]))
    return corpus_of(paths, "mine")


def test_good_signals_are_whole_and_have_nothing_to_say(tmp_path: Path) -> None:
    streams = [stream("bvp", 64.0), stream("eda", 4.0), stream("temperature", 4.0)]
    found = coverage(corpus(tmp_path, {"P01": streams}))
    assert found.modalities == ("bvp", "eda", "temperature")
    assert found.cells["P01", "eda"] == Cell(4, 4, 1.0, ())
    assert found.cells["P01", "temperature"] == Cell(4, 4, 1.0, ())
    heart = found.cells["P01", "bvp"]
    assert heart.with_signal == 4
    assert heart.quality > 0.95


def test_a_trial_whose_signal_is_mostly_gone_has_none(tmp_path: Path) -> None:
    # The second trial (35 to 55 s) loses 15 s, the third (60 to 80 s) 5 s.
    holes = [(38.0, 53.0), (65.0, 70.0)]
    cell = coverage(corpus(tmp_path, {"P01": [stream("eda", 4.0, holes)]})).cells["P01", "eda"]
    assert (cell.with_signal, cell.trials) == (3, 4)
    assert cell.share == 0.75
    assert cell.quality == pytest.approx((1 + 0.75 + 1) / 3, abs=0.02)
    assert cell.why == ("1 trial without a signal: stream lost",)


def test_a_stream_that_ends_early_covers_no_later_trial(tmp_path: Path) -> None:
    cell = coverage(corpus(tmp_path, {"P01": [stream("eda", 4.0, [(50.0, SECONDS)])]})).cells["P01", "eda"]
    assert (cell.with_signal, cell.trials) == (2, 4)
    assert cell.why == ("2 trials without a signal: nothing was recorded",)


def test_who_does_not_have_a_modality_has_a_cell_that_says_so(tmp_path: Path) -> None:
    files = {"P01": [stream("eda", 4.0)], "P02": [stream("temperature", 4.0)]}
    found = coverage(corpus(tmp_path, files))
    assert found.participants == ("P01", "P02")
    assert found.modalities == ("eda", "temperature")
    assert found.cells["P02", "eda"] == Cell(0, 4, 0.0, ("not recorded",))


def test_the_recordings_of_a_participant_are_summed(tmp_path: Path) -> None:
    files = {"P01-1": [stream("eda", 4.0)], "P01-2": [stream("temperature", 4.0)]}
    cell = coverage(corpus(tmp_path, files)).cells["P01", "eda"]
    assert cell == Cell(4, 8, 1.0, ("not recorded in 1 of 2 recordings",))


def test_noise_in_place_of_a_pulse_is_doubtful(tmp_path: Path) -> None:
    values = pulse(70, SECONDS, 64.0, noise=0.01)
    half = 60 * 64
    values[:half] = np.random.default_rng(1).normal(0, 1, half)
    cell = coverage(corpus(tmp_path, {"P01": [stream("bvp", 64.0, values=values)]})).cells["P01", "bvp"]
    assert cell.with_signal == 4
    assert 0.4 < cell.quality < 0.75
    (why,) = cell.why
    assert why.startswith("no believable heartbeats in ")


@pytest.mark.parametrize(
    ("kind", "wrong", "why"),
    [
        ("eda", 0.0, "changes that skin cannot have in 50% of the time"),
        ("temperature", 12.0, "not the temperature of skin in 50% of the time"),
    ],
)
def test_what_no_skin_does_is_doubtful(kind: str, wrong: float, why: str, tmp_path: Path) -> None:
    values = np.full(480, {"eda": 5.0, "temperature": 33.0}[kind])
    # The first two of four trials.
    values[: int(57.5 * 4)] = wrong
    cell = coverage(corpus(tmp_path, {"P01": [stream(kind, 4.0, values=values)]})).cells["P01", kind]
    assert cell.quality == pytest.approx(0.5, abs=0.03)
    assert cell.why == (why,)


def test_a_dead_channel_is_named(tmp_path: Path) -> None:
    times = np.arange(int(SECONDS * 100)) / 100
    values = np.column_stack(
        [np.sin(times), np.zeros(len(times)), np.full(len(times), np.nan), np.cos(times)]
    )
    eeg = numbers(info("eeg", "eeg", 100.0, ("Fz", "T7", "T8", "Oz")), times, values)
    cell = coverage(corpus(tmp_path, {"P01": [eeg]})).cells["P01", "eeg"]
    assert cell == Cell(4, 4, 0.5, ("channels without a signal: T7, T8",))


def test_what_the_monitor_failed_counts_as_doubtful(tmp_path: Path) -> None:
    said = {"stream": "resp", "verdict": "failed", "seconds": 10.0}
    events = [*happened().events, Event(20.0, "monitor", 0, "quality", payload=said)]
    breath = stream("respiration", 25.0, name="resp")
    path = write(tmp_path / "a.h5", [breath], events)
    cell = coverage(corpus_of([path], "mine")).cells["P01", "respiration"]
    assert cell.quality == pytest.approx((0.5 + 3) / 4, abs=0.01)
    assert cell.why == ("the monitor found it bad in 12% of the time",)


def test_pictures_and_keys_are_covered_by_trial(tmp_path: Path) -> None:
    found = happened()
    for trial in (0, 2):
        for edge in ("down", "up"):
            key = {"key": "KeyA", "edge": edge, "class": "letter"}
            found.add(12.0 + 25 * trial, "key", trial, "typing", **key)
    times = np.arange(10 * 60) / 10
    camera = pictures(info("cam", "video", 10.0), times, [b"\xff\xd8%d" % n for n in range(len(times))])
    path = write(tmp_path / "a.h5", [camera], found.events)
    cells = coverage(corpus_of([path], "mine")).cells
    assert (cells["P01", "face"].with_signal, cells["P01", "face"].trials) == (2, 4)
    assert cells["P01", "keys"] == Cell(2, 4, 1.0, ("2 trials without a signal: no keys",))


def test_a_voice_is_looked_for_where_it_is_spoken_and_meant_holes_do_not_count(tmp_path: Path) -> None:
    found = Happenings()
    for trial in range(2):
        start_s = 10 + trial * 40.0
        found.trial(trial, start_s)
        found.events.pop()
        found.add(start_s + 4, "stage_started", trial, "say", kind="speaking")
        found.add(start_s + 24, "stage_ended", trial, "say", reason="completed")
        found.add(start_s + 24, "trial_ended", trial, reason="completed")
    times = np.arange(int(SECONDS * 100)) / 100
    # The microphone is on from 16 s on in the first trial, and not at all in the second.
    kept = (times >= 16) & (times < 34)
    voice = numbers(info("mic", "audio", 100.0), times[kept], np.sin(times[kept] * 9))
    # The face is meant to be recorded until 11.8 s and from 24 s on; the picture is there from 11 to 13 s.
    camera_times = np.concatenate([np.arange(100, 118), np.arange(240, 900)]) / 10
    camera = pictures(
        info("cam", "video", 10.0), camera_times, [b"\xff\xd8%d" % n for n in range(len(camera_times))]
    )
    camera = replace(camera, gaps=(Gap(17, 18, 122, NOT_RECORDED),))
    path = write(tmp_path / "a.h5", [voice, camera], found.events)
    cells = coverage(corpus_of([path], "mine")).cells
    said = cells["P01", "speech"]
    assert (said.with_signal, said.trials) == (1, 2)
    assert said.quality == pytest.approx(0.9, abs=0.01)
    assert said.why == ("1 trial without a signal: nothing was recorded",)
    assert (cells["P01", "face"].with_signal, cells["P01", "face"].why) == (2, ())
    assert cells["P01", "face"].quality == pytest.approx(1.0, abs=0.01)


def test_what_was_refused_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", [stream("audio", 100.0), stream("eda", 4.0)], happened().events)
    other = write(tmp_path / "b.h5", [stream("audio", 100.0)], happened().events, participant="P02")
    loaded = [load_recording(path, refused=("voice",)), load_recording(other)]
    cell = coverage(gathered("mine", loaded, ())).cells["P01", "speech"]
    assert cell == Cell(0, 4, 0.0, ("the participant has not agreed to it",))


def test_a_recording_without_trials_says_that(tmp_path: Path) -> None:
    cell = coverage(corpus(tmp_path, {"P01": [stream("eda", 4.0)]}, trials=0)).cells["P01", "eda"]
    assert cell == Cell(0, 0, 0.0, ("the recording has no trials",))
    assert cell.share == 0.0


def test_it_tells_how_far_it_is_and_stops_when_asked(tmp_path: Path) -> None:
    both = corpus(tmp_path, {"P01": [stream("eda", 4.0)], "P02": [stream("eda", 4.0)]})
    told: list[tuple[int, int]] = []
    coverage(both, lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    with pytest.raises(CoverageCancelledError):
        coverage(both, cancelled=lambda: True)


def test_it_is_ready_for_json(tmp_path: Path) -> None:
    found = coverage(corpus(tmp_path, {"P01": [stream("eda", 4.0)]})).to_json()
    assert json.loads(json.dumps(found)) == {
        "participants": ["P01"],
        "modalities": ["eda"],
        "cells": [
            {
                "participant": "P01",
                "modality": "eda",
                "trials": 4,
                "with_signal": 4,
                "share": 1.0,
                "quality": 1.0,
                "why": [],
            }
        ],
    }
