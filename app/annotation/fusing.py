"""Fused labels: one log a recording, of an annotator of the kind `fused`, and the recipe beside it.

annotations/<recording>/fused-<recipe>/<scheme>.sqlite           the labels; fused again, they are changed
annotations/<recording>/fused-<recipe>/<scheme>.recipe.jsonl     one line each time: how, and out of what
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.agreement.fuse import (
    CLASS_WEIGHTS,
    LEAST_RATERS,
    NUMBER_WEIGHTS,
    Method,
    Recipe,
    class_weights,
    fuse_classes,
    fuse_numbers,
    fuse_segments,
    moved_by,
    weights_of,
)
from analysis.agreement.outcome import Floats
from analysis.agreement.spans import Span
from analysis.agreement.tables import Marks, Ratings, Traces, in_bins
from analysis.agreement.traces import GRID_HZ, lags
from analysis.labels.records import NS, LogHead
from analysis.labels.scheme import Tier
from app.annotation.agreeing import ANY_MARK, Gathered, Labels, UnitKey, gather, variables
from app.annotation.annotators import PREFIXES, add_annotator
from app.annotation.log import Log
from app.study_files import StudyError, append_line, lines_of, utc_now, writing

NAMES: Mapping[Method, str] = {"mean": "mean", "median": "median", "majority": "majority", "weighted": "ewe"}
SHORT = 12


class FusingError(StudyError):
    """Labels cannot be fused as they were asked to be."""


@dataclass(frozen=True, slots=True)
class Fused:
    """What came of fusing a tier: the annotator's code, a recipe for each variable, how much was written."""

    annotator: str
    recipes: tuple[tuple[str, Recipe], ...]
    sha256: str
    labels: int
    files: tuple[Path, ...]
    unchanged: int

    @property
    def words(self) -> str:
        """One line about it."""
        ties = sum(recipe.ties for _, recipe in self.recipes)
        few = sum(recipe.no_rating for _, recipe in self.recipes)
        told = [f"{self.labels} fused labels in {len(self.files)} logs of {self.annotator}"]
        told += [f"{self.unchanged} logs were as they are already"] if self.unchanged else []
        told += [f"{ties} ties without a label"] if ties else []
        told += [f"{few} with too few raters"] if few else []
        return "; ".join(told)


def methods_for(tier: Tier) -> tuple[Method, ...]:
    """Return how a tier can be fused; points cannot."""
    if tier.kind == "trial":
        return ("mean", "median", "majority", "weighted")
    if tier.kind == "segment":
        return ("majority", "weighted")
    return ("mean", "median", "weighted") if tier.kind != "point" else ()


def fuse_tier(
    labels: Labels,
    tier_name: str,
    method: Method,
    *,
    lag: bool = False,
    least: int = LEAST_RATERS,
    without: Sequence[str] = (),
) -> Fused:
    """Fuse what annotators said in a tier and write it; raises FusingError, LogError, StudyError.

    `lag`: traces are moved earlier by each rater's lag first. `without` are annotators who do not count.
    """
    tier = labels.scheme.tier(tier_name)
    if method not in methods_for(tier):
        known = ", ".join(methods_for(tier)) or "not at all"
        raise FusingError(f"Tier {tier.title!r} cannot be fused by {method}. It can be: {known}.")
    if least < 1:
        raise FusingError("A fused label needs at least one rater.")
    chosen = [variable for variable in variables(labels.scheme) if variable.tier == tier_name]
    gathered = [gather(labels, variable) for variable in chosen]
    # A question that too few have answered does not keep the others from being fused.
    enough = [each for each in gathered if len(set(each.table.raters) - set(without)) >= least]
    if not enough:
        most = max((len(set(each.table.raters) - set(without)) for each in gathered), default=0)
        raise FusingError(
            f"Tier {tier.title!r}: labelled by {most} of the chosen annotators; a fused label needs at least"
            f" {least}."
        )
    parts = [_fuse(each, method, lag, least, without, tier) for each in enough]
    annotator = f"{PREFIXES['fused']}{NAMES[method]}{'-lag' if lag and tier.kind.startswith('trace') else ''}"
    add_annotator(labels.study, annotator, "fused")
    whole = hashlib.sha256("\n".join(part.recipe.sha256 for part in parts).encode()).hexdigest()
    written, count, unchanged = [], 0, 0
    for stem in sorted({key[0] for part in parts for key in part.keys}):
        path = _path(labels, stem, annotator)
        line = _line(labels, stem, tier, whole, parts)
        if path.exists() and _last(path, tier_name).get("sha256") == line["sha256"]:
            unchanged += 1
            continue
        count += _write(labels, stem, annotator, tier, parts, f"{method}, recipe {whole[:SHORT]}")
        with writing(labels.study.folder):
            append_line(_recipe_path(path), line)
        written.append(path)
    recipes = tuple((part.gathered.variable.id, part.recipe) for part in parts)
    return Fused(annotator, recipes, whole, count, tuple(written), unchanged)


