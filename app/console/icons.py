"""Icons: SVG drawn with `currentColor`, tinted from the palette in use."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources
from app.console import theme

SIZES = (16, 20, 24, 32, 48)


@cache
def _source(name: str) -> str:
    return resources.path(f"icons/{name}.svg").read_text(encoding="utf-8")


def draw(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Return icon `name` in `colour`, `size` logical pixels wide."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


@cache
def _icon(name: str, normal: str, disabled: str, selected: str) -> QIcon:
    made = QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, normal),
        (QIcon.Mode.Disabled, disabled),
        (QIcon.Mode.Selected, selected),
    ):
        for size in SIZES:
            made.addPixmap(draw(name, colour, size), mode)
    return made


def icon(name: str, colour: str = "") -> QIcon:
    """Return icon `name` for the palette in use, or in a `colour` of its own."""
    colours = theme.current()
    return _icon(name, colour or colours.text, colours.muted, colours.on_accent)
