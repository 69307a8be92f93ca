"""The form of one device: kind, name, what its loss means, and the parameters that its kind needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.console.device_kinds import (
    BOARD_TITLES,
    DeviceKind,
    Field,
    board_fields,
    board_title,
    from_text,
    further_fields,
    kinds,
    to_text,
)
from app.console.looking import Surroundings, Thing
from app.console.parts import Line, Tick, Tinted

ON_LOSS = ("pause", "continue", "abort")
LOSS_WORDS = {
    "pause": "finish the trial, then pause",
    "continue": "go on without it",
    "abort": "end the session",
}


class DeviceForm(QWidget):
    """Shows the values of one entry of a devices file; `edited()` whenever one was changed by hand."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "devices")
        self._kinds: dict[str, DeviceKind] = {kind.source: kind for kind in kinds()}
        self._values: dict[str, Any] = {}
        self._around = Surroundings()
        self._rows: dict[str, tuple[Field, QWidget]] = {}
        self._streams: QComboBox | None = None
        self._quiet = False
        self.free_id: Callable[[str], str] = lambda wanted: wanted
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 6, 0)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(self.form)
        self.kind = _combo("Kind of device")
        for kind in self._kinds.values():
            self.kind.addItem(kind.title, kind.source)
        self.kind.activated.connect(self._kind_chosen)
        self.form.addRow("&Kind", self.kind)
        self.board = _combo("Board")
        self.board.activated.connect(self._board_chosen)
        self.form.addRow("&Board", self.board)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the device")
        self.name.setMaxLength(60)
        self.name.setPlaceholderText("as people call it, or nothing")
        self.name.textEdited.connect(self._edited)
        self.form.addRow("Na&me", self.name)
        self.id = QLineEdit()
        self.id.setAccessibleName("Short name in the files")
        self.id.setMaxLength(40)
        self.id.setPlaceholderText("small letters, digits, hyphens")
        self.id.setToolTip("What the device's streams are called in every session file")
        self.id.textEdited.connect(self._edited)
        self.form.addRow("In &files", self.id)
        self.required = Tick("A session needs it")
        self.required.toggled.connect(self._required_toggled)
        self.form.addRow("", self.required)
        self.on_loss = _combo("What follows when it is lost")
        self.on_loss.activated.connect(self._edited)
        self.form.addRow("If &lost", self.on_loss)
        self.more = QToolButton()
        self.more.setText("More parameters")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setAutoRaise(True)
        self.more.toggled.connect(self._more_toggled)
        column.addWidget(self.more)
        self.problem = Line("", "alarm", True)
        self.problem.setAccessibleName("What is wrong with this device")
        self.problem.hide()
        column.addStretch(1)
        self._fill_boards(())

    def values(self) -> dict[str, Any]:
        """Return the entry as the devices file would hold it; keys that the form does not know stay."""
        source = str(self.kind.currentData())
        values = dict(self._values)
        values["id"], values["source"] = self.id.text().strip(), source
        values.pop("name", None)
        if self.name.text().strip():
            values["name"] = self.name.text().strip()
        params = dict(values.get("params") or {})
        if source == "brainflow":
            params["board"] = self.board.currentData()
        for key, (field, widget) in self._rows.items():
            value = from_text(field, _text(widget))
            if value is None:
                params.pop(key, None)
            else:
                params[key] = value
        values["params"] = params
        if not self.required.isChecked():
            values["required"] = False
        elif values.get("required") is False:
            values.pop("required")
        policy = self.on_loss.currentData()
        values.pop("on_loss", None)
        if policy:
            values["on_loss"] = policy
        return values

    def show_entry(self, values: Mapping[str, Any]) -> None:
        """Show an entry."""
        self._quiet = True
        self._values = dict(values)
        source = str(values.get("source") or "brainflow")
        if self.kind.findData(source) < 0:
            self.kind.addItem(source, source)
        self.kind.setCurrentIndex(self.kind.findData(source))
        self.name.setText(str(values.get("name") or ""))
        self.id.setText(str(values.get("id") or ""))
        self.required.setChecked(bool(values.get("required", True)))
        self._fill_on_loss(str(values.get("on_loss") or ""))
        self._lay_rows(dict(values.get("params") or {}))
        self._quiet = False

    def show_around(self, around: Surroundings) -> None:
        """Offer what was found."""
        self._around = around
        if around.boards:
            self._fill_boards(around.boards)
        for field, widget in self._rows.values():
            if isinstance(widget, QComboBox) and field.offer:
                self._offer(widget, field)
        if self._streams is not None:
            self._lay_rows(dict(self.values().get("params") or {}))

    def say(self, text: str) -> None:
        """Say what is wrong, "" for nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _fill_boards(self, names: tuple[str, ...]) -> None:
        now = self.board.currentData()
        self.board.clear()
        for name in sorted(names or ("synthetic",), key=_board_order):
            self.board.addItem(board_title(name), name)
        wanted = (self._values.get("params") or {}).get("board", now)
        self._choose_board(wanted)

    def _choose_board(self, wanted: Any) -> None:
        if wanted is None:
            return
        if self.board.findData(wanted) < 0:
            # As it stands in the file: a number, or the name in capitals.
            self.board.addItem(board_title(_board_name(wanted)), wanted)
        self.board.setCurrentIndex(self.board.findData(wanted))

    def _fill_on_loss(self, chosen: str) -> None:
        usual = LOSS_WORDS["pause" if self.required.isChecked() else "continue"]
        self.on_loss.clear()
        self.on_loss.addItem(f"As usual: {usual}", "")
        for name in ON_LOSS:
            words = LOSS_WORDS[name]
            self.on_loss.addItem(words[:1].upper() + words[1:], name)
        self.on_loss.setCurrentIndex(max(0, self.on_loss.findData(chosen)))

    def _fields(self) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        kind = self._kinds.get(str(self.kind.currentData()))
        if kind is None:
            return (), ()
        if kind.source == "brainflow":
            name = _board_name(self.board.currentData())
            return board_fields(name), further_fields(name)
        return kind.fields, kind.further

    def _lay_rows(self, params: Mapping[str, Any]) -> None:
        is_board = self.kind.currentData() == "brainflow"
        if is_board:
            self._choose_board(params.get("board", "synthetic"))
        self.form.setRowVisible(self.board, is_board)
        for _, widget in self._rows.values():
            box = widget.parentWidget() if widget.property("boxed") else None
            self.form.removeRow(box or widget)
        if self._streams is not None:
            self.form.removeRow(self._streams)
        self._rows, self._streams = {}, None
        asked, further = self._fields()
        keys = {field.key for field in asked}
        shown = (*asked, *(f for f in further if f.key not in keys and (self._shows_all or f.key in params)))
        for field in shown:
            widget = self._widget(field, to_text(params.get(field.key)))
            self._rows[field.key] = (field, widget)
            label = f"{field.label} *" if field.needed else field.label
            self.form.addRow(label, _boxed(widget, self._browse_button(field, widget)))
        self.more.setVisible(bool(further))
        if self.kind.currentData() == "lsl":
            self._streams = self._streams_box()
            self.form.insertRow(self.form.rowCount() - len(self._rows), "There now", self._streams)

    @property
    def _shows_all(self) -> bool:
        return self.more.isChecked()

    def _widget(self, field: Field, text: str) -> QWidget:
        widget: QWidget
        if field.kind == "choice" or (field.offer and field.offer not in ("file", "lsl")):
            box = _combo(field.label)
            box.setEditable(field.kind != "choice" and field.offer != "boards")
            if field.kind == "choice":
                box.addItem("", "")
                for choice in field.choices:
                    box.addItem(choice, choice)
            else:
                self._offer(box, field)
            _set_text(box, text)
            if box.isEditable():
                line = box.lineEdit()
                assert line is not None
                line.setPlaceholderText(field.hint)
                box.editTextChanged.connect(self._edited)
            else:
                box.activated.connect(self._edited)
            widget = box
        else:
            line = QLineEdit(text)
            line.setPlaceholderText(field.hint)
            line.textEdited.connect(self._edited)
            widget = line
        widget.setAccessibleName(field.label)
        if field.hint:
            widget.setToolTip(field.hint)
        return widget

    def _offer(self, box: QComboBox, field: Field) -> None:
        typed = _text(box)
        box.blockSignals(True)
        box.clear()
        if field.offer == "boards":
            for name in sorted(self._around.boards or ("synthetic",), key=_board_order):
                box.addItem(board_title(name), name)
        for thing in self._things(field):
            box.addItem(thing.title, to_text(thing.value))
        _set_text(box, typed)
        box.blockSignals(False)

    def _things(self, field: Field) -> tuple[Thing, ...]:
        usual = Thing("default (what the system uses)", "default")
        return {
            "serial": self._around.serial,
            "camera": self._around.cameras,
            "microphone": (usual, *self._around.microphones),
        }.get(field.offer, ())

    def _streams_box(self) -> QComboBox:
        box = _combo("LSL streams that are there now")
        box.addItem("Choose a stream…" if self._around.lsl else "No LSL stream is there now", None)
        for thing in self._around.lsl:
            box.addItem(thing.title, thing.value)
        box.setEnabled(bool(self._around.lsl))
        box.activated.connect(lambda place: self._take_stream(box.itemData(place)))
        return box

    def _take_stream(self, match: Mapping[str, Any] | None) -> None:
        if match:
            for key, (_, widget) in self._rows.items():
                if isinstance(widget, QLineEdit):
                    widget.setText(to_text(match.get(key)))
            self._edited()

    def _browse_button(self, field: Field, widget: QWidget) -> QWidget | None:
        if field.offer != "file" or not isinstance(widget, QLineEdit):
            return None

        def choose() -> None:
            chosen, _ = QFileDialog.getOpenFileName(self, field.label)
            if chosen:
                widget.setText(chosen)
                self._edited()

        return Tinted("File…", "folder", choose)

    def _kind_chosen(self) -> None:
        kind = self._kinds[str(self.kind.currentData())]
        old = self._kinds.get(str(self._values.get("source")))
        if kind is not old:
            now = self.id.text().strip()
            if old is not None and (not now or re.fullmatch(rf"{old.usual_id}(-\d+)?", now)):
                # Nobody has thought of a name yet: the one that is usual for the kind.
                self.id.setText(self.free_id(kind.usual_id))
            self._values = {key: value for key, value in self.values().items() if key != "params"}
            self._values |= {"source": kind.source, "params": dict(kind.start or {})}
            self._lay_rows(self._values["params"])
            self._edited()

    def _board_chosen(self) -> None:
        kept = ("labels", "config", "presets", "serial_port")
        params = {k: v for k, v in dict(self._values.get("params") or {}).items() if k in kept}
        self._values["params"] = params | {"board": self.board.currentData()}
        self._lay_rows(self._values["params"])
        self._edited()

    def _required_toggled(self) -> None:
        self._fill_on_loss(str(self.on_loss.currentData() or ""))
        self._edited()

    def _more_toggled(self, is_open: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._values = self.values()
        self._lay_rows(dict(self._values.get("params") or {}))

    def _edited(self) -> None:
        if not self._quiet:
            self.edited.emit()


def _combo(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def _text(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        place = widget.currentIndex()
        if not widget.isEditable() or (place >= 0 and widget.currentText() == widget.itemText(place)):
            return str(widget.currentData() or "")
        return widget.currentText()
    return widget.text() if isinstance(widget, QLineEdit) else ""


def _set_text(box: QComboBox, text: str) -> None:
    place = box.findData(text)
    if place < 0 and not box.isEditable() and text:
        box.addItem(text, text)
        place = box.count() - 1
    box.setCurrentIndex(place)
    if place < 0 and box.isEditable():
        box.setEditText(text)


def _boxed(widget: QWidget, button: QWidget | None) -> QWidget:
    if button is None:
        return widget
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(widget, 1)
    row.addWidget(button)
    widget.setProperty("boxed", True)
    return box


def _board_name(wanted: Any) -> str:
    if isinstance(wanted, str) and wanted in BOARD_TITLES:
        return wanted
    from app.devices import boards

    number = boards.find(wanted) if isinstance(wanted, str | int) else None
    return boards.name(number) if number is not None else str(wanted)


def _board_order(name: str) -> tuple[bool, str]:
    return (name != "synthetic", board_title(name).lower())
