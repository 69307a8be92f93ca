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

from analysis.corpus.cases import CaseSpec, Input, InputSpec
from analysis.corpus.corpus import Trial
from analysis.corpus.texts import TRANSCRIPTS, Utterance
from app import cli
from app.analysing.applying import kept
from app.analysing.corpora import study_corpus
from app.analysing.targets import recipes
from app.analysing.training import train_run
from app.analysing.transcripts import TranscriptsError, store_transcript, transcript_of
from app.annotation.incoming import bring_in as bring_labels_in
from app.annotation.schemes import bundled
from app.console.analyse import audiovisual_page
from app.console.analyse.audiovisual_page import NO_MODEL, NO_TABLES, AudiovisualPage
from app.console.analyse.audiovisual_work import apart, begun_s, decide_on
from app.console.analyse.draw_strips import Strip, Strips, image_of
from app.console.analyse.impressions_page import NOTHING, ImpressionsPage
from app.console.analyse.page import AnalysePage
from app.console.analyse.waiting import Told
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step
from tests.helpers.front import bring_to_front
from tests.helpers.labelled import FACE, VOICE, make_study
from tests.helpers.real_runs import real_run

EXPECT = {"speech_width": 2, "picture_width": 4, "lstm": 4, "lstm_layers": 1, "transformer": 4,
          "transformer_layers": 1, "heads": 2, "epochs": 1, "local_epochs": 1,
          "streams": "speech"}  # fmt: skip
SPEECH = (InputSpec("speech", "speech", "speech.patches"),)
CLIP = (*SPEECH, InputSpec("face", "face", "face.frames", {"size_px": 24, "tries": 2}),
        InputSpec("text", "text", "text.hashed", {"size": 32}))  # fmt: skip
DECIDE = {"speech_width": 2, "face_width": 2, "tokens": 8, "heads": 2, "text_hidden": 8, "epochs": 1}


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
    bring_to_front(window, qtbot)
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


def stored(study: Study, page: AudiovisualPage, row: int) -> list[tuple[str, float | None]]:
    assert page.found is not None
    trial = page.found.clips[row].trial
    said = transcript_of(study, trial.recording)
    return [(each.text, each.start_s) for each in said if each.trial == trial.index]


def choose_row(page: AudiovisualPage, row: int) -> None:
    item = page.table.item(row, 0)
    assert item is not None
    place = page.table.visualItemRect(item).center()
    QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def retype(page: AudiovisualPage, text: str) -> None:
    page.text.setFocus()
    page.text.selectAll()
    QTest.keyClicks(page.text, text)


