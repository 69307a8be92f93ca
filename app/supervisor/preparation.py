"""From a request to a session's plan; whatever is wrong is said before anything is recorded."""

from __future__ import annotations

import os
import platform
import random
import shutil
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil

from analysis.records import Origin
from app import consent, settings, versions
from app.alignments import with_alignment
from app.away import recordings
from app.consent import Answers, Consent
from app.deliveries import recording_paths
from app.devices.entries import DeviceEntry
from app.devices.load import demo_devices, load_devices
from app.participants import Person, change, person
from app.places import kind_of
from app.plan import SessionPaths, SessionPlan
from app.recommenders import IN_SESSION, find, wanted_by
from app.settings import write_atomically
from app.study import CODE, Study, StudyError
from app.supervisor.checks import Report, check_session, optional_where_failed
from app.supervisor.permissions import permitted
from app.visits import Broken, broken_session
from app.withdrawal import demand_none_pending
from stimuli.sets import StimulusSet, bundled_sets, load_set

if TYPE_CHECKING:
    from protocols.protocol import Protocol
    from protocols.schedule import Schedule

DISTRIBUTIONS = (
    "evoke",
    "numpy",
    "h5py",
    "pylsl",
    "brainflow",
    "opencv-python",
    "sounddevice",
    "PySide6-Essentials",
)
LONGER_FACTOR = 1.5
"""A session may last this much longer than it typically does; for the disk check."""
CHOSEN_BY = frozenset({"valence", "arousal", "liking"})
"""The dimensions of answers that rules of choosing know."""
PLAIN_LENGTH_S = 600.0
"""What there must be room for where nobody said how long a plain recording lasts."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for.

    `session` None is the next visit; `devices` None the study's own; `seed` None is drawn. `rehearsal`
    keeps the recording apart, in the study's `rehearsals/`. `consent` is what the participant has just
    agreed to, None where it was noted before. `language` "" is the participant's. `continues` is the file
    of a session that broke off, or `last`: participant, visit, order and language are that session's.
    """

    protocol: str
    participant: str
    session: int | None = None
    devices: Path | None = None
    window: Literal["screen", "null"] = "screen"
    auto: bool = False
    seed: int | None = None
    accept: str = ""
    rehearsal: bool = False
    consent: Answers | None = None
    language: str = ""
    continues: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A session that passed (or was accepted in) its checks, and that nobody has begun yet."""

    study: Study
    request: Request
    plan: SessionPlan
    schedule: Schedule
    report: Report
    stimuli: StimulusSet
    recommender: Path | None = None

    def begin(self) -> tuple[SessionPlan, SessionPaths]:
        """Claim the session's place in the study and write its plan where it is recorded.

        Raises StudyError, also where the participant's counter-balancing place was given away meanwhile.
        """
        is_new = not (self.request.rehearsal or self.plan.continues)
        if is_new:
            versions.lock(self.study, self.schedule.protocol, self.schedule.version, self.plan.protocol_yaml)
        claim = self.study.next_session(
            self.request.participant, self.plan.session, self.schedule.protocol, self.request.rehearsal
        )
        try:
            if is_new and self.study.slot_for(self.request.participant) != self.schedule.slot:
                raise StudyError(
                    f"participant {self.request.participant}: another session took the counter-balancing"
                    " place at the same moment. Start again."
                )
            paths = recording_paths(self.study, claim)
        except StudyError:
            shutil.rmtree(claim.paths.live, ignore_errors=True)
            raise
        folder = ""
        if self.schedule.stimulus_set not in bundled_sets():
            folder = _seen_from(self.stimuli.folder.absolute(), paths.live.absolute())
        plan = replace(self.plan, name=paths.name, run=claim.run, stimulus_folder=folder)
        if self.recommender is not None:
            # A copy: the session goes on offline, and it goes with the live folder.
            write_atomically(paths.live / IN_SESSION, self.recommender.read_text(encoding="utf-8"))
        plan.save(paths.plan)
        return plan, paths


@dataclass(frozen=True, slots=True)
class _Before:
    """What a session that goes on takes over from the one that broke off."""

    broken: Broken
    uuid: str
    language: str
    protocol_yaml: str
    schedule: Schedule


def prepare(study: Study, request: Request, window_problem: str | None = None) -> Prepared:
    """Check everything and make the plan; raises EvokeError (of whichever room) with the reasons."""
    from protocols.expand import expand
    from protocols.safety import demand_safe

    demand_none_pending(study)
    before = _before(study, request) if request.continues else None
    if before is not None:
        broken, known = before.broken, before.schedule
        request = replace(request, participant=broken.participant, session=broken.session, seed=known.seed)
    origin = _origin(study, request)
    protocol = _protocol(study, request.protocol, "" if before is None else before.schedule.protocol)
    demand_safe(protocol)
    who = None if request.rehearsal else person(study, request.participant)
    language = _language(protocol, request, who, before)
    chosen = _devices(study, request.devices)
    agreed, is_new = _consent(study, request, protocol, language)
    if not request.rehearsal:
        versions.check(study, protocol.name, protocol.version, protocol.text)
    stimuli = load_set(protocol.stimulus_set, beside=Path(protocol.file).parent)
    devices = permitted(chosen, agreed)
    session = request.session or study.next_visit(request.participant)
    seed = random.SystemRandom().randrange(2**31) if request.seed is None else request.seed
    # Tried in any slot first: a protocol that cannot be laid out must not use up a participant's slot.
    if before is not None:
        schedule = _unchanged(before, protocol)
    else:
        schedule = expand(protocol, request.participant, session, 0, seed, language)
    wanted = wanted_by(trial.chosen_by for trial in schedule.trials)
    recommender = None if wanted is None else find(study.folder, wanted)
    length_s = schedule.typical_s * LONGER_FACTOR
    report = check_session(
        study.folder,
        devices,
        length_s,
        study=study,
        pictures=(stimuli, sorted(schedule.stimuli())),
        placeholders=protocol.document.placeholders == "allowed",
        window_problem=window_problem,
        recorded_in=None if kind_of(study.folder) == "local" else recordings(),
    )
    report.demand(request.accept)
    if agreed is not None and is_new:
        agreed = consent.give(study, agreed)
    slot = 0 if request.rehearsal or before is not None else study.slot_for(request.participant)
    is_told = request.language and not request.rehearsal and before is None
    if is_told and (who is None or who.language != language):
        change(study, request.participant, language=language)
    if slot:
        schedule = expand(protocol, request.participant, session, slot, seed, language)
    plan = SessionPlan(
        uuid=str(uuid.uuid4()),
        name="",
        origin=origin,
        study=study.name,
        participant=request.participant,
        session=session,
        created_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        protocol_yaml=protocol.text,
        schedule=schedule.to_json(),
        devices=tuple(
            device.to_json()
            for device in with_alignment(optional_where_failed(devices, report), study.folder)
        ),
        window=request.window,
        auto=request.auto,
        characters=study.characters and (agreed is None or "typed_text" not in agreed.refused),
        network=study.network,
        consent={} if agreed is None else agreed.to_json(),
        checks=report.to_json(study.folder),
        accept=request.accept if report.having("failed") else "",
        continues="" if before is None else before.uuid,
        done=() if before is None else before.broken.progress.done,
        exposed=() if before is None else before.broken.progress.exposed,
        **_choices(schedule, before),
        rehearsal=request.rehearsal,
        language=language,
        group="" if who is None else who.group,
        look=look_of(study),
        machine=machine(),
        software=software(),
    )
    return Prepared(study, request, plan, schedule, report, stimuli, recommender)


def look_of(study: Study) -> dict[str, Any]:
    """Return how the participant's screen is set up: as the study says, else as this workstation is set."""
    chosen = settings.load()
    look = {
        name: chosen[setting]
        for name, setting in (
            ("palette", "participant_palette"),
            ("text_scale", "participant_text_scale"),
            ("screen", "participant_screen"),
            ("corner_patch", "corner_patch"),
        )
        if chosen.get(setting)
    }
    return look | dict(study.look)


