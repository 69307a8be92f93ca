"""What is asked: the questions of a tier with their answers, or its labels, large and calm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget
from superqt import QFlowLayout

from analysis.labels.scheme import CANNOT_TELL, Label, Question, Scheme, Tier
from app.console import preferences, theme
from app.console.annotate.lane_colours import label_colours
from app.console.annotate.question_parts import Chip, ScaleRow, key_of, label_of_key, value_of_digit
from app.console.parts import Heading, Line, Tinted

TYPING_MS = 600
READ = "instructions_read"
_KINDS = {
    "segment": "Drag in its lane, hold a key while it plays, or Enter for begin and end.",
    "point": "A key puts a point at the cursor; so does a double click in its lane.",
    "trace1d": "Followed with the mouse or the arrow keys while it plays.",
    "trace2d": "Followed with the mouse while it plays.",
}


class QuestionBox(QFrame):
    """One question with its answer. `answered(value)`: None where the annotator cannot tell."""

    answered = Signal(object)
    touched = Signal()

    def __init__(self, question: Question, cannot_tell: bool) -> None:
        super().__init__()
        self.question = question
        self.is_in_hand = False
        self.value: Any = None
        self.is_answered = False
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(6)
        self.title = Heading(question.text, 1.05)
        self.title.setWordWrap(True)
        self.state = Line("", "muted")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        column.addLayout(head)
        self.scale: ScaleRow | None = None
        self.chips: dict[object, Chip] = {}
        self.text: QPlainTextEdit | None = None
        row = flow()
        if question.kind == "scale":
            self.scale = ScaleRow(question)
            self.scale.chosen.connect(self.answered.emit)
            column.addWidget(self.scale)
        elif question.kind == "choice":
            inks = label_colours(question.labels, theme.current())
            for place, label in enumerate(question.labels):
                chip = self._chip(label.name, key_of(question.labels, place), label.id, inks[place], place)
                chip.setToolTip(told_of(label))
                row.addWidget(chip)
        else:
            self.text = QPlainTextEdit()
            self.text.setAccessibleName(question.text)
            self.text.setTabChangesFocus(True)
            self.text.setFixedHeight(self.text.fontMetrics().height() * 3 + 12)
            self.text.textChanged.connect(self._on_typed)
            self.text.installEventFilter(self)
            column.addWidget(self.text)
        if cannot_tell and question.kind != "text":
            chip = self._chip("cannot tell", "0", None)
            head.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.state)
        self._wait = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._wait.timeout.connect(self.commit)
        self.show_answer({})

    def _chip(self, name: str, key: str, value: object, ink: QColor | None = None, place: int = -1) -> Chip:
        chip = Chip(name, key, ink, place)
        chip.clicked.connect(partial(self.answered.emit, value))
        self.chips[value] = chip
        return chip

    def show_answer(self, answers: Mapping[str, Any], to_confirm: bool = False) -> None:
        """Show the answer among these; what is being typed stays."""
        self.is_answered = self.question.id in answers
        self.value = answers.get(self.question.id)
        if self.scale is not None:
            self.scale.set_value(self.value)
        for value, chip in self.chips.items():
            chip.setChecked(self.is_answered and value == self.value)
        if self.text is not None and not self._wait.isActive():
            wanted = str(self.value or "")
            if wanted != self.text.toPlainText():
                self.text.blockSignals(True)
                self.text.setPlainText(wanted)
                self.text.blockSignals(False)
        needed = "" if self.question.required else "may be left open"
        carried = "carried over, to confirm: Enter" if to_confirm else ""
        self.state.setText(carried if self.is_answered else needed)
        self.state.setVisible(bool(self.state.text()))

    def set_in_hand(self, is_in_hand: bool) -> None:
        """Show that keys answer this question."""
        if is_in_hand != self.is_in_hand:
            self.is_in_hand = is_in_hand
            self.setAccessibleDescription("in hand" if is_in_hand else "")
            self.update()

    def take_key(self, key: str, cannot_tell: bool) -> bool:
        """Answer by a digit or a letter; False where it means nothing here."""
        if key == "0" and cannot_tell and self.question.kind != "text":
            self.answered.emit(None)
            return True
        if self.question.kind == "choice":
            label = label_of_key(self.question.labels, key)
            if label is not None:
                self.answered.emit(label.id)
            return label is not None
        if self.question.kind == "scale" and key.isdigit() and key != "0":
            assert self.question.scale is not None
            value = value_of_digit(self.question.scale, int(key))
            if value is not None:
                self.answered.emit(value)
            return value is not None
        return False

    def commit(self) -> None:
        """Keep what was typed now."""
        self._wait.stop()
        if self.text is not None and self.text.toPlainText() != str(self.value or ""):
            self.answered.emit(self.text.toPlainText())

    def _on_typed(self) -> None:
        self.touched.emit()
        self._wait.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep a text when its field is left, and take the question in hand when it is entered."""
        if event.type() == QEvent.Type.FocusOut:
            self.commit()
        elif event.type() == QEvent.Type.FocusIn:
            self.touched.emit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a calm box; the question in hand has a thick edge and a frame."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colours.raised))
        painter.setPen(QPen(QColor(colours.accent if self.is_in_hand else colours.border), 1))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if self.is_in_hand:
            painter.fillRect(0, 6, 4, self.height() - 12, QColor(colours.accent))


