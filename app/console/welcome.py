"""The start page: demo, demo study, new study, last studies."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.console import preferences, theme
from app.console.parts import Card, Heading, Line, Primary, Tinted, quiet

PATH_ROLE = Qt.ItemDataRole.UserRole


class WelcomePage(QWidget):
    """Asks what to do first. Emits the names of actions, or the folder of a study."""

    action_asked = Signal(str)
    study_asked = Signal(object)
    demo_study_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "start")
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(16)
        middle = QWidget()
        middle.setMaximumWidth(980)
        middle.setMinimumWidth(620)
        middle.setLayout(column)
        outer.addWidget(middle, 100)
        outer.addStretch(1)
        column.addStretch(1)
        column.addWidget(Heading("Evoke", 2.2))
        column.addWidget(Line("Present, record, and see every signal of an emotion study.", "muted"))
        cards = QHBoxLayout()
        cards.setSpacing(16)
        column.addLayout(cards)
        cards.addWidget(self._first_card(), 1)
        cards.addWidget(self._study_card(), 1)
        column.addWidget(self._recent_card(), 3)
        keys = Line("F1 help · Ctrl+K find an action · ? all shortcuts", "muted")
        keys.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(keys)
        column.addStretch(1)
        self.refresh()

    def _first_card(self) -> Card:
        card = Card("First time here?")
        card.body.addWidget(
            Line(
                "A session of one minute with simulated devices. Nothing has to be plugged in.", "muted", True
            )
        )
        self.demo = Primary("Run the demo", "demo", lambda: self.action_asked.emit("run_demo"))
        self.demo_study = Tinted("Open the demo study", "folder", self.demo_study_asked.emit)
        card.body.addStretch(1)
        card.body.addWidget(self.demo)
        card.body.addWidget(self.demo_study)
        return card

    def _study_card(self) -> Card:
        card = Card("Your own study")
        card.body.addWidget(
            Line("Four questions: name, folder, people or simulation, protocol and devices.", "muted", True)
        )
        self.new_study: QPushButton = Tinted(
            "New study…", "study-new", lambda: self.action_asked.emit("new_study")
        )
        self.open_study: QPushButton = Tinted(
            "Open a study…", "folder", lambda: self.action_asked.emit("open_study")
        )
        card.body.addStretch(1)
        card.body.addWidget(self.new_study)
        card.body.addWidget(self.open_study)
        return card

    def _recent_card(self) -> Card:
        card = Card("Last studies")
        self.recent = QListWidget()
        self.recent.setAccessibleName("Last studies")
        quiet(self.recent)
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent.itemActivated.connect(self._open)
        self.recent.itemClicked.connect(self._open)
        self.none_yet = Line("None yet. Studies that you open are listed here.", "muted")
        card.body.addWidget(self.recent, 1)
        card.body.addWidget(self.none_yet, 1, Qt.AlignmentFlag.AlignTop)
        self.recent.setSpacing(3)
        card.setMinimumHeight(150)
        card.setMaximumHeight(360)
        return card

    def refresh(self) -> None:
        """List the last studies anew; those that are gone are grey and say so."""
        self.recent.clear()
        studies = preferences.recent_studies()
        for folder in studies:
            is_there = (folder / "study.yaml").is_file()
            text = f"{folder.name}    {folder.parent}" + ("" if is_there else "    (not found)")
            item = QListWidgetItem(text)
            item.setData(PATH_ROLE, str(folder))
            item.setToolTip(str(folder) if is_there else f"{folder}: there is no study here any more.")
            if not is_there:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
                item.setForeground(QColor(theme.current().muted))
            self.recent.addItem(item)
        self.recent.setVisible(bool(studies))
        self.none_yet.setVisible(not studies)

    def _open(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.study_asked.emit(Path(item.data(PATH_ROLE)))
