"""What the runner asks of a screen, and the null screen: virtual 60 Hz, no window, no Qt."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.presenter.tasks import Task
from protocols.schedule import Stage
from stimuli.problems import EvokeError

# Stages that are drawn straight onto the screen; all others are forms.
DRAWN_KINDS = ("fixation", "picture", "film", "sound", "blank", "mask", "flash", "sequence", "choice")
# Drawn stages whose stimulus has an end of its own.
PLAYED_KINDS = ("film", "sound")
# A frame this much longer than the screen's period means that one was dropped (as PsychoPy counts).
DROPPED_BEYOND = 1.2


class PresenterError(EvokeError):
    """The presenter cannot go on; `safe` says what has become of the data."""

    def __init__(self, message: str, safe: str = "Nothing was recorded yet.") -> None:
        super().__init__(message)
        self.safe = safe


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """A screen as found: `verified` if its frames kept to the rate that it states.

    `timing_label` says how far its times are proved: 'frame buffer (Xvfb)', 'software (this screen)' or
    'photodiode (this screen, date)'.
    """

    name: str
    width: int
    height: int
    rate_hz: float
    verified: bool
    measured_hz: float | None = None
    jitter_sd_ms: float | None = None
    renderer: str = ""
    timing_label: str = ""

    def payload(self) -> dict[str, typing.Any]:
        """Return the payload of a `screen` event."""
        return {
            "name": self.name,
            "width": self.width,
            "height": self.height,
            "rate_hz": self.rate_hz,
            "verified": self.verified,
            "measured_hz": self.measured_hz,
            "jitter_sd_ms": self.jitter_sd_ms,
            "renderer": self.renderer,
            "timing_label": self.timing_label,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """A swap: its time (None without a screen), its frame's number, and the frames lost before it."""

    actual_s: float | None
    frame: int
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a screen saw or did by itself, to be journalled as an event of `kind`.

    `time` is its own time in `clock.now()` seconds. One that is not `urgent` (each frame of a film) may
    wait for the journal's next batch.
    """

    kind: str
    time: float
    payload: Mapping[str, typing.Any] = field(default_factory=dict)
    urgent: bool = True


class Screen(typing.Protocol):
    """The participant's screen."""

    @property
    def lead_s(self) -> float:
        """How long before its time a change must be handed over."""
        ...

    @property
    def facts(self) -> ScreenFacts:
        """What the preflight found."""
        ...

    def prepare(self, stage: Stage) -> None:
        """Make ready what `stage` will need; called while another stage is on."""
        ...

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        """Change to `stage` at `at_s` (at once if that has passed).

        Without a stage: the page of `task` if there is one (the participant's rights), else 'one moment,
        please'. A stage shown anew begins from its beginning: its film too.
        """
        ...

    def stimulus_over_s(self) -> float | None:
        """Return when the film or sound that is on ends, once that is at most `lead_s` ahead; else None.

        What could not be played is over at once.
        """
        ...

    def happenings(self) -> list[Happening]:
        """Return what happened since the last call, oldest first; called at every tick and change."""
        ...

    def say(self, text: str) -> None:
        """Choose the words of the page that is shown while no stage runs."""
        ...

    def refresh(self, now: float) -> int:
        """Keep the picture alive between changes; return how many frames were dropped since."""
        ...

    def close(self) -> None:
        """Take the window away."""
        ...


class FrameCount:
    """Counts frames and those that were dropped: a swap later than 1.2 periods after its due time."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.frame = 0

    def late(self, due_s: float, swapped_s: float) -> int:
        """Return how many frames a change due at `due_s` was dropped by."""
        self.frame += 1
        late_s = swapped_s - due_s
        return int(late_s / self.period_s) if late_s > DROPPED_BEYOND * self.period_s else 0

    def interval(self, previous_s: float, swapped_s: float) -> int:
        """Return how many frames are missing between two swaps of a screen that is drawn all the time."""
        self.frame += 1
        interval_s = swapped_s - previous_s
        if interval_s <= DROPPED_BEYOND * self.period_s:
            return 0
        return max(1, round(interval_s / self.period_s) - 1)


class NullScreen:
    """No window: changes happen on the frames of a virtual screen of 60 Hz, at no actual time.

    Films and sounds last as long as they typically do.
    """

    lead_s = 0.0
    rate_hz = 60.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._opened_s = now()
        self._over_s: float | None = None

    @property
    def facts(self) -> ScreenFacts:
        """The virtual screen."""
        return ScreenFacts("null", 0, 0, self.rate_hz, verified=False)

    def prepare(self, stage: Stage) -> None:
        """Nothing to load."""

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        """Count the virtual frame that the change falls on."""
        plays = stage is not None and stage.kind in PLAYED_KINDS
        self._over_s = at_s + stage.duration.typical_s if stage is not None and plays else None
        return Shown(None, round((at_s - self._opened_s) * self.rate_hz))

    def stimulus_over_s(self) -> float | None:
        """The film's typical length after its onset."""
        return self._over_s if self._over_s is not None and self._now() >= self._over_s else None

    def happenings(self) -> list[Happening]:
        """Nothing happens by itself."""
        return []

    def say(self, text: str) -> None:
        """Nobody reads it."""

    def refresh(self, now: float) -> int:
        """No frame is ever dropped."""
        return 0

    def close(self) -> None:
        """Nothing to close."""
