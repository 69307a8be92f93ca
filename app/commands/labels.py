"""`evoke labels`: labels of a study into the formats of other tools, and from their files."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app import distributions
from app.commands.export_terms import Leaving, leaving, note_export
from app.consent import Use, parse_uses
from app.study import Study, StudyError
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.export_files import LeftOut, Report
    from analysis.exchange.labels_bids import Axis
    from analysis.exchange.labels_rows import Labels
    from analysis.session_file import Session

PRIVATE_USES: tuple[Use, ...] = ("study", "lab")
"""Uses in which what annotators wrote in their own words goes along."""


def labels(args: argparse.Namespace) -> int:
    """Write labels into the new folder `args.out`, or bring in those of the file `args.source`."""
    study = Study.open(args.study.parent if args.study.name == "study.yaml" else args.study)
    return _out(study, args) if args.to else _in(study, args)


def _in(study: Study, args: argparse.Namespace) -> int:
    from app.annotation.incoming import bring_in
    from app.annotation.model_labels import bring_in_model
    from app.annotation.schemes import scheme_of

    scheme = scheme_of(study, args.scheme)
    if args.model:
        found = bring_in_model(study, args.source, scheme, args.model, args.recording)
    else:
        found = bring_in(study, args.source, scheme, args.annotator, "human", args.recording)
    if args.json:
        print(json.dumps({"scheme": scheme.id, "recordings": [asdict(each) for each in found]}))
        return 0
    for each in found:
        known = f", {each.known} were there already" if each.known else ""
        traces = f", {each.takes} traces" if each.takes else ""
        print(f"{each.recording}: {each.marks} labels{traces} brought in{known}")
        for left in each.left_out:
            print(f"  left out: {left.what}: {left.why}")
    if not found:
        print("The file holds no labels.")
    return 0


def _out(study: Study, args: argparse.Namespace) -> int:
    from analysis.exchange.export_files import ExportError, new_folder

    use = parse_uses([args.use])[0]
    going, left_out = leaving(study, use)
    chosen, axes, gone = _gather(study, going, args.scheme, args.annotator, use)
    left_out += gone
    if not chosen:
        why = "".join(f"\n{left.what}: {left.why}" for left in left_out)
        raise EvokeError(f"{study.folder}: there are no labels that may go out.{why}")
    try:
        with new_folder(args.out) as folder:
            report = _writer(args.to, axes, study.name)(chosen, folder)
    except ExportError as error:
        raise EvokeError(str(error)) from error
    except OSError as error:
        raise EvokeError(
            f"{error.filename or args.out}: cannot be written: {error.strerror or error}. Nothing was left in"
            f" {args.out}; free some space or mend the permissions, then export again."
        ) from error
    report.left_out += left_out
    _note(study, args.out.absolute().name, args.to, use, going)
    if args.json:
        told = {"out": str(args.out), "format": args.to, "use": use} | report.to_json()
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for wrote in report.wrote:
        print(f"{wrote.file}: {wrote.rows} rows")
    for left in report.left_out:
        print(f"left out: {left.what}: {left.why}")
    print(f"\nWritten to {args.out}")
    return 0


def _writer(to: str, axes: dict[str, Axis], name: str) -> Callable[[Sequence[Labels], Path], Report]:
    from analysis.exchange.labels_bids import write_bids
    from analysis.exchange.labels_csv import write_csv
    from analysis.exchange.labels_eaf import write_eaf
    from analysis.exchange.labels_nova import write_nova

    writers: dict[str, Callable[[Sequence[Labels], Path], Report]] = {
        "bids": lambda found, folder: write_bids(found, folder, axes, name, distributions.version()),
        "csv": write_csv,
        "eaf": write_eaf,
        "nova": write_nova,
    }
    return writers[to]


def _gather(
    study: Study, going: Sequence[Leaving], scheme: str, annotator: str, use: Use
) -> tuple[list[Labels], dict[str, Axis], list[LeftOut]]:
    """Return the labels of the sessions that may go out, and the axes of their recordings."""
    from analysis.exchange.export_files import LeftOut
    from analysis.exchange.labels_bids import axis_of
    from analysis.exchange.labels_rows import Labels
    from analysis.labels.reader import find_logs, read_log
    from analysis.labels.records import NS
    from analysis.session_file import open_session
    from app.annotation.log_file import told
    from app.annotation.schemes import parse_scheme
    from app.annotation.trials import extent_s

    sums = {Path(session.file).stem: session.sha256 for session in study.sessions()}
    chosen: list[Labels] = []
    axes: dict[str, Axis] = {}
    left_out: list[LeftOut] = []
    words = 0
    for each in going:
        stem = each.path.stem
        with told():
            logs = [read_log(path) for path in find_logs(study.folder / "annotations", stem)]
        logs = [
            log
            for log in logs
            if (not scheme or scheme in (log.head.scheme, log.head.scheme.partition("@")[0]))
            and annotator in ("", log.head.annotator)
            and (log.marks or log.takes)
        ]
        if not logs:
            continue
        name = _name(each)
        with open_session(each.path) as session:
            zero_ns = round(extent_s(session)[0] * NS)
            axes[name] = axis_of(session, zero_ns)
            spans = _windows(session)
        for log in logs:
            head = log.head
            if head.recording_sha256 and head.recording_sha256 != sums.get(stem, head.recording_sha256):
                what = f"labels by {head.annotator} of {stem}"
                left_out.append(LeftOut(what, "were made of a file with other contents"))
                continue
            marks = log.marks
            if use not in PRIVATE_USES:
                words += sum(bool(mark.note or mark.asks) for mark in marks)
                marks = tuple(replace(mark, note="", asks="") for mark in marks)
            parsed = parse_scheme(log.scheme_json, log.path.name)
            chosen.append(Labels(name, head.annotator, head.kind, parsed, marks, log.takes, zero_ns, spans))
    if words:
        left_out.append(LeftOut(f"notes at {words} labels", "free text may tell who somebody is"))
    return chosen, axes, left_out


def _windows(session: Session) -> dict[int, tuple[int, int]]:
    """Return the stretch of every trial: its stimulus, or where that is not known all of it."""
    from analysis.labels.records import NS
    from app.annotation.trials import Margins, windows

    table = session.trials
    spans = {}
    for place, index in enumerate(table.get("index", ())):
        begun, ended = float(table["started_s"][place]), float(table["ended_s"][place])
        if begun < ended:
            spans[int(index)] = (round(begun * NS), round(ended * NS))
    known = {index: window for index, window, _ in windows(session, Margins(0.0, 0.0)) if window is not None}
    return spans | known


def _name(each: Leaving) -> str:
    """Return what a recording is called outside: by its true participant and, where two meet, another run."""
    from analysis.exchange.export_bids_place import subject_label

    name = each.path.stem
    if each.participant:
        name = re.sub(r"^sub-[^_]+", subject_label(each.participant), name)
    return name if each.run is None else re.sub(r"_run-\d+", f"_run-{each.run:02d}", name)


def _note(study: Study, name: str, to: str, use: Use, going: Sequence[Leaving]) -> None:
    try:
        note_export(study, name, f"labels as {to}", use, going)
    except StudyError as error:
        sys.stderr.write(
            f"This export could not be noted in the study, so a withdrawal will not name it: {error}\n"
        )
