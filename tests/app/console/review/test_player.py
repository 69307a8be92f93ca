"""One clock: speeds, steps, loops and ends by a clock in the test's hand; the sound card's lead for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import clock, loudspeaker
from app.console.quiet import QUIET, WORDS
from app.console.review.axis import TimeAxis
from app.console.review.player import Player
from app.console.review.recording import Recording
from app.console.review.sound_player import NO_OUTPUT, SoundPlayer
from app.console.review.sound_rows import SoundRows
from app.console.review.speeds import SPEEDS, next_speed, speed_words
from tests.helpers.films import beeps
from tests.helpers.heard import Heard
from tests.helpers.recordings import START_S
from tests.helpers.sound import sound_server

LENGTH_S = 100.0


class Hand:
    """A clock that stands until it is moved on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 50.0
        monkeypatch.setattr(clock, "now", lambda: self.now_s)


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


@pytest.fixture
def player(qapp: QApplication) -> Iterator[Player]:
    axis = TimeAxis()
    axis.set_extent(1000.0, 1000.0 + LENGTH_S)
    made = Player(axis)
    yield made
    made.close()


def pass_time(player: Player, hand: Hand, seconds: float, qtbot: QtBot) -> None:
    """Let time pass, until the player has taken note of it."""
    hand.now_s += seconds
    with qtbot.waitSignal(player.ticked, timeout=5000):
        pass


@pytest.mark.parametrize("speed", SPEEDS)
def test_it_goes_on_as_fast_as_it_was_told(player: Player, hand: Hand, speed: float, qtbot: QtBot) -> None:
    player.set_speed(speed)
    player.play()
    pass_time(player, hand, 2.0, qtbot)
    assert player.position_s == pytest.approx(1000.0 + 2.0 * speed)
    pass_time(player, hand, 3.5, qtbot)
    assert player.position_s == pytest.approx(1000.0 + 5.5 * speed)


