"""A camera's picture at the cursor: the last one at or before it, with its time and number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from analysis.views.faces import Box, FaceError, Track, follow
from app.console.media_panel import decode
from app.console.review.axis import TimeAxis
from app.console.review.camera_frames import CameraFrames
from app.console.review.following_pane import FollowingPane
from app.console.review.times import clock_words

FindFaces = Callable[[bytes], Sequence[Box]]
"""Takes a JPEG picture; may raise FaceError."""
Wish = tuple[int, int, int, bool]
"""Number of the picture, room in pixels, whether faces are looked for."""
Made = tuple[QImage | None, Sequence[Box], str]
"""The picture, the faces in it, why they could not be looked for."""


class CameraView(FollowingPane):
    """Follows an axis. `shown` is the number of the picture on the screen, -1 for none."""

    def __init__(
        self,
        axis: TimeAxis,
        frames: CameraFrames,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(axis, self._make, name, parent)
        self.frames = frames
        self.wanted = -1
        self._find_faces: FindFaces | None = None
        self._track = Track()
        self.follow()

    @property
    def is_current(self) -> bool:
        """Whether the picture that belongs to the cursor is on the screen."""
        return self.shown == self.wanted

    @property
    def sync_error_s(self) -> float | None:
        """The time of the shown picture less the cursor's; None where there is none."""
        return None if self.shown < 0 else float(self.frames.times_s[self.shown]) - self.axis.cursor_s

    def step(self, time_s: float, count: int) -> float:
        """Return the time of the picture `count` pictures on."""
        return self.frames.step(time_s, count)

    def set_faces(self, find_faces: FindFaces | None) -> None:
        """Frame the face in the picture, or (None) not."""
        self._find_faces = find_faces
        self._track, self.boxes, self.warning = Track(), (), ""
        self.shown = -1
        self.follow()

    def follow(self) -> None:
        """Want the picture at the cursor."""
        self.wanted = self.frames.number_at(self.axis.cursor_s)
        if self.wanted < 0:
            self.shown = -1
            self.boxes = ()
            text = "No picture yet" if len(self.frames) else "No picture"
            if self.text != text:
                self.show_picture(None, "", text)
                self.shown_changed.emit()
        elif self.wanted != self.shown and self.isVisible():
            room = self.room()
            self._maker.ask((self.wanted, room.width(), room.height(), self._find_faces is not None))

    def close_media(self) -> None:
        """End the decoding thread."""
        self._maker.close()

    def resizeEvent(self, event: object) -> None:
        """Decode at the new size."""
        self.shown = -1
        self.follow()

    def _make(self, wish: Wish) -> Made:
        number, width, height, with_faces = wish
        content, find = self.frames.jpeg(number), self._find_faces
        found: Sequence[Box] = ()
        problem = ""
        if with_faces and find is not None and content:
            try:
                found = find(content)
            except FaceError as error:
                problem = str(error)
        return (decode(content, QSize(width, height)) if content else None), found, problem

    def _on_arrived(self, wish: Wish, made: Made) -> None:
        number = wish[0]
        image, found, problem = made
        if wish[3] and self._find_faces is not None:
            self._track = follow(self._track, found, float(self.frames.times_s[number]))
            self.boxes = () if self._track.box is None else (self._track.box,)
            self.warning = problem or self._track.words()
        self.shown = number
        told = clock_words(float(self.frames.times_s[number]) - self.axis.zero_s)
        words = f"frame {number + 1} of {len(self.frames)}, {told}"
        self.show_picture(image, words, "" if image is not None else "This picture cannot be shown")
        self.shown_changed.emit()
        if self.wanted != number:
            self.follow()

    def _on_failed(self, wish: Wish, error: Exception) -> None:
        self.shown = wish[0]
        self.boxes = ()
        self.show_picture(None, "", "This picture cannot be read")
        self.shown_changed.emit()
