"""Baselines for numbers: support vector regression and a regression tree over one row of numbers a case.

scikit-learn fits, one machine a number; predictions come from arrays alone, so that a saved model needs
neither pickle nor the library's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.recognizers.baseline_cards import LOGISTIC_CARD, OVER
from analysis.recognizers.flattening import Columns
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError, Setting
from analysis.recognizers.weights import load_arrays, save_arrays

Floats = NDArray[np.float64]
Model = dict[str, NDArray[Any]]
FILE = "model"
KERNELS = ("linear", "rbf", "poly")

SVR_CARD = replace(
    LOGISTIC_CARD,
    name="svr",
    title="Support vector regression",
    source="Drucker et al. (1997); scikit-learn's SVR (libsvm)",
    task=("numbers",),
    about="A tube around a sum of the numbers of a case, or around one in the space of a kernel; a machine "
    "of its own for each number. It cannot see the order of steps.",
    settings=(
        Setting("kernel", "linear", "linear, rbf (Gaussian) or poly (of degree 3)", choices=KERNELS),
        Setting("c", 1.0, "how much a case outside of the tube costs", 1e-3, 1e3, "log10"),
        Setting("gamma", 0.0, "of the kernel; 0: 1 / (columns x variance)", 1e-5, 10.0, "log10"),
        Setting("epsilon", 0.1, "half the width of the tube, in SDs of the answers", 0.001, 1.0, "log10"),
        OVER,
    ),
)
TREE_CARD = replace(
    SVR_CARD,
    name="tree-regression",
    title="Regression tree",
    source="Breiman et al. (1984); scikit-learn's decision tree regressor",
    about="Asks one number of a case after the other and answers the mean of the training cases that "
    "answered alike; grown to its end, so it knows its training cases by heart.",
    settings=(
        Setting("least", 2, "cases that a question needs at least"),
        Setting("depth", 0, "questions in a row at most; 0: as many as there are"),
        OVER,
    ),
)


class NumberBaseline:
    """What both share; subclasses fit one number at a time and answer from arrays."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._columns: Columns | None = None
        self._models: list[Model] = []
        self._centre: Floats = np.zeros(0)
        self._spread: Floats = np.zeros(0)

    def learn(self, x: Floats, y: Floats, seed: int) -> Model:
        """Fit one number (n,) of mean 0 and SD 1 on rows (n, d); return the arrays."""
        raise NotImplementedError

    def answer(self, model: Model, x: Floats) -> Floats:
        """Return the number (n,) of rows."""
        raise NotImplementedError

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn; `validation` is not used."""
        if train.y is None or train.classes:
            raise RecognizerError(f"{self.card.name} needs numbers; this target gives classes.")
        y = np.asarray(train.y, np.float64).reshape(len(train), -1)
        context.fitted("columns", train.cases.id)
        self._columns = Columns.fit(train, self.settings["over_steps"])
        x = self._columns.of(train)
        context.fitted(self.card.name, train.cases.id)
        self._centre = np.nan_to_num(np.nanmean(y, axis=0))
        spread = np.nan_to_num(np.nanstd(y, axis=0))
        self._spread = np.where(spread > 1e-12, spread, 1.0)
        self._models = []
        for place in range(y.shape[1]):
            context.check()
            known = np.isfinite(y[:, place])
            if not known.any():
                raise RecognizerError(f"{self.card.name}: no training case has an answer.")
            scaled = (y[known, place] - self._centre[place]) / self._spread[place]
            self._models.append(self.learn(x[known], scaled, context.seed))
            context.progress(place + 1, y.shape[1], {})

    def predict_proba(self, batch: Batch) -> Floats:
        """Return (n, k) numbers."""
        x = self._fitted().of(batch)
        found = np.column_stack([self.answer(model, x) for model in self._models])
        return np.asarray(found * self._spread + self._centre)

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing: it cannot say why."""
        del batch
        return Explanation()

    def _fitted(self) -> Columns:
        if self._columns is None:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        return self._columns

    def save(self, folder: Path) -> None:
        """Write the arrays and what they are."""
        columns = self._fitted()
        arrays = {
            "columns.mean": columns.mean,
            "columns.scale": columns.scale,
            "centre": self._centre,
            "spread": self._spread,
            **{f"{place}.{name}": each for place, model in enumerate(self._models)
               for name, each in model.items()},
        }  # fmt: skip
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "columns": columns.to_json(),
            "numbers": len(self._models),
        }
        save_arrays(folder, FILE, arrays, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        arrays, facts = load_arrays(folder, FILE)
        if facts.get("recognizer") != cls.card.name:
            raise RecognizerError(
                f"{folder} holds a model of '{facts.get('recognizer')}', not of '{cls.card.name}'."
            )
        made = cls(**facts["settings"])
        mean, scale = arrays.pop("columns.mean"), arrays.pop("columns.scale")
        made._columns = Columns.from_json(facts["columns"], mean, scale)
        made._centre, made._spread = arrays.pop("centre"), arrays.pop("spread")
        made._models = [{} for _ in range(int(facts["numbers"]))]
        for key, each in arrays.items():
            place, _, name = key.partition(".")
            made._models[int(place)][name] = each
        return made


class SVR(NumberBaseline):
    """Support vector regression."""

    card: ClassVar[Card] = SVR_CARD

    def learn(self, x: Floats, y: Floats, seed: int) -> Model:
        """Fit."""
        from sklearn import svm

        del seed
        spread = float(x.var()) or 1.0
        gamma = float(self.settings["gamma"]) or 1.0 / (x.shape[1] * spread)
        found = svm.SVR(
            kernel=str(self.settings["kernel"]),
            C=float(self.settings["c"]),
            gamma=gamma,
            epsilon=float(self.settings["epsilon"]),
        ).fit(x, y)
        return {
            "vectors": found.support_vectors_,
            "dual": found.dual_coef_[0],
            "intercept": found.intercept_,
            "gamma": np.array(gamma),
        }

    def answer(self, model: Model, x: Floats) -> Floats:
        """Return the sum over support vectors."""
        vectors, gamma = model["vectors"], float(model["gamma"])
        product = x @ vectors.T
        if self.settings["kernel"] == "linear":
            kernel = product
        elif self.settings["kernel"] == "poly":
            kernel = (gamma * product) ** 3
        else:
            apart = (x**2).sum(axis=1)[:, None] - 2 * product + (vectors**2).sum(axis=1)
            kernel = np.exp(-gamma * np.maximum(apart, 0.0))
        return np.asarray(kernel @ model["dual"] + model["intercept"][0], np.float64)


class TreeRegression(NumberBaseline):
    """A regression tree."""

    card: ClassVar[Card] = TREE_CARD

    def learn(self, x: Floats, y: Floats, seed: int) -> Model:
        """Fit, and keep its nodes."""
        from sklearn.tree import DecisionTreeRegressor

        depth = int(self.settings["depth"]) or None
        least = int(self.settings["least"])
        found = DecisionTreeRegressor(min_samples_split=least, max_depth=depth, random_state=seed).fit(x, y)
        tree = found.tree_
        return {
            "left": np.array(tree.children_left),
            "right": np.array(tree.children_right),
            "feature": np.array(tree.feature),
            "threshold": np.array(tree.threshold),
            "value": np.array(tree.value[:, 0, 0]),
        }

    def answer(self, model: Model, x: Floats) -> Floats:
        """Walk each case down to its leaf, in single precision as the tree was grown."""
        narrow = x.astype(np.float32)
        at = np.zeros(len(x), np.intp)
        rows = np.arange(len(x))
        while (moving := model["left"][at] >= 0).any():
            here = at[moving]
            is_left = narrow[rows[moving], model["feature"][here]] <= model["threshold"][here]
            at[moving] = np.where(is_left, model["left"][here], model["right"][here])
        return np.asarray(model["value"][at], np.float64)
