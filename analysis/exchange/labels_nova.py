"""Labels as NOVA's pairs of files: a header `.annotation` (XML) and the data `.annotation~` beside it.

A tier is a pair: marks as a DISCRETE scheme (`start;end;id;confidence`), marks without labels and answers
as a FREE one (`start;end;text;confidence`), a dimension of a trace as a CONTINUOUS one: a line
`score;confidence` a sample at a fixed rate, so times of samples are rounded to its steps. Overlapping marks
stay as they are. `;` has no place in a text and becomes `,`; numbers beside labels, channels and notes have
none at all.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_files import LeftOut, Report, Wrote, new_file
from analysis.exchange.labels_eaf import parse_xml
from analysis.exchange.labels_rows import (
    Found,
    LabelImportError,
    Labels,
    answer_text,
    answers_of,
    checked,
    label_id,
    nanoseconds,
    number,
    only_tier,
    read_text,
    safe_name,
    seconds,
    tier_named,
)
from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import CANNOT_TELL, Dimension, Label, Scheme, Tier

SUFFIX = ".annotation"
MOST_SAMPLES = 50_000_000
MOST_RATE_HZ = 100_000
_GREY = "#FF7F7F7F"
_LINE = re.compile(r"[;\r\n]+")
_TRIAL = re.compile(r"^\[(\d+)\] ")
_Lines = Sequence[tuple[str, str]]


def write_nova(labels: Sequence[Labels], folder: Path) -> Report:
    """Write a pair of files a recording, annotator and tier; raises ExportError, OSError."""
    report = Report()
    for each in labels:
        stem = f"{safe_name(each.recording)}.{safe_name(each.annotator)}.{safe_name(each.scheme.id)}"
        for tier in each.scheme.tiers:
            if tier.kind in ("trace1d", "trace2d"):
                _write_traces(each, tier, folder, stem, report)
                continue
            marks = [mark for mark in each.marks if mark.tier == tier.name]
            if not marks:
                continue
            lines = list(_mark_lines(each, tier, marks, report))
            scheme = _discrete(each.scheme, tier) if tier.labels else _free(each.scheme, tier)
            name = f"{stem}.{tier.name}{SUFFIX}"
            _write_pair(folder / name, each.annotator, each.recording, scheme, lines)
            report.wrote.append(Wrote(name, "", len(lines)))
            bare = sum(
                1 for m in marks if tier.kind != "trial" and (m.value or m.channels or (m.label and m.note))
            )
            if bare:
                what = f"numbers, channels or notes of {bare} marks of {stem}.{tier.name}"
                report.left_out.append(LeftOut(what, "NOVA has no place for them: export them as csv or eaf"))
    return report


def _discrete(scheme: Scheme, tier: Tier) -> ET.Element:
    element = ET.Element("scheme", name=f"{scheme.id}/{tier.name}", type="DISCRETE", color=_GREY)
    for place, label in enumerate(_choices(tier)):
        colour = f"#FF{label.colour[1:].upper()}" if label.colour else _GREY
        ET.SubElement(element, "item", name=label.id, id=str(place), color=colour)
    return element


def _choices(tier: Tier) -> tuple[Label, ...]:
    return (*tier.labels, Label(CANNOT_TELL, "cannot tell")) if tier.cannot_tell else tier.labels


def _free(scheme: Scheme, tier: Tier) -> ET.Element:
    return ET.Element("scheme", name=f"{scheme.id}/{tier.name}", type="FREE", color=_GREY)


def _mark_lines(labels: Labels, tier: Tier, marks: Iterable[Mark], report: Report) -> Iterator[str]:
    ids = {label.id: place for place, label in enumerate(_choices(tier))}
    for mark in marks:
        start, end = mark.start_ns, mark.end_ns
        if start is None or end is None:
            if mark.trial not in labels.windows:
                report.left_out.append(
                    LeftOut(f"an answer about trial {mark.trial}", "its trial has no time")
                )
                continue
            start, end = labels.windows[mark.trial]
        confidence = 1.0 if mark.confidence is None else mark.confidence
        if tier.kind == "trial":
            text = f"[{mark.trial}] {_LINE.sub(', ', answer_text(mark.value).replace('; ', ' / '))}"
        elif tier.labels and mark.label:
            text = str(ids[mark.label])
        elif tier.labels:
            report.left_out.append(LeftOut("a text without a label", "NOVA's discrete schemes take none"))
            continue
        else:
            text = _LINE.sub(",", mark.note)
        times = [seconds(time - labels.zero_ns) for time in (start, end)]
        yield f"{times[0]};{times[1]};{text};{confidence!r}"


def _write_traces(labels: Labels, tier: Tier, folder: Path, stem: str, report: Report) -> None:
    takes = [
        take for take in labels.takes if take.tier == tier.name and take.state == "done" and len(take.t_ns)
    ]
    left = sum(1 for take in labels.takes if take.tier == tier.name) - len(takes)
    if left:
        what = f"{left} traces of {stem}.{tier.name}"
        report.left_out.append(LeftOut(what, "they are unfinished, superseded or empty"))
    if not takes:
        return
    for place, dimension in enumerate(tier.dimensions):
        values = _on_grid(takes, place, labels.zero_ns, tier.rate_hz)
        lines = [f"{_score(value)};1" if value == value else "NaN;1" for value in values.tolist()]
        low, high = dimension.low, dimension.high
        known = values[np.isfinite(values)]
        if not tier.bounded and len(known):
            low, high = float(known.min()), float(known.max())
        scheme = ET.Element(
            "scheme",
            name=f"{labels.scheme.id}/{tier.name}/{dimension.name}",
            type="CONTINUOUS",
            sr=f"{tier.rate_hz:g}",
            min=_score(low),
            max=_score(high),
            mincolor="#FFFFFFFF",
            maxcolor="#FF4F81BD",
        )
        name = f"{stem}.{tier.name}.{dimension.name}{SUFFIX}"
        _write_pair(folder / name, labels.annotator, labels.recording, scheme, lines)
        report.wrote.append(Wrote(name, "", len(lines), {"rate_hz": tier.rate_hz}))


def _score(value: float) -> str:
    return str(np.float32(value))


def _on_grid(takes: Sequence[Take], place: int, zero_ns: int, rate_hz: float) -> NDArray[np.float32]:
    """Return a value a step from the file's zero on: each step's last sample, NaN where there is none."""
    last = max(int(take.t_ns.max()) for take in takes) - zero_ns
    count = max(0, int(last * rate_hz / NS + 0.5) + 1)
    grid = np.full(min(count, MOST_SAMPLES), np.nan, np.float32)
    for take in takes:
        steps = np.floor((take.t_ns - zero_ns) * (rate_hz / NS) + 0.5).astype(np.int64)
        inside = (steps >= 0) & (steps < len(grid))
        grid[steps[inside]] = take.values[inside, place]
    return grid


def _write_pair(path: Path, annotator: str, role: str, scheme: ET.Element, lines: Sequence[str]) -> None:
    root = ET.Element("annotation", {"ssi-v": "3"})
    ET.SubElement(root, "info", ftype="ASCII", size=str(len(lines)))
    ET.SubElement(root, "meta", annotator=annotator, role=role)
    root.append(scheme)
    ET.indent(root, "    ")
    with new_file(path.with_name(path.name + "~")) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    with new_file(path) as partial:
        partial.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def read_nova(path: Path, scheme: Scheme) -> list[Found]:
    """Read a pair of files by a scheme; raises LabelImportError. Times count from the file's zero.

    A header of ours names its tier; another is taken for the scheme's tier of that name, or for the only
    one that it can be.
    """
    path = path.with_name(path.name.removesuffix("~"))
    root = parse_xml(path, "NOVA")
    header, info, meta = root.find("scheme"), root.find("info"), root.find("meta")
    if root.tag != "annotation" or header is None:
        raise LabelImportError(f"{path.name}: is no NOVA annotation.")
    if info is not None and info.get("ftype", "ASCII").upper() != "ASCII":
        raise LabelImportError(f"{path.name}: its data are binary. Save it as ASCII in NOVA.")
    data = path.with_name(path.name + "~")
    if not data.exists():
        raise LabelImportError(f"{data.name}: is missing. A NOVA annotation is two files: put it beside.")
    lines = _lines(data)
    kind = header.get("type", "")
    tier, dimension = _tier_of(scheme, header, kind, path.name)
    marks: tuple[Mark, ...] = ()
    takes: tuple[Take, ...] = ()
    if kind == "CONTINUOUS":
        if dimension is None:
            raise LabelImportError(f"{path.name}: tier '{tier.name}' takes no traces.")
        takes = (_take(path, tier, dimension, header, lines),)
    elif kind in ("DISCRETE", "FREE"):
        names = {item.get("id", ""): item.get("name", "") for item in header.iter("item")}
        marks = tuple(
            checked(scheme, _mark(tier, names if kind == "DISCRETE" else None, place, line, count), place)
            for count, (place, line) in enumerate(lines, 1)
        )
    else:
        raise LabelImportError(f"{path.name}: schemes of type '{kind[:40]}' cannot be read.")
    recording = "" if meta is None else meta.get("role", "")
    annotator = "" if meta is None else meta.get("annotator", "")
    return [Found(recording, annotator, scheme.id, marks, takes)]


def _lines(data: Path) -> _Lines:
    """Return the lines of a file with their places."""
    text = read_text(data).split("\n")
    return [(f"{data.name}:{count}", line.rstrip("\r")) for count, line in enumerate(text, 1) if line.strip()]


def _tier_of(scheme: Scheme, header: ET.Element, kind: str, place: str) -> tuple[Tier, Dimension | None]:
    parts = header.get("name", "").split("/")
    if len(parts) in (2, 3):
        if parts[0] != scheme.id:
            raise LabelImportError(f"{place}: is by the scheme {parts[0][:60]}, not by {scheme.id}.")
        tier = tier_named(scheme, parts[1], place)
        return tier, next((d for d in tier.dimensions if d.name == parts[-1]), None)
    kinds = ("trace1d",) if kind == "CONTINUOUS" else ("segment", "point", "trial")
    for tier in scheme.tiers:
        if tier.kind in kinds and parts[0].casefold() in (tier.name.casefold(), tier.title.casefold()):
            return tier, tier.dimensions[0] if kind == "CONTINUOUS" else None
    tier = only_tier(scheme, kinds, place)
    return tier, tier.dimensions[0] if kind == "CONTINUOUS" else None


def _mark(tier: Tier, names: dict[str, str] | None, place: str, line: str, count: int) -> Mark:
    cells = line.split(";")
    if len(cells) != 4:
        raise LabelImportError(
            f"{place}: has {len(cells)} parts between ';', not 4 (start;end;label;confidence)."
        )
    start, end = nanoseconds(cells[0], place), nanoseconds(cells[1], place)
    confidence = number(cells[3], place)
    text = cells[2]
    if names is not None and text not in names:
        raise LabelImportError(f"{place}: the header has no label with the id '{text[:40]}'.")
    text = text if names is None else names[text]
    mark = Mark(f"line-{count}", tier.name, "", start_ns=start, end_ns=end, input="import")
    values: dict[str, object] = {"confidence": confidence}
    if tier.kind == "trial":
        about = _TRIAL.match(text)
        told = text[about.end() :] if about else text
        values |= {"start_ns": None, "end_ns": None, "trial": int(about[1]) if about else -1}
        values["value"] = answers_of(tier, told.replace(" / ", ";"), place)
    elif tier.labels:
        values["label"] = label_id(tier.labels, text, place)
    else:
        values["note"] = text
    if tier.kind == "point":
        values["end_ns"] = start
    return _with(mark, values)


def _with(mark: Mark, values: dict[str, object]) -> Mark:
    fields = {name: getattr(mark, name) for name in Mark.__dataclass_fields__}
    return Mark(**(fields | values))


def _scores(dimension: Dimension, is_bounded: bool, lines: _Lines) -> NDArray[np.float32]:
    values = np.full(len(lines), np.nan, np.float32)
    slack = 1e-6 * max(1.0, abs(dimension.low), abs(dimension.high))
    for row, (here, line) in enumerate(lines):
        cells = line.split(";")
        if len(cells) != 2:
            raise LabelImportError(f"{here}: has {len(cells)} parts between ';', not 2 (score;confidence).")
        if cells[0].strip().lower() == "nan":
            continue
        values[row] = value = number(cells[0], here)
        if is_bounded and not dimension.low - slack <= value <= dimension.high + slack:
            raise LabelImportError(
                f"{here}: {value:g} is outside {dimension.low:g} to {dimension.high:g}, the ends of the tier."
            )
    return values


def _take(path: Path, tier: Tier, dimension: Dimension, header: ET.Element, lines: _Lines) -> Take:
    """Return the trace of a pair of files, and of the pair beside it that holds its other dimension."""
    rate = number(header.get("sr", ""), f"{path.name}, 'sr'")
    if not 0 < rate <= MOST_RATE_HZ:
        raise LabelImportError(f"{path.name}: a rate of {rate:g} samples a second makes no sense.")
    values = np.full((len(lines), len(tier.dimensions)), np.nan, np.float32)
    for column, each in enumerate(tier.dimensions):
        if each is dimension:
            values[:, column] = _scores(each, tier.bounded, lines)
            continue
        ending = f".{dimension.name}{SUFFIX}"
        beside = path.with_name(f"{path.name.removesuffix(ending)}.{each.name}{SUFFIX}~")
        if path.name.endswith(ending) and beside.exists():
            scores = _scores(each, tier.bounded, _lines(beside))[: len(lines)]
            values[: len(scores), column] = scores
    times = np.round(np.arange(len(lines)) * (NS / rate)).astype(np.int64)
    known = np.flatnonzero(np.isfinite(values).any(axis=1))
    # Before the first and behind the last score nothing was rated.
    used = slice(int(known[0]), int(known[-1]) + 1) if len(known) else slice(0, 0)
    return Take(tier.name, tier.name, "", -1, "", "done", times[used], times[used], values[used])
