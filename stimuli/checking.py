"""Everything that can be wrong with a set, beyond a manifest that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stimuli.media import Look, MediaError, look, probe
from stimuli.problems import Problem, ProblemsError
from stimuli.sets import MANIFEST, Stimulus, StimulusSet, digest_of
from stimuli.yamlfile import did_you_mean, read_file

Code = Literal[
    "missing", "altered", "unreadable", "size", "duration", "licence", "duplicate", "alike", "needed"
]
WORDS: Mapping[Code, str] = {
    "missing": "file missing",
    "altered": "file altered",
    "unreadable": "cannot be read",
    "size": "wrong size",
    "duration": "no duration",
    "licence": "no licence",
    "duplicate": "same file twice",
    "alike": "looks alike",
    "needed": "needed by a protocol",
}
NOTES: tuple[Code, ...] = ("alike",)
"""Findings that may be as they should be: told, and no problem."""

NO_LICENCE = ("", "?", "-", "unknown", "none", "n/a", "not stated")
ALIKE_RMS = 2.5
"""Two pictures whose 32 x 32 grey copies differ by less (of 255) look alike."""

LENGTH_TOLERANCE_S = 0.25
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with stimulus `id`; `other` is the one that it repeats."""

    code: Code
    id: str
    problem: Problem
    other: str = ""


@dataclass(frozen=True)
class Inspection:
    """What was found, in the manifest's order, and how the pictures look."""

    findings: tuple[Finding, ...]
    looks: Mapping[str, Look] = field(repr=False)

    @property
    def problems(self) -> list[Problem]:
        """The findings that are problems."""
        return [finding.problem for finding in self.findings if finding.code not in NOTES]

    @property
    def notes(self) -> list[Problem]:
        """The findings that may be meant."""
        return [finding.problem for finding in self.findings if finding.code in NOTES]

    def measured(self) -> dict[str, dict[str, float]]:
        """Return each picture's luminance and contrast, for `stimuli.selection`."""
        return {
            key: {"luminance": each.luminance, "contrast": each.contrast} for key, each in self.looks.items()
        }


def inspect(
    stimuli: StimulusSet, progress: Progress = lambda done, total: None, *, decode: bool = True
) -> Inspection:
    """Look at every file of a set; `decode` also reads the pictures through and compares them."""
    found: list[Finding] = []
    looks: dict[str, Look] = {}
    digests: dict[str, str] = {}
    for number, item in enumerate(stimuli.items.values()):
        progress(number, len(stimuli.items))
        found += _stated(stimuli, item)
        first = digests.setdefault(item.sha256, item.id)
        if first != item.id:
            message = f"{item.id}: has the same content as {first}."
            found.append(_finding("duplicate", stimuli, item, message, "Remove one of them.", first))
        found += _of_file(stimuli, item, looks, decode)
    found += _alike(stimuli, looks)
    progress(len(stimuli.items), len(stimuli.items))
    places = {key: place for place, key in enumerate(stimuli.items)}
    return Inspection(tuple(sorted(found, key=lambda finding: places[finding.id])), looks)


def _finding(
    code: Code, stimuli: StimulusSet, item: Stimulus, message: str, remedy: str, other: str = ""
) -> Finding:
    manifest = str(stimuli.folder / MANIFEST)
    return Finding(code, item.id, Problem(manifest, stimuli.lines[item.id], message, remedy), other)


def _stated(stimuli: StimulusSet, item: Stimulus) -> Iterator[Finding]:
    if item.licence.strip().lower() in NO_LICENCE:
        message = f"{item.id}: no licence is stated."
        yield _finding(
            "licence", stimuli, item, message, "Write where it comes from and what may be done with it."
        )
    if item.kind != "picture" and item.duration_s is None:
        message = f"{item.id}: the {item.kind} has no duration."
        yield _finding("duration", stimuli, item, message, 'Fill in "duration_s", or import the set again.')


