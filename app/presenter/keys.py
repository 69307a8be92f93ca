"""Keystroke records, free of Qt: when, which class of key, and (only if allowed) which character.

Without characters a record names neither key nor text. `press` numbers the presses, so that a key's
down, repeats and up belong together and dwell and flight times can still be computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Edge = Literal["down", "up", "repeat"]
KeyClass = Literal["letter", "digit", "space", "punctuation", "editing", "control"]

EDITING_KEYS = frozenset(
    {"Backspace", "Delete", "Insert", "Left", "Right", "Up", "Down", "Home", "End", "PageUp", "PageDown"}
)
# An event that seems to have waited longer was stamped by another clock.
LONGEST_DELAY_S = 1.0
STAMP_ERROR_S = 0.02
STAMP_WRAP_S = 2**32 / 1000


@dataclass(frozen=True, slots=True)
class KeyStroke:
    """One edge of a key. `time` is the event's own time, `received_s` when it reached us.

    `position` is where the key lies (KeyJ, Digit1, Space, ...), whatever the layout makes of it; it is
    never journalled with the stroke.
    """

    edge: Edge
    key_class: KeyClass
    name: str
    char: str
    press: int
    time: float
    received_s: float
    position: str = ""

    def payload(self, with_characters: bool) -> dict[str, Any]:
        """Return the payload of a `key` event; names of letters, digits and signs only if allowed."""
        shows_text = self.key_class in ("letter", "digit", "punctuation", "space")
        payload: dict[str, Any] = {
            "key": self.name if with_characters or not shows_text else "",
            "edge": self.edge,
            "class": self.key_class,
            "press": self.press,
            "received_s": self.received_s,
        }
        if with_characters:
            payload["char"] = self.char
        return payload


def classify(name: str, char: str) -> KeyClass:
    """Return the class of a key by its name and the text it gives."""
    if name in EDITING_KEYS:
        return "editing"
    if char == " ":
        return "space"
    if len(char) != 1 or not char.isprintable():
        return "control"
    if char.isalpha():
        return "letter"
    return "digit" if char.isdigit() else "punctuation"


def event_time(stamp_ms: int, received_s: float) -> float:
    """Return when an event stamped `stamp_ms` by the window system happened, in our seconds.

    X11, macOS and Windows stamp with the machine's monotonic clock, which is ours too, in
    milliseconds, some in 32 bits. A stamp of any other clock (a remote display, a synthetic event) shows
    by its distance and counts as unknown: then it is the time of receipt.
    """
    known = is_clock_of_ours(stamp_ms, received_s)
    return received_s - max(0.0, _delay_s(stamp_ms, received_s)) if known else received_s


def is_clock_of_ours(stamp_ms: int, received_s: float) -> bool:
    """Whether a stamp can be of the machine's monotonic clock."""
    return stamp_ms > 0 and _delay_s(stamp_ms, received_s) <= LONGEST_DELAY_S


def _delay_s(stamp_ms: int, received_s: float) -> float:
    return (received_s - stamp_ms / 1000 + STAMP_ERROR_S) % STAMP_WRAP_S - STAMP_ERROR_S


class Strokes:
    """Turns raw edges into keystrokes: numbers the presses, remembers what is down."""

    def __init__(self) -> None:
        self._presses = 0
        self._down: dict[int, tuple[int, KeyClass, str, str]] = {}

    def forget(self) -> None:
        """Know nothing of what is held: the keyboard was elsewhere, and what was let go there is unknown."""
        self._down.clear()

    def down(
        self,
        key: int,
        name: str,
        char: str,
        time: float,
        received_s: float,
        repeated: bool = False,
        position: str = "",
    ) -> KeyStroke:
        """A key went down, or repeats by itself; a press whose up was lost does not swallow the next."""
        if repeated and key in self._down:
            press, key_class, name, char = self._down[key]
            return KeyStroke("repeat", key_class, name, char, press, time, received_s, position)
        self._presses += 1
        key_class = classify(name, char)
        self._down[key] = (self._presses, key_class, name, char)
        return KeyStroke("down", key_class, name, char, self._presses, time, received_s, position)

    def up(self, key: int, time: float, received_s: float) -> KeyStroke | None:
        """A key came up; None if it was never seen going down."""
        if key not in self._down:
            return None
        press, key_class, name, char = self._down.pop(key)
        return KeyStroke("up", key_class, name, char, press, time, received_s)
