"""Characters that nobody could read are found before a session."""

from __future__ import annotations

import subprocess

import pytest
from PySide6.QtWidgets import QApplication

from app.presenter import glyphs
from app.presenter.glyphs import GlyphError, find_missing, missing_glyphs, needs_glyph

# Reserved for private use: no font of an operating system draws it.
NOWHERE = "\U0010ff42"


def test_what_no_font_has_is_found_once_and_in_order(qapp: QApplication) -> None:
    assert missing_glyphs(f"How are you, Größe? é {NOWHERE} and {NOWHERE}") == NOWHERE
    assert find_missing("äöüß") == ""


def test_without_a_window_a_child_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert glyphs._ask_child(f"ä{NOWHERE}ß") == NOWHERE


def test_plain_text_needs_nobody_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_child(*arguments: object, **options: object) -> None:
        raise AssertionError("nobody needs to be asked")

    monkeypatch.setattr(subprocess, "run", no_child)
    assert missing_glyphs("Plain words, 1 to 7!\n\t") == ""


@pytest.mark.parametrize(
    ("character", "seen"), [("a", False), ("ä", True), ("您", True), ("\u0301", False), ("\u200d", False)]
)
def test_which_characters_need_a_glyph(character: str, seen: bool) -> None:
    assert needs_glyph(character) is seen


def test_fonts_that_cannot_be_looked_at_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise subprocess.CalledProcessError(1, "python")

    monkeypatch.setattr(subprocess, "run", broken)
    with pytest.raises(GlyphError, match="fonts"):
        glyphs._ask_child("ä")
