"""`evoke reproduce`: an open data set or a paper, from files to figures, beside baselines and controls."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from analysis.evaluation.runner import Heard
from analysis.literature.paper import paper
from analysis.reproduce.attempt import reproduction
from app.analysing.literature.reproducing import MAKERS, Order, make
from app.analysing.literature.reproducing import words as table_words
from app.analysing.reproducing import reproduce as evaluate_all
from app.analysing.reproducing import to_json, words
from app.commands.importing_sets import import_set
from app.study import Study
from app.study_files import StudyError


def reproduce(options: argparse.Namespace) -> int:
    """Import a data set, evaluate what was fixed for it, and print the figures; or make a paper's tables."""
    if options.what in MAKERS:
        return _paper(options)
    if options.source is None:
        raise StudyError(f"evoke reproduce {options.what} needs the folder of its files: add SRC.")
    what = reproduction(options.what)
    with _study(options) as study:
        if not study.sessions():
            _say(f"importing {options.source}")
            with _quiet():
                status = import_set(study, options.what, options.source, True)
            if status:
                raise StudyError(f"{options.source}: not everything could be imported. See the lines above.")
        lines = evaluate_all(study, what, workers=options.workers, said=_say, heard=_heard)
        told = to_json(what, lines)
        print(json.dumps(told, ensure_ascii=False) if options.json else "\n".join(words(told, lines)))
        if options.out is not None and not options.json:
            print(f"\nstudy and runs: {study.folder}")
    return 0


def _paper(options: argparse.Namespace) -> int:
    with _study(options) as study:
        order = Order(study, options.source, options.workers, options.seed, options.quick, said=_say)
        keep_in = study if options.study is None else Study.open(options.study)
        made = make(options.what, order, keep_in)
        if options.json:
            print(json.dumps([asdict(table) for table in made.tables], ensure_ascii=False))
            return 0
        print("\n".join(table_words(paper(options.what), made.tables)))
        if options.out is not None:
            print(f"\nkept in {study.folder}")
    return 0


@contextlib.contextmanager
def _study(options: argparse.Namespace) -> Iterator[Study]:
    """Give the study in --out, made if there is none, or one that is gone afterwards."""
    if options.out is not None:
        yield _opened(options.out, options.what)
        return
    with tempfile.TemporaryDirectory(prefix="evoke-reproduce-") as folder:
        yield _opened(Path(folder) / options.what, options.what)


def _opened(folder: Path, name: str) -> Study:
    if (folder / "study.yaml").is_file():
        return Study.open(folder)
    return Study.create(folder, name, "people", protocol="")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the import tells to itself: of 400 utterances nobody wants a line each."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _heard(heard: Heard) -> None:
    left = "" if heard.seconds_left is None else f", about {heard.seconds_left:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r  {heard.what} {heard.done} of {heard.of}{left}   ", end="", file=sys.stderr, flush=True)
        if heard.done == heard.of:
            print(file=sys.stderr)
