"""The steps Audio-visual and Impressions: a text typed and imported, what a clip gives, decisions, tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.corpus.cases import InputSpec
from app.analysing.corpora import study_corpus
from app.analysing.targets import recipes
from app.analysing.training import train_run
from app.analysing.transcripts import transcript_of
from app.annotation.incoming import bring_in as bring_labels_in
from app.annotation.schemes import bundled
from app.console.analyse.audiovisual_page import NO_MODEL, NO_TABLES, AudiovisualPage
from app.console.analyse.draw_strips import Strip, Strips, image_of
from app.console.analyse.impressions_page import NOTHING, ImpressionsPage
from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step
from tests.helpers.labelled import FACE, VOICE, make_study
from tests.helpers.real_runs import real_run

EXPECT = {"speech_width": 2, "picture_width": 4, "lstm": 4, "lstm_layers": 1, "transformer": 4,
          "transformer_layers": 1, "heads": 2, "epochs": 1, "local_epochs": 1,
          "streams": "speech"}  # fmt: skip
SPEECH = (InputSpec("speech", "speech", "speech.patches"),)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("spoken") / "faces", 3, 2, streams=(VOICE, FACE)).folder


@pytest.fixture
def study(spoken: Path, tmp_path: Path) -> Study:
    import shutil

    shutil.copytree(spoken, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


@pytest.fixture
def spoken_page(window: MainWindow, study: Study, qtbot: QtBot) -> Iterator[AnalysePage]:
    window.open_study(study.folder)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    made = window.of_analysis.page
    qtbot.waitUntil(lambda: window.pages.currentWidget() is made)
    yield made
    made.closing()


def test_a_text_is_typed_kept_and_counted(spoken_page: AnalysePage, study: Study, qtbot: QtBot) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    assert len(rows(page.table)) == 6
    assert not page.save.isEnabled()
    page.table.setCurrentCell(1, 0)
    page.text.setFocus()
    QTest.keyClicks(page.text, "It was fine.")
    click(page.save)
    settled(page, qtbot)
    assert rows(page.table)[1][3] == "yes"
    assert page.summary.whole == "6 clips, 1 with a text"
    trial = page.found.clips[1].trial if page.found else None
    assert trial is not None
    assert [each.text for each in transcript_of(study, trial.recording)] == ["It was fine."]
    assert page.text.toPlainText() == "It was fine."
    page.tabs.setCurrentIndex(2)
    assert page.decisions.about.text() == NO_MODEL
    page.tabs.setCurrentIndex(3)
    assert page.ablation.words.text() == NO_TABLES


@pytest.mark.slow
def test_what_a_clip_gives_is_shown_and_texts_are_imported(
    spoken_page: AnalysePage, study: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    name = study_corpus(study).recordings[0].id
    table = tmp_path / "said.csv"
    table.write_text(f"recording,trial,start_s,end_s,text\n{name},0,0.2,1.5,Hello\n", encoding="utf-8")
    page.import_texts(str(table))
    settled(page, qtbot)
    assert [page.which.itemText(k) for k in range(page.which.count())] == ["The whole trial", "0.2 to 1.5 s"]
    assert page.text.toPlainText() == "Hello"
    page.tabs.setCurrentIndex(1)
    settled(page, qtbot)
    assert "1 words" in page.gives.text()
    assert page.strips.strips or "Without" in page.gives.text()


@pytest.mark.slow
def test_impressions_of_a_run_are_scored_beside_the_mean_and_of_one_clip(
    spoken_page: AnalysePage, study: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    page = step(spoken_page, "impressions", qtbot)
    assert isinstance(page, ImpressionsPage)
    assert page.empty.text() == NOTHING
    rate(study, tmp_path)
    (recipe,) = [each for each in recipes(study, study_corpus(study)) if len(each.numbers) == 6]
    asked = {"settings": EXPECT, "inputs": SPEECH, "modalities": (), "metric": "one_minus_mae"}
    run = real_run(study, "personality", recipe.name, **asked)
    train_run(study, run)
    page.show_study(study)
    settled(page, qtbot)
    told = rows(page.scores.table)
    assert [row[0] for row in told] == ["1 - MAE", "R²", "concordance", "r", "1 - MAE of the others' mean"]
    assert len(rows(page.weights.table)) == 2
    page.tabs.setCurrentIndex(1)
    assert page.dots.shown is not None and len(page.dots.shown.table.rows) == 6
    page.tabs.setCurrentIndex(3)
    settled(page, qtbot)
    assert page.bars.shown is not None
    assert [row[0] for row in page.bars.shown.table.rows] == list(recipe.numbers)
    assert all(0 <= float(row[2]) <= 100 for row in page.bars.shown.table.rows)
    assert "nobody's traits" in page.bars.about.text()


def rate(study: Study, folder: Path) -> None:
    scheme = next(each for each in bundled() if each.name == "impressions")
    random = np.random.default_rng(0)
    path = folder / "impressions.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("recording", "trial", "tier", "question", "value"))
        for trial in study_corpus(study).trials:
            for question in scheme.tiers[0].questions:
                value = f"{random.uniform(0.2, 0.8):.3f}"
                writer.writerow((trial.recording, trial.index, "impression", question.id, value))
    bring_labels_in(study, path, scheme, "ann")


def test_strips_are_drawn_in_their_own_colours(qtbot: QtBot) -> None:
    face = np.zeros((1, 4, 4, 3), np.uint8)
    face[..., 0] = 255
    strips = Strips("Faces", 40)
    qtbot.addWidget(strips)
    strips.show_strips([Strip("Faces", face, ("0.0 s",), np.zeros((1, 2, 2), np.float32))])
    strips.show()
    seen = strips.grab().toImage().pixelColor(20, strips.fontMetrics().height() + 22)
    assert (seen.red(), seen.green(), seen.blue()) == (255, 0, 0)
    assert strips.accessibleDescription() == "Faces: 0.0 s"
    two = image_of(np.array([[0.0, 1.0]], np.float32), "#000000", "#ffffff")
    assert [two.pixelColor(x, 0).red() for x in (0, 1)] == [0, 255]
