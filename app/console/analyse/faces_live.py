"""Faces, tab Live: a camera's pictures with box, expression and probabilities as they come, kept as CSV."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app.console import theme
from app.console.analyse.faces_feed import (
    Pictures,
    PipePictures,
    RingPictures,
    Taken,
    cameras_running,
)
from app.console.choices import combo, fill_combo
from app.console.media_panel import decode
from app.console.parts import Banner, Card, Elided, Line, Primary, Tinted
from app.console.saving import TABLES, ask_where, save_table
from app.ring import RingError
from app.study import Study
from stimuli.problems import EvokeError

LOOK_MS = 60
SHOWN_S = 30.0
MOST_ROWS = 200_000
MOST_LATE = 4000
"""Newest pictures that the lines are drawn of: 30 s at 120 pictures a second."""
FULL = (
    f"The table is full: {MOST_ROWS:,} pictures. Later ones are shown and not kept. Stop, save the table, "
    "then start again."
)
HAAR = "Cascade and small expression network"
CAMERA = "A camera of this computer"
DRAWN = "The drawn face (no camera)"
IDLE = "Choose a camera and press Start. Nothing is recorded; what is seen can be saved as a table."
LARGEST = QSize(960, 720)


class _Looker(threading.Thread):
    """Looks at the newest picture again and again, in a thread; touches nothing of Qt."""

    def __init__(self, pictures: Pictures, detector: Path | None) -> None:
        super().__init__(name="faces", daemon=True)
        self.pictures = pictures
        self._detector = detector
        self.seen: list[Any] = []
        self.late: deque[Any] = deque(maxlen=MOST_LATE)
        self.newest: tuple[Taken, Any] | None = None
        self.problem = ""
        self.latency = ""
        self._ending = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        from analysis.detection.problems import DetectionError
        from analysis.detection.watching import FaceWatcher, YoloDetector

        try:
            detector = None if self._detector is None else YoloDetector.load(self._detector)
            watcher = FaceWatcher(detector)
        except (DetectionError, OSError) as error:
            self.problem = str(error)
            return
        last = 0
        try:
            while not self._ending.wait(0.005):
                taken = self.pictures.newest()
                if taken is None or taken.number == last:
                    continue
                last = taken.number
                seen = watcher(taken.jpeg, taken.time_s)
                self.late.append(seen)
                if not self.is_full:
                    self.seen.append(seen)
                took = watcher.latency
                self.latency = f"{took.median_ms:.0f} ms a picture, 95 % within {took.p95_ms:.0f} ms"
                self.newest = (taken, seen)
        except (DetectionError, OSError, RingError) as error:
            self.problem = str(error)
        finally:
            watcher.close()

    @property
    def is_full(self) -> bool:
        """Whether the table holds as much as it can; later pictures are looked at and not kept."""
        return len(self.seen) >= MOST_ROWS

    def end(self) -> None:
        """End after the picture in hand."""
        self._ending.set()
        self.join(10.0)
        self.pictures.close()


class SeenView(QWidget):
    """The picture with the face's box and expression."""

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.seen: Any = None
        self.text = IDLE
        self.setAccessibleName("Camera with the face's box")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)

    def show_seen(self, image: QImage | None, seen: Any, text: str = "") -> None:
        """Show another picture."""
        self.image, self.seen, self.text = image, seen, text
        self.setAccessibleDescription(text or (seen.words if seen is not None else ""))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, box and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        painter.fillRect(self.rect(), QColor(colours.base))
        if self.image is None:
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), int(flags), self.text)
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).toSizeF()
        area = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, 0, 0)
        area.setSize(size)
        painter.drawImage(area, self.image)
        box = None if self.seen is None else self.seen.box
        words = "" if self.seen is None else self.seen.words
        if box is not None:
            rect = QRectF(
                area.left() + box.left * area.width(), area.top() + box.top * area.height(),
                box.width * area.width(), box.height * area.height(),
            )  # fmt: skip
            painter.setPen(QPen(QColor(colours.accent), 3))
            painter.drawRect(rect)
        high = painter.fontMetrics().height() + 8
        strip = QRectF(area.left(), area.bottom() - high, area.width(), high)
        painter.fillRect(strip, QColor(colours.raised))
        painter.setPen(QColor(colours.text))
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, words)


