"""One stimulus as large as there is room: its ratings, where it comes from, and whether its file is sound."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.console import icons, theme
from app.console.parts import Elided, Heading, Line, Tinted
from app.console.stimulus_thumbs import scaled, to_image
from app.console.work import Work
from stimuli.checking import Finding
from stimuli.sets import SCALES, Stimulus

FRAMES = 5
FRAME_HEIGHT = 90
LARGEST = QSize(1200, 900)


class Preview(QWidget):
    """A picture, or frames along a film, as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(160)
        self._images: list[QImage] = []
        self._times: list[float] = []
        self._words = ""

    def show_images(self, images: Sequence[QImage], times: Sequence[float] = (), words: str = "") -> None:
        """Show pictures beside each other, or words where there is none."""
        self._images, self._times, self._words = list(images), list(times), words
        self.update()

    @property
    def count(self) -> int:
        """How many pictures are shown."""
        return len(self._images)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them in one row, in two where that makes them larger."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(colours.window))
        if not self._images:
            painter.setPen(QColor(colours.muted))
            if self._words == "sound":
                sign = icons.draw("sound", colours.muted, 56, self.devicePixelRatioF())
                painter.drawPixmap(self.width() // 2 - 28, self.height() // 2 - 28, sign)
            else:
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)
            return
        columns = _columns(len(self._images), self.width(), self.height())
        rows = -(-len(self._images) // columns)
        wide, high = self.width() / columns, self.height() / rows
        for place, image in enumerate(self._images):
            x, y = (place % columns) * wide, (place // columns) * high
            label = self.fontMetrics().height() if self._times else 0
            room = QSize(max(1, int(wide) - 4), max(1, int(high) - 4 - label))
            size = image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
            left, top = x + (wide - size.width()) / 2, y + (high - label - size.height()) / 2
            painter.drawImage(
                int(left), int(top), image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
            )
            if self._times:
                painter.setPen(QColor(colours.muted))
                text = f"{self._times[place]:.1f} s"
                painter.drawText(int(left), int(top + size.height() + label - 3), text)


def _columns(count: int, width: int, height: int) -> int:
    """Return how many columns make pictures of 4 to 3 largest."""

    def size(columns: int) -> float:
        rows = -(-count // columns)
        return min(width / columns, 4 / 3 * height / rows)

    return max(range(1, count + 1), key=size)


class Details(QScrollArea):
    """Shows one stimulus; of several selected ones their number and means."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAccessibleName("Details of the stimulus")
        self.item: Stimulus | None = None
        self._work: Work | None = None
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(2, 4, 6, 4)
        column.setSpacing(6)
        self.preview = Preview()
        column.addWidget(self.preview, 1)
        top = QHBoxLayout()
        self.title = Heading("", 1.15)
        self.open = Tinted("Open file", "folder", self._open)
        top.addWidget(self.title, 1)
        top.addWidget(self.open)
        column.addLayout(top)
        self.words = Line("", "text", True)
        column.addWidget(self.words)
        self.table = QGridLayout()
        self.table.setHorizontalSpacing(16)
        self.table.setVerticalSpacing(2)
        column.addLayout(self.table)
        self.facts = QGridLayout()
        self.facts.setColumnStretch(1, 1)
        self.facts.setHorizontalSpacing(12)
        self.facts.setVerticalSpacing(2)
        column.addLayout(self.facts)
        self.state = Line("", "muted", True)
        column.addWidget(self.state)
        self.room = QWidget()
        column.addWidget(self.room, 1)
        self.setWidget(inner)
        self.show_items([], (), False)

    def show_items(self, items: Sequence[Stimulus], findings: Sequence[Finding], is_checked: bool) -> None:
        """Show what is selected; `findings` are those of the set."""
        item = items[0] if len(items) == 1 else None
        if item is None:
            self.preview.show_images([], words="" if items else "Select a stimulus.")
        elif item != self.item:
            self._show_preview(item)
        self.item = item
        self.preview.setVisible(len(items) < 2)
        self.room.setVisible(len(items) > 1)
        self.open.setVisible(item is not None)
        _empty(self.table)
        _empty(self.facts)
        if item is None:
            self._show_many(items)
            return
        self.title.setText(item.id)
        self.title.setToolTip(item.id)
        self.words.setText(item.description)
        self.words.setVisible(bool(item.description))
        self._show_ratings(item)
        self._show_facts(item)
        found = [finding for finding in findings if finding.id == item.id]
        if found:
            self.state.setText("\n".join(f"{each.problem.message} {each.problem.remedy}" for each in found))
            self.state.set_colour("warning")
        else:
            good = "The file is the one that the manifest describes."
            self.state.setText(good if is_checked else "Not checked yet.")
            self.state.set_colour("good" if is_checked else "muted")

    def _show_many(self, items: Sequence[Stimulus]) -> None:
        self.state.setText("")
        self.words.setVisible(bool(items))
        self.title.setText(f"{len(items)} selected" if items else "")
        if not items:
            return
        categories = sorted({item.category for item in items})
        self.words.setText(", ".join(categories[:8]) + ("…" if len(categories) > 8 else ""))
        from stimuli.comparing import mean, sd

        self._heads("Mean", "SD over stimuli", "n")
        row = 1
        for scale in SCALES:
            values = [score.mean for item in items if (score := item.score(scale)) is not None]
            if values:
                spread = f"{sd(values):.2f}" if len(values) > 1 else "–"
                self._row(row, scale.capitalize(), f"{mean(values):.2f}", spread, str(len(values)))
                row += 1

    def _show_ratings(self, item: Stimulus) -> None:
        scores = [score for scale in SCALES if (score := item.score(scale)) is not None]
        scores += item.scores
        if not scores:
            self.table.addWidget(Line("No ratings.", "muted"), 0, 0)
            return
        self._heads("Mean", "SD", "Raters")
        for row, score in enumerate(scores, start=1):
            spread = "–" if score.sd is None else f"{score.sd:.2f}"
            raters = "–" if score.n is None else str(score.n)
            self._row(row, score.scale.capitalize(), f"{score.mean:.2f}", spread, raters)
        if item.provisional:
            note = Line("Provisional: set by the makers, measured on nobody.", "warning", True)
            self.table.addWidget(note, len(scores) + 1, 0, 1, 4)

    def _heads(self, *names: str) -> None:
        for column, name in enumerate(names, start=1):
            self.table.addWidget(Line(name, "muted"), 0, column, Qt.AlignmentFlag.AlignRight)
        self.table.setColumnStretch(4, 1)

    def _row(self, row: int, *cells: str) -> None:
        for column, text in enumerate(cells):
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            self.table.addWidget(QLabel(text), row, column, side)

    def _show_facts(self, item: Stimulus) -> None:
        size = f"{item.width_px} x {item.height_px} pixels" if item.width_px and item.height_px else ""
        length = f"{item.duration_s:.2f} s" if item.duration_s is not None else ""
        face = ", ".join(part for part in (item.model, item.expression) if part)
        rows = (
            ("Category", f"{item.category} ({item.kind})"),
            ("Size", ", ".join(part for part in (size, length) if part)),
            ("Face", face),
            ("Licence", item.licence or "not stated"),
            ("From", item.attribution),
            ("File", item.path.name),
        )
        for row, (name, text) in enumerate(pair for pair in rows if pair[1]):
            self.facts.addWidget(Line(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            if name == "File":
                self.facts.addWidget(Elided(text, Qt.TextElideMode.ElideMiddle), row, 1)
            else:
                self.facts.addWidget(Line(text, "text", True), row, 1)

    def _show_preview(self, item: Stimulus) -> None:
        self.preview.show_images([], words="sound" if item.kind == "sound" else "")
        if item.kind == "sound":
            return
        self._work = Work(lambda: load_preview(item), self)
        self._work.done.connect(lambda loaded: self._on_preview(item, loaded))
        self._work.failed.connect(lambda _: self._on_preview(item, ([], [])))
        self._work.start()

    def _on_preview(self, item: Stimulus, loaded: tuple[list[QImage], list[float]]) -> None:
        if self.item is not None and self.item.id == item.id and self.item.path == item.path:
            words = "" if loaded[0] else "The file cannot be shown."
            self.preview.show_images(*loaded, words)

    def _open(self) -> None:
        if self.item is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.item.path)))


def load_preview(item: Stimulus) -> tuple[list[QImage], list[float]]:
    """Read the picture, or frames along the film with their times in seconds."""
    if item.kind == "film":
        from stimuli.media import frames_along

        frames = frames_along(item.path, FRAMES + 1, FRAME_HEIGHT * 2)
        return [to_image(rgb) for _, rgb in frames], [time_s for time_s, _ in frames]
    image = scaled(item.path, LARGEST)
    return ([] if image.isNull() else [image]), []


def _empty(layout: QGridLayout) -> None:
    while layout.count():
        entry = layout.takeAt(0)
        widget = entry.widget() if entry is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
