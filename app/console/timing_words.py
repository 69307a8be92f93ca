"""The timing of a session in sentences and as tables of text; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.presentation_summary import late_frames, spread
from analysis.presentation_timing import FEWEST_PRESSES, Film, PresentationTiming, ScreenFound, Step

Level = Literal["", "warning", "alarm"]
KIND_COLUMNS = ("Onsets of", "Count", "Median", "99th percentile", "Latest", "Later than a frame")
FILM_COLUMNS = ("Film", "Trial", "Frames", "Repeated", "Skipped", "Drift", "Slope", "Largest distance")
STEP_COLUMNS = ("Step", "Steps", "Requested", "Achieved, median", "Furthest off", "Frames")
ONSET_COLUMNS = ("Time", "Trial", "Stage", "Kind", "Stimulus", "Lateness")
DRIFT_OF_NOTE_FRAMES = 1.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is about, what is known, and whether to heed it."""

    name: str
    text: str
    level: Level = ""


def facts_of(timing: PresentationTiming) -> tuple[Fact, ...]:
    """Say what is known of a session's timing, the most important first."""
    facts = [Fact("Figures from", timing.label), _screen_fact(timing.screen), _onsets_fact(timing)]
    dropped = timing.dropped_frames
    facts.append(
        Fact("Dropped frames", str(dropped) if dropped else "none", "warning" if dropped else "")
        if timing.screen is not None
        else Fact("Dropped frames", "not counted: no screen")
    )
    if timing.films:
        facts.append(_films_fact(timing))
    if timing.steps:
        facts.append(_steps_fact(timing))
    if timing.sounds:
        facts.append(_sounds_fact(timing))
    facts.append(_keys_fact(timing))
    if timing.reactions.count or timing.reactions.missed:
        facts.append(_reactions_fact(timing))
    if timing.placeholders:
        names = ", ".join(timing.placeholders)
        facts.append(Fact("Placeholders", f"shown for missing stimuli: {names}", "alarm"))
    if timing.failed:
        facts.append(Fact("Not shown", f"could not be decoded: {', '.join(timing.failed)}", "alarm"))
    return tuple(facts)


def _screen_fact(screen: ScreenFound | None) -> Fact:
    if screen is None:
        return Fact("Screen", "none: the session ran without a window")
    measured = "not measured" if screen.measured_hz is None else f"{screen.measured_hz:.2f} Hz measured"
    jitter = "" if screen.jitter_sd_ms is None else f", jitter {screen.jitter_sd_ms:.2f} ms"
    size = f"{screen.name}, {screen.width_px} × {screen.height_px}"
    text = f"{size}, states {screen.rate_hz:g} Hz, {measured}{jitter}"
    if screen.verified:
        return Fact("Screen", f"{text}: verified")
    return Fact("Screen", f"{text}: not verified, so an onset may be off by more than a frame", "warning")


def _onsets_fact(timing: PresentationTiming) -> Fact:
    known = spread([onset.lateness_ms for onset in timing.onsets])
    if known is None:
        return Fact("Onsets", "none was measured")
    late = late_frames(timing)
    words = (
        f"{known['count']:.0f}, median {known['median']:.2f} ms late, 99 of 100 under {known['p99']:.2f} ms,"
        f" latest {known['max']:.2f} ms"
    )
    if late is None:
        return Fact("Onsets", words)
    count = "none later than a frame" if not late else f"{late} later than a frame"
    return Fact("Onsets", f"{words}; {count}", "warning" if late else "")


def _films_fact(timing: PresentationTiming) -> Fact:
    frames = sum(film.frames for film in timing.films)
    repeated, skipped = (
        sum(getattr(film, name) for film in timing.films) for name in ("repeated", "skipped")
    )
    drifts = [abs(film.drift_ms) for film in timing.films if film.drift_ms is not None]
    drift = f"; largest drift {max(drifts):.1f} ms" if drifts else ""
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    far = bool(drifts and period_ms and max(drifts) > DRIFT_OF_NOTE_FRAMES * period_ms)
    noun = "1 film" if len(timing.films) == 1 else f"{len(timing.films)} films"
    text = f"{noun}, {frames:,} frames: {repeated} repeated, {skipped} skipped{drift}"
    return Fact("Films", text, "warning" if skipped or far else "")


