"""The roster with sources of the tests' own: what is told of them, and what is left where it is."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator

import numpy as np
import pytest

from analysis.records import StreamInfo
from app import clock
from app.plan import SessionPlan
from app.recorder.inlets import Rows
from app.recorder.roster import MOST_WAITING_BYTES, Roster
from app.recorder.tracks import Track
from app.streams import Expected

EEG = StreamInfo("eeg", "eeg", "simulated", ("a",), ("uV",), ("eeg",), 100.0, "float32")


class Script:
    """A source that gives what it was told to, one thing a pull."""

    def __init__(self, *given: Rows) -> None:
        self.given = list(given)

    def pull(self) -> Rows | None:
        return self.given.pop(0) if self.given else None

    def close(self) -> None:
        pass


def rows(first: int, count: int) -> Rows:
    index = np.arange(first, first + count)
    return Rows(index / 100.0, index.astype("f4")[:, None])


@pytest.fixture
def roster() -> Iterator[Roster]:
    plan = SessionPlan(uuid=uuid.uuid4().hex, name="s", origin="simulated")
    yield Roster(plan, restarted=False)
    shutil.rmtree(plan.runtime, ignore_errors=True)


def with_track(roster: Roster, *given: Rows) -> Track:
    expected = Expected("eeg", "lsl", True, {"source_id": "nowhere"}, EEG)
    roster.expected["eeg"] = expected
    track = Track(expected, EEG, None)
    track.connect(Script(*given), clock.now())  # type: ignore[arg-type]
    roster.tracks = (track,)
    return track


def test_nothing_is_taken_while_too_much_waits_for_a_disk_that_hangs(roster: Roster) -> None:
    track = with_track(roster, rows(0, 10), rows(10, 10))
    roster.pull()
    assert track.samples == 10
    track.waiting_bytes = MOST_WAITING_BYTES + 1
    roster.pull()
    assert track.samples == 10
    track.fetch()
    roster.pull()
    assert track.samples == 20
    assert [hole for piece in track.fetch()[0] for hole in piece.holes] == []


def test_each_change_is_told_once_with_its_words(roster: Roster) -> None:
    track = with_track(roster, rows(0, 10), rows(710, 10))
    start_s = clock.now()
    assert roster.update(start_s) == []
    assert not roster.is_ready
    assert [kind for kind, _ in roster.update(start_s + 5.1)] == ["no_samples"]
    assert roster.update(start_s + 5.3) == []
    assert "no sample in 5 s" in roster.message("eeg", start_s + 5.3)
    track.pull(start_s + 6.0)
    ((kind, _),) = roster.update(start_s + 6.0)
    assert kind == "stream_live"
    assert roster.message("eeg", start_s + 6.0) == ""
    ((kind, stale),) = roster.update(start_s + 7.1)
    assert (kind, stale["stream"]) == ("stream_stale", "eeg")
    assert stale["text"] == "eeg: no data for 1 s. Check the device: on, connected, in reach?"
    assert roster.update(start_s + 7.3) == []
    assert [kind for kind, _ in roster.update(start_s + 11.1)] == ["stream_lost"]
    assert roster.update(start_s + 11.3) == []
    track.pull(start_s + 13.0)
    ((kind, back),) = roster.update(start_s + 13.0)
    assert (kind, back["segment"], back["missing"]) == ("stream_back", 2, 700)
    assert back["text"] == "eeg: back, 700 samples are missing (segment 2)."
