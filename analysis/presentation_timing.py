"""How exact the participant's screen and sound were in one session: intended against actual, out of its file.

Times are seconds since the schedule began, lateness is actual minus intended in milliseconds. What had no
screen (or no output) has no actual time and is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Event

if TYPE_CHECKING:
    from analysis.session_reader import Session

DRAWN_KINDS = ("fixation", "picture", "film", "sound", "blank", "mask", "flash", "sequence", "choice")
"""Stages that are drawn straight onto the screen: the moment of their swap counts."""
NO_SCREEN = "no screen"
SOFTWARE = "software (this screen)"
FRAME_BUFFER = "frame buffer (Xvfb)"
# Xvfb gives its only screen no connector's name.
XVFB_SCREEN = "screen"
KEY_STEPS_MS = (16.0, 15.625, 10.0, 8.0, 4.0, 2.0, 1.0, 0.5)
"""Steps in which systems and keyboards tell the times of keys, coarsest first."""
FEWEST_PRESSES = 8
# Times are seconds in 64 bits on a clock that may have run for months.
STEP_TOLERANCE_MS = 0.02
FEWEST_FRAMES_FOR_DRIFT = 10


@dataclass(frozen=True, slots=True)
class ScreenFound:
    """The participant's screen as its preflight found it."""

    name: str
    width_px: int
    height_px: int
    rate_hz: float
    measured_hz: float | None
    jitter_sd_ms: float | None
    verified: bool
    renderer: str

    @property
    def period_ms(self) -> float | None:
        """How long a frame lasts, None where no rate is known."""
        rate_hz = self.measured_hz if self.verified and self.measured_hz else self.rate_hz
        return 1000 / rate_hz if rate_hz else None


@dataclass(frozen=True, slots=True)
class Onset:
    """A drawn stage that came onto the screen."""

    at_s: float
    trial: int
    stage: str
    kind: str
    stimulus: str
    intended_s: float
    lateness_ms: float


