"""Tables of finished files: events, keys, film frames and trials, a data set a column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import Event
from analysis.session_format import INDEX

KEY_KINDS = ("key",)
FRAME_KINDS = ("frame",)
_TABLE = {"compression": "gzip", "compression_opts": 4, "shuffle": True}

Column = Sequence[Any] | NDArray[Any]
Columns = Mapping[str, Column]


def write_table(file: h5py.Group, name: str, columns: Columns, texts: Sequence[str] = ()) -> None:
    """Write a group with a data set a column; columns in `texts` become bytes with an index."""
    group = file.create_group(name)
    for column, values in columns.items():
        if column in texts:
            _write_texts(group, column, values)
        else:
            array = _array(values)
            options = _TABLE if array.nbytes > 1024 else {}
            group.create_dataset(column, data=array, **options)


def read_table(group: h5py.Group) -> dict[str, NDArray[Any]]:
    """Return a table's columns; text as str objects."""
    table: dict[str, NDArray[Any]] = {}
    for name, column in group.items():
        if name.endswith("_index"):
            continue
        if f"{name}_index" in group:
            table[name] = _read_texts(group, name)
            continue
        values = column[:]
        if values.dtype.kind == "S":
            values = np.array([value.decode("utf-8") for value in values], object)
        table[name] = values
    return table


def _array(values: Column) -> NDArray[Any]:
    if any(isinstance(value, str) for value in values):
        encoded = [value.encode("utf-8") for value in values]
        return np.array(encoded, f"S{max(1, *map(len, encoded))}")
    if not len(values):
        return np.zeros(0, "f8")
    return np.asarray(values)


def _write_texts(group: h5py.Group, name: str, values: Column) -> None:
    encoded = [value.encode("utf-8") for value in values]
    index = np.zeros(len(encoded), INDEX)
    index["length"] = [len(text) for text in encoded]
    index["offset"] = np.cumsum(index["length"]) - index["length"]
    content = np.frombuffer(b"".join(encoded), "u1")
    options = _TABLE if len(content) > 1024 else {}
    group.create_dataset(name, data=content, **options)
    group.create_dataset(f"{name}_index", data=index, **(_TABLE if len(index) > 64 else {}))


def _read_texts(group: h5py.Group, name: str) -> NDArray[Any]:
    content = group[name][:].tobytes()
    index = group[f"{name}_index"][:]
    texts = np.empty(len(index), object)
    for i, (start, length) in enumerate(zip(index["offset"], index["length"], strict=True)):
        texts[i] = content[int(start) : int(start) + int(length)].decode("utf-8")
    return texts


def _payloads(events: Iterable[Event]) -> list[str]:
    return [json.dumps(dict(event.payload), ensure_ascii=False) for event in events]


