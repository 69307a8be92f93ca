"""The schemes of a study, the bundled ones, and how new versions come about.

A scheme's file never changes, colours aside: what was labelled by it stays readable as it was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import resources
from analysis.labels import scheme_parsing
from analysis.labels.scheme import Scheme
from analysis.labels.scheme_json import changed, to_file_text, with_checksum
from analysis.labels.scheme_parsing import SchemeFileError
from app.settings import write_atomically
from app.study import Study
from app.study_files import exclusively, writing
from stimuli.problems import EvokeError

FOLDER = "annotations/schemes"
_ID = re.compile(r"([a-z0-9][a-z0-9-]{0,39})(?:@(\d+))?")


class SchemeError(EvokeError):
    """A scheme cannot be found, read or added; the text is the one clear message."""


def parse_scheme(text: str, source: str) -> Scheme:
    """Return the scheme in a JSON text; raises SchemeError with every problem, each with its place."""
    try:
        return scheme_parsing.parse_scheme(text, source)
    except SchemeFileError as error:
        raise SchemeError(str(error)) from error


def read_scheme(path: Path) -> Scheme:
    """Return the scheme in a file; raises SchemeError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SchemeError(f"{path}: cannot be read ({reason}).") from error
    return parse_scheme(text, path.name)


@cache
def bundled() -> tuple[Scheme, ...]:
    """Return the schemes that come with Evoke."""
    return tuple(read_scheme(path) for path in sorted(resources.path("annotation/schemes").glob("*.json")))


def schemes(study: Study) -> tuple[Scheme, ...]:
    """Return the schemes that a study has, every version, by name and version; raises SchemeError."""
    return tuple(sorted((read_scheme(path) for path in _files(study)), key=lambda s: (s.name, s.version)))


def problems(study: Study) -> list[str]:
    """Return what is wrong with the files of schemes of a study."""
    found = []
    for path in _files(study):
        try:
            scheme = read_scheme(path)
        except SchemeError as error:
            found.append(str(error))
            continue
        if path.stem != scheme.id:
            found.append(f"{path.name}: holds the scheme {scheme.id}. Name the file {scheme.id}.json.")
    return found


def _files(study: Study) -> Iterator[Path]:
    yield from sorted((study.folder / FOLDER).glob("*.json"))


def scheme_of(study: Study, name: str) -> Scheme:
    """Return a scheme by `name@version`, or the newest version of `name`; the study's before the bundled.

    Raises SchemeError with a suggestion where there is none.
    """
    match = _ID.fullmatch(name)
    if match is None:
        raise SchemeError(f"'{name}' is no name of a scheme. Write it as 'sam' or 'sam@1'.")
    wanted, version = match[1], int(match[2] or 0)
    own = [scheme for scheme in schemes(study) if scheme.name == wanted]
    ours = [scheme for scheme in bundled() if scheme.name == wanted]
    if version:
        for scheme in (*own, *ours):
            if scheme.version == version:
                return scheme
    elif own or ours:
        return max(own or ours, key=lambda scheme: scheme.version)
    known = sorted({scheme.id for scheme in (*schemes(study), *bundled())})
    near = [scheme.id for scheme in (*own, *ours)] or get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"Did you mean '{near[-1]}'?" if near else f"There are: {', '.join(known)}."
    raise SchemeError(f"There is no scheme '{name}'. {hint}")


def add_scheme(study: Study, scheme: Scheme) -> Scheme:
    """Give a study a scheme, as the next version where it differs from the last one; return what it has.

    One that differs in colours alone is the same version, whose file gets the new colours. Raises
    SchemeError, StudyError.
    """
    checked = parse_scheme(to_file_text(scheme), f"{scheme.id}.json")
    with writing(study.folder), exclusively(study.folder):
        own = [known for known in schemes(study) if known.name == checked.name]
        base = [known for known in bundled() if known.name == checked.name]
        for known in (*own, *base):
            if known.version == checked.version and not changed(known, checked):
                return _write(study, checked)
        if own and not changed(own[-1], checked):
            return _write(study, with_checksum(replace(checked, version=own[-1].version)))
        last = max((known.version for known in (*own, *base)), default=0)
        version = checked.version if checked.version > last else last + 1
        return _write(study, with_checksum(replace(checked, version=version)))


def _write(study: Study, scheme: Scheme) -> Scheme:
    folder = study.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path, text = folder / f"{scheme.id}.json", to_file_text(scheme)
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_atomically(path, text)
    return scheme