@dataclass(frozen=True, slots=True)
class _Part:
    """One variable fused: by unit a number, a label's id, spans, or a trace on the grid; None: no label."""

    gathered: Gathered
    recipe: Recipe
    found: Mapping[UnitKey, Any]

    @property
    def keys(self) -> tuple[UnitKey, ...]:
        return self.gathered.keys


def _fuse(
    gathered: Gathered, method: Method, lag: bool, least: int, without: Sequence[str], tier: Tier
) -> _Part:
    table = gathered.table
    keep = [place for place, rater in enumerate(table.raters) if rater not in without]
    raters = tuple(table.raters[place] for place in keep)
    weights: tuple[float, ...] = tuple(1.0 for _ in raters)
    moved_s: tuple[float, ...] = tuple(0.0 for _ in raters)
    measured_s: tuple[float | None, ...] = ()
    ties = 0
    values: list[Any]
    if isinstance(table, Ratings):
        answers = table.values[:, keep]
        is_class = table.level == "nominal"
        if method == "weighted":
            weights = class_weights(answers) if is_class else weights_of([answers])
        if is_class or method == "majority":
            fused, ties = fuse_classes(answers, weights, least)
        else:
            fused = fuse_numbers(answers, method, weights, least)
        values = [_answer(value, gathered, tier) for value in fused]
    elif isinstance(table, Marks):
        marked = [tuple(row[place] for place in keep) for row in table.marked]
        if method == "weighted":
            weights = class_weights(in_bins(table).values[:, keep])
        values = [
            fuse_segments(row, weights, least) if _working(row, weights) >= least else None for row in marked
        ]
    else:
        values, weights, moved_s, measured_s = _fuse_traces(table, keep, method, lag, least)
    no_rating = sum(value is None for value in values) - ties
    ids = tuple(sorted(name for names in gathered.sources.values() for name in names))
    has_classes = isinstance(table, Marks) or (isinstance(table, Ratings) and table.level == "nominal")
    origin = "equal"
    if method == "weighted":
        origin = CLASS_WEIGHTS if has_classes else NUMBER_WEIGHTS
    used: Method = "majority" if has_classes and method != "weighted" else method
    recipe = Recipe(used, raters, weights, moved_s, least, ids, no_rating, ties, origin, measured_s)
    return _Part(gathered, recipe, dict(zip(gathered.keys, values, strict=True)))


def _working(row: Sequence[Sequence[Span] | None], weights: Sequence[float]) -> int:
    return sum(spans is not None and weight > 0 for spans, weight in zip(row, weights, strict=True))


def _answer(value: float, gathered: Gathered, tier: Tier) -> Any:
    if not np.isfinite(value):
        return None
    if isinstance(gathered.table, Ratings) and gathered.table.level == "nominal":
        question = next(each for each in tier.questions if each.id == gathered.variable.part)
        return question.labels[int(value)].id
    return float(value)


def _fuse_traces(
    table: Traces, keep: Sequence[int], method: Method, lag: bool, least: int
) -> tuple[list[Any], tuple[float, ...], tuple[float, ...], tuple[float | None, ...]]:
    grids = [grid[:, keep] for grid in table.values]
    raters = [table.raters[place] for place in keep]
    measured_s = tuple(each.seconds for each in lags(grids, raters))
    moved_s = tuple(0.0 for _ in raters)
    if lag:
        moved_s = tuple(seconds or 0.0 for seconds in measured_s)
        grids = moved_by(grids, moved_s)
    weights = weights_of(grids) if method == "weighted" else tuple(1.0 for _ in raters)
    values: list[Any] = []
    for grid in grids:
        fused = fuse_numbers(grid, method, weights, least)
        values.append(fused if np.isfinite(fused).any() else None)
    return values, weights, moved_s, measured_s


