"""IMEMD-CRNN's tables on a corpus of speech: against plain EMD, nothing decomposed and SVMs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.compare import Comparison, compare
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.run_folder import Predictions, Run
from analysis.evaluation.workers import Here
from analysis.features.imemd import IMEMD
from analysis.literature.paper import Cell, Ours
from analysis.targets.recipe import Recipe, Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, prepare
from app.analysing.literature.finishing import finished, guard_words, missing_words
from app.analysing.literature.imemd_tables import cost_table, signal_table
from app.analysing.literature.open_data import enter_speech, fullest
from app.analysing.literature.reproducing import Made, Order
from app.analysing.svg import Estimate, forest
from app.analysing.targets import make_target

METRIC = "uar"
OF_A_SPEAKER = "balanced_accuracy"
"""The mean recall of the emotions that a speaker has: `METRIC` is undefined where one of them is missing."""
TOLD_LINES = 4
EVERY_S = 30.0
OF_EACH = "Of a speaker: the mean recall of the emotions that he or she has."
TRIAL = CaseSpec("trial")
OURS = "IMEMD-CRNN"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is computed. `each` utterances a speaker and emotion at most (0: all), `speakers` at most."""

    n_phases: int = 8
    sifts: int = 10
    rate_hz: float = 16_000.0
    segment_s: float = 3.0
    variants: int = 1
    speakers: int = 0
    each: int = 0
    permutations: int = 999
    timed_phases: tuple[int, ...] = (4, 8, 64)
    network: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


FULL = Scale(network={"epochs": 30, "patience": 8})
"""About an hour of one core on the 408 files of 2 s; processes share it."""
QUICK = Scale(
    n_phases=2,
    sifts=4,
    rate_hz=8_000.0,
    segment_s=2.0,
    variants=0,
    speakers=3,
    each=2,
    permutations=99,
    timed_phases=(4,),
    network={
        "channels": 4, "gru": 8, "gru_layers": 1, "dense": 16, "epochs": 5, "batch": 8, "rate": 0.005,
    },
    words="QUICK FORM: up to 3 speakers, 2 utterances an emotion, 8 kHz, 2 phases, 4 siftings, 5 passes: "
    "too little for the networks to learn",
)  # fmt: skip


def tables(order: Order) -> Made:
    """Make the tables; raises EvokeError with one clear message, CancelledError."""
    return made_at(order, QUICK if order.is_quick else FULL)


def made_at(order: Order, scale: Scale) -> Made:
    """Make the tables on so much of the data."""
    speakers = fullest(order.source, scale.speakers) if scale.speakers else ()
    corpus_name = enter_speech(order.study, order.source, order.said, speakers)
    with in_words():
        corpus = study_corpus(order.study)
        target = _fewer(make_target(order.study, corpus, Recipe("category", "category")), scale)
    runs: dict[str, Run] = {}
    for name, experiment in experiments(scale, order.seed).items():
        order.said(f"{name}: features and training")
        prepared = prepare(
            order.study,
            corpus,
            target,
            experiment,
            workers=max(1, order.workers),
            progress=_shares(order.said, name),
            cancelled=order.cancelled,
        )
        runs[name] = finished(order.study, prepared, order, Here() if order.is_quick else None).run
    predictions = {name: run.predictions() for name, run in runs.items()}
    with in_words():
        compared = compare(predictions, OF_A_SPEAKER, order.seed)
    order.said("cost of a second of sound, synthetic signal")
    about = _about(corpus_name, predictions[OURS], compared, scale)
    made = (
        _scores(runs, compared, about, scale),
        _by_speaker(compared, about, scale),
        _recalls(predictions, about, scale),
        _pairs(compared, about, scale),
        cost_table(corpus, scale.timed_phases, scale.rate_hz, order.cancelled),
        signal_table(order.is_quick, order.cancelled),
    )
    return Made(made, {"uar.svg": _figure(compared)})


def experiments(scale: Scale, seed: int) -> dict[str, Experiment]:
    """Return what is compared, by name: three networks on one architecture, and two SVMs."""
    modes = {
        "n_phases": scale.n_phases, "sifts": scale.sifts, "rate_hz": scale.rate_hz,
        "segment_s": scale.segment_s,
    }  # fmt: skip
    network = {"segment_frames": frames_of(scale.segment_s), **scale.network}

    def inputs(method: str) -> tuple[InputSpec, ...]:
        own = {**modes, "method": method}
        given = [InputSpec("utterance", "speech", "speech.imemd", own)]
        if scale.variants:
            varied = {**own, "variants": scale.variants}
            given.append(InputSpec("variants", "speech", "speech.imemd", varied))
        return tuple(given)

    def made(recognizer: str, given: tuple[InputSpec, ...], **settings: Any) -> Experiment:
        # An SVM is standardised by a step; the network does that itself, variants with the rest.
        steps = ("impute",) if recognizer == "imemd-crnn" else ("impute", "zscore")
        return Experiment(
            recognizer, {}, "", settings=settings, cases=TRIAL, inputs=given, steps=steps,
            split=SplitSpec("loso"), controls=ControlSpec(scale.permutations, "stored"), seed=seed,
            metric=METRIC,
        )  # fmt: skip

    functionals = (InputSpec("speech", "speech", "speech.functionals", {"set": "compact"}),)
    return {
        OURS: made("imemd-crnn", inputs("imemd"), **network),
        "EMD-CRNN": made("imemd-crnn", inputs("emd"), **network),
        "MFCC-CRNN": made("imemd-crnn", inputs("none"), **network),
        "SVM, 43 by mean and SD": made("svm", inputs("imemd")[:1], over_steps="mean and SD"),
        "SVM, functionals": made("svm", functionals),
    }


