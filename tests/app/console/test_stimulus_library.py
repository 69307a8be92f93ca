"""The stimulus library: seen, filtered, chosen in the grid and in the scatter, and checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.console import theme
from app.console.stimulus_library import StimulusLibrary
from app.console.stimulus_model import Filter
from app.console.stimulus_sets import known_sets
from app.console.stimulus_thumbs import cache_folder
from app.console.window import MainWindow
from app.study import Study
from stimuli.sets import StimulusSet
from tests.helpers.front import bring_to_front
from tests.helpers.stimulus_files import film, picture, pictures_set, set_of, sound, stimulus

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def mine(tmp_path: Path) -> StimulusSet:
    """Twelve pictures of two categories."""
    return pictures_set(tmp_path / "mine")


@pytest.fixture
def library(qapp: QApplication, mine: StimulusSet, qtbot: QtBot) -> Iterator[StimulusLibrary]:
    """The library with that set, in a window of its own."""
    theme.apply(qapp, "light", 1.0)
    page = StimulusLibrary()
    page.resize(1200, 740)
    page.show()
    qtbot.waitExposed(page)
    assert page.open_set(mine.folder)
    yield page
    page.closing()
    page.close()
    page.deleteLater()
    qapp.sendPostedEvents(None, 52)


def at(library: StimulusLibrary, key: str) -> QPoint:
    place = library.scatter.place_of(key)
    assert place is not None
    return place.toPoint()


def drag(library: StimulusLibrary, corners: list[QPoint], keys: Qt.KeyboardModifier) -> None:
    view = library.scatter.viewport()
    QTest.mousePress(view, LEFT, keys, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(view, corner)
    QTest.mouseRelease(view, LEFT, keys, corners[-1])


def around(library: StimulusLibrary, keys: list[str]) -> list[QPoint]:
    """Return the corners of a box around signs, in the widget's pixels."""
    places = [at(library, key) for key in keys]
    left, right = min(p.x() for p in places) - 6, max(p.x() for p in places) + 6
    top, bottom = min(p.y() for p in places) - 6, max(p.y() for p in places) + 6
    return [QPoint(left, top), QPoint(right, top), QPoint(right, bottom), QPoint(left, bottom)]


def test_the_page_has_a_key_and_shows_the_bundled_set_first(window: MainWindow, qtbot: QtBot) -> None:
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(window.pages.currentWidget(), StimulusLibrary))
    page = window.of_stimuli.library
    assert page.stimuli is not None and page.stimuli.name == "open"
    assert page.sets.currentText() == "open (bundled)"
    assert "ratings are provisional" in page.banner.text


def test_sets_of_the_study_and_those_opened_before_are_listed(
    study: Study, library: StimulusLibrary, mine: StimulusSet
) -> None:
    shutil.copytree(mine.folder, study.folder / "stimuli" / "faces")
    titles = [known.title for known in known_sets(study)]
    assert titles == ["faces (this study)", "open (bundled)", "mine"]
    library.show_study(study)
    assert [library.sets.itemText(row) for row in range(library.sets.count())] == titles
    assert library.sets.currentText() == "mine"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 12), (Filter(text="scene 3"), 2), (Filter(text="WILD-0"), 6), (Filter(text="xyz"), 0),
        (Filter(category="calm"), 6), (Filter(kind="film"), 0), (Filter(licence="MIT"), 12),
        (Filter(valence=(1, 3.1)), 3), (Filter(arousal=(6, 9), category="wild"), 2),
        (Filter(problem="any"), 0),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_fits_all_its_conditions(wanted: Filter, count: int, mine: StimulusSet) -> None:
    assert sum(wanted.keeps(item, ()) for item in mine.items.values()) == count


def test_what_has_no_rating_is_outside_of_every_range(tmp_path: Path) -> None:
    item = stimulus(picture(tmp_path / "a.png"), valence=None)
    assert Filter().keeps(item, ()) and not Filter(valence=(1, 8.9)).keeps(item, ())


def test_filtering_by_hand(library: StimulusLibrary, qtbot: QtBot) -> None:
    QTest.keyClicks(library.filter.text, "wild")
    qtbot.waitUntil(lambda: library.filter.count.text() == "6 of 12")
    library.filter.valence[1].setValue(4.0)
    qtbot.waitUntil(lambda: library.filter.count.text() == "2 of 12")
    assert [item.id for item in library.model.shown] == ["wild-00", "wild-01"]
    QTest.keyClicks(library.filter.text, "xx")
    qtbot.waitUntil(lambda: library.left.currentWidget() is library.empty)
    QTest.mouseClick(library.filter.clear, LEFT)
    assert library.filter.count.text() == "12 stimuli"
    assert library.left.currentWidget() is library.grid


