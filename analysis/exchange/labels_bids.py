"""Labels as a BIDS derivative: `*_events.tsv` with a JSON sidecar, one a recording and scheme.

Onsets count from the first sample of the recording's EEG file as `evoke export --to bids` writes it, on
that file's own axis (see `Axis`), so labels lie beside the samples they are about. Traces go as
`*_physio.tsv.gz` at the rate of their tier, times of samples rounded to its steps.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_bids_place import label_of, sidecar, write_json, write_tsv
from analysis.exchange.export_edf import unsuited
from analysis.exchange.export_files import LeftOut, Report, Wrote, refuse_existing
from analysis.exchange.export_grid import grid_of
from analysis.exchange.labels_rows import (
    Found,
    LabelImportError,
    Labels,
    answer_text,
    answers_of,
    checked,
    label_id,
    number,
    only_tier,
    read_text,
    tier_named,
)
from analysis.labels.records import NS, Mark
from analysis.labels.scheme import CANNOT_TELL, Scheme, Tier
from analysis.session_reader import Session

BIDS_VERSION = "1.10.0"
_COLUMNS: Mapping[str, str] = {
    "onset": "Start of the label (of the trial, for answers about a whole trial)",
    "duration": "Length of the label; 0 for a moment",
    "trial_type": "The label; for answers about a whole trial n/a",
    "value": "Numbers beside the label, or answers about the trial: NAME=VALUE, with ;",
    "tier": "Layer of the scheme",
    "annotator": "Pseudonym of who gave it",
    "annotator_kind": "human, model or fused",
    "trial": "Number of the trial in the protocol, from 0",
    "confidence": "0 to 1",
    "channels": "Channels it is about, with |; n/a: all",
    "note": "Free text",
    "gold": "Whether it is a person's own judgement: no model in sight, nothing left to confirm",
    "derived_from": "Label of a model, or of an earlier version of the scheme, that it came from",
    "ann_id": "Id of the label",
}
_ABSENT = "n/a"


@dataclass(frozen=True, slots=True)
class Axis:
    """From the recording's clock to a file's own seconds, bent at knots; beyond them both run alike."""

    clock_s: tuple[float, ...]
    file_s: tuple[float, ...]

    def seconds(self, times_ns: Iterable[int]) -> NDArray[np.float64]:
        """Return times of the recording (n,) as seconds of the file."""
        return _bent(np.array([*times_ns], np.float64) / NS, self.clock_s, self.file_s)

    def nanoseconds(self, seconds: Iterable[float]) -> NDArray[np.int64]:
        """Return seconds of the file (n,) as nanoseconds of the recording."""
        return np.round(_bent(np.array([*seconds], np.float64), self.file_s, self.clock_s) * NS).astype(
            np.int64
        )


def _bent(values: NDArray[np.float64], known: Sequence[float], told: Sequence[float]) -> NDArray[np.float64]:
    inside = np.interp(values, known, told)
    result: NDArray[np.float64] = (
        inside + np.minimum(values - known[0], 0.0) + np.maximum(values - known[-1], 0.0)
    )
    return result


def axis_of(session: Session, zero_ns: int) -> Axis:
    """Return the axis of a session's first EEG file, or without EEG the one that begins at `zero_ns`."""
    for stream in session:
        if stream.info.kind.lower() == "eeg" and not unsuited(stream):
            grid = grid_of(stream)
            ends = [time for run in grid.runs for time in (run.start_s, run.end_s)]
            clock = np.maximum.accumulate(np.array(ends))
            return Axis(tuple(clock.tolist()), tuple(grid.seconds(clock).tolist()))
    return Axis((zero_ns / NS,), (0.0,))


def write_bids(
    labels: Sequence[Labels], folder: Path, axes: Mapping[str, Axis], name: str, version: str
) -> Report:
    """Write a derivative data set into the empty `folder`; raises ExportError, OSError.

    Recordings are named as BIDS names them; `axes` go by these names.
    """
    report = Report()
    made_by = {"Name": "Evoke", "Description": "evoke labels --to bids", "Version": version}
    head = {
        "Name": f"Labels of {name}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [made_by],
    }
    write_json(folder / "dataset_description.json", head)
    text = f"# Labels of {name}\n\nWhat annotators said of the recordings, by scheme; see the sidecars.\n"
    (folder / "README.md").write_text(text, encoding="utf-8")
    for recording, scheme in dict.fromkeys((each.recording, each.scheme.id) for each in labels):
        mine = [each for each in labels if (each.recording, each.scheme.id) == (recording, scheme)]
        _write_events(mine, folder, axes[recording], report)
        for each in mine:
            _write_traces(each, folder, axes[recording], report)
    return report


