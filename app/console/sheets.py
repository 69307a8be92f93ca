"""Three windows over the action table and the log: palette, shortcut sheet, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.console import actions
from app.console.notifier import Notice
from app.console.parts import Heading, Line, fill_sheet, without_icons

ROLE = Qt.ItemDataRole.UserRole


class ActionPalette(QDialog):
    """Type what you want to do, Enter does it. `chosen` is the action's name, "" if none was."""

    def __init__(self, made: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find an action")
        self.setMinimumSize(520, 360)
        self.chosen = ""
        self._made = made
        column = QVBoxLayout(self)
        self.line = QLineEdit()
        self.line.setPlaceholderText("What do you want to do?")
        self.line.setAccessibleName("Find an action")
        self.line.textChanged.connect(self._list)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Actions found")
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self._list("")

    def _list(self, query: str) -> None:
        self.list.clear()
        found = [entry for entry in actions.matching(query) if entry.name != "find_action"]
        found.sort(key=lambda entry: not self._made[entry.name].isEnabled())
        for entry in found:
            keys = actions.shortcut_text(entry)
            item = QListWidgetItem(
                self._made[entry.name].icon(), f"{entry.text.replace('…', '')}    {keys}".rstrip()
            )
            item.setData(ROLE, entry.name)
            item.setToolTip(entry.tip)
            if not self._made[entry.name].isEnabled():
                item.setText(f"{item.text()}    (not now)")
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows and Enter in the line move in the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                row = max(0, min(self.list.count() - 1, self.list.currentRow() + step))
                self.list.setCurrentRow(row)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._choose(item)
                return True
        return False

    def _choose(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.chosen = str(item.data(ROLE))
            self.accept()


class ShortcutSheet(QDialog):
    """All shortcuts, by menu; those of the page in front first: (keys, what they do)."""

    def __init__(self, parent: QWidget | None = None, page_keys: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.setProperty("help", "keys")
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(18)
        row = 0
        if page_keys:
            grid.addWidget(Heading("On this page"), row, 0, 1, 3)
            for keys, words in page_keys:
                row += 1
                grid.addWidget(_bold(keys), row, 0)
                grid.addWidget(QLabel(words), row, 1, 1, 2)
            row += 1
        for menu in actions.MENUS:
            grid.setRowMinimumHeight(row, 10 if row else 0)
            grid.addWidget(Heading(menu), row + 1, 0, 1, 3)
            row += 2
            for entry in actions.ACTIONS:
                if entry.menu == menu and entry.shortcut:
                    grid.addWidget(_bold(actions.shortcut_text(entry)), row, 0)
                    grid.addWidget(QLabel(entry.text.replace("…", "")), row, 1)
                    grid.addWidget(Line(entry.tip, "muted"), row, 2)
                    row += 1
        fill_sheet(self, inner)
        self.resize(780, 620)


def _bold(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


class MessagesWindow(QDialog):
    """What the window has said so far, newest last."""

    def __init__(self, history: Sequence[Notice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Messages")
        column = QVBoxLayout(self)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName("Messages")
        words = {"good": "", "info": "", "warning": "Warning: ", "alarm": "Alarm: "}
        for notice in history:
            self.list.addItem(f"{notice.time}  {words[notice.level]}{notice.text}")
        if not history:
            self.list.addItem("Nothing was said yet.")
        self.list.scrollToBottom()
        column.addWidget(self.list)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        without_icons(buttons)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.resize(620, 380)