def test_a_click_on_a_tile_shows_details_and_the_sign(library: StimulusLibrary, qtbot: QtBot) -> None:
    index = library.model.index(2)
    QTest.mouseClick(library.grid.viewport(), LEFT, pos=library.grid.visualRect(index).center())
    assert library.selected_ids() == ["calm-02"]
    assert library.details.title.text() == "calm-02"
    qtbot.waitUntil(lambda: library.details.preview.count == 1)
    QTest.keyClick(library.grid, Qt.Key.Key_Right)
    assert library.selected_ids() == ["calm-03"]
    QTest.keyClick(library.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(library.selected_ids()) == 12
    assert library.details.title.text() == "12 selected"


def test_a_click_on_a_sign_selects_the_tile(library: StimulusLibrary) -> None:
    view = library.scatter.viewport()
    QTest.mouseClick(view, LEFT, pos=at(library, "calm-05"))
    assert library.selected_ids() == ["calm-05"]
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.ShiftModifier, at(library, "calm-00"))
    assert library.selected_ids() == ["calm-00", "calm-05"]
    QTest.keyClick(library.scatter, Qt.Key.Key_Escape)
    assert library.selected_ids() == []
    QTest.keyClick(library.scatter, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(library.selected_ids()) == 12


def test_a_lasso_selects_what_is_inside(library: StimulusLibrary) -> None:
    wanted = ["calm-00", "calm-01", "wild-00", "wild-01"]
    drag(library, around(library, wanted), Qt.KeyboardModifier.NoModifier)
    assert library.selected_ids() == wanted
    more = around(library, ["calm-05", "wild-05"])
    drag(library, more, Qt.KeyboardModifier.ShiftModifier)
    assert library.selected_ids() == [*wanted[:2], "calm-05", *wanted[2:], "wild-05"]


def test_alt_and_drag_draws_a_rectangle(library: StimulusLibrary) -> None:
    wanted = ["calm-02", "wild-02"]
    corners = around(library, wanted)
    drag(library, [corners[0], corners[2]], Qt.KeyboardModifier.AltModifier)
    assert library.selected_ids() == wanted


def test_pointing_at_a_sign_marks_the_tile(library: StimulusLibrary, qtbot: QtBot) -> None:
    def is_pointed(place: QPoint, key: str) -> bool:
        # The first movement over a window may only enter it.
        QTest.mouseMove(library.scatter.viewport(), place + QPoint(1, 1))
        QTest.mouseMove(library.scatter.viewport(), place)
        return library.grid.delegate.pointed == key

    qtbot.waitUntil(lambda: is_pointed(at(library, "calm-04"), "calm-04"))
    qtbot.waitUntil(lambda: is_pointed(at(library, "calm-04") - QPoint(0, 60), ""))


def test_a_selection_survives_a_filter_that_keeps_it(library: StimulusLibrary, qtbot: QtBot) -> None:
    library.choose(["calm-01", "wild-01"])
    library.filter.category.setCurrentIndex(library.filter.category.findData("wild"))
    qtbot.waitUntil(lambda: library.filter.count.text() == "6 of 12")
    assert library.selected_ids() == ["wild-01"]
    library.choose(["calm-03"])
    assert library.filter.wanted() == Filter()
    assert library.selected_ids() == ["calm-03"]


def test_checking_marks_what_is_wrong(library: StimulusLibrary, mine: StimulusSet, qtbot: QtBot) -> None:
    assert library.problem_words.text() == "The files have not been checked yet."
    picture(mine.folder / "wild-03.png", 12345)
    (mine.folder / "calm-02.png").unlink()
    QTest.mouseClick(library.check_button, LEFT)
    qtbot.waitUntil(lambda: library.inspection is not None, timeout=10_000)
    assert library.model.codes("wild-03") == ("altered",)
    assert library.model.codes("calm-02") == ("missing",)
    assert library.tabs.tabText(1) == "Problems (2)"
    assert library.check_button.text() == "Check files"
    row = library.problems.topLevelItem(1)
    assert row is not None and (row.text(0), row.text(1)) == ("wild-03", "file altered")
    library.problems.setCurrentItem(row)
    assert library.selected_ids() == ["wild-03"]
    assert "was altered" in library.details.state.text()
    library.filter.problem.setCurrentIndex(library.filter.problem.findData("missing"))
    qtbot.waitUntil(lambda: [item.id for item in library.model.shown] == ["calm-02"])


def test_checking_can_be_stopped(library: StimulusLibrary, qtbot: QtBot) -> None:
    library.check_files()
    assert library.check_button.text() == "Stop checking"
    library.check_files()
    assert library.check_button.text() == "Check files"
    qtbot.wait(100)
    assert library.inspection is None


def test_ids_that_a_protocol_needs_are_listed(
    study: Study, library: StimulusLibrary, mine: StimulusSet
) -> None:
    folder = os.path.relpath(mine.folder, study.folder)
    text = f"name: p\nstimuli:\n  set: {folder}\n  categories:\n    a: {{ids: [calm-00, gone]}}\n"
    (study.folder / "p.yaml").write_text(text, encoding="utf-8")
    library.show_study(study)
    library.open_set(mine.folder)
    row = library.problems.topLevelItem(0)
    assert row is not None and 'p.yaml:5: the set "mine" has no "gone".' in row.text(2)


def test_a_broken_manifest_shows_its_problems(library: StimulusLibrary, mine: StimulusSet) -> None:
    text = (mine.folder / "manifest.csv").read_text(encoding="utf-8")
    (mine.folder / "manifest.csv").write_text(text.replace("picture", "pictur", 1), encoding="utf-8")
    assert not library.open_set(mine.folder)
    assert "the manifest cannot be used" in library.banner.text
    row = library.problems.topLevelItem(0)
    assert row is not None and row.text(0) == "line 2" and 'Did you mean "picture"?' in row.text(2)
    assert not library.select_button.isEnabled() and library.model.total == 0


def test_films_show_frames_and_sounds_a_sign(library: StimulusLibrary, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "clips"
    walk = stimulus(film(folder / "walk.mp4", 2.0), kind="film", duration_s=2.0)
    beep = stimulus(sound(folder / "beep.wav"), kind="sound", duration_s=0.5, valence=None)
    assert library.open_set(set_of(folder, [walk, beep]).folder)
    library.choose(["walk"])
    qtbot.waitUntil(lambda: library.details.preview.count == 6, timeout=10_000)
    library.choose(["beep"])
    assert library.details.preview.count == 0
    assert library.scatter.place_of("beep") is None
    assert library.scatter.place_of("walk") is not None
    qtbot.waitUntil(lambda: library.thumbs.get(walk) is not None, timeout=10_000)


def test_provisional_ratings_are_told(library: StimulusLibrary, mine: StimulusSet, tmp_path: Path) -> None:
    items = [replace(item, provisional=item.category == "calm") for item in mine.items.values()]
    set_of(mine.folder, items)
    library.open_set(mine.folder)
    assert library.banner.text.startswith("6 ratings are provisional")


@pytest.fixture
def large(tmp_path: Path) -> StimulusSet:
    """A set of 1,200 pictures: 40 of them, each under thirty names."""
    folder = tmp_path / "large"
    first = [picture(folder / f"p-{number:02d}.png", number, (64, 48)) for number in range(40)]
    items = []
    for number in range(1200):
        path = folder / f"s-{number:04d}.png"
        os.link(first[number % 40], path)
        items.append(stimulus(path, f"c{number % 6}", 1 + number % 8, n=number % 60 + 1))
    return set_of(folder, items)


def test_of_1200_pictures_only_those_in_view_are_decoded(
    library: StimulusLibrary, large: StimulusSet, qtbot: QtBot
) -> None:
    assert library.open_set(large.folder)
    assert library.filter.count.text() == "1200 stimuli"
    items = list(large.items.values())
    qtbot.waitUntil(lambda: library.thumbs.is_known(items[0]), timeout=10_000)
    assert not library.thumbs.is_known(items[600])
    library.grid.scrollToBottom()
    qtbot.waitUntil(lambda: library.thumbs.is_known(items[-1]), timeout=10_000)
    qtbot.waitUntil(lambda: library.thumbs.is_idle, timeout=10_000)
    assert sum(library.thumbs.is_known(item) for item in items) < 200
    kept = len(list(cache_folder().glob("*.jpg")))
    assert 0 < kept < 200
    library.thumbs.refresh()
    library.grid.viewport().update()
    qtbot.waitUntil(lambda: library.thumbs.is_known(items[-1]) and library.thumbs.is_idle, timeout=10_000)
    assert len(list(cache_folder().glob("*.jpg"))) == kept


def test_every_control_has_a_name(library: StimulusLibrary) -> None:
    kinds = (QComboBox, QLineEdit, QAbstractSpinBox, QAbstractButton)
    nameless = []
    for kind in kinds:
        for widget in library.findChildren(kind):
            inside = isinstance(widget.parentWidget(), (QComboBox, QAbstractSpinBox, QLineEdit))
            own = widget.accessibleName() or getattr(widget, "text", lambda: "")()
            if widget.isVisible() and not inside and not own:
                nameless.append(widget)
    assert not nameless
    assert library.grid.accessibleName() and library.scatter.accessibleName()


def test_both_palettes_dress_the_scatter(library: StimulusLibrary, qapp: QApplication) -> None:
    for choice in ("dark", "light"):
        theme.apply(qapp, choice, 1.0)
        qapp.processEvents()
        assert library.scatter.backgroundBrush().color().name() == theme.current().base
