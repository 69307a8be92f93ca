"""Arguments of the commands about a study's people; standard library only, as in `app.cli`."""

from __future__ import annotations

import argparse
from pathlib import Path

Parser = argparse.ArgumentParser


def json_option(parser: Parser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def consent_answers(parser: Parser) -> None:
    """Add what a participant may refuse and agree to."""
    parser.add_argument(
        "--refuse",
        action="append",
        default=[],
        metavar="STREAMS",
        help="not agreed to, with commas: camera, voice, typed-text, body",
    )
    parser.add_argument(
        "--uses",
        action="append",
        default=[],
        metavar="USES",
        help="agreed to, with commas: study, lab, open-data, teaching (default: all)",
    )
    parser.add_argument("--by", default="", metavar="WHO", help="who confirms it (initials)")


def _study_and_participant(parser: Parser, needs_one: bool = False) -> None:
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument("--participant", default="", required=needs_one, metavar="ID", help="code")


def participants(parser: Parser) -> None:
    """Add the arguments of `evoke participants`."""
    _study_and_participant(parser)
    parser.add_argument("--group", metavar="NAME", help="the group")
    parser.add_argument("--language", metavar="CODE", help="language of the texts")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a field of the study; again for more",
    )
    parser.add_argument("--exclude", default="", metavar="REASON", help="leave out of every export")
    parser.add_argument("--include", action="store_true", help="take the exclusion back")
    parser.add_argument("--by", default="", metavar="WHO", help="who says so (initials)")
    json_option(parser)


def consent(parser: Parser) -> None:
    """Add the arguments of `evoke consent`."""
    _study_and_participant(parser, needs_one=True)
    parser.add_argument("--protocol", default="", metavar="NAME", help="(default: the study's)")
    parser.add_argument("--give", action="store_true", help="note a consent (else: tell what is noted)")
    parser.add_argument("--language", default="", metavar="CODE", help="in which it was given")
    consent_answers(parser)
    json_option(parser)


def amend(parser: Parser) -> None:
    """Add the arguments of `evoke amend`."""
    _study_and_participant(parser)
    parser.add_argument("--session", default="", metavar="FILE", help="one session: its file or uuid")
    parser.add_argument("--code", default="", metavar="ID", help="whose it is in truth")
    parser.add_argument(
        "--channels", nargs="+", default=[], metavar="OLD=NEW", help="swapped electrodes: C3=C4 C4=C3"
    )
    parser.add_argument("--stream", default="eeg", metavar="ID", help="of --channels (default: eeg)")
    parser.add_argument(
        "--field", default="", metavar="NAME=VALUE", help="a field of the study, such as age=31"
    )
    parser.add_argument("--group", default="", metavar="NAME", help="the true group")
    parser.add_argument("--note", default="", metavar="TEXT", help="anything else")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why")
    parser.add_argument("--by", default="", metavar="WHO", help="who says so (default: your account's name)")
    json_option(parser)


def withdraw(parser: Parser) -> None:
    """Add the arguments of `evoke withdraw`."""
    _study_and_participant(parser)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="KINDS",
        help="with commas: camera, microphone, typed-text, body (default: everything)",
    )
    parser.add_argument("--yes", action="store_true", help="erase it; without, it is only shown")
    json_option(parser)


def protocol(parser: Parser) -> None:
    """Add the arguments of `evoke protocol`."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="folder of the study")
    parser.add_argument("--protocol", default="", metavar="NAME", help="(default: the study's)")
    parser.add_argument("--new-version", action="store_true", help="make the changed file a new version")
    parser.add_argument(
        "--restore", action="store_true", help="write the text that people were recorded with into the study"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why it was changed")
    parser.add_argument("--by", default="", metavar="WHO", help="who says so (default: your account's name)")
    json_option(parser)
