"""The review page: a recording on its desk, with lists and figures around it. It writes to no study."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.annotation.visible import EVERYTHING, Visible
from app.console import preferences
from app.console.annotate.lane_scroll import LaneScroll
from app.console.annotate.lanes import LaneView
from app.console.findings import BANNERS, REHEARSAL
from app.console.parts import Banner, Elided, Heading, Line, Tinted
from app.console.review.curve_menu import CurveMenu
from app.console.review.desk import ReviewDesk
from app.console.review.event_list import event_moments, trial_moments
from app.console.review.filter_menu import FilterMenu
from app.console.review.jump_table import JumpTable, Moment
from app.console.review.opening import Opening
from app.console.review.recording import Recording
from app.console.review.study_labels import StudyLabels, counted, read_labels, times_of
from app.console.review.times import clock_words
from app.console.work import Work
from app.study import REHEARSALS

LAYOUT_VERSION = 1
LAYOUT = "review_layout"
KEYS: Sequence[tuple[str, str]] = (
    ("Space", "Play, pause (Ctrl+Space while typing)"),
    ("Left, Right", "Previous, next frame (sample without video)"),
    ("Shift+Left, Shift+Right", "One second back, on"),
    (",  .", "Slower, faster (0.1 to 4 times)"),
    ("Backspace", "As fast as it was recorded"),
    ("L", "Loop the selection"),
    ("O", "Sound on, off"),
    ("Home, End", "Start, end of the recording"),
    ("PageUp, PageDown", "Previous, next trial"),
    ("F, H", "Fit the selection, show the whole recording"),
    ("R", "Raw signals, or filtered"),
    ("B", "Butterfly: the channels of a group over each other"),
    ("+, −, *", "Taller, flatter, scales anew"),
    ("D", "Measure between two cursors"),
    ("Ctrl+F", "Search the events"),
    ("Wheel, Ctrl+Wheel", "Move, zoom at the pointer"),
)


class ReviewPage(QMainWindow):
    """Shows one recording; `open_asked` when another one is wanted, `said(text, level)` for messages."""

    open_asked = Signal()
    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.setProperty("help", "review")
        self.setObjectName("review")
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.recording: Recording | None = None
        self.path: Path | None = None
        self.opening = Opening(self)
        self.desk = ReviewDesk()
        self.curves = CurveMenu(self.desk, self)
        self.filters = FilterMenu(self)
        self.events = JumpTable(self.desk.axis, "Events", with_kinds=True)
        self.trials = JumpTable(self.desk.axis, "Trials")
        self.docks: dict[str, QDockWidget] = {}
        self.labels = LaneView(self.desk.axis)
        self.labels.read_only = True
        self.label_rows = LaneScroll(self.labels)
        self.label_rows.hide()
        self.desk.add_row(self.label_rows)
        self._reading: Work | None = None
        self._lay_out()
        self._add_docks()
        self._connect()
        self.show_nothing()
        if not self.restore_layout(preferences.get_bytes(LAYOUT)):
            self.reset_layout()

    # Making

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.banner = Banner()
        column.addWidget(self.banner)
        column.addLayout(self._bar())
        self.content = QStackedWidget()
        self.waiting = self._waiting()
        self.content.addWidget(self.waiting)
        self.content.addWidget(self.desk)
        column.addWidget(self.content, 1)
        self.setCentralWidget(middle)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        self.title = Heading("", 1.15)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.title.setMinimumWidth(120)
        self.facts = Elided()
        row.addWidget(self.title)
        row.addWidget(self.facts, 1)
        self.curves_button = _menu_button(
            "Curves", "Computed: heart rate, skin conductance, voice", self.curves
        )
        self.filters_button = _menu_button("Filters", "What is done to the signals on show", self.filters)
        self.faces = QToolButton()
        self.faces.setText("Face box")
        self.faces.setCheckable(True)
        self.faces.setToolTip("Frame the face in the camera's picture")
        self.save_menu = QMenu("Save", self)
        self.save_button = _menu_button("Save", "Pictures and tables of what is shown", self.save_menu)
        self.panels_menu = QMenu("Panels", self)
        self.panels_button = _menu_button(
            "Panels", "Lists and figures around the recording", self.panels_menu
        )
        self.tools = (self.curves_button, self.filters_button, self.faces, self.save_button)
        for button in (*self.tools, self.panels_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.open_button = Tinted("Open…", "folder", self.open_asked.emit)
        self.open_button.setToolTip("Open another recording: session files, E4, XDF, EDF")
        row.addWidget(self.open_button)
        return row

    def _waiting(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(40, 30, 40, 30)
        column.setSpacing(10)
        self.headline = Heading("", 1.3)
        self.headline.setWordWrap(True)
        self.words = Line("", "muted", True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Opening the recording")
        self.cancel = Tinted("Cancel", "", self.opening.cancel)
        row = QHBoxLayout()
        row.addWidget(self.cancel)
        row.addStretch(1)
        for widget in (self.headline, self.words, self.progress):
            column.addWidget(widget)
        column.addLayout(row)
        column.addStretch(1)
        return box

    def _add_docks(self) -> None:
        from app.console.review.panels import make_panels

        self.panels = make_panels()
        for name, title, widget in (
            ("events", "Events", self.events),
            ("trial-list", "Trials", self.trials),
            *((panel.stem, panel.title, panel) for panel in self.panels),
        ):
            dock = QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(widget)
            self.docks[name] = dock
            self.panels_menu.addAction(dock.toggleViewAction())
        for panel in self.panels:
            panel.follow(self.desk.axis)
            self.docks[panel.stem].visibilityChanged.connect(lambda _, shown=panel: shown.later())

    def _connect(self) -> None:
        self.opening.progressed.connect(self._on_progress)
        self.opening.opened.connect(self.show_recording)
        self.opening.failed.connect(self._on_failed)
        self.opening.cancelled.connect(self._on_cancelled)
        for table in (self.events, self.trials):
            table.chosen.connect(self._on_chosen)
            table.play_asked.connect(self.desk.player.toggle)
        self.curves.said.connect(self.said)
        self.filters.chosen.connect(self._on_filters)
        self.filters.raw_asked.connect(self.desk.stack.set_raw)
        self.desk.stack.state_changed.connect(self._show_filters)
        self.desk.stack.failed.connect(lambda text: self.said.emit(text, "alarm"))
        self.faces.toggled.connect(self.desk.set_faces)
        self.save_menu.aboutToShow.connect(self._fill_save)

    # Opening

    def load(self, path: Path) -> None:
        """Open a recording; what is shown now is closed."""
        self._forget()
        self.path = path
        self.title.setText(path.stem)
        self.facts.set_whole(str(path.parent))
        self.headline.setText("Opening the recording…")
        self.opening.start(path)

    def show_recording(self, recording: Recording, visible: Visible = EVERYTHING) -> None:
        """Show an open recording; the page closes it in the end."""
        self._forget()
        self.recording, self.path = recording, recording.path
        self.desk.open(recording, visible)
        view = self.desk.view
        assert view is not None
        self.events.show_moments(event_moments(view))
        self.trials.show_moments(trial_moments(view))
        for panel in self.panels:
            panel.open(recording, visible)
        self.title.setText(view.title)
        self.title.setToolTip(view.title)
        self.facts.set_whole(" · ".join(facts_of(recording)))
        origin = str(recording.session.attributes.get("origin", ""))
        rehearsal = REHEARSAL if REHEARSALS in recording.path.parts else ""
        self.banner.say(" ".join(filter(None, (rehearsal, BANNERS.get(origin, "")))), "info")
        self._show_filters()
        self._read_labels(recording)
        self._show(self.desk)
        self.desk.setFocus()

    def _read_labels(self, recording: Recording) -> None:
        if recording.study is not None:
            work = self._reading = Work(lambda: read_labels(recording), self)
            work.done.connect(partial(self._on_labels, work))
            work.start()

    def _on_labels(self, work: Work, found: StudyLabels) -> None:
        if work is not self._reading or self.recording is None:
            return
        if found.problems:
            self.said.emit(counted(found.problems), "warning")
        self.labels.show(found.tiers, (), (), found.lanes, times_of(self.recording))
        # Nobody labels here: lanes for labels of one's own would only take room.
        self.labels.rows = [
            replace(row, who=": ".join(filter(None, (row.who, row.tier.title))))
            for row in self.labels.rows
            if row.marks or row.traces
        ]
        self.labels.setFixedHeight(self.labels.sizeHint().height())
        self.label_rows.fit()

    def show_nothing(self) -> None:
        """Say that no recording was chosen."""
        self._forget()
        self.title.setText("Review")
        self._say("No recording is open", "Open a session file, or a recording of an E4, XDF or EDF file.")

    def _forget(self) -> None:
        self.opening.blockSignals(True)
        self.opening.cancel()
        self.opening.blockSignals(False)
        for panel in self.panels:
            panel.close_recording()
        self.desk.clear()
        self.events.show_moments(())
        self.trials.show_moments(())
        self._reading = None
        self.label_rows.hide()
        recording, self.recording, self.path = self.recording, None, None
        if recording is not None:
            recording.close()
        self.banner.say("")
        self.facts.set_whole("")
        self._show(self.waiting)

    def _say(self, headline: str, words: str) -> None:
        self.headline.setText(headline)
        self.words.setText(words)
        self.progress.hide()
        self.cancel.hide()
        self._show(self.waiting)

    def _show(self, widget: QWidget) -> None:
        self.content.setCurrentWidget(widget)
        for tool in self.tools:
            tool.setEnabled(widget is self.desk)

    def _on_progress(self, text: str, share: float) -> None:
        self.words.setText(f"{text}…" if text else "")
        self.progress.setRange(0, 100 if share > 0 else 0)
        self.progress.setValue(round(100 * share))
        self.progress.show()
        self.cancel.show()

    def _on_failed(self, text: str) -> None:
        self._say("This recording cannot be shown", text)

    def _on_cancelled(self) -> None:
        self._say("Opening was cancelled", "Nothing was changed. Open it again, or another recording.")

    # What is asked for

    def _on_chosen(self, moment: Moment) -> None:
        if moment.stop_s > moment.start_s:
            self.desk.show_span(moment.start_s, moment.stop_s)
        else:
            self.desk.jump_to(moment.start_s)

    def _on_filters(self, filters: object) -> None:
        from analysis.views.filters import Filters

        assert isinstance(filters, Filters)
        self.desk.stack.set_filters(filters)
        for panel in self.panels:
            panel.set_filters(filters)

    def _show_filters(self) -> None:
        stack = self.desk.stack
        self.filters.show_state(stack.filters, stack.is_raw)
        infos = self.recording.overview.infos.values() if self.recording is not None else ()
        eeg = next((info for info in infos if info.kind.lower() == "eeg"), None)
        self.filters.set_signal(0.0 if eeg is None else eeg.rate_hz, () if eeg is None else eeg.channels)

    def _fill_save(self) -> None:
        self.save_menu.clear()
        self.save_menu.addAction("Picture of the signals…", self.desk.stack.ask_picture)
        self.save_menu.addAction("Table of the signals…", self.desk.stack.ask_table)
        for name, camera in self.desk.cameras.items():
            action = self.save_menu.addAction(f"Picture of {name}…", partial(self._save_frame, name))
            action.setEnabled(camera.shown >= 0)

    def _save_frame(self, name: str) -> None:
        from PySide6.QtWidgets import QFileDialog

        camera = self.desk.cameras[name]
        stem = f"{self.path.stem if self.path is not None else name}_{name}_frame-{camera.shown + 1}.jpg"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the picture", stem, "JPEG (*.jpg)")
        if chosen:
            try:
                Path(chosen).write_bytes(camera.frames.jpeg(camera.shown))
            except OSError as error:
                self.said.emit(f"{Path(chosen).name}: cannot be written ({error.strerror}).", "alarm")

    def find_event(self) -> None:
        """Put the cursor where events are searched."""
        self.docks["events"].show()
        self.docks["events"].raise_()
        self.events.search.setFocus()
        self.events.search.selectAll()

    def key_lines(self) -> Sequence[tuple[str, str]]:
        """Return the page's keys for the sheet: (keys, what they do)."""
        return KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave to the desk what nobody else wanted, whatever dock is in hand."""
        is_find = event.key() == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if self.recording is None:
            super().keyPressEvent(event)
        elif is_find:
            self.find_event()
        elif event.key() == Qt.Key.Key_O and not event.modifiers():
            self.desk.player.set_silenced(not self.desk.player.is_silenced)
        elif not self.desk.handle_key(event):
            super().keyPressEvent(event)

    # Layout

    def reset_layout(self) -> None:
        """Put all panels where they belong: lists at the right, figures put away."""
        right = Qt.DockWidgetArea.RightDockWidgetArea
        for dock in self.docks.values():
            dock.setFloating(False)
            self.addDockWidget(right, dock)
            dock.hide()
        events, trials = self.docks["events"], self.docks["trial-list"]
        for dock in (trials, events):
            dock.show()
        figures = [self.docks[panel.stem] for panel in self.panels]
        for before, dock in itertools.pairwise(figures):
            self.tabifyDockWidget(before, dock)
        self.resizeDocks([trials, events], [320, 320], Qt.Orientation.Horizontal)
        self.resizeDocks([trials, events], [200, 300], Qt.Orientation.Vertical)

    def layout_bytes(self) -> bytes:
        """Return the layout, to be remembered."""
        return bytes(self.saveState(LAYOUT_VERSION).data())

    def restore_layout(self, state: bytes) -> bool:
        """Take a remembered layout; False if it does not fit."""
        return bool(state) and self.restoreState(QByteArray(state), LAYOUT_VERSION)

    def hideEvent(self, event: QHideEvent) -> None:
        """Be silent behind other pages."""
        if not event.spontaneous():
            self.desk.player.pause()
        super().hideEvent(event)

    def closing(self) -> None:
        """Remember the layout, end all threads, close the recording."""
        preferences.put_bytes(LAYOUT, self.layout_bytes())
        self._forget()
        self.desk.close_media()


def facts_of(recording: Recording) -> list[str]:
    """Return what is worth knowing of a recording in a few words each."""
    attributes = recording.session.attributes
    started = str(attributes.get("started_utc") or "").replace("T", " ")[:16]
    length = clock_words(recording.stop_s - recording.start_s, 0)
    trials = len(recording.trials)
    participant = str(attributes.get("participant") or "")
    found = [
        f"participant {participant}" if participant else "",
        started,
        length,
        f"{trials} trial{'' if trials == 1 else 's'}" if trials else "",
        f"converted from {recording.path.name}" if recording.is_foreign else "",
    ]
    return [text for text in found if text]


def _menu_button(text: str, tip: str, menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button
