"""Arguments of the commands about recognizers; standard library only, as in `app.cli`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli_people import json_option

Parser = argparse.ArgumentParser

SPLITS = (
    "loso",
    "participants",
    "sessions",
    "trials",
    "stimuli",
    "first-trials",
    "trials-pooled",
    "segments",
    "segments-own",
    "domains",
)


REPRODUCED = (
    "stress-predict", "emodb",
    "depression", "csi", "micro-expressions", "eeg-channels", "eeg-survey", "imemd", "pdan", "psa-yolo",
    "mer-sem-mbt", "personality", "recommendation",
)  # fmt: skip
"""What `evoke reproduce` knows: open data sets, then papers."""


def _setting(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found):
        raise argparse.ArgumentTypeError(f"{text} is no setting: write NAME=VALUE")
    return name, value


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def recognizers(parser: Parser) -> None:
    """Add the arguments of `evoke recognizers`."""
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="one card, whole")
    json_option(parser)


def targets(parser: Parser) -> None:
    """Add the arguments of `evoke targets`."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument("--add", type=Path, metavar="FILE.json", help="store a recipe in the study")
    parser.add_argument("--name", default="", metavar="NAME", help="only this one, trial by trial")
    json_option(parser)


def evaluate(parser: Parser) -> None:
    """Add the arguments of `evoke evaluate`."""
    parser.add_argument("--study", type=Path, metavar="DIR", help="folder of the study")
    parser.add_argument("--recognizer", action="append", default=[], metavar="NAME", help="again for more")
    parser.add_argument("--target", default="", metavar="T", help="name of a target: see evoke targets")
    parser.add_argument("--split", choices=SPLITS, default="loso", help="what is left out (default: loso)")
    parser.add_argument("--k", type=int, default=10, metavar="N", help="folds, or trials that train")
    parser.add_argument(
        "--domain", default="", metavar="FIELD",
        help="for --split domains: a field of the participants, group, or corpus",
    )  # fmt: skip
    parser.add_argument("--modalities", type=_names, default=(), metavar="A,B", help="inputs to use")
    parser.add_argument(
        "--set", dest="settings", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="a setting of the recognizer; again for more",
    )  # fmt: skip
    parser.add_argument(
        "--combinations", action="store_true", help="every combination of modalities, and the fusions"
    )
    parser.add_argument("--search", type=int, default=0, metavar="N", help="sets of settings tried, nested")
    parser.add_argument(
        "--search-on-folds",
        action="store_true",
        help="as some papers do: tried on what is reported; labelled",
    )
    parser.add_argument(
        "--permutations", type=int, default=None, metavar="N", help="label permutations (default: 999 stored)"
    )
    parser.add_argument("--retrain", action="store_true", help="train again for each label permutation")
    parser.add_argument("--metric", default="balanced_accuracy", metavar="NAME", help="primary metric")
    parser.add_argument("--plan", default="", metavar="NAME", help="run a frozen plan instead")
    parser.add_argument("--freeze", default="", metavar="NAME", help="freeze these choices as a plan; no run")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="for splits and training")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    parser.add_argument("--cluster", default="", metavar="ADDRESS", help="of a Dask scheduler")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where runs go (default: in the study)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="finish a run that was stopped or killed")
    parser.add_argument(
        "--as-live", type=float, default=0.0, metavar="S",
        help="inputs know the last S seconds and nothing after, as evoke live does",
    )  # fmt: skip
    parser.add_argument("--dry", action="store_true", help="folds, guards and cost only; nothing is trained")
    parser.add_argument(
        "--save", action="store_true", help="also train on all cases: the recognizer to use lies in the run"
    )
    json_option(parser)


def transfer(parser: Parser) -> None:
    """Add the arguments of `evoke transfer`."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument("other", type=Path, nargs="?", metavar="STUDY", help="a second one: the other domain")
    parser.add_argument("--domain", default="", metavar="FIELD", help="of one study: what makes its domains")
    parser.add_argument("--target", default="category", metavar="T", help="name of a target with classes")
    parser.add_argument(
        "--map", type=_setting, action="append", default=[], metavar="OLD=NEW",
        help="a class of another name; again for more",
    )  # fmt: skip
    parser.add_argument("--high", default="", metavar="A,B", help="classes of high valence, for PDAN")
    parser.add_argument("--methods", type=_names, default=(), metavar="A,B", help="rows (default: all)")
    parser.add_argument(
        "--set", dest="settings", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="a setting of all methods that have it; again for more",
    )  # fmt: skip
    parser.add_argument("--held-out", action="store_true", help="weights chosen on people of the source")
    parser.add_argument("--oracle", action="store_true", help="also an upper bound, as the paper reports it")
    parser.add_argument(
        "--predict", action="store_true",
        help="label every trial of the second study, which needs no answers; no accuracy is known (pdan)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="for --predict: the table of labels")
    parser.add_argument("--sets", type=int, default=216, metavar="N", help="combinations of weights at most")
    parser.add_argument("--side", type=int, default=64, metavar="N", help="pixels of the spectrogram")
    parser.add_argument("--permutations", type=int, default=999, metavar="N", help="label permutations")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many seeds")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first one")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    json_option(parser)


def rerun(parser: Parser) -> None:
    """Add the arguments of `evoke rerun`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    json_option(parser)


