"""Faces, tab Boxes: step through pictures, draw or accept boxes, name expressions; saved at every change."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from analysis.detection.box_book import FaceBox
from analysis.detection.problems import DetectionError
from app.analysing.face_pictures import FacesError, faces_in_words
from app.console.analyse.faces_canvas import BoxCanvas
from app.console.analyse.faces_desk import (
    Desk,
    Proposed,
    RecordingName,
    open_folder,
    open_recording,
    propose,
    propose_by,
    recordings_of,
)
from app.console.analyse.faces_pictures import place_of
from app.console.analyse.waiting import Waiting
from app.console.choices import combo, fill_combo, whole
from app.console.folders import ask_folder
from app.console.media_panel import decode
from app.console.parts import Banner, Card, Elided, Heading, Line, Primary, Tinted, quiet
from app.study import Study

FOLDER = "A folder of pictures…"
NOTHING = (
    "No recording of this study has camera pictures. Record with a camera, or choose a folder with one "
    "folder of pictures for each expression."
)
CHOOSE = "Choose a recording or a folder of pictures."
LARGEST_MEANT = "Of several boxes the largest counts; the others are left out of learning and scores."
LARGEST = QSize(1600, 1200)


class BoxesTab(QWidget):
    """The box editor. `changed()` after every saved change."""

    said = Signal(str, str)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.desk: Desk | None = None
        self.detector: Path | None = None
        self.place = 0
        self._proposed: dict[str, tuple[FaceBox, ...]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        self.trouble = Banner()
        self.words = Elided()
        self.waiting = Waiting("Faces", self.words)
        self.waiting.failed.connect(lambda text: self._fail(text))
        self.waiting.stopped.connect(self._show_buttons)
        column.addLayout(self._head())
        column.addWidget(self.trouble)
        row = QHBoxLayout()
        self.canvas = BoxCanvas()
        self.canvas.show_picture(None, (), CHOOSE)
        row.addWidget(self.canvas, 1)
        row.addWidget(self._side())
        column.addLayout(row, 1)
        column.addLayout(self._foot())
        self.canvas.edited.connect(self._save)
        self.canvas.selection_changed.connect(self._show_class)
        self.canvas.stepped.connect(self.step)
        self.canvas.class_asked.connect(self.choose_class)
        self.canvas.accept_asked.connect(self.accept)
        for keys, act in (
            (QKeySequence.StandardKey.Undo, self.undo),
            (QKeySequence.StandardKey.Redo, self.redo),
        ):
            shortcut = QShortcut(QKeySequence(keys), self, act)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._show_buttons()

    # Parts

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.source: QComboBox = combo("Recording or folder", 26)
        self.source.activated.connect(lambda _: self._choose_source())
        self.every = whole("Take every nth picture of a recording", 1, 1000, 25)
        self.every.setPrefix("1 picture in ")
        self.every.editingFinished.connect(self._reopen)
        row.addWidget(self.source)
        row.addWidget(self.every)
        row.addWidget(self.words, 1)
        row.addWidget(self.waiting, 1)
        return row

    def _side(self) -> QWidget:
        card = Card("Expression")
        card.setFixedWidth(230)
        self.classes = QListWidget()
        self.classes.setAccessibleName("Expression of the chosen box")
        self.classes.setToolTip("Keys 1 to 9 choose one")
        quiet(self.classes)
        self.classes.itemClicked.connect(lambda item: self.choose_class(self.classes.row(item)))
        card.body.addWidget(self.classes, 1)
        card.body.addWidget(Line(LARGEST_MEANT, "muted", True))
        self.proposal_words = Line("", "muted", True)
        card.body.addWidget(Heading("Proposals", 1.05))
        card.body.addWidget(self.proposal_words)
        self.propose_button = Tinted("Look for faces", "search", self.propose)
        self.propose_button.setToolTip("On every picture without a box, by OpenCV's cascade")
        self.detector_button = Tinted("Use the detector", "search", self.propose_by_detector)
        self.detector_button.setToolTip("Look by the detector that was trained last")
        self.accept_button = Primary("Accept", "good", self.accept)
        self.accept_button.setToolTip("Take the proposed boxes of this picture over, and go on (Enter)")
        self.accept_all_button = Tinted("Accept all", "good", self.accept_all)
        for button in (self.propose_button, self.detector_button, self.accept_button, self.accept_all_button):
            card.body.addWidget(button)
        return card

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.back_button = Tinted("", "step-back", lambda: self.step(-1))
        self.on_button = Tinted("", "step-forward", lambda: self.step(1))
        for button, name in (
            (self.back_button, "Picture before (Page up)"),
            (self.on_button, "Next picture (Page down)"),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Picture")
        self.slider.valueChanged.connect(self.show_place)
        self.picture_words = Elided()
        self.undo_button = Tinted("Undo", "undo", self.undo)
        self.redo_button = Tinted("Redo", "redo", self.redo)
        self.add_button = Tinted("New box", "add", self.canvas_add)
        self.delete_button = Tinted("Delete box", "remove", lambda: self.canvas.delete())
        row.addWidget(self.back_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.on_button)
        row.addWidget(self.picture_words, 1)
        for button in (self.add_button, self.delete_button, self.undo_button, self.redo_button):
            row.addWidget(button)
        return row

    # Reading

    @property
    def is_busy(self) -> bool:
        """Whether something is being read or looked for."""
        return self.waiting.is_busy

    def show_study(self, study: Study | None) -> None:
        """Show the recordings of a study."""
        if study is None or self.study is None or study.folder != self.study.folder:
            self._drop()
        self.study = study
        if study is not None and self.desk is None:
            self.waiting.run(lambda told: recordings_of(study, told), self._on_recordings)

    def _on_recordings(self, found: tuple[RecordingName, ...]) -> None:
        entries: list[tuple[str, object]] = [(each.name, each) for each in found]
        chosen = self.source.currentData()
        fill_combo(self.source, [*entries, (FOLDER, "")], chosen or (found[0] if found else ""))
        self.words.set_whole("")
        if not found and self.desk is None:
            self.canvas.show_picture(None, (), NOTHING)
        self._show_buttons()
        now = self.source.currentData()
        if isinstance(now, RecordingName):
            self._open(now)

    def _choose_source(self) -> None:
        chosen = self.source.currentData()
        if isinstance(chosen, RecordingName):
            self._open(chosen)
        elif isinstance(chosen, Path):
            self.open_folder(chosen)
        else:
            ask_folder(
                self,
                "Folder with one folder of pictures an expression",
                lambda name: self.open_folder(Path(name)),
            )

    def _reopen(self) -> None:
        chosen = self.source.currentData()
        if isinstance(chosen, RecordingName):
            self._open(chosen)

    def _open(self, chosen: RecordingName) -> None:
        study, every = self.study, self.every.value()
        if study is not None:
            self._drop()
            self.waiting.run(lambda told: open_recording(study, chosen, every, told), self._on_desk)

    def open_folder(self, folder: Path) -> None:
        """Show the pictures of a folder."""
        self._drop()
        place = place_of(self.source, folder)
        if place < 0:
            place = self.source.count() - 1
            self.source.insertItem(place, folder.name, folder)
        self.source.setCurrentIndex(place)
        self.waiting.run(lambda told: open_folder(folder, told), self._on_desk)

    def _drop(self) -> None:
        if self.desk is not None:
            self.desk.close()
        self.desk, self._proposed = None, {}
        self.trouble.say("")
        self.canvas.show_picture(None, (), CHOOSE)

    def _on_desk(self, desk: Desk) -> None:
        self.desk = desk
        if desk.book.damaged:
            self.trouble.say(f"{desk.book.damaged} lines of the boxes were damaged; all others are here.")
        self.classes.clear()
        for place, name in enumerate(desk.classes()):
            item = QListWidgetItem(f"{place + 1}  {name}" if place < 9 else name)
            item.setData(Qt.ItemDataRole.UserRole, name)
            self.classes.addItem(item)
        first = next((n for n, frame in enumerate(desk.frames) if frame not in desk.book.frames), 0)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(desk.frames) - 1))
        self.slider.setValue(first)
        self.slider.blockSignals(False)
        self.show_place(first)

    # Showing

    @property
    def frame(self) -> str:
        """The picture that is shown, "" for none."""
        return "" if self.desk is None or not self.desk.frames else self.desk.frames[self.place]

    def show_place(self, place: int) -> None:
        """Show a picture by its number."""
        if self.desk is None:
            return
        self.place = max(0, min(place, len(self.desk.frames) - 1))
        frame, desk = self.frame, self.desk
        try:
            content = desk.source.read(frame)
        except DetectionError as error:
            self.trouble.say(str(error), "alarm")
            content = b""
        image = decode(content, LARGEST) if content else None
        self.canvas.show_picture(image, desk.book.boxes(frame), "This picture cannot be shown.")
        self.canvas.set_proposals(self._proposed.get(frame, ()))
        own = desk.source.expression(frame)
        if own:
            self.canvas.expression = own
        self._show_class()
        self._show_buttons()

    def _show_class(self) -> None:
        boxes, place = self.canvas.boxes, self.canvas.selected
        name = boxes[place].expression if place >= 0 else self.canvas.expression
        for row in range(self.classes.count()):
            if self.classes.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.classes.setCurrentRow(row)
                return
        self.classes.setCurrentRow(-1)

    def _show_buttons(self) -> None:
        desk, idle = self.desk, not self.waiting.is_busy
        there = desk is not None and bool(desk.frames)
        for button in (self.propose_button, self.add_button, self.back_button, self.on_button):
            button.setEnabled(there and idle)
        self.slider.setEnabled(there)
        self.every.setVisible(isinstance(self.source.currentData(), RecordingName))
        self.detector_button.setEnabled(there and idle and self.detector is not None)
        self.accept_button.setEnabled(there and bool(self._proposed.get(self.frame)))
        self.accept_all_button.setEnabled(there and bool(self._proposed))
        self.delete_button.setEnabled(self.canvas.selected >= 0)
        self.undo_button.setEnabled(desk is not None and desk.book.can_undo)
        self.redo_button.setEnabled(desk is not None and desk.book.can_redo)
        self.picture_words.set_whole("" if desk is None or not there else desk.source.words(self.frame))
        if desk is not None:
            self.words.set_whole(
                f"{desk.boxed} of {len(desk.frames)} pictures have a box. Everything is saved."
            )
        waiting = len(self._proposed)
        self.proposal_words.setText(f"{waiting} pictures with proposals" if waiting else "None yet")

    # Doing

    def step(self, count: int) -> None:
        """Go on by so many pictures."""
        if self.desk is not None:
            self.slider.setValue(max(0, min(self.place + count, len(self.desk.frames) - 1)))
            self.canvas.setFocus()

    def canvas_add(self) -> None:
        """Put a box in the middle."""
        self.canvas.add()
        self.canvas.setFocus()

    def choose_class(self, place: int) -> None:
        """Name the chosen box's expression by the number in the list."""
        item = self.classes.item(place)
        if item is not None:
            self.canvas.set_expression(str(item.data(Qt.ItemDataRole.UserRole)))
            self._show_class()

    def _save(self) -> None:
        if self.desk is None:
            return
        frame = self.frame
        if self._proposed.get(frame) and not self.canvas.proposals:
            self._proposed.pop(frame)
        self._put(frame, self.canvas.boxes)

    def _put(self, frame: str, boxes: tuple[FaceBox, ...]) -> bool:
        assert self.desk is not None
        try:
            with faces_in_words():
                self.desk.book.put(frame, boxes)
        except FacesError as error:
            self._fail(str(error))
            return False
        self._show_buttons()
        self._show_class()
        self.changed.emit()
        return True

    def undo(self) -> None:
        """Take the last change back, wherever it was."""
        self._again("undo")

    def redo(self) -> None:
        """Do it again."""
        self._again("redo")

    def _again(self, what: str) -> None:
        if self.desk is None:
            return
        try:
            with faces_in_words():
                frame = self.desk.book.undo() if what == "undo" else self.desk.book.redo()
        except FacesError as error:
            self._fail(str(error))
            return
        if frame is not None:
            place = self.desk.frames.index(frame) if frame in self.desk.frames else self.place
            self.slider.blockSignals(True)
            self.slider.setValue(place)
            self.slider.blockSignals(False)
            self.show_place(place)
            self.changed.emit()

    def propose(self) -> None:
        """Look for faces on every picture without a box."""
        desk, name = self.desk, self.canvas.expression
        if desk is not None:
            self.waiting.run(
                lambda told: propose(desk, desk.frames, name, told), partial(self._on_proposed, desk)
            )
            self._show_buttons()

    def propose_by_detector(self) -> None:
        """The same by the detector trained last."""
        desk, folder = self.desk, self.detector
        if desk is not None and folder is not None:
            self.waiting.run(
                lambda told: propose_by(desk, folder, desk.frames, told), partial(self._on_proposed, desk)
            )
            self._show_buttons()

    def _on_proposed(self, desk: Desk, found: Proposed) -> None:
        if desk is not self.desk:
            return
        self._proposed = dict(found.boxes)
        told = f"{len(found.boxes)} pictures with proposals"
        told += f"; no face found on {found.without}." if found.without else "."
        self.said.emit(told, "info")
        self.canvas.set_proposals(self._proposed.get(self.frame, ()))
        self._show_buttons()

    def accept(self) -> None:
        """Take the proposals of this picture over and go to the next picture that has some."""
        if self.desk is not None and self.canvas.accept():
            later = [place for place, frame in enumerate(self.desk.frames) if frame in self._proposed]
            after = next((place for place in later if place > self.place), None)
            if after is not None:
                self.slider.setValue(after)
            self.canvas.setFocus()

    def accept_all(self) -> None:
        """Take every proposal over; each can be undone."""
        if self.desk is None:
            return
        taken = 0
        for frame, boxes in list(self._proposed.items()):
            if not self._put(frame, (*self.desk.book.boxes(frame), *boxes)):
                break
            self._proposed.pop(frame)
            taken += 1
        self.show_place(self.place)
        self.said.emit(f"{taken} pictures have their boxes now.", "good")

    def set_detector(self, folder: Path | None) -> None:
        """Use a trained detector for proposals."""
        self.detector = folder
        self._show_buttons()

    def _fail(self, text: str) -> None:
        self.trouble.say(text, "alarm")
        self._show_buttons()

    def closing(self) -> None:
        """Give up what runs, close the recording."""
        self.waiting.give_up()
        self._drop()
