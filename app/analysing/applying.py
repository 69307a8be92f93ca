"""A kept recognizer applied to recordings: what it says of them as curves, and as labels of a model."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.corpus.corpus import Corpus
from analysis.evaluation.files import file_sha256, write_arrays, write_json
from analysis.evaluation.run_folder import Run, runs_of
from analysis.labels.scheme import Label, Scheme, Tier
from analysis.recognizers.recognizer import CancelledError
from analysis.session_file import open_session
from analysis.views.applied import APPLIED, FORMAT, AppliedError, AppliedFile, read_applied
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, store_of
from app.analysing.training import MODEL
from app.annotation.incoming import Incoming
from app.annotation.model_labels import bring_in_model, model_code
from app.annotation.schemes import add_scheme, bundled, schemes
from app.annotation.trials import extent_s
from app.study import Study
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.evaluation.trained import Trained

DECISION = "decision"
TOUCHES_S = 1e-3
_KEYS = "1234567890abcdefghijklmnopqrstuvwxyz"
_COLOURS = ("#3b6fb5", "#c8641b", "#2f8f5b", "#8a5fb0", "#b0892b", "#2b9aa8", "#c2412d", "#8a8f98")


class ApplyingError(EvokeError):
    """A recognizer cannot be applied, or what it said not shown; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recognizer that was trained on all cases and kept in its run; `code` is the annotator it is."""

    run: Run
    folder: Path
    code: str

    @property
    def name(self) -> str:
        """The code without the annotator's prefix."""
        return self.code.removeprefix("model-")


def kept_of(run: Run) -> Kept | None:
    """Return what is kept of a run, None where nothing is.

    The code ends in the beginning of the model's SHA-256: one that was trained anew is another annotator.
    """
    folder = run.folder / MODEL
    if not (folder / "model.json").is_file():
        return None
    short = re.sub(r"[^a-z0-9]+", "", run.experiment.recognizer.lower())[:11]
    return Kept(run, folder, model_code(f"{short}-{file_sha256(folder / 'model.json')[:4]}"))


def kept(study: Study) -> tuple[Kept, ...]:
    """Return every kept recognizer of a study, the newest run first."""
    return tuple(each for run in reversed(runs_of(study.folder)) if (each := kept_of(run)) is not None)


def load(model: Kept) -> Trained:
    """Load a kept recognizer; raises ApplyingError."""
    from analysis.evaluation.trained import TrainedError, load_trained

    try:
        return load_trained(model.folder)
    except TrainedError as error:
        raise ApplyingError(str(error)) from error


