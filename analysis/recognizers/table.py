"""Every recognizer by name: one line each; its module is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import Any

from analysis.recognizers.recognizer import Card, Recognizer, RecognizerError

RECOGNIZERS: Mapping[str, str] = MappingProxyType(
    {
        "majority": "analysis.recognizers.baselines:Majority",
        "logistic-regression": "analysis.recognizers.baselines:LogisticRegression",
        "svm": "analysis.recognizers.baselines:SVM",
        "svm-linear": "analysis.recognizers.baselines:LinearSVM",
        "random-forest": "analysis.recognizers.baselines:RandomForest",
        "lda": "analysis.recognizers.baselines:LDA",
        "riemannian": "analysis.recognizers.riemannian:Riemannian",
        "attention-lstm": "analysis.recognizers.attention_lstm:AttentionLSTM",
        "attention-lstm-sum": "analysis.recognizers.fusion:SumFusion",
        "attention-lstm-max": "analysis.recognizers.fusion:MaxFusion",
        "attention-lstm-regression": "analysis.recognizers.fusion:RegressionFusion",
        "bmmn": "analysis.recognizers.bmmn:BMMN",
        "bmmn-bae-1": "analysis.recognizers.bmmn:BMMNBAE1",
        "bmmn-bae-2": "analysis.recognizers.bmmn:BMMNBAE2",
        "bddae": "analysis.recognizers.bddae:BDDAE",
        "bimodal-lstm": "analysis.recognizers.bimodal_lstm:BimodalLSTM",
        "speech-tasks-stack": "analysis.recognizers.speech_tasks:SpeechTasksStack",
        "speech-tasks-vote": "analysis.recognizers.speech_tasks:SpeechTasksVote",
        "speech-tasks-selected": "analysis.recognizers.speech_tasks:SpeechTasksSelected",
        "mer-sem-mbt": "analysis.recognizers.sem_mbt:SemMbtRecognizer",
        "personality": "analysis.recognizers.personality:Personality",
        "svr": "analysis.recognizers.number_baselines:SVR",
        "tree-regression": "analysis.recognizers.number_baselines:TreeRegression",
        "lw-wadl": "analysis.recognizers.csi_recognizers:LWWADL",
        "csi-fcn": "analysis.recognizers.csi_recognizers:CSIFCN",
        "csi-resnet": "analysis.recognizers.csi_recognizers:CSIResNet",
        "csi-two-conv": "analysis.recognizers.csi_recognizers:CSITwoConv",
        "imemd-crnn": "analysis.recognizers.imemd_crnn:IMEMDCRNN",
        "shallow-convnet": "analysis.recognizers.shallow_convnet:ShallowConvNetRecognizer",
        "deep-convnet": "analysis.recognizers.deep_convnet:DeepConvNetRecognizer",
        "eeg-mlp": "analysis.recognizers.eeg_mlp:EegMLP",
        "eeg-dbn": "analysis.recognizers.eeg_dbn:EegDBN",
        "eeg-cnn": "analysis.recognizers.eeg_cnn:EegCNN",
        "eeg-bilstm": "analysis.recognizers.eeg_bilstm:EegBiLSTM",
        "eeg-cnn-lstm": "analysis.recognizers.eeg_cnn_lstm:EegCNNLSTM",
        "dgcnn": "analysis.recognizers.dgcnn:DGCNN",
        "pdan": "analysis.recognizers.pdan:PDAN",
        "pdan-source": "analysis.recognizers.pdan:PDANSource",
        "dan": "analysis.recognizers.adaptation_baselines:DAN",
        "dsan": "analysis.recognizers.adaptation_baselines:DSAN",
        "dann": "analysis.recognizers.adaptation_baselines:DANN",
        "deep-coral": "analysis.recognizers.adaptation_baselines:DeepCORAL",
        "psa-yolo": "analysis.recognizers.psa_yolo:PSAYolo",
    }
)


def recognizer_class(name: str) -> type[Recognizer]:
    """Return the class of a recognizer; raises RecognizerError for a name that there is not."""
    target = RECOGNIZERS.get(name)
    if target is None:
        close = get_close_matches(name, RECOGNIZERS, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(RECOGNIZERS)}."
        raise RecognizerError(f"there is no recognizer '{name}'. {hint}")
    module, _, attribute = target.partition(":")
    try:
        found: type[Recognizer] = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in ("torch", "sklearn", "joblib"):
            raise RecognizerError(
                f"recognizer '{name}' needs the package {error.name}, which this installation does not have. "
                "Install Evoke with its analysis packages: python3 -m app."
            ) from error
        raise
    return found


def make(name: str, settings: Mapping[str, Any] | None = None) -> Recognizer:
    """Return a new recognizer with its default settings and those given; raises RecognizerError."""
    found = recognizer_class(name)
    known = found.card.defaults()
    unknown = set(settings or {}) - set(known)
    if unknown:
        raise RecognizerError(
            f"{name}: no setting {', '.join(sorted(unknown))}. There are: {', '.join(known) or 'none'}."
        )
    return found(**{**known, **(settings or {})})


def cards() -> tuple[Card, ...]:
    """Return every recognizer's card."""
    return tuple(recognizer_class(name).card for name in RECOGNIZERS)
