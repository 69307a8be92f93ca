"""Labels as CSV in the long form: a line an answer, and a line a sample of a trace.

Nothing is lost but the computer's clock of traces, which counts from each take's first sample. Foreign
tables are read too: they need a label and a time (or a trial), under the names that people give them.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from analysis.exchange.export_csv import write_lines
from analysis.exchange.export_files import LeftOut, Report, Wrote
from analysis.exchange.labels_rows import (
    Found,
    LabelImportError,
    Labels,
    answer_of,
    checked,
    label_id,
    nanoseconds,
    number,
    one_line_end,
    only_tier,
    read_text,
    seconds,
    tier_named,
)
from analysis.labels.records import AnnotatorKind, Input, Mark, Take, TakeState
from analysis.labels.scheme import Scheme, Tier

MARKS, TRACES = "labels.csv", "traces.csv"
COLUMNS = (
    *("recording", "annotator", "kind", "scheme", "tier", "type", "trial", "item", "start_s", "end_s"),
    *("label", "name", "value", "confidence", "channels", "note", "input", "derived_from", "model_seen"),
    *("to_confirm", "asks", "gold", "id", "revision"),
)
TRACE_COLUMNS = (
    *(
        "recording",
        "annotator",
        "kind",
        "scheme",
        "tier",
        "trial",
        "item",
        "take",
        "state",
        "device",
        "model_seen",
    ),
    *("note", "time_s", "clock_s", "name", "value"),
)
CANNOT_TELL_TEXT = "cannot tell"
JOIN = "|"

_NAMES: Mapping[str, tuple[str, ...]] = {
    "recording": ("recording", "session", "file"),
    "annotator": ("annotator", "rater", "coder"),
    "scheme": ("scheme",),
    "tier": ("tier", "layer", "track"),
    "trial": ("trial", "trial_index"),
    "item": ("item",),
    "start_s": ("start_s", "start", "start [s]", "onset", "onset_s", "begin", "time", "time_s"),
    "start_ms": ("start_ms", "onset_ms", "begin_ms"),
    "end_s": ("end_s", "end", "end [s]", "offset", "stop"),
    "end_ms": ("end_ms", "offset_ms"),
    "duration": ("duration", "duration_s"),
    "label": ("label", "trial_type", "class", "category", "emotion", "prediction"),
    "name": ("name", "question"),
    "value": ("value", "score"),
    "confidence": ("confidence", "probability", "conf"),
    "channels": ("channels", "channel"),
    "note": ("note", "comment", "text"),
    "id": ("id", "ann_id"),
}
_MISSING = ("", "n/a", "nan", "NaN", "None")


def write_csv(labels: Sequence[Labels], folder: Path) -> Report:
    """Write `labels.csv` and, where there are traces, `traces.csv`; raises ExportError, OSError."""
    report = Report()
    rows = [row for each in labels for row in _mark_rows(each)]
    write_lines(folder / MARKS, COLUMNS, rows)
    report.wrote.append(Wrote(MARKS, "", len(rows)))
    if any(each.takes for each in labels):
        count = [0]
        write_lines(folder / TRACES, TRACE_COLUMNS, _counted(_trace_rows(labels), count))
        report.wrote.append(Wrote(TRACES, "", count[0]))
    return report


def _counted(rows: Iterator[list[Any]], count: list[int]) -> Iterator[list[Any]]:
    for row in rows:
        count[0] += 1
        yield row


def _mark_rows(labels: Labels) -> Iterator[list[Any]]:
    for mark in labels.marks:
        start, end = mark.start_ns, mark.end_ns
        before: list[Any] = [labels.recording, labels.annotator, labels.kind, labels.scheme.id, mark.tier]
        before += [labels.scheme.tier(mark.tier).kind, mark.trial if mark.trial >= 0 else "", mark.item]
        before += ["" if time is None else seconds(time - labels.zero_ns) for time in (start, end)]
        behind: list[Any] = [
            "" if mark.confidence is None else repr(mark.confidence),
            JOIN.join(mark.channels),
        ]
        behind += [
            one_line_end(mark.note),
            mark.input,
            mark.derived_from,
            _flag(mark.model_seen),
            _flag(mark.to_confirm),
        ]
        behind += [one_line_end(mark.asks), _flag(mark.is_gold), mark.id, mark.revision]
        for name, value in mark.value.items() or (("", ""),):
            told = CANNOT_TELL_TEXT if value is None else value
            if isinstance(told, str):
                told = one_line_end(told)
            yield [*before, mark.label, name, told, *behind]


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _trace_rows(labels: Sequence[Labels]) -> Iterator[list[Any]]:
    for each in labels:
        for take in each.takes:
            before: list[Any] = [each.recording, each.annotator, each.kind, each.scheme.id, take.tier]
            before += [take.trial if take.trial >= 0 else "", take.item, take.id, take.state, take.device]
            before += [_flag(take.model_seen), take.note]
            first = int(take.mono_ns[0]) if len(take.mono_ns) else 0
            names = [dimension.name for dimension in each.scheme.tier(take.tier).dimensions]
            for time, clock, row in zip(take.t_ns.tolist(), take.mono_ns.tolist(), take.values, strict=True):
                for name, value in zip(names, row, strict=True):
                    told = "" if np.isnan(value) else str(value)
                    yield [*before, seconds(time - each.zero_ns), seconds(clock - first), name, told]


def read_csv(path: Path, scheme: Scheme) -> list[Found]:
    """Read labels, and the traces beside an export of ours, by a scheme; raises LabelImportError.

    Times count from the file's zero. Lines of other schemes are left out.
    """
    groups: dict[tuple[str, str], dict[str, Mark]] = {}
    others: dict[str, int] = {}
    for place, row in _rows(path, _NAMES):
        if row.get("scheme") and row["scheme"] not in (scheme.id, scheme.name):
            others[row["scheme"]] = others.get(row["scheme"], 0) + 1
            continue
        group = groups.setdefault((row.get("recording", ""), row.get("annotator", "")), {})
        mark = _mark(scheme, row, place, len(group))
        old = group.get(mark.id)
        if old is not None:
            if replace(old, value={}) != replace(mark, value={}):
                raise LabelImportError(
                    f"{place}: the id '{mark.id[:40]}' stands for two labels. Give another."
                )
            mark = replace(mark, value={**old.value, **mark.value})
        group[mark.id] = mark
    takes = _takes(path.with_name(TRACES), scheme) if path.name == MARKS else {}
    left = tuple(LeftOut(f"{count} lines", f"are by the scheme {name}") for name, count in others.items())
    found = []
    for key in dict.fromkeys((*groups, *takes)):
        marks = [checked(scheme, mark, path.name) for mark in groups.get(key, {}).values()]
        found.append(Found(key[0], key[1], scheme.id, tuple(marks), tuple(takes.get(key, ())), left))
    if left and not found:
        raise LabelImportError(f"{path.name}: holds nothing by {scheme.id}, only by {', '.join(others)}.")
    return found


def _rows(path: Path, names: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    text = read_text(path)
    head = text[:4096].split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if not header:
            raise LabelImportError(f"{path.name}: is empty.")
        columns = {
            ours: header.index(theirs)
            for ours, known in names.items()
            for theirs in (next((name for name in known if name in header), ""),)
            if theirs
        }
        # Exports of ours have more than others can have.
        for name in header:
            if name in (*COLUMNS, *TRACE_COLUMNS):
                columns.setdefault(name, header.index(name))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{path.name}:{reader.line_num}"
            if len(cells) != len(header):
                raise LabelImportError(
                    f"{place}: has {len(cells)} columns, the header {len(header)}. Mend it."
                )
            yield place, {name: cells[column] for name, column in columns.items()}
    except csv.Error as error:
        raise LabelImportError(
            f"{path.name}:{reader.line_num}: is no CSV ({error}). Mend it there."
        ) from error


def _given(row: Mapping[str, str], name: str) -> str:
    text = row.get(name, "")
    return "" if text.strip() in _MISSING else text


def _mark(scheme: Scheme, row: Mapping[str, str], place: str, count: int) -> Mark:
    start, end = _times(row, place)
    tier = _tier(scheme, row, start, end, place)
    if tier.kind == "point" and end is None:
        end = start
    text, value = _given(row, "label"), {}
    name = _given(row, "name")
    if tier.kind == "trial":
        start = end = None
        if not name and len(tier.questions) == 1:
            name = tier.questions[0].id
        told = row.get("value", "") if "value" in row and (row["value"] or not text) else text
        value = {name: answer_of(tier, name, told, place)}
        text = ""
    elif name:
        value = {name: answer_of(tier, name, row.get("value", ""), place)}
    trial, confidence = _given(row, "trial"), _given(row, "confidence")
    return Mark(
        id=_given(row, "id") or f"line-{count + 1}",
        tier=tier.name,
        annotator=row.get("annotator", ""),
        kind=_one(row, "kind", get_args(AnnotatorKind), "human", place),
        trial=_whole(trial, place) if trial else -1,
        item=row.get("item", ""),
        start_ns=start,
        end_ns=end,
        label=label_id(tier.labels, text, place) if text else "",
        value=value,
        confidence=number(confidence, place) if confidence else None,
        channels=tuple(filter(None, row.get("channels", "").split(JOIN))),
        note=row.get("note", ""),
        revision=_whole(row["revision"], place) if row.get("revision") else 1,
        input=_one(row, "input", get_args(Input), "import", place),
        derived_from=row.get("derived_from", ""),
        model_seen=row.get("model_seen") == "true",
        to_confirm=row.get("to_confirm") == "true",
        asks=row.get("asks", ""),
    )


def _one(row: Mapping[str, str], name: str, known: Sequence[str], default: str, place: str) -> Any:
    text = row.get(name) or default
    if text not in known:
        raise LabelImportError(f"{place}: '{text[:40]}' is none of {', '.join(known)} (column '{name}').")
    return text


def _whole(text: str, place: str) -> int:
    value = number(text, place)
    if value != int(value):
        raise LabelImportError(f"{place}: '{text[:40]}' is no whole number.")
    return int(value)


def _times(row: Mapping[str, str], place: str) -> tuple[int | None, int | None]:
    start = end = None
    if text := _given(row, "start_s"):
        start = nanoseconds(text, place)
    elif text := _given(row, "start_ms"):
        start = nanoseconds(text, place, 1_000_000)
    if text := _given(row, "end_s"):
        end = nanoseconds(text, place)
    elif text := _given(row, "end_ms"):
        end = nanoseconds(text, place, 1_000_000)
    elif start is not None and (text := _given(row, "duration")):
        end = start + nanoseconds(text, place)
    return start, end


def _tier(scheme: Scheme, row: Mapping[str, str], start: int | None, end: int | None, place: str) -> Tier:
    if text := _given(row, "tier"):
        return tier_named(scheme, text, place)
    if start is None:
        return only_tier(scheme, ("trial",), place)
    if not any(tier.kind in ("point", "segment") for tier in scheme.tiers) and _given(row, "trial"):
        return only_tier(scheme, ("trial",), place)
    return only_tier(scheme, ("point",) if end in (None, start) else ("segment",), place)


def _takes(path: Path, scheme: Scheme) -> dict[tuple[str, str], list[Take]]:
    if not path.exists():
        return {}
    names = {name: (name,) for name in TRACE_COLUMNS}
    heads: dict[str, dict[str, str]] = {}
    samples: dict[str, dict[tuple[int, int], dict[str, float]]] = {}
    for place, row in _rows(path, names):
        missing = [name for name in TRACE_COLUMNS if name not in row]
        if missing:
            raise LabelImportError(f"{place}: the column '{missing[0]}' is missing. Export the traces again.")
        if row["scheme"] != scheme.id:
            continue
        heads.setdefault(row["take"], row | {"place": place})
        key = nanoseconds(row["time_s"], place), nanoseconds(row["clock_s"], place)
        value = number(row["value"], place) if row["value"] else math.nan
        # Two samples may show the same time: paused, or read twice.
        samples.setdefault(row["take"], {}).setdefault(key, {})[row["name"]] = value
    found: dict[tuple[str, str], list[Take]] = {}
    for name, row in heads.items():
        tier = tier_named(scheme, row["tier"], row["place"])
        asked = [dimension.name for dimension in tier.dimensions]
        keys = list(samples[name])
        values = [[each.get(part, math.nan) for part in asked] for each in samples[name].values()]
        take = Take(
            id=name,
            tier=tier.name,
            annotator=row["annotator"],
            trial=_whole(row["trial"], row["place"]) if row["trial"] else -1,
            item=row["item"],
            state=_one(row, "state", get_args(TakeState), "done", row["place"]),
            t_ns=np.array([key[0] for key in keys], np.int64),
            mono_ns=np.array([key[1] for key in keys], np.int64),
            values=np.array(values, np.float32).reshape(-1, max(1, len(asked))),
            device=row["device"],
            model_seen=row["model_seen"] == "true",
            note=row["note"],
        )
        found.setdefault((row["recording"], row["annotator"]), []).append(take)
    return found
