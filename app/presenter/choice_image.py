"""How a speeded choice looks: its question, the keys that answer it, and afterwards which one it was."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.presenter.scenes import Choice, Option
from app.presenter.style import Style

DARK_INK, LIGHT_INK = "#111417", "#F2F2EE"
RIGHT, WRONG = "#2E7D4F", "#A33B2E"
# Told by a sign as well as by colour, and in no language.
MARKS = {"": "", "correct": "\u2713", "wrong": "\u2717"}
TEXT_SIZE, LEAST_TEXT_SIZE = 28, 14
MOST_IN_A_ROW = 6


def ink_on(background: QColor) -> QColor:
    """Return the ink that stands out from a background."""
    return QColor(DARK_INK if background.lightnessF() > 0.35 else LIGHT_INK)


def canvas(size: QSize) -> QImage:
    """Return an image without anything on it."""
    image = QImage(size, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.transparent)
    return image


def rows_of(choice: Choice) -> int:
    """Return in how many rows the keys are drawn."""
    return 1 if len(choice.options) <= MOST_IN_A_ROW else 2


def choice_image(choice: Choice, picture: QImage | None, room: QSize, style: Style) -> QImage:
    """Return prompt above, keys with their answers below, and the verdict between them."""
    image = canvas(room)
    ink = ink_on(QColor(choice.background))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(ink)
    width, height = room.toTuple()
    side = width * 0.08
    top = height * (0.04 if picture is not None else 0.26)
    painter.setFont(style.font(36))
    words = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(QRectF(side, top, width - 2 * side, height * 0.16), int(words), choice.prompt)
    if picture is not None:
        painter.drawImage((width - picture.width()) // 2, round(height * 0.21), picture)
    if choice.options:
        low = height * (0.52 if picture is None else 0.84 if rows_of(choice) == 1 else 0.69)
        _options(painter, choice, QRectF(side, low, width - 2 * side, height * 0.14), ink, style)
    painter.end()
    return image


def _options(painter: QPainter, choice: Choice, area: QRectF, ink: QColor, style: Style) -> None:
    """Draw the keys in one row or two, all in the size that lets the longest word stay whole."""
    rows = rows_of(choice)
    across = math.ceil(len(choice.options) / rows)
    each = min(area.width() / across, style.px(420))
    size = TEXT_SIZE
    painter.setFont(style.font(size, bold=True))
    while size > LEAST_TEXT_SIZE and _widest(painter, choice) > each - style.px(16):
        size -= 1
        painter.setFont(style.font(size, bold=True))
    for i, option in enumerate(choice.options):
        row, column = divmod(i, across)
        left = area.center().x() - each * min(across, len(choice.options) - row * across) / 2
        place = QRectF(left + column * each, area.top() + row * area.height(), each, area.height())
        _option(painter, option, choice, place, ink, style, size)


def _widest(painter: QPainter, choice: Choice) -> int:
    metrics = painter.fontMetrics()
    words = [word for option in choice.options for word in option.text.split()]
    return max((metrics.horizontalAdvance(word) for word in words), default=0)


def _option(
    painter: QPainter,
    option: Option,
    choice: Choice,
    place: QRectF,
    ink: QColor,
    style: Style,
    size: float,
) -> None:
    painter.setFont(style.font(30, bold=True))
    wide = max(style.px(64), painter.fontMetrics().horizontalAdvance(option.label) + style.px(36))
    key = QRectF(place.center().x() - wide / 2, place.top(), wide, style.px(64))
    marked = option.id == choice.chosen
    painter.setPen(QPen(ink, max(2, style.px(3))))
    if marked:
        painter.setBrush({"correct": QColor(RIGHT), "wrong": QColor(WRONG)}.get(choice.verdict, ink))
    painter.drawRoundedRect(key, style.px(10), style.px(10))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    on_key = QColor(choice.background) if marked and not choice.verdict else QColor(LIGHT_INK)
    painter.setPen(on_key if marked else ink)
    painter.drawText(key, int(Qt.AlignmentFlag.AlignCenter), option.label)
    painter.setPen(ink)
    painter.setFont(style.font(size, bold=marked))
    if marked:
        beside = key.translated(key.width() + style.px(10), 0)
        painter.drawText(
            beside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), MARKS[choice.verdict]
        )
    words = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    below = QRectF(
        place.left() + style.px(8), key.bottom() + style.px(10), place.width() - style.px(16), place.height()
    )
    painter.drawText(below, int(words), option.text)
