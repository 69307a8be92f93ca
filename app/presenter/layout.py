"""Where keys are, whatever is printed on them: positions by name, and what a layout prints there.

A position has the name that web browsers give it (`KeyboardEvent.code`): KeyJ is the key to the right of
KeyH on every layout. Events tell it by their native scan code; those without one (made by a program) by
the character that the key gives on a US layout.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

from app.presenter import keymaps

# Name, code of X11 and Wayland (evdev + 8), scan code of Windows, virtual key of macOS, US label.
_TABLE = """
Escape 9 1 53 Esc
Digit1 10 2 18 1
Digit2 11 3 19 2
Digit3 12 4 20 3
Digit4 13 5 21 4
Digit5 14 6 23 5
Digit6 15 7 22 6
Digit7 16 8 26 7
Digit8 17 9 28 8
Digit9 18 10 25 9
Digit0 19 11 29 0
Minus 20 12 27 -
Equal 21 13 24 =
Backspace 22 14 51 Backspace
Tab 23 15 48 Tab
KeyQ 24 16 12 Q
KeyW 25 17 13 W
KeyE 26 18 14 E
KeyR 27 19 15 R
KeyT 28 20 17 T
KeyY 29 21 16 Y
KeyU 30 22 32 U
KeyI 31 23 34 I
KeyO 32 24 31 O
KeyP 33 25 35 P
BracketLeft 34 26 33 [
BracketRight 35 27 30 ]
Enter 36 28 36 Enter
ControlLeft 37 29 59 Ctrl
KeyA 38 30 0 A
KeyS 39 31 1 S
KeyD 40 32 2 D
KeyF 41 33 3 F
KeyG 42 34 5 G
KeyH 43 35 4 H
KeyJ 44 36 38 J
KeyK 45 37 40 K
KeyL 46 38 37 L
Semicolon 47 39 41 ;
Quote 48 40 39 '
Backquote 49 41 50 `
ShiftLeft 50 42 56 Shift
Backslash 51 43 42 \\
KeyZ 52 44 6 Z
KeyX 53 45 7 X
KeyC 54 46 8 C
KeyV 55 47 9 V
KeyB 56 48 11 B
KeyN 57 49 45 N
KeyM 58 50 46 M
Comma 59 51 43 ,
Period 60 52 47 .
Slash 61 53 44 /
ShiftRight 62 54 60 Shift
NumpadMultiply 63 55 67 *
AltLeft 64 56 58 Alt
Space 65 57 49 Space
CapsLock 66 58 57 Caps
F1 67 59 122 F1
F2 68 60 120 F2
F3 69 61 99 F3
F4 70 62 118 F4
F5 71 63 96 F5
F6 72 64 97 F6
F7 73 65 98 F7
F8 74 66 100 F8
F9 75 67 101 F9
F10 76 68 109 F10
Numpad7 79 71 89 7
Numpad8 80 72 91 8
Numpad9 81 73 92 9
NumpadSubtract 82 74 78 -
Numpad4 83 75 86 4
Numpad5 84 76 87 5
Numpad6 85 77 88 6
NumpadAdd 86 78 69 +
Numpad1 87 79 83 1
Numpad2 88 80 84 2
Numpad3 89 81 85 3
Numpad0 90 82 82 0
NumpadDecimal 91 83 65 .
IntlBackslash 94 86 10 <
F11 95 87 103 F11
F12 96 88 111 F12
NumpadEnter 104 284 76 Enter
ControlRight 105 285 62 Ctrl
NumpadDivide 106 309 75 /
AltRight 108 312 61 AltGr
Home 110 327 115 Home
ArrowUp 111 328 126 ↑
PageUp 112 329 116 PageUp
ArrowLeft 113 331 123 ←
ArrowRight 114 333 124 →
End 115 335 119 End
ArrowDown 116 336 125 ↓
PageDown 117 337 121 PageDown
Insert 118 338 114 Insert
Delete 119 339 117 Delete
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A position's codes and what a US keyboard prints there."""

    name: str
    x11: int
    windows: int
    mac: int
    us: str


PLACES: Mapping[str, Place] = {
    name: Place(name, int(x11), int(windows), int(mac), us)
    for name, x11, windows, mac, us in (line.split() for line in _TABLE.strip().splitlines())
}
_BY_X11 = {place.x11: name for name, place in PLACES.items()}
_BY_WINDOWS = {place.windows: name for name, place in PLACES.items()}
_BY_MAC = {place.mac: name for name, place in PLACES.items()}
_BY_KEY = {
    Qt.Key.Key_Space: "Space",
    Qt.Key.Key_Return: "Enter",
    Qt.Key.Key_Enter: "NumpadEnter",
    Qt.Key.Key_Left: "ArrowLeft",
    Qt.Key.Key_Right: "ArrowRight",
    Qt.Key.Key_Up: "ArrowUp",
    Qt.Key.Key_Down: "ArrowDown",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Backspace: "Backspace",
    Qt.Key.Key_Shift: "ShiftLeft",
    Qt.Key.Key_Control: "ControlLeft",
    Qt.Key.Key_Alt: "AltLeft",
}
# The keypad's digits come later in the table, and must not take the place of the row's.
_BY_US = {place.us: name for name, place in reversed(list(PLACES.items())) if len(place.us) == 1}


def position_of(event: QKeyEvent) -> str:
    """Return the position of the key of an event, "" for one that has no name here."""
    return position(sys.platform, event.nativeScanCode(), event.nativeVirtualKey(), event.key())


def position(platform: str, scan_code: int, virtual_key: int, key: int) -> str:
    """Return the position for what a system (`sys.platform`) tells of a key; `key` is Qt's."""
    name = ""
    if platform == "win32":
        name = _BY_WINDOWS.get(scan_code, "")
    elif platform == "darwin":
        # Its scan code says nothing, and virtual key 0 is the A as well as unknown.
        name = _BY_MAC.get(virtual_key, "") if virtual_key or key == Qt.Key.Key_A else ""
    elif scan_code:
        name = _BY_X11.get(scan_code, "")
    return name or _by_us_key(key)


def _by_us_key(key: int) -> str:
    known = {int(value): name for value, name in _BY_KEY.items()}.get(key)
    if known is not None:
        return known
    return _BY_US.get(chr(key), "") if 0x20 < key < 0x7F else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is printed on the keys: `labels` by position, the US ones where a layout has none.

    `is_assumed` says that the layout could not be asked and the US one stands for it.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    is_assumed: bool = False

    def label_of(self, position: str) -> str:
        """Return what is printed on the key at a position; the name itself for an unknown position."""
        place = PLACES.get(position)
        return self.labels.get(position) or (position if place is None else place.us)


Read = Callable[[int], str]


def read_layout(platform: str, read: Read) -> Layout:
    """Return the layout that `read` (character of a native code, "" for none) describes."""
    labels = {}
    for name, place in PLACES.items():
        # Keys that type something are printed with it; all others are called the same everywhere.
        if len(place.us) == 1 and not name.startswith(("Numpad", "Arrow")):
            character = read(place.windows if platform == "win32" else place.x11)
            if character.strip() and character.isprintable():
                labels[name] = character.upper() if len(character.upper()) == 1 else character
    return Layout(labels)


@functools.lru_cache(maxsize=1)
def present_layout() -> Layout:
    """Return the keyboard's layout as it was first found; the US one, assumed, where it cannot be asked.

    `present_layout.cache_clear()` looks again.
    """
    # The display that Qt's windows are on must be the one that is asked.
    on_x11 = QGuiApplication.platformName() in ("xcb", "wayland")
    with keymaps.reader(sys.platform, on_x11) as read:
        if read is None:
            return Layout(is_assumed=True)
        layout = read_layout(sys.platform, read)
    return layout if layout.labels else Layout(is_assumed=True)


def label_of(position: str) -> str:
    """Return what the present layout prints on the key at a position, such as Z for KeyY on QWERTZ."""
    return present_layout().label_of(position)