@dataclass(frozen=True, slots=True)
class Film:
    """A film as it was shown: `offsets_ms` is each frame's swap against the schedule, at `times_s`.

    `drift_ms` is how much later the last tenth came than the first, `drift_ppm` the slope of a line through
    all frames; None for very short ones.
    """

    at_s: float
    trial: int
    stage: str
    stimulus: str
    times_s: NDArray[np.float64]
    presentation_s: NDArray[np.float64]
    offsets_ms: NDArray[np.float64]
    repeated: int
    skipped: int
    drift_ms: float | None
    drift_ppm: float | None

    @property
    def frames(self) -> int:
        """How many frames were shown."""
        return len(self.times_s)

    @property
    def worst_ms(self) -> float:
        """The largest distance of a frame from its moment."""
        known = self.offsets_ms[np.isfinite(self.offsets_ms)]
        return float(np.max(np.abs(known))) if len(known) else 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rapid sequence: requested and achieved length, None where its end was not seen."""

    at_s: float
    trial: int
    stage: str
    number: int
    stimulus: str
    frames: int
    requested_ms: float
    achieved_ms: float | None
    lateness_ms: float | None


@dataclass(frozen=True, slots=True)
class SoundOnset:
    """A sound that left by the output; `stimulus` "" for a tone of ours."""

    at_s: float
    trial: int
    stage: str
    stimulus: str
    intended_s: float
    lateness_ms: float


@dataclass(frozen=True, slots=True)
class Keys:
    """How finely presses are timed: the step of their times, and how long they waited to be read."""

    presses: int
    step_ms: float | None = None
    wait_median_ms: float | None = None
    wait_p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Reactions:
    """Reaction times of speeded choices, in seconds."""

    count: int = 0
    median_s: float | None = None
    missed: int = 0
    anticipations: int = 0


@dataclass(frozen=True, slots=True)
class PresentationTiming:
    """Everything about the timing of one session; `dropped` are (at_s, trial, stage, count)."""

    label: str = NO_SCREEN
    screen: ScreenFound | None = None
    onsets: tuple[Onset, ...] = ()
    dropped: tuple[tuple[float, int, str, int], ...] = ()
    films: tuple[Film, ...] = ()
    steps: tuple[Step, ...] = ()
    sounds: tuple[SoundOnset, ...] = ()
    keys: Keys = Keys(0)
    reactions: Reactions = Reactions()
    placeholders: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    length_s: float = 0.0

    @property
    def dropped_frames(self) -> int:
        """How many frames the screen dropped."""
        return sum(count for *_, count in self.dropped)

    @property
    def is_verified(self) -> bool:
        """Whether the screen kept the rate that it states."""
        return self.screen is not None and self.screen.verified

    def kinds(self) -> dict[str, NDArray[np.float64]]:
        """Return the lateness (ms) of the onsets of each kind of stage."""
        found: dict[str, list[float]] = {}
        for onset in self.onsets:
            found.setdefault(onset.kind, []).append(onset.lateness_ms)
        return {kind: np.array(values) for kind, values in found.items()}


def read_presentation(session: Session) -> PresentationTiming:
    """Return the timing of an open, finished session."""
    return presentation_of(session.events, session.frames, session.keys)


def presentation_of(
    events: Sequence[Event],
    frames: Mapping[str, NDArray[Any]] | None = None,
    keys: Mapping[str, NDArray[Any]] | None = None,
) -> PresentationTiming:
    """Return the timing told by events in the order of time and by the tables /frames and /keys."""
    origin_s = next((e.time for e in events if e.kind == "schedule_started"), _first_time(events))
    shown = [e for e in events if e.kind == "screen"]
    screen = _screen(shown[-1].payload) if shown else None
    ended = [e.time for e in events if e.kind == "schedule_ended"]
    onsets = tuple(_onsets(events, origin_s))
    last_s = max((onset.at_s for onset in onsets), default=0.0)
    return PresentationTiming(
        label=label_of(shown[-1].payload if shown else {"name": "" if onsets else "null"}),
        screen=screen,
        onsets=onsets,
        dropped=tuple(
            (e.time - origin_s, e.trial, e.stage, int(e.payload.get("count", 0)))
            for e in events
            if e.kind == "frames_dropped"
        ),
        films=tuple(_films(frames or {}, origin_s)),
        steps=tuple(_steps(events, origin_s)),
        sounds=tuple(_sounds(events, origin_s)),
        keys=keys_of(keys or {}),
        reactions=_reactions(events),
        placeholders=_names(events, "placeholder"),
        failed=_names(events, "stimulus_failed"),
        length_s=max(ended[-1] - origin_s, last_s) if ended else last_s,
    )


def label_of(screen: Mapping[str, Any]) -> str:
    """Return where the figures of a screen (the payload of its `screen` event) come from, in words."""
    if screen.get("name") == "null":
        return NO_SCREEN
    if screen.get("timing_label"):
        return str(screen["timing_label"])
    if screen.get("name") == XVFB_SCREEN and "llvmpipe" in str(screen.get("renderer", "")).lower():
        return FRAME_BUFFER
    return SOFTWARE


def _screen(payload: Mapping[str, Any]) -> ScreenFound | None:
    if payload.get("name") == "null":
        return None
    return ScreenFound(
        name=str(payload.get("name", "")),
        width_px=int(payload.get("width") or 0),
        height_px=int(payload.get("height") or 0),
        rate_hz=float(payload.get("rate_hz") or 0.0),
        measured_hz=_known(payload.get("measured_hz")),
        jitter_sd_ms=_known(payload.get("jitter_sd_ms")),
        verified=bool(payload.get("verified", False)),
        renderer=str(payload.get("renderer", "")),
    )


def _onsets(events: Iterable[Event], origin_s: float) -> Iterable[Onset]:
    """Return each drawn stage once, and stimuli that came back after a pause; pages of forms do not count."""
    kinds: dict[tuple[int, str], str] = {}
    found: dict[tuple[int, str, float], Onset] = {}
    for event in events:
        if event.kind not in ("stage_started", "stimulus_shown"):
            continue
        place = (event.trial, event.stage)
        if event.kind == "stage_started":
            kinds[place] = str(event.payload.get("kind", ""))
        kind = kinds.get(place, "picture")
        intended, actual = _known(event.payload.get("intended_s")), _known(event.payload.get("actual_s"))
        if kind in DRAWN_KINDS and intended is not None and actual is not None:
            # A stage and its stimulus came with one swap; the later of the two events names the stimulus.
            found[(*place, intended)] = Onset(
                actual - origin_s,
                event.trial,
                event.stage,
                kind,
                _stimulus_of(event),
                intended - origin_s,
                (actual - intended) * 1e3,
            )
    return found.values()


def _stimulus_of(event: Event) -> str:
    return str(event.payload.get("stimulus") or "")


def _films(frames: Mapping[str, NDArray[Any]], origin_s: float) -> Iterable[Film]:
    count = len(frames.get("time", ()))
    places = [
        (int(frames["trial"][i]), str(frames["stage"][i]), str(frames["stimulus"][i])) for i in range(count)
    ]
    for place, group in itertools.groupby(range(count), key=places.__getitem__):
        yield _film(place, frames, np.fromiter(group, np.intp), origin_s)


def _film(
    place: tuple[int, str, str], frames: Mapping[str, NDArray[Any]], rows: NDArray[np.intp], origin_s: float
) -> Film:
    times = np.asarray(frames["time"][rows], "f8")
    shown = np.asarray(frames["presentation_s"][rows], "f8")
    planned = (
        np.asarray(frames["intended_s"][rows], "f8") if "intended_s" in frames else np.full(len(rows), np.nan)
    )
    # A film without a schedule of its frames is measured against its own first one.
    intended = np.where(np.isfinite(planned), planned, times[0] - shown[0] + shown)
    offsets_ms = (times - intended) * 1e3
    drift_ms, drift_ppm = _drift(times, offsets_ms)
    trial, stage, stimulus = place
    return Film(
        float(times[0]) - origin_s,
        trial,
        stage,
        stimulus,
        times - origin_s,
        shown,
        offsets_ms,
        int(frames["repeated"][rows].sum()),
        int(frames["skipped"][rows].sum()),
        drift_ms,
        drift_ppm,
    )


def _drift(
    times_s: NDArray[np.float64], offsets_ms: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    known = np.isfinite(offsets_ms)
    times_s, offsets_ms = times_s[known], offsets_ms[known]
    if len(times_s) < FEWEST_FRAMES_FOR_DRIFT or times_s[-1] <= times_s[0]:
        return None, None
    tenth = max(1, len(times_s) // 10)
    moved = float(np.median(offsets_ms[-tenth:]) - np.median(offsets_ms[:tenth]))
    slope_ms_per_s = float(np.polyfit(times_s - times_s[0], offsets_ms, 1)[0])
    return moved, slope_ms_per_s * 1e3


def _steps(events: Sequence[Event], origin_s: float) -> Iterable[Step]:
    """Yield the steps of sequences; a step ends with the next one's onset, the last one with what follows."""
    number = 0
    for i, event in enumerate(events):
        if event.kind == "stage_started":
            number = 0
        if event.kind != "sequence_step":
            continue
        number += 1
        payload = event.payload
        intended, actual = _known(payload.get("intended_s")), _known(payload.get("actual_s"))
        end_s = _end_of_step(events, i)
        yield Step(
            (event.time if actual is None else actual) - origin_s,
            event.trial,
            event.stage,
            number,
            _stimulus_of(event),
            int(payload.get("frames") or 0),
            float(payload.get("requested_s") or 0.0) * 1e3,
            None if actual is None or end_s is None else (end_s - actual) * 1e3,
            None if actual is None or intended is None else (actual - intended) * 1e3,
        )


