"""Baselines: majority, and scikit-learn's classifiers over one row of numbers a case.

scikit-learn fits; what it found is kept as arrays, and `analysis.recognizers.shallow_models` predicts from
these, so a saved model needs neither pickle nor the library's version.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.recognizers.baseline_cards import (
    FOREST_CARD,
    LDA_CARD,
    LINEAR_SVM_CARD,
    LOGISTIC_CARD,
    MAJORITY_CARD,
    SVM_CARD,
)
from analysis.recognizers.flattening import Columns
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.shallow_models import (
    fit_temperature,
    forest_shares,
    kernel_scores,
    linear_scores,
    softmax,
    two_or_more,
)
from analysis.recognizers.weights import load_arrays, save_arrays

Floats64 = NDArray[np.float64]
Ints = NDArray[np.int64]
Model = dict[str, NDArray[Any]]

FILE = "model"

Value = TypeVar("Value")


class Majority:
    """Always the same answer: how often each class was in training, or the mean of numbers."""

    card: ClassVar[Card] = MAJORITY_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = settings
        self._answer: Floats64 | None = None

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Count the training answers."""
        context.fitted("answers", train.cases.id)
        if train.y is None or not len(train):
            raise RecognizerError("majority: there are no answers to count.")
        if train.classes:
            self._answer = np.bincount(train.y, minlength=len(train.classes)) / len(train)
        else:
            self._answer = np.nan_to_num(np.nanmean(train.y, axis=0))

    def predict_proba(self, batch: Batch) -> Floats64:
        """Return the same row for each case."""
        return np.tile(_fitted(self._answer, self.card), (len(batch), 1))

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing: it looks at nothing."""
        del batch
        return Explanation()

    def save(self, folder: Path) -> None:
        """Write the answer."""
        facts = {"recognizer": self.card.name, "settings": dict(self.settings)}
        save_arrays(folder, FILE, {"answer": _fitted(self._answer, self.card)}, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        arrays, facts = _read(folder, cls.card)
        made = cls(**facts["settings"])
        made._answer = arrays["answer"]
        return made


class FlatBaseline:
    """What the classifiers over one row of numbers share; subclasses fit, and score from arrays."""

    card: ClassVar[Card]
    needs_temperature: ClassVar[bool] = False

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._columns: Columns | None = None
        self._model: Model = {}
        self._classes: tuple[str, ...] = ()
        self._seen: Ints = np.zeros(0, np.int64)

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit on rows (n, d) with classes 0 to k-1, each of which occurs; return the arrays."""
        raise NotImplementedError

    def scores(self, model: Model, x: Floats64) -> Floats64:
        """Return decision values (n,) or (n, k)."""
        raise NotImplementedError

    def probabilities(self, model: Model, x: Floats64) -> Floats64:
        """Return (n, k) for the classes that occurred in training."""
        return softmax(float(model["temperature"]) * two_or_more(self.scores(model, x)))

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn; `validation` is not used."""
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} needs classes; this target gives numbers.")
        self._seen, y = np.unique(np.asarray(train.y, np.int64), return_inverse=True)
        if len(self._seen) < 2:
            raise RecognizerError(f"{self.card.name}: all training cases are of one class.")
        self._classes = train.classes
        context.fitted("columns", train.cases.id)
        self._columns = Columns.fit(train, self.settings.get("over_steps", "mean"))
        x = self._columns.of(train)
        context.check()
        context.fitted(self.card.name, train.cases.id)
        self._model = self.learn(x, y, context.seed)
        self._model["temperature"] = np.array(self._temperature(train, x, y, context))
        context.progress(1, 1, {})

    def _temperature(self, train: Batch, x: Floats64, y: Ints, context: Context) -> float:
        if not self.needs_temperature:
            return 1.0
        context.fitted("calibration", train.cases.id)
        groups = train.cases.groups(context.groups)
        scores, answers = [], []
        for inside, outside in group_folds(groups, int(self.settings["calibration_folds"]), context.seed):
            context.check()
            if len(np.unique(y[inside])) < len(self._seen):
                continue
            model = self.learn(x[inside], y[inside], context.seed)
            scores.append(two_or_more(self.scores(model, x[outside])))
            answers.append(y[outside])
        return fit_temperature(np.vstack(scores), np.concatenate(answers)) if scores else 1.0

    def predict_proba(self, batch: Batch) -> Floats64:
        """Return (n, classes); a class that training did not show has probability 0."""
        columns = _fitted(self._columns, self.card)
        proba = np.zeros((len(batch), len(self._classes)))
        if len(batch):
            proba[:, self._seen] = self.probabilities(self._model, columns.of(batch))
        return proba

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing, unless the model is linear."""
        columns = _fitted(self._columns, self.card)
        if "coef" not in self._model:
            return Explanation()
        x, coef = columns.of(batch), self._model["coef"]
        if len(coef) == 1:
            coef = np.vstack([-coef[0] / 2, coef[0] / 2])
        decided = self.probabilities(self._model, x).argmax(axis=1)
        shares = x * coef[decided]
        weights = {name: shares[:, where].sum(axis=1) for name, where in columns.slices.items()}
        about = "what this input adds to the decision value of the class that was decided on"
        told = dict.fromkeys(weights, about)
        for name, each in columns.by_electrode(batch, shares).items():
            weights[f"electrodes.{name}"] = each
            told[f"electrodes.{name}"] = "what each electrode adds to it"
        return Explanation({name: each.astype(np.float32) for name, each in weights.items()}, told)

    def save(self, folder: Path) -> None:
        """Write the arrays and what they are."""
        columns = _fitted(self._columns, self.card)
        arrays = {"columns.mean": columns.mean, "columns.scale": columns.scale, "seen": self._seen}
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "classes": list(self._classes),
            "columns": columns.to_json(),
        }
        save_arrays(folder, FILE, {**arrays, **self._model}, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        arrays, facts = _read(folder, cls.card)
        made = cls(**facts["settings"])
        made._classes = tuple(facts["classes"])
        made._seen = arrays.pop("seen")
        mean, scale = arrays.pop("columns.mean"), arrays.pop("columns.scale")
        made._columns = Columns.from_json(facts["columns"], mean, scale)
        made._model = arrays
        return made

    def _weighting(self) -> str | None:
        return "balanced" if self.settings["balanced"] else None


class LogisticRegression(FlatBaseline):
    """Logistic regression, softmax over more than two classes."""

    card: ClassVar[Card] = LOGISTIC_CARD

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit."""
        from sklearn.linear_model import LogisticRegression as Sklearn

        found = Sklearn(C=float(self.settings["c"]), max_iter=5000, class_weight=self._weighting())
        _quietly(found, x, y)
        return {"coef": found.coef_, "intercept": found.intercept_}

    def scores(self, model: Model, x: Floats64) -> Floats64:
        """Return log odds."""
        return linear_scores(model, x)


class SVM(FlatBaseline):
    """Support vector machine with a Gaussian kernel."""

    card: ClassVar[Card] = SVM_CARD
    needs_temperature: ClassVar[bool] = True

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit."""
        from sklearn.svm import SVC

        spread = float(x.var()) or 1.0
        gamma = float(self.settings["gamma"]) or 1.0 / (x.shape[1] * spread)
        found = SVC(C=float(self.settings["c"]), gamma=gamma, class_weight=self._weighting()).fit(x, y)
        return {
            "vectors": found.support_vectors_,
            "dual": found.dual_coef_,
            "intercept": found.intercept_,
            "count": found.n_support_,
            "gamma": np.array(gamma),
        }

    def scores(self, model: Model, x: Floats64) -> Floats64:
        """Return decision values."""
        return kernel_scores(model, x)


class LinearSVM(FlatBaseline):
    """Linear support vector machine, squared hinge, one class against the rest."""

    card: ClassVar[Card] = LINEAR_SVM_CARD
    needs_temperature: ClassVar[bool] = True

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit."""
        from sklearn.svm import LinearSVC

        found = LinearSVC(
            C=float(self.settings["c"]), dual=False, max_iter=5000, class_weight=self._weighting()
        )
        _quietly(found, x, y)
        return {"coef": found.coef_, "intercept": found.intercept_}

    def scores(self, model: Model, x: Floats64) -> Floats64:
        """Return decision values."""
        return linear_scores(model, x)


class RandomForest(FlatBaseline):
    """Random forest; the probabilities are the trees' mean."""

    card: ClassVar[Card] = FOREST_CARD

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit, and lay all trees' nodes behind each other."""
        from sklearn.ensemble import RandomForestClassifier

        found = RandomForestClassifier(
            n_estimators=int(self.settings["trees"]),
            min_samples_leaf=int(self.settings["leaf"]),
            class_weight=self._weighting(),
            random_state=seed,
        ).fit(x, y)
        trees = [each.tree_ for each in found.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])

        def after(nodes: NDArray[np.intp], root: np.intp) -> NDArray[np.intp]:
            return np.where(nodes >= 0, nodes + root, -1)

        pairs = list(zip(trees, roots, strict=True))
        return {
            "root": roots,
            "left": np.concatenate([after(tree.children_left, root) for tree, root in pairs]),
            "right": np.concatenate([after(tree.children_right, root) for tree, root in pairs]),
            "feature": np.concatenate([tree.feature for tree in trees]),
            "threshold": np.concatenate([tree.threshold for tree in trees]),
            "shares": np.concatenate([_shares(tree.value[:, 0]) for tree in trees]),
        }

    def probabilities(self, model: Model, x: Floats64) -> Floats64:
        """Return the trees' mean."""
        return forest_shares(model, x)


