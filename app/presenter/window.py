"""The participant's OpenGL window: prepared textures, one change a call, stamped after its swap.

The window is a plain `QWindow` with a context of its own, so that drawing, waiting for the moment, the
swap and the stamp follow each other in one call, with no event loop in between. Nothing is painted by
QPainter on the way: pictures and symbols are textures made beforehand, the rest is clearing.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QExposeEvent,
    QFont,
    QGuiApplication,
    QImage,
    QImageReader,
    QOpenGLContext,
    QOpenGLFunctions,
    QPainter,
    QScreen,
    QSurface,
    QSurfaceFormat,
    QWindow,
)
from PySide6.QtOpenGL import QOpenGLTexture, QOpenGLTextureBlitter

from app import clock
from app.presenter.probe import GL_REMEDY
from app.presenter.screen import FrameCount, PresenterError, ScreenFacts, Shown

GL_COLOR_BUFFER_BIT = 0x4000
GL_SCISSOR_TEST = 0x0C11
GL_BLEND = 0x0BE2
GL_SRC_ALPHA = 0x0302
GL_ONE_MINUS_SRC_ALPHA = 0x0303
GL_RENDERER = 0x1F01
SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "swrast")

PREFLIGHT_FRAMES = 60
# A screen is trusted if its frames scatter by less than this and agree with the stated rate.
LARGEST_SD_MS = 0.5
RATE_TOLERANCE = 0.01
EXPOSE_PATIENCE_S = 10.0
TEXTURE_BUDGET_BYTES = 512 * 1024 * 1024
SPIN_S = 0.0006


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: a background, and in its middle a picture or a symbol."""

    background: str = "#808080"
    picture: str = ""
    size: str | float = "fit"
    symbol: str = ""

    @property
    def texture(self) -> tuple[str, str | float] | None:
        """What is needed as a texture, None for a plain background."""
        if self.picture:
            return (self.picture, self.size)
        return (f"symbol {self.symbol} on {self.background}", 0.0) if self.symbol else None


@dataclass
class _Texture:
    texture: QOpenGLTexture
    size: QSize
    bytes: int = field(default=0)


