"""What a buffer holds is what a recording's reader would have read, however the rows came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.loading import load_recording
from analysis.corpus.signals import signal_of
from analysis.features.as_live import limited
from analysis.features.feature import Signal
from analysis.live.buffers import FrameBuffer, GridBuffer, KeyBuffer
from analysis.live.evening import Evening
from analysis.live.replaying import Replay, replayed
from analysis.live.streams import Streams
from tests.helpers.live_models import session_file
from tests.helpers.live_session import stream

INFO = stream("eda", "eda", 8, 2, "uS")


@pytest.mark.parametrize(
    ("modality", "off_ppm", "hole_of"),
    [
        ("eda", 0.0, ""),
        ("bvp", 0.0, "bvp"),
        ("bvp", 90.0, ""),
        ("bvp", -90.0, "bvp"),
        ("speech", 40.0, ""),
        ("acceleration", 400.0, "acceleration"),
    ],
)
def test_a_replayed_stream_lies_on_the_readers_grid(
    tmp_path: Path, modality: str, off_ppm: float, hole_of: str
) -> None:
    names = ("bvp", "eda", "acceleration", "microphone")
    path = session_file(tmp_path / "s.h5", names, 20.0, off_ppm, 0.03, hole_of)
    recording, _, _ = load_recording(path)
    whole = signal_of(recording, modality)
    assert whole is not None
    streams = Streams([modality], 12.0)
    with Replay(path, [modality]) as replay:
        for now_s in replayed(replay, streams, 0.73):
            stop_s = now_s - 0.9
            if stop_s < whole.start_s + 1:
                continue
            known, live = limited(whole, stop_s, 10.0), streams.signal(modality, stop_s, 10.0)
            assert live is not None and live.start_s == known.start_s
            assert (live.channels, live.units, live.rate_hz) == (known.channels, known.units, known.rate_hz)
            rows = min(len(known.values), len(live.values))
            assert np.isnan(live.values[rows:]).all() and rows >= len(known.values)
            np.testing.assert_allclose(live.values[:rows], known.values, rtol=2e-6, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sets(st.integers(1, 89), max_size=12))
def test_any_pieces_give_the_same_numbers(seed: int, cuts: set[int]) -> None:
    chance = np.random.default_rng(seed)
    times = 100.0 + np.cumsum(chance.choice([0.125, 0.1251, 0.12, 0.9], 90))
    values = chance.integers(-9, 9, (90, 2)).astype(np.float64)
    whole, pieces = GridBuffer(INFO, 30.0), GridBuffer(INFO, 30.0)
    whole.push(times, values)
    for part_times, part in zip(np.split(times, sorted(cuts)), np.split(values, sorted(cuts)), strict=True):
        pieces.push(part_times, part)
    stop_s = float(times[-1])
    one, other = whole.signal("eda", stop_s, 25.0), pieces.signal("eda", stop_s, 25.0)
    assert np.array_equal(one.values, other.values, equal_nan=True) and one.start_s == other.start_s
    assert whole.is_ready(stop_s - 0.2) == pieces.is_ready(stop_s - 0.2)


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(1, 199), max_size=20), st.integers(0, 3))
def test_stamps_are_evened_out_alike_in_any_pieces(cuts: set[int], seed: int) -> None:
    chance = np.random.default_rng(seed)
    stamps = 50.0 + np.arange(200) / 64 + 0.004 * chance.standard_normal(200)
    stamps[120:] += 3.0
    whole, _ = Evening(64.0).even(stamps)
    piecewise = Evening(64.0)
    parts = [piecewise.even(part) for part in np.split(stamps, sorted(cuts))]
    np.testing.assert_allclose(np.concatenate([times for times, _ in parts]), whole, atol=1e-9)
    begins = np.flatnonzero(np.concatenate([begin for _, begin in parts]))
    assert begins.tolist() == [0, 120]
    # Even where the stamps tremble by 4 ms, and never far from them.
    assert np.abs(np.diff(whole[:120]) - 1 / 64).max() < 1e-3
    assert np.abs(whole - stamps).max() < 0.03


def test_it_waits_for_the_last_sample_before_a_moment() -> None:
    buffer = GridBuffer(INFO, 5.0)
    assert not buffer.is_ready(100.0)
    buffer.push(100.0 + np.arange(8) / 8, np.ones((8, 2)))
    assert buffer.is_ready(101.0) and not buffer.is_ready(101.1)


def test_what_is_older_than_its_memory_is_gone() -> None:
    buffer = GridBuffer(INFO, 2.0)
    for second in range(50):
        times = 100.0 + second + np.arange(8) / 8
        buffer.push(times, np.repeat(times[:, None], 2, axis=1))
    held = buffer.signal("eda", 150.0, 2.0)
    np.testing.assert_allclose(held.values[:, 0], 148.0 + np.arange(16) / 8)
    assert np.isnan(buffer.signal("eda", 120.0, 2.0).values).all()


def test_pictures_and_strokes_are_those_of_the_last_seconds() -> None:
    camera = stream("camera", "video", 15, 1, "", "jpeg")
    buffer = FrameBuffer(camera, 4.0)
    times = 10.0 + np.arange(60) / 5
    buffer.push(times, [f"{place}".encode() for place in range(60)])
    seen = buffer.signal("face", 21.0, 2.0)
    assert seen.times_s is not None and seen.frames is not None
    whole = Signal(
        "face", 15.0, 10.0, np.zeros((0, 0), np.float32), ("f",), ("",), times,
        lambda number: f"{number}".encode(),
    )  # fmt: skip
    known = limited(whole, 21.0, 2.0)
    assert known.times_s is not None and known.frames is not None
    assert np.array_equal(seen.times_s, known.times_s)
    assert [seen.frames(each) for each in range(10)] == [known.frames(each) for each in range(10)]

    keys = KeyBuffer(3.0)
    table = {
        "time": np.arange(10.0, 20.0), "edge": np.array(["down", "up"] * 5), "key": np.array(["KeyA"] * 10),
        "class": np.array(["letter"] * 10), "trial": np.zeros(10, int), "stage": np.zeros(10, int),
    }  # fmt: skip
    keys.push([{name: column[row] for name, column in table.items()} for row in range(10)])
    typed = Signal("keys", 0.0, 10.0, np.zeros((0, 0), np.float32), (), (), table=table)
    for name, column in limited(typed, 19.0, 2.0).table.items():
        assert np.array_equal(keys.signal(19.0, 2.0).table[name], column)
