"""The participant's OpenGL window: prepared textures, one change a call, stamped after its swap.

The window is a plain `QWindow` with a context of its own, so that drawing, waiting for the moment, the
swap and the stamp follow each other in one call, with no event loop in between. Nothing is painted by
QPainter on the way: pictures and symbols are textures made beforehand, the rest is clearing.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMetaObject, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QExposeEvent,
    QGuiApplication,
    QOpenGLContext,
    QOpenGLFunctions,
    QScreen,
    QSurface,
    QSurfaceFormat,
    QWindow,
)
from PySide6.QtOpenGL import QOpenGLTextureBlitter

from app import clock
from app.presenter.probe import GL_REMEDY
from app.presenter.scenes import Picture, Scene
from app.presenter.screen import FrameCount, PresenterError, ScreenFacts, Shown
from app.presenter.style import Style
from app.presenter.textures import Textures
from app.screens import Calibration, Patch, timing_label

GL_COLOR_BUFFER_BIT = 0x4000
GL_SCISSOR_TEST = 0x0C11
GL_BLEND = 0x0BE2
GL_SRC_ALPHA = 0x0302
GL_ONE_MINUS_SRC_ALPHA = 0x0303
GL_RENDERER = 0x1F01
GL_MAX_TEXTURE_SIZE = 0x0D33
# What any OpenGL 2 has.
LEAST_TEXTURE = 2048
SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "swrast")

PREFLIGHT_FRAMES = 300
# A screen that waits for no refresh shows it at once: then the other frames would prove nothing.
FIRST_LOOK_FRAMES = 60
NO_REFRESH_BEYOND = 0.1
WARM_UP_FRAMES = 5
# A screen is trusted if its frames scatter by less than this and agree with the stated rate.
LARGEST_SD_MS = 0.5
RATE_TOLERANCE = 0.01
EXPOSE_PATIENCE_S = 10.0
SPIN_S = 0.0006
# How long before a refresh a swap has to be handed over, and for how long one knows when refreshes come.
WAKE_EARLY_S = 0.003
KNOWN_FOR_S = 1.0


class StageWindow(QWindow):
    """The window of the participant's screen; `open` it, then `draw` a scene and `reveal` it.

    `changed` is told when another screen or another rate is found than the one that was measured.
    """

    def __init__(
        self,
        screen: QScreen,
        pictures: Mapping[str, Path],
        style: Style,
        patch: Patch | None = None,
        known: Calibration | None = None,
        changed: Callable[[ScreenFacts, str], None] | None = None,
    ) -> None:
        super().__init__()
        self.lead_s = 0.0
        self.drawing_s = 0.0
        self.facts = ScreenFacts(screen.name(), 0, 0, screen.refreshRate(), verified=False)
        self.is_software = False
        self.textures = Textures(pictures, style)
        self._known = known or Calibration()
        self._changed = changed or _told_nobody
        self._patch = patch
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
        self._watched: list[QMetaObject.Connection] = []

    def open(self) -> None:
        """Show the window and measure its screen; raises PresenterError where OpenGL does not work."""
        self.showFullScreen()
        self.setGeometry(self.display.geometry())
        deadline = clock.now() + EXPOSE_PATIENCE_S
        while not self.isExposed():
            QGuiApplication.processEvents()
            if clock.now() > deadline:
                raise PresenterError("The participant's window does not appear on its screen.")
        if not self._context.create() or not self._context.makeCurrent(self) or not self._blitter.create():
            raise PresenterError(f"OpenGL does not work on the participant's screen. {GL_REMEDY}")
        self.textures.room = self.pixels
        largest = self._gl.glGetIntegerv(GL_MAX_TEXTURE_SIZE)
        self.textures.largest = largest if isinstance(largest, int) and largest > 0 else LEAST_TEXTURE
        self._preflight()
        self._watch(self.display)

    @property
    def _gl(self) -> QOpenGLFunctions:
        return self._context.functions()

    @property
    def display(self) -> QScreen:
        """The screen that the window is on.

        Not `QWindow.screen`: PySide6 takes what that returns for a part of the window, and lets it die
        with it.
        """
        return QGuiApplication.screenAt(self.geometry().center()) or QGuiApplication.primaryScreen()

    @property
    def pixels(self) -> QSize:
        """The window's size in device pixels."""
        ratio = self.devicePixelRatio()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def prepare(self, scene: Scene) -> None:
        """Upload what `scene` needs; what was used longest ago makes room."""
        self.textures.kept = {self._scene.drawing, self._shown.drawing, scene.drawing}
        self.textures.prepare(scene.drawing)

    def upload(self, slot: int, pixels: NDArray[np.uint8], width: int, smooth: bool = True) -> None:
        """Put a film's frame into a texture of its own, to be drawn as `Moving(slot, ...)`."""
        self.textures.upload(slot, pixels, width, smooth)

    def draw(self, scene: Scene) -> None:
        """Draw `scene` behind the present one, ready to be swapped in."""
        self.prepare(scene)
        self._scene = scene
        gl, size = self._gl, self.pixels
        gl.glViewport(0, 0, size.width(), size.height())
        self._clear(QColor(scene.background))
        if scene.drawing is not None:
            texture, shown = self.textures.find(scene.drawing)
            # Whole pixels, so that the picture stays as sharp as it was scaled.
            left = (size.width() - shown.width()) // 2
            top = (size.height() - shown.height()) // 2
            target = QRectF(left, top, shown.width(), shown.height())
            gl.glEnable(GL_BLEND)
            gl.glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA)
            self._blitter.bind()
            matrix = QOpenGLTextureBlitter.targetTransform(target, QRect(0, 0, size.width(), size.height()))
            self._blitter.blit(texture, matrix, QOpenGLTextureBlitter.Origin.OriginTopLeft)
            self._blitter.release()
            gl.glDisable(GL_BLEND)
        if self._patch is not None:
            left, bottom, side = self._patch.place(size.width(), size.height())
            self._clear(QColor("white" if scene.lit else "black"), QRect(left, bottom, side, side))
        gl.glFinish()

    def swap(self, at_s: float) -> float:
        """Swap at `at_s`, on the frame nearest to it, and return when the swap had completed."""
        if self.facts.verified:
            at_s = self._before_refresh(at_s - self._frames.period_s / 2)
        while (left_s := at_s - clock.now()) > 0:
            if left_s > SPIN_S:
                time.sleep(left_s - SPIN_S)
        self._swap_buffers()
        if self._finishes:
            # The driver may queue the swap: it has completed when something drawn after it has.
            self._clear(QColor(self._scene.background), QRect(0, 0, 1, 1))
            self._gl.glFinish()
        self._swapped_s, self._shown = clock.now(), self._scene
        return self._swapped_s

    def _before_refresh(self, at_s: float) -> float:
        """Return when to swap for the first refresh after `at_s`: shortly before it comes.

        PySide6 keeps Python's lock while a swap waits for its refresh: then 29 frames of a film were decoded
        a second, and 170 with the sleep. Without a recent swap nobody knows when a refresh comes.
        """
        period_s, now = self._frames.period_s, clock.now()
        if now - self._swapped_s > KNOWN_FOR_S:
            return at_s
        after_s = max(at_s, now) - self._swapped_s
        refresh_s = self._swapped_s + math.ceil(after_s / period_s) * period_s
        return max(at_s, refresh_s - min(WAKE_EARLY_S, 0.4 * period_s))

    def _swap_buffers(self) -> None:
        self._context.swapBuffers(self)

    def reveal(self, at_s: float) -> Shown:
        """Swap in at `at_s` what was drawn."""
        swapped_s = self.swap(at_s)
        return Shown(swapped_s, self._frames.frame + 1, self._frames.late(at_s, swapped_s))

    @property
    def next_swap_s(self) -> float:
        """When the next refresh comes, on a screen that keeps its rate."""
        return self._swapped_s + self._frames.period_s

    @property
    def period_s(self) -> float:
        """How long a frame lasts: as measured where the screen keeps its rate, else as stated."""
        return self._frames.period_s

    def advance(self, scene: Scene, at_s: float) -> Shown:
        """Show `scene` as one of many: at the next refresh, or at `at_s` where there is none to wait for."""
        if not self.facts.verified:
            self.draw(scene)
            return self.reveal(at_s)
        previous_s = self._swapped_s
        self.draw(scene)
        swapped_s = self.swap(0.0)
        return Shown(swapped_s, self._frames.frame + 1, self._frames.interval(previous_s, swapped_s))

    def keep_alive(self) -> int:
        """Draw the scene again on a screen that keeps its rate; return how many frames were dropped."""
        if not self.facts.verified:
            # Without a rate to keep, drawing again would only burn the processor.
            return 0
        return self.advance(self._shown, 0.0).dropped

    def release(self) -> None:
        """Free what lies in the graphics memory and close the window."""
        for watched in self._watched:
            QObject.disconnect(watched)
        # Nothing may hold this window in a circle: collected late, it would take its screen's object along.
        self._watched.clear()
        self._changed = _told_nobody
        if self._context.makeCurrent(self):
            self.textures.clear()
            self._blitter.destroy()
            self._context.doneCurrent()
        self.destroy()

    def exposeEvent(self, event: QExposeEvent) -> None:
        """Paint again where another window had covered this one."""
        if self.isExposed() and self._swapped_s and self._context.makeCurrent(self):
            self.draw(self._shown)
            self._swap_buffers()

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

    def _preflight(self) -> None:
        """Measure the screen's frames and how long a change takes to draw."""
        screen, size = self.display, self.pixels
        renderer = str(self._gl.glGetString(GL_RENDERER))
        self.is_software = any(name in renderer.lower() for name in SOFTWARE_RENDERERS)
        self._finishes = not self.is_software
        stated_s = 1 / max(screen.refreshRate(), 1.0)
        intervals = self._intervals(stated_s)
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
            timing_label=timing_label(screen.name(), renderer, self._known),
        )
        self._frames = FrameCount(median_s if verified else stated_s)
        self.drawing_s = self._measure_drawing()
        self.lead_s = max(stated_s, 2.0 * self.drawing_s + 0.004)

    def _intervals(self, stated_s: float) -> list[float]:
        """Return the seconds between swaps, without the first ones."""
        self.draw(self._scene)
        stamps = [self.swap(0.0)]
        while len(stamps) <= PREFLIGHT_FRAMES:
            self._clear(QColor(self._scene.background))
            stamps.append(self.swap(0.0))
            if len(stamps) == FIRST_LOOK_FRAMES:
                median_s = statistics.median(_apart(stamps))
                if abs(median_s / stated_s - 1) > NO_REFRESH_BEYOND:
                    break
        return _apart(stamps)

    def _measure_drawing(self) -> float:
        """Return how long drawing takes with a texture as large as the screen."""
        drawing = Picture("preflight")
        self.textures.hold_blank(drawing, self._scene.background)
        durations: list[float] = []
        for _ in range(8):
            before_s = clock.now()
            self.draw(Scene(drawing=drawing))
            durations.append(clock.now() - before_s)
        self.draw(Scene())
        self.textures.drop(drawing)
        return statistics.median(durations)

    # Another screen than the one that was measured

    def _watch(self, screen: QScreen) -> None:
        for watched in self._watched:
            QObject.disconnect(watched)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        self._watched = [
            screen.refreshRateChanged.connect(lambda rate: self._rate_changed(rate)),
            screen.geometryChanged.connect(lambda area: self._size_changed(screen)),
            app.screenRemoved.connect(self._screen_removed),
        ]

    def _rate_changed(self, rate_hz: float) -> None:
        if rate_hz != self.facts.rate_hz:
            self._distrust("its rate changed", rate_hz)

    def _size_changed(self, screen: QScreen) -> None:
        if screen.size() != self.size():
            self.move_to(screen, "its size changed")

    def _screen_removed(self, screen: QScreen) -> None:
        if screen.name() == self.facts.name:
            self.move_to(QGuiApplication.primaryScreen(), "it was unplugged")

    def move_to(self, screen: QScreen | None, reason: str) -> None:
        """Fill another screen from now on; nobody has measured it, so its times are not trusted."""
        rate_hz = 60.0
        if screen is not None:
            rate_hz = screen.refreshRate()
            self.setScreen(screen)
            self.setGeometry(screen.geometry())
            self.textures.room = self.pixels
            self._watch(screen)
        self._distrust(reason, rate_hz)

    def _distrust(self, reason: str, rate_hz: float) -> None:
        """Go on with a screen that nobody measured."""
        screen, size = self.display, self.pixels
        name = "" if QGuiApplication.primaryScreen() is None else screen.name()
        self._frames.period_s = 1 / max(rate_hz, 1.0)
        self.facts = dataclasses.replace(
            self.facts,
            name=name,
            width=size.width(),
            height=size.height(),
            rate_hz=rate_hz,
            verified=False,
            measured_hz=None,
            jitter_sd_ms=None,
            timing_label=timing_label(name, self.facts.renderer, Calibration()),
        )
        self._changed(self.facts, reason)


def _told_nobody(facts: ScreenFacts, reason: str) -> None:
    """Let a change of the screen pass."""


def _apart(stamps: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(stamps)][WARM_UP_FRAMES:]


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