class LDA(FlatBaseline):
    """Linear discriminant analysis with the shrinkage of Ledoit and Wolf."""

    card: ClassVar[Card] = LDA_CARD

    def learn(self, x: Floats64, y: Ints, seed: int) -> Model:
        """Fit."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        classes = int(y.max()) + 1
        priors = np.full(classes, 1 / classes) if self.settings["balanced"] else None
        found = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=priors).fit(x, y)
        return {"coef": found.coef_, "intercept": found.intercept_}

    def scores(self, model: Model, x: Floats64) -> Floats64:
        """Return log odds."""
        return linear_scores(model, x)


def _shares(values: Floats64) -> Floats64:
    # Counts up to scikit-learn 1.2, shares since: the same after this.
    shares: Floats64 = values / values.sum(axis=1, keepdims=True)
    return shares


def _quietly(model: Any, x: Floats64, y: Ints) -> None:
    # A solver that stops at its last iteration has still found weights; five thousand are plenty.
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)


def _fitted(found: Value | None, card: Card) -> Value:
    if found is None:
        raise RecognizerError(f"{card.name} has not been fitted yet.")
    return found


def _read(folder: Path, card: Card) -> tuple[Model, dict[str, Any]]:
    arrays, facts = load_arrays(folder, FILE)
    if facts.get("recognizer") != card.name:
        raise RecognizerError(f"{folder} holds a model of '{facts.get('recognizer')}', not of '{card.name}'.")
    return arrays, facts
