"""Drawings as images, and the images in the graphics memory: all made before their moment."""

from __future__ import annotations

import collections
import math
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter, QPen
from PySide6.QtOpenGL import QOpenGLPixelTransferOptions, QOpenGLTexture
from shiboken6 import VoidPtr

from app.presenter.choice_image import DARK_INK, canvas, choice_image, ink_on, rows_of
from app.presenter.scenes import Choice, Drawing, Mask, Missing, Moving, Picture, Scene, Symbol
from app.presenter.style import Style
from app.screens import Size

BUDGET_BYTES = 512 * 1024 * 1024
# A picture of 12,000 x 12,000 pixels takes 550 MiB where its format cannot be read at a smaller size.
LARGEST_IMAGE_MIB = 2048

_NEAREST, _LINEAR = QOpenGLTexture.Filter.Nearest, QOpenGLTexture.Filter.Linear
_RGBA, _BYTE = QOpenGLTexture.PixelFormat.RGBA, QOpenGLTexture.PixelType.UInt8


class Textures:
    """Textures by drawing; what was used longest ago makes room. Needs a current OpenGL context."""

    def __init__(self, pictures: Mapping[str, Path], style: Style) -> None:
        self._pictures = pictures
        self._style = style
        self._held: dict[Drawing, tuple[QOpenGLTexture, QSize, int]] = {}
        self._moving: dict[int, tuple[QOpenGLTexture, QSize]] = {}
        self.room = QSize(1, 1)
        self.largest = 4096
        # Drawings of the scene that is on or comes next, and (counted) of sequences: they have to stay.
        self.kept: set[Drawing | None] = set()
        self.reserved: collections.Counter[Drawing | None] = collections.Counter()
        self._unreadable: set[str] = set()

    def prepare(self, drawing: Drawing | None) -> None:
        """Make the drawing's image and upload it, unless it is there."""
        if drawing is None or isinstance(drawing, Moving):
            return
        if drawing in self._held:
            self._held[drawing] = self._held.pop(drawing)
            return
        self._hold(drawing, self.image(drawing))

    def is_missing(self, scene: Scene) -> str:
        """Return the stimulus of a prepared scene in whose place a placeholder is shown, else ''."""
        drawing = scene.drawing
        stimulus = drawing.stimulus if isinstance(drawing, Picture | Missing | Choice) else ""
        return stimulus if stimulus in self._unreadable or isinstance(drawing, Missing) else ""

    def find(self, drawing: Drawing) -> tuple[int, QSize]:
        """Return the texture's number and the size to draw it at, in pixels."""
        if isinstance(drawing, Moving):
            return self._moving[drawing.slot][0].textureId(), QSize(drawing.width, drawing.height)
        texture, size, _ = self._held[drawing]
        return texture.textureId(), size

    def upload(self, slot: int, pixels: NDArray[np.uint8], width: int, smooth: bool) -> None:
        """Put a film's frame into `slot`: `pixels` (height, row, 4) RGBA, of each row `width` pixels.

        `smooth` where it is drawn larger or smaller than it is.
        """
        size = QSize(width, len(pixels))
        held = self._moving.get(slot)
        if held is None or held[1] != size:
            if held is not None:
                held[0].destroy()
            texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
            texture.setFormat(QOpenGLTexture.TextureFormat.RGBA8_UNorm)
            texture.setSize(width, len(pixels))
            texture.setMipLevels(1)
            texture.allocateStorage(_RGBA, _BYTE)
            # Pixel for pixel nothing has to be mixed, which a computer without graphics card feels.
            filtering = _LINEAR if smooth else _NEAREST
            texture.setMinMagFilters(filtering, filtering)
            texture.setWrapMode(QOpenGLTexture.WrapMode.ClampToEdge)
            self._moving[slot] = held = (texture, size)
        options = QOpenGLPixelTransferOptions()
        options.setRowLength(pixels.shape[1])
        held[0].setData(_RGBA, _BYTE, VoidPtr(pixels), options)  # type: ignore[call-overload, arg-type]

    def hold_blank(self, drawing: Drawing, colour: str) -> None:
        """Put a plain texture as large as the screen in the place of `drawing`, to measure with."""
        image = QImage(self.room, QImage.Format.Format_RGBA8888)
        image.fill(QColor(colour))
        self._hold(drawing, image)

    def drop(self, drawing: Drawing) -> None:
        """Free one texture."""
        texture, _, _ = self._held.pop(drawing)
        texture.destroy()

    def clear(self) -> None:
        """Free all of them."""
        held = [entry[0] for entry in self._held.values()]
        for texture in [*held, *(entry[0] for entry in self._moving.values())]:
            texture.destroy()
        self._held.clear()
        self._moving.clear()

    def _hold(self, drawing: Drawing, image: QImage) -> None:
        texture = QOpenGLTexture(image, QOpenGLTexture.MipMapGeneration.DontGenerateMipMaps)
        texture.setMinMagFilters(_NEAREST, _NEAREST)
        self._held[drawing] = (texture, image.size(), image.sizeInBytes())
        must_stay = {drawing, *self.kept, *+self.reserved}
        while sum(size for _, _, size in self._held.values()) > BUDGET_BYTES:
            oldest = next((held for held in self._held if held not in must_stay), None)
            if oldest is None:
                break
            self.drop(oldest)

    def image(self, drawing: Drawing) -> QImage:
        """Return a drawing in the size it is shown in; what cannot be read is a placeholder."""
        match drawing:
            case Picture(stimulus, size):
                image = self._read(stimulus, size)
                return image if image is not None else _placeholder(stimulus, self.room, self._style)
            case Symbol(text, background):
                return _symbol(text, QColor(background), self.room.height(), self._style)
            case Mask():
                return _mask(drawing, self.room)
            case Missing(stimulus):
                return _placeholder(stimulus, self.room, self._style)
            case Choice(stimulus=stimulus):
                share = 0.6 if rows_of(drawing) == 1 else 0.45
                picture = self._read(stimulus, ("fraction", share)) if stimulus else None
                if stimulus and picture is None:
                    picture = _placeholder(stimulus, self.room * share, self._style)
                return choice_image(drawing, picture, self.room, self._style)
        raise TypeError(f"{drawing!r} has no image")

    def _read(self, stimulus: str, size: Size) -> QImage | None:
        path = self._pictures.get(stimulus)
        image = None if path is None else read_picture(path, size, self.room, self.largest)
        if image is None:
            self._unreadable.add(stimulus)
        return image


