"""Two palettes over Fusion, one table of colours for widgets, lamps, plots and icons."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

Choice = Literal["light", "dark", "system"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
TEXT_SIZES = (0.85, 1.0, 1.15, 1.3, 1.5)

PROPERTY = "evokeColours"
BASE_SIZE = "evokeBasePointSize"


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of the windows; `on_accent` is text on `accent`, the last group draws signals."""

    name: str
    window: str
    base: str
    raised: str
    text: str
    muted: str
    border: str
    accent: str
    on_accent: str
    good: str
    warning: str
    alarm: str
    tint_warning: str
    tint_alarm: str
    eeg: str
    heart: str
    skin: str
    temperature: str
    motion: str
    sound: str
    other: str


LIGHT = Colours(
    name="light",
    window="#f2f4f6",
    base="#ffffff",
    raised="#ffffff",
    text="#1b1f24",
    muted="#545d68",
    border="#c9d0d8",
    accent="#0a5bb0",
    on_accent="#ffffff",
    good="#176f32",
    warning="#8a5a00",
    alarm="#bb1f1f",
    tint_warning="#fff5db",
    tint_alarm="#ffe9e7",
    eeg="#1d5fa8",
    heart="#b3263a",
    skin="#1f7a44",
    temperature="#9a5a00",
    motion="#6f42a8",
    sound="#3f5563",
    other="#4a4f57",
)
DARK = Colours(
    name="dark",
    window="#1b1e23",
    base="#13161a",
    raised="#23272e",
    text="#e7eaee",
    muted="#a4adb8",
    border="#3d444d",
    accent="#79b8ff",
    on_accent="#0d1620",
    good="#57c97c",
    warning="#e5b344",
    alarm="#ff8b82",
    tint_warning="#3a3016",
    tint_alarm="#45211f",
    eeg="#7db7f5",
    heart="#ff8f9b",
    skin="#6ccf8e",
    temperature="#eeb04e",
    motion="#c3a1f0",
    sound="#a9bcc9",
    other="#b9c0c9",
)

_OF_KIND = {
    "eeg": "eeg",
    "emg": "motion",
    "eog": "eeg",
    "ecg": "heart",
    "bvp": "heart",
    "ppg": "heart",
    "optical": "heart",
    "eda": "skin",
    "temperature": "temperature",
    "acceleration": "motion",
    "gyroscope": "motion",
    "sound": "sound",
    "audio": "sound",
    "microphone": "sound",
}


def of_kind(colours: Colours, kind: str) -> QColor:
    """Return the colour that draws a kind of signal."""
    return QColor(getattr(colours, _OF_KIND.get(kind, "other")))


def palette(colours: Colours) -> QPalette:
    """Return the Qt palette of a table of colours."""
    made = QPalette()
    roles = QPalette.ColorRole
    for role, value in (
        (roles.Window, colours.window),
        (roles.WindowText, colours.text),
        (roles.Base, colours.base),
        (roles.AlternateBase, colours.window),
        (roles.Text, colours.text),
        (roles.Button, colours.raised),
        (roles.ButtonText, colours.text),
        (roles.BrightText, colours.alarm),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.ToolTipBase, colours.raised),
        (roles.ToolTipText, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Link, colours.accent),
        (roles.LinkVisited, colours.accent),
        (roles.Accent, colours.accent),
        (roles.Light, colours.raised),
        (roles.Midlight, colours.border),
        (roles.Mid, colours.border),
        (roles.Dark, colours.border),
        (roles.Shadow, colours.border),
    ):
        made.setColor(role, QColor(value))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    made.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(colours.border))
    made.setColor(QPalette.ColorGroup.Disabled, roles.HighlightedText, QColor(colours.text))
    return made


def resolve(choice: str) -> Colours:
    """Return the colours of a choice; `system` follows the desktop where it says what it wants."""
    if choice == "system":
        wanted = QGuiApplication.styleHints().colorScheme()
        return DARK if wanted == Qt.ColorScheme.Dark else LIGHT
    return DARK if choice == "dark" else LIGHT


def apply(application: QApplication, choice: str, text_size: float) -> None:
    """Dress the application; widgets hear of it by PaletteChange and FontChange."""
    colours = resolve(choice)
    application.setProperty(PROPERTY, colours.name)
    application.setPalette(palette(colours))
    size = application.property(BASE_SIZE)
    if size is None:
        size = max(9.0, application.font().pointSizeF())
        application.setProperty(BASE_SIZE, size)
    font = QFont(application.font())
    font.setPointSizeF(float(size) * text_size)
    application.setFont(font)
    for widget in every_widget(application):
        # A widget with a font size of its own hears nothing of the application's.
        dress = getattr(widget, "dress", None)
        if dress is not None:
            dress()


def every_widget(application: QApplication) -> list[QWidget]:
    """Return all widgets."""
    return _uncollected(application.allWidgets)


def every_window(application: QApplication) -> list[QWidget]:
    """Return all widgets that are windows."""
    return _uncollected(application.topLevelWidgets)


def _uncollected(listed: Callable[[], list[QWidget]]) -> list[QWidget]:
    """Return a list of Qt's without collecting garbage meanwhile.

    A widget that Python frees while Qt's list of pointers is being turned into Python objects would be met
    there, dead.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return listed()
    finally:
        if was_enabled:
            gc.enable()


def current() -> Colours:
    """Return the colours in use."""
    application = QApplication.instance()
    name = application.property(PROPERTY) if application is not None else None
    return DARK if name == "dark" else LIGHT


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour after WCAG 2."""
    value = QColor(colour)

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(value.redF()) + 0.7152 * linear(value.greenF()) + 0.0722 * linear(value.blueF())


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours after WCAG 2: 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
