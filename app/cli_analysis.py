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
)


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
    parser.add_argument("--dry", action="store_true", help="folds, guards and cost only; nothing is trained")
    parser.add_argument(
        "--save", action="store_true", help="also train on all cases: the recognizer to use lies in the run"
    )
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
    parser.add_argument("data", choices=("stress-predict", "emodb"), help="an open data set")
    parser.add_argument("source", type=Path, metavar="SRC", help="folder of its files")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep study and runs there")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: cores)")
    json_option(parser)


def therapy(parser: Parser) -> None:
    """Add the arguments of `evoke therapy`."""
    parser.add_argument("run", type=Path, metavar="MODEL", help="a trained recognizer")
    parser.add_argument("sessions", type=Path, nargs="+", metavar="SESSION", help="one for each participant")
    parser.add_argument("--minutes", type=float, default=15.0, metavar="M", help="at each end (default: 15)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="figure and table")
    json_option(parser)