class StageWindow(QWindow):
    """The window of the participant's screen; `open` it, then `draw` a scene and `reveal` it."""

    def __init__(self, screen: QScreen, pictures: Mapping[str, Path], corner_patch: bool = False) -> None:
        super().__init__()
        self.lead_s = 0.0
        self.facts = ScreenFacts(screen.name(), 0, 0, screen.refreshRate(), verified=False)
        self._pictures = pictures
        self._corner_patch = corner_patch
        self._textures: dict[tuple[str, str | float], _Texture] = {}
        self._scene = self._shown = Scene()
        self._swapped_s = 0.0
        self._finishes = True
        self._frames = FrameCount(1 / max(screen.refreshRate(), 1.0))
        self.setSurfaceType(QSurface.SurfaceType.OpenGLSurface)
        surface = QSurfaceFormat()
        surface.setSwapInterval(1)
        surface.setDepthBufferSize(0)
        surface.setStencilBufferSize(0)
        self.setFormat(surface)
        self.setFlags(Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setTitle("Evoke")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setScreen(screen)
        # Without a window manager `showFullScreen` alone would leave the window small.
        self.setGeometry(screen.geometry())
        self._context = QOpenGLContext(self)
        self._context.setFormat(surface)
        self._blitter = QOpenGLTextureBlitter()

    def open(self) -> None:
        """Show the window and measure its screen; raises PresenterError where OpenGL does not work."""
        self.showFullScreen()
        self.setGeometry(self.screen().geometry())
        deadline = clock.now() + EXPOSE_PATIENCE_S
        while not self.isExposed():
            QGuiApplication.processEvents()
            if clock.now() > deadline:
                raise PresenterError("The participant's window does not appear on its screen.")
        if not self._context.create() or not self._context.makeCurrent(self) or not self._blitter.create():
            raise PresenterError(f"OpenGL does not work on the participant's screen. {GL_REMEDY}")
        self._preflight()

    @property
    def _gl(self) -> QOpenGLFunctions:
        return self._context.functions()

    @property
    def pixels(self) -> QSize:
        """The window's size in device pixels."""
        ratio = self.devicePixelRatio()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def prepare(self, scene: Scene) -> None:
        """Upload what `scene` needs; what was used longest ago makes room."""
        key = scene.texture
        if key is None:
            return
        if key in self._textures:
            self._textures[key] = self._textures.pop(key)
            return
        image = self._image(scene)
        texture = QOpenGLTexture(image, QOpenGLTexture.MipMapGeneration.DontGenerateMipMaps)
        nearest = QOpenGLTexture.Filter.Nearest
        texture.setMinMagFilters(nearest, nearest)
        self._textures[key] = _Texture(texture, image.size(), image.sizeInBytes())
        while sum(entry.bytes for entry in self._textures.values()) > TEXTURE_BUDGET_BYTES:
            oldest = next(iter(self._textures))
            if oldest in (key, self._scene.texture):
                break
            self._textures.pop(oldest).texture.destroy()

    def draw(self, scene: Scene) -> None:
        """Draw `scene` behind the present one, ready to be swapped in."""
        self.prepare(scene)
        self._scene = scene
        gl, size = self._gl, self.pixels
        gl.glViewport(0, 0, size.width(), size.height())
        self._clear(QColor(scene.background))
        key = scene.texture
        if key is not None:
            entry = self._textures[key]
            # Whole pixels, so that the picture stays as sharp as it was scaled.
            left = (size.width() - entry.size.width()) // 2
            top = (size.height() - entry.size.height()) // 2
            target = QRectF(left, top, entry.size.width(), entry.size.height())
            gl.glEnable(GL_BLEND)
            gl.glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA)
            self._blitter.bind()
            matrix = QOpenGLTextureBlitter.targetTransform(target, QRect(0, 0, size.width(), size.height()))
            origin = QOpenGLTextureBlitter.Origin.OriginTopLeft
            self._blitter.blit(entry.texture.textureId(), matrix, origin)
            self._blitter.release()
            gl.glDisable(GL_BLEND)
        if self._corner_patch:
            side = max(24, size.height() // 16)
            self._clear(QColor("white" if scene.picture else "black"), QRect(0, 0, side, side))
        gl.glFinish()

    def swap(self, at_s: float) -> float:
        """Swap at `at_s`, on the frame nearest to it, and return when the swap had completed."""
        if self.facts.verified:
            at_s -= self._frames.period_s / 2
        while (left_s := at_s - clock.now()) > 0:
            if left_s > SPIN_S:
                time.sleep(left_s - SPIN_S)
        self._context.swapBuffers(self)
        if self._finishes:
            # The driver may queue the swap: it has completed when something drawn after it has.
            self._clear(QColor(self._scene.background), QRect(0, 0, 1, 1))
            self._gl.glFinish()
        self._swapped_s, self._shown = clock.now(), self._scene
        return self._swapped_s

    def reveal(self, at_s: float) -> Shown:
        """Swap in at `at_s` what was drawn."""
        swapped_s = self.swap(at_s)
        return Shown(swapped_s, self._frames.frame + 1, self._frames.late(at_s, swapped_s))

    def keep_alive(self) -> int:
        """Draw the scene again on a screen that keeps its rate; return how many frames were dropped."""
        if not self.facts.verified:
            # Without a rate to keep, drawing again would only burn the processor.
            return 0
        previous_s = self._swapped_s
        self.draw(self._shown)
        return self._frames.interval(previous_s, self.swap(0.0))

    def release(self) -> None:
        """Free what lies in the graphics memory and close the window."""
        if self._context.makeCurrent(self):
            for entry in self._textures.values():
                entry.texture.destroy()
            self._textures.clear()
            self._blitter.destroy()
            self._context.doneCurrent()
        self.destroy()

    def exposeEvent(self, event: QExposeEvent) -> None:
        """Paint again where another window had covered this one."""
        if self.isExposed() and self._swapped_s and self._context.makeCurrent(self):
            self.draw(self._shown)
            self._context.swapBuffers(self)

    def event(self, event: QEvent) -> bool:
        """Stay open: only the operator ends a session."""
        if event.type() == QEvent.Type.Close:
            event.ignore()
            return True
        return super().event(event)

    def _clear(self, colour: QColor, area: QRect | None = None) -> None:
        gl = self._gl
        gl.glClearColor(colour.redF(), colour.greenF(), colour.blueF(), 1.0)
        if area is None:
            gl.glClear(GL_COLOR_BUFFER_BIT)
            return
        gl.glEnable(GL_SCISSOR_TEST)
        gl.glScissor(area.x(), area.y(), area.width(), area.height())
        gl.glClear(GL_COLOR_BUFFER_BIT)
        gl.glDisable(GL_SCISSOR_TEST)

    def _image(self, scene: Scene) -> QImage:
        if not scene.picture:
            return _symbol(scene.symbol, QColor(scene.background), self.pixels.height())
        path = self._pictures[scene.picture]
        reader = QImageReader(str(path))
        reader.setAutoTransform(True)
        image = reader.read()
        if image.isNull():
            raise PresenterError(f"The picture {path.name} cannot be read: {reader.errorString()}.")
        room = QSize(self.pixels)
        if not isinstance(scene.size, str):
            room.setHeight(round(room.height() * scene.size))
        fitted = image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(fitted, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        return scaled.convertToFormat(QImage.Format.Format_RGBA8888)

    def _preflight(self) -> None:
        """Measure the screen's frames and how long a change takes to draw."""
        screen, size = self.screen(), self.pixels
        renderer = str(self._gl.glGetString(GL_RENDERER))
        self._finishes = not any(name in renderer.lower() for name in SOFTWARE_RENDERERS)
        stated_s = 1 / max(screen.refreshRate(), 1.0)
        stamps = [self._first_frame()]
        while len(stamps) <= PREFLIGHT_FRAMES:
            self._clear(QColor(self._scene.background))
            stamps.append(self.swap(0.0))
        intervals = [after - before for before, after in itertools.pairwise(stamps)][5:]
        median_s, sd_ms = statistics.median(intervals), statistics.pstdev(intervals) * 1000
        verified = sd_ms < LARGEST_SD_MS and abs(median_s / stated_s - 1) < RATE_TOLERANCE
        self.facts = ScreenFacts(
            name=screen.name(),
            width=size.width(),
            height=size.height(),
            rate_hz=screen.refreshRate(),
            verified=verified,
            measured_hz=1 / median_s,
            jitter_sd_ms=sd_ms,
            renderer=renderer,
        )
        self._frames = FrameCount(median_s if verified else stated_s)
        self.lead_s = max(stated_s, 2.0 * self._drawing_s() + 0.004)

    def _first_frame(self) -> float:
        self.draw(self._scene)
        return self.swap(0.0)

    def _drawing_s(self) -> float:
        """Return how long drawing takes with a texture as large as the screen."""
        image = QImage(self.pixels, QImage.Format.Format_RGBA8888)
        image.fill(QColor(self._scene.background))
        key = ("preflight", "fit")
        texture = QOpenGLTexture(image, QOpenGLTexture.MipMapGeneration.DontGenerateMipMaps)
        self._textures[key] = _Texture(texture, image.size(), image.sizeInBytes())
        durations: list[float] = []
        for _ in range(8):
            before_s = clock.now()
            self.draw(Scene(picture=key[0]))
            durations.append(clock.now() - before_s)
        self.draw(Scene())
        self._textures.pop(key).texture.destroy()
        return statistics.median(durations)


def _symbol(symbol: str, background: QColor, screen_height: int) -> QImage:
    """Return a fixation symbol in the ink that stands out from the background."""
    side = max(16, round(screen_height * 0.06))
    image = QImage(side, side, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.transparent)
    ink = QColor("#111417") if background.lightnessF() > 0.35 else QColor("#F2F2EE")
    painter = QPainter(image)
    if symbol == "+":
        thick = max(2, side // 12)
        middle = (side - thick) // 2
        painter.fillRect(middle, 0, thick, side, ink)
        painter.fillRect(0, middle, side, thick, ink)
    else:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        font = QFont()
        font.setPixelSize(round(side * (0.9 if len(symbol) == 1 else 0.5)))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(image.rect(), Qt.AlignmentFlag.AlignCenter, symbol)
    painter.end()
    return image


def participant_screen(wanted: str = "") -> QScreen:
    """Return the screen named `wanted`, else the second one, else the only one."""
    screens: list[QScreen] = QGuiApplication.screens()
    if not screens:
        raise PresenterError("There is no screen for the participant's window.")
    for screen in screens:
        if wanted and screen.name() == wanted:
            return screen
    primary = QGuiApplication.primaryScreen()
    return next((screen for screen in screens if screen != primary), primary)