def _steps_fact(timing: PresentationTiming) -> Fact:
    off = [abs(step.achieved_ms - step.requested_ms) for step in timing.steps if step.achieved_ms is not None]
    known = spread(off)
    if known is None:
        return Fact("Sequences", f"{len(timing.steps)} steps, their lengths were not measured")
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    figures = f"median {known['median']:.2f} ms off, at most {known['max']:.2f} ms"
    text = f"{len(timing.steps)} steps, {figures}"
    return Fact("Sequences", text, "warning" if period_ms and known["max"] > period_ms / 2 else "")


def _sounds_fact(timing: PresentationTiming) -> Fact:
    known = spread([sound.lateness_ms for sound in timing.sounds])
    assert known is not None
    figures = f"median {known['median']:.2f} ms late, latest {known['max']:.2f} ms"
    return Fact("Sounds", f"{known['count']:.0f}, {figures}")


def _keys_fact(timing: PresentationTiming) -> Fact:
    keys = timing.keys
    if not keys.presses:
        return Fact("Keys", "no key was pressed")
    parts = [f"{keys.presses} press{'' if keys.presses == 1 else 'es'}"]
    if keys.step_ms:
        parts.append(f"times in steps of {keys.step_ms:g} ms")
    elif keys.presses >= FEWEST_PRESSES:
        parts.append("times without a step that shows")
    if keys.wait_median_ms is not None:
        parts.append(f"read {keys.wait_median_ms:.2f} ms later (median)")
    return Fact("Keys", ", ".join(parts))


def _reactions_fact(timing: PresentationTiming) -> Fact:
    reactions = timing.reactions
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    parts = [f"{reactions.count} reaction time{'' if reactions.count == 1 else 's'}"]
    if reactions.median_s is not None:
        parts.append(f"median {reactions.median_s * 1e3:.0f} ms")
    if reactions.missed:
        parts.append(f"{reactions.missed} missed")
    if reactions.anticipations:
        parts.append(f"{reactions.anticipations} too early")
    if period_ms is not None:
        by_key = f"{timing.keys.step_ms:g} ms by the key, " if timing.keys.step_ms else ""
        parts.append(f"resolved to {by_key}{period_ms:.1f} ms by the screen")
    return Fact("Reactions", ", ".join(parts))


def kind_rows(timing: PresentationTiming) -> list[tuple[str, ...]]:
    """Return a row of text for each kind of stage, sounds last."""
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    groups = dict(timing.kinds())
    if timing.sounds:
        groups["sound output"] = np.array([sound.lateness_ms for sound in timing.sounds])
    rows = []
    for kind, values in groups.items():
        known = spread(values)
        assert known is not None
        late = "–" if period_ms is None else str(int((values > period_ms).sum()))
        figures = (f"{known[name]:.2f} ms" for name in ("median", "p99", "max"))
        rows.append((kind, str(len(values)), *figures, late))
    return rows


def film_rows(films: Sequence[Film]) -> list[tuple[str, ...]]:
    """Return a row of text for each film."""
    return [
        (
            film.stimulus,
            str(film.trial + 1) if film.trial >= 0 else "–",
            f"{film.frames:,}",
            str(film.repeated),
            str(film.skipped),
            "–" if film.drift_ms is None else f"{film.drift_ms:+.2f} ms",
            "–" if film.drift_ppm is None else f"{film.drift_ppm:+.1f} ppm",
            f"{film.worst_ms:.2f} ms",
        )
        for film in films
    ]


def step_rows(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    """Return a row of text for each place in the sequences and each requested length."""
    groups: dict[tuple[int, float], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.number, step.requested_ms), []).append(step)
    rows: list[tuple[str, ...]] = []
    for (number, requested_ms), found in sorted(groups.items()):
        achieved = [step.achieved_ms for step in found if step.achieved_ms is not None]
        off = [abs(value - requested_ms) for value in achieved]
        rows.append(
            (
                str(number),
                str(len(found)),
                f"{requested_ms:.1f} ms",
                f"{float(np.median(achieved)):.2f} ms" if achieved else "–",
                f"{max(off):.2f} ms" if off else "–",
                ", ".join(sorted({str(step.frames) for step in found})),
            )
        )
    return rows


def onset_rows(timing: PresentationTiming) -> list[tuple[str, ...]]:
    """Return a row of text for each onset, in the order of time."""
    return [
        (
            f"{onset.at_s:.3f} s",
            str(onset.trial + 1) if onset.trial >= 0 else "–",
            onset.stage,
            onset.kind,
            onset.stimulus or "–",
            f"{onset.lateness_ms:.3f} ms",
        )
        for onset in timing.onsets
    ]
