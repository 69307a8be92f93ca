"""A recognizer trained on every case: saved as arrays and JSON, loaded, and applied to other recordings.

model.json     experiment, classes, inputs, steps, what it was trained on; SHA-256 of the other files
steps.npz      what the steps were fitted to
recognizer/    what the recognizer itself saves
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import Batch, Cases, CaseSpec, Input, InputSpec
from analysis.corpus.corpus import Corpus, Trial
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.files import file_sha256, read_arrays, read_json, write_arrays, write_json
from analysis.evaluation.fold import Maker, Training, fit_on, predict, seed_of, single_threaded
from analysis.evaluation.guards import blinded
from analysis.evaluation.splits import KINDS, TRIAL, held_out
from analysis.evaluation.steps import Steps, is_transductive
from analysis.features.store import Store
from analysis.recognizers.recognizer import Card, Context, Explanation, Recognizer, RecognizerError
from analysis.recognizers.table import make, recognizer_class

FORMAT = "evoke-model"
VERSION = 1
WITHOUT_ADAPTATION = (
    "{} was trained on all cases, where nothing is left to adapt to: it is used without adaptation, and its"
    " run's figures, which are with adaptation, do not hold for it."
)
CardOf = Callable[[str], type[Recognizer]]


class TrainedError(Exception):
    """A trained recognizer cannot be read or applied; the text is the one clear message."""


@dataclass(frozen=True)
class Applied:
    """What a trained recognizer says of cases: probabilities (n, classes) or numbers (n, k), and why."""

    cases: Cases
    proba: NDArray[np.float64]
    explanation: Explanation
    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Trained:
    """A trained recognizer with everything that is needed to apply it.

    `shapes` gives the columns of each input as it was trained on; `about` what it was trained on.
    """

    experiment: Experiment
    recognizer: Recognizer
    steps: Steps
    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, tuple[str, ...]]
    about: Mapping[str, Any]

    @property
    def card(self) -> Card:
        """The recognizer's card."""
        return self.recognizer.card

    @property
    def inputs(self) -> tuple[InputSpec, ...]:
        """Inputs that it was trained with."""
        return tuple(spec for spec in self.experiment.inputs if spec.name in self.shapes)

    def predict(self, batch: Batch) -> tuple[NDArray[np.float64], Explanation]:
        """Return predictions of cases, and why; inputs as `make_batch` gives them, some may be missing.

        Raises TrainedError where an input is another one than it was trained with.
        """
        blind = self._prepared(batch)
        return predict(self.recognizer, blind, blind), self.recognizer.explain(blind)

    def probabilities(self, batch: Batch) -> NDArray[np.float64]:
        """Return the predictions of `predict` alone; raises TrainedError."""
        blind = self._prepared(batch)
        return predict(self.recognizer, blind, blind)

    def _prepared(self, batch: Batch) -> Batch:
        single_threaded()
        prepared = self.steps.apply(self._fitting(batch))
        return replace(blinded(prepared), classes=self.classes, outputs=self.outputs)

    def apply(
        self,
        corpus: Corpus,
        trials: Sequence[Trial],
        store: Store,
        *,
        cases: CaseSpec | None = None,
        progress: Callable[[float], None] = lambda share: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Applied:
        """Apply it to trials of a corpus, cut as it was trained (or as `cases` says).

        Raises CorpusError, FeatureError, TrainedError, CancelledError.
        """
        spec = cases or self.experiment.cases or self.card.cases
        made = make_batch(corpus, trials, spec, self.inputs, store, progress=progress, cancelled=cancelled)
        proba, explanation = self.predict(made.batch)
        # First of all: it is another recognizer than the one that the run's figures are of.
        warnings = [WITHOUT_ADAPTATION.format(self.card.title)] if self.card.transductive else []
        warnings += made.warnings
        transductive = is_transductive(self.steps.names)
        if transductive:
            warnings.append(
                f"{' and '.join(transductive)}: scaled by these recordings' own cases; with few of them the"
                " figures mean little."
            )
        return Applied(made.batch.cases, proba, explanation, self.classes, self.outputs, tuple(warnings))

    def save(self, folder: Path) -> None:
        """Write into a folder, whole or not at all; one that is there already is replaced."""
        partial = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.recognizer.save(partial / "recognizer")
        write_arrays(partial / "steps.npz", self.steps.to_arrays())
        files = sorted(path for path in partial.rglob("*") if path.is_file())
        write_json(
            partial / "model.json",
            {
                "format": FORMAT,
                "version": VERSION,
                "experiment": self.experiment.to_json(),
                "classes": list(self.classes),
                "outputs": list(self.outputs),
                "shapes": {name: list(names) for name, names in self.shapes.items()},
                "steps": list(self.steps.names),
                "about": dict(self.about),
                "files": {path.relative_to(partial).as_posix(): file_sha256(path) for path in files},
            },
        )
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _fitting(self, batch: Batch) -> Batch:
        inputs: dict[str, Input] = {}
        for name, names in self.shapes.items():
            each = batch.inputs.get(name)
            if each is None:
                if not self.card.missing_inputs:
                    raise TrainedError(f"{self.card.name} cannot do without {name}, which is not there.")
                width = max(1, len(names))
                each = Input(
                    np.zeros((len(batch), 1, width), np.float32),
                    np.zeros(len(batch), np.intp),
                    np.zeros(len(batch), bool),
                    tuple(names),
                )
            elif names and each.names != names:
                if not set(names) <= set(each.names):
                    gone = ", ".join(sorted(set(names) - set(each.names))[:5])
                    raise TrainedError(f"{name}: {gone} is missing, which {self.card.name} was trained with.")
                order = [each.names.index(one) for one in names]
                each = replace(each, values=each.values[..., order], names=tuple(names))
            inputs[name] = each
        return replace(batch, inputs=inputs)


def train(
    batch: Batch,
    experiment: Experiment,
    *,
    context: Context | None = None,
    maker: Maker = make,
    about: Mapping[str, Any] | None = None,
) -> Trained:
    """Train on all cases of a batch with answers; `experiment` must be resolved (see `usable.resolved`).

    A transductive recognizer is trained without adaptation here, since there is no tested side, and `about`
    says so. Raises RecognizerError, StepError, LeakError, CancelledError.
    """
    if batch.y is None:
        raise RecognizerError("Without answers nothing can be trained.")
    told = context or Context()
    kind = KINDS[experiment.split.kind]
    training = Training(
        experiment.recognizer,
        dict(experiment.settings),
        tuple(experiment.steps or ()),
        kind.unit or TRIAL,
        seed_of(experiment.seed, "all cases"),
        maker,
    )
    every = np.arange(len(batch), dtype=np.intp)
    share = maker(training.recognizer, training.settings).card.validation
    held = np.zeros(0, np.intp)
    if share > 0:
        held = held_out(batch.cases, batch.y, every, kind.unit, share, training.seed)
    fitted = fit_on(batch, np.setdiff1d(every, held), held, training, told, None, "all cases")
    people = np.unique(batch.cases.participant)
    notes: dict[str, Any] = {}
    if fitted.recognizer.card.transductive:
        notes["adaptation"] = WITHOUT_ADAPTATION.format(fitted.recognizer.card.title)
    return Trained(
        experiment,
        fitted.recognizer,
        fitted.steps,
        batch.classes,
        batch.outputs,
        {name: each.names for name, each in batch.inputs.items()},
        {"cases": len(batch), "participants": people.tolist(), **notes, **(about or {})},
    )


def load_trained(folder: Path, class_of: CardOf = recognizer_class) -> Trained:
    """Load what `Trained.save` wrote; nothing in it is run. Raises TrainedError."""
    path = folder / "model.json"
    try:
        values = read_json(path)
        if values["format"] != FORMAT or values["version"] != VERSION:
            raise ValueError(f"{values['format']} version {values['version']}")
        for name, known in values["files"].items():
            if file_sha256(folder / name) != known:
                raise TrainedError(f"{folder / name}: was changed since it was saved. Train again.")
        experiment = Experiment.from_json(values["experiment"])
        steps = Steps.from_arrays(values["steps"], read_arrays(folder / "steps.npz"))
        return Trained(
            experiment,
            class_of(experiment.recognizer).load(folder / "recognizer"),
            steps,
            tuple(values["classes"]),
            tuple(values["outputs"]),
            {name: tuple(names) for name, names in values["shapes"].items()},
            values["about"],
        )
    except FileNotFoundError as error:
        raise TrainedError(f"{folder}: holds no trained recognizer ({error.filename} is missing).") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainedError(f"{path}: does not describe a trained recognizer ({error}).") from error
