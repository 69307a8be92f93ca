"""Which trials of a study can be labelled by a scheme, and what part of the recording each one is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.exchange.export_files import LeftOut
from analysis.labels.records import NS
from analysis.labels.scheme import Scheme
from analysis.session_file import Session, SessionFileError, open_session
from app.annotation.extent import extent_s
from app.annotation.sight import may_be_shown
from app.consent import ConsentError, Modality, demand_use
from app.study import FinishedSession, Study

__all__ = [
    "AFTER_S",
    "BEFORE_S",
    "MARGINS",
    "Margins",
    "Trial",
    "extent_s",
    "refusal",
    "trials_of",
    "windows",
]

BEFORE_S, AFTER_S = 1.0, 3.0
"""What is shown around a stimulus unless the plan says otherwise."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Seconds shown before a stimulus comes and after it has gone."""

    before_s: float = BEFORE_S
    after_s: float = AFTER_S


Window = tuple[int, tuple[int, int] | None, str]
"""A trial's index and its window in ns, or why it has none."""
MARGINS = Margins()


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that can be labelled: `start_ns` to `end_ns` on the clock of its recording."""

    recording: str
    uuid: str
    trial: int
    start_ns: int
    end_ns: int

    @property
    def key(self) -> tuple[str, int]:
        """What names it for ever."""
        return self.uuid, self.trial


def trials_of(
    study: Study, scheme: Scheme, margins: Margins = MARGINS
) -> tuple[tuple[Trial, ...], tuple[LeftOut, ...]]:
    """Return the trials that may be labelled, and what was left out and why.

    Sessions come in the order of finishing, trials in that of time: nothing that a scheme may hide takes
    part in the order. Raises StudyError.
    """
    found: list[Trial] = []
    left_out: list[LeftOut] = []
    for session in study.sessions():
        stem = Path(session.file).stem
        why, refused = refusal(study, session)
        if why:
            left_out.append(LeftOut(f"session {stem}", why))
            continue
        try:
            shown = _shown(study.folder / session.file, scheme, refused, margins)
        except SessionFileError as error:
            left_out.append(LeftOut(f"session {stem}", f"cannot be read: {error}"))
            continue
        if shown is None:
            left_out.append(LeftOut(f"session {stem}", "holds nothing of what the scheme shows"))
            continue
        for index, window, why in shown:
            if window is None:
                left_out.append(LeftOut(f"trial {index + 1} of session {stem}", why))
            else:
                found.append(Trial(stem, session.uuid, index, *window))
    return tuple(found), tuple(left_out)


def _shown(
    path: Path, scheme: Scheme, refused: tuple[Modality, ...], margins: Margins
) -> tuple[Window, ...] | None:
    """Return the windows of a recording's trials, None where nothing of it may be shown."""
    try:
        now = path.stat()
    except OSError:
        return _shown_in.__wrapped__(path, scheme, refused, margins)
    return _shown_in(path, scheme, refused, margins, now.st_mtime_ns, now.st_size, now.st_ino)


@lru_cache(maxsize=512)
def _shown_in(
    path: Path, scheme: Scheme, refused: tuple[Modality, ...], margins: Margins, *_: int
) -> tuple[Window, ...] | None:
    """Read a recording as it is at a time; plans and the curator's list ask for all of them often."""
    with open_session(path) as opened:
        return tuple(windows(opened, margins)) if may_be_shown(opened, scheme, refused) else None


def refusal(study: Study, session: FinishedSession) -> tuple[str, tuple[Modality, ...]]:
    """Return why a session must not be labelled ("": it may), and the kinds of streams that stay hidden."""
    if session.rehearsal:
        return "is a rehearsal", ()
    amendments = study.amendments()
    reason = amendments.exclusion(session.participant, session.uuid, session.file)
    if reason is not None:
        return f"is excluded: {reason}" if reason else "is excluded", ()
    if not (study.folder / session.file).exists():
        return "its file is gone (withdrawn or moved)", ()
    whose = amendments.code_of(session.participant, session.uuid, session.file)
    try:
        return "", demand_use(study, session, whose, "study")
    except ConsentError as error:
        return str(error), ()


def windows(session: Session, margins: Margins) -> Iterator[Window]:
    """Yield of each trial, in the order of time, its index and its window in ns, or why it has none.

    From the measured onset of the stimulus (the intended one without a screen; the trial's start without a
    stimulus) to its end, with the margins around as far as the trial itself goes: what lies before the first
    trial and behind the last would tell which they are.
    """
    rows = sorted(_rows(session.trials), key=lambda row: row["started_s"])
    low_s, high_s = extent_s(session)
    for row in rows:
        index = int(row["index"])
        if row["practice"]:
            yield index, None, "is practice"
            continue
        onset_s = _first(row["actual_onset_s"], row["intended_onset_s"], row["started_s"])
        offset_s = _first(row["offset_s"], row["ended_s"])
        if offset_s is None or onset_s is None or offset_s <= onset_s:
            yield index, None, "broke off before its end"
            continue
        begun_s, done_s = _first(row["started_s"], onset_s), _first(row["ended_s"], offset_s)
        assert begun_s is not None and done_s is not None
        start_s = max(onset_s - margins.before_s, low_s, min(begun_s, onset_s))
        end_s = min(offset_s + margins.after_s, high_s, max(done_s, offset_s))
        if end_s <= start_s:
            yield index, None, "nothing was recorded of it"
        else:
            yield index, (round(start_s * NS), round(end_s * NS)), ""


def _rows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for place in range(len(table.get("index", ()))):
        yield {name: column[place] for name, column in table.items()}


def _first(*values: Any) -> float | None:
    return next((float(value) for value in values if not math.isnan(value)), None)
