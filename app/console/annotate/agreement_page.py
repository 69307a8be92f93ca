"""The page Agreement: how far annotators agree, where they differ, and labels fused out of theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.agreement.bootstrap import CancelledError
from analysis.agreement.moments import Moment, Strip, matrix_of, moments_of, recordings_of, rows_of, strip_of
from analysis.agreement.tables import Ratings, Traces
from analysis.agreement.telling import COLUMNS
from analysis.agreement.telling import rows_of as table_rows
from app.console.annotate.agreement_draw import draw_matrix, draw_strip, draw_traces
from app.console.annotate.agreement_tables import Tables
from app.console.annotate.agreement_views import MatrixView, StripView, TracesView
from app.console.annotate.agreement_work import Found, Reader, Wanted
from app.console.choices import fill_combo, named
from app.console.parts import Banner, Card, Elided, Heading, Line, Tick, Tinted
from app.console.saving import PICTURES, TABLES, ask_where, save_picture, save_table
from app.console.theme import Colours
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError

PICTURE = QSize(1200, 760)
EMPTY = {
    "no study": "Open a study first.",
    "reading": "Reading the labels…",
    "failed": "The labels cannot be read.",
    "no labels": "Nothing has been labelled in this study yet. Agreement needs labels of two annotators.",
    "nothing comparable": "This scheme asks for free text only, and texts cannot be compared by numbers.",
    "no rater": "Nobody has labelled this yet in a way that counts.",
    "one rater": "Only {name} has labelled this. Agreement needs a second annotator.",
}


class AgreementPage(QWidget):
    """Shows agreement in a study; `jump_asked(recording, time_s)` leads to a moment, its clock's seconds."""

    jump_asked = Signal(object, float)
    fuse_asked = Signal()
    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "agreement")
        self.study: Study | None = None
        self.found: Found | None = None
        self.moments: tuple[Moment, ...] = ()
        self.moment = -1
        self._ratings: Ratings | None = None
        self._reader = Reader()
        self._work: Work | None = None
        self._stop = threading.Event()
        self._round = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(8)
        column.addLayout(self._top())
        self.trouble = Banner()
        column.addWidget(self.trouble)
        column.addLayout(self._waiting())
        self.stack = QStackedWidget()
        self.empty = Line("", "muted", True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._body())
        column.addWidget(self.stack, 1)
        self.left_out = Elided()
        column.addWidget(self.left_out)
        self._say_empty("no study")

    # Making

    def _top(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(Heading("Agreement", 1.4))
        row.addSpacing(10)
        self.scheme = _combo("Scheme")
        self.scheme.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.variable = _combo("What was asked")
        self.variable.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.variable.setMinimumContentsLength(18)
        self.over = _combo("Intervals over")
        self.over.addItem("Intervals over trials", "trials")
        self.over.addItem("Intervals over participants", "participants")
        self.blind = Tick("Letters, no codes")
        for box in (self.scheme, self.variable, self.over):
            box.activated.connect(lambda _: self._compute())
        self.blind.toggled.connect(lambda _: self._compute())
        row.addWidget(self.scheme)
        row.addWidget(self.variable, 1)
        row.addWidget(self.over)
        row.addWidget(self.blind)
        self.fuse = Tinted("Fuse…", "mark", self.fuse_asked.emit)
        self.save_figure = Tinted("Save picture…", "save", self._ask_picture)
        self.save_rows = Tinted("Save table…", "save", self._ask_table)
        for button in (self.fuse, self.save_figure, self.save_rows):
            row.addWidget(button)
        return row

    def _waiting(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.progress.setAccessibleName("Computing agreement")
        self.cancel = Tinted("Cancel", "close", self.stop)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        return row

    def _body(self) -> QWidget:
        self.split = split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        self.upper = QSplitter(Qt.Orientation.Horizontal)
        self.upper.setChildrenCollapsible(False)
        self.tables = Tables()
        tables = Card()
        tables.body.addWidget(self.tables)
        self.upper.addWidget(tables)
        self.matrix_card = Card()
        pairs = QHBoxLayout()
        pairs.addWidget(Line("Who said what", "text"))
        self.pair = _combo("Pair of annotators")
        self.pair.activated.connect(lambda _: self._show_matrix())
        pairs.addWidget(self.pair, 1)
        self.matrix_card.body.addLayout(pairs)
        self.matrix = MatrixView()
        self.matrix.chosen.connect(self._on_cell)
        self.matrix_card.body.addWidget(self.matrix, 1)
        self.upper.addWidget(self.matrix_card)
        self.upper.setStretchFactor(0, 3)
        self.upper.setStretchFactor(1, 2)
        split.addWidget(self.upper)
        split.addWidget(self._lower())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        return split

    def _lower(self) -> Card:
        card = Card()
        row = QHBoxLayout()
        self.recording = _combo("Recording")
        self.recording.activated.connect(lambda _: self._show_recording())
        row.addWidget(self.recording)
        self.moment_words = Elided()
        row.addWidget(self.moment_words, 1)
        self.previous = Tinted("Previous", "step-back", lambda: self.step(-1))
        self.next = Tinted("Next", "step-forward", lambda: self.step(1))
        row.addWidget(self.previous)
        row.addWidget(self.next)
        card.body.addLayout(row)
        self.traces = TracesView()
        self.traces.hide()
        card.body.addWidget(self.traces, 2)
        self.strip = StripView()
        self.strip.chosen.connect(self._on_place)
        card.body.addWidget(self.strip, 1)
        return card

    # Computing

    def show_study(self, study: Study | None) -> None:
        """Show the agreement in a study; what changed since the last time is read anew."""
        if study is None or self.study is None or study.folder != self.study.folder:
            self.found = None
            self.scheme.clear()
            self.variable.clear()
        self.study = study
        if study is None:
            self._say_empty("no study")
        else:
            self._compute()

    def stop(self) -> None:
        """Give up what is being computed."""
        self._round += 1
        self._stop.set()
        self._set_busy(False)
        if self.found is None:
            self.empty.setText("Cancelled. Choose a scheme, or open the page again.")

    closing = stop

    @property
    def is_busy(self) -> bool:
        """Whether something is being computed."""
        return not self.progress.isHidden()

    def _compute(self) -> None:
        study = self.study
        if study is None:
            return
        self._stop.set()
        self._stop = stop = threading.Event()
        self._round += 1
        wanted = Wanted(
            str(self.scheme.currentData() or ""),
            str(self.variable.currentData() or ""),
            "participants" if self.over.currentData() == "participants" else "trials",
            self.blind.isChecked(),
        )
        self.trouble.say("")
        if self.found is None:
            self._say_empty("reading")
        self._set_busy(True)
        self._work = Work(lambda: self._reader.find(study, wanted, stop.is_set), self)
        self._work.done.connect(partial(self._on_found, self._round))
        self._work.failed.connect(partial(self._on_failed, self._round))
        self._work.start()

    def _on_failed(self, number: int, error: Exception) -> None:
        if number != self._round or isinstance(error, CancelledError):
            return
        self._set_busy(False)
        if self.found is None:
            self._say_empty("failed")
        if not isinstance(error, EvokeError):
            raise error
        self.trouble.say(str(error), "alarm")

    def _on_found(self, number: int, found: Found) -> None:
        if number != self._round:
            return
        self._set_busy(False)
        self.found = found
        self._fill_choices(found)
        gathered, report = found.gathered, found.report
        if gathered is None or report is None:
            self._say_empty(found.state)
            return
        told = "; ".join(out.words for out in gathered.left_out)
        self.left_out.set_whole(f"Left out: {told}" if told else "")
        self.left_out.setVisible(bool(told))
        self._ratings = rows_of(gathered.table)
        if found.state != "ready":
            self._say_empty(found.state, report.raters[0] if report.raters else "")
            self.fuse.setEnabled(False)
            return
        self.tables.show_found(found)
        self._fill_pairs(found)
        recordings = recordings_of(gathered.table)
        before = self.recording.currentData()
        fill_combo(self.recording, [(path.stem, path) for path in recordings], before)
        self._set_moments(())
        self._show_recording()
        for choice in (self.scheme, self.variable, self.over, self.blind):
            choice.setEnabled(True)
        self.empty.setText("")
        self.stack.setCurrentIndex(1)
        for button in (self.save_figure, self.save_rows):
            button.setEnabled(True)
        self.fuse.setEnabled(gathered.variable.kind != "point" and not found.wanted.blind)

    def _fill_choices(self, found: Found) -> None:
        scheme = found.scheme
        fill_combo(self.scheme, [(name, name) for name in found.schemes], scheme.id if scheme else "")
        chosen = found.gathered.variable.id if found.gathered else ""
        fill_combo(self.variable, [(each.title, each.id) for each in found.variables], chosen)

    def _fill_pairs(self, found: Found) -> None:
        ratings, report = self._ratings, found.report
        assert report is not None
        # A matrix of a hundred values tells nothing.
        self.matrix_card.setVisible(ratings is not None and len(ratings.classes()) <= MOST_CLASSES)
        places = {rater: place for place, rater in enumerate(report.raters)}
        pairs = [
            (f"{each.one}, {each.other}", (places[each.one], places[each.other])) for each in report.pairs
        ]
        fill_combo(self.pair, pairs, self.pair.currentData())
        self._show_matrix()

    def _show_matrix(self) -> None:
        pair = self.pair.currentData()
        if self._ratings is None or pair is None:
            self.matrix.show_matrix(None)
        else:
            self.matrix.show_matrix(matrix_of(self._ratings, *pair))

    def _show_recording(self) -> None:
        found, path = self.found, self.recording.currentData()
        if found is None or found.gathered is None or found.report is None or path is None:
            return
        table = found.gathered.table
        strip = strip_of(table, path)
        self.strip.show_strip(strip, strip_title(table))
        is_trace = isinstance(table, Traces)
        if is_trace == self.traces.isHidden():
            self.traces.setVisible(is_trace)
            high = self.split.height()
            self.split.setSizes([int(high * share) for share in ((0.38, 0.62) if is_trace else (0.7, 0.3))])
        if isinstance(table, Traces):
            units = [place for place, unit in enumerate(table.units) if unit.recording == path]
            self.traces.show_traces(table, units, found.report.lags, strip)
        if 0 <= self.moment < len(self.moments) and self.moments[self.moment].recording == path:
            self.strip.mark(self.moments[self.moment].start_s)

    # Moments

    def _on_cell(self, first: int, second: int) -> None:
        pair = self.pair.currentData()
        assert self._ratings is not None
        one, other = pair
        moments = moments_of(self._ratings, one, other, first, second)
        if moments == self.moments and moments:
            self.step(1)
            return
        self._set_moments(moments)
        self.step(1)

    def _on_place(self, time_s: float) -> None:
        strip = self.strip.strip
        path = self.recording.currentData()
        if strip is None or path is None:
            return
        moments = disagreements(strip)
        self._set_moments(moments)
        here = [place for place, each in enumerate(moments) if each.start_s <= time_s < each.stop_s]
        if here:
            self.moment = here[0]
            self._tell_moment()
        self.jump_asked.emit(path, time_s)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) of the chosen moments, round and round."""
        if not self.moments:
            self.said.emit("Click a cell of the matrix or a place of the strip first.", "info")
            return
        last = len(self.moments)
        self.moment = (self.moment + by) % last if self.moment >= 0 else (0 if by > 0 else last - 1)
        moment = self.moments[self.moment]
        place = self.recording.findData(moment.recording)
        if place >= 0 and place != self.recording.currentIndex():
            self.recording.setCurrentIndex(place)
            self._show_recording()
        self.strip.mark(moment.start_s)
        self._tell_moment()
        self.jump_asked.emit(moment.recording, moment.start_s)

    def _set_moments(self, moments: tuple[Moment, ...]) -> None:
        self.moments, self.moment = moments, -1
        self._tell_moment()

    def _tell_moment(self) -> None:
        count = len(self.moments)
        for button in (self.previous, self.next):
            button.setEnabled(count > 0)
        if not count:
            self.moment_words.set_whole("Click a cell or a place to go there.")
        elif self.moment >= 0:
            moment = self.moments[self.moment]
            self.moment_words.set_whole(f"Moment {self.moment + 1} of {count}: {moment.key}")

    # Saying and saving

    def _say_empty(self, state: str, name: str = "") -> None:
        self.empty.setText(EMPTY[state].format(name=name))
        self.stack.setCurrentIndex(0)
        self._set_busy(False)
        has_labels = state not in ("no study", "reading", "failed", "no labels")
        for choice in (self.scheme, self.variable, self.over, self.blind):
            choice.setEnabled(has_labels)
        # What was shown before may hold names that must not be known any more.
        self.tables.show_nothing()
        self.pair.clear()
        self.matrix.show_matrix(None)
        self.strip.show_strip(None)
        self.traces.show_nothing()
        self._set_moments(())
        for button in (self.fuse, self.save_figure, self.save_rows):
            button.setEnabled(False)
        if state in ("no study", "no labels", "nothing comparable"):
            self.left_out.hide()

    def _set_busy(self, is_busy: bool) -> None:
        self.progress.setVisible(is_busy)
        self.cancel.setVisible(is_busy)

    def write_picture(self, path: Path) -> None:
        """Write matrix, traces and strip as they are shown; raises EvokeError."""
        save_picture(path, PICTURE, self._title(), self._draw)

    def write_table(self, path: Path) -> None:
        """Write every number with its formula; raises EvokeError."""
        found = self.found
        assert found is not None and found.gathered is not None and found.report is not None
        save_table(path, COLUMNS, table_rows(found.gathered.variable.id, found.report, dict(found.repeats)))

    def _title(self) -> str:
        found = self.found
        assert found is not None and found.gathered is not None and found.scheme is not None
        return f"{found.scheme.title or found.scheme.id}: {found.gathered.variable.title}"

    def _draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QColor(colours.text))
        line = QRectF(area.left() + 12, area.top() + 8, area.width() - 24, metrics.height() + 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, self._title())
        area = area.adjusted(8, 2 * metrics.height() + 6, -8, -6)
        strip = self.strip.strip
        lower = QRectF(area.left(), area.bottom() - 190, area.width(), 190)
        upper = QRectF(area.left(), area.top(), area.width(), area.height() - 200)
        if self.traces.traces is not None and not self.traces.isHidden() and strip is not None:
            draw_traces(
                painter, upper, colours, self.traces.traces, self.traces.units, self.traces.lags, strip
            )
        elif self.matrix.matrix is not None:
            draw_matrix(painter, upper, colours, self.matrix.matrix, self.matrix.cell)
        if strip is not None:
            title = f"{strip.recording.stem}: {self.strip.title}"
            draw_strip(painter, lower, colours, strip, title)

    def _ask_picture(self) -> None:
        self._ask("Save the picture", PICTURES, ".svg", self.write_picture)

    def _ask_table(self) -> None:
        self._ask("Save the table", TABLES, ".csv", self.write_table)

    def _ask(self, title: str, kinds: str, suffix: str, write: Callable[[Path], None]) -> None:
        assert self.found is not None and self.found.gathered is not None
        name = f"agreement_{self.found.gathered.variable.id}{suffix}"
        ask_where(self, title, kinds, name, partial(self._write, write))

    def _write(self, write: Callable[[Path], None], name: str) -> None:
        try:
            write(Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}.", "good")


MOST_CLASSES = 25


def strip_title(table: object) -> str:
    """Return what the height of the strip means."""
    if isinstance(table, Traces) or (isinstance(table, Ratings) and table.level == "ordinal"):
        return "Disagreement in 0.5 s: mean difference of the pairs, as a share of the scale"
    return "Disagreement in 0.5 s: share of the pairs that differ"


def disagreements(strip: Strip) -> tuple[Moment, ...]:
    """Return the stretches of a strip where raters differ."""
    found: list[Moment] = []
    for place, value in enumerate(strip.values):
        if not value > 0:
            continue
        start_s = strip.start_s + place * strip.bin_s
        key = f"{strip.recording.stem}, {start_s - strip.start_s:g} s"
        if found and abs(found[-1].stop_s - start_s) < 1e-6:
            found[-1] = Moment(strip.recording, found[-1].start_s, start_s + strip.bin_s, found[-1].key)
        else:
            found.append(Moment(strip.recording, start_s, start_s + strip.bin_s, key))
    return tuple(found)


def _combo(name: str) -> QComboBox:
    box = QComboBox()
    named(box, name)
    return box