def simulate(parser: Parser) -> None:
    """Add the arguments of `evoke simulate`."""
    parser.add_argument("--study", type=Path, metavar="DIR", help="a new study, or one of simulations")
    parser.add_argument("--protocol", default="", metavar="P", help="name of a bundled protocol, or a file")
    parser.add_argument("--participants", type=int, default=1, metavar="N", help="how many (default: 1)")
    parser.add_argument(
        "--effect", action="append", default=[], metavar="E|MODALITY=E",
        help="size (Cohen's d) in all modalities, or in one; again for more (default: 0.8)",
    )  # fmt: skip
    parser.add_argument("--fingerprint", type=float, default=1.0, metavar="SD", help="between participants")
    parser.add_argument("--missing", type=float, default=0.0, metavar="SHARE", help="of modalities")
    parser.add_argument("--artefacts", type=float, default=0.05, metavar="SHARE", help="of trials")
    parser.add_argument(
        "--within", type=float, default=1.0, metavar="SHARE", help="share of a stage with the effect"
    )
    parser.add_argument("--modalities", type=_names, default=(), metavar="A,B", help="what is recorded")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same participants")
    parser.add_argument("--demo", action="store_true", help="the demo study: everything in it, in minutes")
    parser.add_argument("--power", default="", metavar="PLAN", help="participants against interval width")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="for --power: table and figure")
    json_option(parser)


def report(parser: Parser) -> None:
    """Add the arguments of `evoke report`."""
    parser.add_argument("study", type=Path, metavar="STUDY|RUN", help="folder of the study, or of a run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: in the study, under derivatives")
    json_option(parser)


def reproduce(parser: Parser) -> None:
    """Add the arguments of `evoke reproduce`."""
    parser.add_argument("what", choices=REPRODUCED, metavar="NAME", help="an open data set, or a paper")
    parser.add_argument("source", type=Path, nargs="?", metavar="SRC", help="folder of its files")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep study and runs there")
    parser.add_argument("--study", type=Path, metavar="DIR", help="a paper's tables are kept in this study")
    parser.add_argument("--quick", action="store_true", help="a paper's tables in their smallest form")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of a paper's tables")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    json_option(parser)


def therapy(parser: Parser) -> None:
    """Add the arguments of `evoke therapy`."""
    parser.add_argument("run", type=Path, metavar="MODEL", help="a trained recognizer")
    parser.add_argument("sessions", type=Path, nargs="+", metavar="SESSION", help="one for each participant")
    parser.add_argument("--minutes", type=float, default=15.0, metavar="M", help="at each end (default: 15)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="figure and table")
    json_option(parser)


def _affect(text: str) -> tuple[float, float]:
    values = [float(each) for each in text.split(",")]
    if len(values) != 2 or not all(-1 <= each <= 1 for each in values):
        raise argparse.ArgumentTypeError(f"{text} is no affect: write VALENCE,AROUSAL, each from -1 to 1")
    return values[0], values[1]


def recommend(parser: Parser) -> None:
    """Add the arguments of `evoke recommend`."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument("--ranker", default="hybrid", metavar="NAME", help="what ranks (default: hybrid)")
    parser.add_argument(
        "--target", type=_affect, metavar="V,A", help="valence and arousal from -1 to 1: --target=-0.5,-0.4"
    )
    parser.add_argument("--participant", default="", metavar="CODE", help="print a list for; new codes too")
    parser.add_argument("--count", type=int, default=5, metavar="N", help="clips (default: 5)")
    parser.add_argument("--minutes", type=float, default=0.0, metavar="M", help="in all (default: any)")
    parser.add_argument("--save", default="", metavar="NAME", help="keep the recommender for protocols")
    json_option(parser)


def live(parser: Parser) -> None:
    """Add the arguments of `evoke live`."""
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="trained recognizers, or runs")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--session", type=Path, metavar="SESSION.h5", help="replay a finished session")
    source.add_argument("--running", type=Path, metavar="STUDY", help="the session that runs in a study")
    source.add_argument("--lsl", nargs="+", metavar="NAME", help="LSL streams by name")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="of a replay; 0: at once")
    parser.add_argument("--hop", type=float, default=1.0, metavar="S", help="a decision every S (default: 1)")
    parser.add_argument("--window", type=float, default=0.0, metavar="S", help="default: as it was trained")
    parser.add_argument(
        "--memory", type=float, default=60.0, metavar="S", help="seconds that inputs know (default: 60)"
    )
    parser.add_argument("--baseline", type=float, default=0.0, metavar="S", help="collected before deciding")
    parser.add_argument(
        "--baseline-from", type=Path, metavar="SESSION.h5", help="a recording of the same person instead"
    )
    parser.add_argument("--publish", default="", metavar="NAME", help="answers as an LSL stream")
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S", help="stop by itself")
    parser.add_argument(
        "--compare", action="store_true", help="with --session: how far live is from the whole recording"
    )
    json_option(parser)
