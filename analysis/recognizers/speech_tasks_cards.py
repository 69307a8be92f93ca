"""Cards of the recognizers of nine speech tasks."""

from __future__ import annotations

from dataclasses import replace

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.recognizers.recognizer import Card, Layer, Published, Setting

TASKS = tuple(f"task-{number}" for number in range(1, 10))
"""The stimuli of the bundled protocol speech-tasks, a task each."""
SPEAKING = "speaking"
"""Kind of the stage in which an answer is spoken."""
SOURCE = (
    "Liu, Yu, Li, Chen, Ding, Feng, Yao and Hu, Ensemble learning with speaker embeddings in multiple speech "
    "task stimuli for depression detection, Frontiers in Neuroscience 17 (2023), "
    "doi:10.3389/fnins.2023.1141621"
)
DATA = "310 depressed and 226 healthy people of three hospitals, private"
PROTOCOL = "10 stratified folds of persons, 100 repeats"

INPUTS = tuple(
    InputSpec(task, "speech", "speech.embedding", {"extractor": "", "sha256": ""}, stage=SPEAKING, trial=task)
    for task in TASKS
)

FIRST = Setting("first", "svm", "what is fitted to each task", choices=("svm", "forest"))
GRID = Setting(
    "grid",
    "coarse",
    "how finely each task's machine is tuned on inner folds: C 2^-3 to 2^7 and gamma 2^-11 to 2^-3 (full), "
    "two of each (coarse), or C 1 and gamma 1/d (none); a forest's trees likewise",
    choices=("none", "coarse", "full"),
)
STACK_GRID = Setting(
    "stack_grid",
    "coarse",
    "how finely the last network is tuned: hidden (4), (8), (16), (16, 8) and alpha 1e-4 to 1 (full), two of "
    "each (coarse), or (8) and 0.1 (none)",
    choices=("none", "coarse", "full"),
)
INNER = Setting("inner_folds", 5, "folds of persons inside the training side", low=2, high=10, scale="int")
BALANCED = Setting("balanced", False, "whether both classes weigh the same in the first stage")
LEVEL = Setting(
    "level", 0.05, "two-sided level of the t-test (Welch's) that a task must pass", low=0.001, high=0.5
)

DOUBTS = (
    "Aid of research, no diagnosis: tasks 3 to 5 ask for symptoms, so content may be found as well as voice; "
    "site, channel, age and length of answers differed between the paper's groups and were not controlled.",
    "160 of the paper's 162 single-task accuracies are exact fractions of 506, not of 536, and cannot be "
    "means of 100 repeats: that table seems to come of another sample and one run.",
    "Whether the training shares come from machines fitted on the same persons is not said: ours never do "
    "(inner folds of persons, then Platt's curve).",
    "Grids and scaling are not printed: ours are the settings grid and stack_grid; the least surprise on "
    "inner folds is chosen. Numbers are standardised by the training side.",
    "A missing task is not treated in the paper: it gets the training mean of that task's shares.",
    "Where Platt's curve of a task would fall with the score, as it does by chance with few persons, it is "
    "kept flat at the classes' shares; the paper does not say.",
)

STACK_CARD = Card(
    name="speech-tasks-stack",
    title="Nine speech tasks, stacked",
    source=SOURCE,
    task=("classes",),
    about=(
        "For each task a support vector machine (Gaussian kernel) on a speaker embedding gives the share of "
        "the second class; a small network decides from the shares of all tasks, of one embedding or of two "
        "or three side by side. A case is a visit of a participant."
    ),
    cases=CaseSpec("session"),
    inputs=INPUTS,
    steps=(),
    settings=(FIRST, GRID, STACK_GRID, INNER, BALANCED),
    layers=(
        Layer("task", "SVM, Gaussian kernel, tuned", "SVM, Gaussian kernel, tuned"),
        Layer(
            "shares",
            "probabilities of the depressed class",
            "Platt's, from inner folds of persons",
            "shares of persons that the machine was fitted on are too good, and what decides would trust "
            "them",
        ),
        Layer(
            "ensemble",
            "multi-layer perceptron, grid search",
            "perceptron with one or two hidden layers, L-BFGS",
            "with nine numbers and some hundred persons L-BFGS ends sooner and finds the same",
        ),
    ),
    published=(
        Published(
            DATA, PROTOCOL, "accuracy", 0.7472, "R_m + R_p side by side; F1 depressed 76.90, healthy 72.05"
        ),
        Published(DATA, PROTOCOL, "accuracy", 0.7394, "R_m alone; F1 depressed 76.09, healthy 71.30"),
    ),
    doubts=DOUBTS,
    missing_inputs=True,
)

VOTE_CARD = replace(
    STACK_CARD,
    name="speech-tasks-vote",
    title="Nine speech tasks, majority of cosines",
    about=(
        "Each task votes for the class whose mean embedding has the larger cosine with the answer's; the "
        "majority of the tasks decides. The paper's first comparator, after Mobram and Vali."
    ),
    settings=(),
    layers=(Layer("task", "cosine scoring", "cosine with the classes' means, about the training mean",
                  "what is scored against what is not said"),
            Layer("ensemble", "majority of nine", "majority; a tie by the sum of the cosines",
                  "with a task missing there may be a tie")),
    published=(Published(DATA, PROTOCOL, "accuracy", 0.7095, "R_m; F1 depressed 75.94, healthy 63.34"),),
    doubts=(*DOUBTS[:2], "Probabilities are shares of votes, and not calibrated."),
)  # fmt: skip

SELECTED_CARD = replace(
    STACK_CARD,
    name="speech-tasks-selected",
    title="Nine speech tasks, selected by t-test",
    about=(
        "A support vector machine a task; tasks whose shares differ between the classes by Welch's t-test go "
        "on, and a second machine decides from their shares. The paper's second comparator, after Xing and "
        "others."
    ),
    settings=(FIRST, GRID, INNER, BALANCED, LEVEL),
    layers=(Layer("task", "SVM", "SVM, Gaussian kernel, tuned", "the kernel is not said"),
            Layer("selection", "paired t-test", "Welch's t-test of both classes' shares, a row a person",
                  "what is paired is not said. A person's shares of the right and of the wrong class, the "
                  "only pair there is, differ by the base rate alone where the classes are unequal (310 to "
                  "226): every task would pass"),
            Layer("ensemble", "second SVM", "SVM, Gaussian kernel, tuned", "the kernel is not said")),
    published=(Published(DATA, PROTOCOL, "accuracy", 0.6899, "R_m; F1 depressed 74.64, healthy 60.05"),),
)  # fmt: skip
