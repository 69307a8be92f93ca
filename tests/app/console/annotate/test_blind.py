"""Blindness: studies that differ in hidden facts only give the same page, to the pixel and to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QTableWidget,
    QTabWidget,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from analysis.labels.scheme import SHOWABLE
from analysis.labels.scheme_json import with_checksum
from app import settings
from app.annotation import schemes
from app.annotation.plans import make_plan
from app.annotation.study_place import StudyPlace
from app.console import theme
from app.console.annotate.lanes import LaneView
from app.console.annotate.page import AnnotatePage
from app.console.annotate.page_entry import wishes
from app.console.review.axis_row import AxisRow
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.annotate_page import add_model, begin, planned_study, press, spot, wait_open
from tests.helpers.labelled import Facts

ONE = Facts(categories=("pleasing", "repelling", "pleasing", "plain"))
OTHER = Facts(
    codes=("Q77", "Q78", "Q79", "Q80"),
    stimuli=("accident", "wedding", "spider", "lamp"),
    categories=("repelling", "plain", "plain", "pleasing"),
    answers=(1, 9, 4, 3),
)
SECRETS = (*ONE.codes, *OTHER.codes, *ONE.stimuli, *OTHER.stimuli, *ONE.categories, *OTHER.categories)
SECRETS = (*SECRETS, "sub-", "ses-", ".h5", "pictures", "model-", "secret-net")


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    """Two studies of one name that differ in nothing but what is hidden."""
    made = []
    for name, facts in (("one", ONE), ("other", OTHER)):
        folder = tmp_path_factory.mktemp(name) / "faces"
        made.append(planned_study(folder, ("sam", "basic-emotions"), facts, ("anna", "bert")))
    return made[0], made[1]


def texts(root: QWidget) -> list[str]:
    """Return every text that a person or a screen reader can come by in a tree of widgets."""
    found: list[str] = []
    for widget in [root, *root.findChildren(QWidget)]:
        kind = type(widget).__name__
        told = [
            widget.windowTitle(),
            widget.toolTip(),
            widget.statusTip(),
            widget.whatsThis(),
            widget.accessibleName(),
            widget.accessibleDescription(),
            widget.objectName() if not widget.objectName().startswith("qt_") else "",
        ]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            told.append(widget.text())
        elif isinstance(widget, QPlainTextEdit):
            told.append(widget.toPlainText())
        elif isinstance(widget, QComboBox):
            told += [widget.itemText(row) for row in range(widget.count())]
        elif isinstance(widget, QListWidget):
            for row in range(widget.count()):
                told += [widget.item(row).text(), widget.item(row).toolTip()]
        elif isinstance(widget, QTableWidget):
            cells = [widget.item(r, c) for r in range(widget.rowCount()) for c in range(widget.columnCount())]
            told += [cell.text() for cell in cells if cell is not None]
        elif isinstance(widget, QTreeWidget):
            tops = [widget.topLevelItem(row) for row in range(widget.topLevelItemCount())]
            told += [top.text(0) for top in tops if top is not None]
        elif isinstance(widget, QTabWidget):
            told += [widget.tabText(place) for place in range(widget.count())]
        elif isinstance(widget, QGroupBox):
            told.append(widget.title())
        elif isinstance(widget, QMenu):
            told += [action.text() for action in widget.actions()]
        if isinstance(widget, AxisRow):
            places = [QPointF(x, widget.height() / 2) for x in range(0, widget.width(), 7)]
            told += [widget.words_at(place) for place in places]
        if isinstance(widget, LaneView):
            told += [widget.words_at(QPointF(spot(widget, n, 0.3))) for n in range(len(widget.rows))]
        found += [f"{kind}: {text}" for text in told if text and not text.startswith("saved ")]
    return found


def menus(window: MainWindow) -> list[str]:
    """Return the entries of the window's menus with their tips."""
    return [f"{action.text()} {action.toolTip()}" for action in window.findChildren(QAction)]


@pytest.fixture
def windows(qapp: QApplication, qtbot: QtBot) -> Iterator[list[MainWindow]]:
    """Windows that are closed again."""
    made: list[MainWindow] = []
    yield made
    for window in made:
        window.conduct.close()
        window.close()
        window.deleteLater()
    qapp.sendPostedEvents(None, 52)
    theme.apply(qapp, "light", 1.0)


def open_page(study: Study, windows: list[MainWindow], qtbot: QtBot) -> AnnotatePage:
    """Open the page in a window as `evoke` does, on its first start ever."""
    path = settings.home() / "settings.json"
    path.unlink(missing_ok=True)
    window = MainWindow()
    windows.append(window)
    window.resize(1280, 800)
    window.move(0, 0)
    window.show()
    qtbot.waitExposed(window)
    assert window.open_study(study.folder)
    window.trigger("annotate_page")
    page = window.of_labels.page
    page.saved.now_s = lambda: page.log.saved_s if page.log is not None else 0.0
    return page


def settled(page: AnnotatePage, qtbot: QtBot) -> QImage:
    """Return the picture of the window once two in a row are equal."""
    last = [QImage()]

    def is_still() -> bool:
        page.saved.refresh()
        image = page.window().grab().toImage()
        same, last[0] = image == last[0], image
        return same

    qtbot.waitUntil(is_still, timeout=15_000)
    return last[0]


