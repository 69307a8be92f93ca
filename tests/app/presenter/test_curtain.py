"""The participant's window dies: words at once, never the desktop, and nothing taken from the timing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.plan import SessionPlan
from app.presenter.curtain import make_curtain, say
from app.presenter.phrases import Phrases
from protocols.schedule import Schedule
from tests.helpers.attended import AttendedSession
from tests.helpers.front import bring_to_front
from tests.helpers.presenting import Plot, paced, timed

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
DESKTOP = QColor("#ff00ff")
GROUND = QColor("#ECEBE6")
STIMULUS = "#204060"


@pytest.fixture
def desktop(qapp: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    """What must not be seen: a window as large as the screen in a colour that nothing else has."""
    widget = QWidget(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
    palette = widget.palette()
    palette.setColor(widget.backgroundRole(), DESKTOP)
    widget.setAutoFillBackground(True)
    widget.setPalette(palette)
    widget.setGeometry(QGuiApplication.primaryScreen().geometry())
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.waitUntil(lambda: share(grab(), DESKTOP) == 1.0, timeout=5000)
    yield widget
    widget.close()
    widget.deleteLater()


def grab() -> QImage:
    QApplication.processEvents()
    return QGuiApplication.primaryScreen().grabWindow(0).toImage()


def share(image: QImage, colour: QColor, step: int = 16) -> float:
    """Return how much of a picture has a colour, sampled on a grid."""
    places = [(x, y) for x in range(2, image.width(), step) for y in range(2, image.height(), step)]
    return sum(image.pixelColor(x, y) == colour for x, y in places) / len(places)


def has_words(image: QImage) -> bool:
    """Whether a line of dark text stands in the middle of the light ground."""
    middle = image.copy(image.width() // 4, image.height() // 2 - 40, image.width() // 2, 80)
    return share(image, GROUND) > 0.9 and share(middle, GROUND, 2) < 0.98


def long_blank() -> Schedule:
    plot = Plot().add("instruction", paced(0.3))
    plot.trial("sun", ("blank", timed(20.0), {"background": STIMULUS}), ("blank", timed(0.2), {}))
    return plot.schedule()


def test_the_curtain_lies_over_the_desktop_speaks_the_language_and_takes_no_keyboard(
    desktop: QWidget, qtbot: QtBot
) -> None:
    bring_to_front(desktop, qtbot)
    plan = SessionPlan(uuid="c", name="c", origin="recorded", language="de", look={"palette": "light"})
    curtain = make_curtain(plan, Phrases("de"))
    try:
        qtbot.waitUntil(lambda: has_words(grab()), timeout=5000)
        before = grab()
        assert share(before, DESKTOP) == 0.0
        assert desktop.isActiveWindow(), "the keyboard stays where it was"
        say(curtain, Phrases("de").say("thanks"))
        qtbot.waitUntil(lambda: grab() != before and has_words(grab()), timeout=5000)
        dark = make_curtain(
            SessionPlan(uuid="c", name="c", origin="recorded", look={"palette": "dark"}), Phrases()
        )
        qtbot.waitUntil(lambda: share(grab(), GROUND) == 0.0, timeout=5000)
        dark.close()
    finally:
        curtain.close()


@pytest.mark.slow
def test_killed_the_presenter_leaves_words_within_a_second_and_comes_back(
    desktop: QWidget, tmp_path: Path
) -> None:
    session = AttendedSession(tmp_path, long_blank(), auto=True)
    try:
        session.start()
        session.wait_stage("blank")
        session.wait(lambda: share(grab(), QColor(STIMULUS)) == 1.0, "the stimulus to be shown")
        os.kill(session.pid("presenter"), signal.SIGKILL)
        killed_s = time.monotonic()
        words_s: float | None = None
        frames = 0

        def back() -> bool:
            session.look()
            return bool((session.state.get("presenter") or {}).get("interrupted"))

        while not back() or time.monotonic() - killed_s < 1.0:
            assert time.monotonic() - killed_s < 30.0, session.log()
            image = grab()
            frames += 1
            assert share(image, DESKTOP) == 0.0, f"the desktop {time.monotonic() - killed_s:.2f} s after"
            if words_s is None and has_words(image):
                words_s = time.monotonic() - killed_s
            time.sleep(0.05)
        assert frames >= 15
        assert words_s is not None and words_s < 1.0
        session.command("repeat")
        session.wait_stage("blank")
        session.wait(lambda: share(grab(), QColor(STIMULUS)) == 1.0, "the stimulus to be shown again")
        session.command("abort")
        outcome = session.end()
        assert outcome.status == 0 and outcome.restarts.get("presenter") == 1
        started = [event for event in session.recorded() if event.kind == "trial_started"]
        assert [event.payload["repetition"] for event in started] == [0, 1]
    finally:
        session.close()
