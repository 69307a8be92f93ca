"""One table of actions feeds everything: no key twice, a help page each, and each one can be done."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

import resources
from app.console import actions
from app.console.help_viewer import page_in_hand, pages
from app.console.sheets import ActionPalette, ShortcutSheet
from app.console.window import MainWindow

NAMES = [entry.name for entry in actions.ACTIONS]


def test_names_and_shortcuts_are_unique() -> None:
    keys = Counter(QKeySequence(entry.shortcut).toString() for entry in actions.ACTIONS if entry.shortcut)
    assert [key for key, count in keys.items() if count > 1] == []
    assert "" not in keys
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("entry", actions.ACTIONS, ids=NAMES)
def test_every_action_has_a_help_page_a_tip_and_its_icon(entry: actions.ActionInfo) -> None:
    assert entry.help in pages()
    assert entry.tip
    assert resources.path(f"icons/{entry.icon}.svg").is_file()


def test_toolbar_and_groups_name_actions() -> None:
    assert set(actions.TOOLBAR) - {actions.SEPARATOR} <= set(NAMES)
    assert set(NAMES) >= actions.GROUP_ENDS


def test_help_pages_link_only_to_pages() -> None:
    import re

    for page in pages():
        text = resources.path(f"help/{page}.md").read_text(encoding="utf-8")
        links = set(re.findall(r"\]\(([^)]*)\)", text))
        assert {link for link in links if "://" not in link} <= {f"{name}.md" for name in pages()}, page
        assert text.startswith("# ")


def test_every_action_can_be_done(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: ("", ""))
    monkeypatch.setattr(window.conduct, "launch", lambda *_, **__: None)
    for name in sorted(NAMES, key=lambda name: name == "quit"):
        action = window.actions_by_name[name]
        action.setEnabled(True)
        action.trigger()
        qapp.processEvents()
        if window._dialog is not None:
            window._dialog.reject()
    assert not window.isVisible(), "the last action closes the window"


def test_session_actions_are_off_without_a_session(window: MainWindow) -> None:
    for name in ("start", "pause", "skip", "abort", "note", "repeat", "next", "end", "mark_noise"):
        assert not window.actions_by_name[name].isEnabled(), name


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("pause", "pause"),
        ("dark", "dark"),
        ("new st", "new_study"),
        ("rep tri", "repeat"),
        ("note", "note"),
        ("xyzzy", None),
    ],
)
def test_words_find_actions(query: str, first: str | None) -> None:
    found = actions.matching(query)
    assert (found[0].name if found else None) == first


def test_palette_does_what_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    window.trigger("find_action")
    palette = window._dialog
    assert isinstance(palette, ActionPalette)
    QTest.keyClicks(palette.line, "dark")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.actions_by_name["dark"].isChecked())


def test_question_mark_opens_the_sheet_but_not_while_writing(window: MainWindow, qtbot: QtBot) -> None:
    window.trigger("keys")
    assert isinstance(window._dialog, ShortcutSheet)
    window._dialog.reject()
    window.activateWindow()
    window._show(window.live)
    window.live.notes.set_possible(True)
    window.live.notes.line.setFocus()
    qtbot.waitUntil(window.live.notes.line.hasFocus)
    QTest.keyClicks(window.live.notes.line, "why?")
    assert window.live.notes.line.text() == "why?"
    assert window._dialog is None


def test_f1_opens_the_page_of_what_is_in_hand(window: MainWindow, qtbot: QtBot) -> None:
    window._show(window.live)
    window.live.notes.set_possible(True)
    window.activateWindow()
    window.live.notes.line.setFocus()
    qtbot.waitUntil(window.live.notes.line.hasFocus)
    assert page_in_hand() == "notes"
    window.trigger("help")
    assert window.help.page == "notes"
    assert "Marks" in window.help.browser.toPlainText()
