"""The summary of a finished session, and the wait until its file is made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.console import icons, theme
from app.console.findings import ENDS, Findings, read_findings
from app.console.parts import Banner, Card, Elided, Heading, Line, Primary, Tinted, clock_text, quiet
from app.console.story import NOT_VERIFIED, quality_words
from app.console.story_card import StoryCard
from app.console.timeline import Timeline
from app.console.timing_page import TimingPage
from app.console.work import Work

STREAM_COLUMNS = (
    "Stream",
    "Origin",
    "Rate",
    "Samples",
    "Length",
    "Gaps",
    "Jitter",
    "Drift",
    "Quality",
    "Alignment",
)


class SummaryPage(QWidget):
    """Shows one session file; `next_asked` leads to the next session, `review_asked(path)` to its review."""

    next_asked = Signal()
    open_asked = Signal()
    review_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "summary")
        self.path: Path | None = None
        self.findings: Findings | None = None
        self._work: Work | None = None
        self._round = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.setSpacing(10)
        self.banner = Banner()
        column.addWidget(self.banner)
        inner = QVBoxLayout()
        inner.setContentsMargins(14, 8, 14, 0)
        inner.setSpacing(10)
        column.addLayout(inner, 1)
        top = QHBoxLayout()
        words = QVBoxLayout()
        self.title = Heading("", 1.5)
        self.facts = Elided()
        words.addWidget(self.title)
        words.addWidget(self.facts)
        top.addLayout(words, 1)
        self.show_folder = Tinted("Show in folder", "folder", self._show_folder)
        self.review = Tinted("Review…", "review", self._review)
        self.review.setToolTip("Look at pictures, sound, signals and events of this session")
        self.next = Primary("Next session", "next", self.next_asked.emit)
        self.open = Tinted("Open session file…", "summary", self.open_asked.emit)
        top.addWidget(self.open)
        top.addWidget(self.show_folder)
        top.addWidget(self.review)
        top.addWidget(self.next)
        inner.addLayout(top)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Making the session file")
        inner.addWidget(self.progress)
        self.wait_words = Line("", "muted", True)
        inner.addWidget(self.wait_words)
        self.content = QTabWidget()
        self.content.setDocumentMode(True)
        self.session = QWidget()
        self.timing = TimingPage()
        self.content.addTab(self.session, "Session")
        self.content.addTab(self.timing, "Timing")
        inner.addWidget(self.content, 1)
        self.room = QWidget()
        inner.addWidget(self.room, 1)
        self._fill_content()
        self.show_nothing()

    def _fill_content(self) -> None:
        column = QVBoxLayout(self.session)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(10)
        self.verdict = Card()
        self.headline = Heading("", 1.1)
        self.flaws = QListWidget()
        self.flaws.setAccessibleName("What is not perfect")
        quiet(self.flaws)
        self.flaws.setWordWrap(True)
        self.flaws.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.flaws.setIconSize(QSize(18, 18))
        self.verdict.body.addWidget(self.headline)
        self.verdict.body.addWidget(self.flaws)
        column.addWidget(self.verdict)
        streams = Card("Streams")
        self.streams = _table("Streams", STREAM_COLUMNS)
        self.streams.horizontalHeader().setMinimumSectionSize(60)
        self.timeline = Timeline()
        area = QScrollArea()
        area.setWidgetResizable(True)
        quiet(area)
        area.setWidget(self.timeline)
        self.timeline.setAutoFillBackground(False)
        self.stream_tabs = QTabWidget()
        self.stream_tabs.setDocumentMode(True)
        self.stream_tabs.addTab(self.streams, "Figures")
        self.stream_tabs.addTab(area, "Quality over time")
        streams.body.addWidget(self.stream_tabs)
        column.addWidget(streams, 3)
        row = QHBoxLayout()
        trials = Card("Trials and ratings")
        self.onsets = Line("", "muted", True)
        self.trials = _table("Trials and ratings", ())
        trials.body.addWidget(self.onsets)
        trials.body.addWidget(self.trials)
        row.addWidget(trials, 3)
        self.story = StoryCard()
        row.addWidget(self.story, 2)
        column.addLayout(row, 3)

    def show_nothing(self) -> None:
        """Say that no session was chosen."""
        self._round += 1
        self.path = self.findings = None
        self.banner.say("")
        self.title.setText("No session to show")
        self.facts.set_whole("Finish a session, or open a session file (Ctrl+Shift+O).")
        self._show_parts(waits=False, content=False)

    def show_progress(self, name: str, share: float) -> None:
        """Show how far the making of a session file has come."""
        self._round += 1
        self.path = self.findings = None
        self.banner.say("")
        self.title.setText("Making the session file")
        self.facts.set_whole(name)
        self.progress.setRange(0, 100 if share > 0 else 0)
        self.progress.setValue(round(100 * share))
        self.wait_words.setText(
            "The recording is safe. It is being compressed and checked."
            " You can start the next session meanwhile."
        )
        self._show_parts(waits=True, content=False)

    def load(self, path: Path) -> None:
        """Read a finished file in a thread and show it."""
        self._round += 1
        self.path, self.findings = path, None
        self.banner.say("")
        self.title.setText("Reading the session file…")
        self.facts.set_whole(str(path))
        self._show_parts(waits=False, content=False)
        self._work = Work(lambda: read_findings(path), self)
        self._work.done.connect(partial(self._on_findings, self._round))
        self._work.failed.connect(partial(self._on_trouble, self._round))
        self._work.start()

    def show_findings(self, findings: Findings) -> None:
        """Show what was read."""
        self.path, self.findings = findings.path, findings
        info = findings.info
        self.banner.say(findings.banner, "warning")
        whose = f"Session of {info['participant']}" if info.get("participant") else "Recording"
        self.title.setText(", ".join(filter(None, (whose, str(info.get("protocol") or "")))))
        self.facts.set_whole(" · ".join(filter(None, _facts(info, findings.path))))
        self._show_flaws(findings)
        self._show_streams(findings)
        self._show_trials(findings)
        self.story.show_findings(findings)
        names = tuple(str(stream["id"]) for stream in info.get("streams") or ())
        self.timeline.show_story(findings.story, names)
        self.stream_tabs.setTabVisible(1, bool(findings.story.quality))
        self.timing.show_timing(findings.timing, self.title.text(), findings.path.stem)
        self._show_parts(waits=False, content=True)

    def _show_parts(self, waits: bool, content: bool) -> None:
        self.progress.setVisible(waits)
        self.wait_words.setVisible(waits)
        self.content.setVisible(content)
        self.room.setVisible(not content)
        self.show_folder.setVisible(content)
        self.review.setVisible(content)

    def _on_findings(self, number: int, findings: Findings) -> None:
        if number == self._round:
            self.show_findings(findings)

    def _on_trouble(self, number: int, error: Exception) -> None:
        if number == self._round:
            self.title.setText("This file cannot be shown")
            self.facts.set_whole(str(error))
            self.banner.say(str(error), "alarm")

    def _show_flaws(self, findings: Findings) -> None:
        colours = theme.current()
        self.headline.setText(findings.headline)
        self.flaws.clear()
        entries = findings.flaws or ("All streams are there, without gaps; the session came to its end.",)
        icon, colour = ("warning", colours.warning) if findings.flaws else ("good", colours.good)
        for text in entries:
            item = QListWidgetItem(icons.icon(icon, colour), text)
            item.setToolTip(text)
            self.flaws.addItem(item)
        rows = min(5, len(entries))
        height = max(22, self.flaws.sizeHintForRow(0)) * rows + 6
        self.flaws.setFixedHeight(height)

    def _show_streams(self, findings: Findings) -> None:
        streams = findings.info.get("streams") or ()
        self.streams.setRowCount(len(streams))
        for row, stream in enumerate(streams):
            nominal, measured = stream.get("nominal_rate_hz"), stream.get("measured_rate_hz")
            first, last = stream.get("first_s"), stream.get("last_s")
            gaps = len(stream.get("gaps") or ())
            cells = (
                stream["id"],
                stream["origin"],
                _rate(nominal, measured),
                f"{stream['samples']:,}",
                "" if first is None or last is None else f"{last - first:.1f} s",
                "none" if not gaps else str(gaps),
                _number(stream.get("jitter_sd_ms"), "ms", 2),
                _number(stream.get("drift_ppm"), "ppm", 1),
                quality_words(stream.get("quality")) or "not judged",
                findings.story.alignment.get(str(stream["id"]), NOT_VERIFIED),
            )
            _fill_row(self.streams, row, cells)
            told = [
                f"{clock_text(one.at_s)}  {one.text}"
                for one in findings.story.incidents
                if one.kind == "gap" and one.stream == stream["id"]
            ]
            item = self.streams.item(row, STREAM_COLUMNS.index("Gaps"))
            if item is not None and told:
                item.setToolTip("\n".join(told))

    def _show_trials(self, findings: Findings) -> None:
        errors = findings.info.get("onset_error_ms")
        self.onsets.setText(
            "Onset errors: not measured (no screen, or no stimulus)."
            if errors is None
            else f"Onset errors: median {errors['median']:.2f} ms, 99 of 100 under {errors['p99']:.2f} ms,"
            f" largest {errors['max']:.2f} ms."
        )
        items = list(dict.fromkeys(item for trial in findings.trials for item in trial.ratings))
        columns = ("Trial", "Stimulus", "Category", "Onset error", *items)
        self.trials.setColumnCount(len(columns))
        self.trials.setHorizontalHeaderLabels(list(columns))
        self.trials.setRowCount(len(findings.trials))
        for row, trial in enumerate(findings.trials):
            cells = [
                str(trial.number),
                trial.stimulus,
                trial.category,
                _number(trial.onset_error_ms, "ms", 2),
            ]
            cells += [f"{trial.ratings[item]:g}" if item in trial.ratings else "–" for item in items]
            _fill_row(self.trials, row, cells)

    def _review(self) -> None:
        if self.path is not None:
            self.review_asked.emit(self.path)

    def _show_folder(self) -> None:
        if self.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path.parent)))


def _table(name: str, columns: tuple[str, ...]) -> QTableWidget:
    table = QTableWidget(0, len(columns))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(columns))
    table.verticalHeader().hide()
    quiet(table)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setMinimumSectionSize(90)
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return table


def _fill_row(table: QTableWidget, row: int, cells: Sequence[str]) -> None:
    for place, text in enumerate(cells):
        item = QTableWidgetItem(text)
        item.setToolTip(text)
        table.setItem(row, place, item)


def _facts(info: object, path: Path) -> list[str]:
    assert isinstance(info, dict)
    reason = str(info.get("end_reason") or "")
    trials, events = int(info.get("trials") or 0), int(info.get("events") or 0)
    return [
        str(info.get("started_utc") or "").replace("T", " ")[:16],
        ENDS.get(reason, reason),
        f"{trials} trial{'' if trials == 1 else 's'}",
        f"{events} events",
        path.name,
    ]


def _rate(nominal: float | None, measured: float | None) -> str:
    if not nominal:
        return "irregular"
    return f"{measured:.2f} Hz of {nominal:g}" if measured else f"{nominal:g} Hz"


def _number(value: float | None, unit: str, digits: int) -> str:
    if value is None:
        return "–"
    # Adding zero turns a rounded -0.0 into 0.0.
    return f"{round(value, digits) + 0.0:.{digits}f} {unit}"