def _end_of_step(events: Sequence[Event], step: int) -> float | None:
    for place in range(step + 1, len(events)):
        event = events[place]
        if event.kind in ("sequence_step", "stimulus_hidden", "stage_started"):
            return _known(event.payload.get("actual_s"))
        if event.kind in ("paused", "trial_ended", "schedule_ended"):
            return None
    return None


def _sounds(events: Iterable[Event], origin_s: float) -> Iterable[SoundOnset]:
    for event in events:
        if event.kind not in ("sound_played", "tone_played"):
            continue
        intended, actual = _known(event.payload.get("intended_s")), _known(event.payload.get("actual_s"))
        if intended is not None and actual is not None:
            at = (actual - origin_s, event.trial, event.stage, _stimulus_of(event))
            yield SoundOnset(*at, intended - origin_s, (actual - intended) * 1e3)


def keys_of(keys: Mapping[str, NDArray[Any]]) -> Keys:
    """Return how finely the presses of the table /keys are timed."""
    if not len(keys.get("time", ())):
        return Keys(0)
    down = np.array([str(edge) == "down" for edge in keys["edge"]])
    times, received = np.asarray(keys["time"], "f8")[down], np.asarray(keys["received_s"], "f8")[down]
    # Where an event carried no time of its own the time of receipt stands for it.
    stamped = times[received > times]
    waits_ms = (received - times)[np.isfinite(received)] * 1e3
    if not len(waits_ms):
        return Keys(len(times))
    return Keys(
        len(times),
        step_of(stamped),
        float(np.median(waits_ms)),
        float(np.percentile(waits_ms, 99)),
    )


def step_of(times_s: NDArray[np.float64]) -> float | None:
    """Return the coarsest step (ms) that all times are multiples of; None where there is none or too few."""
    if len(times_s) < FEWEST_PRESSES:
        return None
    since_ms = (times_s - times_s[0]) * 1e3
    for step_ms in KEY_STEPS_MS:
        off = np.abs(since_ms - np.round(since_ms / step_ms) * step_ms)
        if np.all(off < STEP_TOLERANCE_MS):
            return step_ms
    return None


def _reactions(events: Iterable[Event]) -> Reactions:
    """Count what was answered in stages of speeded choice."""
    choices: set[tuple[int, str]] = set()
    reactions: list[float] = []
    missed = anticipations = 0
    for event in events:
        place = (event.trial, event.stage)
        if event.kind == "stage_started" and event.payload.get("kind") == "choice":
            choices.add(place)
        if event.kind == "response" and place in choices:
            payload = event.payload
            reaction_s = _known(payload.get("reaction_s"))
            if reaction_s is not None and payload.get("value") is not None:
                reactions.append(reaction_s)
                anticipations += bool(payload.get("anticipation"))
            else:
                missed += not payload.get("declined")
    middle = float(np.median(reactions)) if reactions else None
    return Reactions(len(reactions), middle, missed, anticipations)


def _names(events: Iterable[Event], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_stimulus_of(event) for event in events if event.kind == kind))


def _known(value: Any) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and np.isfinite(value) else None


def _first_time(events: Sequence[Event]) -> float:
    return events[0].time if events else 0.0
