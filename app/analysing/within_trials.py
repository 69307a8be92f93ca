"""The trials of a study as tests within participants need them: answers, reaction times, what was shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.corpus.corpus import Corpus, Recording, Trial
from analysis.records import Event
from analysis.session_file import SessionFileError, open_session
from analysis.statistics.within import Rows
from stimuli.problems import EvokeError

PARTS = "-"
MOST_LEVELS = 12
HIDDEN = ("id", "stimulus", "calm")
"""Fields of an item that name files, not levels."""


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
    """A trial: what it was (levels by factor), what was answered (by item), and its ratings."""

    trial: Trial
    levels: Mapping[str, str]
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: `kind` "accuracy", "time" or "rating" of an item, or "feature" (`of`: its column)."""

    kind: str
    of: str

    @property
    def title(self) -> str:
        """Its name on screen."""
        return {
            "accuracy": f"accuracy of {self.of}",
            "time": f"response time of {self.of}",
            "rating": f"rating of {self.of}",
        }.get(self.kind, self.of)

    @property
    def unit(self) -> str:
        """Of its numbers, "" for none."""
        return "ms" if self.kind == "time" else ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which trials count: `blocks` () all of them; times of wrong or early answers are left out if asked."""

    blocks: tuple[str, ...] = ()
    correct_only: bool = True
    no_anticipations: bool = True


def trials_of(
    corpus: Corpus, progress: Callable[[int, int], None] = lambda done, of: None
) -> tuple[Tried, ...]:
    """Read the trials of all recordings, practice and broken ones left out; raises WithinError."""
    by_recording: dict[str, list[Trial]] = {}
    for trial in corpus.trials:
        by_recording.setdefault(trial.recording, []).append(trial)
    found: list[Tried] = []
    for done, recording in enumerate(corpus.recordings):
        progress(done, len(corpus.recordings))
        if recording.id in by_recording:
            found += _of_recording(recording, by_recording[recording.id])
    return tuple(found)


def _of_recording(recording: Recording, trials: Sequence[Trial]) -> list[Tried]:
    try:
        with open_session(recording.path) as session:
            schedule = session.protocol.get("schedule")
            planned = schedule.get("trials", ()) if isinstance(schedule, Mapping) else ()
            items = {int(each["index"]): each for each in planned if isinstance(each, Mapping)}
            events: dict[int, list[Event]] = {}
            for event in session.events:
                if event.trial >= 0:
                    events.setdefault(event.trial, []).append(event)
    except (SessionFileError, OSError) as error:
        raise WithinError(f"{recording.path.name}: cannot be read ({error}).") from error
    return [
        Tried(
            trial,
            levels_of(trial, items.get(trial.index, {}), events.get(trial.index, ())),
            answers_of(each for each in events.get(trial.index, ()) if trial.start_s <= each.time),
        )
        for trial in trials
    ]


def levels_of(trial: Trial, planned: Mapping[str, Any], events: Iterable[Event]) -> dict[str, str]:
    """Return a trial's level of each factor: category and its parts, block, fields of its item."""
    begun = next((each.payload for each in events if each.kind == "trial_started"), {})
    block = str(planned.get("block") or begun.get("block") or "")
    found = {"category": trial.category, "block": block}
    parts = trial.category.split(PARTS)
    if len(parts) > 1:
        found |= {f"category, part {place}": part for place, part in enumerate(parts, start=1)}
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


def measures_of(trials: Sequence[Tried]) -> tuple[Measure, ...]:
    """Return what can be measured, accuracy first."""
    judged = {name for each in trials for name, told in each.answers.items() if told.correct is not None}
    rated = {name for each in trials for name in each.trial.ratings}
    timed = {name for each in trials for name, told in each.answers.items() if math.isfinite(told.reaction_s)}
    return (
        *(Measure("accuracy", name) for name in sorted(judged)),
        *(Measure("time", name) for name in sorted(timed, key=lambda name: (name not in judged, name))),
        *(Measure("rating", name) for name in sorted(rated)),
    )


def factors_of(trials: Sequence[Tried], blocks: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the factors with two levels or more that somebody went through, and their levels in order."""
    inside = [each for each in trials if not blocks or each.levels.get("block") in blocks]
    names = dict.fromkeys(name for each in inside for name in each.levels)
    found = {}
    for name in names:
        levels = sorted({each.levels.get(name, "") for each in inside} - {""})
        if 2 <= len(levels) <= MOST_LEVELS:
            found[name] = tuple(levels)
    return found


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
        np.array([each.trial.stimulus for each, _ in kept], np.str_),
        {name: np.array([each.levels.get(name, "") for each, _ in kept], np.str_) for name in factors},
        np.array([value for _, value in kept], np.float64),
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
