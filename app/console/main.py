"""Starting the window: application, colours, log, hooks."""

from __future__ import annotations

import signal
import sys
from functools import cache
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app import system
from app.console.garbage import Collector
from app.console.notifier import LOG, Hooks, log_to_file
from app.console.window import MainWindow
from app.plan import SessionPaths

SIGNAL_LOOK_MS = 250


def make_application() -> QApplication:
    """Return the application, made on first call."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    # Software painting is enough here, and a broken OpenGL driver must not take the window with it.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_UseSoftwareOpenGL)
    application = QApplication(["evoke"])
    application.setApplicationName("evoke")
    application.setApplicationDisplayName("Evoke")
    application.setDesktopFileName("evoke")
    application.setStyle("Fusion")
    return application


@cache
def window_problem() -> str | None:
    """Return what keeps the participant's window from opening on this machine."""
    return system.explain_window()


def run(attach: Path | None, study: Path | None, review: Path | None = None) -> int:
    """Open the window and return its exit status."""
    application = make_application()
    collector = Collector(application)
    log_to_file()
    window = MainWindow(window_problem)
    hooks = Hooks(window.notifier)
    window.restore()
    window.show()
    if attach is not None:
        window.attach(SessionPaths.of_live(attach))
    elif study is not None:
        window.open_study(study)
    if review is not None:
        window.of_review.review(review)
    # A signal is heard only when Python runs: this timer gives it the occasion.
    pulse = QTimer(interval=SIGNAL_LOOK_MS)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    for name in ("SIGINT", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: application.quit())
    LOG.info("window opened on %s", sys.platform)
    try:
        return application.exec()
    finally:
        hooks.remove()
        window.remember()
        window.conduct.close()
        collector.stop()
