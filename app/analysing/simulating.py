"""Studies of simulated participants: sessions with a known effect, written and finished as live ones are.

Living through a session is the presenter's business, so what does it is handed in (`Live`).
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from analysis.records import Event
from analysis.simulate.participant import Felt
from analysis.simulate.participant import Participant as Person
from analysis.simulate.settings import Settings, SimulationError
from app.plan import SessionPlan
from app.recommenders import find, wanted_by
from app.study import FinishedSession, Study, StudyError
from protocols.load import load_protocol
from protocols.protocol import Protocol
from protocols.schedule import Schedule
from stimuli.problems import EvokeError
from stimuli.sets import load_set

CODE = "sim{:02d}"
FIRST_DAY = datetime(2025, 1, 1, 9, 0, tzinfo=UTC)
"""Simulated sessions take place at a made-up time, one a day: the same ones are the same files."""
START_S = 1000.0
NAMESPACE = uuid.UUID("5d1b5d0e-5b0e-4a51-9a2b-6f6f0c1f2a10")

Norms = Mapping[str, Mapping[str, Any]]
Live = Callable[[Schedule, Norms, Person, Mapping[int, Felt], float], list[Event]]
"""live(schedule, norms, person, felt, start_s) -> the presenter's events: `app.presenter.simulated`."""
Progress = Callable[[int, int, str], None]
"""progress(done, of, words)."""

POSITIVE = (
    "pleasant", "positive", "happ", "joy", "amus", "content", "calm", "excite", "tender", "love", "relax",
)  # fmt: skip
NEGATIVE = (
    "unpleasant", "negative", "sad", "fear", "ang", "disgust", "anxi", "stress", "horror", "grief",
)  # fmt: skip


class SimulatingError(EvokeError):
    """A study cannot be simulated as asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who is to be simulated: `participants` more of them, in this protocol; `workers` 0 is one a core."""

    protocol: str
    participants: int
    settings: Settings = field(default_factory=Settings)
    workers: int = 0

    def __post_init__(self) -> None:
        """Raise SimulatingError where nobody is to be simulated."""
        if self.participants < 1:
            raise SimulatingError("participants: at least one has to be simulated.")


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was made: sessions, how long that took, and how much room they need."""

    sessions: tuple[FinishedSession, ...]
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """One session that a worker makes; everything in it can be handed to another process."""

    folder: Path
    code: str
    place: int
    protocol_yaml: str
    schedule: Schedule
    norms: Norms
    settings: Settings
    live: Live


def simulation_study(folder: Path, protocol: str = "", name: str = "Simulation") -> Study:
    """Return the study of simulations in `folder`, made if there is none; raises StudyError."""
    if (folder / "study.yaml").exists():
        study = Study.open(folder)
        if study.kind != "simulation":
            raise StudyError(
                f"{folder}: holds a study of people, and people and simulations are never mixed. Choose"
                " another folder."
            )
        return study
    is_file = Path(protocol).suffix in (".yaml", ".yml")
    if protocol:
        # A mistake in it must leave no study behind.
        load_protocol(protocol)
    return Study.create(folder, name, "simulation", protocol="" if is_file else protocol)


def simulate(
    study: Study,
    request: Request,
    live: Live,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Simulation:
    """Add simulated participants to a study, each with one finished session; raises EvokeError.

    Participants are numbered on from those that there are. Equal settings give equal participants in equal
    numbers, whatever came before, in whichever order the workers finish.
    """
    begun_s = time.monotonic()
    if study.kind != "simulation":
        raise StudyError(f"{study.folder}: holds a study of people, and nobody may be simulated in it.")
    jobs = _jobs(study, request, live)
    stop = cancelled or _never
    tell = progress or _nobody
    tell(0, len(jobs), "simulating")
    entered: list[FinishedSession] = []
    size = 0
    made: dict[str, Path] = {}
    try:
        for code, path in _made(jobs, request.workers, stop):
            made[code] = path
            # The list is in the order of participants, whoever was finished first.
            while len(entered) < len(jobs) and jobs[len(entered)].code in made:
                size += made[jobs[len(entered)].code].stat().st_size
                entered.append(_entered(study, made[jobs[len(entered)].code]))
                tell(len(entered), len(jobs), entered[-1].participant)
    finally:
        listed = {session.participant for session in entered}
        entered += [_entered(study, path) for code, path in made.items() if code not in listed]
    return Simulation(tuple(entered), time.monotonic() - begun_s, size)


def _entered(study: Study, path: Path) -> FinishedSession:
    from analysis.session_file import file_sha256

    return study.enter(path, file_sha256(path))


def _jobs(study: Study, request: Request, live: Live) -> list[Job]:
    from protocols.expand import expand

    named = request.protocol or study.protocol
    if not named:
        raise SimulatingError(f"{study.folder}: which protocol? Name one with --protocol.")
    inside = study.folder / named
    protocol = load_protocol(inside if inside.is_file() else named)
    norms = _norms(protocol)
    # Whoever was begun and never finished is made again.
    first = 1 + max((_number(each.participant) for each in study.sessions()), default=0)
    jobs = []
    for number in range(first, first + request.participants):
        code, place = CODE.format(number), number - 1
        # As everywhere, a protocol that cannot be laid out must not use up a place.
        schedule = expand(protocol, code, 1, 0, _seed(request.settings, place), _language(protocol))
        wanted = wanted_by(trial.chosen_by for trial in schedule.trials)
        lives = live
        if wanted is not None:
            lives = partial(cast("Any", live), recommender=find(study.folder, wanted))
        slot = study.slot_for(code)
        if slot:
            schedule = expand(protocol, code, 1, slot, _seed(request.settings, place), _language(protocol))
        jobs.append(Job(study.folder, code, place, protocol.text, schedule, norms, request.settings, lives))
    return jobs


def _made(jobs: Sequence[Job], workers: int, stop: Callable[[], bool]) -> Iterator[tuple[str, Path]]:
    """Yield code and file of each job's session as they are finished; raises SimulatingError."""
    from analysis.evaluation.workers import Local

    local = Local(workers)
    if min(len(jobs), local.count) == 1:
        for job in jobs:
            if stop():
                return
            yield job.code, make_session(job)
        return
    for done in local.run([(job.code, told_session, (job,)) for job in jobs], stop):
        told = {"error": done.died} if done.died else json.loads(done.state)
        if "error" in told:
            raise SimulatingError(f"{done.name}: {told['error']}")
        yield done.name, Path(told["path"])


