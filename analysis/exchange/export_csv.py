"""CSV (RFC 4180, UTF-8, a comma, a point): one file a stream, and one a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_files import Report, Wrote, new_file, row_blocks
from analysis.exchange.export_view import View, view_of
from analysis.session_reader import Session, Stream

README = """\
A session of Evoke as CSV: UTF-8, commas, decimal points, a header line with the units in brackets.

STREAM.csv    one line a sample
  time [s]            when it was taken, as it was delivered, on the clock of the stream's sender
  corrected [s]       the same on the clock of the recording machine, evened out where the rate is
                      constant; compare this one between files
  then the channels. Numbers have as many digits as it takes to read back exactly what was recorded.
  A stream of pictures has their number and size in bytes; the pictures are in the export to mp4.
events.csv    everything that happened, on the clock of the recording machine; details as JSON
keys.csv      keystrokes: when they happened and when they were received
frames.csv    frames of films that were shown
trials.csv    one line a trial: onsets, and an answer a column

Times are seconds of a clock that starts anywhere. {wall}
nan stands for what is not known or did not happen.
"""


def write_csv(session: Session | View, folder: Path) -> Report:
    """Write all streams, events, keys, film frames and trials to files in `folder`.

    Rows go through memory some megabytes at a time. Raises ExportError where a file exists, OSError.
    """
    view = view_of(session)
    report = Report(left_out=list(view.left_out))
    for stream in view.streams:
        path = folder / f"{view.name(stream)}.csv"
        write_lines(path, _header(view, stream), _stream_lines(view, stream))
        facts = {"pictures": "left out: they are in the export to mp4"} if stream.info.dtype == "jpeg" else {}
        report.wrote.append(Wrote(path.name, view.name(stream), stream.rows, facts))
    taken = {view.name(stream) for stream in view.streams}
    for name, rows in tables(view).items():
        path = folder / (f"{name}.csv" if name not in taken else f"session-{name}.csv")
        if rows or name != "frames":
            write_rows(path, rows)
            report.wrote.append(Wrote(path.name, "", len(rows)))
    moment = next(iter(stream.times[0] for stream in view.streams if stream.rows), 0.0)
    utc_s = view.utc_s(moment)
    known = utc_s is not None and not view.is_anonymous
    wall = f"{moment!r} s was {utc_s!r} s of UTC since 1970." if known else "Its wall time is left out."
    with new_file(folder / "README.txt") as partial:
        partial.write_text(README.format(wall=wall), encoding="utf-8")
    return report


def tables(view: View) -> dict[str, list[dict[str, Any]]]:
    """Return events, keys, film frames and trials as rows; times shifted as the view says."""
    events = []
    for event in view.events:
        row = view.moved(event.to_json())
        events.append(_timed(row | {"payload": json.dumps(row["payload"], ensure_ascii=False)}))
    items = list(dict.fromkeys(item for trial in view.trials for item in trial["ratings"]))
    trials = []
    for trial in view.trials:
        ratings = {f"rating_{item}": trial["ratings"].get(item) for item in items}
        plain = {name: value for name, value in trial.items() if name != "ratings"}
        trials.append(view.moved(plain) | ratings)
    return {
        "events": events,
        "keys": [_timed(view.moved(row)) for row in view.keys],
        "frames": [_timed(view.moved(row)) for row in view.frames],
        "trials": trials,
    }


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its time in front."""
    return {"time [s]": row["time"]} | {name: value for name, value in row.items() if name != "time"}


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str = ",", absent: str = "") -> None:
    """Write dictionaries as lines of a table with a header; what is None becomes `absent`."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    write_lines(path, names, ([cell(row.get(name), absent) for name in names] for row in rows), delimiter)


def write_lines(
    path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]], delimiter: str = ","
) -> None:
    """Write a header and lines, one after the other."""
    with new_file(path) as partial, partial.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def cell(value: Any, absent: str = "") -> Any:
    """Return a value as a table shows it: numbers exactly, truth as true or false, the rest as JSON."""
    if value is None:
        return absent
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return absent if np.isnan(value) and absent else repr(value)
    return value if isinstance(value, int | str) else json.dumps(value, ensure_ascii=False)


def exact(values: NDArray[Any]) -> Iterator[list[str]]:
    """Yield rows of numbers as texts that read back to the same numbers, and are the shortest to do so."""
    if values.dtype == np.float32:
        yield from (list(map(str, row)) for row in values)
    else:
        yield from (list(map(repr, row)) for row in values.tolist())


def _header(view: View, stream: Stream) -> list[str]:
    head = ["time [s]", "corrected [s]"]
    info = stream.info
    if info.dtype == "jpeg":
        return [*head, "frame", "size [bytes]"]
    names = [(info.channels[place], info.units[place]) for place in view.channels(stream)]
    return head + [f"{name} [{unit}]" if unit else name for name, unit in names]


def _stream_lines(view: View, stream: Stream) -> Iterator[list[str]]:
    channels = view.channels(stream)
    for first, stop in row_blocks(stream):
        both = [stream.times[first:stop], stream.corrected_times(first, stop)]
        stamps = np.column_stack(both) + view.shift_s
        values: Iterable[list[str]]
        if stream.info.dtype == "jpeg":
            sizes = stream.group["index"][first:stop]["length"]
            values = ([str(first + n), str(int(size))] for n, size in enumerate(sizes))
        elif stream.info.dtype == "text":
            values = ([text.decode("utf-8", "backslashreplace")] for text in stream.data[first:stop])
        else:
            values = exact(stream.data[first:stop][:, channels])
        for pair, rest in zip(exact(stamps), values, strict=True):
            yield pair + rest
