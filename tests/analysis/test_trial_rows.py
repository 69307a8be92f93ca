"""A trial's row: what was shown, answered and declined, and whether it had been seen before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py

from analysis.records import Event
from analysis.session_tables import read_table, trial_rows, write_trials


def events() -> list[Event]:
    """A chosen stimulus seen before, an item and a stage declined; then a trial without any of it."""
    told: list[tuple[str, int, str, dict[str, Any]]] = [
        ("trial_started", 0, "picture", {"stimulus": "sun", "order": 1, "repeated_exposure": True}),
        ("chosen", 0, "picture", {"stimulus": "sun", "scores": {}, "reason": "The first."}),
        ("response", 0, "ratings", {"item": "valence", "value": 7}),
        ("response", 0, "ratings", {"item": "arousal", "value": None, "declined": True}),
        ("declined", 0, "ratings", {"what": "item", "item": "arousal"}),
        ("declined", 0, "speaking", {"what": "stage"}),
        ("trial_ended", 0, "", {"reason": "completed"}),
        ("trial_started", 1, "picture", {"stimulus": "mud", "order": 2}),
        ("response", 1, "ratings", {"item": "arousal", "value": 3}),
        ("trial_ended", 1, "", {"reason": "stopped by the participant"}),
    ]
    return [
        Event(float(place), "presenter", place, kind, trial, stage, payload)
        for place, (kind, trial, stage, payload) in enumerate(told)
    ]


def test_declined_is_stored_as_declined_and_what_was_seen_before_is_marked(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        write_trials(file, trial_rows(events(), None))
        table = read_table(file["trials"])
    assert list(table["stimulus"]) == ["sun", "mud"]
    assert list(table["repeated_exposure"]) == [True, False]
    assert [json.loads(text) for text in table["declined"]] == [["arousal", "speaking"], []]
    first, second = (json.loads(text) for text in table["ratings"])
    assert first == {"valence": 7, "arousal": None} and second == {"arousal": 3}
    assert list(table["end_reason"]) == ["completed", "stopped by the participant"]


def test_without_trials_there_is_an_empty_table(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        write_trials(file, trial_rows([], None))
        table = read_table(file["trials"])
        assert len(table["index"]) == 0
        assert "declined" not in table, "nothing was declined"