def flow() -> QFlowLayout:
    """Return a row of chips that goes on in the next line."""
    row = QFlowLayout()
    row.setHorizontalSpacing(6)
    row.setVerticalSpacing(6)
    return row


def told_of(label: Label) -> str:
    """Return a label's definition and example for a tool tip."""
    example = f"Example: {label.example}" if label.example else ""
    return "\n".join(part for part in (label.name, label.definition, example) if part)


class QuestionPanel(QScrollArea):
    """The active tier of a scheme: its questions, or its labels.

    `answered(tier, question, value)`; `labelled(tier, label)`: a label's chip was clicked;
    `tier_chosen(name)`; `trace_asked(tier)`: begin or repeat a trace.
    """

    answered = Signal(str, str, object)
    labelled = Signal(str, str)
    tier_chosen = Signal(str)
    trace_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Question")
        self.scheme: Scheme | None = None
        self.tier: Tier | None = None
        self.boxes: list[QuestionBox] = []
        self.labels: dict[str, Chip] = {}
        self.tier_chips: dict[str, Chip] = {}
        self.in_hand = 0
        self.trace_button: Tinted | None = None
        self.instructions: Line | None = None
        self.more: Chip | None = None

    # What is shown

    def show_tier(self, scheme: Scheme | None, tier: str, answers: Mapping[str, Any]) -> None:
        """Show the questions or labels of a tier with the answers so far; no scheme: nothing."""
        self.commit()
        self.scheme = scheme
        self.tier = scheme.tier(tier) if scheme is not None else None
        self.boxes, self.labels, self.tier_chips, self.trace_button = [], {}, {}, None
        self.instructions, self.more = None, None
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(4, 4, 8, 4)
        column.setSpacing(8)
        if scheme is not None and self.tier is not None:
            self._fill(column, scheme, self.tier)
        column.addStretch(1)
        old = self.takeWidget()
        self.setWidget(inner)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.show_answers(answers)
        self.take_next(0)

    def _fill(self, column: QVBoxLayout, scheme: Scheme, tier: Tier) -> None:
        question = Heading(scheme.question or scheme.title, 1.25)
        question.setWordWrap(True)
        column.addWidget(question)
        if scheme.instructions:
            self.instructions = Line(scheme.instructions, "muted", wrap=True)
            self.instructions.setVisible(scheme.id not in preferences.get(READ, []))
            self.more = Chip("Instructions", "")
            self.more.setChecked(not self.instructions.isHidden())
            self.more.clicked.connect(self._on_more)
            column.addWidget(self.more)
            column.addWidget(self.instructions)
        if len(scheme.tiers) > 1:
            row = flow()
            for one in scheme.tiers:
                chip = Chip(one.title, "")
                chip.setChecked(one is tier)
                chip.clicked.connect(partial(self.tier_chosen.emit, one.name))
                row.addWidget(chip)
                self.tier_chips[one.name] = chip
            column.addLayout(row)
        if tier.kind == "trial":
            for asked in tier.questions:
                box = QuestionBox(asked, tier.cannot_tell)
                box.answered.connect(partial(self._on_answered, tier.name, asked.id))
                box.touched.connect(partial(self._take_box, box))
                self.boxes.append(box)
                column.addWidget(box)
            return
        column.addWidget(Line(_KINDS[tier.kind], "muted", wrap=True))
        if tier.kind in ("trace1d", "trace2d"):
            self.trace_button = Tinted("Trace…", "record", partial(self.trace_asked.emit, tier.name))
            column.addWidget(self.trace_button)
            return
        row = flow()
        inks = label_colours(tier.labels, theme.current())
        for place, label in enumerate(tier.labels):
            chip = Chip(label.name, key_of(tier.labels, place), inks[place], place)
            chip.setToolTip(told_of(label))
            self._add_label(row, chip, tier, label.id)
        if tier.cannot_tell:
            self._add_label(row, Chip("cannot tell", "0"), tier, CANNOT_TELL)
        column.addLayout(row)

    def _on_more(self) -> None:
        """Show the instructions, or put them away for the items to come."""
        if self.instructions is not None and self.scheme is not None:
            self.put_away(self.instructions.isVisible())

    def put_away(self, away: bool = True) -> None:
        """Remember that the instructions of this scheme were read; False: show them again."""
        if self.instructions is None or self.more is None or self.scheme is None:
            return
        self.instructions.setVisible(not away)
        self.more.setChecked(not away)
        read = [name for name in preferences.get(READ, []) if name != self.scheme.id]
        preferences.put(READ, [*read, self.scheme.id] if away else read)

    def _add_label(self, row: QFlowLayout, chip: Chip, tier: Tier, label: str) -> None:
        chip.clicked.connect(partial(self.labelled.emit, tier.name, label))
        row.addWidget(chip)
        self.labels[label] = chip

    def show_answers(self, answers: Mapping[str, Any], to_confirm: bool = False) -> None:
        """Show other answers to the same questions; `to_confirm`: they were carried over."""
        for box in self.boxes:
            box.show_answer(answers, to_confirm)

    def show_label(self, label: str) -> None:
        """Show which label the next mark gets, or the selected one has."""
        for name, chip in self.labels.items():
            chip.setChecked(name == label)

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be answered."""
        inner = self.widget()
        if inner is not None:
            inner.setEnabled(not read_only)

    # The question in hand

    @property
    def question(self) -> Question | None:
        """The question that keys answer."""
        return self.boxes[self.in_hand].question if self.boxes else None

    def take(self, place: int) -> bool:
        """Take a question in hand; False beyond the first or last."""
        if not 0 <= place < len(self.boxes):
            return False
        self.in_hand = place
        for number, box in enumerate(self.boxes):
            box.set_in_hand(number == place)
        self.ensureWidgetVisible(self.boxes[place], 0, 24)
        return True

    def take_question(self, question: str) -> None:
        """Take a question in hand by its id."""
        for place, box in enumerate(self.boxes):
            if box.question.id == question:
                self.take(place)

    def take_next(self, place: int) -> None:
        """Take the first question from `place` on that has no answer, else the first of all without one.

        Where everything is answered the question in hand stays.
        """
        order = [*range(place, len(self.boxes)), *range(min(place, len(self.boxes)))]
        opened = [number for number in order if not self.boxes[number].is_answered]
        needed = [number for number in opened if self.boxes[number].question.required]
        chosen = needed or opened
        self.take(chosen[0] if chosen else min(self.in_hand, max(0, len(self.boxes) - 1)))

    def take_key(self, key: str) -> bool:
        """Answer the question in hand by a key and go on; False where the key means nothing here."""
        if self.tier is None or not self.boxes:
            return False
        return self.boxes[self.in_hand].take_key(key, self.tier.cannot_tell)

    def commit(self) -> None:
        """Keep texts that are being typed."""
        for box in self.boxes:
            box.commit()

    def missing(self, answers: Mapping[str, Any]) -> Sequence[Question]:
        """Return the required questions of the tier without an answer."""
        tier = self.tier
        return [q for q in tier.questions if q.required and q.id not in answers] if tier is not None else []

    def _on_answered(self, tier: str, question: str, value: object) -> None:
        place = next(n for n, box in enumerate(self.boxes) if box.question.id == question)
        self.answered.emit(tier, question, value)
        if place < len(self.boxes) and self.boxes[place].question.kind != "text":
            self.take_next(place + 1)

    def _take_box(self, box: QuestionBox) -> None:
        if box in self.boxes:
            self.take(self.boxes.index(box))
