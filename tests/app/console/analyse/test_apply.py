"""The step Apply: train and keep, apply, labels of the model, and all of it seen in the review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.run_folder import Run
from app.annotation.annotators import annotators
from app.console.analyse.apply_page import ApplyPage
from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step
from tests.helpers.real_runs import real_run

PATIENCE_MS = 60_000


def shown(page: AnalysePage, qtbot: QtBot) -> ApplyPage:
    found = step(page, "apply", qtbot)
    assert isinstance(found, ApplyPage)
    return found


@pytest.fixture
def run(faces: Study) -> Run:
    return real_run(faces)


@pytest.fixture
def said(page: AnalysePage) -> Iterator[list[str]]:
    told: list[str] = []
    page.said.connect(lambda text, level: told.append(text))
    yield told


@pytest.mark.slow
def test_without_a_run_it_says_what_to_do(page: AnalysePage, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    assert found.stack.currentWidget() is found.empty
    assert not found.keep_button.isEnabled() and not found.apply_button.isEnabled()


def test_a_recognizer_is_kept_applied_and_seen_in_the_review(
    window: MainWindow, page: AnalysePage, faces: Study, run: Run, said: list[str], qtbot: QtBot
) -> None:
    found = shown(page, qtbot)
    assert found.kept.text().startswith("Nothing is kept of this run yet")
    assert not found.apply_button.isEnabled() and not found.label_button.isEnabled()
    click(found.keep_button)
    assert not found.keep_button.isEnabled()
    settled(found, qtbot)
    qtbot.waitUntil(found.apply_button.isEnabled, timeout=PATIENCE_MS)
    assert f"trained on {len(run.cases)} cases of 4 participants" in found.kept.text()
    assert [row[5] for row in rows(found.table)] == ["yes"] * 4
    assert (run.folder / "model" / "model.json").is_file()

    click(found.none_button)
    assert not found.apply_button.isEnabled()
    found.table.setCurrentCell(1, 0)
    found.table.setFocus()
    QTest.keyClick(found.table, Qt.Key.Key_Space)
    click(found.apply_button)
    qtbot.waitUntil(lambda: rows(found.table)[1][4] != "not yet", timeout=PATIENCE_MS)
    settled(found, qtbot)
    assert [row[4] == "not yet" for row in rows(found.table)] == [True, False, True, True]
    assert "was trained on it" in found.trouble.text

    assert found.scheme.currentText() == "Decided: category (made anew)"
    click(found.label_button)
    qtbot.waitUntil(lambda: any("labels were added" in text for text in said), timeout=PATIENCE_MS)
    settled(found, qtbot)
    assert found.found is not None and found.found.kept is not None
    code = found.found.kept.code
    assert [(each.code, each.kind) for each in annotators(faces)] == [(code, "model")]
    assert found.scheme.currentText() == "Decided: category"

    click(found.review_button)
    review = window.of_review.page
    qtbot.waitUntil(lambda: review.desk.recording is not None, timeout=PATIENCE_MS)
    assert review.desk.recording is not None
    assert review.desk.recording.session.path == found.found.rows[1].path
    qtbot.waitUntil(lambda: (code, "positive") in review.curves.entries, timeout=PATIENCE_MS)
    before = len(review.desk.stack.bands)
    review.curves.set_on(code, "positive", True)
    qtbot.waitUntil(lambda: len(review.desk.stack.bands) == before + 1, timeout=PATIENCE_MS)
    (band,) = [each for each in review.desk.stack.bands if each.group.stream == code]
    assert band.title == "positive"


@pytest.mark.slow
def test_cancel_keeps_what_is_finished(
    page: AnalysePage, run: Run, said: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.console.analyse import apply_page
    from app.console.analyse.waiting import Told

    found = shown(page, qtbot)

    def endless(study: Study, folder: Path, told: Told) -> Path:
        while True:
            told(1, 3, "epoch 1 of at most 3")
            qtbot_wait()

    import time

    def qtbot_wait() -> None:
        time.sleep(0.005)

    monkeypatch.setattr(apply_page, "keep", endless)
    click(found.keep_button)
    qtbot.waitUntil(lambda: "epoch 1 of at most 3" in found.waiting.words.whole, timeout=PATIENCE_MS)
    click(found.waiting.button)
    qtbot.waitUntil(lambda: "Cancelled. Recordings that were finished stay." in said, timeout=PATIENCE_MS)
    settled(found, qtbot)
    assert found.keep_button.isEnabled()
