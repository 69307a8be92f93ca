"""Importing stimuli: what is read is shown, column by column and problem by problem, before it is written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.console.exchange_dialog import beside, choice, labelled
from app.console.parts import Line, Primary, Tick, Tinted
from app.console.plain_table import plain_table
from app.console.work import Work
from stimuli.import_draft import Draft
from stimuli.import_folder import Defaults
from stimuli.import_sources import SOURCES, Source, make_draft, source_named
from stimuli.import_tables import column_names
from stimuli.problems import EvokeError, Problem
from stimuli.sets import MANIFEST, is_file
from stimuli.writing import Written, write_draft

WAIT_MS = 350
PREVIEW_ROWS = 200
SHOWN = ("id", "file", "category", "valence", "arousal", "dominance", "description")
TABLES = "Tables (*.txt *.csv *.tsv *.xlsx *.dat);;All files (*)"


class StoppedError(Exception):
    """Raised in the thread that writes once the dialog has been closed."""


class ImportStimuliDialog(QDialog):
    """Asks for source, folder and table; `imported(folder, words)` when the set has been written."""

    imported = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import stimuli")
        self.setProperty("help", "stimuli")
        self.resize(900, 680)
        self.draft: Draft | None = None
        self._chosen: dict[str, str] = {}
        self._round = 0
        self._read: Work | None = None
        self._write: Work | None = None
        self._share = (0, 0)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addLayout(self._form())
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Where the stimuli come from")
        self.tabs.setDocumentMode(True)
        self.rows = plain_table("What was read", [name.capitalize() for name in SHOWN])
        self.columns = plain_table("Which column is what", ["Meaning", "Column of the table"])
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems of the table")
        self.problems.setWordWrap(True)
        for widget, title in (
            (self.rows, "Stimuli"),
            (self.columns, "Columns"),
            (self.problems, "Problems"),
        ):
            self.tabs.addTab(widget, title)
        column.addWidget(self.tabs, 1)
        self.verdict = Line("", "muted", True)
        column.addWidget(self.verdict)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Importing")
        self.progress.hide()
        column.addWidget(self.progress)
        last = QHBoxLayout()
        self.skip_bad = Tick("&Leave out rows with problems")
        self.skip_bad.toggled.connect(self._judge)
        last.addWidget(self.skip_bad)
        last.addStretch(1)
        self.close_button = Tinted("Close", "", self.reject)
        self.close_button.setAutoDefault(False)
        self.go = Primary("Import", "import", self.start)
        last.addWidget(self.close_button)
        last.addWidget(self.go)
        column.addLayout(last)
        self._wait = QTimer(self, interval=WAIT_MS, singleShot=True)
        self._wait.timeout.connect(self.read)
        self._tick = QTimer(self, interval=100)
        self._tick.timeout.connect(self._show_share)
        self._on_source()

    # Making

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.source = choice("What is imported")
        for source in SOURCES:
            self.source.addItem(source.title, source.name)
        self.source.currentIndexChanged.connect(self._on_source)
        form.addRow("&Import", self.source)
        self.words = Line("", "muted")
        form.addRow("", self.words)
        self.folder = self._path("Folder of the files", "F&older", self._choose_folder, form)
        self.table = self._path("Table", "Ta&ble", self._choose_table, form)
        self.licence = QLineEdit()
        self.licence.setAccessibleName("Licence")
        self.licence.setPlaceholderText("not free, obtained from …, do not pass on")
        self.licence.textChanged.connect(self._soon)
        form.addRow("Li&cence", self.licence)
        self.out = self._path("Folder of the set", "Copy in&to", self._choose_out, form)
        self.out.setPlaceholderText("Empty: files stay where they are, the manifest is written beside them")
        self.replace = Tick("&Replace the set that is there (its manifest is kept)")
        self.replace.toggled.connect(self._judge)
        form.addRow("", self.replace)
        return form

    def _path(self, name: str, label: str, choose: object, form: QFormLayout) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.textChanged.connect(self._soon)
        form.addRow(labelled(label, line), beside(line, Tinted("Choose…", "folder", choose)))  # type: ignore[arg-type]
        return line

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the files", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _choose_table(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Table", self.table.text(), filter=TABLES)
        if chosen:
            self.table.setText(chosen)

    def _choose_out(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the set", self.out.text())
        if chosen:
            self.out.setText(chosen)

    # Reading

    def chosen_source(self) -> Source:
        """Return the source that is chosen."""
        return source_named(str(self.source.currentData()))

    def _on_source(self) -> None:
        source = self.chosen_source()
        self.words.setText(source.words)
        self.table.setPlaceholderText("" if source.table == "needed" else "None: ids are the files' names")
        self.licence.setEnabled(not source.licence)
        self.licence.setText(source.licence)
        self._chosen = {}
        self._soon()

    def _soon(self, *_: object) -> None:
        self.go.setEnabled(False)
        self._wait.start()

    def read(self) -> None:
        """Read what would be imported, in the background."""
        self._round += 1
        mine = self._round
        source, folder, table = self.chosen_source(), self.folder.text().strip(), self.table.text().strip()
        if not folder or (source.table == "needed" and not table):
            self._show(None, [])
            missing = "folder" if not folder else "table"
            self.verdict.setText(f"Name the {missing}.")
            self.verdict.set_colour("muted")
            return
        defaults = Defaults(licence="" if source.licence else self.licence.text().strip())
        chosen = dict(self._chosen)

        def work() -> tuple[Draft, tuple[str, ...]]:
            path = Path(table) if table else None
            draft = make_draft(source.name, Path(folder), path, defaults, chosen)
            return draft, column_names(path) if path is not None else ()

        self._read = Work(work, self)
        self._read.done.connect(lambda found: self._on_read(mine, *found))
        self._read.failed.connect(lambda error: self._on_unreadable(mine, error))
        self._read.start()

    def _on_read(self, mine: int, draft: Draft, names: tuple[str, ...]) -> None:
        if mine == self._round:
            self._show(draft, draft.problems)
            self._show_columns(draft, names)
            self._judge()

    def _on_unreadable(self, mine: int, error: Exception) -> None:
        if mine != self._round:
            return
        found = getattr(error, "problems", ()) or (Problem("", None, str(error)),)
        self._show(None, found)
        self.tabs.setCurrentWidget(self.problems)
        self.verdict.setText(found[0].message + " " + found[0].remedy)
        self.verdict.set_colour("alarm")

    def _show(self, draft: Draft | None, problems: object) -> None:
        self.draft = draft
        items = draft.items if draft is not None else ()
        self.rows.setRowCount(min(len(items), PREVIEW_ROWS))
        for row, item in enumerate(items[:PREVIEW_ROWS]):
            for place, name in enumerate(SHOWN):
                value = item.path.name if name == "file" else getattr(item, name)
                text = "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
                self.rows.setItem(row, place, QTableWidgetItem(text))
        self.problems.clear()
        found = list(problems)  # type: ignore[call-overload]
        for problem in found[:PREVIEW_ROWS]:
            line = f"line {problem.line}: " if problem.line is not None else ""
            self.problems.addItem(f"{line}{problem.message} {problem.remedy}".strip())
        if len(found) > PREVIEW_ROWS:
            self.problems.addItem(f"{len(found) - PREVIEW_ROWS} more.")
        self.tabs.setTabText(0, f"Stimuli ({len(items)})" if items else "Stimuli")
        self.tabs.setTabText(2, f"Problems ({len(found)})" if found else "Problems")
        if draft is None:
            self.columns.setRowCount(0)

    def _show_columns(self, draft: Draft, names: tuple[str, ...]) -> None:
        fields = self.chosen_source().fields if names else ()
        self.columns.setRowCount(len(fields))
        for row, name in enumerate(fields):
            title = QTableWidgetItem(name.replace("_", " ").replace(" sd", " SD"))
            title.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.columns.setItem(row, 0, title)
            box = _StillBox()
            box.setAccessibleName(f"Column of {name.replace('_', ' ')}")
            box.addItem("–", "")
            for column in names:
                box.addItem(column, column)
            box.setCurrentIndex(max(0, box.findData(draft.columns.get(name, ""))))
            box.activated.connect(lambda _, name=name, box=box: self._choose_column(name, box))
            self.columns.setCellWidget(row, 1, box)

    def _choose_column(self, name: str, box: QComboBox) -> None:
        self._chosen[name] = str(box.currentData())
        self._soon()

    def target(self) -> Path:
        """Return the folder that the set is written into."""
        return Path(self.out.text().strip() or self.folder.text().strip())

    def _judge(self, *_: object) -> None:
        draft = self.draft
        if draft is None or self._write is not None:
            return
        has_set = is_file(self.target() / MANIFEST)
        self.replace.setVisible(has_set)
        text, colour = f"{len(draft.items)} stimuli can be imported.", "good"
        if not draft.items:
            text, colour = "There is nothing to import.", "alarm"
        elif has_set and not self.replace.isChecked():
            text, colour = "There is a set in this folder already. Replace it, or copy elsewhere.", "alarm"
        elif draft.problems and not self.skip_bad.isChecked():
            count = len(draft.problems)
            text = (
                f"{count} row{'s have' if count > 1 else ' has'} problems. Mend the table, or leave them out."
            )
            colour = "alarm"
        elif not draft.items[0].licence:
            text, colour = f"{text} State the licence: it is missing.", "warning"
        notes = " ".join(draft.notes[-2:])
        self.verdict.setText(f"{text} {notes}")
        self.verdict.set_colour(colour)
        self.go.setEnabled(colour != "alarm")

    # Writing

    def start(self) -> None:
        """Write the set, in the background."""
        draft = self.draft
        if draft is None or self._write is not None:
            return
        mine = self._round
        folder, copy = self.target(), bool(self.out.text().strip())
        skip_bad, again = self.skip_bad.isChecked(), self.replace.isChecked()

        def tell(done: int, total: int) -> None:
            if self._round != mine:
                raise StoppedError
            self._share = (done, total)

        self._write = Work(
            lambda: write_draft(draft, folder, copy=copy, skip_bad=skip_bad, again=again, progress=tell),
            self,
        )
        self._write.done.connect(self._on_written)
        self._write.failed.connect(self._on_refused)
        self._write.start()
        self.go.setEnabled(False)
        self.progress.show()
        self._tick.start()

    def _show_share(self) -> None:
        done, total = self._share
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)

    def _on_written(self, written: Written) -> None:
        self._end()
        left = f", {len(written.skipped)} rows left out" if written.skipped else ""
        self.imported.emit(written.folder, f"{written.stimuli} stimuli imported{left}.")
        self.accept()

    def _on_refused(self, error: Exception) -> None:
        self._end()
        if isinstance(error, StoppedError):
            return
        found = getattr(error, "problems", ()) if isinstance(error, EvokeError) else ()
        self._show(self.draft, found or (Problem("", None, str(error)),))
        self.tabs.setCurrentWidget(self.problems)
        self.verdict.setText("Nothing was written. See the problems.")
        self.verdict.set_colour("alarm")
        self.go.setEnabled(True)

    def _end(self) -> None:
        self._write = None
        self._tick.stop()
        self.progress.hide()

    def reject(self) -> None:
        """Close; what is being written is stopped, and nothing is left of it but copied files."""
        self._round += 1
        self._wait.stop()
        self._end()
        super().reject()


class _StillBox(QComboBox):
    """A choice that the wheel leaves alone: it scrolls the list that the box stands in."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
