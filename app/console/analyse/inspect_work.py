"""What the step Inspect reads of a run: its cases as decided, and why one of them was decided so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.moments import Matrix
from analysis.corpus.cases import InputSpec
from analysis.corpus.cutting import spans_of
from analysis.corpus.signals import columns_of, stream_of
from analysis.evaluation.run_folder import Predictions, Run, RunError, open_run, runs_of
from analysis.evaluation.standing import standing
from analysis.overview.row_times import row_times
from analysis.recognizers.recognizer import decide
from analysis.session_file import Session, SessionFileError, open_session
from app.analysing.rebuilt_figures import joined, sample_times
from app.analysing.run_figures import Shown, figures_of, watermarked
from app.analysing.why_figure import Wave, Weights, Why
from app.console.analyse.known import material_of
from app.console.analyse.runs_list import RunLine, RunList
from app.console.analyse.waiting import Told
from app.study import Study

DRAWN = ("eeg", "ecg", "bvp", "eda", "temperature", "respiration", "acceleration", "peripheral", "speech")
MOST_SAMPLES = 400_000


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One tested case: `row` of the predictions; `sure` is the probability of what was decided."""

    row: int
    recording: str
    participant: str
    trial: int
    stimulus: str
    start_s: float
    stop_s: float
    fold: str
    answer: str
    decided: str
    sure: float
    is_right: bool | None
    kinds: tuple[int, int] | None = None


@dataclass(frozen=True)
class Inspected:
    """A run as it is inspected; `matrix` is None where numbers are predicted."""

    lines: tuple[RunLine, ...]
    run: Run | None
    cases: tuple[CaseRow, ...]
    matrix: Matrix | None
    figures: Mapping[str, Shown]
    words: str
    watermark: str


def inspect(study: Study, folder: Path | None, told: Told) -> Inspected:
    """Read one run (the newest with a finished fold, where it is not named)."""
    lines = tuple(line for line in RunList().read(study) if line.done)
    told(0, 0, "predictions")
    chosen = next((line for line in lines if line.folder == folder), lines[0] if lines else None)
    if chosen is None:
        return Inspected((), None, (), None, {}, "", "")
    run = open_run(chosen.folder)
    predictions = run.predictions()
    result: Mapping[str, Any] = run.result or {**run.metrics(), "primary": run.experiment.metric}
    mark = str(result.get("watermark") or "")
    figures = {each.name: watermarked(each, mark) for each in figures_of(result)}
    words = [standing(run, runs_of(study.folder)).words, run.division.words]
    if run.result is None:
        words.insert(0, "not finished: these are the folds so far")
    matrix = None
    if predictions.classes:
        counts = np.array(result["confusion"]["counts"], np.float64)
        matrix = Matrix("answer", "decided", predictions.classes, counts)
    return Inspected(lines, run, _cases(predictions), matrix, figures, ". ".join(words), mark)


def _cases(predictions: Predictions) -> tuple[CaseRow, ...]:
    cases = predictions.cases
    kinds = decide(predictions.proba) if predictions.classes else None
    rows = []
    for row in range(len(cases)):
        if kinds is not None:
            answer, decided = int(predictions.y[row]), int(kinds[row])
            told = (predictions.classes[answer], predictions.classes[decided])
            sure = float(predictions.proba[row, decided])
            right: bool | None = answer == decided
            pair: tuple[int, int] | None = (answer, decided)
        else:
            told = (_numbers(predictions.y[row]), _numbers(predictions.proba[row]))
            sure, right, pair = (
                float(np.nanmean(np.abs(predictions.y[row] - predictions.proba[row]))),
                None,
                None,
            )
        rows.append(
            CaseRow(
                row, str(cases.recording[row]), str(cases.participant[row]), int(cases.trial[row]),
                str(cases.stimulus[row]), float(cases.start_s[row]), float(cases.stop_s[row]),
                str(predictions.fold[row]), *told, sure, right, pair,
            )
        )  # fmt: skip
    return tuple(rows)


