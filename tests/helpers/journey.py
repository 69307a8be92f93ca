"""A person at the workstation: finds what is on the screen by its words alone, and uses mouse and keys alone.

A control is found by the text on it or by the name that a screen reader says (`QAccessible`), in the window
in front; what is not there, or is there twice, fails with everything that is on the screen. Nothing is done
by calling a method of a page: every act is a mouse click or a key stroke.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTabBar,
    QTableView,
    QTableWidget,
    QTextEdit,
    QTreeView,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.console import theme

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 20_000
MOST_TABS = 300
OPENINGS, CLICKS = 4, 20
DIALOG_LOOK_MS, DIALOG_TRIES = 50, 200
FIELDS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)


class Journey:
    """Drives one main window and the dialogs it opens."""

    def __init__(self, window: QMainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    # Acts

    def press(self, name: str, patience_ms: int = PATIENCE_MS) -> None:
        """Click a button, tick or option, as soon as it can be clicked."""
        self._click(self._ready(name, (QAbstractButton,), patience_ms))

    def press_and_choose_file(self, name: str, path: str) -> None:
        """Click a button that asks for a file, and type its path into the dialog."""
        button = self._ready(name, (QAbstractButton,), PATIENCE_MS)
        self._answering(path, lambda: self._click(button))

    def type_into(self, name: str, text: str) -> None:
        """Click a field, select all that it says, and type."""
        field = self._ready(name, FIELDS, PATIENCE_MS)
        self._click(field)
        QTest.keySequence(field, QKeySequence(QKeySequence.StandardKey.SelectAll))
        target = QApplication.focusWidget() or field
        if text:
            QTest.keyClicks(target, text)
        else:
            QTest.keyClick(target, Qt.Key.Key_Delete)

    def choose(self, name: str, entry: str, file: str = "") -> None:
        """Choose the entry of a drop-down list that reads, or else holds, some words, with the arrow keys.

        Where that asks for a file, its path is typed.
        """
        box = self._ready(name, (QComboBox,), PATIENCE_MS)
        assert isinstance(box, QComboBox)
        self.wait(lambda: _entry(box, entry) >= 0, f"'{entry}' in '{name}', which offers {_entries(box)}")
        view = box.view()
        for _ in range(OPENINGS):
            self._click(box)
            # A list that is filled anew while it opens closes again: whoever wants it clicks once more.
            with contextlib.suppress(AssertionError):
                self.wait(view.isVisible, f"the list of '{name}' to open", PATIENCE_MS // OPENINGS)
                break
        self.wait(view.isVisible, f"the list of '{name}' to open")
        wanted = _entries(box)[_entry(box, entry)]
        steps = _entry(box, entry) - view.currentIndex().row()
        for _ in range(abs(steps)):
            QTest.keyClick(view, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
        if view.currentIndex().data() != wanted:
            raise AssertionError(f"arrow keys did not reach '{wanted}' in '{name}'\n{self.screen()}")

        def take() -> None:
            QTest.keyClick(view, Qt.Key.Key_Return)

        if file:
            self._answering(file, take)
        else:
            take()
        self.wait(lambda: not view.isVisible(), f"the list of '{name}' to close")
        if box.currentText() != wanted:
            raise AssertionError(f"'{name}' says '{box.currentText()}', not '{wanted}'\n{self.screen()}")

    def click_row(self, name: str, words: str, under: str = "") -> None:
        """Click the row of a list, table or tree in which a cell reads, or else holds, some words.

        `under` is the row of a tree whose branch it is in; the arrow key opens it where it is closed.
        """
        view = self._ready(name, (QAbstractItemView,), PATIENCE_MS)
        assert isinstance(view, QAbstractItemView)
        if under:
            self.click_row(name, under)
            parent = _row(view, under)
            assert parent is not None
            if not next(
                (True for each in _indices(view) if each.parent() == parent.siblingAtColumn(0)), False
            ):
                QTest.keyClick(view, Qt.Key.Key_Right)
        self.wait(lambda: _row(view, words, under) is not None, f"a row '{words}' in '{name}'")
        self._bring(view, words, under)
        QTest.mouseClick(view.viewport(), LEFT, pos=self._place(view, words, under))
        QApplication.processEvents()

    def menu(self, title: str, entry: str) -> None:
        """Open a menu of the bar with the mouse and click an entry."""
        bar = self.window.menuBar()
        assert isinstance(bar, QMenuBar)
        self._raise()
        QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(self._action(bar, title)).center())
        self.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu), f"the menu '{title}' to open")
        popup = QApplication.activePopupWidget()
        assert isinstance(popup, QMenu)
        action = self._action(popup, entry)
        if not action.isEnabled():
            raise AssertionError(f"'{entry}' in the menu '{title}' cannot be chosen now\n{self.screen()}")
        QTest.mouseClick(popup, LEFT, pos=popup.actionGeometry(action).center())

    def keys(self, *strokes: str) -> None:
        """Press keys, such as "7" or "Ctrl+Return", where the keyboard is."""
        for stroke in strokes:
            target = QApplication.focusWidget()
            if target is None:
                self._raise()
                target = QApplication.focusWidget() or self.front
            sequence: Any = QKeySequence(stroke)
            pressed = sequence[0]
            QTest.keyClick(target, pressed.key(), pressed.keyboardModifiers())
            QApplication.processEvents()

    # What is to be seen

    def sees(self, words: str, patience_ms: int = PATIENCE_MS) -> str:
        """Wait until some words are to be read anywhere; return the text that holds them."""
        self.wait(lambda: any(words in text for text in self.texts()), f"the words '{words}'", patience_ms)
        return next(text for text in self.texts() if words in text)

    def wait(self, met: Callable[[], object], what: str, patience_ms: int = PATIENCE_MS) -> None:
        """Wait for a state, or fail with what is on the screen."""
        try:
            self.qtbot.waitUntil(lambda: bool(met()), timeout=patience_ms)
        except Exception as error:
            if not isinstance(error, (AssertionError, TimeoutError)) and "imeout" not in type(error).__name__:
                raise
            raise AssertionError(f"waited in vain for {what}\n{self.screen()}") from error

    def gone(self, title: str, patience_ms: int = PATIENCE_MS) -> None:
        """Wait until no window of that title is open."""
        self.wait(
            lambda: all(title not in each.windowTitle() for each in _windows()),
            f"the window '{title}' to close",
            patience_ms,
        )

    def titled(self, title: str) -> None:
        """Wait until the window in front is called so."""
        self.wait(lambda: title in self.front.windowTitle(), f"a window '{title}' in front")

    def rows(self, name: str) -> list[list[str]]:
        """Return what a list, table or tree shows, row by row."""
        view = self._ready(name, (QAbstractItemView,), PATIENCE_MS)
        assert isinstance(view, QAbstractItemView)
        return [
            [str(index.siblingAtColumn(c).data() or "") for c in _columns(view)] for index in _indices(view)
        ]

    def chosen(self, name: str) -> str:
        """Return the row of a list that is selected, "" where none is."""
        view = self._ready(name, (QAbstractItemView,), PATIENCE_MS)
        assert isinstance(view, QAbstractItemView)
        return str(view.currentIndex().siblingAtColumn(0).data() or "")

    def reads(self, name: str) -> str:
        """Return what a field or a drop-down list says."""
        field = self._ready(name, (QComboBox, *FIELDS), PATIENCE_MS)
        return field.currentText() if isinstance(field, QComboBox) else _said(field)

    def can_press(self, name: str) -> bool:
        """Whether a button is there and can be clicked."""
        found = [each for each in _named(self.front, name) if isinstance(each, QAbstractButton)]
        return len(found) == 1 and found[0].isEnabled()

    def texts(self) -> list[str]:
        """Return every text on the screen."""
        return [text for window in _windows() for widget in _visible(window) for text in _words(widget)]

    def screen(self) -> str:
        """Return everything on the screen, for a message."""
        lines = []
        for window in _windows():
            lines.append(f"window '{window.windowTitle()}' ({type(window).__name__})")
            for widget in _visible(window):
                name, words = spoken(widget), " | ".join(_words(widget))
                if name or words:
                    off = "" if widget.isEnabled() else ", off"
                    lines.append(f"  {type(widget).__name__}{off} [{name}] {words[:200]}")
        return "\n".join(lines)

    @property
    def front(self) -> QWidget:
        """The window that takes what is done: an open list or menu, else a dialog, else the main window."""
        popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if popup is not None:
            return popup
        dialogs = [each for each in _windows() if each is not self.window and each.windowTitle()]
        return dialogs[-1] if dialogs else self.window

    # Finding

    def _ready(self, name: str, kinds: tuple[type, ...], patience_ms: int) -> QWidget:
        def found() -> list[QWidget]:
            return [each for each in _named(self.front, name) if isinstance(each, kinds)]

        self.wait(lambda: any(each.isEnabled() for each in found()), f"'{name}' to be used", patience_ms)
        there = found()
        if len(there) > 1:
            told = ", ".join(type(each).__name__ for each in there)
            raise AssertionError(f"{len(there)} controls are called '{name}': {told}\n{self.screen()}")
        return there[0]

    def _action(self, holder: QMenu | QMenuBar, words: str) -> QAction:
        known = {_plain(action.text()): action for action in holder.actions() if action.isVisible()}
        if words not in known:
            raise AssertionError(f"no '{words}' in {list(known)}")
        return known[words]

    # Operating

    def _raise(self) -> None:
        front = self.front
        for _ in range(CLICKS):
            if front.isActiveWindow():
                return
            front.activateWindow()
            # Where another program had the keyboard since, X takes a request for one that came too late;
            # whoever wants the window clicks once more.
            with contextlib.suppress(AssertionError):
                self.wait(front.isActiveWindow, "", PATIENCE_MS // CLICKS)
        self.wait(front.isActiveWindow, f"the window '{front.windowTitle()}' to be in front")

    def _click(self, widget: QWidget) -> None:
        self._raise()
        if widget.visibleRegion().boundingRect().height() < min(8, widget.height()):
            self._tab_to(widget)
        area = widget.visibleRegion().boundingRect()
        place = area.center()
        if isinstance(widget, QAbstractButton) and not widget.hitButton(place):
            place = QPoint(area.left() + 8, area.center().y())
        QTest.mouseClick(widget, LEFT, pos=place)
        QApplication.processEvents()

    def _tab_to(self, widget: QWidget) -> None:
        """Reach what lies outside the visible part of a page with the Tab key, as a person does."""
        for _ in range(MOST_TABS):
            focus = QApplication.focusWidget() or self.front
            if focus is widget or widget.isAncestorOf(focus):
                return
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not reach '{spoken(widget)}'\n{self.screen()}")

    def _bring(self, view: QAbstractItemView, words: str, under: str) -> None:
        """Scroll a row into view with the arrow keys."""
        index = _row(view, words, under)
        assert index is not None
        if view.viewport().rect().contains(view.visualRect(index).center()):
            return
        self._tab_to(view)
        QTest.keyClick(view, Qt.Key.Key_Home)
        for _ in range(MOST_TABS):
            index = _row(view, words, under)
            assert index is not None
            if view.viewport().rect().contains(view.visualRect(index).center()):
                return
            QTest.keyClick(view, Qt.Key.Key_Down)

    def _place(self, view: QAbstractItemView, words: str, under: str) -> QPoint:
        index = _row(view, words, under)
        assert index is not None
        area: QRect = view.visualRect(index).intersected(view.viewport().rect())
        if area.isEmpty():
            raise AssertionError(f"the row '{words}' is not to be seen\n{self.screen()}")
        return area.center()

    def _answering(self, path: str, act: Callable[[], None]) -> None:
        """Do what opens the dialog for files, type a path into it and open it; the caller waits meanwhile."""
        told: list[str] = []
        tries = iter(range(DIALOG_TRIES))

        def answer() -> None:
            dialog = next((each for each in _windows() if isinstance(each, QFileDialog)), None)
            if dialog is None and told:
                return
            if next(tries, None) is None:
                told.append(f"no dialog for files took the path\n{self.screen()}")
                if dialog is not None:
                    QTest.keyClick(dialog, Qt.Key.Key_Escape)
                return
            QTimer.singleShot(DIALOG_LOOK_MS, answer)
            if dialog is None:
                return
            if not told:
                told.append("")
                line = next(each for each in _visible(dialog) if isinstance(each, QLineEdit))
                # Pasted: proposals that open meanwhile take letters away.
                QApplication.clipboard().setText(path)
                QTest.keySequence(line, QKeySequence(QKeySequence.StandardKey.Paste))
            elif (popup := QApplication.activePopupWidget()) is not None:
                # Proposals for the name, which would take the next click.
                QTest.keyClick(popup, Qt.Key.Key_Escape)
            else:
                QTest.mouseClick(next(each for each in _visible(dialog) if _text(each) == "Open"), LEFT)

        QTimer.singleShot(DIALOG_LOOK_MS, answer)
        act()
        self.wait(lambda: told, "the dialog for files")
        if told[-1]:
            raise AssertionError(told[-1])


def _entries(box: QComboBox) -> list[str]:
    return [box.itemText(place) for place in range(box.count())]


def _entry(box: QComboBox, words: str) -> int:
    """Return the place of the entry that reads, or else holds, some words; -1 where none does."""
    entries = _entries(box)
    holding = [place for place, text in enumerate(entries) if words in text]
    return entries.index(words) if words in entries else holding[0] if holding else -1


def spoken(widget: QWidget) -> str:
    """Return what a screen reader calls a control."""
    if isinstance(widget, QComboBox):
        # On Linux Qt says a list's choice for its name; the name is told beside it.
        return _plain(widget.accessibleName())
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else _plain(interface.text(QAccessible.Text.Name))


def _plain(text: str) -> str:
    words = re.sub(r"&(.)", r"\1", re.sub(r"<[^>]+>", "", text))
    return " ".join(html.unescape(words).split())


def _windows() -> list[QWidget]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return [each for each in theme.every_window(application) if each.isVisible()]


def _visible(top: QWidget) -> Iterator[QWidget]:
    for widget in top.findChildren(QWidget):
        if widget.isVisibleTo(top) and widget.window() is top:
            yield widget


def _named(top: QWidget, name: str) -> list[QWidget]:
    found = [
        each for each in _visible(top) if name == spoken(each) or (_is_button(each) and name == _text(each))
    ]
    # Parts of one control are that control.
    return [
        each for each in found if not any(other is not each and other.isAncestorOf(each) for other in found)
    ]


def _is_button(widget: QWidget) -> bool:
    return isinstance(widget, QAbstractButton)


def _text(widget: QWidget) -> str:
    return _plain(widget.text()) if isinstance(widget, QAbstractButton) else ""


def _said(widget: QWidget) -> str:
    if isinstance(widget, QLineEdit | QAbstractSpinBox):
        return widget.text()
    return widget.toPlainText() if isinstance(widget, QPlainTextEdit | QTextEdit) else ""


def _words(widget: QWidget) -> list[str]:
    if isinstance(widget, QLabel):
        return [text] if (text := _plain(widget.text())) else []
    if isinstance(widget, QAbstractButton):
        return [text] if (text := _text(widget)) else []
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    if isinstance(widget, QTabBar):
        return [widget.tabText(place) for place in range(widget.count())]
    if isinstance(widget, QHeaderView):
        return []
    if isinstance(widget, QAbstractItemView):
        return [
            text
            for index in _indices(widget)
            for column in _columns(widget)
            if (text := str(index.siblingAtColumn(column).data() or ""))
        ]
    said = _said(widget)
    return [said] if said else []


def _columns(view: QAbstractItemView) -> range:
    model: QAbstractItemModel | None = view.model()
    # Models that are lists hide how many columns they have: one.
    several = isinstance(view, QTableView | QTreeView)
    return range(0 if model is None else model.columnCount() if several else 1)


def _indices(view: QAbstractItemView) -> Iterator[QModelIndex]:
    """Yield the rows of a view in their order, those of open branches too, by their first column."""
    model: QAbstractItemModel | None = view.model()
    if model is None:
        return

    def under(parent: QModelIndex) -> Iterator[QModelIndex]:
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            hidden = isinstance(view, QTreeWidget) and view.isRowHidden(row, parent)
            hidden = hidden or (isinstance(view, QTableWidget) and view.isRowHidden(row))
            if not hidden:
                yield index
                if isinstance(view, QTreeWidget) and view.isExpanded(index):
                    yield from under(index)

    yield from under(QModelIndex())


def _row(view: QAbstractItemView, words: str, under: str = "") -> QModelIndex | None:
    cells: Sequence[QModelIndex] = [
        index.siblingAtColumn(column)
        for index in _indices(view)
        if not under or str(index.parent().data() or "") == under
        for column in _columns(view)
    ]
    exact = [cell for cell in cells if str(cell.data() or "") == words]
    holding = [cell for cell in cells if words in str(cell.data() or "")]
    return next(iter(exact or holding), None)
