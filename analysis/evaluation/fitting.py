"""The inputs that fit what a study holds: a paper's own for its data set, and features that came with one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.corpus.signals import slowest_hz
from analysis.recognizers.recognizer import Card

FEATURE_RATE_HZ = 1.0
"""EEG and eye streams up to this rate hold features of a data set: no signal of these is as slow."""
SLOW = ("eeg", "eye")
VALUES = "values"


def fitting_inputs(
    card: Card, corpus: Corpus, wanted: Sequence[str] = ()
) -> tuple[tuple[InputSpec, ...], tuple[str, ...]]:
    """Return the inputs of a card for these recordings, and in words what is not the card's default.

    Recordings that all come of one published data set get what the card takes of it, where that has all
    modalities that are `wanted`; a stream of EEG or eyes that holds features is taken row by row.
    """
    told: list[str] = []
    programs = {each.program for each in corpus.recordings}
    name = next(iter(programs)) if len(programs) == 1 else ""
    inputs = card.inputs
    known = {part for each in card.inputs_of.get(name, ()) for part in (each.name, each.modality)}
    if name in card.inputs_of and known.issuperset(wanted):
        inputs = card.inputs_of[name]
        told.append(f"The recordings are of {name}: inputs are those that {card.title} takes of it.")
    fitted = tuple(_fitted(inputs, corpus, told))
    return fitted, tuple(told)


def _fitted(inputs: tuple[InputSpec, ...], corpus: Corpus, told: list[str]) -> Iterator[InputSpec]:
    for spec in inputs:
        rates = [rate for each in corpus.recordings if (rate := slowest_hz(each, spec.modality)) > 0]
        if spec.modality in SLOW and spec.feature != VALUES and rates and max(rates) <= FEATURE_RATE_HZ:
            told.append(
                f"{spec.name} has one row in {1 / max(rates):g} s: these are features that came with the data"
                f" set, taken as they are instead of {spec.feature}."
            )
            yield replace(spec, feature=VALUES, settings={}, window_s=0.0, hop_s=0.0)
        else:
            yield spec
