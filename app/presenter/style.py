"""How the participant's forms look and speak: two calm palettes, sizes that follow screen and text size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont

from app.presenter.phrases import Phrases

PaletteName = Literal["light", "dark"]
SMALLEST_TEXT, LARGEST_TEXT = 0.7, 2.0
# The first that is installed and has the character is taken; the last ones are for other scripts.
FAMILIES = (
    "Inter",
    "Noto Sans",
    "Segoe UI",
    "Helvetica Neue",
    "Liberation Sans",
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Droid Sans Fallback",
)


@dataclass(frozen=True, slots=True)
class Colours:
    """One palette; text on its ground has a contrast of at least 7:1, muted text of 4.5:1."""

    ground: str
    surface: str
    line: str
    ink: str
    muted: str
    accent: str
    accent_soft: str
    on_accent: str


PALETTES: dict[PaletteName, Colours] = {
    "light": Colours(
        ground="#ECEBE6",
        surface="#FAFAF7",
        line="#B9B8B0",
        ink="#20252B",
        muted="#565C63",
        accent="#1F5F8B",
        accent_soft="#D6E6F1",
        on_accent="#FFFFFF",
    ),
    "dark": Colours(
        ground="#23272C",
        surface="#2E3339",
        line="#5A626B",
        ink="#EDEDE8",
        muted="#B3B9BF",
        accent="#7DB7DE",
        accent_soft="#34495A",
        on_accent="#15191D",
    ),
}


class Style:
    """Colours, lengths and words for a screen `height` pixels high and `width` wide.

    `text_scale` (1 = usual) enlarges text and what holds it; `language` is the participant's.
    """

    def __init__(
        self, palette: PaletteName, width: int, height: int, text_scale: float = 1.0, language: str = ""
    ) -> None:
        self.palette: PaletteName = palette
        self.colours = PALETTES[palette]
        self.width = width
        self.height = height
        self.text_scale = min(LARGEST_TEXT, max(SMALLEST_TEXT, text_scale))
        self.phrases = Phrases(language)

    def on(self, background: str) -> Style:
        """Return the style for a page on another ground: the palette that is readable there."""
        palette: PaletteName = "light" if QColor(background).lightnessF() > 0.5 else "dark"
        return Style(palette, self.width, self.height, self.text_scale, self.phrases.language)

    def px(self, thousandths: float) -> int:
        """Return a length given in thousandths of the screen's height, at least a pixel."""
        return max(1, round(self.height * thousandths / 1000))

    def tx(self, thousandths: float) -> int:
        """Return a length that holds text: as `px`, and larger with larger text."""
        return self.px(thousandths * self.text_scale)

    @property
    def column(self) -> int:
        """Width of a column of text that is read without effort."""
        return min(round(self.width * (0.8 if self.text_scale <= 1 else 0.88)), self.tx(1150))

    @property
    def direction(self) -> Qt.LayoutDirection:
        """The direction of the participant's writing."""
        rtl, ltr = Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight
        return rtl if self.phrases.is_right_to_left else ltr

    def say(self, key: str, n: int = 0, m: int = 0, name: str = "") -> str:
        """Return words of our own in the participant's language."""
        return self.phrases.say(key, n, m, name)

    def font(self, thousandths: float, bold: bool = False) -> QFont:
        """Return the form's font at a size in thousandths of the screen's height, times the text size."""
        font = form_font()
        font.setPixelSize(self.tx(thousandths))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """Return a colour of the palette by its name."""
        colour = QColor(getattr(self.colours, name))
        colour.setAlphaF(alpha)
        return colour

    def fill(self, is_chosen: bool, is_pointed_at: bool = False) -> QColor:
        """Return the ground of something to choose; only a breath of colour while it is pointed at."""
        if is_chosen:
            return self.colour("accent_soft")
        surface, soft = self.colour("surface"), self.colour("accent_soft")
        share = 0.35 if is_pointed_at else 0.0
        mixed = [
            (1 - share) * plain + share * tinted
            for plain, tinted in (
                (surface.redF(), soft.redF()),
                (surface.greenF(), soft.greenF()),
                (surface.blueF(), soft.blueF()),
            )
        ]
        return QColor.fromRgbF(*mixed)


def form_font() -> QFont:
    """Return the forms' font, of no particular size."""
    font = QFont()
    font.setFamilies(list(FAMILIES))
    return font