def _numbers(values: NDArray[Any]) -> str:
    return ", ".join(f"{value:.3g}" for value in np.atleast_1d(values).tolist())


def path_of(study: Study, run: Run, recording: str) -> Path | None:
    """Return the file of a recording of a run, None where it is gone."""
    told = (run.facts.get("recordings") or {}).get(recording, {}).get("file")
    path = study.folder / str(told) if told else None
    if path is None:
        path = next(
            (study.folder / each.file for each in study.sessions() if Path(each.file).stem == recording), None
        )
    return path if path is not None and path.is_file() else None


def why_of(study: Study, run_folder: Path, case: CaseRow, told: Told) -> Why:
    """Return on what a decision rests, with the signals of its time; raises RunError."""
    run = open_run(run_folder)
    told(0, 2, "weights")
    weights, about = run.explanations(case.fold)
    rows = run.fold_arrays(case.fold)["rows"].astype(np.intp)
    cases = run.cases
    at = [
        place
        for place, row in enumerate(rows.tolist())
        if (str(cases.recording[row]), int(cases.trial[row])) == (case.recording, case.trial)
        and abs(float(cases.start_s[row]) - case.start_s) < 1e-6
    ]
    if not at:
        raise RunError(f"{run.name}: holds no such case any more.")
    mine = {name: np.asarray(values[at[0]], np.float64) for name, values in weights.items()}
    title = (
        f"{case.participant}, trial {case.trial + 1} ({case.stimulus or 'no stimulus'}): "
        f"answer {case.answer}, decided {case.decided}"
    )
    parts = tuple((name, float(value), about.get(name, "")) for name, value in mine.items() if not value.ndim)
    specs = {spec.name: spec for spec in run.experiment.inputs}
    told(1, 2, "signals")
    start_s, stop_s = _extent(specs.values(), mine, run, case, study)
    path = path_of(study, run, case.recording)
    waves: tuple[Wave, ...] = ()
    channels: tuple[str, ...] = ()
    note = "" if path is not None else "The recording is not in the study: no signals."
    if path is not None:
        modalities = dict.fromkeys(spec.modality for spec in specs.values())
        drawn = [each for each in DRAWN if each in modalities]
        waves, channels = _read_waves(path, path.stat().st_mtime_ns, tuple(drawn), start_s, stop_s)
    lines = []
    on_head: tuple[tuple[str, float], ...] = ()
    for name, values in mine.items():
        if not values.ndim:
            continue
        spec = specs.get(name) or specs.get(name.partition(".")[2])
        is_eeg = spec is not None and spec.modality == "eeg"
        if is_eeg and channels and values.shape[-1] == len(channels) and values.ndim <= 2:
            strength = np.nanmean(np.abs(values), axis=0) if values.ndim == 2 else values
            on_head = tuple(zip(channels, strength.tolist(), strict=True))
            if values.ndim == 1:
                continue
        lines.append(_line(name, values, about.get(name, ""), spec, run, case, study))
    return Why(title, start_s, stop_s, waves, joined(lines), parts, on_head, note)


def _line(
    name: str,
    values: NDArray[np.float64],
    about: str,
    spec: InputSpec | None,
    run: Run,
    case: CaseRow,
    study: Study,
) -> Weights:
    columns = values.reshape(len(values), -1)
    spans = _spans(spec, run, case, study)
    times = _middles(spec, spans)
    if times is None:
        times = sample_times(spec, (case.start_s + case.stop_s) / 2, len(columns))
    if times is None:
        # Steps of its own (frames, keys, samples), padded behind its end: spread evenly over its spans.
        filled = np.flatnonzero((np.isfinite(columns) & (columns != 0)).any(axis=1))
        count = int(filled[-1]) + 1 if len(filled) else len(columns)
        times = _spread(spans, count)
    columns = columns[: len(times)]
    names = run.classes if columns.shape[1] == len(run.classes) else ()
    modality = "" if spec is None else spec.modality
    return Weights(name, modality, about, times[: len(columns)], columns, names)


