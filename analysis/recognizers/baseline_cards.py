"""Cards of the baselines."""

from __future__ import annotations

from dataclasses import replace

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Setting

INPUTS = (
    InputSpec("eeg", "eeg", "eeg.de", window_s=2.0, hop_s=2.0),
    InputSpec("ecg", "ecg", "heart"),
    InputSpec("bvp", "bvp", "heart"),
    InputSpec("eda", "eda", "skin"),
    InputSpec("temperature", "temperature", "temperature"),
    InputSpec("respiration", "respiration", "respiration"),
    InputSpec("speech", "speech", "speech.functionals", stage="speaking"),
    InputSpec("face", "face", "face.expression"),
    InputSpec("keys", "keys", "keys.statistics", stage="typing"),
)
"""Hand-made features of every modality, most of them one row a case."""

OVER = Setting(
    "over_steps",
    "mean and SD",
    "how a sequence becomes one row: mean over its steps, or mean and standard deviation",
    choices=("mean", "mean and SD"),
)
BALANCED = Setting("balanced", True, "whether each class weighs the same, however many cases it has")
FOLDS = Setting("calibration_folds", 3, "group-disjoint training folds that the probabilities come from")

_TEMPERATURE = (
    "It gives decision values, no probabilities: ours are their softmax (two classes: logistic function) "
    "times one factor, fitted on group-disjoint folds of the training rows. The decision stays that of the "
    "machine."
)

MAJORITY_CARD = Card(
    name="majority",
    title="Majority",
    source="What any recognizer has to beat",
    task=("classes", "numbers"),
    about="Always the most frequent class of the training cases, with their shares as probabilities; the "
    "training mean where the target is a number.",
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute", "zscore"),
    missing_inputs=True,
    least=0,
)

LOGISTIC_CARD = Card(
    name="logistic-regression",
    title="Logistic regression",
    source="Cox (1958); scikit-learn's, L2-regularised",
    task=("classes",),
    about="A weighted sum of the numbers of a case. It cannot see the order of steps, nor what only two "
    "inputs together tell.",
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute", "zscore"),
    settings=(
        Setting("c", 1.0, "inverse of the regularisation", 1e-4, 1e2, "log10"),
        OVER,
        BALANCED,
    ),
    missing_inputs=True,
)

SVM_CARD = replace(
    LOGISTIC_CARD,
    name="svm",
    title="Support vector machine, Gaussian kernel",
    source="Cortes and Vapnik (1995); scikit-learn's SVC (libsvm)",
    about="The widest margin between classes in the space of a Gaussian kernel. " + _TEMPERATURE,
    settings=(
        Setting("c", 1.0, "how much a case on the wrong side costs", 1e-2, 1e3, "log10"),
        Setting("gamma", 0.0, "of the kernel; 0: 1 / (columns x variance)", 1e-5, 1.0, "log10"),
        OVER,
        BALANCED,
        FOLDS,
    ),
)

LINEAR_SVM_CARD = replace(
    LOGISTIC_CARD,
    name="svm-linear",
    title="Linear support vector machine",
    source="Fan et al., LIBLINEAR (2008), squared hinge, primal; scikit-learn's LinearSVC",
    about="The widest margin between one class and the rest. " + _TEMPERATURE,
    settings=(
        Setting("c", 0.1, "how much a case on the wrong side costs", 1e-5, 1e2, "log10"),
        OVER,
        BALANCED,
        FOLDS,
    ),
)

FOREST_CARD = replace(
    LOGISTIC_CARD,
    name="random-forest",
    title="Random forest",
    source="Breiman (2001); scikit-learn's",
    about="Many trees, each grown on a draw of the cases and asking few of the numbers; the mean of what "
    "their leaves say.",
    settings=(
        Setting("trees", 300, "how many", 50, 1000, "int"),
        Setting("leaf", 2, "cases in a leaf, at least", 1, 20, "int"),
        OVER,
        BALANCED,
    ),
)

LDA_CARD = replace(
    LOGISTIC_CARD,
    name="lda",
    title="Linear discriminant analysis, shrinkage",
    source="Fisher (1936); shrinkage of Ledoit and Wolf (2004); scikit-learn's",
    about="One normal distribution a class, all of the same covariance, which is shrunk towards its "
    "diagonal so that it works with more numbers than cases.",
    settings=(OVER, BALANCED),
)
