"""The parts behind the views: pictures made in a thread, sound at another tempo, events in words."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from analysis.records import Event
from app.annotation.visible import EVERYTHING, Visible
from app.console.review.event_words import PLAIN_KINDS, is_technical, words_of
from app.console.review.newest import Newest
from app.console.review.speeds import SPEEDS
from app.console.review.stretch import FRAME_S, SEARCH_S, Stretcher

RATE_HZ = 16_000.0


def test_the_newest_wish_wins_and_the_others_are_counted(qapp: QApplication, qtbot: QtBot) -> None:
    may_go_on, made = threading.Event(), []

    def make(key: int) -> int:
        may_go_on.wait(10)
        made.append(key)
        return 10 * key

    newest = Newest(make)
    arrived: list[tuple[int, int]] = []
    newest.arrived.connect(lambda key, value: arrived.append((key, value)))
    newest.ask(0)
    qtbot.waitUntil(lambda: newest._bench._busy == 0, timeout=5000)
    for key in (1, 2, 3, 3, 4):
        newest.ask(key)
    may_go_on.set()
    qtbot.waitUntil(lambda: newest.is_idle, timeout=5000)
    assert made == [0, 4]
    assert arrived[-1] == (4, 40)
    assert newest.dropped == 3
    newest.close()


def test_what_cannot_be_made_is_told_and_the_next_is_made(qapp: QApplication, qtbot: QtBot) -> None:
    def divide(key: int) -> int:
        return 1 // key

    newest = Newest(divide)
    failed: list[object] = []
    newest.failed.connect(lambda key, error: failed.append((key, type(error))))
    newest.ask(0)
    qtbot.waitUntil(lambda: failed == [(0, ZeroDivisionError)], timeout=5000)
    with qtbot.waitSignal(newest.arrived, timeout=5000):
        newest.ask(1)
    ended = threading.Event()
    newest.close(ended.set)
    qtbot.waitUntil(ended.is_set, timeout=5000)


def played(sound: NDArray[np.float32], start: int, speed: float, seconds: float) -> NDArray[np.float32]:
    """Return `seconds` of a sound at a speed."""

    def read(first: int, stop: int) -> NDArray[np.float32]:
        piece = np.zeros(stop - first, np.float32)
        low, high = max(first, 0), min(stop, len(sound))
        if high > low:
            piece[low - first : high - first] = sound[low:high]
        return piece

    stretcher = Stretcher(read, start, speed, RATE_HZ)
    count = int(seconds * RATE_HZ / stretcher.block)
    return np.concatenate([stretcher.next() for _ in range(count)])


@pytest.mark.parametrize("speed", SPEEDS)
def test_another_tempo_keeps_pitch_and_loudness(speed: float) -> None:
    t = np.arange(round(6 * RATE_HZ)) / RATE_HZ
    parts = [np.sin(2 * np.pi * 150 * n * t) / n for n in range(1, 6)]
    voice = np.sum(parts, axis=0).astype(np.float32)
    heard = played(voice, 0, speed, 1.2)
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
    hertz = np.fft.rfftfreq(len(heard), 1 / RATE_HZ)
    assert hertz[np.argmax(power)] == pytest.approx(150, abs=2)
    near = (np.abs((hertz + 75) % 150 - 75) < 6) & (hertz > 75)
    assert power[near].sum() > 0.99 * power.sum()
    assert np.std(heard) == pytest.approx(np.std(voice), rel=0.05)


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("at_s", [0.3, 0.517])
def test_a_moment_is_heard_when_the_cursor_is_there(speed: float, at_s: float) -> None:
    noise = np.random.default_rng(1).normal(0, 1, round(6 * RATE_HZ)).astype(np.float32)
    noise[: round(at_s * RATE_HZ)] *= 0.01
    heard = played(noise, 0, speed, (at_s + 0.2) / speed)
    first = int(np.argmax(np.abs(heard) > 0.3))
    # The input is taken from its place or one near it, a frame at a time, which fades into the next.
    reach_s = SEARCH_S + FRAME_S * max(1.0, speed / 2)
    assert first * speed / RATE_HZ == pytest.approx(at_s, abs=reach_s)


def event(kind: str, stage: str = "", **payload: Any) -> Event:
    return Event(1.0, "presenter", 1, kind, 2, stage, payload)


SECRETS: dict[str, Any] = {
    "stimulus": "spider",
    "category": "unpleasant",
    "item": "valence",
    "value": 9,
    "text": "Anna",
}
CASES = [
    (event("trial_started", **SECRETS), EVERYTHING, "trial 3 begins: spider, unpleasant"),
    (event("trial_started", **SECRETS), Visible(condition=False), "trial 3 begins"),
    (event("trial_started", **SECRETS), Visible(condition=False, order=False), "trial begins"),
    (event("stage_started", "sad-film"), EVERYTHING, "stage: sad film"),
    (event("stage_started", "sad-film"), Visible(condition=False), "stage"),
    (event("response", **SECRETS), EVERYTHING, "answer: valence 9"),
    (event("response", **SECRETS), Visible(answers=False), "answer"),
    (event("note", text="she cried"), EVERYTHING, "note: she cried"),
    (event("note", text="she cried"), Visible(names=False), "note"),
    (event("declined", item="why"), EVERYTHING, "declined: Declined: item why (trial 3)"),
]


@pytest.mark.parametrize(("what", "visible", "words"), CASES)
def test_events_are_told_as_far_as_they_may_be(what: Event, visible: Visible, words: str) -> None:
    assert words_of(what, visible) == words


@pytest.mark.parametrize("kind", sorted(PLAIN_KINDS))
def test_what_a_blind_annotator_is_told_holds_no_secret(kind: str) -> None:
    blind = Visible(condition=False, names=False, answers=False, order=False)
    told = words_of(event(kind, "sad-film", reason="Anna left", **SECRETS), blind)
    assert not any(str(secret).lower() in told.lower() for secret in (*SECRETS.values(), "sad", "3"))


def test_what_is_about_the_computer_is_apart() -> None:
    assert is_technical("journal_opened")
    assert is_technical("clock_anchor")
    assert not is_technical("note")
    assert not is_technical("stimulus_failed")
