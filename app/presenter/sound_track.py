"""The sound of a stimulus while it is played: of a film, of a sound stage, of a page that is read aloud."""

from __future__ import annotations

from app.presenter.played import Playing
from app.presenter.screen import Happening
from app.presenter.sound import Player, Voice
from app.presenter.sound_reading import SoundReader


class SoundTrack:
    """The sound of a stimulus: a reader, and its voice while it is heard."""

    def __init__(self, player: Player, reader: SoundReader, name: str, volume: float) -> None:
        self._player = player
        self._reader = reader
        self._name = name
        self._volume = volume
        self._voice: Voice | None = None
        self._told = False

    @property
    def problem(self) -> str:
        """Why there is no sound, '' where there is."""
        if self._reader.problem:
            return self._reader.problem
        return "The sound output takes no more sound: it was pulled out." if self._player.is_silent else ""

    @property
    def has_begun(self) -> bool:
        """Whether it is heard, or was: then its time is the picture's too."""
        return self._voice is not None and self._voice.has_begun

    @property
    def ends_s(self) -> float | None:
        """When its last sample is heard; None while that is not known."""
        if self._voice is None or not self._reader.has_ended:
            return None
        return self._voice.heard_at(self._reader.length_s)

    def begin(self, at_s: float) -> None:
        """Begin, or go on, at `at_s`."""
        self._voice = self._player.play(self._reader, at_s, self._name, self._volume)

    def stop(self, at_s: float) -> None:
        """Fall silent at `at_s`."""
        if self._voice is not None:
            self._voice.stop_s = at_s

    def close(self) -> None:
        """Stop decoding; called when all that is to be heard before the stop was handed over."""
        self._reader.close()

    def heard_at(self, position_s: float) -> float:
        """Return when a second of it is heard."""
        assert self._voice is not None
        return self._voice.heard_at(position_s)

    def position_at(self, time_s: float) -> float:
        """Return which second of it is heard at a time."""
        assert self._voice is not None
        return self._voice.position_at(time_s)

    def happenings(self, stimulus: str) -> list[Happening]:
        """Tell once that there is no sound, or none any more."""
        if self._told or self._voice is None or not self.problem:
            return []
        self._told = True
        return [Happening("sound_missing", self._voice.at_s, {"stimulus": stimulus, "text": self.problem})]


class Sound(Playing):
    """A stimulus that is only heard; without an output it lasts as long as planned.

    `problem` says what is wrong with its file, "" for nothing.
    """

    def __init__(self, stimulus: str, planned_s: float, track: SoundTrack | None, problem: str = "") -> None:
        super().__init__(stimulus, planned_s)
        self._track = track
        self._problem = problem

    def begin(self, at_s: float) -> None:
        """Begin, or go on, at `at_s`."""
        if self._problem:
            self.failed(at_s, self._problem)
        if self._track is not None:
            self._track.begin(at_s)

    @property
    def over_s(self) -> float | None:
        """When its last sample is heard."""
        if self.onset_s is None:
            return None
        if self._track is None or self._track.problem:
            return self.onset_s + self.planned_s
        return self._track.ends_s

    def fall_silent(self, at_s: float) -> None:
        """Fall silent at `at_s`."""
        if self._track is not None:
            self._track.stop(at_s)

    def close(self, at_s: float) -> None:
        """End for good."""
        self.fall_silent(at_s)
        if self._track is not None:
            self._track.close()

    def happenings(self) -> list[Happening]:
        """Return what happened since the last call; a sound that cannot be played is a failed stimulus."""
        for missing in () if self._track is None else self._track.happenings(self.stimulus):
            self.failed(missing.time, str(missing.payload["text"]))
        return super().happenings()
