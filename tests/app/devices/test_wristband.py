"""The simulated wristband: a plausible wearer who answers to what is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pylsl import StreamInfo as LslInfo
from pylsl import StreamOutlet

from analysis.simulate.shapes import pulse_wave
from app import clock
from app.devices.entries import WristbandParams
from app.devices.physiology import BLOCK_S, RATES_HZ, Stimulation, Wearer, drive_of
from app.devices.simulated import Wristband
from app.devices.source import Chunk
from tests.helpers.supervision import wait_for

Signals = dict[str, NDArray[np.float64]]


def worn(seed: int, seconds: float, stimuli: Sequence[Stimulation] = ()) -> Signals:
    wearer = Wearer(seed)
    blocks = []
    for _ in range(round(seconds / BLOCK_S)):
        for stimulus in stimuli:
            if wearer.elapsed_s <= stimulus.onset_s < wearer.elapsed_s + BLOCK_S:
                wearer.stimulate(stimulus)
        blocks.append(wearer.advance())
    return {name: np.concatenate([block[name] for block in blocks]) for name in RATES_HZ}


def beats_s(bvp: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times of systolic peaks: local maxima over 60 % of the range."""
    wave = bvp[:, 0]
    high = wave > wave.min() + 0.6 * (wave.max() - wave.min())
    peak = (wave[1:-1] >= wave[:-2]) & (wave[1:-1] > wave[2:]) & high[1:-1]
    times = (np.flatnonzero(peak) + 1.0) / RATES_HZ["bvp"]
    apart = np.concatenate([[True], np.diff(times) > 0.35])
    return np.asarray(times[apart], dtype=np.float64)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_signals_have_the_rates_and_ranges_of_a_wrist(seed: int) -> None:
    signals = worn(seed, 120)
    for name, rate_hz in RATES_HZ.items():
        assert len(signals[name]) == 120 * rate_hz
    assert 0.05 <= signals["eda"].min() < signals["eda"].max() < 20
    assert 30 < signals["temperature"].min() <= signals["temperature"].max() < 36
    assert np.ptp(signals["temperature"]) < 1.5
    gravity = np.linalg.norm(signals["acceleration"], axis=1)
    assert gravity.mean() == pytest.approx(1.0, abs=0.02)
    assert 0.001 < gravity.std() < 0.05
    assert np.abs(signals["bvp"]).max() < 150


def test_the_heart_beats_irregularly_with_the_breath() -> None:
    intervals = np.diff(beats_s(worn(1, 180)["bvp"]))
    rates = 60.0 / intervals
    assert 58 < rates.mean() < 80
    assert 1.0 < rates.std() < 8
    rmssd_ms = 1e3 * np.sqrt(np.mean(np.diff(intervals) ** 2))
    assert 10 < rmssd_ms < 90
    even_s = np.arange(0, 170, 0.5)
    resampled = np.interp(even_s, np.cumsum(intervals), rates)
    spectrum = np.abs(np.fft.rfft(resampled - resampled.mean())) ** 2
    frequency = np.fft.rfftfreq(len(even_s), 0.5)
    breathing = spectrum[(frequency > 0.17) & (frequency < 0.34)].sum()
    assert breathing > 0.3 * spectrum[frequency > 0.02].sum()


def test_a_pulse_has_a_systolic_peak_a_notch_and_a_second_wave() -> None:
    phase = np.linspace(0, 1, 500, endpoint=False)
    wave = pulse_wave(phase)
    rising = np.diff(np.concatenate([wave, wave[:1]])) > 0
    turns = np.flatnonzero(rising != np.roll(rising, 1))
    assert len(turns) == 4
    peaks = sorted((phase[t] for t in turns if not rising[t]), key=lambda p: -np.interp(p, phase, wave))
    assert 0.1 < peaks[0] < 0.25 < 0.4 < peaks[1] < 0.6
    assert wave[0] == pytest.approx(wave[-1], abs=0.05)


