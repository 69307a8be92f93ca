"""Simulated participants' transcripts, and observers' impressions of them, with an effect."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.corpus import Corpus
from analysis.corpus.texts import Utterance
from analysis.session_file import open_session
from analysis.simulate.participant import Felt, Participant
from analysis.simulate.settings import Settings
from analysis.simulate.words import said
from app.analysing.simulated_files import TRUTH
from app.analysing.transcripts import store_transcript, transcript_of
from app.annotation.incoming import bring_in
from app.annotation.schemes import bundled
from app.study import Study, StudyError

IMPRESSIONS = (
    "openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism", "interview",
)  # fmt: skip
SCHEME, TIER, OBSERVER = "impressions", "impression", "observers"
FOLLOWS: Mapping[str, tuple[float, float]] = {
    "openness": (0.6, 0.4),
    "conscientiousness": (0.2, 0.7),
    "extraversion": (0.5, 0.6),
    "agreeableness": (0.1, 0.8),
    "neuroticism": (-0.3, -0.6),
    "interview": (0.4, 0.7),
}
"""How far each impression follows a person's own pitch and own smile, of 1 in all."""
SPREAD = 0.12
"""SD of impressions over people and clips."""


def say(study: Study, corpus: Corpus, effect: float) -> None:
    """Give every trial of a simulated study a transcript that follows what was felt; kept where it is."""
    _demand_simulated(study)
    for recording in corpus.recordings:
        if transcript_of(study, recording.id):
            continue
        truth = _truth(recording.path)
        person = Participant.draw(_settings(truth), int(truth["place"]))
        felt = {int(trial): Felt(int(trial), float(value)) for trial, value in truth["felt"].items()}
        there = {trial.index for trial in corpus.trials if trial.recording == recording.id}
        texts = said(person, felt, effect)
        store_transcript(
            study, corpus, recording.id, [Utterance(k, text) for k, text in texts.items() if k in there]
        )


def rate(study: Study, corpus: Corpus, effect: float, seed: int = 1) -> None:
    """Let observers rate every trial of a simulated study on the six impressions, 0 to 1.

    `effect` is the share of an impression's spread that follows the person's own pitch and own smile; the
    rest is chance, half of it the person's own, half the clip's.
    """
    _demand_simulated(study)
    scheme = next(each for each in bundled() if each.name == SCHEME)
    rows: list[tuple[Any, ...]] = []
    for place, recording in enumerate(corpus.recordings):
        levels = _truth(recording.path)["levels"]
        random = np.random.default_rng([seed, place])
        own = random.standard_normal(len(IMPRESSIONS))
        for trial in (each for each in corpus.trials if each.recording == recording.id):
            luck = random.standard_normal(len(IMPRESSIONS))
            for name, score in zip(
                IMPRESSIONS, scores(levels, own.tolist(), luck.tolist(), effect), strict=True
            ):
                rows.append((recording.id, trial.index, TIER, name, f"{score:.4f}"))
    with tempfile.TemporaryDirectory(prefix="evoke-impressions-") as folder:
        path = Path(folder) / "impressions.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("recording", "trial", "tier", "question", "value"), *rows])
        bring_in(study, path, scheme, OBSERVER)


def scores(
    levels: Mapping[str, float], own: Sequence[float], luck: Sequence[float], effect: float
) -> list[float]:
    """Return the six impressions of one clip, 0 to 1."""
    found = []
    for place, name in enumerate(IMPRESSIONS):
        voice, face = FOLLOWS[name]
        signal = voice * levels["speech"] + face * levels["face"]
        chance = np.sqrt(0.5) * (own[place] + luck[place])
        mixed = effect * signal + np.sqrt(max(0.0, 1 - effect**2)) * chance
        found.append(float(np.clip(0.5 + SPREAD * mixed, 0.0, 1.0)))
    return found


def _demand_simulated(study: Study) -> None:
    if study.kind != "simulation":
        raise StudyError(f"{study.folder}: holds a study of people: nothing is made up in it.")


def _truth(path: Path) -> Mapping[str, Any]:
    with open_session(path) as session:
        event = next((each for each in session.events if each.kind == TRUTH), None)
    if event is None:
        raise StudyError(f"{path.name}: says nothing of how it was simulated. Simulate the study again.")
    return event.payload


def _settings(truth: Mapping[str, Any]) -> Settings:
    known = dict(truth["settings"])
    return Settings(**{**known, "modalities": tuple(known["modalities"])})
