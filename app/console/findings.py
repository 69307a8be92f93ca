"""What a finished session is worth, said in words; no Qt. Reads the file, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis.presentation_timing import PresentationTiming
from analysis.records import NOT_RECORDED
from app.console.story import Story, story_of
from app.study import REHEARSALS

LATE_ONSET_MS = 2.0
RATE_ERROR = 0.005
JITTER_SHARE = 0.5
GOOD_ENDS = ("completed", "finished")
NO_STORY = Story()
POOR_SHARE = 0.1
BANNERS: Mapping[str, str] = {
    "automatic": "Automatic participant: the computer answered. This is not a recording of a person.",
    "simulated": "Simulated session: this is not a recording of a person.",
    "imported": "Imported data: not recorded by Evoke.",
}
REHEARSAL = "Rehearsal: kept apart from the study; it counts for nobody."
ENDS: Mapping[str, str] = {
    "completed": "completed",
    "aborted": "aborted by the experimenter",
    "ended": "ended by the experimenter",
    "stopped": "stopped before its end",
    "stopped by the participant": "ended by the participant",
    "supervisor lost": "ended because its supervising process was lost",
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial: number from 1, stimulus, category, onset error in ms (None without a screen), ratings."""

    number: int
    stimulus: str
    category: str
    onset_error_ms: float | None
    ratings: Mapping[str, float]
    end: str


@dataclass(frozen=True, slots=True)
class Findings:
    """A finished session as the summary page shows it."""

    path: Path
    info: Mapping[str, Any]
    trials: tuple[TrialRow, ...] = ()
    notes: tuple[tuple[float, str], ...] = ()
    flaws: tuple[str, ...] = field(default=())
    story: Story = field(default_factory=Story)
    timing: PresentationTiming = field(default_factory=PresentationTiming)

    @property
    def banner(self) -> str:
        """What must be said before anything else, "" for a recording of a person."""
        rehearsal = REHEARSAL if REHEARSALS in self.path.parts else ""
        return " ".join(filter(None, (rehearsal, BANNERS.get(str(self.info.get("origin")), ""))))

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if not self.flaws:
            return "Everything was recorded without a flaw."
        count = len(self.flaws)
        return "One thing is not perfect." if count == 1 else f"{count} things are not perfect."


def read_findings(path: Path) -> Findings:
    """Read a finished file; raises SessionFileError."""
    from analysis.presentation_timing import read_presentation
    from analysis.session_file import open_session, summary

    info = summary(path)
    with open_session(path) as session:
        trials = tuple(_trials(session.trials))
        notes = tuple(
            (event.time, str(event.payload.get("text", "")))
            for event in session.events
            if event.kind == "note"
        )
        story = story_of(session.events, [stream.info for stream in session], info.get("streams") or ())
        timing = read_presentation(session)
        started = [event.time for event in session.events if event.kind == "schedule_started"]
    origin_s = started[0] if started else (notes[0][0] if notes else 0.0)
    timed = tuple((time - origin_s, text) for time, text in notes)
    return Findings(path, info, trials, timed, tuple(flaws_of(info, story)), story, timing)


def flaws_of(info: Mapping[str, Any], story: Story = NO_STORY) -> list[str]:
    """Say everything of a summary that is not perfect."""
    flaws = []
    if story.accepted:
        what = ", ".join(name.removeprefix("signal ") for name in story.failed) or "a check"
        flaws.append(f"Started although {what} had failed the checks. Reason: {'; '.join(story.accepted)}")
    reason = str(info.get("end_reason") or "")
    if reason not in GOOD_ENDS:
        flaws.append(f"The session was {ENDS.get(reason, reason or 'interrupted')}.")
    elif not info.get("ended", True):
        flaws.append("The session did not come to its end in order.")
    for stream in info.get("streams") or ():
        flaws += _stream_flaws(stream)
    dropped = int(info.get("dropped_frames") or 0)
    if dropped:
        flaws.append(f"The participant's screen dropped {_count(dropped, 'frame')}.")
    errors = info.get("onset_error_ms")
    if errors is None:
        if info.get("trials") and not (info.get("presentation") or {}).get("screen"):
            flaws.append("No onset was measured: the session had no screen.")
    elif float(errors["p99"]) > LATE_ONSET_MS:
        flaws.append(
            f"Some stimuli came late: one in a hundred by {float(errors['p99']):.1f} ms or more,"
            f" the latest by {float(errors['max']):.1f} ms."
        )
    return flaws + _presentation_flaws(info.get("presentation") or {})


