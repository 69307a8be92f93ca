"""Recordings that several tests look at, and what makes a desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.console.review.desk import ReviewDesk
from app.console.review.recording import Recording, open_recording
from tests.helpers.display import display as display
from tests.helpers.display import qapp_cls as qapp_cls
from tests.helpers.labelled import make_study
from tests.helpers.reviewed import reviewed_session


@pytest.fixture(scope="session")
def sounding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose pictures say their number and whose microphone hears a beep a second."""
    return reviewed_session(tmp_path_factory.mktemp("sounding"))


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with trials, answers, keys and pictures of the bundled set."""
    study = make_study(tmp_path_factory.mktemp("labelled") / "study", 1, 4)
    return study.folder / study.sessions()[0].file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and caches of the test's own."""
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[ReviewDesk]:
    """An empty desk on the screen."""
    made = ReviewDesk()
    made.resize(1000, 700)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close_media()
    made.close()
    made.deleteLater()


@pytest.fixture
def recording(sounding: Path) -> Iterator[Recording]:
    """The sounding session, open."""
    found = open_recording(sounding)
    yield found
    found.close()
