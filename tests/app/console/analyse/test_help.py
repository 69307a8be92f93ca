"""Help on the steps of Analyse: a page for each, short, in the words that stand on the screen."""

from __future__ import annotations

import re
from importlib import import_module
from typing import cast

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

import resources
from app.console.actions import ACTIONS
from app.console.analyse.page import PAGES, AnalysePage, Step
from app.console.help_viewer import page_in_hand, pages
from app.console.parts import Primary
from app.console.window import MainWindow
from tests.helpers.analyse_page import step

FIRST = next(at for at, each in enumerate(PAGES) if each.group == "Papers and tools")
TOOLS = PAGES[FIRST:]
NAMES = [each.name for each in TOOLS]
ELSEWHERE = {
    "playlist": ("rankers",),
}
"""Help pages that tell of a step besides its own."""
HEADINGS = ["What you see", "Know this before you believe it", "On the command line"]


def text_of(page: str) -> str:
    return resources.path(f"help/{page}.md").read_text(encoding="utf-8")


def in_bold(text: str) -> set[str]:
    return set(re.findall(r"\*\*(.+?)\*\*", text))


def made(step: Step, qtbot: QtBot) -> QWidget:
    module, _, name = step.factory.partition(":")
    page = cast("QWidget", getattr(import_module(module), name)())
    qtbot.addWidget(page)
    return page


def on_screen(page: QWidget) -> set[str]:
    """Return the texts of a page: buttons, tabs, labels, heads of columns, choices."""
    found = {each.text() for each in page.findChildren(QAbstractButton)}
    found |= {each.text() for each in page.findChildren(QLabel)}
    found |= {each.placeholderText() for each in page.findChildren(QLineEdit)}
    for tabs in page.findChildren(QTabWidget):
        found |= {tabs.tabText(at) for at in range(tabs.count())}
    for box in page.findChildren(QComboBox):
        found |= {box.itemText(at) for at in range(box.count())}
    for table in page.findChildren(QTableWidget):
        heads = (table.horizontalHeaderItem(at) for at in range(table.columnCount()))
        found |= {head.text() for head in heads if head is not None}
    return found


@pytest.mark.parametrize("name", [each.name for each in PAGES])
def test_every_step_has_a_help_page(window: MainWindow, page: AnalysePage, qtbot: QtBot, name: str) -> None:
    shown = step(page, name, qtbot)
    wanted = name if name in NAMES else "analyse"
    assert wanted in pages()
    assert shown.property("help") == wanted
    assert page_in_hand() == wanted, "the list of steps has the focus"
    window.trigger("help")
    assert window.help.page == wanted


def test_help_without_a_study_is_on_the_whole_page(window: MainWindow) -> None:
    window.trigger("analyse_page")
    window.trigger("help")
    assert window.help.page == "analyse"


@pytest.mark.parametrize("name", NAMES)
def test_the_entry_of_the_menu_has_the_same_help(name: str) -> None:
    entry = next(each for each in ACTIONS if each.name == f"analyse_{name.replace('-', '_')}")
    assert entry.help == name


def test_the_page_of_analyse_leads_to_every_tool() -> None:
    links = re.findall(r"^- \[(.+?)\]\((.+?)\.md\)", text_of("analyse"), re.MULTILINE)
    assert [each for each in links if each[1] in NAMES] == [(each.title, each.name) for each in TOOLS]


@pytest.mark.parametrize("name", [*NAMES, *(each for more in ELSEWHERE.values() for each in more)])
def test_a_page_is_short_and_leads_on(name: str) -> None:
    text = text_of(name)
    words = re.sub(r"^\s*(\d+\.|-|#.*$)", "", text, flags=re.MULTILINE).split()
    assert 120 <= len(words) <= 300
    assert "\n1. " in text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == [each for each in HEADINGS if each in headings]
    assert HEADINGS[1] in headings
    assert re.search(r"^Next: \[", text, re.MULTILINE)


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_a_page_names_what_is_on_its_step_s_screen(tool: Step, qtbot: QtBot) -> None:
    page = made(tool, qtbot)
    told = set().union(*(in_bold(text_of(each)) for each in (tool.name, *ELSEWHERE.get(tool.name, ()))))
    assert told <= on_screen(page)
    assert text_of(tool.name).startswith(f"# {tool.title}\n")
    wanted = {each.text() for each in page.findChildren(Primary)}
    for tabs in page.findChildren(QTabWidget):
        wanted |= {tabs.tabText(at) for at in range(tabs.count())}
    assert wanted <= told


def test_a_link_in_the_dock_opens_its_page(window: MainWindow) -> None:
    window.help.open_page("analyse")
    window.help.browser.anchorClicked.emit(QUrl("cross-corpus.md"))
    assert window.help.page == "cross-corpus"
    assert "upper bound" in window.help.browser.toPlainText()
