"""The moving and the sounding part of the open set: what each clip shows, plays and is meant to do.

Categories are the corners of the valence and arousal plane and its middle: joyful, calm, sad, tense, plain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stimuli.drawing import (
    films_calm,
    films_joyful,
    films_plain,
    films_sad,
    films_tense,
    music,
)
from stimuli.drawing.canvas import Canvas

FILM_RATE_HZ = 30


@dataclass(frozen=True, slots=True)
class Clip:
    """A film of `duration_s`: `draw` gives the frame at a time in seconds, `play` its sound.

    Ratings (1..9) are what its makers expect people to feel: nobody was asked yet.
    """

    id: str
    category: str
    draw: Callable[[float], Canvas]
    duration_s: float
    play: Callable[[float], music.Sound]
    valence: float
    arousal: float
    dominance: float

    @property
    def description(self) -> str:
        """What can be seen, in a few words."""
        return (self.draw.__doc__ or "").strip().rstrip(".")

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return round(self.duration_s * FILM_RATE_HZ)

    def svg(self, frame: int) -> str:
        """Return frame `frame` (from 0) as an SVG document."""
        return self.draw(frame / FILM_RATE_HZ).svg(self.description)


@dataclass(frozen=True, slots=True)
class Tone:
    """A sound of `duration_s` without a picture; ratings as for clips."""

    id: str
    category: str
    play: Callable[[float], music.Sound]
    duration_s: float
    valence: float
    arousal: float
    dominance: float
    description: str


def _joyful(seed: int, root: int = 0, beats: float = 132.0) -> Callable[[float], music.Sound]:
    return lambda seconds: music.joyful(seconds, seed, root, beats)


def _calm(seed: int, root: int = -3, water: float = 0.0) -> Callable[[float], music.Sound]:
    return lambda seconds: music.calm(seconds, seed, root, water)


def _sad(seed: int, root: int = -5, wet: float = 0.0) -> Callable[[float], music.Sound]:
    return lambda seconds: music.sad(seconds, seed, root, wet)


def _tense(seed: int, root: int = -17) -> Callable[[float], music.Sound]:
    return lambda seconds: music.tense(seconds, seed, root)


def _plain(seed: int, tick_s: float = 1.0, hum_hz: float = 98.0) -> Callable[[float], music.Sound]:
    return lambda seconds: music.plain(seconds, seed, tick_s, hum_hz)


CLIPS = (
    Clip("fireworks", "joyful", films_joyful.fireworks, 9, _joyful(1, -2, 126), 7.6, 6.6, 6.2),
    Clip("present", "joyful", films_joyful.present, 7, _joyful(2, 3, 138), 7.3, 6.2, 6.3),
    Clip("bouncing-balls", "joyful", films_joyful.bouncing, 8, _joyful(3, 0, 144), 7.2, 6.3, 6.4),
    Clip("kites", "joyful", films_joyful.kites, 8, _joyful(4, 5, 136), 7.5, 6.1, 6.5),
    Clip("ferris-wheel", "joyful", films_joyful.ferris_wheel, 9, _joyful(5, -4, 120), 7.3, 5.9, 6.3),
    Clip("dancers", "joyful", films_joyful.dancers, 8, _joyful(6, 2, 132), 7.7, 6.7, 6.6),
    Clip("sunrise", "calm", films_calm.sunrise, 10, _calm(11, -3, 0.8), 7.4, 3.2, 6.2),
    Clip("lanterns", "calm", films_calm.lanterns, 9, _calm(12, -5), 7.3, 3.4, 6.1),
    Clip("breeze", "calm", films_calm.breeze, 8, _calm(13, 0, 0.3), 7.2, 3.3, 6.3),
    Clip("aquarium", "calm", films_calm.aquarium, 9, _calm(14, -7, 0.5), 7.0, 3.1, 6.0),
    Clip("snowfall", "calm", films_calm.snowfall, 8, _calm(15, 2), 7.1, 2.9, 6.1),
    Clip("moonrise", "calm", films_calm.moonrise, 9, _calm(16, -1, 0.4), 7.0, 2.8, 6.0),
    Clip("rain-window", "sad", films_sad.rain_window, 9, _sad(21, -5, 1.0), 3.4, 3.4, 4.4),
    Clip("wilting", "sad", films_sad.wilting, 9, _sad(22, -3), 3.0, 3.5, 4.2),
    Clip("fog-boat", "sad", films_sad.fog_boat, 9, _sad(23, -8, 0.3), 3.3, 3.1, 4.1),
    Clip("autumn-bench", "sad", films_sad.autumn_bench, 9, _sad(24, -7), 3.6, 3.2, 4.5),
    Clip("candle", "sad", films_sad.candle, 9, _sad(25, -6), 3.2, 3.4, 4.2),
    Clip("empty-swing", "sad", films_sad.empty_swing, 9, _sad(26, -4, 0.8), 2.9, 3.6, 4.1),
    Clip("thunderstorm", "tense", films_tense.thunderstorm, 9, lambda s: music.thunder(s, 31), 3.2, 6.3, 3.6),
    Clip("corridor", "tense", films_tense.corridor, 9, _tense(32, -17), 2.7, 6.8, 3.2),
    Clip("spider-thread", "tense", films_tense.spider_thread, 8, _tense(33, -15), 2.6, 6.9, 3.3),
    Clip("slime", "tense", films_tense.slime, 8, lambda s: music.buzzing(s, 34, -20), 2.9, 5.9, 4.2),
    Clip("swarm", "tense", films_tense.swarm, 8, lambda s: music.buzzing(s, 35, -6), 2.7, 6.2, 4.0),
    Clip("clash", "tense", films_tense.clash, 8, lambda s: music.strikes(s, 36), 3.1, 6.7, 4.1),
    Clip("pendulum", "plain", films_plain.pendulum, 8, _plain(41), 5.0, 2.6, 5.4),
    Clip("gears", "plain", films_plain.gears, 8, _plain(42, 0.45, 110), 5.1, 2.9, 5.4),
    Clip("conveyor", "plain", films_plain.conveyor, 8, _plain(43, 0.7, 82), 4.9, 2.7, 5.3),
    Clip("traffic", "plain", films_plain.traffic, 8, _plain(44, 0, 74), 4.9, 3.0, 5.2),
    Clip("tiles", "plain", films_plain.tiles, 8, _plain(45, 2.0, 131), 5.1, 2.4, 5.4),
    Clip("wind-gauge", "plain", films_plain.windmill, 8, _plain(46, 0, 104), 5.2, 2.6, 5.5),
)

TONES = (
    Tone("chime-begin", "signal", lambda s: music.chime(s, (7, 12)), 1.6, 5.8, 3.6, 5.5, "Rising bells"),
    Tone("chime-end", "signal", lambda s: music.chime(s, (12, 7)), 1.6, 5.5, 3.4, 5.5, "Falling bells"),
    Tone("relax", "calm-sound", lambda s: music.calm(s, 51, -5, 1.2), 15, 6.8, 2.4, 6.0, "Waves, chords"),
    Tone("dance", "joyful-sound", lambda s: music.joyful(s, 52, 4, 128), 8, 7.2, 6.1, 6.3, "A quick dance"),
    Tone("lament", "sad-sound", lambda s: music.sad(s, 53, -8), 9, 3.4, 3.3, 4.3, "A slow lament"),
    Tone("heartbeat", "tense-sound", lambda s: music.tense(s, 54, -19), 8, 3.0, 6.4, 3.5, "A quick heart"),
)  # fmt: skip
