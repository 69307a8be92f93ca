"""Labels from files into the logs of a study: each recording's as one step that undo takes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from analysis.exchange.export_files import LeftOut
from analysis.exchange.labels_bids import Axis, axis_of, read_bids
from analysis.exchange.labels_csv import read_csv
from analysis.exchange.labels_eaf import read_eaf
from analysis.exchange.labels_nova import SUFFIX, read_nova
from analysis.exchange.labels_rows import Found, LabelImportError
from analysis.labels.records import NS, AnnotatorKind, LogHead, Mark, Take
from analysis.labels.scheme import Scheme
from analysis.session_file import Session, SessionFileError, open_session
from app.annotation.annotators import add_annotator, check_code
from app.annotation.edits import content_of
from app.annotation.log import Log, LogError
from app.annotation.log_file import told
from app.annotation.schemes import add_scheme
from app.annotation.trials import extent_s, refusal
from app.study import FinishedSession, Study
from stimuli.problems import EvokeError

KEPT_INPUTS = ("accept_model", "carried")


class IncomingError(EvokeError):
    """Labels cannot be brought in; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came into one recording's log: new marks and traces, known ones, and what stayed out."""

    recording: str
    marks: int
    takes: int
    known: int
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Labels of one recording in its own time."""

    session: FinishedSession
    marks: tuple[Mark, ...]
    takes: tuple[Take, ...]
    left_out: tuple[LeftOut, ...]


def bring_in(
    study: Study,
    path: Path,
    scheme: Scheme,
    annotator: str,
    kind: AnnotatorKind = "human",
    recording: str = "",
) -> tuple[Incoming, ...]:
    """Read a file of labels into the logs of an annotator: csv, tsv of BIDS, eaf, or NOVA's annotation.

    Times of the file count from its recording's first sample. `recording` (name, file or uuid) says which
    one it is about where the file does not. Labels that are there already are passed over. Raises
    IncomingError, LogError, StudyError; then nothing was brought in that was not told.
    """
    check_code(annotator, kind)
    try:
        prepared = [
            _prepared(study, found, session, axis)
            for found, session, axis in _read(study, path, scheme, annotator, kind, recording)
        ]
    except (LabelImportError, SessionFileError) as error:
        raise IncomingError(f"{error} Nothing was brought in.") from error
    add_scheme(study, scheme)
    add_annotator(study, annotator, kind)
    return tuple(_write(study, each, scheme, annotator, kind) for each in prepared)


def _read(
    study: Study, path: Path, scheme: Scheme, annotator: str, kind: AnnotatorKind, recording: str
) -> list[tuple[Found, FinishedSession, Axis]]:
    """Return what a file says, with the recording that it is about; an axis turns its times into ours."""
    name = path.name.lower()
    if not path.is_file():
        raise LabelImportError(f"{path}: there is no such file. Check the path.")
    if name.endswith(".tsv"):
        stem = recording or path.name.split("_desc-")[0].removesuffix("_events.tsv")
        session = session_of(study, stem)
        with open_session(study.folder / session.file) as opened:
            axis = axis_of(opened, _zero_ns(opened))
        # The reader has applied the axis already.
        here = Axis((0.0,), (0.0,))
        return [(found, session, here) for found in _chosen(read_bids(path, scheme, axis), annotator, kind)]
    if name.endswith((".csv", ".txt")):
        found = read_csv(path, scheme)
    elif name.endswith(".eaf"):
        found = read_eaf(path, scheme)
    elif name.endswith((SUFFIX, f"{SUFFIX}~")):
        found = read_nova(path, scheme)
    else:
        raise LabelImportError(
            f"{path.name}: is of no format that can be read: csv, _events.tsv, eaf and annotation can."
        )
    result = []
    for each in _chosen(_about(found, recording), annotator, kind):
        session = session_of(study, recording or each.recording)
        with open_session(study.folder / session.file) as opened:
            zero_s = _zero_ns(opened) / NS
        result.append((each, session, Axis((zero_s,), (0.0,))))
    return result


def _about(found: Sequence[Found], recording: str) -> list[Found]:
    """Return what a file says about a recording that was named, everything where none was."""
    names = {each.recording for each in found}
    if not recording or len(names) < 2:
        return list(found)
    stem = Path(recording).name.removesuffix(".h5")
    if stem not in names:
        raise LabelImportError(f"The file is about {len(names)} recordings, and none of them is {stem}.")
    return [each for each in found if each.recording == stem]


def _chosen(found: Sequence[Found], annotator: str, kind: AnnotatorKind) -> list[Found]:
    """Return what an annotator of the file said, who is taken for ours where there is only one."""
    people = {each.annotator for each in found}
    if annotator in people:
        return [each for each in found if each.annotator == annotator]
    if len(people) > 1:
        raise LabelImportError(
            f"The file holds labels of {', '.join(sorted(people))}, and none of {annotator}. Bring them in"
            " one by one, under their codes."
        )
    # Items of a queue are the other annotator's.
    return [
        replace(
            each,
            marks=tuple(replace(mark, item="") for mark in each.marks),
            takes=tuple(replace(take, item="") for take in each.takes),
        )
        if each.annotator
        else each
        for each in found
    ]


def session_of(study: Study, name: str) -> FinishedSession:
    """Return a recording by its name, file or uuid; raises LabelImportError."""
    sessions = [session for session in study.sessions() if not session.rehearsal]
    known = {Path(session.file).stem: session for session in sessions}
    for session in sessions:
        if name and name in (session.uuid, session.file, Path(session.file).stem, Path(session.file).name):
            why = refusal(study, session)[0]
            if why:
                raise LabelImportError(f"{name}: cannot be labelled, it {why}.")
            return session
    if not name:
        raise LabelImportError("The file does not say which recording it is about. Name it with --recording.")
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean '{close[0]}'?" if close else "Name one with --recording."
    raise LabelImportError(f"'{name[:80]}': the study has no such recording. {hint}")


def _zero_ns(session: Session) -> int:
    return round(extent_s(session)[0] * NS)


def _prepared(study: Study, found: Found, session: FinishedSession, axis: Axis) -> _Prepared:
    shift = round(axis.clock_s[0] * NS)
    with open_session(study.folder / session.file) as opened:
        trials = {int(index) for index in opened.trials.get("index", ())}
    for trial in [mark.trial for mark in found.marks] + [take.trial for take in found.takes]:
        if trial >= 0 and trial not in trials:
            raise LabelImportError(
                f"{Path(session.file).stem}: has no trial {trial} (trials count from 0). Is it the right"
                " recording?"
            )
    marks = [
        mark
        if mark.start_ns is None or mark.end_ns is None
        else replace(mark, start_ns=mark.start_ns + shift, end_ns=mark.end_ns + shift)
        for mark in found.marks
    ]
    takes = [replace(take, t_ns=take.t_ns + shift) for take in found.takes]
    return _Prepared(session, tuple(marks), tuple(takes), found.left_out)


def _write(
    study: Study, prepared: _Prepared, scheme: Scheme, annotator: str, kind: AnnotatorKind
) -> Incoming:
    session, stem = prepared.session, Path(prepared.session.file).stem
    path = study.folder / "annotations" / stem / annotator / f"{scheme.id}.sqlite"
    head = LogHead(annotator, kind, stem, session.uuid, session.sha256, scheme.id, scheme.sha256)
    with Log.open(path, head, scheme) as log:
        if log.read_only:
            raise LogError(f"{stem}: nothing was brought in. {log.locked_by or log.warning}")
        there = {_told(mark) for mark in log.marks()}
        traces = log.takes() if prepared.takes else ()
        marks = [mark for mark in prepared.marks if _told(mark) not in there]
        takes = [take for take in prepared.takes if not any(_is_same(take, other) for other in traces)]
        with told(), log.together("import"):
            for mark in marks:
                _add(log, mark)
            for take in takes:
                _add_take(log, take)
    known = len(prepared.marks) + len(prepared.takes) - len(marks) - len(takes)
    return Incoming(stem, len(marks), len(takes), known, prepared.left_out)


def _told(mark: Mark) -> tuple[object, ...]:
    value = tuple(sorted((name, str(answer)) for name, answer in mark.value.items()))
    where = (mark.tier, mark.trial, mark.start_ns, mark.end_ns)
    return *where, mark.label, value, mark.note, mark.channels, mark.confidence


def _is_same(one: Take, other: Take) -> bool:
    return (
        (one.tier, one.trial) == (other.tier, other.trial)
        and np.array_equal(one.t_ns, other.t_ns)
        and np.array_equal(one.values, other.values, equal_nan=True)
    )


def _add(log: Log, mark: Mark) -> None:
    log.add(
        mark.tier,
        **content_of(mark),
        input=mark.input if mark.input in KEPT_INPUTS else "import",
        derived_from=mark.derived_from,
        to_confirm=mark.to_confirm,
        model_seen=mark.model_seen,
        asks=mark.asks,
    )


def _add_take(log: Log, take: Take) -> None:
    writer = log.begin_take(take.tier, take.trial, take.item, take.device or "import")
    for time, clock, row in zip(take.t_ns.tolist(), take.mono_ns.tolist(), take.values.tolist(), strict=True):
        writer.append(time, clock, row)
    writer.end("interrupted" if take.state == "open" else take.state, take.note)
