"""A film while it is played: which picture is due when, in step with the sound that is really heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize

from app import clock
from app.presenter.film_reading import FilmFrame, FilmReader
from app.presenter.played import Playing
from app.presenter.scenes import Missing, Moving, Scene
from app.presenter.screen import Happening, Shown
from app.presenter.sound_track import SoundTrack
from app.presenter.textures import fitted
from app.presenter.window import StageWindow
from app.screens import Size

# Looking again for a picture that is not decoded yet.
LOOK_EVERY_S = 0.004
FIRST_PICTURE_PATIENCE_S = 3.0
# A picture later than this is not shown any more.
TOO_LATE_S = 0.2
SLOTS = 2


@dataclass(frozen=True, slots=True)
class _Uploaded:
    """A picture in the graphics memory."""

    frame: FilmFrame
    slot: int


class Film(Playing):
    """A film from its first picture, uploaded before the trial, to the end of its last one.

    `path` None or a file that cannot be decoded gives a placeholder that stays for `planned_s`.
    """

    def __init__(
        self,
        window: StageWindow,
        stimulus: str,
        path: Path | None,
        size: Size,
        background: str,
        planned_s: float,
        sound: Callable[[Callable[[], float | None]], SoundTrack | None] = lambda origin: None,
    ) -> None:
        super().__init__(stimulus, planned_s)
        self._window = window
        self._background = background
        self._size = size
        self._room = QSize(window.pixels)
        self._shown_size = QSize(1, 1)
        self._reader = None if path is None else FilmReader(path, self._fit)
        self._sound = None if self._reader is None else sound(self._reader.origin_s)
        # Where the film would be by our own clock: its second `_base[1]` at `_base[0]`.
        self._base = (0.0, 0.0)
        self._on: FilmFrame | None = None
        self._ready: _Uploaded | None = None
        self._slot = 0
        self._shown = self._repeated = self._skipped = 0
        self._runs = False
        self._swapped_s: float | None = None
        self._has_failed = False

    # Before

    def settle(self) -> None:
        """Upload the next picture, if it is decoded and there is room."""
        frame = self._reader.peek() if self._reader is not None and self._ready is None else None
        if frame is not None:
            assert self._reader is not None
            self._ready = self._upload(frame)
            self._reader.take()

    def first(self) -> Scene:
        """Return what it begins with, or goes on with; waits for the first picture if need be."""
        if self._on is not None:
            return self._scene(self._slot)
        if self._reader is not None and self._ready is None:
            self._reader.wait_until_ready(FIRST_PICTURE_PATIENCE_S)
        self.settle()
        if self._ready is None:
            return self._placeholder()
        return self._scene(self._ready.slot)

    # While it is on

    def begin(self, at_s: float) -> None:
        """Begin, or go on, at `at_s`: called early enough for the sound."""
        position_s = self._base[1]
        self._base = (at_s, position_s)
        self._runs, self._swapped_s = True, None
        if self._sound is not None:
            self._sound.begin(at_s)

    def shown_first(self, at_s: float, shown: Shown) -> None:
        """Take note of the swap that brought the first picture."""
        if self.onset_s is None:
            self.onset_s = at_s
        if self._ready is not None and self._on is None:
            self._take(self._ready, at_s, shown)
        elif self._on is None:
            self._fail(at_s)
        self.settle()

    def refresh(self, now: float) -> int:
        """Show what is due; return how many frames the screen dropped."""
        if not self._runs:
            return 0
        if self._reader is not None:
            self._reader.wanted_s = self._position_at(now)
        window = self._window
        if window.facts.verified:
            return self._show_by(window.next_swap_s + window.period_s / 2, keeps_alive=True)
        due_s = self._due_s()
        if due_s is None or now < due_s - self._drawing_lead_s:
            self.settle()
            return 0
        return self._show_by(max(due_s, now + window.drawing_s), keeps_alive=False)

    @property
    def next_s(self) -> float | None:
        """When it wants to be refreshed next; None where nothing comes any more."""
        if not self._runs:
            return None
        if self._window.facts.verified:
            return 0.0
        due_s = self._due_s()
        if due_s is not None:
            return due_s - self._drawing_lead_s
        waits = self._reader is not None and not self._reader.has_ended
        return clock.now() + LOOK_EVERY_S if waits else None

    @property
    def over_s(self) -> float | None:
        """When the last picture has been on for its own duration; None while that is not known."""
        if self.onset_s is None:
            return None
        if self._has_failed or (self._reader is not None and self._reader.problem and self._is_last):
            return self.onset_s + self.planned_s
        return self._at(self._on.end_s) if self._on is not None and self._is_last else None

    def fall_silent(self, at_s: float) -> None:
        """End the sound at `at_s`."""
        if self._runs and self._sound is not None:
            self._sound.stop(at_s)

    def stop(self, at_s: float) -> None:
        """Stay where it is at `at_s`."""
        if self._runs:
            self.fall_silent(at_s)
            self._base = (at_s, self._position_at(at_s))
            self._runs = False

    def close(self, at_s: float) -> None:
        """End for good and tell how it went."""
        if self._runs:
            over_s = self.over_s
            complete = over_s is not None and over_s <= at_s + self._window.period_s and not self._has_failed
            self.stop(at_s)
            payload = {
                "stimulus": self.stimulus,
                "frames": self._shown,
                "repeated": self._repeated,
                "skipped": self._skipped,
                "complete": complete,
            }
            self.happened.append(Happening("film_ended", at_s, payload))
        if self._reader is not None:
            self._reader.close()
        if self._sound is not None:
            self._sound.close()

    def happenings(self) -> list[Happening]:
        """Return what happened since the last call."""
        if self._sound is not None:
            self.happened += self._sound.happenings(self.stimulus)
        return super().happenings()

    # Inside

    @property
    def _drawing_lead_s(self) -> float:
        return 2 * self._window.drawing_s + 0.002

    @property
    def _more_follow(self) -> bool:
        """Whether pictures come after the one that was uploaded: the last one is always shown."""
        return self._reader is not None and (not self._reader.has_ended or self._reader.peek() is not None)

    @property
    def _is_last(self) -> bool:
        """Whether no picture follows the one that is on."""
        ended = self._reader is None or self._reader.has_ended
        return ended and self._ready is None and (self._reader is None or self._reader.peek() is None)

    def _at(self, position_s: float) -> float:
        """Return when a second of the film is due: with its sound, where there is one."""
        if self._sound is not None and self._sound.has_begun:
            return self._sound.heard_at(position_s)
        return self._base[0] + position_s - self._base[1]

    def _position_at(self, time_s: float) -> float:
        if self._sound is not None and self._sound.has_begun:
            return self._sound.position_at(time_s)
        return self._base[1] + time_s - self._base[0]

    def _due_s(self) -> float | None:
        """Return when the next picture, or the placeholder of one that is missing, is due."""
        if self._ready is not None:
            return self._at(self._ready.frame.pts_s)
        frame = None if self._reader is None else self._reader.peek()
        if frame is not None:
            return self._at(frame.pts_s)
        if self._breaks_off and self._on is not None:
            return self._at(self._on.end_s)
        return None

    @property
    def _breaks_off(self) -> bool:
        has_problem = self._reader is not None and bool(self._reader.problem)
        return has_problem and self._is_last and not self._has_failed

    def _show_by(self, by_s: float, keeps_alive: bool) -> int:
        """Show the newest picture that is due by `by_s`."""
        chosen = self._choose(by_s)
        window = self._window
        if chosen is None:
            if self._breaks_off and self._on is not None and (at_s := self._at(self._on.end_s)) <= by_s:
                shown = window.advance(self._placeholder(), at_s)
                self._fail(at_s if shown.actual_s is None else shown.actual_s)
                return shown.dropped
            dropped = window.keep_alive() if keeps_alive else 0
        elif by_s - self._at(chosen.frame.end_s) > TOO_LATE_S and self._more_follow:
            # Out of step with the sound it would be worse than the picture that is on.
            self._ready = None
            dropped = window.keep_alive() if keeps_alive else 0
        else:
            due_s = self._at(chosen.frame.pts_s)
            shown = window.advance(self._scene(chosen.slot), due_s)
            self._take(chosen, due_s, shown)
            dropped = shown.dropped
        self.settle()
        return dropped

    def _choose(self, by_s: float) -> _Uploaded | None:
        chosen = self._ready
        if chosen is not None and self._at(chosen.frame.pts_s) > by_s:
            return None
        newest = None
        while self._reader is not None and (frame := self._reader.peek()) is not None:
            if self._at(frame.pts_s) > by_s:
                break
            newest = frame
            self._reader.take()
        if newest is None:
            return chosen
        # Behind: the newest one goes up now, those before it are skipped.
        self._ready = None
        return self._upload(newest)

    def _upload(self, frame: FilmFrame) -> _Uploaded:
        slot = (self._slot + 1) % SLOTS
        smooth = (frame.width, len(frame.pixels)) != (self._shown_size.width(), self._shown_size.height())
        self._window.upload(slot, frame.pixels, frame.width, smooth)
        # The pixels are in the graphics memory now: only the numbers are kept.
        return _Uploaded(dataclasses.replace(frame, pixels=frame.pixels[:0]), slot)

    def _take(self, chosen: _Uploaded, due_s: float, shown: Shown) -> None:
        """Take note that a picture is on."""
        frame, before = chosen.frame, self._on
        skipped = 0 if before is None else max(0, frame.number - before.number - 1)
        swapped_s = due_s if shown.actual_s is None else shown.actual_s
        held_s = 0.0 if self._swapped_s is None else swapped_s - self._swapped_s
        # In times of its own: by how many the one before was on for too long.
        repeated = 0 if before is None else max(0, round(held_s / before.duration_s) - 1)
        self._swapped_s = swapped_s
        self._on, self._ready, self._slot = frame, None, chosen.slot
        self._shown += 1
        self._skipped += skipped
        self._repeated += repeated
        payload = {
            "stimulus": self.stimulus,
            "frame": frame.number,
            "pts_s": frame.pts_s,
            "intended_s": due_s,
            "swap_s": shown.actual_s,
            "repeated": repeated,
            "skipped": skipped,
        }
        self.happened.append(Happening("frame", swapped_s, payload, urgent=False))

    def _fail(self, time_s: float) -> None:
        problem = "" if self._reader is None else self._reader.problem
        text = problem or f'There is no file for the film "{self.stimulus}".'
        self.failed(time_s, text)
        self._has_failed = True
        if self._sound is not None:
            self._sound.stop(time_s)

    def _placeholder(self) -> Scene:
        return Scene(self._background, Missing(self.stimulus, self._background), lit=True)

    def _scene(self, slot: int) -> Scene:
        moving = Moving(slot, self._shown_size.width(), self._shown_size.height())
        return Scene(self._background, moving, lit=True)

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        """Return how large a picture to decode: as large as it is shown, unless the graphics card scales."""
        natural = QSize(width, height)
        self._shown_size = fitted(natural, self._size, self._room, self._window.textures.largest)
        grows = self._shown_size.width() > width
        made = natural if grows and not self._window.is_software else self._shown_size
        return made.width(), made.height()
