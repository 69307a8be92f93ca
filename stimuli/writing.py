"""Writing a set: its manifest in one step, older ones kept beside it as `manifest-v001.csv` and so on."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stimuli.import_draft import Draft, measured
from stimuli.media import MediaError
from stimuli.problems import Problem
from stimuli.sets import (
    COLUMNS,
    MANIFEST,
    Stimulus,
    StimulusError,
    StimulusSet,
    bundled_sets,
    digest_of,
    is_file,
    parse_set,
)

VERSIONS = re.compile(r"manifest-v(\d{3,})\.csv")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A set that was written: its folder, how many stimuli, what was left out, where the old manifest is."""

    folder: Path
    stimuli: int
    skipped: tuple[Problem, ...]
    old: Path | None


def manifest_text(items: Iterable[Stimulus], folder: Path) -> str:
    """Return the manifest of `items`, whose files lie in `folder`; raises ValueError for one outside."""
    known = list(items)
    scales = list(dict.fromkeys(score.scale for item in known for score in item.scores))
    more = [f"{scale}_{part}" for scale in scales for part in ("mean", "sd", "n")]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*COLUMNS, *more])
    for item in known:
        cells = [_cell(item, name, folder) for name in COLUMNS]
        scores = {score.scale: score for score in item.scores}
        for scale in scales:
            score = scores.get(scale)
            cells += [_shown(getattr(score, part, None)) for part in ("mean", "sd", "n")]
        rows.writerow(cells)
    return text.getvalue()


def _cell(item: Stimulus, name: str, folder: Path) -> str:
    if name == "file":
        return item.path.relative_to(folder).as_posix()
    if name == "provisional":
        return "true" if item.provisional else ""
    return _shown(getattr(item, name))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 6):.10g}"
    return "" if value is None else str(value)


def write_manifest(folder: Path, items: Iterable[Stimulus]) -> Path | None:
    """Write the manifest of `folder` in one step; an older one is kept, and its new place returned.

    What was written is read back first. Raises StimulusError where it cannot be written or read.
    """
    text = manifest_text(items, folder)
    parse_set(folder, text)
    temporary = folder / f".{MANIFEST}.new"
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        old = _keep(folder)
        temporary.replace(folder / MANIFEST)
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(
            str(folder / MANIFEST), None, f"cannot be written: {reason}.", "Nothing was changed."
        )
        raise StimulusError([problem]) from error
    return old


def write_copy(stimuli: StimulusSet, items: Iterable[Stimulus], folder: Path) -> None:
    """Write `items` of a set as a set of its own in `folder`, files copied; raises StimulusError."""
    known = list(items)
    if is_file(folder / MANIFEST):
        message = "there is a set in this folder already."
        raise StimulusError([Problem(str(folder / MANIFEST), None, message, "Choose another folder.")])
    places = {item.id: folder / item.path.relative_to(stimuli.folder) for item in known}
    try:
        for item in known:
            places[item.id].parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(item.path, places[item.id])
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(str(folder), None, f"a file cannot be copied: {reason}.", "Mend it and try again.")
        raise StimulusError([problem]) from error
    write_manifest(folder, [replace(item, path=places[item.id]) for item in known])


def is_bundled(stimuli: StimulusSet) -> bool:
    """Whether a set came with the program, and is therefore never written to."""
    return stimuli.folder.resolve() in {folder.resolve() for folder in bundled_sets().values()}


def _keep(folder: Path) -> Path | None:
    now = folder / MANIFEST
    if not now.exists():
        return None
    numbers = [int(found[1]) for path in folder.iterdir() if (found := VERSIONS.fullmatch(path.name))]
    kept = folder / f"manifest-v{max(numbers, default=0) + 1:03d}.csv"
    shutil.copy2(now, kept)
    return kept


def write_draft(
    draft: Draft,
    folder: Path,
    *,
    copy: bool = False,
    skip_bad: bool = False,
    again: bool = False,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Write a draft as the set in `folder`: nothing at all unless every row is good or `skip_bad`.

    Files must lie in `folder`, or are copied there with `copy`. A set that is there already is replaced only
    with `again`, and its manifest kept. Raises StimulusError with every problem, and what `progress` raises.
    """
    place = str(folder / MANIFEST)
    if is_file(folder / MANIFEST) and not again:
        message = "there is a set in this folder already."
        remedy = "Choose another folder, or ask for it to be replaced (its manifest is kept)."
        raise StimulusError([Problem(place, None, message, remedy)])
    problems = list(draft.problems)
    good: list[Stimulus] = []
    for number, item in enumerate(draft.items):
        progress(number, len(draft.items))
        try:
            good.append(_placed(measured(item), folder, copy))
        except (MediaError, OSError, ValueError) as error:
            problems.append(_unusable(draft, item, error))
    if problems and not skip_bad:
        raise StimulusError(problems)
    if not good:
        message = "there is nothing to import."
        raise StimulusError([*problems, Problem(draft.table, None, message, "Check table and folder.")])
    if copy:
        _copy_all(draft, good, folder, progress)
    progress(len(draft.items), len(draft.items))
    return Written(folder, len(good), tuple(problems), write_manifest(folder, good))


def _placed(item: Stimulus, folder: Path, copy: bool) -> Stimulus:
    """Return the stimulus with the place its file will have; raises MediaError for one outside."""
    if copy:
        return replace(item, path=folder / item.path.name)
    if not item.path.is_relative_to(folder):
        raise MediaError("it lies outside of the set's folder; have it copied, or write the set beside it")
    return item


def _unusable(draft: Draft, item: Stimulus, error: Exception) -> Problem:
    said = getattr(error, "strerror", None) or str(error)
    remedy = "Replace the file or leave it out."
    return Problem(draft.table, draft.lines.get(item.id), f"{item.id}: {item.path.name}: {said}.", remedy)


def _copy_all(draft: Draft, good: Sequence[Stimulus], folder: Path, progress: Progress) -> None:
    sources = {item.id: item.path for item in draft.items}
    taken: dict[Path, str] = {}
    problems = []
    for item in good:
        other = taken.setdefault(item.path, item.id)
        is_other_file = item.path.exists() and digest_of(item.path) != item.sha256
        if other != item.id or is_other_file:
            message = f"{item.id}: another file called {item.path.name} is in the set's folder."
            problems.append(Problem(str(folder), None, message, "Rename the file."))
    if problems:
        raise StimulusError(problems)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, item in enumerate(good):
            progress(number, len(good))
            if not item.path.exists():
                partial = item.path.with_name(f".{item.path.name}.new")
                shutil.copyfile(sources[item.id], partial)
                partial.replace(item.path)
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(str(folder), None, f"a file cannot be copied: {reason}.", "Mend it and try again.")
        raise StimulusError([problem]) from error
