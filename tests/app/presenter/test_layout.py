"""Keys by their place: the same key on every layout, called what is printed on it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.presenter import layout
from app.presenter.layout import PLACES, label_of, position, present_layout, read_layout
from tests.helpers.x_keyboard import XKeyboard

# What the keys of two layouts type, by X key code, as `xmodmap -pke` printed it.
QWERTZ = {24: "q", 29: "z", 44: "j", 45: "k", 46: "l", 47: "ö", 48: "ä", 34: "ü", 52: "y", 20: "ß", 10: "1"}
AZERTY = {24: "a", 25: "z", 38: "q", 44: "j", 47: "m", 52: "w", 58: ",", 10: "&", 11: "é", 48: "ù"}
CYRILLIC = {44: "о", 45: "л", 46: "д"}

PRINTED = [
    (QWERTZ, "KeyY", "Z"),
    (QWERTZ, "KeyZ", "Y"),
    (QWERTZ, "KeyJ", "J"),
    (QWERTZ, "Semicolon", "Ö"),
    (QWERTZ, "Minus", "ß"),
    (AZERTY, "KeyQ", "A"),
    (AZERTY, "KeyA", "Q"),
    (AZERTY, "KeyJ", "J"),
    (AZERTY, "Semicolon", "M"),
    (AZERTY, "Digit1", "&"),
    (AZERTY, "Space", "Space"),
    (AZERTY, "ArrowLeft", "←"),
    (CYRILLIC, "KeyJ", "О"),
    (CYRILLIC, "KeyQ", "Q"),
]


@pytest.mark.parametrize(("keys", "place", "printed"), PRINTED)
def test_a_key_is_called_what_is_printed_on_it(keys: dict[int, str], place: str, printed: str) -> None:
    found = read_layout("linux", lambda code: keys.get(code, ""))
    assert found.label_of(place) == printed and not found.is_assumed


@pytest.mark.parametrize(
    ("platform", "scan_code", "virtual_key"), [("linux", 44, 0), ("win32", 36, 0x4A), ("darwin", 1, 38)]
)
@pytest.mark.parametrize("key", [Qt.Key.Key_J, Qt.Key.Key_H, 0x041E, 0x01FFFFFF])
def test_a_position_does_not_depend_on_what_the_key_types(
    platform: str, scan_code: int, virtual_key: int, key: int
) -> None:
    assert position(platform, scan_code, virtual_key, int(key)) == "KeyJ"


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (Qt.Key.Key_J, "KeyJ"),
        (Qt.Key.Key_1, "Digit1"),
        (Qt.Key.Key_Space, "Space"),
        (Qt.Key.Key_Left, "ArrowLeft"),
        (Qt.Key.Key_Minus, "Minus"),
        (Qt.Key.Key_VolumeUp, ""),
        (Qt.Key.Key_Odiaeresis, ""),
    ],
)
def test_an_event_that_no_keyboard_made_is_placed_by_its_character(key: Qt.Key, place: str) -> None:
    assert position("linux", 0, 0, int(key)) == place
    assert position("darwin", 0, 0, int(key)) == place


def test_no_two_positions_share_a_code() -> None:
    for codes in (
        [place.x11 for place in PLACES.values()],
        [place.windows for place in PLACES.values()],
        [place.mac for place in PLACES.values()],
    ):
        assert len(set(codes)) == len(codes)


def test_where_nobody_can_be_asked_the_us_layout_stands_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    present_layout.cache_clear()
    try:
        assert present_layout().is_assumed and label_of("KeyY") == "Y"
        assert label_of("NoSuchKey") == "NoSuchKey"
    finally:
        present_layout.cache_clear()


class Listener(QObject):
    """Keeps the key presses that reach a window."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self.heard.append((layout.position_of(event), event.text()))
        return False


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWindow]:
    made = QWindow()
    made.resize(80, 80)
    made.show()
    assert QTest.qWaitForWindowExposed(made)
    yield made
    made.close()
    present_layout.cache_clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="changes the keyboard of an X display")
@pytest.mark.parametrize(("keys", "code", "place"), [(QWERTZ, 29, "KeyY"), (AZERTY, 24, "KeyQ")])
def test_real_keys_of_a_real_keyboard(
    display: str, window: QWindow, keys: dict[int, str], code: int, place: str
) -> None:
    listener = Listener()
    window.installEventFilter(listener)
    with XKeyboard(display) as keyboard:
        keyboard.type_with(keys)
        present_layout.cache_clear()
        assert label_of(place) == keys[code].upper() and not present_layout().is_assumed
        # Qt learns of the new layout by a message of its own.
        until = time.monotonic() + 10
        while (place, keys[code]) not in listener.heard and time.monotonic() < until:
            keyboard.press(int(window.winId()), code)
            QTest.qWait(20)
    assert (place, keys[code]) in listener.heard
    assert {heard for heard, _ in listener.heard} == {place}, "the place is the same before and after"