def read_picture(path: Path, size: Size, room: QSize, largest: int) -> QImage | None:
    """Return a picture scaled to `size` on a screen of `room`, at most `largest` a side; None if unreadable.

    Pictures far larger than that are read at twice the size that is shown, where their format can.
    """
    QImageReader.setAllocationLimit(LARGEST_IMAGE_MIB)
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    natural = reader.size()
    turned = bool(reader.transformation().value & 4)
    if natural.isValid():
        shown = fitted(natural.transposed() if turned else natural, size, room, largest)
        twice = (shown.transposed() if turned else shown) * 2
        if natural.width() > 2 * twice.width():
            reader.setScaledSize(twice)
    image = reader.read()
    if image.isNull():
        return None
    target = fitted(image.size(), size, room, largest)
    smooth = Qt.TransformationMode.SmoothTransformation
    scaled = image.scaled(target, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    return scaled.convertToFormat(QImage.Format.Format_RGBA8888)


def fitted(natural: QSize, size: Size, room: QSize, largest: int) -> QSize:
    """Return how large something of a `natural` size is drawn, keeping its shape."""
    measure, value = size
    box = QSize(room)
    if measure == "fraction":
        box.setHeight(max(1, round(room.height() * value)))
    elif measure == "height_px":
        box = QSize(largest, max(1, round(value)))
    elif measure == "width_px":
        box = QSize(max(1, round(value)), largest)
    shown = natural.scaled(box, Qt.AspectRatioMode.KeepAspectRatio)
    if max(shown.width(), shown.height()) > largest:
        shown = shown.scaled(largest, largest, Qt.AspectRatioMode.KeepAspectRatio)
    return shown.expandedTo(QSize(1, 1))


def _symbol(symbol: str, background: QColor, screen_height: int, style: Style) -> QImage:
    side = max(16, round(screen_height * 0.06))
    image = canvas(QSize(side if len(symbol) == 1 else side * len(symbol), side))
    ink = ink_on(background)
    painter = QPainter(image)
    if symbol == "+":
        thick = max(2, side // 12)
        middle = (side - thick) // 2
        painter.fillRect(middle, 0, thick, side, ink)
        painter.fillRect(0, middle, side, thick, ink)
    else:
        font = style.font(50)
        font.setPixelSize(round(side * 0.8))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(image.rect(), Qt.AlignmentFlag.AlignCenter, symbol)
    painter.end()
    return image


def _mask(mask: Mask, room: QSize) -> QImage:
    """Return a mask as large as a square picture of the same size would be."""
    measure, _ = mask.size
    size = room if measure == "fit" else fitted(QSize(100, 100), mask.size, room, max(room.toTuple()))
    width, height = size.toTuple()
    # Only `Random.random` gives the same numbers on every version and system.
    chance = random.Random(mask.seed)
    if mask.pattern == "lines":
        return _lines(width, height, mask.grain_px, chance)
    across, down = math.ceil(width / mask.grain_px), math.ceil(height / mask.grain_px)
    grains = np.array([int(chance.random() * 256) for _ in range(across * down)], np.uint8)
    grey = np.kron(grains.reshape(down, across), np.ones((mask.grain_px, mask.grain_px), np.uint8))
    rows = np.ascontiguousarray(grey[:height, :width])
    image = QImage(rows.data, width, height, width, QImage.Format.Format_Grayscale8)
    return image.convertToFormat(QImage.Format.Format_RGBA8888)


def _lines(width: int, height: int, thick_px: int, chance: random.Random) -> QImage:
    image = canvas(QSize(width, height))
    image.fill(QColor("#808080"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    length = min(width, height) / 4
    for _ in range(max(60, round(6 * width * height / (length * thick_px)))):
        x, y, angle = chance.random() * width, chance.random() * height, chance.random() * math.pi
        across, down = math.cos(angle) * length / 2, math.sin(angle) * length / 2
        shade = QColor.fromHslF(0.0, 0.0, chance.random())
        painter.setPen(QPen(shade, thick_px))
        painter.drawLine(QPointF(x - across, y - down), QPointF(x + across, y + down))
    painter.end()
    return image


def _placeholder(stimulus: str, room: QSize, style: Style) -> QImage:
    """Return a framed and crossed box that names what is missing."""
    size = QSize(round(room.width() * 0.5), round(room.height() * 0.5))
    image = canvas(size)
    image.fill(QColor("#D9D9D4"))
    painter = QPainter(image)
    edge = max(2, room.height() // 200)
    painter.setPen(QPen(QColor("#565C63"), edge, Qt.PenStyle.DashLine))
    painter.drawRect(QRectF(image.rect()).adjusted(edge, edge, -edge, -edge))
    area = QRectF(image.rect()).adjusted(edge * 6, edge * 6, -edge * 6, -edge * 6)
    painter.setPen(QPen(QColor("#B9B8B0"), edge))
    painter.drawLine(area.topLeft(), area.bottomRight())
    painter.drawLine(area.bottomLeft(), area.topRight())
    # No words: they would need the participant's language.
    painter.setFont(style.font(28))
    wrapped = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWrapAnywhere)
    name = painter.boundingRect(area, wrapped, stimulus)
    painter.fillRect(name.adjusted(-edge * 3, -edge, edge * 3, edge), QColor("#D9D9D4"))
    painter.setPen(QColor(DARK_INK))
    painter.drawText(area, wrapped, stimulus)
    painter.end()
    return image
