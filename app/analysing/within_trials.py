"""The trials of a study as tests within participants need them: answers, reaction times, what was shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.corpus import Corpus, Recording, Trial
from analysis.records import Event
from analysis.session_file import Session, SessionFileError, open_session
from analysis.statistics.within import Rows
from app.analysing.target_people import SCORED, TOTAL
from app.plan import LIVE_SUFFIX
from protocols.filling import stimulus_names
from stimuli.problems import EvokeError
from stimuli.sets import Stimulus, bundled_sets, load_set

PARTS = "-"
MOST_LEVELS = 12
HIDDEN = ("id", "stimulus", "calm")
"""Fields of an item that name files, not levels."""
VISIT, PROTOCOL, MODEL = "visit", "protocol", "model"
Sets = dict[tuple[str, Path], Mapping[str, Stimulus]]
"""Stimuli by id, of each set that was looked at: by its name and where it would be."""


class WithinError(EvokeError):
    """A test within participants cannot be made of this study; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: right or wrong where the protocol says, its time, and whether it came at all."""

    value: str
    correct: bool | None
    reaction_s: float
    timeout: bool
    anticipation: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial: what it was (levels by factor), what was answered (by item), what questionnaires came to."""

    trial: Trial
    levels: Mapping[str, str]
    answers: Mapping[str, Answer] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: `kind` "accuracy", "time" or "rating" of an item; "score" or "feature", by name."""

    kind: str
    of: str

    @property
    def title(self) -> str:
        """Its name on screen."""
        return {
            "accuracy": f"accuracy of {self.of}",
            "time": f"response time of {self.of}",
            "rating": f"rating of {self.of}",
            "score": f"score of {self.of}",
        }.get(self.kind, self.of)

    @property
    def unit(self) -> str:
        """Of its numbers, "" for none."""
        return "ms" if self.kind == "time" else ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which trials count: `blocks` () all of them; wrong answers (of times) and early ones go if asked."""

    blocks: tuple[str, ...] = ()
    correct_only: bool = True
    no_anticipations: bool = True


def trials_of(
    corpus: Corpus,
    progress: Callable[[int, int], None] = lambda done, of: None,
    beside: Path | None = None,
) -> tuple[Tried, ...]:
    """Read the trials of all recordings, practice and broken ones left out; raises WithinError.

    Sets of stimuli, which say whom a picture shows, are looked for where a recording took them from and
    `beside`, the folder of the study.
    """
    sets: Sets = {}
    by_recording: dict[str, list[Trial]] = {}
    for trial in corpus.trials:
        by_recording.setdefault(trial.recording, []).append(trial)
    found: list[Tried] = []
    for done, recording in enumerate(corpus.recordings):
        progress(done, len(corpus.recordings))
        if recording.id in by_recording:
            found += _of_recording(recording, by_recording[recording.id], sets, beside)
    return tuple(found)


def _of_recording(
    recording: Recording, trials: Sequence[Trial], sets: Sets, beside: Path | None
) -> list[Tried]:
    try:
        with open_session(recording.path) as session:
            told = session.protocol.get("schedule")
            schedule: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
            items = {
                int(each["index"]): each for each in schedule.get("trials", ()) if isinstance(each, Mapping)
            }
            stimuli = _stimuli(session, schedule, sets, beside)
            protocol = str(schedule.get("protocol") or "")
            events: dict[int, list[Event]] = {}
            for event in session.events:
                if event.trial >= 0:
                    events.setdefault(event.trial, []).append(event)
    except (SessionFileError, OSError) as error:
        raise WithinError(f"{recording.path.name}: cannot be read ({error}).") from error
    found = []
    for trial in trials:
        every = events.get(trial.index, ())
        levels = levels_of(trial, items.get(trial.index, {}), every, stimuli)
        # Of a trial that was repeated the last attempt counts.
        last = [each for each in every if trial.start_s <= each.time]
        levels |= {VISIT: trial.session, PROTOCOL: protocol}
        found.append(Tried(trial, levels, answers_of(last), scores_of(last)))
    return found


