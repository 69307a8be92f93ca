"""Arguments of the commands about labels; standard library only, as in `app.cli`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli_people import json_option

Parser = argparse.ArgumentParser


def _percent(text: str) -> float:
    share = float(text.removesuffix("%"))
    if not 0 <= share <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no share in per cent")
    return share / 100


def _margin(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 600:
        raise argparse.ArgumentTypeError(f"{text} is no margin in seconds (0 to 600)")
    return seconds


def _study(parser: Parser) -> None:
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")


def plan(parser: Parser) -> None:
    """Add the arguments of `evoke plan`."""
    _study(parser)
    parser.add_argument("--scheme", default="", metavar="NAME", help="scheme to label by, such as sam@1")
    parser.add_argument("--annotators", default="", metavar="A,B", help="their codes, with commas")
    parser.add_argument(
        "--overlap",
        type=_percent,
        metavar="PERCENT",
        help="share of the trials that everybody labels (default: 20)",
    )
    parser.add_argument(
        "--repeats",
        type=_percent,
        metavar="PERCENT",
        help="share of each one's trials that come again, far behind (default: 5)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="for order and codes (default: 1)")
    parser.add_argument("--name", default="", metavar="NAME", help="of the plan (default: the scheme's)")
    parser.add_argument(
        "--before", type=_margin, metavar="S", help="seconds shown before the stimulus (default: 1)"
    )
    parser.add_argument(
        "--after",
        type=_margin,
        metavar="S",
        help="seconds shown behind the stimulus, as far as its trial goes (default: 3)",
    )
    parser.add_argument(
        "--hide", default="", metavar="FACTS", help="hidden beyond what the scheme hides, with commas"
    )
    parser.add_argument(
        "--grow",
        action="store_true",
        help="append new sessions (and annotators, or a newer version of the scheme) to the plan NAME",
    )
    parser.add_argument(
        "--move-on",
        default="",
        metavar="SCHEME",
        help="let the plan NAME go on by a newer version of its scheme, such as sam@2, with the same items",
    )
    parser.add_argument(
        "--hand-on",
        nargs=2,
        default=(),
        metavar=("FROM", "TO"),
        help="give all that FROM has not finished to TO",
    )
    parser.set_defaults(complain=_plan_problem)
    json_option(parser)


def _plan_problem(options: argparse.Namespace) -> str:
    steps = {"--grow": options.grow, "--hand-on": options.hand_on, "--move-on": options.move_on}
    given = [name for name, value in steps.items() if value]
    if len(given) > 1:
        return f"{given[0]} and {given[1]} are two steps: give one, then the other"
    changes = bool(given)
    rules = ("overlap", "repeats", "seed", "before", "after")
    named = [f"--{name}" for name in rules if getattr(options, name) is not None]
    named += ["--hide"] if options.hide else []
    if changes and named:
        return f"{named[0]} belongs to a plan when it is made and cannot be changed"
    if options.scheme and given in (["--hand-on"], ["--move-on"]):
        return f"--scheme has no place with {given[0]}"
    if bool(options.scheme) != bool(options.annotators) and not changes:
        return "a plan needs both --scheme and --annotators"
    if named and not options.scheme:
        return f"{named[0]} needs --scheme and --annotators"
    if options.annotators and given in (["--hand-on"], ["--move-on"]):
        return f"--annotators has no place with {given[0]}"
    return ""


def pack(parser: Parser) -> None:
    """Add the arguments of `evoke pack`."""
    _study(parser)
    parser.add_argument(
        "--for", dest="annotator", required=True, metavar="ANNOTATOR", help="code of the annotator"
    )
    parser.add_argument("--plan", default="", metavar="NAME", help="only this plan (default: all of hers)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR|FILE.zip", help="where it goes (default: STUDY-ANNOTATOR.zip here)"
    )
    json_option(parser)


def collect(parser: Parser) -> None:
    """Add the arguments of `evoke collect`."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="the annotator's package: folder or zip")
    parser.add_argument("--study", type=Path, required=True, metavar="DIR", help="folder of the study")
    json_option(parser)


def agreement(parser: Parser) -> None:
    """Add the arguments of `evoke agreement`."""
    _study(parser)
    parser.add_argument(
        "--scheme", required=True, metavar="NAME", help="scheme, such as sam (its newest version) or sam@1"
    )
    parser.add_argument(
        "--tier", default="", metavar="NAME", help="one tier, or one question as TIER.QUESTION (default: all)"
    )
    over = parser.add_mutually_exclusive_group()
    over.add_argument(
        "--trials",
        dest="over",
        action="store_const",
        const="trials",
        default="trials",
        help="intervals by resampling trials (default)",
    )
    over.add_argument(
        "--participants",
        dest="over",
        action="store_const",
        const="participants",
        help="intervals by resampling participants, all of their trials together",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="for the resampling (default: 0)")
    parser.add_argument("--blind", action="store_true", help="letters instead of the annotators' codes")
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="write all numbers as a table there too")
    json_option(parser)


def labels(parser: Parser) -> None:
    """Add the arguments of `evoke labels`."""
    _study(parser)
    parser.add_argument("--to", choices=("csv", "bids", "eaf", "nova"), help="write labels in this format")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for them")
    parser.add_argument(
        "--for",
        dest="use",
        default="study",
        choices=("study", "lab", "open-data", "teaching"),
        help="what for: participants who have not agreed to it are left out (default: study)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="bring in labels: .csv, _events.tsv, .eaf or .annotation",
    )
    parser.add_argument(
        "--scheme", default="", metavar="NAME", help="by which scheme, such as sam@1 (out: default all)"
    )
    parser.add_argument("--annotator", default="", metavar="CODE", help="whose they are (out: default all)")
    parser.add_argument("--model", default="", metavar="NAME", help="they are a model's, not a person's")
    parser.add_argument(
        "--recording", default="", metavar="NAME", help="what the file is about, where it does not say"
    )
    parser.set_defaults(complain=_labels_problem)
    json_option(parser)


def transcripts(parser: Parser) -> None:
    """Add the arguments of `evoke transcripts`."""
    _study(parser)
    parser.add_argument(
        "source",
        type=Path,
        nargs="?",
        metavar="FILE.csv",
        help="trial (counted from 0) and text, and recording, start_s, end_s where there are any; rows of a "
        "trial without times are one text; none: how far they go",
    )
    parser.add_argument("--recording", default="", metavar="NAME", help="only this one's, or whose they are")
    json_option(parser)


def _labels_problem(options: argparse.Namespace) -> str:
    if (options.to is None) == (options.source is None):
        return "say --to FORMAT --out DIR for labels out, or --from FILE --scheme NAME for labels in"
    if options.to is not None:
        if options.out is None:
            return "--to needs --out DIR"
        if options.model or options.recording:
            return "--model and --recording have no place with --to"
        return ""
    if not options.scheme:
        return "--from needs --scheme NAME"
    if bool(options.annotator) == bool(options.model):
        return "--from needs one of --annotator CODE and --model NAME"
    return "--out has no place with --from" if options.out is not None else ""