def apply_to(
    study: Study,
    model: Kept,
    recordings: Sequence[str],
    *,
    progress: Callable[[int, int, str], None] = lambda done, of, words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """Apply a recognizer to recordings (by id), write what it says, and return what a reader must know.

    Recordings that are finished stay finished when it is cancelled. Raises ApplyingError, EvaluatingError,
    CancelledError.
    """
    from analysis.evaluation.trained import TrainedError

    with in_words():
        corpus = study_corpus(study)
    trained = load(model)
    notes: list[str] = []
    for place, name in enumerate(recordings):
        progress(place, len(recordings), name)
        if cancelled():
            raise CancelledError("stopped")
        try:
            notes += _apply_one(study, model, trained, corpus, name, cancelled)
        except TrainedError as error:
            raise ApplyingError(f"{name}: {error}") from error
    progress(len(recordings), len(recordings), "")
    return tuple(dict.fromkeys(notes))


def _apply_one(
    study: Study, model: Kept, trained: Trained, corpus: Corpus, name: str, cancelled: Callable[[], bool]
) -> list[str]:
    recording = corpus.by_id.get(name)
    if recording is None:
        why = next((left.why for left in corpus.left_out if left.recording == name and left.trial < 0), "")
        raise ApplyingError(f"{name}: cannot be used{f', it {why}' if why else ''}.")
    trials = [trial for trial in corpus.trials if trial.recording == name]
    if not trials:
        raise ApplyingError(f"{name}: has no trial that the recognizer could be applied to.")
    with in_words():
        found = trained.apply(corpus, trials, store_of(study), cancelled=cancelled)
    seen = trained.about.get("recordings") or {}
    facts: dict[str, Any] = {
        "format": FORMAT,
        "model": model.code,
        "run": model.run.name,
        "names": list(found.classes or found.outputs),
        "is_classes": bool(found.classes),
        "recording_sha256": recording.sha256,
        "model_sha256": file_sha256(model.folder / "model.json"),
        "applied_utc": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "trained_on": name in seen,
        "warnings": list(found.warnings),
    }
    path = applied_path(study, model, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = found.cases
    write_arrays(
        path.with_suffix(".npz"),
        {"start_s": cases.start_s, "stop_s": cases.stop_s, "trial": cases.trial, "values": found.proba},
    )
    write_json(path, facts)
    notes = [f"{name}: {warning}" for warning in found.warnings]
    if name in seen:
        notes.append(f"{name}: the recognizer was trained on it, so it knows its answers.")
    elif seen and recording.participant in trained.about.get("participants", ()):
        who = recording.participant
        notes.append(
            f"{name}: the recognizer was trained on other sessions of {who}: it may know the person."
        )
    return notes


def applied_path(study: Study, model: Kept, recording: str) -> Path:
    """Return where it lies what a recognizer said of a recording."""
    return study.folder / APPLIED / model.code / f"{recording}.json"


def class_ids(classes: Sequence[str]) -> dict[str, str]:
    """Return the label ids of classes: their names in small letters, digits and _."""
    found: dict[str, str] = {}
    for name in classes:
        base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "class"
        base = base if base[0].isalpha() else f"class_{base}"
        label, number = base[:30], 2
        while label in found.values():
            label, number = f"{base[:27]}_{number}", number + 1
        found[name] = label
    return found


def made_scheme(target: str, classes: Sequence[str]) -> Scheme:
    """Return a scheme of one tier of segments with the target's classes as its labels."""
    slug = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")[:31] or "target"
    labels = tuple(
        Label(label, name, _COLOURS[place % len(_COLOURS)], _KEYS[place] if place < len(_KEYS) else "")
        for place, (name, label) in enumerate(class_ids(classes).items())
    )
    tier = Tier(DECISION, "segment", "Decision", "exclusive", labels)
    return Scheme(
        f"decided-{slug}",
        1,
        f"Decided: {target}"[:80],
        f"Which class of {target} is it?"[:200],
        (tier,),
        hide=frozenset({"model", "others"}),
    )


def fitting(study: Study, classes: Sequence[str]) -> tuple[tuple[Scheme, str], ...]:
    """Return schemes of the study (and bundled ones) with a tier of segments that has every class."""
    found = []
    for scheme in (*schemes(study), *bundled()):
        for tier in scheme.tiers:
            if tier.kind == "segment" and _labels_of(tier, classes) is not None:
                found.append((scheme, tier.name))
                break
    return tuple(dict.fromkeys(found))


def _labels_of(tier: Tier, classes: Sequence[str]) -> dict[str, str] | None:
    exact = {label.name: label.id for label in tier.labels}
    known = {label.id.lower(): label.id for label in tier.labels}
    known |= {label.name.lower(): label.id for label in tier.labels}
    found: dict[str, str] = {}
    for name, own in class_ids(classes).items():
        # The id of a name without Latin letters or digits says nothing of it: another one's is the same.
        by_id = known.get(own, "") if re.search(r"[a-z0-9]", name.lower()) else ""
        found[name] = exact.get(name) or known.get(name.lower()) or by_id
    # Two classes under one label could not be told apart any more.
    return found if all(found.values()) and len(set(found.values())) == len(found) else None


def show_labels(
    study: Study, model: Kept, recordings: Sequence[str], scheme: Scheme, tier: str = DECISION
) -> tuple[Incoming, ...]:
    """Bring what a recognizer decided into the study as labels of the annotator that it is.

    Neighbouring windows with the same decision are one segment, with the mean of their probabilities. Raises
    ApplyingError, IncomingError, LogError, StudyError.
    """
    paths = {Path(each.file).stem: study.folder / each.file for each in study.sessions()}
    scheme = add_scheme(study, scheme)
    found: list[Incoming] = []
    with tempfile.TemporaryDirectory(prefix="evoke-labels-") as folder:
        for name in recordings:
            try:
                said = read_applied(applied_path(study, model, name))
            except AppliedError as error:
                raise ApplyingError(f"{name}: the recognizer was not applied to it yet. {error}") from error
            if not said.is_classes:
                raise ApplyingError("It predicts numbers: they are curves in the review, and no labels.")
            labels = _labels_of(scheme.tier(tier), said.names)
            if labels is None:
                raise ApplyingError(f"{scheme.title}: has not every class of {', '.join(said.names)}.")
            with open_session(paths[name]) as session:
                zero_s = extent_s(session)[0]
            path = Path(folder) / "labels.csv"
            _write_rows(path, said, labels, tier, zero_s)
            found += bring_in_model(study, path, scheme, model.code, name)
    return tuple(found)


def _write_rows(path: Path, said: AppliedFile, labels: dict[str, str], tier: str, zero_s: float) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("tier", "start_s", "end_s", "label", "confidence"))
        for start, stop, kind, sure in segments(said):
            # Times of a file count from the recording's first sample.
            ends = (f"{max(0.0, start - zero_s):.6f}", f"{max(0.0, stop - zero_s):.6f}")
            writer.writerow((tier, *ends, labels[said.names[kind]], f"{sure:.4f}"))


def segments(said: AppliedFile) -> list[tuple[float, float, int, float]]:
    """Return (start, stop, class, mean probability) of decisions that never overlap, in order of time.

    Windows that overlap meet in the middle between their centres; neighbours in one trial with the same
    decision are one.
    """
    order = np.argsort(said.start_s, kind="stable")
    start, stop, trial = said.start_s[order].copy(), said.stop_s[order].copy(), said.trial[order]
    values = said.values[order]
    for place in range(1, len(start)):
        if trial[place] == trial[place - 1] and start[place] < stop[place - 1]:
            edge = (said.start_s[order][place] + said.stop_s[order][place - 1]) / 2
            start[place], stop[place - 1] = edge, edge
    found: list[list[Any]] = []
    for place in range(len(start)):
        kind, sure = int(values[place].argmax()), float(values[place].max())
        last = found[-1] if found else None
        if (
            last is not None
            and last[2] == kind
            and last[4] == trial[place]
            and start[place] - last[1] <= TOUCHES_S
        ):
            last[1] = float(stop[place])
            last[3].append(sure)
        elif stop[place] > start[place]:
            found.append([float(start[place]), float(stop[place]), kind, [sure], trial[place]])
    return [(begin, end, kind, float(np.mean(sure))) for begin, end, kind, sure, _ in found]