def _presentation_flaws(told: Mapping[str, Any]) -> list[str]:
    flaws = []
    screen = told.get("screen")
    if screen and not screen.get("verified"):
        flaws.append("The participant's screen did not keep its rate: onsets are not verified.")
    skipped = sum(int(film.get("skipped") or 0) for film in told.get("films") or ())
    if skipped:
        flaws.append(f"Of the films {_count(skipped, 'frame')} could not be shown in time.")
    if told.get("placeholders"):
        flaws.append(f"Placeholders stood for missing stimuli: {', '.join(told['placeholders'])}.")
    if told.get("failed_stimuli"):
        flaws.append(f"These could not be decoded and were not shown: {', '.join(told['failed_stimuli'])}.")
    return flaws


def _stream_flaws(stream: Mapping[str, Any]) -> list[str]:
    name, flaws = stream["id"], []
    if not stream.get("samples"):
        return [f"{name}: nothing was recorded."]
    gaps = [gap for gap in stream.get("gaps") or () if gap.get("cause") != NOT_RECORDED]
    if gaps:
        rate = float(stream.get("nominal_rate_hz") or 0)
        missing = sum(int(gap.get("samples") or 0) for gap in gaps)
        length = f", {missing / rate:.1f} s in all" if rate and missing else ""
        causes = ", ".join(dict.fromkeys(str(gap.get("cause") or "unknown") for gap in gaps))
        flaws.append(f"{name}: {_count(len(gaps), 'gap')}{length} ({causes}).")
    tail = float(stream.get("lost_tail_s") or 0)
    if tail > 0:
        flaws.append(f"{name}: the last {tail:.2f} s were lost in a crash.")
    quality = stream.get("quality") or {}
    judged, poor = int(quality.get("judged") or 0), int(quality.get("failed") or 0)
    if judged and poor / judged > POOR_SHARE:
        flaws.append(f"{name}: poor for {100 * poor / judged:.0f} % of the session ({_worst(quality)}).")
    nominal, measured = stream.get("nominal_rate_hz"), stream.get("measured_rate_hz")
    if nominal and measured and abs(measured / nominal - 1) > RATE_ERROR:
        flaws.append(f"{name}: came at {measured:.2f} Hz, not at {nominal:g} Hz.")
    return flaws


def _worst(quality: Mapping[str, Any]) -> str:
    problems = dict(quality.get("problems") or {})
    most = sorted(problems, key=lambda code: -problems[code])[:2]
    return ", ".join(code.replace("_", " ") for code in most) or "no cause was told"


def _trials(table: Mapping[str, Any]) -> list[TrialRow]:
    count = len(table.get("index", ()))
    rated = [name for name in table if name.startswith("rating_")]
    rows = []
    for place in range(count):
        intended, actual = table["intended_onset_s"][place], table["actual_onset_s"][place]
        error = (float(actual) - float(intended)) * 1e3
        values = {name.removeprefix("rating_"): float(table[name][place]) for name in rated}
        rows.append(
            TrialRow(
                number=place + 1,
                stimulus=_text(table["stimulus"][place]),
                category=_text(table["category"][place]),
                onset_error_ms=error if np.isfinite(error) else None,
                ratings={name: value for name, value in values.items() if np.isfinite(value)},
                end=_text(table["end_reason"][place]),
            )
        )
    return rows


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