def _stimuli(
    session: Session, schedule: Mapping[str, Any], sets: Sets, beside: Path | None
) -> Mapping[str, Stimulus]:
    """Return the stimuli that a recording chose from, none where its set is not on this computer."""
    name = str(schedule.get("stimulus_set") or "")
    folder = str(session.attributes.get("stimulus_folder") or "")
    places = [] if beside is None or not name else [beside / name]
    if name in bundled_sets():
        places = [bundled_sets()[name]]
    elif folder:
        live = session.path.with_name(f"{session.path.stem}{LIVE_SUFFIX}")
        places.insert(0, (live / folder).resolve())
    for place in places:
        if (name, place) not in sets:
            try:
                sets[name, place] = load_set(place).items
            except (EvokeError, OSError):
                sets[name, place] = {}
        if sets[name, place]:
            return sets[name, place]
    return {}


def levels_of(
    trial: Trial,
    planned: Mapping[str, Any],
    events: Iterable[Event],
    stimuli: Mapping[str, Stimulus] | None = None,
) -> dict[str, str]:
    """Return a trial's level of each factor: category, its parts, block, fields of its stimulus or item."""
    begun = next((each.payload for each in events if each.kind == "trial_started"), {})
    block = str(planned.get("block") or begun.get("block") or "")
    found = {"category": trial.category, "block": block}
    parts = trial.category.split(PARTS)
    if len(parts) > 1:
        found |= {f"category, part {place}": part for place, part in enumerate(parts, start=1)}
    shown = (stimuli or {}).get(trial.stimulus)
    if shown is not None:
        named = stimulus_names(shown, trial.category)
        found |= {name: value for name, value in named.items() if name not in (*HIDDEN, "category")}
    item = planned.get("item")
    if isinstance(item, Mapping):
        found |= {str(name): str(value) for name, value in item.items() if name not in HIDDEN}
    return found


def answers_of(events: Iterable[Event]) -> dict[str, Answer]:
    """Return the answers of a trial by item, the last of each."""
    found: dict[str, Answer] = {}
    for event in events:
        if event.kind != "response" or "item" not in event.payload:
            continue
        said = event.payload
        reaction = said.get("reaction_s")
        is_known = isinstance(reaction, int | float) and not isinstance(reaction, bool)
        correct = said.get("correct")
        found[str(said["item"])] = Answer(
            "" if said.get("value") is None else str(said["value"]),
            correct if isinstance(correct, bool) else None,
            float(reaction) if is_known and isinstance(reaction, int | float) else math.nan,
            bool(said.get("timeout")),
            bool(said.get("anticipation")),
        )
    return found


def scores_of(events: Iterable[Event]) -> dict[str, float]:
    """Return what the questionnaires of a trial came to, by instrument and subscale."""
    found = {}
    for event in events:
        if event.kind == SCORED:
            name = str(event.payload.get("instrument", ""))
            parts = {TOTAL: event.payload.get(TOTAL), **(event.payload.get("subscales") or {})}
            for part, value in parts.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    found[name if part == TOTAL else f"{name}, {part}"] = float(value)
    return found


def measures_of(trials: Sequence[Tried]) -> tuple[Measure, ...]:
    """Return what can be measured, accuracy first."""
    judged = {name for each in trials for name, told in each.answers.items() if told.correct is not None}
    rated = {name for each in trials for name in each.trial.ratings}
    timed = {name for each in trials for name, told in each.answers.items() if math.isfinite(told.reaction_s)}
    return (
        *(Measure("accuracy", name) for name in sorted(judged)),
        *(Measure("time", name) for name in sorted(timed, key=lambda name: (name not in judged, name))),
        *(Measure("rating", name) for name in sorted(rated)),
        *(Measure("score", name) for name in sorted({name for each in trials for name in each.scores})),
    )


