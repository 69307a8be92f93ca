"""Speakers whose emotions are heard in the pitch: wav files named as Emo-DB's, and studies of them."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.corpus.corpus import Corpus
from analysis.evaluation.runner import work
from app.analysing.corpora import study_corpus
from app.analysing.literature.open_data import enter_emodb
from app.study import Study
from tests.helpers import engine

RATE_HZ = 8000
PITCH_HZ = {"W": 900.0, "F": 500.0, "T": 200.0, "N": 350.0}
SMALL: Mapping[str, Any] = {"epochs": 2, "width": 0.02, "stride": 1, "side": 0, "batch": 8, "rate": 1e-3}
PICTURE: Mapping[str, Any] = {"side": 24, "frame_samples": 64, "hop_samples": 32, "rate_hz": 0.0}


def speak(folder: Path, speakers: tuple[str, ...], emotions: str = "WF", times: int = 4) -> Path:
    """Write what speakers say, a quarter of a second each; "W" is anger, "F" happiness, "T" sadness."""
    folder.mkdir(parents=True, exist_ok=True)
    at = np.arange(RATE_HZ // 4) / RATE_HZ
    for place, speaker in enumerate(speakers):
        random = np.random.default_rng(int(speaker))
        for emotion in emotions:
            for number in range(times):
                tone = np.sin(2 * np.pi * PITCH_HZ[emotion] * (1 + 0.04 * place) * at)
                sound = 9000 * tone + random.normal(0, 900, len(at))
                with wave.open(str(folder / f"{speaker}a{number + 1:02d}{emotion}a.wav"), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE_HZ)
                    file.writeframes(sound.astype("<i2").tobytes())
    return folder


def speaking_study(
    folder: Path, speakers: tuple[str, ...], emotions: str = "WF", name: str = "voices", times: int = 4
) -> Study:
    """Return a study into which they were imported."""
    study = Study.create(folder, name, "people", protocol="")
    enter_emodb(study, speak(folder.parent / f"{folder.name}-wav", speakers, emotions, times))
    return Study.open(study.folder)


def without_answers(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a study's recordings say nothing of what was said in them."""

    def silent(asked: Study) -> Corpus:
        corpus = study_corpus(asked)
        if asked.folder != study.folder:
            return corpus
        trials = tuple(replace(trial, category="", stimulus="", item="") for trial in corpus.trials)
        return replace(corpus, trials=trials)

    for room in ("transfer", "transfer_predictions"):
        monkeypatch.setattr(f"app.analysing.{room}.study_corpus", silent)


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have comparisons train here: what starts processes is tested elsewhere."""
    monkeypatch.setattr("app.analysing.cross_corpus.work", _here)


def _here(run: Any, **given: Any) -> Any:
    return work(run, pool=engine.Here(), cancelled=given["cancelled"])
