"""What this computer knows about its screens: size, viewing distance, measured lag, corner patch.

Kept in the user's settings under `screens`, by the screen's name; nothing here needs a window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from app import settings
from protocols.frames import step_frames
from protocols.schedule import Schedule, Stage

SETTING = "screens"
FRAME_BUFFER = "frame buffer (Xvfb)"
SOFTWARE = "software (this screen)"
VIRTUAL_SCREEN = "screen"
"""What Xvfb calls its only screen."""
REMEDY = "Enter the screen's width and the viewing distance in the settings (screens)."

Measure = Literal["fit", "fraction", "height_px", "width_px"]
Size = tuple[Measure, float]
FIT: Size = ("fit", 1.0)
DEGREES = {"height_deg": "height_px", "width_deg": "width_px"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """A screen as measured: `width_mm` of its picture of `width_px`, seen from `distance_mm`.

    `lag_ms` is how long after its logged swap light really changes, with `lag_sd_ms`, `lag_source` (such
    as 'photodiode') and `lag_date` (ISO); None where nobody measured it.
    """

    width_mm: float | None = None
    width_px: int | None = None
    distance_mm: float | None = None
    lag_ms: float | None = None
    lag_sd_ms: float | None = None
    lag_source: str = ""
    lag_date: str = ""

    @property
    def knows_degrees(self) -> bool:
        """Whether sizes in degrees of visual angle can be drawn."""
        return all(
            value is not None and value > 0 for value in (self.width_mm, self.width_px, self.distance_mm)
        )

    def pixels(self, degrees: float) -> float:
        """Return how many pixels an object in the middle of the screen takes that is `degrees` wide or high.

        Raises ValueError for a screen of unknown size or distance.
        """
        if not self.knows_degrees:
            raise ValueError("the screen's width or viewing distance is not known")
        assert self.width_mm is not None and self.width_px is not None and self.distance_mm is not None
        size_mm = 2 * self.distance_mm * math.tan(math.radians(degrees) / 2)
        return size_mm * self.width_px / self.width_mm

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> Calibration:
        """Rebuild from `asdict`; what is not a number counts as not known."""
        values = values or {}

        def number(name: str) -> float | None:
            value = values.get(name)
            usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return float(value) if usable else None  # type: ignore[arg-type]

        width_px = number("width_px")
        return cls(
            width_mm=number("width_mm"),
            width_px=None if width_px is None else round(width_px),
            distance_mm=number("distance_mm"),
            lag_ms=number("lag_ms"),
            lag_sd_ms=number("lag_sd_ms"),
            lag_source=str(values.get("lag_source") or ""),
            lag_date=str(values.get("lag_date") or ""),
        )


def calibration(screen: str) -> Calibration:
    """Return what is known about the screen of this name; nothing of an unknown one."""
    known = settings.load().get(SETTING)
    values = known.get(screen) if isinstance(known, dict) else None
    return Calibration.from_json(values if isinstance(values, dict) else None)


def remember(screen: str, found: Calibration) -> None:
    """Keep what was measured of a screen."""
    values = settings.load()
    known = values.get(SETTING)
    values[SETTING] = {**(known if isinstance(known, dict) else {}), screen: asdict(found)}
    settings.save(values)


def remember_lag(report: Mapping[str, Any]) -> None:
    """Keep what `evoke timing-test` measured: `screen`, `stream`, `channel`, `lag_ms`, `sd_ms`, `date`."""
    name = str(report["screen"])
    source = f"photodiode on {report['stream']} {report['channel']}"
    measured = (report["lag_ms"], report["sd_ms"], source, str(report["date"]))
    names = ("lag_ms", "lag_sd_ms", "lag_source", "lag_date")
    remember(name, replace(calibration(name), **dict(zip(names, measured, strict=True))))


def timing_label(screen: str, renderer: str, found: Calibration) -> str:
    """Say how far the times of what this screen shows are proved."""
    if found.lag_ms is not None and found.lag_source.startswith("photodiode"):
        return f"photodiode (this screen, {found.lag_date})"
    return FRAME_BUFFER if screen == VIRTUAL_SCREEN and "llvmpipe" in renderer else SOFTWARE


@dataclass(frozen=True, slots=True)
class Patch:
    """A square for a photodiode in a corner of the screen, white while a stimulus is on.

    `side_px` 0 means a sixteenth of the screen's height, at least 24 pixels.
    """

    corner: str = "bottom left"
    side_px: int = 0

    @classmethod
    def from_setting(cls, value: object) -> Patch | None:
        """Read the setting `corner_patch`: false, true, or {corner, side_px}."""
        if isinstance(value, Mapping) and value:
            side = value.get("side_px")
            corner = str(value.get("corner") or cls().corner)
            return cls(corner, int(side) if isinstance(side, int | float) else 0)
        return cls() if value else None

    def place(self, width: int, height: int) -> tuple[int, int, int]:
        """Return left, bottom (OpenGL counts from below) and side on a window of this many pixels."""
        side = self.side_px or max(24, height // 16)
        left = width - side if "right" in self.corner else 0
        return left, height - side if "top" in self.corner else 0, side


def size_of(content: Mapping[str, Any], known: Calibration) -> Size:
    """Return a stage's `size` in pixels or as a part of the screen; raises ValueError for unknown degrees."""
    size = content.get("size", "fit")
    if isinstance(size, Mapping):
        ((measure, value),) = size.items()
        if measure in DEGREES:
            return DEGREES[measure], known.pixels(float(value))  # type: ignore[return-value]
        return measure, float(value)
    return FIT if isinstance(size, str) else ("fraction", float(size))


def problems(schedule: Schedule, known: Calibration, width: int, height: int, rate_hz: float) -> list[str]:
    """Return why this screen cannot show the schedule as it is written, a sentence each; empty if it can."""
    found = (text for stage in schedule.stages for text in _problems(stage, known, width, height, rate_hz))
    return list(dict.fromkeys(found))


def _problems(stage: Stage, known: Calibration, width: int, height: int, rate_hz: float) -> Iterator[str]:
    size = stage.content.get("size")
    if isinstance(size, Mapping):
        if DEGREES.keys() & size.keys() and not known.knows_degrees:
            yield (
                f'The stage "{stage.name}" gives a size in degrees, but the size and distance of the '
                f"participant's screen are not known. {REMEDY}"
            )
        else:
            measure, pixels = size_of(stage.content, known)
            room = width if measure == "width_px" else height
            if pixels > room:
                yield (
                    f'The stage "{stage.name}" is to be {pixels:.0f} pixels '
                    f"{'wide' if measure == 'width_px' else 'high'}; the participant's screen has {room}. "
                    "Choose a smaller size or a larger screen."
                )
    if stage.kind == "sequence" and stage.content.get("rounding", "refuse") == "refuse":
        lengths = [float(step["duration_s"]) for step in stage.content.get("steps", ())]
        for kept in step_frames(lengths, rate_hz):
            if not kept.is_exact:
                yield (
                    f'The sequence "{stage.name}" asks for {kept.requested_s * 1000:g} ms; the '
                    f"participant's screen at {rate_hz:g} Hz can show {kept.achievable_s * 1000:.1f} ms "
                    f"({kept.frames} frames). Choose other durations or another screen, or write "
                    "`rounding: nearest`."
                )
