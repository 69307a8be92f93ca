"""A plain session for simulated participants: trials of a picture, a typing task and a talk."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.simulate.course import Course, Stage, joined
from analysis.simulate.participant import Felt, Participant, feel
from analysis.simulate.streams import Simulated, simulate_signals

FIRST_S, TRIAL_S = 1010.0, 40.0


def session(trials: int = 8) -> Course:
    """Return a session: twenty seconds of a picture, six of typing, five and a half of talk in each trial."""
    stages: list[Stage] = []
    talks: list[tuple[int, float, float]] = []
    for trial in range(trials):
        at_s = FIRST_S + trial * TRIAL_S
        kinds = (("picture", 0.0, 20.0), ("typing", 22.0, 28.0), ("speaking", 30.0, 36.5))
        stages += [Stage(3 * trial + i, trial, k, k, at_s + a, at_s + b) for i, (k, a, b) in enumerate(kinds)]
        talks.append((trial, at_s + 30.5, at_s + 36.0))
    return Course(FIRST_S - 10.0, FIRST_S + trials * TRIAL_S, tuple(stages), tuple(talks))


def meant(trials: int, first: int = 1) -> dict[int, float]:
    """Return what trials are meant to be felt as: one positive, one negative, and so on."""
    return {trial: float(first * (-1) ** trial) for trial in range(trials)}


def recorded(participant: Participant, course: Course, felt: Mapping[int, Felt] | None = None) -> Simulated:
    """Return the signals of a session, camera and microphone where recognizers look."""
    spans = {
        kind: joined((stage.start_s, stage.stop_s) for stage in course.of_kind((kind,)))
        for kind in ("picture", "speaking")
    }
    known = felt if felt is not None else feel(participant, meant(len(course.trials)))
    return simulate_signals(participant, course, known, spans["picture"], spans["speaking"])
