"""Reading recordings and their trials into a corpus; what cannot be used is said with its reason."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.corpus.corpus import Corpus, CorpusError, Left, Recording, Span, Trial
from analysis.corpus.texts import transcript_sha256
from analysis.modalities import Modality, modality_of
from analysis.records import Event
from analysis.session_file import Session, SessionFileError, file_sha256, open_session

Loaded = tuple[Recording, tuple[Trial, ...], tuple[Left, ...]]

ENDS: Mapping[str, str] = {
    "": "broke off before its end",
    "aborted": "was aborted",
    "skipped": "was skipped",
    "declined": "was declined by the participant",
    "interrupted": "was interrupted",
    "stopped": "broke off when the session was stopped",
    "ended": "broke off when the session was ended",
}
"""Why a trial that did not come to its own end is left out."""
PRESSED = "feeling_it"
"""The event of a press in a stage of imagery."""
_STAGE_ENDS = ("stage_started", "stage_ended", "trial_ended")


REFUSED: Mapping[Modality, tuple[str, ...]] = {
    "camera": ("face",),
    "voice": ("speech", "text"),
    "typed_text": ("keys",),
}
"""What may not be used where a participant has refused a kind of stream."""


def load_recording(path: Path, *, sha256: str = "", refused: Iterable[Modality] = ()) -> Loaded:
    """Read a finished session file: the recording, its trials, and what is left out of it and why.

    Corrections of the study around it are applied. `sha256` is the file's where that is known already;
    `refused` is what the participant has not agreed to: those streams are left out. Of a trial that was
    repeated the last attempt counts. Raises CorpusError.
    """
    hidden = frozenset(refused)
    try:
        with open_session(path) as session:
            if not session.is_finished:
                raise CorpusError(f"{path}: is not finished. Finish it with `evoke recover`.")
            said = session.attributes
            recording = Recording(
                id=path.stem,
                path=path,
                sha256=sha256 or file_sha256(path),
                participant=str(said.get("participant", "")),
                session=str(said.get("session", "")),
                origin=str(said.get("origin", "")),
                streams=tuple(each.info for each in session if modality_of(each.info) not in hidden),
                refused=tuple(name for each in sorted(hidden) for name in REFUSED.get(each, ())),
                program=str((said.get("imported_from") or {}).get("program", "")),
                transcript=transcript_sha256(path),
            )
            trials, left = _trials(session, recording)
    except SessionFileError as error:
        raise CorpusError(str(error)) from error
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"{path}: cannot be read: {error}. Restore it from a backup.") from error
    return recording, trials, left


def gathered(name: str, loaded: Sequence[Loaded], left: Sequence[Left]) -> Corpus:
    """Make a corpus of loaded recordings; raises CorpusError where two have the same name."""
    ids = [recording.id for recording, _, _ in loaded]
    twice = next((each for place, each in enumerate(ids) if each in ids[:place]), None)
    if twice is not None:
        raise CorpusError(f"{twice}: two recordings have this name. Give one file another.")
    ordered = sorted(loaded, key=lambda each: each[0].id)
    return Corpus(
        name,
        tuple(recording for recording, _, _ in ordered),
        tuple(trial for _, trials, _ in ordered for trial in trials),
        (*left, *(each for _, _, more in ordered for each in more)),
    )


def _trials(session: Session, recording: Recording) -> tuple[tuple[Trial, ...], tuple[Left, ...]]:
    by_trial: dict[int, list[Event]] = {}
    for event in session.events:
        if event.trial >= 0:
            by_trial.setdefault(event.trial, []).append(event)
    kinds = _kinds(session.protocol.get("schedule"))
    grids = grids_of(session.protocol.get("schedule"))
    found: list[Trial] = []
    left: list[Left] = []
    for row in sorted(_rows(session.trials), key=lambda row: float(row["started_s"])):
        index = int(row["index"])
        why = _unusable(row)
        if why:
            left.append(Left(recording.id, index, why))
            continue
        start_s, stop_s = float(row["started_s"]), float(row["ended_s"])
        # What earlier attempts left in the file is not of this one.
        events = [event for event in by_trial.get(index, ()) if start_s <= event.time <= stop_s]
        events = _last_attempt(events)
        trial = Trial(
            recording=recording.id,
            participant=recording.participant,
            session=recording.session,
            index=index,
            stimulus=str(row["stimulus"]),
            category=str(row["category"]),
            start_s=start_s,
            stop_s=stop_s,
            shown=_shown(row, events),
            stages=_stages(events, kinds, stop_s),
            ratings=_ratings(row, grids),
            practice=bool(row["practice"]),
            end_reason=str(row["end_reason"]),
            item=str(row.get("item") or ""),
            presses=tuple(sorted(event.time for event in events if event.kind == PRESSED)),
        )
        found.append(trial)
    return tuple(found), tuple(left)


def _rows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for place in range(len(table.get("index", ()))):
        yield {name: column[place] for name, column in table.items()}


def _unusable(row: Mapping[str, Any]) -> str:
    """Return why a trial cannot be used, "" where it can."""
    if bool(row["practice"]):
        return "is practice"
    reason = str(row["end_reason"])
    if reason != "completed":
        return ENDS.get(reason, f"did not come to its end ({reason})")
    start_s, stop_s = float(row["started_s"]), float(row["ended_s"])
    return "" if math.isfinite(stop_s) and stop_s > start_s else ENDS[""]


def _last_attempt(events: list[Event]) -> list[Event]:
    """Return the events from the last beginning on: two attempts may share one moment."""
    begun = [place for place, event in enumerate(events) if event.kind == "trial_started"]
    return events[begun[-1] :] if begun else events


def _kinds(schedule: Any) -> Mapping[str, str]:
    """Return the kind of each stage by its name, as the schedule says."""
    stages = schedule.get("stages", ()) if isinstance(schedule, Mapping) else ()
    return {str(stage.get("name", "")): str(stage.get("kind", "")) for stage in stages}


def _stages(events: Sequence[Event], kinds: Mapping[str, str], stop_s: float) -> dict[str, tuple[Span, ...]]:
    """Return the spans of a trial's stages by name and by kind; one that was shown anew counts once."""
    spans: dict[str, list[Span]] = {}
    for place, event in enumerate(events):
        if event.kind != "stage_started":
            continue
        end = next((later for later in events[place + 1 :] if later.kind in _STAGE_ENDS), None)
        if end is not None and end.kind == "stage_ended" and end.payload.get("reason") == "interrupted":
            continue
        span = (event.time, stop_s if end is None else end.time)
        if span[1] <= span[0]:
            continue
        kind = str(event.payload.get("kind") or kinds.get(event.stage, ""))
        for name in dict.fromkeys(filter(None, (event.stage, kind))):
            spans.setdefault(name, []).append(span)
    return {name: tuple(found) for name, found in spans.items()}