def _spans(spec: InputSpec | None, run: Run, case: CaseRow, study: Study) -> list[tuple[float, float]]:
    """Return where an input of a case was cut from: a stage of its trial, or the case itself."""
    whole = [(case.start_s, case.stop_s)]
    cases = run.experiment.cases
    if spec is None or not spec.stage or cases is None or cases.unit != "trial":
        return whole
    trials = material_of(study).corpus.trials
    trial = next((each for each in trials if each.key == (case.recording, case.trial)), None)
    if trial is None:
        return whole
    found, _ = spans_of([(trial, whole[0])], [0], spec, cases)
    return [(float(first), float(stop)) for first, stop in found] or whole


def _middles(spec: InputSpec | None, spans: Sequence[tuple[float, float]]) -> NDArray[np.float64] | None:
    """Return the middles of an input's windows, None where it brings steps of its own."""
    if spec is None or spec.window_s <= 0:
        return None
    hop_s = spec.hop_s or spec.window_s
    found: list[float] = []
    for first, stop in spans:
        count = int(np.floor((stop - first - spec.window_s + 1e-6) / hop_s)) + 1
        found += [first + number * hop_s + spec.window_s / 2 for number in range(max(0, count))]
    return np.array(found) if found else None


def _spread(spans: Sequence[tuple[float, float]], count: int) -> NDArray[np.float64]:
    firsts, lengths = (
        np.array([first for first, _ in spans]),
        np.array([stop - first for first, stop in spans]),
    )
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    at = (np.arange(count) + 0.5) / count * edges[-1]
    which = np.clip(np.searchsorted(edges, at, "right") - 1, 0, len(spans) - 1)
    return np.asarray(firsts[which] + at - edges[which], np.float64)


def _extent(
    specs: Iterable[InputSpec], mine: Mapping[str, NDArray[np.float64]], run: Run, case: CaseRow, study: Study
) -> tuple[float, float]:
    """Return from when to when the case and all inputs with weights over time lie."""
    lasting = {name for name, values in mine.items() if values.ndim}
    lasting |= {name.partition(".")[2] for name in lasting}
    spans = [(case.start_s, case.stop_s)]
    for spec in specs:
        if spec.name in lasting:
            spans += _spans(spec, run, case, study)
    return min(first for first, _ in spans), max(stop for _, stop in spans)


@lru_cache(maxsize=16)
def _read_waves(
    path: Path, stamp: int, modalities: tuple[str, ...], start_s: float, stop_s: float
) -> tuple[tuple[Wave, ...], tuple[str, ...]]:
    del stamp
    found = []
    channels: tuple[str, ...] = ()
    try:
        with open_session(path) as session:
            for modality in modalities:
                wave, names = _wave(session, modality, start_s, stop_s)
                if modality == "eeg":
                    channels = names
                if wave is not None:
                    found.append(wave)
    except SessionFileError as error:
        raise RunError(str(error)) from error
    return tuple(found), channels


def _wave(
    session: Session, modality: str, start_s: float, stop_s: float
) -> tuple[Wave | None, tuple[str, ...]]:
    stream = stream_of(session, modality)
    if stream is None:
        return None, ()
    places = columns_of(stream.info, modality)
    names = tuple(stream.info.channels[place] for place in places)
    times = row_times(stream)
    first, stop = times.rows_between(start_s, stop_s)
    if stop - first < 2 or stop - first > MOST_SAMPLES:
        return None, names
    values = np.asarray(stream.data[first:stop], np.float64)
    column = values[:, places[0]] if values.ndim == 2 else values
    stamps = times.times(np.arange(first, stop))
    return Wave(modality, names[0], stream.info.units[places[0]], stamps, column), names