def _path(labels: Labels, stem: str, annotator: str) -> Path:
    return labels.study.folder / "annotations" / stem / annotator / f"{labels.scheme.id}.sqlite"


def _recipe_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.recipe.jsonl")


def _last(path: Path, tier: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = {}
    for line in lines_of(_recipe_path(path)):
        if line.get("tier") == tier:
            found = line
    return found


def recipes_of(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the recipes of a fused log, oldest first: when, tier, checksum, and each variable's own."""
    return tuple(lines_of(_recipe_path(path)))


def _line(labels: Labels, stem: str, tier: Tier, whole: str, parts: Sequence[_Part]) -> dict[str, Any]:
    inside: list[str] = sorted(
        {
            name
            for part in parts
            for key, names in part.gathered.sources.items()
            if key[0] == stem
            for name in names
        }
    )
    recipes = {}
    for part in parts:
        # The whole list of sources is in the checksum; a recording's file names its own only.
        told = {name: value for name, value in part.recipe.to_json().items() if name != "sources"}
        recipes[part.gathered.variable.id] = told
    return {
        "time": utc_now(),
        "recording": stem,
        "scheme": labels.scheme.id,
        "scheme_sha256": labels.scheme.sha256,
        "tier": tier.name,
        "sha256": whole,
        "recipes": recipes,
        "sources": inside,
    }


def _write(labels: Labels, stem: str, annotator: str, tier: Tier, parts: Sequence[_Part], note: str) -> int:
    path = _path(labels, stem, annotator)
    session = next(each for each in labels.study.sessions() if Path(each.file).stem == stem)
    scheme = labels.scheme
    head = LogHead(annotator, "fused", stem, session.uuid, session.sha256, scheme.id, scheme.sha256)
    with writing(labels.study.folder):
        path.parent.mkdir(parents=True, exist_ok=True)
    with Log.open(path, head, scheme) as log:
        if log.read_only:
            raise FusingError(f"{annotator}: {log.locked_by or log.warning} Fuse again afterwards.")
        if tier.kind.startswith("trace"):
            return _write_traces(log, stem, tier, parts, note)
        with log.together("fuse"):
            return _write_marks(log, stem, tier, parts, note)


def _write_marks(log: Log, stem: str, tier: Tier, parts: Sequence[_Part], note: str) -> int:
    for mark in log.marks():
        if mark.tier == tier.name:
            log.delete(mark.id)
    count = 0
    for key in dict.fromkeys(key for part in parts for key in part.keys if key[0] == stem):
        sources = ",".join(_sources(parts, key))
        if tier.kind == "trial":
            found = {part.gathered.variable.part: part.found.get(key) for part in parts}
            value = {name: answer for name, answer in found.items() if answer is not None}
            if value:
                log.add(tier.name, trial=key[1], value=value, note=note, derived_from=sources)
                count += 1
            continue
        for span in parts[0].found.get(key) or ():
            label = "" if span.label == ANY_MARK else span.label
            log.add(
                tier.name,
                trial=key[1],
                start_ns=span.start_ns,
                end_ns=span.end_ns,
                label=label,
                note=note,
                derived_from=sources,
            )
            count += 1
    return count


def _write_traces(log: Log, stem: str, tier: Tier, parts: Sequence[_Part], note: str) -> int:
    step_ns = round(NS / GRID_HZ)
    count = 0
    for key in dict.fromkeys(key for part in parts for key in part.keys if key[0] == stem):
        grids: list[Floats | None] = [part.found.get(key) for part in parts]
        known = [grid for grid in grids if grid is not None]
        if not known:
            continue
        table = parts[0].gathered.table
        assert isinstance(table, Traces)
        unit = table.units[parts[0].keys.index(key)]
        rows = np.column_stack([np.full(len(known[0]), np.nan) if grid is None else grid for grid in grids])
        writer = log.begin_take(
            tier.name, trial=key[1], device=f"{note}, from {','.join(_sources(parts, key))}"
        )
        for place, row in enumerate(rows):
            t_ns = unit.start_ns + place * step_ns
            writer.append(t_ns, t_ns, [float(value) for value in row])
        writer.end("done", note)
        count += 1
    return count


def _sources(parts: Sequence[_Part], key: UnitKey) -> list[str]:
    """Return the ids of the marks or takes behind a unit."""
    names = {name for part in parts for name in part.gathered.sources.get(key, ())}
    return sorted(name.partition("@")[0] for name in names)