def test_equal_seeds_and_stimuli_give_equal_samples_and_others_do_not() -> None:
    stimuli = [Stimulation(10.0, 0.8, -0.5)]
    first, second, other = worn(4, 30, stimuli), worn(4, 30, stimuli), worn(5, 30, stimuli)
    for name in RATES_HZ:
        assert np.array_equal(first[name], second[name])
        assert not np.array_equal(first[name], other[name])
    quiet = worn(4, 30)
    before = slice(0, 10 * RATES_HZ["bvp"])
    assert np.array_equal(first["bvp"][before], quiet["bvp"][before])


def test_skin_answers_one_to_three_seconds_after_an_arousing_stimulus() -> None:
    stimulus = Stimulation(40.0, *drive_of("unpleasant", None, None))
    change = (worn(6, 60, [stimulus])["eda"] - worn(6, 60)["eda"])[:, 0]
    rate = RATES_HZ["eda"]
    assert np.abs(change[: 41 * rate]).max() < 0.01
    onset_s = np.flatnonzero(change > 0.03)[0] / rate - 40.0
    assert 1.0 <= onset_s <= 3.0
    assert 0.2 < change.max() < 2.0
    peak_s = change.argmax() / rate - 40.0
    assert onset_s + 0.5 < peak_s < onset_s + 3.5


@pytest.mark.parametrize(
    ("category", "speeds_up"), [("pleasant", True), ("unpleasant", True), ("neutral", False)]
)
def test_heart_rate_follows_the_arousal_of_the_category(category: str, speeds_up: bool) -> None:
    changes = []
    for seed in range(6):
        drive, valence = drive_of(category, None, None)
        aroused, calm = Wearer(seed), Wearer(seed)
        for _ in range(80):
            aroused.advance()
            calm.advance()
        aroused.stimulate(Stimulation(40.0, drive, valence))
        for _ in range(9):
            aroused.advance()
            calm.advance()
        changes.append(aroused.heart_rate_bpm - calm.heart_rate_bpm)
    assert (np.mean(changes) > 3.0) == speeds_up


def test_an_unpleasant_stimulus_slows_the_heart_first() -> None:
    aroused, calm = Wearer(1), Wearer(1)
    aroused.stimulate(Stimulation(0.0, *drive_of("", 2.0, 8.0)))
    for _ in range(3):
        aroused.advance()
        calm.advance()
    assert aroused.heart_rate_bpm < calm.heart_rate_bpm - 1.0


@given(valence=st.floats(1, 9), arousal=st.floats(1, 9), category=st.sampled_from(["pleasant", "x", ""]))
def test_ratings_outweigh_the_category(valence: float, arousal: float, category: str) -> None:
    drive, pleasure = drive_of(category, valence, arousal)
    assert 0 <= drive <= 1
    assert -1 <= pleasure <= 1
    assert (drive, pleasure) == drive_of("neutral", valence, arousal)


def test_the_wristband_hears_the_presenter_and_delivers_in_batches() -> None:
    outlet = StreamOutlet(LslInfo("events", "Markers", 1, 0, "string", "evoke:test:events"))
    band = Wristband(WristbandParams(seed=3), "w", lambda stream_id: stream_id, events="evoke:test:events")
    band.open()
    try:
        wait_for(lambda: outlet.have_consumers(), "the wristband to listen")
        shown = {"kind": "stimulus_shown", "category": "unpleasant", "time": clock.now()}
        for text in ("not json", "[]", json.dumps({"kind": "stage_started"}), json.dumps(shown)):
            outlet.push_sample([text])
        chunks: list[Chunk] = []

        def polled() -> list[Chunk]:
            chunks.extend(band.poll())
            return chunks

        wait_for(lambda: polled() is chunks and band.wearer.drives, "the stimulus to be seen")
        assert band.wearer.drives == [drive_of("unpleasant", None, None)[0]]
        wait_for(lambda: len(polled()) >= 8, "two batches")
    finally:
        band.close()
    bvp = [chunk for chunk in chunks if chunk.stream_id == "w-bvp"]
    assert all(len(chunk.times) == RATES_HZ["bvp"] * BLOCK_S for chunk in bvp)
    times = np.concatenate([chunk.times for chunk in bvp])
    assert np.diff(times) == pytest.approx(1 / RATES_HZ["bvp"], abs=1e-6)
    assert times[-1] <= clock.now()
