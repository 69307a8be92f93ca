"""The step Apply: a recognizer trained on all cases and kept, applied to recordings, seen in the review."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.console.analyse.apply_work import Applying, RecordingRow, apply, keep, label, look
from app.console.analyse.draw_runs import run_entries
from app.console.analyse.step_page import RunStep
from app.console.choices import combo, fill_combo, make_tick
from app.console.parts import Card, Elided, Line, Primary, Tinted, quiet
from app.console.plain_table import plain_table

HEADS = ("Use", "Participant", "Session", "Trials", "Applied (UTC)", "Trained on it", "Recording")
READING = "Reading the runs and recordings…"
NO_RUNS = "No finished run yet. Start one in Experiment; then its recognizer can be kept and applied."
NEEDS = "What a run measured is what such a recognizer reaches on others, not on those it was trained on."
NUMBERS = "It predicts numbers: in the review they are curves, and no labels."


class ApplyPage(RunStep):
    """Keeps and applies recognizers; `jump_asked(path, time_s)` shows a recording in the review."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Apply", "Recognizer", NO_RUNS, parent)
        self.found: Applying | None = None
        self._unticked: set[str] = set()
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        inner.addWidget(self._model())
        inner.addWidget(self._recordings(), 1)
        inner.addWidget(self._labels())
        self._lay_out((self.run,), body)
        self._show_buttons()

    def _model(self) -> QWidget:
        card = Card("1  Keep")
        row = QHBoxLayout()
        words = QVBoxLayout()
        self.kept = Line("", "text", True)
        words.addWidget(self.kept)
        words.addWidget(Line(NEEDS, "muted", True))
        row.addLayout(words, 1)
        self.keep_button = Primary("Train on all and keep", "start", self.keep)
        self.keep_button.setToolTip("Train the run's recognizer on every case there is now, and keep it")
        row.addWidget(self.keep_button, 0, Qt.AlignmentFlag.AlignTop)
        card.body.addLayout(row)
        return card

    def _recordings(self) -> QWidget:
        card = Card("2  Apply")
        row = QHBoxLayout()
        self.chosen_words = Elided()
        row.addWidget(self.chosen_words, 1)
        self.all_button = Tinted("All", "", lambda: self._tick(True))
        self.all_button.setAccessibleName("Use all recordings")
        self.none_button = Tinted("None", "", lambda: self._tick(False))
        self.none_button.setAccessibleName("Use no recording")
        self.apply_button = Tinted("Apply to recordings", "next", self.apply)
        for button in (self.all_button, self.none_button, self.apply_button):
            row.addWidget(button)
        card.body.addLayout(row)
        self.table = plain_table("Recordings", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.itemChanged.connect(self._on_ticked)
        self.table.cellActivated.connect(lambda *_: self._ask_review())
        self.table.currentCellChanged.connect(lambda *_: self._show_buttons())
        quiet(self.table)
        card.body.addWidget(self.table, 1)
        return card

    def _labels(self) -> QWidget:
        card = Card("3  Show in review")
        row = QHBoxLayout()
        self.scheme: QComboBox = combo("Scheme of the labels", 30)
        self.scheme_words = QLabel("Labels in the scheme:")
        self.scheme_words.setBuddy(self.scheme)
        row.addWidget(self.scheme_words)
        row.addWidget(self.scheme)
        self.label_words = Line("", "muted", True)
        row.addWidget(self.label_words, 1)
        self.label_button = Tinted("Add labels", "mark", self.add_labels)
        self.label_button.setToolTip("As an annotator of its own: people accept, change or reject them")
        self.review_button = Tinted("Show in review", "review", self._ask_review)
        self.review_button.setToolTip("Open the selected recording; its curves are in the menu Curves")
        row.addWidget(self.label_button)
        row.addWidget(self.review_button)
        card.body.addLayout(row)
        return card

    # Reading

    def _forget(self) -> None:
        self.found, self.folder = None, None
        self._unticked.clear()

    def _read(self) -> None:
        study, folder = self.study, self.folder
        if study is not None:
            if self.found is None:
                self._say_empty(READING)
            self.waiting.run(lambda told: look(study, folder, told), self._on_found)
            self._show_buttons()

    def _on_stayed(self) -> None:
        self.said.emit("Cancelled. Recordings that were finished stay.", "info")
        self._read()

    def _on_found(self, found: Applying) -> None:
        self.found, self.folder = found, found.folder
        if found.folder is None:
            self._show_no_run(NO_RUNS)
            return
        fill_combo(self.run, run_entries(found.lines), found.folder)
        self.kept.setText(found.words)
        self.keep_button.setText("Train on all and keep" if found.kept is None else "Train anew and keep")
        done = sum(bool(row.applied) for row in found.rows)
        self.summary.set_whole(f"{len(found.rows)} recordings, applied to {done}")
        self._fill()
        entries: list[tuple[str, object]] = [
            (
                scheme.title if place or not _is_new(scheme.name, found) else f"{scheme.title} (made anew)",
                place,
            )
            for place, (scheme, _) in enumerate(found.schemes)
        ]
        fill_combo(self.scheme, entries, self.scheme.currentData())
        for widget in (self.scheme, self.scheme_words, self.label_button):
            widget.setVisible(bool(found.classes))
        code = "" if found.kept is None else f"Annotator {found.kept.code}."
        self.label_words.setText(code if found.classes else NUMBERS)
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _fill(self) -> None:
        found = self.found
        assert found is not None
        self.table.blockSignals(True)
        before = max(0, self.table.currentRow())
        self.table.setRowCount(len(found.rows))
        for place, row in enumerate(found.rows):
            cells = (
                "", row.participant, row.session, str(row.trials), row.applied or "not yet",
                "yes" if row.trained_on else "no", row.name,
            )  # fmt: skip
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 0:
                    make_tick(item, f"Use {row.name}", row.name not in self._unticked)
                self.table.setItem(place, column, item)
        if found.rows:
            self.table.setCurrentCell(min(before, len(found.rows) - 1), 0)
        self.table.blockSignals(False)

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == 0 and self.found is not None:
            name = self.found.rows[item.row()].name
            if item.checkState() == Qt.CheckState.Checked:
                self._unticked.discard(name)
            else:
                self._unticked.add(name)
            self._show_buttons()

    def _tick(self, on: bool) -> None:
        if self.found is not None:
            self._unticked = set() if on else {row.name for row in self.found.rows}
            self._fill()
            self._show_buttons()

    @property
    def chosen(self) -> list[RecordingRow]:
        """The recordings that are ticked."""
        rows = () if self.found is None else self.found.rows
        return [row for row in rows if row.name not in self._unticked]

    def _show_buttons(self) -> None:
        found, idle = self.found, not self.waiting.is_busy
        has = found is not None and found.folder is not None
        self.run.setEnabled(has and idle)
        self.keep_button.setEnabled(has and idle)
        chosen = self.chosen
        is_kept = found is not None and found.kept is not None
        self.apply_button.setEnabled(is_kept and bool(chosen) and idle)
        self.label_button.setEnabled(is_kept and any(row.applied for row in chosen) and idle)
        self.review_button.setEnabled(has and self.table.currentRow() >= 0)
        for button in (self.all_button, self.none_button):
            button.setEnabled(has)
        what = f"{len(chosen)} of {0 if found is None else len(found.rows)} ticked"
        self.chosen_words.set_whole(what if is_kept else "Keep a recognizer first.")

    # Doing

    def keep(self) -> None:
        """Train on all cases, and keep it."""
        study, folder = self.study, self.folder
        if study is None or folder is None:
            return
        self.trouble.say("")
        self.waiting.run(lambda told: keep(study, folder, told), self._on_kept)
        self._show_buttons()

    def _on_kept(self, folder: Path) -> None:
        self.said.emit(f"Kept: {folder}.", "good")
        self._read()

    def apply(self) -> None:
        """Apply it to the ticked recordings."""
        study, found = self.study, self.found
        if study is None or found is None or found.kept is None:
            return
        model, names = found.kept, [row.name for row in self.chosen]
        self.trouble.say("")
        self.waiting.run(lambda told: apply(study, model, names, told), self._on_applied)
        self._show_buttons()

    def _on_applied(self, notes: tuple[str, ...]) -> None:
        self.said.emit("Applied. The curves are in the review's menu Curves.", "good")
        if notes:
            more = f" And {len(notes) - 2} more." if len(notes) > 2 else ""
            self.trouble.say(" ".join(notes[:2]) + more, "warning")
        self._read()

    def add_labels(self) -> None:
        """Bring the decisions in as labels of the model, for the ticked recordings it was applied to."""
        study, found, place = self.study, self.found, self.scheme.currentData()
        if study is None or found is None or found.kept is None or not isinstance(place, int):
            return
        model, (scheme, tier) = found.kept, found.schemes[place]
        names = [row.name for row in self.chosen if row.applied]
        if not names:
            self.said.emit("Apply it to a recording first.", "info")
            return
        self.trouble.say("")
        self.waiting.run(lambda told: label(study, model, names, scheme, tier, told), self._on_labelled)
        self._show_buttons()

    def _on_labelled(self, count: int) -> None:
        told = f"{count} labels were added." if count else "These labels are there already."
        self.said.emit(told, "good" if count else "info")
        self._read()

    def _ask_review(self) -> None:
        row = self.table.currentRow()
        if self.found is not None and 0 <= row < len(self.found.rows):
            chosen = self.found.rows[row]
            self.jump_asked.emit(chosen.path, chosen.first_s)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on a recording", "Use it, or not"), ("Enter on a recording", "Open it in the review"))


def _is_new(name: str, found: Applying) -> bool:
    return name.startswith("decided-") and found.schemes[0][0].name == name and not found.schemes[0][0].sha256
