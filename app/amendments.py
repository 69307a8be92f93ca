"""Writing corrections into a study; what they may say and who applies them: `analysis.amendments`."""

from __future__ import annotations

import getpass
from dataclasses import replace

from analysis.amendments import FILE, Amendment, AmendmentError, Amendments
from app.study import Study
from app.study_files import StudyError, append_line, exclusively, utc_now, writing

__all__ = ["Amendment", "AmendmentError", "Amendments", "add", "amendments"]


def amendments(study: Study) -> Amendments:
    """Return all corrections of the study; raises StudyError."""
    return study.amendments()


def add(study: Study, amendment: Amendment) -> Amendment:
    """Append a correction once it is found to fit the study; return it as it is kept.

    What is corrected stays as it was recorded. Raises StudyError for a participant, session, stream, channel
    or field that the study does not have, and for a value that the field cannot take.
    """
    _check(study, amendment)
    kept = replace(amendment, time=amendment.time or utc_now(), author=amendment.author or _user())
    with writing(study.folder), exclusively(study.folder):
        append_line(study.folder / FILE, kept.to_json())
    return kept


def _check(study: Study, amendment: Amendment) -> None:
    session = None
    if amendment.session:
        found = [s for s in study.sessions() if amendment.session in (s.uuid, s.file)]
        if not found:
            raise StudyError(
                f"{amendment.session}: the study has no such session. Name its file or its uuid."
            )
        session = found[0]
    else:
        recorded = {row.code for row in study.participants()} | {s.participant for s in study.sessions()}
        if amendment.participant not in recorded:
            raise StudyError(f"participant {amendment.participant}: is not in the study. Check the code.")
    if amendment.kind == "code":
        study.check_participant(str(amendment.value))
        recorded_as = session.participant if session is not None else amendment.participant
        if amendment.value == recorded_as and not study.amendments().lines:
            raise StudyError(f"participant {amendment.value}: is the code already. Nothing was changed.")
    if amendment.kind == "field":
        spec = next((spec for spec in study.participant_fields if spec.name == amendment.field), None)
        if spec is None:
            known = ", ".join(spec.name for spec in study.participant_fields) or "none"
            raise StudyError(
                f"{amendment.field}: is no field of this study (it has {known}). Check the name."
            )
        spec.check(str(amendment.value))
    if amendment.kind == "channels":
        _check_channels(study, amendment)


def _check_channels(study: Study, amendment: Amendment) -> None:
    from analysis.session_file import SessionFileError, open_session

    seen = False
    for listed in study.sessions():
        if not amendment.is_about(listed.uuid, listed.file, listed.participant):
            continue
        try:
            with open_session(study.folder / listed.file, amended=False) as session:
                stream = session.streams.get(amendment.stream)
        except (SessionFileError, OSError):
            continue
        if stream is None:
            continue
        seen = True
        names = stream.info.channels
        unknown = [name for name in amendment.value if name not in names]
        if unknown:
            raise StudyError(
                f"{amendment.stream}: has no channel {unknown[0]} in {listed.file}, but"
                f" {', '.join(names)}. Check the name."
            )
        renamed = [amendment.value.get(name, name) for name in names]
        if len(set(renamed)) != len(renamed):
            raise StudyError(
                f"{amendment.stream}: two channels would have the same name. Name both that were swapped:"
                " C3=C4 C4=C3."
            )
    if not seen:
        raise StudyError(f"{amendment.stream}: no session that is meant has this stream. Check its id.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