def test_a_change_of_speed_moves_nothing(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.play()
    pass_time(player, hand, 10.0, qtbot)
    player.set_speed(0.25)
    assert player.position_s == pytest.approx(1010.0)
    pass_time(player, hand, 4.0, qtbot)
    assert player.position_s == pytest.approx(1011.0)


def test_speeds_go_one_step_and_stop_at_the_ends() -> None:
    assert next_speed(1.0, 1) == 1.25
    assert next_speed(1.0, -1) == 0.75
    assert next_speed(0.1, -1) == 0.1
    assert next_speed(4.0, 1) == 4.0
    assert [speed_words(speed) for speed in SPEEDS[:3]] == ["0.1×", "0.25×", "0.5×"]


def test_it_stops_at_the_end_and_begins_anew(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.seek(1099.0)
    player.play()
    with qtbot.waitSignal(player.ended, timeout=5000):
        hand.now_s += 5.0
    assert not player.is_playing
    assert player.position_s == 1000.0 + LENGTH_S
    player.play()
    assert player.position_s == 1000.0


def test_a_pause_stays_where_it_was(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.toggle()
    pass_time(player, hand, 3.0, qtbot)
    player.toggle()
    hand.now_s += 100.0
    player.toggle()
    pass_time(player, hand, 1.0, qtbot)
    assert player.position_s == pytest.approx(1004.0)


def test_who_clicks_elsewhere_goes_on_from_there(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.play()
    pass_time(player, hand, 3.0, qtbot)
    player.axis.move_cursor(1050.0)
    pass_time(player, hand, 2.0, qtbot)
    assert player.position_s == pytest.approx(1052.0)


def test_a_loop_goes_round(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.axis.select(1010.0, 1014.0)
    player.set_loops(True)
    player.play()
    assert player.position_s == 1010.0
    seen = []
    for _ in range(9):
        pass_time(player, hand, 1.5, qtbot)
        seen.append(player.position_s)
    assert seen == pytest.approx([1010 + (1.5 * (n + 1)) % 4 for n in range(9)])
    player.set_loops(False)
    pass_time(player, hand, 10.0, qtbot)
    assert player.position_s == pytest.approx(seen[-1] + 10.0)


def test_it_plays_as_far_as_it_was_asked(player: Player, hand: Hand, qtbot: QtBot) -> None:
    player.play(until_s=1002.5)
    with qtbot.waitSignal(player.ended, timeout=5000):
        hand.now_s += 3.0
    assert player.position_s == 1002.5


def test_a_step_pauses_and_asks_the_desk(player: Player, hand: Hand) -> None:
    player.stepper = lambda time_s, count: time_s + 0.1 * count
    player.seek(1005.0)
    player.play()
    player.step(-1)
    assert not player.is_playing
    assert player.position_s == pytest.approx(1004.9)


# Sound


def no_output() -> tuple[None, str]:
    return None, "There is no sound: there is no sound output."


def test_without_an_output_the_clock_leads_and_says_so(
    qapp: QApplication, recording: Recording, qtbot: QtBot
) -> None:
    axis = TimeAxis()
    axis.set_extent(recording.start_s, recording.stop_s)
    player = Player(axis, SoundPlayer(no_output))
    player.sound.take([SoundRows(recording.stream("mic"), recording.overview.row_times("mic"))])
    player.play()
    qtbot.waitUntil(lambda: player.position_s > recording.start_s + 0.2, timeout=5000)
    assert player.sound_words == NO_OUTPUT
    player.set_silenced(True)
    assert player.sound_words == "sound off"
    player.close()


@pytest.mark.slow
@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_the_cursor_is_where_the_sound_is(
    qapp: QApplication,
    recording: Recording,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    speed: float,
) -> None:
    import sounddevice

    with sound_server() as server, monkeypatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setenv("EVOKE_HOME", str(tmp_path))
        sounddevice._terminate()
        sounddevice._initialize()
        axis = TimeAxis()
        axis.set_extent(recording.start_s, recording.stop_s)
        player = Player(axis)
        player.sound.take([SoundRows(recording.stream("mic"), recording.overview.row_times("mic"))])
        player.set_speed(speed)
        seen: list[tuple[float, float]] = []
        player.ticked.connect(lambda: seen.append((clock.now(), player.position_s)))
        with Heard(server) as heard:
            player.play()
            qtbot.waitUntil(lambda: not player.is_playing, timeout=20_000)
        player.close()
        moments, places = np.array(seen).T
        beeped = START_S + 0.5 + np.arange(5)
        at_s = np.interp(beeped, places, moments)
        apart_s = np.array([heard.beep_near(float(time)) for time in at_s])
    assert player.sound.problem == ""
    assert (np.diff(places) >= -0.002).all()
    # Sweeps that are played faster are found less exactly; a busy computer may tear one.
    assert np.sum(np.abs(apart_s) < 0.034 * speed) >= 4, apart_s


def test_recorded_sound_is_read_at_any_rate_and_holes_are_silent(recording: Recording) -> None:
    rows = SoundRows(recording.stream("mic"), recording.overview.row_times("mic"))
    wave = rows.at(START_S + 0.45, 9600, 48000.0)
    expected = np.round(beeps(6.0) * 20000) / 32767
    assert wave == pytest.approx(expected[21600:31200], abs=2e-3)
    half = rows.at(START_S + 0.45, 4800, 24000.0)
    assert half == pytest.approx(wave[::2], abs=2e-3)
    assert not rows.at(START_S - 5.0, 1000, 44100.0).any()
    assert not rows.at(START_S + 60.0, 1000, 44100.0).any()


class Card:
    """A sound card in steps: `take` has it fetch the next block."""

    def __init__(self) -> None:
        self.latency = 0.03

    def open(self, **options: Any) -> Card:
        self._fill, self._rate_hz = options["callback"], options["samplerate"]
        return self

    def take(self, count: int) -> None:
        out = np.zeros((count, 1), np.float32)
        at = SimpleNamespace(outputBufferDacTime=1.03, currentTime=1.0)
        self._fill(out, count, at, SimpleNamespace(output_underflow=False))

    def start(self) -> None:
        pass

    def abort(self, ignore_errors: bool) -> None:
        pass

    def close(self, ignore_errors: bool) -> None:
        pass


@pytest.fixture
def sounding_player(recording: Recording, hand: Hand, qapp: QApplication) -> Iterator[tuple[Player, Card]]:
    """A player whose sound goes to a card in the test's hand."""
    card = Card()
    axis = TimeAxis()
    axis.set_extent(recording.start_s, recording.stop_s)
    sound = SoundPlayer(lambda: (loudspeaker.Player(card.open, None, 8000.0), ""))
    player = Player(axis, sound)
    sound.take([SoundRows(recording.stream("mic"), recording.overview.row_times("mic"))])
    yield player, card
    player.close()


def until_opened(player: Player, qtbot: QtBot) -> None:
    """Wait until the output is open and the first sound is made."""
    qtbot.waitUntil(lambda: player.sound._maker is not None and player.sound._maker.held > 800, timeout=5000)


def look_twice(player: Player, qtbot: QtBot) -> None:
    """Let the player look at its clock twice."""
    for _ in range(2):
        with qtbot.waitSignal(player._timer.timeout, timeout=5000):
            pass


def test_pictures_wait_for_the_first_sound_and_go_on_with_it(
    sounding_player: tuple[Player, Card], recording: Recording, hand: Hand, qtbot: QtBot
) -> None:
    player, card = sounding_player
    player.play()
    until_opened(player, qtbot)
    hand.now_s += 1.0
    look_twice(player, qtbot)
    assert player.position_s == recording.start_s
    card.take(800)
    hand.now_s += 0.08
    with qtbot.waitSignal(player.ticked, timeout=5000):
        pass
    # 80 ms after the block was taken, of which 30 ms passed before its first sample was heard.
    assert player.position_s == pytest.approx(recording.start_s + 0.05, abs=0.001)
    # The card takes no more: nothing is heard, and nothing moves.
    hand.now_s += 0.5
    look_twice(player, qtbot)
    assert player.position_s == pytest.approx(recording.start_s + 0.1, abs=0.001)


def test_an_output_that_takes_nothing_is_done_without(
    sounding_player: tuple[Player, Card], recording: Recording, hand: Hand, qtbot: QtBot
) -> None:
    player, _ = sounding_player
    player.play()
    until_opened(player, qtbot)
    hand.now_s += 5.0
    qtbot.waitUntil(lambda: player.sound_words == NO_OUTPUT, timeout=5000)
    assert player.position_s == recording.start_s
    hand.now_s += 1.0
    qtbot.waitUntil(lambda: player.position_s > recording.start_s, timeout=5000)
    assert player.position_s == pytest.approx(recording.start_s + 1.0, abs=0.001)


def test_nothing_is_heard_while_a_session_is_recorded(
    sounding_player: tuple[Player, Card],
    recording: Recording,
    hand: Hand,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    player, card = sounding_player
    player.play()
    until_opened(player, qtbot)
    card.take(800)
    hand.now_s += 0.08
    with qtbot.waitSignal(player.ticked, timeout=5000):
        pass
    assert player.sound_words == ""
    monkeypatch.setattr(QUIET, "reason", WORDS)
    qtbot.waitUntil(lambda: player.sound_words == WORDS, timeout=5000)
    before_s = player.position_s
    pass_time(player, hand, 1.0, qtbot)
    assert player.position_s == pytest.approx(before_s + 1.0, abs=0.01), "pictures go on"
    player.pause()
    player.play()
    assert player.sound_words == WORDS
    player.pause()
    monkeypatch.setattr(QUIET, "reason", "")
    player.play()
    assert player.sound_words == ""
