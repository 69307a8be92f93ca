"""Sounds: laid into the block in which their moment falls, stopped to the sample, and told when heard."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.alignment_signals import tone, tone_onset
from app import clock
from app.presenter.acts import Key
from app.presenter.automatic import Participant
from app.presenter.qt_screen import sounds
from app.presenter.sound import STARTING_S, Player, Samples, Timeline, end_tone
from app.presenter.tasks import Task
from protocols.expand import expand
from protocols.load import load_protocol
from protocols.schedule import Duration, Stage

RATE_HZ = 48_000.0
BLOCK = 480


class Output:
    """A sound card in steps: a block every 10 ms, heard `ahead_s` after it was handed over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ahead_s: float = 0.03) -> None:
        self.now_s = 100.0
        self.heard: list[NDArray[np.float32]] = []
        self.latency = ahead_s
        self.told_s: float | None = ahead_s
        monkeypatch.setattr(clock, "now", lambda: self.now_s)

    def open(self, **options: Any) -> Output:
        self.callback = options["callback"]
        return self

    def start(self) -> None:
        pass

    def abort(self, ignore_errors: bool) -> None:
        pass

    def close(self, ignore_errors: bool) -> None:
        pass

    def run(self, blocks: int, underflow: bool = False) -> None:
        for _ in range(blocks):
            out = np.zeros((BLOCK, 1), np.float32)
            at = SimpleNamespace(outputBufferDacTime=5.0 + (self.told_s or 0.0), currentTime=5.0)
            self.callback(out, BLOCK, at, SimpleNamespace(output_underflow=underflow))
            self.heard.append(out[:, 0])
            self.now_s += BLOCK / RATE_HZ

    @property
    def sound(self) -> NDArray[np.float64]:
        return np.concatenate(self.heard).astype(np.float64)

    def times(self, begun_s: float = 100.0) -> NDArray[np.float64]:
        return begun_s + self.latency + np.arange(len(self.sound)) / RATE_HZ


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Output:
    return Output(monkeypatch)


def opened(card: Output, channels: int = 1) -> Player:
    return Player(card.open, None, RATE_HZ, channels)


def sweep() -> Samples:
    return Samples(tone(RATE_HZ))


@pytest.mark.parametrize("at_s", [100.2, 100.2041, 100.20999, 100.21])
def test_a_tone_begins_at_its_moment_to_the_sample(card: Output, at_s: float) -> None:
    player = opened(card)
    card.run(5)
    player.play(sweep(), at_s)
    card.run(40)
    (played,) = player.played()
    assert played.intended_s == at_s
    assert played.actual_s == pytest.approx(at_s, abs=1 / RATE_HZ)
    assert tone_onset(card.sound, card.times(), RATE_HZ) == pytest.approx(at_s, abs=2 / RATE_HZ)


def test_a_tone_that_is_asked_for_too_late_says_when_it_came(card: Output) -> None:
    player = opened(card)
    card.run(30)
    player.play(sweep(), 100.1)
    card.run(20)
    (played,) = player.played()
    assert played.actual_s == pytest.approx(100.33, abs=1e-9)
    assert tone_onset(card.sound, card.times(), RATE_HZ) == pytest.approx(100.33, abs=2 / RATE_HZ)


def test_each_tone_is_told_once_and_played_whole(card: Output) -> None:
    player = opened(card)
    for at_s in (100.1, 100.4):
        player.play(sweep(), at_s)
        card.run(30)
    assert [round(played.actual_s, 3) for played in player.played()] == [100.1, 100.4]
    assert player.played() == []
    whole = tone(RATE_HZ).astype(np.float32)
    assert np.array_equal(card.sound[3360 : 3360 + len(whole)], whole)
    assert np.count_nonzero(card.sound) == 2 * np.count_nonzero(whole)


def test_its_lead_covers_the_card_s_latency(card: Output) -> None:
    assert opened(card).lead_s > card.latency


@pytest.mark.parametrize("ahead_s", [0.0, -3.0, 5.0])
def test_a_reading_that_makes_no_sense_counts_as_the_stream_s_latency(ahead_s: float) -> None:
    timeline = Timeline(RATE_HZ, 0.05)
    assert timeline.block(10.0, ahead_s, BLOCK) == pytest.approx(10.05)


def test_single_late_callbacks_do_not_move_the_timeline() -> None:
    timeline = Timeline(RATE_HZ, 0.05)
    late = {7: 0.02, 20: 0.035}
    for block in range(40):
        heard_s = timeline.block(10.0 + block * 0.01 + late.get(block, 0.0), 0.03, BLOCK)
        assert heard_s == pytest.approx(10.03 + block * 0.01, abs=1e-9)


def test_after_lost_samples_the_timeline_begins_anew() -> None:
    timeline = Timeline(RATE_HZ, 0.05)
    for block in range(10):
        timeline.block(10.0 + block * 0.01, 0.03, BLOCK)
    timeline.forget()
    assert timeline.block(10.5, 0.03, BLOCK) == pytest.approx(10.53)


