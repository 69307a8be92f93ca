"""The device page: choose a device, name it, connect it, see its signal, save the set for the study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QIcon, QKeySequence, QPainter, QPixmap, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.console.device_form import DeviceForm
from app.console.device_kinds import board_title, kinds
from app.console.device_set import DeviceSet, Item, read_set, save_set, written
from app.console.device_view import TrialView
from app.console.lamps import LOOKS, Look, paint_lamp
from app.console.looking import Surroundings, look_around, presence
from app.console.parts import Banner, Card, Elided, Heading, Line, Primary, Tinted, quiet
from app.console.work import Work
from app.devices.entries import DeviceEntry
from app.devices.load import check_device, parse_devices
from app.study import Study
from stimuli.problems import EvokeError, Problem, ProblemsError
from stimuli.yamlfile import read_text

PRESENCE = {"seen": "seen", "own": "seen", "not seen": "missing", "unknown": "planned"}
CHECK_MS = 300
USUAL_NAME = "devices"


class DevicePage(QWidget):
    """Edits the set of one study. `saved(study)` with the study as it is now, `said(text, level)`."""

    saved = Signal(object)
    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "devices")
        self.study: Study | None = None
        self.devices = DeviceSet()
        self._around = Surroundings()
        self._work: Work | None = None
        self._judged: list[tuple[DeviceEntry | None, str]] = []
        self._shown = -1
        self._settle = QTimer(self, singleShot=True, interval=CHECK_MS)
        self._settle.timeout.connect(self._check)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.addWidget(Heading("Devices", 1.5))
        self.where = Elided()
        top.addWidget(self.where, 1)
        self.look_button = Tinted("Look again", "search", self.look)
        top.addWidget(self.look_button)
        column.addLayout(top)
        self.banner = Banner()
        column.addWidget(self.banner)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._set_card())
        split.addWidget(self._form_card())
        self.trial = TrialView()
        self.trial.one_asked.connect(self.connect_one)
        self.trial.all_asked.connect(self.connect_all)
        split.addWidget(self.trial)
        split.setSizes([250, 350, 660])
        split.setStretchFactor(2, 1)
        column.addWidget(split, 1)
        self.show_study(None)

    def _set_card(self) -> Card:
        card = Card("This set")
        self.list = QListWidget()
        self.list.setAccessibleName("Devices of the set")
        quiet(self.list)
        self.list.setIconSize(QSize(14, 14))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setUniformItemSizes(True)
        self.list.setSpacing(2)
        self.list.currentRowChanged.connect(self._choose)
        self.nothing = Line("No device yet. Add the first one.", "muted", True)
        card.body.addWidget(self.nothing)
        card.body.addWidget(self.list, 1)
        self._room = QWidget()
        card.body.addWidget(self._room, 1)
        row = QHBoxLayout()
        self.add_button = Tinted("&Add", "add", self.add)
        self.remove_button = Tinted("Remove", "remove", self.remove)
        self.remove_button.setToolTip("Take the chosen device out of the set (Del)")
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.remove)
        row.addWidget(self.add_button, 1)
        row.addWidget(self.remove_button, 1)
        card.body.addLayout(row)
        self.set_name = QLineEdit()
        self.set_name.setAccessibleName("Name of the set")
        self.set_name.setPlaceholderText("name of the set")
        self.set_name.textChanged.connect(self._look_at_save)
        card.body.addWidget(Line("Save in the study as", "muted"))
        card.body.addWidget(self.set_name)
        self.save_button = Primary("Save for the study", "save", self.save)
        card.body.addWidget(self.save_button)
        self.save_words = Line("", "muted", True)
        card.body.addWidget(self.save_words)
        card.setMinimumWidth(210)
        return card

    def _form_card(self) -> Card:
        card = Card("Device")
        self.form = DeviceForm()
        self.form.edited.connect(self._settle.start)
        self.form.free_id = lambda wanted: self.devices.free_id(wanted)
        area = QScrollArea()
        area.setAccessibleName("Settings of the device")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.viewport().setAutoFillBackground(False)
        area.setWidget(self.form)
        self.form.setAutoFillBackground(False)
        card.body.addWidget(self.form.problem)
        card.body.addWidget(area, 1)
        card.setMinimumWidth(270)
        return card

    def show_study(self, study: Study | None) -> None:
        """Show the set of a study, or an empty one; what was not saved of another study is forgotten."""
        self.trial.disconnect_all()
        self.study = study
        self.devices = DeviceSet()
        self._shown = -1
        self.banner.say("")
        if study is None:
            self.where.set_whole("no study is open: a set can be tried but not saved")
            self.set_name.setText("")
        else:
            self.where.set_whole(f"of the study {study.name}")
            self.set_name.setText(Path(study.devices).stem if study.devices else USUAL_NAME)
            if study.devices:
                self._read(study.folder / study.devices)
        self._list(0)

    def _read(self, path: Path) -> None:
        try:
            self.devices = read_set(path)
        except EvokeError as error:
            self.banner.say(
                f"{error}\nMend the file in an editor, or save a set under another name.", "alarm"
            )
            self.set_name.setText("")

    def refresh(self) -> None:
        """Read the study's file anew unless something here is not saved yet, and look around."""
        if self.study is not None and not self.devices.is_changed:
            self.show_study(self.study)
        self.look()

    def look(self) -> None:
        """Look for what is plugged in and published, in a process of its own."""
        if self._work is not None:
            return
        network = self.study is not None and self.study.network
        self.look_button.setEnabled(False)
        self.look_button.setText("Looking…")
        self._work = Work(lambda: look_around(network), self)
        self._work.done.connect(self._on_around)
        self._work.failed.connect(self._on_blind)
        self._work.start()

    def _on_around(self, around: Surroundings) -> None:
        self._looked()
        self._around = around
        if around.missing:
            self.banner.say("\n".join(around.missing), "warning")
        self.form.show_around(around)
        self._dress_list()

    def _on_blind(self, error: Exception) -> None:
        self._looked()
        self.banner.say(f"Devices cannot be looked for: {error}", "warning")

    def _looked(self) -> None:
        self._work = None
        self.look_button.setEnabled(True)
        self.look_button.setText("Look again")

    def add(self) -> None:
        """Add a device: another one than those that are there, with the name that is usual for it."""
        self._take_form()
        there = {str(item.values.get("source")) for item in self.devices.items}
        kind = next((kind for kind in kinds() if kind.source not in there), kinds()[0])
        values: dict[str, Any] = {"id": self.devices.free_id(kind.usual_id), "source": kind.source}
        values["params"] = dict(kind.start or {})
        self.devices = self.devices.with_new(values)
        self._list(len(self.devices.items) - 1)
        self.form.kind.setFocus()

    def remove(self) -> None:
        """Take the chosen device out of the set; nothing is written before the set is saved."""
        place = self.list.currentRow()
        if place >= 0:
            self._shown = -1
            self.devices = self.devices.without(place)
            self._list(min(place, len(self.devices.items) - 1))

    def save(self) -> None:
        """Write the set into the study."""
        self._take_form()
        if self.study is None:
            return
        try:
            study, told = save_set(self.study, self.devices, self.set_name.text())
        except EvokeError as error:
            self.banner.say(str(error), "alarm")
            return
        place = self.list.currentRow()
        self.study = study
        self.show_study(study)
        self._list(place)
        self.said.emit(told or f"Saved as {study.devices}: the devices of this study from now on.", "good")
        self.saved.emit(study)

    def connect_one(self) -> None:
        """Connect the device in the form."""
        self._check()
        place = self.list.currentRow()
        entry = self._judged[place][0] if 0 <= place < len(self._judged) else None
        self._connect(() if entry is None else (entry,))

    def connect_all(self) -> None:
        """Connect all devices of the set."""
        self._check()
        self._connect(self._entries)

    def _connect(self, entries: tuple[DeviceEntry, ...]) -> None:
        if entries:
            self.trial.connect_devices(entries, self.study is not None and self.study.network)

    def _choose(self, place: int) -> None:
        if place == self._shown:
            return
        self._take_form()
        self._shown = place
        is_any = 0 <= place < len(self.devices.items)
        self.form.setEnabled(is_any)
        self.remove_button.setEnabled(is_any)
        if is_any:
            self.form.show_entry(self.devices.items[place].values)
        self._check()

    def _take_form(self) -> None:
        """Put what stands in the form into the set."""
        self._settle.stop()
        if 0 <= self._shown < len(self.devices.items):
            old = self.devices.items[self._shown]
            self.devices = self.devices.with_item(self._shown, _tidy(self.form.values(), old))

    def _check(self) -> None:
        """Judge what stands in form and set."""
        self._take_form()
        folder = self.study.folder if self.study is not None else Path.cwd()
        self._judged = [judge(self.devices, place, folder) for place in range(len(self.devices.items))]
        place = self.list.currentRow()
        entry, text = self._judged[place] if 0 <= place < len(self._judged) else (None, "")
        if entry is not None and not text:
            text = "\n".join(_said(problem) for problem in check_device(entry))
        self.form.say(text)
        self.trial.set_possible(entry is not None, len(self._entries))
        self._dress_list()
        self._look_at_save()

    @property
    def _entries(self) -> tuple[DeviceEntry, ...]:
        """The devices that could be connected."""
        return tuple(entry for entry, text in self._judged if entry is not None and not text)

    def _look_at_save(self) -> None:
        named = bool(self.set_name.text().strip())
        usual = self.study is not None and self.study.devices == f"{self.set_name.text().strip()}.yaml"
        is_new = self.devices.is_changed or not usual
        bad = [item.id or "a device without a name" for item, (_, text) in self._pairs() if text]
        is_good = bool(self.devices.items) and not bad
        self.save_button.setEnabled(self.study is not None and is_good and named and is_new)
        words = "Not saved yet." if is_new else "Saved: every session of the study uses these."
        if bad:
            words = f"Cannot be saved yet: something is wrong with {', '.join(bad)}."
        elif self.study is None:
            words = "Open a study to save a set for it."
        self.save_words.setText(words if self.devices.items else "")

    def _pairs(self) -> list[tuple[Item, tuple[DeviceEntry | None, str]]]:
        return list(zip(self.devices.items, self._judged, strict=False))

    def _list(self, place: int = -1) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for _ in self.devices.items:
            self.list.addItem(QListWidgetItem(""))
        self.list.blockSignals(False)
        self._shown = -1
        self.list.setCurrentRow(place)
        self._choose(place)
        is_any = 0 <= place < len(self.devices.items)
        self.form.setEnabled(is_any)
        self.remove_button.setEnabled(is_any)
        self._check()

    def dress(self) -> None:
        """Draw the list's lamps in the colours in use."""
        self._dress_list()

    def _dress_list(self) -> None:
        self.nothing.setVisible(not self.devices.items)
        self.list.setVisible(bool(self.devices.items))
        self._room.setVisible(not self.devices.items)
        for place, item in enumerate(self.devices.items):
            row = self.list.item(place)
            entry = self._judged[place][0] if place < len(self._judged) else None
            there, words = presence(entry, self._around) if entry is not None else ("unknown", "")
            row.setIcon(lamp_icon(LOOKS[PRESENCE[there]]))
            row.setText(f"{item.id or 'without a name'}  –  {kind_of(item)}")
            row.setToolTip("\n".join(filter(None, (item.id, kind_of(item), words))))

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of the devices: a session may need them next."""
        super().hideEvent(event)
        self.trial.disconnect_all()

    def showEvent(self, event: QShowEvent) -> None:
        """Look around whenever the page comes to the front."""
        super().showEvent(event)
        self.look()


def kind_of(item: Item) -> str:
    """Return what a device is, in a few words."""
    source = str(item.values.get("source") or "")
    if source == "brainflow":
        return board_title(str((item.values.get("params") or {}).get("board") or "board"))
    return next((kind.title for kind in kinds() if kind.source == source), source)


def lamp_icon(look: Look) -> QIcon:
    """Return a lamp's picture for a list; on a chosen row in that row's ink."""
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, look), (QIcon.Mode.Selected, replace(look, colour="on_accent"))):
        pixmap = QPixmap(28, 28)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_lamp(painter, QRectF(2, 2, 24, 24), ink)
        painter.end()
        made.addPixmap(pixmap, mode)
    return made


def _tidy(values: dict[str, Any], old: Item) -> dict[str, Any]:
    """Leave an entry that means the same exactly as it stands in the file."""
    before = dict(old.values)
    same = {key: value for key, value in values.items() if value not in ({}, None)}
    was = {key: value for key, value in before.items() if value not in ({}, None)}
    was_required = was.pop("required", True)
    is_required = same.pop("required", True)
    return before if same == was and was_required == is_required else values


def judge(devices: DeviceSet, place: int, folder: Path) -> tuple[DeviceEntry | None, str]:
    """Return a device as it would be read, and what is wrong with it in words."""
    item = devices.items[place]
    if any(other.id == item.id for other in devices.items[:place]):
        return None, f"The name {item.id} is taken by another device of this set."
    try:
        (entry,) = parse_devices(read_text(written(Item(item.values)), "device"), folder)
    except ProblemsError as error:
        return None, "\n".join(_said(problem) for problem in error.problems)
    return entry, ""


def _said(problem: Problem) -> str:
    text = f"{problem.message} {problem.remedy}".strip()
    return text[:1].upper() + text[1:]
