"""A signal is what was recorded, on an even grid: exact where it can be, never made up where nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.corpus import CorpusError
from analysis.corpus.loading import load_recording
from analysis.corpus.signals import columns_of, modalities_of, read_signal, signal_of
from analysis.exchange.import_session import ImportedStream
from analysis.features.feature import Signal, feature
from analysis.records import Event
from analysis.session_file import open_session
from tests.helpers.corpus_files import Happenings, info, numbers, pictures, write


def signal(
    folder: Path, modality: str, *streams: ImportedStream, events: Sequence[Event] = ()
) -> Signal | None:
    with open_session(write(folder / "x.h5", streams, events)) as session:
        return read_signal(session, modality)


def test_values_on_the_grid_are_exact(tmp_path: Path) -> None:
    times = 5 + np.arange(400) / 64
    values = np.random.default_rng(1).normal(0, 1, (400, 2)).astype(np.float32)
    found = signal(tmp_path, "eeg", numbers(info("e", "eeg", 64.0, ("Fz", "Cz"), unit="uV"), times, values))
    assert found is not None
    assert found.rate_hz == 64.0
    assert found.start_s == pytest.approx(5.0)
    assert (found.channels, found.units) == (("Fz", "Cz"), ("uV", "uV"))
    assert np.array_equal(found.values, values)


def test_a_hole_is_nan_and_what_follows_is_in_its_place(tmp_path: Path) -> None:
    times = np.arange(1000) / 32
    kept = (times < 10) | (times >= 12.5)
    found = signal(tmp_path, "bvp", numbers(info("b", "bvp", 32.0), times[kept], times[kept]))
    assert found is not None
    assert len(found.values) == 1000
    assert np.array_equal(np.isnan(found.values[:, 0]), ~kept)
    assert np.allclose(found.values[kept, 0], times[kept], atol=1e-5)


def test_behind_a_hole_off_the_grid_values_lie_between_samples(tmp_path: Path) -> None:
    first, second = np.arange(320) / 32, 20 + 0.4 / 32 + np.arange(320) / 32
    times = np.concatenate([first, second])
    found = signal(tmp_path, "bvp", numbers(info("b", "bvp", 32.0), times, times))
    assert found is not None
    grid = found.start_s + np.arange(len(found.values)) / 32
    known = np.isfinite(found.values[:, 0])
    inside = (grid >= second[0]) & (grid <= second[-1])
    assert known.sum() == pytest.approx(640, abs=1)
    assert np.allclose(found.values[inside, 0], grid[inside], atol=1e-4)


@settings(max_examples=8, deadline=None)
@given(drift_ppm=st.floats(-200, 200), phase=st.floats(0, 1))
def test_a_slow_or_fast_clock_neither_doubles_nor_loses(
    drift_ppm: float, phase: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    times = phase + np.arange(6000) / 50 * (1 + drift_ppm * 1e-6)
    about = info("e", "eda", 50.0)
    found = signal(tmp_path_factory.mktemp("d"), "eda", numbers(about, times, np.sin(times)))
    assert found is not None
    grid = found.start_s + np.arange(len(found.values)) / 50
    assert np.isfinite(found.values).all()
    # The last point may lie up to half a step behind the last sample.
    assert np.abs(found.values[:, 0] - np.sin(grid))[:-1].max() < 2e-4


def test_missing_and_infinite_values_are_nan_and_spoil_no_neighbour(tmp_path: Path) -> None:
    values = np.arange(100, dtype=np.float64)
    values[[10, 20]] = np.nan, np.inf
    found = signal(tmp_path, "eda", numbers(info("e", "eda", 4.0), np.arange(100) / 4, values))
    assert found is not None
    assert np.flatnonzero(~np.isfinite(found.values[:, 0])).tolist() == [10, 20]


def test_only_channels_of_the_kind_come(tmp_path: Path) -> None:
    kinds = ("eeg", "eeg", "ecg", "time", "acceleration")
    about = info("board", "eeg", 100.0, ("Fz", "Cz", "heart", "t", "x"), kinds)
    stream = numbers(about, np.arange(300) / 100, np.arange(1500).reshape(300, 5))
    path = write(tmp_path / "x.h5", (stream,))
    recording, _, _ = load_recording(path)
    assert modalities_of(recording) == ("eeg", "ecg", "acceleration")
    eeg, heart = signal_of(recording, "eeg"), signal_of(recording, "ecg")
    assert eeg is not None and heart is not None
    assert eeg.channels == ("Fz", "Cz")
    assert heart.values[:3, 0].tolist() == [2, 7, 12]


@pytest.mark.parametrize(
    ("kind", "kinds", "modality", "columns"),
    [
        ("EEG", ("", ""), "eeg", (0, 1)),
        ("eeg", ("EEG", "eog"), "eeg", (0,)),
        ("gsr", ("gsr", "other"), "eda", (0,)),
        ("ppg", ("PPG", "ppg"), "bvp", (0, 1)),
        ("peripheral", ("eog", "eda", "time"), "peripheral", (0, 1)),
        ("peripheral", ("eog", "eda", "time"), "eda", (1,)),
        ("eeg", ("eeg", "emg"), "peripheral", (1,)),
        ("audio", ("audio", "audio"), "speech", (0, 1)),
        ("video", ("video", "video"), "face", ()),
        ("eeg", ("eeg", "eeg"), "keys", ()),
    ],
)
def test_which_channels_hold_what(
    kind: str, kinds: tuple[str, ...], modality: str, columns: tuple[int, ...]
) -> None:
    names = tuple(f"c{place}" for place in range(len(kinds)))
    assert columns_of(replace(info("x", kind, 10.0, names), channel_kinds=kinds), modality) == columns


def test_a_stream_of_its_own_goes_before_a_mixed_one(tmp_path: Path) -> None:
    chest = info("chest", "peripheral", 100.0, ("a", "b"), ("eda", "ecg"))
    wrist = info("wrist", "eda", 4.0)
    streams = (
        numbers(chest, np.arange(100) / 100, np.zeros((100, 2))),
        numbers(wrist, np.arange(100) / 4, np.ones(100)),
    )
    path = write(tmp_path / "x.h5", streams)
    with open_session(path) as session:
        found = read_signal(session, "eda")
        other = read_signal(session, "eda", ["chest"])
    assert found is not None and other is not None
    assert (found.rate_hz, other.rate_hz) == (4.0, 100.0)


def test_sound_is_between_minus_one_and_one(tmp_path: Path) -> None:
    values = np.array([-32768, 0, 16384, 32767])
    stream = numbers(info("mic", "audio", 8000.0, dtype="int16"), np.arange(4) / 8000, values)
    found = signal(tmp_path, "speech", stream)
    assert found is not None
    assert found.values[:3, 0].tolist() == [-1.0, 0.0, 0.5]


def test_a_face_is_its_pictures_and_their_times(tmp_path: Path) -> None:
    times = np.cumsum(np.random.default_rng(3).uniform(0.03, 0.05, 20))
    frames = [b"\xff\xd8" + bytes([place]) for place in range(20)]
    path = write(tmp_path / "x.h5", (pictures(info("cam", "video", 25.0), times, frames),))
    with open_session(path) as session:
        found = read_signal(session, "face")
        assert found is not None and found.frames is not None and found.times_s is not None
        assert [found.frames(place) for place in (0, 7, 19)] == [frames[0], frames[7], frames[19]]
        assert np.allclose(found.times_s, times)


def test_keys_are_the_table_with_their_trials(tmp_path: Path) -> None:
    happened = Happenings()
    for place, edge in enumerate(("down", "up", "down")):
        key = {"key": "KeyA", "edge": edge, "class": "letter"}
        happened.add(1.0 + place / 10, "key", place // 2, "typing", **key)
    path = write(tmp_path / "x.h5", (), happened.events)
    recording, _, _ = load_recording(path)
    found = signal_of(recording, "keys")
    assert found is not None
    assert modalities_of(recording) == ("keys",)
    assert found.table["edge"].tolist() == ["down", "up", "down"]
    assert found.table["trial"].tolist() == [0, 0, 1]
    assert found.table["time"].tolist() == pytest.approx([1.0, 1.1, 1.2])
    assert set(found.table) == {"time", "edge", "key", "class", "trial", "stage"}


def test_presses_keep_their_numbers_without_what_was_typed(tmp_path: Path) -> None:
    """A hidden letter's up is lost, as where a stage ends while a key is held: the next has its own up."""
    happened = Happenings()
    for time, edge, press in (
        (1.0, "down", 1),
        (1.5, "down", 2),
        (1.6, "up", 2),
        (2.0, "down", 3),
        (2.3, "up", 3),
    ):
        key = {"key": "", "char": "x", "edge": edge, "class": "letter", "press": press}
        happened.add(time, "key", 0, "typing", **key)
    recording, _, _ = load_recording(write(tmp_path / "x.h5", (), happened.events))
    found = signal_of(recording, "keys")
    assert found is not None
    assert found.table["press"].tolist() == [f"presenter {press}" for press in (1, 2, 2, 3, 3)]
    assert not {"char", "payload"} & set(found.table)
    what = feature("keys.statistics")
    made = what.extract(found, np.array([[0.0, 4.0]]), 0.0, 0.0, what.settings)
    dwell, flight = (made.values[0, made.names.index(f"{name}_mean_s")] for name in ("dwell", "flight"))
    assert dwell == pytest.approx((0.1 + 0.3) / 2, rel=1e-4)
    assert flight == pytest.approx(2.0 - 1.6, rel=1e-4)


