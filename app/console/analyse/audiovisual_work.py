"""What the step Audio-visual reads: clips and their texts, what each gives, and what a recognizer decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import CaseSpec, Input, InputSpec
from analysis.corpus.corpus import Corpus, CorpusError, Trial
from analysis.corpus.cutting import cases_of, spans_of
from analysis.features.patches import PATCH_S, windows_in
from analysis.features.text import words_of
from analysis.recognizers.sem_mbt_card import INPUTS
from app.analysing.applying import Kept, kept, load
from app.analysing.evaluating import in_words, store_of
from app.analysing.html_page import Table
from app.analysing.literature.reproducing import kept as kept_tables
from app.analysing.run_figures import Shown
from app.analysing.svg import SERIES, Figure, legend
from app.analysing.transcripts import transcript_of
from app.console.analyse.coverage_work import counted
from app.console.analyse.draw_strips import Strip
from app.console.analyse.known import material_of
from app.console.analyse.waiting import Told
from app.study import Study

PAPER = "mer-sem-mbt"
NAMES: Mapping[str, str] = {"speech": "voice", "face": "face", "text": "words"}
FUSED, ANSWER = "fused", "answer"
HALF = 0.5
EVEN = 1e-9
"""Weights of places that differ by less are the same everywhere."""
ROW_PX = 20.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A trial of a recording; `texts` of it are there."""

    trial: Trial
    texts: int
    refused: bool

    @property
    def key(self) -> tuple[str, int]:
        """What names it."""
        return self.trial.key


