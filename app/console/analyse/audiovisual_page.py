"""The step Audio-visual: what was said in clips, what each gives a recognizer, and why it decides so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.corpus.texts import Utterance
from app.analysing.applying import Kept
from app.analysing.html_page import Table
from app.analysing.transcripts import Stretch, bring_in, store_transcript, transcript_of, with_text
from app.console.analyse.audiovisual_work import (
    PAPER,
    Clip,
    Clips,
    Decided,
    Given,
    decide_on,
    look_at,
    read_clips,
)
from app.console.analyse.coverage_work import counted
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_strips import Strips
from app.console.analyse.draw_table import TableView
from app.console.analyse.run_process import Starter
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo
from app.console.parts import Card, Heading, Line, Primary, Tinted, quiet
from app.console.plain_table import plain_table
from stimuli.problems import EvokeError

HEADS = ("Participant", "Trial", "Stimulus", "Text")
NOTHING = "There is no trial that recognizers may learn from. Record or import sessions first."
PRIVATE = (
    "What was said stays in this study: in no export, no report and no log. A withdrawal erases it with the "
    "recording."
)
NO_MODEL = (
    "No recognizer of this kind is kept yet. Choose mer-sem-mbt in Experiment, run it, then choose Apply and "
    "“Train on all and keep”."
)
NO_TABLES = "No ablation was made in this study yet. “Make ablations” does it; it takes a while."
CHOOSE = "Choose a clip at the left."
WHOLE = "The whole trial"


@dataclass(frozen=True, slots=True)
class Opened:
    """The text in the editor as it was read: whose clip, which stretch of it (None: the whole trial)."""

    clip: Clip
    span: Stretch | None
    known: str


class AudiovisualPage(WaitingStep):
    """Transcripts of clips, their pictures and patches, decisions and ablations."""

    unreadable = "The recordings cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Audio-visual", "Clips", NOTHING, parent)
        self.found: Clips | None = None
        self.shown: Clip | None = None
        self.utterances: tuple[Utterance, ...] = ()
        self.opened: Opened | None = None
        self.starter = Starter(self)
        self.starter.ended.connect(self._on_made)
        self.starter.failed.connect(lambda text: self.trouble.say(text, "alarm"))
        self.bring = Tinted("Import texts…", "import", self._ask_table)
        self.bring.setToolTip(
            "A table with recording, trial (counted from 0) and text; start_s and end_s may be there"
        )
        self.make_button = Primary("Make ablations", "start", self.make)
        self._lay_out((self.bring, self.make_button), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter()
        split.setChildrenCollapsible(False)
        left = Card()
        self.table = plain_table("Clips", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.currentCellChanged.connect(lambda *_: self._show_clip())
        quiet(self.table)
        left.body.addWidget(self.table, 1)
        split.addWidget(left)
        right = Card()
        self.title = Heading("", 1.05)
        right.body.addWidget(self.title)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Text, what it gives, decisions, ablations")
        for widget, name in (
            (self._transcript(), "Transcript"),
            (self._gives(), "What it gives"),
            (self._decides(), "Decisions"),
            (self._ablations(), "Ablations"),
        ):
            self.tabs.addTab(widget, name)
        self.tabs.currentChanged.connect(lambda _: self._compute())
        right.body.addWidget(self.tabs, 1)
        split.addWidget(right)
        split.setStretchFactor(1, 4)
        split.setSizes([320, 780])
        return split

    def _transcript(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        row = QHBoxLayout()
        self.which: QComboBox = combo("Which part of the trial", 20)
        self.which.activated.connect(lambda _: self._choose_stretch())
        self.save = Tinted("Save text", "save", self.save_text)
        row.addWidget(self.which, 1)
        row.addWidget(self.save)
        column.addLayout(row)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Type what is said")
        self.text.setAccessibleName("What is said")
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._show_buttons)
        column.addWidget(self.text, 1)
        column.addWidget(Line(PRIVATE, "muted", True))
        return page

    def _gives(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        self.gives = Line("", "muted", True)
        self.strips = Strips("Faces and patches")
        self.windows = TableView("Windows")
        self.windows.said.connect(self.said)
        column.addWidget(self.gives)
        column.addWidget(_scrolled(self.strips))
        column.addWidget(self.windows, 1)
        return page

    def _decides(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        self.model: QComboBox = combo("Recognizer", 30)
        self.model.activated.connect(lambda _: self._compute())
        column.addWidget(self.model)
        self.decisions = FigureView("Decisions")
        self.decisions.said.connect(self.said)
        column.addWidget(self.decisions, 2)
        self.looked = Line("", "muted", True)
        self.maps = Strips("Where the text looked")
        column.addWidget(self.looked)
        column.addWidget(_scrolled(self.maps), 1)
        return page

    def _ablations(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        self.made: QComboBox = combo("Table", 30)
        self.made.activated.connect(lambda _: self._show_made())
        self.ablation = TableView("Ablations")
        self.ablation.said.connect(self.said)
        column.addWidget(self.made)
        column.addWidget(self.ablation, 1)
        return page

    def _forget(self) -> None:
        self._keep_text()
        self.found, self.shown, self.opened = None, None, None

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: read_clips(study, told), self._on_found, "Reading the clips…")
            self._show_buttons()

    def _on_found(self, found: Clips) -> None:
        self.found = found
        with_texts = sum(clip.texts > 0 for clip in found.clips)
        told = f"{len(found.clips)} clips, {with_texts or 'none'} with a text"
        self.summary.set_whole(told if found.clips else "")
        self._fill()
        models: list[tuple[str, object]] = [(each.code, each) for each in found.models]
        fill_combo(self.model, models, self.model.currentData())
        tables: list[tuple[str, object]] = [(each.name, each) for each in found.tables]
        fill_combo(self.made, tables, None)
        self._show_made()
        self.empty.setText(NOTHING)
        self.stack.setCurrentIndex(1 if found.clips else 0)
        self._show_clip()
        self._show_buttons()

    def _fill(self) -> None:
        assert self.found is not None
        chosen = None if self.shown is None else self.shown.key
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.found.clips))
        for row, clip in enumerate(self.found.clips):
            trial = clip.trial
            told = "not agreed to" if clip.refused else "yes" if clip.texts else "no"
            for column, words in enumerate(
                (trial.participant, str(trial.index + 1), trial.stimulus or trial.category, told)
            ):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(row, column, item)
        keys = self._keys
        if keys:
            self.table.setCurrentCell(keys.index(chosen) if chosen in keys else 0, 0)
        self.table.blockSignals(False)

    def _show_clip(self) -> None:
        row = self.table.currentRow()
        if self.found is None or not 0 <= row < len(self.found.clips) or self.study is None:
            return
        clip = self.found.clips[row]
        if self.opened is not None and self.opened.clip.key not in self._keys:
            # Whoever withdrew takes along what was typed and not saved.
            self.opened = None
        is_same = self.opened is not None and self.opened.clip.key == clip.key
        was_changed = self._is_changed
        if was_changed and not is_same and not self._keep_text():
            self._stay()
            return
        self.shown = clip
        seconds = clip.trial.stop_s - clip.trial.start_s
        self.title.setText(f"{clip.trial.participant}, trial {clip.trial.index + 1}, {seconds:.1f} s")
        try:
            every = transcript_of(self.study, clip.trial.recording)
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            every = ()
        self.utterances = tuple(each for each in every if each.trial == clip.trial.index)
        spans: list[tuple[str, object]] = [(WHOLE, None)]
        stretches = [span for each in self.utterances if (span := _span(each)) is not None]
        has_whole = any(each.start_s is None for each in self.utterances)
        chosen = stretches[0] if stretches and not has_whole else None
        if is_same and self.opened is not None and (was_changed or self.opened.span in stretches):
            chosen = self.opened.span
            if chosen is not None and chosen not in stretches:
                stretches.append(chosen)
        spans += [(f"{start_s:.1f} to {end_s:.1f} s", (start_s, end_s)) for start_s, end_s in stretches]
        fill_combo(self.which, spans, chosen)
        self._show_text()
        if was_changed and not is_same:
            # The table, and the recognizer's inputs, are to know the text that was just kept.
            self._read()
        else:
            self._compute()

    @property
    def _keys(self) -> list[tuple[str, int]]:
        return [] if self.found is None else [clip.key for clip in self.found.clips]

    def _stay(self) -> None:
        """Go back to the clip and stretch whose text could not be kept: it is still in the editor."""
        assert self.opened is not None
        self.table.blockSignals(True)
        self.table.setCurrentCell(self._keys.index(self.opened.clip.key), 0)
        self.table.blockSignals(False)
        spans = [self.which.itemData(place) for place in range(self.which.count())]
        self.which.setCurrentIndex(spans.index(self.opened.span))

    def _choose_stretch(self) -> None:
        """Show another stretch's text; what was typed for the one before is kept first."""
        if self._is_changed:
            if not self._keep_text():
                self._stay()
                return
            self._read()
        self._show_text()

    def _show_text(self) -> None:
        if self.shown is None:
            return
        span = self.which.currentData()
        known = next((each.text for each in self.utterances if _span(each) == span), "")
        before, was_changed = self.opened, self._is_changed
        self.opened = Opened(self.shown, span, known)
        is_same = before is not None and (before.clip.key, before.span) == (self.shown.key, span)
        if not (is_same and was_changed) or self.shown.refused:
            self.text.setPlainText(known)
        self.text.setReadOnly(self.shown.refused)
        self._show_buttons()

    @property
    def _is_changed(self) -> bool:
        if self.opened is None or self.opened.clip.refused:
            return False
        return " ".join(self.text.toPlainText().split()) != self.opened.known

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy
        has_clips = self.found is not None and bool(self.found.clips)
        self.bring.setEnabled(idle and has_clips)
        self.save.setEnabled(idle and self._is_changed)
        self.make_button.setEnabled(has_clips and not self.starter.running)
        self.make_button.setText("Being made…" if self.starter.running else "Make ablations")

    def save_text(self) -> None:
        """Keep what was typed for the chosen clip."""
        if self._is_changed and self._keep_text():
            self._read()

    def _keep_text(self) -> bool:
        """Keep what was typed for the clip and stretch that the editor shows; False where it cannot be."""
        if not self._is_changed or self.study is None or self.found is None or self.opened is None:
            return True
        trial, text = self.opened.clip.trial, " ".join(self.text.toPlainText().split())
        try:
            every = transcript_of(self.study, trial.recording)
            changed = with_text(every, trial.index, text, self.opened.span)
            store_transcript(self.study, self.found.corpus, trial.recording, changed)
        except EvokeError as error:
            self.trouble.say(f"{error} What was typed is still there: copy it, or undo it.", "alarm")
            return False
        self.opened = replace(self.opened, known=text)
        self.utterances = tuple(each for each in changed if each.trial == trial.index)
        self.said.emit("Text saved.", "good")
        return True

    def _ask_table(self) -> None:
        dialog = QFileDialog(self, "Table of texts", "", "Tables (*.csv)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.import_texts)
        dialog.open()

    def import_texts(self, name: str) -> None:
        """Bring a table of texts in."""
        if self.study is None or self.found is None:
            return
        if not self._keep_text():
            return
        try:
            done = bring_in(self.study, self.found.corpus, Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            return
        count = sum(each.utterances for each in done)
        left = sum(len(each.left_out) for each in done)
        self.said.emit(
            f"{counted(count, 'text')} of {counted(len(done), 'recording')} brought in"
            f"{f', {left} left out' if left else ''}.",
            "good" if not left else "warning",
        )
        self._read()

    def _compute(self) -> None:
        """Compute what the tab in front shows of the chosen clip."""
        study, found, shown = self.study, self.found, self.shown
        if study is None or found is None or shown is None:
            return
        trial, tab = shown.trial, self.tabs.tabText(self.tabs.currentIndex())
        if tab == "What it gives":
            self.waiting.run(lambda told: look_at(study, found.corpus, trial, told), self._on_given)
        elif tab == "Decisions":
            model = self.model.currentData()
            if isinstance(model, Kept):
                self.waiting.run(
                    lambda told: decide_on(study, found.corpus, model, trial, told), self._on_decided
                )
            else:
                self.decisions.show_figure(None, NO_MODEL)
                self.looked.setText("")
                self.maps.show_strips(())
        self.model.setVisible(bool(found.models))

    def _on_given(self, given: Given) -> None:
        self.gives.setText(given.words)
        self.strips.show_strips(given.strips)
        self.windows.show_table(given.table if given.table.rows else None)

    def _on_decided(self, decided: Decided) -> None:
        self.decisions.show_figure(decided.shown)
        has_maps = any(strip.over is not None for strip in decided.strips)
        self.looked.setText("Where the text looked: the stronger the veil, the more." if has_maps else "")
        self.maps.show_strips(decided.strips)

    def _show_made(self) -> None:
        table = self.made.currentData()
        self.made.setVisible(isinstance(table, Table))
        self.ablation.show_table(table if isinstance(table, Table) else None, "" if table else NO_TABLES)

    def make(self) -> None:
        """Make the ablation tables of this study, in a process of its own."""
        if self.study is None:
            return
        folder = str(self.study.folder)
        try:
            self.starter.start(["reproduce", PAPER, folder, "--study", folder])
        except OSError as error:
            self.trouble.say(f"The process could not be started: {error}.", "alarm")
            return
        self.trouble.say("")
        self._show_buttons()

    def _on_made(self) -> None:
        self.said.emit("Ablations were made.", "good")
        self._read()

    def _on_stayed(self) -> None:
        """What was found stays as it is."""

    def closing(self) -> None:
        """Keep what was typed and give up reading; what is being made goes on."""
        self._keep_text()
        self.starter.leave()
        super().closing()

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep what was typed when another step or page is shown."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._keep_text()

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Up, Down in the clips", "Another clip"),)


def _span(each: Utterance) -> Stretch | None:
    return None if each.start_s is None or each.end_s is None else (each.start_s, each.end_s)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(widget)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setAccessibleName(f"{widget.accessibleName()}, scrolled")
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)
    area.setMinimumHeight(250)
    return area
