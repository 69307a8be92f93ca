"""The cards of ShallowConvNet and DeepConvNet on chosen channels: what is printed, what is built."""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.channel_choice import ALL, RANDOM, STATISTICS
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = (
    "Ji and Dong, Deep learning-based self-induced emotion recognition using EEG, Frontiers in"
    " Neuroscience 16 (2022), doi:10.3389/fnins.2022.985709; networks after"
    " Schirrmeister et al., Human Brain Mapping 38 (2017)"
)
CASES = CaseSpec("press", 2.0, 0.0, "imagery")
INPUTS = (InputSpec("eeg", "eeg", "eeg.band", {"band": "gamma", "order": 4, "rate_hz": 256.0}),)
CHOOSING = (
    Setting("statistic", "kurtosis", "what ranks the channels", choices=(*STATISTICS, RANDOM, ALL)),
    Setting("k", 68, "channels kept; where there are no more, all are", 1, 246, "int"),
    Setting("k_nested", False, "whether K is chosen on inner folds of the training side"),
    Setting("k_from", "4 8 16 32 68 90 123", "the Ks to choose from"),
    Setting("inner_folds", 3, "folds inside the training side"),
    Setting("inner_epochs", 20, "epochs of the networks that only choose K"),
    Setting("excluded", "", "channels never chosen, such as interpolated ones: Fp1, T7"),
)
TRAINED = (
    Setting("rate", 6.25e-4, "learning rate", 1e-4, 1e-2, "log10"),
    Setting("batch", 8, "cases a mini-batch", 4, 64, "int"),
    Setting("epochs", 150, "of training: the article has 150 (valence), 50 (arousal), 10 (new people)"),
    Setting("weight_decay", 0.0, "pull of the weights towards 0"),
)
DATA = "Imagined Emotion Study (ds003004), 29 people, valence {low, high}"
WITHIN = "5-fold by segment within each person, epochs 150; K and statistic chosen on the same folds"
_ACCURACY = "accuracy, per cent"

DOUBTS = (
    "The article tests by segment: segments of one block are in both sides, so a network may learn the block."
    " Splits by block (trials) and by person are the honest figures here; segments-own shows the leak. Where"
    " somebody has two blocks of an emotion, by block may have it in both sides.",
    "K and statistic were picked on the test accuracy. Setting k_nested picks K inside the training side.",
    "The mean of a band-passed signal is about 0, so ranking by it is close to arbitrary: statistic 'random'"
    " is the control to put beside it.",
    "High kurtosis also marks spikes and bad contacts, and 30-50 Hz over temples and neck is easily muscle;"
    " the page EEG channels draws the choice and warns.",
    "The choice is per person where a fold trains on one person; where it trains on several, one common set"
    " by the mean of their statistics is taken.",
    "Nothing is said on scaling: microvolts, then each channel's training mean 0 and SD 1, after the choice.",
    "No seed, no class weights, no early stopping are mentioned; none are used.",
    "The filter is Butterworth of order 4, forth and back, on the continuous recording; the article says"
    " Butterworth only.",
)

SHALLOW_CARD = Card(
    name="shallow-convnet",
    title="ShallowConvNet on the channels of a statistic",
    source=SOURCE,
    task=("classes",),
    about="Two seconds of one EEG band about each press. The K channels with the highest kurtosis (or another"
    " statistic) of the training segments are kept; two convolutions, a square, a pooling and a logarithm"
    " make band power of mixtures of them, and one layer decides.",
    cases=CASES,
    inputs=INPUTS,
    steps=("impute",),
    settings=(
        *CHOOSING,
        *TRAINED,
        Setting("dropout", 0.5, "share set to 0 before the last layer", 0.0, 0.7),
        Setting("maps", 40, "filters of both convolutions"),
        Setting("kernel", 3, "samples of the convolution over time"),
        Setting("pool", 30, "samples of the mean pooling"),
        Setting("stride", 4, "samples from one mean to the next"),
    ),
    layers=(
        Layer("temporal convolution", "40 of 3 x 1, 510 x K x 40", "folded into the next",
              "nothing lies between the two: one convolution over K channels and 3 samples, same function"),
        Layer("spatial convolution", "40 of 1 x K, 510 x 1 x 40", "40 of K x 3, 510 x 40",
              "weights are those of both, combined at each step"),
        Layer("batch norm, square", "510 x 1 x 40", "510 x 1 x 40"),
        Layer("mean pooling", "30, stride 4: 121 x 1 x 40", "30, stride 4: 121 x 1 x 40"),
        Layer("logarithm, dropout 0.5", "4,840", "4,840, clamped at 1e-6", "a floor is not printed"),
        Layer("dense, softmax", "4,840 -> 2", "4,840 -> classes", "more than two classes are ours"),
    ),
    published=(
        Published(DATA, WITHIN, _ACCURACY, 79.03, "gamma, kurtosis, K = 68"),
        Published(DATA, WITHIN, _ACCURACY, 75.97, "gamma, all 246 channels"),
        Published(DATA, WITHIN, _ACCURACY, 72.37, "1-50 Hz, all 246 channels"),
        Published(DATA.replace("valence", "arousal"), WITHIN.replace("150", "50"), _ACCURACY, 79.36,
                  "gamma, kurtosis, K = 90"),
        Published(DATA, "leave one participant out, 10 epochs", _ACCURACY, 63.46, "gamma, selection"),
        Published(DATA.replace("valence", "arousal"), "leave one participant out, 10 epochs", _ACCURACY,
                  63.75, "gamma, selection"),
    ),
    doubts=DOUBTS,
)  # fmt: skip

DEEP_CARD = Card(
    name="deep-convnet",
    title="DeepConvNet on the channels of a statistic",
    source=SOURCE,
    task=("classes",),
    about="As shallow-convnet, but four blocks of convolution, ELU and pooling by 3 take the place of square"
    " and logarithm. The article's slower comparison.",
    cases=CASES,
    inputs=INPUTS,
    steps=("impute",),
    settings=(
        *CHOOSING,
        *TRAINED,
        Setting("dropout", 0.5, "share set to 0 before each block but the first", 0.0, 0.7),
        Setting("kernel", 10, "samples of each convolution"),
        Setting("width", 1.0, "factor on the maps 25, 50, 100, 200", 0.1, 1.0),
    ),
    layers=(
        Layer("block 1", "not given", "25 of 10 x 1 and 25 of 1 x K, BN, ELU, pool 3: 167 x 25",
              "dimensions are those of the original network"),
        Layer("block 2", "not given", "50 of 10, BN, ELU, pool 3: 52 x 50", "as above"),
        Layer("block 3", "not given", "100 of 10, BN, ELU, pool 3: 14 x 100", "as above"),
        Layer("block 4", "not given", "200 of 10, BN, ELU, pool 3: 1 x 200", "as above"),
        Layer("dense, softmax", "not given", "200 -> classes", "as above"),
    ),
    published=(
        Published(DATA, WITHIN, _ACCURACY, 75.29, "gamma, kurtosis, K = 68"),
        Published(DATA, WITHIN, _ACCURACY, 73.27, "gamma, all 246 channels"),
        Published(DATA, WITHIN, _ACCURACY, 69.67, "1-50 Hz, all 246 channels"),
    ),
    doubts=("Dimensions are not given: the original's, whose lengths 167, 52, 14 and 1 fit 512 samples.",
            *DOUBTS),
)  # fmt: skip