class ProbabilityView(QWidget):
    """The smoothed probability of each expression: a bar now, and a line of the last half minute."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: tuple[str, ...] = ()
        self.seen: Sequence[Any] = ()
        self.setAccessibleName("Probabilities of the expressions")
        self.setMinimumWidth(260)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_seen(self, seen: Sequence[Any]) -> None:
        """Show what was seen lately."""
        self.seen = seen
        if seen:
            self.classes = seen[-1].classes
            now = seen[-1].smoothed
            said = (f"{name} {100 * value:.0f} %" for name, value in zip(self.classes, now, strict=False))
            self.setAccessibleDescription(", ".join(said))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a row for each expression."""
        if not self.classes or not self.seen:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        metrics = painter.fontMetrics()
        high = min(64.0, self.height() / len(self.classes))
        last_s = self.seen[-1].time_s
        now = self.seen[-1].smoothed
        room = metrics.horizontalAdvance("100 %") + 6
        for place, name in enumerate(self.classes):
            top = place * high
            share = now[place] if now else 0.0
            painter.setPen(QColor(colours.text))
            head = QRectF(0, top, self.width(), metrics.height())
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft, name)
            painter.drawText(head, Qt.AlignmentFlag.AlignRight, f"{100 * share:.0f} %" if now else "no face")
            left = metrics.horizontalAdvance("surprise  ") + 8
            bar = QRectF(left, top + 4, max(10.0, self.width() - left - room - 8), metrics.height() - 8)
            painter.fillRect(bar, QColor(colours.border))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), QColor(colours.accent)
            )
            if high > metrics.height() + 14:
                self._line(
                    painter,
                    place,
                    QRectF(0, top + metrics.height() + 2, self.width(), high - metrics.height() - 8),
                    last_s,
                )

    def _line(self, painter: QPainter, place: int, area: QRectF, last_s: float) -> None:
        colours = theme.current()
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QPen(QColor(colours.accent), 1.4))
        points: list[QPointF] = []
        for each in self.seen:
            if each.smoothed:
                x = area.right() - (last_s - each.time_s) / SHOWN_S * area.width()
                points.append(
                    area.topLeft().__class__(x, area.bottom() - each.smoothed[place] * area.height())
                )
            elif points:
                painter.drawPolyline(points)
                points = []
        if points:
            painter.drawPolyline(points)