def factors_of(trials: Sequence[Tried], blocks: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the factors with two levels or more that somebody went through, and their levels in order."""
    inside = [each for each in trials if not blocks or each.levels.get("block") in blocks]
    names = dict.fromkeys(name for each in inside for name in each.levels)
    found = {}
    for name in names:
        levels = sorted({each.levels.get(name, "") for each in inside} - {""}, key=_in_order)
        if 2 <= len(levels) <= MOST_LEVELS:
            found[name] = tuple(levels)
    return found


def _in_order(level: str) -> tuple[bool, int, str]:
    """Return what puts visit 10 behind visit 2."""
    return (not level.isdecimal(), int(level) if level.isdecimal() else 0, level)


def pooled(trials: Sequence[Tried], factors: Sequence[str], cut: Cut) -> tuple[str, ...]:
    """Return a warning where a participant's visits, or several protocols, go into one mean."""
    inside = [each for each in trials if not cut.blocks or each.levels.get("block") in cut.blocks]
    said = []
    for name in (VISIT, PROTOCOL):
        of: dict[str, set[str]] = {}
        for each in inside:
            of.setdefault(each.trial.participant, set()).add(each.levels.get(name, ""))
        together = {level for levels in of.values() if len(levels) > 1 for level in levels}
        if together and name not in factors:
            levels = ", ".join(sorted(together, key=_in_order))
            said.append(
                f"The {name}s of a participant are averaged ({levels}): choose {name} as a factor to compare "
                "them."
            )
    return tuple(said)


def blocks_of(trials: Sequence[Tried]) -> tuple[str, ...]:
    """Return the blocks, in the order in which they were met."""
    return tuple(filter(None, dict.fromkeys(each.levels.get("block", "") for each in trials)))


def rows_of(
    trials: Sequence[Tried],
    measure: Measure,
    factors: Sequence[str],
    cut: Cut = Cut(),
    values: Mapping[tuple[str, int], float] | None = None,
) -> tuple[Rows, tuple[tuple[str, int], ...]]:
    """Return a row a trial, and how many trials were left out, and why; `values` are those of a feature.

    No answer in time counts as wrong, and has no time.
    """
    lost: dict[str, int] = {}
    kept: list[tuple[Tried, float]] = []
    for each in trials:
        if cut.blocks and each.levels.get("block") not in cut.blocks:
            continue
        value, why = _value(each, measure, cut, values)
        if why:
            lost[why] = lost.get(why, 0) + 1
        else:
            kept.append((each, value))
    rows = Rows(
        np.array([each.trial.participant for each, _ in kept], np.str_),
        np.array([each.trial.stimulus or each.trial.item for each, _ in kept], np.str_),
        {name: np.array([each.levels.get(name, "") for each, _ in kept], np.str_) for name in factors},
        np.array([value for _, value in kept], np.float64),
        None if MODEL in factors else np.array([each.levels.get(MODEL, "") for each, _ in kept], np.str_),
    )
    return rows, tuple(lost.items())


def _value(
    each: Tried, measure: Measure, cut: Cut, values: Mapping[tuple[str, int], float] | None
) -> tuple[float, str]:
    if measure.kind == "feature":
        value = (values or {}).get(each.trial.key, math.nan)
        return value, "" if math.isfinite(value) else "without this feature"
    if measure.kind == "rating":
        value = each.trial.ratings.get(measure.of, math.nan)
        return value, "" if math.isfinite(value) else "not rated"
    if measure.kind == "score":
        value = each.scores.get(measure.of, math.nan)
        return value, "" if math.isfinite(value) else "without this score"
    answer = each.answers.get(measure.of)
    if answer is None:
        return math.nan, "not asked"
    if answer.anticipation and cut.no_anticipations:
        return math.nan, "answered before they could have seen it"
    if measure.kind == "accuracy":
        if answer.correct is None and not answer.timeout:
            return math.nan, "with no right answer"
        return float(bool(answer.correct)), ""
    if answer.timeout or not math.isfinite(answer.reaction_s):
        return math.nan, "not answered in time"
    if cut.correct_only and answer.correct is False:
        return math.nan, "answered wrongly"
    return 1000 * answer.reaction_s, ""
