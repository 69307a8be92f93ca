"""A picture whose face boxes are drawn, moved and sized with mouse or keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from analysis.detection.box_book import HAND, FaceBox
from app.console import theme

GRIP_PX = 9.0
SMALLEST = 0.02
STEP = 0.01
NEW_SHARE = 0.4
ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0), Qt.Key.Key_Right: (1.0, 0.0), Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}  # fmt: skip


class BoxCanvas(QWidget):
    """Shows `image` with `boxes` and dashed `proposals`; `edited()` when a person has changed the boxes.

    `selected` is the number of the box that keys act on, -1 for none. `stepped(count)`,
    `class_asked(number)` and `accept_asked()` hand keys on that are no matter of the picture.
    """

    edited = Signal()
    selection_changed = Signal()
    stepped = Signal(int)
    class_asked = Signal(int)
    accept_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self.text = ""
        self.boxes: tuple[FaceBox, ...] = ()
        self.proposals: tuple[FaceBox, ...] = ()
        self.selected = -1
        self.expression = ""
        self._drag: tuple[str, QPointF, FaceBox | None] | None = None
        self._before: tuple[FaceBox, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture with face boxes")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)

    def sizeHint(self) -> QSize:
        """A picture of usual size."""
        return QSize(640, 480)

    def show_picture(self, image: QImage | None, boxes: Sequence[FaceBox], text: str = "") -> None:
        """Show another picture with its boxes, or in words why there is none."""
        self.image, self.text, self.boxes, self.proposals = image, text, tuple(boxes), ()
        self._drag = None
        self.select(0 if boxes else -1)
        self.update()

    def set_boxes(self, boxes: Sequence[FaceBox]) -> None:
        """Show other boxes on the same picture."""
        self.boxes = tuple(boxes)
        self.select(min(max(self.selected, 0), len(self.boxes) - 1))
        self.update()

    def set_proposals(self, proposals: Sequence[FaceBox]) -> None:
        """Show boxes that nobody has accepted yet."""
        self.proposals = tuple(proposals)
        self._describe()
        self.update()

    def select(self, place: int) -> None:
        """Choose a box by its number."""
        self.selected = place if 0 <= place < len(self.boxes) else -1
        self._describe()
        self.selection_changed.emit()
        self.update()

    def _describe(self) -> None:
        said = [
            f"box {place + 1}: {box.expression or 'no expression'}" for place, box in enumerate(self.boxes)
        ]
        if self.proposals:
            said.append(f"{len(self.proposals)} proposed")
        self.setAccessibleDescription(", ".join(said) or "no boxes")

    # What a person does

    def add(self) -> None:
        """Put a box in the middle."""
        low = (1 - NEW_SHARE) / 2
        self._change((*self.boxes, FaceBox(low, low, NEW_SHARE, NEW_SHARE, self.expression)), len(self.boxes))

    def delete(self) -> None:
        """Delete the chosen box."""
        if self.selected >= 0:
            left = (*self.boxes[: self.selected], *self.boxes[self.selected + 1 :])
            self._change(left, min(self.selected, len(left) - 1))

    def set_expression(self, name: str) -> None:
        """Name the chosen box's expression; new boxes take it too."""
        self.expression = name
        if self.selected >= 0:
            self._put(replace(self.boxes[self.selected], expression=name))

    def accept(self) -> bool:
        """Take the proposals over; whether there were any."""
        if not self.proposals:
            return False
        taken = tuple(
            each if each.expression else replace(each, expression=self.expression) for each in self.proposals
        )
        self.proposals = ()
        self._change((*self.boxes, *taken), len(self.boxes))
        return True

    def _put(self, box: FaceBox) -> None:
        place = self.selected
        self._change((*self.boxes[:place], box, *self.boxes[place + 1 :]), place)

    def _change(self, boxes: tuple[FaceBox, ...], selected: int) -> None:
        is_new = boxes != self.boxes
        self.boxes = boxes
        self.select(selected)
        if is_new:
            self.edited.emit()

    # Places

    def area(self) -> QRectF:
        """Where the picture lies on the widget."""
        if self.image is None:
            return QRectF(self.rect())
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).toSizeF()
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, 0, 0).adjusted(
            0, 0, size.width(), size.height()
        )

    def rect_of(self, box: FaceBox) -> QRectF:
        """Where a box lies on the widget."""
        area = self.area()
        return QRectF(
            area.left() + box.left * area.width(), area.top() + box.top * area.height(),
            box.width * area.width(), box.height * area.height(),
        )  # fmt: skip

    def _share(self, at: QPointF) -> QPointF:
        area = self.area()
        x = (at.x() - area.left()) / max(1.0, area.width())
        y = (at.y() - area.top()) / max(1.0, area.height())
        return QPointF(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))

    def _grip(self, at: QPointF) -> str:
        """Return which edges of the chosen box lie under the pointer: some of "lrtb", "" for none."""
        if self.selected < 0:
            return ""
        rect = self.rect_of(self.boxes[self.selected])
        if not rect.adjusted(-GRIP_PX, -GRIP_PX, GRIP_PX, GRIP_PX).contains(at):
            return ""
        found = ""
        for name, distance in (
            ("l", at.x() - rect.left()), ("r", at.x() - rect.right()),
            ("t", at.y() - rect.top()), ("b", at.y() - rect.bottom()),
        ):  # fmt: skip
            if abs(distance) <= GRIP_PX:
                found += name
        return found

    def _under(self, at: QPointF) -> int:
        inside = [place for place, box in enumerate(self.boxes) if self.rect_of(box).contains(at)]
        return min(inside, key=lambda place: self.boxes[place].width * self.boxes[place].height, default=-1)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to size the chosen box, to move the one under the pointer, or to draw a new one."""
        if event.button() != Qt.MouseButton.LeftButton or self.image is None:
            return
        at = event.position()
        grip, under = self._grip(at), self._under(at)
        self._before = self.boxes
        if grip:
            self._drag = (grip, self._share(at), self.boxes[self.selected])
        elif under >= 0:
            self.select(under)
            self._drag = ("move", self._share(at), self.boxes[under])
        else:
            self._drag = ("new", self._share(at), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw, move or size."""
        if self._drag is None:
            grip = self._grip(event.position())
            self.setCursor(_CURSORS.get(grip, Qt.CursorShape.CrossCursor))
            return
        how, start, box = self._drag
        now = self._share(event.position())
        if how == "new":
            made = _spanned(start, now, self.expression)
            if made.width >= SMALLEST and made.height >= SMALLEST:
                self.boxes = (*self._before, made)
                self.selected = len(self._before)
        elif box is not None:
            moved = (
                _moved(box, now.x() - start.x(), now.y() - start.y())
                if how == "move"
                else _sized(box, how, now)
            )
            place = self.selected
            self.boxes = (*self.boxes[:place], moved, *self.boxes[place + 1 :])
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """What was drawn counts now."""
        if event.button() != Qt.MouseButton.LeftButton or self._drag is None:
            return
        self._drag = None
        self.select(self.selected)
        if self.boxes != self._before:
            self.edited.emit()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the chosen box, with Shift they size it; see the sheet of shortcuts for the others."""
        key, held = event.key(), event.modifiers()
        arrow = ARROWS.get(Qt.Key(key))
        if arrow is not None and self.selected >= 0:
            box = self.boxes[self.selected]
            across, down = arrow[0] * STEP, arrow[1] * STEP
            if held & Qt.KeyboardModifier.ShiftModifier:
                corner = QPointF(box.left + box.width + across, box.top + box.height + down)
                self._put(_sized(box, "rb", corner))
            else:
                self._put(_moved(box, across, down))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete()
        elif key == Qt.Key.Key_N:
            self.add()
        elif key == Qt.Key.Key_B and self.boxes:
            self.select((self.selected + 1) % len(self.boxes))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_asked.emit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.stepped.emit(-1 if key == Qt.Key.Key_PageUp else 1)
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.class_asked.emit(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, boxes with their names, proposals dashed."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        painter.fillRect(self.rect(), QColor(colours.base))
        if self.image is None:
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), int(flags), self.text)
            return
        painter.drawImage(self.area(), self.image)
        for each in self.proposals:
            self._draw(painter, each, QColor(colours.warning), 2.0, True, f"{each.expression or 'face'}?")
        for place, each in enumerate(self.boxes):
            is_chosen = place == self.selected
            colour = QColor(colours.accent if is_chosen else colours.good)
            self._draw(
                painter, each, colour, 3.0 if is_chosen else 2.0, False, each.expression or "no expression"
            )
            if is_chosen:
                rect = self.rect_of(each)
                painter.setBrush(colour)
                for corner in (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight()):
                    painter.drawRect(QRectF(corner.x() - 3.5, corner.y() - 3.5, 7, 7))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw(
        self, painter: QPainter, box: FaceBox, colour: QColor, wide: float, dashed: bool, text: str
    ) -> None:
        rect = self.rect_of(box)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, wide, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawRect(rect)
        metrics = painter.fontMetrics()
        label = QRectF(rect.left(), rect.top() - metrics.height() - 4, 0, metrics.height() + 4)
        label.setWidth(metrics.horizontalAdvance(text) + 10)
        if label.top() < 0:
            label.moveTop(rect.top())
        if label.right() > self.width():
            label.moveRight(self.width())
        painter.fillRect(label, QColor(theme.current().raised))
        painter.setPen(QColor(theme.current().text))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(colour, wide))


_CURSORS = {
    "l": Qt.CursorShape.SizeHorCursor, "r": Qt.CursorShape.SizeHorCursor, "t": Qt.CursorShape.SizeVerCursor,
    "b": Qt.CursorShape.SizeVerCursor, "lt": Qt.CursorShape.SizeFDiagCursor,
    "rb": Qt.CursorShape.SizeFDiagCursor, "rt": Qt.CursorShape.SizeBDiagCursor,
    "lb": Qt.CursorShape.SizeBDiagCursor,
}  # fmt: skip


def _spanned(one: QPointF, other: QPointF, expression: str) -> FaceBox:
    left, right = sorted((one.x(), other.x()))
    top, bottom = sorted((one.y(), other.y()))
    return FaceBox(left, top, right - left, bottom - top, expression)


def _moved(box: FaceBox, across: float, down: float) -> FaceBox:
    left = min(max(box.left + across, 0.0), 1.0 - box.width)
    top = min(max(box.top + down, 0.0), 1.0 - box.height)
    return replace(box, left=left, top=top, source=HAND)


def _sized(box: FaceBox, grip: str, now: QPointF) -> FaceBox:
    left, top = box.left, box.top
    right, bottom = box.left + box.width, box.top + box.height
    if "l" in grip:
        left = min(max(now.x(), 0.0), right - SMALLEST)
    if "r" in grip:
        right = max(min(now.x(), 1.0), left + SMALLEST)
    if "t" in grip:
        top = min(max(now.y(), 0.0), bottom - SMALLEST)
    if "b" in grip:
        bottom = max(min(now.y(), 1.0), top + SMALLEST)
    return replace(box, left=left, top=top, width=right - left, height=bottom - top, source=HAND)
