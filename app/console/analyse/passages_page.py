"""The step Passages: WiFi recordings, what the detector found in them, labels by one key, and training."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QWidget,
)

from analysis.corpus.corpus import Corpus, Recording
from analysis.csi.chain import SUBCARRIERS, TOP, ChainSpec
from analysis.labels.scheme import Scheme
from app.analysing.passages import (
    Followed,
    counted,
    followed,
    known_classes,
    label,
    labelled_recordings,
    recordings_of,
    scheme_for,
    split_for,
    target_of_labels,
    write_events,
)
from app.analysing.passages_figures import ranking, segment
from app.annotation.annotators import annotators
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.known import material_of
from app.console.analyse.passages_view import PassagesView
from app.console.analyse.step_page import WaitingStep
from app.console.analyse.waiting import Told
from app.console.choices import combo, fill_combo, named
from app.console.parts import Card, Line, Primary, Tick, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.saving import TABLES, ask_where
from app.study import Study
from stimuli.problems import EvokeError

NOTHING = (
    "No recording of this study holds WiFi channel state. Import the logs of two ESP32 nodes with "
    "Import… (WiFi "
    "CSI), or evoke import csi FOLDER --study DIR."
)
HEADS = ("No.", "From, s", "Long, s", "Class")
FIRST_ANNOTATOR = "rater-1"
LIVE_WORDS = "A log that is still growing is not followed here: import it when it is complete."
SELECTS = (("the best by SNR", "top"), ("all, by their SNR", "weighted"), ("all alike", "average"))
TRAINED = "lw-wadl"


class PassagesPage(WaitingStep):
    """Shows one recording at a time; the number keys label the chosen passage."""

    unreadable = "The recording cannot be read."
    start_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Passages", "Passages", NOTHING, parent)
        self.found: Followed | None = None
        self.corpus: Corpus | None = None
        self.scheme: Scheme | None = None
        self.recording: QComboBox = combo("Recording", 20)
        self.recording.activated.connect(lambda _: self._follow())
        self.save = Tinted("Save events.csv…", "save", self._ask)
        self.save.setToolTip("The labels of all recordings of this study; put it beside the logs")
        self.train = Primary("Train", "start", self._train)
        self.train.setToolTip(f"Evaluate {TRAINED} on the labelled passages, whole groups left out")
        self._lay_out((self.recording, self.save, self.train), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = Card()
        self.view = PassagesView()
        self.view.clicked.connect(self._choose)
        left.body.addWidget(self.view, 3)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Passage and subcarriers")
        self.segment = FigureView("Passage before and after rectification")
        self.ranking = FigureView("Subcarriers by signal to noise")
        for name, view in (("Passage", self.segment), ("Subcarriers", self.ranking)):
            view.said.connect(self.said)
            self.tabs.addTab(view, name)
        left.body.addWidget(self.tabs, 2)
        split.addWidget(left)
        split.addWidget(self._side())
        split.setStretchFactor(0, 4)
        split.setSizes([750, 320])
        return split

    def _side(self) -> QWidget:
        right = Card()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.select: QComboBox = combo("Subcarriers", 10)
        fill_combo(self.select, list(SELECTS), "top")
        self.select.activated.connect(lambda _: self._follow())
        self.m = QSlider(Qt.Orientation.Horizontal)
        self.m.setRange(1, SUBCARRIERS)
        self.m.setValue(TOP)
        named(self.m, "How many subcarriers are averaged")
        self.m_words = Line(str(TOP))
        self.m.valueChanged.connect(lambda value: self.m_words.setText(str(value)))
        self.m.sliderReleased.connect(self._follow)
        self.m.actionTriggered.connect(lambda _: None if self.m.isSliderDown() else self._follow_soon())
        slide = QHBoxLayout()
        slide.addWidget(self.m, 1)
        slide.addWidget(self.m_words)
        form.addRow("Subcarriers", self.select)
        form.addRow("How many", slide)
        right.body.addLayout(form)
        self.rectified = Tick("Rectified")
        self.rectified.setChecked(True)
        self.rectified.clicked.connect(lambda _: self._follow())
        self.near = Tick("Only near the chosen passage")
        self.near.clicked.connect(lambda _: self._show_chosen())
        right.body.addWidget(self.rectified)
        right.body.addWidget(self.near)
        label_form = QFormLayout()
        label_form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.classes = QLineEdit()
        named(self.classes, "Classes, parted by commas: keys 1 to 9 in this order")
        self.classes.editingFinished.connect(self._show_keys)
        self.who: QComboBox = combo("Annotator", 8)
        self.who.setEditable(True)
        self.who.activated.connect(lambda _: self._follow())
        label_form.addRow("Classes", self.classes)
        label_form.addRow("Annotator", self.who)
        right.body.addLayout(label_form)
        self.key_words = Line("", "muted", True)
        right.body.addWidget(self.key_words)
        self.table = plain_table("Passages", HEADS, len(HEADS) - 1)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.currentCellChanged.connect(lambda row, *_: self._on_row(row))
        self.table.cellActivated.connect(lambda row, _: self._jump(row))
        self.table.installEventFilter(self)
        quiet(self.table)
        right.body.addWidget(self.table, 1)
        self.notes = Line("", "muted", True)
        right.body.addWidget(self.notes)
        return right

    def _forget(self) -> None:
        self.found, self.corpus, self.scheme = None, None, None
        self.classes.clear()

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: _look(study, told), self._on_looked, "Looking for recordings…")
            self._show_buttons()

    def _on_looked(self, corpus: Corpus) -> None:
        assert self.study is not None
        self.corpus = corpus
        there = recordings_of(corpus)
        kept = self.recording.currentData()
        entries: list[tuple[str, object]] = [(each.id, each) for each in there]
        same = next((each for each in there if isinstance(kept, Recording) and each.id == kept.id), None)
        fill_combo(self.recording, entries, same)
        self.empty.setText(NOTHING)
        if not there:
            self.found = None
            self.stack.setCurrentIndex(0)
            self.summary.set_whole("")
            self._show_buttons()
            return
        if not self.classes.text():
            self.classes.setText(", ".join(known_classes(self.study, corpus)))
            self.classes.setCursorPosition(0)
        codes = [each.code for each in annotators(self.study) if each.kind == "human"] or [FIRST_ANNOTATOR]
        people: list[tuple[str, object]] = [(code, code) for code in codes]
        fill_combo(self.who, people, self.who.currentText())
        self._show_keys()
        self._follow()

    @property
    def spec(self) -> ChainSpec:
        """The chain as it is chosen."""
        return ChainSpec(self.select.currentData(), self.m.value(), self.rectified.isChecked())

    def _follow_soon(self) -> None:
        # The slider's value is set behind this signal.
        self.m.setValue(self.m.sliderPosition())
        self._follow()

    def _follow(self) -> None:
        study, corpus, recording = self.study, self.corpus, self.recording.currentData()
        if study is None or corpus is None or not isinstance(recording, Recording):
            return
        spec, who = self.spec, self.who.currentText().strip()
        self.trouble.say("")
        self.waiting.run(lambda told: followed(study, corpus, recording, spec, who), self._on_followed)
        self._show_buttons()

    def _on_followed(self, found: Followed) -> None:
        is_same = self.found is not None and self.found.recording.id == found.recording.id
        row = max(0, self.table.currentRow()) if is_same else 0
        self.found = found
        self.stack.setCurrentIndex(1)
        self.view.show_recording(found)
        self.ranking.show_figure(ranking(found))
        self.m.setEnabled(found.spec.select == "top")
        self._fill(row)
        self._show_buttons()

    def _fill(self, row: int) -> None:
        assert self.found is not None
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.found.passages))
        for place, passage in enumerate(self.found.passages):
            first, stop = (at - self.found.start_s for at in passage.trial.shown)
            texts = (str(place + 1), f"{first:.1f}", f"{stop - first:.1f}", passage.label or "–")
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(f"labelled by {passage.by}" if passage.by else "as imported")
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)
        counts = ", ".join(
            f"{count} {name or 'without a class'}" for name, count in counted(self.found.passages).items()
        )
        gaps = f" {self.found.missing_s:.1f} s are missing." if self.found.missing_s else ""
        self.notes.setText(f"{counts or 'No passage was detected'}.{gaps} {LIVE_WORDS}")
        self.summary.set_whole(f"{len(self.found.passages)} passages")
        if self.found.passages:
            self.table.setCurrentCell(min(row, len(self.found.passages) - 1), 0)
        self._show_chosen()

    def _on_row(self, row: int) -> None:
        del row
        self._show_chosen()

    def _choose(self, passage: int) -> None:
        self.table.setCurrentCell(passage, 0)
        self.table.setFocus()

    @property
    def chosen(self) -> int:
        """The passage that is chosen, -1 for none."""
        row = self.table.currentRow()
        return row if self.found is not None and row < len(self.found.passages) else -1

    def _show_chosen(self) -> None:
        chosen = self.chosen
        self.view.choose(chosen, self.near.isChecked())
        if self.found is None or chosen < 0:
            self.segment.show_figure(None, "No passage is chosen.")
        else:
            self.segment.show_figure(segment(self.found, chosen))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, each once, in the order of their keys."""
        return tuple(dict.fromkeys(filter(None, (name.strip() for name in self.classes.text().split(",")))))

    def _show_keys(self) -> None:
        told = ", ".join(f"{place} {name}" for place, name in enumerate(self.class_names[:9], start=1))
        self.key_words.setText(f"In the table press {told}." if told else "Name the classes first.")

    def eventFilter(self, watched: object, event: object) -> bool:
        """Take the number keys of the table."""
        if watched is self.table and isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            place = event.key() - int(Qt.Key.Key_1)
            if (
                0 <= place < min(9, len(self.class_names))
                and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            ):
                self.give(place)
                return True
        return False

    def give(self, place: int) -> None:
        """Give the chosen passage the class of a key, and go on to the next one."""
        if self.study is None or self.found is None or self.chosen < 0:
            return
        who, chosen = self.who.currentText().strip(), self.chosen
        trial = self.found.passages[chosen].trial
        try:
            self.scheme = scheme_for(self.study, self.class_names)
            known = self.scheme.tier("passage").questions[0].labels
            label(self.study, self.scheme, trial.recording, trial.index, known[place].id, who)
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            return
        self.trouble.say("")
        if chosen + 1 < len(self.found.passages):
            self.table.setCurrentCell(chosen + 1, 0)
        self._follow()

    def _show_buttons(self) -> None:
        self.recording.setVisible(self.recording.count() > 0)
        idle = not self.waiting.is_busy and self.found is not None
        labels = [] if self.found is None else [each.label for each in self.found.passages if each.label]
        self.save.setEnabled(idle and bool(labels))
        self.train.setEnabled(idle and bool(labels))

    def _train(self) -> None:
        assert self.study is not None and self.found is not None and self.corpus is not None
        who = self.who.currentText().strip()
        try:
            split = split_for(self.study, self.corpus, who)
            target = target_of_labels(self.study, self.corpus, self.class_names, who)
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            return
        self.trouble.say("")
        told = ["evaluate", "--study", str(self.study.folder), "--recognizer", TRAINED, "--target", target]
        self.start_asked.emit(
            [*told, "--split", split, "--k", "5", "--set", "rate=0.001", "--set", "epochs=60"]
        )

    def _jump(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.passages):
            self.jump_asked.emit(self.found.recording.path, self.found.passages[row].trial.shown[0])

    def _ask(self) -> None:
        ask_where(self, "Save the labels", TABLES, "events.csv", self.write_to)

    def write_to(self, name: str) -> None:
        """Write the labels of all recordings as the import reads them."""
        study, corpus, who = self.study, self.corpus, self.who.currentText().strip()
        assert study is not None and corpus is not None
        self.waiting.run(
            lambda told: labelled_recordings(study, corpus, who),
            lambda found: self._write(lambda path: write_events(path, found), name),
        )

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (
            ("1 to 9 in the table", "Class of the passage"),
            ("Enter on a passage", "Open it in the review"),
        )


def _look(study: Study, told: Told) -> Corpus:
    told(0, 0, "recordings")
    return material_of(study).corpus