def _shown(row: Mapping[str, Any], events: Sequence[Event]) -> Span:
    """Return when the stimulus was there: measured, else intended, else the whole trial."""
    start_s, stop_s = float(row["started_s"]), float(row["ended_s"])
    shown = [event for event in events if event.kind == "stimulus_shown"]
    was_interrupted = any(
        event.kind == "stage_ended" and event.payload.get("reason") == "interrupted" for event in events
    )
    onset_s = _first(row["actual_onset_s"], row["intended_onset_s"])
    offset_s = _first(row["offset_s"])
    if was_interrupted and shown:
        # The table keeps the first showing; the one that was seen to its end is the last of that stage.
        last = [event for event in shown if event.stage == shown[0].stage][-1]
        hidden = [event for event in events if event.kind == "stimulus_hidden" and event.seq > last.seq]
        onset_s = _moment(last)
        offset_s = _moment(hidden[0]) if hidden else None
    if onset_s is None:
        return (start_s, stop_s)
    offset_s = stop_s if offset_s is None or offset_s <= onset_s else offset_s
    return (onset_s, offset_s) if offset_s > onset_s else (start_s, stop_s)


def _moment(event: Event) -> float | None:
    for name in ("actual_s", "intended_s"):
        value = event.payload.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    return event.time


def _first(*values: Any) -> float | None:
    return next((float(value) for value in values if not math.isnan(value)), None)


def grids_of(schedule: Any) -> dict[str, tuple[str, str]]:
    """Return the two dimensions of each item that is answered by a point on a grid, as a schedule says."""
    stages = schedule.get("stages", ()) if isinstance(schedule, Mapping) else ()
    found = {}
    for stage in stages:
        content = stage.get("content")
        for item in (content.get("items") or ()) if isinstance(content, Mapping) else ():
            if isinstance(item, Mapping) and item.get("scale") == "grid":
                x, y = (dict(item.get(axis) or {}).get("dimension") for axis in ("x", "y"))
                if x and y:
                    found[str(item.get("id"))] = (str(x), str(y))
    return found


def _ratings(row: Mapping[str, Any], grids: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    """Return the answers that are numbers, by item; a point on a grid by its two dimensions.

    Where an item of its own has the name of such a dimension, that one's answer stays.
    """
    answers = json.loads(row.get("ratings") or "{}")
    found = {str(item): float(value) for item, value in answers.items() if _is_number(value)}
    for item, dimensions in grids.items():
        point = answers.get(item)
        if isinstance(point, list) and len(point) == len(dimensions) and all(map(_is_number, point)):
            for dimension, value in zip(dimensions, point, strict=True):
                found.setdefault(dimension, float(value))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
