"""What was said in the trials of a recording: transcripts, typed or imported, in a table of the study.

A recording's transcript is `derivatives/transcripts/NAME.csv` of the study around it, a line an utterance:

    trial,start_s,end_s,text
    3,,,I did not expect that at all.
    4,1.2,3.9,It was fine.

`start_s` and `end_s` are seconds since the trial began; both empty: the text is of the whole trial. The words
of participants stay in that file: features hold numbers only, and no message repeats a word.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.amendments import study_of
from analysis.corpus.corpus import CorpusError
from analysis.features.feature import Signal
from analysis.session_file import Session

TRANSCRIPTS = Path("derivatives") / "transcripts"
COLUMNS = ("trial", "start_s", "end_s", "text")
LONGEST = 20_000
"""Characters of one utterance at most: anything longer is no utterance but a whole file in a cell."""


class TranscriptError(CorpusError):
    """A transcript cannot be read; the text is the one clear message, without a word of what was said."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text of a trial, from `start_s` to `end_s` since the trial began; None: of the whole trial."""

    trial: int
    text: str
    start_s: float | None = None
    end_s: float | None = None


def transcript_path(recording: Path) -> Path | None:
    """Return where a recording's transcript lies or would lie; None outside of a study."""
    folder = study_of(recording)
    return None if folder is None else folder / TRANSCRIPTS / f"{recording.stem}.csv"


def transcript_sha256(recording: Path) -> str:
    """Return the checksum of a recording's transcript, "" where there is none."""
    path = transcript_path(recording)
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def read_transcript(path: Path) -> tuple[Utterance, ...]:
    """Return the utterances of a table in its order, () where there is no file; raises TranscriptError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise TranscriptError(f"{path.name}: cannot be read as text in UTF-8. Save it as such.") from error
    return parse_transcript(text, path.name)


def parse_transcript(text: str, source: str) -> tuple[Utterance, ...]:
    """Return the utterances of a table with the columns of `COLUMNS`; raises TranscriptError."""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in ("trial", "text") if name not in (reader.fieldnames or ())]
        if missing:
            raise TranscriptError(
                f"{source}: the column {' and '.join(missing)} is missing. It needs trial and text; start_s "
                "and end_s may be there."
            )
        found = [_utterance(row, f"{source}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise TranscriptError(f"{source}: is no table of comma-separated values ({error}).") from error
    return tuple(each for each in found if each.text)


def _utterance(row: Mapping[str | None, Any], where: str) -> Utterance:
    if any(each.strip() for each in row.get(None) or ()):
        raise TranscriptError(f"{where}: has more cells than columns. Put a text with commas in quotes.")
    text = " ".join((row.get("text") or "").split())
    if len(text) > LONGEST:
        raise TranscriptError(f"{where}: the text has more than {LONGEST} characters. Split it.")
    try:
        trial = int((row.get("trial") or "").strip())
    except ValueError as error:
        raise TranscriptError(f"{where}: the trial is no whole number.") from error
    start_s, end_s = (_seconds(row.get(name), where, name) for name in ("start_s", "end_s"))
    if (start_s is None) != (end_s is None):
        raise TranscriptError(f"{where}: start_s and end_s go together. Give both, or none.")
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise TranscriptError(f"{where}: it ends before it begins.")
    return Utterance(trial, text, start_s, end_s)


def _seconds(text: str | None, where: str, name: str) -> float | None:
    if not (text or "").strip():
        return None
    try:
        value = float(text or "")
    except ValueError as error:
        raise TranscriptError(f"{where}: {name} is no number of seconds.") from error
    if not math.isfinite(value) or value < 0:
        raise TranscriptError(f"{where}: {name} is no number of seconds.")
    return value


def transcript_text(utterances: Sequence[Utterance]) -> str:
    """Return utterances as a table, in order of trial and time; empty ones are left out."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in sorted(utterances, key=lambda each: (each.trial, each.start_s or 0.0)):
        words = " ".join(each.text.split())
        if words:
            ends = ("" if end is None else f"{end:.3f}" for end in (each.start_s, each.end_s))
            writer.writerow((each.trial, *ends, words))
    return text.getvalue()


def text_signal(session: Session) -> Signal | None:
    """Return the utterances of an open session as a signal without samples; None where there are none.

    Its table has `start_s` and `stop_s` (corrected clock), `trial` and `text`. Utterances of trials that the
    session does not have are left out. Raises TranscriptError.
    """
    path = transcript_path(session.path)
    utterances = () if path is None else read_transcript(path)
    table = session.trials
    spans = {
        int(index): (float(first), float(last))
        for index, first, last in zip(
            table.get("index", ()), table.get("started_s", ()), table.get("ended_s", ()), strict=True
        )
    }
    known = [each for each in utterances if each.trial in spans and np.isfinite(spans[each.trial]).all()]
    if not known:
        return None
    times = [_times(each, spans[each.trial]) for each in known]
    columns = {
        "start_s": np.array([start for start, _ in times], np.float64),
        "stop_s": np.array([stop for _, stop in times], np.float64),
        "trial": np.array([each.trial for each in known], np.int64),
        "text": np.array([each.text for each in known], dtype=np.str_),
    }
    return Signal("text", 0.0, times[0][0], np.zeros((0, 0), np.float32), (), (), table=columns)


def _times(each: Utterance, trial: tuple[float, float]) -> tuple[float, float]:
    if each.start_s is None or each.end_s is None:
        return trial
    return trial[0] + each.start_s, min(trial[0] + each.end_s, max(trial[1], trial[0] + each.start_s + 1e-3))
