"""The card of IMEMD-CRNN: what the paper prints, what is built, and what is not known."""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

LOST = "widths are only in a figure that is lost"
FEATURES = ("all", "distribution", "contour", "spectral")
UTTERANCE, VARIANTS = "utterance", "variants"

IMEMD_CRNN_CARD = Card(
    name="imemd-crnn",
    title="IMEMD-CRNN",
    source=(
        "Sun, Li and Ma, Speech emotion recognition based on improved masking EMD and convolutional "
        "recurrent neural network, Frontiers in Psychology 13 (2023), doi:10.3389/fpsyg.2022.1075624"
    ),
    task=("classes",),
    about=(
        "Speech in segments of 3 s, decomposed into modes; 43 numbers a frame; convolutions, bidirectional "
        "GRUs and dense layers. Segments of one utterance are averaged. The input 'variants' holds changed "
        "copies of each utterance (pitch, time, noise): those of training utterances are trained on too, and "
        "no decision ever looks at it. Choose the input 'utterance' alone to train without."
    ),
    cases=CaseSpec("trial"),
    inputs=(
        InputSpec(UTTERANCE, "speech", "speech.imemd"),
        InputSpec(VARIANTS, "speech", "speech.imemd", {"variants": 2}),
    ),
    steps=("impute",),
    settings=(
        Setting("features", "all", "columns used: all 43, the 4 of the distribution, 3 contour, 36 spectral",
                choices=FEATURES),
        Setting("segment_frames", 298, "frames of a segment: 298 are 3 s every 10 ms"),
        Setting("channels", 8, "filters of the first block, doubled in each next; 64 proposed for the "
                               "article",
                4, 64, "int"),
        Setting("gru", 32, "units a direction of each GRU; 128 proposed for the article", 8, 128, "int"),
        Setting("gru_layers", 3, "bidirectional GRUs, one on the other"),
        Setting("dense", 128, "units of the first dense layer; the second has half", 16, 256, "int"),
        Setting("dropout", 0.2, "between GRUs", 0.0, 0.5),
        Setting("dense_dropout", 0.3, "behind dense layers", 0.0, 0.6),
        Setting("rate", 0.001, "learning rate of Adam", 1e-4, 1e-2, "log10"),
        Setting("halve_after", 5, "epochs without a smaller validation loss that halve the rate; 0: never"),
        Setting("batch", 32, "segments a step; 512 in the article"),
        Setting("epochs", 60, "passes at most", 10, 100, "int"),
        Setting("patience", 0, "epochs without a better validation that end training; 0: never"),
        Setting("balanced", False, "whether each class weighs the same"),
    ),
    layers=(
        Layer("block 1: conv, batch norm, ReLU, max pool", "298 x 43 -> ?", "1 x 298 x 43 -> 8 x 149 x "
                                                                            "21", LOST),
        Layer("block 2", "?", "16 x 74 x 10", LOST),
        Layer("block 3", "?", "32 x 74 x 5", LOST),
        Layer("block 4", "?", "64 x 74 x 2", LOST),
        Layer("reshape", "?", "74 x 128", LOST),
        Layer("three bidirectional GRUs", "?", "74 x 64", LOST),
        Layer("mean over time", "?", "64", "not said how steps become one row"),
        Layer("three dense layers, softmax", "? -> 7", "128, 64, classes", LOST),
    ),
    published=(
        Published(
            "Emo-DB, 535 files, 60 variants of each", "leave one speaker out", "uar", 0.9354,
            "whether variants of tested speakers were trained or tested is not said",
        ),
        Published("TESS, 2800 files of 2 speakers", "random 10-fold", "uar", 1.0,
                  "speakers and words are in both sides"),
    ),
    doubts=(
        "Mask amplitude and frequency, the four moments, the contour, the trend and the slopes are formulas "
        "lost in the text: rebuilt from the prose, see the literature page.",
        "The mask rule as printed splits a lone tone into many small modes; the default is 1.5 times the "
        "mean "
        "frequency.",
        "Training data only are varied here; the article varies 'each file', perhaps before it divides them.",
        "8 phases and narrow layers by default; the article's 64 and the proposed 64 channels cost far more.",
        "Silence behind a short utterance is filled in after the decomposition, whose splines would swing "
        "there.",
    ),
    least=1,
    validation=0.12,
)  # fmt: skip
"""Everything about it; settings and layers follow the smaller network that a processor trains."""
