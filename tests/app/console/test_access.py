"""Every page and dialog can be used by keyboard, by a screen reader, with weak eyes and at twice the size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.console import actions, theme
from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from tests.helpers.agreeing import make
from tests.helpers.analyse_page import settled
from tests.helpers.analysed import finish, make_run
from tests.helpers.front import bring_to_front

PAGES = tuple(
    each.name for each in actions.ACTIONS if each.name.endswith("_page") or each.name.startswith("analyse_")
)
DIALOGS = (
    "new_study", "import_data", "export_data", "study_settings", "second_copy",
    "add_participant", "sound_outputs", "edit_schemes", "plan_annotation", "hand_on", "practice_items",
    "pack", "progress", "curate", "find_action", "keys", "messages", "timing_test", "import_stimuli",
    "select_stimuli", "norm_stimuli",
)  # fmt: skip
MOST_TABS = 400
SPOKEN = 4.5
FULL_HD = (1920, 1080)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with recordings, annotators, labels and a finished run, so that no page is empty."""
    folder = make(tmp_path_factory.mktemp("study") / "faces").folder
    finish(make_run(folder, "one"))
    return folder


@pytest.fixture
def opened(window: MainWindow, labelled: Path, qtbot: QtBot) -> MainWindow:
    """The window with that study open."""
    window.resize(1600, 1000)
    assert window.open_study(labelled)
    qtbot.waitUntil(lambda: window.isVisible())
    return window


def spoken(widget: QWidget) -> str:
    """Return what a screen reader calls a control; of a row of tabs it reads each tab."""
    if isinstance(widget, QTabBar):
        return ", ".join(widget.tabText(place) for place in range(widget.count()))
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else interface.text(QAccessible.Text.Name).strip()


def controls(top: QWidget) -> Iterator[QWidget]:
    """Yield what a person can operate in a window: parts of one control count as that control."""
    for widget in top.findChildren(QWidget):
        of_another = isinstance(widget.parent(), (QComboBox, QTabWidget))
        inside = widget.objectName().startswith("qt_") or of_another
        is_frame = type(widget) in (QWidget, QFrame, QScrollArea)
        takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        says_nothing = _is_empty(widget)
        if (
            takes
            and widget.isVisibleTo(top)
            and widget.isEnabled()
            and not (inside or is_frame or says_nothing)
        ):
            yield widget


def _is_empty(widget: QWidget) -> bool:
    """Return whether there is nothing on a control: an empty line, the tabs of docks that are not tabbed."""
    if isinstance(widget, QTabBar):
        return widget.count() == 0
    return isinstance(widget, QLabel) and not widget.text()


def told(widget: QWidget) -> str:
    """Return a widget for a message."""
    return f"{type(widget).__name__} '{widget.objectName()}' in {type(widget.parent()).__name__}"


def tabbed(top: QWidget, qtbot: QtBot) -> list[QWidget]:
    """Return what the Tab key reaches, in order, until it comes round."""
    seen: list[QWidget] = []
    bring_to_front(top, qtbot)
    for _ in range(MOST_TABS):
        QTest.keyClick(QApplication.focusWidget() or top, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        found = QApplication.focusWidget()
        if found is None or found in seen:
            break
        seen.append(found)
    return seen


def show_page(window: MainWindow, name: str, qtbot: QtBot) -> QWidget:
    """Open a page and wait until it stands still."""
    window.trigger(name)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    for _ in range(5):
        QApplication.processEvents()
    page = window.pages.currentWidget()
    assert page is not None
    if isinstance(page, AnalysePage):
        settled(page.step(page.current), qtbot)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_every_control_of_a_page_has_a_name_and_tab_reaches_named_ones_only(
    opened: MainWindow, qtbot: QtBot, name: str
) -> None:
    show_page(opened, name, qtbot)
    assert [told(each) for each in controls(opened) if not spoken(each)] == []
    reached = tabbed(opened, qtbot)
    assert reached, "Tab reaches nothing"
    parts = ("qt_spinbox_lineedit",)
    nameless = [
        each
        for each in reached
        if not spoken(each) and each.objectName() not in parts and not _is_empty(each)
    ]
    assert [told(each) for each in nameless] == []


@pytest.mark.slow
@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_what_is_behind_them(
    opened: MainWindow, qtbot: QtBot, qapp: QApplication, name: str, palette: str
) -> None:
    theme.apply(qapp, palette, 1.0)
    page = show_page(opened, name, qtbot)
    picture = page.grab().toImage()
    poor = {}
    for widget in page.findChildren(QWidget):
        words = _words(widget)
        if not words or not widget.isVisibleTo(page) or not widget.isEnabled():
            continue
        area = QRect(widget.mapTo(page, QPoint(0, 0)), widget.size()).intersected(picture.rect())
        if area.width() > 6 and area.height() > 6:
            found = _contrast(picture, area)
            if found < SPOKEN:
                poor[f"{told(widget)}: {words[:30]}"] = round(found, 2)
    assert poor == {}


def _words(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        return "" if widget.pixmap() and not widget.pixmap().isNull() else widget.text().strip()
    if isinstance(widget, QAbstractButton):
        return widget.text().strip()
    if isinstance(widget, QComboBox):
        return widget.currentText().strip()
    return widget.text().strip() if isinstance(widget, QLineEdit) else ""


def _contrast(picture: QImage, area: QRect) -> float:
    """Return the contrast of the strongest pixel of an area against its commonest colour."""
    part = picture.copy(area).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(part.constBits(), np.uint32).reshape(part.height(), -1)[:, : part.width()]
    found, counts = np.unique(pixels, return_counts=True)
    names = [f"#{int(colour) & 0xFFFFFF:06x}" for colour in found]
    ground = names[int(counts.argmax())]
    return max(theme.contrast(name, ground) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_at_twice_the_size_a_page_fits_a_usual_screen(
    opened: MainWindow, qtbot: QtBot, qapp: QApplication, name: str
) -> None:
    theme.apply(qapp, "light", 2.0)
    page = show_page(opened, name, qtbot)
    least = opened.minimumSizeHint()
    assert (least.width() <= FULL_HD[0], least.height() <= FULL_HD[1]) == (True, True), least
    assert page.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALOGS)
def test_every_control_of_a_dialog_has_a_name_and_fits_at_twice_the_size(
    opened: MainWindow, qtbot: QtBot, qapp: QApplication, name: str
) -> None:
    before = {id(each) for each in theme.every_window(qapp) if each.isVisible()}
    theme.apply(qapp, "dark", 2.0)
    opened.trigger(name)
    qtbot.waitUntil(lambda: bool(_new(qapp, before)))
    for dialog in _new(qapp, before):
        assert dialog.windowTitle(), "a window without a title"
        assert [told(each) for each in controls(dialog) if not spoken(each)] == []
        least = dialog.minimumSizeHint()
        assert least.width() <= FULL_HD[0]
        assert least.height() <= FULL_HD[1]
        dialog.close()
    qtbot.waitUntil(lambda: not _new(qapp, before))


def _new(application: QApplication, before: set[int]) -> list[QWidget]:
    return [each for each in theme.every_window(application) if each.isVisible() and id(each) not in before]
