"""What `evoke check STUDY` looks at beside the files: participants, consents, corrections, versions."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.amendments import FILE as AMENDMENTS
from app import consent, recommenders, versions, visits
from app.commands.check_labels import label_problems
from app.participant_rows import FILE as PARTICIPANTS
from app.participants import roster
from app.study import Study
from app.study_files import StudyError
from app.withdrawal_marks import PENDING
from stimuli.problems import EvokeError, Problem


def people_problems(study: Study) -> list[Problem]:
    """Return every problem of what a study knows of its people; raises StudyError for a damaged table."""
    return [
        *_of_participants(study),
        *_of_amendments(study),
        *_of_consents(study),
        *_of_versions(study),
        *_of_withdrawals(study),
        *_of_recommenders(study),
        *label_problems(study),
    ]


def people_lines(study: Study) -> list[str]:
    """Return what a person wants to know of them: visits by state, exclusions, corrections, rehearsals."""
    states: dict[str, int] = {}
    for row in visits.overview(study):
        for visit in row.visits:
            states[visit.state] = states.get(visit.state, 0) + 1
    excluded = [person for person in roster(study) if person.excluded]
    corrections = len(study.amendments().lines)
    rehearsals = sum(session.rehearsal for session in study.sessions())
    lines = []
    if states:
        lines.append("visits: " + ", ".join(f"{count} {state}" for state, count in states.items()))
    lines += [f"excluded: {person.code} ({person.excluded})" for person in excluded]
    if corrections:
        lines.append(f"{_counted(corrections, 'correction')} (evoke amend STUDY lists them)")
    if rehearsals:
        lines.append(f"{_counted(rehearsals, 'rehearsal')}, kept apart")
    return lines


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _of_participants(study: Study) -> Iterator[Problem]:
    place = str(study.folder / PARTICIPANTS)
    for person in roster(study):
        for name in person.missing(study.participant_fields):
            message = f"participant {person.code}: {name} is needed and not filled in."
            yield Problem(place, None, message, "Fill it in on the study page.")
        for spec in study.participant_fields:
            value = person.fields.get(spec.name, "")
            try:
                if value:
                    spec.check(value)
            except StudyError as error:
                yield Problem(place, None, f"participant {person.code}: {error}", "")


def _of_amendments(study: Study) -> Iterator[Problem]:
    place, known = str(study.folder / AMENDMENTS), study.amendments()
    for number in known.unknown:
        message = "a correction that this Evoke does not understand."
        yield Problem(place, number, message, "Update Evoke, or mend the line.")
    sessions = study.sessions()
    named = {name for session in sessions for name in (session.file, session.uuid)}
    codes = {row.code for row in study.participants()} | {session.participant for session in sessions}
    for line in known.lines:
        if line.session and line.session not in named:
            yield Problem(place, None, f"{line.session}: is corrected, and no such session is there.", "")
        elif line.participant and line.participant not in codes:
            yield Problem(
                place, None, f"participant {line.participant}: is corrected, and not in the study.", ""
            )


def _of_consents(study: Study) -> Iterator[Problem]:
    if study.kind != "people" or not (study.folder / consent.FILE).exists():
        # A study from before consents were kept.
        return
    for session in visits.recorded(study):
        if session.origin != "recorded":
            continue
        known = consent.consent_for(study, session.participant, session.protocol, session.protocol_version)
        if known is None:
            message = (
                f"participant {session.participant} has no consent for {session.protocol},"
                f" version {session.protocol_version}."
            )
            yield Problem(str(study.folder / session.file), None, message, "Ask, and note the answer.")


def _of_versions(study: Study) -> Iterator[Problem]:
    from protocols.load import load_protocol

    if not study.protocol:
        return
    inside = study.folder / study.protocol
    try:
        protocol = load_protocol(inside if inside.is_file() else study.protocol)
        versions.check(study, protocol.name, protocol.version, protocol.text)
    except versions.VersionError as error:
        yield Problem(protocol.file, None, str(error), "")
        return
    except EvokeError:
        # Its own problems are told with the protocol.
        return
    spoken = tuple(str(language) for language in protocol.document.languages)
    for person in roster(study):
        if person.language and person.language not in spoken:
            known = ", ".join(spoken)
            message = f"participant {person.code}: reads {person.language}, and the protocol has {known}."
            yield Problem(protocol.file, None, message, "Add the texts, or choose another language.")


def _of_recommenders(study: Study) -> Iterator[Problem]:
    """Yield a recommender that the study's protocol chooses by and that is not there."""
    from protocols.load import load_protocol

    for name in recommenders.names(study.folder):
        try:
            recommenders.read(study.folder / recommenders.FOLDER / f"{name}.json")
        except recommenders.RecommenderError as error:
            yield Problem(str(study.folder / recommenders.FOLDER), None, str(error), "")
    if not study.protocol:
        return
    inside = study.folder / study.protocol
    try:
        protocol = load_protocol(inside if inside.is_file() else study.protocol)
        templates = (protocol.document.template(name) for name in protocol.document.trials)
        wanted = recommenders.wanted_by(each.choose.by for each in templates if each.choose is not None)
        if wanted is not None:
            recommenders.find(study.folder, wanted)
    except recommenders.RecommenderError as error:
        yield Problem(protocol.file, None, str(error), "")
    except EvokeError:
        # Its own problems are told with the protocol.
        return


def _of_withdrawals(study: Study) -> Iterator[Problem]:
    if (study.folder / PENDING).exists():
        message = "a withdrawal was begun and is not finished."
        yield Problem(str(study.folder), None, message, "Finish it: evoke withdraw STUDY --yes.")
