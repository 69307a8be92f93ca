"""Sessions whose presentation was planted: every lateness, frame, step and key is known beforehand.

python -m tests.helpers.presentation FOLDER      writes one with films, sequences, choices and sounds
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.records import Event
from app.plan import SessionPaths
from tests.helpers.recordings import (
    PLAN,
    SCHEDULE,
    START_S,
    Script,
    record,
    supervisor_script,
)

FRAME_S = 1 / 60
SCREEN: Mapping[str, Any] = {
    "name": "HDMI-1",
    "width": 1920,
    "height": 1080,
    "rate_hz": 60.0,
    "verified": True,
    "measured_hz": 60.0,
    "jitter_sd_ms": 0.08,
    "renderer": "a graphics card",
}
SEQUENCE_S = (0.06, 0.08, 0.06)


class PresenterScript(Script):
    """What a presenter writes down; `at_s` is where its next event lies, `late_s` how late it swaps."""

    def __init__(self, screen: Mapping[str, Any] = SCREEN) -> None:
        super().__init__("presenter")
        self.at_s = START_S
        self.trial = -1
        self.add(START_S, "screen", **screen)
        self.add(START_S, "schedule_started")

    def begin_trial(self, stimulus: str) -> None:
        """Begin the next trial."""
        self.trial += 1
        self.add(
            self.at_s, "trial_started", self.trial, stimulus=stimulus, category="neutral", order=self.trial
        )

    def stage(self, kind: str, seconds: float, stimulus: str = "", late_s: float = 0.0004) -> float:
        """Show a stage for some seconds; returns when it came onto the screen."""
        intended_s, actual_s = self.at_s, self.at_s + late_s
        timing = {"intended_s": intended_s, "actual_s": actual_s}
        # The stage's own kind would be taken for the event's.
        self.add(actual_s, "stage_started", self.trial, kind, index=0, **timing)
        self.events[-1] = replace(self.events[-1], payload={**self.events[-1].payload, "kind": kind})
        if stimulus:
            self.add(actual_s, "stimulus_shown", self.trial, kind, stimulus=stimulus, frame=0, **timing)
        self.at_s += seconds
        return actual_s

    def sequence(self, stimulus: str, late_s: float = 0.0003) -> None:
        """Show neutral, emotion, neutral in whole frames of the screen."""
        self.stage("sequence", 0.0, stimulus, late_s)
        for seconds in SEQUENCE_S:
            frames = round(seconds / FRAME_S)
            actual_s = self.at_s + late_s
            timing = {"intended_s": self.at_s, "actual_s": actual_s, "frames": frames, "requested_s": seconds}
            self.add(actual_s, "sequence_step", self.trial, "sequence", stimulus=stimulus, **timing)
            self.at_s += frames * FRAME_S

    def film(self, stimulus: str, frames: int, rate_hz: float = 30.0, drift_ppm: float = 0.0) -> None:
        """Show a film whose picture falls behind by `drift_ppm`; its tenth frame is repeated, one skipped."""
        self.stage("film", 0.0, stimulus)
        for number in range(frames):
            pts_s = number / rate_hz
            swap_s = self.at_s + pts_s * (1 + drift_ppm * 1e-6)
            told = {
                "stimulus": stimulus,
                "frame": number,
                "pts_s": pts_s,
                "intended_s": self.at_s + pts_s,
                "swap_s": swap_s,
                "repeated": int(number == 10),
                "skipped": int(number == 20),
            }
            self.add(swap_s, "frame", self.trial, "film", **told)
        self.at_s += frames / rate_hz

    def sound(self, stimulus: str, late_s: float) -> None:
        """Play a sound."""
        timing = {"intended_s": self.at_s, "actual_s": self.at_s + late_s}
        self.add(self.at_s + late_s, "sound_played", self.trial, "sound", stimulus=stimulus, **timing)

    def answer(self, reaction_s: float, wait_s: float = 0.0004) -> None:
        """Press a key in a speeded choice; keys are stamped in whole milliseconds."""
        onset_s = self.stage("choice", reaction_s)
        pressed_s = round(self.at_s, 3)
        told = {"key": "J", "edge": "down", "class": "letter", "press": 1, "received_s": pressed_s + wait_s}
        self.add(pressed_s, "key", self.trial, "choice", **told)
        response = {"item": "choice", "value": "left", "reaction_s": pressed_s - onset_s}
        self.add(pressed_s, "response", self.trial, "choice", **response)

    def end(self) -> list[Event]:
        """End the schedule and return all that was written."""
        self.add(self.at_s, "schedule_ended", reason="completed")
        return self.events


def rich_script(trials: int = 12, screen: Mapping[str, Any] = SCREEN) -> PresenterScript:
    """Return a session with pictures, sequences, choices, sounds and two films; one onset is a frame late."""
    script = PresenterScript(screen)
    for number in range(trials):
        script.begin_trial(f"s{number}")
        script.stage("fixation", 0.5, late_s=0.0002 + 0.00003 * (number % 7))
        script.stage("picture", 1.0, f"s{number}", late_s=0.0205 if number == 7 else 0.0004)
        script.sequence(f"s{number}")
        script.answer(0.412 + 0.0137 * number)
        if number % 4 == 0:
            script.sound("chime", 0.004 + 0.0002 * number)
        script.add(script.at_s, "trial_ended", number)
    script.film("sea.mp4", 600, drift_ppm=120.0)
    script.at_s += 1.0
    script.film("a-harbour-in-the-morning-with-a-name-as-long-as-this.mp4", 450)
    script.add(script.at_s, "frames_dropped", count=2)
    script.add(script.at_s, "placeholder", stimulus="missing-1")
    return script


def planted_session(folder: Path, script: PresenterScript | None = None, name: str = "") -> Path:
    """Make a finished session file out of a script."""
    from app.recorder.finishing import finish

    made = script or rich_script()
    made.end()
    trials = [
        {"index": i, "block": "main", "practice": False, "stimulus": f"s{i}", "category": "neutral"}
        for i in range(made.trial + 1)
    ]
    plan = replace(PLAN, schedule=dict(SCHEDULE) | {"trials": trials}, name=name or PLAN.name)
    paths = SessionPaths(folder, plan.name)
    paths.live.mkdir(parents=True)
    plan.save(paths.plan)
    made.append_to(paths.journal("presenter"))
    supervisor_script(made.at_s).append_to(paths.journal("supervisor"))
    Script("recorder").append_to(paths.journal("recorder"))
    record(paths.part(1), START_S, START_S + 2.5, plan)
    return finish(paths).path


if __name__ == "__main__":
    sys.stdout.write(f"{planted_session(Path(sys.argv[1]))}\n")