def told_session(job: Job) -> str:
    """Make a session and tell of it as JSON: a worker hands over words only."""
    try:
        return json.dumps({"path": str(make_session(job))})
    except EvokeError as error:
        return json.dumps({"error": str(error)})


def make_session(job: Job) -> Path:
    """Live through one session, write it and finish it; return the file. Raises EvokeError."""
    from app.analysing.simulated_files import record
    from app.recorder.finishing import finish

    study = Study.open(job.folder)
    person = Person.draw(job.settings, job.place)
    # A worker that vanished has left something behind; nobody has been told of it yet.
    shutil.rmtree(study.folder / f"sub-{job.code}", ignore_errors=True)
    claim = study.next_session(job.code, 1, job.schedule.protocol)
    try:
        plan = _plan(job, study, claim.paths.name, claim.run)
        plan.save(claim.paths.plan)
        record(claim.paths, plan, person, expected_valences(job.schedule, job.norms), _liver(job))
        return finish(claim.paths).path
    except SimulationError as error:
        shutil.rmtree(claim.paths.live, ignore_errors=True)
        raise SimulatingError(str(error)) from error
    except BaseException:
        # Nothing of a simulation is worth recovering: it can be made again.
        shutil.rmtree(claim.paths.live, ignore_errors=True)
        raise


def _liver(job: Job) -> Callable[[Person, Mapping[int, Felt]], list[Event]]:
    return lambda person, felt: job.live(job.schedule, job.norms, person, felt, START_S)


def _plan(job: Job, study: Study, name: str, run: int) -> SessionPlan:
    from app.supervisor.preparation import software

    created = FIRST_DAY + timedelta(days=job.place)
    made_of = f"{job.settings.to_json()}/{job.place}/{job.schedule.protocol}/{job.schedule.version}"
    return SessionPlan(
        uuid=str(uuid.uuid5(NAMESPACE, made_of)),
        name=name,
        origin="simulated",
        study=study.name,
        participant=job.code,
        session=1,
        run=run,
        created_utc=created.isoformat(timespec="milliseconds"),
        protocol_yaml=job.protocol_yaml,
        schedule=job.schedule.to_json(),
        window="null",
        auto=True,
        characters=False,
        language=job.schedule.language,
        software=software(),
    )


def expected_valences(schedule: Schedule, norms: Norms) -> dict[int, float]:
    """Return what each trial is meant to be felt as, from -1 to 1: by its category, else by its norm."""
    found = {}
    for trial in schedule.trials:
        known = norms.get(trial.stimulus, {})
        found[trial.index] = expected_valence(
            trial.category or str(known.get("category") or ""), known.get("valence")
        )
    return found


def expected_valence(category: str, rated: Any) -> float:
    """Return -1 to 1 for a category's name, or for a rating from 1 to 9; 0 where neither says anything."""
    name = category.lower()
    for words, valence in ((NEGATIVE, -1.0), (POSITIVE, 1.0)):
        if any(name.startswith(word) for word in words):
            return valence
    if name != "neutral" and isinstance(rated, int | float):
        return max(-1.0, min(1.0, (float(rated) - 5.0) / 4.0))
    return 0.0


def _norms(protocol: Protocol) -> dict[str, dict[str, Any]]:
    stimuli = load_set(protocol.stimulus_set, beside=Path(protocol.file).parent)
    return {
        name: {"category": item.category, "valence": item.valence, "arousal": item.arousal}
        for name, item in stimuli.items.items()
    }


def _language(protocol: Protocol) -> str:
    return str(protocol.document.languages[0])


def _seed(settings: Settings, place: int) -> int:
    return uuid.uuid5(NAMESPACE, f"{settings.seed}/{place}").int % 2**31


def _number(code: str) -> int:
    found = re.fullmatch(r"sim0*(\d+)", code, re.IGNORECASE)
    with contextlib.suppress(ValueError):
        return int(found[1]) if found else 0
    return 0


def _never() -> bool:
    return False


def _nobody(done: int, of: int, words: str) -> None:
    """Tell nobody."""
