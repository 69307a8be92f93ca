"""The status bar: recording time, minutes of disk left, a lamp a stream, dropped frames, participant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QToolTip, QWidget

from app.console import theme
from app.console.attention import AttentionSign
from app.console.lamps import StreamState, paint_lamp, streams_of
from app.console.parts import clock_text

LITTLE_DISK_MIN = 30.0


class LampStrip(QWidget):
    """A lamp a stream with rate and loss; where room is short the texts grow shorter, never the lamps."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: Sequence[StreamState] = ()
        self._places: list[tuple[QRectF, StreamState]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_streams(self, streams: Sequence[StreamState]) -> None:
        """Show other states."""
        if tuple(streams) == tuple(self._streams):
            return
        self._streams = streams
        self.setAccessibleName("Streams: " + "; ".join(stream.sentence for stream in streams))
        self.update()

    def texts(self, width: float) -> list[str]:
        """Return what stands beside the lamps in `width` pixels: the longest form that fits."""
        metrics = self.fontMetrics()
        side = metrics.ascent() + 16
        forms = [[form(stream) for stream in self._streams] for form in (_long, _middle, _short, _bare)]
        for form in forms:
            if sum(metrics.horizontalAdvance(text) + side for text in form) <= width:
                return form
        return forms[-1]

    def sizeHint(self) -> QSize:
        """One line high."""
        return QSize(400, self.fontMetrics().height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Room for the bare lamps."""
        return QSize(120, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw lamps and texts from the left."""
        painter = QPainter(self)
        colours = theme.current()
        metrics = self.fontMetrics()
        side = metrics.ascent() * 0.9
        x = 2.0
        self._places = []
        for stream, text in zip(self._streams, self.texts(self.width()), strict=True):
            box = QRectF(x, (self.height() - side) / 2, side, side)
            paint_lamp(painter, box, stream.look)
            width = metrics.horizontalAdvance(text)
            bad = stream.look.colour in ("warning", "alarm")
            painter.setPen(QColor(getattr(colours, stream.look.colour) if bad else colours.text))
            area = QRectF(x + side + 4, 0, width + 2, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
            self._places.append((QRectF(x, 0, side + 6 + width, self.height()), stream))
            x += side + width + 16

    def event(self, event: QEvent) -> bool:
        """Tell everything of the stream under the pointer."""
        if isinstance(event, QHelpEvent):
            for box, stream in self._places:
                if box.contains(event.pos().toPointF()):
                    QToolTip.showText(event.globalPos(), stream.sentence, self)
                    return True
        return super().event(event)


class Status(QStatusBar):
    """Shows a session's state; empty without a session."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self.time = QLabel()
        self.disk = QLabel()
        self.lamps = LampStrip()
        self.dropped = QLabel()
        self.participant = QLabel()
        self.time.setAccessibleDescription("Recording time")
        for label in (self.time, self.disk, self.dropped, self.participant):
            label.setContentsMargins(0, 0, 10, 0)
        self.addWidget(self.time)
        self.addWidget(self.disk)
        self.addWidget(self.lamps, 1)
        self.sign = AttentionSign()
        self.addPermanentWidget(self.sign)
        self.addPermanentWidget(self.dropped)
        self.addPermanentWidget(self.participant)
        self.show_state({})

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message; {} for no session."""
        phase = str(state.get("phase", ""))
        self.sign.show_state(state)
        if not phase:
            for label in (self.time, self.disk, self.dropped, self.participant):
                label.setText("")
            self.time.setText("No session")
            self.lamps.show_streams(())
            return
        elapsed = clock_text(float(state.get("elapsed_s") or 0))
        self.time.setText(
            {"running": f"Recording {elapsed}", "paused": f"Paused {elapsed}"}.get(
                phase, PHASES.get(phase, phase)
            )
        )
        minutes = state.get("disk_minutes_left")
        self.disk.setText("" if minutes is None else f"Disk: {disk_text(float(minutes))}")
        low = minutes is not None and float(minutes) < LITTLE_DISK_MIN
        made = self.disk.palette()
        colours = theme.current()
        made.setColor(self.disk.foregroundRole(), QColor(colours.alarm if low else colours.text))
        self.disk.setPalette(made)
        self.lamps.show_streams(streams_of(state))
        count = int((state.get("presenter") or {}).get("dropped_frames") or 0)
        self.dropped.setText(f"{count} dropped frame{'' if count == 1 else 's'}")
        session = state.get("session") or {}
        self.participant.setText(str(session.get("participant") or ""))


PHASES: Mapping[str, str] = {
    "checking": "Connecting",
    "waiting": "Ready",
    "running": "Recording",
    "paused": "Paused",
    "finishing": "Finishing",
    "finished": "Finished",
    "failed": "Stopped",
}


def disk_text(minutes: float) -> str:
    """Return how long the disk lasts, in minutes or hours as one would say it."""
    if minutes < 120:
        return f"{minutes:.0f} min left" if minutes >= LITTLE_DISK_MIN else f"only {minutes:.0f} min left"
    return f"{minutes / 60:.0f} h left" if minutes < 48 * 60 else "days left"


def _long(stream: StreamState) -> str:
    parts = [stream.id, stream.rate_text if stream.look.word in ("live", "quiet") else stream.look.word]
    return " ".join(filter(None, (*parts, _loss(stream))))


def _middle(stream: StreamState) -> str:
    return " ".join(filter(None, (_shortened(stream.id), stream.rate_text, _loss(stream))))


def _short(stream: StreamState) -> str:
    return " ".join(filter(None, (_shortened(stream.id), _loss(stream))))


def _bare(stream: StreamState) -> str:
    return _loss(stream)


def _loss(stream: StreamState) -> str:
    return f"−{stream.lost}" if stream.lost else ""


def _shortened(name: str) -> str:
    head, _, tail = name.rpartition("-")
    return tail[:6] if head else name[:10]
