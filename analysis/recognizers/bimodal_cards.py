"""Cards of BDDAE and Bimodal-LSTM, and what they are given of SEED and of DEAP."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

SOURCE = "Tang, Liu, Zheng, Lu: Multimodal Emotion Recognition Using Deep Neural Networks (ICONIP 2017)"

SEED_WINDOW_S = 4.0
DEAP_WINDOW_S = 2.0
BANDS: Mapping[str, tuple[float, float]] = {
    "delta": (1, 4), "theta": (4, 8), "alpha": (8, 14), "beta": (14, 31), "gamma": (31, 50)
}  # fmt: skip
DEAP_BANDS = {name: edges for name, edges in BANDS.items() if name != "delta"}
STATISTICS = {"which": ["max", "min", "mean", "sd", "variance", "squared_sum"]}


def _steps(name: str, window_s: float) -> InputSpec:
    return InputSpec(name, name, "statistics", STATISTICS, window_s, window_s)


SEED_INPUTS = (
    InputSpec("eeg", "eeg", "eeg.de", {"bands": BANDS}, SEED_WINDOW_S, SEED_WINDOW_S),
    InputSpec("eye", "eye", "values"),
)
"""SEED: 5 bands x 62 channels = 310 numbers a step of 4 s, and the data set's own 41 of the eyes."""

DEAP_INPUTS = (
    InputSpec("eeg", "eeg", "eeg.de", {"bands": DEAP_BANDS}, DEAP_WINDOW_S, DEAP_WINDOW_S),
    _steps("peripheral", DEAP_WINDOW_S),
)
"""DEAP: 4 bands x 32 channels = 128 numbers a step of 2 s, and 6 statistics x 8 channels = 48."""

INPUTS_OF: Mapping[str, tuple[InputSpec, ...]] = {"SEED": SEED_INPUTS, "DEAP": DEAP_INPUTS}
"""By the name that the import of a data set gives to its recordings."""

INPUTS = (
    SEED_INPUTS[0],
    *(
        _steps(name, SEED_WINDOW_S)
        for name in ("eye", "peripheral", "ecg", "bvp", "eda", "temperature", "respiration")
    ),
)
"""Any study: EEG on one side; on the other, statistics of everything else that was recorded."""

SEED_PROTOCOL = "one model for each of 27 experiments (9 people); first 9 clips train, last 6 test; per step"
DEAP_PROTOCOL = "10-fold cross-validation; what is folded is not stated; settings chosen on the same folds"

RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "SEED": {
        "eeg_hidden": (16, 256), "other_hidden": (8, 64), "keep": (0.3, 0.99), "l2": (1e-9, 1.0),
        "rate": (1e-4, 10**-1.5),
    },
    "DEAP": {
        "eeg_hidden": (32, 256), "other_hidden": (16, 256), "keep": (0.2, 0.9), "l2": (10**-4.5, 1e-1),
        "rate": (10**-2.5, 10**-0.5),
    },
}  # fmt: skip
"""Table 1 of the paper: ranges of the random search (200 sets an experiment on SEED, 15 on DEAP)."""
_SEED = RANGES["SEED"]

_SHARED = (
    Setting("epochs", 500, "at most, of the network with the SVM layer"),
    Setting("patience", 120, "epochs without better accuracy on validation cases, then it stops; 0: never"),
    Setting("gain", 0.001, "by how much the accuracy must rise to count as better"),
    Setting("batch", 32, "rows a step: sequences of Bimodal-LSTM, steps of BDDAE"),
    Setting("initial_sd", 0.001, "SD of the weights before training"),
)

SPLITS = (
    "The paper's splits are 'first-trials' with k 9 on SEED (one model a recording) and ten folds on DEAP. "
    "Ours "
    "is leave-one-participant-out by default; on DEAP 'trials' and 'participants' with k 10 are the honest "
    "readings, 'segments' is the leaky one and is shown with a watermark only.",
    "The paper chose its settings on the folds that it reports (200 sets on six test clips): figures so "
    "chosen "
    "are too high. Our search is nested in the training side unless told otherwise.",
    "The loss is a mean over rows, so that C = 1 / (2 l2 n); the printed C = 1 / (2 l2) is that of a sum.",
    "Decisions are made a step, as in the paper; a case's answer is the mean of its steps' probabilities, "
    "which "
    "are the softmax of the margins and not calibrated. A result tells the accuracy of the steps beside that "
    "of the vote.",
    "An input that a case lacks is 0: after [0,1] its smallest training value, after z-scores its mean.",
)