def flash(seconds: float = 0.5, with_tone: bool = True) -> Stage:
    whole = Duration(seconds, seconds, seconds)
    return Stage(3, 0, "main", "flash", "flash", whole, content={"background": "#FFFFFF", "tone": with_tone})


@pytest.mark.parametrize("seconds", [0.2, 0.5, 2.0])
def test_an_automatic_participant_strikes_the_space_bar_while_it_is_bright(seconds: float) -> None:
    acts = Participant(7, {}).plan(Task(flash(seconds)), "")
    assert [(act.char, act.is_down) for _, act in acts if isinstance(act, Key)] == [(" ", True), (" ", False)]
    times = [time for time, _ in acts]
    assert 0 < times[0] < times[1] < seconds


def test_a_flash_may_come_without_a_tone() -> None:
    assert sounds(flash())
    assert not sounds(flash(with_tone=False))


def test_the_bundled_check_flashes_eight_times_out_of_the_dark() -> None:
    schedule = expand(load_protocol("sync-check"), "synccheck", 1, 0, 1)
    for trial in schedule.trials:
        dark, bright, answer = (stage for stage in schedule.stages if stage.trial == trial.index)
        assert (dark.kind, bright.kind, answer.kind) == ("blank", "flash", "blank")
        assert dark.content["background"] == answer.content["background"] == "#000000"
        assert bright.content == {"background": "#FFFFFF", "tone": True}
        # Not a whole number of a usual camera's frames: each flash meets another part of one.
        length_s = sum(stage.duration.typical_s for stage in (dark, bright, answer))
        assert 0.1 < (length_s * 30) % 1 < 0.9
    assert len(schedule.trials) == 8


# Several sounds, some of them stopped


def test_a_sound_stops_to_the_sample_and_goes_on_where_it_was(card: Output) -> None:
    player = opened(card)
    card.run(5)
    ramp = Samples(np.arange(1, 9601, dtype=np.float32) / 9600)
    voice = player.play(ramp, 100.1)
    voice.stop_s = 100.15
    card.run(20)
    assert ramp.position == 2400 and voice.is_over
    again = player.play(ramp, 100.4)
    card.run(60)
    heard = card.sound[card.sound > 0]
    assert np.allclose(heard, np.arange(1, 9601) / 9600, atol=1e-6), "nothing is missing and nothing twice"
    assert again.is_over and ramp.is_over
    begun = [played.actual_s for played in player.played()]
    assert begun == pytest.approx([100.1, 100.4], abs=1 / RATE_HZ)


def test_sounds_at_the_same_time_are_added(card: Output) -> None:
    player = opened(card)
    card.run(5)
    for level in (0.25, 0.5):
        player.play(Samples(np.full(480, level)), 100.2, volume=0.5)
    card.run(30)
    assert card.sound.max() == pytest.approx(0.375) and np.count_nonzero(card.sound) == 480


def test_a_voice_knows_which_second_of_it_is_heard_when(card: Output) -> None:
    player = opened(card)
    card.run(5)
    voice = player.play(Samples(np.ones(48_000)), 100.2)
    assert voice.heard_at(0.25) == pytest.approx(100.45), "as planned until it begins"
    card.run(40)
    assert voice.has_begun
    assert voice.heard_at(0.25) == pytest.approx(100.45, abs=1e-4)
    assert voice.position_at(voice.heard_at(0.6)) == pytest.approx(0.6)


class Halting:
    """A sound that is not decoded in time: nothing for a while."""

    is_over = False
    position = 0

    def read(self, count: int) -> NDArray[np.float32]:
        count = 0 if 4800 <= self.position < 4801 and self.waits() else count
        self.position += count
        return np.ones((count, 1), np.float32)

    waiting = 10

    def waits(self) -> bool:
        self.waiting -= 1
        return self.waiting >= 0


def test_where_a_sound_comes_late_its_clock_waits_with_it(card: Output) -> None:
    player = opened(card)
    card.run(5)
    voice = player.play(Halting(), 100.1)
    card.run(60)
    assert voice.heard_at(0.4) == pytest.approx(100.1 + 0.4 + 0.1, abs=0.001)


def test_an_output_that_takes_nothing_any_more_is_silent(card: Output) -> None:
    player = opened(card)
    card.run(5)
    assert not player.is_silent
    card.now_s += 1.5
    assert not player.is_silent, "a sound server that was idle may need so long"
    card.now_s += STARTING_S
    card.run(1)
    assert not player.is_silent
    card.now_s += 1.5
    assert player.is_silent


def test_the_end_tone_is_soft_and_fades(card: Output) -> None:
    sound = end_tone(RATE_HZ)
    assert 0.1 < np.abs(sound).max() <= 0.5 and abs(sound[0]) < 1e-6 and abs(sound[-1]) < 1e-3
