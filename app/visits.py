"""The sessions of a study by participant and visit: done, broken, running, to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from analysis.session_progress import Progress
from app.participants import Person, roster
from app.plan import Lock, SessionPaths
from app.study import REHEARSALS, FinishedSession, Study
from app.study_files import StudyError

State = Literal["done", "broken", "running", "to do"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a participant.

    `runs` are its finished files in order, corrections applied; `live` names what is being recorded, or what
    a crash left. `protocol` and `version` are those of the last run ("" and 0 to do), `reason` why that
    ended, `remaining` the trials that are left of a broken one (-1 where not known).
    """

    session: int
    state: State
    runs: tuple[FinishedSession, ...] = ()
    live: tuple[str, ...] = ()
    protocol: str = ""
    version: int = 0
    reason: str = ""
    remaining: int = 0

    @property
    def can_continue(self) -> bool:
        """Whether `evoke run --continue` has something to go on with."""
        return self.state == "broken" and bool(self.runs) and self.remaining != 0


@dataclass(frozen=True, slots=True)
class Row:
    """A participant with all visits, those to come included."""

    person: Person
    visits: tuple[Visit, ...]


def recorded(study: Study) -> tuple[FinishedSession, ...]:
    """Return the finished sessions that are no rehearsals, under the participants' true codes."""
    amendments = study.amendments()
    return tuple(
        replace(session, participant=amendments.code_of(session.participant, session.uuid, session.file))
        for session in study.sessions()
        if not session.rehearsal
    )


def overview(study: Study) -> tuple[Row, ...]:
    """Return everybody with their visits; raises StudyError."""
    sessions, live = recorded(study), _live(study)
    people = {person.code: person for person in roster(study)}
    for code in (*(session.participant for session in sessions), *(code for code, _, _ in live)):
        # Recorded before there was a table, or known by a recording alone.
        people.setdefault(code, Person(code, None))
    return tuple(Row(person, _visits(study, person.code, sessions, live)) for person in people.values())


def _visits(
    study: Study,
    code: str,
    sessions: Iterable[FinishedSession],
    live: Iterable[tuple[str, int, SessionPaths]],
) -> tuple[Visit, ...]:
    own = [session for session in sessions if session.participant == code]
    begun = [(number, paths) for owner, number, paths in live if owner == code]
    numbers = sorted({session.session for session in own} | {number for number, _ in begun})
    visits = []
    for number in numbers:
        runs = tuple(sorted((s for s in own if s.session == number), key=lambda s: s.run))
        visits.append(_visit(number, runs, [paths for at, paths in begun if at == number]))
    last = max(numbers, default=0)
    planned = range(last + 1, last + 1 + max(0, study.visits - len(visits)))
    return (*visits, *(Visit(number, "to do") for number in planned))


def _visit(number: int, runs: tuple[FinishedSession, ...], live: list[SessionPaths]) -> Visit:
    names = tuple(paths.name for paths in live)
    if any((lock := Lock.read(paths.lock)) is not None and lock.is_alive for paths in live):
        return Visit(number, "running", runs, names)
    if not runs:
        return Visit(number, "broken", (), names, reason="interrupted", remaining=-1)
    last = runs[-1]
    known = {"protocol": last.protocol, "version": last.protocol_version, "reason": last.reason}
    if not live and any(run.is_complete for run in runs):
        return Visit(number, "done", runs, names, **known)  # type: ignore[arg-type]
    left = max(0, last.trials - last.done) if last.trials >= 0 else -1
    return Visit(number, "broken", runs, names, remaining=left, **known)  # type: ignore[arg-type]


def _live(study: Study) -> list[tuple[str, int, SessionPaths]]:
    found = []
    for paths in study.live_sessions():
        parts = paths.name.split("_")
        if len(parts) < 2 or not parts[0].startswith("sub-") or not parts[1][4:].isdecimal():
            continue
        if not (study.folder / REHEARSALS / parts[0] / parts[1] / paths.live.name).exists():
            found.append((parts[0].removeprefix("sub-"), int(parts[1][4:]), paths))
    return found


@dataclass(frozen=True, slots=True)
class Broken:
    """A session that broke off, and how far it came."""

    path: Path
    participant: str
    session: int
    progress: Progress


def broken_session(study: Study, named: str, participant: str = "") -> Broken:
    """Find the session that `named` means: a file, or `last` for the newest that broke off.

    With `participant` only hers are looked at. Raises StudyError where there is none, where it is a
    rehearsal, and where nothing is left to do.
    """
    from analysis.session_file import SessionFileError, open_session
    from analysis.session_progress import progress_of

    sessions = [s for s in recorded(study) if not participant or s.participant == participant]
    if named == "last":
        continued = {session.continues for session in sessions}
        left = [s for s in sessions if not s.is_complete and s.uuid not in continued]
        if not left:
            whose = f" of participant {participant}" if participant else ""
            raise StudyError(f"{study.folder}: no session{whose} broke off. There is nothing to continue.")
        chosen = left[-1]
    else:
        path = Path(named)
        names = {named, path.name}
        if path.is_file() and path.absolute().is_relative_to(study.folder.absolute()):
            names.add(study.relative(path))
        found = [s for s in sessions if names & {s.file, s.uuid, Path(s.file).name}]
        if not found:
            raise StudyError(f"{named}: is no session of this study that could go on. Check the file's name.")
        chosen = found[0]
    place = study.folder / chosen.file
    try:
        with open_session(place) as session:
            progress, reason = progress_of(session), session.end.reason
    except (SessionFileError, OSError) as error:
        raise StudyError(f"{place}: cannot be read: {error}") from error
    later = next((s for s in sessions if s.continues == chosen.uuid), None)
    if later is not None:
        raise StudyError(f"{chosen.file}: was continued already, by {later.file}. Continue that one.")
    if progress.planned < 0:
        raise StudyError(f"{chosen.file}: follows no protocol, so it cannot go on. Begin a new session.")
    if reason == "completed" or not progress.remaining:
        raise StudyError(f"{chosen.file}: is complete. Begin the next session instead.")
    return Broken(place, chosen.participant, chosen.session, progress)
