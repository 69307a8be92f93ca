"""What was on the participant's screen when: stimuli, and of films the picture that was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event
from analysis.session_reader import Session
from app.plan import LIVE_SUFFIX
from app.study import Study
from stimuli.problems import EvokeError
from stimuli.sets import MANIFEST, Stimulus, is_file, load_set

SHOWN = ("stimulus_shown", "sequence_step")
"""Kinds of events by which something came onto the screen; a step without a stimulus is a blank one."""
HIDDEN = ("stimulus_hidden", "trial_ended")


@dataclass(frozen=True, slots=True)
class Exposure:
    """A stimulus while it was on the screen, from `start_s` to `stop_s`; `item` None: its file is not here.

    Of a film, `swaps_s` (n,) are the moments at which its pictures came, `positions_s` (n,) their times in
    the film, counted from its first picture; empty where nobody logged them.
    """

    start_s: float
    stop_s: float
    stimulus: str
    trial: int
    item: Stimulus | None
    swaps_s: NDArray[np.float64]
    positions_s: NDArray[np.float64]

    def position_at(self, time_s: float) -> float:
        """Return which second of it was on: of the last logged picture, else the time since onset."""
        place = int(np.searchsorted(self.swaps_s, time_s, "right")) - 1
        if place >= 0:
            return float(self.positions_s[place])
        return 0.0 if len(self.swaps_s) else max(0.0, time_s - self.start_s)


class Exposures:
    """All stimuli of a recording in the order of time."""

    def __init__(self, found: Sequence[Exposure], problem: str = "") -> None:
        self.all = tuple(found)
        self.problem = problem
        self._starts = np.array([one.start_s for one in found], np.float64)

    @classmethod
    def of(cls, session: Session, study: Study | None) -> Exposures:
        """Read them of a finished file; the set is looked for in the study and where sets are kept."""
        schedule = session.protocol.get("schedule") or {}
        name = str(schedule.get("stimulus_set") or "") if isinstance(schedule, Mapping) else ""
        folder = str(session.attributes.get("stimulus_folder") or "")
        beside = session.path.with_name(f"{session.path.stem}{LIVE_SUFFIX}") / folder if folder else None
        items, problem = stimuli_of(name, study, beside)
        frames = session.frames
        found = []
        for shown, stop_s in _pairs(session.events):
            stimulus, start_s = str(shown.payload.get("stimulus") or ""), _time(shown)
            if not stimulus or stop_s <= start_s:
                continue
            swaps, positions = _log(frames, start_s, stop_s)
            found.append(
                Exposure(start_s, stop_s, stimulus, shown.trial, items.get(stimulus), swaps, positions)
            )
        return cls(found, problem if found else "")

    def at(self, time_s: float) -> Exposure | None:
        """Return what was on the screen at a time, None for nothing."""
        place = int(np.searchsorted(self._starts, time_s, "right")) - 1
        found = self.all[place] if place >= 0 else None
        return found if found is not None and time_s < found.stop_s else None


def stimuli_of(
    name: str, study: Study | None, folder: Path | None = None
) -> tuple[Mapping[str, Stimulus], str]:
    """Return the stimuli of a set by id, and "" or why they are not here; `folder` is looked at first."""
    from app.console.stimulus_sets import known_sets

    if not name:
        return {}, "The recording does not say which stimuli it showed."
    places = [known.folder for known in known_sets(study) if known.folder.resolve().name == name]
    if folder is not None and is_file(folder.resolve() / MANIFEST):
        places.insert(0, folder.resolve())
    for place in places:
        try:
            return load_set(place).items, ""
        except (EvokeError, OSError) as error:
            return {}, f"The stimulus set {name} cannot be read: {error}"
    return {}, f"The stimulus set {name} is not on this computer. Open its folder once on the Stimuli page."


def _pairs(events: Sequence[Event]) -> list[tuple[Event, float]]:
    """Return each showing with its end: when it was hidden, or the next began, or its trial ended."""
    found: list[tuple[Event, float]] = []
    open_: Event | None = None
    for event in events:
        if open_ is not None and event.kind in (*SHOWN, *HIDDEN):
            found.append((open_, _time(event)))
            open_ = None
        if event.kind in SHOWN:
            open_ = event
    if open_ is not None:
        found.append((open_, events[-1].time))
    return found


def _time(event: Event) -> float:
    actual = event.payload.get("actual_s")
    return float(actual) if isinstance(actual, (int, float)) else event.time


def _log(
    frames: Mapping[str, NDArray[Any]], start_s: float, stop_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    times = np.asarray(frames.get("time", ()), np.float64)
    first, stop = np.searchsorted(times, (start_s - 1e-6, stop_s - 1e-6))
    positions = np.asarray(frames.get("presentation_s", ()), np.float64)[first:stop]
    good = np.isfinite(positions)
    return times[first:stop][good], positions[good]