def frames_of(segment_s: float) -> int:
    """Return how many frames a segment has: 298 of 3 s."""
    return int((segment_s - float(IMEMD.settings["frame_s"])) / float(IMEMD.settings["hop_s"]) + 1e-9) + 1


INPUT: Mapping[str, str] = {
    OURS: "43 of masked modes",
    "EMD-CRNN": "43 of plain modes",
    "MFCC-CRNN": "36 cepstral, nothing decomposed",
    "SVM, 43 by mean and SD": "mean and SD of the 43 of masked modes",
    "SVM, functionals": "functionals of pitch, energy and spectrum (compact set)",
}


def _fewer(target: Target, scale: Scale) -> Target:
    """Return a target with fewer speakers (recordings) and utterances: the first of each."""
    recordings = sorted({recording for recording, _ in target.values})
    if scale.speakers:
        richest = sorted(recordings, key=lambda each: -_kinds(target, each))
        recordings = richest[: scale.speakers]
    kept: dict[tuple[str, int], Any] = {}
    count: dict[tuple[str, Any], int] = {}
    for key in sorted(target.values):
        group = (key[0], target.values[key])
        count[group] = count.get(group, 0) + 1
        if key[0] in recordings and (not scale.each or count[group] <= scale.each):
            kept[key] = target.values[key]
    return replace(target, values=kept)


def _kinds(target: Target, recording: str) -> int:
    return len({value for (own, _), value in target.values.items() if own == recording})


@dataclass(frozen=True, slots=True)
class _About:
    """What every table says of the data and of how they were divided."""

    corpus: str
    data: str
    protocol: str


def _about(corpus: str, predictions: Predictions, compared: Comparison, scale: Scale) -> _About:
    people = len(np.unique(predictions.cases.participant))
    seconds = np.median(predictions.cases.stop_s - predictions.cases.start_s)
    data = f"{corpus}: {len(predictions)} utterances of {people} speakers, {seconds:.1f} s each (median)"
    if compared.left_out:
        data += f"; {compared.left_out} more were not predicted by all methods"
    data += f". {scale.words}" if scale.words else ""
    varied = f"{scale.variants} variants of each training utterance" if scale.variants else "no variants"
    # Of two speakers one trains alone: the engine sets some of his or her utterances aside.
    validates = "one in eight of the others validates" if people > 2 else "a part of the other's validates"
    return _About(
        corpus,
        data,
        f"leave one speaker out, {validates}; {scale.n_phases} phases, {scale.rate_hz / 1000:g} kHz, "
        f"segments of {scale.segment_s:g} s, {varied}",
    )


def _shares(said: Callable[[str], None], name: str) -> Callable[[float], None]:
    """Return what says how far the features are, at times: they take from seconds to hours."""
    last_s = time.monotonic()

    def progress(share: float) -> None:
        nonlocal last_s
        if time.monotonic() - last_s > EVERY_S:
            last_s = time.monotonic()
            said(f"{name}: {100 * share:.0f} % of the features")

    return progress


def _notes(scale: Scale) -> tuple[str, ...]:
    own = ("These are no figures of the paper's protocol: it has 60 variants, 64 phases, wider layers.",)
    return (f"{scale.words}.", *own) if scale.words else own


def _scores(runs: Mapping[str, Run], compared: Comparison, about: _About, scale: Scale) -> Ours:
    rows: list[tuple[Cell, ...]] = []
    controls: list[str] = []
    for place, (name, run) in enumerate(runs.items()):
        result = run.result or {}
        own = [values[place] for values in compared.participants.values() if values[place] is not None]
        metrics = result["metrics"]
        interval = metrics[METRIC].get("interval") or {}
        share = [100 * value for value in own if value is not None]
        rows.append(
            (
                name, INPUT[name], float(np.mean(share)),
                float(np.std(share, ddof=1)) if len(share) > 1 else None, float(len(share)),
                _percent(metrics[METRIC].get("value")), _percent(interval.get("low")),
                _percent(interval.get("high")), _percent(metrics["accuracy"].get("value")),
            )
        )  # fmt: skip
        controls += _controls(name, run)
    first = next(iter(runs.values()))
    classes = len(first.classes)
    return Ours(
        f"UAR on {about.corpus}, a speaker left out",
        about.data,
        about.protocol,
        ("method", "input", "UA %", "SD", "speakers", "UAR pooled %", "low", "high", "accuracy %"),
        tuple(rows),
        (f"chance {100 / classes:.1f} %", *controls),
        (
            *_notes(scale),
            "UA: mean over speakers of the mean recall of the emotions that each has. Pooled: recalls over "
            "all.",
            *_without(compared, first.predictions()),
        ),
        tuple(run.name for run in runs.values()),
    )


