"""From a request to a session's plan; whatever is wrong is said before anything is recorded."""

from __future__ import annotations

import os
import platform
import random
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil

from analysis.records import Origin
from app.alignments import with_alignment
from app.away import recordings
from app.deliveries import recording_paths
from app.devices.entries import DeviceEntry
from app.devices.load import demo_devices, load_devices
from app.places import kind_of
from app.plan import SessionPaths, SessionPlan
from app.study import CODE, Study, StudyError
from app.supervisor.checks import Report, check_session, optional_where_failed
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
PLAIN_LENGTH_S = 600.0
"""What there must be room for where nobody said how long a plain recording lasts."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for.

    `session` None is the next visit; `devices` None the study's own; `seed` None is drawn. `rehearsal`
    keeps the recording apart, in the study's `rehearsals/`.
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
    consent: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A session that passed (or was accepted in) its checks, and that nobody has begun yet."""

    study: Study
    request: Request
    plan: SessionPlan
    schedule: Schedule
    report: Report
    stimuli: StimulusSet

    def begin(self) -> tuple[SessionPlan, SessionPaths]:
        """Claim the session's place in the study and write its plan where it is recorded."""
        claim = self.study.next_session(
            self.request.participant, self.plan.session, self.schedule.protocol, self.request.rehearsal
        )
        try:
            paths = recording_paths(self.study, claim)
        except StudyError:
            shutil.rmtree(claim.paths.live, ignore_errors=True)
            raise
        folder = ""
        if self.schedule.stimulus_set not in bundled_sets():
            folder = _seen_from(self.stimuli.folder.absolute(), paths.live.absolute())
        plan = replace(self.plan, name=paths.name, run=claim.run, stimulus_folder=folder)
        plan.save(paths.plan)
        return plan, paths


def prepare(study: Study, request: Request, window_problem: str | None = None) -> Prepared:
    """Check everything and make the plan; raises EvokeError (of whichever room) with the reasons."""
    from protocols.expand import expand

    origin = _origin(study, request)
    protocol = _protocol(study, request.protocol)
    stimuli = load_set(protocol.stimulus_set, beside=Path(protocol.file).parent)
    devices = _devices(study, request.devices)
    session = request.session or study.next_visit(request.participant)
    seed = random.SystemRandom().randrange(2**31) if request.seed is None else request.seed
    # Tried in any slot first: a protocol that cannot be laid out must not use up a participant's slot.
    schedule = expand(protocol, request.participant, session, 0, seed)
    length_s = schedule.typical_s * LONGER_FACTOR
    used = sorted({stage.stimulus for stage in schedule.stages if stage.stimulus})
    report = check_session(
        study.folder,
        devices,
        length_s,
        study=study,
        pictures=(stimuli, used),
        window_problem=window_problem,
        recorded_in=None if kind_of(study.folder) == "local" else recordings(),
    )
    report.demand(request.accept)
    slot = 0 if request.rehearsal else study.slot_for(request.participant)
    if slot:
        schedule = expand(protocol, request.participant, session, slot, seed)
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
        characters=study.characters,
        network=study.network,
        consent=dict(request.consent or {}),
        checks=report.to_json(study.folder),
        accept=request.accept if report.having("failed") else "",
        machine=machine(),
        software=software(),
    )
    return Prepared(study, request, plan, schedule, report, stimuli)


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


def _protocol(study: Study, name: str) -> Protocol:
    from protocols.load import load_protocol

    chosen = name or study.protocol
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
