"""Withdrawal: what a participant has left in a study is found, shown, and erased; a tombstone stays.

Killed anywhere, it goes on where it is asked for again: what is to be erased is noted first
(`withdrawing.json`, removed last). The study's second copy is erased with it where it is reached.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import away, copies
from app.consent import FILE as CONSENTS
from app.consent import Consent, Modality, consents
from app.plan import LIVE_SUFFIX, Lock, SessionPaths
from app.recommenders import FOLDER as RECOMMENDERS
from app.recommenders import IN_SESSION
from app.settings import runtime_folder, write_atomically
from app.study import WITHDRAWALS, Study
from app.study_files import StudyError, append_line, exclusively, lines_of, utc_now, writing
from app.withdrawal_derivatives import KEPT as RUNS_STAY
from app.withdrawal_derivatives import Derived, derived_of, is_recommender_of
from app.withdrawal_erasing import erase, erase_folder, remove_streams
from app.withdrawal_marks import PENDING, Marks, all_in, marks_of, traces

EXPORTS = "exports.jsonl"
EVERYTHING = "everything"
NOT_KNOWN = (
    "Backups of this computer, copies made by hand and second copies that other computers keep are not known"
    " here: look after them yourself."
)

RUNS_STAY_WHOLE = (
    "Runs stay with their predictions: they were computed with these streams, and hold no signal of them. Run"
    " them again."
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a participant, and what of it would be erased.

    `only` limits it to kinds of streams. `sessions` are the recordings (files relative to the study),
    `files` all files that go as a whole and `partly` those that lose lines, `mirror` both of the second
    copy; `elsewhere` counts sessions of this computer on their way to the study, and `lent` are copies of
    recommenders with her ratings that others of those choose by. `bytes` is what `files`
    take. `unreachable` says in a sentence each what cannot be erased from here, `kept` what stays.
    """

    participant: str
    marks: Marks
    only: tuple[Modality, ...] = ()
    sessions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    mirror: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    lent: tuple[str, ...] = ()
    bytes: int = 0
    unreachable: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    tombstone: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to erase."""
        return not (self.files or self.partly or self.mirror or self.elsewhere or self.lent)

    def to_json(self) -> dict[str, Any]:
        """Return what `evoke withdraw --json` prints."""
        names = (
            "participant",
            "only",
            "sessions",
            "files",
            "partly",
            "mirror",
            "bytes",
            "unreachable",
            "kept",
        )
        values = {name: getattr(self, name) for name in names}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()} | {
            "elsewhere": len(self.elsewhere),
            "lent": len(self.lent),
        }


def plan(study: Study, participant: str, only: tuple[Modality, ...] = ()) -> Found:
    """Find everything of a participant, or only some kinds of streams; changes nothing.

    Goes on with a withdrawal that was begun and not finished. Raises StudyError while a session of hers runs,
    is recorded on another computer, or (with `only`) is not finished.
    """
    begun = _begun(study)
    if begun is not None:
        if participant not in ("", begun.participant):
            raise StudyError(
                f"{study.folder}: another withdrawal was begun and is not finished. Finish it first:"
                " evoke withdraw STUDY, without a participant."
            )
        participant, only = begun.participant, begun.only
    marks = marks_of(study, participant)
    true = study.amendments().code_of(participant)
    if begun is None and true != participant:
        raise StudyError(f"participant {participant}: is {true} in truth, by a correction. Withdraw {true}.")
    mirror = copies.mirror_of(study)
    reached = mirror if mirror is not None and copies.is_reached(study) else None
    if reached is not None:
        marks = marks.merged(marks_of(Study.open(reached), participant))
    if begun is not None:
        marks = begun.marks.merged(marks)
    _demand_quiet(study, marks, bool(only))
    found = Found(participant, marks, only)
    if begun is not None:
        found = replace(found, tombstone=begun.tombstone, sessions=begun.sessions)
    found = _only(study, found, reached) if only else _all(study, found, reached)
    unreachable = [*_exports_outside(study, marks), NOT_KNOWN]
    if mirror is not None and reached is None:
        unreachable.insert(
            0, f"{mirror}: the second copy is out of reach. Connect it, then withdraw the participant again."
        )
    return replace(found, unreachable=(*found.unreachable, *unreachable))


def _all(study: Study, found: Found, mirror: Path | None) -> Found:
    here, derived = traces(study.folder, found.marks), derived_of(study.folder, found.marks)
    whole = tuple(dict.fromkeys((*here.whole, *derived.whole)))
    there = traces(mirror, found.marks) if mirror is not None else None
    over_there = derived_of(mirror, found.marks) if mirror is not None else Derived()
    elsewhere = tuple(str(paths.folder) for paths in _waiting(study, found.marks))
    names = set(found.marks.names)
    sessions = tuple(name for name in here.whole if name.endswith(".h5") and Path(name).stem in names)
    by_hand = tuple(
        f"{name}: names the participant, and somebody wrote it by hand. Look through it yourself."
        for name in here.by_hand
    )
    unused = study.released()
    used = [
        row.slot
        for row in study.participants()
        if row.code in found.marks.codes and row.slot is not None and row.code not in unused
    ]
    return replace(
        found,
        sessions=sessions,
        files=whole,
        partly=(*(name for name in here.partly if name not in whole), *derived.partly),
        mirror=()
        if there is None
        else tuple(dict.fromkeys((*there.whole, *there.partly, *over_there.whole, *over_there.partly))),
        elsewhere=elsewhere,
        lent=tuple(map(str, _lent(study, found.marks))),
        bytes=all_in(whole, study.folder),
        unreachable=(*by_hand, *_lent_out_of_reach(study, found.marks)),
        kept=(RUNS_STAY,) if derived.partly else (),
        slots=tuple(sorted(set(used))),
    )


def _only(study: Study, found: Found, mirror: Path | None) -> Found:
    from analysis.session_file import SessionFileError
    from analysis.session_without import holds

    sessions, size, problems = [], 0, []
    names = set(found.marks.names)
    for listed in study.sessions():
        path = study.folder / listed.file
        if path.stem not in names or not path.exists():
            continue
        try:
            # Killed on the way, a file may be written anew already and its list not.
            if listed.file in found.sessions or holds(path, found.only):
                sessions.append(listed.file)
                size += path.stat().st_size
        except (SessionFileError, OSError) as error:
            problems.append(f"{listed.file}: cannot be read ({error}). Restore it, or withdraw everything.")
    made = derived_of(study.folder, found.marks)
    known = (*traces(study.folder, found.marks).whole, *made.whole)
    derived = tuple(dict.fromkeys(name for name in known if name.startswith(("derivatives/", "exports/"))))
    copied: tuple[str, ...] = ()
    if mirror is not None:
        over_there = (*traces(mirror, found.marks).whole, *derived_of(mirror, found.marks).whole)
        copied = tuple(n for n in over_there if n in sessions or n.startswith(("derivatives/", "exports/")))
    kept: tuple[str, ...] = ("Annotations stay: they hold what annotators said, and none of the streams.",)
    if made.partly:
        kept = (*kept, RUNS_STAY_WHOLE)
    files = (*sessions, *derived)
    return replace(
        found,
        sessions=tuple(sessions),
        files=files,
        mirror=copied,
        bytes=size,
        unreachable=tuple(problems),
        kept=kept,
    )


def _demand_quiet(study: Study, marks: Marks, finished_only: bool) -> None:
    """Raise StudyError for sessions that cannot be erased now."""
    for live in study.folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}"):
        if not marks.are_in(live.name):
            continue
        note = away.Elsewhere.read(live)
        if note is not None and not note.is_ours:
            raise StudyError(
                f"{live.name}: is being recorded on the computer {note.host}. Let it be finished there first."
            )
        lock = Lock.read(SessionPaths.of_live(live).lock)
        if lock is not None and (lock.is_alive or not lock.is_of_this_machine):
            raise StudyError(f"{live.name}: is being recorded now. End the session first.")
        if finished_only:
            raise StudyError(f"{live.name}: is not finished. Finish it first: evoke recover STUDY.")


def _waiting(study: Study, marks: Marks) -> list[SessionPaths]:
    found = []
    for folder in away.waiting(study.uuid) if study.uuid else ():
        belongs = away.Belongs.read(folder)
        if belongs is not None and marks.are_in(belongs.name):
            found.append(SessionPaths(folder, belongs.name))
    return found


def _lent(study: Study, marks: Marks) -> list[Path]:
    """Return copies of recommenders with her ratings in sessions of others that are recorded away."""
    found = []
    for folder in away.waiting(study.uuid) if study.uuid else ():
        belongs = away.Belongs.read(folder)
        if belongs is not None and not marks.are_in(belongs.name):
            path = SessionPaths(folder, belongs.name).live / IN_SESSION
            if is_recommender_of(path, marks):
                found.append(path)
    return found


def _lent_out_of_reach(study: Study, marks: Marks) -> list[str]:
    """Name sessions on other computers that may choose by a recommender with her ratings."""
    kept = (study.folder / RECOMMENDERS).glob("*.json")
    if not any(is_recommender_of(path, marks) for path in kept):
        return []
    notes = {
        live.name: note
        for live in sorted(study.folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}"))
        if (note := away.Elsewhere.read(live)) is not None and not note.is_ours
    }
    return [
        f"{name}: is being recorded on the computer {note.host}, perhaps with a copy of a recommender that"
        " holds these ratings. The copy goes when that session is finished."
        for name, note in notes.items()
    ]


def _exports_outside(study: Study, marks: Marks) -> list[str]:
    told = []
    for line in lines_of(study.folder / EXPORTS):
        if set(line.get("participants") or ()) & {f"sub-{code}" for code in marks.codes}:
            told.append(
                f"export {line.get('name', '')} ({line.get('format', '')}, for {line.get('use', '')},"
                f" {str(line.get('time', ''))[:10]}): went out with this participant. Ask whoever has it to"
                " remove it."
            )
    return told


def carry_out(study: Study, found: Found, say: Say = lambda _: None) -> None:
    """Erase what was found, here and in the second copy; afterwards a tombstone stays.

    Raises StudyError where the disk refuses; then asking again goes on.
    """
    if found.is_empty and not (study.folder / PENDING).exists():
        return
    _demand_quiet(study, found.marks, bool(found.only))
    with writing(study.folder):
        _note(study, found)
        mirror = copies.mirror_of(study) if copies.is_reached(study) else None
        if found.only:
            _erase_streams(study, found, mirror, say)
        else:
            _erase_all(study, found, mirror, say)
        with exclusively(study.folder):
            known = {line.get("id") for line in lines_of(study.folder / WITHDRAWALS)}
            if found.tombstone not in known:
                append_line(study.folder / WITHDRAWALS, _tombstone(study))
        (study.folder / PENDING).unlink()


def _erase_all(study: Study, found: Found, mirror: Path | None, say: Say) -> None:
    for unique in found.marks.uuids:
        erase_folder(runtime_folder(unique))
    for paths in _waiting(study, found.marks):
        erase_folder(paths.folder)
    for path in _lent(study, found.marks):
        path.unlink(missing_ok=True)
        say("A recommender in a session of this computer: erased.")
    erase(study.folder, found.marks, say)
    if mirror is not None:
        with copies.erasing(study) as ledger:
            gone, changed = erase(mirror, found.marks, lambda line: say(f"second copy: {line}"))
            ledger.take([*gone, *(name for name in ledger.names if found.marks.are_in(name))], changed)


def _erase_streams(study: Study, found: Found, mirror: Path | None, say: Say) -> None:
    sums = remove_streams(study, found.sessions, found.only, say)
    derived = [name for name in found.files if name not in found.sessions]
    for name in derived:
        (study.folder / name).unlink(missing_ok=True)
    _narrow(study, found)
    if mirror is not None:
        with copies.erasing(study) as ledger:
            gone = [name for name in (*sums, *derived) if _differs(mirror / name, sums.get(name, ""))]
            for name in gone:
                (mirror / name).chmod(0o600)
                (mirror / name).unlink()
            ledger.take(gone, ())
            for name in sums:
                ledger.copy(name)
                say(f"second copy: {name}: written anew.")


def _differs(path: Path, sha256: str) -> bool:
    from app.copying import sha256_of

    return path.exists() and (not sha256 or sha256_of(path) != sha256)


def _narrow(study: Study, found: Found) -> None:
    """Let no later session open what was taken back now."""
    newest: dict[tuple[str, str, int], Consent] = {}
    for consent in consents(study):
        if consent.participant in found.marks.codes:
            newest[consent.participant, consent.protocol, consent.version] = consent
    for consent in newest.values():
        if set(found.only) - set(consent.refused):
            streams = {**consent.streams, **dict.fromkeys(found.only, False)}
            line = replace(consent, streams=streams, date=utc_now(), by="withdrawal")
            with exclusively(study.folder):
                append_line(study.folder / CONSENTS, line.to_json())


def _note(study: Study, found: Found) -> None:
    if (study.folder / PENDING).exists():
        return
    counts = {"recordings": len(found.sessions), "files": len(found.files), "tables": len(found.partly)}
    noted = {
        "participant": found.participant,
        "only": list(found.only),
        "sessions": list(found.sessions),
        "marks": found.marks.to_json(),
        "tombstone": {
            "id": found.tombstone,
            "date": datetime.now(UTC).date().isoformat(),
            "kinds": [*found.only] if found.only else [EVERYTHING],
            "counts": counts,
            "slots": list(found.slots),
        },
    }
    write_atomically(study.folder / PENDING, json.dumps(noted) + "\n")


def _tombstone(study: Study) -> Mapping[str, Any]:
    noted = json.loads((study.folder / PENDING).read_text(encoding="utf-8"))
    return dict(noted["tombstone"])


def _begun(study: Study) -> Found | None:
    """Return a withdrawal that was begun and not finished."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads((study.folder / PENDING).read_text(encoding="utf-8"))
        return Found(
            str(noted["participant"]),
            Marks.from_json(noted["marks"]),
            tuple(noted["only"]),
            tuple(noted["sessions"]),
            tombstone=str(noted["tombstone"]["id"]),
        )
    return None


def demand_none_pending(study: Study) -> None:
    """Raise StudyError where a withdrawal was begun and not finished: nothing may be recorded before."""
    if (study.folder / PENDING).exists():
        raise StudyError(
            f"{study.folder}: a withdrawal was begun and is not finished. Finish it first:"
            " evoke withdraw STUDY."
        )
