"""Studies with finished sessions that are worth a look: every kind of stream, plausible signals, trials.

python -m tests.helpers.labelled FOLDER [PARTICIPANTS TRIALS]      makes such a study
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from analysis.session_file import PartWriter
from app import consent
from app.consent import Answers
from app.plan import SessionPaths, SessionPlan
from app.recorder.finishing import finish
from app.study import FinishedSession, Study
from tests.helpers.recordings import PLAN, START_S, Script, camera, samples, supervisor_script

PROTOCOL, VERSION = "pictures", 1
TRIAL_S, LEAD_S, TAIL_S = 4.0, 1.0, 1.0
FIXATION_S, SHOWN_S = 0.5, 2.0
FLUSH_S = 1.0
SOUND_HZ = 8000.0
ELECTRODES = ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2")

EEG = replace(samples("eeg", 8, 128.0), channels=ELECTRODES, device="board")
BVP = replace(samples("bvp", 1, 64.0, kind="bvp"), channels=("BVP",), units=("",), device="wristband")
EDA = replace(samples("eda", 1, 4.0, kind="eda"), channels=("EDA",), units=("uS",), device="wristband")
VOICE = replace(samples("mic", 1, SOUND_HZ, "int16", "audio"), channels=("mic",), units=("",))
FACE = camera("camera", 10.0)
STREAMS = (EEG, BVP, EDA, VOICE, FACE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a scheme may hide: two sets of facts on the same signals make two studies that look alike."""

    codes: tuple[str, ...] = ("P01", "P02", "P03", "P04")
    stimuli: tuple[str, ...] = ("sunset", "broken-toy", "beach", "chair")
    categories: tuple[str, ...] = ("positive", "negative", "positive", "neutral")
    answers: tuple[int, ...] = (7, 2, 8, 5)


def make_study(
    folder: Path,
    participants: int = 2,
    trials: int = 4,
    facts: Facts = Facts(),
    streams: Sequence[StreamInfo] = STREAMS,
) -> Study:
    """Make a study of people with one finished session each: four seconds a trial, all agreed to everything.

    The signals depend on the participant's place only, never on the facts.
    """
    study = Study.create(folder, "Faces", "people", protocol=PROTOCOL)
    for place in range(participants):
        add_session(study, place, trials, facts, streams)
    return Study.open(folder)


def add_session(
    study: Study,
    place: int,
    trials: int = 4,
    facts: Facts = Facts(),
    streams: Sequence[StreamInfo] = STREAMS,
    session: int = 1,
) -> FinishedSession:
    """Record a session of the participant in this place."""
    code = facts.codes[place]
    consent.give(study, Answers().consent(code, PROTOCOL, VERSION))
    study.slot_for(code)
    claim = study.next_session(code, session, PROTOCOL)
    known = consent.consent_for(study, code, PROTOCOL, VERSION)
    plan = replace(
        PLAN,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, claim.paths.name)),
        name=claim.paths.name,
        origin="recorded",
        study=study.name,
        participant=code,
        session=session,
        run=claim.run,
        protocol_yaml=f"name: {PROTOCOL}\nversion: {VERSION}\n",
        schedule=_schedule(code, trials, facts),
        consent={} if known is None else known.to_json(),
        auto=False,
    )
    end_s = START_S + LEAD_S + trials * TRIAL_S + TAIL_S
    plan.save(claim.paths.plan)
    _presenter(trials, facts).append_to(claim.paths.journal("presenter"))
    supervisor_script(end_s).append_to(claim.paths.journal("supervisor"))
    Script("recorder").append_to(claim.paths.journal("recorder"))
    _record(claim.paths, plan, streams, end_s, place)
    result = finish(claim.paths)
    return study.enter(result.path, result.sha256)


def onset_s(trial: int) -> float:
    """Return when the stimulus of a trial came."""
    return START_S + LEAD_S + trial * TRIAL_S + FIXATION_S


def _of(values: Sequence[str] | Sequence[int], trial: int) -> str | int:
    return values[trial % len(values)]


def _schedule(code: str, trials: int, facts: Facts) -> dict[str, object]:
    rows = [
        {
            "index": trial,
            "block": "main",
            "practice": False,
            "stimulus": _of(facts.stimuli, trial),
            "category": _of(facts.categories, trial),
        }
        for trial in range(trials)
    ]
    head = {"protocol": PROTOCOL, "version": VERSION, "stimulus_set": "open", "participant": code}
    return head | {"session": 1, "slot": 0, "seed": 7, "trials": rows, "stages": []}


