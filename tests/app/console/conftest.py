"""Windows of the console: one application on a display of its own, a window that is closed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.console import theme
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.display import display as display
from tests.helpers.display import qapp_cls as qapp_cls
from tests.helpers.live_session import NAME, STREAMS, LiveSession

FEW_STREAMS = tuple(info for info in STREAMS if info.id in ("eeg", "wristband-eda", "camera"))


@pytest.fixture(autouse=True)
def nothing_left_open(qapp: QApplication) -> Iterator[None]:
    """Fail the test that leaves a window open or a timer running."""
    qapp.setStyle("Fusion")
    before = set(map(id, theme.every_window(qapp)))
    yield
    qapp.sendPostedEvents(None, 52)
    qapp.processEvents()
    left = [w for w in theme.every_window(qapp) if id(w) not in before and w.isVisible()]
    assert not left, f"left open: {left}"


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    """A window as `evoke` opens it."""
    made = MainWindow()
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.conduct.close()
    made.conduct.current = None
    made.close()
    drawn = (made.live.signals, made.live.media, made.live.panel)
    left = [timer for view in drawn for timer in view.findChildren(QTimer) if timer.isActive()]
    assert not left, "a closed window still draws"
    made.deleteLater()
    qapp.sendPostedEvents(None, 52)
    theme.apply(qapp, "light", 1.0)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A simulation with the demo as its protocol."""
    return Study.create(tmp_path / "trial-runs", "Trial runs", "simulation", protocol="demo")


@pytest.fixture
def people(tmp_path: Path) -> Study:
    """A study of people."""
    return Study.create(tmp_path / "attention", "Attention", "people", protocol="demo")


@pytest.fixture
def live(study: Study) -> Iterator[LiveSession]:
    """A session that runs in the study and waits for its start."""
    folder = study.folder / "sub-sim01" / "ses-01"
    folder.mkdir(parents=True)
    assert NAME.startswith("sub-sim01_ses-01")
    with LiveSession(folder, FEW_STREAMS) as session:
        yield session
