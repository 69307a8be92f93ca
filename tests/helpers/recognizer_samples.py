"""Small cases for each network of the literature: what the tests of all of them, and their bench, are run on.

A recognizer's room adds one line to SAMPLES, and a file of its own with its Sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import Any

from analysis.corpus.cases import Batch


@dataclass(frozen=True, slots=True)
class Sample:
    """What a recognizer is tried on.

    `make(participants, trials, effect)` gives cases of the recognizer's own inputs, in small: several
    participants, both classes (or numbers) alike in each, with an effect that it can find, or none. `quick`
    are settings under which it learns that within seconds; `overfit` those for eight cases without dropout or
    stopping. `found` is the least share of right answers (or correlation, of numbers) on people
    it was not trained on, `participants` x `trials` of them in all, `chance` the interval without an effect.
    `fits` are the settings without which a network of the card's widths would not take cases so short.
    """

    make: Callable[[int, int, bool], Batch]
    quick: Mapping[str, Any] = field(default_factory=dict)
    overfit: Mapping[str, Any] = field(default_factory=dict)
    participants: int = 8
    trials: int = 12
    found: float = 0.8
    chance: tuple[float, float] = (0.25, 0.75)
    fits: Mapping[str, Any] = field(default_factory=dict)


SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "psa-yolo": "tests.helpers.sample_psa_yolo:PSA_YOLO",
        "lw-wadl": "tests.helpers.sample_csi:SAMPLE",
        "csi-fcn": "tests.helpers.sample_csi:LARGE",
        "csi-resnet": "tests.helpers.sample_csi:LARGE",
        "csi-two-conv": "tests.helpers.sample_csi:SAMPLE",
        "mer-sem-mbt": "tests.helpers.sample_sem_mbt:SAMPLE",
        "personality": "tests.helpers.sample_personality:SAMPLE",
        "shallow-convnet": "tests.helpers.sample_eeg_channels:SHALLOW",
        "deep-convnet": "tests.helpers.sample_eeg_channels:DEEP",
        "eeg-mlp": "tests.helpers.sample_eeg_families:MLP",
        "eeg-dbn": "tests.helpers.sample_eeg_families:DBN",
        "eeg-cnn": "tests.helpers.sample_eeg_families:CNN",
        "eeg-bilstm": "tests.helpers.sample_eeg_families:BILSTM",
        "eeg-cnn-lstm": "tests.helpers.sample_eeg_families:CNN_LSTM",
        "dgcnn": "tests.helpers.sample_eeg_families:GRAPH",
        "pdan": "tests.helpers.sample_speech_domains:SPEECH",
        "pdan-source": "tests.helpers.sample_speech_domains:SPEECH",
        "dan": "tests.helpers.sample_speech_domains:SPEECH",
        "dsan": "tests.helpers.sample_speech_domains:SPEECH",
        "dann": "tests.helpers.sample_speech_domains:SPEECH",
        "deep-coral": "tests.helpers.sample_speech_domains:SPEECH",
        "speech-tasks-stack": "tests.helpers.sample_speech_tasks:STACK",
        "speech-tasks-vote": "tests.helpers.sample_speech_tasks:VOTE",
        "speech-tasks-selected": "tests.helpers.sample_speech_tasks:SELECTED",
        "imemd-crnn": "tests.helpers.sample_imemd_crnn:IMEMD_CRNN",
    }
)
"""By recognizer's name: "module:NAME"."""


def sample(name: str) -> Sample:
    """Return the sample of a recognizer."""
    module, _, attribute = SAMPLES[name].partition(":")
    found: Sample = getattr(import_module(module), attribute)
    return found