def _stem(folder: Path, labels: Labels) -> Path:
    subject, session, *_ = labels.recording.split("_")
    return folder / subject / session / "beh" / labels.recording


def _desc(scheme: Scheme) -> str:
    return f"desc-{label_of(scheme.name)}v{scheme.version}"


def _write_events(labels: Sequence[Labels], folder: Path, axis: Axis, report: Report) -> None:
    scheme = labels[0].scheme
    rows: list[dict[str, Any]] = []
    for each in labels:
        lost = 0
        for mark in each.marks:
            start, end = mark.start_ns, mark.end_ns
            if start is None or end is None:
                if mark.trial not in each.windows:
                    lost += 1
                    continue
                start, end = each.windows[mark.trial]
            begin_s, end_s = axis.seconds((start, end)).tolist()
            rows.append(_row(each, mark, begin_s, max(0.0, end_s - begin_s)))
        if lost:
            report.left_out.append(LeftOut(f"{lost} answers by {each.annotator}", "their trial has no time"))
    if not rows:
        return
    rows.sort(key=lambda row: float(row["onset"]))
    stem = _stem(folder, labels[0])
    path = stem.with_name(f"{stem.name}_{_desc(scheme)}_events.tsv")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tsv(path, rows)
    described: dict[str, Any] = {name: {"Description": text} for name, text in _COLUMNS.items()}
    for name in ("onset", "duration"):
        described[name]["Units"] = "s"
    levels = {
        label.id: _level(label.name, label.definition) for tier in scheme.tiers for label in tier.labels
    }
    if levels:
        described["trial_type"]["Levels"] = levels | {CANNOT_TELL: "cannot tell"}
    known = {"Scheme": scheme.id, "SchemeSha256": scheme.sha256}
    write_json(sidecar(path), {"TaskName": _task(labels[0])} | known | described)
    report.wrote.append(Wrote(path.relative_to(folder).as_posix(), "", len(rows)))


def _level(name: str, definition: str) -> str:
    return f"{name}: {definition}" if definition else name


def _task(labels: Labels) -> str:
    parts = dict(part.split("-", 1) for part in labels.recording.split("_") if "-" in part)
    return parts.get("task", "session")


def _row(labels: Labels, mark: Mark, onset_s: float, duration_s: float) -> dict[str, Any]:
    return {
        "onset": onset_s,
        "duration": duration_s,
        "trial_type": mark.label or None,
        "value": answer_text(mark.value) or None,
        "tier": mark.tier,
        "annotator": labels.annotator,
        "annotator_kind": labels.kind,
        "trial": mark.trial if mark.trial >= 0 else None,
        "confidence": mark.confidence,
        "channels": "|".join(mark.channels) or None,
        "note": mark.note or None,
        "gold": mark.is_gold,
        "derived_from": mark.derived_from or None,
        "ann_id": mark.id,
    }