@dataclass(frozen=True)
class Clips:
    """What can be chosen: clips, kept recognizers, and the tables that were made."""

    corpus: Corpus
    clips: tuple[Clip, ...]
    models: tuple[Kept, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Given:
    """What a clip gives: rows of pictures, a table of its windows, and what is missing in words."""

    strips: tuple[Strip, ...]
    table: Table
    words: str


@dataclass(frozen=True)
class Decided:
    """What a recognizer decides of a clip: figure with its table, rows of pictures with maps, words."""

    shown: Shown
    strips: tuple[Strip, ...]
    words: str


def read_clips(study: Study, told: Told) -> Clips:
    """Read trials, how many texts each has, and what was trained."""
    told(0, 0, "recordings")
    corpus = material_of(study).corpus
    counts: dict[tuple[str, int], int] = {}
    for recording in corpus.recordings:
        for each in transcript_of(study, recording.id):
            counts[(recording.id, each.trial)] = counts.get((recording.id, each.trial), 0) + 1
    clips = tuple(
        Clip(trial, counts.get(trial.key, 0), "text" in corpus.by_id[trial.recording].refused)
        for trial in corpus.trials
    )
    models = tuple(each for each in kept(study) if each.run.experiment.recognizer == PAPER)
    found = kept_tables(study, PAPER)
    tables = () if found is None else found.tables
    return Clips(corpus, clips, models, tuple(Table(each.title, each.columns, each.rows) for each in tables))


def look_at(study: Study, corpus: Corpus, trial: Trial, told: Told) -> Given:
    """Compute patches, faces and words of a clip, as the recognizer is given them."""
    told(0, 0, "faces and patches")
    cases = CaseSpec()
    try:
        made = make_batch(corpus, [trial], cases, INPUTS, store_of(study), cancelled=told.cancelled)
        inputs: Mapping[str, Input] = made.batch.inputs
        warnings = list(made.warnings)
    except CorpusError as error:
        inputs, warnings = {}, [str(error)]
    texts = [each.text for each in transcript_of(study, trial.recording) if each.trial == trial.index]
    words = [word for text in texts for word in words_of(text)]
    begun = begun_s(trial, INPUTS, cases, inputs)
    strips = tuple(strips_of(inputs, {}, begun))
    counts = {name: int(inputs[name].lengths[0]) if name in inputs else 0 for name in NAMES}
    rows = [
        (step + 1, *(each for name in ("face", "speech") for each in _ends(begun.get(name, ()), step)))
        for step in range(max(counts["face"], counts["speech"]))
    ]
    missing = [NAMES[name] for name in ("face", "speech", "text") if not counts[name]]
    said = (
        f"{counted(counts['face'], 'face')}, {counted(counts['speech'], 'spectrogram')} of 0.96 s,"
        f" {counted(len(words), 'word')}."
    )
    if missing:
        said += f" Without {' and '.join(missing)}: a recognizer decides by what is left."
    if rows:
        said += " Times count from the beginning of the trial."
    said += apart(begun)
    heads = ("window", "face_from_s", "face_to_s", "voice_from_s", "voice_to_s")
    table = Table("windows", heads, tuple(rows))
    more = [f"{each[:1].upper()}{each[1:]}." for each in warnings if not each.startswith("nobody has ")]
    return Given(strips, table, " ".join([said, *more]).replace("..", "."))


def begun_s(
    trial: Trial, specs: Sequence[InputSpec], cases: CaseSpec, inputs: Mapping[str, Input]
) -> dict[str, tuple[float, ...]]:
    """Return when each window of the first case's face and voice begins, in seconds since the trial began.

    Without an input whose windows cannot be placed: of several spans one may have shown no face.
    """
    rows, _ = cases_of([trial], cases, {}, 1.0)
    found: dict[str, tuple[float, ...]] = {}
    for spec in specs:
        if spec.name not in ("face", "speech") or spec.name not in inputs or not rows:
            continue
        spans, _ = spans_of(rows[:1], [0], spec, cases)
        starts = tuple(
            low - trial.start_s + place * PATCH_S
            for low, high in spans.tolist()
            for place in range(windows_in(high - low))
        )
        if len(starts) == inputs[spec.name].lengths[0]:
            found[spec.name] = starts
    return found


def _ends(starts: Sequence[float], step: int) -> tuple[str, str]:
    if step >= len(starts):
        return ("", "")
    return (f"{starts[step]:.2f}", f"{starts[step] + PATCH_S:.2f}")


def apart(begun: Mapping[str, Sequence[float]]) -> str:
    """Return in words that face and voice are of different moments, "" where they are not."""
    face, voice = begun.get("face", ()), begun.get("speech", ())
    if not face or not voice or abs(face[0] - voice[0]) < PATCH_S / 2:
        return ""
    return (
        f" Face and voice are not of the same moments: the face from {face[0]:.1f} s, the voice from"
        f" {voice[0]:.1f} s after the trial began."
    )


def strips_of(
    inputs: Mapping[str, Input],
    maps: Mapping[str, NDArray[np.float32]],
    begun: Mapping[str, Sequence[float]],
) -> list[Strip]:
    """Return faces and patches of the first case as strips, maps by input laid over them.

    `begun` are the seconds at which their windows begin; where they are not known windows are counted.
    """
    found = []
    for name, title in (("face", "Faces, one a window"), ("speech", "Patches of 0.96 s, low notes below")):
        each = inputs.get(name)
        if each is None or not each.lengths[0]:
            continue
        values = each.values[0, : each.lengths[0]]
        if name == "face":
            pictures: NDArray[np.generic] = (255 * values.transpose(0, 2, 3, 1)).astype(np.uint8)
            if pictures.shape[-1] == 1:
                pictures = np.repeat(pictures, 3, axis=-1)
            over = maps.get(name)
        else:
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            scaled = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-6)
            pictures = upright(scaled)
            over = upright(maps[name]) if name in maps else None
        starts = begun.get(name, ())
        words = tuple(f"{each:.1f} s" for each in starts) or tuple(
            f"{step + 1}" for step in range(len(pictures))
        )
        found.append(Strip(title, pictures, words, over))
    return found


