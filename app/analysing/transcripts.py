"""Transcripts of a study's trials: typed, or brought in from a table; they stay in the study.

What was said is in no log, no message and no export: a transcript is a file of its own beside the recordings
(`derivatives/transcripts`), and a withdrawal takes it along.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.corpus.corpus import Corpus
from analysis.corpus.texts import (
    LONGEST,
    TRANSCRIPTS,
    TranscriptError,
    Utterance,
    parse_transcript,
    read_transcript,
    transcript_text,
)
from app.annotation.trials import refusal
from app.consent import Modality
from app.settings import write_atomically
from app.study import Study
from app.study_files import exclusively, writing
from stimuli.problems import EvokeError

Stretch = tuple[float, float]
"""From when to when something was said, in seconds since the trial began."""
VOICE: Modality = "voice"
NOT_USED = "the participant has not agreed to it"


class TranscriptsError(EvokeError):
    """A transcript cannot be stored or read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """How many texts came into one recording's transcript, and what did not with the reason."""

    recording: str
    utterances: int
    left_out: tuple[str, ...] = ()


def transcript_of(study: Study, recording: str) -> tuple[Utterance, ...]:
    """Return the utterances of a recording (by id), in order; raises TranscriptsError."""
    try:
        return read_transcript(place_of(study, recording))
    except TranscriptError as error:
        raise TranscriptsError(str(error)) from error


def place_of(study: Study, recording: str) -> Path:
    """Return where the transcript of a recording lies, or would lie."""
    return study.folder / TRANSCRIPTS / f"{recording}.csv"


def store_transcript(study: Study, corpus: Corpus, recording: str, utterances: Sequence[Utterance]) -> Path:
    """Write a recording's transcript anew; without a word there is no file. Raises TranscriptsError."""
    found = corpus.by_id.get(recording)
    if found is None:
        raise TranscriptsError(f"{recording}: is no recording of this study that may be used.")
    if "text" in found.refused:
        raise TranscriptsError(f"{recording}: no transcript is kept, since {NOT_USED}.")
    path = place_of(study, recording)
    _demand_still_allowed(study, recording)
    kept = [each for each in utterances if each.text.split()]
    if any(len(each.text) > LONGEST for each in kept):
        raise TranscriptsError(f"{recording}: a text has more than {LONGEST} characters. Split it.")
    with writing(study.folder), exclusively(study.folder):
        if kept:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, transcript_text(kept))
        else:
            path.unlink(missing_ok=True)
    return path


def _demand_still_allowed(study: Study, recording: str) -> None:
    """Raise TranscriptsError where somebody withdrew after the corpus was read, as while a text is typed."""
    session = next((each for each in study.sessions() if Path(each.file).stem == recording), None)
    why, refused = ("is not there any more", ()) if session is None else refusal(study, session)
    if why or VOICE in refused:
        raise TranscriptsError(f"{recording}: no transcript is kept ({why or NOT_USED}).")


def with_text(
    utterances: Sequence[Utterance], trial: int, text: str, span: Stretch | None = None
) -> tuple[Utterance, ...]:
    """Return utterances with another text of a trial, or of one stretch of it; "" takes it away.

    `span` None is the text of the whole trial; utterances of the same trial with times stay as they are.
    """
    start_s, end_s = (None, None) if span is None else span
    others = [
        each for each in utterances if (each.trial, each.start_s, each.end_s) != (trial, start_s, end_s)
    ]
    return (*others, Utterance(trial, text, start_s, end_s)) if text.split() else tuple(others)


def bring_in(study: Study, corpus: Corpus, path: Path, recording: str = "") -> tuple[BroughtIn, ...]:
    """Read a table of texts into transcripts: trial, text, and recording where it holds several.

    `start_s` and `end_s` since the trial began may be there. Several rows of one trial (or one stretch) are
    one text, in their order; what was stored of it before is replaced. Raises TranscriptsError; then nothing
    was changed.
    """
    by_name = _by_recording(path, recording)
    trials: dict[str, set[int]] = {}
    for trial in corpus.trials:
        trials.setdefault(trial.recording, set()).add(trial.index)
    made: list[tuple[str, tuple[Utterance, ...], BroughtIn]] = []
    for name, found in by_name.items():
        known = corpus.by_id.get(name)
        if known is None or "text" in known.refused:
            why = "is no recording of this study that may be used" if known is None else NOT_USED
            raise TranscriptsError(f"{path.name}: {name}: {why}. Nothing was brought in.")
        missing = sorted({each.trial for each in found} - trials.get(name, set()))
        kept = transcript_of(study, name)
        texts = _joined(each for each in found if each.trial not in missing)
        for (number, span), text in texts.items():
            if len(text) > LONGEST:
                raise TranscriptsError(
                    f"{path.name}: the rows of trial {number} (counted from 0) of {name} have more than "
                    f"{LONGEST} characters together. Give them times. Nothing was brought in."
                )
            kept = with_text(kept, number, text, span)
        why = "(counted from 0): the recording has none that may be used"
        left = tuple(f"trial {number} {why}" for number in missing)
        made.append((name, kept, BroughtIn(name, len(texts), left)))
    for name, kept, _ in made:
        store_transcript(study, corpus, name, kept)
    return tuple(told for _, _, told in made)


def _joined(rows: Iterable[Utterance]) -> dict[tuple[int, Stretch | None], str]:
    """Return the rows of each trial, and of each stretch of it to the millisecond, as one text."""
    found: dict[tuple[int, Stretch | None], str] = {}
    for each in rows:
        span = None if each.start_s is None or each.end_s is None else _stored(each.start_s, each.end_s)
        before = found.get((each.trial, span))
        found[each.trial, span] = each.text if before is None else f"{before} {each.text}"
    return found


def _stored(start_s: float, end_s: float) -> Stretch:
    """Return a stretch as the table keeps it: whole milliseconds, of which it has one at least."""
    first_ms = round(1000 * start_s)
    return first_ms / 1000, max(round(1000 * end_s), first_ms + 1) / 1000


def _by_recording(path: Path, recording: str) -> Mapping[str, list[Utterance]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TranscriptsError(f"{path}: cannot be read as text in UTF-8. Save it as such.") from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        head = rows[0] if rows else []
        if "recording" not in head:
            if not recording:
                raise TranscriptsError(
                    f"{path.name}: has no column 'recording'. Name the recording with --recording."
                )
            return {recording: list(parse_transcript(text, path.name))}
        found: dict[str, list[Utterance]] = {}
        place = head.index("recording")
        for number, row in enumerate(rows[1:], 2):
            if not any(row):
                continue
            name = Path(row[place]).name.removesuffix(".h5") if len(row) > place else ""
            if not name and not recording:
                raise TranscriptsError(f"{path.name}, line {number}: the recording is missing.")
            line = io.StringIO(newline="")
            csv.writer(line).writerows([head, row])
            read = parse_transcript(line.getvalue(), f"{path.name}, line {number}")
            found.setdefault(name or recording, []).extend(read)
    except (TranscriptError, csv.Error) as error:
        raise TranscriptsError(f"{error} Nothing was brought in.") from error
    return {name: each for name, each in found.items() if not recording or name == recording}


def counts(study: Study, corpus: Corpus) -> dict[str, tuple[int, int]]:
    """Return of each recording how many of its trials have a text, and how many trials it has."""
    found = {}
    for each in corpus.recordings:
        trials = {trial.index for trial in corpus.trials if trial.recording == each.id}
        said = {utterance.trial for utterance in transcript_of(study, each.id)}
        found[each.id] = (len(trials & said), len(trials))
    return found
