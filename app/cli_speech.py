"""Arguments of `evoke embeddings`; standard library only, as in `app.cli`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli_people import json_option

Parser = argparse.ArgumentParser

KINDS = ("ivector", "tdnn", "resnet")
FRAMES = ("mfcc", "plp", "fbank")


def _change(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found):
        raise argparse.ArgumentTypeError(f"{text} is no setting: write NAME=VALUE")
    return name, value


def embeddings(parser: Parser) -> None:
    """Add the arguments of `evoke embeddings`."""
    steps = parser.add_subparsers(dest="what", required=True, metavar="train|show|add|list")
    train = steps.add_parser("train", help="train an extractor on FOLDER/SPEAKER/*.wav")
    train.add_argument("folder", type=Path, metavar="FOLDER", help="a sub-folder of wav files a speaker")
    train.add_argument("--kind", choices=KINDS, required=True, help="what is trained")
    train.add_argument("--feature", choices=FRAMES, default="mfcc", help="frames (default: mfcc)")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for it")
    train.add_argument("--language", default="", metavar="TEXT", help="language that is spoken, such as zh")
    train.add_argument("--domain", default="", metavar="TEXT", help="where the speech is from, such as radio")
    train.add_argument(
        "--held-out", type=float, default=0.2, metavar="SHARE", help="for verification (default: 0.2)"
    )
    train.add_argument(
        "--speakers-apart", action="store_true", help="hold out whole speakers, not their utterances"
    )
    train.add_argument(
        "--set", dest="changes", type=_change, action="append", default=[], metavar="NAME=VALUE",
        help="a setting, such as epochs=5, dimension=64, components=32, loss=am; again for more",
    )  # fmt: skip
    train.add_argument("--seed", type=int, default=1, metavar="N", help="of the training (default: 1)")
    train.add_argument("--shelve", default="", metavar="NAME", help="also put it on the shelf by this name")
    json_option(train)
    show = steps.add_parser("show", help="what an extractor is, and how well it tells speakers apart")
    show.add_argument("file", metavar="FILE", help="its folder, or its name on the shelf")
    json_option(show)
    add = steps.add_parser("add", help="put an extractor, or ready vectors, on the shelf: studies name it")
    add.add_argument(
        "file", type=Path, metavar="FILE", help="an extractor's folder, or vectors as CSV or npz"
    )
    add.add_argument("--name", default="", help="of the extractor (default: its folder's)")
    json_option(add)
    listed = steps.add_parser("list", help="what is on the shelf")
    json_option(listed)
