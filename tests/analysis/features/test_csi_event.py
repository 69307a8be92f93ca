"""Segments about events: of channel state as the chain has them, of wristbands about their largest event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.csi.chain import HALF, ChainSpec, centres, follow, segments
from analysis.features.csi import EVENT, SEGMENT, chain_of
from analysis.features.feature import FeatureError, Signal
from analysis.simulate.channel import passages


def channel() -> tuple[Signal, np.ndarray[Any, np.dtype[np.float64]]]:
    made = passages(("car", "pedestrian", "car"), 4)
    spans = np.array([(each.start_s + 50.0, each.stop_s + 50.0) for each in made.passages])
    names = tuple(map(str, range(52)))
    return Signal("csi", 50.0, 50.0, made.amplitudes.astype(np.float32), names, ("",) * 52), spans


def test_a_passage_is_201_readings_of_the_chain_about_its_highest_point() -> None:
    signal, spans = channel()
    found = EVENT.extract(signal, spans, 0.0, 0.0, EVENT.settings)
    curve = follow(signal.values.astype(np.float64), ChainSpec()).curve
    rows = tuple((round((a - 50) * 50), round((b - 50) * 50)) for a, b in spans)
    np.testing.assert_allclose(found.values, segments(curve, centres(curve, rows), HALF), rtol=1e-6)
    assert found.values.shape == (3, 201) and found.names[0] == "-100" and found.names[100] == "+0"


def test_its_settings_choose_and_the_printed_form_is_another() -> None:
    signal, spans = channel()
    usual = EVENT.extract(signal, spans, 0.0, 0.0, EVENT.settings).values
    for changed in ({"m": 1}, {"select": "average"}, {"rectified": False}, {"as_published": True}):
        other = EVENT.extract(signal, spans, 0.0, 0.0, {**EVENT.settings, **changed}).values
        assert other.shape == usual.shape and not np.allclose(other, usual, equal_nan=True)
    with pytest.raises(FeatureError, match="select 'best' is unknown: top, weighted, average"):
        EVENT.extract(signal, spans, 0.0, 0.0, {**EVENT.settings, "select": "best"})


def test_its_reach_is_its_half_and_a_second_and_the_whole_recording_is_said() -> None:
    reach = EVENT.reach(EVENT.settings, 50.0)
    assert (reach.before_s, reach.after_s) == (3.0, 3.0)
    assert "whole recording" in reach.whole


def test_a_printed_segment_lies_within_its_reach() -> None:
    signal, spans = channel()
    settings = {**EVENT.settings, "as_published": True, "follows_all": True}
    side_s = EVENT.reach(settings, 50.0).before_s
    assert side_s == 6.0
    usual = EVENT.extract(signal, spans, 0.0, 0.0, settings).values
    # What lies further away decides nothing but the mean and the ranking, which are told.
    first, stop = spans[1] - 50.0
    for edge in (slice(0, int((first - side_s) * 50)), slice(int((stop + side_s) * 50) + 1, None)):
        level = signal.values.copy()
        level[edge] = level[edge][::-1]
        other = Signal("csi", 50.0, 50.0, level, signal.channels, signal.units)
        again = EVENT.extract(other, spans, 0.0, 0.0, settings).values
        assert int(np.argmin(again[1])) == int(np.argmin(usual[1]))


def test_the_printed_baseline_is_a_setting() -> None:
    signal, _ = channel()
    _, detector = chain_of({**EVENT.settings, "follows_all": True})
    assert follow(signal.values.astype(np.float64), ChainSpec(), detector).detection.events == ()
    assert not chain_of(EVENT.settings)[1].follows_all


def test_a_skin_conductance_response_is_in_the_middle_of_its_segment() -> None:
    at_s = np.arange(0, 240, 0.25)
    wave = np.full(len(at_s), 5.0)
    for onset, size in ((60.0, 0.3), (75.0, 1.0), (180.0, 0.6)):
        since = np.clip(at_s - onset, 0, None)
        wave += size * (np.exp(-since / 6) - np.exp(-since / 0.8)) * (since > 0)
    signal = Signal("eda", 4.0, 0.0, wave[:, None].astype(np.float32), ("eda",), ("uS",))
    found = SEGMENT.extract(signal, np.array([[50.0, 110.0], [150.0, 210.0]]), 0.0, 0.0, SEGMENT.settings)
    assert found.values.shape == (2, 81)
    assert (found.values.argmax(axis=1) == 40).all()
    assert found.values[0, 40] > found.values[1, 40] > 0.2


def test_a_burst_of_movement_is_in_the_middle_and_other_rates_and_halves_are_taken() -> None:
    random = np.random.default_rng(0)
    wave = np.tile([0.0, 0.0, 1.0], (32 * 60, 1)) + 0.005 * random.normal(size=(32 * 60, 3))
    wave[32 * 30 : 32 * 31, 0] += np.sin(np.arange(32) / 3)
    signal = Signal("acceleration", 32.0, 0.0, wave.astype(np.float32), ("x", "y", "z"), ("g",) * 3)
    settings = {"rate_hz": 8.0, "half": 20}
    found = SEGMENT.extract(signal, np.array([[5.0, 55.0]]), 0.0, 0.0, settings)
    assert found.values.shape == (1, 41)
    assert abs(int(np.nanargmax(found.values[0])) - 20) <= 1
    assert found.values[0, 20] > 5 * np.median(found.values[0])
