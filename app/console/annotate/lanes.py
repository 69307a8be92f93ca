"""All tiers and lanes of labels on the time axis, in one widget that stays quick with ten thousand marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import Tier
from app.annotation.queue import Lane
from app.console import theme
from app.console.annotate.lane_model import SPACE_PX, Row, Times, make_rows
from app.console.annotate.lane_paint import View, draw_row, level_box
from app.console.annotate.lane_words import describe, several
from app.console.hover_tip import tell_at
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import DRAG_PX, NOTCH, PAN_SHARE, ZOOM

EDGE_PX, SNAP_PX = 5.0, 7.0
SEVERAL = 4


@dataclass(frozen=True, slots=True)
class _Drag:
    """What the pressed button moves: an edge, a whole mark, or the end of a new stretch."""

    what: str
    row: Row
    mark: Mark | None
    from_x: float
    start_ns: int
    end_ns: int
    began: bool = False


class LaneView(QWidget):
    """Draws lanes and turns the mouse into wishes; it changes no mark itself.

    `drawn(tier, start_ns, end_ns)`: a stretch of an own tier was drawn, equal times for a point.
    `moved(id, start_ns, end_ns)`: a mark or one of its edges was dragged. `selected(id)`: a mark of any lane,
    "" for none. `tier_chosen(name)`: a lane was clicked. `menu_asked(id, tier, place)`: at a place of the
    screen. Times are nanoseconds on the recording's clock.
    """

    drawn = Signal(str, object, object)
    moved = Signal(str, object, object)
    selected = Signal(str)
    tier_chosen = Signal(str)
    menu_asked = Signal(str, str, QPoint)

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.rows: list[Row] = []
        self.active = ""
        self.selected_id = ""
        self.read_only = False
        self.draft: tuple[str, float] | None = None
        self.model_names: Mapping[str, str] = {}
        self.covered_px = 0
        """How much of the row at its right lies under a scroll bar: places of times do not depend on it."""
        self._drag: _Drag | None = None
        self._shown: tuple[tuple[Tier, ...], tuple[Take, ...], tuple[Lane, ...], Times | None] = (
            (),
            (),
            (),
            None,
        )
        self._marks: tuple[Mark, ...] = ()
        self._threshold = 0.0
        self._version = 0
        self._picture: tuple[tuple[object, ...], QPixmap] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Labels")
        axis.view_changed.connect(self.update)
        axis.cursor_changed.connect(self.update)
        axis.selection_changed.connect(self.update)
        axis.extent_changed.connect(self.update)

    # What is shown

    def show(
        self,
        tiers: Sequence[Tier] | None = None,
        marks: Iterable[Mark] = (),
        takes: Iterable[Take] = (),
        others: Iterable[Lane] = (),
        times: Times | None = None,
    ) -> None:
        """Show these tiers with the own marks and traces, and lanes of others; no tiers: only be visible.

        `times` (trial -> seconds) lets answers about whole trials be drawn as lanes.
        """
        if tiers is not None:
            self._marks = tuple(marks)
            self._shown = (tuple(tiers), tuple(takes), tuple(others), times)
            if self.active not in {tier.name for tier in tiers}:
                self.active = tiers[0].name if tiers else ""
            self._make()
        super().show()

    def set_threshold(self, threshold: float) -> None:
        """Leave out marks of models below this confidence."""
        if threshold != self._threshold:
            self._threshold = threshold
            self._make()

    def set_active(self, tier: str) -> None:
        """Make a tier the one that keys write on."""
        if tier != self.active:
            self.active = tier
            self._say_where()
            self._redraw()

    def select(self, mark_id: str) -> None:
        """Select a mark of any lane, "" for none; emits nothing."""
        if mark_id != self.selected_id:
            self.selected_id = mark_id
            self._say_where()
            self.update()

    def mark(self, mark_id: str) -> tuple[Row, Mark] | None:
        """Return a mark that is shown, with its lane."""
        for row in self.rows:
            place = row.places.get(mark_id)
            if place is not None:
                return row, row.marks[place]
        return None

    def model_marks(self) -> list[Mark]:
        """Return the marks of models that are shown, in order of time."""
        found = [mark for row in self.rows if row.kind == "model" for mark in row.marks]
        return sorted(found, key=lambda mark: mark.start_ns or 0)

    def set_draft(self, draft: tuple[str, float] | None) -> None:
        """Show a segment of a tier that lasts from a time (seconds) to the cursor."""
        self.draft = draft
        self.update()

    def sizeHint(self) -> QSize:
        """As tall as its lanes."""
        return QSize(400, self._height())

    def minimumSizeHint(self) -> QSize:
        """As tall as its lanes."""
        return QSize(120, self._height())

    @property
    def across_px(self) -> int:
        """The width of the whole row, in pixels."""
        return self.width() + self.covered_px

    def _height(self) -> int:
        return SPACE_PX + sum(row.height_px + SPACE_PX for row in self.rows)

    def _make(self) -> None:
        tiers, takes, others, times = self._shown
        before = self._height()
        self.rows = make_rows(tiers, self._marks, takes, others, self._threshold, times)
        if self.selected_id and self.mark(self.selected_id) is None:
            self.selected_id = ""
        if self._height() != before or self.height() < before:
            self.setFixedHeight(self._height())
            self.updateGeometry()
        self._say_where()
        self._redraw()

    def _say_where(self) -> None:
        count = sum(len(row.marks) for row in self.rows if row.own and row.tier.name == self.active)
        title = next((row.tier.title for row in self.rows if row.tier.name == self.active), "")
        told = [f"Labels, tier {title}, {count} marks" if title else "Labels"]
        found = self.mark(self.selected_id) if self.selected_id else None
        if found is not None:
            told.append(describe(found[0].tier, found[1], self.axis.zero_s, found[0].who, self.model_names))
        self.setAccessibleDescription("\n".join(told))

    def _redraw(self) -> None:
        self._version += 1
        self.update()

    # Drawing

    def changeEvent(self, event: QEvent) -> None:
        """Follow palette and font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._redraw()

    def tops(self) -> list[int]:
        """Return where each lane begins, in pixels from the top."""
        places, top = [], SPACE_PX
        for row in self.rows:
            places.append(top)
            top += row.height_px + SPACE_PX
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lanes from their picture, and over it what moves: selection, draft, drag, cursor."""
        key = (
            self._version,
            self.axis.start_s,
            self.axis.width_s,
            self.axis.left_px,
            self.axis.right_px,
            self.width(),
            self.covered_px,
            self.height(),
            self.devicePixelRatioF(),
            theme.current().name,
        )
        if self._picture is None or self._picture[0] != key:
            self._picture = (key, self._drawn_picture())
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture[1])
        self._draw_over(painter)

    def _drawn_picture(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        colours = theme.current()
        picture.fill(QColor(colours.window))
        painter = QPainter(picture)
        painter.setFont(self.font())
        axis = self.axis
        view = View(axis.start_s, axis.stop_s, axis.left_px, self.across_px - axis.right_px)
        for row, top in zip(self.rows, self.tops(), strict=True):
            self._draw_name(painter, row, top)
            painter.setFont(self.font())
            draw_row(painter, row, view, top, colours)
        painter.end()
        return picture

    def _draw_name(self, painter: QPainter, row: Row, top: int) -> None:
        colours = theme.current()
        is_active = row.own and row.tier.name == self.active
        font = QFont(self.font())
        font.setBold(is_active)
        painter.setFont(font)
        if is_active:
            painter.fillRect(0, top, 4, row.height_px, QColor(colours.accent))
        painter.setPen(QColor(colours.text if row.own else colours.muted))
        word = {"model": "model ", "fused": "fused ", "human": ""}[row.kind]
        name = row.name if row.own or row.name.startswith(word) else f"{word}{row.name}"
        indent = 8 if row.own else 16
        room = self.axis.left_px - indent - 4
        text = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, room)
        box = QRectF(indent, top, room, row.height_px)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_over(self, painter: QPainter) -> None:
        colours, axis, width = theme.current(), self.axis, self.across_px
        left, right = axis.left_px, width - axis.right_px
        painter.setClipRect(left, 0, max(1, right - left + 1), self.height())
        if axis.selection_s is not None:
            soft = QColor(colours.accent)
            soft.setAlpha(36)
            one, other = (axis.x_of(time_s, width) for time_s in axis.selection_s)
            painter.fillRect(QRectF(one, 0, max(1.0, other - one), self.height()), soft)
        found = self.mark(self.selected_id) if self.selected_id else None
        if found is not None:
            row, mark = found
            place = row.places[mark.id]
            start_s, end_s = float(row.starts[place]), float(row.ends[place])
            if self._drag is not None and self._drag.began and self._drag.mark is not None:
                start_s, end_s = self._drag.start_ns / NS, self._drag.end_ns / NS
            self._draw_frame(painter, row, int(row.level[place]), start_s, end_s)
        if self._drag is not None and self._drag.began and self._drag.mark is None:
            drag = self._drag
            self._draw_frame(painter, drag.row, 0, drag.start_ns / NS, drag.end_ns / NS)
        if self.draft is not None:
            tier, start_s = self.draft
            row_of = next((row for row in self.rows if row.own and row.tier.name == tier), None)
            if row_of is not None:
                self._draw_frame(painter, row_of, 0, *sorted((start_s, axis.cursor_s)))
        x = round(axis.x_of(axis.cursor_s, width))
        painter.setPen(QPen(QColor(colours.alarm), 1))
        painter.drawLine(x, 0, x, self.height())

    def _draw_frame(self, painter: QPainter, row: Row, level: int, start_s: float, end_s: float) -> None:
        colours, axis = theme.current(), self.axis
        top = next((t for r, t in zip(self.rows, self.tops(), strict=True) if r is row), 0)
        one, other = axis.x_of(start_s, self.across_px), axis.x_of(end_s, self.across_px)
        up, tall = level_box(row, level, top)
        soft = QColor(colours.accent)
        soft.setAlpha(40)
        painter.setPen(QPen(QColor(colours.text), 2))
        painter.setBrush(soft)
        if row.tier.kind == "point":
            one, other = one - 8, one + 8
        painter.drawRect(QRectF(one, up, max(3.0, other - one), tall))
        if row.own and not self.read_only and row.tier.kind == "segment":
            for x in (one, other):
                painter.fillRect(QRectF(x - 2, up + tall / 2 - 5, 4, 10), QColor(colours.text))

    # The mouse

    def row_at(self, y: float) -> Row | None:
        """Return the lane at this height."""
        for row, top in zip(self.rows, self.tops(), strict=True):
            if top <= y < top + row.height_px + SPACE_PX:
                return row
        return None

    def marks_at(self, place: QPointF) -> tuple[Row | None, list[Mark]]:
        """Return the lane under a place and its marks there, the shortest first."""
        row = self.row_at(place.y())
        if row is None or place.x() < self.axis.left_px:
            return row, []
        reach = 6.0 if row.tier.kind == "point" else 1.5
        low, high = (self.axis.time_at(place.x() + d, self.across_px) for d in (-reach, reach))
        found = row.at(low, high)
        if row.levels > 1 and len(found) > 1:
            top = next(t for r, t in zip(self.rows, self.tops(), strict=True) if r is row)

            def distance(mark: Mark) -> float:
                up, tall = level_box(row, int(row.level[row.places[mark.id]]), top)
                return abs(place.y() - up - tall / 2)

            found.sort(key=distance)
        return row, found

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the tier, select what lies there, and be ready to drag it."""
        place = event.position()
        row, found = self.marks_at(place)
        if row is None:
            return
        if row.own:
            self.set_active(row.tier.name)
            self.tier_chosen.emit(row.tier.name)
        if event.button() != Qt.MouseButton.LeftButton or place.x() < self.axis.left_px:
            return
        edge = self._edge_at(row, place)
        chosen = edge[1] if edge is not None else (found[0] if found else None)
        self._choose(chosen.id if chosen is not None else "")
        at_ns = self._ns_at(place.x())
        if chosen is None or chosen.start_ns is None or chosen.end_ns is None:
            self._drag = _Drag("new", row, None, place.x(), at_ns, at_ns)
        elif row.own:
            what = edge[0] if edge is not None else "move"
            self._drag = _Drag(what, row, chosen, place.x(), chosen.start_ns, chosen.end_ns)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show by the pointer's form that an edge can be dragged."""
        place, drag = event.position(), self._drag
        if drag is None:
            row = self.row_at(place.y())
            edge = self._edge_at(row, place) if row is not None else None
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        if not drag.began and abs(place.x() - drag.from_x) < DRAG_PX:
            return
        at_ns = self._ns_at(place.x())
        if drag.what == "new":
            one, other = sorted((self._ns_at(drag.from_x), at_ns))
        elif self.read_only:
            return
        elif drag.what == "move":
            assert drag.mark is not None and drag.mark.start_ns is not None
            one, other = self._moved(drag.mark, self._raw_ns(place.x()) - self._raw_ns(drag.from_x))
        else:
            assert drag.mark is not None
            fixed = drag.mark.end_ns if drag.what == "start" else drag.mark.start_ns
            one, other = sorted((fixed or 0, at_ns))
        self._drag = replace(drag, start_ns=one, end_ns=other, began=True)
        if drag.what == "new" and not self._takes_drawing(drag.row):
            self.axis.select(one / NS, other / NS)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say what was drawn or moved; a mere click on empty ground puts the cursor there."""
        drag, self._drag = self._drag, None
        if drag is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if not drag.began:
            if drag.mark is None:
                self.axis.select(None)
                self.axis.move_cursor(drag.start_ns / NS, follow=False)
        elif drag.mark is None:
            if self._takes_drawing(drag.row) and drag.end_ns > drag.start_ns:
                self.drawn.emit(drag.row.tier.name, drag.start_ns, drag.end_ns)
        elif (drag.start_ns, drag.end_ns) != (drag.mark.start_ns, drag.mark.end_ns):
            self.moved.emit(drag.mark.id, drag.start_ns, drag.end_ns)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Put a point where its tier takes points; on a mark, show it from start to end."""
        row, found = self.marks_at(event.position())
        if row is None or event.position().x() < self.axis.left_px:
            return
        if found and found[0].start_ns is not None and found[0].end_ns is not None:
            middle = (found[0].start_ns + found[0].end_ns) / 2 / NS
            width_s = max(1.0, 1.5 * found[0].duration_ns / NS)
            self.axis.set_view(middle - width_s / 2, width_s)
        elif row.own and row.tier.kind == "point" and not self.read_only:
            at_ns = self._ns_at(event.position().x())
            self.drawn.emit(row.tier.name, at_ns, at_ns)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what lies there."""
        row, found = self.marks_at(QPointF(event.pos()))
        if row is not None:
            self._choose(found[0].id if found else "")
            self.menu_asked.emit(found[0].id if found else "", row.tier.name, event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pan; with Ctrl zoom at the pointer."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        if not turn:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at_s = self.axis.time_at(event.position().x(), self.across_px)
            self.axis.zoom(ZOOM ** (-turn / NOTCH), at_s)
        else:
            self.axis.pan(-PAN_SHARE * turn / NOTCH)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Tell under the pointer what a mark is."""
        return tell_at(self, event, self.words_at) or super().event(event)

    def words_at(self, place: QPointF) -> str:
        """Return what is said under the pointer, "" for nothing."""
        row, found = self.marks_at(place)
        if row is None:
            return ""
        if place.x() < self.axis.left_px:
            return row.name
        if len(found) >= SEVERAL:
            return several(row.tier, found)
        told = [describe(row.tier, m, self.axis.zero_s, row.who, self.model_names) for m in found]
        return "\n\n".join(told)

    # Help

    def _choose(self, mark_id: str) -> None:
        if mark_id != self.selected_id:
            self.select(mark_id)
            self.selected.emit(mark_id)

    def _takes_drawing(self, row: Row) -> bool:
        return row.own and row.tier.kind == "segment" and not self.read_only

    def _edge_at(self, row: Row, place: QPointF) -> tuple[str, Mark] | None:
        """Return which edge of the selected mark (or of one there) lies under the pointer."""
        if not row.own or self.read_only or row.tier.kind != "segment" or place.x() < self.axis.left_px:
            return None
        low, high = (self.axis.time_at(place.x() + d, self.across_px) for d in (-EDGE_PX, EDGE_PX))
        near = row.at(low, high)
        near.sort(key=lambda mark: mark.id != self.selected_id)
        for mark in near[:SEVERAL]:
            edges = [self.axis.x_of((ns or 0) / NS, self.across_px) for ns in (mark.start_ns, mark.end_ns)]
            if edges[1] - edges[0] < 2 * EDGE_PX and mark.id != self.selected_id:
                continue
            # At a border of two marks each is taken by the side that belongs to it.
            if abs(place.x() - edges[1]) <= EDGE_PX and (place.x() <= edges[1] or len(near) == 1):
                return "end", mark
            if abs(place.x() - edges[0]) <= EDGE_PX and (place.x() >= edges[0] or len(near) == 1):
                return "start", mark
        return None

    def _raw_ns(self, x: float) -> int:
        return round(self.axis.time_at(x, self.across_px) * NS)

    def _ns_at(self, x: float) -> int:
        """Return the time at a place, the cursor's where that is near, never outside the recording."""
        axis = self.axis
        if abs(x - axis.x_of(axis.cursor_s, self.across_px)) <= SNAP_PX:
            return round(axis.cursor_s * NS)
        low, high = axis.extent_s
        return round(min(max(axis.time_at(x, self.across_px), low), high) * NS)

    def _moved(self, mark: Mark, by_ns: int) -> tuple[int, int]:
        """Return a mark's times moved along, its nearer edge on the cursor where that is near."""
        assert mark.start_ns is not None and mark.end_ns is not None
        axis = self.axis
        low, high = (round(time_s * NS) for time_s in axis.extent_s)
        by_ns = min(max(by_ns, low - mark.start_ns), high - mark.end_ns)
        near_ns = round(SNAP_PX * axis.width_s / max(1, self.across_px - axis.left_px - axis.right_px) * NS)
        cursor_ns = round(axis.cursor_s * NS)
        for edge_ns in (mark.start_ns, mark.end_ns):
            if abs(edge_ns + by_ns - cursor_ns) <= near_ns:
                by_ns = cursor_ns - edge_ns
                break
        return mark.start_ns + by_ns, mark.end_ns + by_ns