class LiveTab(QWidget):
    """Watches a camera."""

    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.looker: _Looker | None = None
        self._kept: tuple[Any, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self.source: QComboBox = combo("Camera", 16)
        self.source.activated.connect(lambda _: self._show_buttons())
        self.address = QLineEdit("0")
        self.address.setAccessibleName("Number, address or file of the camera")
        self.address.setToolTip("0 is the first camera; an address such as http://…/video, or a film's file")
        self.address.setMaximumWidth(260)
        self.detector: QComboBox = combo("Detector", 18)
        self.start_button = Primary("Start", "start", self.start)
        self.stop_button = Tinted("Stop", "end", self.stop)
        self.save_button = Tinted("Save table…", "save", self._ask_save)
        for widget, share in ((self.source, 3), (self.address, 1), (self.detector, 4)):
            row.addWidget(widget, share)
        row.addStretch(1)
        for button in (self.start_button, self.stop_button, self.save_button):
            row.addWidget(button)
        column.addLayout(row)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        body = QHBoxLayout()
        self.view = SeenView()
        body.addWidget(self.view, 2)
        card = Card("Expressions")
        self.bars = ProbabilityView()
        card.body.addWidget(self.bars, 1)
        self.latency = Elided()
        card.body.addWidget(self.latency)
        card.body.addWidget(Line("What a face shows, not what somebody feels.", "muted", True))
        body.addWidget(card, 1)
        column.addLayout(body, 1)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self.show_detectors((), None)
        self._show_sources()

    @property
    def is_busy(self) -> bool:
        """Whether nothing of it is settled yet; watching a camera never is, so never."""
        return False

    def show_study(self, study: Study | None) -> None:
        """Offer the cameras of a study's running session."""
        if study is None or self.study is None or study.folder != self.study.folder:
            self.stop()
        self.study = study
        self._show_sources()

    def _show_sources(self) -> None:
        running = () if self.study is None else cameras_running(self.study)
        entries: list[tuple[str, object]] = [(name, ring) for name, ring in running]
        fill_combo(
            self.source, [*entries, (CAMERA, "camera"), (DRAWN, "generated")], self.source.currentData()
        )
        self._show_buttons()

    def show_detectors(self, folders: Sequence[tuple[str, Path]], chosen: Path | None) -> None:
        """Offer the study's detectors beside the cascade."""
        entries: list[tuple[str, object]] = [(HAAR, None), *folders]
        fill_combo(self.detector, entries, chosen or self.detector.currentData())

    def start(self) -> None:
        """Open the camera and look."""
        self.stop()
        self.trouble.say("")
        chosen = self.source.currentData()
        try:
            if isinstance(chosen, Path):
                pictures: Pictures = RingPictures(chosen)
            else:
                source = "generated" if chosen == "generated" else self.address.text().strip() or "0"
                pictures = PipePictures(source)
        except (OSError, RingError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            self.trouble.say(f"The camera cannot be read ({said}). Has its session ended?", "alarm")
            return
        self.looker = _Looker(pictures, self.detector.currentData())
        self.looker.start()
        self.view.show_seen(None, None, "Waiting for the first picture…")
        self._look.start()
        self._show_buttons()

    def stop(self) -> None:
        """Let the camera go; what was seen can be saved."""
        if self.looker is not None:
            self._look.stop()
            self.looker.end()
            self._kept = tuple(self.looker.seen)
            self.looker = None
            self.view.show_seen(None, None, IDLE)
        self._show_buttons()

    def _on_look(self) -> None:
        looker = self.looker
        if looker is None:
            return
        problem = looker.problem or looker.pictures.problem
        if problem:
            self.stop()
            self.trouble.say(problem, "alarm")
            return
        if looker.newest is None:
            return
        taken, seen = looker.newest
        if self.view.seen is seen:
            return
        self.view.show_seen(decode(taken.jpeg, LARGEST), seen)
        if looker.is_full and not self.trouble.text:
            self.trouble.say(FULL, "warning")
        late = [each for each in tuple(looker.late) if seen.time_s - each.time_s <= SHOWN_S]
        self.bars.show_seen(late)
        self.latency.set_whole(looker.latency)
        self._show_buttons()

    @property
    def seen(self) -> tuple[Any, ...]:
        """Everything that was seen since Start."""
        return self._kept if self.looker is None else tuple(self.looker.seen)

    def write(self, path: Path) -> None:
        """Write what was seen as CSV; raises EvokeError."""
        from analysis.detection.watching import seen_columns, seen_row

        seen = self.seen
        save_table(path, seen_columns(seen[0].classes), (seen_row(each) for each in seen))

    def _ask_save(self) -> None:
        ask_where(self, "Save what was seen", TABLES, "faces.csv", self._write)

    def _write(self, name: str) -> None:
        try:
            self.write(Path(name))
        except EvokeError as error:
            self.said.emit(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}.", "good")

    def _show_buttons(self) -> None:
        runs = self.looker is not None
        self.start_button.setEnabled(not runs)
        self.stop_button.setEnabled(runs)
        self.save_button.setEnabled(bool(self.seen))
        for widget in (self.source, self.address, self.detector):
            widget.setEnabled(not runs)
        self.address.setVisible(self.source.currentData() == "camera")

    def closing(self) -> None:
        """Let the camera go."""
        self.stop()
