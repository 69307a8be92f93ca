"""A trace whose program is killed: at most a second of it is lost, and the next opening finds the rest."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

from app.annotation import schemes
from app.annotation.study_place import StudyPlace
from app.study import Study
from tests.app.console.annotate.tracing import ANNOTATOR

READINGS = 150
MOST_LOST_S = 1.0


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_trace_costs_at_most_a_second(faces: Study, display: str) -> None:
    scheme = schemes.add_scheme(faces, next(s for s in schemes.bundled() if s.name == "continuous-valence"))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.console.annotate.tracing", str(faces.folder)],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(READINGS)]
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().splitlines() if line]
    place = StudyPlace(faces)
    item = place.whole(place.recordings()[0], scheme.id)
    with place.log(item, ANNOTATOR) as log:
        assert not log.read_only
        (take,) = log.takes()
    assert take.state == "interrupted"
    assert (told[-1] - take.mono_ns[-1]) / 1e9 <= MOST_LOST_S
    saved = set(take.mono_ns.tolist())
    assert saved >= {time_ns for time_ns in told if time_ns <= take.mono_ns[-1]}
    assert np.isfinite(take.values).any()