BIMODAL_LSTM_CARD = Card(
    name="bimodal-lstm",
    title="Bimodal-LSTM",
    source=SOURCE,
    task=("classes",),
    about="One LSTM over the EEG's differential entropies, one over everything else, both outputs into a "
    "linear "
    "SVM at every step. After training liblinear computes the last layer anew. It sees the order of steps. "
    "A study imported from SEED or DEAP is given the paper's inputs by itself: steps of 4 s or 2 s, or the "
    "features that SEED comes with. Set sequence to 60 steps there, to 5 on DEAP. A study of your own: steps "
    "of 4 s of all that was recorded. "
    "explain() gives each step's probabilities, and what each side adds to them.",
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute", "zscore"),
    settings=(
        Setting("eeg_hidden", 64, "units for the EEG; DEAP: 32 to 256", *_SEED["eeg_hidden"], "int"),
        Setting("other_hidden", 32, "units for the rest; DEAP: 16 to 256", *_SEED["other_hidden"], "int"),
        Setting("keep", 0.7, "share of outputs kept in training; DEAP: 0.2 to 0.9", *_SEED["keep"]),
        Setting("l2", 1e-4, "strength of the SVM's penalty; DEAP: 10^-4.5 to 0.1", *_SEED["l2"], "log10"),
        Setting("rate", 1e-3, "learning rate; DEAP: 10^-2.5 to 10^-0.5", *_SEED["rate"], "log10"),
        Setting("sequence", 60, "steps after which states start anew; SEED 60, DEAP 5"),
        Setting("clip", 0.0, "largest norm of the gradient; 0: none, as in the paper"),
        Setting("liblinear", True, "whether liblinear computes the last layer after training"),
        *_SHARED,
    ),
    layers=(
        Layer("EEG input", "310 a step (SEED), 128 (DEAP)", "as many as the input has", "by the data"),
        Layer(
            "other input", "41 a step (SEED), 48 (DEAP)", "as many as the inputs have together", "by the data"
        ),
        Layer("EEG LSTM", "searched: 16-256 (SEED), 32-256 (DEAP)", "eeg_hidden", "a setting, 64 by default"),
        Layer(
            "other LSTM", "searched: 8-64 (SEED), 16-256 (DEAP)", "other_hidden", "a setting, 32 by default"
        ),
        Layer("dropout", "on both outputs", "on both outputs"),
        Layer(
            "SVM layer",
            "one classification layer",
            "1 machine for two classes, else one a class against the rest",
            "how three classes are told apart by hinges is not said",
        ),
    ),
    published=(
        Published(
            "SEED", SEED_PROTOCOL, "accuracy, per cent", 93.97, "SD 7.03; 200 sets tried on the test clips"
        ),
        Published("DEAP, arousal", DEAP_PROTOCOL, "accuracy, per cent", 83.23, "SD 2.61"),
        Published("DEAP, valence", DEAP_PROTOCOL, "accuracy, per cent", 83.82, "SD 5.01; 83.83 in the text"),
    ),
    doubts=(
        *SPLITS,
        "The printed 'dropout probability' can only be the share that is kept. The paper multiplies the "
        "LSTMs' "
        "outputs by it before liblinear, as its dropout does not enlarge what it keeps. Ours divides by it "
        "while "
        "training, so that outputs are right as they are: nothing is multiplied.",
        "Early stopping looks at validation cases of the training side; the paper does not say which it "
        "used.",
        "The bias is part of the penalty, as it is in liblinear; a layer of liblinear's that would make the "
        "training objective larger is not taken.",
        "Epochs and batch size are not given.",
    ),
    missing_inputs=True,
    validation=0.15,
    inputs_of=INPUTS_OF,
)

BDDAE_CARD = Card(
    name="bddae",
    title="BDDAE",
    source=SOURCE,
    task=("classes",),
    about="An auto-encoder learns to give back EEG and everything else from a corrupted copy; then its three "
    "encoders go below a linear SVM, and are tuned at a hundredth of its learning rate. It looks at one step "
    "at a time and at both sides together. A study imported from SEED or DEAP is given the paper's inputs by "
    "itself. explain() gives each step's probabilities, and the reconstruction "
    "error of each side.",
    cases=CaseSpec(),
    inputs=INPUTS,
    steps=("impute", "minmax"),
    settings=(
        Setting("eeg_hidden", 64, "units of the EEG's encoder", *_SEED["eeg_hidden"], "int"),
        Setting("other_hidden", 32, "units of the other encoder", *_SEED["other_hidden"], "int"),
        Setting("joint_hidden", 64, "units of the joint encoder", 16, 256, "int"),
        Setting("corruption", 0.3, "share of inputs set to 0 while the auto-encoder is trained", 0.01, 0.7),
        Setting("l2", 1e-4, "strength of the SVM's penalty", *_SEED["l2"], "log10"),
        Setting("rate_autoencoder", 1e-3, "learning rate of the auto-encoder", *_SEED["rate"], "log10"),
        Setting("rate", 1e-2, "learning rate of the SVM layer; encoders have 1 %", *_SEED["rate"], "log10"),
        Setting("pretraining_epochs", 200, "of the auto-encoder"),
        *_SHARED,
    ),
    layers=(
        Layer(
            "corruption",
            "inputs set to 0 at random",
            "inputs set to 0 at random",
            "nothing is enlarged in exchange",
        ),
        Layer(
            "EEG encoder",
            "affine, sigmoid; units searched",
            "310 or 128 -> eeg_hidden, affine, sigmoid",
            "a setting, 64 by default",
        ),
        Layer(
            "other encoder",
            "affine, sigmoid; units searched",
            "41 or 48 -> other_hidden, affine, sigmoid",
            "a setting, 32 by default",
        ),
        Layer(
            "joint encoder",
            "affine, sigmoid; units searched",
            "both -> joint_hidden, affine, sigmoid",
            "a setting, 64 by default",
        ),
        Layer("three decoders", "mirror images", "mirror images in size", "weights of their own: not said"),
        Layer(
            "SVM layer",
            "linear, squared hinge",
            "1 machine for two classes, else one a class against the rest",
            "how three classes are told apart by hinges is not said",
        ),
    ),
    doubts=(
        *SPLITS,
        "All three encoders are trained at once; the paper names no training layer by layer.",
        "Ranges of BDDAE's random search are not printed; ours are those of Bimodal-LSTM on SEED.",
        "Whether the decoders share the encoders' weights is not said; ours have their own.",
        "The paper prints no figure of BDDAE: its accuracy on SEED is a bar in Fig. 3, and there is none on "
        "DEAP.",
        "Weights of SD 0.001 make all units nearly alike at first: it needs epochs before anything is "
        "learnt.",
    ),
    missing_inputs=True,
    validation=0.15,
    inputs_of=INPUTS_OF,
)