def _presenter(trials: int, facts: Facts) -> Script:
    script = Script("presenter")
    script.add(START_S + 0.5, "schedule_started")
    for trial in range(trials):
        at_s, shown_s = START_S + LEAD_S + trial * TRIAL_S, onset_s(trial)
        known: dict[str, Any] = {
            "stimulus": _of(facts.stimuli, trial),
            "category": _of(facts.categories, trial),
        }
        script.add(at_s, "trial_started", trial, order=trial, **known)
        script.add(at_s, "stage_started", trial, "fixation")
        script.add(shown_s, "stage_started", trial, "picture")
        script.add(
            shown_s,
            "stimulus_shown",
            trial,
            "picture",
            intended_s=shown_s,
            actual_s=shown_s + 0.0004,
            **known,
        )
        hidden_s = shown_s + SHOWN_S
        script.add(
            hidden_s,
            "stimulus_hidden",
            trial,
            "picture",
            stimulus=known["stimulus"],
            intended_s=hidden_s,
            actual_s=hidden_s + 0.0005,
        )
        script.add(hidden_s, "stage_started", trial, "rating")
        for edge, time_s in (("down", hidden_s + 0.6), ("up", hidden_s + 0.7)):
            script.add(
                time_s,
                "key",
                trial,
                "rating",
                key="Digit5",
                edge=edge,
                received_s=time_s,
                **{"class": "digit"},
            )
        value = _of(facts.answers, trial)
        script.add(hidden_s + 0.6, "response", trial, "rating", item="valence", value=value, reaction_s=0.6)
        script.add(at_s + TRIAL_S - 0.2, "trial_ended", trial, reason="completed")
    script.add(START_S + LEAD_S + trials * TRIAL_S + 0.2, "schedule_ended", reason="completed")
    return script


def _record(
    paths: SessionPaths, plan: SessionPlan, streams: Sequence[StreamInfo], end_s: float, place: int
) -> None:
    writer = PartWriter.create(paths.part(1), asdict(plan) | {"boot_id": "boot-1", "part": 1}, streams)
    times = {s.id: START_S + np.arange(int((end_s - START_S) * s.rate_hz)) / s.rate_hz for s in streams}
    done = dict.fromkeys(times, 0)
    for now in np.arange(START_S + FLUSH_S, end_s + FLUSH_S, FLUSH_S):
        for info in streams:
            first, stop = done[info.id], int(np.searchsorted(times[info.id], now))
            stamps = times[info.id][first:stop]
            if info.is_blob:
                pictures = [_face(n, place) for n in range(first, stop)]
                writer.append_blobs(info.id, stamps, pictures, float(now), first)
            else:
                writer.append(info.id, stamps, signal(info, stamps, place), float(now), first)
            done[info.id] = stop
        writer.flush()
    writer.close("completed")


def signal(info: StreamInfo, times_s: NDArray[np.float64], place: int = 0) -> NDArray[Any]:
    """Return plausible rows (n, channels): pulses, skin responses after onsets, alpha at the back, a hum."""
    t = times_s - START_S
    random = np.random.default_rng(1000 * place + round(1000 * float(t[0])) if len(t) else 0)
    noise = random.normal(0, 1, (len(t), len(info.channels)))
    if info.kind == "bvp":
        phase = (t * (1.15 + 0.05 * place)) % 1.0
        rows = (60 * np.exp(-((phase - 0.3) ** 2) / 0.012) + 20 * np.exp(-((phase - 0.6) ** 2) / 0.02))[
            :, None
        ]
        return np.asarray(rows - 20 + noise, info.dtype)
    if info.kind == "eda":
        since = (t - LEAD_S - FIXATION_S) % TRIAL_S
        rows = 2.0 + 0.05 * np.sin(t / 20) + 0.3 * since / 0.8 * np.exp(1 - since / 0.8)
        return np.asarray(rows[:, None] + 0.002 * noise, info.dtype)
    if info.kind == "audio":
        hum = 6000 * np.sin(2 * np.pi * (150 + 30 * place) * t) * (np.sin(2 * np.pi * t / TRIAL_S) > 0)
        return np.asarray(hum[:, None] + 200 * noise, info.dtype)
    back = np.linspace(0.2, 1.0, len(info.channels))
    alpha = 20 * np.sin(2 * np.pi * 10 * t)[:, None] * back
    return np.asarray(alpha + 8 * noise, info.dtype)


@lru_cache(maxsize=512)
def _face(number: int, place: int) -> bytes:
    """Return a drawn face whose mouth moves; the frame's number stands in it."""
    import cv2

    picture = np.full((120, 160, 3), 60 + 20 * place, np.uint8)
    cv2.ellipse(picture, (80, 60), (36, 46), 0, 0, 360, (160, 190, 220), -1)
    for x in (66, 94):
        cv2.circle(picture, (x, 50), 5, (40, 40, 40), -1)
    cv2.ellipse(picture, (80, 78), (14, 3 + number % 8), 0, 0, 360, (60, 60, 150), -1)
    cv2.putText(picture, str(number), (4, 116), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    content: bytes = cv2.imencode(".jpg", picture)[1].tobytes()
    return content


if __name__ == "__main__":
    people, each = map(int, sys.argv[2:4]) if len(sys.argv) > 3 else (2, 4)
    sys.stdout.write(f"{make_study(Path(sys.argv[1]), people, each).folder}\n")
