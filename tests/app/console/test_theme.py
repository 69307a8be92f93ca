"""Both palettes can be read: text 4.5:1, drawn things 3:1, and no state is told by colour alone."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.console import icons, preferences, theme
from app.console.lamps import LOOKS
from app.console.parts import Line, Option, Tick
from app.console.window import MainWindow

TEXTS = ("text", "muted", "good", "warning", "alarm", "accent")
GROUNDS = ("window", "base", "raised")
DRAWN = ("eeg", "heart", "skin", "temperature", "motion", "sound", "other")
BOTH = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


@BOTH
def test_text_can_be_read(colours: theme.Colours) -> None:
    pairs = [*itertools.product(TEXTS, GROUNDS), ("on_accent", "accent")]
    pairs += [("text", "tint_warning"), ("text", "tint_alarm")]
    poor = {
        (ink, ground): round(theme.contrast(getattr(colours, ink), getattr(colours, ground)), 2)
        for ink, ground in pairs
        if theme.contrast(getattr(colours, ink), getattr(colours, ground)) < 4.5
    }
    assert poor == {}


@BOTH
def test_signals_stand_out(colours: theme.Colours) -> None:
    assert all(theme.contrast(getattr(colours, name), colours.base) >= 4.0 for name in DRAWN)


def test_contrast_is_that_of_the_standard() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("kind", [Tick, Option])
def test_edges_of_boxes_can_be_seen(
    choice: str, kind: type[Tick] | type[Option], qapp: QApplication, qtbot: QtBot
) -> None:
    theme.apply(qapp, choice, 1.0)
    box = kind("The participant has agreed")
    qtbot.addWidget(box)
    box.resize(box.sizeHint())
    box.show()
    image = box.grab().toImage()
    ground = theme.current().window
    row = [image.pixelColor(x, image.height() // 2).name() for x in range(image.height())]
    assert max(theme.contrast(colour, ground) for colour in row) >= 3.0
    theme.apply(qapp, "light", 1.0)


def test_every_lamp_state_has_a_word_and_states_that_differ_in_colour_differ_in_shape() -> None:
    assert all(look.word for look in LOOKS.values())
    by_colour: dict[str, set[str]] = {}
    for look in LOOKS.values():
        by_colour.setdefault(look.shape, set()).add(look.colour)
    assert all(len(colours) == 1 for colours in by_colour.values())


def test_choice_is_remembered_and_reaches_every_text(
    window: MainWindow, qapp: QApplication, qtbot: QtBot
) -> None:
    window.trigger("dark")
    qapp.processEvents()
    assert preferences.get("colours", "") == "dark"
    assert theme.current() is theme.DARK
    line = window.study_view.findChild(Line)
    assert line is not None
    assert line.palette().color(line.foregroundRole()).name() == theme.DARK.muted
    again = MainWindow()
    qtbot.addWidget(again)
    assert again.actions_by_name["dark"].isChecked()
    again.close()


def test_text_size_grows_and_stops(window: MainWindow, qapp: QApplication) -> None:
    before = qapp.font().pointSizeF()
    title = window.summary.title.font().pointSizeF()
    for _ in range(10):
        window.trigger("larger_text")
    assert qapp.font().pointSizeF() == pytest.approx(before * theme.TEXT_SIZES[-1], rel=0.05)
    assert window.summary.title.font().pointSizeF() == pytest.approx(title * theme.TEXT_SIZES[-1], rel=0.05)


def test_unreadable_preferences_count_as_none(window: MainWindow) -> None:
    preferences.put("layout", "not base64 !")
    preferences.put("colours", 7)
    window.restore()
    assert preferences.get("colours", "system") == "system"


def test_icons_take_the_colour_asked_for(qapp: QApplication) -> None:
    image = icons.draw("start", "#ff0000", 24).toImage()
    assert image.pixelColor(12, 12).name() == "#ff0000"
