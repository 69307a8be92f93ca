"""Training: examples with a reference answer, labelled for practice, and how far off each answer was.

    annotations/training/examples.jsonl                       which trials, and the right answers
    annotations/training/CODE/ANNOTATOR/SCHEME@V.sqlite       practice, never read as labels

A trial whose answer somebody has been shown is not planned for labelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.codes import chance, draw_codes, shuffled
from app.annotation.lines import append_sealed, sealed_lines
from app.annotation.queue import Item, mark_from_json, mark_to_json
from app.annotation.trials import Trial
from app.study import Study
from app.study_files import StudyError, exclusively, utc_now, writing

EXAMPLES = "examples.jsonl"


class TrainingError(StudyError):
    """A training example cannot be made or read."""


def folder(study: Study) -> Path:
    """Return where a study keeps its training."""
    return study.folder / "annotations" / "training"


def examples(study: Study) -> tuple[Item, ...]:
    """Return the training examples in the order of adding; raises TrainingError naming a damaged line."""
    path = folder(study) / EXAMPLES
    found: dict[str, Item] = {}
    for number, line in sealed_lines(path, TrainingError):
        try:
            if line["type"] == "removed":
                found.pop(str(line["code"]), None)
                continue
            found[str(line["code"])] = Item(
                str(line["code"]),
                str(line["recording"]),
                str(line["uuid"]),
                int(line["trial"]),
                int(line["start_ns"]),
                int(line["end_ns"]),
                str(line["scheme"]),
                "training",
                tuple(mark_from_json(mark) for mark in line["reference"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(
                f"{path}:{number}: cannot be read ({error}). Restore it from a backup."
            ) from error
    return tuple(found.values())


def known_trials(study: Study, scheme: str) -> frozenset[tuple[str, int]]:
    """Return the trials (uuid, index) that are examples of a scheme, in any version."""
    name = scheme.partition("@")[0]
    return frozenset(
        (item.uuid, item.trial) for item in examples(study) if item.scheme.partition("@")[0] == name
    )


def add_example(study: Study, scheme: Scheme, trial: Trial, reference: Iterable[Mark], seed: int = 1) -> Item:
    """Make a trial a training example with marks as the right answer; raises TrainingError, StudyError."""
    marks = tuple(mark for mark in reference if mark.trial in (-1, trial.trial))
    if not marks:
        raise TrainingError("A training example needs a right answer: label the trial first.")
    for mark in marks:
        if all(tier.name != mark.tier for tier in scheme.tiers):
            raise TrainingError(
                f"The right answer was given by another scheme ({scheme.id} has no tier {mark.tier})."
            )
    with writing(study.folder):
        folder(study).mkdir(parents=True, exist_ok=True)
        with exclusively(study.folder):
            known = examples(study)
            if any((item.uuid, item.trial, item.scheme) == (*trial.key, scheme.id) for item in known):
                raise TrainingError(
                    f"Trial {trial.trial + 1} of {trial.recording} is a training example already."
                )
            (code,) = draw_codes(1, chance(seed, "training", len(known)), {item.code for item in known})
            line = {
                "type": "example",
                "code": code,
                "recording": trial.recording,
                "uuid": trial.uuid,
                "trial": trial.trial,
                "start_ns": trial.start_ns,
                "end_ns": trial.end_ns,
                "scheme": scheme.id,
                "reference": [mark_to_json(mark) for mark in marks],
                "time": utc_now(),
            }
            append_sealed(folder(study) / EXAMPLES, [line])
    return next(item for item in examples(study) if item.code == code)


def remove_example(study: Study, code: str) -> None:
    """Take an example out of the training; what was practised on it stays. Raises TrainingError."""
    with writing(study.folder), exclusively(study.folder):
        if all(item.code != code for item in examples(study)):
            raise TrainingError(f"There is no training example {code}.")
        append_sealed(folder(study) / EXAMPLES, [{"type": "removed", "code": code, "time": utc_now()}])


def order(items: Sequence[Item], annotator: str) -> tuple[Item, ...]:
    """Return examples in an annotator's own order, the same wherever she opens them."""
    return tuple(shuffled(items, chance("training", annotator)))
