"""Which inputs fit a study: a paper's own for its data set, and features that came with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.corpus.corpus import Corpus, Recording
from analysis.evaluation.fitting import fitting_inputs
from analysis.recognizers.bimodal_cards import BDDAE_CARD, DEAP_INPUTS, INPUTS, SEED_INPUTS
from analysis.recognizers.bmmn_card import BMMN_CARD
from analysis.records import StreamInfo
from tests.helpers.corpus_files import info


def corpus(*programs: str, streams: Sequence[StreamInfo] = ()) -> Corpus:
    return Corpus(
        "study",
        tuple(
            Recording(f"r{place}", Path("r.h5"), "", "P01", "1", "imported", tuple(streams), program=program)
            for place, program in enumerate(programs)
        ),
        (),
    )


@pytest.mark.parametrize(
    ("programs", "wanted", "inputs"),
    [
        (("DEAP", "DEAP"), (), DEAP_INPUTS),
        (("DEAP",), ("eeg",), DEAP_INPUTS),
        (("DEAP",), ("ecg",), INPUTS),
        (("SEED",), (), SEED_INPUTS),
        (("SEED", "DEAP"), (), INPUTS),
        (("", "DEAP"), (), INPUTS),
        (("",), (), INPUTS),
    ],
)
def test_a_data_set_brings_the_inputs_that_its_paper_took(
    programs: tuple[str, ...], wanted: tuple[str, ...], inputs: object
) -> None:
    found, told = fitting_inputs(BDDAE_CARD, corpus(*programs), wanted)
    assert found == inputs
    assert bool(told) == (inputs is not INPUTS)


@pytest.mark.parametrize(("rate_hz", "feature"), [(0.25, "values"), (1.0, "values"), (128.0, "eeg.de")])
def test_rows_as_slow_as_features_are_taken_as_they_are(rate_hz: float, feature: str) -> None:
    found, told = fitting_inputs(BDDAE_CARD, corpus("", streams=[info("eeg", "eeg", rate_hz)]))
    assert (found[0].feature, found[1:]) == (feature, INPUTS[1:])
    assert any("taken as they are instead of eeg.de" in words for words in told) == (feature == "values")


def test_other_recognizers_keep_their_own() -> None:
    assert fitting_inputs(BMMN_CARD, corpus("AMIGOS")) == (BMMN_CARD.inputs, ())
