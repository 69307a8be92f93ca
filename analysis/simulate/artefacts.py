"""What goes wrong in recordings: bursts of motion, electrode pops, lost contact, holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap
from analysis.simulate.course import Course
from analysis.simulate.participant import Participant

Kind = Literal["motion", "pop", "contact", "gap"]
SUFFERS: dict[Kind, tuple[str, ...]] = {
    "motion": ("eeg", "bvp", "eda", "acceleration"),
    "pop": ("eeg",),
    "contact": ("eeg", "bvp", "eda"),
    "gap": ("eeg", "bvp", "eda", "temperature", "respiration", "acceleration"),
}
STREAM_LOST = "stream lost"


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something that went wrong in a trial: motion in all of `modalities`, anything else in one of them.

    `place` from 0 to 1 chooses a channel.
    """

    kind: Kind
    trial: int
    start_s: float
    stop_s: float
    modalities: tuple[str, ...]
    place: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "kind": self.kind,
            "trial": self.trial,
            "start_s": round(self.start_s, 3),
            "stop_s": round(self.stop_s, 3),
            "modalities": list(self.modalities),
        }


def artefacts(participant: Participant, course: Course) -> tuple[Artefact, ...]:
    """Return what goes wrong: one thing in the given share of trials, whatever is felt in them."""
    found = []
    there = participant.modalities
    spans = {trial: (start, stop) for trial, start, stop in course.acting("bvp")}
    for trial, (start, stop) in sorted(spans.items()):
        random = participant.random("artefacts", trial)
        happens, kind_at, where, length, place = random.random(5)
        possible = {kind: [name for name in names if name in there] for kind, names in SUFFERS.items()}
        kinds = [kind for kind, names in possible.items() if names]
        if happens >= participant.settings.artefacts or not kinds:
            continue
        kind = kinds[int(kind_at * len(kinds))]
        names = possible[kind]
        hit = tuple(names) if kind == "motion" else (names[int(place * len(names))],)
        length_s = min(1.0 + 2.0 * length, 0.8 * (stop - start))
        begin = start + where * (stop - start - length_s)
        found.append(Artefact(kind, trial, begin, begin + length_s, hit, float(place)))
    return tuple(found)


def hitting(all_of_them: Sequence[Artefact], modality: str, kind: Kind) -> list[Artefact]:
    """Return the artefacts of a kind that a modality suffers."""
    return [each for each in all_of_them if each.kind == kind and modality in each.modalities]


def without_gaps(
    times_s: NDArray[np.float64], values: NDArray[Any], all_of_them: Sequence[Artefact], modality: str
) -> tuple[NDArray[np.float64], NDArray[Any], tuple[Gap, ...]]:
    """Take out the rows of a modality's holes; return times, rows, and the holes."""
    keep = np.ones(len(times_s), bool)
    for hole in hitting(all_of_them, modality, "gap"):
        keep &= ~((times_s >= hole.start_s) & (times_s < hole.stop_s))
    return times_s[keep], values[keep], gaps_of(keep, STREAM_LOST)


def gaps_of(keep: NDArray[np.bool_], cause: str) -> tuple[Gap, ...]:
    """Return the holes that are left where rows are not kept; none before the first kept row."""
    kept = np.flatnonzero(keep)
    if not len(kept):
        return ()
    jumps = np.flatnonzero(np.diff(kept) > 1)
    return tuple(Gap(int(i), int(i) + 1, int(kept[i + 1] - kept[i] - 1), cause) for i in jumps)
