"""What an automatic participant can do."""

from __future__ import annotations

from dataclasses import dataclass

from app.presenter.tasks import Value

BACKSPACE = "\b"
SIGNS = {
    "Minus": ("-", "-"),
    "Equal": ("=", "="),
    "BracketLeft": ("[", "["),
    "BracketRight": ("]", "]"),
    "Semicolon": (";", ";"),
    "Quote": ("'", "'"),
    "Backquote": ("`", "`"),
    "Comma": (",", ","),
    "Period": (".", "."),
    "Slash": ("/", "/"),
    "Enter": ("Return", ""),
}


@dataclass(frozen=True, slots=True)
class Choose:
    """Answer item `item` with `value`."""

    item: str
    value: Value


@dataclass(frozen=True, slots=True)
class Key:
    """Press or release a key: `char` is the text it gives, `BACKSPACE` for the key that takes it back."""

    char: str
    is_down: bool


@dataclass(frozen=True, slots=True)
class Press:
    """Press or release the key at a position (KeyJ, Digit1, Space, ...), whatever it types."""

    code: str
    is_down: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """Hold the button, or let it go."""

    is_down: bool


@dataclass(frozen=True, slots=True)
class Feel:
    """Press the button for a feeling that is there."""


@dataclass(frozen=True, slots=True)
class Done:
    """End a free answer."""


@dataclass(frozen=True, slots=True)
class ReadHelp:
    """Leave the questions for the study's helper text."""


@dataclass(frozen=True, slots=True)
class Proceed:
    """Go on."""


Act = Choose | Key | Press | Talk | Feel | Done | ReadHelp | Proceed
TimedAct = tuple[float, Act]


def key_at(code: str) -> tuple[str, str]:
    """Return (name, character) of the key at a position on a US keyboard; arrows and such type nothing."""
    if code.startswith("Key"):
        return code[-1], code[-1].lower()
    if code.startswith(("Digit", "Numpad")) and code[-1].isdigit():
        return code[-1], code[-1]
    if code == "Space":
        return "Space", " "
    return SIGNS.get(code, (code.removeprefix("Arrow"), ""))
