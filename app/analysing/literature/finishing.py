"""A run of the engine for a paper's table: made, worked on to its end, and told beside its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.evaluation.run_folder import Run, runs_of
from analysis.evaluation.runner import work
from analysis.evaluation.workers import Here, Workers
from app.analysing.evaluating import EvaluatingError, Prepared, create, in_words
from app.analysing.literature.reproducing import Order
from app.study import Study


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run and its result."""

    run: Run
    result: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Metric, baseline, permutations and guards in one line."""
        return told(self.result)


def finished(study: Study, prepared: Prepared, order: Order, pool: Workers | None = None) -> Finished:
    """Run an experiment to its end, in `pool` where one is given; one that was finished is not repeated.

    The quick form starts no process of its own. Raises EvaluatingError.
    """
    wanted = prepared.experiment.sha256
    run = next((each for each in runs_of(study.folder) if each.experiment.sha256 == wanted), None)
    run = run or create(study, prepared)
    if run.state != "finished":
        with in_words():
            here = Here() if order.is_quick else None
            run = work(run, workers=order.workers, cancelled=order.cancelled, pool=pool or here)
    if run.state != "finished":
        raise EvaluatingError(f"{run.name}: the run is {run.state}. Run the command again to go on.")
    return Finished(run, run.result or {})


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
    return words + (f"; {result['watermark']}" if result.get("watermark") else "; guards passed")
