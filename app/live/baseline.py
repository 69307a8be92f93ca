"""A baseline from a recording: cases of the same person, as the recognizer would have had them live."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.corpus.padding import Cut
from analysis.live.engine import MOST_BASELINE, LiveRecognizer
from analysis.live.faces import kept_faces
from analysis.live.plan import LEAST_BASELINE
from analysis.live.replaying import replayed
from analysis.live.streams import Streams
from app.live.models import LiveUseError, Mounted, modalities_of, replay_of

STEP_S = 1.0


def baseline_of(mounted: Mounted, path: Path) -> list[dict[str, Cut]]:
    """Return cases of a recording for a recognizer that scales by a person's own; raises LiveUseError."""
    modalities: Sequence[str] = modalities_of([mounted])
    streams = Streams(modalities, mounted.plan.memory_s)
    engine = LiveRecognizer(mounted.trained, mounted.plan, streams)
    found: list[dict[str, Cut]] = []
    with replay_of(path, modalities) as replay, kept_faces():
        engine.end_s = replay.end_s
        for now_s in replayed(replay, streams, STEP_S):
            found += [cuts for cuts in engine.collect(now_s) if cuts]
    if len(found) < LEAST_BASELINE:
        raise LiveUseError(
            f"{path}: gives {len(found)} cases, and a baseline needs {LEAST_BASELINE}. Choose a longer one."
        )
    every = max(1, -(-len(found) // MOST_BASELINE))
    return found[::every]
