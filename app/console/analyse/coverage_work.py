"""What the page Data computes away from the window's thread."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.corpus.corpus import CorpusError, Recording
from analysis.corpus.coverage import Coverage, coverage
from analysis.corpus.signals import modalities_of
from analysis.targets.recipe import Target
from app.console.analyse.known import Material, material_of, target_of
from app.console.analyse.waiting import Told
from app.study import Study


@dataclass(frozen=True)
class Place:
    """Where a review is to open: a file, and seconds of its clock."""

    path: Path
    time_s: float


@dataclass(frozen=True)
class DataFound:
    """What there is to show of a study."""

    material: Material
    matrix: Coverage
    target: Target | str | None

    def place_of(self, recording: str, trial: int = -1) -> Place | None:
        """Return where a trial begins, or the first one of its recording."""
        path = self.material.path_of(recording)
        if path is None:
            return None
        starts = {
            each.index: each.start_s for each in self.material.corpus.trials if each.recording == recording
        }
        start_s = starts.get(trial, min(starts.values(), default=0.0))
        return Place(path, start_s)

    def place_of_cell(self, participant: str, modality: str) -> Place | None:
        """Return the first trial of a participant; of a recording with the modality where there is one."""
        own = [each for each in self.material.corpus.recordings if each.participant == participant]
        holding = [each for each in own if _holds(each, modality)]
        return self.place_of((holding or own)[0].id) if own else None

    def summary(self) -> str:
        """Return what there is in one line."""
        corpus = self.material.corpus
        told = [
            counted(len(corpus.participants), "participant"),
            counted(len(corpus.recordings), "recording"),
            counted(len(corpus.trials), "trial"),
        ]
        if corpus.left_out:
            told.append(f"{len(corpus.left_out)} left out")
        return ", ".join(told)


def _holds(recording: Recording, modality: str) -> bool:
    try:
        return modality in modalities_of(recording)
    except CorpusError:
        # It went while it was shown; opening it will say so.
        return False


def find(study: Study, target: str, told: Told) -> DataFound:
    """Return what there is to show; `target` "" is the first. Raises what reading raises."""
    told(0, 0, "recordings and trials")
    material = material_of(study)
    matrix = coverage(material.corpus, lambda done, of: told(done, of, "signals"))
    name = target or (material.recipes[0].name if material.recipes else "")
    recipe = material.recipe(name)
    told(0, 0, "answers")
    return DataFound(material, matrix, None if recipe is None else target_of(study, recipe))


def class_rows(found: DataFound) -> tuple[Sequence[str], list[list[str]]]:
    """Return heads and rows of the classes of each participant; of numbers their count and range."""
    target, corpus = found.target, found.material.corpus
    if not isinstance(target, Target):
        return ("Participant",), []
    who = {trial.key: trial.participant for trial in corpus.trials}
    lost = Counter(who[each.trial] for each in target.lost if each.trial in who)
    if not target.classes:
        values: dict[str, list[float]] = defaultdict(list)
        for key, value in target.values.items():
            values[who[key]].append(value)
        rows = [
            [code, str(len(known)), _range(known), str(lost[code])]
            for code in corpus.participants
            for known in [values[code]]
        ]
        return ("Participant", "Answers", "From, to", "Lost"), rows
    counts = Counter((who[key], int(value)) for key, value in target.values.items())
    rows = [
        [code, *(str(counts[code, place]) for place in range(len(target.classes))), str(lost[code])]
        for code in corpus.participants
    ]
    totals = [
        sum(counts[code, place] for code in corpus.participants) for place in range(len(target.classes))
    ]
    rows.append(["All", *map(str, totals), str(len(target.lost))])
    return ("Participant", *target.classes, "Lost"), rows


def _range(values: Sequence[float]) -> str:
    return f"{min(values):g}, {max(values):g}" if values else ""


def counted(number: int, noun: str) -> str:
    """Return "1 trial", "2 trials"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
