"""Participants and their visits as the study page lists them: words, order, search. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.participants import Person
from app.plan import Lock, SessionPaths
from app.study import FinishedSession, Study
from app.visits import Row, Visit, overview

Filter = Literal["all", "to do", "broken", "running", "done", "excluded"]
FILTERS: Mapping[Filter, str] = {
    "all": "Everybody",
    "to do": "Something to do",
    "broken": "Something broken",
    "running": "Running now",
    "done": "All done",
    "excluded": "Excluded",
}
STATE_WORDS: Mapping[str, str] = {
    "done": "done",
    "broken": "broken",
    "running": "running now",
    "to do": "to do",
}
ENDS: Mapping[str, str] = {
    "completed": "completed",
    "aborted": "aborted",
    "ended": "ended early",
    "stopped": "stopped",
    "stopped by the participant": "ended by the participant",
    "supervisor lost": "interrupted",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A study at one moment: rows by participant, what is recorded now by name, rehearsals."""

    rows: tuple[Row, ...] = ()
    live: Mapping[str, SessionPaths] | None = None
    rehearsals: tuple[FinishedSession, ...] = ()
    copies: Mapping[str, int] | None = None


def list_study(study: Study, copies: Mapping[str, int] | None = None) -> Listing:
    """Read a study; `copies` counts second copies by file. Raises StudyError."""
    return Listing(
        overview(study),
        {paths.name: paths for paths in study.live_sessions()},
        tuple(session for session in study.sessions() if session.rehearsal),
        copies,
    )


def person_words(person: Person) -> str:
    """Return what is known of a participant beside the code, in one line."""
    known = [
        f"group {person.group}" if person.group else "",
        person.language,
        *(f"{name} {value}" for name, value in person.fields.items() if value),
    ]
    return ", ".join(filter(None, known))


def progress_words(row: Row) -> str:
    """Return how far a participant has come."""
    if row.person.excluded:
        return f"excluded: {row.person.excluded}"
    if not row.visits:
        return "no session yet"
    counts = {state: sum(visit.state == state for visit in row.visits) for state in STATE_WORDS}
    parts = [f"{counts['done']} of {len(row.visits)} done"]
    parts += [f"{counts[state]} {state}" for state in ("broken", "running") if counts[state]]
    return ", ".join(parts)


def visit_words(visit: Visit) -> str:
    """Return the state of a visit."""
    if visit.state == "broken" and not visit.runs:
        return "interrupted"
    if visit.state != "broken":
        return STATE_WORDS[visit.state]
    left = (
        f", {visit.remaining} trial{'' if visit.remaining == 1 else 's'} left" if visit.remaining > 0 else ""
    )
    return f"broken: {ENDS.get(visit.reason, visit.reason or 'interrupted')}{left}"


def run_words(session: FinishedSession, copies: Mapping[str, int] | None) -> str:
    """Return the state of one run, with its second copies where they are counted."""
    words = ENDS.get(session.reason, session.reason) or "finished"
    if session.origin != "recorded":
        words += f", {session.origin}"
    if copies is not None and session.file in copies:
        count = copies[session.file]
        words += f", {count} cop{'y' if count == 1 else 'ies'}"
    return words


def protocol_words(protocol: str, version: int) -> str:
    """Return a protocol with its version, "" for none."""
    return f"{protocol} v{version}" if protocol else ""


def date_words(utc: str) -> str:
    """Return a date and time as the list shows it."""
    return utc.replace("T", " ").removesuffix("Z")[:16]


def last_date(row: Row) -> str:
    """Return when a participant's newest file was finished, "" for none."""
    dates = [run.added for visit in row.visits for run in visit.runs]
    return date_words(max(dates)) if dates else ""


def is_alive(paths: SessionPaths) -> bool:
    """Whether somebody looks after a session that has no file yet."""
    lock = Lock.read(paths.lock)
    return lock is not None and lock.is_alive


def live_words(paths: SessionPaths) -> str:
    """Return the state of a session that has no file yet."""
    lock = Lock.read(paths.lock)
    if lock is None or not lock.is_alive:
        return "interrupted"
    return "file is being made" if lock.finishing else "running now"


def fits(row: Row, chosen: Filter) -> bool:
    """Whether a participant belongs to a filter; who is excluded is nowhere else to do."""
    if chosen == "all":
        return True
    if chosen == "excluded" or row.person.excluded:
        return chosen == "excluded" and bool(row.person.excluded)
    states = {visit.state for visit in row.visits}
    if chosen == "done":
        return bool(states) and states == {"done"}
    if chosen == "to do":
        return not states or "to do" in states or "broken" in states
    return chosen in states


def matches(row: Row, words: str) -> bool:
    """Whether every word of a search is in the code, or begins one of group, fields, protocols and dates."""
    person, found = row.person, []
    for visit in row.visits:
        found += [visit.protocol, f"v{visit.version}", *(run.added for run in visit.runs)]
    text = " ".join((person_words(person).replace(",", " "), person.excluded, *found)).lower().split()
    code = person.code.lower()
    return all(
        word in code or any(known.startswith(word) for known in text) for word in words.lower().split()
    )


def chosen_rows(rows: Iterable[Row], chosen: Filter, words: str) -> list[Row]:
    """Return the rows of a filter and a search, in their order."""
    return [row for row in rows if fits(row, chosen) and matches(row, words)]


def next_code(study: Study, taken: Iterable[str]) -> str:
    """Suggest a code for a newcomer: the next number, as wide as those that there are."""
    prefix = "sim" if study.kind == "simulation" else ""
    known = [code.removeprefix(prefix) for code in taken if code.startswith(prefix)]
    numbers = [code for code in known if code.isdecimal()]
    width = max((len(number) for number in numbers), default=2)
    return f"{prefix}{max((int(number) for number in numbers), default=0) + 1:0{width}d}"


def file_of(study: Study, session: FinishedSession) -> Path:
    """Return where a run's file lies."""
    return study.folder / session.file
