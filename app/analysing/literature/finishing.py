"""A run of the engine for a paper's table: made, worked on to its end, and told beside its controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.evaluation.run_folder import Run, runs_of
from analysis.evaluation.runner import work
from analysis.evaluation.workers import Here, Workers
from analysis.recognizers.recognizer import CancelledError
from app.analysing.evaluating import EvaluatingError, Prepared, create, in_words
from app.analysing.literature.reproducing import Order
from app.study import Study

NAMED = 3


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end, and its result; folds that gave none are named in its words."""

    run: Run
    result: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Metric, baseline, permutations, guards and missing folds in one line."""
        return "; ".join(filter(None, (told(self.result), guard_words(self.run), self.missing)))

    @property
    def missing(self) -> str:
        """Which folds are not in the figures, and why; "" where all are."""
        return missing_words(self.result)


def finished(study: Study, prepared: Prepared, order: Order, pool: Workers | None = None) -> Finished:
    """Run an experiment to its end, in `pool` where one is given; one that was finished is not repeated.

    A run some of whose folds a guard stopped, or that failed, is at its end too: `missing` names them. The
    quick form starts no process of its own. Raises EvaluatingError where no fold gave a figure,
    CancelledError.
    """
    run = worked(study, prepared, order, pool)
    return Finished(run, run.result or {})


def worked(study: Study, prepared: Prepared, order: Order, pool: Workers | None = None) -> Run:
    """Return the run of an experiment, at its end; see `finished`."""
    wanted = prepared.experiment.sha256
    run = next((each for each in runs_of(study.folder) if each.experiment.sha256 == wanted), None)
    run = run or create(study, prepared)
    if run.state != "finished":
        with in_words():
            # Small networks are trained before a process of their own has started.
            here = Here() if order.is_quick else None
            run = work(run, workers=order.workers, cancelled=order.cancelled, pool=pool or here)
    if order.cancelled():
        raise CancelledError("stopped")
    if run.state not in ("finished", "incomplete"):
        raise EvaluatingError(f"{run.name}: the run is {run.state}. Run the command again to go on.")
    if run.result is None:
        whys = Counter(each.why for each in run.folds if each.why)
        told_whys = "; ".join(why for why, _ in whys.most_common(NAMED))
        raise EvaluatingError(f"{run.name}: no fold gave a figure. {told_whys}".rstrip())
    return run


def told(result: Mapping[str, Any]) -> str:
    """Return, in words, a result's metric, its baseline, its permutations and its watermark."""
    known = result.get("metrics", {}).get("balanced_accuracy") or {}
    value, interval = known.get("value"), known.get("interval") or {}
    words = "balanced accuracy not known" if value is None else f"balanced accuracy {value:.3f}"
    if interval.get("low") is not None:
        words += f" [{interval['low']:.3f}, {interval['high']:.3f}]"
    permutations = (result.get("controls") or {}).get("permutations") or {}
    if permutations.get("p") is not None:
        words += f", permutations p = {permutations['p']:.4f}"
    test = (result.get("baseline") or {}).get("test") or {}
    if test.get("p") is not None:
        words += f", against the majority p = {test['p']:.4f}"
    return words + (f"; {result['watermark']}" if result.get("watermark") else "")


def guard_words(run: Run) -> str:
    """Return, in words, what the guards said of a run: which stopped folds, what is shown or to be known."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in run.guards.lines:
        found.setdefault(line.state, {}).setdefault(line.guard, set()).add(line.fold)
    parts = [
        f"{name} stopped {'all folds' if '' in folds else _folds(len(folds))}"
        for name, folds in sorted(found.get("stopped", {}).items())
    ]
    later = {each.name for each in run.folds if each.state == "stopped"}
    later -= {name for folds in found.get("stopped", {}).values() for name in folds}
    if later:
        parts.append(f"{_folds(len(later))} stopped while training")
    if found.get("shown"):
        parts.append(f"broken and shown: {', '.join(sorted(found['shown']))}")
    words = f"guards: {', '.join(parts)}" if parts else "guards passed"
    return words + (f" (told: {', '.join(sorted(found['told']))})" if found.get("told") else "")


def _folds(count: int) -> str:
    return f"{count} fold{'' if count == 1 else 's'}"


def missing_words(result: Mapping[str, Any]) -> str:
    """Return, in words, which folds of a result gave no figure, and the reasons; "" where all did."""
    missing = result.get("missing") or ()
    if not missing:
        return ""
    names = [str(each["fold"]) for each in missing]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    whys = list(dict.fromkeys(str(each["why"]) for each in missing if each.get("why")))[:NAMED]
    return f"{_folds(len(names))} without a figure: {', '.join(names[:NAMED])}{more} ({'; '.join(whys)})"
