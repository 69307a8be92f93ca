"""Computes the inputs of many recordings at once: processes fill the store, which is read afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from analysis.corpus.building import inputs_of_recording
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus, CorpusError, Recording, Span, Trial
from analysis.corpus.cutting import cases_of, recordings_of, within
from analysis.evaluation.workers import Job, Local
from analysis.features.feature import FeatureError
from analysis.features.store import Store
from analysis.targets.recipe import Target

Row = tuple[Trial, Span]


def warm(
    corpus: Corpus,
    target: Target,
    case_spec: CaseSpec,
    inputs: Sequence[InputSpec],
    store: Store,
    workers: int,
    *,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Let processes compute what `building.build` will ask the store for; what fails is left to that."""
    trials = [trial for trial in corpus.trials if trial.key in target.values]
    overlap = target.recipe.mask[2] if target.recipe.mask else 0.5
    with suppress(CorpusError):
        rows, _ = cases_of(trials, case_spec, target.masks, overlap)
        of: dict[str, list[Row]] = {}
        for row in rows:
            for name in recordings_of(row[0]):
                of.setdefault(name, []).append(within(row, name))
        jobs: list[Job] = [
            (name, _fill, (corpus.by_id[name], own, case_spec, tuple(inputs), store.folder))
            for name, own in of.items()
        ]
        for done, _ in enumerate(Local(workers).run(jobs, cancelled), 1):
            progress(done / len(jobs))


def _fill(
    recording: Recording,
    rows: Sequence[Row],
    case_spec: CaseSpec,
    inputs: Sequence[InputSpec],
    folder: Path,
) -> str:
    store = Store(folder)
    with suppress(CorpusError, FeatureError, OSError):
        for _ in inputs_of_recording(recording, rows, range(len(rows)), case_spec, inputs, store, {}):
            pass
    return "finished"
