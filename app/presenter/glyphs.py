"""Which characters of a text nobody could read: those that no font of this computer has.

Asked by `evoke check` before there is any window, so the fonts are looked at in a child process unless Qt
runs here already; a text of ASCII needs neither.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterable

from stimuli.problems import EvokeError

PATIENCE_S = 30.0
# Marks and joiners are drawn with the letters they belong to, or not at all.
UNSEEN = ("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp")


class GlyphError(EvokeError):
    """The fonts of this computer cannot be looked at."""


def missing_glyphs(text: str) -> str:
    """Return the characters of `text` that the forms' font and its stand-ins lack, each once, in order.

    Raises GlyphError where fonts cannot be looked at (a library of Qt is missing).
    """
    asked = "".join(dict.fromkeys(character for character in text if needs_glyph(character)))
    if not asked:
        return ""
    from PySide6.QtGui import QGuiApplication

    return find_missing(asked) if QGuiApplication.instance() is not None else _ask_child(asked)


def needs_glyph(character: str) -> bool:
    """Whether a character is something to be seen that not every font has."""
    return not character.isascii() and unicodedata.category(character) not in UNSEEN


def find_missing(characters: Iterable[str]) -> str:
    """Return those of `characters` that no font has; a Qt application must run."""
    from PySide6.QtGui import QTextLayout

    from app.presenter.style import form_font

    font = form_font()
    font.setPixelSize(24)
    missing = []
    for character in characters:
        layout = QTextLayout(character, font)
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        # Glyph 0 is the box that stands for what a font does not have.
        if any(0 in run.glyphIndexes() for run in layout.glyphRuns()) or not layout.glyphRuns():
            missing.append(character)
    return "".join(missing)


def _ask_child(characters: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "app.presenter.glyphs"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(characters),
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=True,
        )
        return str(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        message = (
            "The fonts of this computer cannot be looked at, so missing characters would not be noticed."
        )
        raise GlyphError(f"{message} Check the protocol where the participant's window opens.") from error


def main() -> int:
    """Answer one question from standard input, as JSON."""
    from PySide6.QtGui import QGuiApplication

    # Kept, since the fonts go with it.
    application = QGuiApplication(sys.argv[:1])
    sys.stdout.write(json.dumps(find_missing(json.load(sys.stdin))))
    del application
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
