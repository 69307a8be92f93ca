"""`evoke embeddings`: extractors of who speaks, trained, shown, and put where studies find them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from analysis.speakers.extractor import Extractor, load_extractor
from analysis.speakers.folder import read_utterances
from analysis.speakers.settings import Making, SpeakersError, making_of
from analysis.speakers.shelf import (
    Shelved,
    found_at,
    place_on_shelf,
    place_vectors,
    shelved,
    shelved_vectors,
    told,
)
from analysis.speakers.training import About, train_extractor
from stimuli.problems import EvokeError

OPTIONS = ("kind", "feature", "seed")
"""Settings of an extractor that have an option of their own."""


class EmbeddingsError(EvokeError):
    """An extractor cannot be trained, read or kept; the text is the one clear message."""


def embeddings(options: argparse.Namespace) -> int:
    """Do one step; returns 0."""
    try:
        {"train": _train, "show": _show, "add": _add, "list": _list}[options.what](options)
    except SpeakersError as error:
        raise EmbeddingsError(str(error)) from error
    return 0


def _train(options: argparse.Namespace) -> None:
    if options.out.exists():
        raise EmbeddingsError(f"{options.out}: is there already. An extractor gets a new folder.")
    if not 0 <= options.held_out < 1:
        raise EmbeddingsError(f"--held-out {options.held_out:g}: give a share from 0 to below 1.")
    making = making_of(options.kind, options.feature, seed=options.seed, **_changes(options.changes))
    about = About(options.language, options.domain, options.held_out, options.speakers_apart)
    utterances = read_utterances(options.folder, making.feature, _reading)
    found = train_extractor(utterances, making, about, _training)
    found.save(options.out)
    if options.shelve:
        place_on_shelf(options.out, options.shelve)
    _tell(options.out, options.json)


def _changes(given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    kinds: Mapping[str, Any] = {each.name: type(each.default) for each in fields(Making)}
    found: dict[str, Any] = {}
    for name, text in given:
        if name in OPTIONS:
            raise EmbeddingsError(f"--set {name}={text}: give --{name} {text} instead.")
        try:
            found[name] = kinds.get(name, str)(text)
        except ValueError as error:
            raise EmbeddingsError(f"--set {name}={text}: a number is meant.") from error
    return found


def _show(options: argparse.Namespace) -> None:
    _tell(found_at(options.file), options.json)


def _tell(folder: Path, as_json: bool) -> None:
    held, known = load_extractor(folder), told(folder)
    if as_json:
        values = {
            "path": str(folder.absolute()),
            "sha256": known.sha256,
            "making": held.making.to_json(),
            "language": held.language,
            "domain": held.domain,
            "speakers": held.speakers,
            "utterances": held.utterances,
            "hours": held.hours,
            "verification": held.verification.to_json(),
            "notes": list(held.notes),
        }
        print(json.dumps(values, ensure_ascii=False))
        return
    print("\n".join(_lines(folder, held, known)))


def _lines(folder: Path, held: Extractor, known: Shelved) -> list[str]:
    return [
        f"{folder.name}: {held.making.short}, {known.words}",
        f"  SHA-256 {known.sha256}",
        *(f"  {note}" for note in held.notes),
        "  settings: "
        + ", ".join(f"{name} {value}" for name, value in held.making.to_json().items() if name != "kind"),
    ]


def _add(options: argparse.Namespace) -> None:
    if options.file.is_file():
        placed = place_vectors(options.file)
    else:
        placed = place_on_shelf(options.file, options.name)
    print(json.dumps({"name": placed.name}) if options.json else f"{placed.name}: on the shelf")


def _list(options: argparse.Namespace) -> None:
    found, problems = shelved()
    files = shelved_vectors()
    if options.json:
        told_all = {"extractors": [asdict(each) for each in found], "vectors": files, "problems": problems}
        print(json.dumps(told_all, ensure_ascii=False))
        return
    lines = [f"{each.name}  {each.sha256[:8]}  {each.words}" for each in found]
    print("\n".join([*lines, *(f"{name}  ready vectors" for name in files), *problems]) or "Nothing yet.")


def _reading(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r  reading {done} of {of}   ", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _training(done: int, of: int, words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r  {words}, {done} of {of}   ", end="\n" if done == of else "", file=sys.stderr, flush=True)
