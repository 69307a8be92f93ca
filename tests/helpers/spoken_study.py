"""A small study of simulated speakers with spoken tasks, and ready vectors with a planted effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.analysing.speech_simulated import GROUPS, Speakers, speaker_study
from app.study import Study

PEOPLE = 12
WIDTH = 4


def spoken_study(folder: Path, people: int = PEOPLE) -> Study:
    """Return a study with nine answers of 0.4 s of each participant."""
    return speaker_study(folder, Speakers(people, 0.4))


def write_vectors(path: Path, study: Study, effect: float = 3.0, seed: int = 1, without: int = -1) -> Path:
    """Write a CSV with a vector for each trial of everybody, the groups `effect` apart; but one trial's."""
    random = np.random.default_rng(seed)
    lines = ["recording,trial," + ",".join(f"v{place}" for place in range(WIDTH))]
    groups = {person.code: person.more["group"] for person in study.participants()}
    for session in study.sessions():
        moved = effect * (0.5 if groups[session.participant] == GROUPS[1] else -0.5)
        for trial in range(9):
            values = random.standard_normal(WIDTH) + moved / 2
            if trial != without:
                lines.append(
                    ",".join([Path(session.file).stem, str(trial), *(f"{each:.4f}" for each in values)])
                )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