def _of_file(stimuli: StimulusSet, item: Stimulus, looks: dict[str, Look], decode: bool) -> Iterator[Finding]:
    name = item.path.name
    original = "Put the original file back, or remove the row."
    try:
        if digest_of(item.path) != item.sha256:
            yield _finding("altered", stimuli, item, f"{item.id}: the file {name} was altered.", original)
        facts = probe(item.path)
        if decode and item.kind == "picture":
            looks[item.id] = look(item.path)
    except FileNotFoundError:
        yield _finding("missing", stimuli, item, f"{item.id}: the file {name} is missing.", original)
        return
    except (MediaError, OSError, ValueError, MemoryError) as error:
        said = getattr(error, "strerror", None) or str(error)
        message = f"{item.id}: the file {name} cannot be read: {said}."
        yield _finding("unreadable", stimuli, item, message, original)
        return
    real, stated = (facts.width_px, facts.height_px), (item.width_px, item.height_px)
    if item.kind != "sound" and any(a not in (None, b) for a, b in zip(stated, real, strict=True)):
        shown = " x ".join("?" if side is None else str(side) for side in stated)
        message = f"{item.id}: {name} has {real[0]} x {real[1]} pixels, and the manifest says {shown}."
        yield _finding("size", stimuli, item, message, "Correct the manifest, or scale the file.")
    if item.duration_s is not None and facts.duration_s is not None:
        apart_s = abs(item.duration_s - facts.duration_s)
        if apart_s > max(LENGTH_TOLERANCE_S, 0.01 * facts.duration_s):
            real_s, stated_s = f"{facts.duration_s:.1f} s", f"{item.duration_s:g} s"
            message = f"{item.id}: {name} lasts {real_s}, and the manifest says {stated_s}."
            yield _finding("duration", stimuli, item, message, "Correct the manifest.")


def _alike(stimuli: StimulusSet, looks: Mapping[str, Look]) -> Iterator[Finding]:
    keys = list(looks)
    if len(keys) < 2:
        return
    thumbs: NDArray[np.float32] = np.array([looks[key].thumb.ravel() for key in keys], np.float32)
    squares = (thumbs**2).sum(1)
    for place in range(1, len(keys)):
        apart = squares[:place] + squares[place] - 2 * (thumbs[:place] @ thumbs[place])
        nearest = int(np.argmin(apart))
        one, other = stimuli.items[keys[place]], stimuli.items[keys[nearest]]
        rms = float(np.sqrt(max(0.0, float(apart[nearest])) / thumbs.shape[1]))
        # Two expressions of one face are meant to be alike.
        one_face = one.model and one.model == other.model and one.expression != other.expression
        if rms < ALIKE_RMS and one.sha256 != other.sha256 and not one_face:
            message = f"{one.id}: looks like {other.id}."
            remedy = "Keep both only if they are meant to be two."
            yield _finding("alike", stimuli, one, message, remedy, other.id)


def needed_ids(protocol: Path) -> tuple[str, dict[str, int]]:
    """Return the set that a protocol file names, and the ids it needs with their lines.

    Categories, the paper's originals and fixed stimuli of stages count. ("", {}) for what is no protocol.
    """
    try:
        source = read_file(protocol)
    except ProblemsError:
        return "", {}
    ids: dict[str, int] = {}

    def visit(value: Any, loc: tuple[str | int, ...]) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                visit(inner, (*loc, key))
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                visit(inner, (*loc, place))
        elif isinstance(value, str) and _names_stimulus(loc) and "{" not in value:
            ids.setdefault(value, source.line(loc))

    visit(source.values, ())
    return str(source.at(("stimuli", "set")) or ""), ids


def _names_stimulus(loc: tuple[str | int, ...]) -> bool:
    if loc[:2] == ("stimuli", "categories"):
        return len(loc) > 3 and loc[3] == "ids"
    if loc[:2] == ("stimuli", "originals"):
        return True
    return bool(loc) and loc[-1] in ("stimulus", "picture")


def missing_ids(stimuli: StimulusSet, protocol: Path) -> list[Problem]:
    """Return the ids that a protocol file needs and the set does not have."""
    _, ids = needed_ids(protocol)
    return [
        Problem(
            str(protocol), line, f'the set "{stimuli.name}" has no "{key}".', did_you_mean(key, stimuli.items)
        )
        for key, line in ids.items()
        if key not in stimuli.items
    ]