def test_what_was_typed_is_kept_before_another_clip_is_shown(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    choose_row(page, 1)
    retype(page, "First clip")
    choose_row(page, 2)
    assert stored(study, page, 1) == [("First clip", None)]
    assert page.text.toPlainText() == ""
    retype(page, "Second")
    settled(page, qtbot)
    assert page.text.toPlainText() == "Second"
    assert rows(page.table)[1][3] == "yes"
    QTest.keyClick(page.table, Qt.Key.Key_Up)
    settled(page, qtbot)
    assert (page.table.currentRow(), page.text.toPlainText()) == (1, "First clip")
    assert stored(study, page, 2) == [("Second", None)]
    # What is emptied is taken away as well.
    retype(page, " ")
    choose_row(page, 0)
    assert stored(study, page, 1) == []


def test_what_was_typed_is_kept_for_the_stretch_that_was_shown(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    corpus = study_corpus(study)
    name = corpus.recordings[0].id
    store_transcript(study, corpus, name, [Utterance(0, "one", 0.2, 1.0), Utterance(0, "two", 2.0, 3.0)])
    page.show_study(study)
    settled(page, qtbot)
    assert page.text.toPlainText() == "one"
    retype(page, "uno")
    page.which.setFocus()
    QTest.keyClick(page.which, Qt.Key.Key_Down)
    assert page.text.toPlainText() == "two"
    assert stored(study, page, 0) == [("uno", 0.2), ("two", 2.0)]
    settled(page, qtbot)
    assert (page.which.currentText(), page.text.toPlainText()) == ("2.0 to 3.0 s", "two")


def test_what_was_typed_outlives_reading_again_another_step_and_the_end(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    retype(page, "Not yet saved")
    page.starter.ended.emit()
    settled(page, qtbot)
    assert page.text.toPlainText() == "Not yet saved"
    assert page.save.isEnabled()
    assert stored(study, page, 0) == []
    step(spoken_page, "impressions", qtbot)
    assert stored(study, page, 0) == [("Not yet saved", None)]
    step(spoken_page, "audiovisual", qtbot)
    assert page.text.toPlainText() == "Not yet saved"
    retype(page, "The last word")
    spoken_page.closing()
    assert stored(study, page, 0) == [("The last word", None)]


def test_a_text_that_cannot_be_kept_stays_in_the_editor_with_its_clip(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)

    def refuse(*_: object) -> None:
        raise TranscriptsError("the disk is full.")

    retype(page, "Hold this")
    with monkeypatch.context() as full:
        full.setattr(audiovisual_page, "store_transcript", refuse)
        choose_row(page, 3)
        assert (page.table.currentRow(), page.text.toPlainText()) == (0, "Hold this")
        assert "the disk is full. What was typed is still there" in page.trouble.text
    choose_row(page, 3)
    assert stored(study, page, 0) == [("Hold this", None)]
    assert page.table.currentRow() == 3


def test_what_is_said_of_a_clip_goes_with_whoever_withdraws(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot
) -> None:
    page = step(spoken_page, "audiovisual", qtbot)
    assert isinstance(page, AudiovisualPage)
    retype(page, "Erased")
    assert page.found is not None
    gone = page.found.clips[0].trial
    assert cli.main(["withdraw", str(study.folder), "--participant", gone.participant, "--yes"]) == 0
    page.show_study(Study.open(study.folder))
    settled(page, qtbot)
    assert all(row[0] != gone.participant for row in rows(page.table))
    assert page.text.toPlainText() == ""
    assert not (study.folder / TRANSCRIPTS).exists()


@pytest.mark.slow
def test_decisions_are_compared_on_one_scale_and_no_text_looks_nowhere(
    spoken_page: AnalysePage, study: Study, qtbot: QtBot
) -> None:
    corpus = study_corpus(study)
    for recording in corpus.recordings:
        store_transcript(study, corpus, recording.id, [Utterance(0, "After the picture", 2.7, 3.6)])
    asked = {"settings": DECIDE, "inputs": CLIP, "modalities": ()}
    run = real_run(study, "mer-sem-mbt", "category", **asked)
    train_run(study, run)
    corpus, told = study_corpus(study), Told()
    (model,) = kept(study)
    spoken, silent = corpus.trials[:2]
    found = decide_on(study, corpus, model, spoken, told)
    heads, lines = found.shown.table.columns, found.shown.table.rows
    assert heads == ("emotion", "voice", "face", "words", "fused", "answer")
    parts = np.array([row[1:] for row in lines[:-1]], np.float64)
    share = np.array(lines[-1][1:4], np.float64)
    assert share.sum() == pytest.approx(1, abs=1e-5)
    # Logits of the fused decision are the weighted mean of those of the single ones.
    logits = np.log(parts / (1 - parts))
    np.testing.assert_allclose(logits[:, 3], logits[:, :3] @ share, atol=1e-4)
    assert parts[:, 4].sum() == pytest.approx(1)
    assert any(strip.over is not None for strip in found.strips)
    # Its face is cut from the stimulus, half a second after the trial began, and so is its voice.
    assert {strip.words[0] for strip in found.strips} == {"0.5 s"}
    quiet = decide_on(study, corpus, model, silent, told)
    assert all(strip.over is None for strip in quiet.strips)
    assert "The clip has no words: the others decide." in quiet.words


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
    assert ", 1 word." in page.gives.text()
    assert "words" not in page.gives.text().partition("Without")[2]
    # People count trials from one; the table's first trial is number 0.
    assert ", trial 1, " in page.title.text()
    assert page.strips.strips or "Without" in page.gives.text()


@pytest.mark.slow
def test_impressions_of_a_run_are_scored_beside_the_mean_and_of_one_clip(
    spoken_page: AnalysePage, study: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    page = step(spoken_page, "impressions", qtbot)
    assert isinstance(page, ImpressionsPage)
    assert page.empty.text() == NOTHING
    rate(study, tmp_path, "emotions-present")
    (other,) = [each for each in recipes(study, study_corpus(study)) if len(each.numbers) == 6]
    real_run(study, "majority", other.name, inputs=SPEECH, modalities=(), metric="mae")
    page.show_study(study)
    settled(page, qtbot)
    # Six numbers of an observer, but no impressions.
    assert page.empty.text() == NOTHING
    rate(study, tmp_path, "impressions")
    offered = [each for each in recipes(study, study_corpus(study)) if len(each.numbers) == 6]
    (recipe,) = [each for each in offered if each != other]
    asked = {"settings": EXPECT, "inputs": SPEECH, "modalities": (), "metric": "one_minus_mae"}
    run = real_run(study, "personality", recipe.name, **asked)
    train_run(study, run)
    page.show_study(study)
    settled(page, qtbot)
    told = rows(page.scores.table)
    assert [row[0] for row in told] == ["1 - MAE", "R²", "concordance", "r", "1 - MAE of the others' mean"]
    assert len(rows(page.weights.table)) == 2
    assert page.weights.words.text().startswith("Estimated on 2 held-out cases with every stream. A weight")
    assert page.run.count() == 1
    page.tabs.setCurrentIndex(1)
    assert page.dots.shown is not None and len(page.dots.shown.table.rows) == 6
    page.tabs.setCurrentIndex(3)
    settled(page, qtbot)
    assert page.bars.shown is not None
    assert [row[0] for row in page.bars.shown.table.rows] == list(recipe.numbers)
    assert all(0 <= float(row[2]) <= 100 for row in page.bars.shown.table.rows)
    assert "nobody's traits" in page.bars.about.text()


def rate(study: Study, folder: Path, name: str) -> None:
    scheme = next(each for each in bundled() if each.name == name)
    random = np.random.default_rng(0)
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("recording", "trial", "tier", "question", "value"))
        for trial in study_corpus(study).trials:
            for question in scheme.tiers[0].questions:
                value = random.uniform(0.2, 0.8)
                said = f"{value:.3f}" if name == "impressions" else f"{value:.0f}"
                writer.writerow((trial.recording, trial.index, scheme.tiers[0].name, question.id, said))
    bring_labels_in(study, path, scheme, "ann")


@pytest.mark.parametrize(
    ("face_stage", "expected", "words"),
    [
        (
            "",
            {"speech": (27.0, 27.96, 28.92), "face": (1.0, 1.96)},
            "the face from 1.0 s, the voice from 27.0 s",
        ),
        ("speaking", {"speech": (27.0, 27.96, 28.92), "face": (27.0, 27.96, 28.92)}, ""),
    ],
)
def test_windows_have_the_times_of_what_they_were_cut_from(
    face_stage: str, expected: dict[str, tuple[float, ...]], words: str
) -> None:
    clip = Trial("rec", "P01", "1", 0, "beach", "pleasant", 100.0, 140.0, (101.0, 103.0),
                 {"speaking": ((127.0, 130.0),)})  # fmt: skip
    specs = (
        InputSpec("speech", "speech", "speech.patches", stage="speaking"),
        InputSpec("face", "face", "face.frames", stage=face_stage),
    )
    inputs = {
        name: Input(np.zeros((1, len(starts), 1), np.float32), np.array([len(starts)]), np.array([True]))
        for name, starts in expected.items()
    }
    found = begun_s(clip, specs, CaseSpec(), inputs)
    assert {name: pytest.approx(starts) for name, starts in found.items()} == expected
    assert words in apart(found)
    assert bool(words) == bool(apart(found))


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
    title = "A title that is longer than its one picture"
    strips.show_strips([Strip(title, face, ("0.0 s",))])
    assert strips.sizeHint().width() >= strips.fontMetrics().horizontalAdvance(title)
    two = image_of(np.array([[0.0, 1.0]], np.float32), "#000000", "#ffffff")
    assert [two.pixelColor(x, 0).red() for x in (0, 1)] == [0, 255]
