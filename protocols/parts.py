"""What the stages of a protocol file are made of: names, colours, sizes, durations, and their base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from protocols.schedule import Duration, StageKind
from stimuli.sets import StimulusKind
from stimuli.validation import COLOUR_FORM, NAME_FORM, Part, mistake

Identifier = Annotated[str, Field(pattern=NAME_FORM, max_length=64)]
StimulusId = Annotated[str, Field(min_length=1, max_length=200)]
Colour = Annotated[str, Field(pattern=COLOUR_FORM)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Share = Annotated[float, Field(ge=0, le=1)]
Names = tuple[str | int, ...]


def _no_mapping(value: Any) -> Any:
    if isinstance(value, dict):
        raise mistake("the clock ends this stage, so its duration is one number.", "Write the seconds.")
    return value


def _no_number(value: Any) -> Any:
    if isinstance(value, int | float):
        message = "the participant ends this stage, so its duration is not one number."
        raise mistake(message, f"Write {{typical_s: {value:g}}}.")
    return value


Timed = Annotated[Seconds, BeforeValidator(_no_mapping)]


class SelfPaced(Part):
    """A duration that the participant ends: not before `min_s`, at `max_s` (if given) at the latest.

    `typical_s` is what a usual participant takes: the plan of the day and automatic participants use it.
    """

    typical_s: Seconds
    min_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    max_s: Seconds | None = None

    @model_validator(mode="after")
    def _in_order(self) -> SelfPaced:
        if not self.min_s <= self.typical_s <= (self.max_s or self.typical_s):
            raise mistake("min_s, typical_s and max_s must rise in this order.", "Correct the three numbers.")
        if self.min_s == self.max_s:
            raise mistake("min_s and max_s are the same.", "Write one number for a timed stage.")
        return self


class Spread(Part):
    """A timed duration that differs from trial to trial: drawn evenly between `from_s` and `to_s`."""

    from_s: Seconds
    to_s: Seconds

    @model_validator(mode="after")
    def _rises(self) -> Spread:
        if not self.from_s < self.to_s:
            raise mistake("from_s must be less than to_s.", "Write the shorter one first.")
        return self


ByParticipant = Annotated[SelfPaced, BeforeValidator(_no_number)]


def _pace(value: Any) -> str:
    return "self-paced" if isinstance(value, dict | SelfPaced) else "timed"


AnyDuration = Annotated[
    Annotated[Seconds, Tag("timed")] | Annotated[SelfPaced, Tag("self-paced")], Discriminator(_pace)
]


def _evenness(value: Any) -> str:
    is_spread = isinstance(value, Spread) or (isinstance(value, dict) and {"from_s", "to_s"} & set(value))
    return "spread" if is_spread else "timed"


TimedOrSpread = Annotated[
    Annotated[Timed, Tag("timed")] | Annotated[Spread, Tag("spread")], Discriminator(_evenness)
]


class Measure(Part):
    """A size on the screen: exactly one of a height or a width, in degrees of visual angle or in pixels.

    Degrees need a calibrated screen; the other side follows from the picture's own shape.
    """

    height_deg: Annotated[float, Field(gt=0, le=120)] | None = None
    width_deg: Annotated[float, Field(gt=0, le=120)] | None = None
    height_px: Annotated[float, Field(gt=0, le=20_000)] | None = None
    width_px: Annotated[float, Field(gt=0, le=20_000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Measure:
        given = [self.height_deg, self.width_deg, self.height_px, self.width_px]
        if sum(value is not None for value in given) != 1:
            remedy = "Write one of height_deg, width_deg, height_px, width_px."
            raise mistake("a size is one number.", remedy)
        return self


def _fit(value: Any) -> str:
    if isinstance(value, dict | Measure):
        return "measure"
    return "fit" if isinstance(value, str) else "fraction"


Size = Annotated[
    Annotated[Literal["fit"], Tag("fit")]
    | Annotated[Annotated[float, Field(gt=0, le=1)], Tag("fraction")]
    | Annotated[Measure, Tag("measure")],
    Discriminator(_fit),
]


class StageBase(Part):
    """What all stages have.

    `name` is what events and results carry, the kind's name if none is given. `camera` and `microphone`
    say whether they record here; left out, the protocol's `record` decides.
    """

    name: Identifier = ""
    camera: bool | None = None
    microphone: bool | None = None

    # Keys of the file that name a stimulus, with the kind that it must be.
    stimulus_keys: ClassVar[Mapping[str, StimulusKind]] = {}
    # Whether the trial's stimulus is shown where the key `stimulus` is left out.
    shows_trial: ClassVar[bool] = False
    # Keys that content leaves out at their default: they came later than the schedules that are stored.
    quiet_keys: ClassVar[frozenset[str]] = frozenset()

    @property
    def label(self) -> str:
        """The name, or the kind."""
        return self.name or str(getattr(self, "kind", ""))

    @property
    def stage_kind(self) -> StageKind:
        """The kind, as schedules hold it."""
        kind: StageKind = getattr(self, "kind", "blank")
        return kind

    def duration(self) -> Duration:
        """Return the duration as schedules hold it; a spread one by its ends and its middle."""
        given: float | SelfPaced | Spread | None = getattr(self, "duration_s", None)
        if isinstance(given, SelfPaced):
            return Duration(given.min_s, given.typical_s, given.max_s)
        if isinstance(given, Spread):
            return Duration(given.from_s, (given.from_s + given.to_s) / 2, given.to_s)
        return Duration(given or 0.0, given or 0.0, given or 0.0)

    def stimuli(self) -> Iterator[tuple[Names, str, StimulusKind]]:
        """Yield (place within the stage, id as written, kind) of every stimulus that the stage names."""
        for key, kind in self.stimulus_keys.items():
            value = getattr(self, key)
            if value is not None:
                yield (key,), value, kind
