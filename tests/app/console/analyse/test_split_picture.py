"""The picture of a split: every trial on its side, in shapes, in words, with a watermark where it leaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.corpus.cases import Cases
from analysis.evaluation.experiment import SplitKind, SplitSpec
from analysis.evaluation.splits import divide
from app.console.analyse.split_picture import Grid, SplitMap
from app.console.analyse.split_view import SplitView
from tests.helpers.batches import make_cases


def windows(participants: int = 3, trials: int = 4, each: int = 3) -> Cases:
    """Return cases that are windows: `each` of every trial."""
    cases = make_cases(participants, trials)
    places = np.repeat(np.arange(len(cases)), each)
    return replace(cases.rows(places), id=np.arange(len(places), dtype=np.intp))


SPLITS: dict[SplitKind, set[str]] = {
    "loso": {"train", "test"},
    "trials": {"train", "test", "none"},
    "first-trials": {"train", "test", "none"},
    "segments": {"both", "train"},
}


@pytest.mark.parametrize("kind", SPLITS)
def test_every_trial_is_drawn_on_its_side(kind: SplitKind) -> None:
    cases = windows()
    y = cases.trial % 2
    division = divide(cases, y, SplitSpec(kind, k=3))
    known = SplitMap.of(cases)
    assert (len(known.marks), known.columns) == (12, 4)
    sides = known.sides(division.folds[0])
    assert set(sides) <= SPLITS[kind]
    fold = division.folds[0]
    tested = {known.of_case[row] for row in fold.test.tolist()}
    trained = {known.of_case[row] for row in fold.train.tolist()}
    for place, side in enumerate(sides):
        expected = {(True, False): "test", (False, True): "train", (True, True): "both"}
        assert side == expected.get((place in tested, place in trained), "none")


def test_a_fold_in_words() -> None:
    cases = windows()
    division = divide(cases, cases.trial % 2, SplitSpec("loso"), 0.34)
    known = SplitMap.of(cases)
    told = known.fold_words(division, 0)
    assert told.startswith("Fold 1 of 3, P01; tested: 12 cases of P01; train: 12 cases of P0")
    left, held = told.split("train: 12 cases of ")[1].split("; validate: 12 cases of ")
    assert {left, held.rstrip(".")} == {"P02", "P03"}


@settings(max_examples=30)
@given(participants=st.integers(2, 50), trials=st.integers(1, 40), wide=st.integers(200, 1500))
def test_no_two_marks_touch_and_none_leaves_its_row(participants: int, trials: int, wide: int) -> None:
    known = SplitMap.of(make_cases(participants, trials))
    area = QRectF(8, 8, wide, 400)
    grid = Grid.within(area, 40.0, known)
    boxes = [grid.box(mark) for mark in known.marks]
    assert all(box.left() >= grid.left for box in boxes)
    assert all(box.width() >= 1 for box in boxes)
    assert max(box.bottom() for box in boxes) <= grid.top + participants * grid.high
    row = sorted((mark.column, box) for box, mark in zip(boxes, known.marks, strict=True) if mark.row == 0)
    assert [column for column, _ in row] == list(range(trials))
    assert all(one.right() < other.left() for (_, one), (_, other) in pairwise(row))


def test_arrow_keys_go_through_the_folds(qtbot: QtBot) -> None:
    view = SplitView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    qtbot.waitExposed(view)
    cases = windows()
    view.show_division(cases, divide(cases, cases.trial % 2, SplitSpec("loso")))
    view.canvas.setFocus()
    assert view.fold_words.text().startswith("Fold 1 of 3, P01")
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.fold_words.text().startswith("Fold 2 of 3, P02")
    assert "tested: 12 cases of P02" in view.canvas.accessibleDescription()
    QTest.mouseClick(view.previous, Qt.MouseButton.LeftButton)
    QTest.mouseClick(view.previous, Qt.MouseButton.LeftButton)
    assert view.fold_words.text().startswith("Fold 3 of 3, P03")
    assert view.canvas.known is not None
    grid = view.canvas.grid
    mark = next(each for each in view.canvas.known.marks if (each.row, each.column) == (2, 1))
    told = view.canvas.words_at(grid.box(mark).center())
    assert told == "P03, session 1, trial 2 (picture-1) is tested"


def test_a_leaky_split_carries_its_word(qtbot: QtBot) -> None:
    view = SplitView()
    qtbot.addWidget(view)
    view.resize(700, 420)
    view.show()
    qtbot.waitExposed(view)
    cases = windows()
    view.show_division(cases, divide(cases, cases.trial % 2, SplitSpec("loso")))
    plain = view.canvas.grab().toImage()
    view.show_division(cases, divide(cases, cases.trial % 2, SplitSpec("segments", k=3)))
    leaky = view.canvas.grab().toImage()
    assert view.canvas.accessibleDescription().startswith("LEAKY. ")
    from app.console import theme

    def inked(image: object) -> int:
        pixels = np.frombuffer(image.constBits(), np.uint32)  # type: ignore[attr-defined]
        return int((pixels & 0xFFFFFF == int(theme.current().alarm[1:], 16)).sum())

    assert inked(leaky) > 500 and inked(plain) == 0


def test_without_a_split_it_says_why(qtbot: QtBot) -> None:
    view = SplitView()
    qtbot.addWidget(view)
    view.show_nothing("--split loso needs at least two participants.")
    assert view.canvas.accessibleDescription() == "--split loso needs at least two participants."
    assert not view.next.isEnabled()