def upright(patches: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return patches (t, time, bands) with time across and high notes above."""
    return np.asarray(patches.transpose(0, 2, 1)[:, ::-1], np.float32)


def decide_on(study: Study, corpus: Corpus, model: Kept, trial: Trial, told: Told) -> Decided:
    """Let a kept recognizer decide on a clip, and show why."""
    told(0, 0, "recognizer")
    trained = load(model)
    told(0, 0, "the clip")
    with in_words():
        spec = trained.experiment.cases or trained.card.cases
        made = make_batch(corpus, [trial], spec, trained.inputs, store_of(study), cancelled=told.cancelled)
        proba, why = trained.predict(made.batch)
    names = trained.classes or trained.outputs
    weights = why.weights
    there = [name for name in NAMES if f"decision.{name}" in weights]
    alpha = {name: float(weights[f"alpha.{name}"][0]) for name in there}
    single = {name: weights[f"decision.{name}"][0].tolist() for name in there}
    fused = weights["probability"][0].tolist()
    rows: list[tuple[object, ...]] = [
        (emotion, *(single[name][place] for name in there), fused[place], float(proba[0, place]))
        for place, emotion in enumerate(names)
    ]
    rows.append(("weight of the decision", *(alpha[name] for name in there), None, None))
    heads = ("emotion", *(NAMES[name] for name in there), FUSED, ANSWER)
    lacking = [NAMES[name] for name in there if alpha[name] == 0]
    told_words = f"Decided by {', '.join(f'{NAMES[name]} {alpha[name]:.0%}' for name in there)}."
    told_words += f" {_answer_in_words(trained.classes, names, proba[0].tolist())}"
    if lacking:
        told_words += f" The clip has no {' and no '.join(lacking)}: the others decide."
    if model.run.facts["recordings"].get(trial.recording):
        told_words += " The recognizer was trained on this recording, so it knows its answers."
    inputs = made.batch.inputs
    begun = begun_s(trial, trained.inputs, spec, inputs)
    told_words += apart(begun)
    shown = bars(names, {NAMES[name]: single[name] for name in there}, fused)
    table = Table("decisions", heads, tuple(rows))
    figure = Shown("decisions", "Decisions", told_words, shown, table, (620.0, _high(names, there)))
    return Decided(figure, tuple(strips_of(inputs, _maps(weights, inputs), begun)), told_words)


def _answer_in_words(classes: Sequence[str], names: Sequence[str], answer: Sequence[float]) -> str:
    if classes:
        best = max(range(len(names)), key=answer.__getitem__)
        return f"The answer is {names[best]}, with {answer[best]:.0%} of what all classes share."
    said = [name for name, value in zip(names, answer, strict=True) if value > HALF]
    return f"The answer is {' and '.join(said) or 'none of them'}: what lies above its threshold."


def _maps(
    weights: Mapping[str, NDArray[np.float32]], inputs: Mapping[str, Input]
) -> dict[str, NDArray[np.float32]]:
    """Return the last enhancement's map of each step, 1 where the text looked most.

    Without one where the text looked nowhere more than elsewhere, as where there is no text.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for key in sorted(weights):
        if not key.startswith("sem.") or key.split(".")[1] not in inputs:
            continue
        name = key.split(".")[1]
        table = weights[key][0, : inputs[name].lengths[0]]
        ratio = 1.5 if name == "speech" else 1.0
        wide = max(1, round((table.shape[1] / ratio) ** 0.5))
        if not len(table) or table.shape[1] % wide or np.ptp(table, axis=1).max() <= EVEN:
            continue
        maps = table.reshape(len(table), -1, wide)
        flat = maps.max(axis=(1, 2), keepdims=True) - maps.min(axis=(1, 2), keepdims=True)
        scaled = (maps - maps.min(axis=(1, 2), keepdims=True)) / np.where(flat > EVEN, flat, 1)
        if name not in found or maps.shape[1] > found[name].shape[1]:
            found[name] = np.where(flat > EVEN, scaled, 0).astype(np.float32)
    return found


def _high(names: tuple[str, ...], there: list[str]) -> float:
    return 60.0 + len(names) * ((len(there) + 1) * ROW_PX + 14)


def bars(
    names: tuple[str, ...],
    single: Mapping[str, list[float]],
    fused: list[float],
) -> Callable[[float, float], Figure]:
    """Return what draws the decisions of each emotion as bars, the fused one last."""

    def make(width: float, height: float) -> Figure:
        rows = [*single, FUSED]
        figure = Figure(max(width, 420.0), _high(names, list(single)), "Decisions")
        left, room = 130.0, max(width, 420.0) - 200.0
        legend(figure, rows, left, 14)
        top = 44.0
        for place, emotion in enumerate(names):
            figure.text(left - 10, top + 14, emotion, "end", weight="bold")
            for number, row in enumerate(rows):
                value = fused[place] if row == FUSED else single[row][place]
                y = top + number * ROW_PX
                wide = max(1.0, room * value)
                figure.rect(left, y, wide, ROW_PX - 5, SERIES[number], tip=f"{row} {value:.2f}")
                figure.text(left + room * value + 6, y + 12, f"{value:.2f}")
            top += len(rows) * ROW_PX + 14
        return figure

    return make
