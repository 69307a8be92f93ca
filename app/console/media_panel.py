"""What the camera sees and the microphone hears, drawn from their rings ten times a second."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app import clock
from app.console import theme
from app.plan import SessionPlan
from app.ring import BlobRingReader, RingError, SampleRingReader

PICTURE_MS = 100
FLOOR_DB = -60.0
LOUD_DB = -3.0
STALE_S = 1.0
SOUND_KINDS = ("audio", "sound", "microphone")


class CameraView(QWidget):
    """The newest picture of a camera; says so when none comes."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Camera")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(90)
        self.image: QImage | None = None
        self.text = "No camera in this session"
        self.name = ""
        self._reader: BlobRingReader | None = None
        self._seen = -1
        self._last_s = 0.0

    def follow(self, path: Path | None) -> None:
        """Follow a camera's ring."""
        self._seen, self.image = -1, None
        self._reader = None
        if path is not None:
            try:
                self._reader = BlobRingReader(path)
            except RingError:
                return
        self.update()

    def poll(self) -> None:
        """Show the newest picture, if there is one that is not shown yet."""
        reader = self._reader
        if reader is None or not self.isVisible():
            return
        if reader.written == self._seen:
            if clock.now() - self._last_s > STALE_S and not self.text:
                self.text = "No picture comes"
                self.update()
            return
        self._seen = reader.written
        blobs = reader.latest()
        if not blobs.data:
            return
        image = decode(blobs.data[-1], self.size() * self.devicePixelRatioF())
        if image is not None:
            self.image, self.text = image, ""
            self._last_s = clock.now()
            self.update()

    def sizeHint(self) -> QSize:
        """A small picture."""
        return QSize(280, 170)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as large as it fits, undistorted."""
        painter = QPainter(self)
        colours = theme.current()
        painter.fillRect(self.rect(), QColor(colours.base))
        if self.image is not None:
            size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, 0, 0)
            box.setSize(size.toSizeF())
            painter.setOpacity(0.35 if self.text else 1.0)
            painter.drawImage(box, self.image)
            painter.setOpacity(1.0)
        if self.name:
            painter.setPen(QColor(colours.text))
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            name = self.fontMetrics().elidedText(self.name, Qt.TextElideMode.ElideMiddle, self.width() - 8)
            strip = self.rect().adjusted(0, self.height() - self.fontMetrics().height() - 4, 0, 0)
            painter.fillRect(strip, QColor(colours.base))
            painter.drawText(strip, int(flags), name)
        if self.text:
            painter.setPen(QColor(colours.alarm if self.image is not None else colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(6, 0, -6, 0), int(flags), self.text)


class LevelBar(QWidget):
    """Loudness of the newest tenth of a second in decibels below full scale; marks what is too loud."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Sound level")
        self.level_db = float("nan")
        self._held_db = FLOOR_DB
        self._reader: SampleRingReader | None = None
        self._full = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def follow(self, path: Path | None) -> None:
        """Follow a microphone's ring."""
        self._reader, self.level_db = None, float("nan")
        if path is not None:
            try:
                self._reader = SampleRingReader(path)
            except RingError:
                return
            whole = np.dtype(self._reader.info.dtype)
            self._full = float(np.iinfo(whole).max) if whole.kind == "i" else 1.0
        self.update()

    def poll(self) -> None:
        """Measure the newest tenth of a second."""
        if self._reader is None:
            return
        data = self._reader.latest(max(64, round(self._reader.info.rate_hz * 0.1))).data
        if len(data):
            peak = float(np.abs(data[:, 0].astype(np.float64)).max()) / self._full
            self.level_db = max(FLOOR_DB, 20 * math.log10(peak)) if peak > 0 else FLOOR_DB
            self._held_db = max(self.level_db, self._held_db - 2.0)
            self.setAccessibleDescription(self.text)
            self.update()

    @property
    def text(self) -> str:
        """The level in words."""
        if not math.isfinite(self.level_db):
            return "No microphone"
        if self.level_db >= LOUD_DB:
            return f"{self.level_db:.0f} dB too loud"
        return f"{self.level_db:.0f} dB" if self.level_db > FLOOR_DB else "silent"

    def sizeHint(self) -> QSize:
        """One line high."""
        return QSize(280, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bar, held peak and number."""
        painter = QPainter(self)
        colours = theme.current()
        room = self.fontMetrics().horizontalAdvance("−60 dB too loud") + 10
        box = QRectF(0, 4, max(20.0, self.width() - room), self.height() - 8)
        painter.fillRect(box, QColor(colours.border))
        if math.isfinite(self.level_db):
            share = 1 - self.level_db / FLOOR_DB
            loud = self.level_db >= LOUD_DB
            filled = QRectF(box)
            filled.setWidth(box.width() * share)
            painter.fillRect(filled, QColor(colours.alarm if loud else colours.good))
            x = box.left() + box.width() * (1 - self._held_db / FLOOR_DB)
            painter.fillRect(QRectF(x - 1, box.top(), 2, box.height()), QColor(colours.text))
        painter.setPen(QColor(colours.text))
        area = QRectF(box.right() + 8, 0, room - 8, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text)


class MediaPanel(QWidget):
    """Camera and sound of a session."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "signals")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(4)
        self.camera = CameraView()
        self.level = LevelBar()
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(4)
        self._pictures.addWidget(self.camera, 1)
        self._sounds = QVBoxLayout()
        self._sounds.setSpacing(0)
        self._sounds.addWidget(self.level)
        column.addLayout(self._pictures, 1)
        column.addLayout(self._sounds)
        self._cameras: dict[str, CameraView] = {}
        self._levels: dict[str, LevelBar] = {}
        self._plan: SessionPlan | None = None
        self._rings: dict[str, tuple[Path, int]] = {}
        self._looks = 0
        self._timer = QTimer(self, interval=PICTURE_MS)
        self._timer.timeout.connect(self._tick)

    def show_session(self, plan: SessionPlan | None) -> None:
        """Follow a session's rings; None for nothing."""
        self._plan = plan
        self._rings.clear()
        self._looks = 0
        for view in (*self._cameras.values(), *self._levels.values()):
            if view not in (self.camera, self.level):
                view.deleteLater()
        self._cameras.clear()
        self._levels.clear()
        self.camera.name = ""
        self.camera.follow(None)
        self.level.follow(None)
        if plan is None:
            self._timer.stop()
        else:
            self._timer.start()

    def _tick(self) -> None:
        if self._looks % 10 == 0:
            self._look()
        self._looks += 1
        for camera in self._cameras.values():
            camera.poll()
        for level in self._levels.values():
            level.poll()

    def _look(self) -> None:
        assert self._plan is not None
        for path in sorted(self._plan.runtime.glob("*.ring")):
            try:
                number = path.stat().st_ino
            except OSError:
                continue
            if self._rings.get(path.stem, (path, -1))[1] == number:
                continue
            kind = _kind(path)
            if kind == "camera":
                self._camera_of(path.stem).follow(path)
            elif kind == "sound":
                self._level_of(path.stem).follow(path)
            if kind:
                self._rings[path.stem] = (path, number)

    def _camera_of(self, name: str) -> CameraView:
        """Return the view of a camera; with more than one each says whose picture it is."""
        if name not in self._cameras:
            view = CameraView() if self._cameras else self.camera
            if self._cameras:
                self._pictures.addWidget(view, 1)
            self._cameras[name] = view
            for other, known in self._cameras.items():
                known.name = other if len(self._cameras) > 1 else ""
                known.setAccessibleName(f"Camera {other}")
        return self._cameras[name]

    def _level_of(self, name: str) -> LevelBar:
        if name not in self._levels:
            bar = LevelBar() if self._levels else self.level
            if self._levels:
                self._sounds.addWidget(bar)
            bar.setAccessibleName(f"Sound level of {name}")
            bar.setToolTip(name)
            self._levels[name] = bar
        return self._levels[name]


def decode(jpeg: bytes, room: QSize | object) -> QImage | None:
    """Decode a JPEG at about the size it is shown, which is cheaper than decoding it whole."""
    buffer = QBuffer()
    buffer.setData(QByteArray(jpeg))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    size = reader.size()
    if isinstance(room, QSize) and size.isValid() and size.width() > room.width() > 0:
        reader.setScaledSize(size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image


def _kind(path: Path) -> str:
    try:
        info = BlobRingReader(path).info
    except RingError:
        pass
    else:
        return "camera" if info.dtype == "jpeg" else "other"
    try:
        return "sound" if SampleRingReader(path).info.kind in SOUND_KINDS else "other"
    except RingError:
        return ""
