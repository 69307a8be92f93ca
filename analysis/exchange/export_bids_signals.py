"""The signals of a session in BIDS: EEG as BDF+, regular ones as physio, irregular ones as tables."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_bids_place import Axis, Place, label_of, sidecar, task, write_json, write_tsv
from analysis.exchange.export_csv import exact, write_lines
from analysis.exchange.export_edf import write_stream
from analysis.exchange.export_files import Report, Wrote, row_blocks
from analysis.exchange.export_grid import Grid, grid_of
from analysis.exchange.export_view import View
from analysis.session_reader import Stream

CHANNEL_TYPES = {
    "eeg": "EEG",
    "ecg": "ECG",
    "emg": "EMG",
    "eog": "EOG",
    "eda": "GSR",
    "ppg": "PPG",
    "bvp": "PPG",
    "temperature": "TEMP",
    "respiration": "RESP",
    "time": "SYSCLOCK",
    "marker": "TRIG",
}


def write_eeg(view: View, stream: Stream, place: Place, label: str, report: Report) -> str:
    """Write a stream as BDF+ with sidecar and channels; return its name, "" where no channel fits."""
    path = place.path("eeg", "eeg.bdf", label)
    made = write_stream(view, stream, path, "bdf")
    report.left_out += made.left_out
    if not made.wrote:
        return ""
    facts = made.wrote[0].facts
    info = stream.info
    kinds = {name: _channel_type(info.channel_kinds[channel]) for name, channel in facts["channels"].items()}
    counts = {
        f"{kind}ChannelCount": list(kinds.values()).count(kind)
        for kind in ("EEG", "ECG", "EMG", "EOG", "MISC")
    }
    write_json(
        sidecar(path),
        task(view)
        | {
            "SamplingFrequency": facts["rate_hz"],
            "EEGReference": "n/a",
            "PowerLineFrequency": "n/a",
            "SoftwareFilters": "n/a",
            "RecordingType": "continuous",
            "RecordingDuration": facts["samples"] / facts["rate_hz"],
            "ManufacturersModelName": view.device(stream) or "n/a",
            **counts,
            "TriggerChannelCount": list(kinds.values()).count("TRIG"),
            "ClockDriftPpm": facts["drift_ppm"],
            "FilledSamples": facts["filled"] + facts["padded_at_end"],
            "FilledWith": "the physical minimum of each channel, which no sample takes",
            "Alignment": view.alignment(stream),
        },
    )
    rows = [
        {
            "name": name,
            "type": kinds[name],
            "units": facts["units"][name] or "n/a",
            "description": info.channel_kinds[channel] + _renamed(name, info.channels[channel]),
            "sampling_frequency": facts["rate_hz"],
            "low_cutoff": "n/a",
            "high_cutoff": "n/a",
            "status": "n/a",
        }
        for name, channel in facts["channels"].items()
    ]
    write_tsv(place.path("eeg", "channels.tsv", label), rows)
    report.wrote.append(replace(made.wrote[0], file=place.relative(path)))
    return f"eeg/{path.name}"


def _renamed(name: str, label: str) -> str:
    return "" if name == label else f", {label}"


def _channel_type(kind: str) -> str:
    return CHANNEL_TYPES.get(kind.lower(), "MISC")


def write_physio(view: View, stream: Stream, axis: Axis, kind: str, place: Place, report: Report) -> None:
    """Write a regular stream as compressed table with sidecar; holes are lines of n/a."""
    info, grid = stream.info, grid_of(stream)
    ends = np.array([[run.start_s, run.end_s] for run in grid.runs])
    on_axis = axis(ends.ravel()).reshape(ends.shape)
    steps, span = sum(run.stop - run.first - 1 for run in grid.runs), float(np.diff(on_axis).sum())
    rate_hz = steps / span if steps and span > 0 else info.rate_hz
    label = free_label(view, stream)
    path = place.path(kind, "physio.tsv.gz", "", f"_recording-{label}")
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = view.channels(stream)
    names = _unique([info.channels[place_] for place_ in channels])
    with path.open("xb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        for lines in _physio_lines(stream, grid, channels):
            file.write(lines.encode())
    columns = {
        name: {"Description": info.channel_kinds[channel], "Units": info.units[channel] or "arbitrary"}
        for name, channel in zip(names, channels, strict=True)
    }
    write_json(
        sidecar(path),
        task(view)
        | {
            "SamplingFrequency": rate_hz,
            "StartTime": float(on_axis[0, 0]),
            "Columns": names,
            "PhysioType": "generic",
            "ManufacturersModelName": view.device(stream) or "n/a",
            "NominalSamplingFrequency": info.rate_hz,
            "FilledSamples": grid.samples - stream.rows,
            "Alignment": view.alignment(stream),
        }
        | columns,
    )
    facts = {
        "filled": grid.samples - stream.rows,
        "rate_hz": rate_hz,
        "drift_ppm": stream.time_model.drift_ppm,
    }
    report.wrote.append(Wrote(place.relative(path), view.name(stream), stream.rows, facts))


def _physio_lines(stream: Stream, grid: Grid, channels: Sequence[int]) -> Iterator[str]:
    for _, count, first in grid.pieces(max(1, 262_144 // len(stream.info.channels))):
        if first < 0:
            yield ("\t".join(["n/a"] * len(channels)) + "\n") * count
        else:
            yield _lines(stream.data[first : first + count][:, channels])


def _lines(values: NDArray[Any]) -> str:
    texts = ("\t".join(map(_known, row)) for row in exact(values))
    return "".join(f"{line}\n" for line in texts)


def free_label(view: View, stream: Stream) -> str:
    """Return a stream's label; two whose names differ in punctuation only get a number."""
    labels: list[str] = []
    for other in view.streams:
        label = base = label_of(view.name(other))
        count = 1
        while label in labels:
            count += 1
            label = f"{base}{count}"
        labels.append(label)
    return labels[view.streams.index(stream)]


def _unique(names: Sequence[str]) -> list[str]:
    unique: list[str] = []
    for name in names:
        count, base = 1, re.sub(r"\W+", "_", name).strip("_") or "column"
        candidate = base
        while candidate in unique:
            count += 1
            candidate = f"{base}_{count}"
        unique.append(candidate)
    return unique


def write_irregular(view: View, stream: Stream, axis: Axis, place: Place, report: Report) -> None:
    """Write a stream without a rate as a table with an onset a row."""
    info, channels = stream.info, view.channels(stream)
    names = _unique(["onset", *(info.channels[channel] for channel in channels)])
    path = place.path("beh", "beh.tsv", f"_acq-{free_label(view, stream)}")
    write_lines(path, names, _irregular_lines(stream, channels, axis), "\t")
    columns: dict[str, Any] = {"onset": {"Description": "Seconds from the first sample", "Units": "s"}}
    for name, channel in zip(names[1:], channels, strict=True):
        columns[name] = {
            "Description": info.channel_kinds[channel],
            "Units": info.units[channel] or "arbitrary",
        }
    write_json(sidecar(path), task(view) | columns)
    report.wrote.append(Wrote(place.relative(path), view.name(stream), stream.rows))


def _irregular_lines(stream: Stream, channels: Sequence[int], axis: Axis) -> Iterator[list[str]]:
    for first, stop in row_blocks(stream):
        onsets = axis(stream.corrected_times(first, stop))
        values = exact(stream.data[first:stop][:, channels])
        for (onset,), row in zip(exact(onsets[:, None]), values, strict=True):
            yield [onset, *map(_known, row)]


def _known(text: str) -> str:
    return "n/a" if text in ("nan", "inf", "-inf") else text
