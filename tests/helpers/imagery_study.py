"""A study of two simulated people who imagined six emotions and pressed a button: seconds to make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis.simulate.settings import Settings
from app.analysing.literature.reproducing import Order
from app.analysing.literature.simulated_people import simulated_study
from app.study import Study

SHORT: Mapping[str, str] = {
    "name: imagery\nversion: 1": "name: imagery-brief\nversion: 1",
    "duration_s: {min_s: 30, typical_s: 200, max_s: 360}": "duration_s: {min_s: 10, typical_s: 25, max_s: 40}"
    "\n      min_presses: 3",
    "name: suggestion\n      duration_s: 20": "name: suggestion\n      duration_s: 3",
    "name: relax\n      duration_s: 20": "name: relax\n      duration_s: 3",
    "duration_s: 120": "duration_s: 6",
    "draw: {pleasant: 8, unpleasant: 7}": "draw: {pleasant: 4, unpleasant: 4}",
}


def imagery_study(folder: Path, people: int = 2, channels: int = 8) -> Study:
    """Return the study, made below `folder`."""
    around = Study.create(folder / "around", "Around", "people", protocol="")
    settings = Settings(
        effects={"eeg": 3.0}, modalities=("eeg",), eeg_channels=channels, artefacts=0.0, seed=4
    )
    return simulated_study(Order(around, workers=1), "imagery", "imagery", people, settings, SHORT)
