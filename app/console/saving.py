"""Figures as SVG or PNG, and the table behind them as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPaintDevice, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from app.console.theme import LIGHT, Colours
from stimuli.problems import EvokeError

Draw = Callable[[QPainter, QRectF, Colours], None]
PNG_SCALE = 2.0
PICTURES = "SVG (*.svg);;PNG (*.png)"
TABLES = "CSV (*.csv)"


def ask_where(parent: QWidget, title: str, kinds: str, name: str, chosen: Callable[[str], object]) -> None:
    """Ask where to save a file, `name` (with its ending) offered; `chosen(path)` is called with the answer.

    The ending follows the kind that is chosen.
    """
    dialog = QFileDialog(parent, title, "", kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(kind.partition("*.")[2].rstrip(")")))
    dialog.selectFile(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(chosen)
    dialog.open()


def save_picture(path: Path, size: QSize, title: str, draw: Draw) -> None:
    """Write a figure on white: SVG, or PNG in double resolution by the name's ending; raises EvokeError."""
    area = QRectF(0, 0, size.width(), size.height())
    if path.suffix.lower() == ".png":
        image = QImage(size * PNG_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(PNG_SCALE)
        _paint(image, area, draw)
        saved = image.save(str(path))
    else:
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(size)
        generator.setViewBox(area)
        generator.setTitle(title)
        saved = _paint(generator, area, draw) and path.is_file()
    if not saved:
        raise EvokeError(f"{path.name}: cannot be written. Choose a folder that you may write to.")


def _paint(device: QPaintDevice, area: QRectF, draw: Draw) -> bool:
    painter = QPainter()
    if not painter.begin(device):
        return False
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(area, QColor(LIGHT.base))
    draw(painter, area, LIGHT)
    return painter.end()


def save_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV, empty where a row knows nothing; raises EvokeError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    except OSError as error:
        raise EvokeError(
            f"{path.name}: cannot be written ({error.strerror}). Choose a folder that you may write to."
        ) from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
