"""What plays while somebody traces: a stretch of a recording, or a mark to follow for practice."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, QTimer, Signal

from app import clock

PRACTICE_S = 20.0
BEHIND_S = 0.5
"""Pictures that are later than this are not what is being rated any more."""


class Footage(QObject):
    """A stretch from `start_s` to `stop_s`; `ended` when it was played to its end."""

    ended = Signal()
    start_s: float
    stop_s: float

    def play(self) -> None:
        """Play from where it stands."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stop where it is."""
        raise NotImplementedError

    def seek(self, time_s: float) -> None:
        """Go to a time."""
        raise NotImplementedError

    @property
    def position_s(self) -> float:
        """Where it is."""
        raise NotImplementedError

    @property
    def shown_s(self) -> float:
        """The time of what is on the screen at this moment."""
        return self.position_s

    @property
    def late_s(self) -> float:
        """How much later than its moment the picture on the screen is."""
        return 0.0


class Practice(Footage):
    """Plays nothing, on the clock alone: the scale shows a mark that wanders about, and is to be followed."""

    def __init__(self, dimensions: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.start_s, self.stop_s = 0.0, PRACTICE_S
        self._dimensions = dimensions
        self._at_s = 0.0
        self._since_s: float | None = None
        self._end = QTimer(self, singleShot=True)
        self._end.timeout.connect(self._on_end)

    @property
    def position_s(self) -> float:
        """Seconds since its beginning."""
        if self._since_s is None:
            return self._at_s
        return min(self.stop_s, self._at_s + clock.now() - self._since_s)

    def play(self) -> None:
        """Let the mark wander."""
        self._since_s = clock.now()
        self._end.start(round((self.stop_s - self._at_s) * 1000))

    def pause(self) -> None:
        """Let it stand still."""
        self._at_s, self._since_s = self.position_s, None
        self._end.stop()

    def seek(self, time_s: float) -> None:
        """Go to a second of it."""
        self._at_s = min(max(time_s, self.start_s), self.stop_s)
        self._since_s = None if self._since_s is None else clock.now()

    def target(self, time_s: float) -> tuple[float, ...]:
        """Return where the mark is at a time, as shares of the dimensions (0..1)."""
        turn = 2 * math.pi * time_s / PRACTICE_S
        across = 0.5 + 0.3 * math.sin(2 * turn) + 0.12 * math.sin(5 * turn)
        up = 0.5 + 0.28 * math.sin(turn) - 0.12 * math.sin(4 * turn)
        return (across,) if self._dimensions == 1 else (across, up)

    def _on_end(self) -> None:
        self.pause()
        self._at_s = self.stop_s
        self.ended.emit()


class Watch:
    """Notices that what plays falls behind the clock, or its pictures behind what plays."""

    def __init__(self) -> None:
        self._base: tuple[float, float] | None = None
        self._first_s: float | None = None
        self._right_s = 0.0

    def start(self, position_s: float) -> None:
        """Begin at a position; the clock counts from its first movement on."""
        self._base, self._first_s = None, position_s

    @property
    def has_moved(self) -> bool:
        """Whether it has begun to play."""
        return self._base is not None

    def behind_s(self, now_s: float, position_s: float, late_s: float) -> float:
        """Return how many seconds it is late, 0 before it has begun; `late_s`: its pictures are."""
        if self._base is None:
            if self._first_s is None or position_s <= self._first_s:
                return 0.0
            self._base, self._right_s = (now_s, position_s), now_s
        begun_s, from_s = self._base
        if late_s <= 0:
            self._right_s = now_s
        # Behind a hole of the camera the first picture is as late as the hole is long, for an instant.
        late_s = min(late_s, now_s - self._right_s)
        return max((now_s - begun_s) - (position_s - from_s), late_s)
