"""The tables of a session in BIDS: events, trials with their answers, keystrokes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.exchange.export_bids_place import Axis, Place, sidecar, task, write_json, write_tsv
from analysis.exchange.export_edf import GAP
from analysis.exchange.export_files import LeftOut, Report, Wrote
from analysis.exchange.export_grid import Grid
from analysis.exchange.export_view import View, onset_s
from analysis.records import Event

_ENDS = {
    "trial_started": "trial_ended",
    "stage_started": "stage_ended",
    "stimulus_shown": "stimulus_hidden",
    "talk_started": "talk_ended",
}
_NAMES = {
    "trial_started": "trial",
    "stage_started": "stage",
    "stimulus_shown": "stimulus",
    "talk_started": "speaking",
    "response": "response",
    "paused": "paused",
    "resumed": "resumed",
    "stream_lost": "stream_lost",
    "stream_back": "stream_back",
}
_EVENT_COLUMNS = {
    "onset": "Seconds from the first sample of the recording",
    "duration": "Seconds; n/a where it is not known",
    "trial_type": "What it is: trial, stage, stimulus/CATEGORY, response, speaking, ...",
    "trial": "Number of the trial, from 0",
    "stage": "Name of the stage in the protocol",
    "stimulus": "Id of the stimulus in its set; the file itself is not part of this data set",
    "item": "Item of a questionnaire",
    "value": "Answer, as a number",
    "stream": "Stream that was lost or came back",
}


def write_events(
    view: View, grids: Sequence[Grid], axis: Axis, path: Path, place: Place, report: Report
) -> None:
    """Write what happened, and the holes of `grids`, to `path` with a sidecar."""
    rows = event_rows(view.events, axis)
    for grid in grids:
        for hole in grid.holes:
            onset, duration = hole.place / grid.rate_hz, hole.count / grid.rate_hz
            rows.append({"onset": onset, "duration": duration, "trial_type": GAP})
    empty: dict[str, Any] = dict.fromkeys(_EVENT_COLUMNS)
    rows = sorted((empty | row for row in rows), key=lambda row: float(row["onset"]))
    if not rows:
        report.left_out.append(LeftOut("events", "nothing happened that a data set tells"))
        return
    write_tsv(path, rows)
    described: dict[str, Any] = {name: {"Description": text} for name, text in _EVENT_COLUMNS.items()}
    for name in ("onset", "duration"):
        described[name]["Units"] = "s"
    shown = {"SoftwareName": "Evoke", "SoftwareVersion": str(view.head.get("evoke") or "n/a")}
    write_json(sidecar(path), task(view) | described | {"StimulusPresentation": shown})
    report.wrote.append(Wrote(place.relative(path), "", len(rows)))


def event_rows(events: Sequence[Event], axis: Axis) -> list[dict[str, Any]]:
    """Return what happened as rows of an events table; onsets and durations by `axis`."""
    rows = []
    for number, event in enumerate(events):
        name = _NAMES.get(event.kind)
        if name is None:
            continue
        category = event.payload.get("category") if event.kind == "stimulus_shown" else None
        onset = float(axis(np.array([onset_s(event)]))[0])
        end = _end_of(events, number)
        duration = None if event.kind in _ENDS else 0.0
        if end is not None:
            duration = max(0.0, float(axis(np.array([onset_s(end)]))[0]) - onset)
        rows.append(
            {
                "onset": onset,
                "duration": duration,
                "trial_type": f"{name}/{category}" if category else name,
                "trial": event.trial if event.trial >= 0 else None,
                "stage": event.stage or None,
                "stimulus": event.payload.get("stimulus"),
                "item": event.payload.get("item"),
                "value": event.payload.get("value"),
                "stream": event.payload.get("stream"),
            }
        )
    return rows


def _end_of(events: Sequence[Event], number: int) -> Event | None:
    event = events[number]
    wanted = _ENDS.get(event.kind)
    if wanted is None:
        return None
    for place in range(number + 1, len(events)):
        other = events[place]
        if other.trial != event.trial or (other.stage != event.stage and wanted != "trial_ended"):
            continue
        if other.kind in (wanted, event.kind):
            return other if other.kind == wanted else None
    return None


def write_trials(view: View, axis: Axis, place: Place, report: Report) -> None:
    """Write a line a trial with its onsets and answers."""
    trials = view.trials
    if not trials:
        return
    items = list(dict.fromkeys(item for trial in trials for item in trial["ratings"]))
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"trial": trial["index"], "order": trial["order"]}
        for name, known in (("onset", "started_s"), ("stimulus_onset", "actual_onset_s")):
            time_s = trial[known] if not np.isnan(trial[known]) else trial.get("intended_onset_s", np.nan)
            row[name] = float(axis(np.array([time_s]))[0]) if not np.isnan(time_s) else None
        # Only files of protocols with items have that column.
        row |= {name: trial[name] for name in _TRIAL_FACTS if name in trial}
        rows.append(row | {f"rating_{item}": trial["ratings"].get(item) for item in items})
    path = place.path("beh", "beh.tsv")
    write_tsv(path, rows)
    described = {name: {"Description": _TRIAL_COLUMNS.get(name, f"Answer to {name[7:]}")} for name in rows[0]}
    write_json(sidecar(path), task(view) | described)
    report.wrote.append(Wrote(place.relative(path), "", len(rows)))


_TRIAL_FACTS = ("stimulus", "item", "category", "block", "practice", "attempts", "protocol_version")
_TRIAL_COLUMNS = {
    "trial": "Number of the trial in the protocol, from 0",
    "order": "Place in the order of presentation",
    "onset": "Start of the trial, seconds from the first sample of the recording",
    "stimulus_onset": "Onset of the stimulus (intended, where no screen was measured), seconds likewise",
    "stimulus": "Id of the stimulus in its set",
    "item": "What the trial is about where that is no stimulus: an emotion, a task",
    "category": "Category of the stimulus in its set",
    "block": "Block of the protocol",
    "practice": "Whether the trial was for practice",
    "attempts": "How often the trial was begun",
    "protocol_version": "Version of the protocol",
}
_KEY_COLUMNS = {
    "onset": "When the key moved, seconds from the first sample of the recording",
    "edge": "down, up or repeat",
    "class": "Class of the character: letter, digit, ...; the character itself is not part of this data set",
    "trial": "Number of the trial, from 0",
    "stage": "Name of the stage in the protocol",
}


def write_keys(view: View, axis: Axis, place: Place, report: Report) -> None:
    """Write a line a keystroke."""
    keys = view.keys
    if not keys:
        return
    onsets = axis(np.array([float(key["time"]) for key in keys])).tolist()
    rows = [
        {
            "onset": onset,
            "edge": key["edge"],
            "class": key["class"],
            "trial": key["trial"],
            "stage": key["stage"],
        }
        for onset, key in zip(onsets, keys, strict=True)
    ]
    path = place.path("beh", "beh.tsv", "_acq-keys")
    write_tsv(path, rows)
    write_json(
        sidecar(path), task(view) | {name: {"Description": text} for name, text in _KEY_COLUMNS.items()}
    )
    report.wrote.append(Wrote(place.relative(path), "keys", len(rows)))
