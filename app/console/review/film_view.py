"""What was on the participant's screen at the cursor: a picture, or the very frame of a film."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.console.review.axis import TimeAxis
from app.console.review.exposures import Exposure
from app.console.review.film_index import LONG_KEY_S, Film
from app.console.review.following_pane import FollowingPane
from app.console.review.seen import View
from app.console.review.times import clock_words
from app.console.stimulus_thumbs import scaled, to_image

MOST_HEIGHT_PX = 1080
KEPT_FILMS = 3
Wish = tuple[Path, str, float]
"""File, kind of stimulus, seconds from the film's first picture."""
Made = tuple[QImage, int, int, float, float]
"""Picture; of a film its number, how many there are, its time, the longest way between key frames."""


class _Files:
    """The thread's side: films that are open, the last picture."""

    def __init__(self) -> None:
        self._films: dict[Path, Film] = {}
        self._picture: tuple[Path, QImage] | None = None

    def make(self, wish: Wish) -> Made:
        path, kind, position_s = wish
        if kind != "film":
            if self._picture is None or self._picture[0] != path:
                self._picture = (path, scaled(path, QSize(1920, MOST_HEIGHT_PX)))
            return self._picture[1], -1, 0, 0.0, 0.0
        film = self._films.pop(path, None)
        if film is None:
            film = Film(path, MOST_HEIGHT_PX)
        self._films[path] = film
        while len(self._films) > KEPT_FILMS:
            self._films.pop(next(iter(self._films))).close()
        index = film.index
        number = index.number_at(position_s)
        image = to_image(film.picture(number))
        return image, number, index.frames, float(index.times_s[number]), index.longest_key_gap_s

    def close(self) -> None:
        for film in self._films.values():
            film.close()
        self._films.clear()


class FilmView(FollowingPane):
    """Follows an axis. `shown` is the number of the film's picture on the screen, -1 for none."""

    def __init__(self, axis: TimeAxis, view: View, parent: QWidget | None = None) -> None:
        self._files = _Files()
        super().__init__(axis, self._files.make, "Participant's screen", parent)
        self.view = view
        self.dropped_before = 0
        self._exposure: Exposure | None = None
        self._wanted: Wish | None = None
        self._on: Wish | None = None
        self._shown_s: float | None = None
        self.follow()

    @property
    def is_current(self) -> bool:
        """Whether the picture that belongs to the cursor is on the screen."""
        return self._on == self._wanted

    @property
    def sync_error_s(self) -> float | None:
        """How far the shown picture's own moment is from the one that was on at the cursor."""
        if self._exposure is None or self._shown_s is None:
            return None
        return self._shown_s - self._exposure.position_at(self.axis.cursor_s)

    def step(self, time_s: float, count: int) -> float | None:
        """Return when the film's picture `count` pictures on was shown; None outside of a film."""
        exposure = self.view.exposure_at(time_s)
        if exposure is None or not len(exposure.swaps_s):
            return None
        at = int(exposure.swaps_s.searchsorted(time_s, "right")) - 1 + count
        if 0 <= at < len(exposure.swaps_s):
            return float(exposure.swaps_s[at])
        return None

    def follow(self) -> None:
        """Want what was on the screen at the cursor."""
        exposure = self.view.exposure_at(self.axis.cursor_s)
        self._exposure = exposure
        if exposure is None or exposure.item is None or exposure.item.kind == "sound":
            self._wanted = self._on = None
            self.shown, self._shown_s, self.warning = -1, None, ""
            text = self._why_nothing(exposure)
            if self.image is not None or self.text != text:
                self.show_picture(None, "", text)
                self.shown_changed.emit()
            return
        position_s = exposure.position_at(self.axis.cursor_s) if exposure.item.kind == "film" else 0.0
        self._wanted = (exposure.item.path, exposure.item.kind, position_s)
        if self._wanted != self._on and self.isVisible():
            self._maker.ask(self._wanted)
            if self.image is None and self._on is None:
                self.show_picture(None, "", "Reading…")

    def close_media(self) -> None:
        """End the decoding thread and close the films."""
        self._maker.close(self._files.close)

    def _why_nothing(self, exposure: Exposure | None) -> str:
        if exposure is None:
            return "No stimulus"
        if exposure.item is None:
            return self.view.recording.films.problem or f"The set has no {exposure.stimulus}."
        return f"Sound: {exposure.stimulus}"

    def _on_arrived(self, wish: Wish, made: Made) -> None:
        image, number, count, time_s, key_gap_s = made
        self._on, self.shown = wish, number
        name = self._exposure.stimulus if self._exposure is not None else ""
        self._shown_s = time_s if number >= 0 else None
        words = f"frame {number + 1} of {count}, {clock_words(time_s)}" if number >= 0 else ""
        long = key_gap_s > LONG_KEY_S
        self.warning = f"jumps are slow: key frames up to {key_gap_s:.0f} s apart" if long else ""
        text = "This picture cannot be shown" if image.isNull() else ""
        self.show_picture(None if text else image, ", ".join(filter(None, (name, words))), text)
        self.shown_changed.emit()
        if self._wanted is not None and self._wanted != wish:
            self.follow()

    def _on_failed(self, wish: Wish, error: Exception) -> None:
        self._on, self.shown, self._shown_s = wish, -1, None
        reason = getattr(error, "strerror", None) or str(error)
        self.show_picture(None, "", f"{wish[0].name} cannot be shown: {reason}")
        self.shown_changed.emit()
