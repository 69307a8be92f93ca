"""The curtain process: `python -m app _curtain --live DIR`.

A window of one colour with 'one moment, please' behind the participant's window, opened before it and
closed after it. It paints once and again only when it is uncovered, never takes the keyboard, and so costs
nothing while the session runs; when the presenter dies it is what the participant sees, at once. Being a
process with a display and nothing to time, it also keeps the screen awake (`app.presenter.awake`).
"""

from __future__ import annotations

import os
import signal
import sys
import typing
from pathlib import Path

from app import settings
from app.link import Link
from app.plan import Lock, SessionPaths, SessionPlan
from app.presenter.phrases import Phrases

if typing.TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

LOOK_MS = 100
NO_DISPLAY = 3


def main(live: Path) -> int:
    """Hang the curtain of the session in `live` until it is told to stop; returns the exit status."""
    from app.presenter.probe import missing_library

    if missing_library() is not None:
        return NO_DISPLAY
    paths = SessionPaths.of_live(live)
    lock = Lock.read(paths.lock)
    if lock is None:
        return 1
    plan = SessionPlan.load(paths.plan)
    link = Link(lock.port, lock.token, "curtain", "curtain", os.getpid())
    return _hang(plan, link)


def _hang(plan: SessionPlan, link: Link) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.presenter.awake import ScreenAwake

    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    phrases = Phrases(plan.language or str((plan.schedule or {}).get("language") or ""))
    curtain = make_curtain(plan, phrases)
    awake = ScreenAwake()
    link.send({"type": "ready"})
    link.send({"type": "awake", **awake.hold()})

    def look() -> None:
        for message in link.poll():
            if message.get("type") == "say":
                say(curtain, phrases.say(str(message.get("words", ""))))
            elif message.get("type") == "stop":
                app.exit(0)
        awake.renew()
        if not link.is_open:
            app.exit(0)

    timer = QTimer(interval=LOOK_MS)
    timer.timeout.connect(look)
    timer.start()
    # The supervisor closes it when the participant's window is gone; a Ctrl-C there is not meant for it.
    # The timer gives Python the occasion to hear a signal.
    signal.signal(signal.SIGTERM, lambda *_: app.exit(0))
    app.exec()
    awake.release()
    return 0


def make_curtain(plan: SessionPlan, phrases: Phrases) -> QWidget:
    """Return the curtain, painted on the participant's screen."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from app.presenter.look import look_of
    from app.presenter.pages.quiet import MomentPage
    from app.presenter.style import Style
    from app.presenter.window import participant_screen

    look = look_of(plan, settings.load())
    screen = participant_screen(look.screen)
    size = screen.geometry()
    flags = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus
    curtain = QWidget(None, flags)
    curtain.setWindowTitle("Evoke")
    curtain.setObjectName("curtain")
    curtain.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    curtain.setScreen(screen)
    curtain.setGeometry(size)
    layout = QVBoxLayout(curtain)
    layout.setContentsMargins(0, 0, 0, 0)
    style = Style(look.palette, size.width(), size.height(), look.text_scale, phrases.language)
    layout.addWidget(MomentPage(style, phrases.say("moment")))
    # Not `showFullScreen`, which asks for the keyboard; without a window manager the size is ours to set.
    curtain.setWindowState(Qt.WindowState.WindowFullScreen)
    curtain.show()
    curtain.setGeometry(size)
    curtain.repaint()
    QApplication.processEvents()
    return curtain


def say(curtain: QWidget, text: str) -> None:
    """Change the curtain's words."""
    from app.presenter.pages.quiet import MomentPage

    page = curtain.findChild(MomentPage)
    if page is not None and text:
        page.words.set_text(text)