def test_refused_streams_are_not_read(tmp_path: Path) -> None:
    happened = Happenings()
    happened.add(1.0, "key", 0, "typing", key="KeyA", edge="down", **{"class": "letter"})
    stream = numbers(info("mic", "audio", 100.0), np.arange(9) / 100, np.zeros(9))
    path = write(tmp_path / "x.h5", (stream,), happened.events)
    recording, _, _ = load_recording(path, refused=("voice", "typed_text"))
    assert modalities_of(recording) == ()
    assert signal_of(recording, "speech") is None
    assert signal_of(recording, "keys") is None


def test_what_the_monitor_failed_is_doubtful(tmp_path: Path) -> None:
    happened = Happenings()
    events = [
        Event(20.0, "monitor", 0, "quality", payload={"stream": "e", "verdict": "failed", "seconds": 10.0}),
        Event(30.0, "monitor", 1, "quality", payload={"stream": "e", "verdict": "warned", "seconds": 10.0}),
    ]
    stream = numbers(info("e", "eda", 4.0), np.arange(160) / 4, np.ones(160))
    found = signal(tmp_path, "eda", stream, events=[*happened.events, *events])
    assert found is not None
    assert found.doubtful == ((10.0, 20.0),)


def test_nothing_is_none_and_a_wrong_name_is_said(tmp_path: Path) -> None:
    irregular = numbers(info("ibi", "bvp", 0.0), np.array([1.0, 1.8, 2.7]), np.ones(3))
    assert signal(tmp_path, "bvp", irregular) is None
    recording, _, _ = load_recording(tmp_path / "x.h5")
    assert modalities_of(recording) == ()
    with pytest.raises(CorpusError, match="no modality 'pulse'"):
        signal_of(recording, "pulse")
