"""The quality of a stream in words: what was measured, what is wrong, what helps. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GRADES: Mapping[str, tuple[str, str, str]] = {
    "passed": ("good", "good", "good"),
    "warned": ("warning", "warning", "look at it"),
    "failed": ("alarm", "alarm", "poor"),
    "waiting": ("hold", "muted", "being judged"),
}
"""Icon, colour and word of a verdict."""

TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "flat": ("flat", "sensor_flat"),
    "railed": ("railed",),
    "line_noise": ("line_noise",),
    "contact": ("contact", "impedance"),
    "worn": ("off_wrist",),
    "face": ("no_face", "face"),
    "motion_g": ("motion",),
}
"""Which measures a problem's own sentence gives, by the beginning of its code."""
RATE_SHOWN = 0.002
MOST_CHANNELS = 4


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """What the monitor says of one stream; `measures` and `problems` are ready to be read."""

    id: str
    verdict: str
    measures: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def grade(self) -> tuple[str, str, str]:
        """Icon, colour and word."""
        return GRADES.get(self.verdict, GRADES["waiting"])

    @property
    def sentence(self) -> str:
        """Everything in words, for tool tips and screen readers."""
        return ". ".join([f"{self.id}: {self.grade[2]}", *self.problems, ", ".join(self.measures)])


def quality_of(state: Mapping[str, Any]) -> tuple[StreamQuality, ...]:
    """Return the quality of a `state` message's streams, nothing before the first look."""
    quality = state.get("quality") or {}
    streams = quality.get("streams") if isinstance(quality.get("streams"), Mapping) else quality
    return tuple(
        judged(name, values) for name, values in dict(streams or {}).items() if isinstance(values, Mapping)
    )


def judged(name: str, values: Mapping[str, Any]) -> StreamQuality:
    """Return one stream's quality in words."""
    told = (str(row.get("text") or row.get("code")) for row in values.get("problems") or ())
    problems = tuple(text.removeprefix(f"{name}: ") for text in told)
    return StreamQuality(
        name,
        str(values.get("verdict") or "waiting"),
        tuple(measures_of(values)),
        problems,
        float(values.get("seconds") or 0.0),
    )


def measures_of(measured: Mapping[str, Any]) -> list[str]:
    """Return what was measured, the most telling first; what a problem says already is left out."""
    codes = [str(problem.get("code") or "") for problem in measured.get("problems") or ()]
    told = {key for key, starts in TOLD_BY.items() if any(code.startswith(starts) for code in codes)}
    values = {key: value for key, value in measured.items() if key not in told}
    words = []
    rate, error = values.get("rate_hz"), values.get("rate_error")
    if rate:
        off = f" ({float(error):+.1%})" if error is not None and abs(float(error)) >= RATE_SHOWN else ""
        words.append(f"{rate_text(float(rate))}{off}")
    loss = values.get("loss")
    if loss is not None:
        words.append(f"{share(float(loss))} lost" if loss else "nothing lost")
    if "heart_rate_bpm" in values:
        beats = values["heart_rate_bpm"]
        words.append("no heart rate" if beats is None else f"heart {float(beats):.0f}/min")
    if "worn" in values and values["worn"] is not None:
        words.append("worn" if values["worn"] else "not worn")
    if "face" in values and values["face"] is not None:
        words.append("face seen" if values["face"] else "no face")
    if values.get("level_dbfs") is not None:
        words.append(f"level {minus(float(values['level_dbfs']), 0)} dB")
    if values.get("clipping"):
        words.append(f"clipped {share(float(values['clipping']))}")
    for key, word in (("flat", "flat"), ("railed", "at its limit")):
        if values.get(key):
            words.append(f"{word}: {channels(values[key])}")
    if values.get("line_noise") is not None:
        words.append(f"mains {share(float(values['line_noise']))}")
    words += contact_words(values.get("contact") or {})
    if values.get("motion_g") is not None:
        words.append(f"motion {float(values['motion_g']):.2f} g")
    for key in ("dropped", "repeated"):
        if values.get(key):
            words.append(f"{int(values[key])} {key}")
    return words


def contact_words(contact: Mapping[str, Any]) -> list[str]:
    """Return the electrodes' contact: the range of impedances, or those that are poor."""
    numbers = {name: float(value) for name, value in contact.items() if isinstance(value, int | float)}
    poor = [name for name, value in contact.items() if value == "poor"]
    if numbers:
        low, high = min(numbers.values()), max(numbers.values())
        return [f"contact {low:.0f} kΩ" if high - low < 0.5 else f"contact {low:.0f} to {high:.0f} kΩ"]
    if contact:
        return [f"poor contact: {channels(poor)}" if poor else "contact good"]
    return []


def channels(names: Sequence[str]) -> str:
    """Return channel names, the many shortened."""
    shown = [str(name) for name in names[:MOST_CHANNELS]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def share(part: float) -> str:
    """Return a share of one as percent."""
    return f"{100 * part:.0f} %" if part >= 0.01 or part < 0.0005 else f"{100 * part:.1f} %"


def rate_text(rate_hz: float) -> str:
    """Return a rate as short as it can be read."""
    if rate_hz >= 9999.5:
        return f"{rate_hz / 1000:.1f} kHz"
    return f"{rate_hz:.0f} Hz" if rate_hz >= 20 else f"{rate_hz:.1f} Hz"


def minus(value: float, digits: int) -> str:
    """Return a number with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")
