"""Signals with a planted truth, for the monitor's tests: beats, hum, delivery, wristband exports."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from analysis.simulate.shapes import pulse_wave

Floats = NDArray[np.float64]


def stream(
    kind: str,
    rate_hz: float = 250.0,
    labels: tuple[str, ...] = ("1",),
    unit: str = "",
    dtype: str = "float64",
    **more: Any,
) -> StreamInfo:
    """Describe a stream of one kind of channels."""
    count = len(labels)
    values: dict[str, Any] = {"id": kind, "origin": "recorded", **more}
    return StreamInfo(
        kind=kind,
        channels=labels,
        units=(unit,) * count,
        channel_kinds=(kind,) * count,
        rate_hz=rate_hz,
        dtype=dtype,
        **values,
    )


def grid(seconds: float, rate_hz: float, start_s: float = 100.0) -> Floats:
    """Return the times of a perfectly regular stream."""
    return start_s + np.arange(round(seconds * rate_hz)) / rate_hz


def batched(times: Floats, batch_s: float) -> Floats:
    """Return times as they are when every row carries the end of its batch."""
    ends: Floats = (np.floor((times - times[0]) / batch_s + 1e-9) + 1) * batch_s + times[0]
    return ends


def pulse(bpm: float, seconds: float, rate_hz: float = 64.0, seed: int = 0, noise: float = 0.05) -> Floats:
    """Return a pulse wave (n,) of a steady heart with some breath in it."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    rate = bpm + 2.0 * np.sin(2 * np.pi * 0.25 * times)
    wave: Floats = 60.0 * pulse_wave(np.cumsum(rate / 60.0 / rate_hz))
    return wave + 5.0 * np.sin(2 * np.pi * 0.25 * times) + 60.0 * noise * random.standard_normal(len(times))


def brain(seconds: float, rate_hz: float, count: int, seed: int = 0) -> Floats:
    """Return EEG-like rows (n, count) in uV: 1/f noise of 15 uV and alpha waves of 10 uV."""
    random = np.random.default_rng(seed)
    rows = round(seconds * rate_hz)
    spectrum = np.fft.rfft(random.standard_normal((rows, count)), axis=0)
    hz = np.fft.rfftfreq(rows, 1.0 / rate_hz)
    spectrum /= np.maximum(hz, 0.5)[:, None] ** 0.75
    noise = np.fft.irfft(spectrum, rows, axis=0)
    noise *= 15.0 / noise.std(axis=0)
    times = np.arange(rows)[:, None] / rate_hz
    alpha: Floats = 14.0 * np.sin(2 * np.pi * 10.0 * times + np.arange(count)[None, :])
    return noise + alpha


@dataclass(frozen=True, slots=True)
class Export:
    """An E4 export: blood volume pulse (64 Hz), skin conductance and temperature (4 Hz), acceleration in g
    (32 Hz), the wristband's own heart rate (1 Hz) and beats (seconds from the start, interval), and where
    the heart rate begins against the pulse wave.
    """

    bvp: Floats
    eda: Floats
    temperature: Floats
    acceleration: Floats
    heart_rate: Floats
    heart_rate_from_s: float
    beats: Floats


def read_export(path: Path) -> Export:
    """Read an E4 zip as the device's portal writes it."""
    with zipfile.ZipFile(path) as archive:
        names = {name.rpartition("/")[2]: name for name in archive.namelist()}

        def table(name: str, columns: int) -> Floats:
            text = archive.read(names[name]).decode().strip().replace("\n", ",")
            values: Floats = np.fromstring(text, sep=",").reshape(-1, columns)
            return values

        columns = {"BVP": 1, "EDA": 1, "TEMP": 1, "ACC": 3, "HR": 1}
        signals = {name: table(f"{name}.csv", count) for name, count in columns.items()}
        lines = archive.read(names["IBI.csv"]).decode().splitlines()
    start_s = float(signals["BVP"][0, 0])
    beats = [[float(value) for value in line.split(",")] for line in lines[1:] if line]
    values = {name: rows[2:] for name, rows in signals.items()}
    ibi_start_s = float(lines[0].split(",")[0]) if lines else start_s
    return Export(
        values["BVP"][:, 0],
        values["EDA"][:, 0],
        values["TEMP"][:, 0],
        values["ACC"] / 64.0,
        values["HR"][:, 0],
        float(signals["HR"][0, 0]) - start_s,
        np.array(beats).reshape(-1, 2) + np.array([ibi_start_s - start_s, 0.0]),
    )
