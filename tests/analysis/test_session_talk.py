"""When the participant spoke, and the sound of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.records import Event, StreamInfo
from analysis.session_talk import microphones, talk_windows

SOUND = SimpleNamespace(
    info=StreamInfo("voice", "audio", "recorded", ("sound",), ("",), ("audio",), 1000.0, "int16"),
    times=100 + np.arange(10_000) / 1000,
    data=np.arange(10_000, dtype=np.int16)[:, None],
)


@dataclass
class Talking:
    events: list[Event]
    streams: Any = field(default_factory=lambda: {"voice": SOUND})


def event(time: float, kind: str, trial: int = 0) -> Event:
    return Event(time, "presenter", round(time * 10), kind, trial, "speaking")


@pytest.mark.parametrize(
    ("events", "windows"),
    [
        ([], []),
        ([(101.0, "talk_started"), (103.5, "talk_ended")], [(101.0, 103.5, True)]),
        (
            [(101.0, "talk_started"), (102.0, "talk_ended"), (104.0, "talk_started"), (105.0, "talk_ended")],
            [(101.0, 102.0, True), (104.0, 105.0, True)],
        ),
        ([(101.0, "talk_started"), (103.0, "stage_ended"), (104.0, "note")], [(101.0, 103.0, False)]),
        ([(101.0, "talk_started"), (104.0, "note")], [(101.0, 104.0, False)]),
        ([(101.0, "talk_ended")], []),
        (
            [(101.0, "talk_started"), (102.0, "talk_started"), (103.0, "talk_ended")],
            [(101.0, 102.0, False), (102.0, 103.0, True)],
        ),
    ],
)
def test_windows_are_what_the_button_said(
    events: list[tuple[float, str]], windows: list[tuple[float, float, bool]]
) -> None:
    found = talk_windows(Talking([event(*entry) for entry in events]))
    assert [(window.start_s, window.end_s, window.is_closed) for window in found] == windows


def test_the_sound_of_a_window_is_found() -> None:
    (window,) = talk_windows(Talking([event(101.0, "talk_started", 3), event(103.5, "talk_ended", 3)]))
    assert (window.trial, window.stage, window.held_s) == (3, "speaking", 2.5)
    assert window.rows(SOUND) == slice(1000, 3500)
    assert window.samples(SOUND)[[0, -1], 0].tolist() == [1000, 3499]


@pytest.mark.parametrize(("start_s", "end_s"), [(10.0, 20.0), (200.0, 210.0)])
def test_a_window_without_sound_is_empty(start_s: float, end_s: float) -> None:
    (window,) = talk_windows(Talking([event(start_s, "talk_started"), event(end_s, "talk_ended")]))
    assert len(window.samples(SOUND)) == 0


def test_microphones_are_known_by_their_kind() -> None:
    eeg = SimpleNamespace(info=SimpleNamespace(kind="eeg"))
    assert microphones(Talking([], {"eeg": eeg, "voice": SOUND})) == ["voice"]
