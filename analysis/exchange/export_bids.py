"""One session as BIDS (https://bids-specification.readthedocs.io): EEG, other signals, answers, events.

EEG goes as BDF+, every other regular signal as physio, irregular ones and keystrokes as tables of
behaviour. All times count from the first sample of the first EEG file, on that file's own axis, so that
events lie beside the samples they belong to; without EEG from the first sample of all. Pictures and sound
have no place in BIDS yet: they go to `sourcedata/` as MP4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.exchange.export_bids_place import (
    Axis,
    Place,
    subject_label,
    write_json,
    write_tsv,
)
from analysis.exchange.export_bids_signals import free_label, write_eeg, write_irregular, write_physio
from analysis.exchange.export_bids_tables import write_events, write_keys, write_trials
from analysis.exchange.export_edf import unsuited
from analysis.exchange.export_files import ExportError, LeftOut, Report
from analysis.exchange.export_grid import grid_of
from analysis.exchange.export_mp4 import is_sound, write_mp4
from analysis.exchange.export_view import View, utc_moment
from analysis.session_reader import Stream


def write_session(view: View, root: Path) -> Report:
    """Write one session into the data set in `root`; raises ExportError, OSError."""
    head = view.head
    place = Place(
        root,
        subject_label(str(head.get("participant", ""))),
        f"ses-{int(head.get('session') or 1):02d}",
        view.task,
        f"run-{int(head.get('run') or 1):02d}",
    )
    report = Report(left_out=list(view.left_out))
    eeg = [stream for stream in view.streams if stream.info.kind.lower() == "eeg" and not unsuited(stream)]
    axis, zero_s = _axis(view, eeg)
    scans: list[str] = []
    for stream in eeg:
        label = f"_acq-{free_label(view, stream)}" if len(eeg) > 1 else ""
        if name := write_eeg(view, stream, place, label, report):
            scans.append(name)
            grid = grid_of(stream)
            write_events(view, [grid], grid.seconds, place.path("eeg", "events.tsv", label), place, report)
    kind = "eeg" if scans else "beh"
    if not scans:
        write_events(view, [], axis, place.path(kind, "events.tsv"), place, report)
    films: list[Stream] = []
    for stream in view.streams:
        if stream in eeg:
            continue
        if stream.info.dtype == "jpeg" or is_sound(stream):
            films.append(stream)
        elif stream.info.dtype == "text":
            report.left_out.append(LeftOut(f"stream {view.name(stream)}", "BIDS has no place for its texts"))
        elif not stream.rows:
            report.left_out.append(LeftOut(f"stream {view.name(stream)}", "has no samples"))
        elif stream.info.rate_hz > 0:
            write_physio(view, stream, axis, kind, place, report)
        else:
            write_irregular(view, stream, axis, place, report)
    write_trials(view, axis, place, report)
    write_keys(view, axis, place, report)
    _write_films(view, films, axis, place, report)
    if scans:
        _write_scans(view, scans, zero_s, place)
    return report


def _axis(view: View, eeg: Sequence[Stream]) -> tuple[Axis, float]:
    if eeg:
        grid = grid_of(eeg[0])
        return grid.seconds, grid.start_s
    starts = [float(stream.corrected_times(0, 1)[0]) for stream in view.streams if stream.rows]
    zero_s = min(starts, default=view.events[0].time if view.events else 0.0)
    return lambda times: np.asarray(times, np.float64) - zero_s, zero_s


def _write_films(view: View, films: Sequence[Stream], axis: Axis, place: Place, report: Report) -> None:
    if not films:
        return
    folder = place.path("beh", "x").relative_to(place.root).parent.parent
    stem = place.path("beh", "").name.removesuffix("_")
    target = place.root / "sourcedata" / folder
    try:
        made = write_mp4(view, target, stem)
    except ExportError as error:
        report.left_out.append(LeftOut("pictures and sound", str(error)))
        return
    for wrote in made.wrote:
        zero_s = float(wrote.facts["zero_s"]) - view.shift_s
        facts = wrote.facts | {"onset_s": float(axis(np.array([zero_s]))[0])}
        facts.pop("zero_s")
        report.wrote.append(replace(wrote, file=place.relative(target / wrote.file), facts=facts))
    starts = {wrote.file: wrote.facts["onset_s"] for wrote in report.wrote if "onset_s" in wrote.facts}
    for file, onset in starts.items():
        described = {"StartTime": onset, "Description": "Pictures and sound; StartTime on the session's axis"}
        write_json((place.root / file).with_suffix(".json"), described)


def _write_scans(view: View, scans: Sequence[str], zero_s: float, place: Place) -> None:
    utc_s = view.utc_s(zero_s)
    moment = None
    if utc_s is not None:
        moment = utc_moment(utc_s).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    path = place.root / place.subject / place.session / f"{place.subject}_{place.session}_scans.tsv"
    rows = [{"filename": name, "acq_time": moment} for name in scans]
    if path.exists():
        # A second run of the session: its lines go behind those of the first.
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{row['filename']}\t{row['acq_time'] or 'n/a'}\n" for row in rows)
    else:
        write_tsv(path, rows)