def _before(study: Study, request: Request) -> _Before:
    """Return the session that is to go on; raises StudyError."""
    from analysis.session_file import SessionFileError, open_session
    from protocols.schedule import Schedule

    if request.rehearsal:
        raise StudyError("A rehearsal cannot continue a session. Leave out one of --rehearse and --continue.")
    broken = broken_session(study, request.continues, request.participant)
    try:
        with open_session(broken.path, amended=False) as session:
            said, protocol = session.attributes, session.protocol
            schedule = Schedule.from_json(protocol["schedule"])
            language = str(said.get("language") or schedule.language)
            return _Before(broken, str(said["uuid"]), language, str(protocol["yaml"]), schedule)
    except (SessionFileError, OSError, KeyError, TypeError, ValueError) as error:
        raise StudyError(
            f"{broken.path}: cannot go on, for its schedule cannot be read: {error!r}."
        ) from error


def _choices(schedule: Schedule, before: _Before | None) -> dict[str, Any]:
    """Return what was chosen before the session broke off, and the answers that choosing goes by."""
    from protocols.scales import scales_of

    if before is None or not any(trial.candidates for trial in schedule.trials):
        return {}
    progress, scales = before.broken.progress, scales_of(schedule)
    asked = {item for item, (of, _, _) in scales.items() if CHOSEN_BY & set(of.split())}
    return {
        "chosen": tuple(progress.chosen.items()),
        "answers": tuple(each for each in progress.answers if each[2] in asked),
    }