def _write_traces(labels: Labels, folder: Path, axis: Axis, report: Report) -> None:
    for tier in labels.scheme.tiers:
        mine = [take for take in labels.takes if take.tier == tier.name and len(take.t_ns)]
        takes = [take for take in mine if take.state == "done"]
        if len(mine) > len(takes):
            what = f"{len(mine) - len(takes)} traces by {labels.annotator}"
            report.left_out.append(LeftOut(what, "they are unfinished or superseded"))
        if not takes:
            continue
        times = [axis.seconds(take.t_ns.tolist()) for take in takes]
        first_s = min(float(each.min()) for each in times)
        count = int((max(float(each.max()) for each in times) - first_s) * tier.rate_hz + 0.5) + 1
        grid = np.full((count, len(tier.dimensions)), np.nan, np.float32)
        for take, seconds in zip(takes, times, strict=True):
            grid[np.floor((seconds - first_s) * tier.rate_hz + 0.5).astype(np.int64)] = take.values
        stem = _stem(folder, labels)
        about = "".join(map(label_of, (labels.scheme.id, tier.name, labels.annotator)))
        path = stem.with_name(f"{stem.name}_recording-{about}_physio.tsv.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_existing(path)
        lines = ["\t".join(_ABSENT if np.isnan(v) else str(v) for v in row) for row in grid]
        with path.open("xb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            packed.write("".join(f"{line}\n" for line in lines).encode())
        columns = {d.name: {"Description": f"{d.low:g} to {d.high:g}"} for d in tier.dimensions}
        described = {
            "TaskName": _task(labels),
            "SamplingFrequency": tier.rate_hz,
            "StartTime": first_s,
            "Columns": [dimension.name for dimension in tier.dimensions],
            "Scheme": labels.scheme.id,
            "Tier": tier.name,
            "Annotator": labels.annotator,
        }
        write_json(sidecar(path), described | columns)
        report.wrote.append(Wrote(path.relative_to(folder).as_posix(), "", count, {"rate_hz": tier.rate_hz}))


def read_bids(path: Path, scheme: Scheme, axis: Axis) -> list[Found]:
    """Read an events table by a scheme: one entry an annotator; raises LabelImportError.

    Foreign tables need onset, duration and trial_type (or an answer in value). Times are those of the
    recording whose axis is given, to the microsecond; texts have lost tabs, quotes and line ends.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = next(reader, [])
    missing = [name for name in ("onset", "duration") if name not in header]
    if missing:
        raise LabelImportError(f"{path.name}: the column '{missing[0]}' is missing. Is it an events table?")
    found: dict[str, list[Mark]] = {}
    try:
        for cells in reader:
            place = f"{path.name}:{reader.line_num}"
            if len(cells) != len(header):
                raise LabelImportError(
                    f"{place}: has {len(cells)} columns, the header {len(header)}. Mend it."
                )
            row = {name: "" if cell == _ABSENT else cell for name, cell in zip(header, cells, strict=True)}
            who = row.get("annotator", "")
            marks = found.setdefault(who, [])
            marks.append(checked(scheme, _mark(scheme, row, axis, place, len(marks) + 1), place))
    except csv.Error as error:
        raise LabelImportError(f"{path.name}:{reader.line_num}: is no table ({error}). Mend it.") from error
    stem = path.name.removesuffix("_events.tsv").split("_desc-")[0]
    return [Found(stem, who, scheme.id, tuple(marks)) for who, marks in found.items()]


def _mark(scheme: Scheme, row: Mapping[str, str], axis: Axis, place: str, count: int) -> Mark:
    onset, duration = number(row["onset"], place), number(row["duration"] or "0", place)
    if duration < 0:
        raise LabelImportError(f"{place}: a duration of {duration:g} s makes no sense.")
    start, end = axis.nanoseconds((onset, onset + duration)).tolist()
    if row.get("tier"):
        tier = tier_named(scheme, row["tier"], place)
    elif row.get("value") and not row.get("trial_type"):
        tier = only_tier(scheme, ("trial",), place)
    else:
        tier = only_tier(scheme, ("segment",) if duration else ("point", "segment"), place)
    trial = number(row["trial"], place) if row.get("trial") else -1
    mark = Mark(
        id=row.get("ann_id") or f"line-{count}",
        tier=tier.name,
        annotator=row.get("annotator", ""),
        trial=int(trial),
        label=label_id(tier.labels, row["trial_type"], place) if _is_labelled(tier, row) else "",
        value=answers_of(tier, row["value"], place) if row.get("value") else {},
        confidence=number(row["confidence"], place) if row.get("confidence") else None,
        channels=tuple(filter(None, row.get("channels", "").split("|"))),
        note=row.get("note", ""),
        derived_from=row.get("derived_from", ""),
        model_seen=row.get("gold") == "false",
        input="import",
    )
    if tier.kind == "trial":
        return mark
    return replace(mark, start_ns=start, end_ns=start if tier.kind == "point" else end)


def _is_labelled(tier: Tier, row: Mapping[str, str]) -> bool:
    return tier.kind != "trial" and bool(row.get("trial_type"))
