"""What a session was, in absolute times: stages, talk, and when a camera or microphone recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.records import Event

Span = tuple[float, float]

INDUCING = ("picture", "film", "sound", "imagery", "sequence")
"""Kinds of stages in which an emotion is felt: body and face show it there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as it ran, times in seconds of the session's clock; `trial` -1 outside of trials.

    `index` is its place in the schedule.
    """

    index: int
    trial: int
    name: str
    kind: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Course:
    """A session from its first sample to its last; `talks` are (trial, start, stop) of every talk."""

    start_s: float
    stop_s: float
    stages: tuple[Stage, ...]
    talks: tuple[tuple[int, float, float], ...] = ()

    def of_kind(self, kinds: Iterable[str]) -> tuple[Stage, ...]:
        """Return the stages of some kinds within trials."""
        wanted = frozenset(kinds)
        return tuple(stage for stage in self.stages if stage.kind in wanted and stage.trial >= 0)

    def acting(self, modality: str) -> tuple[tuple[int, float, float], ...]:
        """Return (trial, start, stop) of the times in which a modality shows what is felt."""
        if modality == "speech":
            return self.talks
        kinds = ("typing",) if modality == "keys" else INDUCING
        return tuple((stage.trial, stage.start_s, stage.stop_s) for stage in self.of_kind(kinds))

    @property
    def trials(self) -> tuple[int, ...]:
        """Return the trials, each once, in order."""
        return tuple(dict.fromkeys(stage.trial for stage in self.stages if stage.trial >= 0))


def course_of(events: Sequence[Event], before_s: float, after_s: float) -> Course:
    """Read a session's course from its presenter's events, with some seconds before and after it."""
    stages: list[Stage] = []
    talks: list[tuple[int, float, float]] = []
    stage_began: Event | None = None
    talk_began: Event | None = None
    for event in events:
        if event.kind == "stage_started":
            stage_began = event
        elif event.kind == "stage_ended" and stage_began is not None:
            kind = str(stage_began.payload.get("kind", ""))
            index = int(stage_began.payload.get("index", -1))
            stages.append(Stage(index, event.trial, event.stage, kind, stage_began.time, event.time))
        elif event.kind == "talk_started":
            talk_began = event
        elif event.kind == "talk_ended" and talk_began is not None:
            talks.append((event.trial, talk_began.time, event.time))
    times = [event.time for event in events]
    return Course(min(times) - before_s, max(times) + after_s, tuple(stages), tuple(talks))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in order, those that touch or overlap made one."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


def recorded_spans(course: Course, schedule: Mapping[str, Any], device: str) -> tuple[Span, ...]:
    """Return when a `camera` or `microphone` was recorded.

    As the protocol says where it says anything; otherwise only where recognizers look: the camera in
    stages that induce, the microphone in those that are spoken in.
    """
    planned = schedule.get("stages", ())
    open_in = {int(each["index"]) for each in planned if (each.get("content") or {}).get(device, True)}
    if len(open_in) < len(planned):
        return joined((stage.start_s, stage.stop_s) for stage in course.stages if stage.index in open_in)
    kinds = INDUCING if device == "camera" else ("speaking",)
    return joined((stage.start_s, stage.stop_s) for stage in course.stages if stage.kind in kinds)
