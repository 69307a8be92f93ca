"""A stream's lamp: a shape, a word and a colour that say the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme

Shape = Literal["full", "disc", "ring", "dot", "bar", "half", "diamond", "triangle", "cross"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: shape, word, and the name of its colour."""

    shape: Shape
    word: str
    colour: str


LOOKS: Mapping[str, Look] = {
    "live": Look("full", "live", "good"),
    "idle": Look("disc", "quiet", "good"),
    "expected": Look("ring", "waiting", "muted"),
    "connecting": Look("half", "connecting", "warning"),
    "recovering": Look("diamond", "coming back", "warning"),
    "stale": Look("triangle", "no data", "warning"),
    "lost": Look("cross", "lost", "alarm"),
    "failed": Look("cross", "not working", "alarm"),
    "planned": Look("ring", "not connected yet", "muted"),
    "seen": Look("dot", "there", "text"),
    "missing": Look("bar", "not there", "text"),
}


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of a stream now; `rate_hz` None before its first data."""

    id: str
    state: str
    rate_hz: float | None = None
    lost: int = 0
    message: str = ""
    gaps: int = 0

    @property
    def look(self) -> Look:
        """How the state is shown."""
        return LOOKS.get(self.state, LOOKS["expected"])

    @property
    def rate_text(self) -> str:
        """The rate, as short as it can be read."""
        if self.rate_hz is None or not self.rate_hz:
            return ""
        if self.rate_hz >= 9999.5:
            return f"{self.rate_hz / 1000:.1f} kHz"
        return f"{self.rate_hz:.0f} Hz" if self.rate_hz >= 20 else f"{self.rate_hz:.1f} Hz"

    @property
    def lost_text(self) -> str:
        """How many samples are missing, and in how many gaps."""
        if not self.gaps:
            return str(self.lost)
        return f"{self.lost} · {self.gaps} gap{'' if self.gaps == 1 else 's'}"

    @property
    def sentence(self) -> str:
        """Everything in words, for tool tips and screen readers."""
        words = [f"{self.id}: {self.look.word}"]
        if self.rate_text:
            words.append(self.rate_text)
        words.append(f"{self.lost} samples lost" if self.lost else "nothing lost")
        if self.gaps:
            words.append("1 gap" if self.gaps == 1 else f"{self.gaps} gaps")
        if self.message:
            words.append(self.message)
        return ", ".join(words)


def streams_of(state: Mapping[str, Any]) -> tuple[StreamState, ...]:
    """Return the streams of a `state` message: as the recorder sees them, devices first asked if not yet."""
    found: dict[str, StreamState] = {}
    for device, health in dict(state.get("devices") or {}).items():
        condition = {"live": "connecting"}.get(str(health.get("state")), str(health.get("state")))
        message = str(health.get("message") or "")
        streams = dict(health.get("streams") or {}) or {device: {}}
        for stream in streams:
            found[stream] = StreamState(stream, condition, None, 0, message)
    for stream, health in dict((state.get("recorder") or {}).get("streams") or {}).items():
        known = found.get(stream)
        condition = str(health.get("state"))
        if condition in ("expected", "connecting") and known is not None and known.state == "failed":
            condition = "failed"
        message = str(health.get("message") or "") or (known.message if known is not None else "")
        rate = health.get("rate_hz")
        found[stream] = StreamState(
            stream,
            condition,
            None if rate is None else float(rate),
            int(health.get("lost") or 0),
            message,
            int(health.get("gaps") or 0),
        )
    return tuple(found.values())


def paint_lamp(painter: QPainter, box: QRectF, look: Look) -> None:
    """Draw a lamp's shape into `box`."""
    colour = QColor(getattr(theme.current(), look.colour))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = box.adjusted(1.5, 1.5, -1.5, -1.5)
    if look.shape == "full":
        painter.setBrush(QBrush(colour))
        painter.drawEllipse(inner)
    elif look.shape == "disc":
        # A ring with a small heart: there, and silent just now.
        painter.drawEllipse(inner)
        painter.setBrush(QBrush(colour))
        side = inner.width() * 0.28
        painter.drawEllipse(inner.adjusted(side, side, -side, -side))
    elif look.shape == "ring":
        painter.drawEllipse(inner)
    elif look.shape == "dot":
        painter.setBrush(QBrush(colour))
        side = inner.width() * 0.22
        painter.drawEllipse(inner.adjusted(side, side, -side, -side))
    elif look.shape == "bar":
        painter.setPen(QPen(colour, 2.6))
        painter.drawLine(
            QPointF(inner.left(), inner.center().y()), QPointF(inner.right(), inner.center().y())
        )
    elif look.shape == "diamond":
        painter.setBrush(QBrush(colour))
        middle = inner.center()
        top, bottom = QPointF(middle.x(), inner.top()), QPointF(middle.x(), inner.bottom())
        left, right = QPointF(inner.left(), middle.y()), QPointF(inner.right(), middle.y())
        painter.drawPolygon(QPolygonF([top, right, bottom, left]))
    elif look.shape == "half":
        painter.drawEllipse(inner)
        painter.setBrush(QBrush(colour))
        painter.drawPie(inner, 90 * 16, 180 * 16)
    elif look.shape == "triangle":
        painter.setBrush(QBrush(colour))
        top = QPointF(inner.center().x(), inner.top())
        painter.drawPolygon(QPolygonF([top, inner.bottomRight(), inner.bottomLeft()]))
    else:
        painter.setPen(QPen(colour, 2.6))
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.topRight(), inner.bottomLeft())
    painter.restore()


class Lamp(QWidget):
    """One lamp as a widget."""

    def __init__(self, state: str = "planned", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = LOOKS[state]
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._look.word)

    def set_state(self, state: str) -> None:
        """Show another state."""
        self._look = LOOKS.get(state, LOOKS["expected"])
        self.setAccessibleName(self._look.word)
        self.update()

    def sizeHint(self) -> QSize:
        """As high as a small letter."""
        side = max(12, round(self.fontMetrics().ascent() * 0.95))
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shape."""
        paint_lamp(QPainter(self), QRectF(self.rect()), self._look)
