"""A stream for MNE-Python (https://mne.tools), for those who have it installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.exchange.export_edf import event_notes, gap_notes, unsuited
from analysis.exchange.export_files import ExportError, row_blocks
from analysis.exchange.export_grid import grid_of
from analysis.exchange.export_view import utc_moment, view_of
from analysis.session_reader import Session, Stream

SKIP = "BAD_ACQ_SKIP"
"""What MNE's filters take as the border of a stretch to be filtered by itself."""

_TYPES = {
    "eeg": ("eeg", "V"),
    "ecg": ("ecg", "V"),
    "emg": ("emg", "V"),
    "eog": ("eog", "V"),
    "eda": ("gsr", "S"),
    "temperature": ("temperature", "degC"),
}
_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "k": 1e3}


def to_mne(session: Session, stream_id: str | None = None) -> Any:
    """Return a stream as `mne.io.RawArray`: volts, siemens or degrees Celsius; events as annotations.

    Without an id it is the session's EEG stream, or its only regular one. Rows keep their number and the
    nominal rate; annotations lie beside the samples that were taken with them by corrected time, and
    `meas_date` is the corrected time of the first. Holes are filled with zeros and annotated `BAD_gap`,
    and `BAD_ACQ_SKIP` so that filters do not run across. A channel whose unit is not known is `misc`.
    Raises ExportError, also where MNE is not installed.
    """
    try:
        import mne
    except ModuleNotFoundError as error:
        raise ExportError("MNE is not installed. Add it to this environment: pip install mne") from error

    stream = _chosen(session, stream_id)
    view, grid, info = view_of(session), grid_of(stream), stream.info
    kinds = [_kind(kind, unit) for kind, unit in zip(info.channel_kinds, info.units, strict=True)]
    factors = np.array([factor for _, factor in kinds])
    data = np.zeros((len(info.channels), grid.samples))
    for run in grid.runs:
        for first, stop in row_blocks(stream, run.first, run.stop):
            place = run.place + first - run.first
            data[:, place : place + stop - first] = stream.data[first:stop].T * factors[:, None]
    made = mne.create_info(_unique(info.channels), info.rate_hz, [kind for kind, _ in kinds], verbose="error")
    made["description"] = f"{info.id}; drift {stream.time_model.drift_ppm} ppm of the nominal rate"
    raw = mne.io.RawArray(data, made, verbose="error")
    utc_s = view.utc_s(grid.start_s)
    if utc_s is not None:
        raw.set_meas_date(utc_moment(utc_s))
    end_s = (grid.samples - 1) / info.rate_hz
    notes = [note for note in event_notes(view, grid) if 0 <= note.onset_s <= end_s]
    holes = gap_notes(grid)
    texts = [note.text for note in notes] + ["BAD_gap" for _ in holes] + [SKIP for _ in holes]
    notes += [*holes, *holes]
    raw.set_annotations(
        mne.Annotations(
            [note.onset_s for note in notes],
            [note.duration_s or 0.0 for note in notes],
            texts,
            orig_time=raw.info["meas_date"],
        ),
        verbose="error",
    )
    return raw


def _chosen(session: Session, stream_id: str | None) -> Stream:
    if stream_id is not None:
        if stream_id not in session.streams:
            known = ", ".join(session.streams)
            raise ExportError(f"{session.path}: has no stream {stream_id!r}. It has {known}.")
        found = session.streams[stream_id]
        why = unsuited(found)
        if why:
            raise ExportError(f"{session.path}: stream {stream_id}: MNE holds no {why}.")
        return found
    regular = [stream for stream in session if not unsuited(stream)]
    eeg = [stream for stream in regular if stream.info.kind.lower() == "eeg"]
    candidates = eeg or regular
    if len(candidates) != 1:
        named = ", ".join(stream.info.id for stream in candidates) or "none"
        raise ExportError(f"{session.path}: name one of its streams that have a rate: {named}.")
    return candidates[0]


def _kind(kind: str, unit: str) -> tuple[str, float]:
    """Return MNE's type of a channel and the factor to its unit."""
    name, base = _TYPES.get(kind.lower(), ("misc", ""))
    if name == "misc":
        return "misc", 1.0
    if unit == base or (base == "degC" and unit in ("C", "°C")):
        return name, 1.0
    if unit.endswith(base) and unit.removesuffix(base) in _PREFIXES:
        return name, _PREFIXES[unit.removesuffix(base)]
    return "misc", 1.0


def _unique(names: tuple[str, ...]) -> list[str]:
    unique: list[str] = []
    for name in names:
        count, candidate = 1, name
        while candidate in unique:
            count += 1
            candidate = f"{name}-{count}"
        unique.append(candidate)
    return unique
