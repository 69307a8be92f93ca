"""Colours and patterns of labels: apart on both grounds, and never told by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from analysis.labels.scheme import Label
from app.console import theme
from app.console.theme import Colours

LEAST_CONTRAST = 3.0
_TOKENS = ("eeg", "heart", "skin", "temperature", "motion", "sound", "other")
_PATTERNS = (
    Qt.BrushStyle.SolidPattern,
    Qt.BrushStyle.VerPattern,
    Qt.BrushStyle.Dense5Pattern,
    Qt.BrushStyle.FDiagPattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.CrossPattern,
    Qt.BrushStyle.Dense3Pattern,
    Qt.BrushStyle.DiagCrossPattern,
    Qt.BrushStyle.Dense6Pattern,
)


def pattern(place: int) -> Qt.BrushStyle:
    """Return the pattern of the label at this place of its tier."""
    return _PATTERNS[place % len(_PATTERNS)]


def label_colours(labels: Sequence[Label], colours: Colours) -> list[QColor]:
    """Return one colour a label and a last one for marks without: the scheme's where it has one.

    A colour that could not be seen on the ground is made lighter or darker until it can.
    """
    made = [
        _visible(label.colour, colours.base)
        if QColor(label.colour).isValid()
        else QColor(getattr(colours, _TOKENS[place % len(_TOKENS)]))
        for place, label in enumerate(labels)
    ]
    return [*made, QColor(colours.muted)]


def tint(colour: QColor, ground: str, share: float) -> QColor:
    """Return `share` of a colour over the ground, opaque."""
    below = QColor(ground)

    def mixed(one: int, other: int) -> int:
        return round(one * share + other * (1 - share))

    return QColor(
        mixed(colour.red(), below.red()),
        mixed(colour.green(), below.green()),
        mixed(colour.blue(), below.blue()),
    )


@lru_cache(maxsize=256)
def _visible(name: str, ground: str) -> QColor:
    colour = QColor(name)
    lighter = theme.luminance(ground) < 0.2
    for _ in range(24):
        if theme.contrast(colour.name(), ground) >= LEAST_CONTRAST:
            break
        target = QColor("#ffffff" if lighter else "#000000")
        colour = tint(target, colour.name(), 0.1)
    return colour
