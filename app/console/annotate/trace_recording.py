"""The film of a trace: cameras, the participant's screen and sound of one item, as far as may be known."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.annotation.visible import Visible
from app.console.annotate.trace_footage import Footage
from app.console.review.axis import TimeAxis
from app.console.review.camera_frames import CameraFrames
from app.console.review.camera_view import CameraView
from app.console.review.film_view import FilmView
from app.console.review.player import Player
from app.console.review.recording import Recording
from app.console.review.seen import View
from app.console.review.sound_player import SoundPlayer
from app.console.review.sound_rows import SoundRows

HOLE_S = 0.5
"""A picture that belongs to the moment but is older than this stands in a hole of the camera."""


class PlainCamera(CameraView):
    """A camera without a word beside it."""

    def show_picture(self, image: QImage | None, words: str, text: str = "") -> None:
        """Show the picture alone."""
        self.name = ""
        super().show_picture(image, "", text)


class PlainFilm(FilmView):
    """The participant's screen without a word beside it."""

    def show_picture(self, image: QImage | None, words: str, text: str = "") -> None:
        """Show the picture alone."""
        self.name = ""
        super().show_picture(image, "", text if image is not None else "")


class RecordingFootage(Footage):
    """Plays one item; `screen` is the widget that shows it. `close` it in the end."""

    def __init__(
        self,
        recording: Recording,
        visible: Visible,
        window_s: tuple[float, float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        view = View(recording, visible)
        self.start_s = max(view.start_s, window_s[0])
        self.stop_s = max(self.start_s, min(view.stop_s, window_s[1]))
        self.axis = TimeAxis(self)
        self.axis.set_extent(self.start_s, self.stop_s)
        self.player = Player(self.axis, SoundPlayer(), self)
        self.player.sound.take(
            [SoundRows(recording.stream(name), recording.overview.row_times(name)) for name in view.sounds],
            view.muted_s,
        )
        self.player.ended.connect(self.ended.emit)
        self.cameras = [
            PlainCamera(self.axis, CameraFrames(recording.stream(name), self.start_s, self.stop_s), name)
            for name in view.cameras
        ]
        self.film = PlainFilm(self.axis, view) if view.shows_stimulus and recording.films.all else None
        self.screen = QWidget()
        self.screen.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self.screen)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for pane in (*self.cameras, *([self.film] if self.film is not None else ())):
            row.addWidget(pane, 1)
        if not row.count():
            words = "Only sound" if view.sounds else "Nothing of this recording may be seen or heard"
            label = QLabel(words)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(label)

    @property
    def position_s(self) -> float:
        """Where it is, on the recording's clock."""
        return self.player.position_s

    @property
    def shown_s(self) -> float:
        """The time of the picture on the screen; the position where there is none, or a hole."""
        here_s = self.position_s
        pane = self._leading()
        error_s = None if pane is None else pane.sync_error_s
        if pane is None or error_s is None or (pane.is_current and error_s < -HOLE_S):
            return here_s
        return here_s + error_s

    @property
    def late_s(self) -> float:
        """How much later than its moment the picture on the screen is, 0 where it is the right one."""
        pane = self._leading()
        if pane is None or pane.is_current or pane.sync_error_s is None:
            return 0.0
        return max(0.0, -pane.sync_error_s)

    def play(self) -> None:
        """Play from where it stands."""
        self.player.play()

    def pause(self) -> None:
        """Stop where it is."""
        self.player.pause()

    def seek(self, time_s: float) -> None:
        """Go to a time."""
        self.player.seek(time_s)

    def close(self) -> None:
        """Let go of the sound output and the decoding threads."""
        self.player.close()
        for pane in self.cameras:
            pane.close_media()
        if self.film is not None:
            self.film.close_media()

    def _leading(self) -> CameraView | FilmView | None:
        """Return the view whose picture is what is rated: the first camera, else the stimulus."""
        return self.cameras[0] if self.cameras else self.film
