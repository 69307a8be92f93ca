"""Whether this machine can show the participant's window, asked in a process of its own.

Qt ends a process without an exception where a platform plugin or a display is missing, and a sick
graphics driver may hang: so the trial runs in a child with a time limit.
"""

from __future__ import annotations

import subprocess
import sys

from app import system

LIMIT_S = 20.0
UNREACHABLE = "The participant's window cannot be opened"
GL_REMEDY = system.remedy("libEGL.so.1", "libGL.so.1", "libgl1-mesa-dri")


def probe_display(limit_s: float = LIMIT_S) -> str | None:
    """Return None if an OpenGL window can be made here, else why not and what to do."""
    explained = system.explain_window()
    if explained is not None:
        return _sentence(explained)
    command = [sys.executable, "-m", "app.presenter.probe"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return f"{UNREACHABLE}: the display did not answer within {limit_s:g} s. Restart the display server."
    if done.returncode == 0:
        return None
    reason = next((line for line in reversed(done.stdout.splitlines()) if line.strip()), "")
    if reason:
        return reason if reason.startswith("Windows") else f"{UNREACHABLE}: {reason}"
    detail = next((line.strip() for line in done.stderr.splitlines() if line.strip()), "no message")
    return f"{UNREACHABLE}: Qt gave up ({detail.rstrip('.')}). Start from a desktop, or use --no-window."


def missing_library() -> str | None:
    """Return why Qt cannot be imported here, with the one line that installs what is missing; else None.

    Imports Qt, so only the presenter asks; others call `probe_display`.
    """
    explained = system.explain_window()
    if explained is not None:
        return _sentence(explained)
    try:
        from PySide6 import QtGui, QtOpenGL, QtSvg, QtWidgets  # noqa: F401
    except ImportError as error:
        return system.explain_import_error(error) or f"Qt cannot be loaded: {error}."
    return None


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _try() -> str | None:
    """Make an OpenGL window and say what was in the way, None if nothing."""
    missing = missing_library()
    if missing is not None:
        return missing
    from PySide6.QtGui import QGuiApplication, QOpenGLContext, QSurface, QWindow

    app = QGuiApplication([])
    platform = app.platformName()
    if platform in ("offscreen", "minimal"):
        return f"the Qt platform {platform} has no OpenGL. Unset QT_QPA_PLATFORM, or use --no-window."
    window = QWindow()
    window.setSurfaceType(QSurface.SurfaceType.OpenGLSurface)
    window.resize(64, 64)
    window.create()
    context = QOpenGLContext()
    if not context.create():
        return f"the display has no OpenGL. {GL_REMEDY}"
    if not context.makeCurrent(window):
        return f"OpenGL cannot draw into a window here. {GL_REMEDY}"
    context.doneCurrent()
    return None


def main() -> int:
    """Run the trial of this process; prints the reason and returns 1 if no window can be made."""
    reason = _try()
    if reason is not None:
        sys.stdout.write(reason + "\n")
    return 0 if reason is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
