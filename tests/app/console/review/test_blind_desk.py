"""Two recordings that differ only in what is hidden look alike to the pixel, and tell the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.annotation.visible import Visible
from app.console.review.desk import ReviewDesk
from app.console.review.recording import open_recording
from tests.helpers.labelled import Facts, make_study
from tests.helpers.recordings import START_S

OTHER = Facts(
    codes=("X77", "X78"),
    stimuli=("wasp-nest", "kitten", "grave", "lamp"),
    categories=("negative", "positive", "negative", "neutral"),
    answers=(1, 9, 2, 5),
)
BLIND = Visible(title="Item k7", condition=False, names=False, answers=False, order=False)
WINDOW = Visible(
    window_s=(START_S + 5.0, START_S + 9.0),
    muted_s=((START_S + 5.5, START_S + 7.5),),
    title="Item k7",
    condition=False,
    names=False,
    answers=False,
    order=False,
)


def looked_at(path: Path, visible: Visible, qtbot: QtBot) -> tuple[np.ndarray, list[str]]:
    """Return a desk's pixels and every text that its widgets hold."""
    desk = ReviewDesk()
    desk.resize(900, 640)
    desk.show()
    qtbot.waitExposed(desk)
    recording = open_recording(path)
    desk.open(recording, visible)
    desk.axis.move_cursor(START_S + 6.5)
    camera = desk.cameras["camera"]
    qtbot.waitUntil(lambda: camera.shown >= 0 and camera.is_current, timeout=10_000)
    qtbot.waitUntil(lambda: desk.stack.canvas.is_complete, timeout=10_000)
    image = desk.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(bytes(image.constBits()), np.uint8).copy()
    told = [desk.windowTitle()]
    for widget in desk.findChildren(QWidget):
        told += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        told += [widget.text()] if isinstance(widget, QLabel) else []
    view = desk.view
    assert view is not None
    told += [view.title, *(event.text for event in view.events), *(trial.text for trial in view.trials)]
    told += [f"{trial.name} {trial.start_s} {trial.stop_s}" for trial in view.trials]
    told += [*desk.stack.event_words, *(stroke.text for stroke in view.strokes)]
    desk.close_media()
    recording.close()
    desk.close()
    desk.deleteLater()
    return pixels, told


@pytest.mark.parametrize(
    "visible", [pytest.param(BLIND, id="whole", marks=pytest.mark.slow), pytest.param(WINDOW, id="window")]
)
def test_hidden_facts_change_neither_a_pixel_nor_a_word(
    visible: Visible, tmp_path: Path, qtbot: QtBot
) -> None:
    paths = []
    for name, facts in (("one", Facts()), ("other", OTHER)):
        study = make_study(tmp_path / name, 1, 3, facts)
        paths.append(study.folder / study.sessions()[0].file)
    (one, told), (other, also_told) = (looked_at(path, visible, qtbot) for path in paths)
    assert told == also_told
    assert np.array_equal(one, other)
