"""The selected mark: what it says, from when to when, how sure, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import CANNOT_TELL, Tier
from app.console.annotate.lane_words import describe, lineage
from app.console.parts import Card, Line, Tinted

TYPING_MS = 600
NOT_SAID = -0.05


class _Seconds(QDoubleSpinBox):
    """Seconds to the millisecond; the wheel scrolls the page, not the number."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()


class MarkPanel(Card):
    """Shows one mark. `changed(id, fields)`: what was changed; `asked(command)`: a button was pressed."""

    changed = Signal(str, object)
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__("Selected mark")
        self.mark: Mark | None = None
        self._tier: Tier | None = None
        self._is_filling = False
        self._zero_s = 0.0
        self.words = Line("", "text", wrap=True)
        self.label = QComboBox()
        self.label.setAccessibleName("Label of the mark")
        self.label.activated.connect(lambda _: self._tell("label", self.label.currentData()))
        self.start, self.end, self.confidence = _Seconds(), _Seconds(), _Seconds()
        for field, name in ((self.start, "Start"), (self.end, "End")):
            field.setDecimals(3)
            field.setRange(-1e6, 1e6)
            field.setSuffix(" s")
            field.setAccessibleName(f"{name} of the mark in seconds")
            field.setKeyboardTracking(False)
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.start.valueChanged.connect(lambda value: self._tell_time("start_ns", value))
        self.end.valueChanged.connect(lambda value: self._tell_time("end_ns", value))
        self.confidence.setRange(NOT_SAID, 1.0)
        self.confidence.setSingleStep(0.05)
        self.confidence.setSpecialValueText("not said")
        self.confidence.setAccessibleName("How sure, 0 to 1")
        self.confidence.setKeyboardTracking(False)
        self.confidence.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.confidence.valueChanged.connect(
            lambda value: self._tell("confidence", None if value < -1e-6 else max(0.0, round(value, 3)))
        )
        self.channels = QToolButton()
        self.channels.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.channels.setAccessibleName("Channels of the mark")
        self._menu = QMenu(self.channels)
        self.channels.setMenu(self._menu)
        self.note = QPlainTextEdit()
        self.note.setAccessibleName("Note on the mark")
        self.note.setPlaceholderText("Note")
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(self.note.fontMetrics().height() * 2 + 14)
        self.note.textChanged.connect(self._on_typed)
        self.note.installEventFilter(self)
        self._wait = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._wait.timeout.connect(self.commit)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Label", self.label),
            ("Start", self.start),
            ("End", self.end),
            ("Sure", self.confidence),
            ("Channels", self.channels),
            ("Note", self.note),
        )
        for text, widget in rows:
            self.form.addRow(text, widget)
        self.values: dict[str, _Seconds] = {}
        self.origin = Line("", "muted", wrap=True)
        self.buttons: dict[str, Tinted] = {}
        row = QHBoxLayout()
        for name, text in (
            ("confirm", "Confirm (Enter)"),
            ("accept", "Accept (A)"),
            ("reject", "Reject (R)"),
            ("ask", "Ask the curator (C)"),
            ("delete", "Delete"),
        ):
            button = Tinted(text, "", partial(self.asked.emit, name))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.body.addWidget(self.words)
        self.body.addLayout(self.form)
        self.body.addWidget(self.origin)
        self.body.addLayout(row)
        self.show_mark(None, None)

    def set_channels(self, names: Sequence[str]) -> None:
        """Offer these channels."""
        self._menu.clear()
        for name in names:
            action = self._menu.addAction(name)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False: self._tell("channels", self._chosen()))

    def _chosen(self) -> tuple[str, ...]:
        return tuple(action.text() for action in self._menu.actions() if action.isChecked())

    def show_mark(
        self,
        tier: Tier | None,
        mark: Mark | None,
        zero_s: float = 0.0,
        own: bool = True,
        who: str = "",
        names: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> None:
        """Show a mark of a tier, None for none; marks of others can only be read."""
        if self.mark is not None and (mark is None or mark.id != self.mark.id):
            self.commit()
        same = mark is not None and self.mark is not None and mark.id == self.mark.id
        self.mark, self._tier, self._zero_s = mark, tier, zero_s
        self._is_filling = True
        can_edit = own and not read_only and mark is not None
        is_timed = mark is not None and mark.start_ns is not None
        self.heading.setText("Selected mark" if mark is None or own else "A mark of somebody else")
        for field in (self.label, self.start, self.end, self.confidence, self.channels, self.note):
            self.form.setRowVisible(field, can_edit)
        for number in self.values.values():
            self.form.setRowVisible(number, can_edit)
        if mark is None or tier is None:
            self.words.setText("Nothing is selected.")
            self.words.set_colour("muted")
            self.words.show()
        elif not can_edit:
            self.words.setText(describe(tier, mark, zero_s, who, names))
            self.words.set_colour("text")
            self.words.show()
        else:
            self.words.hide()
            self._fill(tier, mark, is_timed, keep_note=same and self._wait.isActive())
        is_model = mark is not None and mark.kind == "model"
        self.buttons["confirm"].setVisible(can_edit and mark is not None and mark.to_confirm)
        self.buttons["accept"].setVisible(is_model and not read_only)
        self.buttons["reject"].setVisible(is_model and not read_only)
        self.buttons["ask"].setVisible(can_edit)
        self.buttons["delete"].setVisible(can_edit)
        came = lineage(mark, names or {}) if mark is not None and can_edit else ""
        told = [came[:1].upper() + came[1:]] if came else []
        if can_edit and mark is not None and mark.model_seen and not came:
            told.append("Made with a model in sight: not counted as gold.")
        if can_edit and mark is not None and mark.asks:
            told.append(f"Asked the curator: {mark.asks}")
        self.origin.setText("\n".join(told))
        self.origin.setVisible(bool(told))
        self._is_filling = False

    def _offer_values(self, tier: Tier) -> None:
        """Have one field for each number that a mark of the tier may bear: intensity, for instance."""
        wanted = {each.name: each for each in tier.dimensions}
        for name in [name for name in self.values if name not in wanted]:
            self.form.removeRow(self.values.pop(name))
        for name, each in wanted.items():
            if name not in self.values:
                field = self.values[name] = _Seconds()
                field.setKeyboardTracking(False)
                field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                field.valueChanged.connect(partial(self._tell_value, name))
                self.form.insertRow(self.form.rowCount() - 1, name.capitalize(), field)
            step = each.step or (each.high - each.low) / 100
            self.values[name].setDecimals(0 if step == round(step) else 2)
            self.values[name].setRange(each.low - step, each.high)
            self.values[name].setSingleStep(step)
            self.values[name].setSpecialValueText("not said")
            ends = " to ".join(end for end in (each.low_text, each.high_text) if end)
            told = f"{name.capitalize()}, {each.low:g} to {each.high:g}{f': {ends}' if ends else ''}"
            self.values[name].setAccessibleName(told)
            self.values[name].setToolTip(told)

    def _tell_value(self, name: str, number: float) -> None:
        mark, field = self.mark, self.values[name]
        if mark is None or self._is_filling:
            return
        said = number > field.minimum() + 1e-9
        value = {known: answer for known, answer in mark.value.items() if known != name}
        if said:
            value[name] = round(number, 6)
        if value != dict(mark.value):
            self._emit({"value": value})

    def _fill(self, tier: Tier, mark: Mark, is_timed: bool, keep_note: bool) -> None:
        self.label.clear()
        for label in tier.labels:
            self.label.addItem(label.name, label.id)
        if tier.cannot_tell:
            self.label.addItem("cannot tell", CANNOT_TELL)
        if not mark.label:
            self.label.insertItem(0, "no label", "")
        self.label.setCurrentIndex(max(0, self.label.findData(mark.label)))
        self.form.setRowVisible(self.label, bool(tier.labels))
        self.form.setRowVisible(self.start, is_timed)
        self.form.setRowVisible(self.end, is_timed and tier.kind == "segment")
        self.form.setRowVisible(self.channels, tier.channels)
        if mark.start_ns is not None and mark.end_ns is not None:
            self.start.setValue(mark.start_ns / NS - self._zero_s)
            self.end.setValue(mark.end_ns / NS - self._zero_s)
        self._offer_values(tier)
        for name, number in self.values.items():
            known = mark.value.get(name)
            number.setValue(number.minimum() if known is None else float(known))
        self.confidence.setValue(NOT_SAID if mark.confidence is None else mark.confidence)
        for action in self._menu.actions():
            action.setChecked(action.text() in mark.channels)
        self.channels.setText(", ".join(mark.channels) or "all")
        if not keep_note and self.note.toPlainText() != mark.note:
            self.note.setPlainText(mark.note)

    def commit(self) -> None:
        """Keep what is being typed: a number, or a note."""
        for field in (self.start, self.end, self.confidence, *self.values.values()):
            if field.hasFocus():
                field.interpretText()
        waits = self._wait.isActive()
        self._wait.stop()
        if waits and self.mark is not None and self.note.toPlainText() != self.mark.note:
            self.changed.emit(self.mark.id, {"note": self.note.toPlainText()})

    def _on_typed(self) -> None:
        if not self._is_filling:
            self._wait.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep a note when its field is left."""
        if event.type() == QEvent.Type.FocusOut:
            self.commit()
        return False

    def _tell_time(self, name: str, value_s: float) -> None:
        if self.mark is None or self._tier is None:
            return
        at_ns = round((value_s + self._zero_s) * NS)
        known = getattr(self.mark, name)
        # A field holds milliseconds: what it shows anyway is no change.
        if known is not None and abs(known - at_ns) < NS // 2000:
            return
        fields = {name: at_ns}
        if self._tier.kind == "point":
            fields["end_ns"] = at_ns
        self._emit(fields)

    def _tell(self, name: str, value: Any) -> None:
        if self.mark is not None and getattr(self.mark, name) != value:
            self._emit({name: value})

    def _emit(self, fields: dict[str, Any]) -> None:
        if not self._is_filling and self.mark is not None:
            self.changed.emit(self.mark.id, fields)
