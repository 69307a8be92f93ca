"""EmoDB (Burkhardt et al., Interspeech 2005): seven emotions of acted German speech, a speaker left out.

Features and settings of "ours" were chosen on speakers 03, 08, 09 and 10 alone, and committed before any
other speaker was scored. Scalings by speaker see the tested speaker's recordings without their labels.
"""

from __future__ import annotations

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.recognizers.recognizer import Published
from analysis.reproduce.attempt import Attempt, Reproduction
from analysis.targets.recipe import Recipe

TRIAL = CaseSpec("trial")
LOSO = SplitSpec("loso")
CONTROLS = ControlSpec(999, "stored")
MIXED = SplitSpec("trials-pooled", 4)


def _voice(kind: str) -> InputSpec:
    return InputSpec("speech", "speech", "speech.functionals", {"set": kind})


def _made(recognizer: str, kind: str, step: str, split: SplitSpec = LOSO, **settings: float) -> Experiment:
    return Experiment(
        recognizer,
        {},
        "",
        settings=settings,
        cases=TRIAL,
        inputs=(_voice(kind),),
        steps=("impute", step),
        split=split,
        controls=CONTROLS,
    )


def _known(protocol: str, value: float) -> Published:
    return Published("EmoDB, files cut or padded to 2.0 s", protocol, "uar", value, "all ten speakers")


ACOUSTIC_BRANCH = Experiment(
    "attention-lstm",
    {},
    "",
    settings={"optimizer": "adam", "rate": 0.001, "batch": 32, "epochs": 40, "pretraining_epochs": 0},
    cases=TRIAL,
    inputs=(InputSpec("speech", "speech", "speech.mfcc", {"hop_s": 0.02}),),
    steps=("impute", "zscore"),
    split=LOSO,
    controls=CONTROLS,
)

EMODB = Reproduction(
    name="emodb",
    title="EmoDB, seven emotions, leave one speaker out",
    recipe=Recipe("category", "category"),
    metric="uar",
    also=("accuracy", "f1_macro"),
    attempts=(
        Attempt(
            "untuned", "SVM on 167 functionals as it comes", "baseline", _made("svm", "compact", "zscore")
        ),
        Attempt(
            "untuned-scaled",
            "the same, each speaker scaled on his own unlabelled speech",
            "baseline",
            _made("svm", "compact", "zscore-participant"),
        ),
        Attempt(
            "voice",
            "logistic regression on 386 functionals",
            "ours",
            _made("logistic-regression", "general", "zscore", c=0.01),
        ),
        Attempt(
            "voice-scaled",
            "logistic regression on 474 functionals, each speaker scaled on his own unlabelled speech",
            "ours",
            _made("logistic-regression", "wide", "zscore-participant", c=0.01),
        ),
        Attempt("attention-lstm", "acoustic branch on 39 MFCC a step", "paper", ACOUSTIC_BRANCH),
        Attempt(
            "voice-mixed",
            "as 'voice', speakers mixed over the folds",
            "leaky",
            _made("logistic-regression", "general", "zscore", MIXED, c=0.01),
        ),
    ),
    known=(
        _known("leave one speaker out, untuned SVM on 90 features", 0.592),
        _known("the same, each speaker scaled without labels", 0.716),
        _known("speakers mixed over the folds (leaky), the same SVM", 0.776),
    ),
)
