"""Detectors of a study: trained on its boxed pictures, kept in its derivatives, named by their time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.detection.gathering import Boxed, gather
from analysis.detection.kept import FILE, KeptDetector, read_detector, save_detector
from analysis.recognizers.psa_yolo import PSAYolo
from analysis.recognizers.psa_yolo_card import PSA_YOLO_CARD
from analysis.recognizers.recognizer import Context, ProgressFn
from app.analysing.evaluating import free_folder, in_words
from app.analysing.face_pictures import faces_in_words
from app.study import Study

KEPT = Path("derivatives") / "faces"
LOOK_S = 0.1


class Pause:
    """Holds a training between two steps while it is set; `gave_up` ends the holding too."""

    def __init__(self, gave_up: Callable[[], bool] = lambda: False) -> None:
        self._go = threading.Event()
        self._go.set()
        self.gave_up = gave_up

    @property
    def is_on(self) -> bool:
        """Whether it holds."""
        return not self._go.is_set()

    def set_on(self, on: bool) -> None:
        """Hold, or go on."""
        if on:
            self._go.clear()
        else:
            self._go.set()

    def __call__(self) -> None:
        """Wait while it is set."""
        while not self._go.wait(LOOK_S):
            if self.gave_up():
                return


@dataclass(frozen=True)
class TrainedDetector:
    """Where a new detector is kept, and what it was trained on."""

    folder: Path
    pictures: int
    people: int
    classes: tuple[str, ...]
    near_duplicates: int
    seconds: float
    history: tuple[tuple[float, float, float], ...]

    @property
    def words(self) -> str:
        """What was done, in a sentence."""
        left_out = f", {self.near_duplicates} nearly equal ones left out" if self.near_duplicates else ""
        return (
            f"Trained on {self.pictures} pictures of {self.people} people{left_out}, in {self.seconds:.0f} s."
            " "
            "What to expect of it on others stands in Compare, not here."
        )


def train_on(
    study: Study,
    pictures: Sequence[Boxed],
    size_px: int,
    settings: Mapping[str, Any],
    *,
    seed: int = 1,
    progress: ProgressFn = lambda epoch, epochs, losses: None,
    cancelled: Callable[[], bool] = lambda: False,
    pause: Pause | None = None,
    told: Callable[[int, int, str], None] = lambda done, of, words: None,
) -> TrainedDetector:
    """Train a PSA-YOLO on all pictures and keep it in the study; raises EvokeError, CancelledError."""
    began = time.monotonic()
    with in_words(), faces_in_words():
        gathered = gather(pictures, size_px, progress=lambda done, of: told(done, of, "pictures"))
        recognizer = PSAYolo(**{**PSA_YOLO_CARD.defaults(), **settings})
        if pause is not None:
            recognizer.keep_on = pause
        recognizer.fit(gathered.batch, None, Context(seed=seed, cancelled=cancelled, progress=progress))
        people = np.unique(gathered.batch.cases.participant).tolist()
        seconds = time.monotonic() - began
        folder = free_folder(study.folder / KEPT, datetime.now(UTC).strftime("detector-%Y%m%d-%H%M%S"))
        about = {
            "study": study.name, "pictures": len(gathered.pictures), "participants": people,
            "near_duplicates": gathered.near_duplicates, "seed": seed, "seconds": round(seconds, 1),
        }  # fmt: skip
        save_detector(folder, KeptDetector(recognizer, size_px, False, about))
    return TrainedDetector(
        folder, len(gathered.pictures), len(people), recognizer.classes, gathered.near_duplicates, seconds,
        recognizer.history,
    )  # fmt: skip


def detectors_of(study: Study) -> tuple[Path, ...]:
    """Return the folders of a study's detectors, the newest first: those of Faces, then those of runs."""
    own = sorted((path.parent for path in (study.folder / KEPT).glob(f"detector-*/{FILE}")), reverse=True)
    runs = sorted(
        (study.folder / "derivatives" / "results").glob("*psa-yolo*/model/model.json"), reverse=True
    )
    return (*own, *(path.parent for path in runs))


def title_of(folder: Path) -> str:
    """Return how a detector is offered to people; raises FacesError."""
    with faces_in_words():
        kept = read_detector(folder)
    name = folder.parent.name if folder.name == "model" else folder.name
    return f"{name}: {', '.join(kept.recognizer.classes)}"
