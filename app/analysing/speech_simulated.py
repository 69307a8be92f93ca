"""A study of simulated speakers who answer nine tasks, and a folder of others to train extractors on."""

from __future__ import annotations

import uuid
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import ImportedStream, stream_of, write_part
from analysis.exchange.import_set import stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial, trial_events
from analysis.literature.depression import TASKS
from analysis.records import Event
from analysis.session_file import file_sha256
from analysis.session_finished import Head, close_all, write_finished
from analysis.session_merge import open_part
from analysis.session_tables import in_order
from analysis.simulate.answers import RATE_HZ, Speaker, answer
from app import participants
from app.participant_fields import FieldSpec
from app.study import Study

GROUPS = ("healthy", "depressed")
EFFECTS: Mapping[str, float] = MappingProxyType(
    {
        "interview-positive": 0.9, "interview-neutral": 1.2, "interview-negative": 0.6,
        "picture-positive": 0.4, "picture-neutral": 0.5, "picture-negative": 0.4,
    }
)  # fmt: skip
"""Cohen's d of a speaker's state between the groups, planted in each kind of task."""
OWN_SHARE = 0.3
"""Share of a state's variance that is the speaker's own, the same in all tasks."""
PAUSE_S = 0.5
NAMESPACE = uuid.UUID("0b0a7f3e-8a0e-4d5f-9a7c-3d1c2b5a9e10")
FIELDS = (
    FieldSpec("age", {"": "Age"}, "number", "years"),
    FieldSpec("sex", {"": "Sex"}, "choice", "", ("f", "m")),
    FieldSpec("site", {"": "Site"}, "choice", "", ("A", "B")),
)


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who is simulated: `people`, half depressed, answers of `seconds`, by `seed`; `scale` of effects."""

    people: int = 60
    seconds: float = 6.0
    seed: int = 1
    scale: float = 1.0

    @property
    def words(self) -> str:
        """What the data are, for a table."""
        planted = ", ".join(f"{name} {self.scale * effect:.1f}" for name, effect in EFFECTS.items())
        return (
            f"{self.people} simulated speakers ({self.people // 2} 'depressed'), nine answers of "
            f"{self.seconds:g} s each; planted Cohen's d of the speaker's state by kind of task: {planted}. "
            "No person was recorded."
        )


def speaker_study(
    folder: Path,
    wanted: Speakers,
    said: Callable[[str], None] = lambda words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Study:
    """Return a study of simulations with one session of each speaker; those that are there stay."""
    if (folder / "study.yaml").is_file():
        study = Study.open(folder)
    else:
        study = Study.create(folder, "Simulated speakers", "simulation", participant_fields=FIELDS)
    known = {session.participant for session in study.sessions()}
    for place in range(wanted.people):
        code = f"sim{place + 1:03d}"
        if code in known or cancelled():
            continue
        if place % 10 == 0:
            said(f"simulated speaker {place + 1} of {wanted.people}")
        random = np.random.default_rng([wanted.seed, place])
        speaker = Speaker.draw(random)
        is_ill = place % 2 == 1
        sounds = _answers(speaker, is_ill, wanted, random)
        _write(study, code, f"{wanted}/{place}", sounds)
        fields = {
            "age": str(int(random.integers(18, 56))),
            "sex": "f" if random.random() < 0.5 else "m",
            "site": "A" if random.random() < 0.5 else "B",
        }
        group = GROUPS[int(is_ill)]
        participants.change(study, code, group=group, language="en", fields=fields)
    return study


def _answers(
    speaker: Speaker, is_ill: bool, wanted: Speakers, random: np.random.Generator
) -> list[NDArray[np.float64]]:
    own = random.standard_normal()
    sounds = []
    for task in TASKS:
        noise = np.sqrt(OWN_SHARE) * own + np.sqrt(1 - OWN_SHARE) * random.standard_normal()
        state = noise + wanted.scale * EFFECTS[task.category] * (0.5 if is_ill else -0.5)
        sounds.append(answer(speaker, state, wanted.seconds, random))
    return sounds


def _write(study: Study, code: str, what: str, sounds: Sequence[NDArray[np.float64]]) -> None:
    study.slot_for(code)
    claim = study.next_session(code, 1, "speech-tasks")
    path = claim.paths.final
    pause = np.zeros(round(PAUSE_S * RATE_HZ))
    trials, parts, at_s = [], [], 0.0
    for task, sound in zip(TASKS, sounds, strict=True):
        stop_s = at_s + len(sound) / RATE_HZ
        stage = ImportedStage("answer", "speaking", at_s, stop_s)
        trials.append(ImportedTrial(task.name, task.category, at_s, stop_s, (stage,)))
        parts += [sound, pause]
        at_s = stop_s + PAUSE_S
    values = np.clip(np.round(32767 * np.concatenate(parts)), -32768, 32767).astype(np.int16)
    times = np.arange(len(values)) / RATE_HZ
    info = stream_info("sound", "audio", [("sound", "audio", "")], RATE_HZ, "simulated", "computed", "int16")
    attributes = {
        "uuid": str(uuid.uuid5(NAMESPACE, what)),
        "origin": "simulated",
        "name": claim.paths.name,
        "study": study.name,
        "participant": code,
        "session": 1,
        "run": claim.run,
    }
    stream: ImportedStream = stream_of(info, times, values[:, None])
    events = [
        Event(time_s, "simulation", place, kind, trial, stage, payload)
        for place, (time_s, kind, trial, stage, payload) in enumerate(
            [
                (0.0, "session_started", -1, "", {}),
                *trial_events(trials),
                (float(times[-1]), "session_ended", -1, "", {"reason": "completed"}),
            ]
        )
    ]
    part = path.with_name(f"{path.stem}_part-001.h5")
    write_part(part, attributes, [stream])
    opened = [open_part(part)]
    try:
        head = Head(attributes, end_reason="completed", in_order=True)
        write_finished(path, head, opened, in_order(events), lambda _: {}, lambda _: None)
    finally:
        close_all(opened)
        part.unlink(missing_ok=True)
    claim.paths.live.rmdir()
    study.enter(path, file_sha256(path))


def speaker_folder(folder: Path, speakers: int, utterances: int, seconds: float, seed: int) -> Path:
    """Write FOLDER/SPEAKER/*.wav of simulated speakers in changing states; what is there stays."""
    for place in range(speakers):
        own = folder / f"speaker-{place + 1:03d}"
        own.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng([seed, 1_000_000 + place])
        speaker = Speaker.draw(random)
        for number in range(utterances):
            sound = answer(speaker, float(random.standard_normal()), seconds, random)
            path = own / f"{number + 1:03d}.wav"
            if not path.exists():
                with wave.open(str(path), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(round(RATE_HZ))
                    file.writeframes(np.clip(np.round(32767 * sound), -32768, 32767).astype("<i2").tobytes())
    return folder