def _without(compared: Comparison, predictions: Predictions) -> list[str]:
    """Return who lacks which emotions, in a sentence, and nothing where everybody has all."""
    gone = []
    for code in compared.participants:
        own = set(predictions.y[predictions.cases.participant == code].astype(int).tolist())
        lacking = [label for kind, label in enumerate(predictions.classes) if kind not in own]
        gone += [f"{code} has no {', '.join(lacking)}"] if lacking else []
    return [f"Not every speaker has every emotion: {'; '.join(gone)}."] if gone else []


def _controls(name: str, run: Run) -> list[str]:
    result = run.result or {}
    found = result.get("controls", {}).get("permutations") or {}
    base = (result.get("baseline") or {}).get("metrics", {}).get(METRIC, {})
    value = base.get("value") if isinstance(base, Mapping) else None
    told = [] if value is None else [f"majority {100 * value:.1f} %"]
    if found.get("p") is not None:
        told.append(f"{found['n']} permutations of stored predictions: p = {found['p']:.3g}")
    watermark = result.get("watermark")
    told += [watermark] if watermark else []
    return [f"{name}: {', '.join(told) or 'no control'}; {_guards(run)}"]


def _guards(run: Run) -> str:
    """Return what the guards of a run say, with what a reader must know, and which folds are missing."""
    lines = [line for line in run.guards.lines if line.state in ("told", "shown")]
    told = [f"{line.guard}{f' of {line.fold}' if line.fold else ''}: {line.words}" for line in lines]
    more = [f"and {len(told) - TOLD_LINES} more"] if len(told) > TOLD_LINES else []
    words = [guard_words(run), *told[:TOLD_LINES], *more, missing_words(run.result or {})]
    return "; ".join(filter(None, words))


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * float(value)


def _by_speaker(compared: Comparison, about: _About, scale: Scale) -> Ours:
    rows = tuple((code, *map(_percent, values)) for code, values in compared.participants.items())
    return Ours(
        "UAR by speaker, %",
        about.data,
        about.protocol,
        ("speaker", *compared.names),
        rows,
        notes=(*_notes(scale), OF_EACH),
    )


def _recalls(predictions: Mapping[str, Predictions], about: _About, scale: Scale) -> Ours:
    first = predictions[OURS]
    columns = {}
    for name, each in predictions.items():
        decided = each.proba.argmax(axis=1)
        columns[name] = [
            float(100 * (decided[each.y == kind] == kind).mean()) if (each.y == kind).any() else None
            for kind in range(len(each.classes))
        ]
    rows = tuple(
        (label, *(columns[name][kind] for name in columns)) for kind, label in enumerate(first.classes)
    )
    return Ours(
        "Recall by emotion, %", about.data, about.protocol, ("emotion", *columns), rows, notes=_notes(scale)
    )


def _pairs(compared: Comparison, about: _About, scale: Scale) -> Ours:
    rows: list[tuple[Cell, ...]] = []
    reasons = []
    for pair in compared.pairs:
        rows.append(
            (
                f"{pair.first} less {pair.second}", float(pair.participants), _percent(pair.mean),
                _percent(pair.low), _percent(pair.high), pair.flip_p, pair.flip_holm, pair.wilcoxon_p,
                pair.wilcoxon_holm,
            )
        )  # fmt: skip
        reasons += [pair.reason] if pair.reason else []
    return Ours(
        "Paired over speakers, UAR in points",
        about.data,
        about.protocol,
        (
            "pair",
            "speakers",
            "mean",
            "low",
            "high",
            "sign-flip p",
            "Holm",
            "Wilcoxon p",
            "Holm (Wilcoxon)",
        ),
        tuple(rows),
        notes=(
            *_notes(scale),
            OF_EACH,
            "p by random signs of the speakers' differences; Holm's correction over all pairs of the table.",
            *dict.fromkeys(reasons),
        ),
    )


def _figure(compared: Comparison) -> str:
    rows = []
    for place, name in enumerate(compared.names):
        values = [each[place] for each in compared.participants.values()]
        known = [value for value in values if value is not None]
        rows.append(Estimate(name, float(np.mean(known)), min(known), max(known)))
    return forest(rows, "UAR: mean over speakers, from the lowest to the highest", "UAR").svg()
