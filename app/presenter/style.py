"""How the participant's forms look: two calm palettes, and sizes that follow the screen's height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor, QFont

PaletteName = Literal["light", "dark"]


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
    """Colours and lengths for a screen `height` pixels high and `width` wide."""

    def __init__(self, palette: PaletteName, width: int, height: int) -> None:
        self.palette: PaletteName = palette
        self.colours = PALETTES[palette]
        self.width = width
        self.height = height

    def px(self, thousandths: float) -> int:
        """Return a length given in thousandths of the screen's height, at least a pixel."""
        return max(1, round(self.height * thousandths / 1000))

    @property
    def column(self) -> int:
        """Width of a column of text that is read without effort."""
        return min(round(self.width * 0.8), self.px(1150))

    def font(self, thousandths: float, bold: bool = False) -> QFont:
        """Return the form's font at a size in thousandths of the screen's height."""
        font = QFont()
        font.setFamilies(
            ["Inter", "Noto Sans", "Segoe UI", "Helvetica Neue", "Liberation Sans", "DejaVu Sans"]
        )
        font.setPixelSize(self.px(thousandths))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """Return a colour of the palette by its name."""
        colour = QColor(getattr(self.colours, name))
        colour.setAlphaF(alpha)
        return colour
