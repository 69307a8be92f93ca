"""Search of settings in the ranges of a recognizer's card, at random or over a grid.

Nested (the default): every set is scored on folds inside the training side, of whole groups; the test side is
never looked at. On the reported folds, as some papers do: the set is chosen on the test side itself. Such a
result is labelled wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.fold import Training, evaluate_fold, seed_of
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.splits import Fold, inner_folds
from analysis.recognizers.recognizer import Card, Context, RecognizerError, Setting

ON_FOLDS = "settings were chosen on the reported test sides: the figures are too high"


@dataclass(frozen=True, slots=True)
class Found:
    """The best set, its score, and every one that was tried (score None: it failed or has none)."""

    settings: Mapping[str, Any]
    score: float | None
    tried: tuple[tuple[Mapping[str, Any], float | None, str], ...]
    nested: bool

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "nested": self.nested,
            "words": "" if self.nested else ON_FOLDS,
            "score": self.score,
            "tried": [
                {"settings": dict(settings), "score": score, "why": why}
                for settings, score, why in self.tried
            ],
        }


def draw(
    card: Card, sets: int, seed: int, fixed: Mapping[str, Any], only: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return sets of settings: the first one as it is, the others drawn; what is `fixed` stays.

    `only` names those that are drawn, () for all. Raises RecognizerError where the card has no range.
    """
    open_ = [each for each in card.settings if _has_range(each) and each.name not in fixed]
    open_ = [each for each in open_ if not only or each.name in only]
    if not open_ or set(only) - {each.name for each in open_}:
        raise RecognizerError(f"{card.name}: no setting has a range to search, or all of them are set.")
    random = np.random.default_rng(seed)
    drawn = [{**card.defaults(), **fixed}]
    while len(drawn) < sets:
        drawn.append({**card.defaults(), **fixed, **{each.name: _value(each, random) for each in open_}})
    return drawn


def grid(
    card: Card, sets: int, seed: int, fixed: Mapping[str, Any], only: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return every combination of the settings that have choices, or `sets` of them drawn by the seed.

    The settings as they are without a search are always among them. `only` names those that are combined, ()
    for all; raises RecognizerError where there is none.
    """
    open_ = [each for each in card.settings if each.choices and (each.name in only if only else True)]
    unknown = set(only) - {each.name for each in open_}
    if unknown or not open_:
        raise RecognizerError(
            f"{card.name}: {', '.join(sorted(unknown)) or 'no setting'} has choices for a grid."
        )
    every = [
        {**card.defaults(), **fixed, **dict(zip([each.name for each in open_], values, strict=True))}
        for values in product(*(each.choices for each in open_))
    ]
    usual = {**card.defaults(), **fixed}
    if usual not in every:
        every.insert(0, usual)
    if len(every) <= sets:
        return every
    drawn = np.random.default_rng(seed).permutation(len(every))
    first = every.index(usual)
    order = [first, *drawn[drawn != first].tolist()][:sets]
    return [every[place] for place in sorted(order)]


def searched(
    batch: Batch, fold: Fold, training: Training, experiment: Experiment, context: Context, ledger: Ledger
) -> Found:
    """Return the best set of settings for a fold, the ledger told on which cases it was chosen."""
    from analysis.evaluation.metrics import is_better, one_metric

    spec = experiment.search
    card = training.maker(training.recognizer, training.settings).card
    seed = seed_of(experiment.seed, "search" if not spec.nested else f"search/{fold.name}")
    if spec.how == "grid":
        # The same sets wherever they are chosen: what is best on the answers is a bound of what is chosen
        # without them.
        drawn = seed_of(experiment.seed, "search")
        sets = grid(card, spec.sets, drawn, training.settings, spec.only)
    else:
        sets = draw(card, spec.sets, seed, training.settings, spec.only)
    assert batch.y is not None
    if spec.nested:
        parts = inner_folds(
            batch.cases, batch.y, fold.train, experiment.split.kind, spec.inner_k, seed_of(seed, "inner")
        )
        ledger.fitted("tuning of settings (nested)", batch.cases.id[fold.train])
    else:
        parts = (fold,)
        ledger.looked(f"tuning on the reported fold ({ON_FOLDS})", batch.cases.id[fold.test])
    tried: list[tuple[Mapping[str, Any], float | None, str]] = []
    settings: Mapping[str, Any]
    for number, settings in enumerate(sets):
        context.check()
        rows, proba, why = [], [], ""
        try:
            for part in parts:
                # On the reported fold itself every set is trained as the fold is: the best one's score is
                # the figure that is reported.
                name = f"search-{number}/{part.name}"
                own_seed = seed_of(training.seed, name) if spec.nested else training.seed
                own = replace(training, settings=settings, seed=own_seed)
                quiet = Context(cancelled=context.cancelled)
                outcome = evaluate_fold(batch, part, own, quiet, explain=False)
                rows.append(part.test)
                proba.append(outcome.proba)
            every = batch.rows(np.concatenate(rows))
            score = one_metric(experiment.metric, every, np.concatenate(proba))
        except RecognizerError as error:
            score, why = None, str(error)
        tried.append((settings, score, why))
        context.progress(number + 1, len(sets), {} if score is None else {experiment.metric: score})
    known = [(score, settings) for settings, score, _ in tried if score is not None]
    if not known:
        whys = sorted({why for _, _, why in tried if why})
        raise RecognizerError(f"no set of settings could be scored. {' '.join(whys[:2])}")
    best_score, best = known[0]
    for score, settings in known[1:]:
        if is_better(experiment.metric, score, best_score):
            best_score, best = score, settings
    return Found(best, best_score, tuple(tried), spec.nested)


def _has_range(setting: Setting) -> bool:
    return bool(setting.choices) or (setting.low is not None and setting.high is not None)


def _value(setting: Setting, random: np.random.Generator) -> Any:
    if setting.choices:
        return setting.choices[int(random.integers(len(setting.choices)))]
    assert setting.low is not None and setting.high is not None
    if setting.scale == "int":
        return int(random.integers(int(setting.low), int(setting.high) + 1))
    if setting.scale == "log10":
        return float(10 ** random.uniform(np.log10(setting.low), np.log10(setting.high)))
    return float(random.uniform(setting.low, setting.high))
