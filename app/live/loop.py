"""The loop: what is new is pushed, windows that are due are answered, answers are told and published."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.live.engine import Answer, LiveRecognizer
from analysis.live.faces import kept_faces
from analysis.live.streams import Streams
from analysis.live.uncertainty import Judged
from app import clock
from app.live.models import Mounted, modalities_of
from app.live.outlet import Outlet
from app.live.plane import Plane
from app.live.sources import Source

POLL_S = 0.05
WAITING_S = 2.0
"""Signals that are not there after so long are told of."""
STAGES = ("wait", "features", "recognizer", "total")
"""From the end of a window on: until it could be begun, its inputs, the decision; and all of it together."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: how sure it is, where it lies on the plane, how long after its window it came (s)."""

    number: int
    mounted: Mounted
    answer: Answer
    judged: Judged | None
    place: tuple[float, float] | None
    latency: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        answer, judged = self.answer, self.judged
        proba = None if answer.proba is None else answer.proba.tolist()
        return {
            "type": "answer",
            "recognizer": self.number,
            "start_s": answer.start_s,
            "stop_s": answer.stop_s,
            "names": list(answer.names),
            "proba" if answer.is_classes else "numbers": proba,
            "calibrated": None if judged is None or not answer.is_classes else judged.proba.tolist(),
            "entropy": None if judged is None else judged.entropy,
            "right": None if judged is None else judged.right,
            "sd": None if judged is None else list(judged.sd),
            "place": None if self.place is None else list(self.place),
            "inputs": [
                {
                    "name": each.name,
                    "modality": each.modality,
                    "state": each.state,
                    "why": each.why,
                    "used": each.is_used,
                }
                for each in answer.inputs
            ],
            "paused": answer.paused,
            "latency": dict(self.latency),
        }


@dataclass
class Figures:
    """Latencies of every answer by stage, and what was left out."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})
    answers: int = 0
    skipped: int = 0

    def take(self, latency: Mapping[str, float]) -> None:
        """Count an answer."""
        self.answers += 1
        for stage in STAGES:
            if np.isfinite(latency[stage]):
                self.latencies[stage].append(latency[stage])

    def to_json(self) -> dict[str, Any]:
        """Return median and 95th percentile of each stage, in seconds."""
        return {
            "answers": self.answers,
            "skipped": self.skipped,
            "latency": {
                stage: {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}
                for stage, values in self.latencies.items()
                if values
            },
        }


def recognizers_of(mounted: Sequence[Mounted]) -> tuple[Streams, tuple[LiveRecognizer, ...]]:
    """Return buffers for recognizers, and the recognizers on them."""
    memory_s = max(each.plan.memory_s for each in mounted)
    streams = Streams(modalities_of(mounted), memory_s)
    return streams, tuple(LiveRecognizer(each.trained, each.plan, streams) for each in mounted)


def run(
    mounted: Sequence[Mounted],
    source: Source,
    heard: Callable[[Told], None],
    *,
    outlets: Sequence[Outlet] = (),
    stopping: threading.Event | None = None,
    prepared: tuple[Streams, tuple[LiveRecognizer, ...]] | None = None,
    waiting: Callable[[str], None] = lambda words: None,
) -> Figures:
    """Run recognizers until the source ends or `stopping` is set; return how long answers took.

    `heard` is told every answer, after it was published; `waiting` why signals are not there yet.
    """
    stop = stopping or threading.Event()
    streams, engines = prepared or recognizers_of(mounted)
    plane = Plane(mounted)
    figures = Figures()
    is_timed = source.speed > 0
    for engine in engines:
        engine.end_s = source.end_s
    said_s, said = clock.now(), ""
    with kept_faces():
        while not stop.is_set():
            goes_on = source.feed(streams)
            if clock.now() - said_s > WAITING_S:
                said_s, words = clock.now(), " ".join(source.waiting)
                if words != said:
                    said = words
                    waiting(words)
            for number, engine in enumerate(engines):
                for answer in engine.advance(source.now(), newest_only=not source.waits):
                    told = _told(number, mounted[number], answer, plane, source, is_timed)
                    if outlets:
                        outlets[number].push(answer, told.judged, told.place, told.latency["total"])
                    figures.take(told.latency)
                    heard(told)
                    if stop.is_set():
                        break
            if not goes_on:
                break
            if is_timed:
                stop.wait(POLL_S)
    figures.skipped = sum(engine.skipped for engine in engines)
    return figures


def _told(
    number: int, mounted: Mounted, answer: Answer, plane: Plane, source: Source, is_timed: bool
) -> Told:
    judged, place = None, None
    if answer.proba is not None:
        judged = mounted.calibration.judge(answer.proba, answer.is_classes)
        place = plane.place(number, answer.proba)
    else:
        plane.forget(number)
    own_s = answer.features_s + answer.recognizer_s
    total_s = (source.now() - answer.stop_s) / source.speed if is_timed else own_s
    latency = {
        "wait": max(0.0, total_s - own_s) if is_timed else float("nan"),
        "features": answer.features_s,
        "recognizer": answer.recognizer_s,
        "total": total_s,
    }
    return Told(number, mounted, answer, judged, place, latency)


def cpu_share(began: tuple[float, float]) -> float:
    """Return which share of a core this process used since `began` (see `cpu_now`)."""
    wall_s, used_s = cpu_now()
    return (used_s - began[1]) / max(1e-9, wall_s - began[0])


def cpu_now() -> tuple[float, float]:
    """Return wall and processor time in seconds."""
    return time.monotonic(), time.process_time()
