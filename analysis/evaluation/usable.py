"""Which inputs and cases of a study a recognizer can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch, InputSpec
from analysis.evaluation.experiment import Experiment
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.targets.recipe import Lost


def resolved(experiment: Experiment, card: Card, has_classes: bool) -> Experiment:
    """Return an experiment with everything said that its card would decide: cases, inputs, steps, settings.

    Raises RecognizerError for settings, modalities or a target that the recognizer does not take.
    """
    task = "classes" if has_classes else "numbers"
    if task not in card.task:
        raise RecognizerError(
            f"{card.name} predicts {' or '.join(card.task)}, and this target gives {task}. Choose another."
        )
    known = card.defaults()
    for name in experiment.settings:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known) or 'none'}."
            raise RecognizerError(f"{card.name}: no setting '{name}'. {hint}")
    check_choices(card, experiment.settings)
    inputs = chosen_inputs(experiment.inputs or card.inputs, experiment.modalities)
    return replace(
        experiment,
        cases=experiment.cases or card.cases,
        inputs=inputs,
        steps=card.steps if experiment.steps is None else experiment.steps,
    )


def check_choices(card: Card, settings: Mapping[str, Any]) -> None:
    """Raise RecognizerError for a word that is none of its setting's.

    Choices of numbers are what a search goes over: others may be given.
    """
    for each in card.settings:
        value = settings.get(each.name, each.default)
        if isinstance(value, str) and each.choices and value not in each.choices:
            words = [str(one) for one in each.choices]
            close = get_close_matches(value.casefold(), words, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(words)}."
            raise RecognizerError(f"{card.name}: {each.name} cannot be '{value}'. {hint}")


def chosen_inputs(inputs: Sequence[InputSpec], wanted: Sequence[str]) -> tuple[InputSpec, ...]:
    """Return the inputs that are wanted, by their names or modalities; raises RecognizerError."""
    if not wanted:
        return tuple(inputs)
    known = {spec.name for spec in inputs} | {spec.modality for spec in inputs}
    for name in wanted:
        if name not in known:
            raise RecognizerError(f"--modalities {name}: there are {', '.join(sorted(known))}.")
    return tuple(spec for spec in inputs if spec.name in wanted or spec.modality in wanted)


def usable(batch: Batch, card: Card) -> tuple[Batch, tuple[Lost, ...]]:
    """Return the cases that a recognizer can take, and the trials that are lost to it.

    One that cannot do without an input loses every case that lacks one. Raises RecognizerError where too few
    inputs or no cases are left.
    """
    if len(batch.inputs) < card.least:
        raise RecognizerError(
            f"{card.name} needs at least {card.least} inputs, and here are {len(batch.inputs)}"
            f" ({', '.join(batch.inputs) or 'none'})."
        )
    if card.missing_inputs:
        return batch, ()
    has = np.all([each.present for each in batch.inputs.values()], axis=0)
    lost = []
    for row in np.flatnonzero(~has):
        gone = ", ".join(name for name, each in batch.inputs.items() if not each.present[row])
        key = (str(batch.cases.recording[row]), int(batch.cases.trial[row]))
        lost.append(Lost(key, f"lacks {gone}, which {card.name} cannot do without"))
    if not has.any():
        raise RecognizerError(
            f"{card.name} needs every one of {', '.join(batch.inputs)}, and no case has all."
        )
    return batch.rows(np.flatnonzero(has)), tuple(dict.fromkeys(lost))