def walk(study: Study, windows: list[MainWindow], qtbot: QtBot, plan: str) -> list[tuple[QImage, list[str]]]:
    """Work through a queue as an annotator does; return what was to be seen and read at each step."""
    page = open_page(study, windows, qtbot)
    seen = []

    def look() -> None:
        window = page.window()
        assert isinstance(window, MainWindow)
        seen.append((settled(page, qtbot), [window.windowTitle(), *menus(window), *texts(page)]))

    item = begin(page, qtbot, "anna", plan)
    look()
    axis = page.desk.axis
    axis.move_cursor(axis.start_s + 0.5 * axis.width_s)
    if plan != "basic-emotions":
        press(page, Qt.Key.Key_7, Qt.Key.Key_2, Qt.Key.Key_0)
    else:
        page.set_tier("moments")
        low_ns, width_ns = round(axis.start_s * 1e9), round(axis.width_s * 1e9)
        page.editor.draw("moments", low_ns + width_ns // 5, low_ns + width_ns // 2)
    look()
    press(page, Qt.Key.Key_Tab)
    wait_open(page, qtbot, item.code)
    look()
    page.window().close()
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("plan", ["sam", "basic-emotions"])
def test_hidden_facts_change_no_pixel_no_title_no_text_and_no_menu(
    studies: tuple[Study, Study], windows: list[MainWindow], qtbot: QtBot, plan: str
) -> None:
    one = walk(studies[0], windows, qtbot, plan)
    other = walk(studies[1], windows, qtbot, plan)
    for (picture, words), (other_picture, other_words) in zip(one, other, strict=True):
        assert words == other_words
        assert picture == other_picture


def test_no_text_of_the_page_holds_a_hidden_fact_and_labels_of_others_stay_out_of_sight(
    studies: tuple[Study, Study], windows: list[MainWindow], qtbot: QtBot
) -> None:
    study = studies[0]
    page = open_page(study, windows, qtbot)
    begin(page, qtbot, "bert", "basic-emotions")
    page.set_tier("moments")
    axis = page.desk.axis
    page.editor.draw("moments", round((axis.start_s + 0.2) * 1e9), round((axis.start_s + 0.9) * 1e9))
    page.leave()
    item = begin(page, qtbot, "anna", "basic-emotions")
    page.leave()
    add_model(study, item, "moments", [(0.2, 0.4, "fear", 0.9)], "secret-net")
    begin(page, qtbot, "anna", "basic-emotions")
    assert all(row.own for row in page.lanes.rows)
    assert not page.models.isVisible()
    found = [text for text in texts(page) for secret in SECRETS if secret in text]
    assert not found
    assert page.log is not None
    works = [work for work in page.log.works() if work.visible]
    press(page, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert all(not work.model and not work.others for work in works)


@pytest.mark.slow
def test_sound_is_muted_while_a_stimulus_plays_and_the_page_says_so(
    studies: tuple[Study, Study], windows: list[MainWindow], qtbot: QtBot
) -> None:
    page = open_page(studies[0], windows, qtbot)
    begin(page, qtbot, "bert", "sam")
    view = page.desk.view
    assert view is not None and view.muted_s
    start_s, end_s = view.muted_s[0]
    page.desk.axis.move_cursor((start_s + end_s) / 2)
    assert view.is_muted(page.desk.axis.cursor_s)
    assert any("muted" in text for text in texts(page.desk.transport))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["recording", "log"])
def test_damaged_files_are_told_without_a_name_where_names_are_hidden(
    studies: tuple[Study, Study], windows: list[MainWindow], qtbot: QtBot, tmp_path: Path, what: str
) -> None:
    page = open_page(studies[0], windows, qtbot)
    item = begin(page, qtbot, "bert", "sam")
    page.leave()
    assert isinstance(page.place, StudyPlace)
    path = page.place.session_path(item) if what == "recording" else page.place.log_path(item, "bert")
    away = tmp_path / "away"
    path.rename(away)
    path.write_bytes(b"damaged" * 500)
    try:
        wish = next(each for each in wishes(page.place, "bert") if each.name == "sam")
        page.begin("bert", wish)
        qtbot.waitUntil(lambda: bool(page.banner.text), timeout=10_000)
        assert item.code in page.banner.text
        assert not [secret for secret in SECRETS if secret in page.banner.text]
    finally:
        path.unlink()
        away.rename(path)


@pytest.mark.slow
def test_the_comparison_would_see_what_is_not_hidden(
    studies: tuple[Study, Study], windows: list[MainWindow], qtbot: QtBot
) -> None:
    base = next(each for each in schemes.bundled() if each.name == "sam")
    for study in studies:
        shown = replace(base, name="open", hide=frozenset(), show=frozenset(SHOWABLE))
        made = schemes.add_scheme(study, with_checksum(shown))
        make_plan(study, "open", made, ["anna"], seed=5)
    one, other = (walk(study, windows, qtbot, "open")[0] for study in studies)
    assert one[0] != other[0] and one[1] != other[1]