def _common(events: Sequence[Event]) -> dict[str, Column]:
    return {
        "time": np.array([event.time for event in events], "f8"),
        "source": [event.source for event in events],
        "seq": np.array([event.seq for event in events], "i8"),
        "trial": np.array([event.trial for event in events], "i4"),
        "stage": [event.stage for event in events],
    }


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return every event once, in the order of time (of their authors' counts where times are equal)."""
    once = {(event.source, event.seq): event for event in events}
    return sorted(once.values(), key=lambda event: (event.time, event.source, event.seq))


def write_events(file: h5py.Group, events: Sequence[Event]) -> dict[str, int]:
    """Write /events, /keys and /frames from events in order; return how many rows each has."""
    keys = [event for event in events if event.kind in KEY_KINDS]
    frames = [event for event in events if event.kind in FRAME_KINDS]
    others = [event for event in events if event.kind not in KEY_KINDS + FRAME_KINDS]
    write_table(
        file,
        "events",
        _common(others) | {"kind": [event.kind for event in others], "payload": _payloads(others)},
        texts=["payload"],
    )
    _write_keys(file, keys)
    _write_frames(file, frames)
    return {"events": len(others), "keys": len(keys), "frames": len(frames)}


def _write_keys(file: h5py.Group, keys: Sequence[Event]) -> None:
    columns: dict[str, Column] = _common(keys) | {
        "edge": [str(key.payload.get("edge", "")) for key in keys],
        "key": [str(key.payload.get("key", "")) for key in keys],
        "class": [str(key.payload.get("class", "")) for key in keys],
        "received_s": np.array([_number(key.payload.get("received_s")) for key in keys], "f8"),
        "payload": _payloads(keys),
    }
    if any("char" in key.payload for key in keys):
        columns["char"] = [str(key.payload.get("char") or "") for key in keys]
    write_table(file, "keys", columns, texts=["payload"])


def _write_frames(file: h5py.Group, frames: Sequence[Event]) -> None:
    columns: dict[str, Column] = _common(frames) | {
        "presentation_s": np.array([_number(frame.payload.get("pts_s")) for frame in frames], "f8"),
        "stimulus": [str(frame.payload.get("stimulus", "")) for frame in frames],
        "repeated": np.array([_count(frame.payload.get("repeated")) for frame in frames], "i4"),
        "skipped": np.array([_count(frame.payload.get("skipped")) for frame in frames], "i4"),
        "payload": _payloads(frames),
    }
    write_table(file, "frames", columns, texts=["payload"])


def read_events(group: h5py.Group) -> Iterator[Event]:
    """Return the events of a finished file."""
    table = read_table(group)
    names = ("time", "source", "seq", "kind", "trial", "stage", "payload")
    for values in zip(*(table[name] for name in names), strict=True):
        time, source, seq, kind, trial, stage, payload = values
        yield Event(
            float(time), str(source), int(seq), str(kind), int(trial), str(stage), json.loads(payload)
        )


def trial_rows(events: Sequence[Event], schedule: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return a row for each trial that was begun; of one that was repeated, its last attempt.

    Times are seconds of our clock, NaN where something did not happen or had no screen.
    """
    planned = {int(trial["index"]): trial for trial in (schedule or {}).get("trials", ())}
    rows: dict[int, dict[str, Any]] = {}
    for event in events:
        if event.trial < 0:
            continue
        if event.kind == "trial_started":
            attempts = rows.pop(event.trial, {"attempts": 0})["attempts"] + 1
            rows[event.trial] = _new_row(event, planned.get(event.trial, {}), len(rows), attempts)
        row = rows.get(event.trial)
        if row is not None:
            _take(row, event)
    return sorted(rows.values(), key=lambda row: (row["order"], row["started_s"]))


def _new_row(event: Event, planned: Mapping[str, Any], order: int, attempts: int) -> dict[str, Any]:
    known = dict(planned) | dict(event.payload)
    return {
        "index": event.trial,
        "stimulus": str(known.get("stimulus") or ""),
        "item": str((known.get("item") or {}).get("id") or ""),
        "category": str(known.get("category") or ""),
        "block": str(known.get("block") or ""),
        "practice": bool(known.get("practice", False)),
        "order": _count(known.get("order", order)),
        "attempts": attempts,
        "started_s": event.time,
        "ended_s": float("nan"),
        "end_reason": "",
        "intended_onset_s": float("nan"),
        "actual_onset_s": float("nan"),
        "offset_s": float("nan"),
        "repeated_exposure": bool(known.get("repeated_exposure", False)),
        "ratings": {},
        "declined": [],
    }


def _take(row: dict[str, Any], event: Event) -> None:
    payload = event.payload
    if event.kind == "stimulus_shown" and np.isnan(row["intended_onset_s"]):
        row["intended_onset_s"] = _number(payload.get("intended_s"))
        row["actual_onset_s"] = _number(payload.get("actual_s"))
    elif event.kind == "stimulus_hidden" and np.isnan(row["offset_s"]):
        actual = payload.get("actual_s")
        row["offset_s"] = _number(payload.get("intended_s") if actual is None else actual)
    elif event.kind == "response" and "item" in payload:
        row["ratings"][str(payload["item"])] = payload.get("value")
    elif event.kind == "declined":
        row["declined"].append(str(payload.get("item") or event.stage))
    elif event.kind == "trial_ended":
        row["ended_s"] = event.time
        row["end_reason"] = str(payload.get("reason") or "completed")


def write_trials(file: h5py.Group, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write /trials: a numeric column a rating (`rating_<item>`), and all answers as JSON.

    `declined` lists the items and stages that the participant would rather not answer. It is there only
    where something was declined, as `repeated_exposure` and `item` are only where a trial has one.
    """
    kinds = {"index": "i4", "order": "i4", "attempts": "i4", "practice": "?"}
    texts = ("stimulus", "category", "block", "end_reason")
    times = ("started_s", "ended_s", "intended_onset_s", "actual_onset_s", "offset_s")
    columns: dict[str, Column] = {}
    for name in ("index", "stimulus", "category", "block", "practice", "order", "attempts", *times):
        values = [row[name] for row in rows]
        columns[name] = values if name in texts else np.array(values, kinds.get(name, "f8"))
    columns["end_reason"] = [row["end_reason"] for row in rows]
    if any(row.get("item") for row in rows):
        columns["item"] = [str(row.get("item") or "") for row in rows]
    if any(row.get("repeated_exposure") for row in rows):
        columns["repeated_exposure"] = np.array([bool(row.get("repeated_exposure")) for row in rows], "?")
    items = dict.fromkeys(item for row in rows for item in row["ratings"])
    for item in items:
        numbers = [_number(row["ratings"].get(item)) for row in rows]
        if not np.isnan(numbers).all():
            columns[f"rating_{item.replace('/', '_')}"] = np.array(numbers, "f8")
    columns["ratings"] = [json.dumps(row["ratings"], ensure_ascii=False) for row in rows]
    if any(row.get("declined") for row in rows):
        columns["declined"] = [json.dumps(row.get("declined") or [], ensure_ascii=False) for row in rows]
    write_table(file, "trials", columns, texts=["ratings", "declined"])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
