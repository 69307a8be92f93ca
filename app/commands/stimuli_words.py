"""The words of `evoke stimuli`; standard library only, as the command line needs them at every start."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command and their options."""
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    add = words.add_parser("import", help="make a set of a norms table, a folder of one's own, or clips")
    add.add_argument("source", choices=("iaps", "naps", "folder", "films"), help="what is imported")
    add.add_argument("files", type=Path, metavar="DIR", help="folder of the pictures, films or sounds")
    add.add_argument("--table", type=Path, metavar="FILE", help="norms or ratings (text, CSV, xlsx)")
    add.add_argument("--out", type=Path, metavar="SET", help="folder of the set (default: DIR itself)")
    add.add_argument("--copy", action="store_true", help="copy the files into SET")
    add.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="what is where")
    add.add_argument("--scale", nargs=2, type=float, default=(1, 9), metavar=("LOW", "HIGH"), help="its ends")
    for name in ("category", "licence", "attribution"):
        add.add_argument(f"--{name}", default="", metavar="TEXT", help="of rows that do not say it")
    add.add_argument("--skip-bad", action="store_true", help="leave out rows with problems")
    add.add_argument("--replace", action="store_true", help="a set that is there; its manifest is kept")
    _add_json(add)
    choose = words.add_parser("select", help="groups of equal size, alike in what is matched")
    choose.add_argument("set", metavar="SET", help="name or folder")
    choose.add_argument(
        "--group",
        action="append",
        required=True,
        metavar="NAME[:COND,...]",
        help="a category, or NAME:valence=6..9,kind=picture",
    )
    choose.add_argument("--n", type=int, required=True, metavar="N", help="of each group")
    choose.add_argument("--match", action="append", default=[], metavar="NAME=TOL", help="again for more")
    choose.add_argument("--spread", action="store_true", help="match the SDs too")
    choose.add_argument("--seed", type=int, default=0, metavar="N", help="another seed, another choice")
    _add_json(choose)
    both = words.add_parser("ends", help="the highest and the lowest of a scale, with a paired t test")
    both.add_argument("set", metavar="SET", help="name or folder")
    both.add_argument("--scale", required=True, metavar="NAME", help="such as attractiveness")
    both.add_argument("--k", type=int, default=5, metavar="N", help="from each end")
    both.add_argument("--among", default="", metavar="COND,...", help="such as expression=neutral")
    _add_json(both)
    norm = words.add_parser("norm", help="make a norming run in a study, or write its ratings back")
    norm.add_argument("set", metavar="SET", help="name or folder")
    norm.add_argument("--study", type=Path, required=True, metavar="DIR", help="folder of the study")
    norm.add_argument("--scale", action="append", metavar="NAME[:POINTS[:LOW:HIGH]]", help="again for more")
    norm.add_argument("--show", type=float, default=6.0, metavar="S", help="how long a picture is shown")
    norm.add_argument("--per-rater", type=int, metavar="N", help="how many each rater sees (default: 120)")
    norm.add_argument("--among", default="", metavar="COND,...", help="only these, such as kind=picture")
    norm.add_argument("--write-back", action="store_true", help="the ratings of finished sessions")
    norm.add_argument("--out", type=Path, metavar="SET", help="with --write-back: a copy of the set")
    norm.add_argument("--protocol", default="", metavar="NAME", help="whose sessions (default: the run's)")
    norm.add_argument("--min-raters", type=int, default=1, metavar="N", help="fewer leave a rating as it was")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