def _unchanged(before: _Before, protocol: Protocol) -> Schedule:
    """Return the schedule of the session that broke off if its protocol is still the same."""
    told = versions.changes(before.protocol_yaml, protocol.text)
    if protocol.name != before.schedule.protocol or told:
        what = told[0] if told else f"it is {protocol.name} and not {before.schedule.protocol}"
        raise versions.VersionError(
            f"{before.broken.path.name}: cannot go on, for its protocol was changed since ({what}). Take the"
            " change back, or begin a new session."
        )
    return before.schedule


def _language(protocol: Protocol, request: Request, who: Person | None, before: _Before | None) -> str:
    """Return the language of the participant's texts; raises StudyError for one that is not there."""
    if before is not None:
        return before.language
    known = tuple(str(language) for language in protocol.document.languages)
    chosen = request.language or (who.language if who is not None else "") or known[0]
    if chosen not in known:
        raise StudyError(
            f"participant {request.participant}: is to read {chosen}, and {protocol.name} has"
            f" {', '.join(known)}. Choose one of these, or add the texts to the protocol."
        )
    return chosen


def _consent(
    study: Study, request: Request, protocol: Protocol, language: str
) -> tuple[Consent | None, bool]:
    """Return the participant's consent, and whether it is still to be noted; raises ConsentError."""
    if request.rehearsal:
        return None, False
    if request.consent is not None:
        given = request.consent.consent(request.participant, protocol.name, protocol.version, language)
        if study.kind == "people" and not given.allows("study"):
            raise consent.ConsentError(
                f"participant {request.participant}: without consent to the use for this study nothing can be"
                " recorded. Name study among --uses, or do not record."
            )
        return given, True
    if study.kind != "people":
        return None, False
    return consent.demand(study, request.participant, protocol.name, protocol.version), False


def planned_length_s(plan: SessionPlan) -> float:
    """Return how long a session may last; 0 for a plain recording."""
    from protocols.schedule import Schedule

    return 0.0 if not plan.schedule else Schedule.from_json(plan.schedule).typical_s * LONGER_FACTOR


def machine() -> dict[str, Any]:
    """Describe the computer, without its name."""
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def software() -> dict[str, str]:
    """Return the versions of what records."""
    versions = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _origin(study: Study, request: Request) -> Origin:
    simulated = request.participant.lower().startswith("sim")
    if request.rehearsal:
        if not CODE.fullmatch(request.participant):
            study.check_participant(request.participant)
    else:
        if simulated and not request.auto and study.kind == "simulation":
            raise StudyError(
                f"participant {request.participant}: a simulated participant needs somebody to answer."
                " Add --auto."
            )
        if request.auto and study.kind == "people":
            raise StudyError(
                f"the study {study.name!r} is of people, and --auto lets the computer answer. Rehearse"
                " instead, or use a study of simulations."
            )
        study.check_participant(request.participant)
    return "automatic" if request.auto else "recorded"


def _protocol(study: Study, name: str, known: str = "") -> Protocol:
    """Load a protocol by file or name, else the one that is `known` by its name, else the study's own."""
    from protocols.load import load_protocol

    chosen = name or study.protocol
    if known and not name:
        try:
            chosen = versions.protocol_file(study, known)
        except versions.VersionError:
            chosen = known
    inside = study.folder / chosen
    return load_protocol(inside if inside.is_file() else chosen)


def _devices(study: Study, path: Path | None) -> tuple[DeviceEntry, ...]:
    if path is not None:
        return load_devices(path)
    if study.devices:
        return load_devices(study.folder / study.devices)
    if study.kind == "simulation":
        return demo_devices()
    raise StudyError(
        f"{study.folder}: no devices are chosen. Name a devices file with --devices FILE, or in study.yaml."
    )


def _seen_from(path: Path, start: Path) -> str:
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        # Another drive: there is no way from here to there, and the plan lives on this machine alone.
        return str(path)
